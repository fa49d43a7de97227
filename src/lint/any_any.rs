//! `any-any`: an allow rule that asks for nothing.

use super::context::Context;
use super::{Finding, Kind, Severity};
use crate::policy::{ApplicationMatch, ServiceMatch};

pub(super) const KIND: Kind = Kind {
    name: "any-any",
    severity: Severity::Warning,
    what: "An allow rule for any application, any service, any source and any destination.",
    why: "Whatever no rule above it blocks passes, and what a rule above blocks by its application passes until that \
          application is known. Such a rule is mostly left over from a migration or a test.",
    example: "[[security]]\nname = \"Temporary\"\nfrom = \"trust\"\nto = \"untrust\"\nservice = \"any\"\naction = \"allow\"",
    cure: "Name the applications, sources or destinations that are meant; `firstpass replay` of a capture shows which \
           ones the rule is used for.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (_, rule) in context.rules() {
        let any = rule.application == ApplicationMatch::Any
            && rule.service == ServiceMatch::Any
            && rule.source.is_any()
            && rule.destination.is_any()
            && rule.identity.is_empty()
            && rule.user.is_any()
            && rule.category.is_any();
        if any && rule.action.is_allow() {
            let message =
                "allows any application on any service from any source to any destination".to_owned();
            let cure = "name the applications, sources or destinations that are meant".to_owned();
            out.push(context.about(kind, rule, "name", message, cure));
        }
    }
}
