//! eDonkey and eMule: decided at the hello between clients or to a server (public description: Y. Kulbak, D. Bickson,
//! "The eMule Protocol Specification", 2005, 5 and 6.2).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, either_way, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "emule",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0xe3, 0xc5, 0xd4], server: &[0xe3, 0xc5, 0xd4] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if [heads.client, heads.server].iter().any(|side| is_marked(Reader(side)) == Some(true)) {
        return Match::Yes(finding(APP, "eMule hello"));
    }
    either_way(heads, |client, server| {
        Sign::of(is_hello(Reader(client))).and(Sign::of(is_packet(Reader(server)))).finds(
            APP,
            "eDonkey hello",
            &[],
        )
    })
}

const APP: &str = "emule";

/// A hello whose user hash has the two bytes that eMule's have (its source, `CPreferences::CreateUserHash`): it needs
/// no answer.
fn is_marked(mut read: Reader<'_>) -> Option<bool> {
    if is_hello(read) == Some(false) {
        return Some(false);
    }
    read.take(6)?;
    // To a server without the length of the hash.
    if read.0.first() == Some(&16) {
        read.u8()?;
    }
    let hash = read.take(16)?;
    Some(hash.get(5) == Some(&14) && hash.get(14) == Some(&111))
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
                (
                    "eMule's hello",
                    b"\xe3\x4c\0\0\0\x01\x10\x12\x34\x56\x78\x9a\x0e\xbc\xde\xf0\x12\x34\x56\x78\x9a\x6f\xbc",
                    b"",
                    "emule",
                ),
                ("hello alone", b"\xe3\x4c\0\0\0\x01\x10", b"", "more"),
                ("another operation", b"\xe3\x4c\0\0\0\x77\x10", b"\xe3\0\0\0\0\0\0", "no"),
            ],
        );
    }
}
