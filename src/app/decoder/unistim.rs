//! UNIStim, between Nortel's phones and their exchange: decided at a phone's first datagram, which asks to resume or to
//! begin a connection (as publicly observed).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "unistim",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0xff], server: &[0xff] },
    inspect,
};

/// All ones for the sequence, a payload from a phone with no number yet, and the command of its basic manager.
const HELLO: &[u8] = b"\xff\xff\xff\xff\x02\x02\xff\xff\xff\xff\x9e\x03\x08";

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        datagram.starts_with(HELLO).then_some(finding("unistim", "UNIStim request of a phone"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        udp_table(
            DECODER,
            &[
                ("a phone", 5_000, &[('>', HELLO)], "unistim"),
                (
                    "another command",
                    5_000,
                    &[('>', b"\xff\xff\xff\xff\x02\x02\xff\xff\xff\xff\x9e\x03\x09")],
                    "no",
                ),
                ("a game", 27_015, &[('>', b"\xff\xff\xff\xffTSource Engine Query\0")], "no"),
            ],
        );
    }
}
