//! What an application turns into: the shifts of a session whose application is known (PANOS.md 2.4), and connections
//! that begin inside another one (4.2, `decoder`).

use std::collections::VecDeque;

use super::appid::{Found, Piece, categories, heads, kept_as};
use super::event::{Event, EventKind, Events, Evidence, Limit, Record};
use super::threat::is_inspected;
use super::{Firewall, Judgement, first_packets, has_secure_ports, label, query};
use crate::app::{AppId, Followed, Followers, PASSED_MAX, Seen, Turn, Watch};
use crate::config::World;
use crate::packet::Packet;
use crate::policy::Query;
use crate::session::{
    AppState, Counts, EndCauses, EndReason, History, Session, SessionId, Slot, State, Stream,
};

impl Firewall {
    /// The first application is known: sees to who looks on and who reads on, and what they make of the bytes that have
    /// come. `None` where the packet may go on.
    pub(super) fn look_on(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        (app, category): Found,
        out: &mut Events,
    ) -> Option<Judgement> {
        if self.world.algs.is_disabled(app) {
            self.say_uninspected(slot, packet, app, out);
        }
        let world = &self.world;
        let session = self.table.get_mut(slot)?;
        let terms = world.terms();
        let protocol = session.c2s.protocol;
        let followers = world.identifier.followers(app, world.settings.shifts());
        if session.stream.is_none() {
            let bytes = piece.payload.bytes;
            let sides = if piece.direction.index() == 0 { [bytes, &[]] } else { [&[][..], bytes] };
            let is_over = followers.is_empty()
                && Watch::of(terms, &heads(session, sides[0], sides[1], &[]), app).is_none();
            let is_heard = world.algs.has(app, protocol);
            if is_over && !is_heard && !is_inspected(world, session, piece, app) {
                return None;
            }
        }
        let start = || world.identifier.start(protocol);
        let had_stream = session.stream.is_some();
        self.streams.get_or_add(&mut session.stream, start);
        let kept_as = kept_as(session);
        if !had_stream && self.streams.keep(&world.settings, session.stream, kept_as, piece).is_err() {
            return None;
        }
        let stream = self.streams.get_mut(session.stream)?;
        stream.followers = followers;
        stream.passed.push(app);
        stream.category = category;
        if stream.watch.is_none() {
            let [client, server] = &stream.heads;
            stream.watch =
                Watch::of(terms, &heads(session, client, server, &stream.pieces), app).map(Box::new)
        };
        self.turns.clear();
        stream.feed(terms, &mut self.turns);
        self.shift(slot, packet, piece, false, out)
    }

    /// More payload of a session whose application is known and that somebody still looks at.
    pub(super) fn read_on(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        out: &mut Events,
    ) -> Option<Judgement> {
        let world = &self.world;
        let session = self.table.get_mut(slot)?;
        let stream = self.streams.get_mut(session.stream)?;
        self.turns.clear();
        let is_straight = stream.passes_through(piece.chunk());
        if is_straight {
            if let Some(watch) = &mut stream.watch {
                let bytes = (piece.direction, piece.payload.bytes);
                watch.feed(world.terms(), &stream.passed, bytes, &mut self.turns);
            }
        } else {
            match self.streams.keep(&world.settings, session.stream, kept_as(session), piece) {
                Ok(true) => {
                    let stream = self.streams.get_mut(session.stream)?;
                    stream.feed(world.terms(), &mut self.turns);
                }
                Ok(false) => return None,
                // Nobody reads on behind a gap; the session itself goes on.
                Err(_) => {
                    self.streams.release(session.stream.take());
                    return None;
                }
            }
        }
        self.shift(slot, packet, piece, is_straight, out)
    }

    /// Everything the session turns into with the bytes at hand, each looked up in full; lets the bytes go where nobody
    /// wants them any more.
    fn shift(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        is_straight: bool,
        out: &mut Events,
    ) -> Option<Judgement> {
        while let Some(found) = self.next_shift(slot, packet, out) {
            let judged = self.decide(slot, piece.direction, packet, piece.expected, found, out);
            if judged.is_some() {
                return judged;
            }
        }
        let is_looked_into = !self.world.threats.is_off();
        if is_looked_into {
            self.look_into(slot, piece, is_straight);
        }
        self.listen(slot, packet, piece, is_straight, out);
        let session = self.table.get_mut(slot)?;
        let stream = self.streams.get_mut(session.stream)?;
        if stream.is_full() && !stream.followers.is_empty() {
            stream.followers = Followers::default();
            let kind = EventKind::Limit { limit: Limit::AppIdBytes };
            out.push(Event { at: self.now, packet: packet.number, session: Some(session.id), kind });
        }
        if stream.followers.is_empty() {
            if !stream.is_read() && !stream.begins_anew {
                self.streams.release(session.stream.take());
            } else {
                self.streams.park(session.stream);
            }
        }
        if is_looked_into { self.act(slot, packet, piece, out) } else { None }
    }

    /// The next application that the session turns into, with an event that says so.
    fn next_shift(&mut self, slot: Slot, packet: &Packet<'_>, out: &mut Events) -> Option<Found> {
        let world = &self.world;
        let session = self.table.get_mut(slot)?;
        let stream = self.streams.get_mut(session.stream)?;
        // What a custom application's signature has told, nothing predefined takes back.
        if stream.passed.last().is_some_and(|app| is_custom(world, *app)) {
            stream.followers = Followers::default();
        }
        let (key, egress, now) = (session.c2s, session.egress(), self.now);
        let decrypted = has_secure_ports(session, world);
        let allows = |app, host: &[u8]| {
            let category = Some(world.categories.of(host));
            let query = Query { category, decrypted, ..query(&key, egress, Some(app), now) };
            world.policy.lookup(&query).action.is_allow()
        };
        let (app, evidence) = loop {
            match followed(world, session, stream) {
                Some(Followed::Application(app, seen)) => break (app, Evidence::of(seen, out)),
                Some(Followed::Through(app, seen)) if allows(app, &seen.detail) => {
                    break (app, Evidence::of(seen, out));
                }
                // It is not what the session is: the last one is.
                Some(Followed::Through(app, _)) => stream.passed.insert(0, app),
                Some(Followed::Host(seen)) => {
                    let category = Some(world.categories.of(&seen.detail));
                    stream.category = category;
                    return Some((*stream.passed.last()?, category));
                }
                None => break turned(world, &mut self.turns, stream, allows, out)?,
            }
        };
        let category = match categories(world, app, &evidence, out) {
            Some(category) if evidence.names_host => Some(category),
            known => stream.category.or(known),
        };
        stream.category = category;
        stream.passed.push(app);
        stream.followers = stream.followers.with(world.identifier.followers(app, world.settings.shifts()));
        let kind = EventKind::Identified { app, evidence };
        out.push(Event { at: self.now, packet: packet.number, session: Some(session.id), kind });
        Some((app, category))
    }

    /// Where the protocol of a session has said that another connection begins inside it, the next payload begins it:
    /// the session ends (`decoder`), and another takes its place in the table.
    pub(super) fn begin_anew(&mut self, slot: Slot, packet: &Packet<'_>, out: &mut Events) {
        let Some(session) = self.table.get_mut(slot) else { return };
        if !self.streams.get_mut(session.stream).is_some_and(|stream| stream.begins_anew) {
            return;
        }
        self.streams.release(session.stream.take());
        session.causes.add(EndReason::Decoder);
        let mut ended = Record::of(session, label(&self.world, session));
        ended.state = State::Closed;
        ended.reason = Some(session.causes.reason());
        ended.first_packets = first_packets(session);
        let kind = EventKind::Ended { record: out.add_record(ended) };
        out.push(Event { at: self.now, packet: packet.number, session: Some(session.id), kind });
        let query = query(&session.c2s, session.egress(), None, self.now);
        let lookup = self.world.policy.lookup(&query);
        let kind = EventKind::LookedUp { query: out.add_query(query), lookup };
        out.push(Event { at: self.now, packet: packet.number, session: None, kind });
        self.numbered += 1;
        session.id = SessionId(self.numbered);
        // The ports have not changed: what let the first connection in lets this one in.
        session.tentative = if lookup.action.is_allow() { lookup } else { session.tentative };
        session.decided = None;
        (session.app, session.data_packets, session.data_bytes) = (AppState::Undecided, 0, 0);
        (session.counts, session.payload, session.passed_before) = (Counts::default(), [0; 2], None);
        (session.started, session.first_packet) = (self.now, packet.number);
        (session.undelivered, session.cut) = (None, false);
        (session.causes, session.history) = (EndCauses::default(), History::default());
        session.scheduled = session.expires;
        self.announce(slot, packet, out);
    }
}

/// What those who look on make of the bytes at hand.
fn followed<'a>(world: &World, session: &Session, stream: &'a mut Stream) -> Option<Followed<'a>> {
    if stream.followers.is_empty() {
        return None;
    }
    let Stream { heads: [client, server], pieces, followers, passed, category, .. } = stream;
    let heads = heads(session, client, server, pieces);
    world.identifier.follow(&world.catalog, followers, &heads, passed, category.is_some())
}

/// What the reader has made of them: the next application that the session has not been yet.
fn turned(
    world: &World,
    turns: &mut VecDeque<Turn>,
    stream: &mut Stream,
    allows: impl Fn(AppId, &[u8]) -> bool,
    out: &mut Events,
) -> Option<(AppId, Evidence)> {
    let Stream { watch, passed, begins_anew, .. } = stream;
    while let Some(turn) = turns.pop_front().or_else(|| watch.as_mut()?.waited(&world.signatures, passed)) {
        match turn {
            Turn::Connection => *begins_anew = true,
            Turn::Application { app, what, detail, names_host, through } => {
                let stays =
                    passed.last().is_some_and(|last| is_custom(world, *last)) && !is_custom(world, app);
                if stays || passed.contains(&app) || passed.len() >= PASSED_MAX {
                    continue;
                }
                if through && !allows(app, &detail) {
                    passed.insert(0, app);
                    continue;
                }
                return Some((app, Evidence::of(Seen { what, detail: detail.into(), names_host }, out)));
            }
        }
    }
    None
}

/// Whether it is an application of the rulebase's own.
pub(super) fn is_custom(world: &World, app: AppId) -> bool {
    world.catalog.get(app).is_some_and(|application| application.custom)
}
