//! SAP's network interface: decided at a request to its router or a keepalive (SAP documentation, "SAProuter"; public
//! descriptions of the NI protocol). What runs inside is not looked at.

use super::sign::{Sign, begins, begins_any};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "sap",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    // A length, then a word that ends in NUL.
    at_opening(heads, |opening| {
        let words: &[&[u8]] = &[b"NI_ROUTE\0", b"NI_PING\0", b"NI_RTERR\0", b"NI_PONG\0"];
        let word = opening.get(4..).map_or(Sign::More, |rest| begins_any(rest, words));
        let len = opening.get(..2).unwrap_or(opening);
        begins(len, b"\0\0").and(word).finds("sap", "SAP NI message", &[])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        tcp_table(
            DECODER,
            &[
                ("route", b"\0\0\0\x38NI_ROUTE\0\x02\x28\x02\0", b"\0\0\0\x08NI_PONG\0", "sap"),
                ("length alone", b"\0\0\0\x38", b"", "more"),
                ("another word", b"\0\0\0\x38NI_ROUTER", b"\0\0", "no"),
            ],
        );
    }
}
