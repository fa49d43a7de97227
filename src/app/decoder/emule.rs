//! eDonkey and eMule: decided at the hello between clients or to a server (public description: Y. Kulbak, D. Bickson,
//! "The eMule Protocol Specification", 2005, 5 and 6.2).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "emule",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0xe3, 0xc5, 0xd4], server: &[0xe3, 0xc5, 0xd4] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        Sign::of(is_hello(Reader(client))).and(Sign::of(is_packet(Reader(server)))).finds(
            "emule",
            "eDonkey hello",
            &[],
        )
    })
}

/// The mark of plain, extended or packed packets, and a length.
fn is_packet(mut read: Reader<'_>) -> Option<bool> {
    let (mark, len) = (read.u8()?, read.le32()?);
    Some(matches!(mark, 0xe3 | 0xc5 | 0xd4) && (1..0x10_0000).contains(&len))
}

/// The mark, a length, the operation hello, and between clients the length of a user hash.
fn is_hello(mut read: Reader<'_>) -> Option<bool> {
    let (mark, len, operation) = (read.u8()?, read.le32()?, read.u8()?);
    let hash = read.u8()?;
    Some(
        matches!(mark, 0xe3 | 0xc5)
            && (20..1_024).contains(&len)
            && operation == 1
            && (hash == 16 || len > 30),
    )
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
                ("hello and answer", b"\xe3\x4c\0\0\0\x01\x10\x0a\x0b", b"\xe3\x4b\0\0\0\x4c", "emule"),
                ("hello alone", b"\xe3\x4c\0\0\0\x01\x10", b"", "more"),
                ("another operation", b"\xe3\x4c\0\0\0\x77\x10", b"\xe3\0\0\0\0\0\0", "no"),
            ],
        );
    }
}
