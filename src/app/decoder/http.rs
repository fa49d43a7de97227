//! HTTP/1: decided at the server's response (PANOS.md 0.8, 0.9).

use super::{Decoder, FirstBytes, Transport};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "http",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"GPHDOCTU", server: b"H" },
    inspect,
};

/// The response's status line begins `HTTP/1.` (RFC 9112, 4).
fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    const VERSION: &[u8] = b"HTTP/1.";
    if heads.server.starts_with(VERSION) {
        return Match::Yes(Finding { app: "web-browsing", what: "HTTP response", detail: &[] });
    }
    if VERSION.starts_with(heads.server) { Match::More } else { Match::No }
}
