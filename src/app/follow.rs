//! What an application that is known turns into: the first answer of a decoder is not always the last.
//!
//! A [`Follower`] looks on at the bytes a session has sent, from the moment its application is known, and names what it
//! turns out to be ("application shift", PANOS.md 2.4): TLS the service behind the server name, SMB its dialect, mail
//! what follows STARTTLS. As decoders do, it answers by the bytes alone, however they were cut.

use std::borrow::Cow;

use super::decoder::{lines_end_in_tls, msrpc_interface, smb_dialect, smb_in_netbios};
use super::tls::{Service, Shown, Source};
use super::{AppId, Catalog, Heads, Match, Seen, quic, tls};
use crate::flow::{Direction, Protocol};

/// What a follower says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// It stays what it is, as far as this one can tell.
    No,
    /// More bytes may tell.
    More,
    /// It is this application now; what it passes through on the way was named before.
    Shift(AppId, Seen<'a>),
    /// The same on the way to another one, which these bytes tell, too: a service that the other one lies within.
    Through(AppId, Seen<'a>),
    /// It stays what it is, and this is the host that the client asks for: said where that is not known yet.
    Host(Seen<'a>),
}

/// What a follower goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a, 'h> {
    pub(super) catalog: &'a Catalog,
    pub(super) heads: &'a Heads<'h>,
    /// The applications that the session has been, in order: the last one is the one it is now.
    pub(super) passed: &'a [AppId],
    /// Whether the host that the client asks for was told before.
    pub(super) host_known: bool,
}

/// One way in which applications turn into others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Follower {
    /// Applications it looks on from.
    pub(super) after: &'static [&'static str],
    /// The setting that switches it.
    pub(super) switch: Switch,
    /// Looks at all bytes seen so far.
    pub(super) inspect: for<'a, 'h> fn(&Known<'a, 'h>) -> Next<'h>,
}

/// Which followers depend on a setting, for sources disagree or are silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    Always,
    /// `model.starttls-shift`.
    StartTls,
    /// `model.quic-shift`.
    Quic,
}

/// All followers; where two name an application at the same moment, the earlier one wins.
pub(super) const FOLLOWERS: &[Follower] = &[
    Follower { after: &["ssl"], switch: Switch::Always, inspect: behind_tls },
    Follower { after: &["quic"], switch: Switch::Quic, inspect: behind_quic },
    Follower { after: &["dtls"], switch: Switch::Always, inspect: behind_dtls },
    Follower { after: &["msrpc"], switch: Switch::Always, inspect: interface },
    Follower { after: &["netbios-ss"], switch: Switch::Always, inspect: inside_netbios },
    Follower { after: &["ms-ds-smb-base"], switch: Switch::Always, inspect: dialect },
    Follower {
        after: &["smtp", "imap", "pop3", "nntp", "ftp", "irc-base", "jabber", "ldap"],
        switch: Switch::StartTls,
        inspect: starttls,
    },
];

/// At most so many applications follow each other by one session's first bytes: what an adversary can make it cost.
pub(crate) const PASSED_MAX: usize = 8;

/// Datagrams of both sides after which a QUIC client has said its hello: each asks for the whole flight to be decrypted.
const FLIGHT_MAX: usize = 32;

fn behind_tls<'h>(known: &Known<'_, 'h>) -> Next<'h> {
    let Heads { client, server, dport, .. } = *known.heads;
    match tls::service_of(known.catalog, dport, client, server) {
        Shown::Service(service) => known.service(service),
        shown => known.host(tls::asked_name(client), "TLS ClientHello, SNI", shown == Shown::More),
    }
}

/// Where PAN-OS finds services behind QUIC is not documented; assumed: as behind TLS, by the server name.
fn behind_quic<'h>(known: &Known<'_, 'h>) -> Next<'h> {
    if known.heads.datagrams.len() > FLIGHT_MAX {
        return Next::No;
    }
    let from_client = |(direction, datagram)| (direction == Direction::ClientToServer).then_some(datagram);
    let datagrams = || known.heads.each_datagram().filter_map(from_client);
    match quic::service_of(known.catalog, datagrams()) {
        Shown::More => Next::More,
        Shown::Service(service) => known.service(service),
        Shown::Nothing => {
            known.host(quic::server_name(datagrams()).map(Cow::Owned), "QUIC ClientHello, SNI", false)
        }
    }
}

/// A hello that comes in fragments is not put together: DTLS is too rare for that.
fn behind_dtls<'h>(known: &Known<'_, 'h>) -> Next<'h> {
    let from_client = |(direction, datagram)| (direction == Direction::ClientToServer).then_some(datagram);
    let mut datagrams = known.heads.each_datagram().filter_map(from_client);
    let hello = datagrams.find_map(|datagram| tls::dtls_client_hello(datagram).complete());
    match hello.and_then(|hello| tls::service_by_name(known.catalog, hello)) {
        Some(service) => known.service(service),
        None => Next::No,
    }
}

fn interface<'h>(known: &Known<'_, 'h>) -> Next<'h> {
    known.named(msrpc_interface(known.heads))
}

fn inside_netbios<'h>(known: &Known<'_, 'h>) -> Next<'h> {
    known.named(smb_in_netbios(known.heads))
}

fn dialect<'h>(known: &Known<'_, 'h>) -> Next<'h> {
    known.named(smb_dialect(known.heads))
}

fn starttls<'h>(known: &Known<'_, 'h>) -> Next<'h> {
    known.named(lines_end_in_tls(known.heads))
}

impl Known<'_, '_> {
    /// A service, after those that its host's name lies within: `google-base` before `gmail-base`.
    fn service<'h>(&self, service: Service<'h>) -> Next<'h> {
        let Service { app, source, detail } = service;
        let host = detail.strip_prefix(b"*.").unwrap_or(&detail);
        let mut way = self.catalog.services(host);
        if way.last() != Some(&app) {
            way = vec![app];
        }
        let Some(next) = way.into_iter().find(|app| !self.passed.contains(app)) else { return Next::No };
        if self.passed.contains(&app) {
            return Next::No;
        }
        let what = match (source, self.heads.protocol) {
            (Source::ServerName, Protocol::UDP) => "ClientHello over UDP, SNI",
            _ => source.what(),
        };
        let seen = Seen { what, detail, names_host: source != Source::Protocol };
        if next == app { Next::Shift(app, seen) } else { Next::Through(next, seen) }
    }

    /// The host that the client asks for, where no service is known by it; `may_come` says whether one may still be.
    fn host<'h>(&self, name: Option<Cow<'h, [u8]>>, what: &'static str, may_come: bool) -> Next<'h> {
        match name {
            Some(detail) if !self.host_known => Next::Host(Seen { what, detail, names_host: true }),
            _ if may_come => Next::More,
            _ => Next::No,
        }
    }

    /// A decoder's words in a follower's.
    fn named<'h>(&self, answer: Match<'h>) -> Next<'h> {
        match answer {
            Match::No => Next::No,
            Match::More => Next::More,
            Match::Yes(finding) => match self.catalog.find(finding.app) {
                Some(app) => Next::Shift(app, finding.into()),
                None => Next::No,
            },
        }
    }
}
