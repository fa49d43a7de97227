//! `[[security]]` and `[default.*]`.

use toml::de::DeTable;

use super::Document;
use super::profile::of_rule;
use super::reader::{Reader, Value, entries};
use crate::config::candidate::{At, DefaultRule, Name, SecurityRule};
use crate::config::diagnostic::Span;
use crate::policy::{Action, RuleType};

/// Keys of a rule.
const KEYS: [&str; 28] = [
    "name",
    "rule-type",
    "from",
    "to",
    "source",
    "negate-source",
    "source-user",
    "source-hip",
    "source-device",
    "destination",
    "negate-destination",
    "destination-hip",
    "destination-device",
    "application",
    "service",
    "category",
    "action",
    "icmp-unreachable",
    "log-start",
    "log-end",
    "log-setting",
    "disabled",
    "schedule",
    "profiles",
    "profile-group",
    "description",
    "tag",
    "group-tag",
];

/// Keys of a default rule.
const DEFAULT_KEYS: [&str; 8] =
    ["action", "icmp-unreachable", "log-start", "log-end", "log-setting", "profiles", "profile-group", "tag"];

const RULE_TYPES: [(&str, RuleType); 3] = [
    ("universal", RuleType::Universal),
    ("intrazone", RuleType::Intrazone),
    ("interzone", RuleType::Interzone),
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
        let mut rule =
            SecurityRule::new(At::new(String::new(), span.clone()), span.clone(), self.line(span.start));
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
                "category" => rule.category = reader.names(value),
                "source-user" => rule.source_user = reader.names(value),
                "source-hip" | "destination-hip" | "source-device" | "destination-device" => {
                    rule.identity.extend(identity(&key.value, reader.names(value)));
                }
                "action" => rule.action = action(reader, value).unwrap_or_default(),
                "icmp-unreachable" => rule.icmp_unreachable = reader.flag(value).unwrap_or_default(),
                "log-start" => rule.log_start = reader.flag(value).unwrap_or_default(),
                "log-end" => rule.log_end = reader.flag(value).unwrap_or(true),
                "log-setting" => rule.log_setting = reader.text(value),
                "disabled" => rule.disabled = reader.flag(value).unwrap_or_default(),
                "schedule" => rule.schedule = reader.text(value),
                "profiles" => rule.profiles.extend(of_rule(reader, value)),
                "profile-group" => rule.profiles.push((group(&key), reader.names(value))),
                "description" => rule.description = reader.text(value).map(|text| text.value),
                "tag" => rule.tags = reader.names(value),
                _ => other_key(reader, &key, "a security rule", &KEYS),
            }
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
        let mut rule = DefaultRule { span: value.span(), ..DefaultRule::default() };
        let reader = &mut self.reader;
        let Some(table) = reader.table(value, "a table") else { return rule };
        for (key, value) in entries(table) {
            match key.value.as_str() {
                "action" => rule.action = action(reader, value),
                "icmp-unreachable" => rule.icmp_unreachable = reader.flag(value),
                "log-start" => rule.log_start = reader.flag(value),
                "log-end" => rule.log_end = reader.flag(value),
                "log-setting" => rule.log_setting = reader.text(value),
                "profiles" => rule.profiles.extend(of_rule(reader, value)),
                "profile-group" => rule.profiles.push((group(&key), reader.names(value))),
                _ => other_key(reader, &key, "a default rule", &DEFAULT_KEYS),
            }
        }
        rule
    }
}

/// Keys that change nothing the model shows, and unknown ones.
fn other_key(reader: &mut Reader<'_>, key: &Name, place: &str, known: &[&str]) {
    match key.value.as_str() {
        "description" | "tag" | "group-tag" | "uuid" | "target" => {}
        "qos" | "option" => {
            reader.out.warn(format!("`{}` of rules is read but not modelled yet", key.value));
        }
        _ => reader.unknown_key(key, place, known),
    }
}

/// As PAN-OS calls a group of profiles in `profile-setting`.
fn group(key: &Name) -> Name {
    At::new("group".to_owned(), key.span.clone())
}

fn action(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Action> {
    reader.choice(value, &Action::ALL.map(|action| (action.name(), action)))
}

/// What a rule asks of hosts or devices, in words.
pub(super) fn identity(key: &str, names: Vec<Name>) -> Option<String> {
    let any = names.is_empty() || names.iter().any(|name| name.value == "any");
    let names: Vec<String> = names.into_iter().map(|name| name.value).collect();
    (!any).then(|| format!("{key} {}", names.join(" or ")))
}
