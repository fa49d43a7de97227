//! The ClientHello of DTLS 1.0 and 1.2 (RFC 6347, 4.1 and 4.2.2), which DTLS 1.3 sends in the same form (RFC 9147, 5.3).

use super::Read;
use super::hello::ClientHello;
use crate::app::decoder::Reader;

/// The ClientHello in a client's datagram: in one record, not fragmented. A fragment of one is `More`: what it names
/// may be in another datagram's, and a client sends it whole once the server has answered with a cookie, or never.
pub fn dtls_client_hello(datagram: &[u8]) -> Read<ClientHello<'_>> {
    let mut read = Reader(datagram);
    let mut message = || {
        let (kind, version) = (read.u8()?, read.u16()?);
        read.take(2 + 6)?; // epoch, sequence number
        let len = read.u16()?;
        let mut record = Reader(read.take(len.into())?);
        let (message, len) = (record.u8()?, record.u24()?);
        record.take(2)?; // the message's number
        let (offset, fragment) = (record.u24()?, record.u24()?);
        let is_hello = kind == 0x16 && matches!(version, 0xfeff | 0xfefd) && message == 1;
        if !is_hello || offset.checked_add(fragment)? > len {
            return None;
        }
        let body = record.take(fragment as usize)?;
        Some((fragment == len, body))
    };
    match message() {
        Some((true, body)) => Read::of(ClientHello::parse(body.into(), true)),
        Some((false, _)) => Read::More,
        None => Read::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tls::testing::hello_body;

    #[test]
    fn table() {
        let datagram = |version: &[u8], body: &[u8], offset: u8, len: usize| {
            let size = |len: usize| u32::try_from(len).unwrap().to_be_bytes();
            let fragment =
                [&b"\x01"[..], &size(len)[1..], b"\0\0", &[0, 0, offset], &size(body.len())[1..], body]
                    .concat();
            [b"\x16", version, &[0; 8], &size(fragment.len())[2..], &fragment].concat()
        };
        let named =
            |datagram: &[u8]| dtls_client_hello(datagram).complete()?.server_name().map(<[u8]>::to_vec);
        for cookie in [&b""[..], b"0123456789"] {
            let body = hello_body("stun.example.org", &[], 9, Some(cookie));
            let hello = datagram(b"\xfe\xfd", &body, 0, body.len());
            assert_eq!(named(&hello).as_deref(), Some(&b"stun.example.org"[..]));
            for len in 0..hello.len() {
                assert_eq!(dtls_client_hello(&hello[..len]), Read::Malformed, "{len}");
            }
            let fragment = datagram(b"\xfe\xfd", &body[..50], 0, body.len());
            assert_eq!(dtls_client_hello(&fragment), Read::More);
            let beyond = datagram(b"\xfe\xfd", &body, 9, body.len());
            assert_eq!(dtls_client_hello(&beyond), Read::Malformed);
            let other = datagram(b"\x03\x03", &body, 0, body.len());
            assert_eq!(dtls_client_hello(&other), Read::Malformed);
        }
    }
}
