//! How far a log's clock is from the capture's.

use std::collections::BTreeMap;

use super::join::Tuple;
use super::row::LogRow;

/// The log's clock against the capture's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Seconds that the log is ahead.
    pub offset: i64,
    /// How that is known.
    pub told: Told,
}

/// How the offset of a log's clock is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// By `--clock-offset`.
    Given,
    /// So many of so many conversations that both sides have once agree on it.
    Found {
        /// Those that agree.
        agree: usize,
        /// All of them.
        of: usize,
    },
    /// Nothing tells it: it is taken to be none.
    Unknown,
}

impl Clock {
    /// Finds the constant that most conversations agree on: those with one row on either side, or, where there are
    /// none, the first rows of each. An offset within `tolerance` is none.
    pub(super) fn find(ours: &[LogRow], theirs: &[LogRow], tolerance: i64) -> Self {
        let mut seen: BTreeMap<Tuple<'_>, [Vec<i64>; 2]> = BTreeMap::new();
        for (side, rows) in [ours, theirs].into_iter().enumerate() {
            for row in rows {
                if let Some(starts) = seen.entry(Tuple::of(row)).or_default().get_mut(side) {
                    starts.push(row.start);
                }
            }
        }
        let both = || seen.values().filter(|[ours, theirs]| !ours.is_empty() && !theirs.is_empty());
        let once = both().filter(|[ours, theirs]| ours.len() == 1 && theirs.len() == 1);
        let mut offsets: Vec<i64> = once.filter_map(difference).collect();
        if offsets.is_empty() {
            offsets = both().filter_map(difference).collect();
        }
        offsets.sort_unstable();
        let Some((agree, offset)) = densest(&offsets, tolerance) else {
            return Self { offset: 0, told: Told::Unknown };
        };
        if agree * 2 <= offsets.len() {
            return Self { offset: 0, told: Told::Unknown };
        }
        let offset = if offset.abs() <= tolerance { 0 } else { offset };
        Self { offset, told: Told::Found { agree, of: offsets.len() } }
    }
}

/// How far the log's first row is ahead of the replay's.
fn difference([ours, theirs]: &[Vec<i64>; 2]) -> Option<i64> {
    Some(theirs.iter().min()?.saturating_sub(*ours.iter().min()?))
}

/// The most values within `tolerance` of each other, and the one in their middle; of several such crowds, the one
/// nearest to 0. `values` are sorted.
fn densest(values: &[i64], tolerance: i64) -> Option<(usize, i64)> {
    let mut first = 0;
    let mut best: Option<(usize, i64)> = None;
    for (last, &high) in values.iter().enumerate() {
        while values.get(first).is_some_and(|&low| high.saturating_sub(low) > tolerance) {
            first += 1;
        }
        let count = last + 1 - first;
        let middle = values.get(first + (last - first) / 2).copied().unwrap_or(high);
        let is_better = |(most, at): (usize, i64)| count > most || (count == most && middle.abs() < at.abs());
        if best.is_none_or(is_better) {
            best = Some((count, middle));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_densest_crowd_counts() {
        assert_eq!(densest(&[], 3), None);
        assert_eq!(densest(&[7], 3), Some((1, 7)));
        assert_eq!(densest(&[-900, 0, 3598, 3600, 3601, 9000], 3), Some((3, 3600)));
        // Equally many: the nearer to no offset at all.
        assert_eq!(densest(&[-7200, -7199, -1, 0], 3), Some((2, -1)));
    }
}
