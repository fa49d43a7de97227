//! MPEG transport streams in bare datagrams: decided at the first that holds several whole packets (ISO/IEC 13818-1,
//! 2.4.3.2).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "mpeg-ts",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0x47], server: &[0x47] },
    inspect,
};

const PACKET: usize = 188;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        let whole = datagram.len() % PACKET == 0 && datagram.len() >= 4 * PACKET;
        // The sync byte, and whether there is an adaptation field or content: one of the two must be.
        let sound = |packet: &[u8]| matches!(packet, [0x47, _, _, fourth, ..] if fourth & 0x30 != 0);
        (whole && datagram.chunks(PACKET).all(sound)).then_some(finding("mpeg-ts", "MPEG transport stream"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let packet = [&b"\x47\x01\0\x10"[..], &[0xff; 184]].concat();
        let seven = packet.repeat(7);
        let mut broken = seven.clone();
        broken[188] = 0x48;
        udp_table(
            DECODER,
            &[
                ("seven packets", 1_234, &[('>', &seven)], "mpeg-ts"),
                ("one packet", 1_234, &[('>', &packet)], "no"),
                ("out of step", 1_234, &[('>', &broken)], "no"),
            ],
        );
    }
}
