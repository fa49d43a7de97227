//! What both sides of a TLS connection show before they encrypt: versions, the cipher, certificates, whether the server
//! asks for the client's, and alerts (RFC 5246, 6.2.1, 7.2 and 7.4; RFC 8446, 4 and 6).

use super::hello::ServerHello;
use super::offer::ClientOffer;
use super::standing::{Certificates, Standing};
use crate::app::decoder::Reader;

/// Something that a side has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// The client's hello: the highest version it offers.
    ClientHello {
        /// As on the wire: 0x0303 is TLS 1.2, 0x0304 TLS 1.3.
        version: u16,
    },
    /// The server's hello: what it chose.
    ServerHello {
        /// As on the wire.
        version: u16,
        /// The cipher suite (IANA, TLS parameters).
        cipher: u16,
    },
    /// The server's certificate.
    Certificate(Standing),
    /// The server asks for a certificate of the client.
    CertificateRequest,
    /// An alert in the clear.
    Alert {
        /// Whether it ends the connection.
        fatal: bool,
        /// Its description (IANA, TLS alerts).
        code: u8,
    },
}

/// Record types.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// Handshake message types.
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
pub(super) const CERTIFICATE: u8 = 11;
const CERTIFICATE_REQUEST: u8 = 13;

/// Alert level.
const FATAL: u8 = 2;

/// All that a side's bytes show, in order, until it encrypts or the bytes are no records any more. More bytes only add
/// to it.
pub fn handshake(bytes: &[u8]) -> Vec<Handshake> {
    let mut shown = Vec::new();
    let mut messages = Vec::new();
    let mut records = Reader(bytes);
    while let Some((kind, content)) = record(&mut records) {
        match (kind, content) {
            (HANDSHAKE, content) => {
                messages.extend_from_slice(content);
                let rest = whole_messages(&messages, &mut shown).len();
                messages.drain(..messages.len() - rest);
            }
            (ALERT, &[level, code]) => shown.push(Handshake::Alert { fatal: level == FATAL, code }),
            // Another length is a ciphertext; so is what follows ChangeCipherSpec.
            _ => break,
        }
    }
    shown
}

/// The next whole record: its type and content.
fn record<'a>(records: &mut Reader<'a>) -> Option<(u8, &'a [u8])> {
    let kind = records.u8()?;
    if records.u8()? != 3 {
        return None;
    }
    records.u8()?;
    let len = records.u16()?;
    Some((kind, records.take(len.into())?))
}

/// Tells of the whole messages that the bytes begin with; what is left of them.
fn whole_messages<'a>(bytes: &'a [u8], shown: &mut Vec<Handshake>) -> &'a [u8] {
    let mut read = Reader(bytes);
    loop {
        let rest = read.0;
        let (Some(kind), Some(len)) = (read.u8(), read.u24()) else { return rest };
        let Some(body) = read.take(len as usize) else { return rest };
        shown.extend(told_by(kind, body, false));
    }
}

/// What a handshake message shows. TLS 1.3 has certificates in another form.
pub(super) fn told_by(kind: u8, body: &[u8], is_1_3: bool) -> Option<Handshake> {
    match kind {
        CLIENT_HELLO => {
            ClientOffer::parse(body).map(|offer| Handshake::ClientHello { version: offer.highest() })
        }
        SERVER_HELLO => ServerHello::parse(body)
            .map(|ServerHello { version, cipher }| Handshake::ServerHello { version, cipher }),
        CERTIFICATE => Certificates::read(body, is_1_3).map(Handshake::Certificate),
        CERTIFICATE_REQUEST => Some(Handshake::CertificateRequest),
        _ => None,
    }
}

impl Handshake {
    /// An alert. In TLS 1.3 its level does not count: all are fatal but two (RFC 8446, 6).
    pub(super) const fn alert(level: u8, code: u8, is_1_3: bool) -> Self {
        let fatal = if is_1_3 { !matches!(code, 0 | 90) } else { level == FATAL };
        Self::Alert { fatal, code }
    }
}

/// The name of an alert (RFC 8446, 6; RFC 5246, 7.2); `None` for a number without one.
pub const fn alert_name(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed_RESERVED",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate_RESERVED",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction_RESERVED",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::tls::testing::{certificates, hello, message, records, server_hello};

    #[test]
    fn what_is_in_the_clear_is_told_in_order() {
        let client =
            [records(&hello("www.example.org", &["h2"], 600), 100), b"\x15\x03\x03\x00\x02\x02\x2e".to_vec()];
        assert_eq!(
            handshake(&client.concat()),
            [Handshake::ClientHello { version: 0x0303 }, Handshake::Alert { fatal: true, code: 46 }]
        );
        let server =
            [server_hello(false), certificates("example.org", &[]), message(13, b"\x01\x01\x00\x00\x00\x00")];
        let told = handshake(&records(&server.concat(), 300));
        assert_eq!(told[0], Handshake::ServerHello { version: 0x0303, cipher: 0xc02f });
        let Handshake::Certificate(standing) = told[1] else { panic!("{told:?}") };
        assert!(!standing.self_signed);
        assert_eq!((standing.not_before, standing.not_after), (Some(1_735_689_600), Some(1_767_225_600)));
        assert_eq!(told[2..], [Handshake::CertificateRequest]);
        assert_eq!(
            handshake(&records(&server_hello(true), 9)),
            [Handshake::ServerHello { version: 0x0304, cipher: 0x1301 }]
        );
    }

    /// Behind ChangeCipherSpec an alert is a ciphertext, as is one of another length.
    #[test]
    fn what_is_encrypted_is_not_told() {
        let hidden =
            [b"\x14\x03\x03\x00\x01\x01".to_vec(), b"\x15\x03\x03\x00\x02\x02\x2e".to_vec()].concat();
        assert_eq!(handshake(&hidden), []);
        let sealed = [b"\x15\x03\x03\x00\x1a".to_vec(), vec![7; 26]].concat();
        assert_eq!(handshake(&sealed), []);
    }

    proptest! {
        /// What is told of some bytes is told of more of them as well, in the same order.
        #[test]
        fn more_bytes_only_add(cut in 0_usize..900, junk: Vec<u8>) {
            let whole = [records(&[server_hello(false), certificates("example.org", &[])].concat(), 200), junk].concat();
            let part = handshake(&whole[..cut.min(whole.len())]);
            let all = handshake(&whole);
            prop_assert_eq!(&all[..part.len()], &part[..]);
        }

        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            handshake(&[b"\x16\x03\x03".to_vec(), bytes].concat());
        }
    }
}
