//! DRDA, the protocol of DB2: decided at the exchange of server attributes (DRDA, volume 3, EXCSAT and EXCSATRD); it is
//! `db2` where the class of the speaker is one of DB2's.

use super::sign::{Reader, contains};
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "drda",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0, 1], server: &[0, 1] },
    inspect,
};

const EXCSAT: u16 = 0x1041;
const EXCSATRD: u16 = 0x1443;

/// Code point of the server's class, and how a class of DB2's begins in EBCDIC: `QDB2`.
const DB2_CLASS: &[u8] = &[0x11, 0x47, 0xd8, 0xc4, 0xc2, 0xf2];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let opening = if heads.client.is_empty() { heads.server } else { heads.client };
    match attributes(Reader(opening)) {
        None => Match::More,
        Some(None) => Match::No,
        Some(Some(finding)) => Match::Yes(finding),
    }
}

/// Length, 0xd0, format, correlation; length and code point of the object; its parameters.
fn attributes(mut read: Reader<'_>) -> Option<Option<Finding<'static>>> {
    let (len, magic, format, _correlation) = (read.u16()?, read.u8()?, read.u8()?, read.u16()?);
    if magic != 0xd0 || format & 0x8c != 0 || !matches!(format & 3, 1 | 2) || !(10..=512).contains(&len) {
        return Some(None);
    }
    let (object_len, code) = (read.u16()?, read.u16()?);
    if object_len + 6 != len || !matches!(code, EXCSAT | EXCSATRD) {
        return Some(None);
    }
    let is_db2 = contains(read.take(usize::from(object_len) - 4)?, DB2_CLASS);
    let app = if is_db2 { "db2" } else { "drda" };
    Some(Some(finding(app, "DRDA server attributes")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let exchange = |class: &[u8]| {
            let object = [b"\x10\x41\0\x07\x11\x5e\x84\x82\xf2\0\x0c\x11\x47", class].concat();
            let len = u8::try_from(object.len()).unwrap();
            [b"\0", &[len + 8], &b"\xd0\x41\0\x01\0"[..], &[len + 2], &object].concat()
        };
        let (db2, derby) =
            (exchange(b"\xd8\xc4\xc2\xf2\x61\xd1\xe5\xd4"), exchange(b"\xd8\xc4\xc5\xd9\xc2\xe8\x61\xd1"));
        tcp_table(
            DECODER,
            &[
                ("a client of DB2", &db2, b"", "db2"),
                ("a client of Derby", &derby, b"", "drda"),
                ("up to the code point", &db2[..10], b"", "more"),
                ("another object", b"\0\x20\xd0\x41\0\x01\0\x1a\x20\x41", b"text", "no"),
                ("lengths that disagree", b"\0\x20\xd0\x41\0\x01\0\x1b\x10\x41", b"text", "no"),
            ],
        );
    }
}
