//! NetBIOS name and datagram services: decided at the first datagram (RFC 1002, 4.2 and 4.4).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "netbios",
    transport: Transport::Udp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

/// On these ports a damaged name does not hide the protocol.
const NAME_PORT: u16 = 137;
const DATAGRAM_PORT: u16 = 138;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let on_port = heads.has_port(NAME_PORT);
    at_datagram(heads, |datagram| {
        if is_name_service(Reader(datagram), on_port) == Some(true) {
            let name = datagram.get(13..45).unwrap_or_default();
            return Some(Finding {
                app: "netbios-ns",
                what: "NetBIOS name service",
                detail: name,
                names_host: false,
            });
        }
        (is_datagram(Reader(datagram), heads.has_port(DATAGRAM_PORT)) == Some(true))
            .then_some(finding("netbios-dg", "NetBIOS datagram"))
    })
}

/// DNS's header and a name in NetBIOS's encoding; on the port the header and room for a name are enough.
fn is_name_service(mut read: Reader<'_>, on_port: bool) -> Option<bool> {
    let (_id, flags) = (read.u16()?, read.u16()?);
    let (questions, answers) = (read.u16()?, read.u16()?);
    read.take(4)?;
    let sound = matches!(flags >> 11 & 15, 0 | 5..=9 | 15) && questions <= 1 && answers <= 1;
    if on_port && sound && questions + answers > 0 && read.0.len() >= 34 {
        return Some(true);
    }
    let found = is_encoded_name(&mut read)?;
    let (kind, class) = (read.u16()?, read.u16()?);
    Some(sound && found && matches!(kind, 1 | 2 | 10 | 0x20 | 0x21) && class == 1)
}

/// A label of 32 letters from A to P, a scope, and the end (RFC 1001, 14.1).
fn is_encoded_name(read: &mut Reader<'_>) -> Option<bool> {
    const SCOPE_LABELS_MAX: usize = 8;
    if read.u8()? != 32 || !read.take(32)?.iter().all(|byte| (b'A'..=b'P').contains(byte)) {
        return Some(false);
    }
    for _ in 0..SCOPE_LABELS_MAX {
        match read.u8()? {
            0 => return Some(true),
            len @ 1..=63 => read.take(len.into())?,
            _ => return Some(false),
        };
    }
    Some(false)
}

/// Message type, flags, id, source address, source port, then length, offset and the source's name; or an error;
/// or the name that is asked for (RFC 1002, 4.4).
fn is_datagram(mut read: Reader<'_>, on_port: bool) -> Option<bool> {
    let (kind, flags) = (read.u8()?, read.u8()?);
    read.take(6)?;
    let port = read.u16()?;
    if !(0x10..=0x16).contains(&kind) || flags > 0x0f || !matches!(port, 0 | 138) {
        return Some(false);
    }
    match kind {
        _ if on_port => Some(true),
        0x10..=0x12 => {
            read.take(4)?;
            is_encoded_name(&mut read)
        }
        0x13 => Some((0x82..=0x84).contains(&read.u8()?)),
        _ => is_encoded_name(&mut read),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let query = b"\x82\x44\x01\x10\0\x01\0\0\0\0\0\0\x20ENFDEIEPENEFCACACACACACACACACAAA\0\0\x20\0\x01";
        let datagram =
            b"\x11\x02\x80\x01\xc0\xa8\x00\x02\0\x8a\0\xbb\0\0\x20ENFDEIEPENEFCACACACACACACACACAAA\0";
        let dns = b"\x82\x44\x01\0\0\x01\0\0\0\0\0\0\x07example\x03org\0\0\x01\0\x01";
        udp_table(
            DECODER,
            &[
                ("name query", 137, &[('>', query)], "netbios-ns"),
                ("datagram", 138, &[('>', datagram)], "netbios-dg"),
                ("DNS", 53, &[('>', dns)], "no"),
                (
                    "another source port inside",
                    138,
                    &[('>', &[&datagram[..8], b"\0\x8b", &datagram[10..]].concat())],
                    "no",
                ),
            ],
        );
    }
}
