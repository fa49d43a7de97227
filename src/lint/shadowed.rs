//! `shadowed`: a rule that no session ever reaches.

use super::context::Context;
use super::nat_space;
use super::reach::Found;
use super::words::{list, quote};
use super::{Finding, Kind, Related, Severity};
use crate::policy::{Rule, RuleId};

pub(super) const KIND: Kind = Kind {
    name: "shadowed",
    severity: Severity::Error,
    what: "A security rule that is reached neither by a first packet nor by a session whose application is known, or a \
           NAT or decryption rule that no session reaches: rules above it take everything it matches.",
    why: "It does nothing. If its action differs from that of the rules above, the rulebase does not do what it says. \
          This is told exactly, for every tuple of zones, addresses, protocol, ports and application that a session can \
          have. Security rules above that are disabled, or that ask for users, hosts or a URL category that this one does not ask \
          for, do not count; nor do NAT rules above for one device of an active/active pair or for one of several \
          egress interfaces.",
    example: "[[security]]\nname = \"Web\"\napplication = [\"web-browsing\", \"ssl\"]\naction = \"allow\"\n\n[[security]]\nname = \
              \"No TLS to partners\"\ndestination = \"198.51.100.0/24\"\napplication = \"ssl\"\naction = \"deny\"",
    cure: "Move it above the rules that take its sessions, or delete it.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (_, rule, reach) in context.reach() {
        let takers = match (&reach.first, &reach.known) {
            (Found::Taken(first), Found::Taken(known)) => [known.as_slice(), first].concat(),
            (Found::Nothing, Found::Taken(takers)) => takers.clone(),
            _ => continue,
        };
        out.push(shadow(context, kind, rule, takers, "is never reached"));
    }
    reach_undecided(kind, context);
    nat(kind, context, out);
    decryption(kind, context, out);
}

fn decryption(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (rule, reached) in context.decryption(kind) {
        if reached.own.is_empty() || !reached.open.is_empty() {
            continue;
        }
        let rules = context.world.decryption.rules();
        let takers: Vec<_> = reached.takers.iter().filter_map(|&taker| rules.get(taker)).collect();
        let names = takers.iter().map(|taker| taker.matches.name.as_str());
        let take = if takers.len() == 1 { "takes" } else { "together take" };
        let message = format!("is never reached: {} above {take} all that it matches", list(names));
        let first = takers.first().map_or("", |taker| &taker.matches.name);
        let cure = format!("move it above {} if it is an exception to it; otherwise delete it", quote(first));
        let mut finding = context.about_decryption(kind, &rule.matches, "name", message, cure);
        let related = takers.iter().map(|taker| Related {
            rule: taker.matches.name.clone(),
            place: context.world.places.decryption_rule(&taker.matches.name, "name"),
            what: "takes what the rule would match",
        });
        finding.related = related.collect();
        out.push(finding);
    }
}

fn nat(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (rule, takers) in nat_space::shadowed(context, kind) {
        let names = takers.iter().map(|taker| taker.name.as_str());
        let take = if takers.len() == 1 { "takes" } else { "together take" };
        let first = takers.first().map_or("", |taker| &taker.name);
        let message = format!(
            "NAT rule {} is never reached: {} above {take} all that it matches",
            quote(&rule.name),
            list(names)
        );
        let places = &context.world.places;
        let related = takers.iter().map(|taker| Related {
            rule: taker.name.clone(),
            place: places.nat_rule(&taker.name, "name"),
            what: "takes what the rule would match",
        });
        out.push(Finding {
            kind,
            severity: kind.severity,
            subject: format!("nat {}", rule.name),
            message,
            cure: format!("move it above {} if it is an exception to it; otherwise delete it", quote(first)),
            example: None,
            place: places.nat_rule(&rule.name, "name"),
            related: related.collect(),
        });
    }
}

/// A finding about a rule whose sessions others take.
pub(super) fn shadow(
    context: &Context<'_>,
    kind: &'static Kind,
    rule: &Rule,
    mut takers: Vec<RuleId>,
    what: &str,
) -> Finding {
    takers.sort_unstable();
    takers.dedup();
    let name = |taker: &RuleId| context.policy().rule(*taker).name.as_str();
    let take = if takers.len() == 1 { "takes" } else { "together take" };
    let message = format!("{what}: {} above {take} all that it matches", list(takers.iter().map(name)));
    let first = takers.first().map_or("", name);
    let same = takers.iter().all(|&taker| context.policy().rule(taker).action == rule.action);
    let cure = if same {
        format!("delete it, or move it above {} if it was meant to differ", quote(first))
    } else {
        format!("move it above {} if it is an exception to it; otherwise delete it", quote(first))
    };
    let mut finding = context.about(kind, rule, "name", message, cure);
    let related = takers.iter().map(|&taker| context.related(taker, "takes what the rule would match"));
    finding.related = related.collect();
    finding
}

/// Questions that would take too long, once for all kinds that ask them.
fn reach_undecided(kind: &'static Kind, context: &Context<'_>) {
    for (_, rule, reach) in context.reach() {
        if matches!(reach.first, Found::GaveUp) || matches!(reach.known, Found::GaveUp) {
            context.undecided(&rule.name, kind);
        }
    }
}
