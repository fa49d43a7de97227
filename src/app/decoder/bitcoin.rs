//! Bitcoin and Litecoin: decided at the first message, which is the version (Bitcoin developer reference, "Message
//! headers").

use super::sign::begins;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "bitcoin",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0xf9, 0x0b, 0xfb], server: &[0xf9, 0x0b, 0xfb] },
    inspect,
};

/// Bitcoin's main and test networks, Litecoin's main network: their magic and the version's name, filled with zeros.
const BITCOIN: &[u8] = b"\xf9\xbe\xb4\xd9version\0\0\0\0\0";
const TESTNET: &[u8] = b"\x0b\x11\x09\x07version\0\0\0\0\0";
const LITECOIN: &[u8] = b"\xfb\xc0\xb6\xdbversion\0\0\0\0\0";

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        match begins(opening, BITCOIN).or(begins(opening, TESTNET)).finds("bitcoin", "Bitcoin version", &[]) {
            Match::No => begins(opening, LITECOIN).finds("litecoin", "Litecoin version", &[]),
            found => found,
        }
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
                ("main network", BITCOIN, b"", "bitcoin"),
                ("test network", TESTNET, b"", "bitcoin"),
                ("Litecoin", LITECOIN, b"", "litecoin"),
                ("its magic", &BITCOIN[..5], b"", "more"),
                ("another network", b"\xf9\xbe\xb4\xfeversion\0\0\0\0\0", b"", "no"),
            ],
        );
    }
}
