//! PNA, RealAudio's older streaming: decided at the client's opening (as publicly described by players that have it).

use super::sign::{Sign, begins};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "pna",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"P", server: &[] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let version = match opening.get(4) {
            None => Sign::More,
            // Protocol 0x0a, or 0x0b and above of later players.
            Some(version) => Sign::of(Some((0x05..=0x15).contains(version) || *version == 0)),
        };
        begins(opening, b"PNA\0").and(version).finds("pna", "PNA opening", &[])
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
                ("opening", b"PNA\0\x0a\0\0\0\x1a\x01\x02\x03", b"", "pna"),
                ("half of it", b"PNA\0", b"", "more"),
                ("a word", b"PNA, hello\r\n", b"", "no"),
            ],
        );
    }
}
