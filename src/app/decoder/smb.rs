//! SMB and the NetBIOS session service: decided at the client's first message.
//!
//! On port 139 a session request comes first and makes it `netbios-ss` (RFC 1002, 4.3.2); else the first SMB message
//! makes it `ms-ds-smb-base` (\[MS-CIFS\] 2.2.3.1, \[MS-SMB2\] 2.2.1). That the dialect later makes it `ms-ds-smbv2` or
//! `ms-ds-smbv3` is not modelled.

use super::sign::{Sign, begins, begins_any};
use super::{Decoder, FirstBytes, Transport};
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

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
