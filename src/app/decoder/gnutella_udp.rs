//! Gnutella over UDP: decided at the first datagram, a message whose length fills it (Gnutella 0.4, 2; GUESS 0.1), or a
//! packet of Gnutella2 (Gnutella2 standard, "UDP transceiver").

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "gnutella-udp",
    transport: Transport::Udp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        if is_message(Reader(datagram)) == Some(true) {
            Some(finding("gnutella", "Gnutella message"))
        } else {
            is_second(datagram).then_some(finding("gnutella", "Gnutella2 packet"))
        }
    })
}

/// An identifier with the marks of a modern node, an operation, hops to live and taken, the length of the rest.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    read.take(8)?;
    let modern = read.u8()? == 0xff;
    read.take(6)?;
    let reserved = read.u8()?;
    let (operation, live, taken, len) = (read.u8()?, read.u8()?, read.u8()?, read.le32()?);
    let known = matches!(operation, 0x00 | 0x01 | 0x31 | 0x40 | 0x80 | 0x81);
    Some(modern && reserved <= 1 && known && live <= 7 && taken <= 7 && len as usize == read.0.len())
}

/// `GND`, flags, sequence, part of how many; none are acknowledgements.
fn is_second(datagram: &[u8]) -> bool {
    match datagram {
        [b'G', b'N', b'D', 0, _, _, 1..=63, 0] => true,
        [b'G', b'N', b'D', 0..=3, _, _, part @ 1..=63, count @ 1..=63, _, ..] => part <= count,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let message = |len: u8| {
            [
                &b"\x12\x34\x56\x78\x9a\xbc\xde\xf0\xff\x11\x22\x33\x44\x55\x66\0\0\x01\0"[..],
                &[len, 0, 0, 0],
                b"\xc3\x02SCP",
            ]
            .concat()
        };
        udp_table(
            DECODER,
            &[
                ("ping", 6_346, &[('>', &message(5))], "gnutella"),
                ("another length", 6_346, &[('>', &message(6))], "no"),
                ("Gnutella2", 6_346, &[('>', b"GND\x02\0\x01\x01\x01\x10PI")], "gnutella"),
                ("its acknowledgement", 6_346, &[('>', b"GND\0\0\x01\x01\0")], "gnutella"),
                ("a part beyond the last", 6_346, &[('>', b"GND\x02\0\x01\x05\x01\x10PI")], "no"),
            ],
        );
    }
}
