//! Mail.Ru Agent: decided at the first packet's header (MRIM as published by Mail.Ru).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "mailru-agent",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0xef], server: &[0xef] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_packet(Reader(opening))).finds("mail.ru-agent-base", "MRIM packet", &[])
    })
}

/// Magic, version 1.x, sequence, a message from 0x1000, length.
fn is_packet(mut read: Reader<'_>) -> Option<bool> {
    if read.u8()? != 0xef || read.array()? != [0xbe, 0xad, 0xde] || read.le32()? >> 16 != 1 {
        return Some(false);
    }
    let (_sequence, message, len) = (read.le32()?, read.le32()?, read.le32()?);
    Some((0x1000..0x1100).contains(&message) && len < 0x10_0000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let hello = b"\xef\xbe\xad\xde\x16\0\x01\0\x01\0\0\0\x01\x10\0\0\0\0\0\0";
        tcp_table(
            DECODER,
            &[
                ("hello", hello, b"", "mail.ru-agent-base"),
                ("half of it", &hello[..12], b"", "more"),
                ("another message", b"\xef\xbe\xad\xde\x16\0\x01\0\x01\0\0\0\x01\x20\0\0\0\0\0\0", b"", "no"),
                ("another magic", b"\xef\xbe\xad\xdf\x16\0\x01\0", b"", "no"),
            ],
        );
    }
}
