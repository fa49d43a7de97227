//! The report for people: what was read, the traffic log as a table, the first packets.

mod advice;
mod leaks;

mod table;
mod threats;

use std::io::{self, Write};

use self::leaks::Part;
use self::table::{Table, clock};
use super::escape;
use super::row::Subtype;
use super::rows::{Rows, Seen};
use super::style::{Paint, Role, count, grouped, size};
use super::wrap;
use super::{About, Tally};
use crate::capture::CaptureInfo;
use crate::time::Timestamp;

pub use self::table::Cells;

/// How the report looks.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Columns to fill; `None` where it is not for a terminal.
    pub width: Option<usize>,
    /// Whether to colour.
    pub color: bool,
}

/// Columns where it is not for a terminal.
const WIDTH: usize = 120;
/// No narrower than this, whatever the terminal says.
const NARROWEST: usize = 72;
/// Columns that the labels take.
const INDENT: usize = 10;

/// Writes the report. `rows` are made with [`Rows::first`]; without them the traffic log is left out.
///
/// # Errors
/// Where `out` fails, or the temporary file of a long log.
pub fn write_report(
    out: &mut dyn Write,
    about: &About<'_>,
    tally: &Tally,
    rows: Option<Rows<'_, Cells>>,
    look: Look,
) -> io::Result<()> {
    let width = look.width.unwrap_or(WIDTH).max(NARROWEST);
    let paint = Paint { color: look.color };
    let mut report = Report { out, about, tally, paint, width };
    report.read()?;
    if let Some(rows) = rows {
        report.log(rows)?;
    }
    let base = about.captures.iter().filter_map(|capture| capture.first_time).min();
    threats::write(&mut *report.out, tally.threats(), base, paint, width)?;
    Part { out: &mut *report.out, world: about.world, paint, width }.write(tally.leaks())?;
    report.counters()?;
    report.warnings()
}

struct Report<'a> {
    out: &'a mut dyn Write,
    about: &'a About<'a>,
    tally: &'a Tally,
    paint: Paint,
    width: usize,
}

impl Report<'_> {
    /// What was read, and what came of it in numbers.
    fn read(&mut self) -> io::Result<()> {
        let (tally, world) = (self.tally, self.about.world);
        for capture in self.about.captures {
            self.items("Capture", &capture_items(capture), Role::Plain)?;
        }
        let mut rulebase = vec![escape::name(&world.source.path).into_owned()];
        rulebase.push(count(world.source.security_rules as u64, "security rule"));
        let decryption = world.decryption.rules().len() as u64;
        rulebase.extend((decryption > 0).then(|| count(decryption, "decryption rule")));
        self.items("Rulebase", &rulebase, Role::Plain)?;
        let zones: Vec<String> = world.zones.names().iter().map(|name| self.zone(name)).collect();
        self.items("Zones", &zones, Role::Plain)?;
        let numbers = [
            (tally.forwarded(), "forwarded"),
            (tally.dropped(), "dropped"),
            (tally.injected(), "made by the firewall"),
        ];
        let packets = numbers.map(|(number, what)| format!("{} {what}", grouped(number)));
        self.items("Packets", &packets, Role::Plain)?;
        let rows = Subtype::ALL.map(|subtype| (tally.rows(subtype), subtype.name()));
        let rows: Vec<String> = rows
            .iter()
            .filter(|(rows, _)| *rows > 0)
            .map(|(rows, name)| format!("{} {name}", grouped(*rows)))
            .collect();
        let rows = if rows.is_empty() { String::new() } else { format!("rows: {}", rows.join(", ")) };
        let mut sessions = vec![grouped(tally.sessions()), rows];
        sessions.retain(|item| !item.is_empty());
        self.items("Sessions", &sessions, Role::Plain)?;
        let decrypted = tally.decryptions().items();
        if decrypted.is_empty() { Ok(()) } else { self.items("Decrypted", &decrypted, Role::Plain) }
    }

    /// A zone with what is behind it.
    fn zone(&self, name: &str) -> String {
        const SHOWN: usize = 3;
        let zones = &self.about.world.zones;
        let id = zones.find(name);
        let prefixes: Vec<String> = zones
            .prefixes()
            .iter()
            .filter(|&&(_, zone)| Some(zone) == id)
            .map(|(prefix, _)| prefix.to_string())
            .collect();
        let shown = prefixes.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
        let more = match prefixes.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{} {shown}{more}", escape::name(name)).trim_end().to_owned()
    }

    /// The traffic log.
    fn log(&mut self, rows: Rows<'_, Cells>) -> io::Result<()> {
        let base = self.about.captures.iter().filter_map(|capture| capture.first_time).min();
        let heading = self.paint.on(Role::Heading, "Traffic log");
        let since =
            base.map_or_else(String::new, |base| format!("  times in seconds from {}", to_the_second(base)));
        writeln!(self.out, "\n{heading}{}", self.paint.on(Role::Quiet, since))?;
        let mut table = Table::new(&mut *self.out, self.paint, self.width, base);
        let filter = rows.filter().map(ToString::to_string);
        let Seen { kept, left_out } = rows.finish_into(self.about.world, |row| table.row(row))?;
        let seen = table.finish()?;
        if kept == 0 {
            writeln!(self.out, "{}", self.paint.on(Role::Quiet, "No rows."))?;
        }
        if seen.rows > 0 && kept > seen.rows {
            let more = format!("… and {}; `--rows all` shows them", count(kept - seen.rows, "more row"));
            writeln!(self.out, "{}", self.paint.on(Role::Quiet, more))?;
        }
        if let Some(filter) = filter {
            let what = format!("--filter {} leaves out {}", escape::name(&filter), count(left_out, "row"));
            for line in wrap::sentence(&what, self.width) {
                writeln!(self.out, "{}", self.paint.on(Role::Quiet, line))?;
            }
        }
        let mut legend = Vec::new();
        if seen.leak {
            legend.push("▲ packets passed under a rule that does not finally hold".to_owned());
        }
        if seen.unlogged {
            legend.push("· the rulebase does not log this row".to_owned());
        }
        if seen.announced {
            legend.push("↳ announced by another session, under whose rule it is".to_owned());
        }
        legend.extend(seen.zones.map(|zones| format!("zones {zones} in all rows")));
        for line in wrap::lines(&legend, "   ", self.width) {
            writeln!(self.out, "{}", self.paint.on(Role::Quiet, line))?;
        }
        Ok(())
    }

    /// Why packets were dropped, and what was counted.
    fn counters(&mut self) -> io::Result<()> {
        writeln!(self.out)?;
        let drops: Vec<String> = self
            .tally
            .drops()
            .iter()
            .map(|(reason, frames)| format!("{} {reason}", grouped(*frames)))
            .collect();
        self.items("Dropped", &drops, Role::Plain)?;
        let counters = self.tally.counters();
        let counters: Vec<String> =
            counters.iter().map(|(name, number)| format!("{name} {}", grouped(*number))).collect();
        self.items("Counters", &counters, Role::Quiet)
    }

    fn warnings(&mut self) -> io::Result<()> {
        for warning in self.about.warnings {
            let lines = wrap::sentence(&escape::name(warning), self.width.saturating_sub(INDENT));
            for (number, line) in lines.iter().enumerate() {
                let label = if number == 0 { "Warning" } else { "" };
                self.labelled(label, line, Role::Leak)?;
            }
        }
        Ok(())
    }

    /// A label and items in as many lines as they need; nothing where there are none.
    fn items(&mut self, label: &str, items: &[String], role: Role) -> io::Result<()> {
        let lines = wrap::lines(items, " · ", self.width.saturating_sub(INDENT));
        for (number, line) in lines.iter().enumerate() {
            self.labelled(if number == 0 { label } else { "" }, line, role)?;
        }
        Ok(())
    }

    fn labelled(&mut self, label: &str, text: &str, role: Role) -> io::Result<()> {
        let label = self.paint.on(Role::Heading, format!("{label:<INDENT$}"));
        writeln!(self.out, "{label}{}", self.paint.on(role, text))
    }
}

fn capture_items(capture: &CaptureInfo) -> Vec<String> {
    let mut items =
        vec![escape::name(&capture.path).into_owned(), count(capture.packets, "packet"), size(capture.bytes)];
    if let (Some(first), Some(last)) = (capture.first_time, capture.last_time) {
        items.push(format!("{} s from {}", clock(last.since(first)), to_the_second(first)));
    }
    items.extend(capture.link_types.iter().map(ToString::to_string));
    if capture.truncated() {
        items.push("cut off or damaged".to_owned());
    }
    items
}

fn to_the_second(at: Timestamp) -> String {
    let second = Timestamp::from_secs(at.nanos() / 1_000_000_000);
    second.to_string().replace('T', " ").replace('Z', " UTC")
}
