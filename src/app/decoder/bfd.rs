//! Bidirectional Forwarding Detection: decided at the first control packet (RFC 5880, 4.1 and 6.8.6).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "bfd",
    transport: Transport::Udp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// Version 1 and a diagnosis.
const FIRST: &[u8] = &[0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28];

/// Longest interval that is believed, in microseconds.
const INTERVAL_MAX: u32 = 300_000_000;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_control(Reader(datagram)) == Some(true)).then_some(finding("bfd", "BFD control packet"))
    })
}

/// Version, state and flags, multiplier, length, two discriminators, three intervals, and perhaps authentication.
fn is_control(mut read: Reader<'_>) -> Option<bool> {
    const DOWN: u8 = 1;
    const AUTHENTICATION: u8 = 4;
    let whole = read.0.len();
    let (first, flags) = (read.u8()?, read.u8()?);
    let (multiplier, len) = (read.u8()?, usize::from(read.u8()?));
    let (mine, yours) = (read.u32()?, read.u32()?);
    let (transmit, receive, echo) = (read.u32()?, read.u32()?, read.u32()?);
    let state = flags >> 6;
    // Bits that no packet may have: multipoint, and poll and final together.
    let sound = FIRST.contains(&first) && flags & 1 == 0 && flags & 0x30 != 0x30;
    let fits = len == whole && if flags & AUTHENTICATION == 0 { len == 24 } else { len >= 26 };
    let known = multiplier != 0 && mine != 0 && (yours != 0 || state <= DOWN);
    let in_time = transmit != 0 && [transmit, receive, echo].iter().all(|interval| *interval <= INTERVAL_MAX);
    Some(sound && fits && known && in_time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let down = b"\x20\x40\x03\x18\0\0\0\x01\0\0\0\0\0\x0f\x42\x40\0\x0f\x42\x40\0\0\0\0";
        let up = |yours: u8| [&b"\x20\xc0\x03\x18\0\0\0\x01\0\0\0"[..], &[yours], &down[12..]].concat();
        udp_table(
            DECODER,
            &[
                ("down", 3_784, &[('>', down)], "bfd"),
                ("up", 3_784, &[('>', &up(7))], "bfd"),
                ("up without the other's discriminator", 3_784, &[('>', &up(0))], "no"),
                ("another length", 3_784, &[('>', &down[..23])], "no"),
                ("an interval of an hour", 3_784, &[('>', &[&down[..12], &[0xd6; 12]].concat())], "no"),
            ],
        );
    }
}
