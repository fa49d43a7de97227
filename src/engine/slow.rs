//! The slow path: setting a session up on its first packet (PANOS.md 1.3, 1.4).

use super::event::{ActionSource, Event, EventKind, Events, Evidence, Label, Limit, Record};
use super::verdict::DropReason;
use super::{Arrived, Firewall, Judgement, query, timeout};
use crate::feature::route::Place;
use crate::flow::{Direction, Protocol};
use crate::packet::{Layer4, Packet, TcpFlags, TcpSegment};
use crate::policy::{Lookup, Query};
use crate::session::{
    AppState, Counts, EndCauses, EndReason, History, Passed, Session, SessionId, Slot, State, TcpTracker,
    Timer, Trigger,
};
use crate::time::Span;

impl Firewall {
    /// The stages of the vendor's packet-flow page, in its order; the packet then takes the fast path.
    pub(super) fn set_up(&mut self, packet: &Packet<'_>, arrived: &Arrived, out: &mut Events) -> Judgement {
        // TCP state check: a first packet must be a SYN (PANOS.md 1.4).
        if let Layer4::Tcp(tcp) = packet.layer4
            && !is_syn(&tcp)
            && self.world.settings.tcp_reject_non_syn
        {
            return Judgement::drop(DropReason::NonSyn);
        }
        let Arrived { key, hash, from } = *arrived;
        // Forwarding: the egress interface and its zone.
        let to = match self.world.network.egress(&from, packet.ip.dst) {
            Ok(to) => to,
            Err(why) => return Judgement::drop(why.into()),
        };
        // Security policy, with the application only where the header tells it (PANOS.md 0.1, 0.3a).
        let app = self.world.identifier.by_header(packet);
        let query = query(&key, to.zone, app);
        let lookup = self.world.policy.lookup(&query);
        let at = self.now;
        let event = |kind| Event { at, packet: packet.number, session: None, kind };
        out.push(event(EventKind::Routed { ingress: from, egress: to }));
        let looked_up = EventKind::LookedUp { query: out.add_query(query), lookup };
        out.push(event(looked_up));
        if !lookup.action.is_allow() {
            let record = out.add_record(self.refusal(packet, arrived, &query, lookup));
            out.push(event(EventKind::Refused { record }));
            self.answer_refused(packet, &key, lookup, out);
            return Judgement::drop(DropReason::PolicyDeny);
        }
        // Session allocation and installation.
        let max = usize::try_from(self.world.settings.max_sessions).unwrap_or(usize::MAX);
        let session = self.new_session(packet, arrived, &to, &query, lookup);
        let installed = if self.table.len() < max { self.table.insert(session, hash) } else { None };
        let Some(slot) = installed else {
            out.push(event(EventKind::Limit { limit: Limit::Sessions }));
            return Judgement::drop(DropReason::TableFull);
        };
        self.created += 1;
        self.announce(slot, packet, out);
        self.inspect(slot, Direction::ClientToServer, packet, true, out)
    }

    /// A session in its first moment.
    fn new_session(
        &self,
        packet: &Packet<'_>,
        arrived: &Arrived,
        to: &Place,
        query: &Query,
        lookup: Lookup,
    ) -> Session {
        let Arrived { key, from, .. } = *arrived;
        let bypass = self.world.settings.asymmetric_path == crate::config::AsymmetricPath::Bypass;
        let (timer, tcp) = match packet.layer4 {
            Layer4::Tcp(tcp) if is_syn(&tcp) => (Timer::TcpInit, TcpTracker::open(&tcp, bypass)),
            Layer4::Tcp(tcp) => (Timer::Tcp, TcpTracker::resume(&tcp, bypass)),
            Layer4::Udp(_) => (Timer::Udp, TcpTracker::default()),
            Layer4::Icmp(_) => (Timer::Icmp, TcpTracker::default()),
            _ => (Timer::Default, TcpTracker::default()),
        };
        let timeout = timeout(&self.world, timer, key.protocol, query.app);
        let opening = State::Init.next(Trigger::Allocate).unwrap_or(State::Opening);
        Session {
            c2s: key,
            s2c: key.reply(to.zone),
            ingress_interface: from.interface,
            egress_interface: to.interface,
            id: SessionId(self.created + 1),
            counts: Counts::default(),
            payload: [0; 2],
            passed_before: None,
            started: self.now,
            last: self.now,
            expires: self.now + Span::from_secs(u64::from(timeout)),
            scheduled: self.now + Span::from_secs(u64::from(timeout)),
            timeout,
            timer,
            state: opening.next(Trigger::Install).unwrap_or(State::Active),
            tcp,
            app: match (query.app, key.protocol) {
                (Some(app), _) => AppState::Known(app),
                (None, Protocol::TCP | Protocol::UDP) => AppState::Undecided,
                (None, _) => AppState::Exhausted,
            },
            stream: None,
            data_packets: 0,
            data_bytes: 0,
            ttl: packet.ip.ttl,
            undelivered: None,
            cut: false,
            tentative: lookup,
            decided: query.app.map(|_| lookup),
            causes: EndCauses::default(),
            history: History::default(),
            first_packet: packet.number,
            last_packet: packet.number,
        }
    }

    /// Schedules a new session's timer and says that it is there.
    fn announce(&mut self, slot: Slot, packet: &Packet<'_>, out: &mut Events) {
        let Some(session) = self.table.get(slot) else { return };
        self.timers.schedule(session.scheduled, session.id.0, slot);
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
        let evidence = Evidence { what: "told by the IP header", detail: out.add_bytes(&[]) };
        out.push(event(EventKind::Identified { app, evidence }));
        let record = out.add_record(Record::of(session, Label::App(app)));
        out.push(event(EventKind::Allowed { record }));
    }

    /// The record of a packet that the port-only lookup refuses: session id 0, `not-applicable`, `policy-deny`
    /// (PANOS.md 0.4); the application only where the header told it (0.3a).
    fn refusal(&self, packet: &Packet<'_>, arrived: &Arrived, query: &Query, lookup: Lookup) -> Record {
        let Arrived { key, from, .. } = *arrived;
        Record {
            id: None,
            parent: None,
            c2s: key,
            s2c: key.reply(query.to),
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
            reason: Some(EndReason::PolicyDeny),
            state: State::Closed,
            open: false,
            history: History::default(),
            cut: false,
            first_packets: None,
            first_packet: packet.number,
            last_packet: packet.number,
        }
    }
}

/// A SYN that begins a connection.
pub(super) const fn is_syn(segment: &TcpSegment<'_>) -> bool {
    segment.flags.contains(TcpFlags::SYN) && !segment.flags.contains(TcpFlags::ACK)
}
