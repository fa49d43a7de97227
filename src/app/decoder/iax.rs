//! IAX2, Asterisk's protocol between exchanges: decided at the full frame that begins a call, a registration or a probe
//! (RFC 5456, 6 and 8.1.1).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding, successive};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "iax",
    transport: Transport::Udp,
    first: FirstBytes { client: &successive::<128>(0x80), server: &successive::<128>(0x80) },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (begins_something(Reader(datagram)) == Some(true))
            .then_some(finding("asterisk-iax", "IAX2 control frame"))
    })
}

/// A full frame of the control kind, to no call yet and with both counters at zero: a new call, a registration or its
/// release, a poke; and information elements that fill the rest.
fn begins_something(mut read: Reader<'_>) -> Option<bool> {
    const CONTROL: u8 = 6;
    let (source, destination, _time) = (read.u16()?, read.u16()?, read.u32()?);
    let frame = read.array::<4>()?;
    if source & 0x8000 == 0 || source == 0x8000 || destination != 0 {
        return Some(false);
    }
    let least = match frame {
        [0, 0, CONTROL, 0x01 | 0x0d | 0x11] => 1,
        [0, 0, CONTROL, 0x1e] => 0,
        _ => return Some(false),
    };
    let mut count = 0;
    while !read.0.is_empty() {
        let (element, len) = (read.u8()?, read.u8()?);
        if element == 0 || element > 0x40 {
            return Some(false);
        }
        read.take(len.into())?;
        count += 1;
    }
    Some(count >= least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let new = b"\x80\x01\0\0\0\0\0\x03\0\0\x06\x01\x0b\x02\0\x02\x01\x04\x31\x30\x30\x30\x06\x03bob";
        let register = b"\xc0\x07\0\0\0\0\0\x0a\0\0\x06\x0d\x06\x03bob\x13\x02\0\x3c";
        udp_table(
            DECODER,
            &[
                ("a new call", 4_569, &[('>', new)], "asterisk-iax"),
                ("a registration", 4_569, &[('>', register)], "asterisk-iax"),
                ("a poke", 40_000, &[('>', b"\x80\x02\0\0\0\0\0\x02\0\0\x06\x1e")], "asterisk-iax"),
                ("elements beyond the end", 4_569, &[('>', &new[..24])], "no"),
                (
                    "a call that has a number already",
                    4_569,
                    &[('>', b"\x80\x02\0\x01\0\0\0\x02\0\0\x06\x1e")],
                    "no",
                ),
                ("RTP", 40_000, &[('>', b"\x80\0\0\x01\0\0\0\xa0\x12\x34\x56\x78voice")], "no"),
            ],
        );
    }
}
