//! MongoDB: decided at the client's first message (MongoDB documentation, "MongoDB Wire Protocol").

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "mongodb",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

const REPLY: u32 = 1;
const QUERY: u32 = 2_004;
const COMPRESSED: u32 = 2_012;
const MESSAGE: u32 = 2_013;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let side = |bytes| Sign::of(is_message(Reader(bytes)));
    side(heads.client).beside(side(heads.server)).finds("mongodb", "MongoDB message", &[])
}

/// Length, request id, the id it answers, operation; then what the operation begins with.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let [low, middle, high, top] = read.array()?;
    let len = u32::from_le_bytes([low, middle, high, top]);
    if !(26..=48_000_000).contains(&len) {
        return Some(false);
    }
    let (_id, _answers, operation) = (read.le32()?, read.le32()?, read.le32()?);
    match operation {
        REPLY => Some(read.le32()? <= 15),
        QUERY => Some(read.le32()? <= 0xff && read.array::<4>()?.iter().all(u8::is_ascii_graphic)),
        COMPRESSED => Some(matches!(read.le32()?, REPLY | QUERY | MESSAGE)),
        MESSAGE => Some(read.le32()? & !0x0001_0003 == 0 && read.u8()? <= 1),
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let query = b"\x3a\0\0\0\x01\0\0\0\0\0\0\0\xd4\x07\0\0\0\0\0\0admin.$cmd\0";
        tcp_table(
            DECODER,
            &[
                ("OP_QUERY", query, b"", "mongodb"),
                ("OP_MSG", b"\x40\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0", b"", "mongodb"),
                ("header alone", &query[..16], b"", "more"),
                ("another operation", b"\x40\0\0\0\x01\0\0\0\0\0\0\0\x11\x07\0\0\0\0\0\0\0", b"", "no"),
                ("text", b"GET / HTTP/1.1\r\n\r\n....", b"", "no"),
            ],
        );
    }
}
