//! Security rules with their names resolved.

use hashbrown::HashMap;

use super::objects::{By, unknown};
use super::{ANY, Names, texts};
use crate::config::candidate::{Candidate, DefaultRule, Name, SecurityRule};
use crate::config::diagnostic::{Diagnostics, Span, quote};
use crate::policy::{Action, AddressMatch, ApplicationMatch, Rule, RuleType, ServiceMatch, ZoneMatch};

/// More security rules than any PAN-OS platform takes.
const RULES: usize = 200_000;

const APPLICATION_DEFAULT: &str = "application-default";

/// All rules the user wrote, in order.
pub(super) fn rules<'c>(
    rules: &'c [SecurityRule],
    names: &mut Names<'c>,
    out: &mut Diagnostics,
) -> Vec<Rule> {
    if let Some(rule) = rules.get(RULES) {
        out.error(&rule.span, format!("more than {RULES} security rules"));
        return Vec::new();
    }
    let mut seen: HashMap<(usize, &str), &Name, foldhash::fast::FixedState> = HashMap::default();
    for rule in rules {
        if rule.name.value.is_empty() {
            out.error(&rule.name.span, "a security rule needs a name").help(names.cures.rule_name());
        } else if let Some(first) = seen.insert((rule.rulebase, &rule.name.value), &rule.name) {
            out.error(&rule.name.span, format!("two security rules are called {}", quote(&rule.name.value)))
                .help("give one of them another name")
                .related(&first.span, "the first one");
        }
        contradictions(rule, out);
    }
    warn_of_identities("rule", rules.iter(), out);
    rules.iter().map(|rule| names.rule(rule, out)).collect()
}

/// `intrazone-default` and `interzone-default` (PANOS.md 2.2; they do not log unless told to).
pub(super) fn defaults(candidate: &Candidate, out: &mut Diagnostics) -> [Rule; 2] {
    let mut rule = |name: &str, rule_type, action, set: &DefaultRule| {
        let action = set.action.unwrap_or(action);
        unreachable_needs_drop(set.icmp_unreachable.unwrap_or(false), action, &set.span, out);
        Rule {
            name: name.to_owned(),
            rule_type,
            service: ServiceMatch::Any,
            action,
            icmp_unreachable: set.icmp_unreachable.unwrap_or(false),
            log_start: set.log_start.unwrap_or(false),
            log_end: set.log_end.unwrap_or(false),
            log_setting: set.log_setting.as_ref().map_or_else(String::new, |name| name.value.clone()),
            ..Rule::default()
        }
    };
    [
        rule("intrazone-default", RuleType::Intrazone, Action::Allow, &candidate.intrazone),
        rule("interzone-default", RuleType::Interzone, Action::Deny, &candidate.interzone),
    ]
}

/// Values that are sound by themselves and make no sense together.
fn contradictions(rule: &SecurityRule, out: &mut Diagnostics) {
    let name = quote(&rule.name.value);
    let is_any = |names: &[Name]| names.is_empty() || names.iter().any(|name| name.value == ANY);
    for (key, negate, column) in [
        ("source", rule.negate_source, &rule.source),
        ("destination", rule.negate_destination, &rule.destination),
    ] {
        if negate && is_any(column) {
            out.error(&rule.name.span, format!("rule {name} negates any {key}, so that it matches nothing"))
                .help(format!("name the addresses under `{key}`, or leave out `negate-{key}`"));
        }
    }
    unreachable_needs_drop(rule.icmp_unreachable, rule.action, &rule.name.span, out);
    let (from, to) = (zone_set(&rule.from), zone_set(&rule.to));
    match rule.rule_type {
        RuleType::Intrazone if !is_any(&rule.to) && from != to => {
            out.error(&rule.name.span, format!("rule {name} is `intrazone`, but `from` and `to` differ"))
                .help("an intrazone rule needs no `to`: it is about traffic within each zone of `from`");
        }
        RuleType::Interzone if from.len() == 1 && from == to && !is_any(&rule.from) => {
            out.error(
                &rule.name.span,
                format!("rule {name} is `interzone`, but `from` and `to` are the same zone"),
            )
            .help("leave out `rule-type`, or make it `intrazone`");
        }
        _ => {}
    }
}

fn zone_set(names: &[Name]) -> Vec<&str> {
    let mut names: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// `icmp-unreachable` is for drop and the resets (PANOS.md 3.1).
fn unreachable_needs_drop(set: bool, action: Action, span: &Span, out: &mut Diagnostics) {
    if set && matches!(action, Action::Allow | Action::Deny) {
        out.error(span, format!("`icmp-unreachable` does not go with the action `{action}`"))
            .help("use the action `drop`, `reset-client`, `reset-server` or `reset-both`");
    }
}

/// Rules that cannot match, because a capture does not tell what the host is.
pub(super) fn warn_of_identities<'r>(
    what: &str,
    rules: impl Iterator<Item = &'r SecurityRule>,
    out: &mut Diagnostics,
) {
    let mut asking = rules.filter(|rule| !rule.identity.is_empty() && !rule.disabled);
    if let Some(first) = asking.next() {
        let more = match asking.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        out.warn(format!(
            "{what} {}{more}: hosts and devices are not modelled, so that what asks for one never matches",
            quote(&first.name.value)
        ));
    }
}

impl<'c> Names<'c> {
    pub(super) fn rule(&mut self, rule: &'c SecurityRule, out: &mut Diagnostics) -> Rule {
        let by = By::rule(&rule.name.value);
        let schedule = rule.schedule.as_ref().and_then(|name| self.schedules.find(name, by, self.cures, out));
        Rule {
            name: rule.name.value.clone(),
            rule_type: rule.rule_type,
            from: self.zone_column(&rule.from, by, out),
            to: self.zone_column(&rule.to, by, out),
            source: self.address_column(&rule.source, rule.negate_source, by, out),
            destination: self.address_column(&rule.destination, rule.negate_destination, by, out),
            application: self.application_column(&rule.application, by, out),
            service: self.service_column(&rule.service, by, out),
            category: self.categories.column(&rule.category),
            user: self.users.column(&rule.source_user, out),
            identity: rule.identity.clone(),
            schedule,
            action: rule.action,
            icmp_unreachable: rule.icmp_unreachable,
            log_start: rule.log_start,
            log_end: rule.log_end,
            log_setting: rule.log_setting.as_ref().map_or_else(String::new, |name| name.value.clone()),
            disabled: rule.disabled,
            line: rule.line,
        }
    }

    pub(super) fn zone_column(&self, names: &[Name], by: By<'_>, out: &mut Diagnostics) -> ZoneMatch {
        if is_any(names, out) {
            return ZoneMatch::Any;
        }
        let mut zones = Vec::with_capacity(names.len());
        for name in names {
            match self.zones.find(&name.value) {
                Some(zone) => zones.push(zone),
                None => {
                    let known = || self.zones.names().iter().map(String::as_str).collect();
                    unknown(by, "zone", name, known, self.cures.zone(), out);
                }
            }
        }
        zones.sort_unstable();
        zones.dedup();
        ZoneMatch::Zones(zones)
    }

    pub(super) fn address_column(
        &mut self,
        names: &'c [Name],
        negate: bool,
        by: By<'_>,
        out: &mut Diagnostics,
    ) -> AddressMatch {
        if is_any(names, out) {
            return AddressMatch::default();
        }
        let ranges = self.addresses.resolve(names, by, out);
        AddressMatch { names: texts(names), ranges, negate }
    }

    fn application_column(
        &mut self,
        names: &'c [Name],
        by: By<'_>,
        out: &mut Diagnostics,
    ) -> ApplicationMatch {
        if is_any(names, out) {
            return ApplicationMatch::Any;
        }
        let members = self.applications.resolve(names, by, out);
        ApplicationMatch::Applications { names: texts(names), members }
    }

    fn service_column(&mut self, names: &'c [Name], by: By<'_>, out: &mut Diagnostics) -> ServiceMatch {
        if names.is_empty() || says(names, APPLICATION_DEFAULT, out) {
            ServiceMatch::ApplicationDefault
        } else if says(names, ANY, out) {
            ServiceMatch::Any
        } else {
            ServiceMatch::Services(self.services.resolve(names, by, out))
        }
    }
}

/// Whether a column is `any`, which is also what a column means that says nothing.
fn is_any(names: &[Name], out: &mut Diagnostics) -> bool {
    names.is_empty() || says(names, ANY, out)
}

/// Whether a column says `word`, which stands alone.
fn says(names: &[Name], word: &str, out: &mut Diagnostics) -> bool {
    let Some(found) = names.iter().find(|name| name.value == word) else { return false };
    if names.len() > 1 {
        out.error(&found.span, format!("`{word}` stands for everything and goes with no other name"))
            .help(format!("leave out `{word}`, or the other names"));
    }
    true
}
