//! `firstpass explain`: the walk of each packet.

use std::path::PathBuf;

use super::args::Input;
use super::error::{CliError, Exit};
use super::output::Streams;
use super::run::Run;
use crate::report::Explain as Walk;
use crate::report::text::Look;
use crate::session::SessionId;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    #[command(flatten)]
    input: Input,

    /// Only this session, by its number in `replay`; without it, all sessions and refused packets
    #[arg(long, value_name = "ID")]
    session: Option<u64>,

    /// Write the result to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Explain {
    pub(super) fn run(self, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        let run = Run::open(&self.input, streams)?;
        let output = self.output.as_deref();
        let look = Look { width: streams.width(output), color: streams.colored(output) };
        let (outcome, found) = streams.write_to(self.output.as_ref(), |out| {
            let mut walk = Walk::new(out, self.session.map(SessionId), look);
            let outcome = run.replay(&mut [&mut walk])?;
            Ok((outcome, walk.finish()?))
        })?;
        let exit = outcome.conclude(streams);
        match self.session {
            Some(number) if !found => Err(CliError::usage(
                format!("there is no session {number} in this run"),
                "`firstpass replay` lists the sessions with their numbers",
            )),
            _ => Ok(exit),
        }
    }
}
