//! Security rules whose destination addresses and zone do not meet, or that name addresses after NAT.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::super::context::Context;
use super::super::words::{list, quote};
use super::super::{Finding, Kind};
use super::{destination_of, nat, nat_rule, ranges, related, translated, zones};
use crate::feature::nat::NatRule;
use crate::flow::{Addr, ZoneId};
use crate::policy::space::{Block, Budget, GaveUp, Ranges, Side, Space, Taken, walk};
use crate::policy::{Rule, RuleId, RuleType, ZoneMatch};

pub(super) fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    let nat: Vec<(&NatRule, Vec<Block>)> =
        context.world.nat.rules().iter().map(|rule| (rule, nat::blocks(context, rule))).collect();
    let steps: Vec<Taken<'_, &NatRule>> =
        nat.iter().flat_map(|(rule, blocks)| blocks.iter().map(|block| Taken { block, by: *rule })).collect();
    let inbound = Inbound::all(context);
    for (id, rule) in context.rules() {
        let ZoneMatch::Zones(to) = &rule.to else { continue };
        if rule.rule_type == RuleType::Intrazone || rule.destination.is_any() || rule.destination.negate {
            continue;
        }
        if to.iter().all(|zone| context.behind().locates(*zone)) {
            let never = context.decide(kind, rule, |budget| never(context, id, to, &steps, budget));
            if let Some(led) = never {
                out.push(elsewhere(kind, context, rule, to, &led));
                continue;
            }
        }
        out.extend(after_nat(kind, context, rule, to, &inbound));
    }
}

/// Where a rule's packets leave to instead.
#[derive(Default)]
struct Led<'w> {
    zones: BTreeSet<ZoneId>,
    /// The NAT rules that translate some of them.
    by: Vec<&'w NatRule>,
}

/// Whether no packet that fits the rule leaves to one of its zones.
fn never<'w>(
    context: &Context<'_>,
    id: RuleId,
    to: &[ZoneId],
    steps: &[Taken<'_, &'w NatRule>],
    budget: &mut Budget,
) -> Result<Option<Led<'w>>, GaveUp> {
    let space = context.spaces.rule(id);
    let Some(start) = space.known.first().or_else(|| space.first.first()) else { return Ok(None) };
    if steps.iter().all(|step| !step.block.side(Side::Destination).meets(start.side(Side::Destination)))
        && fits(context, start, start.side(Side::Destination), to)
    {
        return Ok(None);
    }
    let mut led = Led::default();
    let mut fitting = false;
    let starts = Space::new(space.known.iter().chain(&space.first).cloned().collect());
    for start in starts.intersection(&one_family()).blocks() {
        walk(start, steps, budget, |piece, by| {
            let own = piece.side(Side::Destination);
            // Whether such a rule applies, zones do not tell.
            let perhaps = by.is_some_and(|by| by.is_bound || by.to_interface.is_some());
            let destination = by.and_then(translated).unwrap_or_else(|| own.clone());
            if perhaps || fits(context, &piece, &destination, to) {
                fitting = true;
                return ControlFlow::Break(());
            }
            led.by.extend(by.filter(|by| !led.by.contains(by) && by.destination_translation.is_some()));
            led.zones.extend(leaves_to(context, &piece, &destination));
            ControlFlow::Continue(())
        })?;
        if fitting {
            return Ok(None);
        }
    }
    Ok((!led.zones.is_empty()).then_some(led))
}

/// A packet goes from IPv4 to IPv4, or from IPv6 to IPv6.
fn one_family() -> Space {
    let v4 = Ranges::span(Addr::v4([0; 4]).bits(), Addr::v4([255; 4]).bits());
    let v6 = Side::Source.all().difference(&v4);
    let blocks = [v4, v6].into_iter().flat_map(|family| {
        [true, false].map(|within| {
            let block = Block::all(within).with(Side::Source, family.clone());
            block.with(Side::Destination, family.clone())
        })
    });
    Space::new(blocks.collect())
}

/// Whether packets of the piece that go to `destination` may leave to a zone that the piece is about.
fn fits(context: &Context<'_>, piece: &Block, destination: &Ranges, to: &[ZoneId]) -> bool {
    let views = context.behind().views.iter();
    let mut views = views.map(|view| (view, piece.side(Side::From).intersection(&view.from)));
    views.any(|(view, from)| {
        let leaves = |zone: &ZoneId| {
            let other = from.single() != Some(zone.0.into());
            let pair = if piece.is_within() { from.contains(zone.0.into()) } else { other };
            pair && view.to.get(zone).is_some_and(|behind| behind.meets(destination))
        };
        !from.is_empty() && (view.unknown.meets(destination) || to.iter().any(leaves))
    })
}

fn leaves_to(context: &Context<'_>, piece: &Block, destination: &Ranges) -> Vec<ZoneId> {
    let views = context.behind().views.iter().filter(|view| view.from.meets(piece.side(Side::From)));
    let found = views.flat_map(|view| view.to.iter());
    found.filter(|(_, behind)| behind.meets(destination)).map(|(zone, _)| *zone).collect()
}

/// The finding: destination and zone never meet.
fn elsewhere(
    kind: &'static Kind,
    context: &Context<'_>,
    rule: &Rule,
    to: &[ZoneId],
    led: &Led<'_>,
) -> Finding {
    let destination = list(rule.destination.names.iter().map(String::as_str));
    let (led_to, own) = (zones(context, &led.zones), zones(context, to));
    let why = match led.by.as_slice() {
        [] if context.world.nat.rules().is_empty() => {
            format!(
                "its destination {destination} is behind {led_to}, not behind {own}, and there is no NAT rule"
            )
        }
        [] => format!(
            "its destination {destination} is behind {led_to}, not behind {own}, and no NAT rule translates it"
        ),
        by => format!(
            "what goes to its destination {destination} leaves to {led_to} after {}, not to {own}",
            nat_names(by)
        ),
    };
    let only = if led.zones.len() == 1 { led.zones.first() } else { None };
    let cure = match only {
        Some(_) if !led.by.is_empty() => format!("set `to` to {led_to}"),
        Some(_) => format!("set `to` to {led_to}, or name addresses behind {own}"),
        None => format!("name addresses behind {own}"),
    };
    let key = if led.by.is_empty() { "destination" } else { "to" };
    let mut finding = context.about(kind, rule, key, format!("never matches: {why}"), cure);
    finding.related = led.by.iter().map(|by| related(context, by)).collect();
    finding
}

/// `NAT rule A`, `NAT rules A and B`.
fn nat_names(rules: &[&NatRule]) -> String {
    match rules {
        [only] => nat_rule(only),
        _ => format!("NAT rules {}", list(rules.iter().map(|rule| rule.name.as_str()))),
    }
}

/// A NAT rule that lets in to a server: the original destination lies in the zone that packets come from.
struct Inbound<'w> {
    rule: &'w NatRule,
    original: Ranges,
    translated: Ranges,
}

impl<'w> Inbound<'w> {
    fn all(context: &Context<'w>) -> Vec<Self> {
        let comes_in = |rule: &&NatRule| rule.from.contains(rule.to) && !rule.destination.is_any();
        let rules = context.world.nat.rules().iter().filter(comes_in);
        let inbound = rules.filter_map(|rule| {
            Some(Self { rule, original: ranges(&rule.destination), translated: translated(rule)? })
        });
        inbound.collect()
    }
}

/// The finding: the rule names servers by their addresses after NAT, for packets from zones where NAT rules let in to
/// them by other addresses.
fn after_nat(
    kind: &'static Kind,
    context: &Context<'_>,
    rule: &Rule,
    to: &[ZoneId],
    inbound: &[Inbound<'_>],
) -> Option<Finding> {
    let ZoneMatch::Zones(from) = &rule.from else { return None };
    let destination = ranges(&rule.destination);
    let mut by: Vec<&NatRule> = Vec::new();
    for zone in from {
        let view = context.behind().view(*zone)?;
        let meant = |nat: &&Inbound<'_>| {
            let servers = nat.translated.intersection(&destination);
            let of_rule =
                |(to_zone, behind): (&ZoneId, &Ranges)| to.contains(to_zone) && behind.covers(&servers);
            nat.rule.to == *zone && !servers.is_empty() && view.to.iter().any(of_rule)
        };
        let meant: Vec<&Inbound<'_>> = inbound.iter().filter(meant).collect();
        let servers = meant.iter().flat_map(|nat| nat.translated.iter()).collect();
        let named = meant.iter().any(|nat| nat.original.meets(&destination));
        if meant.is_empty() || named || !Ranges::new(servers).covers(&destination) {
            return None;
        }
        by.extend(meant.iter().map(|nat| nat.rule));
    }
    by.dedup();
    let first = by.first()?;
    let named = list(rule.destination.names.iter().map(String::as_str));
    let message = format!(
        "names its destination {named} by the address after NAT: {} {} it only after the policy has been looked up with \
         {}",
        nat_names(&by),
        if by.len() == 1 { "sets" } else { "set" },
        destination_of(first),
    );
    let originals: Vec<String> = by.iter().map(|nat| destination_of(nat)).collect();
    let cure = match originals.as_slice() {
        [only] => format!("set `destination` to {only}, the address before NAT"),
        _ => format!("name the addresses before NAT under `destination`, as {} does", quote(&first.name)),
    };
    let mut finding = context.about(kind, rule, "destination", message, cure);
    finding.related = by.iter().map(|nat| related(context, nat)).collect();
    Some(finding)
}
