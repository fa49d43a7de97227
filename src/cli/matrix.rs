//! `firstpass replay --matrix`: one capture under every combination of the settings about asymmetric paths.

use std::path::Path;

use super::args::Input;
use super::error::{CliError, Exit};
use super::output::Streams;
use super::run::Run;
use crate::config::{AsymmetricPath, World};
use crate::report::matrix::{Combination, Matrix, Outcome, write_json, write_text};
use crate::report::{Sink, escape, text::Look};

/// Replays the captures once for each combination.
pub(super) fn run(
    input: &Input,
    is_json: bool,
    output: Option<&Path>,
    streams: &mut Streams<'_>,
) -> Result<Exit, CliError> {
    if input.captures.iter().chain([&input.rules.path]).any(|path| path.as_os_str() == "-") {
        return Err(CliError::usage(
            "--matrix reads its files several times, and standard input (`-`) can be read once",
            "write it to a file first",
        ));
    }
    let mut outcomes = Vec::new();
    let mut about = None;
    let mut exit = Exit::Done;
    for combination in Combination::ALL {
        let mut input = input.clone();
        if about.is_none() {
            let run = Run::open(&input, streams)?;
            about = Some((configured(&run.world), overridden(&run.world)));
        }
        let settings = combination.settings().map(|(key, value)| (key.to_owned(), value.to_owned()));
        input.rules.instead.settings.extend(settings);
        let run = Run::open(&input, streams)?;
        let mut outcome = Outcome::new(combination);
        let done = run.replay(&mut [&mut outcome as &mut dyn Sink])?;
        if outcomes.is_empty() {
            exit = done.conclude(streams);
        }
        outcomes.push(outcome);
    }
    let (configured, overridden) = about.unwrap_or((Combination::ALL[0], Vec::new()));
    let matrix = Matrix::new(outcomes, configured, overridden);
    let look = Look { width: streams.width(output), color: streams.colored(output) };
    let path = output.map(Path::to_owned);
    streams.write_to(path.as_ref(), |out| {
        if is_json { write_json(out, &matrix) } else { write_text(out, &matrix, look) }
    })?;
    Ok(exit)
}

/// What the rulebase says itself.
fn configured(world: &World) -> Combination {
    Combination {
        accepts_non_syn: !world.settings.tcp_reject_non_syn,
        bypasses: world.settings.asymmetric_path == AsymmetricPath::Bypass,
    }
}

/// Zones whose profile has settings of its own.
fn overridden(world: &World) -> Vec<String> {
    let has_own = |index: usize| {
        let zone = u16::try_from(index).ok().map(crate::flow::ZoneId);
        let own = zone.and_then(|zone| world.protections.of(zone)).map(|profile| profile.tcp);
        own.is_some_and(|own| own.reject_non_syn.is_some() || own.asymmetric_bypass.is_some())
    };
    let names = world.zones.names().iter().enumerate().filter(|(index, _)| has_own(*index));
    names.map(|(_, name)| escape::name(name).into_owned()).collect()
}
