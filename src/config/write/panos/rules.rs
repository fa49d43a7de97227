//! Rulebases (PANOS.md 2.7, 9, 12.2).

use super::{Item, decryption, entry};
use crate::config::candidate::{
    Candidate, DefaultRule, DestinationTranslation, Name, NatRule, OverrideRule, Pool, SecurityRule,
    SourceTranslation,
};
use crate::config::write::text;
use crate::policy::RuleType;

/// What a rule asks of hosts and devices, by key.
const IDENTITIES: [&str; 8] = [
    "source-hip",
    "destination-hip",
    "hip-profiles",
    "source-device",
    "destination-device",
    "source-imsi",
    "source-imei",
    "source-nw-slice",
];

/// `rulebase`.
pub(super) fn rulebase(candidate: &Candidate) -> Option<Item> {
    let kinds = [
        ("security", candidate.rules.iter().map(security).collect()),
        ("default-security-rules", defaults(candidate)),
        ("nat", candidate.nat.iter().map(nat).collect()),
        ("application-override", candidate.overrides.iter().map(application_override).collect()),
        ("decryption", candidate.decryption.iter().map(decryption::rule).collect()),
    ];
    let kinds = kinds.into_iter().filter_map(|(kind, rules): (&'static str, Vec<Item>)| {
        Some(Item::Element(kind, vec![Item::element("rules", rules)?]))
    });
    Item::element("rulebase", kinds.collect())
}

fn security(rule: &SecurityRule) -> Item {
    let mut items = vec![
        Item::members_or("from", &rule.from, "any"),
        Item::members_or("to", &rule.to, "any"),
        Item::members_or("source", &rule.source, "any"),
        Item::members_or("destination", &rule.destination, "any"),
        Item::members_or("source-user", &rule.source_user, "any"),
        Item::members_or("category", &rule.category, "any"),
        Item::members_or("application", &rule.application, "any"),
        Item::members_or("service", &rule.service, "application-default"),
        Item::value("action", rule.action),
    ];
    items.extend(identities(rule));
    if rule.rule_type != RuleType::Universal {
        items.push(Item::value("rule-type", rule.rule_type.name()));
    }
    items.extend(rule.schedule.as_ref().map(|schedule| Item::value("schedule", &schedule.value)));
    items.extend(flags(&[
        ("negate-source", rule.negate_source),
        ("negate-destination", rule.negate_destination),
        ("icmp-unreachable", rule.icmp_unreachable),
        ("log-start", rule.log_start),
        ("disabled", rule.disabled),
    ]));
    items.push(Item::flag("log-end", rule.log_end));
    items.extend(super::profiles::setting(&rule.profiles));
    items.extend(notes(rule.description.as_deref(), &rule.tags));
    entry(&rule.name, items)
}

/// What a rule asks of hosts and devices.
pub(super) fn identities(rule: &SecurityRule) -> impl Iterator<Item = Item> {
    rule.identity.iter().filter_map(|asked| {
        let (key, names) =
            IDENTITIES.iter().find_map(|key| Some((*key, asked.strip_prefix(key)?.strip_prefix(' ')?)))?;
        Some(Item::Members(key, names.split(" or ").map(str::to_owned).collect()))
    })
}

/// Flags that are set; PAN-OS takes the others as `no`.
pub(super) fn flags(flags: &[(&'static str, bool)]) -> impl Iterator<Item = Item> {
    flags.iter().filter(|(_, flag)| *flag).map(|(key, _)| Item::flag(key, true))
}

pub(super) fn notes(description: Option<&str>, tags: &[Name]) -> impl Iterator<Item = Item> {
    let description = description.map(|description| Item::value("description", description));
    description.into_iter().chain(Item::members("tag", tags))
}

fn defaults(candidate: &Candidate) -> Vec<Item> {
    [("intrazone-default", &candidate.intrazone), ("interzone-default", &candidate.interzone)]
        .into_iter()
        .filter_map(|(name, rule)| {
            let items = default(rule);
            (!items.is_empty()).then(|| Item::Entry(name.to_owned(), items))
        })
        .collect()
}

fn default(rule: &DefaultRule) -> Vec<Item> {
    let mut items: Vec<Item> = rule.action.map(|action| Item::value("action", action)).into_iter().collect();
    let flags = [
        ("icmp-unreachable", rule.icmp_unreachable),
        ("log-start", rule.log_start),
        ("log-end", rule.log_end),
    ];
    items.extend(flags.into_iter().filter_map(|(key, flag)| Some(Item::flag(key, flag?))));
    items.extend(super::profiles::setting(&rule.profiles));
    items
}

fn nat(rule: &NatRule) -> Item {
    let mut items = vec![
        Item::members_or("from", &rule.from, "any"),
        Item::members_or("to", &rule.to, "any"),
        Item::members_or("source", &rule.source, "any"),
        Item::members_or("destination", &rule.destination, "any"),
        Item::value("service", rule.service.as_ref().map_or("any", |service| &service.value)),
    ];
    items.extend(rule.to_interface.as_ref().map(|name| Item::value("to-interface", &name.value)));
    items.extend(rule.nat_type.as_ref().map(|kind| Item::value("nat-type", &kind.value)));
    items.extend(
        rule.source_translation
            .as_ref()
            .map(|translation| Item::Element("source-translation", vec![source(translation)])),
    );
    items.extend(rule.destination_translation.as_ref().map(destination));
    items.extend(flags(&[("disabled", rule.disabled)]));
    items.extend(notes(rule.description.as_deref(), &rule.tags));
    entry(&rule.name, items)
}

fn source(translation: &SourceTranslation) -> Item {
    match translation {
        SourceTranslation::DynamicIpAndPort(addresses) => {
            Item::Element("dynamic-ip-and-port", vec![pool(addresses)])
        }
        SourceTranslation::DynamicIp { addresses, fallback } => {
            let mut items: Vec<Item> = Item::members("translated-address", addresses).into_iter().collect();
            items.extend(fallback.as_ref().map(|fallback| Item::Element("fallback", vec![pool(fallback)])));
            Item::Element("dynamic-ip", items)
        }
        SourceTranslation::StaticIp { address, bidirectional } => {
            let mut items = vec![Item::value("translated-address", &address.value)];
            items.extend(flags(&[("bi-directional", *bidirectional)]));
            Item::Element("static-ip", items)
        }
    }
}

fn pool(pool: &Pool) -> Item {
    match pool {
        Pool::Addresses(addresses) => Item::members_or("translated-address", addresses, ""),
        Pool::Interface { interface, ip } => {
            let mut items = vec![Item::value("interface", &interface.value)];
            items.extend(ip.as_ref().map(|ip| Item::value("ip", &ip.value)));
            Item::Element("interface-address", items)
        }
    }
}

fn destination(translation: &DestinationTranslation) -> Item {
    let mut items = vec![Item::value("translated-address", &translation.address.value)];
    items.extend(translation.port.as_ref().map(|port| Item::value("translated-port", port.value)));
    let distribution = translation.distribution.as_ref();
    items.extend(distribution.map(|distribution| Item::value("distribution", &distribution.value)));
    let dynamic = distribution.is_some();
    Item::Element(if dynamic { "dynamic-destination-translation" } else { "destination-translation" }, items)
}

fn application_override(rule: &OverrideRule) -> Item {
    let mut items = vec![
        Item::members_or("from", &rule.from, "any"),
        Item::members_or("to", &rule.to, "any"),
        Item::members_or("source", &rule.source, "any"),
        Item::members_or("destination", &rule.destination, "any"),
        Item::value("protocol", rule.protocol),
        Item::Value("port", text::ports(&rule.ports)),
        Item::value("application", &rule.application.value),
    ];
    items.extend(flags(&[
        ("negate-source", rule.negate_source),
        ("negate-destination", rule.negate_destination),
        ("disabled", rule.disabled),
    ]));
    items.extend(notes(rule.description.as_deref(), &rule.tags));
    entry(&rule.name, items)
}
