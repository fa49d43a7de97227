//! CoAP: decided at the first message (RFC 7252, 3).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "coap",
    transport: Transport::Udp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// Version 1, one of four types, a token of at most eight bytes.
const FIRST: &[u8] = &[
    0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57,
    0x58, 0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76,
    0x77, 0x78,
];

const PORT: u16 = 5_683;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let on_port = heads.has_port(PORT);
    at_datagram(heads, |datagram| {
        let found = options(Reader(datagram))?;
        // A message of few bytes is thin evidence: elsewhere it must ask for something by a path.
        (found.sound && (on_port || found.has_path)).then_some(finding("coap", "CoAP message"))
    })
}

struct Options {
    sound: bool,
    has_path: bool,
}

/// Code, message id, token, then options whose numbers grow and whose lengths fit, up to the payload's mark.
fn options(mut read: Reader<'_>) -> Option<Options> {
    const URI_PATH: u32 = 11;
    const LAST: u32 = 2_053;
    let (first, code) = (read.u8()?, read.u8()?);
    read.u16()?;
    read.take(usize::from(first & 15))?;
    let is_request = matches!(code, 1..=7);
    let mut found = Options {
        sound: is_request || matches!(code, 0x40..=0x45 | 0x80..=0x8f | 0xa0..=0xa5),
        has_path: false,
    };
    let mut number = 0;
    while let Some(head) = read.u8() {
        if head == 0xff {
            found.sound &= !read.0.is_empty();
            return Some(found);
        }
        number += extended(&mut read, head >> 4)?;
        let len = extended(&mut read, head & 15)?;
        let value = read.take(usize::try_from(len).ok()?)?;
        found.sound &= number <= LAST;
        found.has_path |=
            number == URI_PATH && is_request && !value.is_empty() && value.iter().all(u8::is_ascii_graphic);
    }
    Some(found)
}

/// Deltas and lengths from 13 on have one or two bytes more (RFC 7252, 3.1).
fn extended(read: &mut Reader<'_>, nibble: u8) -> Option<u32> {
    match nibble {
        13 => Some(u32::from(read.u8()?) + 13),
        14 => Some(u32::from(read.u16()?) + 269),
        15 => None,
        short => Some(short.into()),
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
                ("GET", 5_683, &[('>', b"\x40\x01\x12\x34\xb4test")], "coap"),
                ("on another port", 15_683, &[('>', b"\x40\x01\x12\x34\xb4test")], "coap"),
                ("answer", 5_683, &[('<', b"\x60\x45\x12\x34\xffhello")], "coap"),
                ("answer on another port", 15_683, &[('<', b"\x60\x45\x12\x34\xffhello")], "no"),
                ("option beyond the end", 5_683, &[('>', b"\x40\x01\x12\x34\xb9test")], "no"),
                ("no such code", 5_683, &[('>', b"\x40\x1f\x12\x34\xb4test")], "no"),
            ],
        );
    }
}
