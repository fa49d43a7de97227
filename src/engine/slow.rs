//! The slow path: setting a session up on its first packet (PANOS.md 1.3, 1.4).

use super::event::{ActionSource, Event, EventKind, Events, Evidence, Label, Limit, Record};
use super::nat::Translation;
use super::protection::Admission;
use super::verdict::{DropReason, Verdict};
use super::{Firewall, Judgement, query, timeout};
use crate::app::AppId;
use crate::config::ResourceLimit;
use crate::feature::host_service::HostAccess;
use crate::feature::route::Place;
use crate::flow::{Direction, FlowKey, Protocol, ZoneId};
use crate::packet::{Layer4, Packet, Payload, TcpFlags, TcpSegment};
use crate::policy::{Lookup, Query};
use crate::session::{
    AppState, Counts, EndCauses, EndReason, History, KeyHash, Passed, Session, SessionId, Side, Slot, State,
    TcpTracker, Timer, Trigger,
};
use crate::time::Span;

/// The way of a new session's packets: where they come in and leave, and both of its keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) key: FlowKey,
    pub(super) s2c: FlowKey,
}

impl Firewall {
    /// What comes before a session: answers to SYN cookies, what cannot be a first packet, floods and scans
    /// (PANOS.md 1.4).
    pub(super) fn set_up(
        &mut self,
        packet: &Packet<'_>,
        key: &FlowKey,
        hash: KeyHash,
        out: &mut Events,
    ) -> Judgement {
        let segment = match packet.layer4 {
            Layer4::Tcp(segment) => Some(segment),
            _ => None,
        };
        if let Some(segment) = segment {
            if let Some(judgement) = self.cookie(packet, &segment, key, hash, out) {
                return judgement;
            }
            if let Some(reason) = self.refused_first(&segment, key.zone) {
                return Judgement::drop(reason);
            }
        }
        // A first packet that was captured on both sides of NAT is no session of its own.
        if let Some(found) = self.seen_again(packet, key) {
            return self.existing(found, packet, (key, hash), out);
        }
        match (self.admit(packet, key, out), segment) {
            (Admission::Drop(reason), _) => return Judgement::drop(reason),
            (Admission::SynCookie, Some(segment)) => return self.send_cookie(packet, &segment, key, out),
            (Admission::SynCookie | Admission::Pass, _) => {}
        }
        let Some(segment) = segment else { return self.begin(packet, key, hash, out) };
        self.say_stripped(packet, &segment, key.zone, out);
        if self.strips_fast_open(&segment, key.zone) {
            return Judgement {
                stripped: true,
                ..self.begin(&without_data(packet, segment), key, hash, out)
            };
        }
        self.begin(packet, key, hash, out)
    }

    /// The stages of the vendor's packet-flow page, in its order; the packet then takes the fast path.
    pub(super) fn begin(
        &mut self,
        packet: &Packet<'_>,
        key: &FlowKey,
        hash: KeyHash,
        out: &mut Events,
    ) -> Judgement {
        if self.predictions.len() > 0
            && let Some(judgement) = self.predicted(packet, key, out)
        {
            return judgement;
        }
        // Forwarding and NAT: the egress interface is that of the translated destination (PANOS.md 9).
        let from = match self.world.network.ingress(packet.arrival, packet.ip.src, packet.ip.dst) {
            Ok(from) => from,
            Err(why) => return Judgement::drop(why.into()),
        };
        let (translation, to) = match self.way(packet, key, &from, out) {
            Ok(way) => way,
            Err(judgement) => return judgement,
        };
        let way = Way { from, to, key: *key, s2c: translation.key.reply(to.zone) };
        // Security policy, with the application only where the header or a rule tells it (PANOS.md 0.1, 0.3a, 2.7).
        let query = self.first_query(packet, key, to.zone);
        let lookup = self.world.policy.lookup(&query);
        let at = self.now;
        let event = |kind| Event { at, packet: packet.number, session: None, kind };
        out.push(event(EventKind::Routed { ingress: from, egress: to }));
        let looked_up = EventKind::LookedUp { query: out.add_query(query), lookup };
        out.push(event(looked_up));
        if !lookup.action.is_allow() {
            self.untranslate(&translation);
            let record = out.add_record(self.refusal(packet, &way, &query, lookup));
            out.push(event(EventKind::Refused { record }));
            self.answer_refused(packet, key, lookup, out);
            return Judgement::drop(DropReason::PolicyDeny);
        }
        // Session allocation and installation.
        let mut session = self.new_session(packet, &way, &query, lookup);
        session.host = self.host_access(packet, key, &way);
        let slot = match self.install(session, hash, &translation, packet, out) {
            Ok(slot) => slot,
            Err(judgement) => return judgement,
        };
        self.numbered += 1;
        self.announce(slot, packet, out);
        match self.refuse_host(slot, packet, out) {
            Some(refused) => refused,
            None => self.inspect(slot, Direction::ClientToServer, packet, true, out),
        }
    }

    /// Puts a session into the table; `hash` is that of its `c2s` key.
    pub(super) fn install(
        &mut self,
        session: Session,
        hash: KeyHash,
        translation: &Translation,
        packet: &Packet<'_>,
        out: &mut Events,
    ) -> Result<Slot, Judgement> {
        let max = usize::try_from(self.world.settings.max_sessions).unwrap_or(usize::MAX);
        if self.table.len() >= max {
            self.untranslate(translation);
            return Err(self.no_room(packet, out));
        }
        let Some(slot) = self.table.insert(session, hash) else {
            self.untranslate(translation);
            return Err(Judgement::drop(DropReason::SameFlow));
        };
        self.hold(slot, translation, packet);
        Ok(slot)
    }

    /// There is no room for a session: the packet is dropped, or passes as it is where the setting says so.
    fn no_room(&self, packet: &Packet<'_>, out: &mut Events) -> Judgement {
        let event = |kind| Event { at: self.now, packet: packet.number, session: None, kind };
        out.push(event(EventKind::Limit { limit: Limit::Sessions }));
        match self.world.settings.resource_limit {
            ResourceLimit::Drop => Judgement::drop(DropReason::TableFull),
            ResourceLimit::Bypass => {
                out.push(event(EventKind::Bypassed));
                Judgement { verdict: Verdict::Forward, ..Judgement::drop(DropReason::TableFull) }
            }
        }
    }

    /// What the first lookup asks.
    fn first_query(&self, packet: &Packet<'_>, key: &FlowKey, to: ZoneId) -> Query {
        let settings = &self.world.settings;
        let in_time = |_: &AppId| settings.ip_protocol_at_once || key.protocol.is_icmp();
        let query = query(key, to, self.world.identifier.by_header(packet).filter(in_time), self.now);
        match self.world.overrides.lookup(&query).filter(|_| settings.override_at_once) {
            Some(rule) => Query { app: Some(rule.application), ..query },
            None => query,
        }
    }

    /// What the first lookup was not told although no decoder is needed for it, where the settings say so (PANOS.md
    /// 13.5, points 5 and 13): an IP protocol right after it, an application override at the first payload.
    #[inline]
    pub(super) fn withheld(
        &mut self,
        slot: Slot,
        direction: Direction,
        packet: &Packet<'_>,
        (expected, new_payload): (u32, bool),
        out: &mut Events,
    ) -> Option<Judgement> {
        let settings = &self.world.settings;
        if settings.override_at_once && settings.ip_protocol_at_once {
            return None;
        }
        let session = self.table.get(slot).filter(|session| !matches!(session.app, AppState::Known(_)))?;
        let told = query(&session.c2s, session.egress(), None, self.now);
        let app = match self.world.overrides.lookup(&told) {
            Some(rule) => new_payload.then_some(rule.application),
            None => self.world.identifier.by_header(packet),
        }?;
        let (at, session) = (self.now, Some(session.id));
        let kind = EventKind::Identified { app, evidence: self.told_by(&told, out) };
        out.push(Event { at, packet: packet.number, session, kind });
        let judged = self.decide(slot, direction, packet, expected, (app, None), out);
        if judged.is_none() {
            self.say_uninspected(slot, packet, app, out);
        }
        judged
    }

    /// A session in its first moment.
    pub(super) fn new_session(
        &self,
        packet: &Packet<'_>,
        way: &Way,
        query: &Query,
        lookup: Lookup,
    ) -> Session {
        let Way { key, s2c, from, to } = *way;
        let rules = self.tcp_rules(key.zone);
        let (timer, tcp) = match packet.layer4 {
            Layer4::Tcp(tcp) if is_syn(&tcp) => (Timer::TcpInit, TcpTracker::open(&tcp, rules)),
            Layer4::Tcp(tcp) if self.cookies.answers(&tcp, &key, self.now) => {
                (Timer::Tcp, TcpTracker::after_cookie(&tcp, rules))
            }
            Layer4::Tcp(tcp) => (Timer::Tcp, TcpTracker::resume(&tcp, rules)),
            Layer4::Udp(_) => (Timer::Udp, TcpTracker::default()),
            Layer4::Icmp(_) => (Timer::Icmp, TcpTracker::default()),
            _ => (Timer::Default, TcpTracker::default()),
        };
        let timeout = timeout(&self.world, timer, query, lookup.rule);
        let opening = State::Init.next(Trigger::Allocate).unwrap_or(State::Opening);
        Session {
            c2s: key,
            s2c,
            ingress_interface: from.interface,
            egress_interface: to.interface,
            id: SessionId(self.numbered + 1),
            counts: Counts::default(),
            payload: [0; 2],
            passed_before: None,
            started: self.now,
            last: self.now,
            expires: self.now + Span::from_secs(u64::from(timeout)),
            scheduled: self.now + Span::from_secs(u64::from(timeout)),
            timeout,
            timer,
            hastened: false,
            host: HostAccess::None,
            state: opening.next(Trigger::Install).unwrap_or(State::Active),
            tcp,
            app: match (query.app, key.protocol) {
                (Some(app), _) => AppState::Known(app),
                (None, Protocol::TCP | Protocol::UDP) => AppState::Undecided,
                (None, _) => AppState::Exhausted,
            },
            stream: None,
            parent: None,
            nat: None,
            sides: [Some(Side::Received), None],
            data_packets: 0,
            data_bytes: 0,
            ttl: packet.ip.ttl,
            undelivered: None,
            cut: false,
            url_denied: false,
            decrypted: false,
            tentative: lookup,
            decided: query.app.map(|_| lookup),
            causes: EndCauses::default(),
            history: History::default(),
            first_packet: packet.number,
            last_packet: packet.number,
        }
    }

    /// Schedules a new session's timer and says that it is there.
    pub(super) fn announce(&mut self, slot: Slot, packet: &Packet<'_>, out: &mut Events) {
        self.created += 1;
        self.weigh_new(slot, packet.number, out);
        let Some(session) = self.table.get(slot) else { return };
        self.timers.schedule(session.scheduled, session.id.low(), slot);
        let record = out.add_record(Record::of(session, super::label(&self.world, session)));
        let event = |kind| Event { at: self.now, packet: packet.number, session: Some(session.id), kind };
        out.push(event(EventKind::Created { record }));
        out.push(event(EventKind::Armed {
            timer: session.timer,
            timeout: Span::from_secs(u64::from(session.timeout)),
        }));
    }

    /// An application that the header tells is known at once, and the first lookup was the full one. Called when the
    /// first packet is counted.
    pub(super) fn known_at_once(&self, slot: Slot, packet: &Packet<'_>, out: &mut Events) {
        let Some(session) = self.table.get(slot) else { return };
        let AppState::Known(app) = session.app else { return };
        let event = |kind| Event { at: self.now, packet: packet.number, session: Some(session.id), kind };
        let told = query(&session.c2s, session.egress(), None, self.now);
        let evidence = match session.parent() {
            Some(_) => Evidence::plain("announced in its parent session", out),
            None => self.told_by(&told, out),
        };
        out.push(event(EventKind::Identified { app, evidence }));
        let record = out.add_record(Record::of(session, Label::App(app)));
        out.push(event(EventKind::Allowed { record }));
        self.say_uninspected(slot, packet, app, out);
    }

    /// What tells an application without payload: an application-override rule, otherwise the header.
    fn told_by(&self, query: &Query, out: &mut Events) -> Evidence {
        match self.world.overrides.lookup(query) {
            Some(rule) => Evidence {
                what: "told by the application-override rule",
                detail: out.add_bytes(rule.name.as_bytes()),
                names_host: false,
            },
            None => Evidence { what: "told by the IP header", detail: out.add_bytes(&[]), names_host: false },
        }
    }

    /// The record of a packet that the port-only lookup refuses: session id 0, `not-applicable`, `policy-deny`
    /// (PANOS.md 0.4); the application only where the header told it (0.3a).
    fn refusal(&self, packet: &Packet<'_>, way: &Way, query: &Query, lookup: Lookup) -> Record {
        let Way { key, s2c, from, .. } = *way;
        Record {
            id: None,
            parent: None,
            c2s: key,
            s2c,
            ingress: from.interface,
            egress: None,
            rule: lookup.rule,
            tentative: lookup.rule,
            decided: query.app.map(|_| lookup.rule),
            label: query.app.map_or(Label::NotApplicable, Label::App),
            action: lookup.action,
            action_source: ActionSource::FromPolicy,
            counts: Counts { packets: [1, 0], bytes: [u64::from(packet.wire_len), 0] },
            passed: Passed::default(),
            started: self.now,
            last: self.now,
            nat: None,
            sides: [Some(Side::Received), None],
            reason: Some(EndReason::PolicyDeny),
            state: State::Closed,
            host: HostAccess::None,
            open: false,
            history: History::default(),
            cut: false,
            url_denied: false,
            decrypted: false,
            first_packets: None,
            first_packet: packet.number,
            last_packet: packet.number,
        }
    }
}

/// The packet without the segment's data.
pub(super) const fn without_data<'a>(packet: &Packet<'a>, segment: TcpSegment<'a>) -> Packet<'a> {
    let payload = Payload { bytes: &[], len: 0 };
    Packet { layer4: Layer4::Tcp(TcpSegment { payload, ..segment }), ..*packet }
}

/// A SYN that begins a connection.
pub(super) const fn is_syn(segment: &TcpSegment<'_>) -> bool {
    segment.flags.contains(TcpFlags::SYN) && !segment.flags.contains(TcpFlags::ACK)
}
