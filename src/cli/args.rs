//! Arguments that several commands share.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::error::{CliError, Exit};
use super::output::Streams;
use crate::config::{self, Overrides, PanosVersion, World};
use crate::replay::{Command, When};

/// The setting that `--panos-version` is short for.
const VERSION_KEY: &str = "model.panos-version";

/// What is replayed, and against what.
#[derive(Debug, Clone, Args)]
pub(super) struct Input {
    /// Captures: pcap or pcapng, also gzip, zstd or lz4; `-` is standard input. Several are merged by time
    #[arg(required = true, value_name = "CAPTURE")]
    pub captures: Vec<PathBuf>,

    #[command(flatten)]
    pub rules: RuleArgs,

    /// All packets of that capture come in by this zone (repeatable)
    #[arg(long, value_name = "ZONE=CAPTURE", value_parser = pair)]
    pub ingress: Vec<(String, String)>,

    /// Whether packets with a wrong checksum are dropped. A capture taken on the sending host holds unfinished ones
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub checksums: Checksums,

    /// Seconds that pass after the last packet; without it, until every session has aged out
    #[arg(long, value_name = "SECONDS")]
    pub linger: Option<u64>,

    /// What an administrator does meanwhile, as `WHEN: COMMAND` (repeatable). WHEN is a packet number, before which it
    /// happens, or seconds after the first packet, `+12.5s`. COMMAND is `clear session all [filter …]`,
    /// `clear session id N`, `request session-discard [timeout SECONDS] id N` or `commit FILE`
    #[arg(long, value_name = "WHEN: COMMAND", value_parser = operation)]
    pub operate: Vec<(When, Command)>,

    /// Secrets of TLS connections, as programs write them with SSLKEYLOGFILE (repeatable): what the decryption policy
    /// decrypts is opened with them, as with those in a pcapng capture itself
    #[arg(long, value_name = "FILE")]
    pub keylog: Vec<PathBuf>,

    /// Threads; the output is the same for any number
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: u16,

    /// Exit with status 3 where a capture is damaged or cut off, instead of a warning
    #[arg(long)]
    pub strict: bool,

    /// Let the auditor count everything a second time; a disagreement is reported and gives status 1
    #[arg(long)]
    pub audit: bool,
}

/// The rulebase, and what the command line puts in place of parts of it.
#[derive(Debug, Clone, Args)]
pub(super) struct RuleArgs {
    /// The rulebase
    #[arg(long = "rules", value_name = "FILE")]
    pub path: PathBuf,

    #[command(flatten)]
    pub instead: Instead,
}

/// What takes the place of parts of a rulebase.
#[derive(Debug, Clone, Args)]
pub(super) struct Instead {
    /// Put a zone behind these prefixes, instead of those the rulebase gives it (repeatable)
    #[arg(long, value_name = "NAME=CIDR[,CIDR...]", value_parser = zone)]
    pub zone: Vec<(String, Vec<IpNet>)>,

    /// Change a setting by its PAN-OS key, e.g. session.tcp-reject-non-syn=no (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    pub settings: Vec<(String, String)>,

    /// The release of PAN-OS whose behaviour and log columns count [default: 10.1]
    #[arg(long, value_name = "VERSION", value_parser = clap::builder::PossibleValuesParser::new(PanosVersion::NAMES))]
    pub panos_version: Option<String>,

    /// What the firewall looks up elsewhere: a TOML file with the tables fqdn (host names), region,
    /// external-list, user (IP-user mapping), user-group and url-category, over those of the rulebase
    #[arg(long, value_name = "FILE")]
    pub tables: Option<PathBuf>,

    /// The predefined applications of your own firewall, as XML from `show predefined` or a content export: their
    /// ports, dependencies, deny actions and timeouts take the place of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub app_catalog: Option<PathBuf>,

    /// The virtual system to read, of a firewall with several
    #[arg(long, value_name = "NAME")]
    pub vsys: Option<String>,

    /// The device group to read of a Panorama configuration, with those above it and shared
    #[arg(long, value_name = "NAME")]
    pub device_group: Option<String>,

    /// The template or template stack that gives zones, interfaces and routes in a Panorama configuration
    #[arg(long, value_name = "NAME")]
    pub template: Option<String>,
}

impl RuleArgs {
    /// Reads the rulebase.
    pub(super) fn load(&self, streams: &Streams<'_>) -> Result<World, CliError> {
        self.load_with(None, streams)
    }

    /// The same, where that user is at that address.
    pub(super) fn load_with(
        &self,
        source_user: Option<(String, IpAddr)>,
        streams: &Streams<'_>,
    ) -> Result<World, CliError> {
        let overrides = Overrides { source_user, ..self.instead.overrides() };
        load(&self.path, &overrides, streams)
    }
}

impl Instead {
    /// The same for the library.
    pub(super) fn overrides(&self) -> Overrides {
        let version = self.panos_version.iter().map(|version| (VERSION_KEY.to_owned(), version.clone()));
        Overrides {
            source_user: None,
            zones: self.zone.clone(),
            settings: version.chain(self.settings.iter().cloned()).collect(),
            tables: self.tables.clone(),
            app_catalog: self.app_catalog.clone(),
            vsys: self.vsys.clone(),
            device_group: self.device_group.clone(),
            template: self.template.clone(),
        }
    }
}

/// Reads a rulebase.
pub(super) fn load(path: &Path, overrides: &Overrides, streams: &Streams<'_>) -> Result<World, CliError> {
    config::load(path, overrides)
        .map_err(|error| CliError::rendered(Exit::Usage, error.render(streams.colored_errors())))
}

/// `--checksums`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Checksums {
    /// Don't look at them; warn when many are wrong
    #[default]
    Ignore,
    /// Drop packets whose checksum is wrong
    Verify,
}

/// `WHEN: COMMAND`.
fn operation(text: &str) -> Result<(When, Command), String> {
    let (when, command) = text.split_once(':').ok_or(
        "write it as `WHEN: COMMAND`, such as `120: clear session all` or `+12.5s: commit new.toml`",
    )?;
    Ok((When::read(when.trim())?, Command::of_text(command)?))
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

fn zone(text: &str) -> Result<(String, Vec<IpNet>), String> {
    let (name, list) = pair(text).map_err(|_| "write it as NAME=CIDR[,CIDR...]".to_owned())?;
    let prefixes = list.split(',').map(|item| prefix(item.trim())).collect::<Result<_, _>>()?;
    Ok((name, prefixes))
}

/// A CIDR, or a bare address for the host alone.
fn prefix(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| format!("`{text}` is no CIDR such as 192.0.2.0/24 or 2001:db8::/32"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones() {
        assert_eq!(zone("dmz=192.0.2.0/24,2001:db8::1").unwrap().1.len(), 2);
        assert!(zone("dmz").is_err());
        assert!(zone("dmz=192.0.2.0/33").unwrap_err().contains("192.0.2.0/33"));
    }
}
