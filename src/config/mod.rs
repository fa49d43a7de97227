//! Rulebase files to a [`World`]: everything a firewall needs to know before the first packet.
//!
//! As on a firewall, there are two steps. A file is read into a candidate configuration, whose names and values stand
//! as they were written, each with its place; committing it resolves every name. All that is wrong is collected on the
//! way and reported together, as a [`ConfigError`].

mod app_catalog;
mod candidate;
mod categories;
mod commit;
mod diagnostic;
mod literal;
mod missing;
mod outline;
mod panos;
mod places;
mod secret;
mod settings;
mod source;
mod succession;
mod tables;
mod toml;
mod write;
mod zones;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::IpNet;

pub use categories::Categories;
pub use diagnostic::{ConfigError, Diagnostic, Place};
pub(crate) use diagnostic::{did_you_mean, nearest, quote};
pub use missing::{Missing, MissingKind, MissingUse, Rulebase};
pub use outline::{WrittenRule, WrittenRulebase, outline};
pub use places::{Excerpt, Object, Places};
pub use settings::{
    AsymmetricPath, DenyResets, FtpData, PanosVersion, ResourceLimit, SettingError, SettingInfo, Settings,
    UrgentData, Values,
};
pub use succession::Renames;
pub use write::{Converted, Form, convert, convert_bytes};
pub use zones::Zones;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use self::candidate::Candidate;
use self::commit::Given;
use self::diagnostic::{Diagnostics, escape};
use self::source::Format;
use self::tables::Lookups;
use crate::app::{Catalog, CatalogError, Identifier, Signatures, Terms};
use crate::feature::alg::Algs;
use crate::feature::decryption::DecryptionPolicy;
use crate::feature::host_service::HostServices;
use crate::feature::nat::NatPolicy;
use crate::feature::override_rule::OverridePolicy;
use crate::feature::route::Network;
use crate::feature::threat::Threats;
use crate::feature::zone_protection::Protections;
use crate::policy::Policy;
use crate::time::Timestamp;

/// A committed configuration.
#[derive(Debug, Clone)]
pub struct World {
    /// Security zones, and the prefixes that are behind them whatever the routes say.
    pub zones: Zones,
    /// Interfaces and routes: what decides a packet's zones.
    pub network: Network,
    /// Applications.
    pub catalog: Arc<Catalog>,
    /// Decoders, indexed for that catalog.
    pub identifier: Identifier,
    /// Signatures of custom applications.
    pub signatures: Arc<Signatures>,
    /// Hosts of the URL categories that rules name.
    pub categories: Categories,
    /// Security rules.
    pub policy: Policy,
    /// NAT rules.
    pub nat: NatPolicy,
    /// Application-override rules.
    pub overrides: OverridePolicy,
    /// Decryption rules, with their profiles.
    pub decryption: DecryptionPolicy,
    /// Servers that are never decrypted, by name or by a pattern such as `*.example.com` (PANOS.md 8).
    pub ssl_exclude: Vec<String>,
    /// Management profiles of interfaces: what the firewall's own addresses offer.
    pub host_services: HostServices,
    /// Zone-protection profiles, by zone.
    pub protections: Protections,
    /// Security profiles, by rule.
    pub threats: Arc<Threats>,
    /// Application-level gateways: all but those that are switched off.
    pub algs: Algs,
    /// Settings, timeouts and limits.
    pub settings: Settings,
    /// Time zone of the firewall's clock: that of schedules and of the dates in its logs.
    pub timezone: TimeZone,
    /// Where it was read from.
    pub source: RulebaseInfo,
    /// What was read and means less than it says; one sentence each, without trailing punctuation.
    pub warnings: Vec<String>,
    /// What rules name and nothing is known of.
    pub missing: Vec<Missing>,
    /// Where its rules and objects stand in the file.
    pub places: Places,
}

impl World {
    /// Whether `application-default` holds decrypted applications to ports of their own, such as web-browsing to tcp/443
    /// (PANOS.md 8).
    pub fn has_secure_ports(&self) -> bool {
        self.settings.panos_version >= PanosVersion::V9_0
    }

    /// What applications are told by.
    pub fn terms(&self) -> Terms<'_> {
        Terms { catalog: &self.catalog, signatures: &self.signatures }
    }

    /// What the firewall's own clock shows at `at`; where no calendar goes so far, the beginning of it.
    pub fn clock(&self, at: Timestamp) -> DateTime {
        let seconds = i64::try_from(at.nanos() / 1_000_000_000).unwrap_or(i64::MAX);
        let utc = jiff::Timestamp::from_second(seconds).unwrap_or_default();
        self.timezone.to_datetime(utc)
    }
}

/// Where a [`World`] was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulebaseInfo {
    /// The file, as it was named.
    pub path: String,
    /// `toml`, `panos-xml`, `panos-set` or `panos-brace`.
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
    /// `--vsys NAME`: which virtual system of a firewall is read.
    pub vsys: Option<String>,
    /// `--device-group NAME`: which device group of Panorama is read, with those above it and shared.
    pub device_group: Option<String>,
    /// `--template NAME`: the template, or stack of templates, that Panorama's firewalls get zones, interfaces and
    /// routes from.
    pub template: Option<String>,
    /// `--tables FILE`: a TOML file with what the firewall looks up elsewhere, which adds to the tables of the rulebase
    /// and replaces entries of the same name: `[fqdn]`, `[region]`, `[external-list]`, `[user]`, `[user-group]`,
    /// `[url-category]`.
    pub tables: Option<PathBuf>,
    /// `--source-user NAME` of `match`: who is taken to be at that address, whatever the tables say. `unknown` is nobody,
    /// `known-user` somebody without a name.
    pub source_user: Option<(String, IpAddr)>,
    /// `--app-catalog FILE`: the predefined applications of a firewall as XML, which replace those of the same name and
    /// are added to the others.
    pub app_catalog: Option<PathBuf>,
}

impl Overrides {
    /// Adds `--zone NAME=CIDR[,CIDR...]`, given without the option's name.
    ///
    /// # Errors
    /// Where the text is not of that form.
    pub fn zone(&mut self, text: &str) -> Result<(), ConfigError> {
        let wrong = |message: String| {
            ConfigError::whole(
                &format!("--zone {text}"),
                message,
                "write it as `--zone dmz=192.0.2.0/24,2001:db8::/32`",
            )
        };
        let (name, list) = text.split_once('=').ok_or_else(|| wrong("there is no `=` in it".to_owned()))?;
        let name = name.trim();
        if name.is_empty() || escape(name) != name {
            return Err(wrong(format!("{} is no name for a zone", quote(name))));
        }
        let mut prefixes = Vec::new();
        for item in list.split(',').map(str::trim) {
            let prefix = literal::prefix(item);
            prefixes
                .push(prefix.map_err(|why| wrong(format!("{} is no address prefix: {why}", quote(item))))?);
        }
        self.zones.push((name.to_owned(), prefixes));
        Ok(())
    }

    /// Adds `--set KEY=VALUE`, given without the option's name.
    ///
    /// # Errors
    /// Where there is no such setting, or it does not take the value.
    pub fn set(&mut self, text: &str) -> Result<(), ConfigError> {
        let wrong = |message: String| {
            ConfigError::whole(
                &format!("--set {text}"),
                message,
                "write it as `--set session.timeout-udp=60`",
            )
        };
        let (key, value) = text.split_once('=').ok_or_else(|| wrong("there is no `=` in it".to_owned()))?;
        Settings::default().set(key.trim(), value).map_err(|error| wrong(error.to_string()))?;
        self.settings.push((key.trim().to_owned(), value.to_owned()));
        Ok(())
    }
}

/// Reads a rulebase file; `-` is standard input.
///
/// # Errors
/// Where the file cannot be read, or is no rulebase, with all that is wrong with it.
pub fn load(path: &Path, overrides: &Overrides) -> Result<World, ConfigError> {
    let bytes = source::read(path, "the path given with `--rules`")?;
    parse(&path.to_string_lossy(), &bytes, overrides)
}

/// Reads a rulebase from its bytes; `path` is what messages call it. Files that `overrides` name are read as well.
///
/// # Errors
/// As [`load`].
pub fn parse(path: &str, bytes: &[u8], overrides: &Overrides) -> Result<World, ConfigError> {
    let mut out = Diagnostics::default();
    let given = given(overrides, &mut out)?;
    let (text, format) = source::rulebase(path, bytes)?;
    let candidate = candidate(text, format, overrides, &mut out);
    if out.has_errors() && candidate.rules.is_empty() {
        return Err(out.into_error(path, text));
    }
    let source = info(path, format, candidate.rules.len());
    let places = Places::new(text, &candidate);
    match commit::commit(candidate, given, overrides, source, &mut out) {
        Some(world) => Ok(World { warnings: out.into_warnings(), places, ..world }),
        None => Err(out.into_error(path, text)),
    }
}

/// What a file says; what is wrong with it goes to `out`.
fn candidate(text: &str, format: Format, overrides: &Overrides, out: &mut Diagnostics) -> Candidate {
    match format {
        Format::Toml => toml::read(text, out),
        Format::Panos(syntax) => panos::read(syntax, text, overrides, out),
    }
}

fn info(path: &str, format: Format, security_rules: usize) -> RulebaseInfo {
    RulebaseInfo { path: path.to_owned(), format: format.name(), security_rules }
}

/// Reads the files besides the rulebase.
fn given(overrides: &Overrides, out: &mut Diagnostics) -> Result<Given, ConfigError> {
    let tables = overrides.tables.as_deref().map(tables).transpose()?.unwrap_or_default();
    let (catalog, warnings) = catalog(overrides.app_catalog.as_deref())?;
    warnings.into_iter().for_each(|warning| out.warn(warning));
    Ok(Given { catalog, tables })
}

/// The applications that are there without any rulebase: those built in, and those of the file of `--app-catalog`. Also
/// returns what there is to warn of.
///
/// # Errors
/// Where the file cannot be read, or holds no application.
pub fn catalog(app_catalog: Option<&Path>) -> Result<(Catalog, Vec<String>), ConfigError> {
    let broken = |error: CatalogError| ConfigError::whole("the built-in catalog", error.to_string(), "");
    let mut catalog = Catalog::builtin().map_err(broken)?;
    let Some(path) = app_catalog else { return Ok((catalog, Vec::new())) };
    let bytes = source::read(path, "the path given with `--app-catalog`")?;
    let warnings = app_catalog::read(&path.to_string_lossy(), &bytes, &mut catalog)?;
    Ok((catalog, warnings))
}

/// Reads the file of `--tables`.
fn tables(path: &Path) -> Result<Lookups, ConfigError> {
    let bytes = source::read(path, "the path given with `--tables`")?;
    let path = path.to_string_lossy();
    let text = source::utf8(&path, &bytes)?;
    let mut out = Diagnostics::default();
    let lookups = Lookups::read(&toml::read_tables(text, &mut out), false, &mut out);
    if out.has_errors() { Err(out.into_error(&path, text)) } else { Ok(lookups) }
}

impl World {
    /// Reads a TOML rulebase from a string: for tests of a rulebase in a project of one's own.
    ///
    /// ```
    /// use firstpass::config::World;
    /// use firstpass::flow::Protocol;
    /// use firstpass::policy::Query;
    ///
    /// let world = World::from_toml(r#"
    ///     [zones]
    ///     untrust = ["0.0.0.0/0", "::/0"]
    ///     dmz = "192.0.2.0/24"
    ///
    ///     [[security]]
    ///     name = "Web"
    ///     from = "untrust"
    ///     to = "dmz"
    ///     application = "web-browsing"
    ///     action = "allow"
    /// "#)?;
    /// let address = |text: &str| text.parse::<std::net::IpAddr>().map(Into::into);
    /// let (src, dst) = (address("198.51.100.7")?, address("192.0.2.1")?);
    /// let first_packet = Query {
    ///     from: world.zones.of(src).ok_or("no zone")?,
    ///     to: world.zones.of(dst).ok_or("no zone")?,
    ///     src,
    ///     dst,
    ///     protocol: Protocol::TCP,
    ///     sport: 40_000,
    ///     dport: 80,
    ///     ..Query::default()
    /// };
    /// let lookup = world.policy.lookup(&first_packet);
    /// assert_eq!(world.policy.rule(lookup.rule).name, "Web");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// With all that is wrong with it.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        parse("rules.toml", text.as_bytes(), &Overrides::default())
    }
}
