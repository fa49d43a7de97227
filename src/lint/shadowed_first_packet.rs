//! `shadowed-first-packet`: a rule that no first packet reaches, although sessions do once they are known.

use super::context::Context;
use super::reach::Found;
use super::shadowed::shadow;
use super::{Finding, Kind, Severity};

pub(super) const KIND: Kind = Kind {
    name: "shadowed-first-packet",
    severity: Severity::Note,
    what: "A rule that the port-only lookup of a first packet never reaches, because rules above it may match every one \
           of its packets, while the full lookup does reach it.",
    why: "Its sessions begin under another rule: that rule is the one in the log when the application is never known, \
          and its profiles come first. Where the rule blocks any application it is a warning: what looks like a closing \
          rule never refuses a first packet.",
    example: "[[security]]\nname = \"Ping\"\napplication = \"ping\"\nservice = \"any\"\naction = \"allow\"\n\n[[security]]\nname = \"Rest\"\n\
              service = \"any\"\naction = \"drop\"",
    cure: "Give the rules above `service = \"application-default\"` or a service of their own.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (_, rule, reach) in context.reach() {
        let Found::Taken(takers) = &reach.first else { continue };
        if !reach.known.is_open() {
            continue;
        }
        let what = if rule.action.is_allow() {
            "begins no session, only those whose application is known come to it"
        } else {
            "refuses no first packet, only sessions whose application is known"
        };
        let finding = shadow(context, kind, rule, takers.clone(), what);
        let severity = if rule.action.is_allow() { kind.severity } else { Severity::Warning };
        let cure =
            "give the rules above the service `application-default`, or services of their own".to_owned();
        out.push(Finding { severity, cure, ..finding });
    }
}
