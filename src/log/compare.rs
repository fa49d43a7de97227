//! A log held against a replay: where they differ, and how often they agree.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::clock::{Clock, Told};
use super::join::{How, Join, Pair, Sides, join};
use super::row::LogRow;

/// A column that is compared.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Whether a difference is one of the model: others depend on what the capture holds.
    pub decides: bool,
    value: for<'r> fn(&'r LogRow) -> Option<Cow<'r, str>>,
}

/// What is compared, in the order of a row.
pub const COLUMNS: [Column; 10] = [
    column("subtype", true, |row| Some(row.subtype.name().into())),
    column("app", true, |row| Some((&*row.app).into())),
    column("rule", true, |row| Some((&*row.rule).into())),
    column("action", true, |row| Some((&*row.action).into())),
    column("session_end_reason", true, |row| row.session_end_reason.as_deref().map(Into::into)),
    column("from", false, |row| Some((&*row.from).into())),
    column("to", false, |row| Some((&*row.to).into())),
    column("elapsed", false, |row| Some(row.elapsed.to_string().into())),
    column("packets", false, |row| Some(row.packets.to_string().into())),
    column("bytes", false, |row| Some(row.bytes.to_string().into())),
];

const fn column(
    name: &'static str,
    decides: bool,
    value: for<'r> fn(&'r LogRow) -> Option<Cow<'r, str>>,
) -> Column {
    Column { name, decides, value }
}

/// How rows are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Seconds that the log's clock is ahead of the capture's; `None` finds out.
    pub offset: Option<i64>,
    /// Start times may differ by so many seconds.
    pub tolerance: i64,
    /// When the capture begins and ends, in seconds since the epoch.
    pub window: Option<(i64, i64)>,
}

/// A log held against a replay.
#[derive(Debug)]
pub struct Comparison<'r> {
    /// The replay's rows.
    pub ours: &'r [LogRow],
    /// The log's rows.
    pub theirs: &'r [LogRow],
    /// The log's clock.
    pub clock: Clock,
    /// What belongs together, in order of the replay's rows.
    pub pairs: Vec<Pair>,
    /// How many pairs have a value on either side, and in how many it is the same; one for each of [`COLUMNS`].
    pub scores: [(usize, usize); COLUMNS.len()],
    /// Kinds of differences: the columns in order, the most frequent first.
    pub differences: Vec<Difference<'r>>,
    /// The log's rows, by place, that the replay does not have.
    pub only_theirs: Vec<usize>,
    /// The replay's rows, by place, that the rulebase logs and the log does not have.
    pub only_ours: Vec<usize>,
    /// The log's rows of a time that the capture does not cover.
    pub outside: usize,
    /// Rows of the replay that the log has in another row's `repeatcnt`.
    pub repeated: usize,
}

/// A difference, and the pairs that have it.
#[derive(Debug)]
pub struct Difference<'r> {
    /// Place of the column among [`COLUMNS`].
    pub column: usize,
    /// What the replay says.
    pub ours: Cow<'r, str>,
    /// What the log says.
    pub theirs: Cow<'r, str>,
    /// Places of the pairs.
    pub pairs: Vec<usize>,
}

impl<'r> Comparison<'r> {
    /// Joins the rows of a replay with those of a log, and compares them.
    pub fn new(ours: &'r [LogRow], theirs: &'r [LogRow], options: Options) -> Self {
        let Options { offset, tolerance, window } = options;
        let clock = match offset {
            Some(offset) => Clock { offset, told: Told::Given },
            None => Clock::find(ours, theirs, tolerance),
        };
        let joined = join(Sides { ours, theirs, offset: clock.offset, tolerance });
        let Join { pairs, ours: our_own, theirs: their_own, repeated } = joined;
        let left = |taken: &[bool]| -> Vec<usize> {
            taken.iter().enumerate().filter(|(_, taken)| !**taken).map(|(place, _)| place).collect()
        };
        let is_covered = |row: &LogRow| {
            window.is_none_or(|(first, last)| {
                row.start.saturating_sub(clock.offset) <= last.saturating_add(tolerance)
                    && row.end().saturating_sub(clock.offset) >= first.saturating_sub(tolerance)
            })
        };
        let unmatched = left(&their_own);
        let of_their_own = |&place: &usize| theirs.get(place).is_some_and(is_covered);
        let only_theirs: Vec<usize> = unmatched.iter().copied().filter(of_their_own).collect();
        let is_logged = |place: &usize| ours.get(*place).is_some_and(|row| row.logged);
        let mut comparison = Self {
            ours,
            theirs,
            clock,
            pairs,
            scores: [(0, 0); COLUMNS.len()],
            differences: Vec::new(),
            outside: unmatched.len() - only_theirs.len(),
            only_theirs,
            only_ours: left(&our_own).into_iter().filter(is_logged).collect(),
            repeated,
        };
        comparison.compare();
        comparison
    }

    /// A pair's rows: the replay's and the log's.
    pub fn rows(&self, pair: &Pair) -> Option<(&'r LogRow, &'r LogRow)> {
        Some((self.ours.get(pair.ours)?, self.theirs.get(pair.theirs)?))
    }

    /// Whether log and replay agree: every row has its own, with the same values where those are the model's.
    pub fn agrees(&self) -> bool {
        self.only_theirs.is_empty() && self.only_ours.is_empty() && self.deciding().next().is_none()
    }

    /// The differences that are the model's.
    pub fn deciding(&self) -> impl Iterator<Item = &Difference<'r>> {
        self.differences
            .iter()
            .filter(|difference| COLUMNS.get(difference.column).is_some_and(|column| column.decides))
    }

    fn compare(&mut self) {
        let mut found: BTreeMap<(usize, Cow<'r, str>, Cow<'r, str>), Vec<usize>> = BTreeMap::new();
        for (number, pair) in self.pairs.iter().enumerate() {
            let Some((ours, theirs)) = self.rows(pair) else { continue };
            // A session that the capture does not have all of, or a row for several, has other counts.
            let is_whole = pair.how != How::Overlap && ours.repeatcnt == theirs.repeatcnt;
            for (place, column) in COLUMNS.iter().enumerate().filter(|(_, column)| column.decides || is_whole)
            {
                let (Some(our), Some(their)) = ((column.value)(ours), (column.value)(theirs)) else {
                    continue;
                };
                let Some((compared, agree)) = self.scores.get_mut(place) else { continue };
                *compared += 1;
                if our == their {
                    *agree += 1;
                } else {
                    found.entry((place, our, their)).or_default().push(number);
                }
            }
        }
        self.differences = found
            .into_iter()
            .map(|((column, ours, theirs), pairs)| Difference { column, ours, theirs, pairs })
            .collect();
        self.differences
            .sort_by_key(|difference| (difference.column, std::cmp::Reverse(difference.pairs.len())));
    }
}
