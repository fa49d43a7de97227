//! The first rule, in order, whose zones, addresses and service all match: the security policy's own lookup, for
//! rulebases whose rules do something else than allow or deny.

use std::sync::Arc;

use crate::app::Catalog;
use crate::flow::Protocol;
use crate::policy::{Policy, PolicyOptions, Query, Rule, Service};

/// Rules by what they match.
#[derive(Debug, Clone)]
pub(super) struct FirstMatch {
    policy: Policy,
}

impl FirstMatch {
    /// Compiles rules; what they say beside zones, addresses and services does not count.
    pub(super) fn new(rules: Vec<Rule>) -> Self {
        let defaults = [Rule::default(), Rule::default()];
        let catalog = Arc::new(Catalog::default());
        Self { policy: Policy::new(rules, defaults, catalog, PolicyOptions::default()) }
    }

    /// Which of the rules it is, counted from 0.
    pub(super) fn find(&self, query: &Query) -> Option<usize> {
        let rule = self.policy.lookup(query).rule.0 as usize;
        (rule < self.policy.user_rules()).then_some(rule)
    }
}

impl Default for FirstMatch {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

/// A service without a name: these destination ports, from any source port.
pub(super) fn service(protocol: Protocol, ports: Vec<(u16, u16)>) -> Service {
    Service { protocol, ports, ..Service::default() }
}
