//! Application override: rules that say what the application is, so that App-ID does not look (PANOS.md 2.7).

use super::first_match::{FirstMatch, service};
use crate::app::AppId;
use crate::flow::Protocol;
use crate::policy::{AddressMatch, Query, Rule, ServiceMatch, ZoneMatch};

/// An application-override rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverrideRule {
    /// Its name.
    pub name: String,
    /// Source zones.
    pub from: ZoneMatch,
    /// Destination zones.
    pub to: ZoneMatch,
    /// Source addresses, before NAT.
    pub source: AddressMatch,
    /// Destination addresses, before NAT.
    pub destination: AddressMatch,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Inclusive ranges of destination ports.
    pub ports: Vec<(u16, u16)>,
    /// The application it makes of what it matches.
    pub application: AppId,
    /// The line of the rulebase file it starts on, counted from 1.
    pub line: Option<u32>,
}

/// A compiled application-override rulebase.
#[derive(Debug, Clone, Default)]
pub struct OverridePolicy {
    rules: Vec<OverrideRule>,
    columns: FirstMatch,
}

impl OverridePolicy {
    /// Compiles rules, which keep their order; those that are disabled are to be left out.
    pub fn new(rules: Vec<OverrideRule>) -> Self {
        let columns = FirstMatch::new(rules.iter().map(columns).collect());
        Self { rules, columns }
    }

    /// All rules in order.
    pub fn rules(&self) -> &[OverrideRule] {
        &self.rules
    }

    /// The first rule that matches what the security policy is looked up by; an application in it does not count.
    pub fn lookup(&self, query: &Query) -> Option<&OverrideRule> {
        if self.rules.is_empty() || !query.protocol.has_ports() {
            return None;
        }
        self.rules.get(self.columns.find(&Query { app: None, ..*query })?)
    }
}

fn columns(rule: &OverrideRule) -> Rule {
    let service = service(rule.protocol, rule.ports.clone());
    Rule {
        from: rule.from.clone(),
        to: rule.to.clone(),
        source: rule.source.clone(),
        destination: rule.destination.clone(),
        service: ServiceMatch::Services([service].into()),
        ..Rule::default()
    }
}
