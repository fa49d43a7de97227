//! iSCSI: decided at the initiator's login request (RFC 7143, 11.12 and 13.5).

use super::sign::{Reader, Sign, contains};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "iscsi",
    transport: Transport::Tcp,
    first: FirstBytes { client: LOGIN, server: LOGIN },
    inspect,
};

/// Login request with and without the mark for immediate delivery, and the answer.
const LOGIN: &[u8] = &[0x03, 0x43, 0x23];

/// Bytes of text within which the initiator's name is.
const TEXT_MAX: usize = 512;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_login(Reader(opening))).finds("iscsi", "iSCSI login", &[]))
}

/// Operation, flags with stages, versions, lengths; at byte 48 the text.
fn is_login(mut read: Reader<'_>) -> Option<bool> {
    let (operation, flags) = (read.u8()?, read.u8()?);
    if !matches!(operation, 0x03 | 0x43) || flags & 0x30 != 0 || flags & 0x0c == 0x08 {
        return Some(false);
    }
    let (highest, lowest, headers, len) = (read.u8()?, read.u8()?, read.u8()?, read.u24()?);
    if highest != 0 || lowest != 0 || headers != 0 || !(16..=8_192).contains(&len) {
        return Some(false);
    }
    read.take(40)?;
    let text = read.0.get(..TEXT_MAX.min(usize::try_from(len).ok()?));
    if contains(text.unwrap_or(read.0), b"InitiatorName=") {
        return Some(true);
    }
    text.map(|_| false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let login = |text: &[u8]| {
            [&b"\x43\x87\0\0\0\0\0"[..], &[u8::try_from(text.len()).unwrap()], &[0x40; 40], text].concat()
        };
        let named = login(b"InitiatorName=iqn.2004-01.example:x\0SessionType=Discovery\0");
        tcp_table(
            DECODER,
            &[
                ("login", &named, b"", "iscsi"),
                ("header alone", &named[..48], b"", "more"),
                ("a text without a name", &login(b"SessionType=Discovery\0\0\0"), b"", "no"),
                ("another version", b"\x43\x87\x07\0\0\0\0\x30", b"", "no"),
                ("TPKT", b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0", b"\x03\0\0\x13", "no"),
            ],
        );
    }
}
