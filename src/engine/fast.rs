//! The fast path: packets of sessions that exist (PANOS.md 1.5).

use super::event::{Event, EventKind, Events, Limit};
use super::slow::{is_syn, without_data};
use super::strict;
use super::verdict::{DropReason, Verdict};
use super::{Firewall, Judgement, query, timeout};
use crate::config::Settings;
use crate::flow::{Direction, FlowKey};
use crate::packet::{Layer4, Packet, TcpFlags, TcpSegment};
use crate::session::{
    AppState, EndReason, Found, KeyHash, Letter, Session, SessionId, Side, Slot, State, TcpChange,
    TcpRefusal, TcpRules, TcpTracker, TcpVerdict, Timer,
};
use crate::time::Span;

/// What the transport tracker says of a packet.
enum Tracked {
    /// It goes on; whether it brings payload for App-ID, and the sequence number that was expected next.
    Accept { new_payload: bool, expected: u32, change: Option<TcpChange> },
    /// It is dropped.
    Refuse(DropReason),
}

impl Firewall {
    /// A packet whose flow is in the table.
    pub(super) fn existing(
        &mut self,
        found: Found,
        packet: &Packet<'_>,
        (key, hash): (&FlowKey, KeyHash),
        out: &mut Events,
    ) -> Judgement {
        let Found { slot, direction, side } = found;
        let Some(session) = self.table.get(slot) else {
            return Judgement::drop(DropReason::SessionDiscard);
        };
        if session.sides[direction.index()] != Some(side)
            && let Some(judgement) = self.captured(found, packet, out)
        {
            return judgement;
        }
        let Some(session) = self.table.get_mut(slot) else {
            return Judgement::drop(DropReason::SessionDiscard);
        };
        if session.state == State::Discard {
            return Judgement::of(session.id, direction, Verdict::Drop(DropReason::SessionDiscard));
        }
        // One way on for nearly every packet: what is rare is called, not written out.
        if let Layer4::Tcp(segment) = packet.layer4
            && (segment.flags.contains(TcpFlags::SYN)
                || self.cookies.is_used(slot)
                || self.rewriting.concerns(slot))
            && let Some(judgement) = self.unusual(found, packet, (key, hash), out)
        {
            return judgement;
        }
        self.inspect(slot, direction, packet, false, out)
    }

    /// A SYN on a flow that exists, and any segment of a session that began with a SYN cookie, or in which NAT has rewritten
    /// payload; `None` where it is like any other.
    #[cold]
    fn unusual(
        &mut self,
        Found { slot, direction, side }: Found,
        packet: &Packet<'_>,
        (key, hash): (&FlowKey, KeyHash),
        out: &mut Events,
    ) -> Option<Judgement> {
        let Layer4::Tcp(segment) = packet.layer4 else { return None };
        let session = self.table.get_mut(slot)?;
        if session.tcp.gives_way_to(&segment) {
            session.causes.add(EndReason::TcpReuse);
            self.end(slot, packet.number, out);
            return Some(self.set_up(packet, key, hash, out));
        }
        if segment.flags.contains(TcpFlags::SYN)
            && segment.payload.len > 0
            && self.strips_fast_open(&segment, key.zone)
        {
            let bare = without_data(packet, segment);
            return Some(Judgement { stripped: true, ..self.inspect(slot, direction, &bare, false, out) });
        }
        if self.cookies.is_used(slot) {
            return Some(self.behind_cookie(slot, direction, packet, segment, out));
        }
        if side == Side::Transmitted {
            return None;
        }
        // What it acknowledges has been rewritten on its way; the tracker goes by what was received.
        let ack = self.rewriting.back(slot, direction.reverse(), segment.ack);
        let segment = TcpSegment { ack, ..segment };
        let packet = Packet { layer4: Layer4::Tcp(segment), ..*packet };
        Some(self.inspect(slot, direction, &packet, false, out))
    }

    /// Tracking, counting, timers, App-ID and, where the application changes, the full lookup.
    pub(super) fn inspect(
        &mut self,
        slot: Slot,
        direction: Direction,
        packet: &Packet<'_>,
        first: bool,
        out: &mut Events,
    ) -> Judgement {
        let Some(session) = self.table.get_mut(slot) else {
            return Judgement::drop(DropReason::SessionDiscard);
        };
        let id = session.id;
        let keeps_bytes = session.tcp.has(TcpRules::NO_MISMATCH);
        if keeps_bytes
            && let Layer4::Tcp(segment) = packet.layer4
            && self.overlaps.mismatch(slot, direction, &segment)
        {
            return Judgement::of(id, direction, Verdict::Drop(DropReason::OverlapMismatch));
        }
        let (new_payload, expected, change) =
            match track(session, direction, packet, first, &self.world.settings) {
                Tracked::Accept { new_payload, expected, change } => (new_payload, expected, change),
                Tracked::Refuse(reason) => return Judgement::of(id, direction, Verdict::Drop(reason)),
            };
        if keeps_bytes && let Layer4::Tcp(segment) = packet.layer4 {
            let most = usize::try_from(self.world.settings.overlap_bytes).unwrap_or(usize::MAX);
            if !self.overlaps.note(slot, direction, &segment, most) {
                let kind = EventKind::Limit { limit: Limit::OverlapBytes };
                out.push(Event { at: self.now, packet: packet.number, session: Some(id), kind });
            }
        }
        if new_payload && session.stream.is_some() {
            self.begin_anew(slot, packet, out);
        }
        let Some(session) = self.table.get_mut(slot) else {
            return Judgement::drop(DropReason::SessionDiscard);
        };
        // Another connection that begins inside this one has a number of its own.
        let id = session.id;
        session.count(direction, packet.wire_len);
        session.last = self.now;
        session.last_packet = packet.number;
        self.keep_time(slot, packet.number, change, first, out);
        if first {
            self.known_at_once(slot, packet, out);
        }
        if let Some(judgement) = self.withheld(slot, direction, packet, (expected, new_payload), out) {
            return judgement;
        }
        if new_payload && let Some(judgement) = self.app_id(slot, direction, packet, expected, out) {
            return judgement;
        }
        if let Some(session) = self.table.get_mut(slot) {
            session.payload[direction.index()] += u64::from(super::payload_len(packet));
            // Nothing new comes after both FINs, or a RST.
            if session.timer == Timer::TcpTimeWait && matches!(session.app, AppState::Known(_)) {
                self.streams.release(session.stream.take());
            }
        }
        if self.shows_transmitted {
            self.transmit(slot, direction, packet, out);
        }
        self.rewriting.pass(slot, packet);
        Judgement { counted: true, ..Judgement::of(id, direction, Verdict::Forward) }
    }

    /// Takes note of a stage that changed, and refreshes or re-arms the timer.
    fn keep_time(
        &mut self,
        slot: Slot,
        packet: u64,
        change: Option<TcpChange>,
        first: bool,
        out: &mut Events,
    ) {
        let half_closed = self.world.settings.half_closed_refresh;
        let Some(session) = self.table.get_mut(slot) else { return };
        if let Some(change) = change {
            let kind = EventKind::Stage { stage: change.stage };
            out.push(Event { at: self.now, packet, session: Some(session.id), kind });
            if let Some(cause) = change.cause {
                session.causes.add(cause);
            }
            if change.revived {
                session.causes.remove(EndReason::TcpRstFromClient);
                session.causes.remove(EndReason::TcpRstFromServer);
            }
            if let Some(timer) = change.timer {
                self.arm(slot, timer, packet, out);
            }
            return;
        }
        let refreshed = match session.timer {
            Timer::TcpUnverifiedRst => false,
            _ if session.c2s.protocol == crate::flow::Protocol::TCP => {
                session.tcp.refresh(half_closed).is_some()
            }
            _ => !first,
        };
        if refreshed && self.pressure.is_on() {
            self.wind(slot);
        } else if refreshed {
            session.expires = self.now + Span::from_secs(u64::from(session.timeout));
            session.hastened = false;
        }
    }

    /// Starts a timer anew.
    pub(super) fn arm(&mut self, slot: Slot, timer: Timer, packet: u64, out: &mut Events) {
        let Some(session) = self.table.get_mut(slot) else { return };
        let app = match session.app {
            AppState::Known(app) => Some(app),
            AppState::Undecided | AppState::Exhausted => None,
        };
        let query = query(&session.c2s, session.egress(), app, self.now);
        let timeout = timeout(&self.world, timer, &query, session.rule());
        let length = Span::from_secs(u64::from(timeout));
        if (timer, timeout) != (session.timer, session.timeout) {
            let kind = EventKind::Armed { timer, timeout: length };
            out.push(Event { at: self.now, packet, session: Some(session.id), kind });
        }
        session.timer = timer;
        session.timeout = timeout;
        self.wind(slot);
    }

    /// Too many out-of-order segments: the session is set to drop for lack of resources (PANOS.md 4.2, 6.1).
    pub(super) fn overflow(
        &mut self,
        slot: Slot,
        direction: Direction,
        packet: &Packet<'_>,
        limit: Limit,
        out: &mut Events,
    ) -> Judgement {
        let Some(session) = self.table.get_mut(slot) else {
            return Judgement::drop(DropReason::OutOfOrderLimit);
        };
        session.discard(EndReason::ResourcesUnavailable, Some(direction));
        let id = session.id;
        let kind = EventKind::Limit { limit };
        out.push(Event { at: self.now, packet: packet.number, session: Some(id), kind });
        self.arm(slot, Timer::Discard, packet.number, out);
        Judgement {
            counted: true,
            ..Judgement::of(id, direction, Verdict::Drop(DropReason::OutOfOrderLimit))
        }
    }
}

impl Judgement {
    pub(super) const fn of(session: SessionId, direction: Direction, verdict: Verdict) -> Self {
        Self { verdict, session: Some(session), direction: Some(direction), counted: false, stripped: false }
    }
}

/// Asks the transport tracker and notes the session's history.
#[inline(always)]
fn track(
    session: &mut Session,
    direction: Direction,
    packet: &Packet<'_>,
    first: bool,
    settings: &Settings,
) -> Tracked {
    match packet.layer4 {
        Layer4::Tcp(segment) => match strict::refused(&segment, settings) {
            Some(reason) => Tracked::Refuse(reason),
            None => track_tcp(session, direction, &segment, first),
        },
        Layer4::Udp(udp) => {
            if udp.payload.len > 0 {
                session.history.note(direction.index(), Letter::Data);
            }
            Tracked::Accept { new_payload: udp.payload.len > 0, expected: 0, change: None }
        }
        _ => Tracked::Accept { new_payload: false, expected: 0, change: None },
    }
}

#[inline(always)]
fn track_tcp(session: &mut Session, direction: Direction, segment: &TcpSegment<'_>, first: bool) -> Tracked {
    let expected = session.tcp.next(direction).unwrap_or(segment.payload_seq());
    let verdict = if first && is_syn(segment) {
        TcpVerdict::Accept { new_payload: segment.payload.len > 0, change: None }
    } else {
        session.tcp.track(direction, segment)
    };
    match verdict {
        TcpVerdict::Accept { new_payload, change } => {
            TcpTracker::note(&mut session.history, direction, segment, new_payload);
            let expected =
                if segment.flags.contains(TcpFlags::SYN) { segment.payload_seq() } else { expected };
            Tracked::Accept { new_payload, expected, change }
        }
        TcpVerdict::Refuse(refusal) => Tracked::Refuse(match refusal {
            TcpRefusal::OutOfWindow => DropReason::OutOfWindow,
            TcpRefusal::SplitHandshake => DropReason::SplitHandshake,
            TcpRefusal::SynAckWithData => DropReason::SynAckWithData,
        }),
    }
}
