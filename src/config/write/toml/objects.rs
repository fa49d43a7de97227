//! Addresses, services, applications, schedules and tables.

use hashbrown::HashSet;
use ipnet::IpNet;

use super::{Page, inline, list, string, strings};
use crate::app::{Class, DenyAction, Timeouts};
use crate::config::candidate::{
    AddressObject, ApplicationFilter, Body, Candidate, CustomApplication, Definition, Match, Recurrence,
    Schedule, Signature,
};
use crate::config::write::text::{self, DAYS};
use crate::policy::{Service, ServiceTimeouts};

/// Every name that means an address.
type Known<'c> = HashSet<&'c str, foldhash::fast::FixedState>;

pub(super) fn objects(candidate: &Candidate, page: &mut Page) {
    let known: Known<'_> = candidate.addresses.iter().map(|address| address.name.value.as_str()).collect();
    table(page, "address", &candidate.addresses, |address| Some(self::address(address, &known)));
    table(page, "service", &candidate.services, service);
    table(page, "service-group", &candidate.services, group);
    for app in &candidate.applications {
        application(app, page);
    }
    table(page, "application-group", &candidate.application_groups, group);
    for filter in &candidate.application_filters {
        self::filter(filter, page);
    }
    for name in &candidate.disabled_algs {
        page.head(&["alg-override", &name.value], false);
        page.flag("alg-disabled", true);
    }
    for schedule in &candidate.schedules {
        self::schedule(schedule, page);
    }
    let tables = &candidate.tables;
    for (name, rows) in [
        ("fqdn", &tables.fqdn),
        ("region", &tables.regions),
        ("external-list", &tables.external_lists),
        ("user", &tables.users),
        ("user-group", &tables.user_groups),
        ("url-category", &tables.url_categories),
    ] {
        if !rows.is_empty() {
            page.head(&[name], false);
            rows.iter().for_each(|(name, list)| page.line(&name.value, &self::list(list)));
        }
    }
}

/// A table of all that `value` has something to say of.
fn table<T>(
    page: &mut Page,
    name: &str,
    definitions: &[Definition<T>],
    value: impl Fn(&Definition<T>) -> Option<String>,
) {
    let lines: Vec<(&str, String)> = definitions
        .iter()
        .filter_map(|definition| Some((definition.name.value.as_str(), value(definition)?)))
        .collect();
    if !lines.is_empty() {
        page.head(&[name], false);
        lines.iter().for_each(|(name, value)| page.line(name, value));
    }
}

fn address(address: &Definition<AddressObject>, known: &Known<'_>) -> String {
    let field = match &address.body {
        Body::Group(members) => ("static", list(members)),
        Body::Dynamic(filter) => ("dynamic", string(&filter.value)),
        Body::Object(AddressObject::Fqdn(host)) => ("fqdn", string(&host.value)),
        Body::Object(AddressObject::Wildcard { addr, mask }) => {
            ("ip-wildcard", string(&text::wildcard(*addr, *mask)))
        }
        Body::Object(AddressObject::Ranges(ranges)) => {
            let texts = text::addresses(ranges).into_iter().map(|text| unambiguous(text, known));
            ("static", strings(&texts.collect::<Vec<_>>()))
        }
    };
    match field {
        ("static", members) if address.tags.is_empty() => members,
        field if address.tags.is_empty() => inline(&[field]),
        field => inline(&[field, ("tag", list(&address.tags))]),
    }
}

/// An address as text that is not the name of an object: that would mean the object.
fn unambiguous(text: String, known: &Known<'_>) -> String {
    if !known.contains(text.as_str()) {
        return text;
    }
    let (low, high) = match (text.split_once('-'), text.parse::<IpNet>()) {
        (Some((low, high)), _) => (low.to_owned(), high.to_owned()),
        (None, Ok(net)) => (net.network().to_string(), net.broadcast().to_string()),
        (None, Err(_)) => (text.clone(), text.clone()),
    };
    let others = [format!("{low}-{high}"), format!("{low} - {high}")];
    others.into_iter().find(|other| !known.contains(other.as_str())).unwrap_or(text)
}

fn service(service: &Definition<Vec<Service>>) -> Option<String> {
    let Body::Object(services) = &service.body else { return None };
    match services.as_slice() {
        [one] if !one.source_ports.is_empty() || one.timeouts != ServiceTimeouts::default() => {
            let mut fields = vec![
                ("protocol", string(&one.protocol.to_string())),
                ("port", string(&text::ports(&one.ports))),
            ];
            if !one.source_ports.is_empty() {
                fields.push(("source-port", string(&text::ports(&one.source_ports))));
            }
            let timeouts = text::service_timeouts(&one.timeouts);
            fields.extend(timeouts.into_iter().map(|(key, seconds)| (key, seconds.to_string())));
            Some(inline(&fields))
        }
        all => {
            let texts: Vec<String> =
                all.iter().map(|one| format!("{}/{}", one.protocol, text::ports(&one.ports))).collect();
            Some(strings(&texts))
        }
    }
}

fn group<T>(group: &Definition<T>) -> Option<String> {
    let Body::Group(members) = &group.body else { return None };
    Some(list(members))
}

fn application(app: &CustomApplication, page: &mut Page) {
    page.head(&["application", &app.name.value], false);
    let ports = app.ports.services();
    if !ports.is_empty() {
        page.line("default-ports", &strings(&ports));
    }
    if let Some((number, _)) = app.ports.ip_protocols.first() {
        page.line("ident-by-ip-protocol", &number.to_string());
    }
    for (key, kind) in [("ident-by-icmp-type", app.icmp), ("ident-by-icmp6-type", app.icmp6)] {
        match kind {
            Some((kind, Some(code))) => {
                page.line(key, &inline(&[("type", kind.to_string()), ("code", code.to_string())]));
            }
            Some((kind, None)) => page.line(key, &kind.to_string()),
            None => {}
        }
    }
    if let Some(parent) = &app.parent {
        page.string("parent-app", &parent.value);
    }
    page.names("depends-on", &app.depends_on);
    page.names("implicit-use", &app.implicit);
    if let Some(action) = app.deny_action {
        page.string(
            "deny-action",
            match action {
                DenyAction::Drop => "drop",
                DenyAction::DropReset => "drop-reset",
            },
        );
    }
    timeouts(&app.timeouts, page);
    class(&app.class, page);
    page.names("characteristics", &app.characteristics);
    page.names("tag", &app.tags);
    for signature in &app.signatures {
        self::signature(&["application", &app.name.value], signature, page);
    }
}

/// A signature of what stands at `owner`.
pub(super) fn signature(owner: &[&str], signature: &Signature, page: &mut Page) {
    page.head(&[owner, &["signature"]].concat(), true);
    page.string("name", &signature.name.value);
    page.string("scope", if signature.session { "session" } else { "protocol-data-unit" });
    if signature.order_free {
        page.flag("order-free", true);
    }
    let all: Vec<String> = signature
        .conditions
        .iter()
        .map(|any| format!("[{}]", any.iter().map(condition).collect::<Vec<_>>().join(", ")))
        .collect();
    page.line("and-condition", &format!("[{}]", all.join(", ")));
}

fn condition(condition: &Match) -> String {
    let compared = if condition.operator == "pattern-match" { "pattern" } else { "value" };
    let mut fields =
        vec![("context", string(&condition.context.value)), (compared, string(&condition.pattern.value))];
    if !condition.qualifiers.is_empty() {
        let qualifiers = condition.qualifiers.iter();
        let qualifiers: Vec<_> =
            qualifiers.map(|(name, value)| (&*name.value, string(&value.value))).collect();
        fields.push(("qualifier", inline(&qualifiers)));
    }
    fields.extend(condition.position.iter().map(|position| ("position", string(&position.value))));
    fields.extend(condition.mask.iter().map(|mask| ("mask", string(&mask.value))));
    inline(&[(condition.operator, inline(&fields))])
}

fn timeouts(timeouts: &Timeouts, page: &mut Page) {
    for (key, seconds) in [
        ("timeout", timeouts.timeout),
        ("tcp-timeout", timeouts.tcp_timeout),
        ("udp-timeout", timeouts.udp_timeout),
        ("tcp-half-closed-timeout", timeouts.tcp_half_closed_timeout),
        ("tcp-time-wait-timeout", timeouts.tcp_time_wait_timeout),
        ("discard-timeout", timeouts.discard_timeout),
    ] {
        if let Some(seconds) = seconds {
            page.line(key, &seconds.to_string());
        }
    }
}

fn class(class: &Class, page: &mut Page) {
    for (key, text) in [
        ("category", &class.category),
        ("subcategory", &class.subcategory),
        ("technology", &class.technology),
    ] {
        if !text.is_empty() {
            page.string(key, text);
        }
    }
    if class.risk > 0 {
        page.line("risk", &class.risk.to_string());
    }
}

fn filter(filter: &ApplicationFilter, page: &mut Page) {
    page.head(&["application-filter", &filter.name.value], false);
    page.names("category", &filter.category);
    page.names("subcategory", &filter.subcategory);
    page.names("technology", &filter.technology);
    if !filter.risk.is_empty() {
        let risks: Vec<String> = filter.risk.iter().map(u8::to_string).collect();
        page.line("risk", &format!("[{}]", risks.join(", ")));
    }
    page.names("characteristics", &filter.characteristics);
    page.names("tag", &filter.tags);
    page.names("exclude", &filter.exclude);
}

fn schedule(schedule: &Schedule, page: &mut Page) {
    page.head(&["schedule", &schedule.name.value], false);
    let times = |times: &[crate::config::candidate::At<_>]| {
        strings(&times.iter().map(|time| text::daytime(time.value)).collect::<Vec<_>>())
    };
    match &schedule.recurrence {
        Recurrence::Daily(daily) => page.line("daily", &times(daily)),
        Recurrence::Weekly(week) => {
            let days = DAYS.into_iter().zip(week).filter(|(_, day)| !day.is_empty());
            let days: Vec<(&str, String)> = days.map(|(day, spans)| (day, times(spans))).collect();
            page.line("weekly", &inline(&days));
        }
        Recurrence::Once(periods) => {
            let periods: Vec<String> = periods.iter().map(|time| text::period(time.value)).collect();
            page.line("non-recurring", &strings(&periods));
        }
    }
}
