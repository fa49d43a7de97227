//! SMB and the NetBIOS session service: decided at the client's first message.
//!
//! On port 139 a session request comes first and makes it `netbios-ss` (RFC 1002, 4.3.2); else the first SMB message
//! makes it `ms-ds-smb-base` (\[MS-CIFS\] 2.2.3.1, \[MS-SMB2\] 2.2.1). The dialect that the server chooses then makes it
//! `ms-ds-smbv1`, `ms-ds-smbv2` or `ms-ds-smbv3` (\[MS-CIFS\] 2.2.4.52.2, \[MS-SMB2\] 2.2.4; that it does so at this moment
//! is assumed).

use super::sign::{Reader, Sign, begins, begins_any};
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "smb",
    transport: Transport::Tcp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

const FIRST: &[u8] = &[0, 0x81, 0x82, 0x83];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let session = session_request(heads.client).or(session_request(heads.server));
    if session == Sign::Yes {
        return session.finds("netbios-ss", "NetBIOS session request", &[]);
    }
    let message = smb_message(heads.client).beside(smb_message(heads.server));
    let may_open = session_request(heads.client).beside(session_reply(heads.server));
    message.or(may_open.and(Sign::More)).finds("ms-ds-smb-base", "SMB message", &[])
}

/// Type 0x81, flags, length, then the called name: 32 bytes that each hold half a character (RFC 1001, 14.1).
fn session_request(bytes: &[u8]) -> Sign {
    let head = begins(bytes, &[0x81, 0x00, 0x00]);
    match bytes.get(4..) {
        None => head.and(Sign::More),
        Some(name) => head.and(begins(name, &[0x20])).and(match name.get(1..33) {
            Some(name) => Sign::of(Some(name.iter().all(|byte| (b'A'..=b'P').contains(byte)))),
            None => Sign::More,
        }),
    }
}

/// Type 0x82 or 0x83: accepted or refused (RFC 1002, 4.3.3 and 4.3.4).
fn session_reply(bytes: &[u8]) -> Sign {
    begins(bytes, &[0x82, 0, 0, 0]).or(begins(bytes, &[0x83, 0, 0, 1]))
}

/// A session message with the protocol identifier of SMB 1, of SMB 2 and 3, or of their encrypted form.
fn smb_message(bytes: &[u8]) -> Sign {
    let head = begins(bytes, &[0]);
    match bytes.get(4..) {
        None => head.and(Sign::More),
        Some(message) => head.and(begins_any(message, &[b"\xffSMB", b"\xfeSMB", b"\xfdSMB", b"\xfcSMB"])),
    }
}

/// The dialect that the server has chosen, once the session is SMB; before that, SMB inside a NetBIOS session.
pub(in crate::app) fn smb_dialect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let mut messages = Reader(heads.server);
    loop {
        match dialect(&mut messages) {
            None => return Match::More,
            Some(Dialect::Other) => {}
            Some(Dialect::Version(app)) => return Match::Yes(finding(app, "SMB dialect of the server")),
            Some(Dialect::Unknown) => return Match::No,
        }
    }
}

/// SMB inside a NetBIOS session that a session request has opened.
pub(in crate::app) fn smb_in_netbios<'a>(heads: &Heads<'a>) -> Match<'a> {
    let inside = |bytes| {
        let mut read = Reader(bytes);
        let mut opening = || {
            let (_kind, _flags, len) = (read.u8()?, read.u8()?, read.u16()?);
            read.take(len.into()).map(|_| read.0)
        };
        opening().map_or(Sign::More, smb_message)
    };
    inside(heads.client).or(inside(heads.server)).finds("ms-ds-smb-base", "SMB message", &[])
}

/// What one message of a server tells of the dialect.
enum Dialect {
    /// Nothing: the next one may.
    Other,
    /// This application's.
    Version(&'static str),
    /// No message is to be read here.
    Unknown,
}

/// Reads one message; `None` where it has not come yet.
fn dialect(messages: &mut Reader<'_>) -> Option<Dialect> {
    let (kind, len) = (messages.u8()?, messages.u24()?);
    if kind != 0 {
        messages.take(len as usize)?;
        return Some(if matches!(kind, 0x82 | 0x83 | 0x85) { Dialect::Other } else { Dialect::Unknown });
    }
    let mut read = Reader(messages.0);
    let dialect = match read.array()? {
        [0xff, b'S', b'M', b'B'] => Dialect::Version("ms-ds-smbv1"),
        // Encrypted and compressed messages are of version 3 ([MS-SMB2] 2.2.41 and 2.2.42).
        [0xfd | 0xfc, b'S', b'M', b'B'] => Dialect::Version("ms-ds-smbv3"),
        [0xfe, b'S', b'M', b'B'] => negotiated(read)?,
        _ => Dialect::Unknown,
    };
    if matches!(dialect, Dialect::Other) {
        messages.take(len as usize)?;
    }
    Some(dialect)
}

/// The rest of a message of SMB 2 or 3, behind the protocol identifier: the answer to a negotiation names the dialect.
fn negotiated(mut read: Reader<'_>) -> Option<Dialect> {
    const NEGOTIATE: u16 = 0;
    read.take(8)?;
    let command = read.le16()?;
    if command != NEGOTIATE {
        return Some(Dialect::Unknown);
    }
    read.take(64 - 4 - 8 - 2 + 4)?;
    Some(match read.le16()? {
        0x0202 | 0x0210 => Dialect::Version("ms-ds-smbv2"),
        0x0300 | 0x0302 | 0x0311 => Dialect::Version("ms-ds-smbv3"),
        // "2.???": another negotiation follows ([MS-SMB2] 2.2.4).
        0x02ff => Dialect::Other,
        _ => Dialect::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;
    use crate::flow::Protocol;

    /// A server's message of SMB 2 or 3 with a command and, where it answers a negotiation, a dialect.
    fn message(command: u16, dialect: u16) -> Vec<u8> {
        let mut bytes = b"\xfeSMB\x40\0\0\0\0\0\0\0".to_vec();
        bytes.extend(command.to_le_bytes());
        bytes.resize(64, 0);
        bytes.extend([65, 0, 1, 0]);
        bytes.extend(dialect.to_le_bytes());
        bytes.resize(128, 0);
        [&[0, 0, 0, 128][..], &bytes].concat()
    }

    #[test]
    fn the_server_chooses_a_dialect() {
        let accepted = b"\x82\0\0\0";
        let smb1 = b"\0\0\0\x55\xffSMB\x72\0\0\0\0".to_vec();
        for (what, server, expected) in [
            ("2.1", message(0, 0x0210), "ms-ds-smbv2"),
            ("3.1.1", message(0, 0x0311), "ms-ds-smbv3"),
            ("2.??? and then 3.0", [message(0, 0x02ff), message(0, 0x0300)].concat(), "ms-ds-smbv3"),
            ("2.??? alone", message(0, 0x02ff), "more"),
            ("in a NetBIOS session", [&accepted[..], &message(0, 0x0202)].concat(), "ms-ds-smbv2"),
            ("1", smb1, "ms-ds-smbv1"),
            ("encrypted", b"\0\0\0\x60\xfdSMB".to_vec(), "ms-ds-smbv3"),
            ("not the answer to a negotiation", message(1, 0), "no"),
            ("no such dialect", message(0, 0x0999), "no"),
        ] {
            let heads =
                |len: usize| Heads { protocol: Protocol::TCP, server: &server[..len], ..Heads::default() };
            let answer = |len| match smb_dialect(&heads(len)) {
                Match::No => "no",
                Match::More => "more",
                Match::Yes(finding) => finding.app,
            };
            assert_eq!(answer(server.len()), expected, "{what}");
            assert_eq!(answer(0), "more");
        }
    }

    #[test]
    fn table() {
        let session =
            b"\x81\0\0\x44\x20CKFDENECFDEFFCFGEFFCCACACACACACA\0\x20EMEBFDEFFCCACACACACACACACACACAAA\0";
        tcp_table(
            DECODER,
            &[
                ("SMB 1 negotiation", b"\0\0\0\x55\xffSMB\x72\0\0\0\0", b"", "ms-ds-smb-base"),
                ("SMB 2 negotiation", b"\0\0\0\xa4\xfeSMB\x40\0", b"", "ms-ds-smb-base"),
                ("server's side alone", b"", b"\0\0\0\xa4\xfeSMB\x40\0", "ms-ds-smb-base"),
                ("NetBIOS session", session, b"", "netbios-ss"),
                ("as far as the name", &session[..20], b"", "more"),
                ("Kerberos", b"\0\0\0\xa3\x6a\x81\xa0", b"\0\0\0\xa3\x6b", "no"),
            ],
        );
    }
}
