//! Lotus Sametime: decided at the client's handshake (the protocol as publicly described by Meanwhile).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "sametime",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0, 0x80], server: &[0, 0x80] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        // A sign of life may go before it.
        let message = opening.strip_prefix(&[0x80]).unwrap_or(opening);
        Sign::of(is_handshake(Reader(message))).finds("lotus-sametime", "Sametime handshake", &[])
    })
}

/// Length, message 0 without options, the master channel, version 0x1e with its minor.
fn is_handshake(mut read: Reader<'_>) -> Option<bool> {
    let high = read.array::<2>()?;
    let len = read.u16()?;
    if high != [0, 0] || !(16..1_024).contains(&len) || read.array()? != [0; 8] {
        return Some(false);
    }
    let (major, minor) = (read.u16()?, read.u16()?);
    Some(major == 0x1e && (0x10..0x40).contains(&minor) && read.u32()? == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        const APP: &str = "lotus-sametime";
        let handshake = b"\0\0\0\x1e\0\0\0\0\0\0\0\0\0\x1e\0\x1d\0\0\0\0\0\0\0\0\x10\x02\0\0\0\0";
        tcp_table(
            DECODER,
            &[
                ("handshake", handshake, b"", APP),
                ("after a sign of life", &[b"\x80", &handshake[..]].concat(), b"", APP),
                ("half of it", &handshake[..11], b"", "more"),
                ("another version", b"\0\0\0\x1e\0\0\0\0\0\0\0\0\0\x1f\0\x1d\0\0\0\0", b"", "no"),
                ("SMB", b"\0\0\0\x55\xffSMB\x72\0\0\0\0", b"", "no"),
            ],
        );
    }
}
