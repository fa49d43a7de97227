//! The firewall: packets in, verdicts and events out.
//!
//! [`Firewall`] has no clock, no I/O and no randomness that shows: time is an argument, and the same packets give the
//! same events. `slow.rs` sets sessions up, `fast.rs` handles the packets of sessions that exist.

mod ageing;
mod appid;
mod block;
mod blocked;
mod cache;
mod cleartext;
mod commit;
mod control;
mod cookies;
mod decrypt;
mod event;
mod exclusions;
mod fast;
#[cfg(test)]
mod floods;
mod gateways;
mod host_service;
mod nat;
mod overlap;
mod peers;
mod predict;
mod protection;
mod rewriting;
mod shift;
mod slow;
mod standing;
mod streams;
mod strict;
mod threat;
mod verdict;
mod words;

use std::collections::VecDeque;
use std::sync::Arc;

pub use ageing::Ageing;
pub use commit::Commit;
pub use control::{Control, Operation, SessionFilter};
pub use event::{
    ActionSource, DecryptionStep, Event, EventKind, Events, Evidence, FirstPackets, Injection, Label, Limit,
    Outcome, Range, Record, Records, Stripped, Uninspected, Unpredicted,
};
pub use predict::Prediction;
pub use standing::Standing;
pub use verdict::{DropReason, Verdict};

use crate::app::{AppId, Turn};
use crate::config::World;
use crate::feature::nat::Pools;
use crate::flow::{Direction, FlowKey, Protocol, ZoneId};
use crate::packet::{Checksum, Layer4, Malformed, Packet};
use crate::policy::{Query, RuleId, Ternary};
use crate::session::{AppState, EndReason, Session, SessionId, Slot, State, Table, Timer, Timers, Trigger};
use crate::time::Timestamp;

/// A packet-level model of a PAN-OS style firewall.
#[derive(Debug)]
pub struct Firewall {
    world: Arc<World>,
    table: Table,
    timers: Timers,
    streams: streams::Streams,
    /// What a packet's payload makes of its session, to be looked up one after the other.
    turns: VecDeque<Turn>,
    peers: peers::Peers,
    cache: cache::AppCache,
    /// Sources that are blocked for a while.
    blocked: blocked::Blocked,
    /// What zone protection has seen.
    protection: protection::Protection,
    /// What combination signatures of threats count.
    hits: threat::Hits,
    nat: nat::Nat,
    cookies: cookies::Cookies,
    overlaps: overlap::Overlaps,
    decryption: decrypt::Decryption,
    predictions: predict::Predictions,
    rewriting: rewriting::Rewriting,
    cleartext: cleartext::ClearTexts,
    /// ICMP unreachables sent, by second.
    unreachables: block::Rate,
    /// How full the table is.
    pressure: ageing::Pressure,
    /// Whether what NAT makes of each packet is said.
    shows_transmitted: bool,
    now: Timestamp,
    /// How many sessions were set up.
    created: u64,
    /// The last number that a session, or a prediction, was given.
    numbered: u64,
    /// Where [`Firewall::finish_some`] has come to.
    finished: u32,
}

/// What was decided about a packet.
#[derive(Debug, Clone, Copy)]
struct Judgement {
    verdict: Verdict,
    session: Option<SessionId>,
    direction: Option<Direction>,
    counted: bool,
    /// Its data are taken off.
    stripped: bool,
}

impl Firewall {
    /// A firewall with an empty session table.
    pub fn new(world: Arc<World>) -> Self {
        let nat = nat::Nat::new(Pools::new(world.settings.dipp_oversub));
        let protection = protection::Protection::new(world.settings.scan_entries);
        Self {
            pressure: ageing::Pressure::new(&world.settings),
            world,
            table: Table::default(),
            timers: Timers::default(),
            streams: streams::Streams::default(),
            turns: VecDeque::new(),
            peers: peers::Peers::default(),
            cache: cache::AppCache::default(),
            blocked: blocked::Blocked::default(),
            protection,
            hits: threat::Hits::default(),
            nat,
            cookies: cookies::Cookies::default(),
            overlaps: overlap::Overlaps::default(),
            decryption: decrypt::Decryption::default(),
            predictions: predict::Predictions::default(),
            rewriting: rewriting::Rewriting::default(),
            cleartext: cleartext::ClearTexts::default(),
            unreachables: block::Rate::default(),
            shows_transmitted: false,
            now: Timestamp::ZERO,
            created: 0,
            numbered: 0,
            finished: 0,
        }
    }

    /// Also says what NAT makes of each packet that is forwarded: [`EventKind::Transmitted`].
    pub fn show_transmitted(&mut self) {
        self.shows_transmitted = true;
    }

    /// Takes one packet.
    ///
    /// 1. Timers due at or before `at` fire, in order of (deadline, session number).
    /// 2. A time before the latest one seen is taken as that one, and an event says so.
    /// 3. The packet is decided: by its session where it has one, otherwise by setting one up.
    /// 4. Exactly one [`EventKind::Verdict`] is appended, as the packet's last event; it is also returned.
    ///
    /// Events are appended to `out`, whose clearing is the caller's. Never panics, whatever the packet holds.
    pub fn step(&mut self, at: Timestamp, packet: &Packet<'_>, out: &mut Events) -> Verdict {
        self.advance(at, out);
        if at < self.now {
            let kind = EventKind::ClockBackward { by: self.now.since(at) };
            out.push(Event { at: self.now, packet: packet.number, session: None, kind });
        }
        let judgement = self.judge(packet, out);
        let frames = u32::try_from(packet.frames()).unwrap_or(u32::MAX);
        let kind = EventKind::Verdict {
            verdict: judgement.verdict,
            direction: judgement.direction,
            counted: judgement.counted,
            frames,
            wire_len: packet.wire_len,
            payload_len: if judgement.stripped { 0 } else { payload_len(packet) },
        };
        out.push(Event { at: self.now, packet: packet.number, session: judgement.session, kind });
        judgement.verdict
    }

    /// Lets time pass: fires every timer due at or before `to`.
    pub fn advance(&mut self, to: Timestamp, out: &mut Events) {
        while self.advance_one(to, out) {}
        self.now = self.now.max(to);
    }

    /// Fires the next timer due at or before `to`; whether there was one. For callers that read events as they come
    /// instead of holding all those that a long pause brings.
    pub fn advance_one(&mut self, to: Timestamp, out: &mut Events) -> bool {
        let given_up = self.predictions.due().filter(|due| *due <= to);
        while let Some((when, number, slot)) = self.timers.pop(given_up.unwrap_or(to)) {
            // Sessions that expire were idle and have left the cache: fetch some while others are worked on.
            if let Some(ahead) = self.timers.ahead(8) {
                self.table.warm(ahead);
            }
            let Some(session) = self.table.get_mut(slot) else { continue };
            if session.id.low() != number || session.scheduled != when {
                continue;
            }
            if session.expires > when {
                session.scheduled = session.expires;
                self.timers.schedule(session.expires, number, slot);
                continue;
            }
            self.now = self.now.max(when);
            // What an administrator has put an end to is only waited for (PANOS.md 4.2).
            if !session.causes.contains(EndReason::Unknown) {
                session.causes.add(EndReason::AgedOut);
            }
            if session.tcp.has_fin() {
                session.causes.add(EndReason::TcpFin);
            }
            self.end(slot, 0, out);
            return true;
        }
        if given_up.is_some() {
            self.give_up_prediction(out);
        }
        given_up.is_some()
    }

    /// The capture is over: sessions that are still there are reported as such.
    pub fn finish(mut self, out: &mut Events) {
        while self.finish_some(out) {}
    }

    /// Reports up to 1,024 of the sessions that are still there, in order of their slots; whether there may be more.
    pub fn finish_some(&mut self, out: &mut Events) -> bool {
        let from = self.finished;
        let open = self.table.iter_from(Slot(from)).take(1_024);
        let mut any = false;
        for (slot, session) in open {
            any = true;
            self.finished = slot.0 + 1;
            let label = label(&self.world, session);
            let mut record = Record { open: true, ..Record::of(session, label) };
            record.first_packets = first_packets(session);
            record.reason = session.causes.logged_at_once();
            let record = out.add_record(record);
            let kind = EventKind::Ended { record };
            out.push(Event { at: self.now, packet: 0, session: Some(session.id), kind });
        }
        any
    }

    /// How many sessions there are now.
    pub fn live_sessions(&self) -> usize {
        self.table.len()
    }

    /// The configuration it runs.
    pub fn world(&self) -> &World {
        &self.world
    }

    fn judge(&mut self, packet: &Packet<'_>, out: &mut Events) -> Judgement {
        if let Some(reason) = insane(packet) {
            return Judgement::drop(reason);
        }
        let zone = match self.world.network.ingress_zone(packet.arrival, packet.ip.src, packet.ip.dst) {
            Ok(zone) => zone,
            Err(why) => return Judgement::drop(why.into()),
        };
        if self.blocked.contains(zone, packet.ip.src, packet.ip.dst, self.now) {
            return Judgement::drop(DropReason::BlockedIp);
        }
        let mut stands_alone = false;
        if !self.world.protections.is_empty() {
            match self.guard(packet, zone) {
                Ok(alone) => stands_alone = alone,
                Err(reason) => return Judgement::drop(reason),
            }
        }
        if !stands_alone && let Some(judgement) = self.judge_icmp_error(packet, out) {
            return judgement;
        }
        let key = key(packet, zone);
        let hash = self.table.hash(&key);
        match self.table.find(&key, hash) {
            Some(found) => self.existing(found, packet, (&key, hash), out),
            None => self.set_up(packet, &key, hash, out),
        }
    }

    /// An ICMP error belongs to the session of the packet it quotes, where there is one (PANOS.md 1.2). It shares
    /// that session's fate without counting in it.
    fn judge_icmp_error(&self, packet: &Packet<'_>, out: &mut Events) -> Option<Judgement> {
        let Layer4::Icmp(icmp) = packet.layer4 else { return None };
        let quoted = icmp.quoted(packet.ip.protocol == Protocol::ICMPV6)?;
        // The quoted packet went the other way: it came in where the error goes to.
        let from = self.world.network.ingress(packet.arrival, packet.ip.src, packet.ip.dst).ok()?;
        let ingress = self.world.network.egress(&from, quoted.ip.src).ok()?.zone;
        let key = FlowKey {
            src: quoted.ip.src,
            dst: quoted.ip.dst,
            sport: quoted.sport,
            dport: quoted.dport,
            protocol: quoted.ip.protocol,
            zone: ingress,
        };
        // Both directions have the same hash.
        let hash = self.table.hash(&key);
        let (slot, direction) =
            self.table.find(&key, hash).map(|found| (found.slot, found.direction.reverse())).or_else(
                || self.table.find(&key.reply(from.zone), hash).map(|found| (found.slot, found.direction)),
            )?;
        let session = self.table.get(slot)?;
        let verdict = if session.state == State::Discard {
            Verdict::Drop(DropReason::SessionDiscard)
        } else {
            Verdict::Forward
        };
        if self.shows_transmitted && verdict.is_forward() {
            self.transmit(slot, direction, packet, out);
        }
        Some(Judgement::of(session.id, direction, verdict))
    }

    /// Ends a session: out of the table, and an event with its last record.
    fn end(&mut self, slot: Slot, packet: u64, out: &mut Events) {
        let Some(mut session) = self.table.remove(slot) else { return };
        self.streams.release(session.stream.take());
        if session.nat.is_some() {
            self.let_go(slot);
        }
        self.cookies.forget(slot);
        self.overlaps.forget(slot);
        self.decryption.forget(slot);
        self.rewriting.forget(slot);
        self.cleartext.forget(slot);
        for trigger in [Trigger::Expire, Trigger::Age] {
            session.state = session.state.next(trigger).unwrap_or(State::Closed);
        }
        let mut record = Record::of(&session, label(&self.world, &session));
        record.reason = Some(session.causes.reason());
        record.first_packets = first_packets(&session);
        let record = out.add_record(record);
        out.push(Event {
            at: self.now,
            packet,
            session: Some(session.id),
            kind: EventKind::Ended { record },
        });
        self.weigh(packet, out);
    }
}

impl Judgement {
    const fn drop(reason: DropReason) -> Self {
        Self {
            verdict: Verdict::Drop(reason),
            session: None,
            direction: None,
            counted: false,
            stripped: false,
        }
    }
}

/// Why a packet is dropped before any session is looked for.
const fn insane(packet: &Packet<'_>) -> Option<DropReason> {
    match packet.layer4 {
        Layer4::Malformed(malformed) => Some(DropReason::Malformed(malformed)),
        Layer4::NotIp { .. } => Some(DropReason::NotIp),
        Layer4::Fragment(_) => Some(DropReason::Malformed(Malformed::FragmentIncomplete)),
        Layer4::Tcp(_) | Layer4::Udp(_) | Layer4::Icmp(_) | Layer4::Other(_) => match packet.checksum {
            Checksum::Unknown | Checksum::Good => None,
            Checksum::BadIp => Some(DropReason::Malformed(Malformed::IpChecksum)),
            Checksum::BadLayer4 => Some(DropReason::Malformed(match packet.layer4 {
                Layer4::Tcp(_) => Malformed::TcpChecksum,
                Layer4::Udp(_) => Malformed::UdpChecksum,
                _ => Malformed::IcmpChecksum,
            })),
        },
    }
}

/// The flow key of a packet that came in by `zone` (PANOS.md 1.2).
fn key(packet: &Packet<'_>, zone: ZoneId) -> FlowKey {
    let (sport, dport) = match packet.layer4 {
        Layer4::Tcp(tcp) => (tcp.sport, tcp.dport),
        Layer4::Udp(udp) => (udp.sport, udp.dport),
        Layer4::Icmp(icmp) => {
            let (identifier, sequence) = (icmp.identifier(), icmp.sequence());
            match (packet.ip.protocol, icmp.kind) {
                // Queries; their answers travel the other way, so the two fields change places.
                (Protocol::ICMP, 8 | 13 | 15 | 17) | (Protocol::ICMPV6, 128) => (identifier, sequence),
                (Protocol::ICMP, 0 | 14 | 16 | 18) | (Protocol::ICMPV6, 129) => (sequence, identifier),
                _ => (0, 0),
            }
        }
        _ => (0, 0),
    };
    FlowKey { src: packet.ip.src, dst: packet.ip.dst, sport, dport, protocol: packet.ip.protocol, zone }
}

/// What a session with this key, on its way to the zone `to`, is looked up by at `at`. Where the key holds other things than
/// ports, the policy sees 0.
fn query(key: &FlowKey, to: ZoneId, app: Option<AppId>, at: Timestamp) -> Query {
    let (sport, dport) = if key.protocol.has_ports() { (key.sport, key.dport) } else { (0, 0) };
    let FlowKey { zone: from, src, dst, protocol, .. } = *key;
    Query { from, to, src, dst, protocol, sport, dport, app, category: None, decrypted: false, at }
}

/// Whether `application-default` holds a session's application to its ports for decrypted traffic.
fn has_secure_ports(session: &Session, world: &World) -> bool {
    session.decrypted && world.has_secure_ports()
}

fn payload_len(packet: &Packet<'_>) -> u32 {
    match packet.layer4 {
        Layer4::Tcp(tcp) => tcp.payload.len,
        Layer4::Udp(udp) => udp.payload.len,
        _ => 0,
    }
}

/// The application column of a session as it stands (PANOS.md 2.9).
fn label(world: &World, session: &Session) -> Label {
    match session.app {
        // Told by a rule, not by payload: the handshake is labelled as any other (PANOS.md 2.7).
        AppState::Known(_)
            if session.c2s.protocol == Protocol::TCP
                && session.data_packets == 0
                && session.payload == [0; 2] =>
        {
            Label::Incomplete
        }
        AppState::Known(app) => Label::App(app),
        AppState::Undecided | AppState::Exhausted if session.c2s.protocol != Protocol::TCP => {
            Label::InsufficientData
        }
        AppState::Undecided | AppState::Exhausted => match world.identifier.labels().non_syn_tcp {
            Some(app) if session.tcp.is_midstream() => Label::App(app),
            _ if session.tcp.is_established() && session.data_packets > 0 => Label::InsufficientData,
            _ => Label::Incomplete,
        },
    }
}

/// The first packets of a session, where they passed under a rule that does not finally hold.
fn first_packets(session: &Session) -> Option<FirstPackets> {
    let admitted_by = session.tentative.rule;
    let (outcome, passed) = match session.decided {
        Some(lookup) if !lookup.action.is_allow() => (Outcome::Denied, session.passed()),
        Some(lookup) if lookup.rule != admitted_by => {
            (Outcome::Reclassified, session.passed_before.as_deref().copied().unwrap_or_default())
        }
        Some(_) => return None,
        None if session.tentative.certainty == Ternary::Unknown => {
            (Outcome::NeverIdentified, session.passed())
        }
        None => return None,
    };
    (passed.packets != [0, 0]).then_some(FirstPackets { admitted_by, outcome, passed })
}

/// How many seconds a timer runs: the application's own time once it is known, otherwise the global one (PANOS.md 5.2).
fn timeout(world: &World, timer: Timer, query: &Query, rule: RuleId) -> u32 {
    let settings = &world.settings;
    let own = query
        .app
        .and_then(|app| world.catalog.get(app))
        .map(|application| application.timeouts)
        .unwrap_or_default();
    let service = world.policy.service_of(rule, query).map(|service| service.timeouts).unwrap_or_default();
    let (service, own, global) = match timer {
        Timer::Default => (None, own.timeout, settings.timeout_default),
        Timer::Icmp => (None, own.timeout, settings.timeout_icmp),
        Timer::Udp => (service.idle, own.udp_timeout.or(own.timeout), settings.timeout_udp),
        Timer::Tcp => (service.idle, own.tcp_timeout.or(own.timeout), settings.timeout_tcp),
        Timer::TcpHalfClosed => {
            (service.half_closed, own.tcp_half_closed_timeout, settings.timeout_tcp_half_closed)
        }
        Timer::TcpTimeWait => (service.time_wait, own.tcp_time_wait_timeout, settings.timeout_tcp_time_wait),
        Timer::TcpInit => (None, None, settings.timeout_tcpinit),
        Timer::TcpHandshake => (None, None, settings.timeout_tcphandshake),
        Timer::TcpUnverifiedRst => (None, None, settings.timeout_tcp_unverified_rst),
        Timer::Discard => (
            None,
            own.discard_timeout,
            match query.protocol {
                Protocol::TCP => settings.timeout_discard_tcp,
                Protocol::UDP => settings.timeout_discard_udp,
                _ => settings.timeout_discard_default,
            },
        ),
    };
    service.or(own).unwrap_or_else(|| u32::try_from(global).unwrap_or(u32::MAX))
}
