//! STUN and TURN: decided at the first message (RFC 8489, 5; without the cookie RFC 3489, 11.1).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "stun",
    transport: Transport::Both,
    first: FirstBytes { client: &[0, 1], server: &[0, 1] },
    inspect,
};

const COOKIE: u32 = 0x2112_a442;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        let side = |bytes| Sign::of(has_cookie(Reader(bytes)));
        return side(heads.client).beside(side(heads.server)).finds("stun", "STUN message", &[]);
    }
    at_datagram(heads, |datagram| {
        let found = has_cookie(Reader(datagram)) == Some(true) || is_classic(Reader(datagram)) == Some(true);
        found.then_some(finding("stun", "STUN message"))
    })
}

/// A method that exists, a length in whole words, the magic cookie.
fn has_cookie(mut read: Reader<'_>) -> Option<bool> {
    let (kind, len) = (read.u16()?, read.u16()?);
    let method = kind & 0xf | kind >> 1 & 0x70 | kind >> 2 & 0xf80;
    Some(kind < 0x4000 && method <= 0x0ff && len % 4 == 0 && read.u32()? == COOKIE)
}

/// Binding or shared secret, and attributes that fill the length exactly.
fn is_classic(mut read: Reader<'_>) -> Option<bool> {
    let (kind, len) = (read.u16()?, read.u16()?);
    read.take(16)?;
    if !matches!(kind, 0x0001 | 0x0002 | 0x0101 | 0x0102 | 0x0111 | 0x0112)
        || usize::from(len) != read.0.len()
    {
        return Some(false);
    }
    while !read.0.is_empty() {
        let (kind, len) = (read.u16()?, read.u16()?);
        if !matches!(kind, 1..=0x2a | 0x8000..) {
            return Some(false);
        }
        read.take(len.into())?;
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        let request = b"\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl";
        udp_table(
            DECODER,
            &[
                ("binding request", 3_478, &[('>', request)], "stun"),
                (
                    "on any port",
                    50_000,
                    &[('<', b"\x01\x01\0\x0c\x21\x12\xa4\x42abcdefghijkl\0\x20\0\x08\0\x01\0\0\0\0\0\0")],
                    "stun",
                ),
                (
                    "without cookie",
                    3_478,
                    &[('>', b"\0\x01\0\x08abcdefghijklmnop\0\x03\0\x04\0\0\0\0")],
                    "stun",
                ),
                (
                    "attributes beyond the end",
                    3_478,
                    &[('>', b"\0\x01\0\x08abcdefghijklmnop\0\x03\0\x09\0\0\0\0")],
                    "no",
                ),
                ("another cookie", 3_478, &[('>', b"\0\x03\0\0\x21\x12\xa4\x43abcdefghijkl")], "no"),
            ],
        );
        tcp_table(DECODER, &[("over TCP", b"\0\x03\0\x08\x21\x12\xa4\x42abc", b"", "stun")]);
    }
}
