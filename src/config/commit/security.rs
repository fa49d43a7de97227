//! Security rules with their names resolved.

use hashbrown::HashMap;

use super::Names;
use crate::config::candidate::{Candidate, DefaultRule, Name, SecurityRule};
use crate::config::diagnostic::{Diagnostics, did_you_mean, quote};
use crate::policy::{Action, AddressMatch, ApplicationMatch, Rule, RuleType, ServiceMatch, ZoneMatch};

const ANY: &str = "any";
const APPLICATION_DEFAULT: &str = "application-default";

/// All rules the user wrote, in order.
pub(super) fn rules<'c>(
    rules: &'c [SecurityRule],
    names: &mut Names<'c>,
    out: &mut Diagnostics,
) -> Vec<Rule> {
    let mut seen: HashMap<&str, &Name, foldhash::fast::FixedState> = HashMap::default();
    for rule in rules {
        if let Some(first) = seen.insert(&rule.name.value, &rule.name) {
            out.error(&rule.name.span, format!("security rule {} is there twice", quote(&rule.name.value)))
                .related(&first.span, "the first one");
        }
    }
    rules.iter().map(|rule| names.rule(rule, out)).collect()
}

/// `intrazone-default` and `interzone-default` (PANOS.md 2.2; they do not log unless told to).
pub(super) fn defaults(candidate: &Candidate) -> [Rule; 2] {
    let rule = |name: &str, rule_type, action, set: &DefaultRule| Rule {
        name: name.to_owned(),
        rule_type,
        service: ServiceMatch::Any,
        action: set.action.unwrap_or(action),
        icmp_unreachable: set.icmp_unreachable.unwrap_or(false),
        log_start: set.log_start.unwrap_or(false),
        log_end: set.log_end.unwrap_or(false),
        ..Rule::default()
    };
    [
        rule("intrazone-default", RuleType::Intrazone, Action::Allow, &candidate.intrazone),
        rule("interzone-default", RuleType::Interzone, Action::Deny, &candidate.interzone),
    ]
}

impl<'c> Names<'c> {
    fn rule(&mut self, rule: &'c SecurityRule, out: &mut Diagnostics) -> Rule {
        Rule {
            name: rule.name.value.clone(),
            rule_type: rule.rule_type,
            from: self.zone_column(&rule.from, out),
            to: self.zone_column(&rule.to, out),
            source: self.address_column(&rule.source, rule.negate_source, out),
            destination: self.address_column(&rule.destination, rule.negate_destination, out),
            application: self.application_column(&rule.application, out),
            service: self.service_column(&rule.service, out),
            action: rule.action,
            icmp_unreachable: rule.icmp_unreachable,
            log_start: rule.log_start,
            log_end: rule.log_end,
            disabled: rule.disabled,
            line: rule.line,
        }
    }

    fn zone_column(&self, names: &[Name], out: &mut Diagnostics) -> ZoneMatch {
        if says(names, ANY, out) {
            return ZoneMatch::Any;
        }
        let mut zones = Vec::with_capacity(names.len());
        for name in names {
            match self.zones.find(&name.value) {
                Some(zone) => zones.push(zone),
                None => {
                    let help = did_you_mean(&name.value, self.zones.names().iter().map(String::as_str));
                    out.error(&name.span, super::unknown("zone", &name.value))
                        .help(help.unwrap_or_else(|| "define it under `[zones]`".to_owned()));
                }
            }
        }
        zones.sort_unstable();
        zones.dedup();
        ZoneMatch::Zones(zones)
    }

    fn address_column(&mut self, names: &'c [Name], negate: bool, out: &mut Diagnostics) -> AddressMatch {
        if says(names, ANY, out) {
            return AddressMatch::default();
        }
        let ranges = self.addresses.resolve(names, out);
        AddressMatch { names: names.iter().map(|name| name.value.clone()).collect(), ranges, negate }
    }

    fn application_column(&mut self, names: &'c [Name], out: &mut Diagnostics) -> ApplicationMatch {
        if says(names, ANY, out) {
            return ApplicationMatch::Any;
        }
        let members = self.applications.resolve(names, out);
        ApplicationMatch::Applications {
            names: names.iter().map(|name| name.value.clone()).collect(),
            members,
        }
    }

    fn service_column(&mut self, names: &'c [Name], out: &mut Diagnostics) -> ServiceMatch {
        if names.is_empty() || says(names, APPLICATION_DEFAULT, out) {
            return ServiceMatch::ApplicationDefault;
        }
        if says(names, ANY, out) {
            return ServiceMatch::Any;
        }
        ServiceMatch::Services(self.services.resolve(names, out))
    }
}

/// Whether a column says `word`, which stands alone. A column that says nothing says `any`.
fn says(names: &[Name], word: &str, out: &mut Diagnostics) -> bool {
    let Some(found) = names.iter().find(|name| name.value == word) else { return names.is_empty() };
    if names.len() > 1 {
        out.error(&found.span, format!("`{word}` stands alone, not in a list with other names"));
    }
    true
}
