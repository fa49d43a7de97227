//! Rulebase files to a [`World`]: everything a firewall needs to know before the first packet.

mod candidate;
mod commit;
mod diagnostic;
mod literal;
mod settings;
mod toml;
mod zones;

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use ipnet::IpNet;

pub use diagnostic::{ConfigError, Diagnostic, Place};
pub use settings::{AsymmetricPath, SettingError, Settings};
pub use zones::Zones;

use self::diagnostic::Diagnostics;
use crate::app::{Catalog, Identifier};
use crate::policy::Policy;

/// A committed configuration.
#[derive(Debug, Clone)]
pub struct World {
    /// Security zones by address.
    pub zones: Zones,
    /// Applications.
    pub catalog: Arc<Catalog>,
    /// Decoders, indexed for that catalog.
    pub identifier: Identifier,
    /// Security rules.
    pub policy: Policy,
    /// Settings, timeouts and limits.
    pub settings: Settings,
    /// Where it was read from.
    pub source: RulebaseInfo,
    /// What was read and means less than it says; one sentence each, without trailing punctuation.
    pub warnings: Vec<String>,
}

/// Where a [`World`] was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulebaseInfo {
    /// The file, as it was named.
    pub path: String,
    /// `toml`.
    pub format: &'static str,
    /// How many security rules it holds, the disabled ones as well.
    pub security_rules: usize,
}

/// What the command line puts in place of parts of the rulebase.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// `--zone NAME=CIDR[,CIDR...]`: the prefixes a zone is behind, instead of those it had.
    pub zones: Vec<(String, Vec<IpNet>)>,
    /// `--set KEY=VALUE`.
    pub settings: Vec<(String, String)>,
}

/// Reads a rulebase file; `-` is standard input.
///
/// # Errors
/// Where the file cannot be read, or is no rulebase, with all that is wrong with it.
pub fn load(path: &Path, overrides: &Overrides) -> Result<World, ConfigError> {
    let name = path.to_string_lossy();
    let mut bytes = Vec::new();
    let read = if name == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|error| ConfigError::whole(&name, error.to_string(), ""))?;
    parse(&name, &bytes, overrides)
}

/// Reads a rulebase from its bytes; `path` is what messages call it.
///
/// # Errors
/// As [`load`].
pub fn parse(path: &str, bytes: &[u8], overrides: &Overrides) -> Result<World, ConfigError> {
    let text = std::str::from_utf8(bytes).map_err(|error| ConfigError::whole(path, error.to_string(), ""))?;
    let mut out = Diagnostics::default();
    let candidate = toml::read(text, &mut out);
    let source =
        RulebaseInfo { path: path.to_owned(), format: "toml", security_rules: candidate.rules.len() };
    match commit::commit(&candidate, overrides, source, &mut out) {
        Some(world) if !out.has_errors() => Ok(World { warnings: out.into_warnings(), ..world }),
        _ => Err(out.into_error(path, text)),
    }
}

impl World {
    /// Reads a TOML rulebase from a string.
    ///
    /// # Errors
    /// With all that is wrong with it.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        parse("rules.toml", text.as_bytes(), &Overrides::default())
    }
}
