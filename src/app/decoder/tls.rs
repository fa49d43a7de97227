//! TLS: decided at the ClientHello (PANOS.md 0.8).

use super::{Decoder, FirstBytes, Transport};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "tls",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0x16], server: &[0x15, 0x16] },
    inspect,
};

/// A handshake record whose message is a ClientHello: `16 03 xx len len 01` (RFC 8446, 5.1 and 4.1.2).
fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    match heads.client {
        [0x16, 3, 0..=4, _, _, 1, ..] => {
            Match::Yes(Finding { app: "ssl", what: "TLS ClientHello", detail: &[] })
        }
        head if head.len() < 6 && [0x16, 3].starts_with(&head[..head.len().min(2)]) => Match::More,
        _ => Match::No,
    }
}
