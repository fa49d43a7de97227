//! Kerberos: decided at the first message (RFC 4120, 5.4 and 5.9; over TCP with a length before it, 7.2.2).

use super::ber::Ber;
use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "kerberos",
    transport: Transport::Both,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// The messages' application tags, and the first byte of a length before them.
const FIRST: &[u8] = &[0, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x7e];

/// Bytes within which version and message type are found.
const ENOUGH: usize = 26;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return over_tcp(heads.client).beside(over_tcp(heads.server)).finds(
            "kerberos",
            "Kerberos message",
            &[],
        );
    }
    at_datagram(heads, |datagram| {
        (is_message(datagram) == Some(true)).then_some(finding("kerberos", "Kerberos message"))
    })
}

fn over_tcp(bytes: &[u8]) -> Sign {
    let mut read = Reader(bytes);
    let Some(len) = read.u32() else {
        return Sign::of(bytes.first().filter(|first| **first != 0).map(|_| false));
    };
    if !(10..0x10_0000).contains(&len) {
        return Sign::No;
    }
    match is_message(read.0) {
        None if read.0.len() < ENOUGH => Sign::More,
        answer => Sign::of(answer.or(Some(false))),
    }
}

/// An application tag, and in its sequence the protocol version 5 and the type that goes with the tag.
fn is_message(bytes: &[u8]) -> Option<bool> {
    let mut message = Ber(bytes);
    let (tag, _) = message.header()?;
    let (kind, first) = match tag {
        0x6a | 0x6c => (tag & 0x1f, 0xa1), // AS-REQ and TGS-REQ number their fields from 1
        0x6b | 0x6d | 0x6e | 0x6f | 0x7e => (tag & 0x1f, 0xa0),
        _ => return Some(false),
    };
    if message.header()?.0 != 0x30 {
        return Some(false);
    }
    let mut read = Reader(message.0);
    let version = read.array::<5>()?;
    let message_type = read.array::<5>()?;
    Some(version == [first, 3, 2, 1, 5] && message_type == [first + 1, 3, 2, 1, kind])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    const AS_REQ: &[u8] = b"\x6a\x81\xa0\x30\x81\x9d\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a\xa3\x15";

    #[test]
    fn table() {
        let error = b"\x7e\x5b\x30\x59\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e\xa4";
        udp_table(
            DECODER,
            &[
                ("AS-REQ", 88, &[('>', AS_REQ)], "kerberos"),
                ("KRB-ERROR", 88, &[('<', error)], "kerberos"),
                ("type against tag", 88, &[('>', &[b"\x6c", &AS_REQ[1..]].concat())], "no"),
                ("LDAP", 389, &[('>', b"\x30\x0c\x02\x01\x01\x60\x07")], "no"),
            ],
        );
        let counted = [b"\0\0\0\xa3", AS_REQ].concat();
        tcp_table(
            DECODER,
            &[
                ("with its length", &counted, b"", "kerberos"),
                ("length alone", &counted[..4], b"", "more"),
                ("SMB", b"\0\0\0\x55\xffSMB\x72", b"\0\0\0\x55\xffSMB\x72", "no"),
            ],
        );
    }
}
