//! The decoders: one protocol, one file, one table of tests.
//!
//! To add one: a file with a [`Decoder`] constant, and a line in [`DECODERS`].

mod http;
mod tls;

use super::{Heads, Match};
use crate::flow::{Direction, Protocol};

/// All decoders; where two are certain at the same moment, the earlier one wins.
pub(super) const DECODERS: &[Decoder] = &[tls::DECODER, http::DECODER];

/// One protocol's decoder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoder {
    /// Name of the protocol, for the documentation and the tests.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the tests and the generated table"))]
    pub(super) name: &'static str,
    /// What it runs over.
    pub(super) transport: Transport,
    /// Which first bytes it can begin with.
    pub(super) first: FirstBytes,
    /// Looks at all bytes seen so far.
    pub(super) inspect: for<'a> fn(&Heads<'a>) -> Match<'a>,
}

impl Decoder {
    pub(super) fn inspect<'a>(&self, heads: &Heads<'a>) -> Match<'a> {
        (self.inspect)(heads)
    }
}

/// What a decoder runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// TCP only.
    Tcp,
    /// UDP only.
    #[expect(dead_code, reason = "the first decoder over UDP comes next")]
    Udp,
    /// Both.
    #[expect(dead_code, reason = "the first decoder over both comes next")]
    Both,
}

impl Transport {
    pub(super) const fn index_of(protocol: Protocol) -> Option<usize> {
        match protocol {
            Protocol::TCP => Some(0),
            Protocol::UDP => Some(1),
            _ => None,
        }
    }

    pub(super) fn indices(self) -> impl Iterator<Item = usize> {
        match self {
            Self::Tcp => 0..1,
            Self::Udp => 1..2,
            Self::Both => 0..2,
        }
    }
}

/// The bytes that each side's first byte must be among; an empty list means any byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct FirstBytes {
    /// Of the client.
    pub(super) client: &'static [u8],
    /// Of the server.
    pub(super) server: &'static [u8],
}

impl FirstBytes {
    pub(super) fn allows(&self, direction: Direction, byte: u8) -> bool {
        let list = match direction {
            Direction::ClientToServer => self.client,
            Direction::ServerToClient => self.server,
        };
        list.is_empty() || list.contains(&byte)
    }
}
