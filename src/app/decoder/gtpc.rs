//! GTP's control plane: decided at the first message (3GPP TS 29.060, 6 and 7.7 for version 1; TS 29.274, 5.1 and 8.2 for
//! version 2). Echoes of version 1 look the same in both planes and are GTP-U's.

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "gtpc",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0x32, 0x40, 0x48], server: &[0x32, 0x40, 0x48] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| message(Reader(datagram)).flatten())
}

/// Flags, type, length of what follows the mandatory part.
fn message(mut read: Reader<'_>) -> Option<Option<Finding<'static>>> {
    let (flags, kind, len) = (read.u8()?, read.u8()?, usize::from(read.u16()?));
    if flags == 0x32 {
        // Tunnel, sequence, a packet's number, no extension; then the first element.
        read.take(7)?;
        let (extension, element) = (read.u8()?, read.u8()?);
        let known = matches!(kind, 16..=21) && matches!(element, 1..=3 | 8 | 14 | 16 | 17 | 19);
        let sound = extension == 0 && known && len == read.0.len() + 5;
        return Some(sound.then_some(finding("gtpv1-c", "GTPv1-C message")));
    }
    if !matches!(flags, 0x40 | 0x48) || kind == 0 || len != read.0.len() {
        return Some(None);
    }
    // A tunnel where the flag says so, sequence, spare.
    read.take(if flags == 0x48 { 7 } else { 3 })?;
    let spare = read.u8()?;
    let mut elements = 0;
    while !read.0.is_empty() {
        let (element, len, _instance) = (read.u8()?, read.u16()?, read.u8()?);
        read.take(len.into())?;
        elements += usize::from(element != 0);
    }
    Some((spare == 0 && elements > 0).then_some(finding("gtpv2-c", "GTPv2-C message")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let echo = b"\x40\x01\0\x09\0\0\x07\0\x03\0\x01\0\x2a";
        let create = b"\x32\x10\0\x0d\0\0\0\0\0\x07\0\0\x02\x62\xf2\x10\x32\x54\x76\x98\xf0";
        udp_table(
            DECODER,
            &[
                ("echo of version 2", 2_123, &[('>', echo)], "gtpv2-c"),
                ("context of version 1", 2_123, &[('>', create)], "gtpv1-c"),
                ("another length", 2_123, &[('>', &echo[..12])], "no"),
                (
                    "an element that is not whole",
                    2_123,
                    &[('>', b"\x40\x01\0\x09\0\0\x07\0\x03\0\x02\0\x2a")],
                    "no",
                ),
                ("GTP-U", 2_152, &[('>', b"\x32\x01\0\x04\0\0\0\0\0\x01\0\0")], "no"),
            ],
        );
    }
}
