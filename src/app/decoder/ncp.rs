//! NetWare Core Protocol over TCP: decided at the first request or reply (Novell, "NCP over IP").

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "ncp",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"Dt", server: b"Dt" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_message(Reader(opening))).finds("ncp", "NCP message", &[]))
}

/// `DmdT`, length, version, size of the reply's buffer, type; or `tNcP`, length, type.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let word = read.array::<4>()?;
    let is_request = word == *b"DmdT";
    if !is_request && word != *b"tNcP" {
        return Some(false);
    }
    if !(10..0x10_0000).contains(&read.u32()?) {
        return Some(false);
    }
    if is_request && (read.u32()?, read.u32()?).0 != 1 {
        return Some(false);
    }
    Some(matches!(read.u16()?, 0x1111 | 0x2222 | 0x3333 | 0x5555 | 0x7777 | 0x9999))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let create = b"DmdT\0\0\0\x17\0\0\0\x01\0\0\0\0\x11\x11\0\xff\x01\xff\0";
        tcp_table(
            DECODER,
            &[
                ("connection created", create, b"tNcP\0\0\0\x10\x33\x33\0\x01", "ncp"),
                ("up to the length", &create[..8], b"", "more"),
                ("another type", b"DmdT\0\0\0\x17\0\0\0\x01\0\0\0\0\x12\x34", b"text", "no"),
            ],
        );
    }
}
