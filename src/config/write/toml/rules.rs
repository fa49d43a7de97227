//! `[[security]]`, `[default]`.

use super::profiles::setting;
use super::{Page, strings};
use crate::config::candidate::{Candidate, DefaultRule, SecurityRule};
use crate::policy::RuleType;

pub(super) fn rules(candidate: &Candidate, page: &mut Page) {
    for rule in &candidate.rules {
        security(rule, page);
    }
    for (name, rule) in [("intrazone", &candidate.intrazone), ("interzone", &candidate.interzone)] {
        default(name, rule, page);
    }
}

fn security(rule: &SecurityRule, page: &mut Page) {
    page.head(&["security"], true);
    page.string("name", &rule.name.value);
    if rule.rule_type != RuleType::Universal {
        page.string("rule-type", rule.rule_type.name());
    }
    matched(rule, page);
    if let Some(schedule) = &rule.schedule {
        page.string("schedule", &schedule.value);
    }
    page.string("action", rule.action.name());
    for (key, flag, otherwise) in [
        ("negate-source", rule.negate_source, false),
        ("negate-destination", rule.negate_destination, false),
        ("icmp-unreachable", rule.icmp_unreachable, false),
        ("log-start", rule.log_start, false),
        ("log-end", rule.log_end, true),
        ("disabled", rule.disabled, false),
    ] {
        if flag != otherwise {
            page.flag(key, flag);
        }
    }
    if let Some(profile) = &rule.log_setting {
        page.string("log-setting", &profile.value);
    }
    setting(&rule.profiles, page);
    if let Some(description) = &rule.description {
        page.string("description", description);
    }
    page.names("tag", &rule.tags);
}

/// What rules of several rulebases match by.
pub(super) fn matched(rule: &SecurityRule, page: &mut Page) {
    page.names("from", &rule.from);
    page.names("to", &rule.to);
    page.names("source", &rule.source);
    page.names("destination", &rule.destination);
    page.names("source-user", &rule.source_user);
    page.names("application", &rule.application);
    page.names("service", &rule.service);
    page.names("category", &rule.category);
    for asked in &rule.identity {
        if let Some((key, names)) = asked.split_once(' ') {
            page.line(key, &strings(&names.split(" or ").collect::<Vec<_>>()));
        }
    }
}

fn default(name: &str, rule: &DefaultRule, page: &mut Page) {
    let flags = [
        ("icmp-unreachable", rule.icmp_unreachable),
        ("log-start", rule.log_start),
        ("log-end", rule.log_end),
    ];
    let nothing = rule.action.is_none() && rule.log_setting.is_none() && rule.profiles.is_empty();
    if nothing && flags.iter().all(|(_, flag)| flag.is_none()) {
        return;
    }
    page.head(&["default", name], false);
    if let Some(action) = rule.action {
        page.string("action", action.name());
    }
    for (key, flag) in flags {
        if let Some(flag) = flag {
            page.flag(key, flag);
        }
    }
    if let Some(profile) = &rule.log_setting {
        page.string("log-setting", &profile.value);
    }
    setting(&rule.profiles, page);
}
