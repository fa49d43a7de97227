//! Findings for people: each with the lines it is about, the worst first.

use std::collections::BTreeMap;
use std::io::{self, Write};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::words::quote;
use super::{Finding, Kind, Report, Severity};
use crate::config::{Excerpt, Place, World};
use crate::report::escape;

/// So many findings of one kind are shown.
const SHOWN: usize = 50;

/// So many of the other rules that have to do with a finding are shown.
const RELATED: usize = 3;

/// Writes the report.
///
/// # Errors
/// Where writing fails.
pub fn write(out: &mut dyn Write, world: &World, report: &Report, color: bool) -> io::Result<()> {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &report.findings {
        let shown = shown.entry(finding.kind.name).or_default();
        *shown += 1;
        if *shown <= SHOWN {
            let lines = Lines::of(world, finding);
            writeln!(out, "{}\n", renderer.render(&[lines.group()]))?;
        }
    }
    for (kind, count) in shown.iter().filter(|(_, count)| **count > SHOWN) {
        writeln!(out, "and {} more of `{kind}`; `--format json` lists them all", count - SHOWN)?;
    }
    for (rule, kind) in &report.undecided {
        writeln!(out, "not decided: whether rule {} is `{kind}` would take too long to tell", quote(rule))?;
    }
    writeln!(out, "{}", summary(report))
}

/// `2 errors and 1 note in 14 rules`.
fn summary(report: &Report) -> String {
    let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let rules = count(report.rules, "rule");
    let counts: Vec<String> = Severity::ALL
        .into_iter()
        .map(|severity| (report.count(severity), severity.name()))
        .filter(|(number, _)| *number > 0)
        .map(|(number, name)| count(number, name))
        .collect();
    match counts.split_last() {
        None => format!("no findings in {rules}"),
        Some((last, [])) => format!("{last} in {rules}"),
        Some((last, rest)) => format!("{} and {last} in {rules}", rest.join(", ")),
    }
}

/// What `--explain KIND` prints.
///
/// # Errors
/// Where writing fails.
pub fn write_explanation(out: &mut dyn Write, kind: &Kind) -> io::Result<()> {
    writeln!(out, "{} ({})\n\n{}\n\nWhy\n  {}\n\nExample", kind.name, kind.severity, kind.what, kind.why)?;
    for line in kind.example.lines() {
        writeln!(out, "{}{line}", if line.is_empty() { "" } else { "  " })?;
    }
    writeln!(out, "\nCure\n  {}", kind.cure)
}

/// A finding with the source lines that are shown with it.
struct Lines<'f> {
    finding: &'f Finding,
    path: String,
    at: Option<(&'f Place, Excerpt)>,
    related: Vec<(&'f Place, Excerpt, &'f str)>,
}

impl<'f> Lines<'f> {
    fn of(world: &World, finding: &'f Finding) -> Self {
        let excerpt = |place: &Place| world.places.excerpt(place);
        let related = finding.related.iter().take(RELATED);
        Self {
            finding,
            path: escape::name(&world.source.path).into_owned(),
            at: finding.place.as_ref().map(|place| (place, excerpt(place))),
            related: related
                .filter_map(|related| {
                    let place = related.place.as_ref()?;
                    Some((place, excerpt(place), related.what))
                })
                .collect(),
        }
    }

    fn group(&self) -> Group<'_> {
        let level = match self.finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level.primary_title(&self.finding.message).id(self.finding.kind.name);
        let mut group = Group::with_title(title);
        match &self.at {
            None => group = group.element(Origin::path(&self.path)),
            Some((place, excerpt)) => {
                group = self.show(group, place, excerpt, AnnotationKind::Primary, None);
                for (place, excerpt, what) in &self.related {
                    group = self.show(group, place, excerpt, AnnotationKind::Context, Some(what));
                }
            }
        }
        if let Some(example) = &self.finding.example {
            group = group.element(Level::NOTE.message(format!("for example {example}")));
        }
        group.element(Level::HELP.message(&self.finding.cure))
    }

    fn show<'g>(
        &'g self,
        group: Group<'g>,
        place: &Place,
        excerpt: &'g Excerpt,
        kind: AnnotationKind,
        label: Option<&'g str>,
    ) -> Group<'g> {
        let annotation = kind.span(excerpt.marked.clone()).label(label);
        let snippet = Snippet::source(&excerpt.text).line_start(place.line).annotation(annotation);
        if excerpt.cut {
            // The column within the excerpt is not that within the line.
            let origin = Origin::path(&self.path).line(place.line).char_column(place.column);
            return group.element(origin).element(snippet);
        }
        group.element(snippet.path(&self.path))
    }
}
