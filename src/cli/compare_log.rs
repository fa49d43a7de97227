//! `firstpass compare-log`: the model held against a firewall's own traffic log.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::args::Input;
use super::error::{CliError, Exit};
use super::output::Streams;
use super::run::{Outcome, Run};
use crate::log::{Collect, Comparison, Log, Options, json, text};
use crate::report::{Rows, text::Look};

/// Arguments of `compare-log`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The log is what a firewall sends by syslog in its default format (with or without the syslog header), or what \
the web interface exports as CSV. Rows are joined by protocol, addresses, ports and start time. \
Exit status 1 says that subtype, app, rule, action or session_end_reason differ somewhere, or that a row has no \
counterpart; zones, elapsed time, packets and bytes are shown for information.")]
pub(super) struct CompareLog {
    #[command(flatten)]
    input: Input,

    /// The firewall's traffic log; `-` is standard input (repeatable)
    #[arg(long = "log", required = true, value_name = "FILE")]
    logs: Vec<PathBuf>,

    /// Seconds that the log's clock is ahead of the capture's, or `auto`: what most conversations agree on
    #[arg(long, value_name = "SECONDS", default_value = "auto", allow_hyphen_values = true, value_parser = offset)]
    clock_offset: Offset,

    /// Seconds that start times may differ by
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u32).range(..=3_600))]
    tolerance: u32,

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
    /// A report for people
    #[default]
    Text,
    /// One JSON document
    Json,
}

/// `--clock-offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offset {
    Auto,
    Seconds(i64),
}

impl CompareLog {
    pub(super) fn run(self, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        self.check_stdin()?;
        let run = Run::open(&self.input, streams)?;
        let world = run.world.clone();
        let mut log = Log::default();
        for (file, path) in self.logs.iter().enumerate() {
            let name = name(path);
            let input = open(path).map_err(|error| unreadable(&name, &error))?;
            let read = log.add(input, (&name, file), &world.timezone);
            read.map_err(|error| unreadable(&name, &error))?.map_err(|error| {
                CliError::usage(
                    error.to_string(),
                    "use the traffic log as syslog brings it in PAN-OS's default format, or an export of Monitor > Logs > \
                     Traffic",
                )
            })?;
        }
        let mut collect = Collect::default();
        let mut rows = Rows::held(&mut collect);
        let outcome = run.replay(&mut [&mut rows])?;
        rows.finish_into(&world, |_| Ok(()))?;
        let comparison = Comparison::new(&collect.rows, &log.rows, self.options(&outcome));
        let (paths, about) = (self.logs.iter().map(|path| name(path)).collect::<Vec<_>>(), outcome.about());
        let output = self.output.as_deref();
        let look = Look { width: streams.width(output), color: streams.colored(output) };
        streams.write_to(self.output.as_ref(), |out| match self.format {
            Format::Text => text::write(out, &about, (&paths, &log), &comparison, look),
            Format::Json => json::write(out, &about, (&paths, &log), &comparison),
        })?;
        Ok(match outcome.judge(streams) {
            Exit::Done if !comparison.agrees() => Exit::Findings,
            exit => exit,
        })
    }

    fn options(&self, outcome: &Outcome) -> Options {
        let seconds =
            |at: crate::time::Timestamp| i64::try_from(at.nanos() / 1_000_000_000).unwrap_or(i64::MAX);
        let first = outcome.captures.iter().filter_map(|capture| capture.first_time).min();
        let last = outcome.captures.iter().filter_map(|capture| capture.last_time).max();
        Options {
            offset: match self.clock_offset {
                Offset::Auto => None,
                Offset::Seconds(seconds) => Some(seconds),
            },
            tolerance: i64::from(self.tolerance),
            window: first.zip(last).map(|(first, last)| (seconds(first), seconds(last))),
        }
    }

    fn check_stdin(&self) -> Result<(), CliError> {
        let all = self.input.captures.iter().chain([&self.input.rules.path]).chain(&self.logs);
        if all.filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(CliError::usage(
                "standard input (`-`) is named more than once",
                "only one capture, the rulebase or one log can come from there",
            ));
        }
        Ok(())
    }
}

fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(BufReader::with_capacity(1 << 16, File::open(path)?)))
}

fn unreadable(name: &str, error: &io::Error) -> CliError {
    CliError::usage(format!("cannot read the log `{name}`: {error}"), "name a file that can be read")
}

fn offset(text: &str) -> Result<Offset, String> {
    if text == "auto" {
        return Ok(Offset::Auto);
    }
    text.parse()
        .map(Offset::Seconds)
        .map_err(|_| "write whole seconds, such as 7200 or -3600, or `auto`".to_owned())
}
