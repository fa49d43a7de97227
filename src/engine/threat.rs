//! Content inspection, where the rule that governs a session has security profiles (PANOS.md 1.5): who looks into which
//! sessions, and what a threat does to one (3.2, 4.1–4.3).

use std::collections::{BTreeMap, VecDeque};

use super::appid::{Piece, heads, kept_as};
use super::blocked::Offender;
use super::event::{Event, EventKind, Events, Evidence, Limit};
use super::verdict::{DropReason, Verdict};
use super::{Firewall, Judgement};
use crate::app::AppId;
use crate::config::World;
use crate::feature::threat::{Action, Combination, Inspection, Kind, Sight, Threat, TrackBy};
use crate::flow::{Addr, Direction, FlowKey};
use crate::packet::Packet;
use crate::session::{AppState, EndReason, Session, Slot, Timer, first_bytes};
use crate::time::{Span, Timestamp};

/// Hits of signatures, as combinations count them.
#[derive(Debug, Default)]
pub(super) struct Hits {
    /// By combination and what it tracks: source, destination or both.
    times: BTreeMap<(usize, [Option<Addr>; 2]), VecDeque<Timestamp>>,
}

/// So many sources or destinations are tracked at once.
const TRACKED_MAX: usize = 4_096;

impl Hits {
    /// One more hit at `now`: whether the combination is met with it, after which it counts anew. `None` where there is
    /// no room to count.
    fn add(
        &mut self,
        number: usize,
        combination: &Combination,
        key: &FlowKey,
        now: Timestamp,
    ) -> Option<bool> {
        let tracked = match combination.track_by {
            TrackBy::Source => [Some(key.src), None],
            TrackBy::Destination => [None, Some(key.dst)],
            TrackBy::SourceAndDestination => [Some(key.src), Some(key.dst)],
        };
        let place = (number, tracked);
        let interval = Span::from_secs(u64::from(combination.interval));
        if self.times.len() >= TRACKED_MAX && !self.times.contains_key(&place) {
            // An hour is the longest interval there is.
            let hour = Span::from_secs(3_600);
            self.times.retain(|_, times| times.back().is_some_and(|last| now.since(*last) < hour));
            if self.times.len() >= TRACKED_MAX {
                return None;
            }
        }
        let times = self.times.entry(place).or_default();
        while times.front().is_some_and(|first| now.since(*first) >= interval) {
            times.pop_front();
        }
        times.push_back(now);
        let is_met = times.len() as u64 >= u64::from(combination.threshold);
        if is_met {
            self.times.remove(&place);
        }
        Some(is_met)
    }
}

impl Firewall {
    /// Looks into a session whose application is not known yet, once it has sent a whole HTTP request, for the profiles of
    /// its tentative rule: URL filtering answers the request itself, which no answer has followed by then.
    pub(super) fn inspect_request(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        out: &mut Events,
    ) -> Option<Judgement> {
        let world = &self.world;
        let session = self.table.get(slot)?;
        let rule = session.rule();
        world.threats.of(rule)?;
        let stream = self.streams.get_mut(session.stream)?;
        if stream.inspection.is_none() {
            let [client, server] = first_bytes(&stream.heads);
            let heads = heads(session, client, server, &stream.pieces);
            stream.inspection = Inspection::of_request(&world.threats, rule, &heads).map(Box::new);
        }
        stream.inspect(&world.threats);
        self.act(slot, packet, piece, out)
    }

    /// The first payload of a session whose application nothing in it has told: begins to look into it, and to listen to
    /// it, where somebody wants to.
    pub(super) fn begin_told(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        out: &mut Events,
    ) -> Option<Judgement> {
        let world = &self.world;
        let session = self.table.get_mut(slot)?;
        let AppState::Known(app) = session.app else { return None };
        let protocol = session.c2s.protocol;
        let inspection =
            if world.threats.is_off() { None } else { begun(world, session, piece, (app, true)) };
        // Who was announced, and listens, does so from the beginning.
        let listens = session.parent.is_none() && world.algs.has(app, protocol);
        if inspection.is_none() && !listens {
            return None;
        }
        let stream = self.streams.get_or_add(&mut session.stream, || world.identifier.start(protocol))?;
        stream.passed.push(app);
        stream.inspection = inspection.map(Box::new);
        if self.streams.keep(&world.settings, session.stream, kept_as(session), piece).is_err() {
            self.streams.release(session.stream.take());
            return None;
        }
        let stream = self.streams.get_mut(session.stream)?;
        stream.inspect(&world.threats);
        if listens {
            self.listen(slot, packet, piece, false, out);
        }
        self.act(slot, packet, piece, out)
    }

    /// Shows the bytes at hand to who looks into the session; under the rule that governs it now somebody may begin to.
    /// `is_straight` says that the piece is not with the others.
    pub(super) fn look_into(&mut self, slot: Slot, piece: Piece<'_>, is_straight: bool) {
        let world = &self.world;
        let Some(session) = self.table.get(slot) else { return };
        let (AppState::Known(app), Some(stream)) = (session.app, self.streams.get_mut(session.stream)) else {
            return;
        };
        if let Some(inspection) = stream.inspection.as_mut().filter(|_| is_straight) {
            inspection.feed(&world.threats, piece.direction, piece.payload.bytes);
            return;
        }
        if stream.inspection.is_none() && stream.is_from_the_beginning() {
            let [client, server] = first_bytes(&stream.heads);
            let heads = heads(session, client, server, &stream.pieces);
            let inspection =
                Inspection::of(&world.threats, session.rule(), &world.catalog, &heads, (app, false));
            stream.inspection = inspection.map(Box::new);
        }
        stream.inspect(&world.threats);
    }

    /// Holds what was come upon against the profiles of the session's rule, and does what they ask for. `None` where
    /// the packet may go on.
    pub(super) fn act(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        out: &mut Events,
    ) -> Option<Judgement> {
        let mut later = Vec::new();
        let judged = loop {
            let session = self.table.get(slot)?;
            let (at, id) = (self.now, Some(session.id));
            let mut say = |kind| out.push(Event { at, packet: packet.number, session: id, kind });
            let stream = self.streams.get_mut(session.stream)?;
            let inspection = stream.inspection.as_mut()?;
            if inspection.was_over() {
                say(EventKind::Limit { limit: Limit::Inspection });
            }
            let Some((direction, sight, is_new)) = inspection.take() else { break None };
            if let Sight::Signature { index, .. } = sight
                && is_new
            {
                for (number, combination) in self.world.threats.counting(index) {
                    match self.hits.add(number, combination, &session.c2s, at) {
                        Some(true) => inspection.put_next(direction, sight.of(number)),
                        Some(false) => {}
                        None => say(EventKind::Limit { limit: Limit::Inspection }),
                    }
                }
            }
            let Some(threat) = judge(&self.world, session, &stream.passed, direction, &sight) else {
                // Another rule may hold once the application is known.
                if !matches!(session.app, AppState::Known(_)) {
                    later.push((direction, sight));
                }
                continue;
            };
            let what = (threat.kind, threat.action);
            let threat = out.add_threat(threat);
            out.push(Event {
                at,
                packet: packet.number,
                session: id,
                kind: EventKind::ContentThreat { threat },
            });
            if what.1.blocks() {
                break Some(what);
            }
        };
        if let Some(what) = judged {
            return self.stop(slot, packet, piece, what, out);
        }
        let session = self.table.get(slot)?;
        let inspection = self.streams.get_mut(session.stream)?.inspection.as_mut()?;
        later.into_iter().for_each(|(direction, sight)| inspection.put_back(direction, sight));
        None
    }

    /// A threat that is blocked: the packet at hand goes no further, the session to DISCARD. Its row is written when
    /// that ends: the action stays `allow`, and the end reason is `threat` (PANOS.md 4.2; when it is written is
    /// assumed).
    fn stop(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        (kind, action): (Kind, Action),
        out: &mut Events,
    ) -> Option<Judgement> {
        let session = self.table.get_mut(slot)?;
        self.streams.release(session.stream.take());
        session.discard(EndReason::Threat, Some(piece.direction));
        session.url_denied |= kind == Kind::Url;
        // What was looked into has payload, whoever told the application.
        session.data_packets = session.data_packets.max(1);
        let candidate = self.world.catalog.find("web-browsing");
        if let (AppState::Undecided, Some(app)) = (session.app, candidate) {
            // No lookup follows: nothing will prove it any more.
            session.app = AppState::Known(app);
            let evidence = Evidence::plain("HTTP request, as yet without an answer", out);
            let kind = EventKind::Identified { app, evidence };
            out.push(Event { at: self.now, packet: packet.number, session: Some(session.id), kind });
        }
        let (id, key) = (session.id, session.c2s);
        self.arm(slot, Timer::Discard, packet.number, out);
        self.send_resets(slot, piece.direction, packet, piece.expected, action.resets(), out);
        if let Action::BlockIp(track_by, seconds) = action {
            let until = self.now + Span::from_secs(u64::from(seconds));
            let destination = (track_by == TrackBy::SourceAndDestination).then_some(key.dst);
            let offender = Offender { zone: key.zone, source: key.src, destination };
            let most = usize::try_from(self.world.settings.blocked_sources).unwrap_or(usize::MAX);
            if !self.blocked.insert(offender, self.now, until, most) {
                let kind = EventKind::Limit { limit: Limit::BlockedSources };
                out.push(Event { at: self.now, packet: packet.number, session: Some(id), kind });
            }
        }
        let verdict = Verdict::Drop(DropReason::Threat);
        Some(Judgement { counted: true, ..Judgement::of(id, piece.direction, verdict) })
    }
}

/// Whether somebody would look into a session that has become `app` with this piece.
pub(super) fn is_inspected(world: &World, session: &Session, piece: Piece<'_>, app: AppId) -> bool {
    !world.threats.is_off() && begun(world, session, piece, (app, false)).is_some()
}

/// Who looks into a session that begins with this piece.
fn begun(world: &World, session: &Session, piece: Piece<'_>, app: (AppId, bool)) -> Option<Inspection> {
    world.threats.of(session.rule())?;
    let bytes = piece.payload.bytes;
    let [client, server] = match piece.direction {
        Direction::ClientToServer => [bytes, &[]],
        Direction::ServerToClient => [&[][..], bytes],
    };
    let heads = heads(session, client, server, &[]);
    Inspection::of(&world.threats, session.rule(), &world.catalog, &heads, app)
}

/// What the profiles of the session's rule say.
fn judge(
    world: &World,
    session: &Session,
    passed: &[AppId],
    direction: Direction,
    sight: &Sight,
) -> Option<Threat> {
    let mut apps: Vec<&str> = passed.iter().map(|app| world.catalog.name(*app)).collect();
    match session.app {
        AppState::Known(app) => apps.push(world.catalog.name(app)),
        // What an HTTP request is a candidate for (PANOS.md 0.8).
        AppState::Undecided | AppState::Exhausted => apps.push("web-browsing"),
    }
    let categories = match sight {
        Sight::Url { host, .. } => world.categories.names(world.categories.of(host)).collect(),
        _ => Vec::new(),
    };
    world.threats.judge(session.rule(), sight, direction, &apps, &categories)
}
