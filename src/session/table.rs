//! The session table: both flows of a session lead to it by one hash and one lookup.

use std::hash::{BuildHasher, Hash, Hasher};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::Session;
use crate::flow::{Addr, Direction, FlowKey};

/// Which session a packet belongs to, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The session.
    pub slot: Slot,
    /// Which way the packet travels.
    pub direction: Direction,
    /// Which side of the firewall shows it so.
    pub side: Side,
}

/// On which side of a translation a packet was captured. Without NAT both look the same, and count as received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// As the firewall receives it.
    Received,
    /// As the firewall sends it on.
    Transmitted,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Received, Self::Transmitted];

    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Transmitted => "transmitted",
        }
    }
}

/// Place of a session in the table; used again after the session is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// An entry of the index: a session's slot and its flows' hash, so that the index grows without looking at sessions.
#[derive(Debug, Clone, Copy)]
struct Flow {
    slot: Slot,
    hash: KeyHash,
}

/// What is kept of a flow key's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyHash(u32);

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

    /// The hash of a flow key: the same for both directions of a flow, whatever zones they come in by.
    #[expect(clippy::cast_possible_truncation, reason = "32 bits of the hash are kept")]
    pub fn hash(&self, key: &FlowKey) -> KeyHash {
        let ends = [(key.src, key.sport), (key.dst, key.dport)];
        let [low, high] = if ends[0] <= ends[1] { ends } else { [ends[1], ends[0]] };
        let mut hasher = self.hasher.build_hasher();
        for (addr, _) in [low, high] {
            Addr::hash(&addr, &mut hasher);
        }
        let ports = u64::from(low.1) << 32 | u64::from(high.1) << 16 | u64::from(key.protocol.0);
        hasher.write_u64(ports);
        KeyHash(hasher.finish() as u32)
    }

    /// The session that a packet with this key (and its hash) belongs to.
    pub fn find(&self, key: &FlowKey, hash: KeyHash) -> Option<Found> {
        let mut found = None;
        self.index.find(hash.spread(), |flow| {
            found = if flow.hash == hash { self.recognise(flow.slot, key) } else { None };
            found.is_some()
        })?;
        found
    }

    /// The session itself.
    pub fn get(&self, slot: Slot) -> Option<&Session> {
        self.sessions.get(slot.0 as usize)?.as_ref()
    }

    /// The session itself, to change.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut Session> {
        self.sessions.get_mut(slot.0 as usize)?.as_mut()
    }

    /// Puts both flows of `session` into the table; `hash` is that of its `c2s` key. `None` where one of its keys is
    /// taken: the new instance is thrown away (PANOS.md 1.3).
    pub fn insert(&mut self, session: Session, hash: KeyHash) -> Option<Slot> {
        let hashes = self.hashes(&session, hash);
        let keys = [session.c2s, session.s2c];
        if keys
            .iter()
            .zip([hash, hashes[1].unwrap_or(hash)])
            .any(|(key, hash)| self.find(key, hash).is_some())
        {
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
        for hash in hashes.into_iter().flatten() {
            self.index.insert_unique(hash.spread(), Flow { slot, hash }, |flow| flow.hash.spread());
        }
        self.live += 1;
        Some(slot)
    }

    /// Brings a session that is wanted soon into the processor's cache; of no other effect.
    #[inline]
    pub fn warm(&self, slot: Slot) {
        if let Some(session) = self.get(slot) {
            let flow = self.index.find(self.hash(&session.c2s).spread(), |flow| flow.slot == slot);
            std::hint::black_box((session.expires, session.counts.packets[0], session.last_packet, flow));
        }
    }

    /// Takes a session out.
    pub fn remove(&mut self, slot: Slot) -> Option<Session> {
        let session = self.sessions.get_mut(slot.0 as usize)?.take()?;
        for hash in self.hashes(&session, self.hash(&session.c2s)).into_iter().flatten() {
            self.unlink(slot, hash);
        }
        self.free.push(slot.0);
        self.live -= 1;
        Some(session)
    }

    /// Whether no slot has ever been used from `slot` on.
    pub fn is_behind(&self, slot: Slot) -> bool {
        slot.0 as usize >= self.sessions.len()
    }

    /// Every session, to change anything but what it is found by: flow keys may change their zones alone.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Slot, &mut Session)> {
        (0..).map(Slot).zip(&mut self.sessions).filter_map(|(slot, session)| Some((slot, session.as_mut()?)))
    }

    /// All sessions from `first` on, in order of their slots.
    pub fn iter_from(&self, first: Slot) -> impl Iterator<Item = (Slot, &Session)> {
        let rest = self.sessions.get(first.0 as usize..).unwrap_or_default();
        (first.0..).map(Slot).zip(rest).filter_map(|(slot, session)| Some((slot, session.as_ref()?)))
    }

    /// What a packet with `key` is to the session at `slot`, if it belongs there.
    ///
    /// A packet that the firewall sends on may be captured too: it has what NAT made of its key, and by its source
    /// seems to come in by some other zone.
    fn recognise(&self, slot: Slot, key: &FlowKey) -> Option<Found> {
        let session = self.get(slot)?;
        let found = |direction, side| Some(Found { slot, direction, side });
        if session.c2s == *key {
            return found(Direction::ClientToServer, Side::Received);
        }
        if session.s2c == *key {
            return found(Direction::ServerToClient, Side::Received);
        }
        if !session.is_translated() {
            return None;
        }
        if session.s2c.reply(key.zone) == *key {
            found(Direction::ClientToServer, Side::Transmitted)
        } else if session.c2s.reply(key.zone) == *key {
            found(Direction::ServerToClient, Side::Transmitted)
        } else {
            None
        }
    }

    /// The hashes of a session's index entries: a second one only where NAT translates it.
    fn hashes(&self, session: &Session, first: KeyHash) -> [Option<KeyHash>; 2] {
        [Some(first), session.is_translated().then(|| self.hash(&session.s2c))]
    }

    /// Gives a translated session another `s2c` key: NAT was seen to have chosen otherwise than was thought. False
    /// where that key is taken, or the session is gone; nothing changes then.
    pub fn retranslate(&mut self, slot: Slot, s2c: FlowKey) -> bool {
        let hash = self.hash(&s2c);
        if self.find(&s2c, hash).is_some() {
            return false;
        }
        let Some(session) = self.get(slot).filter(|session| session.is_translated()) else { return false };
        let old = self.hash(&session.s2c);
        if session.c2s.reply(s2c.zone) == s2c {
            return false;
        }
        self.unlink(slot, old);
        self.index.insert_unique(hash.spread(), Flow { slot, hash }, |flow| flow.hash.spread());
        if let Some(session) = self.get_mut(slot) {
            session.s2c = s2c;
        }
        true
    }

    /// Takes one of a session's entries out of the index.
    fn unlink(&mut self, slot: Slot, hash: KeyHash) {
        let found = self.index.entry(
            hash.spread(),
            |flow| flow.slot == slot && flow.hash == hash,
            |flow| flow.hash.spread(),
        );
        if let Entry::Occupied(entry) = found {
            entry.remove();
        }
    }
}

impl KeyHash {
    /// The 32 bits spread over the 64 that the index wants.
    fn spread(self) -> u64 {
        u64::from(self.0).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}
