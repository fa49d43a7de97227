//! What an administrator does while packets flow.

use std::sync::Arc;

use ipnet::IpNet;

use super::event::{Event, EventKind, Events};
use super::{Firewall, label};
use crate::config::World;
use crate::flow::Protocol;
use crate::session::{EndReason, Session, SessionId, Slot, State, Timer, Trigger};
use crate::time::{Span, Timestamp};

/// What an administrator does while packets flow.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Control {
    /// `clear session id N`.
    Clear(SessionId),
    /// `clear session all`, with `filter` where not all are meant.
    ClearAll(SessionFilter),
    /// `request session-discard id N`: the session's packets are dropped from here on, until it expires.
    Discard {
        /// Which.
        id: SessionId,
        /// After so many seconds; `None` goes by `session.timeout-discard-*`.
        timeout: Option<u32>,
    },
    /// `commit`: this configuration takes the place of the one in force.
    Commit(Arc<World>),
}

/// What an administrator does to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// `clear session`.
    Clear,
    /// `request session-discard`.
    Discard,
}

impl Operation {
    /// The command.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clear => "clear session",
            Self::Discard => "request session-discard",
        }
    }
}

/// Which sessions `clear session all filter …` means: those that meet all that is asked. [`Default`] is every session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionFilter {
    /// Address of the client.
    pub source: Option<IpNet>,
    /// Address of the server.
    pub destination: Option<IpNet>,
    /// Port of the client.
    pub source_port: Option<u16>,
    /// Port of the server.
    pub destination_port: Option<u16>,
    /// IP protocol.
    pub protocol: Option<Protocol>,
    /// Zone of the client.
    pub from: Option<String>,
    /// Zone of the server.
    pub to: Option<String>,
    /// Application, as a row would show it.
    pub application: Option<String>,
    /// The rule that governs it.
    pub rule: Option<String>,
    /// State of the entry.
    pub state: Option<State>,
}

impl SessionFilter {
    fn takes(&self, world: &World, session: &Session) -> bool {
        let key = &session.c2s;
        let within = |net: &IpNet, addr| net.contains(&std::net::IpAddr::from(addr));
        self.source.as_ref().is_none_or(|net| within(net, key.src))
            && self.destination.as_ref().is_none_or(|net| within(net, key.dst))
            && self.source_port.is_none_or(|port| port == key.sport)
            && self.destination_port.is_none_or(|port| port == key.dport)
            && self.protocol.is_none_or(|protocol| protocol == key.protocol)
            && self.state.is_none_or(|state| state == session.state)
            && self.from.as_deref().is_none_or(|zone| zone == world.zones.name(key.zone))
            && self.to.as_deref().is_none_or(|zone| zone == world.zones.name(session.egress()))
            && self.rule.as_deref().is_none_or(|rule| rule == world.policy.rule(session.rule()).name)
            && self.application.as_deref().is_none_or(
                |app| matches!(label(world, session), super::Label::App(id) if world.catalog.name(id) == app),
            )
    }
}

impl Firewall {
    /// Carries out what an administrator does at `at`; whether there was a session that it is about. A commit has more
    /// to tell than events can: see [`Firewall::commit`].
    pub fn control(&mut self, at: Timestamp, command: Control, out: &mut Events) -> bool {
        self.advance(at, out);
        match command {
            Control::Clear(id) => {
                let slot = self.slot_of(id);
                self.clear(slot.into_iter().collect(), out)
            }
            Control::ClearAll(filter) => {
                let sessions = self.table.iter_from(Slot(0));
                let taken = sessions.filter(|(_, session)| filter.takes(&self.world, session));
                self.clear(taken.map(|(slot, _)| slot).collect(), out)
            }
            Control::Discard { id, timeout } => self.discard(id, timeout, out),
            Control::Commit(world) => {
                self.commit(at, &world, out);
                true
            }
        }
    }

    fn slot_of(&self, id: SessionId) -> Option<Slot> {
        self.table.iter_from(Slot(0)).find(|(_, session)| session.id == id).map(|(slot, _)| slot)
    }

    fn clear(&mut self, slots: Vec<Slot>, out: &mut Events) -> bool {
        let any = !slots.is_empty();
        for slot in slots {
            self.operated(slot, Operation::Clear, out);
            self.end(slot, 0, out);
        }
        any
    }

    /// The session goes to DISCARD without a row; the one of its end says `unknown` (PANOS.md 1.7, 4.2).
    fn discard(&mut self, id: SessionId, timeout: Option<u32>, out: &mut Events) -> bool {
        let Some(slot) = self.slot_of(id) else { return false };
        let Some(session) = self.table.get_mut(slot) else { return false };
        // One that is blocked stays as it is.
        let Some(state) = session.state.next(Trigger::Block) else { return true };
        session.state = state;
        session.causes.add(EndReason::Unknown);
        self.streams.release(session.stream.take());
        self.operated(slot, Operation::Discard, out);
        self.arm(slot, Timer::Discard, 0, out);
        if let Some(seconds) = timeout
            && let Some(session) = self.table.get_mut(slot)
        {
            session.timeout = seconds;
            self.wind(slot);
            let kind =
                EventKind::Armed { timer: Timer::Discard, timeout: Span::from_secs(u64::from(seconds)) };
            out.push(Event { at: self.now, packet: 0, session: Some(id), kind });
        }
        true
    }

    fn operated(&self, slot: Slot, what: Operation, out: &mut Events) {
        let session = self.table.get(slot).map(|session| session.id);
        out.push(Event { at: self.now, packet: 0, session, kind: EventKind::Operated { what } });
    }
}
