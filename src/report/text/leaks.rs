//! **First packets**: what each rule let pass on ports alone, worst first, and what would close it.

use std::io::{self, Write};

use super::advice::advice;
use crate::config::World;
use crate::engine::Outcome;
use crate::policy::RuleId;
use crate::report::row::label_name;
use crate::report::style::{Paint, Role, count, grouped, size};
use crate::report::wrap;
use crate::report::{Leak, Leaks, Worst, escape};
use crate::session::Passed;

/// Writes the part.
pub(super) struct Part<'a> {
    pub(super) out: &'a mut dyn Write,
    pub(super) world: &'a World,
    pub(super) paint: Paint,
    pub(super) width: usize,
}

/// So many ports are told one by one.
const PORTS: usize = 10;
/// Columns that the labels take.
const INDENT: usize = 11;

impl Part<'_> {
    pub(super) fn write(&mut self, leaks: &Leaks) -> io::Result<()> {
        let rules = leaks.worst_first(self.world);
        let reclassified: u64 = rules.iter().map(|(_, leak)| leak.count(Outcome::Reclassified)).sum();
        let not_allowed = leaks.sessions() - reclassified;
        writeln!(self.out, "\n{}", self.paint.on(Role::Heading, "First packets"))?;
        if not_allowed == 0 {
            self.paragraph(Role::Good, "Nothing passed that no rule finally allowed.")?;
        } else {
            self.paragraph(
                Role::Quiet,
                "Sessions that a rule let begin on its ports alone, and that no rule finally allowed.",
            )?;
        }
        for (rule, leak) in rules.iter().filter(|(_, leak)| leak.not_allowed().0 > 0) {
            writeln!(self.out)?;
            self.rule(*rule, leak)?;
        }
        if reclassified > 0 {
            let sentence = format!(
                "{} began under another rule than the one that finally allowed {}.",
                count(reclassified, "more session"),
                if reclassified == 1 { "it" } else { "them" }
            );
            let sentence = if not_allowed == 0 { sentence.replacen(" more", "", 1) } else { sentence };
            writeln!(self.out)?;
            self.paragraph(Role::Quiet, &sentence)?;
        }
        Ok(())
    }

    fn rule(&mut self, rule: RuleId, leak: &Leak) -> io::Result<()> {
        let name = escape::name(&self.world.policy.rule(rule).name);
        let name = wrap::fit(&name, self.width.saturating_sub(2));
        let mark = self.paint.on(Role::Leak, "▲");
        writeln!(self.out, "{mark} {}", self.paint.on(Role::Heading, &name))?;
        let (sessions, passed) = leak.not_allowed();
        let outcomes =
            [(Outcome::Denied, "denied once known"), (Outcome::NeverIdentified, "never identified")];
        let outcomes = outcomes.map(|(outcome, what)| (leak.count(outcome), what));
        let told: Vec<String> = outcomes
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{} {what}", grouped(*count)))
            .collect();
        self.items("sessions", &[vec![grouped(sessions)], told].concat(), " · ", Role::Plain)?;
        self.items("passed", &passed_items(&passed), " · ", Role::Plain)?;
        self.items("ports", &ports(leak), " · ", Role::Plain)?;
        self.worst(leak)?;
        let advice = advice(self.world, rule, leak);
        let lines = advice.lines(self.width.saturating_sub(INDENT));
        let (role, lines) = match advice.change {
            Some(change) => {
                self.labelled("fix", change, Role::Good)?;
                (Role::Quiet, lines)
            }
            None => (Role::Good, lines),
        };
        for (number, line) in lines.iter().enumerate() {
            let label = if number == 0 && advice.change.is_none() { "fix" } else { "" };
            self.labelled(label, line, role)?;
        }
        Ok(())
    }

    fn worst(&mut self, leak: &Leak) -> io::Result<()> {
        let cells: Vec<[String; 5]> = leak.worst().iter().map(|worst| self.cells(worst)).collect();
        let width = |column: usize| {
            use unicode_width::UnicodeWidthStr;
            cells.iter().filter_map(|cells| Some(cells.get(column)?.width())).max().unwrap_or(0)
        };
        let widths = [0, 1, 2, 3, 4].map(width);
        for (number, cells) in cells.iter().enumerate() {
            let label = if number == 0 { "worst" } else { "" };
            let padded: Vec<String> =
                cells.iter().zip(widths).map(|(cell, width)| pad(cell, width)).collect();
            let line = wrap::fit(padded.join("  ").trim_end(), self.width.saturating_sub(INDENT));
            self.labelled(label, &line, Role::Plain)?;
        }
        Ok(())
    }

    fn cells(&self, worst: &Worst) -> [String; 5] {
        let [to_server, to_client] = worst.passed.payload.map(size);
        [
            worst.session.map_or_else(String::new, |id| format!("#{}", id.0)),
            format!("{to_server} →"),
            format!("← {to_client}"),
            format!("{} → {} {}", worst.src, worst.dst, worst.port),
            label_name(self.world, worst.label).to_owned(),
        ]
    }

    fn items(&mut self, label: &str, items: &[String], separator: &str, role: Role) -> io::Result<()> {
        for (number, line) in
            wrap::lines(items, separator, self.width.saturating_sub(INDENT)).iter().enumerate()
        {
            self.labelled(if number == 0 { label } else { "" }, line, role)?;
        }
        Ok(())
    }

    fn labelled(&mut self, label: &str, text: &str, role: Role) -> io::Result<()> {
        let label = format!("  {label:<9}");
        writeln!(self.out, "{}{}", self.paint.on(Role::Quiet, label), self.paint.on(role, text))
    }

    fn paragraph(&mut self, role: Role, text: &str) -> io::Result<()> {
        for line in wrap::sentence(text, self.width) {
            writeln!(self.out, "{}", self.paint.on(role, line))?;
        }
        Ok(())
    }
}

fn passed_items(passed: &Passed) -> [String; 2] {
    let item = |side: usize, to: &str| {
        format!("{to} {} in {}", size(passed.payload[side]), count(passed.packets[side], "packet"))
    };
    [item(0, "to servers"), item(1, "to clients")]
}

fn ports(leak: &Leak) -> Vec<String> {
    let ports: Vec<_> = leak.ports().into_iter().filter(|(_, sessions)| sessions.not_allowed > 0).collect();
    let mut told: Vec<String> = ports
        .iter()
        .take(PORTS)
        .map(|(port, sessions)| match sessions.not_allowed {
            1 => port.to_string(),
            many => format!("{port} ×{}", grouped(many)),
        })
        .collect();
    let more = ports.len() - told.len();
    if more > 0 {
        told.push(format!("{} more", grouped(more as u64)));
    }
    told
}

fn pad(text: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthStr;
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}
