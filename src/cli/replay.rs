//! `firstpass replay`: the main job.

use super::args::Input;
use super::error::{CliError, Exit};
use super::output::Streams;
use super::run::Run;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
pub(super) struct Replay {
    #[command(flatten)]
    input: Input,
}

impl Replay {
    pub(super) fn run(self, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        let run = Run::open(&self.input, streams)?;
        let outcome = run.replay(&mut [], streams)?;
        Ok(outcome.exit())
    }
}
