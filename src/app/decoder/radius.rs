//! RADIUS: decided at the first packet (RFC 2865, 3; accounting RFC 2866, 3; dynamic authorization RFC 5176, 2.3).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "radius",
    transport: Transport::Udp,
    first: FirstBytes { client: CODES, server: CODES },
    inspect,
};

const CODES: &[u8] = &[1, 2, 3, 4, 5, 11, 12, 13, 40, 41, 42, 43, 44, 45];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_packet(Reader(datagram)) == Some(true)).then_some(finding("radius", "RADIUS packet"))
    })
}

/// Code, identifier, length, authenticator, and attributes that fill the length exactly.
fn is_packet(mut read: Reader<'_>) -> Option<bool> {
    let whole = read.0.len();
    let (code, _identifier, len) = (read.u8()?, read.u8()?, usize::from(read.u16()?));
    read.take(16)?;
    if !CODES.contains(&code) || len != whole || len > 4_096 {
        return Some(false);
    }
    while !read.0.is_empty() {
        let (kind, len) = (read.u8()?, read.u8()?);
        if kind == 0 || len < 2 {
            return Some(false);
        }
        read.take(usize::from(len) - 2)?;
    }
    // Without an attribute the length alone would speak for it; only answers may come so.
    Some(whole > 20 || matches!(code, 2 | 3 | 5 | 11 | 41 | 44))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let packet = |code: u8, attributes: &[u8]| {
            let len = u8::try_from(20 + attributes.len()).unwrap();
            [&[code, 7, 0, len][..], &[9; 16], attributes].concat()
        };
        udp_table(
            DECODER,
            &[
                ("Access-Request", 1_812, &[('>', &packet(1, b"\x01\x05bob"))], "radius"),
                ("on any port", 31_812, &[('>', &packet(4, b"\x28\x06\0\0\0\x01"))], "radius"),
                ("Access-Reject", 1_812, &[('<', &packet(3, b""))], "radius"),
                ("request without attributes", 1_812, &[('>', &packet(1, b""))], "no"),
                ("attributes beyond the end", 1_812, &[('>', &packet(1, b"\x01\x09bob"))], "no"),
                ("no such code", 1_812, &[('>', &packet(9, b"\x01\x05bob"))], "no"),
            ],
        );
    }
}
