//! Second Life: decided at the client's first packet, which takes the circuit of its session into use (the message
//! template of the published viewer: UseCircuitCode).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "second-life",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0x40, 0x60], server: &[] },
    inspect,
};

/// Header, a code, two identifiers.
const LEN: usize = 10 + 4 + 16 + 16;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        // Reliable, sent again or not; sequence, no further header, message 3 of the low frequency.
        let is_it =
            matches!(datagram, [0x40 | 0x60, 0, 0, 0, _, 0, 0xff, 0xff, 0, 3, ..]) && datagram.len() == LEN;
        is_it.then_some(finding("second-life-base", "Second Life circuit"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let packet = [&b"\x40\0\0\0\x01\0\xff\xff\0\x03"[..], &[0x5a; 36]].concat();
        let other = [&b"\x40\0\0\0\x01\0\xff\xff\0\x04"[..], &[0x5a; 36]].concat();
        udp_table(
            DECODER,
            &[
                ("circuit", 13_005, &[('>', &packet)], "second-life-base"),
                ("shorter", 13_005, &[('>', &packet[..45])], "no"),
                ("another message", 13_005, &[('>', &other)], "no"),
            ],
        );
    }
}
