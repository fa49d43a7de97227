//! `firstpass replay`: the main job.

use std::io;
use std::path::PathBuf;

use clap::ValueEnum;

use super::args::Input;
use super::error::{CliError, Exit};
use super::matrix;
use super::output::{OutFile, Streams};
use super::run::{Outcome, Run};
use crate::report::{Encode, EventLog, Rows, Sink, Tally, csv, json, text};

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Settings (--set) are named as in PAN-OS: session.tcp-reject-non-syn, tcp.asymmetric-path, session.timeout-udp, …; \
the model's own begin with `model.`. A wrong name is answered with the nearest right one.")]
pub(super) struct Replay {
    #[command(flatten)]
    input: Input,

    /// What the output looks like
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Write the result to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Totals, first packets and counters only, no rows: for captures of millions of sessions
    #[arg(long)]
    summary: bool,

    /// Count identical refused packets in one row's `repeatcnt` instead of a row each
    #[arg(long)]
    aggregate: bool,

    /// csv: also rows that the rulebase would not log
    #[arg(long)]
    all: bool,

    /// Write every event of the run, one JSON object per line
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,

    /// Replay under every combination of session.tcp-reject-non-syn and tcp.asymmetric-path, and show the outcomes side
    /// by side: which of them does this network need? (text or json)
    #[arg(long, conflicts_with_all = ["summary", "aggregate", "all", "events"])]
    matrix: bool,

    /// text: how many rows of the traffic log to show, or `all`
    #[arg(long, value_name = "N", default_value = "200", value_parser = rows)]
    rows: usize,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// A report for people
    #[default]
    Text,
    /// One JSON document: summary, sessions, first packets, rules, counters
    Json,
    /// One JSON row per line
    Ndjson,
    /// The log's columns, with a header
    Csv,
}

impl Replay {
    pub(super) fn run(self, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        if self.summary && matches!(self.format, Format::Ndjson | Format::Csv) {
            return Err(CliError::usage(
                "--summary leaves out the rows, and this format is nothing but rows",
                "use `--format text` or `--format json` with it",
            ));
        }
        if self.matrix {
            return match self.format {
                Format::Text => matrix::run(&self.input, false, self.output.as_deref(), streams),
                Format::Json => matrix::run(&self.input, true, self.output.as_deref(), streams),
                _ => Err(CliError::usage(
                    "--matrix is about totals, and this format is nothing but rows",
                    "use `--format text` or `--format json` with it",
                )),
            };
        }
        let run = Run::open(&self.input, streams)?;
        match self.format {
            Format::Text => self.text(run, streams),
            Format::Json => self.json(run, streams),
            Format::Ndjson => self.rows(run, json::Lines, &[], streams),
            Format::Csv => self.rows(run, csv::Csv { all: self.all }, &csv::header()?, streams),
        }
    }

    /// Rows and nothing else, written as early as their order allows.
    fn rows(
        &self,
        run: Run,
        encode: impl Encode,
        header: &[u8],
        streams: &mut Streams<'_>,
    ) -> Result<Exit, CliError> {
        let world = run.world.clone();
        let outcome = streams.write_to(self.output.as_ref(), |out| {
            out.write_all(header)?;
            let mut rows = self.with_aggregate(Rows::streamed(encode, out));
            let outcome = self.run_with(run, &mut [&mut rows])?;
            rows.finish(&world)?;
            Ok(outcome)
        })?;
        Ok(outcome.conclude(streams))
    }

    fn json(&self, run: Run, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        let mut tally = Tally::default();
        let mut rows = (!self.summary).then(|| self.with_aggregate(Rows::held(json::Lines)));
        let outcome = self.replay(run, &mut tally, rows.as_mut())?;
        streams.write_to(self.output.as_ref(), |out| {
            json::write_document(out, &outcome.about(), &tally, rows)
        })?;
        Ok(outcome.conclude(streams))
    }

    fn text(&self, run: Run, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        let output = self.output.as_deref();
        let look = text::Look { width: streams.width(output), color: streams.colored(output) };
        let mut tally = Tally::default();
        let mut rows = (!self.summary).then(|| self.with_aggregate(Rows::first(text::Cells, self.rows)));
        let outcome = self.replay(run, &mut tally, rows.as_mut())?;
        streams.write_to(self.output.as_ref(), |out| {
            text::write_report(out, &outcome.about(), &tally, rows, look)
        })?;
        Ok(outcome.judge(streams))
    }

    fn replay<E: Encode>(
        &self,
        run: Run,
        tally: &mut Tally,
        rows: Option<&mut Rows<'_, E>>,
    ) -> io::Result<Outcome> {
        let mut sinks: Vec<&mut dyn Sink> = vec![tally];
        sinks.extend(rows.map(|rows| rows as &mut dyn Sink));
        self.run_with(run, &mut sinks)
    }

    /// The run, with the event log where one is wanted.
    fn run_with(&self, mut run: Run, sinks: &mut [&mut dyn Sink]) -> io::Result<Outcome> {
        let Some(path) = &self.events else { return run.replay(sinks) };
        run.show_transmitted();
        let mut file = OutFile::create(path)?;
        let mut log = EventLog::new(&mut file);
        let mut all: Vec<&mut dyn Sink> = sinks.iter_mut().map(|sink| &mut **sink as &mut dyn Sink).collect();
        all.push(&mut log);
        let outcome = run.replay(&mut all)?;
        log.finish()?;
        file.complete()?;
        Ok(outcome)
    }

    fn with_aggregate<'a, E: Encode>(&self, rows: Rows<'a, E>) -> Rows<'a, E> {
        if self.aggregate { rows.aggregated() } else { rows }
    }
}

fn rows(text: &str) -> Result<usize, String> {
    if text == "all" {
        return Ok(usize::MAX);
    }
    text.parse().map_err(|_| "write a number, or `all`".to_owned())
}
