//! What goes wrong on the command line, and the exit status it gives.

use std::io::{self, Write};

use super::output::Streams;
use crate::capture::CaptureError;

/// Exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Findings, a violated property, a difference.
    Findings = 1,
    /// Usage, rulebase or configuration error.
    Usage = 2,
    /// A capture that cannot be read.
    Capture = 3,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error for people: what is wrong, what to do, and the exit status.
#[derive(Debug)]
pub struct CliError {
    /// The exit status.
    pub exit: Exit,
    message: String,
    help: Option<String>,
    broken_pipe: bool,
}

impl CliError {
    /// A wrong use of the program.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), help: Some(help.into()), broken_pipe: false }
    }

    /// An error whose text is complete already.
    pub fn rendered(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), help: None, broken_pipe: false }
    }

    /// Whether the reader of our output went away, which is no error.
    pub const fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }

    /// Prints it.
    ///
    /// # Errors
    /// Where standard error cannot be written.
    pub fn print(&self, streams: &mut Streams<'_>) -> io::Result<()> {
        if self.help.is_none() && self.message.contains('\n') {
            return writeln!(streams.stderr, "{}", self.message.trim_end());
        }
        writeln!(streams.stderr, "error: {}", self.message)?;
        match &self.help {
            Some(help) => writeln!(streams.stderr, "  help: {help}"),
            None => Ok(()),
        }
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        Self {
            exit: Exit::Usage,
            message: format!("cannot write: {error}"),
            help: None,
            broken_pipe: error.kind() == io::ErrorKind::BrokenPipe,
        }
    }
}

impl From<CaptureError> for CliError {
    fn from(error: CaptureError) -> Self {
        Self { exit: Exit::Capture, message: error.to_string(), help: None, broken_pipe: false }
    }
}
