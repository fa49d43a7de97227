//! Lotus Notes: decided at the client's first packet, by what its header holds besides length and number (NRPC as
//! publicly observed).

use super::sign::{Sign, begins};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "lotus-notes",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

const HEADER: &[u8] = &[0, 0, 2, 0, 0, 0x40, 2, 0x0f];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let sign = match opening.get(6..) {
            None | Some([]) => Sign::More,
            Some(rest) => begins(rest, HEADER),
        };
        sign.finds("lotus-notes-base", "Notes request", &[])
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
                ("request", b"\x82\0\0\0\x76\0\0\0\x02\0\0\x40\x02\x0f\x01\0", b"", "lotus-notes-base"),
                ("its length", b"\x82\0\0\0\x76\0", b"", "more"),
                ("another header", b"\x82\0\0\0\x76\0\0\0\x02\0\0\x41\x02\x0f\x01\0", b"", "no"),
            ],
        );
    }
}
