//! The session table: both flows of a session lead to it by one hash and one lookup.

use std::hash::{BuildHasher, Hash, Hasher};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::Session;
use crate::flow::{Addr, Direction, FlowKey};

/// Place of a session in the table; used again after the session is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// An entry of the index: a session's slot and its flows' hash, so that the index grows without looking at sessions.
#[derive(Debug, Clone, Copy)]
struct Flow {
    slot: Slot,
    hash: u32,
}

/// All sessions that are in the flow table.
///
/// Both directions of a flow have the same hash, so that one entry serves both; only where NAT makes the two keys
/// something else than mirror images does a session have two.
#[derive(Debug, Default)]
pub struct Table {
    index: HashTable<Flow>,
    sessions: Vec<Option<Session>>,
    free: Vec<u32>,
    live: usize,
    /// Seeded at random, so that nobody can choose colliding flows; nothing is ever listed in hash order.
    hasher: foldhash::quality::RandomState,
}

impl Table {
    /// How many sessions it holds.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The session that a packet with this key belongs to, and which way the packet travels.
    pub fn find(&self, key: &FlowKey) -> Option<(Slot, Direction)> {
        let mut direction = Direction::ClientToServer;
        let hash = self.hash(key);
        let flow = self.index.find(spread(hash), |flow| match self.direction(flow.slot, key) {
            Some(found) if flow.hash == hash => {
                direction = found;
                true
            }
            _ => false,
        })?;
        Some((flow.slot, direction))
    }

    /// The session itself.
    pub fn get(&self, slot: Slot) -> Option<&Session> {
        self.sessions.get(slot.0 as usize)?.as_ref()
    }

    /// The session itself, to change.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut Session> {
        self.sessions.get_mut(slot.0 as usize)?.as_mut()
    }

    /// Puts both flows of `session` into the table. `None` where one of its keys is taken: the new instance is thrown
    /// away (PANOS.md 1.3).
    pub fn insert(&mut self, session: Session) -> Option<Slot> {
        let keys = [session.c2s, session.s2c];
        if keys.iter().any(|key| self.find(key).is_some()) {
            return None;
        }
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = u32::try_from(self.sessions.len()).ok()?;
                self.sessions.push(None);
                slot
            }
        };
        if let Some(place) = self.sessions.get_mut(slot as usize) {
            *place = Some(session);
        }
        let slot = Slot(slot);
        for hash in self.hashes(keys) {
            self.index.insert_unique(spread(hash), Flow { slot, hash }, |flow| spread(flow.hash));
        }
        self.live += 1;
        Some(slot)
    }

    /// Takes a session out.
    pub fn remove(&mut self, slot: Slot) -> Option<Session> {
        let session = self.sessions.get_mut(slot.0 as usize)?.take()?;
        for hash in self.hashes([session.c2s, session.s2c]) {
            let found = self.index.entry(spread(hash), |flow| flow.slot == slot, |flow| spread(flow.hash));
            if let Entry::Occupied(entry) = found {
                entry.remove();
            }
        }
        self.free.push(slot.0);
        self.live -= 1;
        Some(session)
    }

    /// All sessions from `first` on, in order of their slots.
    pub fn iter_from(&self, first: Slot) -> impl Iterator<Item = (Slot, &Session)> {
        let rest = self.sessions.get(first.0 as usize..).unwrap_or_default();
        (first.0..).map(Slot).zip(rest).filter_map(|(slot, session)| Some((slot, session.as_ref()?)))
    }

    /// Which way a packet with `key` travels in the session at `slot`, if it belongs there.
    fn direction(&self, slot: Slot, key: &FlowKey) -> Option<Direction> {
        let session = self.get(slot)?;
        if session.c2s == *key {
            Some(Direction::ClientToServer)
        } else if session.s2c == *key {
            Some(Direction::ServerToClient)
        } else {
            None
        }
    }

    /// The hashes of a session's index entries.
    fn hashes(&self, [c2s, s2c]: [FlowKey; 2]) -> impl Iterator<Item = u32> + use<> {
        let first = self.hash(&c2s);
        let second = Some(self.hash(&s2c)).filter(|&second| second != first);
        std::iter::once(first).chain(second)
    }

    /// The same for both directions of a flow, whatever zones they come in by.
    #[expect(clippy::cast_possible_truncation, reason = "32 bits of the hash are kept")]
    fn hash(&self, key: &FlowKey) -> u32 {
        let ends = [(key.src, key.sport), (key.dst, key.dport)];
        let [low, high] = if ends[0] <= ends[1] { ends } else { [ends[1], ends[0]] };
        let mut hasher = self.hasher.build_hasher();
        for (addr, _) in [low, high] {
            Addr::hash(&addr, &mut hasher);
        }
        let ports = u64::from(low.1) << 32 | u64::from(high.1) << 16 | u64::from(key.protocol.0);
        hasher.write_u64(ports);
        hasher.finish() as u32
    }
}

/// The 32 bits kept of a hash, spread over the 64 that the index wants.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
