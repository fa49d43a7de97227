//! NAT rules whose `to` is not the zone of their original destination.

use super::super::context::Context;
use super::super::{Finding, Kind};
use super::{destination_of, nat_rule, ranges, translated, zones};
use crate::feature::nat::NatRule;
use crate::flow::ZoneId;
use crate::lint::behind::View;
use crate::policy::ZoneMatch;
use crate::policy::space::{Block, Ranges, Side};

pub(super) fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for rule in context.world.nat.rules().iter().filter(|rule| !rule.is_reverse) {
        if rule.destination.is_any() || !context.behind().locates(rule.to) {
            continue;
        }
        let views: Vec<&View> = context
            .behind()
            .views
            .iter()
            .filter(|view| !from(rule).intersection(&view.from).is_empty())
            .collect();
        let destination = ranges(&rule.destination);
        let may_match = |view: &&View| {
            view.unknown.meets(&destination) || view.to.get(&rule.to).is_some_and(|to| to.meets(&destination))
        };
        if destination.is_empty() || views.is_empty() || views.iter().any(may_match) {
            continue;
        }
        out.push(finding(kind, context, rule, &views, &destination));
    }
}

fn finding(
    kind: &'static Kind,
    context: &Context<'_>,
    rule: &NatRule,
    views: &[&View],
    destination: &Ranges,
) -> Finding {
    let behind = |addresses: &Ranges| -> Vec<ZoneId> {
        let found = views.iter().flat_map(|view| view.to.iter());
        let mut zones: Vec<_> = found.filter(|(_, to)| to.meets(addresses)).map(|(zone, _)| *zone).collect();
        zones.sort_unstable();
        zones.dedup();
        zones
    };
    let original = behind(destination);
    let after = translated(rule).is_some_and(|translated| behind(&translated).contains(&rule.to));
    let what = if after { ", the zone of the translated address" } else { "" };
    let to = zones(context, &[rule.to]);
    let message = format!(
        "{} never matches: its destination {} is behind {}, and its `to` is {to}{what}",
        nat_rule(rule),
        destination_of(rule),
        zones(context, &original),
    );
    let cure = match original.as_slice() {
        [only] => format!("set its `to` to {}", zones(context, &[*only])),
        _ => format!("name addresses behind {to}"),
    };
    Finding {
        kind,
        severity: kind.severity,
        subject: format!("nat {}", rule.name),
        message,
        cure,
        example: None,
        place: context.world.places.nat_rule(&rule.name, "to"),
        related: Vec::new(),
    }
}

/// Zones that packets come in from.
pub(super) fn from(rule: &NatRule) -> Ranges {
    match &rule.from {
        ZoneMatch::Any => Side::From.all(),
        ZoneMatch::Zones(zones) => {
            Ranges::new(zones.iter().map(|zone| (zone.0.into(), zone.0.into())).collect())
        }
    }
}

/// What a NAT rule takes, by the zone packets come in from and what they carry; whatever zone they leave to.
pub(super) fn blocks(context: &Context<'_>, rule: &NatRule) -> Vec<Block> {
    let own = context.nat_blocks(rule);
    let mut blocks = Vec::new();
    for view in &context.behind().views {
        let from = from(rule).intersection(&view.from);
        let Some(to) = view.to.get(&rule.to).filter(|_| !from.is_empty()) else { continue };
        for block in own.iter().filter(|block| block.side(Side::Destination).meets(to)) {
            let destination = block.side(Side::Destination).intersection(to);
            for within in [true, false] {
                let mut taken = Block::all(within).with(Side::From, from.clone());
                for side in [Side::Service, Side::SourcePort, Side::Source] {
                    taken = taken.with(side, block.side(side).clone());
                }
                blocks.push(taken.with(Side::Destination, destination.clone()));
            }
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}
