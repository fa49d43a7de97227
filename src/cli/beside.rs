//! `firstpass replay --beside`: the same captures under several rulebases, side by side.

use std::path::PathBuf;

use super::args::Input;
use super::error::{CliError, Exit};
use super::output::Streams;
use super::run::Run;
use crate::report::beside::{Beside, Outcome, write_json, write_text};
use crate::report::{Sink, escape, text::Look};

/// As many rulebases as a line of a terminal has room for.
const MOST: usize = 8;

/// Replays the captures once under each rulebase.
pub(super) fn run(
    input: &Input,
    others: &[PathBuf],
    is_json: bool,
    output: Option<&PathBuf>,
    streams: &mut Streams<'_>,
) -> Result<Exit, CliError> {
    let files = || input.captures.iter().chain([&input.rules.path]).chain(others);
    if files().any(|path| path.as_os_str() == "-") {
        return Err(CliError::usage(
            "--beside reads the captures several times, and standard input (`-`) can be read once",
            "write it to a file first",
        ));
    }
    if others.len() >= MOST {
        return Err(CliError::usage(
            format!("--beside: {} rulebases are too many to be shown side by side", others.len() + 1),
            format!("give {} at most", MOST - 1),
        ));
    }
    let mut outcomes = Vec::new();
    let mut exit = Exit::Done;
    for rules in [&input.rules.path].into_iter().chain(others) {
        let mut input = input.clone();
        input.rules.path.clone_from(rules);
        let run = Run::open(&input, streams)?;
        let mut outcome = Outcome::new(escape::name(&rules.to_string_lossy()).into_owned());
        let done = run.replay(&mut [&mut outcome as &mut dyn Sink])?;
        if outcomes.is_empty() {
            exit = done.conclude(streams);
        }
        outcomes.push(outcome);
    }
    let beside = Beside::new(outcomes);
    let path = output.map(PathBuf::as_path);
    let look = Look { width: streams.width(path), color: streams.colored(path) };
    streams.write_to(output, |out| {
        if is_json { write_json(out, &beside) } else { write_text(out, &beside, look) }
    })?;
    Ok(if exit == Exit::Done && beside.differs() { Exit::Findings } else { exit })
}
