//! Decryption: which sessions would be decrypted, and what then ends them (PANOS.md 8).
//!
//! A capture shows of a decrypted connection what any other shows: its handshake. The clear text is not in it, and
//! nothing here makes it up.

mod check;
mod excluded;
mod profile;
mod ssh;
mod suite;

pub use check::{Check, Note, Refusal, about_chain};
pub use excluded::is_excluded;
pub use profile::{DecryptionProfile, ProfileError, Section, Setting, Version};

use super::first_match::FirstMatch;
use crate::policy::{Query, Rule};

/// What a decryption rule says to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum DecryptionAction {
    /// The session passes as it is.
    #[default]
    NoDecrypt,
    /// It is decrypted.
    Decrypt,
}

/// How it is decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum DecryptionType {
    /// Toward servers of others: the firewall makes certificates in their place.
    #[default]
    SslForwardProxy,
    /// Toward servers of one's own, whose key the firewall has.
    SslInboundInspection,
    /// SSH.
    SshProxy,
}

/// A decryption rule: what it matches, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecryptionRule {
    /// Its name, zones, addresses, service, categories and users; the rest of it does not count.
    pub matches: Rule,
    /// What to do.
    pub action: DecryptionAction,
    /// How.
    pub kind: DecryptionType,
    /// The profile that checks what is decrypted, or passes without.
    pub profile: Option<DecryptionProfile>,
}

impl DecryptionRule {
    /// The part of its profile that counts.
    pub const fn section(&self) -> Section {
        match (self.action, self.kind) {
            (DecryptionAction::NoDecrypt, _) => Section::NoProxy,
            (_, DecryptionType::SslForwardProxy) => Section::ForwardProxy,
            (_, DecryptionType::SslInboundInspection) => Section::InboundProxy,
            (_, DecryptionType::SshProxy) => Section::SshProxy,
        }
    }

    /// Whether it leaves sessions undecrypted, and its profile looks at certificates all the same.
    pub fn looks_at_certificates(&self) -> bool {
        let checks = [Check::ExpiredCertificate, Check::UntrustedIssuer];
        self.section() == Section::NoProxy
            && self.profile.as_ref().is_some_and(|profile| {
                checks.into_iter().any(|check| profile.is_on(Section::NoProxy, check.key()))
            })
    }
}

/// A compiled decryption rulebase.
#[derive(Debug, Clone, Default)]
pub struct DecryptionPolicy {
    rules: Vec<DecryptionRule>,
    columns: FirstMatch,
}

impl DecryptionPolicy {
    /// Compiles rules, which keep their order; those that are disabled are to be left out.
    pub fn new(rules: Vec<DecryptionRule>) -> Self {
        let columns = FirstMatch::new(rules.iter().map(|rule| rule.matches.clone()).collect());
        Self { rules, columns }
    }

    /// All rules in order.
    pub fn rules(&self) -> &[DecryptionRule] {
        &self.rules
    }

    /// The first rule that matches a session, by number; its application does not count.
    pub fn lookup(&self, query: &Query) -> Option<usize> {
        if self.rules.is_empty() {
            return None;
        }
        self.columns.find(&Query { app: None, ..*query })
    }
}

/// What a decrypted session fails for: the three groups that its end reason tells (PANOS.md 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// Certificates.
    CertValidation,
    /// Versions, ciphers and other parameters.
    UnsupportParam,
    /// Anything else.
    Error,
}

impl Failure {
    /// Of a fatal alert, whichever side sent it.
    pub const fn of_alert(code: u8) -> Self {
        match code {
            // no_certificate_RESERVED, bad_certificate, unsupported_certificate, certificate_revoked, access_denied
            41..=44 | 49 => Self::CertValidation,
            // unexpected_message, handshake_failure, unsupported_extension
            10 | 40 | 110 => Self::UnsupportParam,
            _ => Self::Error,
        }
    }
}
