//! All patterns of one context as automata that take a byte at a time.
//!
//! An automaton's state is all that is kept of the bytes seen, so that it does not matter how they come in pieces, and
//! each byte costs the same however hostile it is. What is bounded is how large an automaton may be.

use std::fmt;

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind, PatternID};
use regex_syntax::hir::Hir;

use super::pattern::Pattern;

/// So many bytes one automaton may have; it is made with twice as many.
const ONE_MAX: usize = 4 << 20;
const NFA_MAX: usize = 1 << 20;
/// So many patterns are put together: the more there are, the longer making their automaton takes for each.
const PLAIN_TOGETHER: usize = 32;
/// The same for patterns with gaps, and how many bytes their automaton may have.
const GAPPED_TOGETHER: usize = 4;
const GAPPED_MAX: usize = 256 << 10;
/// So many bytes all automata may have. One that grew too large counts with what it was allowed.
const ALL_MAX: usize = 128 << 20;

/// What a pattern's match is a match of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    /// Index of the signature.
    pub(super) signature: usize,
    /// Index of its condition.
    pub(super) condition: usize,
    /// Index of the condition's alternative.
    pub(super) alternative: usize,
    /// The method that a request must have (the qualifier `http-method`).
    pub(super) method: Option<Box<[u8]>>,
}

/// The automata of one context.
#[derive(Debug, Clone, Default)]
pub(super) struct Automaton {
    groups: Vec<Group>,
}

/// Several patterns in one automaton.
#[derive(Clone)]
struct Group {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
    /// By pattern.
    uses: Vec<Vec<Use>>,
    /// By pattern: whether what follows decides if it has ended.
    late: Vec<bool>,
}

/// A pattern of an [`Automaton`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    group: usize,
    pattern: PatternID,
    /// Whether what follows had to be seen before it was known to have ended.
    pub(super) is_late: bool,
}

/// What is left of the room for automata.
#[derive(Debug)]
pub(super) struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(ALL_MAX)
    }
}

/// A pattern with all it is used for.
pub(super) type Used = (Pattern, Vec<Use>);

impl Automaton {
    /// Makes the automata. Uses of patterns that are too large are added to `unfit`.
    pub(super) fn new(patterns: Vec<Used>, room: &mut Room, unfit: &mut Vec<Use>) -> Self {
        let mut automaton = Self::default();
        // Patterns with gaps double each other's automaton; the others hardly add to it.
        let (gapped, plain): (Vec<_>, Vec<_>) =
            patterns.into_iter().partition(|(pattern, _)| pattern.has_gap());
        for (mut left, together, most) in
            [(plain, PLAIN_TOGETHER, ONE_MAX), (gapped, GAPPED_TOGETHER, GAPPED_MAX)]
        {
            while !left.is_empty() {
                let rest = left.split_off(left.len().min(together));
                automaton.add(std::mem::replace(&mut left, rest), most, room, unfit);
            }
        }
        automaton
    }

    /// Adds patterns as one group, or where that has more than `most` bytes as several; a pattern alone may have more.
    fn add(&mut self, mut patterns: Vec<Used>, most: usize, room: &mut Room, unfit: &mut Vec<Use>) {
        if patterns.is_empty() {
            return;
        }
        let most = if patterns.len() == 1 { ONE_MAX } else { most };
        match Group::build(&patterns, most.min(room.0)) {
            Some((dfa, start)) => {
                room.0 = room.0.saturating_sub(dfa.memory_usage());
                let (late, uses) =
                    patterns.into_iter().map(|(pattern, uses)| (pattern.looks_ahead(), uses)).unzip();
                self.groups.push(Group { dfa, start, uses, late });
            }
            None => {
                room.0 = room.0.saturating_sub(most);
                if patterns.len() == 1 || room.0 == 0 {
                    unfit.extend(patterns.into_iter().flat_map(|(_, uses)| uses));
                } else {
                    let rest = patterns.split_off(patterns.len() / 2);
                    self.add(patterns, most, room, unfit);
                    self.add(rest, most, room, unfit);
                }
            }
        }
    }

    /// The states before the first byte of a value.
    pub(super) fn start(&self) -> Vec<StateID> {
        self.groups.iter().map(|group| group.start).collect()
    }

    /// Takes a byte. What is then known to have ended before it is added to `found`.
    #[inline]
    pub(super) fn step(&self, states: &mut [StateID], byte: u8, found: &mut Vec<Found>) {
        for (index, (group, state)) in self.groups.iter().zip(states).enumerate() {
            *state = group.dfa.next_state(*state, byte);
            if group.dfa.is_special_state(*state) {
                group.matches(index, *state, found);
            }
        }
    }

    /// What ends behind the last byte, whatever follows.
    pub(super) fn ended(&self, states: &[StateID], found: &mut Vec<Found>) {
        for (index, (group, state)) in self.groups.iter().zip(states).enumerate() {
            // A match shows one byte late; to those that do not look ahead, any byte will do.
            group.matches(index, group.dfa.next_state(*state, 0), found);
        }
        found.retain(|one| !one.is_late);
    }

    /// What ends behind the last byte, where that is the last one of the value.
    pub(super) fn finished(&self, states: &[StateID], found: &mut Vec<Found>) {
        for (index, (group, state)) in self.groups.iter().zip(states).enumerate() {
            group.matches(index, group.dfa.next_eoi_state(*state), found);
        }
    }

    /// What a match is a match of.
    pub(super) fn uses(&self, found: Found) -> &[Use] {
        let group = self.groups.get(found.group);
        group.and_then(|group| group.uses.get(found.pattern.as_usize())).map_or(&[], Vec::as_slice)
    }

    /// The longest match of a pattern among those that end where `bytes` do; `is_whole` says whether these are the
    /// value from its first byte on, `is_end` whether nothing follows them.
    pub(super) fn matched<'b>(
        &self,
        found: Found,
        bytes: &'b [u8],
        is_whole: bool,
        is_end: bool,
    ) -> &'b [u8] {
        let Some(group) = self.groups.get(found.group) else { return bytes };
        // What is cut off on the left was there.
        let first = usize::from(!is_whole);
        let starts = (first..bytes.len()).filter_map(|start| bytes.split_at_checked(start));
        starts
            .map(|(before, rest)| (before.last().copied(), rest))
            .find(|(before, rest)| group.is_match(found.pattern, *before, rest, is_end))
            .map_or(bytes, |(_, rest)| rest)
    }
}

impl fmt::Debug for Group {
    /// Without the table, which nobody reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("uses", &self.uses).finish_non_exhaustive()
    }
}

impl Group {
    /// `None` where it would have more than `most` bytes.
    fn build(patterns: &[Used], most: usize) -> Option<(dense::DFA<Vec<u32>>, StateID)> {
        let hirs: Vec<&Hir> = patterns.iter().map(|(pattern, _)| pattern.hir()).collect();
        let config = thompson::Config::new()
            .utf8(false)
            .nfa_size_limit(Some(NFA_MAX))
            .which_captures(WhichCaptures::None);
        let nfa = thompson::Compiler::new().configure(config).build_many_from_hir(&hirs).ok()?;
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Both)
            .accelerate(false)
            .dfa_size_limit(Some(most))
            .determinize_size_limit(Some(2 * most));
        let dfa = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::No)).ok()?;
        Some((dfa, start))
    }

    fn matches(&self, index: usize, state: StateID, found: &mut Vec<Found>) {
        if self.dfa.is_match_state(state) {
            let patterns = (0..self.dfa.match_len(state)).map(|at| self.dfa.match_pattern(state, at));
            found.extend(patterns.map(|pattern| {
                let is_late = self.late.get(pattern.as_usize()).is_some_and(|late| *late);
                Found { group: index, pattern, is_late }
            }));
        }
    }

    /// Whether the pattern fits all of `bytes`, which follow the byte `before`.
    fn is_match(&self, pattern: PatternID, before: Option<u8>, bytes: &[u8], is_end: bool) -> bool {
        let config = start::Config::new().anchored(Anchored::Yes).look_behind(before);
        let Ok(start) = self.dfa.start_state(&config) else { return false };
        let state = bytes.iter().fold(start, |state, &byte| self.dfa.next_state(state, byte));
        let ends = |state| {
            let mut found = Vec::new();
            self.matches(0, state, &mut found);
            found.iter().any(|found| found.pattern == pattern)
        };
        ends(self.dfa.next_eoi_state(state))
            || !is_end && (ends(self.dfa.next_state(state, 0)) || ends(self.dfa.next_state(state, b'a')))
    }
}
