//! Telegram: decided at a plain request for a key, the first message of a client that has none (MTProto 2.0, transports
//! and "Creating an authorization key").
//!
//! The obfuscated transport, which most clients use, looks like nothing and stays unknown.

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "telegram",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0xef, 0xee, 0x34], server: &[] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(request(Reader(opening))).finds("telegram", "MTProto request for a key", &[])
    })
}

/// The abridged, the intermediate or the full transport with a message of 40 bytes: no key's number, the message's own,
/// 20 bytes of data, the constructor of `req_pq` or `req_pq_multi`.
fn request(mut read: Reader<'_>) -> Option<bool> {
    const LEN: u8 = 40;
    let framed = match read.u8()? {
        0xef => read.u8()? == LEN / 4,
        0xee => read.array()? == [0xee; 3] && read.array()? == [LEN, 0, 0, 0],
        0x34 => read.array()? == [0; 3] && read.u32()? == 0,
        _ => false,
    };
    if !framed || read.u8()? != 0 || read.array()? != [0; 7] {
        return Some(false);
    }
    read.take(8)?;
    if read.le32()? != 20 {
        return Some(false);
    }
    Some(matches!(read.le32()?, 0x6046_9778 | 0xbe7e_8ef1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let message = b"\0\0\0\0\0\0\0\0\x4a\x96\x70\x27\xc4\x7a\xe5\x51\x14\0\0\0\x78\x97\x46\x60nonce";
        let multi = b"\0\0\0\0\0\0\0\0\x4a\x96\x70\x27\xc4\x7a\xe5\x51\x14\0\0\0\xf1\x8e\x7e\xbenonce";
        let other = b"\0\0\0\0\0\0\0\0\x4a\x96\x70\x27\xc4\x7a\xe5\x51\x14\0\0\0\x01\x02\x03\x04nonce";
        tcp_table(
            DECODER,
            &[
                ("abridged", &[b"\xef\x0a", &message[..]].concat(), b"", "telegram"),
                ("intermediate", &[b"\xee\xee\xee\xee\x28\0\0\0", &multi[..]].concat(), b"", "telegram"),
                ("full", &[b"\x34\0\0\0\0\0\0\0", &message[..]].concat(), b"", "telegram"),
                ("cut", &[b"\xef\x0a", &message[..20]].concat(), b"", "more"),
                ("another request", &[b"\xef\x0a", &other[..]].concat(), b"", "no"),
                ("a key's number", b"\xef\x0a\0\0\0\0\x01\0\0\0", b"", "no"),
            ],
        );
    }
}
