//! The comparison for people.

use std::io::{self, Write};

use super::{Beside, Change, Fate, Group, Opened, Outcome, passes};
use crate::report::style::{Paint, Role, count, grouped};
use crate::report::text::Look;
use crate::report::{Subtype, escape, wrap};

/// So many groups of conversations are shown.
const SHOWN: usize = 30;
/// Columns where it is not for a terminal.
const WIDTH: usize = 120;
/// Width of what stands before the columns.
const LABEL: usize = 20;
/// No column is narrower.
const NARROWEST: usize = 14;

/// Writes the totals of each rulebase, and each group of conversations that fares differently.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn write_text(out: &mut dyn Write, beside: &Beside, look: Look) -> io::Result<()> {
    let width = look.width.unwrap_or(WIDTH);
    let column = (width.saturating_sub(LABEL) / beside.outcomes.len().max(1)).max(NARROWEST);
    let page = Page { beside, paint: Paint { color: look.color }, width, column };
    page.totals(out)?;
    page.groups(out)
}

struct Page<'a> {
    beside: &'a Beside,
    paint: Paint,
    width: usize,
    column: usize,
}

/// A line of totals: its label, and the number of one rulebase.
type Total = (&'static str, fn(&Outcome) -> u64);

impl Page<'_> {
    fn totals(&self, out: &mut dyn Write) -> io::Result<()> {
        for (letter, outcome) in ('A'..).zip(&self.beside.outcomes) {
            let name = wrap::fit_middle(&outcome.name, self.width.saturating_sub(3).max(NARROWEST));
            writeln!(out, "{}  {name}", self.paint.on(Role::Heading, letter))?;
        }
        writeln!(out)?;
        let letters = ('A'..).map(|letter| (letter.to_string(), Role::Heading));
        self.line(out, "", letters.take(self.beside.outcomes.len()))?;
        let totals: [Total; 7] = [
            ("packets forwarded", |outcome| outcome.tally.forwarded()),
            ("packets dropped", |outcome| outcome.tally.dropped()),
            ("RSTs and ICMP sent", |outcome| outcome.tally.injected()),
            ("sessions", |outcome| outcome.tally.sessions()),
            ("rows end", |outcome| outcome.tally.rows(Subtype::End)),
            ("     deny", |outcome| outcome.tally.rows(Subtype::Deny)),
            ("     drop", |outcome| outcome.tally.rows(Subtype::Drop)),
        ];
        for (label, value) in totals {
            let values = self.beside.outcomes.iter().map(|outcome| (grouped(value(outcome)), Role::Plain));
            self.line(out, label, values)?;
        }
        Ok(())
    }

    fn groups(&self, out: &mut dyn Write) -> io::Result<()> {
        let groups = self.beside.groups();
        for group in groups.iter().take(SHOWN) {
            writeln!(out)?;
            self.group(out, group)?;
        }
        writeln!(out)?;
        let alike = self.beside.alike(&groups);
        let mut sentences = Vec::new();
        if groups.len() > SHOWN {
            let more = count((groups.len() - SHOWN) as u64, "more group");
            sentences.push(format!("… and {more} of conversations (`--format json` has all)."));
        }
        sentences.push(match (groups.is_empty(), alike) {
            (true, _) => "All conversations fare alike: same rows, same rules, same applications.".to_owned(),
            (false, alike) => format!("{} alike.", fares(alike)),
        });
        if self.beside.is_cut() {
            let cut = "There were too many conversations to follow each; those that came later are in the totals alone.";
            sentences.push(cut.to_owned());
        }
        for line in sentences.iter().flat_map(|sentence| wrap::sentence(sentence, self.width)) {
            writeln!(out, "{}", self.paint.on(Role::Quiet, line))?;
        }
        Ok(())
    }

    fn group(&self, out: &mut dyn Write, group: &Group<'_>) -> io::Result<()> {
        let first = group.fates.first().is_some_and(|fates| passes(fates));
        let others: Vec<String> = ('A'..)
            .zip(&group.fates)
            .filter(|(_, fates)| passes(fates) != first)
            .map(|(letter, _)| letter.to_string())
            .collect();
        let others = others.join(" and ");
        let (role, what) = match group.change {
            Change::Breaks => (Role::Deny, format!("let through under A, blocked under {others}")),
            Change::Opens => (Role::Leak, format!("blocked under A, let through under {others}")),
            Change::Differs => (Role::Heading, "under another rule or as another application".to_owned()),
        };
        let number = count(group.opened.len() as u64, "conversation");
        writeln!(out, "{}", self.paint.on(role, format!("{number}: {what}")))?;
        let [from, to] = group.zones.each_ref().map(|zone| escape::name(zone));
        let such = if group.opened.len() == 1 { "" } else { "such as " };
        let opened = group.opened.first().map(name).unwrap_or_default();
        let line = wrap::fit(&format!("  {from} → {to}, {such}{opened}"), self.width);
        writeln!(out, "{}", self.paint.on(Role::Name, line))?;
        let app =
            |fate: &Fate| format!("{}{}", fate.app, if fate.is_announced { " (announced)" } else { "" });
        let log = |fate: &Fate| format!("{} {}, {}", fate.subtype.name(), fate.action, fate.reason);
        self.line(out, "  application", group.fates.iter().map(|fates| cell(fates, app)))?;
        self.line(out, "  rule", group.fates.iter().map(|fates| cell(fates, |fate| fate.rule.clone())))?;
        self.line(out, "  log", group.fates.iter().map(|fates| cell(fates, log)))
    }

    /// A label and one value for each rulebase.
    fn line(
        &self,
        out: &mut dyn Write,
        label: &str,
        values: impl Iterator<Item = (String, Role)>,
    ) -> io::Result<()> {
        write!(out, "{label:<LABEL$}")?;
        let mut gap = 0;
        for (value, role) in values {
            let value = wrap::fit(&value, self.column - 1);
            write!(out, "{:gap$}{}", "", self.paint.on(role, &value))?;
            gap = self.column.saturating_sub(unicode_width::UnicodeWidthStr::width(&*value));
        }
        writeln!(out)
    }
}

/// What the rows say, one after the other, in red where nothing was let through to its end.
fn cell(fates: &[Fate], part: impl Fn(&Fate) -> String) -> (String, Role) {
    let mut parts: Vec<String> = fates.iter().map(part).collect();
    parts.dedup();
    let role = if passes(fates) { Role::Plain } else { Role::Deny };
    if parts.is_empty() { ("no row".to_owned(), role) } else { (parts.join("; "), role) }
}

fn name(opened: &Opened) -> String {
    let key = opened.key;
    let port = |port| key.protocol.has_ports().then_some(port);
    let (client, server) = (key.src.with_port(port(key.sport)), key.dst.with_port(port(key.dport)));
    format!("{client} → {server} {}", key.protocol)
}

fn fares(conversations: u64) -> String {
    match conversations {
        0 => "No conversation fares".to_owned(),
        1 => "1 conversation fares".to_owned(),
        number => format!("{} conversations fare", grouped(number)),
    }
}
