//! The command line: typed arguments, a library call, an exit status.

mod apps;
mod args;
mod beside;
mod captures;
mod compare_log;
mod convert;
mod error;
mod explain;
mod filter;
mod keylog;
mod lint;
mod match_command;
mod matrix;
mod output;
mod replay;
mod run;
mod stages;
mod states;
mod views;
mod whatif;

use std::ffi::OsString;
use std::io::Write;

use clap::{CommandFactory, Parser, Subcommand};
pub use error::{CliError, Exit};
pub use output::{ColorChoice, Streams};

/// Replays packet captures through a model of a PAN-OS style firewall and shows what a rulebase lets through before
/// App-ID knows better.
#[derive(Debug, Parser)]
#[command(name = "firstpass", version, propagate_version = true, max_term_width = 110, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// When to colour the output (NO_COLOR is honoured)
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "General")]
    color: output::ColorChoice,
}

const AFTER_HELP: &str = "\
Exit status: 0 done · 1 findings, a violated property, a difference · 2 usage, rulebase or configuration error · \
3 a capture that cannot be read

First run:  firstpass replay pcaps/first-packets/capture.pcapng --rules pcaps/first-packets/rules.toml";

#[derive(Debug, Subcommand)]
enum Command {
    /// Replay captures: sessions, traffic log, first packets
    Replay(Box<replay::Replay>),
    /// Walk through each packet of a session: every decision with its reason
    Explain(Box<explain::Explain>),
    /// Hold the model against a firewall's own traffic log: where they differ, and how often they agree
    CompareLog(Box<compare_log::CompareLog>),
    /// Look for findings in a rulebase: leaks of first packets, rules never reached, missing dependencies and more
    Lint(Box<lint::Lint>),
    /// Ask which rule answers a packet: PAN-OS's `test security-policy-match`, and why
    Match(Box<match_command::Match>),
    /// Tell what an application is, what it needs and when App-ID decides it
    Apps(Box<apps::Apps>),
    /// Tell the states of a session, and what the firewall does, how well that is known and which test holds it
    States(states::States),
    /// Write a rulebase in another format: TOML, PAN-OS XML or set commands
    Convert(convert::Convert),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of the program, or of one command
    Man {
        /// The command
        command: Option<String>,
    },
}

/// Runs the program: arguments as from the shell, results to `stdout`, everything else to `stderr`.
pub fn main(arguments: impl IntoIterator<Item = OsString>, streams: &mut Streams<'_>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, streams),
    };
    streams.color = cli.color;
    match run(cli.command, streams) {
        Ok(exit) => exit,
        Err(error) if error.is_broken_pipe() => Exit::Done,
        Err(error) => {
            let _ = error.print(streams);
            error.exit
        }
    }
}

fn run(command: Command, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    match command {
        Command::Replay(replay) => replay.run(streams),
        Command::Explain(explain) => explain.run(streams),
        Command::CompareLog(compare) => compare.run(streams),
        Command::Lint(lint) => lint.run(streams),
        Command::Match(asked) => asked.run(streams),
        Command::Apps(apps) => apps.run(streams),
        Command::States(states) => states.run(streams),
        Command::Convert(convert) => convert.run(streams),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "firstpass", &mut streams.stdout);
            Ok(Exit::Done)
        }
        Command::Man { command } => man(command.as_deref(), streams),
    }
}

/// Help and version go to standard output, usage errors to standard error.
fn usage(error: &clap::Error, streams: &mut Streams<'_>) -> Exit {
    let text = error.render();
    if error.use_stderr() {
        let _ = write!(streams.stderr, "{text}");
        Exit::Usage
    } else {
        let _ = write!(streams.stdout, "{text}");
        Exit::Done
    }
}

fn man(name: Option<&str>, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let mut program = Cli::command();
    program.build();
    let command = match name {
        None => program,
        Some(name) => program.find_subcommand(name).cloned().ok_or_else(|| {
            CliError::usage(format!("there is no command `{name}`"), "see `firstpass --help`")
        })?,
    };
    clap_mangen::Man::new(command).render(&mut streams.stdout)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
