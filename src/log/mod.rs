//! Traffic logs of real firewalls: reading them, and holding a replay against them.
//!
//! [`Reader`] takes logs as PAN-OS sends them by syslog and as its web interface exports them; [`Log`] is what a
//! comparison keeps of one; [`Comparison`] joins its rows with the model's.

mod clock;
mod compare;
mod fields;
mod join;
pub mod json;
mod read;
mod row;
pub mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use jiff::tz::TimeZone;

pub use self::clock::{Clock, Told};
pub use self::compare::{COLUMNS, Column, Comparison, Difference, Options};
pub use self::join::{How, Pair};
pub use self::read::{Entry, Item, Reader};
pub use self::row::{Collect, LogRow};
use crate::report::escape;

/// What is wrong with a log, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogError {
    /// The file, as it was named.
    pub path: String,
    /// Line, counted from 1.
    pub line: u64,
    /// The column it is about: its number, counted from 1, and its name.
    pub column: Option<(usize, String)>,
    /// What is wrong, without trailing punctuation.
    pub what: String,
}

/// `fw.log:7: column 25 (sport): "x" is no port`.
impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", escape::name(&self.path), self.line)?;
        match &self.column {
            Some((number, name)) if name.is_empty() => write!(f, "column {number}: {}", self.what),
            Some((number, name)) => write!(f, "column {number} ({}): {}", escape::name(name), self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for LogError {}

/// The rows of one or more logs that can be compared, and what was left out.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Rows of subtype end, deny or drop, in the order of the files.
    pub rows: Vec<LogRow>,
    /// Start rows: a session has another row at its end.
    pub starts: u64,
    /// Rows of other logs by their type, such as `THREAT`.
    pub others: BTreeMap<String, u64>,
    /// Lines that are no PAN-OS log at all.
    pub foreign: u64,
    /// Traffic rows that cannot be read.
    pub damaged: u64,
    /// The first line that is foreign, and the first damaged row.
    pub problems: Vec<LogError>,
}

impl Log {
    /// Adds a log. Dates are read as of `zone`; `file` is the number of the log among those of a run.
    ///
    /// # Errors
    /// Where `input` fails; where nothing in it is a traffic row, for the reason that its first line gives.
    pub fn add(
        &mut self,
        input: impl io::BufRead,
        (path, file): (&str, usize),
        zone: &TimeZone,
    ) -> io::Result<Result<(), LogError>> {
        let mut reader = Reader::new(input, path);
        let (mut found, mut foreign, mut damaged) = (false, None, None);
        while let Some(item) = reader.read()? {
            match item {
                Item::Row(entry) => match entry.row(zone) {
                    Ok(row) => {
                        found = true;
                        match row {
                            Some(row) => self.rows.push(LogRow { file, ..row }),
                            None => self.starts += 1,
                        }
                    }
                    Err(error) => {
                        self.damaged += 1;
                        damaged.get_or_insert(error);
                    }
                },
                Item::Other(kind) if self.others.len() < KINDS || self.others.contains_key(kind) => {
                    *self.others.entry(kind.to_owned()).or_default() += 1;
                }
                Item::Other(_) => self.foreign += 1,
                Item::Foreign(error) => {
                    self.foreign += 1;
                    foreign.get_or_insert(error);
                }
                Item::Damaged(error) => {
                    self.damaged += 1;
                    damaged.get_or_insert(error);
                }
            }
        }
        if found {
            self.problems.extend(foreign.into_iter().chain(damaged));
            return Ok(Ok(()));
        }
        let empty = || LogError {
            path: path.to_owned(),
            line: 1,
            column: None,
            what: "there is no traffic log row in it".to_owned(),
        };
        Ok(Err(damaged.or(foreign).unwrap_or_else(empty)))
    }
}

/// So many types of other logs are told apart.
const KINDS: usize = 32;
