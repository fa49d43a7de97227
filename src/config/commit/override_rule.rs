//! Application-override rules with their names resolved (PANOS.md 2.7).

use super::Names;
use super::objects::By;
use crate::config::candidate::{Candidate, OverrideRule};
use crate::config::diagnostic::{Diagnostics, quote};
use crate::feature::override_rule::{self, OverridePolicy};

/// More rules than any PAN-OS platform takes.
const RULES: usize = 30_000;

/// The application-override rulebase.
pub(super) fn policy<'c>(
    candidate: &'c Candidate,
    names: &mut Names<'c>,
    out: &mut Diagnostics,
) -> OverridePolicy {
    if let Some(rule) = candidate.overrides.get(RULES) {
        out.error(&rule.span, format!("more than {RULES} application-override rules"));
        return OverridePolicy::default();
    }
    let rule_names = candidate.overrides.iter().map(|rule| &rule.name);
    super::check_rule_names("application-override", rule_names, names.cures, out);
    let rules = candidate.overrides.iter().filter_map(|candidate| {
        let rule = rule(candidate, names, out)?;
        (!candidate.disabled).then_some(rule)
    });
    OverridePolicy::new(rules.collect())
}

fn rule<'c>(
    rule: &'c OverrideRule,
    names: &mut Names<'c>,
    out: &mut Diagnostics,
) -> Option<override_rule::OverrideRule> {
    let by = By { what: "application-override rule", name: &rule.name.value };
    let from = names.zone_column(&rule.from, by, out);
    let to = names.zone_column(&rule.to, by, out);
    let source = names.address_column(&rule.source, rule.negate_source, by, out);
    let destination = names.address_column(&rule.destination, rule.negate_destination, by, out);
    let application = match *names.applications.resolve(std::slice::from_ref(&rule.application), by, out) {
        [application] => application,
        // Which was reported.
        [] => return None,
        _ => {
            let name = &rule.application;
            out.error(&name.span, format!("{} is more than one application", quote(&name.value)))
                .help("an override gives one application");
            return None;
        }
    };
    Some(override_rule::OverrideRule {
        name: rule.name.value.clone(),
        from,
        to,
        source,
        destination,
        protocol: rule.protocol,
        ports: rule.ports.clone(),
        application,
        line: rule.line,
    })
}
