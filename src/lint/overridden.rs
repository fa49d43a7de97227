//! What application override rules take: sessions whose application is known with the first packet, and no other one
//! later (PANOS.md 2.7).

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::app::Catalog;
use crate::feature::override_rule::{OverridePolicy, OverrideRule};
use crate::policy::space::{Block, Budget, GaveUp, Ranges, Side, Space, Spaces, Taken, walk};
use crate::policy::{Policy, PolicyOptions, Query, Rule, RuleId, Service, ServiceMatch};

/// Steps to tell overlapping rules apart.
const STEPS: u64 = 1_000_000;

/// Tuples that override rules take, each under the first rule that does.
#[derive(Debug, Default)]
pub(super) struct Overridden {
    /// With any application, or none yet.
    whole: Space,
    /// Which rule takes each block of that, by number.
    rules: Vec<RuleId>,
    /// With the one the rule gives.
    to_application: Vec<Block>,
    /// With all others, and none yet: there are no such sessions.
    others: Vec<Block>,
}

impl Overridden {
    pub(super) fn new(overrides: &OverridePolicy) -> Result<Self, GaveUp> {
        if overrides.rules().is_empty() {
            return Ok(Self::default());
        }
        let policy = policy(overrides);
        let spaces = Spaces::unconditional(&policy);
        let all = Side::Application.all();
        let mut budget = Budget::new(STEPS);
        let mut above: Vec<Block> = Vec::new();
        let (mut whole, mut rules) = (Vec::new(), Vec::new());
        let (mut to_application, mut others) = (Vec::new(), Vec::new());
        for (id, rule) in (0u32..).map(RuleId).zip(overrides.rules()) {
            let application = Ranges::applications([rule.application]);
            let rest = all.difference(&application);
            let own = spaces.rule(id).first.iter();
            let own: Vec<Block> =
                own.map(|block| block.clone().with(Side::Application, all.clone())).collect();
            let taken: Vec<_> = above.iter().map(|block| Taken { block, by: () }).collect();
            for start in &own {
                walk(start, &taken, &mut budget, |block, by| {
                    if by.is_none() {
                        to_application.push(block.clone().with(Side::Application, application.clone()));
                        others.push(block.clone().with(Side::Application, rest.clone()));
                        whole.push(block);
                        rules.push(id);
                    }
                    ControlFlow::Continue(())
                })?;
            }
            above.extend(own);
        }
        Ok(Self { whole: Space::new(whole), rules, to_application, others })
    }

    /// All tuples, whatever the application.
    pub(super) const fn whole(&self) -> &Space {
        &self.whole
    }

    /// The same of one rule, by its place among them.
    pub(super) fn of_rule(&self, rule: RuleId) -> impl Iterator<Item = &Block> {
        let blocks = self.whole.blocks().iter().zip(&self.rules);
        blocks.filter(move |(_, by)| **by == rule).map(|(block, _)| block)
    }

    /// The sessions there are: those with the application that they are given.
    pub(super) fn to_application(&self) -> &[Block] {
        &self.to_application
    }

    /// A block of tuples like this one that no session has, because an override gives another application.
    pub(super) fn taking(&self, query: &Query) -> Option<&Block> {
        self.others.iter().find(|block| block.contains(query))
    }
}

fn policy(overrides: &OverridePolicy) -> Policy {
    let defaults = [Rule::default(), Rule::default()];
    let rules = overrides.rules().iter().map(columns).collect();
    Policy::new(rules, defaults, Arc::new(Catalog::default()), PolicyOptions::default())
}

fn columns(rule: &OverrideRule) -> Rule {
    let service = Service { protocol: rule.protocol, ports: rule.ports.clone(), ..Service::default() };
    Rule {
        from: rule.from.clone(),
        to: rule.to.clone(),
        source: rule.source.clone(),
        destination: rule.destination.clone(),
        service: ServiceMatch::Services([service].into()),
        ..Rule::default()
    }
}
