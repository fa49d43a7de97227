//! Which applications a session may still be, and the moment one of them is certain.

use super::candidates::Candidates;
use super::decoder::{DECODERS, Decoder, Transport, asked_host};
use super::follow::{FOLLOWERS, Follower, Known, Next, PASSED_MAX, Switch};
use super::header::Headers;
use super::{AppId, Catalog, Match, Seen};
use crate::flow::{Direction, Protocol};
use crate::packet::Packet;

/// The first bytes each side sent, in order, as far as they are kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heads<'a> {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Destination port of the session's first packet.
    pub dport: u16,
    /// Source port of the session's first packet.
    pub sport: u16,
    /// Whether it runs over IPv6.
    pub v6: bool,
    /// Time to live of the session's first packet, as it arrived.
    pub ttl: u8,
    /// Whether a TCP session was taken over in its middle: what came before is not known.
    pub midstream: bool,

    /// Bytes from the client: for TCP the reassembled stream, for UDP the datagrams one after the other.
    pub client: &'a [u8],
    /// Bytes from the server.
    pub server: &'a [u8],
    /// Who sent each datagram and how long it was, in order of arrival (UDP only; empty for TCP).
    pub datagrams: &'a [(Direction, u32)],
}

impl<'a> Heads<'a> {
    /// The bytes that `direction` sent.
    pub const fn side(&self, direction: Direction) -> &'a [u8] {
        match direction {
            Direction::ClientToServer => self.client,
            Direction::ServerToClient => self.server,
        }
    }

    /// Whether either side has this port.
    pub(super) const fn has_port(&self, port: u16) -> bool {
        self.dport == port || self.sport == port
    }

    /// The UDP datagrams with their senders, in order of arrival.
    pub fn each_datagram(&self) -> impl Iterator<Item = (Direction, &'a [u8])> {
        let mut rest = [self.client, self.server];
        self.datagrams.iter().map_while(move |&(direction, len)| {
            let side = rest.get_mut(direction.index())?;
            let (datagram, after) = side.split_at_checked(len as usize)?;
            *side = after;
            Some((direction, datagram))
        })
    }
}

/// What the decoders together say.
#[derive(Debug, Clone)]
pub enum Identified<'a> {
    /// More bytes may tell.
    Pending,
    /// No decoder can tell any more.
    Exhausted,
    /// This is the application.
    Found(AppId, Seen<'a>),
    /// This is the application, and the first one what it is spoken in: as yet a candidate, which nothing has proved.
    FoundIn(AppId, AppId, Seen<'a>),
}

/// Which shifts there are besides those that nothing contradicts: settings of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shifts {
    /// To `ssl`, where TLS begins after STARTTLS.
    pub starttls: bool,
    /// From `quic` to the service behind it.
    pub quic: bool,
}

impl Shifts {
    /// All of them.
    pub const ALL: Self = Self { starttls: true, quic: true };
}

/// What those who look on have found of a session whose application is known.
#[derive(Debug, Clone)]
pub enum Followed<'a> {
    /// It has become this application.
    Application(AppId, Seen<'a>),
    /// It has become this one on the way to another, which the same bytes tell: `google-base` before `gmail-base`. Where
    /// no rule allows the first, the session becomes the other at once.
    Through(AppId, Seen<'a>),
    /// The application is the one it was; the host that the client asks for is known now.
    Host(Seen<'a>),
}

/// The followers that may still name another application for a session whose application is known: a set of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Followers(u32);

impl Followers {
    /// Whether nobody looks on.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// All of both.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The decoders with an index over the first byte each side sends, so that most are ruled out without being run.
#[derive(Debug, Clone)]
pub struct Identifier {
    /// Per transport (TCP, UDP), side and first byte: who may still be.
    first: Vec<Candidates>,
    /// Per transport: all decoders.
    all: [Candidates; 2],
    /// Which decoder is that of HTTP.
    http: Option<usize>,
    /// Who looks on after each application, by its id; short where nobody does after later ones.
    after: Vec<Followers>,
    headers: Headers,
    labels: Labels,
}

/// What sessions are called that no decoder recognises (PANOS.md 2.9); `None` where the catalog lacks the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Labels {
    /// `unknown-tcp`.
    pub unknown_tcp: Option<AppId>,
    /// `unknown-udp`.
    pub unknown_udp: Option<AppId>,
    /// `unknown-p2p`.
    pub unknown_p2p: Option<AppId>,
    /// `non-syn-tcp`.
    pub non_syn_tcp: Option<AppId>,
}

impl Identifier {
    /// Builds the index for `catalog`.
    pub fn new(catalog: &Catalog) -> Self {
        Self::with_decoders(catalog, DECODERS.len())
    }

    /// How many decoders there are.
    #[doc(hidden)]
    pub const fn decoders() -> usize {
        DECODERS.len()
    }

    /// With the first `count` decoders alone, to measure what more of them cost. What the others tell stays unknown.
    #[doc(hidden)]
    pub fn with_decoders(catalog: &Catalog, count: usize) -> Self {
        let mut first = vec![Candidates::NONE; 2 * 2 * 256];
        let mut all = [Candidates::NONE; 2];
        for (index, decoder) in DECODERS.iter().enumerate().take(count) {
            for transport in decoder.transport.indices() {
                all[transport].insert(index);
                for direction in Direction::BOTH {
                    for byte in 0..=255 {
                        if decoder.may_start_with(direction, byte)
                            && let Some(set) = first.get_mut(slot(transport, direction, byte))
                        {
                            set.insert(index);
                        }
                    }
                }
            }
        }
        let named = |name| catalog.find(name);
        let headers = Headers::new(catalog);
        let labels = Labels {
            unknown_tcp: named("unknown-tcp"),
            unknown_udp: named("unknown-udp"),
            unknown_p2p: named("unknown-p2p"),
            non_syn_tcp: named("non-syn-tcp"),
        };
        let http = DECODERS.iter().position(|decoder| decoder.name == "http");
        Self { first, all, http, after: followers(catalog), headers, labels }
    }

    /// Who looks on once a session is `app`.
    pub fn followers(&self, app: AppId, shifts: Shifts) -> Followers {
        let all = self.after.get(usize::from(app.0)).copied().unwrap_or_default();
        let asked = |(index, _): &(usize, _)| all.0 & 1 << index != 0;
        let is_on = |(_, follower): &(usize, &Follower)| match follower.switch {
            Switch::Always => true,
            Switch::StartTls => shifts.starttls,
            Switch::Quic => shifts.quic,
        };
        let wanted = FOLLOWERS.iter().enumerate().filter(asked).filter(is_on);
        Followers(wanted.fold(0, |set, (index, _)| set | 1 << index))
    }

    /// Asks those who look on, after new bytes have come or the application has changed, what the session is now.
    /// `passed` are the applications it has been; the answer is never one of them. `host_known` says whether the host
    /// that the client asks for was told before.
    pub fn follow<'a>(
        &self,
        catalog: &Catalog,
        followers: &mut Followers,
        heads: &Heads<'a>,
        passed: &[AppId],
        host_known: bool,
    ) -> Option<Followed<'a>> {
        if passed.len() >= PASSED_MAX {
            *followers = Followers::default();
        }
        let known = Known { catalog, heads, passed, host_known };
        for (index, follower) in FOLLOWERS.iter().enumerate() {
            if followers.0 & 1 << index == 0 {
                continue;
            }
            match (follower.inspect)(&known) {
                Next::More => {}
                Next::Shift(app, seen) if !passed.contains(&app) => {
                    return Some(Followed::Application(app, seen));
                }
                Next::Through(app, seen) if !passed.contains(&app) => {
                    return Some(Followed::Through(app, seen));
                }
                Next::Host(seen) => return Some(Followed::Host(seen)),
                Next::Shift(..) | Next::Through(..) | Next::No => followers.0 &= !(1 << index),
            }
        }
        None
    }

    /// What sessions are called that no decoder recognises.
    pub const fn labels(&self) -> Labels {
        self.labels
    }

    /// The application of a packet that needs no payload to tell it: ICMP and the other IP protocols. `None` for TCP and
    /// UDP.
    pub fn by_header(&self, packet: &Packet<'_>) -> Option<AppId> {
        self.headers.told(packet)
    }

    /// The application of a protocol's ordinary packet, which needs no payload to tell it: of ICMP an echo request.
    /// `None` for TCP and UDP.
    pub fn by_protocol(&self, protocol: Protocol) -> Option<AppId> {
        self.headers.by_protocol(protocol)
    }

    /// All decoders that a session over `protocol` may turn out to be.
    pub fn start(&self, protocol: Protocol) -> Candidates {
        Transport::index_of(protocol).map_or(Candidates::NONE, |transport| self.all[transport])
    }

    /// Asks the remaining candidates, after new bytes have come.
    pub fn inspect<'a>(
        &self,
        catalog: &Catalog,
        candidates: &mut Candidates,
        heads: &Heads<'a>,
    ) -> Identified<'a> {
        for direction in Direction::BOTH {
            if !candidates.filtered[direction.index()]
                && let Some(transport) = Transport::index_of(heads.protocol)
                && let Some(&byte) = heads.side(direction).first()
                && let Some(set) = self.first.get(slot(transport, direction, byte))
            {
                candidates.keep(set);
                candidates.filtered[direction.index()] = true;
            }
        }
        for index in candidates.iter() {
            let Some(decoder) = DECODERS.get(index) else { continue };
            match decoder.inspect(heads) {
                Match::No => candidates.remove(index),
                Match::More => {}
                Match::Yes(finding) => match catalog.find(finding.app) {
                    Some(app) => return Identified::Found(app, finding.into()),
                    None => candidates.remove(index),
                },
            }
        }
        if let Some(found) = self.asked_service(catalog, candidates, heads) {
            return found;
        }
        if candidates.is_empty() { Identified::Exhausted } else { Identified::Pending }
    }

    /// A service that an HTTP request tells by its host, before the answer proves that it is HTTP (PANOS.md 0.8).
    fn asked_service<'a>(
        &self,
        catalog: &Catalog,
        candidates: &Candidates,
        heads: &Heads<'a>,
    ) -> Option<Identified<'a>> {
        self.http.filter(|http| heads.protocol == Protocol::TCP && candidates.contains(*http))?;
        let host = asked_host(heads)?;
        let (http, app) = (catalog.find("web-browsing")?, catalog.by_host(host)?);
        Some(Identified::FoundIn(
            http,
            app,
            Seen { what: "HTTP request, Host", detail: host.into(), names_host: true },
        ))
    }
}

/// Who looks on after each application of `catalog`, by its id.
fn followers(catalog: &Catalog) -> Vec<Followers> {
    let mut after = vec![Followers::default(); catalog.len()];
    for (index, follower) in FOLLOWERS.iter().enumerate() {
        for app in follower.after.iter().filter_map(|name| catalog.find(name)) {
            if let Some(set) = after.get_mut(usize::from(app.0)) {
                set.0 |= 1 << index;
            }
        }
    }
    after
}

fn slot(transport: usize, direction: Direction, byte: u8) -> usize {
    (transport * 2 + direction.index()) * 256 + usize::from(byte)
}

impl Decoder {
    fn may_start_with(&self, direction: Direction, byte: u8) -> bool {
        self.first.allows(direction, byte)
    }
}
