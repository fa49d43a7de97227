//! ClientHello and ServerHello (RFC 8446, 4.1.2 and 4.1.3; RFC 5246, 7.4.1): names, protocols, version, cipher.

use std::borrow::Cow;
use std::ops::Range;

use super::Read;
use super::record::{MESSAGE_MAX, Message, Messages, Stop};
use crate::app::decoder::Reader;

/// Handshake message types.
const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;

/// Extensions: RFC 6066, 3; RFC 7301, 3.1; RFC 8446, 4.2.1.
pub(super) const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
pub(super) const SUPPORTED_VERSIONS: u16 = 43;

/// TLS 1.3.
pub(super) const VERSION_1_3: u16 = 0x0304;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello<'a> {
    body: Cow<'a, [u8]>,
    fields: Fields,
}

/// Where in the body of a hello what is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Fields {
    server_name: Option<Range<usize>>,
    /// The list, without its length.
    protocols: Option<Range<usize>>,
}

impl<'a> ClientHello<'a> {
    /// Parses the whole body of the message; `None` where its lengths lie. A hello of DTLS has a cookie besides
    /// (RFC 6347, 4.2.1).
    pub(super) fn parse(body: Cow<'a, [u8]>, has_cookie: bool) -> Option<Self> {
        let mut fields = Fields::default();
        fields.read(&body, has_cookie)?;
        Some(Self { body, fields })
    }

    /// The host that the client asks for, as it wrote it: raw bytes, not necessarily a domain name.
    pub fn server_name(&self) -> Option<&[u8]> {
        self.body.get(self.fields.server_name.clone()?)
    }

    /// The same, taken out of the hello.
    pub(super) fn into_server_name(self) -> Option<Cow<'a, [u8]>> {
        let range = self.fields.server_name?;
        match self.body {
            Cow::Borrowed(body) => body.get(range).map(Cow::Borrowed),
            Cow::Owned(body) => body.get(range).map(|name| Cow::Owned(name.to_vec())),
        }
    }

    /// The protocols that the client would speak (ALPN), in its order.
    pub fn protocols(&self) -> impl Iterator<Item = &[u8]> {
        let list = self.fields.protocols.clone().and_then(|range| self.body.get(range));
        short_strings(list.unwrap_or_default())
    }

    /// The types of its extensions (IANA, TLS extensions), in its order. Not for DTLS.
    pub fn extension_types(&self) -> Vec<u16> {
        let mut types = Vec::new();
        let mut read = Reader(&self.body);
        if suites(&mut read, false).is_some() {
            // What makes no sense ends the list.
            let _whole = extensions(self.body.len(), read, |kind, _| {
                types.push(kind);
                Some(())
            });
        }
        types
    }
}

/// Strings, each after its length in one byte.
fn short_strings(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut list = Reader(bytes);
    std::iter::from_fn(move || {
        let len = list.u8()?;
        list.take(len.into())
    })
}

impl Fields {
    /// Reads as far as the bytes go and make sense; `None` where that is not to the end.
    fn read(&mut self, body: &[u8], has_cookie: bool) -> Option<()> {
        let mut read = Reader(body);
        suites(&mut read, has_cookie)?;
        extensions(body.len(), read, |kind, data| match kind {
            SERVER_NAME if self.server_name.is_none() => {
                self.server_name = host_name(body, data)?;
                Some(())
            }
            ALPN if self.protocols.is_none() => {
                self.protocols = Some(protocols(body, data)?);
                Some(())
            }
            _ => Some(()),
        })
    }
}

/// Reads a hello up to its extensions; the list of suites.
pub(super) fn suites<'a>(read: &mut Reader<'a>, has_cookie: bool) -> Option<&'a [u8]> {
    read.take(2 + 32)?; // version, random
    let session = read.u8().filter(|len| *len <= 32)?;
    read.take(session.into())?;
    if has_cookie {
        let cookie = read.u8()?;
        read.take(cookie.into())?;
    }
    let len = read.u16().filter(|len| *len > 0 && *len % 2 == 0)?;
    let suites = read.take(len.into())?;
    let compressions = read.u8().filter(|len| *len > 0)?;
    read.take(compressions.into())?;
    Some(suites)
}

/// Goes through the extensions, the last part of a hello, which may be missing: type, and where the data is in the
/// body. `None` where the lengths lie, or `each` says so.
pub(super) fn extensions(
    end: usize,
    mut read: Reader<'_>,
    mut each: impl FnMut(u16, Range<usize>) -> Option<()>,
) -> Option<()> {
    if read.0.is_empty() {
        return Some(());
    }
    let len = usize::from(read.u16()?);
    if read.0.len() > len {
        return None;
    }
    let is_cut = read.0.len() < len;
    while !read.0.is_empty() {
        let (kind, len) = (read.u16()?, read.u16()?);
        let start = end - read.0.len();
        read.take(len.into())?;
        each(kind, start..start + usize::from(len))?;
    }
    (!is_cut).then_some(())
}

/// The first host name in the server_name extension; none where the list is empty, as in a server's.
pub(super) fn host_name(body: &[u8], data: Range<usize>) -> Option<Option<Range<usize>>> {
    let mut read = Reader(body.get(data.clone())?);
    if read.0.is_empty() {
        return Some(None);
    }
    let len = usize::from(read.u16()?);
    if len != read.0.len() {
        return None;
    }
    let mut name = None;
    while !read.0.is_empty() {
        let (kind, len) = (read.u8()?, usize::from(read.u16()?));
        let start = data.end - read.0.len();
        read.take(len)?;
        if kind == 0 && len > 0 {
            name.get_or_insert(start..start + len);
        }
    }
    Some(name)
}

/// The list of protocols in the ALPN extension.
fn protocols(body: &[u8], data: Range<usize>) -> Option<Range<usize>> {
    let mut read = Reader(body.get(data.clone())?);
    let len = usize::from(read.u16()?);
    let names: usize = short_strings(read.0).map(|name| name.len() + 1).sum();
    (len == read.0.len() && names == len).then_some(data.start + 2..data.end)
}

/// The ClientHello that a client's bytes begin with. One in the form of SSL 2.0 names nothing (RFC 5246, E.2).
pub fn client_hello(bytes: &[u8]) -> Read<ClientHello<'_>> {
    if let [0x80..=0xff, ..] = bytes {
        return old_hello(bytes);
    }
    match Messages::new(bytes).next() {
        Ok(message) => client_hello_of(message),
        Err(stop) => stopped(stop),
    }
}

/// What has stopped before its end.
const fn stopped<T>(stop: Stop) -> Read<T> {
    match stop {
        Stop::More => Read::More,
        Stop::Over | Stop::Malformed => Read::Malformed,
    }
}

/// The ClientHello that handshake messages without records begin with, as those in QUIC (RFC 9001, 4.1.3).
pub fn client_hello_message(bytes: &[u8]) -> Read<ClientHello<'_>> {
    let mut read = Reader(bytes);
    let (Some(kind), Some(len)) = (read.u8(), read.u24()) else { return Read::More };
    let len = len as usize;
    if len > MESSAGE_MAX {
        return Read::Malformed;
    }
    let body = read.0.get(..len).unwrap_or(read.0);
    client_hello_of(Message { kind, len, body: body.into(), stop: Stop::More })
}

fn client_hello_of(message: Message<'_>) -> Read<ClientHello<'_>> {
    match message {
        Message { kind, .. } if kind != CLIENT_HELLO => Read::Malformed,
        message if !message.is_complete() => stopped(message.stop),
        message => Read::of(ClientHello::parse(message.body, false)),
    }
}

fn old_hello(bytes: &[u8]) -> Read<ClientHello<'_>> {
    let mut read = Reader(bytes);
    let (Some(len), Some(kind)) = (read.u16(), read.u8()) else { return Read::More };
    if kind != CLIENT_HELLO {
        return Read::Malformed;
    }
    if read.0.len() + 1 < usize::from(len & 0x7fff) {
        return Read::More;
    }
    Read::Complete(ClientHello { body: Cow::Borrowed(&[]), fields: Fields::default() })
}

/// The host that a client asks for, where its first record shows it, be the hello complete or not.
pub(in crate::app) fn server_name(bytes: &[u8]) -> Option<&[u8]> {
    let message = Messages::new(bytes).next().ok().filter(|message| message.kind == CLIENT_HELLO)?;
    let Cow::Borrowed(body) = message.body else { return None };
    let mut fields = Fields::default();
    // Cut short or not: what it shows until then is what counts.
    let _whole = fields.read(body, false);
    body.get(fields.server_name?)
}

/// What a server chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerHello {
    /// The version: 0x0303 is TLS 1.2, 0x0304 is TLS 1.3.
    pub version: u16,
    /// The cipher suite.
    pub cipher: u16,
}

impl ServerHello {
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut read = Reader(body);
        let mut version = read.u16()?;
        read.take(32)?;
        let session = read.u8().filter(|len| *len <= 32)?;
        read.take(session.into())?;
        let cipher = read.u16()?;
        let _compression = read.u8()?;
        extensions(body.len(), read, |kind, data| {
            if kind == SUPPORTED_VERSIONS {
                let chosen = body.get(data)?;
                version = u16::from_be_bytes(chosen.try_into().ok()?);
            }
            Some(())
        })?;
        Some(Self { version, cipher })
    }

    /// Whether all that follows is encrypted, the certificate included: TLS 1.3 and its drafts (0x7fxx).
    pub const fn hides_certificate(self) -> bool {
        self.version >= VERSION_1_3
    }
}

/// The ServerHello that a server's bytes begin with.
pub fn server_hello(bytes: &[u8]) -> Read<ServerHello> {
    match Messages::new(bytes).next() {
        Ok(message) if message.kind != SERVER_HELLO => Read::Malformed,
        Ok(message) if message.is_complete() => Read::of(ServerHello::parse(&message.body)),
        Ok(Message { stop, .. }) | Err(stop) => stopped(stop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tls::testing::{self, hello, records};

    type Seen = Option<(Option<String>, Vec<String>)>;

    fn seen(hello: Read<ClientHello<'_>>) -> Result<Seen, &'static str> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        match hello {
            Read::More => Ok(None),
            Read::Malformed => Err("malformed"),
            Read::Complete(hello) => {
                Ok(Some((hello.server_name().map(text), hello.protocols().map(text).collect())))
            }
        }
    }

    #[test]
    fn names_and_protocols() {
        let want = |name: &str, protocols: &[&str]| {
            let protocols = protocols.iter().map(|name| (*name).to_owned()).collect();
            Ok(Some(((!name.is_empty()).then(|| name.to_owned()), protocols)))
        };
        for (what, name, protocols, padding, len) in [
            ("plain", "www.example.org", &["h2", "http/1.1"][..], 32, 16_384),
            ("no protocols", "www.example.org", &[], 32, 16_384),
            ("no name", "", &["dot"], 32, 16_384),
            ("neither", "", &[], 32, 16_384),
            ("post-quantum", "www.example.org", &["h2"], 1_216, 16_384),
            ("over several records", "www.example.org", &["h2"], 1_216, 300),
            ("one byte a record", "www.example.org", &["h2"], 32, 1),
            ("long", "www.example.org", &["h2"], 65_000, 16_384),
        ] {
            let bytes = records(&hello(name, protocols, padding), len);
            assert_eq!(seen(client_hello(&bytes)), want(name, protocols), "{what}");
            assert_eq!(
                seen(client_hello(&[&bytes[..], b"\x14\x03\x03"].concat())),
                want(name, protocols),
                "{what}"
            );
            let step = (bytes.len() / 500).max(1);
            for len in (0..bytes.len()).step_by(step) {
                assert_eq!(seen(client_hello(&bytes[..len])), Ok(None), "{what}: {len}");
            }
            assert_eq!(
                seen(client_hello_message(&hello(name, protocols, padding))),
                want(name, protocols),
                "{what}"
            );
        }
        // In the form of SSL 2.0.
        let old = b"\x80\x1c\x01\x03\x01\x00\x03\x00\x00\x00\x10\0\0\x2f0123456789abcdef";
        assert_eq!(seen(client_hello(old)), want("", &[]));
        assert_eq!(seen(client_hello(&old[..29])), Ok(None));
    }

    /// A length that is more than there is, or less, makes the message nonsense once it is complete.
    #[test]
    fn lies_are_malformed() {
        let body = testing::hello_body("a.example", &["h2"], 0, None);
        let at = |part: &[u8]| body.windows(part.len()).position(|window| window == part).unwrap();
        let session = 34;
        let ciphers = session + 33;
        let list = at(b"\0\0\0\x0e\0\x0c\0\0\x09a.ex") - 6;
        for (what, place) in [
            ("session id", session),
            ("ciphers", ciphers + 1),
            ("extensions, high byte", list),
            ("extensions", list + 1),
            ("server_name extension", list + 9),
            ("server_name list", list + 11),
            ("server_name", list + 14),
            ("ALPN extension", at(b"\0\x10\0\x05") + 3),
            ("ALPN list", at(b"\0\x10\0\x05") + 5),
            ("protocol", at(b"\x02h2")),
        ] {
            for change in [1, 255] {
                let mut lie = body.clone();
                lie[place] = lie[place].wrapping_add(change);
                let bytes = records(&testing::message(1, &lie), 16_384);
                assert_eq!(seen(client_hello(&bytes)), Err("malformed"), "{what} {change}");
            }
        }
        let sound = records(&testing::message(1, &body), 16_384);
        assert!(matches!(seen(client_hello(&sound)), Ok(Some(_))));
        for (what, bytes) in [
            ("another message", &b"\x16\x03\x01\0\x04\x02\0\0\0"[..]),
            ("a message too long", b"\x16\x03\x01\0\x04\x01\x01\0\x01"),
            ("HTTP", b"GET / HTTP/1.1\r\n"),
            ("an old message of another kind", b"\x80\x1c\x04\x03\x01"),
        ] {
            assert_eq!(seen(client_hello(bytes)), Err("malformed"), "{what}");
        }
    }

    #[test]
    fn servers_choose() {
        let chosen = |bytes: &[u8]| server_hello(bytes).complete();
        for (is_1_3, version, cipher) in [(false, 0x0303, 0xc02f), (true, 0x0304, 0x1301)] {
            let bytes = records(&testing::server_hello(is_1_3), 16_384);
            assert_eq!(chosen(&bytes), Some(ServerHello { version, cipher }));
            assert_eq!(server_hello(&bytes[..bytes.len() - 1]), Read::More);
        }
        // SSL 3.0, without extensions.
        let body = [&b"\x03\x00"[..], &[1; 32], b"\x00\x00\x05\x00"].concat();
        let bytes = records(&testing::message(2, &body), 16_384);
        assert_eq!(chosen(&bytes), Some(ServerHello { version: 0x0300, cipher: 5 }));
        assert_eq!(server_hello(b"\x15\x03\x01\0\x02\x02\x28"), Read::Malformed, "an alert");
    }
}
