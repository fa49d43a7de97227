//! WeChat: decided at the client's hello of its own transport security, which has the form of TLS with other versions
//! (MMTLS as publicly described).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "wechat",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0x16, 0x19], server: &[0x16, 0x19] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_hello(Reader(opening))).finds("wechat-base", "MMTLS hello", &[]))
}

/// A record of the handshake or of early data, version 0xf103 or 0xf104, its length, the message's, which is shorter by
/// itself, and a client's hello.
fn is_hello(mut read: Reader<'_>) -> Option<bool> {
    let kind = read.u8()?;
    if !matches!(kind, 0x16 | 0x19) || read.u8()? != 0xf1 || !matches!(read.u8()?, 3 | 4) {
        return Some(false);
    }
    let len = read.u16()?;
    let inner = read.u32()?;
    Some(inner.checked_add(4) == Some(len.into()) && matches!(read.u8()?, 1 | 2))
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
                ("hello", b"\x16\xf1\x04\0\xa1\0\0\0\x9d\x01\x04\xf1\x01", b"", "wechat-base"),
                ("early data", b"\x19\xf1\x04\0\xa1\0\0\0\x9d\x01\x04\xf1", b"", "wechat-base"),
                ("half of it", b"\x16\xf1\x04\0\xa1", b"", "more"),
                ("another length", b"\x16\xf1\x04\0\xa1\0\0\0\x9e\x01", b"", "no"),
                ("TLS", b"\x16\x03\x01\0\xa1\x01\0\0\x9d\x03\x03", b"", "no"),
            ],
        );
    }
}
