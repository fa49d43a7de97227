//! SLP: decided at the first message (RFC 2608, 8; version 1 RFC 2165, 4.1).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "slp",
    transport: Transport::Both,
    first: FirstBytes { client: &[1, 2], server: &[1, 2] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| {
            Sign::of(message(Reader(opening)).map(|len| len.is_some())).finds("slp", "SLP message", &[])
        });
    }
    at_datagram(heads, |datagram| {
        let is_whole = message(Reader(datagram)).flatten() == Some(datagram.len());
        is_whole.then_some(finding("slp", "SLP message"))
    })
}

/// The message's length, `None` where it is no message.
fn message(mut read: Reader<'_>) -> Option<Option<usize>> {
    let (version, function) = (read.u8()?, read.u8()?);
    match version {
        // Length, flags, offset of an extension, transaction, language tag.
        2 if (1..=11).contains(&function) => {
            let (len, flags, _extension) = (read.u24()?, read.u16()?, read.u24()?);
            let (_transaction, tag_len) = (read.u16()?, read.u16()?);
            if flags & 0x1fff != 0 || !(2..=8).contains(&tag_len) || !(18..0x1_0000).contains(&len) {
                return Some(None);
            }
            let [a, b] = read.array()?;
            let is_tag = a.is_ascii_alphabetic() && b.is_ascii_alphabetic();
            Some(is_tag.then_some(usize::try_from(len).ok()?))
        }
        // Length, flags, dialect 0, language, encoding (3 is US-ASCII, 106 is UTF-8), transaction.
        1 if (1..=10).contains(&function) => {
            let (len, flags, dialect) = (read.u16()?, read.u8()?, read.u8()?);
            let ([a, b], encoding, _transaction) = (read.array()?, read.u16()?, read.u16()?);
            let sound = flags & 0x07 == 0 && dialect == 0 && matches!(encoding, 3 | 106 | 1_000);
            let is_tag = a.is_ascii_lowercase() && b.is_ascii_lowercase();
            Some((sound && is_tag && len >= 12).then_some(usize::from(len)))
        }
        _ => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        let request = b"\x02\x01\0\0\x31\x20\0\0\0\0\x12\x34\0\x02en\0\0\0\x15service:service-agent\0\x07default\0\0\0\0";
        let request = [&request[..4], &[u8::try_from(request.len()).unwrap()], &request[5..]].concat();
        udp_table(
            DECODER,
            &[
                ("service request", 427, &[('>', &request)], "slp"),
                ("another length", 427, &[('>', &request[..40])], "no"),
                ("no such function", 427, &[('>', &[b"\x02\x0d", &request[2..]].concat())], "no"),
            ],
        );
        tcp_table(
            DECODER,
            &[
                ("service request", &request, b"", "slp"),
                ("header alone", &request[..14], b"", "more"),
                ("reserved flags", b"\x02\x01\0\0\x31\xff\xff\0\0\0\x12\x34\0\x02en", b"text", "no"),
            ],
        );
    }
}
