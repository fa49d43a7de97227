//! How a connection begins: whether it is TLS, and what its handshake shows in the clear. A pure reader of bytes.

use crate::app::tls::{Handshake, Standing, certificate, client_hello, handshake};
use crate::report::escape;

/// What a connection turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Speaks {
    /// Nothing came.
    #[default]
    Nothing,
    /// TLS from its first byte.
    Tls,
    /// TLS after words in the clear (`STARTTLS` and its like).
    StartTls,
    /// QUIC.
    Quic,
    /// Something else.
    Other,
}

/// Where the name of a host comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NamedBy {
    /// The client asks for it.
    ServerName,
    /// The server's certificate is for it.
    Certificate,
}

/// What the handshake shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Opening {
    pub(super) speaks: Speaks,
    /// The host, in lower case and safe to show.
    pub(super) name: Option<(String, NamedBy)>,
    /// The version that the server chose, as on the wire.
    pub(super) version: Option<u16>,
    /// The server's certificate.
    pub(super) certificate: Option<Standing>,
    /// The client encrypts the name it asks for, or seems to (ESNI; ECH, of which many clients send an empty shell).
    pub(super) hides_name: bool,
    /// A fatal alert of the client or of the server, by [`crate::flow::Direction::index`].
    pub(super) alert: Option<(usize, u8)>,
}

/// Extensions: ESNI (its last draft) and ECH.
const ENCRYPTED_NAMES: [u16; 2] = [0xffce, 0xfe0d];

/// A record with a handshake message begins so.
const HANDSHAKE: [u8; 2] = [0x16, 0x03];

/// Words after which TLS begins: RFC 3207, 8314, 2595, 4217, 6120.
const STARTTLS: [&[u8]; 4] = [b"STARTTLS", b"STLS", b"AUTH TLS", b"<starttls"];

/// PostgreSQL's request for TLS.
const POSTGRES: [u8; 8] = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];

/// So much of a client's words is searched for where TLS begins.
const WORDS: usize = 4_096;

impl Opening {
    /// Of the bytes of both sides, client first.
    pub(super) fn read(heads: [&[u8]; 2]) -> Self {
        let [client, server] = heads;
        if client.is_empty() {
            return Self::default();
        }
        // From its middle on a connection shows records of other types.
        if matches!(client, [0x14..=0x17, 3, 0..=4, ..]) {
            return Self { speaks: Speaks::Tls, ..Self::tls([client, server]) };
        }
        match upgraded(client) {
            None => Self { speaks: Speaks::Other, ..Self::default() },
            Some(start) => {
                let client = client.get(start..).unwrap_or_default();
                let start = server.windows(3).position(is_handshake).unwrap_or(server.len());
                let server = server.get(start..).unwrap_or_default();
                Self { speaks: Speaks::StartTls, ..Self::tls([client, server]) }
            }
        }
    }

    fn tls([client, server]: [&[u8]; 2]) -> Self {
        let mut opening = Self::default();
        for (side, bytes) in [client, server].into_iter().enumerate() {
            for shown in handshake(bytes) {
                match shown {
                    Handshake::ServerHello { version, .. } => opening.version = Some(version),
                    Handshake::Certificate(standing) if side == 1 => opening.certificate = Some(standing),
                    Handshake::Alert { fatal: true, code } => {
                        opening.alert.get_or_insert((side, code));
                    }
                    _ => {}
                }
            }
        }
        if let Some(hello) = client_hello(client).complete() {
            opening.name = hello.server_name().map(|name| (shown(name), NamedBy::ServerName));
            opening.hides_name = hello.extension_types().iter().any(|kind| ENCRYPTED_NAMES.contains(kind));
        }
        if opening.name.is_none()
            && let Some(Some(certificate)) = certificate(server).complete()
        {
            let name = certificate.dns_names().next().or(certificate.common_name());
            opening.name = name.map(|name| (shown(name), NamedBy::Certificate));
        }
        opening
    }

    /// Whether nothing more can be learnt: the client has begun to encrypt, and the server has answered.
    pub(super) fn is_over(heads: [&[u8]; 2]) -> bool {
        let [client, server] = heads;
        if client.starts_with(&HANDSHAKE) {
            return !server.is_empty() && encrypts(client);
        }
        match upgraded(client) {
            Some(start) => encrypts(client.get(start..).unwrap_or_default()),
            None => client.len() >= WORDS,
        }
    }
}

/// A host as it is shown and told apart: names do not differ by case.
pub(super) fn shown(name: &[u8]) -> String {
    escape::Payload(name).to_string().to_lowercase()
}

fn is_handshake(bytes: &[u8]) -> bool {
    matches!(bytes, [0x16, 3, minor] if *minor <= 4)
}

/// Where TLS begins behind the client's words.
fn upgraded(client: &[u8]) -> Option<usize> {
    let words = client.get(..WORDS).unwrap_or(client);
    if words.starts_with(&POSTGRES) {
        return is_handshake(client.get(8..11)?).then_some(8);
    }
    let start = words.windows(3).position(is_handshake)?;
    let before = words.get(..start)?.to_ascii_uppercase();
    let asked = STARTTLS.map(|word| word.to_ascii_uppercase());
    asked.iter().any(|word| before.windows(word.len()).any(|window| window == word)).then_some(start)
}

/// Whether a side's records go on with something else than handshake messages and alerts.
fn encrypts(mut bytes: &[u8]) -> bool {
    loop {
        let &[kind, 3, _, high, low, ref rest @ ..] = bytes else { return bytes.len() >= 5 };
        if kind != 0x16 && kind != 0x15 {
            return true;
        }
        match rest.get(usize::from(u16::from_be_bytes([high, low]))..) {
            Some(next) => bytes = next,
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A client's hello in a record: suites, and extensions as type and data.
    fn hello(suites: &[u16], extensions: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.push(0);
        body.extend((suites.len() as u16 * 2).to_be_bytes());
        suites.iter().for_each(|suite| body.extend(suite.to_be_bytes()));
        body.extend([1, 0]);
        let mut list = Vec::new();
        for (kind, data) in extensions {
            list.extend(kind.to_be_bytes());
            list.extend((data.len() as u16).to_be_bytes());
            list.extend(*data);
        }
        body.extend((list.len() as u16).to_be_bytes());
        body.extend(list);
        let mut message = vec![1, 0];
        message.extend((body.len() as u16).to_be_bytes());
        message.extend(body);
        let mut record = vec![0x16, 3, 1];
        record.extend((message.len() as u16).to_be_bytes());
        record.extend(message);
        record
    }

    fn server_name(name: &str) -> Vec<u8> {
        let len = name.len() as u16;
        [&(len + 3).to_be_bytes()[..], &[0], &len.to_be_bytes(), name.as_bytes()].concat()
    }

    fn read(client: &[u8]) -> Opening {
        Opening::read([client, b""])
    }

    #[test]
    fn what_is_spoken() {
        let tls = hello(&[0xc02f], &[]);
        for (what, client, speaks) in [
            ("nothing", vec![], Speaks::Nothing),
            ("TLS", tls.clone(), Speaks::Tls),
            ("SMTP", [b"EHLO a\r\nSTARTTLS\r\n", &*tls].concat(), Speaks::StartTls),
            ("IMAP", [b"a starttls\r\n", &*tls].concat(), Speaks::StartTls),
            ("PostgreSQL", [&POSTGRES[..], &tls].concat(), Speaks::StartTls),
            ("words that never come to it", b"EHLO a\r\nSTARTTLS\r\n".to_vec(), Speaks::Other),
            ("bytes that look like it", [b"GET / HTTP/1.1\r\n\r\n", &*tls].concat(), Speaks::Other),
            ("the middle of TLS", b"\x17\x03\x03\x00\x05hello".to_vec(), Speaks::Tls),
            ("SSH", b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(), Speaks::Other),
        ] {
            assert_eq!(read(&client).speaks, speaks, "{what}");
        }
    }

    #[test]
    fn what_a_hello_shows() {
        let name = server_name("WWW.Example.org");
        for (extensions, name, hides) in [
            (vec![(0, &name[..])], Some("www.example.org"), false),
            (vec![(0, &name[..]), (0xfe0d, b"\x00")], Some("www.example.org"), true),
            (vec![(0xffce, &b"x"[..])], None, true),
            (vec![], None, false),
        ] {
            let opening = read(&hello(&[0xc02f], &extensions));
            assert_eq!(opening.name, name.map(|name| (name.to_owned(), NamedBy::ServerName)));
            assert_eq!(opening.hides_name, hides);
        }
    }

    #[test]
    fn when_nothing_more_comes() {
        let tls = hello(&[0xc02f], &[]);
        let more = |bytes: &[u8]| [&*tls, bytes].concat();
        let change = b"\x14\x03\x03\x00\x01\x01";
        for (client, server, over) in [
            (tls.clone(), &b"\x16\x03"[..], false),
            (more(change), b"", false),
            (more(change), b"\x16\x03", true),
            (more(&tls), b"\x16\x03", false),
            (more(b"\x17\x03\x03\x00\x05"), b"\x16\x03", true),
            (more(b"\x16\x02\x03\x00\x05"), b"\x16\x03", true),
            (vec![b'x'; WORDS], b"", true),
            (b"EHLO a\r\n".to_vec(), b"220", false),
        ] {
            assert_eq!(Opening::is_over([&client, server]), over, "{client:x?}");
        }
    }

    proptest! {
        /// Whatever the sides send is read, and how TLS begins tells what is spoken.
        #[test]
        fn any_bytes(client: Vec<u8>, server: Vec<u8>, start in 0..3_usize) {
            let starts = [&b""[..], b"\x16\x03\x01", b"EHLO a\r\nSTARTTLS\r\n\x16\x03\x01"];
            let client = [starts[start], &client].concat();
            Opening::is_over([&client, &server]);
            let opening = Opening::read([&client, &server]);
            if start > 0 {
                prop_assert_eq!(opening.speaks, [Speaks::Tls, Speaks::StartTls][start - 1]);
            }
        }
    }
}
