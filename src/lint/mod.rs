//! Findings about a rulebase: what in it lets more pass than it says, does nothing, or will surprise.
//!
//! One file per kind of finding, each with its documentation, which `firstpass lint --explain KIND` prints as well.
//! Whether a rule is reached is told by the header space ([`crate::policy::space`]), exactly; where that takes too long
//! the report says so ([`Report::undecided`]) and there is no finding.

mod admits_never_holds;
mod any_any;
mod application_default_unusable;
mod behind;
mod context;
mod decryption_never_applies;
mod decryption_space;
mod decryption_without_profile;
mod deny_application_on_port;
mod dependencies;
mod first_packets_leak;
mod icmp_broader_than_ping;
pub mod json;
mod missing_dependency;
mod nat_space;
mod nat_zone_mismatch;
mod never_logs;
mod old_tls_version;
mod overridden;
mod override_alg;
mod override_predefined;
mod quic_beside_decryption;
mod reach;
pub mod sarif;
mod shadowed;
mod shadowed_first_packet;
mod ssl_denied;
pub mod text;
mod undefined_object;
mod unsupported_passes;
mod unused_object;
mod words;

use std::fmt;

pub use dependencies::{Denied, Dependencies, Need, dependencies};

use self::context::Context;
use crate::config::{Place, World};

/// How bad a finding is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The rulebase does not do what it says.
    Error,
    /// It lets more pass than it says, or hides what it does.
    Warning,
    /// Something to know.
    Note,
}

impl Severity {
    /// All, the worst first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Note];

    /// `error`, `warning` or `note`; SARIF's words for `level`, too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A kind of finding.
pub struct Kind {
    /// Its name, such as `any-any`.
    pub name: &'static str,
    /// How bad a finding is, unless it says otherwise itself.
    pub severity: Severity,
    /// What is found, in one sentence.
    pub what: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// A rulebase that has it, in TOML.
    pub example: &'static str,
    /// What to do about it.
    pub cure: &'static str,
    run: fn(&'static Self, &Context<'_>, &mut Vec<Finding>),
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A kind is its name.
impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Kind {}

/// All kinds, by name.
pub static KINDS: [Kind; 21] = [
    admits_never_holds::KIND,
    any_any::KIND,
    application_default_unusable::KIND,
    decryption_never_applies::KIND,
    decryption_without_profile::KIND,
    deny_application_on_port::KIND,
    first_packets_leak::KIND,
    icmp_broader_than_ping::KIND,
    missing_dependency::KIND,
    nat_zone_mismatch::KIND,
    never_logs::KIND,
    old_tls_version::KIND,
    override_alg::KIND,
    override_predefined::KIND,
    quic_beside_decryption::KIND,
    shadowed::KIND,
    shadowed_first_packet::KIND,
    ssl_denied::KIND,
    undefined_object::KIND,
    unsupported_passes::KIND,
    unused_object::KIND,
];

impl Kind {
    /// The kind of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind it is.
    pub kind: &'static Kind,
    /// How bad it is.
    pub severity: Severity,
    /// The rule or object it is about; with the kind it tells the finding from all others.
    pub subject: String,
    /// What is the matter: one sentence, names in backticks, no trailing punctuation.
    pub message: String,
    /// What to do about it, in the words of the rulebase; no trailing punctuation.
    pub cure: String,
    /// A packet that shows it.
    pub example: Option<String>,
    /// Where it is, if that is known.
    pub place: Option<Place>,
    /// Other rules that have to do with it, with their places and what they do.
    pub related: Vec<Related>,
}

/// Another rule that has to do with a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Its name.
    pub rule: String,
    /// Where it is, if that is known.
    pub place: Option<Place>,
    /// What it does, such as `takes what the rule would match`.
    pub what: &'static str,
}

/// All findings of a rulebase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many rules were looked at: those of the user that are not disabled.
    pub rules: usize,
    /// The worst first; those alike in the order of the file.
    pub findings: Vec<Finding>,
    /// Questions that would take too long: rule, and kind of finding that it may or may not have.
    pub undecided: Vec<(String, &'static str)>,
}

impl Report {
    /// How many findings are as bad as that.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// Looks for findings of the given kinds.
pub fn lint(world: &World, kinds: &[&'static Kind]) -> Report {
    let context = Context::new(world);
    let mut findings = Vec::new();
    for kind in kinds {
        (kind.run)(kind, &context, &mut findings);
    }
    // Stable: findings of one place stay in the order of kinds.
    findings.sort_by_key(|finding| (finding.severity, finding.place.as_ref().map(|place| place.span.start)));
    Report { rules: world.policy.user_rules(), findings, undecided: context.into_undecided() }
}
