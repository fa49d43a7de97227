//! Bytes to rulebase text: what kind of file is it, and can it be read at all?

use std::io::{self, Read};
use std::path::Path;

use super::diagnostic::{ConfigError, Diagnostics};
use super::panos::{self, Syntax};

/// The largest rulebase file that is read, in bytes.
const LARGEST: u64 = 256 << 20;

/// Reads a file, or standard input for `-`; `what` is what to check where there is none.
pub(super) fn read(path: &Path, what: &str) -> Result<Vec<u8>, ConfigError> {
    let name = path.to_string_lossy();
    if name == "-" {
        return read_all(&name, io::stdin().lock());
    }
    if path.is_dir() {
        let help = "name the rulebase file in it";
        return Err(ConfigError::whole(&name, "this is a directory, not a rulebase file", help));
    }
    match std::fs::File::open(path) {
        Ok(file) => read_all(&name, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(ConfigError::whole(&name, "there is no such file", &format!("check {what}")))
        }
        Err(error) => Err(unreadable(&name, &error)),
    }
}

fn read_all(name: &str, source: impl Read) -> Result<Vec<u8>, ConfigError> {
    let mut bytes = Vec::new();
    let read = source.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(name, &error))?;
    if bytes.len() as u64 > LARGEST {
        let message = format!("the file is larger than {} MiB", LARGEST >> 20);
        return Err(ConfigError::whole(
            name,
            message,
            "a rulebase of that size is most likely some other file",
        ));
    }
    Ok(bytes)
}

fn unreadable(name: &str, error: &io::Error) -> ConfigError {
    let (message, help) = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            ("no permission to read the file".to_owned(), "check who may read it")
        }
        _ => (format!("the file cannot be read: {error}"), ""),
    };
    ConfigError::whole(name, message, help)
}

/// A file as text.
///
/// # Errors
/// Where the bytes are no text.
pub(super) fn utf8<'b>(path: &str, bytes: &'b [u8]) -> Result<&'b str, ConfigError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some(kind) = binary(bytes) {
        let help = "a rulebase is a text file in UTF-8; captures are given without `--rules`";
        return Err(ConfigError::whole(path, format!("this is {kind}, not a rulebase"), help));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let text = std::str::from_utf8(valid).unwrap_or_default();
        let mut out = Diagnostics::default();
        let byte = bytes.get(text.len()).copied().unwrap_or_default();
        out.error(&(text.len()..text.len()), format!("byte {byte:#04x} is not UTF-8 text"))
            .help("save the rulebase as UTF-8");
        out.into_error(path, text)
    })
}

/// The text of a rulebase, and what it is written in.
///
/// # Errors
/// Where the bytes are no text, or there is nothing in it.
pub(super) fn rulebase<'b>(path: &str, bytes: &'b [u8]) -> Result<(&'b str, Format), ConfigError> {
    let text = utf8(path, bytes)?;
    if text.trim().is_empty() {
        let help = "it needs at least zones, e.g. `[zones]` with `untrust = [\"0.0.0.0/0\", \"::/0\"]`, \
                    and `[[security]]` rules with `name`, `from`, `to`, `application` and `action`";
        return Err(ConfigError::whole(path, "the rulebase is empty", help));
    }
    Ok((text, panos::syntax(text).map_or(Format::Toml, Format::Panos)))
}

/// What a rulebase is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Toml,
    Panos(Syntax),
}

impl Format {
    /// What reports call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Toml => "toml",
            Self::Panos(Syntax::Xml) => "panos-xml",
            Self::Panos(Syntax::Set) => "panos-set",
            Self::Panos(Syntax::Brace) => "panos-brace",
        }
    }
}

/// What a file is by its first bytes, if it is no text.
fn binary(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xa1, 0xb2, 0xc3 | 0x3c, 0xd4 | 0x4d, ..]
        | [0xd4 | 0x4d, 0xc3 | 0x3c, 0xb2, 0xa1, ..]
        | [0x0a, 0x0d, 0x0d, 0x0a, ..] => Some("a packet capture"),
        [0x1f, 0x8b, ..] => Some("a gzip file"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("a zstd file"),
        [0x50, 0x4b, 3, 4, ..] => Some("a zip file"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'<' | b's', 0, ..] | [0, b'<' | b's', ..] => {
            Some("UTF-16 text")
        }
        _ => None,
    }
}
