//! The matrix for people.

use std::io::{self, Write};

use super::{Combination, Fate, Matrix, Outcome};
use crate::engine::DropReason;
use crate::report::style::{Paint, Role, grouped};
use crate::report::text::Look;
use crate::report::wrap;

/// So many conversations are shown.
const SHOWN: usize = 20;
/// Width of the column of each combination.
const COLUMN: usize = 20;

/// Writes the table of totals, the conversations that fare differently, and what to do.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn write_text(out: &mut dyn Write, matrix: &Matrix, look: Look) -> io::Result<()> {
    let page = Page { matrix, paint: Paint { color: look.color }, width: look.width.unwrap_or(110) };
    page.totals(out)?;
    page.conversations(out)?;
    for sentence in matrix.advice() {
        writeln!(out)?;
        for line in wrap::sentence(&sentence, page.width) {
            writeln!(out, "{}", page.paint.on(Role::Good, line))?;
        }
    }
    Ok(())
}

/// A line of totals: its label, and the number of one outcome.
type Total = (&'static str, fn(&Outcome) -> u64);

struct Page<'a> {
    matrix: &'a Matrix,
    paint: Paint,
    width: usize,
}

impl Page<'_> {
    fn totals(&self, out: &mut dyn Write) -> io::Result<()> {
        let names = self.matrix.outcomes.iter().map(|outcome| {
            let configured = outcome.combination == self.matrix.configured;
            format!("{}{}", outcome.combination.name(), if configured { " *" } else { "" })
        });
        self.line(out, Role::Heading, "", names)?;
        for index in 0..2 {
            let settings = Combination::ALL[0].settings();
            let values = self.matrix.outcomes.iter().map(|outcome| outcome.combination.settings()[index].1);
            self.line(out, Role::Quiet, settings[index].0, values.map(str::to_owned))?;
        }
        let rows: [Total; 7] = [
            ("packets forwarded", |outcome| outcome.tally.forwarded()),
            ("packets dropped", |outcome| outcome.tally.dropped()),
            ("  no session, not a SYN", |outcome| outcome.drops(DropReason::NonSyn)),
            ("  outside the window", |outcome| outcome.drops(DropReason::OutOfWindow)),
            ("RSTs and ICMP sent", |outcome| outcome.tally.injected()),
            ("sessions", |outcome| outcome.tally.sessions()),
            ("  recognised", |outcome| outcome.recognised),
        ];
        for (label, value) in rows {
            self.line(out, Role::Plain, label, self.matrix.outcomes.iter().map(|it| grouped(value(it))))?;
        }
        let reasons: Vec<_> =
            self.matrix.outcomes.iter().map(|outcome| outcome.tally.by_end_reason()).collect();
        let mut names: Vec<&str> = reasons.iter().flat_map(|reasons| reasons.keys().copied()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let values = reasons.iter().map(|reasons| grouped(reasons.get(name).copied().unwrap_or(0)));
            self.line(out, Role::Plain, &format!("  {name}"), values)?;
        }
        writeln!(out, "{}", self.paint.on(Role::Quiet, "* as the rulebase has it"))
    }

    fn conversations(&self, out: &mut dyn Write) -> io::Result<()> {
        let differing = self.matrix.differing();
        if differing.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", self.paint.on(Role::Heading, "Conversations that fare differently"))?;
        for (ends, fates) in differing.iter().take(SHOWN) {
            writeln!(out, "{}", self.paint.on(Role::Name, ends))?;
            self.line(out, Role::Plain, "  forwarded, dropped", fates.iter().map(packets))?;
            self.line(
                out,
                Role::Plain,
                "  application",
                fates.iter().map(|fate| last(fate, |last| &last.0)),
            )?;
            self.line(out, Role::Plain, "  end reason", fates.iter().map(|fate| last(fate, |last| last.1)))?;
        }
        let more = differing.len().saturating_sub(SHOWN);
        if more > 0 {
            let more = format!("… and {} more (`--format json` has all)", grouped(more as u64));
            writeln!(out, "{}", self.paint.on(Role::Quiet, more))?;
        }
        if self.matrix.outcomes.iter().any(|outcome| outcome.is_cut) {
            let cut = "There were too many conversations to follow each; those that came later are in the totals alone.";
            writeln!(out, "{}", self.paint.on(Role::Quiet, cut))?;
        }
        Ok(())
    }

    /// A label and one value for each combination.
    fn line(
        &self,
        out: &mut dyn Write,
        role: Role,
        label: &str,
        values: impl Iterator<Item = String>,
    ) -> io::Result<()> {
        let label_width = self.width.saturating_sub(COLUMN * Combination::ALL.len()).clamp(28, 34);
        let mut line = format!("{label:<label_width$}");
        for value in values {
            line.push_str(&format!("{:<COLUMN$}", wrap::fit(&value, COLUMN - 1)));
        }
        writeln!(out, "{}", self.paint.on(role, line.trim_end()))
    }
}

fn packets(fate: &Fate) -> String {
    let dropped = fate.non_syn + fate.out_of_window + fate.dropped;
    format!("{}, {}", grouped(fate.forwarded), grouped(dropped))
}

fn last<'a>(fate: &'a Fate, part: impl Fn(&'a (String, &'static str)) -> &'a str) -> String {
    fate.last.as_ref().map_or("–", part).to_owned()
}
