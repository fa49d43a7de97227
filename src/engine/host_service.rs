//! Sessions that end at the firewall itself (PANOS.md 9, 4.3).
//!
//! The security policy comes first, then the management profile of the interface whose address it is. A refused
//! session is in the table all the same, in DISCARD, so that its tracker can say `host service`; its row is the `end`
//! row of a session that the policy allows (assumed: no source shows one).

use super::event::{Event, EventKind, Events};
use super::slow::Way;
use super::verdict::{DropReason, Verdict};
use super::{Firewall, Judgement};
use crate::feature::host_service::{HostAccess, Visit};
use crate::flow::{Direction, FlowKey, Protocol};
use crate::packet::{Layer4, Packet};
use crate::session::{Slot, TcpTracker, Timer, Trigger};

impl Firewall {
    /// What the firewall is to a new session. What NAT sends on to another address only passes through.
    pub(super) fn host_access(&self, packet: &Packet<'_>, key: &FlowKey, way: &Way) -> HostAccess {
        if way.s2c.src != key.dst {
            return HostAccess::None;
        }
        let is_echo = match packet.layer4 {
            Layer4::Icmp(icmp) => icmp.kind == if key.protocol == Protocol::ICMPV6 { 128 } else { 8 },
            _ => false,
        };
        let dport = if key.protocol.has_ports() { key.dport } else { 0 };
        let visit = Visit { src: key.src, dst: key.dst, protocol: key.protocol, dport, is_echo };
        self.world.host_services.judge(&visit)
    }

    /// A session that is new: where it asks for a service of the firewall that is refused, that is its end.
    pub(super) fn refuse_host(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        out: &mut Events,
    ) -> Option<Judgement> {
        let session = self.table.get_mut(slot)?;
        if session.host == HostAccess::None {
            return None;
        }
        let (id, allowed) = (session.id, session.host == HostAccess::Allowed);
        let kind = EventKind::HostService { allowed };
        out.push(Event { at: self.now, packet: packet.number, session: Some(id), kind });
        if allowed {
            return None;
        }
        let direction = Direction::ClientToServer;
        session.count(direction, packet.wire_len);
        session.undelivered = Some(direction);
        session.state = session.state.next(Trigger::Block)?;
        if let Layer4::Tcp(segment) = packet.layer4 {
            TcpTracker::note(&mut session.history, direction, &segment, segment.payload.len > 0);
        }
        self.known_at_once(slot, packet, out);
        self.arm(slot, Timer::Discard, packet.number, out);
        let verdict = Verdict::Drop(DropReason::HostService);
        Some(Judgement { counted: true, ..Judgement::of(id, direction, verdict) })
    }
}
