//! SopCast: decided at the first datagram whose header has its constants and its length (as publicly observed).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "sopcast",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0, 0xff], server: &[0, 0xff] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| is_packet(datagram).then_some(finding("sopcast", "SopCast packet")))
}

/// To nobody yet, or to a channel; version 1; a kind; the length without the header's first half; nothing.
fn is_packet(datagram: &[u8]) -> bool {
    let [a, b, 1, _, _, _, _, _, kind, side, high, low, 0, 0, ..] = datagram else { return false };
    let fits = usize::from(u16::from_be_bytes([*high, *low])) + 8 == datagram.len();
    let known = match (a, b, side) {
        (0xff, 0xff, 0xff) => matches!(kind, 0x02 | 0x0c),
        (0, _, 0xff) => matches!(kind, 0x01 | 0x03),
        (0, 2 | 0x0c, 1) => matches!(kind, 0x01 | 0x06),
        _ => false,
    };
    fits && known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let hello = [&b"\xff\xff\x01\0\x11\x22\x33\x44\x02\xff\0\x2c\0\0\0"[..], &[9; 37]].concat();
        let mut other = hello.clone();
        other[8] = 0x77;
        udp_table(
            DECODER,
            &[
                ("hello", 3_912, &[('>', &hello)], "sopcast"),
                ("shorter", 3_912, &[('>', &hello[..50])], "no"),
                ("another kind", 3_912, &[('>', &other)], "no"),
                ("a game's query", 27_015, &[('>', b"\xff\xff\xff\xffTSource Engine Query\0")], "no"),
            ],
        );
    }
}
