//! `firstpass lint`: findings about a rulebase.

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;

use super::args::{self, Instead};
use super::error::{CliError, Exit};
use super::output::Streams;
use crate::lint::{self, KINDS, Kind, Report, Severity};

/// Arguments of `lint`.
#[derive(Debug, clap::Args)]
pub(super) struct Lint {
    /// The rulebase
    #[arg(long, value_name = "FILE", required_unless_present = "explain")]
    rules: Option<PathBuf>,

    #[command(flatten)]
    instead: Instead,

    /// What the output looks like
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Write the result to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Exit with status 1 where there is a finding as bad as that, or worse
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY")]
    fail_on: FailOn,

    /// Look only for findings of this kind (repeatable)
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    only: Vec<String>,

    /// Look for no findings of this kind (repeatable)
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    skip: Vec<String>,

    /// Explain a kind of finding: what it is, why it matters, an example and what to do
    #[arg(long, value_name = "KIND", value_parser = kinds(), exclusive = true)]
    explain: Option<String>,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// A report for people, with the lines it is about
    #[default]
    Text,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code scanning services and editors
    Sarif,
}

/// `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum FailOn {
    /// Errors
    Error,
    /// Errors and warnings
    #[default]
    Warning,
    /// Any finding
    Note,
    /// Nothing
    Never,
}

fn kinds() -> PossibleValuesParser {
    KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().into()
}

impl Lint {
    pub(super) fn run(self, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        if let Some(kind) = self.explain.as_deref().and_then(Kind::find) {
            lint::text::write_explanation(&mut streams.stdout, kind)?;
            return Ok(Exit::Done);
        }
        let Some(path) = &self.rules else {
            return Err(CliError::usage("there is no rulebase to look at", "name it with `--rules FILE`"));
        };
        let world = args::load(path, &self.instead.overrides(), streams)?;
        let report = lint::lint(&world, &self.kinds());
        let color = streams.colored(self.output.as_deref());
        streams.write_to(self.output.as_ref(), |out| match self.format {
            Format::Text => lint::text::write(out, &world, &report, color),
            Format::Json => lint::json::write(out, &world, &report),
            Format::Sarif => lint::sarif::write(out, &world, &report),
        })?;
        for warning in &world.warnings {
            streams.warn(warning);
        }
        Ok(if self.fails(&report) { Exit::Findings } else { Exit::Done })
    }

    fn kinds(&self) -> Vec<&'static Kind> {
        let named = |names: &[String], kind: &Kind| names.iter().any(|name| name == kind.name);
        let wanted =
            |kind: &&Kind| (self.only.is_empty() || named(&self.only, kind)) && !named(&self.skip, kind);
        KINDS.iter().filter(wanted).collect()
    }

    fn fails(&self, report: &Report) -> bool {
        let least = match self.fail_on {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Note => Severity::Note,
            FailOn::Never => return false,
        };
        report.findings.iter().any(|finding| finding.severity <= least)
    }
}
