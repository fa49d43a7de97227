//! Which row of a log is which session of the replay.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;

use super::row::LogRow;
use crate::report::Subtype;

/// What both sides of a pair have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Endpoints and start time.
    Start,
    /// The replay's endpoints are the log's behind NAT, and the start time.
    LogNat,
    /// The log's endpoints are the replay's behind NAT, and the start time.
    ReplayNat,
    /// Endpoints, and some of the time: the session began before the capture.
    Overlap,
}

impl How {
    /// One word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::LogNat => "log-nat",
            Self::ReplayNat => "replay-nat",
            Self::Overlap => "overlap",
        }
    }
}

/// A session of the replay and its row in the log, by their places in the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Place among the replay's rows.
    pub ours: usize,
    /// Place among the log's rows.
    pub theirs: usize,
    /// What they have in common.
    pub how: How,
}

/// What a conversation is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tuple<'r> {
    proto: &'r str,
    src: IpAddr,
    sport: u16,
    dst: IpAddr,
    dport: u16,
}

impl<'r> Tuple<'r> {
    pub(super) fn of(row: &'r LogRow) -> Self {
        Self { proto: &row.proto, src: row.src, sport: row.sport, dst: row.dst, dport: row.dport }
    }

    fn translated(row: &'r LogRow) -> Option<Self> {
        let (src, sport, dst, dport) = row.nat?;
        Some(Self { proto: &row.proto, src, sport, dst, dport })
    }
}

/// What is joined with what, and which rows are left.
#[derive(Debug, Default)]
pub(super) struct Join {
    pub(super) pairs: Vec<Pair>,
    /// Whether each of the replay's rows has found its own.
    pub(super) ours: Vec<bool>,
    pub(super) theirs: Vec<bool>,
    /// Rows of the replay that a row of the log counts in its `repeatcnt`.
    pub(super) repeated: usize,
}

/// Two lists of rows; the log's are `offset` seconds ahead.
#[derive(Clone, Copy)]
pub(super) struct Sides<'r> {
    pub(super) ours: &'r [LogRow],
    pub(super) theirs: &'r [LogRow],
    pub(super) offset: i64,
    pub(super) tolerance: i64,
}

/// Joins the rows: each in its time order, those that agree best first.
pub(super) fn join(sides: Sides<'_>) -> Join {
    let mut join = Join {
        ours: vec![false; sides.ours.len()],
        theirs: vec![false; sides.theirs.len()],
        ..Join::default()
    };
    let own = |row| Some(Tuple::of(row));
    join.pass(sides, How::Start, own, own);
    join.pass(sides, How::LogNat, own, Tuple::translated);
    join.pass(sides, How::ReplayNat, Tuple::translated, own);
    join.pass(sides, How::Overlap, own, own);
    join.absorb(sides);
    // As the replay lists its sessions.
    join.pairs.sort_unstable_by_key(|pair| pair.ours);
    join
}

impl Sides<'_> {
    /// Where the log's row stands against the replay's in time: before it, at it or after it.
    fn order(self, ours: &LogRow, theirs: &LogRow, how: How) -> Ordering {
        // Times of conversations of the same endpoints do not overlap unless they are one.
        let (slack, ours_end, theirs_end) = match how {
            How::Overlap => (0, ours.end(), theirs.end()),
            How::Start | How::LogNat | How::ReplayNat => (self.tolerance, ours.start, theirs.start),
        };
        if theirs_end.saturating_sub(self.offset) < ours.start.saturating_sub(slack) {
            Ordering::Less
        } else if theirs.start.saturating_sub(self.offset) > ours_end.saturating_add(slack) {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }
}

impl Join {
    fn pass<'r>(
        &mut self,
        sides: Sides<'r>,
        how: How,
        ours_key: impl Fn(&'r LogRow) -> Option<Tuple<'r>>,
        theirs_key: impl Fn(&'r LogRow) -> Option<Tuple<'r>>,
    ) {
        let ours = by_tuple(sides.ours, &self.ours, ours_key);
        let theirs = by_tuple(sides.theirs, &self.theirs, theirs_key);
        for (tuple, ours) in ours {
            let Some(theirs) = theirs.get(&tuple) else { continue };
            let (mut ours, mut theirs) = (ours.into_iter().peekable(), theirs.iter().copied().peekable());
            while let (Some(&(our, our_row)), Some(&(their, their_row))) = (ours.peek(), theirs.peek()) {
                let order = sides.order(our_row, their_row, how);
                if order.is_eq() {
                    self.pairs.push(Pair { ours: our, theirs: their, how });
                    mark(&mut self.ours, our);
                    mark(&mut self.theirs, their);
                }
                if order.is_le() {
                    theirs.next();
                }
                if order.is_ge() {
                    ours.next();
                }
            }
        }
    }

    /// A row of the log may stand for several sessions or refusals of the same endpoints (PANOS.md 3.3).
    fn absorb(&mut self, sides: Sides<'_>) {
        let mut spare: BTreeMap<(Tuple<'_>, Subtype), u64> = BTreeMap::new();
        for pair in &self.pairs {
            if let Some(row) = sides.theirs.get(pair.theirs).filter(|row| row.repeatcnt > 1) {
                *spare.entry((Tuple::of(row), row.subtype)).or_default() += row.repeatcnt - 1;
            }
        }
        for (row, taken) in sides.ours.iter().zip(&mut self.ours).filter(|(_, taken)| !**taken) {
            if let Some(left) = spare.get_mut(&(Tuple::of(row), row.subtype)).filter(|left| **left > 0) {
                *left -= 1;
                *taken = true;
                self.repeated += 1;
            }
        }
    }
}

fn mark(taken: &mut [bool], place: usize) {
    if let Some(taken) = taken.get_mut(place) {
        *taken = true;
    }
}

/// Rows that are not taken, with their places, in order of their start.
fn by_tuple<'r>(
    rows: &'r [LogRow],
    taken: &[bool],
    key: impl Fn(&'r LogRow) -> Option<Tuple<'r>>,
) -> BTreeMap<Tuple<'r>, Vec<(usize, &'r LogRow)>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (place, (row, _)) in rows.iter().zip(taken).enumerate().filter(|(_, (_, taken))| !**taken) {
        if let Some(tuple) = key(row) {
            found.entry(tuple).or_default().push((place, row));
        }
    }
    for rows in found.values_mut() {
        rows.sort_by_key(|(_, row)| row.start);
    }
    found
}
