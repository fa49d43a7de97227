//! POPO, NetEase's messenger: decided at the client's first packet (as publicly observed).

use super::sign::begins;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "popo",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0x0c], server: &[] },
    inspect,
};

const HELLO: &[u8] = b"\x0c\0\0\0\x01\x01\0\0\x06\0\0\0\0\0\0\0\0\0\0\0";

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| begins(opening, HELLO).finds("popo-im", "POPO hello", &[]))
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
                ("hello", HELLO, b"", "popo-im"),
                ("half of it", &HELLO[..9], b"", "more"),
                ("another", b"\x0c\0\0\0\x01\x02\0\0\x06\0\0\0", b"", "no"),
            ],
        );
    }
}
