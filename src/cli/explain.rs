//! `firstpass explain`.
use super::error::{CliError, Exit};
use super::output::Streams;
/// x
#[derive(Debug, clap::Args)]
pub(super) struct Explain {}
impl Explain {
    /// x
    pub(super) fn run(self, _streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        Ok(Exit::Done)
    }
}
