//! The full lookup at an application change, and what a block does (PANOS.md 2.4, 3.1, 3.2).

use super::event::{ActionSource, Event, EventKind, Events, Label, Limit, Record};
use super::verdict::{DropReason, Verdict};
use super::{Firewall, Injection, Judgement, first_packets, has_secure_ports, query};
use crate::app::{AppId, DenyAction};
use crate::config::{DenyResets, World};
use crate::feature::route::{Interface, Mode};
use crate::flow::{Addr, Direction, FlowKey, Protocol};
use crate::packet::build::Builder;
use crate::packet::{Layer4, Packet, Payload, TcpFlags, TcpSegment};
use crate::policy::{Action, CategorySet, Lookup, Query, RuleId};
use crate::session::{AppState, EndReason, Slot, Timer};
use crate::time::Timestamp;

impl Firewall {
    /// App-ID has come to `app`: the full lookup. `None` where the packet may go on; otherwise it is the packet that
    /// decided the denial.
    pub(super) fn decide(
        &mut self,
        slot: Slot,
        direction: Direction,
        packet: &Packet<'_>,
        expected: u32,
        (app, category): (AppId, Option<CategorySet>),
        out: &mut Events,
    ) -> Option<Judgement> {
        let session = self.table.get_mut(slot)?;
        let is_new = session.app != AppState::Known(app);
        session.app = AppState::Known(app);
        let (key, to) = (session.c2s, session.egress());
        let decrypted = has_secure_ports(session, &self.world);
        let query = Query { category, decrypted, ..query(&key, to, Some(app), self.now) };
        let lookup = self.world.policy.lookup(&query);
        let (at, id) = (self.now, session.id);
        let event = |kind| Event { at, packet: packet.number, session: Some(id), kind };
        let query = out.add_query(query);
        out.push(event(EventKind::LookedUp { query, lookup }));
        let last_rule = session.rule();
        let is_other_rule = lookup.rule != last_rule;
        if is_other_rule {
            // The packet at hand is counted and its fate still open.
            let mut passed = session.passed();
            passed.packets[direction.index()] -= 1;
            session.passed_before = Some(Box::new(passed));
        }
        session.decided = Some(lookup);
        if lookup.action.is_allow() {
            // What only a host's categories have confirmed is no news.
            if !is_new && !is_other_rule {
                return None;
            }
            let record = out.add_record(Record::of(session, Label::App(app)));
            out.push(event(EventKind::Allowed { record }));
            let timer = session.timer;
            self.arm(slot, timer, packet.number, out);
            return None;
        }
        self.streams.release(session.stream.take());
        // Which rule the row names where a default rule denies: sources disagree (PANOS.md 13.5, point 2).
        let names_last =
            self.world.settings.default_deny_names_last_allow && self.world.policy.is_default(lookup.rule);
        let named = if names_last { last_rule } else { lookup.rule };
        self.deny(slot, direction, (app, named), lookup, packet, out);
        self.reset(slot, direction, packet, expected, out);
        Some(Judgement { counted: true, ..Judgement::of(id, direction, Verdict::Drop(DropReason::AppDeny)) })
    }

    /// The session goes to DISCARD and its row is written at once.
    fn deny(
        &mut self,
        slot: Slot,
        direction: Direction,
        (app, named): (AppId, RuleId),
        lookup: Lookup,
        packet: &Packet<'_>,
        out: &mut Events,
    ) {
        let Some(session) = self.table.get_mut(slot) else { return };
        session.discard(EndReason::PolicyDeny, Some(direction));
        let (action, action_source) = effect(&self.world, app, lookup.action, session.c2s.protocol);
        let mut record = Record::of(session, Label::App(app));
        record.rule = named;
        record.action = action;
        record.action_source = action_source;
        record.reason = Some(EndReason::PolicyDeny);
        record.first_packets = first_packets(session);
        let record = out.add_record(record);
        let kind = EventKind::Denied { record };
        out.push(Event { at: self.now, packet: packet.number, session: Some(session.id), kind });
        self.arm(slot, Timer::Discard, packet.number, out);
    }

    /// Sends what the action asks for: RSTs on a TCP session whose handshake is complete, or an ICMP unreachable.
    fn reset(
        &mut self,
        slot: Slot,
        direction: Direction,
        packet: &Packet<'_>,
        expected: u32,
        out: &mut Events,
    ) {
        let Some(session) = self.table.get(slot) else { return };
        let (AppState::Known(app), Some(lookup)) = (session.app, session.decided) else { return };
        let (key, id) = (session.c2s, session.id);
        self.unreachable(Some(id), &key, lookup, packet, out);
        let action = sent(&self.world, app, lookup.action, key.protocol);
        let wanted = [
            matches!(action, Action::ResetClient | Action::ResetBoth),
            matches!(action, Action::ResetServer | Action::ResetBoth),
        ];
        self.send_resets(slot, direction, packet, expected, wanted, out);
    }

    /// Sends RSTs to the client and the server, as far as they are `wanted`, on a TCP session whose handshake is complete.
    /// The packet at hand was not forwarded; `expected` is the sequence number that its receiver waits for.
    pub(super) fn send_resets(
        &self,
        slot: Slot,
        direction: Direction,
        packet: &Packet<'_>,
        expected: u32,
        [to_client, to_server]: [bool; 2],
        out: &mut Events,
    ) {
        let Some(session) = self.table.get(slot) else { return };
        let (key, id) = (session.c2s, session.id);
        if key.protocol != Protocol::TCP
            || !session.tcp.is_established() && !self.world.settings.reset_before_handshake
        {
            return;
        }
        // Each side expects what was forwarded to it; the deciding packet was not.
        let next = |side: Direction| {
            if side == direction { expected } else { session.tcp.next(side).unwrap_or(0) }
        };
        let seen = |side: Direction| session.tcp.next(side).unwrap_or(0);
        for toward in Direction::BOTH {
            let wanted = match toward {
                Direction::ServerToClient => to_client,
                Direction::ClientToServer => to_server,
            };
            if wanted {
                // Each side sees its own side of NAT.
                let path = match toward {
                    Direction::ClientToServer => session.translated(key.zone),
                    Direction::ServerToClient => key.reply(session.egress()),
                };
                let ack = match toward {
                    // The server counts from its own initial sequence number.
                    Direction::ClientToServer => {
                        seen(toward.reverse()).wrapping_sub(self.cookies.offset(slot))
                    }
                    Direction::ServerToClient => seen(toward.reverse()),
                };
                let seq = self.rewriting.forward(slot, toward, next(toward));
                let bytes = out.add_bytes(&rst(&path, seq, ack));
                let kind = EventKind::Injected { direction: toward, what: Injection::Rst, bytes };
                out.push(Event { at: self.now, packet: packet.number, session: Some(id), kind });
            }
        }
    }

    /// Answers a packet that the port-only lookup refused: silence for TCP before the handshake, unless the setting
    /// says otherwise; an ICMP unreachable for the rest where the rule asks for it.
    pub(super) fn answer_refused(
        &mut self,
        packet: &Packet<'_>,
        key: &FlowKey,
        lookup: Lookup,
        out: &mut Events,
    ) {
        self.unreachable(None, key, lookup, packet, out);
        let Layer4::Tcp(segment) = packet.layer4 else { return };
        let to_client = matches!(lookup.action, Action::ResetClient | Action::ResetBoth);
        if to_client && self.world.settings.reset_before_handshake {
            let ack = segment.seq.wrapping_add(segment.sequence_len());
            let bytes = out.add_bytes(&rst(&key.reply(key.zone), 0, ack));
            let kind =
                EventKind::Injected { direction: Direction::ServerToClient, what: Injection::Rst, bytes };
            out.push(Event { at: self.now, packet: packet.number, session: None, kind });
        }
    }

    /// An ICMP unreachable to the client, where the rule asks for it: for drop, and for reset where there is no TCP to
    /// reset (PANOS.md 3.2).
    fn unreachable(
        &mut self,
        session: Option<crate::session::SessionId>,
        key: &FlowKey,
        lookup: Lookup,
        packet: &Packet<'_>,
        out: &mut Events,
    ) {
        let asked = self.world.policy.rule(lookup.rule).icmp_unreachable;
        let fits = match lookup.action {
            Action::Drop => true,
            Action::ResetClient | Action::ResetServer | Action::ResetBoth => key.protocol != Protocol::TCP,
            Action::Allow | Action::Deny => false,
        };
        if key.protocol.is_icmp() || !asked || !fits {
            return;
        }
        let network = &self.world.network;
        let place = network.ingress(packet.arrival, packet.ip.src, packet.ip.dst).ok();
        let interface = place.and_then(|place| network.interface(place.interface?));
        if interface.is_some_and(|interface| interface.mode != Mode::Layer3) {
            return;
        }
        let event = |kind| Event { at: self.now, packet: packet.number, session, kind };
        if !self.unreachables.take(self.now, self.world.settings.icmp_unreachable_rate) {
            out.push(event(EventKind::Limit { limit: Limit::IcmpUnreachable }));
            return;
        }
        // Where no address of the interface is known, the message seems to come from the server.
        let own = interface.and_then(|interface| own_address(interface, packet.ip.src.is_v4()));
        let bytes =
            out.add_bytes(&Builder::new(own.unwrap_or(packet.ip.dst), packet.ip.src).unreachable(packet));
        let kind =
            EventKind::Injected { direction: Direction::ServerToClient, what: Injection::Unreachable, bytes };
        out.push(Event { at: self.now, packet: packet.number, session, kind });
    }
}

/// An interface's own address of that IP version.
fn own_address(interface: &Interface, is_v4: bool) -> Option<Addr> {
    interface.addresses.iter().map(|net| Addr::from(net.addr())).find(|addr| addr.is_v4() == is_v4)
}

/// How many of something there were in the running second.
#[derive(Debug, Default)]
pub(super) struct Rate {
    second: u64,
    count: u64,
}

impl Rate {
    /// Takes one more at `now`; whether it is within `limit`.
    pub(super) fn take(&mut self, now: Timestamp, limit: u64) -> bool {
        let second = now.since(Timestamp::ZERO).secs();
        if second != self.second {
            *self = Self { second, count: 0 };
        }
        self.count += 1;
        self.count <= limit
    }
}

/// What a rule's action does to an application: `deny` leaves it to the application's own deny action, and the
/// log says so (PANOS.md 3.2: a TCP application with drop-reset is logged as `reset-both`, `from-application`).
fn effect(world: &World, app: AppId, action: Action, protocol: Protocol) -> (Action, ActionSource) {
    let resets = world.catalog.get(app).is_some_and(|known| known.deny_action == DenyAction::DropReset);
    if action == Action::Deny && resets && protocol == Protocol::TCP {
        (Action::ResetBoth, ActionSource::FromApplication)
    } else {
        (action, ActionSource::FromPolicy)
    }
}

/// The same as far as RSTs are concerned: whether an application's own deny action resets both sides, as the log says,
/// or the client alone is disputed (PANOS.md 3.2, 13.5).
fn sent(world: &World, app: AppId, action: Action, protocol: Protocol) -> Action {
    match effect(world, app, action, protocol) {
        (Action::ResetBoth, ActionSource::FromApplication)
            if world.settings.deny_resets == DenyResets::Client =>
        {
            Action::ResetClient
        }
        (action, _) => action,
    }
}

/// A RST+ACK on the flow `path`, as if its source had sent it (PANOS.md 3.2, "RST form"): `seq` is what the receiver
/// expects, `ack` what it has sent.
fn rst(path: &FlowKey, seq: u32, ack: u32) -> Vec<u8> {
    let segment = TcpSegment {
        sport: path.sport,
        dport: path.dport,
        seq,
        ack,
        flags: TcpFlags::RST.with(TcpFlags::ACK),
        window: 0,
        options: &[],
        payload: Payload::default(),
    };
    Builder::new(path.src, path.dst).tcp(&segment)
}
