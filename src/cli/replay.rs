//! `firstpass replay`: the main job.

use std::io;
use std::path::PathBuf;

use clap::ValueEnum;

use super::args::Input;
use super::beside;
use super::captures;
use super::error::{CliError, Exit};
use super::filter;
use super::matrix;
use super::output::{OutFile, Streams};
use super::run::{Outcome, Run};
use super::stages;
use super::views::Views;
use super::whatif::Decrypt;
use crate::filter::Filter;
use crate::report::ecs::Ecs;
use crate::report::panos::Panos;
use crate::report::stages::Stage;
use crate::report::{Encode, EventLog, Rows, Sink, Tally, csv, json, text};

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("captures", |captures| captures.required(false).required_unless_present("stage")))]
#[command(after_help = "\
Settings (--set) are named as in PAN-OS: session.tcp-reject-non-syn, tcp.asymmetric-path, session.timeout-udp, …; \
the model's own begin with `model.`. A wrong name is answered with the nearest right one.", after_long_help = filter::help())]
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

    /// Only rows that this search of PAN-OS's log viewer finds, e.g. '( subtype neq end ) and ( action eq allow )';
    /// totals count all
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,

    /// `filter`, read.
    #[arg(skip)]
    selected: Option<Filter>,

    /// Count identical refused packets in one row's `repeatcnt` instead of a row each
    #[arg(long)]
    aggregate: bool,

    /// csv, panos-csv, gui-csv, ecs: also rows that the rulebase would not log
    #[arg(long)]
    all: bool,

    /// Write every event of the run, one JSON object per line
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,

    /// Replay under every combination of session.tcp-reject-non-syn and tcp.asymmetric-path, and show the outcomes side
    /// by side: which of them does this network need? (text or json)
    #[arg(long, conflicts_with_all = ["summary", "aggregate", "all", "events", "filter", "show", "folder"])]
    matrix: bool,

    /// Also replay under this rulebase, and show side by side which conversations fare differently (repeatable). Status
    /// 1 where any does (text or json)
    #[arg(long, value_name = "RULES", conflicts_with_all = ["summary", "aggregate", "all", "events", "filter", "show",
        "folder", "matrix", "stage", "decrypt"])]
    beside: Vec<PathBuf>,

    /// Which sessions TLS interception would break, by host and with the exclusion list, for a capture that was not
    /// intercepted: all sessions are decrypted, with PAN-OS's default profile or one that a decryption rule of the
    /// rulebase names. Status 1 where some would be blocked (text, json or ndjson)
    #[arg(long, value_name = "all[:PROFILE]", conflicts_with_all = ["summary", "aggregate", "all", "events", "filter",
        "show", "folder", "matrix", "stage", "operate"])]
    decrypt: Option<Decrypt>,

    /// Write the captures that a firewall's packet-diag would, into this folder: receive, firewall, transmit and drop,
    /// and one that holds every packet with its verdict (annotated.pcapng)
    #[arg(long = "captures", id = "folder", value_name = "DIR", conflicts_with = "show")]
    captures_to: Option<PathBuf>,

    /// Compare with what a real firewall did: its captures by stage, one of them `receive`, which is replayed instead of
    /// CAPTURE; the others are firewall, transmit and drop (repeatable)
    #[arg(long, value_name = "STAGE=FILE", value_parser = stages::stage,
        conflicts_with_all = ["folder", "events", "summary", "aggregate", "all", "matrix", "filter", "show"])]
    stage: Vec<(Stage, PathBuf)>,

    /// text: how many rows of the traffic log to show, or `all`
    #[arg(long, value_name = "N", default_value = "200", value_parser = rows)]
    rows: usize,

    #[command(flatten)]
    views: Views,
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
    /// The log as the firewall sends it by syslog, with the columns of --panos-version
    PanosCsv,
    /// The log as the web interface exports it, with its header
    GuiCsv,
    /// One document per line, with Elastic's field names (ECS and panw.panos)
    Ecs,
}

impl Replay {
    pub(super) fn run(mut self, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        self.check()?;
        self.selected = self.filter.as_deref().map(|text| filter::parse(text, streams)).transpose()?;
        if self.matrix {
            let is_json = self.format == Format::Json;
            return matrix::run(&self.input, is_json, self.output.as_deref(), streams);
        }
        if !self.beside.is_empty() {
            let is_json = self.format == Format::Json;
            return beside::run(&self.input, &self.beside, is_json, self.output.as_ref(), streams);
        }
        if !self.stage.is_empty() {
            let (format, output, rows) = (self.format, self.output.as_ref(), self.rows);
            return stages::run(&self.stage, &self.input, &stages::Report { format, output, rows }, streams);
        }
        if let Some(folder) = &self.captures_to {
            captures::check(folder, &self.input.captures)?;
        }
        let run = Run::open(&self.input, streams)?;
        if let Some(decrypt) = &self.decrypt {
            return decrypt.run(run, self.format, self.output.as_ref(), streams);
        }
        for warning in self.selected.iter().flat_map(|filter| filter::strangers(filter, &run.world)) {
            streams.warn(&warning);
        }
        if !self.views.is_empty() {
            return self.views.run(run, self.format == Format::Json, self.output.as_ref(), streams);
        }
        match self.format {
            Format::Text => self.text(run, streams),
            Format::Json => self.json(run, streams),
            Format::Ndjson => self.rows(run, json::Lines, &[], streams),
            Format::Csv => self.rows(run, csv::Csv { all: self.all }, &csv::header()?, streams),
            Format::PanosCsv => {
                let panos = Panos::new(&run.world, self.all);
                self.rows(run, panos, &[], streams)
            }
            Format::GuiCsv => {
                let panos = Panos::new(&run.world, self.all);
                let header = panos.header()?;
                self.rows(run, panos, &header, streams)
            }
            Format::Ecs => {
                let ecs = Ecs::new(&run.world, self.all);
                self.rows(run, ecs, &[], streams)
            }
        }
    }

    /// Options that have no sense together, where the parser of arguments does not know.
    fn check(&self) -> Result<(), CliError> {
        let is_document = matches!(self.format, Format::Text | Format::Json);
        if self.summary && !is_document {
            return Err(CliError::usage(
                "--summary leaves out the rows, and this format is nothing but rows",
                "use `--format text` or `--format json` with it",
            ));
        }
        if self.matrix && !is_document {
            return Err(CliError::usage(
                "--matrix is about totals, and this format is nothing but rows",
                "use `--format text` or `--format json` with it",
            ));
        }
        if !self.beside.is_empty() && !is_document {
            return Err(CliError::usage(
                "--beside compares, and this format is nothing but rows",
                "use `--format text` or `--format json` with it",
            ));
        }
        if self.decrypt.is_some() && !is_document && self.format != Format::Ndjson {
            return Err(CliError::usage(
                "--decrypt is about hosts, and this format is rows of the log",
                "use `--format text`, `json` or `ndjson` with it",
            ));
        }
        if self.summary && self.filter.is_some() {
            return Err(CliError::usage(
                "--summary leaves out the rows, so that --filter has nothing to choose from",
                "leave out one of them: totals are those of all rows in any case",
            ));
        }
        if !self.views.is_empty() && !is_document {
            return Err(CliError::usage(
                "--show writes views, and this format is nothing but rows of the log",
                "use `--format text` or `--format json` with it",
            ));
        }
        Ok(())
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
            let mut rows = self.with_options(Rows::streamed(encode, out));
            let outcome = self.run_with(run, &mut [&mut rows])?;
            rows.finish(&world)?;
            Ok(outcome)
        })?;
        Ok(outcome.conclude(streams))
    }

    fn json(&self, run: Run, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        let mut tally = Tally::default();
        let mut rows = (!self.summary).then(|| self.with_options(Rows::held(json::Lines)));
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
        let mut rows = (!self.summary).then(|| self.with_options(Rows::first(text::Cells, self.rows)));
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

    /// The run, with the event log and the captures where they are wanted.
    fn run_with(&self, run: Run, sinks: &mut [&mut dyn Sink]) -> io::Result<Outcome> {
        match &self.captures_to {
            None => self.run_logged(run, sinks),
            Some(folder) => captures::write(folder, sinks, |sinks| self.run_logged(run, sinks)),
        }
    }

    fn run_logged(&self, mut run: Run, sinks: &mut [&mut dyn Sink]) -> io::Result<Outcome> {
        if self.events.is_some() || self.captures_to.is_some() {
            run.show_transmitted();
        }
        let Some(path) = &self.events else { return run.replay(sinks) };
        let mut file = OutFile::create(path)?;
        let mut log = EventLog::new(&mut file);
        let mut all: Vec<&mut dyn Sink> = sinks.iter_mut().map(|sink| &mut **sink as &mut dyn Sink).collect();
        all.push(&mut log);
        let outcome = run.replay(&mut all)?;
        log.finish()?;
        file.complete()?;
        Ok(outcome)
    }

    fn with_options<'a, E: Encode>(&self, rows: Rows<'a, E>) -> Rows<'a, E> {
        let rows = rows.filtered(self.selected.clone());
        if self.aggregate { rows.aggregated() } else { rows }
    }
}

fn rows(text: &str) -> Result<usize, String> {
    if text == "all" {
        return Ok(usize::MAX);
    }
    text.parse().map_err(|_| "write a number, or `all`".to_owned())
}
