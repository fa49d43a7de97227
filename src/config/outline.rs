//! What rulebases a file holds, whatever part of it is read for a run.

use super::candidate::{Candidate, Name, SecurityRule};
use super::diagnostic::{ConfigError, Diagnostics};
use super::source::{self, Format};
use super::{panos, toml};
use crate::policy::{Action, RuleType};

/// One rulebase of a file, rules in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenRulebase {
    /// Whose it is: a vsys, a device group, `shared`; empty where there is only one.
    pub scope: String,
    /// `rulebase`, `pre-rulebase` or `post-rulebase`.
    pub kind: &'static str,
    /// Security rules, the disabled ones as well.
    pub security: Vec<WrittenRule>,
    /// Names of NAT rules.
    pub nat: Vec<String>,
    /// Names of application-override rules.
    pub application_override: Vec<String>,
    /// Names of decryption rules.
    pub decryption: Vec<String>,
}

/// A security rule as it is written, names not resolved. An empty list is `any`, or of services
/// `application-default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenRule {
    /// Its name.
    pub name: String,
    /// The line it starts on, counted from 1.
    pub line: Option<u32>,
    /// Which zone pairs it can be about.
    pub rule_type: RuleType,
    /// Source zones.
    pub from: Vec<String>,
    /// Destination zones.
    pub to: Vec<String>,
    /// Source addresses.
    pub source: Vec<String>,
    /// Destination addresses.
    pub destination: Vec<String>,
    /// `negate-source`.
    pub negate_source: bool,
    /// `negate-destination`.
    pub negate_destination: bool,
    /// Source users.
    pub source_user: Vec<String>,
    /// URL categories.
    pub category: Vec<String>,
    /// Applications.
    pub application: Vec<String>,
    /// Services.
    pub service: Vec<String>,
    /// What happens to what it matches.
    pub action: Action,
    /// `log-start`.
    pub log_start: bool,
    /// `log-end`.
    pub log_end: bool,
    /// `disabled`.
    pub disabled: bool,
}

/// Lists the rulebases of a file; `path` is what messages call it.
///
/// # Errors
/// Where the file cannot be read as a rulebase.
pub fn outline(path: &str, bytes: &[u8]) -> Result<Vec<WrittenRulebase>, ConfigError> {
    let (text, format) = source::rulebase(path, bytes)?;
    let mut out = Diagnostics::default();
    let rulebases = match format {
        Format::Toml => vec![(String::new(), "rulebase", toml::read(text, &mut out))],
        Format::Panos(syntax) => panos::outline(syntax, text, &mut out),
    };
    if out.has_errors() {
        return Err(out.into_error(path, text));
    }
    Ok(rulebases.into_iter().map(|(scope, kind, candidate)| written(scope, kind, candidate)).collect())
}

fn written(scope: String, kind: &'static str, candidate: Candidate) -> WrittenRulebase {
    WrittenRulebase {
        scope,
        kind,
        security: candidate.rules.into_iter().map(rule).collect(),
        nat: candidate.nat.into_iter().map(|rule| rule.name.value).collect(),
        application_override: candidate.overrides.into_iter().map(|rule| rule.name.value).collect(),
        decryption: candidate.decryption.into_iter().map(|rule| rule.matches.name.value).collect(),
    }
}

fn rule(rule: SecurityRule) -> WrittenRule {
    WrittenRule {
        name: rule.name.value,
        line: rule.line,
        rule_type: rule.rule_type,
        from: texts(rule.from),
        to: texts(rule.to),
        source: texts(rule.source),
        destination: texts(rule.destination),
        negate_source: rule.negate_source,
        negate_destination: rule.negate_destination,
        source_user: texts(rule.source_user),
        category: texts(rule.category),
        application: texts(rule.application),
        service: texts(rule.service),
        action: rule.action,
        log_start: rule.log_start,
        log_end: rule.log_end,
        disabled: rule.disabled,
    }
}

fn texts(names: Vec<Name>) -> Vec<String> {
    names.into_iter().map(|name| name.value).collect()
}
