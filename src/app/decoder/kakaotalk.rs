//! KakaoTalk: decided at the client's first packet, which carries the session's key (LOCO as publicly described).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "kakaotalk",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0], server: &[] },
    inspect,
};

/// Where the key ends.
const HANDSHAKE: usize = 12 + 256;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_handshake(Reader(opening))).finds("kakaotalk-base", "LOCO handshake", &[])
    })
}

/// The length of the key, how it is encrypted, how what follows will be; then the key and a packet of a length.
fn is_handshake(mut read: Reader<'_>) -> Option<bool> {
    let len = read.0.len();
    if read.u8()? != 0 || read.array()? != [1, 0, 0] {
        return Some(false);
    }
    let (key, cipher) = (read.le32()?, read.le32()?);
    if !matches!(key, 12..=16) || !matches!(cipher, 2 | 3) {
        return Some(false);
    }
    (len >= HANDSHAKE).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let handshake = [&b"\0\x01\0\0\x0c\0\0\0\x02\0\0\0"[..], &[0x5a; 256]].concat();
        tcp_table(
            DECODER,
            &[
                ("handshake", &handshake, b"", "kakaotalk-base"),
                ("without its key", &handshake[..100], b"", "more"),
                ("another cipher", b"\0\x01\0\0\x0c\0\0\0\x63\0\0\0", b"", "no"),
            ],
        );
    }
}
