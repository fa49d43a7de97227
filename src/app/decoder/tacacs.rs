//! TACACS+: decided at the first packet (RFC 8907, 4.1).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "tacacs",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0xc0, 0xc1], server: &[0xc0, 0xc1] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let side = |bytes, sequence| Sign::of(is_packet(Reader(bytes), sequence));
    let straight = side(heads.client, 1).beside(side(heads.server, 2));
    straight.or(side(heads.client, 2).beside(side(heads.server, 1))).finds(
        "tacacs-plus",
        "TACACS+ packet",
        &[],
    )
}

/// Version 12, type, sequence number (1 of the client, 2 of the server), flags, session, and a length.
fn is_packet(mut read: Reader<'_>, sequence: u8) -> Option<bool> {
    let (version, kind) = (read.u8()?, read.u8()?);
    let (number, flags) = (read.u8()?, read.u8()?);
    let (session, len) = (read.u32()?, read.u32()?);
    let head = matches!(version, 0xc0 | 0xc1) && (1..=3).contains(&kind) && number == sequence;
    Some(head && matches!(flags, 0 | 1 | 4 | 5) && session != 0 && (5..=65_535).contains(&len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        tcp_table(
            DECODER,
            &[
                ("authentication start", b"\xc0\x01\x01\0\x12\x34\x56\x78\0\0\0\x2b", b"", "tacacs-plus"),
                ("half a header", b"\xc0\x01\x01\0", b"", "more"),
                ("no such type", b"\xc0\x09\x01\0\x12\x34\x56\x78\0\0\0\x2b", b"", "no"),
            ],
        );
    }
}
