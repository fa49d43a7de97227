//! Addresses, services, applications, schedules and what stands beside them (PANOS.md 12.1).

use super::{Item, entry, texts};
use crate::app::{Ports, Timeouts};
use crate::config::candidate::{
    AddressObject, ApplicationFilter, Body, Candidate, CustomApplication, Definition, Match, Name,
    Recurrence, Schedule, Signature,
};
use crate::config::write::text::{self, DAYS};
use crate::policy::Service;

/// Characteristics: the key in a filter, which the candidate goes by, and that in an application.
const CHARACTERISTICS: [(&str, &str); 9] = [
    ("evasive", "evasive-behavior"),
    ("excessive-bandwidth-use", "consume-big-bandwidth"),
    ("used-by-malware", "used-by-malware"),
    ("transfers-files", "able-to-transfer-file"),
    ("has-known-vulnerabilities", "has-known-vulnerability"),
    ("tunnels-other-apps", "tunnel-other-application"),
    ("prone-to-misuse", "prone-to-misuse"),
    ("pervasive", "pervasive-use"),
    ("is-saas", "is-saas"),
];

/// Every kind of object, in the order of a firewall's own export.
pub(super) fn all(candidate: &Candidate) -> Vec<Item> {
    let applications = candidate.applications.iter().filter(|app| !app.defines.is_empty());
    let lists = candidate.tables.external_lists.iter().map(|(name, _)| entry(name, Vec::new()));
    let regions = candidate.tables.regions.iter();
    let kinds = [
        ("tag", tags(candidate)),
        ("region", regions.map(|(name, list)| listed(name, "address", list)).collect()),
        ("external-list", lists.collect()),
        ("address", each(&candidate.addresses, address)),
        ("address-group", each(&candidate.addresses, address_group)),
        ("service", each(&candidate.services, service)),
        ("service-group", each(&candidate.services, service_group)),
        ("application", applications.map(application).collect()),
        ("application-group", each(&candidate.application_groups, application_group)),
        ("application-filter", candidate.application_filters.iter().map(filter).collect()),
        ("application-tag", candidate.applications.iter().filter_map(application_tag).collect()),
        ("schedule", candidate.schedules.iter().map(schedule).collect()),
    ];
    let mut items: Vec<Item> =
        kinds.into_iter().filter_map(|(name, entries)| Item::element(name, entries)).collect();
    let categories = candidate.tables.url_categories.iter();
    let categories = categories.map(|(name, list)| listed(name, "list", list)).collect();
    let categories = Item::element("custom-url-category", categories);
    let kinds = super::profiles::profiles(candidate).into_iter();
    let kinds = kinds.filter_map(|(kind, entries)| Item::element(kind, entries));
    let decryption = Item::element("decryption", super::decryption::profiles(candidate));
    let profiles = categories.into_iter().chain(kinds).chain(decryption);
    items.extend(Item::element("profiles", profiles.collect()));
    items.extend(super::profiles::others(candidate));
    items
}

/// What is said of predefined applications: gateways that are switched off, and other timeouts.
pub(super) fn overrides(candidate: &Candidate) -> Vec<Item> {
    let algs = candidate.disabled_algs.iter().map(|name| entry(name, vec![Item::flag("alg-disabled", true)]));
    let algs = Item::element("application", algs.collect());
    let algs = algs.map(|applications| Item::Element("alg-override", vec![applications]));
    let plain = candidate.applications.iter().filter(|app| app.defines.is_empty());
    let entries = plain.filter_map(|app| {
        let items = timeouts(&app.timeouts);
        (!items.is_empty()).then(|| entry(&app.name, items))
    });
    let applications = Item::element("application", entries.collect());
    let timeouts = applications.map(|applications| Item::Element("override", vec![applications]));
    algs.into_iter().chain(timeouts).collect()
}

fn each<T>(definitions: &[Definition<T>], item: impl Fn(&Definition<T>) -> Option<Vec<Item>>) -> Vec<Item> {
    definitions.iter().filter_map(|definition| Some(entry(&definition.name, item(definition)?))).collect()
}

fn listed(name: &Name, key: &'static str, list: &[Name]) -> Item {
    entry(name, Item::members(key, list).into_iter().collect())
}

/// Tags are objects of their own.
fn tags(candidate: &Candidate) -> Vec<Item> {
    let addresses = candidate.addresses.iter().flat_map(|definition| &definition.tags);
    let services = candidate.services.iter().flat_map(|definition| &definition.tags);
    let rules = candidate.rules.iter().flat_map(|rule| &rule.tags);
    let nat = candidate.nat.iter().flat_map(|rule| &rule.tags);
    let overrides = candidate.overrides.iter().flat_map(|rule| &rule.tags);
    let all = addresses.chain(services).chain(rules).chain(nat).chain(overrides);
    let names: std::collections::BTreeSet<&str> = all.map(|tag| tag.value.as_str()).collect();
    names.into_iter().map(|name| Item::Entry(name.to_owned(), Vec::new())).collect()
}

fn address(definition: &Definition<AddressObject>) -> Option<Vec<Item>> {
    let Body::Object(object) = &definition.body else { return None };
    let value = match object {
        AddressObject::Ranges(ranges) => {
            let text = text::addresses(ranges).into_iter().next().unwrap_or_default();
            Item::Value(if text.contains('-') { "ip-range" } else { "ip-netmask" }, text)
        }
        AddressObject::Wildcard { addr, mask } => Item::Value("ip-wildcard", text::wildcard(*addr, *mask)),
        AddressObject::Fqdn(host) => Item::value("fqdn", &host.value),
    };
    Some(tagged(vec![value], &definition.tags))
}

fn address_group(definition: &Definition<AddressObject>) -> Option<Vec<Item>> {
    let body = match &definition.body {
        Body::Object(_) => return None,
        Body::Group(members) => Item::Members("static", texts(members)),
        Body::Dynamic(filter) => Item::Element("dynamic", vec![Item::value("filter", &filter.value)]),
    };
    Some(tagged(vec![body], &definition.tags))
}

fn service(definition: &Definition<Vec<Service>>) -> Option<Vec<Item>> {
    let Body::Object(services) = &definition.body else { return None };
    let service = services.first()?;
    let mut ports = vec![Item::Value("port", text::ports(&service.ports))];
    if !service.source_ports.is_empty() {
        ports.push(Item::Value("source-port", text::ports(&service.source_ports)));
    }
    let timeouts = text::service_timeouts(&service.timeouts);
    if !timeouts.is_empty() {
        let timeouts = timeouts.into_iter().map(|(key, seconds)| Item::value(key, seconds)).collect();
        ports.push(Item::Element("override", vec![Item::Element("yes", timeouts)]));
    }
    let protocol = match service.protocol.to_string().as_str() {
        "tcp" => "tcp",
        "udp" => "udp",
        _ => "sctp",
    };
    let protocol = Item::Element("protocol", vec![Item::Element(protocol, ports)]);
    Some(tagged(vec![protocol], &definition.tags))
}

fn service_group(definition: &Definition<Vec<Service>>) -> Option<Vec<Item>> {
    let Body::Group(members) = &definition.body else { return None };
    Some(tagged(vec![Item::Members("members", texts(members))], &definition.tags))
}

fn tagged(mut items: Vec<Item>, tags: &[Name]) -> Vec<Item> {
    items.extend(Item::members("tag", tags));
    items
}

fn application(app: &CustomApplication) -> Item {
    let mut items: Vec<Item> = default_ports(app).into_iter().collect();
    let class = &app.class;
    for (key, value) in [
        ("category", &class.category),
        ("subcategory", &class.subcategory),
        ("technology", &class.technology),
    ] {
        items.extend((!value.is_empty()).then(|| Item::value(key, value)));
    }
    items.extend((class.risk > 0).then(|| Item::value("risk", class.risk)));
    items.extend(app.parent.as_ref().map(|parent| Item::value("parent-app", &parent.value)));
    items.extend(timeouts(&app.timeouts));
    let has = |filter: &str| app.characteristics.iter().any(|name| name.value == filter);
    items.extend(
        CHARACTERISTICS.iter().filter(|(filter, _)| has(filter)).map(|(_, key)| Item::flag(key, true)),
    );
    items.extend(Item::element("signature", app.signatures.iter().map(signature).collect()));
    entry(&app.name, items)
}

fn default_ports(app: &CustomApplication) -> Option<Item> {
    let icmp = |(kind, code): (u8, Option<u8>)| {
        let mut items = vec![Item::value("type", kind)];
        items.extend(code.map(|code| Item::value("code", code)));
        items
    };
    let ports = &app.ports;
    let item = match (app.icmp, app.icmp6, ports.ip_protocols.first()) {
        (Some(kind), ..) => Item::Element("ident-by-icmp-type", icmp(kind)),
        (None, Some(kind), _) => Item::Element("ident-by-icmp6-type", icmp(kind)),
        (None, None, Some((number, _))) => Item::value("ident-by-ip-protocol", number),
        (None, None, None) if *ports == Ports::default() => return None,
        (None, None, None) => Item::Members("port", ports.services()),
    };
    Some(Item::Element("default", vec![item]))
}

fn timeouts(timeouts: &Timeouts) -> Vec<Item> {
    [
        ("timeout", timeouts.timeout),
        ("tcp-timeout", timeouts.tcp_timeout),
        ("udp-timeout", timeouts.udp_timeout),
        ("tcp-half-closed-timeout", timeouts.tcp_half_closed_timeout),
        ("tcp-time-wait-timeout", timeouts.tcp_time_wait_timeout),
    ]
    .into_iter()
    .filter_map(|(key, seconds)| Some(Item::value(key, seconds?)))
    .collect()
}

pub(super) fn signature(signature: &Signature) -> Item {
    let numbered = |kind: &'static str, items: Vec<Vec<Item>>| {
        let entries = (1..).zip(items).map(|(number, items)| Item::Entry(format!("{kind} {number}"), items));
        entries.collect::<Vec<Item>>()
    };
    let all = signature.conditions.iter().map(|any| {
        let any = numbered("Or Condition", any.iter().map(condition).collect());
        vec![Item::Element("or-condition", any)]
    });
    let all = numbered("And Condition", all.collect());
    let scope = if signature.session { "session" } else { "protocol-data-unit" };
    let items = vec![
        Item::Element("and-condition", all),
        Item::value("scope", scope),
        Item::flag("order-free", signature.order_free),
    ];
    entry(&signature.name, items)
}

fn condition(condition: &Match) -> Vec<Item> {
    let value = if condition.operator == "pattern-match" { "pattern" } else { "value" };
    let mut items =
        vec![Item::value("context", &condition.context.value), Item::value(value, &condition.pattern.value)];
    items.extend(condition.position.iter().map(|position| Item::value("position", &position.value)));
    items.extend(condition.mask.iter().map(|mask| Item::value("mask", &mask.value)));
    let qualifiers = condition.qualifiers.iter();
    let qualifiers = qualifiers.map(|(name, value)| entry(name, vec![Item::value("value", &value.value)]));
    items.extend(Item::element("qualifier", qualifiers.collect()));
    vec![Item::Element("operator", vec![Item::Element(condition.operator, items)])]
}

fn application_group<T>(definition: &Definition<T>) -> Option<Vec<Item>> {
    let Body::Group(members) = &definition.body else { return None };
    Some(vec![Item::Members("members", texts(members))])
}

fn filter(filter: &ApplicationFilter) -> Item {
    let mut items: Vec<Item> = [
        Item::members("category", &filter.category),
        Item::members("subcategory", &filter.subcategory),
        Item::members("technology", &filter.technology),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !filter.risk.is_empty() {
        items.push(Item::Members("risk", filter.risk.iter().map(u8::to_string).collect()));
    }
    let asks = |key: &str| filter.characteristics.iter().any(|name| name.value == key);
    let keys = CHARACTERISTICS.iter().map(|&(key, _)| key).chain(["new-appid"]);
    items.extend(keys.filter(|key| asks(key)).map(|key| Item::flag(key, true)));
    items.extend(Item::members("tag", &filter.tags).map(|tag| Item::Element("tagging", vec![tag])));
    items.extend(Item::members("exclude", &filter.exclude));
    entry(&filter.name, items)
}

/// Tags of applications stand apart from them.
fn application_tag(app: &CustomApplication) -> Option<Item> {
    Some(entry(&app.name, vec![Item::members("tag", &app.tags)?]))
}

fn schedule(schedule: &Schedule) -> Item {
    let kind = match &schedule.recurrence {
        Recurrence::Daily(times) => Item::Element(
            "recurring",
            vec![Item::Members("daily", times.iter().map(|time| text::daytime(time.value)).collect())],
        ),
        Recurrence::Weekly(week) => {
            let days = DAYS.into_iter().zip(week).filter(|(_, times)| !times.is_empty());
            let days = days.map(|(day, times)| {
                Item::Members(day, times.iter().map(|time| text::daytime(time.value)).collect())
            });
            Item::Element("recurring", vec![Item::Element("weekly", days.collect())])
        }
        Recurrence::Once(times) => {
            Item::Members("non-recurring", times.iter().map(|time| text::period(time.value)).collect())
        }
    };
    entry(&schedule.name, vec![Item::Element("schedule-type", vec![kind])])
}
