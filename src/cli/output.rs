//! Where output goes: standard output, a file, colour or not.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The program's standard streams, so that tests can take their place.
pub struct Streams<'a> {
    /// Results.
    pub stdout: Box<dyn Write + 'a>,
    /// Everything else.
    pub stderr: Box<dyn Write + 'a>,
    /// Whether standard output is a terminal.
    pub terminal: bool,
    /// What `--color` says.
    pub color: ColorChoice,
}

impl fmt::Debug for Streams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").field("terminal", &self.terminal).field("color", &self.color).finish()
    }
}

impl Streams<'_> {
    /// The process's own.
    pub fn standard() -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        Self {
            stdout: Box::new(io::BufWriter::with_capacity(1 << 16, stdout)),
            stderr: Box::new(io::stderr()),
            terminal,
            color: ColorChoice::Auto,
        }
    }

    /// Whether to colour what goes to `output`.
    pub fn colored(&self, output: Option<&Path>) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                output.is_none()
                    && self.terminal
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }

    /// Whether to colour what goes to standard error.
    pub fn colored_errors(&self) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                io::stderr().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }

    /// Columns to fill on `output`; `None` where it is no terminal.
    pub fn width(&self, output: Option<&Path>) -> Option<usize> {
        if output.is_some() || !self.terminal {
            return None;
        }
        terminal_size::terminal_size().map(|(terminal_size::Width(width), _)| usize::from(width))
    }

    /// Runs `write` on standard output, or on a file that appears under its name only when it is complete.
    ///
    /// # Errors
    /// Where writing fails.
    pub fn write_to<T>(
        &mut self,
        output: Option<&PathBuf>,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(path) = output.filter(|path| path.as_os_str() != "-") else {
            let result = write(&mut self.stdout)?;
            self.stdout.flush()?;
            return Ok(result);
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let named = |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display()));
        let mut file =
            io::BufWriter::with_capacity(1 << 16, tempfile::NamedTempFile::new_in(folder).map_err(named)?);
        let result = write(&mut file)?;
        let file = file.into_inner().map_err(|error| named(error.into_error()))?;
        file.persist(path).map_err(|error| named(error.error))?;
        Ok(result)
    }

    /// Says something beside the results.
    pub fn warn(&mut self, message: &str) {
        let _ = writeln!(self.stderr, "warning: {message}");
    }
}
