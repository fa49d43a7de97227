//! The ports of one translated address that are in use.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::flow::Addr;

/// The lowest port that is given out (PANOS.md 9).
const LOWEST: u16 = 1_024;

/// How many ports there are from [`LOWEST`] up.
const PORTS: u32 = 65_536 - LOWEST as u32;

/// Ports go by 64 to a word.
const FIRST_WORD: u16 = LOWEST / 64;
const WORDS: u16 = 1_024 - FIRST_WORD;

/// The ports of one address and protocol.
///
/// Ports are given out in turns, so that one just given back is the last to be given out again.
#[derive(Debug, Clone)]
pub(super) struct Ports {
    /// Level `n` holds the ports that are in use more than `n` times.
    levels: Vec<PortSet>,
    /// Ports in use by destination; only kept where a port may be used more than once.
    toward: HashMap<Addr, PortSet, foldhash::quality::RandomState>,
    /// Where the search goes on.
    next: u16,
}

impl Ports {
    /// `times` is how many sessions may share a port.
    pub(super) fn new(times: usize) -> Self {
        Self { levels: vec![PortSet::default(); times], toward: HashMap::default(), next: LOWEST }
    }

    /// Takes a port: the preferred one if it is free, otherwise the next one that is; if none is free, the next one
    /// that fewest sessions use, and none toward the same destination. `None` where there is none.
    pub(super) fn take(&mut self, preferred: Option<u16>, destination: Addr) -> Option<u16> {
        let oversubscribed = self.levels.len() > 1;
        let taken = self.toward.get(&destination);
        let (level, port) = self.levels.iter_mut().find_map(|level| {
            let preferred = preferred
                .filter(|&port| !level.contains(port) && !taken.is_some_and(|taken| taken.contains(port)));
            let port = preferred.or_else(|| level.next_outside(self.next, taken))?;
            Some((level, port))
        })?;
        level.insert(port);
        self.next = port.checked_add(1).unwrap_or(LOWEST).max(LOWEST);
        if oversubscribed {
            self.toward.entry(destination).or_default().insert(port);
        }
        Some(port)
    }

    /// Gives a port back.
    pub(super) fn give_back(&mut self, port: u16, destination: Addr) {
        if let Some(level) = self.levels.iter_mut().rev().find(|level| level.contains(port)) {
            level.remove(port);
        }
        if let Some(taken) = self.toward.get_mut(&destination) {
            taken.remove(port);
            if taken.words.is_empty() {
                self.toward.remove(&destination);
            }
        }
    }

    /// Whether none is in use.
    pub(super) fn is_idle(&self) -> bool {
        self.levels.first().is_none_or(|level| level.words.is_empty())
    }
}

/// A set of ports, small while it holds few.
#[derive(Debug, Clone, Default)]
struct PortSet {
    /// 64 ports each, by their place; none is 0.
    words: BTreeMap<u16, u64>,
    /// How many ports from [`LOWEST`] up it holds.
    held: u32,
}

impl PortSet {
    fn word(&self, place: u16) -> u64 {
        self.words.get(&place).copied().unwrap_or(0)
    }

    fn contains(&self, port: u16) -> bool {
        self.word(port / 64) & bit(port) != 0
    }

    fn insert(&mut self, port: u16) {
        let word = self.words.entry(port / 64).or_default();
        self.held += u32::from(*word & bit(port) == 0 && port >= LOWEST);
        *word |= bit(port);
    }

    fn remove(&mut self, port: u16) {
        let Some(word) = self.words.get_mut(&(port / 64)) else { return };
        self.held -= u32::from(*word & bit(port) != 0 && port >= LOWEST);
        *word &= !bit(port);
        if *word == 0 {
            self.words.remove(&(port / 64));
        }
    }

    /// The next port, from `start` on and around, that is neither in this set nor in the other.
    fn next_outside(&self, start: u16, other: Option<&Self>) -> Option<u16> {
        if self.held == PORTS || other.is_some_and(|other| other.held == PORTS) {
            return None;
        }
        let first = start.max(LOWEST) / 64;
        // The first word twice: from `start` on, and at last up to it.
        (0..=WORDS).find_map(|step| {
            let place = FIRST_WORD + (first - FIRST_WORD + step) % WORDS;
            let free = !(self.word(place) | other.map_or(0, |other| other.word(place)));
            let free = if step == 0 { free & (u64::MAX << (start % 64)) } else { free };
            let found = free.trailing_zeros() as u16;
            (free != 0).then(|| place * 64 + found)
        })
    }
}

const fn bit(port: u16) -> u64 {
    1 << (port % 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Addr = Addr::v4([198, 51, 100, 1]);
    const B: Addr = Addr::v4([198, 51, 100, 2]);

    #[test]
    fn ports_are_given_out_in_turns_from_1024_up() {
        let mut ports = Ports::new(1);
        assert_eq!([ports.take(None, A), ports.take(None, A)], [Some(1_024), Some(1_025)]);
        ports.give_back(1_024, A);
        assert_eq!(ports.take(None, A), Some(1_026), "not the one just given back");
        for port in 1_027..=65_535 {
            assert_eq!(ports.take(None, B), Some(port));
        }
        assert_eq!([ports.take(None, B), ports.take(None, B)], [Some(1_024), None]);
        ports.give_back(5_000, B);
        assert_eq!([ports.take(None, A), ports.take(None, A)], [Some(5_000), None]);
        for port in 1_024..=65_535 {
            assert!(!ports.is_idle());
            ports.give_back(port, A);
        }
        assert!(ports.is_idle());
    }

    #[test]
    fn a_port_is_shared_only_when_none_is_free_and_toward_different_destinations() {
        let mut ports = Ports::new(2);
        for port in 1_024..=65_535 {
            assert_eq!(ports.take(None, A), Some(port));
        }
        assert_eq!(ports.take(None, A), None, "twice toward the same destination");
        assert_eq!(ports.take(None, B), Some(1_024));
        ports.give_back(1_024, A);
        assert_eq!(ports.take(None, B), Some(1_025), "1024 is in use toward B");
        assert_eq!(ports.take(None, A), Some(1_024));
        for port in 1_026..=65_535 {
            assert_eq!(ports.take(None, B), Some(port));
        }
        assert_eq!([ports.take(None, A), ports.take(None, B)], [None, None]);
        assert_eq!(ports.take(None, Addr::v4([9; 4])), None, "every port twice");
        for port in 1_024..=65_535 {
            ports.give_back(port, A);
            ports.give_back(port, B);
        }
        assert!(ports.is_idle() && ports.toward.is_empty());
    }

    #[test]
    fn a_preferred_port_may_be_any() {
        let mut ports = Ports::new(1);
        assert_eq!(ports.take(Some(1), A), Some(1));
        assert_eq!(ports.take(Some(1), A), Some(1_024));
        ports.give_back(1, A);
        assert_eq!(ports.take(Some(1), A), Some(1));
    }
}
