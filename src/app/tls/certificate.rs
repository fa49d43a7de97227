//! The server's certificate, as TLS sends it in the clear up to 1.2 (RFC 5246, 7.4.2): the names in it (RFC 5280, 4).

use std::borrow::Cow;
use std::ops::Range;

use super::Read;
use super::hello::{SERVER_HELLO, ServerHello};
use super::record::{Message, Messages, Stop};
use crate::app::decoder::Reader;

/// The handshake message type.
const CERTIFICATE: u8 = 11;

/// Attributes of names, as encoded: commonName and organizationName (X.520; RFC 5280, 4.1.2.4).
const COMMON_NAME: &[u8] = b"\x55\x04\x03";
const ORGANISATION: &[u8] = b"\x55\x04\x0a";

/// The extension subjectAltName (RFC 5280, 4.2.1.6).
const ALT_NAME: &[u8] = b"\x55\x1d\x11";

/// Tags (X.690, 8.1.2): universal SEQUENCE, SET, OBJECT IDENTIFIER, OCTET STRING; context-specific 0 and 3, constructed;
/// dNSName in a GeneralName.
pub(super) const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
pub(super) const OID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const VERSION: u8 = 0xa0;
pub(super) const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;

/// Whom a server says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate<'a> {
    der: Cow<'a, [u8]>,
    names: Names,
}

/// Where in the certificate what is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Names {
    common: Option<Range<usize>>,
    issuer: Option<Range<usize>>,
    issuer_common: Option<Range<usize>>,
    /// The content of the subjectAltName.
    alternative: Option<Range<usize>>,
}

impl<'a> Certificate<'a> {
    /// Parses one certificate; `None` where it is not one, as far as the names need it.
    fn parse(der: Cow<'a, [u8]>) -> Option<Self> {
        let names = Names::read(&der)?;
        Some(Self { der, names })
    }

    /// The subject's common name: raw bytes.
    pub fn common_name(&self) -> Option<&[u8]> {
        self.der.get(self.names.common.clone()?)
    }

    /// The issuer's common name: raw bytes.
    pub fn issuer_common_name(&self) -> Option<&[u8]> {
        self.der.get(self.names.issuer_common.clone()?)
    }

    /// The issuer's organisation: raw bytes.
    pub fn issuer_organisation(&self) -> Option<&[u8]> {
        self.der.get(self.names.issuer.clone()?)
    }

    /// The domain names it is for, besides the common name: raw bytes, the first label may be `*`.
    pub fn dns_names(&self) -> impl Iterator<Item = &[u8]> {
        let range = self.names.alternative.clone().unwrap_or_default();
        let mut list = Der { bytes: &self.der, at: range.start, end: range.end };
        std::iter::from_fn(move || list.next())
            .filter(|(tag, _)| *tag == DNS_NAME)
            .filter_map(|(_, range)| self.der.get(range))
    }

    /// Whether it is for this host: by its domain names, or its common name where it has none (RFC 6125, 6.4).
    pub fn is_for(&self, host: &[u8]) -> bool {
        let mut names = self.dns_names().peekable();
        match names.peek() {
            Some(_) => names.any(|name| covers(name, host)),
            None => self.common_name().is_some_and(|name| covers(name, host)),
        }
    }
}

/// Whether a name, whose first label may be `*`, is that of a host.
fn covers(name: &[u8], host: &[u8]) -> bool {
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    let Some(domain) = name.strip_prefix(b"*") else { return false };
    let dot = host.iter().position(|byte| *byte == b'.');
    dot.is_some_and(|dot| dot > 0 && host[dot..].eq_ignore_ascii_case(domain))
}

impl Names {
    fn read(der: &[u8]) -> Option<Self> {
        let mut to_be_signed = from_issuer(der)?;
        let issuer = to_be_signed.enter(SEQUENCE)?;
        to_be_signed.next()?; // validity
        let subject = to_be_signed.enter(SEQUENCE)?;
        to_be_signed.next()?; // public key
        let mut names = Self {
            issuer: attribute(issuer.clone(), ORGANISATION),
            issuer_common: attribute(issuer, COMMON_NAME),
            common: attribute(subject, COMMON_NAME),
            alternative: None,
        };
        while let Some((tag, range)) = to_be_signed.next() {
            if tag == EXTENSIONS {
                names.alternative = to_be_signed.within(range).enter(SEQUENCE).and_then(alternative);
            }
        }
        Some(names)
    }
}

/// The fields of a certificate from its issuer on (RFC 5280, 4.1).
pub(super) fn from_issuer(der: &[u8]) -> Option<Der<'_>> {
    let mut file = Der { bytes: der, at: 0, end: der.len() };
    let mut to_be_signed = file.enter(SEQUENCE)?.enter(SEQUENCE)?;
    let (first, _) = to_be_signed.clone().next()?;
    if first == VERSION {
        to_be_signed.next()?;
    }
    to_be_signed.next()?; // serial number
    to_be_signed.next()?; // signature algorithm
    Some(to_be_signed)
}

/// The last attribute of that kind in a name: the most specific one.
fn attribute(mut name: Der<'_>, kind: &[u8]) -> Option<Range<usize>> {
    let mut found = None;
    while let Some(mut set) = name.enter(SET) {
        while let Some(mut pair) = set.enter(SEQUENCE) {
            if pair.enter(OID)?.rest() == kind {
                found = Some(pair.next()?.1);
            }
        }
    }
    found
}

/// The content of subjectAltName among the extensions.
fn alternative(mut extensions: Der<'_>) -> Option<Range<usize>> {
    while let Some(mut extension) = extensions.enter(SEQUENCE) {
        if extension.enter(OID)?.rest() != ALT_NAME {
            continue;
        }
        // Whether it is critical may stand before the value.
        while let Some((tag, range)) = extension.next() {
            if tag == OCTETS {
                let names = extension.within(range).enter(SEQUENCE)?;
                return Some(names.at..names.end);
            }
        }
    }
    None
}

/// Elements in DER (X.690, 10), one after the other, from `at` to `end`.
#[derive(Debug, Clone)]
pub(super) struct Der<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Der<'a> {
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    pub(super) fn within(&self, range: Range<usize>) -> Self {
        Self { bytes: self.bytes, at: range.start, end: range.end }
    }

    /// Tag and content of the next element; `None` where there is none, or its length lies.
    pub(super) fn next(&mut self) -> Option<(u8, Range<usize>)> {
        let mut read = Reader(self.rest());
        let tag = read.u8()?;
        let len = match read.u8()? {
            short @ ..=0x7f => usize::from(short),
            0x81 => usize::from(read.u8()?),
            0x82 => usize::from(read.u16()?),
            0x83 => read.u24()? as usize,
            _ => return None,
        };
        let start = self.end - read.0.len();
        read.take(len)?;
        self.at = start + len;
        Some((tag, start..start + len))
    }

    /// The content of the next element, which must have this tag.
    pub(super) fn enter(&mut self, tag: u8) -> Option<Self> {
        let mut next = self.clone();
        let (found, range) = next.next()?;
        if found != tag {
            return None;
        }
        self.at = next.at;
        Some(self.within(range))
    }
}

/// The server's own certificate, the first in its Certificate message, as soon as that much of the message has come.
/// None where none comes in the clear: TLS 1.3, a resumed session, ciphers without certificates.
pub fn certificate(bytes: &[u8]) -> Read<Option<Certificate<'_>>> {
    let mut messages = Messages::new(bytes);
    match messages.next() {
        Ok(hello) if hello.kind != SERVER_HELLO => return Read::Malformed,
        Ok(hello) if hello.is_complete() => match ServerHello::parse(&hello.body) {
            Some(hello) if hello.hides_certificate() => return Read::Complete(None),
            Some(_) => {}
            None => return Read::Malformed,
        },
        Ok(Message { stop, .. }) | Err(stop) => return stopped(stop),
    }
    match messages.next() {
        Ok(message) if message.kind == CERTIFICATE => leaf(message),
        Ok(_) => Read::Complete(None),
        Err(stop) => stopped(stop),
    }
}

const fn stopped<T>(stop: Stop) -> Read<Option<T>> {
    match stop {
        Stop::More => Read::More,
        Stop::Over => Read::Complete(None),
        Stop::Malformed => Read::Malformed,
    }
}

/// The first certificate in the message: a list after its length, each after its own.
fn leaf(message: Message<'_>) -> Read<Option<Certificate<'_>>> {
    let mut read = Reader(&message.body);
    let Some(list) = read.u24().map(|len| len as usize) else { return short(&message) };
    if list + 3 != message.len {
        return Read::Malformed;
    }
    if list == 0 {
        return Read::Complete(None);
    }
    let Some(len) = read.u24().map(|len| len as usize) else { return short(&message) };
    if len == 0 || len + 3 > list {
        return Read::Malformed;
    }
    let (end, stop) = (6 + len, message.stop);
    let der = match message.body {
        Cow::Borrowed(body) => body.get(6..end).map(Cow::Borrowed),
        Cow::Owned(mut body) => (body.len() >= end).then(|| {
            body.truncate(end);
            body.drain(..6);
            Cow::Owned(body)
        }),
    };
    match der {
        None => stopped(stop),
        Some(der) => Read::of(Certificate::parse(der).map(Some)),
    }
}

/// Where the message is too short for what it must have: that is a lie once it is complete.
fn short<T>(message: &Message<'_>) -> Read<Option<T>> {
    if message.is_complete() { Read::Malformed } else { stopped(message.stop) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tls::testing::{self, certificates, message, records, server_hello};

    fn names(certificate: &Certificate<'_>) -> (Option<String>, Vec<String>, Option<String>) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (
            certificate.common_name().map(text),
            certificate.dns_names().map(text).collect(),
            certificate.issuer_organisation().map(text),
        )
    }

    #[test]
    fn names_in_certificates() {
        for (common, alternative) in [
            ("www.example.org", &["www.example.org", "*.example.net"][..]),
            ("www.example.org", &[]),
            ("", &["a.example"]),
            ("", &[]),
        ] {
            let want = (
                (!common.is_empty()).then(|| common.to_owned()),
                alternative.iter().map(|name| (*name).to_owned()).collect(),
                Some("Example Trust".to_owned()),
            );
            let messages = [server_hello(false), certificates(common, alternative)].concat();
            for len in [16_384, 200, 1] {
                let bytes = records(&messages, len);
                let Read::Complete(Some(certificate)) = certificate(&bytes) else { panic!("{common} {len}") };
                assert_eq!(names(&certificate), want, "{len}");
            }
            // Told as soon as the first certificate is there.
            let bytes = records(&messages, 16_384);
            let told: Vec<bool> = (0..=bytes.len())
                .map(|len| match certificate(&bytes[..len]) {
                    Read::More => false,
                    Read::Complete(Some(certificate)) => names(&certificate) == want,
                    other => panic!("{other:?}"),
                })
                .collect();
            let first = told.iter().position(|told| *told).unwrap();
            assert!(first < bytes.len() - 300 && told[first..].iter().all(|told| *told));
        }
    }

    #[test]
    fn hosts_and_their_names() {
        for (common, alternative, host, want) in [
            ("www.example.org", &[][..], "WWW.example.org", true),
            ("www.example.org", &["a.example"], "www.example.org", false),
            ("", &["a.example", "*.example.net"], "b.example.net", true),
            ("", &["*.example.net"], "example.net", false),
            ("", &["*.example.net"], "a.b.example.net", false),
            ("", &["*.example.net"], ".example.net", false),
            ("", &[], "a.example", false),
        ] {
            let der = Cow::Owned(testing::certificate(common, alternative));
            assert_eq!(Certificate::parse(der).unwrap().is_for(host.as_bytes()), want, "{common} {host}");
        }
    }

    #[test]
    fn none_comes() {
        let clear = |messages: &[u8]| records(messages, 16_384);
        let resumed = [clear(&server_hello(false)), b"\x14\x03\x03\0\x01\x01".to_vec()].concat();
        for (what, bytes, read) in [
            ("TLS 1.3", clear(&server_hello(true)), Read::Complete(None)),
            ("resumed", resumed, Read::Complete(None)),
            ("ticket", clear(&[server_hello(false), message(4, b"ticket")].concat()), Read::Complete(None)),
            ("anonymous", clear(&[server_hello(false), message(12, b"key")].concat()), Read::Complete(None)),
            (
                "empty list",
                clear(&[server_hello(false), message(11, b"\0\0\0")].concat()),
                Read::Complete(None),
            ),
            ("alert", b"\x15\x03\x01\0\x02\x02\x28".to_vec(), Read::Complete(None)),
            (
                "list too long",
                clear(&[server_hello(false), message(11, b"\0\0\x09abc")].concat()),
                Read::Malformed,
            ),
            (
                "no DER",
                clear(&[server_hello(false), message(11, b"\0\0\x06\0\0\x03abc")].concat()),
                Read::Malformed,
            ),
            ("no ServerHello", clear(&certificates("a.example", &[])), Read::Malformed),
            ("no TLS", b"220 mail.example ESMTP\r\n".to_vec(), Read::Malformed),
            ("not yet", clear(&server_hello(false)), Read::More),
            ("nothing", Vec::new(), Read::More),
        ] {
            assert_eq!(certificate(&bytes), read, "{what}");
        }
    }

    /// What was told stays told, whatever stands where the rest of the message would be.
    #[test]
    fn junk_behind_takes_nothing_back() {
        let hello = server_hello(false);
        for second in [certificates("www.example.org", &["a.example"]), message(12, &[7; 900])] {
            let bytes = records(&[&hello[..], &second].concat(), 150);
            for records in 0..bytes.len() / 155 {
                let part = &bytes[..records * 155];
                let told = certificate(part);
                for junk in [&b"\0\x22\x33\x44\x55"[..], b"\x17\x03\x03\0\x01x", b"\x16\x03\x03\0\0"] {
                    let with_junk = [part, junk].concat();
                    assert!(told == Read::More || certificate(&with_junk) == told, "{told:?}");
                }
            }
        }
    }

    /// However a certificate is damaged, nothing fails.
    #[test]
    fn damage() {
        let der = testing::certificate("www.example.org", &["www.example.org", "b.example"]);
        for at in 0..der.len() {
            for value in [0, 1, 0x7f, 0x80, 0x82, 0xff] {
                let mut damaged = der.clone();
                damaged[at] = value;
                if let Some(certificate) = Certificate::parse(Cow::Owned(damaged)) {
                    assert!(certificate.dns_names().count() < 300);
                    let _names = (certificate.common_name(), certificate.issuer_organisation());
                }
            }
            assert!(Certificate::parse(Cow::Borrowed(&der[..at])).is_none(), "{at}");
        }
    }
}
