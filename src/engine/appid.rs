//! App-ID in time: which bytes a session's decoders see, when they are given up on (PANOS.md 2.9, 2.10), and what an
//! application turns into later (2.4).

use std::collections::VecDeque;

use super::cache::AppCache;
use super::event::{Event, EventKind, Events, Evidence, Limit};
use super::streams::Streams;
use super::{Firewall, Judgement};
use crate::app::{AppId, Heads, Identified, Seen, Turn, Watch};
use crate::config::{Settings, World};
use crate::flow::{Direction, Protocol};
use crate::packet::{Layer4, Packet, Payload};
use crate::policy::CategorySet;
use crate::session::{AppState, Chunk, Session, Slot, StreamError, TcpRules, first_bytes};

/// An application that a packet's payload has brought, with what the host it asks for says.
pub(super) type Found = (AppId, Option<CategorySet>);

/// What a packet's payload has brought.
enum Identification {
    /// No change.
    Nothing,
    /// The application is known now.
    Application(Found),
    /// The cache says so, and nobody looks at the payload.
    Cached(Found),
    /// Too many segments wait for one that is missing.
    OutOfOrderLimit(Limit),
}

/// What the decoders say.
pub(super) enum Decoded {
    /// The application; before it what it is spoken in, where that is a candidate only.
    Found(Option<AppId>, AppId, Evidence),
    Pending,
    Exhausted,
    /// As many bytes as are kept, and still nobody is certain.
    Full,
}

/// New payload of one packet.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) direction: Direction,
    pub(super) payload: Payload<'a>,
    /// Sequence number of its first byte (TCP).
    pub(super) seq: u32,
    /// The sequence number that was expected next (TCP).
    pub(super) expected: u32,
}

impl<'a> Piece<'a> {
    fn of(direction: Direction, packet: &Packet<'a>, expected: u32) -> Option<Self> {
        let (payload, seq) = match packet.layer4 {
            Layer4::Tcp(tcp) => (tcp.payload, tcp.payload_seq()),
            Layer4::Udp(udp) => (udp.payload, 0),
            _ => return None,
        };
        Some(Self { direction, payload, seq, expected })
    }

    pub(super) fn chunk(&self) -> Chunk<'a> {
        Chunk {
            direction: self.direction,
            seq: self.seq,
            bytes: self.payload.bytes,
            cut: self.payload.is_cut(),
        }
    }
}

impl Firewall {
    /// Shows new payload to App-ID; each application that it brings is looked up in full. `None` where the packet may
    /// go on.
    pub(super) fn app_id(
        &mut self,
        slot: Slot,
        direction: Direction,
        packet: &Packet<'_>,
        expected: u32,
        out: &mut Events,
    ) -> Option<Judgement> {
        let session = self.table.get(slot)?;
        let is_known = matches!(session.app, AppState::Known(_));
        let is_decrypted = self.decryption.is_used(slot);
        let is_opened = self.cleartext.is_used(slot);
        if is_known && session.stream.is_none() && !is_decrypted && !is_opened {
            if session.payload != [0; 2] {
                return None;
            }
            let piece = Piece::of(direction, packet, expected)?;
            return self.begin_told(slot, packet, piece, out);
        }
        let piece = Piece::of(direction, packet, expected)?;
        if is_decrypted && let Some(judgement) = self.go_on_decrypting(slot, packet, piece, out) {
            return Some(judgement);
        }
        if is_opened && self.cleartext.is_used(slot) {
            return self.read_cleartext(slot, packet, piece, out);
        }
        if is_known {
            return self.read_on(slot, packet, piece, out);
        }
        match self.identify(slot, packet, piece, out) {
            Identification::Nothing if self.world.threats.is_off() => None,
            Identification::Nothing => self.inspect_request(slot, packet, piece, out),
            Identification::OutOfOrderLimit(limit) => {
                Some(self.overflow(slot, direction, packet, limit, out))
            }
            Identification::Cached(found) => self.decide(slot, direction, packet, expected, found, out),
            Identification::Application(found) => self
                .decide(slot, direction, packet, expected, found, out)
                .or_else(|| self.begin_decryption(slot, packet, piece, found.1, out))
                .or_else(|| self.look_on(slot, packet, piece, found, out)),
        }
    }

    /// Shows a piece to the decoders of an undecided session.
    fn identify(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        out: &mut Events,
    ) -> Identification {
        let Some(session) = self.table.get_mut(slot) else { return Identification::Nothing };
        let payload = piece.payload;
        session.cut |= payload.is_cut();
        let spent = is_spent(session, &self.world.settings);
        session.data_packets = session.data_packets.saturating_add(1);
        session.data_bytes = session.data_bytes.saturating_add(payload.len);
        let at = self.now;
        let event = |id, kind| Event { at, packet: packet.number, session: Some(id), kind };
        if let Some(app) = cached(&self.world.settings, &self.cache, session) {
            let evidence = Evidence::plain("App-ID cache: what sessions to this server were before", out);
            out.push(event(session.id, EventKind::Identified { app, evidence }));
            return Identification::Cached((app, categories(&self.world, app, &evidence, out)));
        }
        let was_undecided = session.app == AppState::Undecided;
        if was_undecided {
            match decode(&self.world, &mut self.streams, session, piece, out) {
                Err(error) => return Identification::OutOfOrderLimit(error.into()),
                Ok(Decoded::Found(candidate, app, evidence)) => {
                    if let Some(app) = candidate {
                        // No lookup follows: nothing has proved it yet (PANOS.md 2.3).
                        let evidence = Evidence::plain("HTTP request, as yet without an answer", out);
                        out.push(event(session.id, EventKind::Identified { app, evidence }));
                    }
                    out.push(event(session.id, EventKind::Identified { app, evidence }));
                    if goes_by_cache(&self.world.settings) && self.cache.note(&session.c2s, app) {
                        out.push(event(session.id, EventKind::Limit { limit: Limit::AppIdCache }));
                    }
                    return Identification::Application((app, categories(&self.world, app, &evidence, out)));
                }
                // A stream's decoder that still hopes is heard out up to its own limits (a long request, a long
                // banner); datagrams are not worth the wait, and what the capture has cut will never come.
                Ok(Decoded::Pending) if !spent || session.c2s.protocol == Protocol::TCP && !session.cut => {
                    // A datagram is enough for a signature, whatever decoders still hope for.
                    if session.c2s.protocol == Protocol::TCP || self.world.signatures.is_empty() {
                        return Identification::Nothing;
                    }
                }
                Ok(decoded) => {
                    if matches!(decoded, Decoded::Full) {
                        out.push(event(session.id, EventKind::Limit { limit: Limit::AppIdBytes }));
                    }
                    session.app = AppState::Exhausted;
                }
            }
        }
        let is_kept = was_undecided && session.stream.is_some();
        if let Some((app, evidence)) =
            signed(&self.world, &mut self.streams, &mut self.turns, session, (piece, is_kept), out)
        {
            out.push(event(session.id, EventKind::Identified { app, evidence }));
            return Identification::Application((app, categories(&self.world, app, &evidence, out)));
        }
        if !spent {
            return Identification::Nothing;
        }
        let is_peer = session.c2s.protocol == Protocol::UDP
            && self.peers.note(&session.c2s, self.world.settings.p2p_endpoints);
        let Some(app) = unknown(&self.world, session, is_peer) else { return Identification::Nothing };
        let evidence = Evidence::plain(nobody(is_peer, session.cut), out);
        out.push(event(session.id, EventKind::Identified { app, evidence }));
        Identification::Application((app, categories(&self.world, app, &evidence, out)))
    }
}

/// Why a session is unknown.
const fn nobody(is_peer: bool, is_cut: bool) -> &'static str {
    match (is_peer, is_cut) {
        (true, _) => "one port, many unknown peers",
        (false, true) => "no decoder recognises what the snap length has left of it",
        (false, false) => "no decoder recognises it",
    }
}

/// Whether the cache decides anything: what it holds is of no interest otherwise.
const fn goes_by_cache(settings: &Settings) -> bool {
    settings.app_cache && settings.use_app_cache
}

/// The application of a session that the cache tells, at its first payload.
fn cached(settings: &Settings, cache: &AppCache, session: &Session) -> Option<AppId> {
    let is_asked = goes_by_cache(settings) && session.data_packets == 1;
    is_asked.then(|| cache.find(&session.c2s, settings.app_cache_threshold)).flatten()
}

/// Runs the decoders over what is there. A session that its first payload decides never has a buffer.
pub(super) fn decode(
    world: &World,
    streams: &mut Streams,
    session: &mut Session,
    piece: Piece<'_>,
    out: &mut Events,
) -> Result<Decoded, StreamError> {
    let mut candidates = world.identifier.start(session.c2s.protocol);
    if session.stream.is_none() && piece.seq == piece.expected {
        let bytes = piece.payload.bytes;
        let datagram = [(piece.direction, u32::try_from(bytes.len()).unwrap_or(u32::MAX))];
        let heads = match piece.direction {
            Direction::ClientToServer => heads(session, bytes, &[], &datagram),
            Direction::ServerToClient => heads(session, &[], bytes, &datagram),
        };
        let identified = world.identifier.inspect(&world.catalog, &mut candidates, &heads);
        let decoded = Decoded::of(identified, out).or_signed(world, &heads, out);
        if !matches!(decoded, Decoded::Pending) {
            return Ok(decoded);
        }
        streams.get_or_add(&mut session.stream, || candidates);
        streams.keep(&world.settings, session.stream, kept_as(session), piece)?;
        return Ok(Decoded::Pending);
    }
    streams.get_or_add(&mut session.stream, || candidates);
    if !streams.keep(&world.settings, session.stream, kept_as(session), piece)? {
        return Ok(Decoded::Pending);
    }
    let Some(stream) = streams.get_mut(session.stream) else { return Ok(Decoded::Exhausted) };
    let [client, server] = first_bytes(&stream.heads);
    let heads = heads(session, client, server, &stream.pieces);
    let identified = world.identifier.inspect(&world.catalog, &mut stream.candidates, &heads);
    let full = stream.is_full() || u64::from(session.data_packets) >= world.settings.app_id_packets;
    Ok(match Decoded::of(identified, out).or_signed(world, &heads, out) {
        Decoded::Pending if full => Decoded::Full,
        decoded => decoded,
    })
}

/// What the signatures of custom applications tell of a session that no decoder knows, or of a datagram before any
/// does; bytes that none of them looks at are let go. `is_kept` says whether the piece is with the others already.
pub(super) fn signed(
    world: &World,
    streams: &mut Streams,
    turns: &mut VecDeque<Turn>,
    session: &mut Session,
    (piece, is_kept): (Piece<'_>, bool),
    out: &mut Events,
) -> Option<(AppId, Evidence)> {
    let protocol = session.c2s.protocol;
    let is_exhausted = session.app == AppState::Exhausted;
    // Who has not read from the beginning does not begin later.
    let may_begin = session.data_packets == 1 || session.stream.is_some();
    let reads = streams.get_mut(session.stream).is_some_and(|stream| stream.watch.is_some());
    let begins = if reads || !may_begin { None } else { Watch::of_unknown(&world.signatures, protocol) };
    if !reads && begins.is_none() {
        if is_exhausted {
            streams.release(session.stream.take());
        }
        return None;
    }
    let stream = streams.get_or_add(&mut session.stream, || world.identifier.start(protocol))?;
    if let Some(watch) = begins {
        stream.watch = Some(Box::new(watch));
    }
    if !is_kept && streams.keep(&world.settings, session.stream, kept_as(session), piece).is_err() {
        streams.release(session.stream.take());
        return None;
    }
    let stream = streams.get_mut(session.stream)?;
    turns.clear();
    stream.feed(world.terms(), turns);
    if is_exhausted {
        stream.forget_heads();
    }
    turns.drain(..).find_map(|turn| match turn {
        Turn::Application { app, what, detail, names_host, .. } => {
            Some((app, Evidence::of(Seen { what, detail: detail.into(), names_host }, out)))
        }
        Turn::Connection => None,
    })
}

impl From<StreamError> for Limit {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::OutOfOrderLimit => Self::OutOfOrderSegments,
            StreamError::OutOfOrderTotal => Self::OutOfOrderTotal,
        }
    }
}

/// What a session's buffer needs to know of it: the protocol, and whether a gap that stays open is given up instead of
/// ending the session, as where the sequence numbers are not inspected.
pub(super) const fn kept_as(session: &Session) -> (Protocol, bool) {
    (session.c2s.protocol, session.tcp.has(TcpRules::BYPASS))
}

pub(super) fn heads<'a>(
    session: &Session,
    client: &'a [u8],
    server: &'a [u8],
    datagrams: &'a [(Direction, u32)],
) -> Heads<'a> {
    let protocol = session.c2s.protocol;
    let datagrams = if protocol == Protocol::UDP { datagrams } else { &[] };
    Heads {
        protocol,
        sport: session.c2s.sport,
        dport: session.c2s.dport,
        v6: !session.c2s.src.is_v4(),
        ttl: session.ttl,
        midstream: session.tcp.is_midstream(),
        client,
        server,
        datagrams,
    }
}

impl Evidence {
    /// Without a detail.
    pub(super) fn plain(what: &'static str, out: &mut Events) -> Self {
        Self { what, detail: out.add_bytes(&[]), names_host: false }
    }

    pub(super) fn of(Seen { what, detail, names_host }: Seen<'_>, out: &mut Events) -> Self {
        Self { what, detail: out.add_bytes(&detail), names_host }
    }
}

impl Decoded {
    fn of(identified: Identified<'_>, out: &mut Events) -> Self {
        match identified {
            Identified::Found(app, seen) => Self::Found(None, app, Evidence::of(seen, out)),
            Identified::FoundIn(candidate, app, seen) => {
                Self::Found(Some(candidate), app, Evidence::of(seen, out))
            }
            Identified::Pending => Self::Pending,
            Identified::Exhausted => Self::Exhausted,
        }
    }

    /// A custom application that an HTTP request tells by itself comes before a predefined one that it tells.
    fn or_signed(self, world: &World, heads: &Heads<'_>, out: &mut Events) -> Self {
        if !matches!(self, Self::Pending | Self::Found(Some(_), ..)) {
            return self;
        }
        match Watch::asked(world.terms(), heads) {
            Some((candidate, Turn::Application { app, what, detail, names_host, .. })) => {
                let seen = Seen { what, detail: detail.into(), names_host };
                Self::Found(Some(candidate), app, Evidence::of(seen, out))
            }
            _ => self,
        }
    }
}

/// Applications that a host is asked for in, even where the bytes do not name it.
const WEB: [&str; 4] = ["web-browsing", "http-proxy", "ssl", "quic"];

/// The URL categories of a session: those of the host it asks for, none where its application asks for no host.
/// `None` where that is not known (PANOS.md 2.2).
pub(super) fn categories(
    world: &World,
    app: AppId,
    evidence: &Evidence,
    out: &Events,
) -> Option<CategorySet> {
    match out.bytes(evidence.detail) {
        host if evidence.names_host && !host.is_empty() => Some(world.categories.of(host)),
        _ if WEB.contains(&world.catalog.name(app)) => None,
        _ => Some(CategorySet::default()),
    }
}

/// Whether so much payload has passed that the session is unknown if nobody recognises it (PANOS.md 2.10: four data
/// packets each way pass, the ninth decides).
const fn is_spent(session: &Session, settings: &Settings) -> bool {
    let (packets, bytes) = (settings.unknown_after_data_packets, settings.unknown_after_payload_bytes);
    packets > 0 && session.data_packets as u64 >= packets || bytes > 0 && session.data_bytes as u64 >= bytes
}

/// The application of a session that nobody recognises.
fn unknown(world: &World, session: &Session, is_peer: bool) -> Option<AppId> {
    let labels = world.identifier.labels();
    match session.c2s.protocol {
        Protocol::TCP if session.tcp.is_midstream() => labels.non_syn_tcp,
        Protocol::TCP => labels.unknown_tcp,
        _ if is_peer => labels.unknown_p2p,
        _ => labels.unknown_udp,
    }
}
