//! `--keylog FILE`: secrets of TLS connections, and what there is to say of them.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::error::CliError;
use crate::app::tls::decrypt::Added;
use crate::report::escape;

/// The largest file that is read: secrets of some hundred thousand connections.
const BYTES_MAX: u64 = 256 << 20;

/// Reads the files.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, CliError> {
    paths.iter().map(|path| read_one(path)).collect()
}

fn read_one(path: &Path) -> Result<Vec<u8>, CliError> {
    let failed = |error: std::io::Error| {
        CliError::usage(
            format!("--keylog {}: {error}", path.display()),
            "name the file that SSLKEYLOGFILE named when the traffic was captured",
        )
    };
    let mut log = Vec::new();
    File::open(path).map_err(failed)?.take(BYTES_MAX + 1).read_to_end(&mut log).map_err(failed)?;
    if log.len() as u64 > BYTES_MAX {
        return Err(CliError::usage(
            format!("--keylog {}: more than {BYTES_MAX} bytes", path.display()),
            "leave only the lines of the captured connections in it",
        ));
    }
    Ok(log)
}

/// What is wrong with key logs: those of the files first, then those in captures.
pub(super) fn warnings(paths: &[PathBuf], added: &[Added]) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, added) in added.iter().enumerate() {
        let path = paths.get(index).map(|path| escape::name(&path.display().to_string()).into_owned());
        let name = path
            .as_deref()
            .map_or_else(|| "decryption secrets in a capture".to_owned(), |path| format!("key log `{path}`"));
        for (line, why) in &added.bad {
            warnings.push(format!("{name}, line {line}: {why}; the line does not count"));
        }
        let told = added.bad.len() as u64;
        if added.bad_lines > told {
            warnings.push(format!("{name}: {} more such lines", added.bad_lines - told));
        }
        if added.is_full {
            warnings.push(format!(
                "{name} has secrets of more connections than are kept (`--set model.key-log-entries=N` keeps more)"
            ));
        }
        if added.secrets == 0 && path.is_some() {
            warnings.push(format!("{name} holds no secret of TLS 1.0 to 1.3"));
        }
    }
    warnings
}
