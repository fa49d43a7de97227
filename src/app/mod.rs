//! App-ID: the application catalog and the decoders that tell an application by its payload.
//!
//! Everything here is a pure decision over bytes: who owns a session, reassembles its stream and acts on the answer
//! is the engine. An application is told by payload, never by its port alone; only what needs no payload
//! (ICMP and the other IP protocols) is told by the header ([`Identifier::by_header`]).

mod candidates;
mod catalog;
mod characteristic;
mod context;
mod decoder;
mod follow;
#[cfg(fuzzing)]
pub mod fuzzing;
pub(crate) mod graph;
mod header;
mod hosts;
mod identify;
mod members;
pub mod quic;
mod signature;
pub mod ssh_opening;
pub mod tls;
mod told;
mod watch;

use std::borrow::Cow;

pub use candidates::Candidates;
pub use catalog::{Application, Catalog, CatalogError, Class, DenyAction, IcmpType, Ports, Timeouts};
pub use characteristic::Characteristics;
pub use context::{Context, Fact};
pub(crate) use follow::PASSED_MAX;
pub use graph::{Dependency, DependencyGraph};
pub use identify::{Followed, Followers, Heads, Identified, Identifier, Labels, Shifts};
pub use members::port_list;
pub use signature::{
    Alternative, Doubt, Hit, Pattern, PatternError, Progress, Scope, Signature, Signatures, TooLarge,
};
pub use told::Told;
pub(crate) use watch::{Reader, Said, Transfer};
pub use watch::{Terms, Turn, Watch};

/// Index of an application in its [`Catalog`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(pub u16);

/// Time to live, as it arrives, up to which a probe counts as traceroute's: the default of
/// `traceroute ttl-threshold` (PANOS.md 2.12).
pub const TRACEROUTE_TTL_MAX: u8 = 30;

/// What a decoder found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding<'a> {
    /// Name of the application in the catalog.
    pub app: &'static str,
    /// What was seen, for people: `TLS ClientHello, SNI`. No trailing punctuation.
    pub what: &'static str,
    /// Bytes of the payload that go with it (the server name), raw: whoever prints them escapes them.
    pub detail: &'a [u8],
    /// Whether `detail` is the host that the client asks for, so that URL categories can be told by it.
    pub names_host: bool,
}

/// What was seen of an application, whichever part of App-ID saw it: a [`Finding`] without the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<'a> {
    /// As [`Finding::what`].
    pub what: &'static str,
    /// As [`Finding::detail`].
    pub detail: Cow<'a, [u8]>,
    /// As [`Finding::names_host`].
    pub names_host: bool,
}

impl<'a> From<Finding<'a>> for Seen<'a> {
    fn from(Finding { what, detail, names_host, .. }: Finding<'a>) -> Self {
        Self { what, detail: Cow::Borrowed(detail), names_host }
    }
}

/// A finding's detail as people write it: a domain name as in a DNS message (RFC 1035, 3.1) with dots, a NetBIOS name
/// (RFC 1001, 14.1) decoded, anything else as it is. The result is as raw as the bytes were.
pub fn readable(detail: &[u8]) -> Cow<'_, [u8]> {
    domain_name(detail).or_else(|| netbios_name(detail)).map_or(Cow::Borrowed(detail), Cow::Owned)
}

/// Labels, each after its length, up to the empty one that must be the last byte.
fn domain_name(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut name = Vec::with_capacity(bytes.len());
    loop {
        let (len, rest) = bytes.split_first()?;
        if *len == 0 {
            return (rest.is_empty() && !name.is_empty()).then_some(name);
        }
        let (label, rest) = rest.split_at_checked(usize::from(*len)).filter(|_| *len < 64)?;
        if !name.is_empty() {
            name.push(b'.');
        }
        name.extend_from_slice(label);
        bytes = rest;
    }
}

/// Thirty-two letters from A to P, two for each character; the last character is the kind of name.
fn netbios_name(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() != 32 || !bytes.iter().all(|byte| (b'A'..=b'P').contains(byte)) {
        return None;
    }
    let name: Vec<u8> = bytes
        .chunks_exact(2)
        .take(15)
        .map(|pair| pair.iter().fold(0, |sum, half| sum << 4 | (half - b'A')))
        .collect();
    Some(name.trim_ascii_end().to_vec())
}

/// What one decoder says of the bytes seen so far.
///
/// For TCP the answer must depend on the bytes and on who spoke first, not on how they were cut into segments: what is
/// `Yes` for a prefix is the same `Yes` for every longer one of the side that gave it away; what the other side says in a
/// later packet may contradict it, but nobody is asked by then. `No` is final, too: the decoder is not asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match<'a> {
    /// It cannot be this, whatever follows.
    No,
    /// It may be; more bytes are needed.
    More,
    /// It is.
    Yes(Finding<'a>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_readable() {
        for (detail, text) in [
            (&b"\x07example\x03org\0"[..], &b"example.org"[..]),
            (b"FHEPFCELEHFCEPFFFACACACACACACABN", b"WORKGROUP"),
            (b"example.org", b"example.org"),
            (b"\x07exam", b"\x07exam"),
            (b"\0", b"\0"),
            (b"", b""),
        ] {
            assert_eq!(readable(detail), text);
        }
    }
}
