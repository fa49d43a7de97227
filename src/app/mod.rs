//! App-ID: the application catalog and the decoders that tell an application by its payload.
//!
//! Everything here is a pure decision over bytes: who owns a session, reassembles its stream and acts on the answer
//! is the engine. An application is told by payload, never by its port alone; only what needs no payload
//! (ICMP and the other IP protocols) is told by the header ([`Identifier::by_header`]).

mod catalog;
mod decoder;
mod identify;

pub use catalog::{Application, Catalog, CatalogError, Class, DenyAction, Ports, Timeouts};
pub use identify::{Candidates, Heads, Identified, Identifier, Labels};

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
}

/// What one decoder says of the bytes seen so far.
///
/// For TCP the answer must depend on the bytes only, not on how they were cut into segments: a decoder that says
/// `No` or `Yes` for a prefix must say the same for every longer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match<'a> {
    /// It cannot be this, whatever follows.
    No,
    /// It may be; more bytes are needed.
    More,
    /// It is.
    Yes(Finding<'a>),
}
