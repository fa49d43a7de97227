//! From events to what became of each packet, frame by frame.

use std::collections::{HashMap, VecDeque};
use std::io;

use crate::config::World;
use crate::engine::{Event, EventKind, Events, Injection, Label, Record, Verdict};
use crate::feature::nat::NatRuleId;
use crate::flow::{Addr, Arrival, Direction, FlowKey, InterfaceId, ZoneId};
use crate::packet::Packet;
use crate::policy::RuleId;
use crate::session::SessionId;
use crate::time::Timestamp;

/// Reads packets and events, and tells each packet's [`Fate`].
#[derive(Debug, Default)]
pub struct Fates {
    /// Packets whose verdict is still to be read, in order.
    seen: VecDeque<Seen>,
    /// The sessions there are.
    known: HashMap<SessionId, Known>,
    /// Sessions that are over, but may be named until the next verdict.
    over: Vec<SessionId>,
    told: Told,
}

/// What has been said of the packet whose verdict comes next.
#[derive(Debug, Default)]
struct Told {
    refused: Option<Known>,
    left: Option<Vec<u8>>,
    again: bool,
    created: bool,
    injected: Vec<Injected>,
}

/// A packet as the firewall was shown it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Number of the frame that completed it.
    pub number: u64,
    /// All its frames, in order of arrival.
    pub frames: Vec<u64>,
    /// What the capture tells of how it came in.
    pub arrival: Arrival,
    /// Its addresses; both zero where it is not IP.
    pub ends: (Addr, Addr),
}

/// What is known of a session, or of a packet that was refused one.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Its number; `None` for a refused packet.
    pub id: Option<SessionId>,
    /// The rule that holds now.
    pub rule: RuleId,
    /// What the application column would say now.
    pub label: Label,
    /// The NAT rule that translates it.
    pub nat: Option<NatRuleId>,
    /// Key of packets from the client.
    pub c2s: FlowKey,
    /// Key of packets from the server.
    pub s2c: FlowKey,
    /// Interface that packets from the client come in by, and the one they leave by.
    pub interfaces: [Option<InterfaceId>; 2],
}

/// A packet of the firewall's own.
#[derive(Debug, Clone)]
pub struct Injected {
    /// Toward whom: [`Direction::ServerToClient`] goes to the client.
    pub toward: Direction,
    /// What it is.
    pub what: Injection,
    /// The IP packet.
    pub bytes: Vec<u8>,
}

/// What became of a packet.
#[derive(Debug)]
pub struct Fate<'a> {
    /// When it was decided.
    pub at: Timestamp,
    /// The packet; `None` for what the firewall sends by itself when a timer fires.
    pub seen: Option<Seen>,
    /// The verdict.
    pub verdict: Verdict,
    /// Which way it travels, where it belongs to a session.
    pub direction: Option<Direction>,
    /// Its session, or what refused it one.
    pub known: Option<&'a Known>,
    /// Whether it is its session's first.
    pub created: bool,
    /// The IP packet as it leaves, where that is not as it came.
    pub left: Option<Vec<u8>>,
    /// Whether it is a packet that was judged before, seen again on the other side of NAT.
    pub again: bool,
    /// What the firewall sends because of it.
    pub injected: Vec<Injected>,
}

/// Where a packet comes in or leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// The zone.
    pub zone: Option<ZoneId>,
    /// The interface, where it is known.
    pub interface: Option<InterfaceId>,
}

impl Fates {
    /// Takes note of a packet before its verdict.
    pub fn packet(&mut self, packet: &Packet<'_>) {
        let frames = match packet.fragments {
            [] => vec![packet.number],
            fragments => fragments.to_vec(),
        };
        let ends = (packet.ip.src, packet.ip.dst);
        self.seen.push_back(Seen { number: packet.number, frames, arrival: packet.arrival, ends });
    }

    /// Reads the events of some steps; `take` is given the fate of each packet, in order.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn read(
        &mut self,
        events: &Events,
        mut take: impl FnMut(Fate<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        for event in events.list() {
            if let Some(fate) = self.event(events, event) {
                take(fate)?;
            }
            if matches!(event.kind, EventKind::Verdict { .. }) {
                for id in self.over.drain(..) {
                    self.known.remove(&id);
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, events: &Events, event: &Event) -> Option<Fate<'_>> {
        let told = &mut self.told;
        match event.kind {
            EventKind::Created { record } => {
                told.created = true;
                self.note(events.record(record));
            }
            EventKind::Allowed { record } | EventKind::Denied { record } => self.note(events.record(record)),
            EventKind::Refused { record } => told.refused = Some(Known::of(events.record(record))),
            EventKind::Ended { record } => self.over.extend(events.record(record).id),
            EventKind::Transmitted { bytes, .. } => told.left = Some(events.bytes(bytes).to_vec()),
            EventKind::Captured { again, .. } => told.again = again,
            EventKind::Injected { direction: toward, what, bytes } => {
                let sent = Injected { toward, what, bytes: events.bytes(bytes).to_vec() };
                if event.packet != 0 {
                    told.injected.push(sent);
                    return None;
                }
                return Some(Fate {
                    at: event.at,
                    seen: None,
                    verdict: Verdict::Forward,
                    direction: None,
                    known: event.session.and_then(|id| self.known.get(&id)),
                    created: false,
                    left: None,
                    again: false,
                    injected: vec![sent],
                });
            }
            EventKind::Verdict { verdict, direction, .. } => {
                let Told { refused, left, again, created, injected } = std::mem::take(told);
                self.told.refused = refused;
                let known = event.session.and_then(|id| self.known.get(&id));
                let known = known.or(self.told.refused.as_ref());
                let seen = self.seen.pop_front();
                let at = event.at;
                return Some(Fate { at, seen, verdict, direction, known, created, left, again, injected });
            }
            _ => {}
        }
        None
    }

    fn note(&mut self, record: &Record) {
        if let Some(id) = record.id {
            self.known.insert(id, Known::of(record));
        }
    }
}

impl Known {
    fn of(record: &Record) -> Self {
        Self {
            id: record.id,
            rule: record.rule,
            label: record.label,
            nat: record.nat,
            c2s: record.c2s,
            s2c: record.s2c,
            interfaces: [record.ingress, record.egress],
        }
    }

    /// Where its packets of one direction leave.
    pub const fn leaves(&self, direction: Direction) -> Port {
        match direction {
            Direction::ClientToServer => Port { zone: Some(self.s2c.zone), interface: self.interfaces[1] },
            Direction::ServerToClient => Port { zone: Some(self.c2s.zone), interface: self.interfaces[0] },
        }
    }
}

impl Fate<'_> {
    /// Where the packet came in.
    pub fn ingress(&self, world: &World) -> Port {
        if let (Some(known), Some(direction)) = (self.known, self.direction) {
            return known.leaves(direction.reverse());
        }
        let unknown = Port { zone: None, interface: None };
        let Some(seen) = &self.seen else { return unknown };
        match world.network.ingress(seen.arrival, seen.ends.0, seen.ends.1) {
            Ok(place) => Port { zone: Some(place.zone), interface: place.interface },
            Err(_) => Port { interface: seen.arrival.interface, ..unknown },
        }
    }

    /// Where it leaves, if it does.
    pub fn egress(&self, world: &World) -> Port {
        match (self.known, self.direction) {
            (Some(known), Some(direction)) => known.leaves(direction),
            _ => self.ingress(world),
        }
    }
}
