//! `nat-zone-mismatch`: a rule whose destination addresses are not behind its destination zone.

use ipnet::IpNet;

use super::context::Context;
use super::words::{list, quote};
use super::{Finding, Kind, Severity};
use crate::flow::{Addr, ZoneId};
use crate::policy::{AddressMatch, Rule, RuleType, ZoneMatch};

pub(super) const KIND: Kind = Kind {
    name: "nat-zone-mismatch",
    severity: Severity::Warning,
    what: "A rule whose destination addresses all lie behind other zones than those it names under `to`.",
    why: "The policy is looked up with the destination address before NAT and the destination zone after it (PANOS.md \
          2.2, 9). Address and zone that do not belong together are right only where a NAT rule translates that \
          address. Without one the rule never matches: most often it was written with the address after NAT, or with \
          the zone before it. Rulebases with NAT rules, and zones that are given by interfaces, are not looked at.",
    example: "[zones]\nuntrust = \"0.0.0.0/0\"\ndmz = \"192.0.2.0/24\"\n\n[[security]]\nname = \"Web\"\nfrom = \"untrust\"\nto = \
              \"dmz\"\ndestination = \"203.0.113.10\"\napplication = \"web-browsing\"\naction = \"allow\"",
    cure: "Write the destination address before NAT and the zone that the translated address is behind, and add the NAT \
           rule.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    let zones = &context.world.zones;
    if !context.world.nat.rules().is_empty() {
        return;
    }
    let mapped = |zone: &ZoneId| zones.prefixes().iter().any(|(_, owner)| owner == zone);
    for (_, rule) in context.rules() {
        let (ZoneMatch::Zones(to), RuleType::Universal | RuleType::Interzone) = (&rule.to, rule.rule_type)
        else {
            continue;
        };
        if rule.destination.is_any() || rule.destination.negate || !to.iter().all(mapped) {
            continue;
        }
        let behind = zones_of(context, &rule.destination);
        if behind.is_empty() || behind.iter().any(|zone| to.contains(zone)) {
            continue;
        }
        out.push(finding(kind, context, rule, to, &behind));
    }
}

fn finding(
    kind: &'static Kind,
    context: &Context<'_>,
    rule: &Rule,
    to: &[ZoneId],
    behind: &[ZoneId],
) -> Finding {
    let name = |zone: &ZoneId| context.world.zones.name(*zone);
    let message = format!(
        "never matches: its destination {} is behind {}, not behind {}, and there is no NAT rule",
        list(rule.destination.names.iter().map(String::as_str)),
        list(behind.iter().map(name)),
        list(to.iter().map(name))
    );
    let cure = match behind {
        [only] => format!(
            "set `to` to {}, or name addresses behind {}",
            quote(name(only)),
            list(to.iter().map(name))
        ),
        _ => format!("name addresses behind {}", list(to.iter().map(name))),
    };
    context.about(kind, rule, "destination", message, cure)
}

/// Every zone that an address of the column is behind. Zones change only where a prefix begins or ends.
fn zones_of(context: &Context<'_>, column: &AddressMatch) -> Vec<ZoneId> {
    let zones = &context.world.zones;
    let edges = zones.prefixes().iter().flat_map(|(prefix, _)| edges(*prefix));
    let mut edges: Vec<Addr> = edges.collect();
    edges.sort_unstable();
    let mut found = Vec::new();
    for &(low, high) in column.ranges.iter() {
        let after = edges.partition_point(|&edge| edge <= low);
        let inside = edges.iter().skip(after).take_while(|&&edge| edge <= high);
        found.extend(inside.chain([&low]).filter_map(|&addr| zones.of(addr)));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The first address of a prefix, and the first one after it.
fn edges(prefix: IpNet) -> impl Iterator<Item = Addr> {
    let after = Addr::from(prefix.broadcast()).bits().checked_add(1).map(Addr::from_bits);
    [Some(Addr::from(prefix.network())), after].into_iter().flatten()
}
