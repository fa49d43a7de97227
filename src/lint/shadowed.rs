//! `shadowed`: a rule that no session ever reaches.

use super::context::Context;
use super::reach::Found;
use super::words::{list, quote};
use super::{Finding, Kind, Severity};
use crate::policy::{Rule, RuleId};

pub(super) const KIND: Kind = Kind {
    name: "shadowed",
    severity: Severity::Error,
    what: "A rule that is reached neither by a first packet nor by a session whose application is known: rules above it \
           take everything it matches.",
    why: "It does nothing. If its action differs from that of the rules above, the rulebase does not do what it says. \
          This is told exactly, for every tuple of zones, addresses, protocol, ports and application that a session can \
          have. Rules above that are disabled, or that ask for users, hosts or a URL category that this one does not ask \
          for, do not count.",
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
            context.undecided(rule, kind);
        }
    }
}
