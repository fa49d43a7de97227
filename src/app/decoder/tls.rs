//! TLS: decided at the ClientHello (PANOS.md 0.8).
//!
//! The earliest certain moment is its sixth byte: a handshake record header and the message type. Those are in the
//! first segment, so a hello that spans several is decided by the first, as PAN-OS does; the server name is told where
//! it has come by then. Where the capture lacks the hello, the ServerHello or a record of application data decides.

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport};
use crate::app::tls::server_name;
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "tls",
    transport: Transport::Tcp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// The record types handshake and application data (RFC 8446, 5.1), the usual first byte of an SSL 2.0 ClientHello,
/// and what a server may answer besides: an alert, a change of cipher.
const FIRST: &[u8] = &[0x14, 0x15, 0x16, 0x17, 0x80];

pub(super) const SSL: &str = "ssl";

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    for bytes in [heads.client, heads.server] {
        if client_hello(bytes) == Sign::Yes {
            let detail = server_name(bytes).unwrap_or_default();
            let what = if detail.is_empty() { "TLS ClientHello" } else { "TLS ClientHello, SNI" };
            return Match::Yes(Finding { app: SSL, what, detail, names_host: true });
        }
    }
    let side = |bytes| client_hello(bytes).or(server_hello(bytes)).or(late_record(bytes));
    let what = if server_hello(heads.server) == Sign::Yes { "TLS ServerHello" } else { "TLS record" };
    side(heads.client).beside(side(heads.server)).finds(SSL, what, &[])
}

/// A handshake record whose message is a ClientHello: `16 03 xx len len 01` (RFC 8446, 5.1 and 4.1.2), or the SSL 2.0
/// form that offers SSL 2.0 or more: `80 len 01`, version, lengths (RFC 5246, E.2).
pub(super) fn client_hello(bytes: &[u8]) -> Sign {
    let mut read = Reader(bytes);
    let mut hello = || match read.u8()? {
        0x16 => Some(read.u8()? == 3 && read.u8()? <= 4 && fits(read.u16()?) && read.u8()? == 1),
        0x80 => {
            let (_len, kind, version) = (read.u8()?, read.u8()?, read.u16()?);
            let (ciphers, session, challenge) = (read.u16()?, read.u16()?, read.u16()?);
            let sound = ciphers != 0 && ciphers % 3 == 0 && matches!(session, 0 | 16) && challenge <= 32;
            Some(kind == 1 && matches!(version, 2 | 0x0300..=0x0303) && sound)
        }
        _ => Some(false),
    };
    Sign::of(hello())
}

/// A handshake record with a ServerHello (RFC 8446, 4.1.3) that offers a TLS version.
fn server_hello(bytes: &[u8]) -> Sign {
    let mut read = Reader(bytes);
    let mut hello = || {
        if read.u8()? != 0x16 || read.u8()? != 3 || read.u8()? > 4 || !fits(read.u16()?) || read.u8()? != 2 {
            return Some(false);
        }
        let len = read.u24()?;
        Some((38..0x4000).contains(&len) && read.u8()? == 3 && read.u8()? <= 4)
    };
    Sign::of(hello())
}

/// The header of a record with application data or an encrypted alert, in a session whose beginning is not in the
/// capture.
fn late_record(bytes: &[u8]) -> Sign {
    let mut read = Reader(bytes);
    let mut header = || {
        let kind = read.u8()?;
        if !matches!(kind, 0x15 | 0x17) || read.u8()? != 3 || !(1..=3).contains(&read.u8()?) {
            return Some(false);
        }
        let len = read.u16()?;
        Some(if kind == 0x15 { (18..=64).contains(&len) } else { fits(len) })
    };
    Sign::of(header())
}

/// Whether a record may be that long: not empty, and at most 2^14 bytes and what ciphers add (RFC 5246, 6.2.3).
const fn fits(len: u16) -> bool {
    len != 0 && len <= 0x4000 + 2_048
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let hello = b"\x16\x03\x01\x00\x3c\x01\x00\x00\x38\x03\x03";
        tcp_table(
            DECODER,
            &[
                ("ClientHello", hello, b"", "ssl"),
                ("its first five bytes", &hello[..5], b"", "more"),
                ("SSL 2.0 form", b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10", b"", "ssl"),
                ("ServerHello alone", b"", b"\x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03", "ssl"),
                ("turned round", b"\x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03", hello, "ssl"),
                ("application data", b"\x17\x03\x03\x00\x20xyz", b"", "ssl"),
                ("encrypted alert", b"\x15\x03\x03\0\x1a\0\0\0\0", b"", "ssl"),
                ("handshake of another kind", b"\x16\x03\x01\x00\x3c\x63\x00\x00\x38\x03\x03", b"HTTP", "no"),
                ("no record is that long", b"\x16\x03\x01\xff\xff\x01", b"x", "no"),
                ("DTLS version", b"\x16\xfe\xfd\x00\x3c\x01", b"x", "no"),
            ],
        );
    }

    #[test]
    fn server_name_is_told_where_it_has_come() {
        let mut hello = b"\x16\x03\x01\x00\x48\x01\x00\x00\x44\x03\x03".to_vec();
        hello.extend([7; 32]);
        hello.extend(b"\x00\x00\x02\x13\x01\x01\x00\x00\x19");
        hello.extend(b"\x00\x17\x00\x00\x00\x00\x00\x10\x00\x0e\x00\x00\x0bexample.org\xff");
        assert_eq!(server_name(&hello), Some(&b"example.org"[..]));
        for len in 0..hello.len() - 1 {
            assert_eq!(server_name(&hello[..len]), None, "{len}");
        }
    }
}
