//! Where output goes: standard output, a file, colour or not.

use std::fmt;
use std::fs::File;
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
        let mut file = OutFile::create(path)?;
        let result = write(&mut file)?;
        file.complete()?;
        Ok(result)
    }

    /// Says why the exit status is not 0 although there is a result.
    pub fn error(&mut self, message: &str) {
        let _ = writeln!(self.stderr, "error: {message}");
    }

    /// Says something beside the results.
    pub fn warn(&mut self, message: &str) {
        let _ = writeln!(self.stderr, "warning: {message}");
    }
}

/// A file that appears under its name only when it is complete. A device or a pipe is written to as it is.
#[derive(Debug)]
pub(super) struct OutFile<'a> {
    path: &'a Path,
    file: io::BufWriter<Target>,
}

/// Where bytes go until the file is complete.
#[derive(Debug)]
enum Target {
    /// Beside its place, and what that is behind all links.
    Beside(tempfile::NamedTempFile, PathBuf),
    /// What is no regular file must not be replaced by one.
    Direct(File),
}

impl<'a> OutFile<'a> {
    /// Begins it, beside where it will be.
    pub(super) fn create(path: &'a Path) -> io::Result<Self> {
        let target = Target::open(path).map_err(|error| named(path, &error))?;
        Ok(Self { path, file: io::BufWriter::with_capacity(1 << 16, target) })
    }

    /// Gives it its name.
    pub(super) fn complete(self) -> io::Result<()> {
        let target = self.file.into_inner().map_err(|error| named(self.path, error.error()))?;
        if let Target::Beside(file, place) = target {
            file.persist(place).map_err(|error| named(self.path, &error.error))?;
        }
        Ok(())
    }
}

impl Target {
    fn open(path: &Path) -> io::Result<Self> {
        let place = match std::fs::metadata(path) {
            Ok(found) if found.is_file() => std::fs::canonicalize(path)?,
            Ok(found) if !found.is_dir() => return File::options().write(true).open(path).map(Self::Direct),
            Ok(_) => return Err(io::Error::new(io::ErrorKind::IsADirectory, "this is a directory")),
            Err(_) => path.to_owned(),
        };
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        // As any new file: what the umask leaves.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder)?;
        Ok(Self::Beside(file, place))
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Beside(file, _) => file.write(bytes),
            Self::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Beside(file, _) => file.flush(),
            Self::Direct(file) => file.flush(),
        }
    }
}

impl Write for OutFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}
