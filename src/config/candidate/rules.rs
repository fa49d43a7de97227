//! Rules of every rulebase that the model reads.

use super::{At, Name};
use crate::config::diagnostic::Span;
use crate::feature::decryption::{self, DecryptionAction, DecryptionType};
use crate::flow::Protocol;
use crate::policy::{Action, RuleType};

/// `[[security]]`. An empty list is `any` (or, for the service, `application-default`).
#[derive(Debug)]
pub(in crate::config) struct SecurityRule {
    pub(in crate::config) name: Name,
    /// The rule itself.
    pub(in crate::config) span: Span,
    pub(in crate::config) line: Option<u32>,
    /// Which rulebase it stands in, of several that come one after the other: names are unique within one.
    pub(in crate::config) rulebase: usize,
    pub(in crate::config) rule_type: RuleType,
    pub(in crate::config) from: Vec<Name>,
    pub(in crate::config) to: Vec<Name>,
    pub(in crate::config) source: Vec<Name>,
    pub(in crate::config) destination: Vec<Name>,
    pub(in crate::config) negate_source: bool,
    pub(in crate::config) negate_destination: bool,
    pub(in crate::config) application: Vec<Name>,
    pub(in crate::config) service: Vec<Name>,
    pub(in crate::config) category: Vec<Name>,
    pub(in crate::config) source_user: Vec<Name>,
    /// What it asks of hosts and devices, in words.
    pub(in crate::config) identity: Vec<String>,
    pub(in crate::config) schedule: Option<Name>,
    pub(in crate::config) action: Action,
    pub(in crate::config) icmp_unreachable: bool,
    pub(in crate::config) log_start: bool,
    pub(in crate::config) log_end: bool,
    /// The log-forwarding profile.
    pub(in crate::config) log_setting: Option<Name>,
    pub(in crate::config) disabled: bool,
    /// Security profiles by kind, such as `virus`; a profile group under `group`.
    pub(in crate::config) profiles: Vec<(Name, Vec<Name>)>,
    pub(in crate::config) description: Option<String>,
    pub(in crate::config) tags: Vec<Name>,
}

impl SecurityRule {
    /// A rule that says nothing: PAN-OS's defaults.
    pub(in crate::config) fn new(name: Name, span: Span, line: Option<u32>) -> Self {
        Self {
            name,
            span,
            line,
            rulebase: 0,
            rule_type: RuleType::default(),
            from: Vec::new(),
            to: Vec::new(),
            source: Vec::new(),
            destination: Vec::new(),
            negate_source: false,
            negate_destination: false,
            application: Vec::new(),
            service: Vec::new(),
            category: Vec::new(),
            source_user: Vec::new(),
            identity: Vec::new(),
            schedule: None,
            action: Action::default(),
            icmp_unreachable: false,
            log_start: false,
            log_end: true,
            log_setting: None,
            disabled: false,
            profiles: Vec::new(),
            description: None,
            tags: Vec::new(),
        }
    }
}

/// `[default.intrazone]` or `[default.interzone]`: what it overrides.
#[derive(Debug, Default)]
pub(in crate::config) struct DefaultRule {
    pub(in crate::config) span: Span,
    pub(in crate::config) action: Option<Action>,
    pub(in crate::config) icmp_unreachable: Option<bool>,
    pub(in crate::config) log_start: Option<bool>,
    pub(in crate::config) log_end: Option<bool>,
    pub(in crate::config) log_setting: Option<Name>,
    /// As [`SecurityRule::profiles`].
    pub(in crate::config) profiles: Vec<(Name, Vec<Name>)>,
}

/// `[[nat]]` (PANOS.md 9). An empty list is `any`.
#[derive(Debug)]
pub(in crate::config) struct NatRule {
    pub(in crate::config) name: Name,
    pub(in crate::config) span: Span,
    pub(in crate::config) line: Option<u32>,
    pub(in crate::config) from: Vec<Name>,
    /// The zone behind which the original destination is.
    pub(in crate::config) to: Vec<Name>,
    pub(in crate::config) to_interface: Option<Name>,
    pub(in crate::config) source: Vec<Name>,
    pub(in crate::config) destination: Vec<Name>,
    /// One service at most.
    pub(in crate::config) service: Option<Name>,
    /// `nat64` or `nptv6`; `ipv4` (which also stands for no `nat-type`) is `None`.
    pub(in crate::config) nat_type: Option<Name>,
    pub(in crate::config) source_translation: Option<SourceTranslation>,
    pub(in crate::config) destination_translation: Option<DestinationTranslation>,
    /// Only one device of an active/active pair uses it.
    pub(in crate::config) is_bound: bool,
    pub(in crate::config) disabled: bool,
    pub(in crate::config) description: Option<String>,
    pub(in crate::config) tags: Vec<Name>,
}

impl NatRule {
    /// A rule that says nothing.
    pub(in crate::config) const fn new(name: Name, span: Span, line: Option<u32>) -> Self {
        Self {
            name,
            span,
            line,
            from: Vec::new(),
            to: Vec::new(),
            to_interface: None,
            source: Vec::new(),
            destination: Vec::new(),
            service: None,
            nat_type: None,
            source_translation: None,
            destination_translation: None,
            is_bound: false,
            disabled: false,
            description: None,
            tags: Vec::new(),
        }
    }
}

/// `source-translation`.
#[derive(Debug, Clone)]
pub(in crate::config) enum SourceTranslation {
    DynamicIpAndPort(Pool),
    DynamicIp { addresses: Vec<Name>, fallback: Option<Pool> },
    StaticIp { address: Name, bidirectional: bool },
}

/// Addresses to translate to.
#[derive(Debug, Clone)]
pub(in crate::config) enum Pool {
    Addresses(Vec<Name>),
    /// The address of an interface; `ip` says which, where it has several.
    Interface {
        interface: Name,
        ip: Option<Name>,
    },
}

/// `destination-translation` or `dynamic-destination-translation`.
#[derive(Debug, Clone)]
pub(in crate::config) struct DestinationTranslation {
    pub(in crate::config) address: Name,
    pub(in crate::config) port: Option<At<u16>>,
    /// `dynamic-destination-translation`: the distribution, such as `round-robin`.
    pub(in crate::config) distribution: Option<Name>,
}

/// `[[application-override]]` (PANOS.md 2.7). An empty list is `any`.
#[derive(Debug)]
pub(in crate::config) struct OverrideRule {
    pub(in crate::config) name: Name,
    pub(in crate::config) span: Span,
    pub(in crate::config) line: Option<u32>,
    pub(in crate::config) from: Vec<Name>,
    pub(in crate::config) to: Vec<Name>,
    pub(in crate::config) source: Vec<Name>,
    pub(in crate::config) destination: Vec<Name>,
    pub(in crate::config) negate_source: bool,
    pub(in crate::config) negate_destination: bool,
    pub(in crate::config) protocol: Protocol,
    /// Inclusive destination port ranges.
    pub(in crate::config) ports: Vec<(u16, u16)>,
    pub(in crate::config) application: Name,
    pub(in crate::config) disabled: bool,
    pub(in crate::config) description: Option<String>,
    pub(in crate::config) tags: Vec<Name>,
}

/// `[[decryption]]` (PANOS.md 8).
#[derive(Debug)]
pub(in crate::config) struct DecryptionRule {
    /// What it matches; a service that is left out is `any`.
    pub(in crate::config) matches: SecurityRule,
    pub(in crate::config) action: DecryptionAction,
    pub(in crate::config) kind: DecryptionType,
    /// `decrypt-and-forward`: the clear text goes on to others as well.
    pub(in crate::config) forward: bool,
    /// Of inbound inspection: the servers' certificates, by name.
    pub(in crate::config) certificates: Vec<Name>,
    pub(in crate::config) profile: Option<Name>,
    pub(in crate::config) log_success: bool,
    pub(in crate::config) log_fail: bool,
}

impl DecryptionRule {
    /// A rule that says nothing: PAN-OS's defaults (PANOS.md 8). `matches` is what it matches.
    pub(in crate::config) fn new(matches: SecurityRule) -> Self {
        Self {
            matches,
            action: DecryptionAction::default(),
            kind: DecryptionType::default(),
            forward: false,
            certificates: Vec::new(),
            profile: None,
            log_success: false,
            log_fail: true,
        }
    }

    /// What it does, by PAN-OS's name.
    pub(in crate::config) const fn action_name(&self) -> &'static str {
        match (self.action, self.forward) {
            (DecryptionAction::NoDecrypt, _) => "no-decrypt",
            (DecryptionAction::Decrypt, false) => "decrypt",
            (DecryptionAction::Decrypt, true) => "decrypt-and-forward",
        }
    }

    /// Sets what it does, as [`DECRYPTION_ACTIONS`] has it.
    pub(in crate::config) const fn act(&mut self, (action, forward): (DecryptionAction, bool)) {
        (self.action, self.forward) = (action, forward);
    }
}

/// What decryption rules do, by PAN-OS's names; whether the clear text goes on to others as well.
pub(in crate::config) const DECRYPTION_ACTIONS: [(&str, (DecryptionAction, bool)); 3] = [
    ("no-decrypt", (DecryptionAction::NoDecrypt, false)),
    ("decrypt", (DecryptionAction::Decrypt, false)),
    ("decrypt-and-forward", (DecryptionAction::Decrypt, true)),
];

/// How they do it, by PAN-OS's names.
pub(in crate::config) const DECRYPTION_TYPES: [(&str, DecryptionType); 3] = [
    ("ssl-forward-proxy", DecryptionType::SslForwardProxy),
    ("ssl-inbound-inspection", DecryptionType::SslInboundInspection),
    ("ssh-proxy", DecryptionType::SshProxy),
];

/// A server that is not decrypted, or that PAN-OS's own list names and that is decrypted still (PANOS.md 8).
#[derive(Debug)]
pub(in crate::config) struct SslExclusion {
    /// The server's name, or a pattern such as `*.example.com`.
    pub(in crate::config) host: Name,
    pub(in crate::config) exclude: bool,
    pub(in crate::config) description: Option<String>,
}

/// `[decryption-profile.NAME]`.
#[derive(Debug)]
pub(in crate::config) struct DecryptionProfile {
    pub(in crate::config) name: Name,
    pub(in crate::config) profile: decryption::DecryptionProfile,
}
