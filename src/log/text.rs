//! A comparison for people: what was read, how often both sides agree, where they do not.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Log;
use super::clock::Told;
use super::compare::{COLUMNS, Comparison, Difference};
use super::join::How;
use super::row::LogRow;
use crate::report::style::{Paint, Role, count, grouped};
use crate::report::text::Look;
use crate::report::{About, Subtype, escape, wrap};

/// Columns where it is not for a terminal.
const WIDTH: usize = 120;
/// No narrower than this, whatever the terminal says.
const NARROWEST: usize = 72;
/// Columns that labels take.
const INDENT: usize = 10;
/// Columns that the name of a compared column takes.
const NAME: usize = 20;
/// So many kinds of differences are shown of each column, and so many rows of each list.
const SHOWN: usize = 10;
/// So many sessions are named for each kind of difference.
const NAMED: usize = 4;

/// Writes the report. `paths` are the logs.
///
/// # Errors
/// Where `out` fails.
pub fn write(
    out: &mut dyn Write,
    about: &About<'_>,
    (paths, log): (&[String], &Log),
    comparison: &Comparison<'_>,
    look: Look,
) -> io::Result<()> {
    let width = look.width.unwrap_or(WIDTH).max(NARROWEST);
    let mut page = Page { out, paint: Paint { color: look.color }, width, comparison, paths };
    page.read(about, log)?;
    page.clock()?;
    page.joined()?;
    page.agreement()?;
    page.differences()?;
    page.lists()?;
    page.warnings(about, log)?;
    page.verdict()
}

struct Page<'a> {
    out: &'a mut dyn Write,
    paint: Paint,
    width: usize,
    comparison: &'a Comparison<'a>,
    paths: &'a [String],
}

impl Page<'_> {
    fn read(&mut self, about: &About<'_>, log: &Log) -> io::Result<()> {
        for capture in about.captures {
            self.items(
                "Capture",
                &[escape::name(&capture.path).into_owned(), count(capture.packets, "packet")],
            )?;
        }
        let rules = count(about.world.source.security_rules as u64, "security rule");
        self.items("Rulebase", &[escape::name(&about.world.source.path).into_owned(), rules])?;
        let logged = self.comparison.ours.iter().filter(|row| row.logged).count() as u64;
        let rows =
            format!("{} of {} rows logged", grouped(logged), grouped(self.comparison.ours.len() as u64));
        self.items("Replay", &[rows, by_subtype(self.comparison.ours.iter().filter(|row| row.logged))])?;
        let mut items: Vec<String> = self.paths.iter().map(|path| escape::name(path).into_owned()).collect();
        items.push(by_subtype(log.rows.iter()));
        if log.starts > 0 {
            items.push(format!("{} start (not compared)", grouped(log.starts)));
        }
        let others =
            log.others.iter().map(|(kind, rows)| format!("{} {}", grouped(*rows), escape::name(kind)));
        let others: Vec<String> = others.collect();
        if !others.is_empty() {
            items.push(format!("skipped: {}", others.join(", ")));
        }
        self.items("Log", &items)
    }

    fn clock(&mut self) -> io::Result<()> {
        let clock = self.comparison.clock;
        let shift = match clock.offset {
            0 => "as the capture's".to_owned(),
            ahead if ahead > 0 => format!("{} ahead of the capture's", span(ahead)),
            behind => format!("{} behind the capture's", span(behind)),
        };
        let mut items = vec![format!("the log's is {shift}")];
        match clock.told {
            Told::Given => items.push("as --clock-offset says".to_owned()),
            Told::Found { agree, of } => {
                items.push(format!(
                    "{} of {} agree",
                    grouped(agree as u64),
                    count(of as u64, "conversation")
                ));
                if clock.offset != 0 {
                    items.push("a time zone? (`[device] timezone`, --clock-offset)".to_owned());
                }
            }
            Told::Unknown => {
                items = vec![
                    "no constant offset fits most conversations: the log's is taken to be as the capture's"
                        .to_owned(),
                ];
            }
        }
        self.items("Clock", &items)
    }

    fn joined(&mut self) -> io::Result<()> {
        let comparison = self.comparison;
        let how = |how| comparison.pairs.iter().filter(|pair| pair.how == how).count();
        let counts = [
            (how(How::LogNat), "by the log's NAT columns"),
            (how(How::ReplayNat), "by the replay's NAT"),
            (how(How::Overlap), "begun before the capture"),
            (comparison.repeated, "of the replay in another row's repeatcnt"),
            (comparison.outside, "of the log outside the capture's time"),
        ];
        let mut items = vec![count(comparison.pairs.len() as u64, "pair")];
        let counts = counts.iter().filter(|(number, _)| *number > 0);
        items.extend(counts.map(|(number, what)| format!("{} {what}", grouped(*number as u64))));
        self.items("Joined", &items)
    }

    fn agreement(&mut self) -> io::Result<()> {
        self.heading("Agreement", "")?;
        let head = format!("  {:<NAME$}{:>10}{:>10}{:>10}", "column", "pairs", "agree", "differ");
        writeln!(self.out, "{}", self.paint.on(Role::Quiet, head))?;
        for (column, &(compared, agree)) in COLUMNS.iter().zip(&self.comparison.scores) {
            let name = self.paint.on(Role::Name, format!("{:<NAME$}", column.name));
            if compared == 0 {
                writeln!(self.out, "  {name}{}", self.paint.on(Role::Quiet, format!("{:>10}", "-")))?;
                continue;
            }
            let numbers = [compared, agree, compared - agree].map(|number| grouped(number as u64));
            let [compared_text, agree_text, differ] = numbers;
            let permille = agree * 1_000 / compared;
            let role = match (agree == compared, column.decides) {
                (true, _) => Role::Good,
                (false, true) => Role::Deny,
                (false, false) => Role::Quiet,
            };
            let share = self.paint.on(role, format!("{:>5}.{} %", permille / 10, permille % 10));
            let note = if column.decides { "" } else { "  for information" };
            let note = self.paint.on(Role::Quiet, note);
            writeln!(self.out, "  {name}{compared_text:>10}{agree_text:>10}{differ:>10}{share}{note}")?;
        }
        Ok(())
    }

    fn differences(&mut self) -> io::Result<()> {
        let comparison = self.comparison;
        for (decides, heading) in [(true, "Differences"), (false, "For information")] {
            let shown = if decides { SHOWN } else { 3 };
            let columns = COLUMNS.iter().enumerate().filter(|(_, column)| column.decides == decides);
            let mut before = Some(heading);
            for (place, column) in columns {
                let of_column = comparison.differences.iter().filter(|difference| difference.column == place);
                let kinds = kinds(of_column, decides);
                if let Some(heading) = before.take_if(|_| !kinds.is_empty()) {
                    self.heading(heading, "replay → log")?;
                }
                for (number, kind) in kinds.iter().take(shown).enumerate() {
                    self.kind(if number == 0 { column.name } else { "" }, kind, decides)?;
                }
                self.more(kinds.len().saturating_sub(shown), "kind")?;
            }
        }
        Ok(())
    }

    fn kind(
        &mut self,
        name: &str,
        (change, of_kind): &(String, Vec<usize>),
        decides: bool,
    ) -> io::Result<()> {
        let pairs = count(of_kind.len() as u64, "pair");
        let name = self.paint.on(Role::Name, format!("{name:<NAME$}"));
        let role = if decides { Role::Deny } else { Role::Plain };
        writeln!(self.out, "  {name}{}  {}", self.paint.on(role, change), self.paint.on(Role::Quiet, pairs))?;
        let named = of_kind.iter().take(NAMED).filter_map(|&pair| {
            let (ours, theirs) = self.comparison.rows(self.comparison.pairs.get(pair)?)?;
            Some(format!("{}, {}", self.session(ours), self.line(theirs)))
        });
        let mut named: Vec<String> = named.collect();
        named.extend((of_kind.len() > NAMED).then(|| "…".to_owned()));
        for line in wrap::lines(&named, " · ", self.width.saturating_sub(NAME + 4)) {
            writeln!(self.out, "  {:NAME$}  {}", "", self.paint.on(Role::Quiet, line))?;
        }
        Ok(())
    }

    fn lists(&mut self) -> io::Result<()> {
        let comparison = self.comparison;
        let lists = [
            ("Only in the log", comparison.theirs, &comparison.only_theirs),
            ("Only in the replay", comparison.ours, &comparison.only_ours),
        ];
        for (heading, rows, places) in lists {
            if places.is_empty() {
                continue;
            }
            self.heading(heading, &count(places.len() as u64, "row"))?;
            for row in places.iter().take(SHOWN).filter_map(|&place| rows.get(place)) {
                let place = if row.line == 0 { self.session(row) } else { self.line(row) };
                let words =
                    [&*row.app, &*row.rule, &*row.action, row.session_end_reason.as_deref().unwrap_or("")];
                let mut items = vec![place, row.subtype.name().to_owned(), row.to_string()];
                items.extend(
                    words.iter().filter(|word| !word.is_empty()).map(|word| escape::name(word).into_owned()),
                );
                let line = items.join(" · ");
                writeln!(self.out, "  {}", wrap::fit(&line, self.width.saturating_sub(2)))?;
            }
            self.more(places.len().saturating_sub(SHOWN), "row")?;
        }
        Ok(())
    }

    fn warnings(&mut self, about: &About<'_>, log: &Log) -> io::Result<()> {
        let foreign = (log.foreign > 0).then(|| format!("{} no PAN-OS log", lines_are(log.foreign)));
        let damaged =
            (log.damaged > 0).then(|| format!("{} no readable traffic row", lines_are(log.damaged)));
        let problems = log.problems.iter().map(ToString::to_string);
        let own = foreign.into_iter().chain(damaged).chain(problems).collect::<Vec<_>>();
        if !own.is_empty() || !about.warnings.is_empty() {
            writeln!(self.out)?;
        }
        for warning in about.warnings.iter().map(|warning| escape::name(warning).into_owned()).chain(own) {
            let lines = wrap::sentence(&warning, self.width.saturating_sub(INDENT));
            for (number, line) in lines.iter().enumerate() {
                self.labelled(if number == 0 { "Warning" } else { "" }, line, Role::Leak)?;
            }
        }
        Ok(())
    }

    fn verdict(&mut self) -> io::Result<()> {
        let comparison = self.comparison;
        let (role, text) = if comparison.agrees() {
            (Role::Good, "The log and the replay agree.".to_owned())
        } else {
            let mut differing: Vec<usize> =
                comparison.deciding().flat_map(|difference| difference.pairs.iter().copied()).collect();
            differing.sort_unstable();
            differing.dedup();
            let pairs = count(comparison.pairs.len() as u64, "pair");
            let alone = comparison.only_theirs.len() + comparison.only_ours.len();
            let text = format!(
                "{} of {pairs} differ; {} without a counterpart.",
                grouped(differing.len() as u64),
                count(alone as u64, "row")
            );
            (Role::Deny, text)
        };
        writeln!(self.out, "\n{}", self.paint.on(role, text))
    }

    /// `line 12`, and of which log where there are several.
    fn line(&self, row: &LogRow) -> String {
        match self.paths {
            [_, _, ..] => {
                let path = self.paths.get(row.file).map_or("", String::as_str);
                format!("{}:{}", escape::name(path), row.line)
            }
            _ => format!("line {}", row.line),
        }
    }

    fn session(&self, row: &LogRow) -> String {
        if row.sessionid == 0 { "a refused packet".to_owned() } else { format!("session {}", row.sessionid) }
    }

    fn more(&mut self, left: usize, what: &str) -> io::Result<()> {
        if left == 0 {
            return Ok(());
        }
        let text =
            format!("  … and {}; `--format json` lists them", count(left as u64, &format!("more {what}")));
        writeln!(self.out, "{}", self.paint.on(Role::Quiet, text))
    }

    fn heading(&mut self, text: &str, note: &str) -> io::Result<()> {
        let gap = if note.is_empty() { "" } else { "  " };
        let note = self.paint.on(Role::Quiet, format!("{gap}{note}"));
        writeln!(self.out, "\n{}{note}", self.paint.on(Role::Heading, text))
    }

    fn items(&mut self, label: &str, items: &[String]) -> io::Result<()> {
        let lines = wrap::lines(items, " · ", self.width.saturating_sub(INDENT));
        for (number, line) in lines.iter().enumerate() {
            self.labelled(if number == 0 { label } else { "" }, line, Role::Plain)?;
        }
        Ok(())
    }

    fn labelled(&mut self, label: &str, text: &str, role: Role) -> io::Result<()> {
        let label = self.paint.on(Role::Heading, format!("{label:<INDENT$}"));
        writeln!(self.out, "{label}{}", self.paint.on(role, text))
    }
}

/// Differences of a column by what they are, the most frequent first. Numbers that differ by as much are of one kind:
/// four bytes a packet may be a VLAN tag.
fn kinds<'d>(
    differences: impl Iterator<Item = &'d Difference<'d>>,
    decides: bool,
) -> Vec<(String, Vec<usize>)> {
    let value = |text: &str| {
        let text = escape::name(text).into_owned();
        if text.is_empty() { "(empty)".to_owned() } else { wrap::fit(&text, 40) }
    };
    // The name of a rule may be a number.
    let number = |text: &str| text.parse::<i128>().ok().filter(|_| !decides);
    let mut by_change: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for difference in differences {
        let change = match (number(&difference.ours), number(&difference.theirs)) {
            (Some(ours), Some(theirs)) => format!("{:+}", theirs - ours),
            _ => format!("{} → {}", value(&difference.ours), value(&difference.theirs)),
        };
        by_change.entry(change).or_default().extend(&difference.pairs);
    }
    let mut kinds: Vec<_> = by_change.into_iter().collect();
    kinds.sort_by_key(|(_, pairs)| std::cmp::Reverse(pairs.len()));
    for (_, pairs) in &mut kinds {
        pairs.sort_unstable();
    }
    kinds
}

fn lines_are(number: u64) -> String {
    if number == 1 { "1 line is".to_owned() } else { format!("{} lines are", grouped(number)) }
}

/// `12 end, 1 deny`.
fn by_subtype<'r>(rows: impl Iterator<Item = &'r LogRow> + Clone) -> String {
    let counts = [Subtype::End, Subtype::Deny, Subtype::Drop]
        .map(|subtype| (rows.clone().filter(|row| row.subtype == subtype).count(), subtype.name()));
    let counts = counts.iter().filter(|(number, _)| *number > 0);
    let counts: Vec<String> =
        counts.map(|(number, name)| format!("{} {name}", grouped(*number as u64))).collect();
    if counts.is_empty() { "no rows".to_owned() } else { counts.join(", ") }
}

/// Seconds as hours, minutes and seconds, without their sign: `7 h`, `1 h 30 min`, `12 s`.
fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let parts = [(seconds / 3_600, "h"), (seconds % 3_600 / 60, "min"), (seconds % 60, "s")];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    parts.map(|(number, unit)| format!("{} {unit}", grouped(*number))).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        assert_eq!([7_200, -5_400, 12, 86_461].map(span), ["2 h", "1 h 30 min", "12 s", "24 h 1 min 1 s"]);
    }
}
