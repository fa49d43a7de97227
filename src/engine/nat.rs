//! NAT of new sessions, and the packets of a session on either side of it (PANOS.md 9).
//!
//! A capture shows a packet before its translation or after it, and several captures show both. What is seen on the
//! second side is the same packet again: it shares its session's fate and is not counted. The device that was
//! captured chose ports of its own: a session's first packet is found again by what NAT leaves as it is, and the
//! session then goes by the device's choice.

use std::hash::BuildHasher;

use hashbrown::HashMap;

use super::event::{Event, EventKind, Events};
use super::verdict::DropReason;
use super::{Firewall, Judgement};
use crate::capture::LinkType;
use crate::config::World;
use crate::feature::nat::{Lease, NatQuery, NatRuleId, Pools};
use crate::feature::route::Place;
use crate::flow::{Addr, Direction, FlowKey, Protocol};
use crate::packet::{Layer4, Packet, rewrite};
use crate::session::{Found, Side, Slot, State};

/// What NAT has in use.
#[derive(Debug, Default)]
pub(super) struct Nat {
    pools: Pools,
    /// What each translated session holds.
    held: HashMap<Slot, Held, foldhash::quality::RandomState>,
    /// Sessions whose first packet may be seen again behind the translation.
    marks: HashMap<Mark, Slot, foldhash::quality::RandomState>,
    /// Seeded at random; what it hashes is only compared.
    hasher: foldhash::quality::RandomState,
}

/// What a translated session holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    lease: Option<Lease>,
    mark: Mark,
}

/// What a first packet has on both sides of the translation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Mark {
    dst: Addr,
    dport: u16,
    protocol: Protocol,
    /// The sequence number of a SYN, otherwise a hash of the payload.
    content: u64,
}

/// What becomes of a new session's first packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Translation {
    /// Its key as NAT makes it, with the ingress zone still.
    pub(super) key: FlowKey,
    rule: Option<NatRuleId>,
    lease: Option<Lease>,
}

impl Translation {
    pub(super) const fn new(key: FlowKey, rule: Option<NatRuleId>, lease: Option<Lease>) -> Self {
        Self { key, rule, lease }
    }

    pub(super) const fn lease(&self) -> Option<Lease> {
        self.lease
    }
}

impl Nat {
    pub(super) fn new(pools: Pools) -> Self {
        Self { pools, ..Self::default() }
    }

    /// Another NAT policy is in force.
    pub(super) fn recommit(&mut self, world: &World) {
        self.pools.recommit(world.settings.dipp_oversub);
    }

    fn mark(&self, packet: &Packet<'_>, dst: Addr, dport: u16) -> Mark {
        let content = match packet.layer4 {
            Layer4::Tcp(segment) => u64::from(segment.seq),
            Layer4::Udp(datagram) => self.hasher.hash_one(datagram.payload.bytes),
            Layer4::Icmp(message) => self.hasher.hash_one(message.payload.bytes),
            _ => self.hasher.hash_one(packet.wire_len),
        };
        Mark { dst, dport, protocol: packet.ip.protocol, content }
    }

    /// How many sessions hold an address or port.
    #[cfg(test)]
    pub(super) fn leases(&self) -> usize {
        self.pools.leases()
    }

    /// Gives back what a session held that is over, or did not come to be.
    fn release(&mut self, lease: Option<Lease>) {
        if let Some(lease) = lease {
            self.pools.release(lease);
        }
    }
}

impl Firewall {
    /// What NAT makes of a new session's first packet, and where that leaves.
    pub(super) fn way(
        &mut self,
        packet: &Packet<'_>,
        key: &FlowKey,
        from: &Place,
        out: &mut Events,
    ) -> Result<(Translation, Place), Judgement> {
        let leave = |world: &World, dst| {
            world.network.egress(from, dst).map_err(|why| Judgement::drop(DropReason::from(why)))
        };
        let original = leave(&self.world, key.dst)?;
        let translation = self.translate(packet, key, &original, out)?;
        if translation.key.dst == key.dst {
            return Ok((translation, original));
        }
        match leave(&self.world, translation.key.dst) {
            Ok(to) => Ok((translation, to)),
            Err(judgement) => {
                self.untranslate(&translation);
                Err(judgement)
            }
        }
    }

    /// The NAT rule for a new session, and what it makes of the packet, whose original destination is at `to`. An
    /// error is a pool that has nothing left.
    fn translate(
        &mut self,
        packet: &Packet<'_>,
        key: &FlowKey,
        to: &Place,
        out: &mut Events,
    ) -> Result<Translation, Judgement> {
        let untouched = Translation { key: *key, rule: None, lease: None };
        if self.world.nat.rules().is_empty() {
            return Ok(untouched);
        }
        let (sport, dport) = if key.protocol.has_ports() { (key.sport, key.dport) } else { (0, 0) };
        let query = NatQuery {
            from: key.zone,
            to: to.zone,
            to_interface: to.interface.map(|interface| self.world.network.interface_name(Some(interface))),
            src: key.src,
            dst: key.dst,
            protocol: key.protocol,
            sport,
            dport,
        };
        let Some(rule) = self.world.nat.lookup(&query) else { return Ok(untouched) };
        let event = |kind| Event { at: self.now, packet: packet.number, session: None, kind };
        match self.nat.pools.translate(rule, key) {
            Ok(done) => {
                let translated = (done.key != *key).then(|| out.add_key(done.key));
                out.push(event(EventKind::Translated { rule: rule.id, key: translated }));
                Ok(Translation { key: done.key, rule: Some(rule.id), lease: done.lease })
            }
            Err(_) => {
                out.push(event(EventKind::Translated { rule: rule.id, key: None }));
                Err(Judgement::drop(DropReason::NatExhausted))
            }
        }
    }

    /// The source of a session that goes by the NAT rule of another, translated; `None` where nothing is left for it.
    pub(super) fn translate_source(&mut self, rule: NatRuleId, key: &FlowKey) -> Option<Translation> {
        let rule = self.world.nat.rules().get(rule.index())?;
        let done = self.nat.pools.translate_source(rule, key).ok()?;
        Some(Translation { key: done.key, rule: Some(rule.id), lease: done.lease })
    }

    /// Gives back what was set aside.
    pub(super) fn give_back(&mut self, lease: Option<Lease>) {
        self.nat.release(lease);
    }

    /// The session did not come to be.
    pub(super) fn untranslate(&mut self, translation: &Translation) {
        self.nat.release(translation.lease);
    }

    /// The session at `slot` has been installed with this translation.
    pub(super) fn hold(&mut self, slot: Slot, translation: &Translation, packet: &Packet<'_>) {
        let Some(rule) = translation.rule else { return };
        let Some(session) = self.table.get_mut(slot).filter(|session| session.is_translated()) else {
            self.untranslate(translation);
            return;
        };
        let mark = self.nat.mark(packet, translation.key.dst, translation.key.dport);
        session.nat = Some(rule);
        self.nat.held.insert(slot, Held { lease: translation.lease, mark });
        self.nat.marks.insert(mark, slot);
    }

    /// A translated session has ended.
    pub(super) fn let_go(&mut self, slot: Slot) {
        let Some(Held { lease, mark }) = self.nat.held.remove(&slot) else { return };
        self.nat.release(lease);
        if self.nat.marks.get(&mark) == Some(&slot) {
            self.nat.marks.remove(&mark);
        }
    }

    /// Whether the first packet of a session is seen again, behind a translation in which the captured device chose
    /// another address or port than the model did. The session then takes that choice over.
    pub(super) fn seen_again(&mut self, packet: &Packet<'_>, key: &FlowKey) -> Option<Found> {
        if self.nat.marks.is_empty() {
            return None;
        }
        let mark = self.nat.mark(packet, key.dst, key.dport);
        let &slot = self.nat.marks.get(&mark)?;
        let session = self.table.get(slot)?;
        let rule = session.nat?;
        let possible = self.world.nat.untranslated(key).is_some_and(|found| found.rule.id == rule);
        if !possible || session.sides[0] != Some(Side::Received) || session.counts.packets[0] != 1 {
            return None;
        }
        let s2c = key.reply(session.s2c.zone);
        let moved = self.table.retranslate(slot, s2c);
        let (direction, side) = (Direction::ClientToServer, Side::Transmitted);
        moved.then_some(Found { slot, direction, side })
    }

    /// Says what a forwarded packet looks like when it leaves, where that is other than it came: translated, unless it
    /// was captured there, and without what is taken off.
    pub(super) fn transmit(&self, slot: Slot, direction: Direction, packet: &Packet<'_>, out: &mut Events) {
        let Some(session) = self.table.get(slot) else { return };
        let zone = match direction {
            Direction::ClientToServer => session.c2s.zone,
            Direction::ServerToClient => session.s2c.zone,
        };
        let normalisation = self.cookies.shifted(slot, direction, self.normalisation(zone));
        // An ICMP error may come before anything else of its direction.
        let is_received = session.sides[direction.index()] != Some(Side::Transmitted);
        let is_translated = session.is_translated() && is_received;
        let is_rewritten = is_received && self.rewriting.concerns(slot);
        if !is_translated && !is_rewritten && !normalisation.concerns(packet) {
            return;
        }
        let mut bytes = packet.datagram.to_vec();
        // What is no TCP has no such fields: its payload must not be taken for them.
        let mut changed = normalisation.concerns(packet) && normalisation.apply(&mut bytes);
        if is_translated {
            let (from, to) = match direction {
                Direction::ClientToServer => (session.c2s, session.translated(session.c2s.zone)),
                Direction::ServerToClient => (session.s2c, session.c2s.reply(session.s2c.zone)),
            };
            changed |= rewrite(LinkType::RAW, &mut bytes, &from, &to);
        }
        if is_rewritten {
            changed |= self.rewriting.apply(slot, direction, packet, &mut bytes);
        }
        if changed {
            let bytes = out.add_bytes(&bytes);
            let kind = EventKind::Transmitted { direction, bytes };
            out.push(Event { at: self.now, packet: packet.number, session: Some(session.id), kind });
        }
    }

    /// Notes on which side of NAT a session's packets are captured. What is seen on a second side is the same packet
    /// again, which has been judged: the verdict then.
    pub(super) fn captured(
        &mut self,
        found: Found,
        packet: &Packet<'_>,
        out: &mut Events,
    ) -> Option<Judgement> {
        let Found { slot, direction, side } = found;
        let session = self.table.get_mut(slot)?;
        let first = &mut session.sides[direction.index()];
        let again = match *first {
            Some(first) if first == side => return None,
            Some(_) => true,
            None => {
                *first = Some(side);
                false
            }
        };
        if !session.is_translated() {
            return None;
        }
        let kind = EventKind::Captured { direction, side, again };
        out.push(Event { at: self.now, packet: packet.number, session: Some(session.id), kind });
        let (judged, id) = (again && session.state != State::Discard, session.id);
        if again && side == Side::Transmitted && session.stream.is_some() {
            self.learn(slot, direction, packet);
        }
        judged.then(|| Judgement::of(id, direction, super::Verdict::Forward))
    }
}
