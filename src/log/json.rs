//! A comparison as one JSON document.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::clock::Told;
use super::compare::{COLUMNS, Comparison};
use super::row::LogRow;
use super::{Log, LogError};
use crate::report::{About, escape};

/// Writes the document. `paths` are the logs.
///
/// # Errors
/// Where `out` fails.
pub fn write(
    out: &mut dyn Write,
    about: &About<'_>,
    (paths, log): (&[String], &Log),
    comparison: &Comparison<'_>,
) -> io::Result<()> {
    let row = |list: &'_ [LogRow], place: usize| list.get(place).map(|row| RowOf::of(row, paths));
    let alone = |list: &'_ [LogRow], places: &[usize]| -> Vec<RowOf> {
        places.iter().filter_map(|&place| row(list, place)).collect()
    };
    let document = Document {
        firstpass: env!("CARGO_PKG_VERSION"),
        captures: about.captures.iter().map(|capture| capture.path.as_str()).collect(),
        rulebase: &about.world.source.path,
        log: LogOf::of(paths, log),
        clock: ClockOf::of(comparison),
        agrees: comparison.agrees(),
        pairs: comparison.pairs.len(),
        outside_capture: comparison.outside,
        repeated: comparison.repeated,
        columns: columns(comparison),
        differences: differences(comparison, paths),
        only_in_log: alone(comparison.theirs, &comparison.only_theirs),
        only_in_replay: alone(comparison.ours, &comparison.only_ours),
        warnings: about.warnings,
    };
    let mut out = out;
    escape::write_json(&mut out, &document)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Document<'a> {
    firstpass: &'static str,
    captures: Vec<&'a str>,
    rulebase: &'a str,
    log: LogOf<'a>,
    clock: ClockOf,
    agrees: bool,
    pairs: usize,
    outside_capture: usize,
    repeated: usize,
    columns: Vec<ColumnOf>,
    differences: Vec<Differing>,
    only_in_log: Vec<RowOf>,
    only_in_replay: Vec<RowOf>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct LogOf<'a> {
    paths: &'a [String],
    rows: usize,
    start_rows: u64,
    other_logs: &'a BTreeMap<String, u64>,
    foreign_lines: u64,
    unreadable_rows: u64,
    problems: Vec<String>,
}

impl<'a> LogOf<'a> {
    fn of(paths: &'a [String], log: &'a Log) -> Self {
        Self {
            paths,
            rows: log.rows.len(),
            start_rows: log.starts,
            other_logs: &log.others,
            foreign_lines: log.foreign,
            unreadable_rows: log.damaged,
            problems: log.problems.iter().map(LogError::to_string).collect(),
        }
    }
}

#[derive(Serialize)]
struct ClockOf {
    offset: i64,
    told: &'static str,
    agree: Option<usize>,
    of: Option<usize>,
}

impl ClockOf {
    fn of(comparison: &Comparison<'_>) -> Self {
        let (told, agree, of) = match comparison.clock.told {
            Told::Given => ("given", None, None),
            Told::Found { agree, of } => ("found", Some(agree), Some(of)),
            Told::Unknown => ("unknown", None, None),
        };
        Self { offset: comparison.clock.offset, told, agree, of }
    }
}

#[derive(Serialize)]
struct ColumnOf {
    column: &'static str,
    decides: bool,
    pairs: usize,
    agree: usize,
}

fn columns(comparison: &Comparison<'_>) -> Vec<ColumnOf> {
    let scores = COLUMNS.iter().zip(comparison.scores);
    scores
        .map(|(column, (pairs, agree))| ColumnOf {
            column: column.name,
            decides: column.decides,
            pairs,
            agree,
        })
        .collect()
}

/// A pair with what differs in it.
#[derive(Serialize)]
struct Differing {
    joined_by: &'static str,
    session: u64,
    log: RowOf,
    columns: Vec<Value>,
}

#[derive(Serialize)]
struct Value {
    column: &'static str,
    decides: bool,
    replay: String,
    log: String,
}

fn differences(comparison: &Comparison<'_>, paths: &[String]) -> Vec<Differing> {
    let mut by_pair: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
    for difference in &comparison.differences {
        let Some(column) = COLUMNS.get(difference.column) else { continue };
        for &pair in &difference.pairs {
            by_pair.entry(pair).or_default().push(Value {
                column: column.name,
                decides: column.decides,
                replay: difference.ours.clone().into_owned(),
                log: difference.theirs.clone().into_owned(),
            });
        }
    }
    let differing = by_pair.into_iter().filter_map(|(number, columns)| {
        let pair = comparison.pairs.get(number)?;
        let (ours, theirs) = comparison.rows(pair)?;
        let log = RowOf::of(theirs, paths);
        Some(Differing { joined_by: pair.how.name(), session: ours.sessionid, log, columns })
    });
    differing.collect()
}

/// A row, by what it is found.
#[derive(Serialize)]
struct RowOf {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    subtype: &'static str,
    start: Option<String>,
    src: String,
    dst: String,
    sport: u16,
    dport: u16,
    proto: String,
    rule: String,
    app: String,
    action: String,
    session_end_reason: Option<String>,
    sessionid: u64,
}

impl RowOf {
    fn of(row: &LogRow, paths: &[String]) -> Self {
        let is_log = row.line > 0;
        Self {
            path: paths.get(row.file).filter(|_| is_log).cloned(),
            line: is_log.then_some(row.line),
            subtype: row.subtype.name(),
            start: jiff::Timestamp::from_second(row.start).ok().map(|time| time.to_string()),
            src: row.src.to_string(),
            dst: row.dst.to_string(),
            sport: row.sport,
            dport: row.dport,
            proto: row.proto.to_string(),
            rule: row.rule.to_string(),
            app: row.app.to_string(),
            action: row.action.to_string(),
            session_end_reason: row.session_end_reason.as_deref().map(str::to_owned),
            sessionid: row.sessionid,
        }
    }
}
