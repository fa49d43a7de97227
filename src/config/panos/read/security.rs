//! Security rules and the default rules (PANOS.md 12.2).

use super::reader::{Reader, entries, names, text, value};
use crate::config::candidate::{DefaultRule, Name, SecurityRule};
use crate::config::panos::tree::Node;
use crate::policy::{Action, RuleType};

const RULE_TYPES: [(&str, RuleType); 3] = [
    ("universal", RuleType::Universal),
    ("intrazone", RuleType::Intrazone),
    ("interzone", RuleType::Interzone),
];

/// What PAN-OS asks for in every rule.
const REQUIRED: [&str; 5] = ["from", "source", "destination", "application", "action"];

impl Reader<'_> {
    /// An entry of `security/rules`. `rulebase` tells rulebases apart: names are unique within one.
    pub(super) fn security_rule(&mut self, node: &Node<'_>, rulebase: usize) -> SecurityRule {
        let name = &*node.name;
        let mut rule = SecurityRule::new(node.as_name(), node.span.clone(), self.line(node));
        rule.rulebase = rulebase;
        for child in &node.children {
            if self.matched(&mut rule, child) {
                continue;
            }
            match &*child.name {
                "application" => rule.application = self.names_or_any(child, name),
                "action" => rule.action = self.action(child).unwrap_or_default(),
                "icmp-unreachable" => rule.icmp_unreachable = self.flag(child).unwrap_or_default(),
                "log-start" => rule.log_start = self.flag(child).unwrap_or_default(),
                "log-end" => rule.log_end = self.flag(child).unwrap_or(true),
                "log-setting" => rule.log_setting = value(child),
                "rule-type" => rule.rule_type = self.choice(child, &RULE_TYPES).unwrap_or_default(),
                "schedule" => rule.schedule = value(child),
                "profile-setting" => rule.profiles = profiles(child),
                _ => self.other_key(child, "security", name),
            }
        }
        self.complete(node);
        rule
    }

    /// What security and decryption rules have alike; `false` where the key is none of that.
    pub(super) fn matched(&mut self, rule: &mut SecurityRule, child: &Node<'_>) -> bool {
        let name = rule.name.value.as_str();
        match &*child.name {
            "from" => rule.from = self.names_or_any(child, name),
            "to" => rule.to = self.names_or_any(child, name),
            "source" => rule.source = self.names_or_any(child, name),
            "destination" => rule.destination = self.names_or_any(child, name),
            "service" => rule.service = self.names_or_any(child, name),
            "category" => rule.category = self.names_or_any(child, name),
            "source-user" => rule.source_user = self.names_or_any(child, name),
            "source-hip" | "destination-hip" | "hip-profiles" | "source-device" | "destination-device"
            | "source-imsi" | "source-imei" | "source-nw-slice" => {
                rule.identity.extend(identity(&child.name, &names(child)));
            }
            "negate-source" => rule.negate_source = self.flag(child).unwrap_or_default(),
            "negate-destination" => rule.negate_destination = self.flag(child).unwrap_or_default(),
            "disabled" => rule.disabled = self.flag(child).unwrap_or_default(),
            "description" => rule.description = text(child),
            "tag" => rule.tags = names(child),
            _ => return false,
        }
        true
    }

    /// What PAN-OS asks for at commit and a file may lack, for instance one that was cut out of another.
    fn complete(&mut self, node: &Node<'_>) {
        for key in REQUIRED {
            if node.child(key).is_none_or(|child| child.children.is_empty()) {
                let taken = if key == "action" { "allow" } else { "any" };
                self.note(
                    &format!("security rules without `{key}`, which PAN-OS asks for: taken as `{taken}`"),
                    &node.name,
                );
            }
        }
    }

    /// Keys of any rule that change nothing the model shows, and those whose effect it does not show.
    pub(super) fn other_key(&mut self, key: &Node<'_>, rulebase: &str, rule: &str) {
        match &*key.name {
            "uuid" | "group-tag" | "log-setting" | "loc" | "qos" | "audit-comment" | "saas-user-list"
            | "saas-tenant-list" => {}
            "target" => self.target(key, rulebase, rule),
            "option" => {
                if key.at(&["disable-server-response-inspection", "yes"]).is_some() {
                    self.unmodelled("`disable-server-response-inspection` of security rules", rule);
                }
            }
            other => self.unmodelled(&format!("`{other}` of {rulebase} rules"), rule),
        }
    }

    /// `target` limits a rule of Panorama to some firewalls.
    fn target(&mut self, target: &Node<'_>, rulebase: &str, rule: &str) {
        let negated = target.at(&["negate", "yes"]).is_some();
        if negated || !entries(target, "devices").is_empty() || !entries(target, "tags").is_empty() {
            self.note(
                &format!("{rulebase} rules with `target`, which limits them to some firewalls: taken to be for this one"),
                rule,
            );
        }
    }

    /// Overrides of the default rules, of the innermost rulebase that has any.
    pub(super) fn default_rule(&mut self, node: &Node<'_>) -> DefaultRule {
        let mut rule = DefaultRule { span: node.span.clone(), ..DefaultRule::default() };
        for child in &node.children {
            match &*child.name {
                "action" => rule.action = self.action(child),
                "icmp-unreachable" => rule.icmp_unreachable = self.flag(child),
                "log-start" => rule.log_start = self.flag(child),
                "log-end" => rule.log_end = self.flag(child),
                "log-setting" => rule.log_setting = value(child),
                "profile-setting" => rule.profiles = profiles(child),
                "description" | "tag" => {}
                _ => self.other_key(child, "default", &node.name),
            }
        }
        rule
    }

    fn action(&mut self, node: &Node<'_>) -> Option<Action> {
        self.choice(node, &Action::ALL.map(|action| (action.name(), action)))
    }
}

/// What a rule asks of hosts, devices or subscribers, in words.
fn identity(key: &str, names: &[Name]) -> Option<String> {
    let any = names.iter().all(|name| name.value == "any");
    let names: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
    (!any).then(|| format!("{key} {}", names.join(" or ")))
}

/// `profile-setting`: profiles by kind, or a group of them.
fn profiles(node: &Node<'_>) -> Vec<(Name, Vec<Name>)> {
    let kind = |kind: &Node<'_>| (kind.as_name(), names(kind));
    let single = entries(node, "profiles").iter().map(kind);
    single.chain(node.child("group").map(kind)).filter(|(_, names)| !names.is_empty()).collect()
}
