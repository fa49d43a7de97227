//! LDAP: decided at the first message (RFC 4511, 4.1.1 and 4.2 to 4.12), also without a connection (RFC 1798).

use super::ber::Ber;
use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "ldap",
    transport: Transport::Both,
    first: FirstBytes { client: &[0x30], server: &[0x30] },
    inspect,
};

/// Bytes within which the operation and its first field are found.
const ENOUGH: usize = 32;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        let side = |bytes: &[u8]| match is_message(bytes) {
            None if bytes.len() < ENOUGH => Sign::More,
            answer => Sign::of(answer.or(Some(false))),
        };
        return side(heads.client).beside(side(heads.server)).finds("ldap", "LDAP message", &[]);
    }
    at_datagram(heads, |datagram| {
        (is_message(datagram) == Some(true)).then_some(finding("ldap", "LDAP message"))
    })
}

/// A SEQUENCE of message id and operation, whose first field must be of its kind.
fn is_message(bytes: &[u8]) -> Option<bool> {
    let mut message = Ber(bytes);
    let (tag, _) = message.header()?;
    if tag != 0x30 {
        return Some(false);
    }
    let (tag, len) = message.header()?;
    if tag != 2 || !(1..=4).contains(&len) {
        return Some(false);
    }
    message.0 = message.0.get(len..)?;
    let (operation, len) = message.header()?;
    if matches!(operation, 0x42) {
        return Some(len == 0);
    }
    let first = message.header()?;
    Some(match operation {
        0x60 => first == (2, 1) && matches!(message.0.first()?, 2 | 3), // bind: version
        0x61 | 0x65 | 0x67 | 0x69 | 0x6b | 0x6d | 0x6f | 0x78 => first == (0x0a, 1), // a result: its code
        0x63 | 0x64 | 0x66 | 0x68 | 0x6c | 0x6e => first.0 == 4,        // a name
        0x77 => first.0 == 0x80 && Reader(message.0).array()? == *b"1.", // extended: an object identifier
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        let search = b"\x30\x25\x02\x01\x01\x63\x20\x04\x00\x0a\x01\x00\x0a\x01\x00";
        tcp_table(
            DECODER,
            &[
                ("bind", b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00", b"", "ldap"),
                (
                    "search, long lengths",
                    b"\x30\x84\0\0\0\x2d\x02\x01\x01\x63\x84\0\0\0\x24\x04\0",
                    b"",
                    "ldap",
                ),
                ("StartTLS", b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037", b"", "ldap"),
                ("result alone", b"", b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00", "ldap"),
                ("message id alone", b"\x30\x0c\x02\x01\x01", b"", "more"),
                ("SNMP", b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01", b"\x30\x26\x02\x09", "no"),
            ],
        );
        udp_table(
            DECODER,
            &[
                ("without connection", 389, &[('>', search)], "ldap"),
                ("SNMP", 161, &[('>', b"\x30\x26\x02\x01\x00\x04\x06public\xa0\x19\x02\x01\x01")], "no"),
            ],
        );
    }
}
