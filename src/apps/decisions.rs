//! Decision points: what a firewall had let pass when App-ID came to an application.

use std::collections::BTreeMap;
use std::io::{self, Write};

use hashbrown::HashMap;
use serde::Serialize;

use super::measured::Measured;
use super::page::{Column, Page};
use super::rows::{self, DecisionRow};
use crate::config::World;
use crate::engine::{Event, EventKind, Events};
use crate::flow::Direction;
use crate::report::style::{Role, count, grouped, size};
use crate::report::text::Look;
use crate::report::{Sink, escape};
use crate::session::SessionId;

/// Numbers of a row.
pub(super) const NUMBERS: usize = 5;

/// What is counted, for people.
const COUNTED: &str = "What had passed when App-ID decided: the medians of packets with payload and of payload bytes, \
                       to the server and to the client. The packet that decides is not counted.";

/// Columns of the table for people.
const COLUMNS: [Column; 5] = [
    Column::text("application", 20),
    Column::number("decisions"),
    Column::number("to server"),
    Column::number("to client"),
    Column::text("evidence, mostly", 16),
];

/// Headings of the page's table.
const HEADINGS: [&str; 7] = [
    "application",
    "decisions",
    "packets to server",
    "bytes to server",
    "packets to client",
    "bytes to client",
    "evidence, mostly",
];

/// A reader of events that adds up what had passed at every decision, over one capture or several.
#[derive(Debug, Default)]
pub struct DecisionPoints {
    captures: Vec<String>,
    live: HashMap<SessionId, Before, foldhash::quality::RandomState>,
    applications: BTreeMap<String, Point>,
    /// Whether the application that is told next was announced.
    is_announced: bool,
}

/// What has passed of a session, by direction.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    packets: [u64; 2],
    bytes: [u64; 2],
}

/// How often each number was seen.
type Histogram = BTreeMap<u64, u64>;

/// All decisions for one application.
#[derive(Debug, Clone, Default)]
struct Point {
    decisions: u64,
    packets: [Histogram; 2],
    bytes: [Histogram; 2],
    evidence: BTreeMap<&'static str, u64>,
}

/// A point as JSON has it.
#[derive(Debug, Serialize)]
struct PointRow<'p> {
    application: &'p str,
    #[serde(flatten)]
    point: DecisionRow,
    /// How many decisions have that evidence.
    of_that_evidence: u64,
}

#[derive(Serialize)]
struct Document<'p> {
    firstpass: &'static str,
    captures: &'p [String],
    decisions: u64,
    applications: Vec<PointRow<'p>>,
}

impl Sink for DecisionPoints {
    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        for event in events.list() {
            self.event(world, event);
        }
        Ok(())
    }
}

impl DecisionPoints {
    /// The next events are those of another capture, whose sessions are numbered anew.
    pub fn begin(&mut self, capture: &str) {
        self.live.clear();
        self.captures.push(capture.to_owned());
    }

    /// Whether nothing was decided.
    pub fn is_empty(&self) -> bool {
        self.applications.is_empty()
    }

    /// Writes them for people.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let mut page = Page::new(out, look);
        page.heading("Decision points", "")?;
        page.line(0, Role::Quiet, COUNTED)?;
        page.gap()?;
        let rows: Vec<Vec<String>> = self.points().map(|(name, (point, _))| line(name, &point)).collect();
        if !rows.is_empty() {
            page.table(&COLUMNS, &rows)?;
            page.gap()?;
        }
        page.line(0, Role::Quiet, &self.summary())
    }

    /// Writes them as one JSON document.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let document = Document {
            firstpass: env!("CARGO_PKG_VERSION"),
            captures: &self.captures,
            decisions: self.decisions(),
            applications: self
                .points()
                .map(|(application, (point, of_that_evidence))| PointRow {
                    application,
                    point: point.into(),
                    of_that_evidence,
                })
                .collect(),
        };
        rows::write(out, &document)
    }

    /// Writes them as a page that says how it was made.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "# When is an application known?\n\n{COUNTED}\n")?;
        writeln!(
            out,
            "Each capture was replayed under a rulebase that allows everything, sessions without a beginning too, so \
             that every decision is seen. {}; of an even number of decisions the lower of the middle two is the \
             median. Other clients and servers cut their payload into other packets: read the numbers as what is \
             usual, not as what must be.\n",
            self.summary()
        )?;
        let headings = HEADINGS.join(" | ");
        writeln!(out, "| {headings} |\n|---|--:|--:|--:|--:|--:|---|")?;
        for (name, (point, _)) in self.points() {
            let cells = cells(name, &point).map(|cell| cell.replace('|', "\\|"));
            writeln!(out, "| {} |", cells.join(" | "))?;
        }
        writeln!(
            out,
            "\nThis page is what the program wrote:\n\n```\nfirstpass apps --format markdown --decision-points \\"
        )?;
        for (number, capture) in (1..).zip(&self.captures) {
            let end = if number < self.captures.len() { " \\" } else { "" };
            writeln!(out, "  {}{end}", escape::name(capture))?;
        }
        writeln!(out, "```")
    }

    fn event(&mut self, world: &World, event: &Event) {
        if let EventKind::Matched { .. } = event.kind {
            self.is_announced = true;
        }
        let Some(session) = event.session else { return };
        match event.kind {
            // Nothing that has passed has told what was announced.
            EventKind::Identified { .. } if std::mem::take(&mut self.is_announced) => {}
            EventKind::Identified { app, ref evidence } => {
                let before = self.live.get(&session).copied().unwrap_or_default();
                let name = world.catalog.name(app);
                let point = match self.applications.get_mut(name) {
                    Some(point) => point,
                    None => self.applications.entry(name.to_owned()).or_default(),
                };
                point.add(&before, evidence.what);
            }
            EventKind::Verdict { verdict, direction: Some(direction), payload_len, .. }
                if verdict.is_forward() && payload_len > 0 =>
            {
                self.live.entry(session).or_default().add(direction, payload_len);
            }
            EventKind::Ended { .. } => {
                self.live.remove(&session);
            }
            _ => {}
        }
    }

    /// The points by application, each with how many decisions have its evidence.
    fn points(&self) -> impl Iterator<Item = (&str, (Measured, u64))> {
        self.applications.iter().map(|(application, point)| (application.as_str(), point.measured()))
    }

    fn decisions(&self) -> u64 {
        self.applications.values().map(|point| point.decisions).sum()
    }

    fn summary(&self) -> String {
        format!(
            "{} for {} in {}",
            count(self.decisions(), "decision"),
            count(self.applications.len() as u64, "application"),
            count(self.captures.len() as u64, "capture")
        )
    }
}

impl Before {
    fn add(&mut self, direction: Direction, payload: u32) {
        let side = direction.index();
        if let (Some(packets), Some(bytes)) = (self.packets.get_mut(side), self.bytes.get_mut(side)) {
            *packets += 1;
            *bytes += u64::from(payload);
        }
    }
}

impl Point {
    fn add(&mut self, before: &Before, evidence: &'static str) {
        self.decisions += 1;
        for (histogram, number) in self.packets.iter_mut().zip(before.packets) {
            *histogram.entry(number).or_default() += 1;
        }
        for (histogram, number) in self.bytes.iter_mut().zip(before.bytes) {
            *histogram.entry(number).or_default() += 1;
        }
        *self.evidence.entry(evidence).or_default() += 1;
    }

    /// The medians, the most common evidence, and how many decisions have it.
    fn measured(&self) -> (Measured, u64) {
        // The first in order of the alphabet where several are as common.
        let most = self.evidence.iter().max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)));
        let (evidence, of_that_evidence) = most.map_or(("", 0), |(evidence, count)| (*evidence, *count));
        let measured = Measured {
            decisions: self.decisions,
            data_packets: self.packets.each_ref().map(median),
            payload_bytes: self.bytes.each_ref().map(median),
            evidence: evidence.to_owned(),
        };
        (measured, of_that_evidence)
    }
}

/// A row for people: `1 · 37 B` is one packet with 37 bytes.
fn line(application: &str, measured: &Measured) -> Vec<String> {
    let side = |packets: u64, bytes: u64| match packets {
        0 => "–".to_owned(),
        _ => format!("{} · {}", grouped(packets), size(bytes)),
    };
    let ([to_server, to_client], [bytes, bytes_back]) = (measured.data_packets, measured.payload_bytes);
    vec![
        escape::name(application).into_owned(),
        grouped(measured.decisions),
        side(to_server, bytes),
        side(to_client, bytes_back),
        measured.evidence.clone(),
    ]
}

/// A row of the page.
fn cells(application: &str, measured: &Measured) -> [String; 7] {
    let ([packets, packets_back], [bytes, bytes_back]) = (measured.data_packets, measured.payload_bytes);
    let [decisions, packets, bytes, packets_back, bytes_back] =
        [measured.decisions, packets, bytes, packets_back, bytes_back].map(grouped);
    let application = escape::name(application).into_owned();
    [application, decisions, packets, bytes, packets_back, bytes_back, measured.evidence.clone()]
}

/// The number in the middle; of an even number of them the lower of the middle two.
fn median(histogram: &Histogram) -> u64 {
    let all: u64 = histogram.values().sum();
    let mut seen = 0;
    for (number, times) in histogram {
        seen += times;
        if seen * 2 >= all {
            return *number;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        let of = |numbers: &[u64]| {
            let mut histogram = Histogram::new();
            numbers.iter().for_each(|number| *histogram.entry(*number).or_default() += 1);
            median(&histogram)
        };
        assert_eq!([of(&[]), of(&[7]), of(&[9, 1]), of(&[5, 5, 1]), of(&[1, 9, 2, 3])], [0, 7, 1, 5, 2]);
    }

    #[test]
    fn the_most_common_evidence_is_told() {
        let mut point = Point::default();
        for evidence in ["b", "a", "b", "c", "a"] {
            point.add(&Before::default(), evidence);
        }
        let (measured, of_that_evidence) = point.measured();
        assert_eq!((measured.evidence.as_str(), of_that_evidence, measured.decisions), ("a", 2, 5));
    }
}
