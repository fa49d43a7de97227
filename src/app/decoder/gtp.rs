//! GTP-U: decided at the first message (3GPP TS 29.281, 5.1).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "gtp",
    transport: Transport::Udp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// Version 1, protocol type GTP, and three flags.
const FIRST: &[u8] = &[0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| is_message(datagram).then_some(finding("gtp-u", "GTP-U message")))
}

/// Echo, error indication, end marker or a user's packet, and the length of what follows the eight bytes.
fn is_message(datagram: &[u8]) -> bool {
    let [flags, kind, high, low, _, _, _, _, rest @ ..] = datagram else { return false };
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    let carries_ip =
        || rest.get(if flags & 7 == 0 { 0 } else { 4 }).is_some_and(|byte| matches!(byte >> 4, 4 | 6));
    FIRST.contains(flags)
        && len == rest.len()
        && match kind {
            1 | 2 | 26 | 254 => len < 64,
            255 => flags & 4 != 0 || carries_ip(),
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
                ("user's packet", 2_152, &[('>', b"\x30\xff\0\x04\0\0\0\x01\x45\0\0\x04")], "gtp-u"),
                ("echo request", 2_152, &[('>', b"\x32\x01\0\x04\0\0\0\0\0\x01\0\0")], "gtp-u"),
                ("another length", 2_152, &[('>', b"\x30\xff\0\x05\0\0\0\x01\x45\0\0\x04")], "no"),
            ],
        );
    }
}
