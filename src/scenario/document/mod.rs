//! Documents that are tests: prose, rules, packets, and what comes of them.

mod check;
mod markdown;
mod packet_line;
mod play;
mod script;
mod table;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::run::Run;
use crate::config::{self, Overrides, World};
use crate::replay::Command;
use markdown::{Block, Section};
use script::Script;
use table::Table;
use words::Payloads;

/// A Markdown document with scenarios.
#[derive(Debug, Clone)]
pub struct Document {
    /// What messages call it.
    path: String,
    text: String,
    /// One per section that sends packets.
    scenarios: Vec<Scenario>,
}

/// The scenario of one section.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Title of the document and of the section.
    pub name: String,
    /// Line of its heading.
    pub line: usize,
    /// Why it is known to fail.
    pub known_failure: Option<String>,
    world: Arc<World>,
    /// What `commit NAME` puts in force.
    commits: BTreeMap<String, Arc<World>>,
    script: Script,
    tables: Vec<Expectation>,
}

/// What a run is held against.
#[derive(Debug, Clone)]
struct Expectation {
    kind: Kind,
    /// Line of the first content line of its block, and how many there are.
    line: usize,
    len: usize,
    table: Table,
}

/// What a table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// All rows of the run, in order.
    Rows,
    /// Some rows of the run, in order.
    SomeRows,
    /// Totals and counters by name.
    Counters,
    /// Packets that the firewall made itself.
    Emitted,
    Transmitted,
    /// The first-packets report.
    FirstPackets,
    /// The threat log, all of it, in order.
    Threats,
    Predictions,
}

/// A document that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    line: usize,
    what: String,
}

/// Something that is not as the document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Line of the document.
    pub line: usize,
    /// What, over one line or several.
    pub what: String,
}

impl DocumentError {
    fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for DocumentError {}

impl Document {
    /// Reads a document; `path` is what messages call it.
    ///
    /// # Errors
    /// Where a block cannot be read, or a section sends packets and says nothing of what comes of them.
    pub fn parse(path: &str, text: &str) -> Result<Self, DocumentError> {
        let sections = markdown::sections(text)?;
        let mut payloads = Payloads::new();
        let mut rules = Rules::default();
        let mut scenarios = Vec::new();
        for section in &sections {
            for block in &section.blocks {
                match block.info.split_whitespace().collect::<Vec<_>>().as_slice() {
                    ["toml", "rules"] => rules.first = Some(*block),
                    ["toml", "rules", name] => {
                        rules.named.insert((*name).to_owned(), *block);
                    }
                    ["payload", name] => {
                        payloads.insert((*name).to_owned(), payload(block)?);
                    }
                    _ => {}
                }
            }
            scenarios.extend(Scenario::read(path, section, &rules, &payloads)?);
        }
        Ok(Self { path: path.to_owned(), text: text.to_owned(), scenarios })
    }

    /// What messages call it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its scenarios, in order.
    pub fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }

    /// The document with its tables rewritten from `runs`, one per scenario; the columns stay as they are.
    pub fn rewrite(&self, runs: &[Run]) -> String {
        let mut lines: Vec<String> = self.text.split_inclusive('\n').map(str::to_owned).collect();
        for (scenario, run) in self.scenarios.iter().zip(runs).rev() {
            if scenario.known_failure.is_some() {
                continue;
            }
            for table in scenario.tables.iter().rev().filter(|table| table.kind != Kind::SomeRows) {
                let from = table.line - 1;
                lines.splice(from..from + table.len, [scenario.render(table, run)]);
            }
        }
        lines.concat()
    }
}

impl Scenario {
    fn read(
        path: &str,
        section: &Section<'_>,
        rules: &Rules<'_>,
        payloads: &Payloads,
    ) -> Result<Option<Self>, DocumentError> {
        let mut script = Script::default();
        let mut tables = Vec::new();
        let mut settings = None;
        for block in &section.blocks {
            let mut add = |kind| -> Result<(), DocumentError> {
                let (line, len) = (block.line, block.text.lines().count());
                tables.push(Expectation { kind, line, len, table: Table::parse(block)? });
                Ok(())
            };
            match block.info {
                "packets" => script.read(block, payloads)?,
                "toml settings" => settings = Some(*block),
                "rows" => add(Kind::Rows)?,
                "rows partial" => add(Kind::SomeRows)?,
                "counters" => add(Kind::Counters)?,
                "emitted" => add(Kind::Emitted)?,
                "transmitted" => add(Kind::Transmitted)?,
                "first-packets" => add(Kind::FirstPackets)?,
                "threats" => add(Kind::Threats)?,
                "predictions" => add(Kind::Predictions)?,
                "" | "text" | "toml rules" => {}
                info if info.starts_with("payload ") || info.starts_with("toml rules ") => {}
                info => return Err(DocumentError::new(block.line - 1, format!("no kind of block `{info}`"))),
            }
        }
        if script.steps.is_empty() {
            return match tables.first() {
                Some(table) => Err(DocumentError::new(table.line, "a table, and no packets")),
                None => Ok(None),
            };
        }
        let first =
            rules.first.ok_or_else(|| DocumentError::new(section.line, "packets, and no `toml rules`"))?;
        if tables.is_empty() && script.steps.iter().all(|step| step.verdict.is_none()) {
            return Err(DocumentError::new(section.line, "packets, and nothing said of what comes of them"));
        }
        if !section.has_prose {
            return Err(DocumentError::new(section.line, "a scenario begins with a paragraph about it"));
        }
        let world = world(path, [Some(first), settings])?;
        let commits = rules.commits(path, &script, settings)?;
        Ok(Some(Self {
            name: section.name.clone(),
            line: section.line,
            known_failure: section.known_failure.clone(),
            world: Arc::new(world),
            commits,
            script,
            tables,
        }))
    }
}

/// The rulebases that a section can name: the one it begins with, and those it commits.
#[derive(Default)]
struct Rules<'t> {
    first: Option<Block<'t>>,
    named: BTreeMap<String, Block<'t>>,
}

impl Rules<'_> {
    /// Reads those that a script commits. The section's settings are added where they come after the rules.
    fn commits(
        &self,
        path: &str,
        script: &Script,
        settings: Option<Block<'_>>,
    ) -> Result<BTreeMap<String, Arc<World>>, DocumentError> {
        let mut worlds = BTreeMap::new();
        for step in &script.steps {
            let script::Action::Command(Command::Commit(name)) = &step.action else { continue };
            let block = self.named.get(name).copied().ok_or_else(|| {
                DocumentError::new(
                    step.line,
                    format!("nothing to commit: there is no block `toml rules {name}`"),
                )
            })?;
            let settings = settings.filter(|settings| settings.line > block.line);
            worlds.insert(name.clone(), Arc::new(world(path, [Some(block), settings])?));
        }
        Ok(worlds)
    }
}

/// The rulebase of the blocks. They stay on their lines of the document, so that messages name those.
fn world(path: &str, blocks: [Option<Block<'_>>; 2]) -> Result<World, DocumentError> {
    let mut toml = String::new();
    let mut line = 1;
    for block in blocks.into_iter().flatten() {
        if block.line < line {
            return Err(DocumentError::new(block.line, "settings come after the rules they are added to"));
        }
        toml.extend(std::iter::repeat_n('\n', block.line - line));
        toml.push_str(block.text);
        line = block.line + block.text.lines().count();
    }
    config::parse(path, toml.as_bytes(), &Overrides::default()).map_err(|error| {
        let line =
            error.diagnostics.first().and_then(|diagnostic| diagnostic.at.as_ref()).map_or(1, |at| at.line);
        DocumentError::new(line, error.render(false))
    })
}

/// Hexadecimal digits, with comments after `#`.
fn payload(block: &Block<'_>) -> Result<Vec<u8>, DocumentError> {
    let mut bytes = Vec::new();
    for (line, text) in block.lines() {
        let digits = text.split_once('#').map_or(text, |(digits, _)| digits);
        bytes.extend(words::hex(digits).map_err(|what| DocumentError::new(line, what))?);
    }
    Ok(bytes)
}
