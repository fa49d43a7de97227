//! `[[security]]` and `[default.*]`.

use toml::de::DeTable;

use super::Document;
use super::reader::{Value, entries};
use crate::config::candidate::{At, DefaultRule, SecurityRule};
use crate::config::diagnostic::Span;
use crate::policy::{Action, RuleType};

/// Keys of a rule that the model uses.
const KEYS: [&str; 17] = [
    "name",
    "rule-type",
    "from",
    "to",
    "source",
    "destination",
    "negate-source",
    "negate-destination",
    "application",
    "service",
    "action",
    "icmp-unreachable",
    "log-start",
    "log-end",
    "disabled",
    "description",
    "tag",
];

/// Keys of a rule that change nothing the model shows.
const SILENT: [&str; 6] = ["description", "tag", "group-tag", "log-setting", "uuid", "target"];

/// Keys of a rule that would change its meaning, were they modelled. `any` says nothing.
const NOT_MODELLED: [&str; 10] = [
    "source-user",
    "category",
    "source-hip",
    "destination-hip",
    "source-device",
    "destination-device",
    "schedule",
    "profile-setting",
    "qos",
    "option",
];

const RULE_TYPES: [(&str, RuleType); 3] = [
    ("universal", RuleType::Universal),
    ("intrazone", RuleType::Intrazone),
    ("interzone", RuleType::Interzone),
];

const ACTIONS: [(&str, Action); 6] = [
    ("allow", Action::Allow),
    ("deny", Action::Deny),
    ("drop", Action::Drop),
    ("reset-client", Action::ResetClient),
    ("reset-server", Action::ResetServer),
    ("reset-both", Action::ResetBoth),
];

impl Document<'_> {
    /// `[[security]]`.
    pub(super) fn security(&mut self, value: &Value<'_>) {
        let Some(rules) = value.get_ref().as_array() else {
            self.reader.mismatch(value, "`[[security]]` tables");
            return;
        };
        for rule in rules.iter() {
            if let Some(table) = self.reader.table(rule, "a `[[security]]` table") {
                let rule = self.security_rule(&rule.span(), table);
                self.candidate.rules.push(rule);
            }
        }
    }

    fn security_rule(&mut self, span: &Span, table: &DeTable<'_>) -> SecurityRule {
        let mut rule = SecurityRule {
            name: At::new(String::new(), span.clone()),
            line: self.line(span.start),
            rule_type: RuleType::default(),
            from: Vec::new(),
            to: Vec::new(),
            source: Vec::new(),
            destination: Vec::new(),
            negate_source: false,
            negate_destination: false,
            application: Vec::new(),
            service: Vec::new(),
            action: Action::default(),
            icmp_unreachable: false,
            log_start: false,
            log_end: true,
            disabled: false,
        };
        let reader = &mut self.reader;
        for (key, value) in entries(table) {
            match key.value.as_str() {
                "name" => rule.name = reader.text(value).unwrap_or(rule.name),
                "rule-type" => rule.rule_type = reader.choice(value, &RULE_TYPES).unwrap_or_default(),
                "from" => rule.from = reader.names(value),
                "to" => rule.to = reader.names(value),
                "source" => rule.source = reader.names(value),
                "destination" => rule.destination = reader.names(value),
                "negate-source" => rule.negate_source = reader.flag(value).unwrap_or_default(),
                "negate-destination" => rule.negate_destination = reader.flag(value).unwrap_or_default(),
                "application" => rule.application = reader.names(value),
                "service" => rule.service = reader.names(value),
                "action" => rule.action = reader.choice(value, &ACTIONS).unwrap_or_default(),
                "icmp-unreachable" => rule.icmp_unreachable = reader.flag(value).unwrap_or_default(),
                "log-start" => rule.log_start = reader.flag(value).unwrap_or_default(),
                "log-end" => rule.log_end = reader.flag(value).unwrap_or(true),
                "disabled" => rule.disabled = reader.flag(value).unwrap_or_default(),
                silent if SILENT.contains(&silent) => {}
                other if NOT_MODELLED.contains(&other) => {
                    if value.get_ref().as_str() != Some("any") {
                        reader.out.warn(format!("`{other}` of security rules is read but not modelled yet"));
                    }
                }
                _ => reader.unknown_key(&key, "a security rule", &KEYS),
            }
        }
        if rule.name.value.is_empty() {
            reader.out.error(&rule.name.span, "a security rule without name").help("add `name = \"...\"`");
        }
        rule
    }

    /// `[default.intrazone]` and `[default.interzone]`.
    pub(super) fn defaults(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "`[default.intrazone]` or `[default.interzone]`") else {
            return;
        };
        for (key, value) in entries(table) {
            match key.value.as_str() {
                "intrazone" => self.candidate.intrazone = self.default_rule(value),
                "interzone" => self.candidate.interzone = self.default_rule(value),
                _ => self.reader.unknown_key(&key, "`[default]`", &["intrazone", "interzone"]),
            }
        }
    }

    fn default_rule(&mut self, value: &Value<'_>) -> DefaultRule {
        let mut rule = DefaultRule::default();
        let reader = &mut self.reader;
        let Some(table) = reader.table(value, "a table") else { return rule };
        for (key, value) in entries(table) {
            match key.value.as_str() {
                "action" => rule.action = reader.choice(value, &ACTIONS),
                "icmp-unreachable" => rule.icmp_unreachable = reader.flag(value),
                "log-start" => rule.log_start = reader.flag(value),
                "log-end" => rule.log_end = reader.flag(value),
                silent if SILENT.contains(&silent) => {}
                _ => reader.unknown_key(
                    &key,
                    "a default rule",
                    &["action", "icmp-unreachable", "log-start", "log-end"],
                ),
            }
        }
        rule
    }
}
