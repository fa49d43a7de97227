//! Which rules can answer a query at all: an index over every column.
//!
//! For each column the index knows, for each value a query can have there, the set of rules that the column does not
//! rule out. A lookup intersects one set per column and fully matches only what is left, in order. Sets are bitmaps
//! cut into chunks; equal chunks and equal sets are stored once, so the index grows with what the rules *say*, not
//! with rules times values.
//!
//! INVARIANT: a set may hold too many rules, never too few. That is what lets the index stay within
//! [`Limits`]: where there are too many values it takes several of them together.

mod build;
mod columns;

use self::columns::service_key;
use super::lookup::Query;
use super::rule::RuleId;
use crate::app::AppId;
use crate::flow::Addr;

/// Rules in one chunk: a chunk is one cache line.
const CHUNK: usize = 512;

/// One bit per rule.
type Chunk = [u64; CHUNK / 64];

/// No rule at all.
const NONE: Chunk = [0; CHUNK / 64];

/// The number of [`NONE`] in every pool.
const EMPTY: u32 = 0;

/// Columns that a query is looked up by.
const COLUMNS: usize = 7;

/// The addresses that stand for IPv4 (RFC 4291, 2.5.5.2).
const V4: (u128, u128) = (0xffff_0000_0000, 0xffff_ffff_ffff);

/// What the index may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Chunk numbers in the sets of one column.
    pub(super) chunks: usize,
    /// Values that all rules may name in one column, each counted as often as it is named.
    pub(super) entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { chunks: 8_000_000, entries: 4_000_000 }
    }
}

/// The index.
#[derive(Debug, Clone)]
pub(super) struct Index {
    sets: Sets,
    within_zone: SetId,
    between_zones: SetId,
    from: ByValue,
    to: ByValue,
    source: ByAddress,
    destination: ByAddress,
    /// By protocol and destination port.
    service: ByInterval<u32>,
    application: ByValue,
    /// While the application is unknown.
    no_application: SetId,
}

/// Number of a set in [`Sets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SetId(u32);

/// All sets of rules.
#[derive(Debug, Clone, Default)]
struct Sets {
    pool: Vec<Chunk>,
    /// The chunks of each set, one set after the other.
    chunks: Vec<u32>,
    /// Chunks per set.
    width: usize,
}

/// The set for each of the small numbers a column is about: zones, applications.
#[derive(Debug, Clone)]
struct ByValue {
    sets: Vec<SetId>,
    other: SetId,
}

/// The set for each interval of a large space: addresses, ports.
#[derive(Debug, Clone)]
struct ByInterval<K> {
    /// Where each interval starts; the first one starts at 0.
    starts: Vec<K>,
    sets: Vec<SetId>,
}

/// The set for each interval of addresses. IPv4 by itself: keys are a quarter as large, and fit the cache.
#[derive(Debug, Clone)]
struct ByAddress {
    v4: ByInterval<u32>,
    v6: ByInterval<u128>,
}

impl Index {
    /// The rules that no column rules out, in order.
    pub(super) fn candidates(&self, query: &Query) -> Candidates<'_> {
        let zones = if query.from == query.to { self.within_zone } else { self.between_zones };
        let application = match query.app {
            Some(AppId(app)) => self.application.get(app.into()),
            None => self.no_application,
        };
        // Those first that are most likely to leave nothing.
        let columns = [
            self.destination.get(query.dst),
            self.source.get(query.src),
            self.service.get(service_key(query.protocol, query.dport)),
            self.to.get(query.to.0.into()),
            self.from.get(query.from.0.into()),
            application,
            zones,
        ];
        Candidates {
            sets: &self.sets,
            columns: columns.map(|set| self.sets.get(set)),
            next_chunk: 0,
            first_rule: 0,
            chunk: NONE,
        }
    }
}

/// The rules left when every column has had its say.
pub(super) struct Candidates<'i> {
    sets: &'i Sets,
    columns: [&'i [u32]; COLUMNS],
    next_chunk: usize,
    /// The first rule of the chunk at hand.
    first_rule: u32,
    /// What is left of the chunk at hand.
    chunk: Chunk,
}

impl Candidates<'_> {
    /// Intersects the next chunk; `None` after the last one.
    fn advance(&mut self) -> Option<()> {
        let place = self.next_chunk;
        self.next_chunk += 1;
        #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 2^32 rules")]
        let first_rule = (place * CHUNK) as u32;
        self.first_rule = first_rule;
        let mut chunk = [u64::MAX; CHUNK / 64];
        for column in self.columns {
            let number = *column.get(place)?;
            if number == EMPTY {
                return Some(());
            }
            for (word, other) in chunk.iter_mut().zip(self.sets.pool.get(number as usize)?) {
                *word &= other;
            }
        }
        self.chunk = chunk;
        Some(())
    }
}

impl Iterator for Candidates<'_> {
    type Item = RuleId;

    fn next(&mut self) -> Option<RuleId> {
        loop {
            for (word, first) in self.chunk.iter_mut().zip((self.first_rule..).step_by(64)) {
                if *word != 0 {
                    let bit = word.trailing_zeros();
                    *word &= *word - 1;
                    return Some(RuleId(first + bit));
                }
            }
            self.advance()?;
        }
    }
}

impl Sets {
    fn get(&self, SetId(set): SetId) -> &[u32] {
        let start = set as usize * self.width;
        self.chunks.get(start..start + self.width).unwrap_or_default()
    }
}

impl ByValue {
    fn get(&self, value: usize) -> SetId {
        self.sets.get(value).copied().unwrap_or(self.other)
    }
}

impl<K: Ord> ByInterval<K> {
    fn get(&self, value: K) -> SetId {
        let after = self.starts.partition_point(|start| *start <= value);
        self.sets.get(after.saturating_sub(1)).copied().unwrap_or(SetId(0))
    }
}

impl ByAddress {
    fn get(&self, addr: Addr) -> SetId {
        match u32::try_from(addr.bits().wrapping_sub(V4.0)) {
            Ok(v4) => self.v4.get(v4),
            Err(_) => self.v6.get(addr.bits()),
        }
    }
}

#[cfg(test)]
mod tests;
