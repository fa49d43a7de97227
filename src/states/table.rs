//! The table of behaviours for people and programs, and what there is to say of one name.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use super::fidelity::{Behaviour, Confidence, Fidelity, Held};
use super::name::Name;
use super::picture::write_json;
use crate::apps::page::Page;
use crate::config::Settings;
use crate::report::style::{Role, count};
use crate::report::text::Look;

#[derive(Serialize)]
struct Document<'t> {
    firstpass: &'static str,
    behaviours: Vec<Row<'t>>,
}

#[derive(Serialize)]
struct NameDocument<'t> {
    firstpass: &'static str,
    names: Vec<NameRow<'t>>,
}

#[derive(Serialize)]
struct NameRow<'t> {
    name: &'t str,
    kind: &'static str,
    facts: serde_json::Map<String, serde_json::Value>,
    behaviours: Vec<Row<'t>>,
}

#[derive(Serialize)]
struct Row<'t> {
    area: &'t str,
    behaviour: &'t str,
    settings: Vec<SettingRow<'t>>,
    confidence: &'static str,
    sources: &'t [String],
    /// Sections that the code cites as `PANOS.md N.M`.
    reference: &'t [&'t str],
    tests: &'t [&'t str],
    /// Why it is not modelled yet.
    not_yet: Option<&'t str>,
    /// Why no test holds it by itself.
    untested: Option<&'t str>,
}

#[derive(Serialize)]
struct SettingRow<'t> {
    key: &'t str,
    default: Option<String>,
}

impl<'t> Row<'t> {
    fn of(row: &'t Behaviour) -> Self {
        let (tests, not_yet, untested): (&[&str], _, _) = match &row.held {
            Held::By(tests) => (tests, None, None),
            Held::NotYet(why) => (&[], Some(*why), None),
            Held::Untested(why) => (&[], None, Some(*why)),
        };
        Self {
            area: row.area,
            behaviour: row.text,
            settings: row.settings.iter().map(|key| SettingRow { key, default: default_of(key) }).collect(),
            confidence: row.confidence.name(),
            sources: &row.sources,
            reference: &row.sections,
            tests,
            not_yet,
            untested,
        }
    }
}

fn default_of(key: &str) -> Option<String> {
    Settings::info(key)?.default_value()
}

/// `key = default`, or the key alone where it is not modelled.
fn setting(key: &str) -> String {
    default_of(key).map_or_else(|| key.to_owned(), |default| format!("{key} = {default}"))
}

impl Fidelity {
    /// Writes the table for people.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let mut page = Page::new(out, look);
        for area in self.areas() {
            page.heading(&capital(area), "")?;
            for row in self.rows().iter().filter(|row| row.area == area) {
                lines(&mut page, row)?;
            }
            page.gap()?;
        }
        page.parts(Role::Quiet, &self.summary())
    }

    /// Writes it as one JSON document.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let behaviours = self.rows().iter().map(Row::of).collect();
        write_json(out, &Document { firstpass: env!("CARGO_PKG_VERSION"), behaviours })
    }

    /// Writes it as the page `docs/fidelity.md`.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{ABOUT}\n\n{}.", self.summary().join(", "))?;
        for area in self.areas() {
            writeln!(out, "\n## {}\n\n{HEADINGS}", capital(area))?;
            for row in self.rows().iter().filter(|row| row.area == area) {
                writeln!(out, "| {} |", cells(row).map(|cell| cell.replace('|', "\\|")).join(" | "))?;
            }
        }
        Ok(())
    }

    /// Writes what there is to say of names, for people.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_names(&self, names: &[Name], out: &mut dyn Write, look: Look) -> io::Result<()> {
        let mut page = Page::new(out, look);
        for (number, name) in names.iter().enumerate() {
            if number > 0 {
                page.gap()?;
            }
            page.heading(&name.name, name.kind.name())?;
            for (label, text) in name.facts() {
                page.sentence(label, &text)?;
            }
            for row in self.about(name) {
                lines(&mut page, row)?;
            }
        }
        Ok(())
    }

    /// Writes the same as one JSON document.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_names_json(&self, names: &[Name], out: &mut dyn Write) -> io::Result<()> {
        let fact = |(label, text): (&str, String)| (label.to_lowercase().replace(' ', "_"), text.into());
        let names = names
            .iter()
            .map(|name| NameRow {
                name: &name.name,
                kind: name.kind.name(),
                facts: name.facts().into_iter().map(fact).collect(),
                behaviours: self.about(name).into_iter().map(Row::of).collect(),
            })
            .collect();
        write_json(out, &NameDocument { firstpass: env!("CARGO_PKG_VERSION"), names })
    }

    /// How many there are, by confidence.
    fn summary(&self) -> Vec<String> {
        let by = |confidence: Confidence| {
            let rows = self.rows().iter().filter(|row| row.confidence == confidence).count();
            (rows > 0).then(|| match confidence {
                Confidence::Disagree => format!("{rows} where sources disagree"),
                _ => format!("{rows} {}", confidence.name()),
            })
        };
        let late = self.rows().iter().filter(|row| matches!(row.held, Held::NotYet(_))).count();
        [count(self.rows().len() as u64, "behaviour")]
            .into_iter()
            .chain(Confidence::ALL.into_iter().filter_map(by))
            .chain((late > 0).then(|| format!("{late} not yet modelled")))
            .collect()
    }
}

/// A row for people: what happens, and below it how that is known.
fn lines(page: &mut Page<'_>, row: &Behaviour) -> io::Result<()> {
    page.hanging(2, 2, Role::Plain, row.text)?;
    let settings = row.settings.iter().map(|key| setting(key));
    let reference = (!row.sections.is_empty()).then(|| format!("PANOS.md {}", row.sections.join(", ")));
    let known: Vec<String> = [row.confidence.name().to_owned()]
        .into_iter()
        .chain(row.sources.iter().cloned())
        .chain(reference)
        .chain(settings)
        .collect();
    page.hanging(6, 2, Role::Quiet, &known.join(" · "))?;
    match &row.held {
        Held::By(tests) => {
            for test in tests {
                page.hanging(6, 2, Role::Quiet, test)?;
            }
            Ok(())
        }
        Held::NotYet(why) => page.hanging(6, 2, Role::Leak, &format!("not yet: {why}")),
        Held::Untested(why) => page.hanging(6, 2, Role::Quiet, &format!("no test of its own: {why}")),
    }
}

const ABOUT: &str = "\
# Fidelity: what the firewall does, and how well that is known

Each line is one behaviour of the model: what happens, the setting that changes it with its default, how well it is known, where it is known from, and the test that holds it. \
`firstpass states --table` prints this page, and `firstpass states NAME` the lines about one name.

*Documented* means by the vendor or an RFC; *observed* in rows, output or captures of real devices; *community* by people who run them; *inferred* follows from these; *assumed* has no \
source, or none that was checked. Where *sources disagree* both readings can be had by a setting, and each has its test, or the line says why not. \"KB\" is the vendor's knowledge base \
(knowledgebase.paloaltonetworks.com, article by its id), \"docs\" its documentation (docs.paloaltonetworks.com). *Reference* is the section that comments in the code cite as \
`PANOS.md N.M`: look the number up here to find the public source behind it.";

const HEADINGS: &str = "\
| behaviour | setting | known | source | reference | test |
|---|---|---|---|---|---|";

/// A row of the page.
fn cells(row: &Behaviour) -> [String; 6] {
    let held = match &row.held {
        Held::By(tests) => tests.iter().map(|test| link(test)).collect::<Vec<_>>().join("<br>"),
        Held::NotYet(why) => format!("**not yet**: {why}"),
        Held::Untested(why) => format!("none: {why}"),
    };
    [
        row.text.to_owned(),
        row.settings.iter().map(|key| format!("`{}`", setting(key))).collect::<Vec<_>>().join("<br>"),
        row.confidence.name().to_owned(),
        row.sources.join("; "),
        row.sections.join(", "),
        held,
    ]
}

/// A test as a link to its place.
fn link(test: &str) -> String {
    match (test.split_once('#'), test.split_once("::")) {
        (Some((path, heading)), _) => {
            let file = path.rsplit('/').next().unwrap_or(path);
            format!("[{file}: {heading}](../{path}#{})", anchor(heading))
        }
        (None, Some((path, name))) => format!("[{name}](../{path})"),
        (None, None) => test.to_owned(),
    }
}

/// The anchor that hosting services give a heading.
fn anchor(heading: &str) -> String {
    let mut anchor = String::with_capacity(heading.len());
    for c in heading.chars() {
        match c {
            ' ' => anchor.push('-'),
            c if c.is_alphanumeric() || matches!(c, '-' | '_') => {
                let _ = write!(anchor, "{}", c.to_lowercase());
            }
            _ => {}
        }
    }
    anchor
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
