//! The session table: both flows of a session lead to it by one hash and one lookup.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::Session;
use crate::flow::{Direction, FlowKey};

/// Place of a session in the table; used again after the session is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// A flow: its session's slot, its direction in the low bit, and its hash, so that the index grows without looking at
/// the sessions.
#[derive(Debug, Clone, Copy)]
struct Flow {
    tagged: u32,
    hash: u32,
}

/// All sessions that are in the flow table.
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
        let hash = self.hash(key);
        self.index.find(spread(hash), |flow| self.key(*flow) == Some(key)).map(|flow| flow.split())
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
        if self.find(&keys[1]).is_some() || self.find(&keys[0]).is_some() {
            return None;
        }
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                // One bit of the index entry is the direction.
                let slot = u32::try_from(self.sessions.len()).ok().filter(|&slot| slot < 1 << 31)?;
                self.sessions.push(None);
                slot
            }
        };
        if let Some(place) = self.sessions.get_mut(slot as usize) {
            *place = Some(session);
        }
        for (key, direction) in keys.iter().zip(Direction::BOTH) {
            let hash = self.hash(key);
            let flow = Flow { tagged: slot << 1 | direction as u32, hash };
            self.index.insert_unique(spread(hash), flow, |flow| spread(flow.hash));
            if keys[0] == keys[1] {
                break;
            }
        }
        self.live += 1;
        Some(Slot(slot))
    }

    /// Takes a session out.
    pub fn remove(&mut self, slot: Slot) -> Option<Session> {
        let session = self.sessions.get_mut(slot.0 as usize)?.take()?;
        for (key, direction) in [session.c2s, session.s2c].iter().zip(Direction::BOTH) {
            let hash = self.hash(key);
            let tagged = slot.0 << 1 | direction as u32;
            let found =
                self.index.entry(spread(hash), |flow| flow.tagged == tagged, |flow| spread(flow.hash));
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

    #[expect(clippy::cast_possible_truncation, reason = "32 bits of the hash are kept")]
    fn hash(&self, key: &FlowKey) -> u32 {
        self.hasher.hash_one(key) as u32
    }

    fn key(&self, flow: Flow) -> Option<&FlowKey> {
        let (slot, direction) = flow.split();
        let session = self.get(slot)?;
        Some(match direction {
            Direction::ClientToServer => &session.c2s,
            Direction::ServerToClient => &session.s2c,
        })
    }
}

impl Flow {
    const fn split(self) -> (Slot, Direction) {
        let direction =
            if self.tagged & 1 == 0 { Direction::ClientToServer } else { Direction::ServerToClient };
        (Slot(self.tagged >> 1), direction)
    }
}

/// The 32 bits kept of a hash, spread over the 64 that the index wants.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
