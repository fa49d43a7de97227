//! What can be said of a server's certificate and those behind it from the capture alone (RFC 5280, 4; RFC 5246, 7.4.2).

use super::certificate::{Der, EXTENSIONS, OID, SEQUENCE, from_issuer};
use crate::app::decoder::Reader;

/// The extensions keyUsage and extKeyUsage (RFC 5280, 4.2.1.3 and 4.2.1.12).
const USAGES: [&[u8]; 2] = [b"\x55\x1d\x0f", b"\x55\x1d\x25"];

/// How a certificate stands by itself: when it is valid, and whether its issuer is its own subject. Whether anybody
/// trusts the issuer is not in the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Seconds since 1970; `None` where the time cannot be read.
    pub not_before: Option<i64>,
    /// Seconds since 1970.
    pub not_after: Option<i64>,
    /// Issuer and subject are the same name.
    pub self_signed: bool,
    /// It has extensions besides those of what its key may be used for.
    pub has_extensions: bool,
    /// How the certificates behind it hang together with it.
    pub chain: Chain,
    /// From when on, and until when, all of these are valid: seconds since 1970, as far as they can be read.
    pub issuers: [Option<i64>; 2],
}

/// How the certificates of a message hang together, by the names in them (RFC 5246, 7.4.2). No signature is checked: the
/// key that would have to fit may not be in the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Chain {
    /// Each is followed by its issuer's, as far as the list goes; the authority's own need not be sent.
    #[default]
    Linked,
    /// The server's own comes alone, and another has issued it.
    Lone,
    /// One of them is followed by another than its issuer's.
    Disordered,
}

/// So many certificates of a chain are looked at.
const CHAIN_MAX: usize = 16;

/// The list of certificates in a message.
pub(super) struct Certificates;

impl Certificates {
    /// The standing of the first one, the server's own (RFC 5246, 7.4.2), among those behind it.
    /// That of TLS 1.3 has a context before the list, and extensions behind each (RFC 8446, 4.4.2).
    pub(super) fn read(body: &[u8], is_1_3: bool) -> Option<Standing> {
        let mut read = Reader(body);
        if is_1_3 {
            let context = read.u8()?;
            read.take(context.into())?;
        }
        let len = read.u24()?;
        let mut list = Reader(read.0.get(..len as usize).unwrap_or(read.0));
        let mut next = || {
            let len = list.u24()?;
            let der = list.take(len as usize)?;
            // Of a list that ends without them nothing more is read.
            let extensions = if is_1_3 { list.u16() } else { None };
            let _ = extensions.and_then(|len| list.take(len.into()));
            Some(der)
        };
        let own = Fields::read(next()?)?;
        let mut standing = own.standing();
        let (mut before, mut number) = (own, 0);
        while let Some(Some(issuer)) = next().filter(|_| number < CHAIN_MAX).map(Fields::read) {
            number += 1;
            if issuer.subject != before.issuer {
                standing.chain = Chain::Disordered;
            }
            standing.issuers = [
                issuer.not_before.max(standing.issuers[0]),
                [issuer.not_after, standing.issuers[1]].into_iter().flatten().min(),
            ];
            before = issuer;
        }
        if number == 0 && !standing.self_signed {
            standing.chain = Chain::Lone;
        }
        Some(standing)
    }
}

/// What counts of one certificate.
struct Fields<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
    not_before: Option<i64>,
    not_after: Option<i64>,
    has_extensions: bool,
}

impl<'a> Fields<'a> {
    fn read(der: &'a [u8]) -> Option<Self> {
        let mut to_be_signed = from_issuer(der)?;
        let (_, issuer) = to_be_signed.next()?;
        let mut validity = to_be_signed.enter(SEQUENCE)?;
        let (_, subject) = to_be_signed.next()?;
        let mut time = || {
            let (tag, range) = validity.next()?;
            seconds(tag, der.get(range)?)
        };
        let (not_before, not_after) = (time(), time());
        to_be_signed.next(); // public key
        Some(Self {
            issuer: der.get(issuer)?,
            subject: der.get(subject)?,
            not_before,
            not_after,
            has_extensions: has_extensions(to_be_signed),
        })
    }

    fn standing(&self) -> Standing {
        Standing {
            not_before: self.not_before,
            not_after: self.not_after,
            self_signed: self.issuer == self.subject,
            has_extensions: self.has_extensions,
            ..Standing::default()
        }
    }
}

/// Whether there are extensions besides those of what the key may be used for, in the rest of a certificate's fields.
fn has_extensions(mut rest: Der<'_>) -> bool {
    while let Some((tag, range)) = rest.next() {
        let Some(mut extensions) = (tag == EXTENSIONS).then(|| rest.within(range).enter(SEQUENCE)).flatten()
        else {
            continue;
        };
        while let Some(mut extension) = extensions.enter(SEQUENCE) {
            if extension.enter(OID).is_some_and(|kind| !USAGES.contains(&kind.rest())) {
                return true;
            }
        }
    }
    false
}

/// Seconds since 1970 of a UTCTime or GeneralizedTime as certificates have them (RFC 5280, 4.1.2.5).
fn seconds(tag: u8, text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        // Two digits: 1950 to 2049.
        0x17 => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i16 = year.parse().ok()?;
            (if year < 50 { 2_000 + year } else { 1_900 + year }, rest)
        }
        0x18 => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2)?.parse::<i8>().ok();
    let (date, time) = ((year, part(0)?, part(2)?), (part(4)?, part(6)?, part(8)?));
    let date = jiff::civil::DateTime::new(date.0, date.1, date.2, time.0, time.1, time.2, 0).ok()?;
    Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tls::testing::{self, Issued, certificate_of};

    #[test]
    fn extensions_besides_usages() {
        let has = |names| Fields::read(&testing::certificate("a.example", names)).unwrap().has_extensions;
        assert!(has(&["a.example"]) && !has(&[]));
    }

    /// A list of certificates: issuer and subject of each, valid in 2025.
    fn message(chain: &[(&str, &str)], is_1_3: bool) -> Vec<u8> {
        let mut list = Vec::new();
        for (issuer, subject) in chain {
            let der = certificate_of(&Issued { issuer, subject, ..Issued::default() });
            list.extend(&u32::try_from(der.len()).unwrap().to_be_bytes()[1..]);
            list.extend(der);
            list.extend(if is_1_3 { &[0, 3, 1, 2, 3][..] } else { &[] });
        }
        let len = u32::try_from(list.len()).unwrap().to_be_bytes();
        let context: &[u8] = if is_1_3 { &[0] } else { &[] };
        [context, &len[1..], &list].concat()
    }

    #[test]
    fn chains() {
        for (chain, want) in [
            (&[("Root", "www")][..], Chain::Lone),
            (&[("www", "www")], Chain::Linked),
            (&[("CA", "www"), ("Root", "CA")], Chain::Linked),
            (&[("CA", "www"), ("Root", "CA"), ("Root", "Root")], Chain::Linked),
            (&[("CA", "www"), ("Root", "Root"), ("Root", "CA")], Chain::Disordered),
            (&[("CA", "www"), ("CA", "www")], Chain::Disordered),
            (&[("CA", "www"), ("Root", "Other")], Chain::Disordered),
        ] {
            for is_1_3 in [false, true] {
                let bytes = message(chain, is_1_3);
                let standing = Certificates::read(&bytes, is_1_3).unwrap();
                assert_eq!(standing.chain, want, "{chain:?}");
                for len in 0..bytes.len() {
                    let _any = Certificates::read(&bytes[..len], is_1_3);
                }
            }
        }
        assert_eq!(Certificates::read(&[0, 0, 0], false), None);
    }

    /// The narrowest time in which every issuer's certificate is valid; the server's own is told apart.
    #[test]
    fn issuers_are_valid_together() {
        let certificate = |issuer, subject, validity| {
            let der = certificate_of(&Issued { issuer, subject, validity });
            [&u32::try_from(der.len()).unwrap().to_be_bytes()[1..], &der[..]].concat()
        };
        let list = [
            certificate("CA", "www", ["250101000000Z", "251231000000Z"]),
            certificate("Root", "CA", ["240101000000Z", "250601000000Z"]),
            certificate("Root", "Root", ["240301000000Z", "300101000000Z"]),
        ]
        .concat();
        let message = [&u32::try_from(list.len()).unwrap().to_be_bytes()[1..], &list[..]].concat();
        let standing = Certificates::read(&message, false).unwrap();
        // 1 March 2024 and 1 June 2025.
        assert_eq!(standing.issuers, [Some(1_709_251_200), Some(1_748_736_000)]);
        assert_eq!(standing.not_after, Some(1_767_139_200));
    }
}
