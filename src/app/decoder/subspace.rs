//! SubSpace and Continuum: decided when the server answers the client's key (the core protocol as publicly described).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "subspace",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let mut key = None;
    for (direction, datagram) in heads.each_datagram().take(4) {
        let mut read = Reader(datagram);
        match (read.array(), read.le32(), read.0, key) {
            // A key and a version: 1 of SubSpace, 0x11 of Continuum.
            (Some([0, 1]), Some(value), [1 | 0x11, 0], _) => key = Some((direction, value)),
            // The key again, or its negative.
            (Some([0, 2]), Some(answer), [] | [0, 0, ..], Some((side, value)))
                if side != direction && (answer == value || answer == value.wrapping_neg()) =>
            {
                return Match::Yes(finding("subspace", "SubSpace keys"));
            }
            _ => return Match::No,
        }
    }
    if heads.datagrams.len() < 4 { Match::More } else { Match::No }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let request = b"\0\x01\x12\x34\x56\x78\x01\0";
        udp_table(
            DECODER,
            &[
                ("keys", 5_000, &[('>', request), ('<', b"\0\x02\xee\xcb\xa9\x87")], "subspace"),
                ("the same key", 5_000, &[('>', request), ('<', b"\0\x02\x12\x34\x56\x78")], "subspace"),
                ("request alone", 5_000, &[('>', request)], "more"),
                ("another key", 5_000, &[('>', request), ('<', b"\0\x02\x99\x34\x56\x78")], "no"),
                ("STUN", 3_478, &[('>', b"\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl")], "no"),
            ],
        );
    }
}
