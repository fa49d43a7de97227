//! `replay --stage STAGE=FILE`: a device's own captures against the model.

use std::path::PathBuf;

use super::args::Input;
use super::error::{CliError, Exit};
use super::output::Streams;
use super::replay::Format;
use super::run::{Outcome, Run};
use crate::report::stages::Stage;
use crate::stages::{self, Comparison, Hint, Model, StageFile};

/// What to do with the comparison.
pub(super) struct Report<'a> {
    pub(super) format: Format,
    pub(super) output: Option<&'a PathBuf>,
    pub(super) rows: usize,
}

/// Reads `STAGE=FILE`.
pub(super) fn stage(text: &str) -> Result<(Stage, PathBuf), String> {
    let help = "write it as STAGE=FILE, where STAGE is receive, firewall, transmit or drop";
    let (name, path) = text.split_once('=').filter(|(_, path)| !path.is_empty()).ok_or(help)?;
    let stage = Stage::ALL.into_iter().find(|stage| stage.name() == name).ok_or(help)?;
    if path == "-" {
        return Err("a stage is read more than once, so it cannot be standard input".to_owned());
    }
    Ok((stage, path.into()))
}

/// Replays the receive stage, and holds it against the others.
pub(super) fn run(
    given: &[(Stage, PathBuf)],
    input: &Input,
    report: &Report<'_>,
    streams: &mut Streams<'_>,
) -> Result<Exit, CliError> {
    let receive = check(given, input, report)?;
    let input = Input { captures: vec![receive.clone()], ..input.clone() };
    let mut files = Vec::new();
    let run = Run::open(&input, streams)?;
    for (stage, path) in given.iter().filter(|(stage, _)| *stage != Stage::Receive) {
        files.push(StageFile::read(*stage, path)?);
    }
    files.sort_by_key(|file| file.stage);
    let world = run.world.clone();
    let name = receive.display().to_string();
    let (mut model, mut outcome) = replay(run, Vec::new(), &mut files, &name)?;
    if let Some(transmit) = files.iter().find(|file| file.stage == Stage::Transmit) {
        let hints = stages::hints(&world, &model, transmit)?;
        if !hints.is_empty() {
            (model, outcome) = replay(Run::open(&input, streams)?, hints, &mut files, &name)?;
        }
    }
    let comparison = Comparison::new(&world, &model, &files);
    outcome.warnings.extend(files.iter().filter_map(|file| super::run::damage(&file.info)));
    let written = |out: &mut dyn std::io::Write| match report.format {
        Format::Json => stages::write_document(out, &comparison, &files, &outcome.warnings),
        _ => stages::write_report(out, &comparison, &files, report.rows, &outcome.warnings),
    };
    streams.write_to(report.output, written)?;
    let exit = if report.format == Format::Json { outcome.conclude(streams) } else { outcome.judge(streams) };
    Ok(if exit == Exit::Done && comparison.totals.differ > 0 { Exit::Findings } else { exit })
}

/// Replays the receive stage and finds its packets again.
fn replay(
    mut run: Run,
    hints: Vec<Hint>,
    files: &mut [StageFile],
    receive: &str,
) -> Result<(Model, Outcome), CliError> {
    run.show_transmitted();
    run.give_hints(hints);
    let mut model = Model::default();
    let outcome = run.replay(&mut [&mut model])?;
    for file in files {
        file.pair(&model, receive).map_err(|error| {
            CliError::usage(
                error.to_string(),
                "give the captures that one firewall wrote at the same time, each with its stage",
            )
        })?;
    }
    Ok((model, outcome))
}

/// The receive stage, where the stages and the other arguments fit together.
fn check<'a>(
    given: &'a [(Stage, PathBuf)],
    input: &Input,
    report: &Report<'_>,
) -> Result<&'a PathBuf, CliError> {
    let of = |wanted| given.iter().filter(move |(stage, _)| *stage == wanted).map(|(_, path)| path);
    if let Some(stage) = Stage::ALL.into_iter().find(|&stage| of(stage).count() > 1) {
        return Err(CliError::usage(
            format!("--stage {} is given more than once", stage.name()),
            "join the files of a stage with mergecap",
        ));
    }
    let Some(receive) = of(Stage::Receive).next() else {
        return Err(CliError::usage(
            "the receive stage is missing: it is what is replayed",
            "add `--stage receive=FILE`; on the firewall: debug dataplane packet-diag set capture stage receive file NAME",
        ));
    };
    if given.len() == 1 {
        return Err(CliError::usage(
            "there is nothing to compare the receive stage with",
            "add `--stage transmit=FILE`, `--stage drop=FILE` or `--stage firewall=FILE`",
        ));
    }
    if !input.captures.is_empty() {
        return Err(CliError::usage(
            "captures are named besides the stages",
            "leave them out: the receive stage is what is replayed",
        ));
    }
    if !matches!(report.format, Format::Text | Format::Json) {
        return Err(CliError::usage(
            "a comparison of stages is written as text or JSON",
            "use `--format text` or `--format json`",
        ));
    }
    Ok(receive)
}
