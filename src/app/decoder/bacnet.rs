//! BACnet/IP: decided at the first datagram (ASHRAE 135, J.2 and 6.2).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "bacnet",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0x81], server: &[0x81] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| is_message(datagram).then_some(finding("bacnet-base", "BACnet message")))
}

/// Type, function, the datagram's length; where a network message follows, its version.
fn is_message(datagram: &[u8]) -> bool {
    let [0x81, function, high, low, rest @ ..] = datagram else { return false };
    let whole = usize::from(u16::from_be_bytes([*high, *low])) == datagram.len();
    whole
        && match function {
            0x00..=0x03 | 0x05..=0x08 => true,
            0x04 => rest.get(6) == Some(&1),
            0x09..=0x0b => rest.first() == Some(&1),
            _ => false,
        }
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
                ("Who-Is", 47_808, &[('>', b"\x81\x0b\0\x0c\x01\x20\xff\xff\0\xff\x10\x08")], "bacnet-base"),
                ("another length", 47_808, &[('>', b"\x81\x0b\0\x0d\x01\x20\xff\xff\0\xff\x10\x08")], "no"),
                ("another version", 47_808, &[('>', b"\x81\x0a\0\x06\x07\x20")], "no"),
            ],
        );
    }
}
