//! Steam: decided at the header of the client's connection, over UDP or TCP, or at its search for other computers on the
//! local network (as publicly described by SteamKit; the last as publicly observed).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "steam",
    transport: Transport::Both,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

const APP: &str = "steam";

/// Over UDP that of the magic, over TCP the length of the server's first message, with a challenge or without.
const FIRST: &[u8] = &[b'V', 0xff, 0x1c, 0x2c];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| {
            Sign::of(is_message(Reader(opening))).finds(APP, "Steam message", &[])
        });
    }
    at_datagram(heads, |datagram| {
        let found = is_connection(Reader(datagram)) == Some(true)
            || datagram.starts_with(b"\xff\xff\xff\xff\x21\x4c\x5f\xa0");
        found.then_some(finding(APP, "Steam datagram"))
    })
}

/// Length and `VT01`; the first message of a connection is the server's.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let len = read.le32()?;
    if !(4..0x10_0000).contains(&len) {
        return Some(false);
    }
    Some(read.array()? == *b"VT01")
}

/// `VS01`, the length of what follows the header, a kind of packet, flags; the header has 36 bytes.
fn is_connection(mut read: Reader<'_>) -> Option<bool> {
    if read.array()? != *b"VS01" {
        return Some(false);
    }
    let (len, kind) = (usize::from(read.le16()?), read.u8()?);
    read.take(29)?;
    Some((1..=7).contains(&kind) && len == read.0.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        let request = [&b"VS01\0\0\x01\0"[..], &[0; 28]].concat();
        udp_table(
            DECODER,
            &[
                ("a challenge is asked for", 27_017, &[('>', &request)], APP),
                ("search", 27_036, &[('>', b"\xff\xff\xff\xff\x21\x4c\x5f\xa0\x0a\0\0\0")], APP),
                ("shorter", 27_017, &[('>', &request[..30])], "no"),
                ("a game's query", 27_015, &[('>', b"\xff\xff\xff\xffTSource Engine Query\0")], "no"),
            ],
        );
        tcp_table(
            DECODER,
            &[
                ("message", b"", b"\x1c\0\0\0VT01\x17\x05\0\0", APP),
                ("its length", b"", b"\x1c\0\0\0VT", "more"),
                ("another magic", b"", b"\x1c\0\0\0VT02", "no"),
            ],
        );
    }
}
