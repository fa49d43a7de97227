//! What runs over ISO transport on TCP (RFC 1006, RFC 905): RDP, T.120, S7, H.225, and with a session layer MMS, X.400
//! and the like, which are `cotp` together.
//!
//! RDP is decided at the connection request, if it has a cookie or a negotiation request (\[MS-RDPBCGR\] 2.2.1.1), else
//! at the MCS connect that follows (T.125; `ms-rdp` where the conference data has RDP's key). S7 is decided at its first
//! unit or by the TSAPs of its connection request; H.225 at the call signalling message (H.225.0, 7.2); a session at its
//! CONNECT (X.225, 8.3.1).

use super::sign::{Reader, contains};
use super::{Decoder, FirstBytes, Transport, at_opening, finding};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "tpkt",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[3], server: &[3] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| match packets(opening) {
        None => Match::More,
        Some(None) => Match::No,
        Some(Some(finding)) => Match::Yes(finding),
    })
}

/// Asks the first two packets. `None` where more bytes must tell.
fn packets(bytes: &[u8]) -> Option<Option<Finding<'_>>> {
    let mut read = Reader(bytes);
    for _ in 0..2 {
        let (version, reserved, len) = (read.u8()?, read.u8()?, usize::from(read.u16()?));
        if version != 3 || reserved != 0 || !(7..=8_192).contains(&len) {
            return Some(None);
        }
        let packet = read.0;
        let whole = packet.get(..len - 4);
        match (packet.first()?, packet.get(1)?) {
            (8, 2) => return Some(Some(finding("h.225", "H.225 call signalling"))),
            (_, 0xe0) => match connection_request(whole?) {
                Some(finding) => return Some(Some(finding)),
                None => read.take(len - 4)?,
            },
            (2, 0xf0) => return data(Reader(packet), whole),
            _ => return Some(None),
        };
    }
    Some(None)
}

/// Parameters of a connection request (RFC 905, 13.3) that tell what is on top.
fn connection_request(packet: &[u8]) -> Option<Finding<'_>> {
    const COOKIE: &[u8] = b"Cookie: mstshash=";
    let parameters = packet.get(7..)?;
    if let Some(cookie) = parameters.strip_prefix(COOKIE) {
        let user = cookie.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        return Some(Finding {
            app: "ms-rdp",
            what: "RDP connection request, cookie",
            detail: user,
            names_host: false,
        });
    }
    let is_rdp = parameters.starts_with(b"Cookie: msts=")
        || matches!(parameters, [1, 0..=3, 8, 0, _, 0, 0, 0, ..])
        || matches!(parameters, [6, _, 36, 0, ..]);
    // Calling and called TSAP of two bytes, the called one with rack and slot (0x01 PG, 0x02 OP, 0x03 basic).
    let is_s7 = contains(parameters, &[0xc1, 2])
        && [1, 2, 3].iter().any(|kind| contains(parameters, &[0xc2, 2, *kind]));
    if is_rdp {
        Some(finding("ms-rdp", "RDP connection request"))
    } else {
        is_s7.then_some(finding("siemens-s7-base", "S7 connection request"))
    }
}

/// A data unit: an S7 unit, an MCS connect with the conference's data, or a session's CONNECT with its first item.
fn data<'a>(mut read: Reader<'a>, whole: Option<&'a [u8]>) -> Option<Option<Finding<'a>>> {
    read.take(3)?;
    match read.array()? {
        [0x32, 1 | 2 | 3 | 7] => Some(Some(finding("siemens-s7-base", "S7 unit"))),
        [0x7f, 0x65] if contains(whole?, b"Duca") => Some(Some(finding("ms-rdp", "RDP conference request"))),
        [0x7f, 0x65] => Some(Some(finding("t.120", "T.125 connect"))),
        // The length is one byte, or 0xff and two; items are connection identifier, connect/accept or user requirements.
        [0x0d, len] => {
            if len == 0xff {
                read.take(2)?;
            }
            let is_item = matches!(read.u8()?, 1 | 5 | 20 | 51 | 193 | 194);
            Some(is_item.then_some(finding("cotp", "OSI session over COTP")))
        }
        _ => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_detail, tcp_table};

    #[test]
    fn table() {
        let bare = b"\x03\0\0\x0b\x06\xe0\0\0\0\0\0";
        let negotiation = b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0";
        let cookie = b"\x03\0\0\x26\x21\xe0\0\0\0\0\0Cookie: mstshash=bob\r\n\x01\0\x08\0\0\0\0\0";
        let mcs = b"\x03\0\0\x10\x02\xf0\x80\x7f\x65\x82\x01\x94Duca";
        let s7 = b"\x03\0\0\x16\x11\xe0\0\0\0\x01\0\xc0\x01\x0a\xc1\x02\x01\0\xc2\x02\x01\x02";
        tcp_table(
            DECODER,
            &[
                ("negotiation request", negotiation, b"", "ms-rdp"),
                ("cookie", cookie, b"", "ms-rdp"),
                ("without either", bare, b"", "more"),
                ("MCS connect", &[&bare[..], mcs].concat(), b"\x03\0\0\x0b\x06\xd0\0\0\x12\x34\0", "ms-rdp"),
                ("S7", s7, b"", "siemens-s7-base"),
                (
                    "MMS",
                    &[&bare[..], b"\x03\0\0\xbb\x02\xf0\x80\x0d\xb2\x05\x06\x13\x01\0\x16\x01\x02"].concat(),
                    b"",
                    "cotp",
                ),
                ("H.225 setup", b"\x03\0\x01\x20\x08\x02\x12\x34\x05", b"", "h.225"),
                ("length below the header", b"\x03\0\0\x03\x06\xe0", b"", "no"),
                ("RTMP", b"\x03\x01\x02\x03\x04\0\0\0\0", b"\x03", "no"),
            ],
        );
        assert_eq!(tcp_detail(DECODER, cookie, b""), b"bob");
    }
}
