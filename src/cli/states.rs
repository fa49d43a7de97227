//! `firstpass states`: the state machines, and the table of behaviours.

use std::path::PathBuf;

use clap::ValueEnum;

use super::error::{CliError, Exit};
use super::output::Streams;
use crate::config::nearest;
use crate::report::escape;
use crate::report::text::Look;
use crate::states::{Fidelity, Name, Picture};

/// Arguments of `states`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without NAME it tells the states of a session, the stages of TCP within them, and their timers. With it, it tells about \
one: a state, an end reason, a label of the application column, a log subtype, an action, a timer, a reason to drop a \
packet or its counter, a setting.

Examples:
  firstpass states --format mermaid
  firstpass states aged-out
  firstpass states model.half-closed-refresh
  firstpass states --table")]
pub(super) struct States {
    /// A state, an end reason, a label, a subtype, an action, a timer, a drop reason or a setting
    #[arg(value_name = "NAME", conflicts_with = "table")]
    name: Option<String>,

    /// The table of behaviours: what the firewall does, how well that is known and from where, the setting that changes
    /// it, and the test that holds it
    #[arg(long)]
    table: bool,

    /// What the output looks like
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Write the result to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON document
    Json,
    /// The states as a graph in Graphviz's language
    Dot,
    /// The same as a Mermaid state diagram
    Mermaid,
    /// A page; of --table alone
    Markdown,
}

impl States {
    pub(super) fn run(self, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        self.check_format()?;
        let output = self.output.as_deref();
        let look = Look { width: streams.width(output), color: streams.colored(output) };
        if self.name.is_none() && !self.table {
            let picture = Picture::default();
            streams.write_to(self.output.as_ref(), |out| match self.format {
                Format::Json => picture.write_json(out),
                Format::Dot => out.write_all(picture.dot().as_bytes()),
                Format::Mermaid => out.write_all(picture.mermaid().as_bytes()),
                Format::Text | Format::Markdown => picture.write_text(out, look),
            })?;
            return Ok(Exit::Done);
        }
        let table = Fidelity::builtin().map_err(|error| {
            CliError::usage(error.to_string(), "this is a mistake in the program: please report it")
        })?;
        let names = self.name.as_deref().map(find).transpose()?;
        streams.write_to(self.output.as_ref(), |out| match (&names, self.format) {
            (Some(names), Format::Json) => table.write_names_json(names, out),
            (Some(names), _) => table.write_names(names, out, look),
            (None, Format::Json) => table.write_json(out),
            (None, Format::Markdown) => table.write_markdown(out),
            (None, _) => table.write_text(out, look),
        })?;
        Ok(Exit::Done)
    }

    /// What of the formats makes no sense with what is asked for.
    fn check_format(&self) -> Result<(), CliError> {
        let is_graph = self.name.is_none() && !self.table;
        match self.format {
            Format::Dot | Format::Mermaid if !is_graph => Err(CliError::usage(
                "a graph is of all states",
                "leave out NAME and `--table`, or use `--format text` or `--format json`",
            )),
            Format::Markdown if !self.table => Err(CliError::usage(
                "`--format markdown` is the page of the table",
                "add `--table`, or use `--format text` or `--format json`",
            )),
            _ => Ok(()),
        }
    }
}

/// What is called so.
fn find(asked: &str) -> Result<Vec<Name>, CliError> {
    let found = Name::find(asked);
    if !found.is_empty() {
        return Ok(found);
    }
    let all = Name::all();
    let help = match nearest(asked, all.iter().map(|name| name.name.as_str())) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "`firstpass states --table` has all names".to_owned(),
    };
    Err(CliError::usage(format!("nothing is called `{}`", escape::name(asked)), help))
}
