//! The header space of NAT rules: they match like security rules of zones, addresses and services alone.

use std::sync::Arc;

use super::Kind;
use super::context::Context;
use crate::app::Catalog;
use crate::feature::nat::{NatPolicy, NatRule};
use crate::flow::Addr;
use crate::policy::space::{Block, GaveUp, Ranges, Side, Space, Spaces};
use crate::policy::{Policy, PolicyOptions, Rule, RuleId, ZoneMatch};

/// What each rule matches by itself.
pub(super) fn blocks(nat: &NatPolicy) -> Vec<Vec<Block>> {
    let policy = policy(nat);
    let spaces = Spaces::unconditional(&policy);
    let rules = (0u32..).map(RuleId).take(nat.rules().len());
    rules.map(|id| own(&spaces, id).blocks().to_vec()).collect()
}

/// Every rule whose packets rules above it take, and those rules.
pub(super) fn shadowed<'w>(
    context: &Context<'w>,
    kind: &'static Kind,
) -> Vec<(&'w NatRule, Vec<&'w NatRule>)> {
    let nat = &context.world.nat;
    let policy = policy(nat);
    let spaces = Spaces::unconditional(&policy);
    let mut shadowed = Vec::new();
    for (id, rule) in (0u32..).map(RuleId).zip(nat.rules()) {
        let space = own(&spaces, id);
        if rule.is_reverse || space.is_empty() {
            continue;
        }
        let rule_of = |RuleId(id)| nat.rules().get(id as usize);
        let counts = |above| rule_of(above).is_some_and(|above| takes_all(above, rule));
        let mut takers = Vec::new();
        let open = context.search(|budget| {
            for start in space.blocks() {
                let note = |taker| takers.push(taker);
                if spaces.not_answered_above(id, start, true, counts, note, budget)?.is_some() {
                    return Ok(true);
                }
            }
            Ok(false)
        });
        match open {
            Ok(true) => {}
            Ok(false) => {
                takers.sort_unstable();
                takers.dedup();
                shadowed.push((rule, takers.into_iter().filter_map(rule_of).collect()));
            }
            Err(GaveUp) => context.undecided(&rule.name, kind),
        }
    }
    shadowed
}

/// Whether `above` asks nothing beside zones, addresses and service that `rule` does not ask.
fn takes_all(above: &NatRule, rule: &NatRule) -> bool {
    !above.is_bound && (above.to_interface.is_none() || above.to_interface == rule.to_interface)
}

/// NAT is between IPv4 addresses.
fn own(spaces: &Spaces<'_>, id: RuleId) -> Space {
    let v4 = Ranges::span(Addr::v4([0; 4]).bits(), Addr::v4([255; 4]).bits());
    let v4 = |within| Block::all(within).with(Side::Source, v4.clone()).with(Side::Destination, v4.clone());
    let v4 = Space::new(vec![v4(true), v4(false)]);
    Space::new(spaces.rule(id).first.clone()).intersection(&v4)
}

fn policy(nat: &NatPolicy) -> Policy {
    let rules = nat.rules().iter().map(|rule| Rule {
        from: rule.from.clone(),
        to: ZoneMatch::Zones(vec![rule.to]),
        source: rule.source.clone(),
        destination: rule.destination.clone(),
        service: rule.service.clone(),
        ..Rule::default()
    });
    let defaults = [Rule::default(), Rule::default()];
    Policy::new(rules.collect(), defaults, Arc::new(Catalog::default()), PolicyOptions::default())
}
