//! The state of NAT: which translated addresses and ports are in use.

use std::collections::{BTreeSet, VecDeque};

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::pool::AddressPool;
use super::ports::Ports;
use super::rule::{
    DestinationAddress, DestinationTranslation, Distribution, NatRule, Oversubscription, SourceTranslation,
};
use crate::flow::{Addr, FlowKey, Protocol};

/// So many addresses without sessions are remembered, so that what was given back does not come first again.
const IDLE: usize = 1_024;

/// A map that is never iterated, seeded at random, so that nobody can choose colliding keys.
type Map<K, V> = HashMap<K, V, foldhash::quality::RandomState>;

/// Translated addresses and ports in use. One belongs to one [`super::NatPolicy`]; see [`Pools::recommit`].
///
/// What it holds grows with the sessions that have a [`Lease`], and little more.
#[derive(Debug, Clone, Default)]
pub struct Pools {
    oversubscription: Oversubscription,
    ports: Map<Space, Ports>,
    /// Addresses of `dynamic-ip` pools, by the pool's number.
    addresses: Map<u32, Addresses>,
    /// Loads of `dynamic-destination-translation`, by the pool's number.
    loads: Map<u32, Loads>,
    leases: Leases,
}

/// Something of [`Pools`] that a session uses, until [`Pools::release`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease(u32);

/// What becomes of a session's first packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Translation {
    /// Its key when it is translated; the zone is the ingress zone still.
    pub key: FlowKey,
    /// What the session uses; `None` where that is nothing.
    pub lease: Option<Lease>,
}

/// There is no address or port left: the packet is dropped and `nat_port_alloc_fail` counted (PANOS.md 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no translated address or port is left")]
pub struct Exhausted;

/// What ports are counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Space {
    address: Addr,
    protocol: Protocol,
    /// The sequence number of an ICMP query, which is part of its key (PANOS.md 1.2). Otherwise 0.
    sequence: u16,
}

impl Pools {
    /// Nothing in use yet.
    pub fn new(oversubscription: Oversubscription) -> Self {
        Self { oversubscription, ..Self::default() }
    }

    /// Another NAT policy is in force. Ports in use stay so, whichever pool their addresses are in; addresses of
    /// `dynamic-ip` pools and loads begin anew (assumed).
    pub fn recommit(&mut self, oversubscription: Oversubscription) {
        self.oversubscription = oversubscription;
        self.addresses.clear();
        self.loads.clear();
        // What is left of old sessions must not give back what new ones have.
        for used in self.leases.used.iter_mut().flatten() {
            used.load = None;
            used.source = used.source.filter(|held| matches!(held, Held::Port { .. }));
        }
    }

    /// Translates a session's first packet, whose key is `original`, by the rule it matches.
    ///
    /// # Errors
    /// Where the rule's pool has nothing left for it.
    pub fn translate(&mut self, rule: &NatRule, original: &FlowKey) -> Result<Translation, Exhausted> {
        let mut key = *original;
        let mut load = None;
        if let Some(translation) = &rule.destination_translation {
            (key.dst, key.dport, load) = self.destination(rule, translation, original);
        }
        let mut held = None;
        if let Some(translation) = &rule.source_translation {
            match self.source(translation, &key) {
                Ok((src, sport, taken)) => (key.src, key.sport, held) = (src, sport, taken),
                Err(exhausted) => {
                    self.unload(load);
                    return Err(exhausted);
                }
            }
        }
        let lease = (held.is_some() || load.is_some()).then(|| self.leases.add(Used { source: held, load }));
        Ok(Translation { key, lease })
    }

    /// Translates the source alone, as the rule says, of a packet that the rule need not match: that of a session which
    /// another one has announced.
    ///
    /// # Errors
    /// Where the rule's pool has nothing left for it.
    pub fn translate_source(&mut self, rule: &NatRule, original: &FlowKey) -> Result<Translation, Exhausted> {
        let Some(translation) = &rule.source_translation else {
            return Ok(Translation { key: *original, lease: None });
        };
        let (src, sport, source) = self.source(translation, original)?;
        let lease = source.is_some().then(|| self.leases.add(Used { source, load: None }));
        Ok(Translation { key: FlowKey { src, sport, ..*original }, lease })
    }

    /// Gives back what a session used. Each lease is to be given back once.
    pub fn release(&mut self, lease: Lease) {
        let Some(Used { source, load }) = self.leases.remove(lease) else { return };
        self.unload(load);
        match source {
            Some(Held::Port { space, port, destination }) => self.give_back(space, port, destination),
            Some(Held::Address { pool, source }) => {
                if let Some(addresses) = self.addresses.get_mut(&pool) {
                    addresses.give_back(source);
                }
            }
            None => {}
        }
    }

    /// How many sessions hold something.
    pub fn leases(&self) -> usize {
        self.leases.used.len() - self.leases.free.len()
    }

    /// Whether no address or port is in use.
    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.ports.values().all(Ports::is_idle)
            && self.addresses.values().all(|addresses| addresses.sources.is_empty())
    }

    /// How many addresses it remembers the ports of.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.ports.len()
    }

    fn destination(
        &mut self,
        rule: &NatRule,
        translation: &DestinationTranslation,
        key: &FlowKey,
    ) -> (Addr, u16, Option<Load>) {
        let mut load = None;
        let dst = match &translation.address {
            DestinationAddress::Distributed { pool, distribution } => {
                let place = self.distribute(pool, *distribution, key);
                if *distribution == Distribution::LeastSessions {
                    load = Some(Load { pool: pool.number, place });
                }
                pool.nth(place)
            }
            _ => rule.destination(key.dst, key.dport).map(|(addr, _)| addr),
        };
        // Only TCP and UDP have a port that could change.
        let dport = translation.port.filter(|_| key.protocol.has_ports()).unwrap_or(key.dport);
        (dst.unwrap_or(key.dst), dport, load)
    }

    /// The place of the address that a new session goes to.
    fn distribute(&mut self, pool: &AddressPool, distribution: Distribution, key: &FlowKey) -> u64 {
        let len = pool.len().max(1);
        match distribution {
            Distribution::RoundRobin => self.loads.entry(pool.number).or_default().turn(len),
            Distribution::LeastSessions => self.loads.entry(pool.number).or_default().load_least(len),
            Distribution::SourceIpHash => hash(low(key.src)) % len,
            Distribution::IpModulo => (low(key.src) ^ low(key.dst)) % len,
            Distribution::IpHash => hash(low(key.src) << 32 | low(key.dst)) % len,
        }
    }

    fn unload(&mut self, load: Option<Load>) {
        if let Some(Load { pool, place }) = load
            && let Some(loads) = self.loads.get_mut(&pool)
        {
            loads.unload(place);
        }
    }

    /// The new source of a packet whose destination is translated already.
    fn source(
        &mut self,
        translation: &SourceTranslation,
        key: &FlowKey,
    ) -> Result<(Addr, u16, Option<Held>), Exhausted> {
        match translation {
            SourceTranslation::StaticIp { addresses, .. } => {
                Ok((addresses.translate(key.src).unwrap_or(key.src), key.sport, None))
            }
            SourceTranslation::DynamicIpAndPort { pool } => self.address_and_port(pool, key),
            SourceTranslation::DynamicIp { pool, fallback } => {
                let place = self.addresses.entry(pool.number).or_default().take(key.src, pool.len());
                match (place.and_then(|place| pool.nth(place)), fallback) {
                    (Some(addr), _) => {
                        let held = Held::Address { pool: pool.number, source: key.src };
                        Ok((addr, key.sport, Some(held)))
                    }
                    (None, Some(fallback)) => self.address_and_port(fallback, key),
                    (None, None) => Err(Exhausted),
                }
            }
        }
    }

    /// `dynamic-ip-and-port`: a source always gets the same address, which its hash chooses (PAN-OS web help, "NAT
    /// Translated Packet Tab"); when that has no port left, no other address is tried, which is assumed.
    fn address_and_port(
        &mut self,
        pool: &AddressPool,
        key: &FlowKey,
    ) -> Result<(Addr, u16, Option<Held>), Exhausted> {
        let place = hash(low(key.src)).checked_rem(pool.len()).ok_or(Exhausted)?;
        let address = pool.nth(place).ok_or(Exhausted)?;
        let (preferred, sequence) = match key.protocol {
            Protocol::TCP | Protocol::UDP => (None, 0),
            // The identifier counts as the port. PAN-OS is seen to keep it (PANOS.md 9, 11.4).
            Protocol::ICMP => (Some(key.sport), key.dport),
            _ => return Ok((address, key.sport, None)),
        };
        let space = Space { address, protocol: key.protocol, sequence };
        let times = self.oversubscription.times();
        let ports = self.ports.entry(space).or_insert_with(|| Ports::new(times));
        let port = ports.take(preferred, key.dst).ok_or(Exhausted)?;
        Ok((address, port, Some(Held::Port { space, port, destination: key.dst })))
    }

    fn give_back(&mut self, space: Space, port: u16, destination: Addr) {
        let many = self.ports.len() > IDLE;
        if let Entry::Occupied(mut ports) = self.ports.entry(space) {
            ports.get_mut().give_back(port, destination);
            if many && ports.get().is_idle() {
                ports.remove();
            }
        }
    }
}

/// The low half of an address, which for IPv4 is all of it.
fn low(addr: Addr) -> u64 {
    u64::from(addr.bits() as u32)
}

/// Spreads what is alike: Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4).
const fn hash(value: u64) -> u64 {
    value.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

/// The addresses of a `dynamic-ip` pool: one for each source, as long as it has sessions.
#[derive(Debug, Clone, Default)]
struct Addresses {
    /// The place of each source's address, and how many sessions use it.
    sources: Map<Addr, (u64, u32)>,
    /// Places from here on were never used.
    fresh: u64,
    /// Places given back; the one that has waited longest first.
    returned: VecDeque<u64>,
}

impl Addresses {
    /// The place of a source's address, in a pool of `len`: the one it has, otherwise the next one that is free.
    fn take(&mut self, source: Addr, len: u64) -> Option<u64> {
        match self.sources.entry(source) {
            Entry::Occupied(mut known) => {
                known.get_mut().1 += 1;
                Some(known.get().0)
            }
            Entry::Vacant(new) => {
                let place = if self.fresh < len && self.returned.len() < IDLE {
                    self.fresh += 1;
                    self.fresh - 1
                } else {
                    self.returned.pop_front()?
                };
                new.insert((place, 1));
                Some(place)
            }
        }
    }

    fn give_back(&mut self, source: Addr) {
        if let Entry::Occupied(mut known) = self.sources.entry(source) {
            known.get_mut().1 -= 1;
            if known.get().1 == 0 {
                self.returned.push_back(known.get().0);
                known.remove();
            }
        }
    }
}

/// Whom sessions have been given to, and how many of them go on.
#[derive(Debug, Clone, Default)]
struct Loads {
    next_turn: u64,
    /// Sessions of each place below `fresh`, and the place.
    loads: BTreeSet<(u32, u64)>,
    sessions: Map<u64, u32>,
    /// Places from here on never had a session.
    fresh: u64,
}

impl Loads {
    fn turn(&mut self, len: u64) -> u64 {
        let turn = self.next_turn % len;
        self.next_turn = turn + 1;
        turn
    }

    /// The place with the fewest sessions, which then has one more.
    fn load_least(&mut self, len: u64) -> u64 {
        let place = match self.loads.first() {
            Some(&(0, place)) => place,
            _ if self.fresh < len => {
                self.fresh += 1;
                self.fresh - 1
            }
            Some(&(_, place)) => place,
            None => 0,
        };
        self.change(place, |sessions| sessions.saturating_add(1));
        place
    }

    fn unload(&mut self, place: u64) {
        self.change(place, |sessions| sessions.saturating_sub(1));
    }

    fn change(&mut self, place: u64, change: impl FnOnce(u32) -> u32) {
        let sessions = self.sessions.entry(place).or_default();
        self.loads.remove(&(*sessions, place));
        *sessions = change(*sessions);
        self.loads.insert((*sessions, place));
    }
}

/// What a session uses.
#[derive(Debug, Clone, Copy)]
struct Used {
    source: Option<Held>,
    load: Option<Load>,
}

/// What its source translation uses.
#[derive(Debug, Clone, Copy)]
enum Held {
    Port { space: Space, port: u16, destination: Addr },
    Address { pool: u32, source: Addr },
}

/// What its destination translation uses.
#[derive(Debug, Clone, Copy)]
struct Load {
    pool: u32,
    place: u64,
}

/// What all sessions use.
#[derive(Debug, Clone, Default)]
struct Leases {
    used: Vec<Option<Used>>,
    free: Vec<u32>,
}

impl Leases {
    fn add(&mut self, used: Used) -> Lease {
        let place = self.free.pop().unwrap_or_else(|| {
            self.used.push(None);
            u32::try_from(self.used.len() - 1).unwrap_or(u32::MAX)
        });
        self.used.get_mut(place as usize).into_iter().for_each(|slot| *slot = Some(used));
        Lease(place)
    }

    fn remove(&mut self, Lease(place): Lease) -> Option<Used> {
        let used = self.used.get_mut(place as usize)?.take()?;
        self.free.push(place);
        Some(used)
    }
}
