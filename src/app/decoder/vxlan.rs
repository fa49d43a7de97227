//! VXLAN: decided at the first datagram (RFC 7348, 5).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "vxlan",
    transport: Transport::Udp,
    first: FirstBytes { client: &[8], server: &[8] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| is_frame(datagram).then_some(finding("vxlan", "VXLAN frame")))
}

/// The flag of a valid identifier, reserved bytes of zero, and an Ethernet frame of a common type inside.
fn is_frame(datagram: &[u8]) -> bool {
    let [8, 0, 0, 0, _, _, _, 0, frame @ ..] = datagram else { return false };
    matches!(frame.get(12..14), Some([0x08, 0x00 | 0x06] | [0x86, 0xdd] | [0x81, 0x00] | [0x88, 0xcc | 0x47]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let frame = |ether_type: &[u8]| [&b"\x08\0\0\0\0\0\x2a\0"[..], &[2; 12], ether_type].concat();
        udp_table(
            DECODER,
            &[
                ("IPv4 inside", 4_789, &[('>', &frame(b"\x08\0\x45"))], "vxlan"),
                ("who knows what inside", 4_789, &[('>', &frame(b"\x12\x34\x45"))], "no"),
            ],
        );
    }
}
