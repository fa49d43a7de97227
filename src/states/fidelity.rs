//! The rows of the table and where they come from.

use std::collections::BTreeMap;

use super::name::{Kind, Name};

/// One behaviour a line: area, behaviour, setting, confidence, source, test.
const ROWS: &str = include_str!("../manual/fidelity.txt");
/// What the keys of sources stand for.
const SOURCES: &str = include_str!("../manual/sources.toml");

/// How well a behaviour is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// By the vendor, or an RFC.
    Documented,
    /// In rows, output or captures of real devices.
    Observed,
    /// By people who use it.
    Community,
    /// Follows from what is known.
    Inferred,
    /// Nobody says.
    Assumed,
    /// Sources say different things.
    Disagree,
}

impl Confidence {
    /// All of them, the best first.
    pub const ALL: [Self; 6] =
        [Self::Documented, Self::Observed, Self::Community, Self::Inferred, Self::Assumed, Self::Disagree];

    /// As the table has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Community => "community",
            Self::Inferred => "inferred",
            Self::Assumed => "assumed",
            Self::Disagree => "sources disagree",
        }
    }
}

/// What holds a behaviour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Tests: `tests/scenarios/x.md#Heading` or `path::test`.
    By(Vec<&'static str>),
    /// It is not modelled yet, and why.
    NotYet(&'static str),
    /// No test of its own, and why.
    Untested(&'static str),
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// The part of the firewall it belongs to.
    pub area: &'static str,
    /// What happens; names are in backticks.
    pub text: &'static str,
    /// Keys of settings that change it.
    pub settings: Vec<&'static str>,
    /// How well it is known.
    pub confidence: Confidence,
    /// Where it is known from, for readers: a page, an article's number, real rows, an RFC and its section.
    pub sources: Vec<String>,
    /// Sections of the fact reference that the code cites as `PANOS.md N.M`.
    pub sections: Vec<&'static str>,
    /// What holds it.
    pub held: Held,
    /// The line of the file, counted from 1.
    pub line: usize,
}

/// A line that is no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fidelity table, line {line}: {what}")]
pub struct FidelityError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// The whole table, by area in order of first appearance.
#[derive(Debug, Clone)]
pub struct Fidelity {
    rows: Vec<Behaviour>,
}

impl Fidelity {
    /// The table that is built into the program.
    ///
    /// # Errors
    /// Where a line is no row; a test holds that there is none.
    pub fn builtin() -> Result<Self, FidelityError> {
        Self::parse(ROWS, SOURCES)
    }

    fn parse(rows: &'static str, sources: &str) -> Result<Self, FidelityError> {
        let sources: BTreeMap<String, String> =
            toml::from_str(sources).map_err(|error| FidelityError { line: 0, what: error.to_string() })?;
        let mut parsed = Vec::new();
        for (number, line) in (1..).zip(rows.lines()) {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            parsed.push(row(line, number, &sources).map_err(|what| FidelityError { line: number, what })?);
        }
        let mut order: Vec<&str> = Vec::new();
        for row in &parsed {
            if !order.contains(&row.area) {
                order.push(row.area);
            }
        }
        parsed.sort_by_key(|row| order.iter().position(|area| *area == row.area));
        Ok(Self { rows: parsed })
    }

    /// All rows.
    pub fn rows(&self) -> &[Behaviour] {
        &self.rows
    }

    /// The rows about `name`: for a setting those that it changes, otherwise those of its area that have it in backticks.
    pub fn about(&self, name: &Name) -> Vec<&Behaviour> {
        let quoted = format!("`{}`", name.name);
        let is_about = |row: &&Behaviour| match name.kind {
            Kind::Setting => row.settings.contains(&name.name.as_str()),
            kind => row.area == kind.area() && row.text.contains(&quoted),
        };
        self.rows.iter().filter(is_about).collect()
    }

    /// Areas, in order.
    pub fn areas(&self) -> Vec<&'static str> {
        let mut areas: Vec<&str> = self.rows.iter().map(|row| row.area).collect();
        areas.dedup();
        areas
    }
}

fn row(line: &'static str, number: usize, sources: &BTreeMap<String, String>) -> Result<Behaviour, String> {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let &[area, text, settings, confidence, source, held] = cells.as_slice() else {
        return Err(format!("{} columns in place of six (`|` between them)", cells.len()));
    };
    let confidence = Confidence::ALL.into_iter().find(|known| known.name() == confidence);
    let (sources, sections) = known_from(source, sources)?;
    Ok(Behaviour {
        area,
        text,
        settings: list(settings, ','),
        confidence: confidence.ok_or("no such confidence")?,
        sources,
        sections,
        held: self::held(held)?,
        line: number,
    })
}

/// What stands between separators; a dash stands for nothing.
fn list(cell: &'static str, separator: char) -> Vec<&'static str> {
    cell.split(separator).map(str::trim).filter(|item| !matches!(*item, "" | "-")).collect()
}

fn held(cell: &'static str) -> Result<Held, String> {
    let why = |rest: &'static str| rest.trim_start_matches(':').trim();
    if let Some(rest) = cell.strip_prefix("not yet") {
        return Ok(Held::NotYet(why(rest)));
    }
    if let Some(rest) = cell.strip_prefix("none") {
        return Ok(Held::Untested(why(rest)));
    }
    match list(cell, ';') {
        tests if tests.is_empty() => {
            Err("no test: name one, or say `none: why` or `not yet: why`".to_owned())
        }
        tests => Ok(Held::By(tests)),
    }
}

/// `PANOS.md 6.2, 6.3 {SCHEMA} {KB-FLOW, KB-STATES} RFC 9293 3.5`: sources for readers, and sections of the reference.
fn known_from(
    cell: &'static str,
    sources: &BTreeMap<String, String>,
) -> Result<(Vec<String>, Vec<&'static str>), String> {
    let (mut public, mut sections) = (Vec::new(), Vec::new());
    let mut is_rfc = false;
    for word in cell.split([' ', ',', ';', '{', '}']).filter(|word| !matches!(*word, "" | "-" | "and")) {
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        match word {
            "PANOS.md" => is_rfc = false,
            "RFC" => {
                is_rfc = true;
                public.push(String::new());
            }
            section if is_number && !is_rfc => sections.push(section),
            number if is_number => {
                let rfc = public.last_mut().ok_or("a number without RFC")?;
                let text = if rfc.is_empty() { format!("RFC {number}") } else { format!(", {number}") };
                rfc.push_str(&text);
            }
            key => {
                is_rfc = false;
                public.push(sources.get(key).ok_or_else(|| format!("`{key}` is no source"))?.clone());
            }
        }
    }
    Ok((public, sections))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = "A = 'the first'\nB = 'the second'\n";

    #[test]
    fn rows_are_read() {
        let text = "# a comment\n\nx | `a` is b | session.c, model.d | sources disagree | PANOS.md 1.2, 0.3a {A} {B} RFC 9293 3.5, 3.6 | t.md#A, b; t.rs::c\n\
                    y | c | - | assumed | - | not yet: later\nx | d | - | documented | {A} | none: by nature\n";
        let table = Fidelity::parse(text, KEYS).unwrap();
        let [first, second, third] = table.rows() else { panic!("{:?}", table.rows()) };
        assert_eq!(first.settings, ["session.c", "model.d"]);
        assert_eq!(first.sections, ["1.2", "0.3a"]);
        assert_eq!(first.sources, ["the first", "the second", "RFC 9293, 3.5, 3.6"]);
        assert_eq!(first.held, Held::By(vec!["t.md#A, b", "t.rs::c"]));
        assert_eq!((second.line, &second.held), (5, &Held::Untested("by nature")));
        assert_eq!((third.area, &third.held), ("y", &Held::NotYet("later")));
        assert_eq!(table.areas(), ["x", "y"]);
    }

    #[test]
    fn mistakes_have_lines() {
        for (row, what) in [
            ("a | b | - | assumed | -", "5 columns"),
            ("a | b | - | certain | - | none: x", "confidence"),
            ("a | b | - | assumed | {C} | none: x", "`C` is no source"),
            ("a | b | - | assumed | - | -", "no test"),
        ] {
            let error = Fidelity::parse(row, KEYS).unwrap_err().to_string();
            assert!(error.contains("line 1") && error.contains(what), "{error}");
        }
    }
}
