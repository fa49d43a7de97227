//! The decoders: one protocol, one file, one table of tests.
//!
//! To add one: a file with a [`Decoder`] constant, and a line in [`DECODERS`].

mod ber;
mod dhcp;
mod dns;
mod ftp;
mod http;
mod imap;
mod ntp;
mod pop3;
mod quic;
mod sign;
mod smtp;
mod snmp;
mod ssh;
mod telnet;
#[cfg(test)]
mod testing;
mod tls;

use super::{Heads, Match};
use crate::flow::{Direction, Protocol};

/// All decoders; where two are certain at the same moment, the earlier one wins: specific before generic.
pub(super) const DECODERS: &[Decoder] = &[
    tls::DECODER,
    ssh::DECODER,
    ftp::DECODER,
    smtp::DECODER,
    pop3::DECODER,
    imap::DECODER,
    telnet::DECODER,
    dns::DECODER,
    dhcp::DECODER,
    ntp::DECODER,
    snmp::DECODER,
    quic::DECODER,
    http::DECODER,
];

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
    Udp,
    /// Both.
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

/// The first datagram of a UDP session that is not empty.
fn first_datagram<'a>(heads: &Heads<'a>) -> Option<&'a [u8]> {
    heads.each_datagram().map(|(_, datagram)| datagram).find(|datagram| !datagram.is_empty())
}

/// Asks `judge` for the client's and the server's bytes, and for the two the other way round: in a session whose
/// beginning the capture lacks, the side that was seen first may be the server.
fn either_way<'a>(heads: &Heads<'a>, judge: impl Fn(&'a [u8], &'a [u8]) -> Match<'a>) -> Match<'a> {
    match judge(heads.client, heads.server) {
        Match::Yes(finding) => Match::Yes(finding),
        straight => match judge(heads.server, heads.client) {
            Match::No => straight,
            turned => turned,
        },
    }
}
