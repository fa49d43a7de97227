//! `[[nat]]` (PANOS.md 9) and `[[application-override]]` (PANOS.md 2.7).

use toml::de::DeTable;

use super::Document;
use super::reader::{Reader, Value, entries};
use crate::config::candidate::{
    At, DestinationTranslation, Name, NatRule, OverrideRule, Pool, SourceTranslation,
};
use crate::config::diagnostic::{Span, quote};
use crate::config::literal;
use crate::flow::Protocol;

/// Keys of a NAT rule.
const KEYS: [&str; 15] = [
    "name",
    "from",
    "to",
    "to-interface",
    "source",
    "destination",
    "service",
    "nat-type",
    "source-translation",
    "destination-translation",
    "dynamic-destination-translation",
    "disabled",
    "description",
    "tag",
    "group-tag",
];

const SOURCE_KEYS: [&str; 3] = ["dynamic-ip-and-port", "dynamic-ip", "static-ip"];
const POOL_KEYS: [&str; 2] = ["translated-address", "interface-address"];
const INTERFACE_KEYS: [&str; 2] = ["interface", "ip"];
const DYNAMIC_IP_KEYS: [&str; 2] = ["translated-address", "fallback"];
const STATIC_IP_KEYS: [&str; 2] = ["translated-address", "bi-directional"];
const DESTINATION_KEYS: [&str; 4] = ["translated-address", "translated-port", "distribution", "dns-rewrite"];

/// Keys of an application-override rule.
const OVERRIDE_KEYS: [&str; 14] = [
    "name",
    "from",
    "to",
    "source",
    "negate-source",
    "destination",
    "negate-destination",
    "protocol",
    "port",
    "application",
    "disabled",
    "description",
    "tag",
    "group-tag",
];

impl Document<'_> {
    /// `[[nat]]`.
    pub(super) fn nat(&mut self, value: &Value<'_>) {
        for (span, table) in self.rules(value, "nat") {
            let line = self.line(span.start);
            let rule = nat_rule(&mut self.reader, &span, line, table);
            self.candidate.nat.push(rule);
        }
    }

    /// `[[application-override]]`.
    pub(super) fn application_override(&mut self, value: &Value<'_>) {
        for (span, table) in self.rules(value, "application-override") {
            let line = self.line(span.start);
            let rule = override_rule(&mut self.reader, &span, line, table);
            self.candidate.overrides.extend(rule);
        }
    }

    pub(super) fn rules<'t, 'a>(&mut self, value: &'t Value<'a>, key: &str) -> Vec<(Span, &'t DeTable<'a>)> {
        let Some(rules) = value.get_ref().as_array() else {
            self.reader.mismatch(value, &format!("`[[{key}]]` tables"));
            return Vec::new();
        };
        let what = format!("a `[[{key}]]` table");
        rules.iter().filter_map(|rule| Some((rule.span(), self.reader.table(rule, &what)?))).collect()
    }
}

fn nat_rule(reader: &mut Reader<'_>, span: &Span, line: Option<u32>, table: &DeTable<'_>) -> NatRule {
    let mut rule = NatRule::new(At::new(String::new(), span.clone()), span.clone(), line);
    for (key, value) in entries(table) {
        match key.value.as_str() {
            "name" => rule.name = reader.text(value).unwrap_or(rule.name),
            "from" => rule.from = reader.names(value),
            "to" => rule.to = reader.names(value),
            "to-interface" => rule.to_interface = reader.text(value).filter(|name| name.value != "any"),
            "source" => rule.source = reader.names(value),
            "destination" => rule.destination = reader.names(value),
            "service" => rule.service = reader.text(value).filter(|name| name.value != "any"),
            "nat-type" => rule.nat_type = nat_type(reader, value),
            "source-translation" => rule.source_translation = source_translation(reader, value),
            "destination-translation" | "dynamic-destination-translation" => {
                if rule.destination_translation.is_some() {
                    reader
                        .out
                        .error(&key.span, "a second destination translation")
                        .help("keep `destination-translation` or `dynamic-destination-translation`");
                }
                let is_dynamic = key.value.starts_with("dynamic");
                rule.destination_translation = destination_translation(reader, value, is_dynamic);
            }
            "disabled" => rule.disabled = reader.flag(value).unwrap_or_default(),
            "active-active-device-binding" => {
                rule.is_bound = true;
                reader.out.warn(format!("`{}` of NAT rules is read but not modelled yet", key.value));
            }
            "description" => rule.description = reader.text(value).map(|text| text.value),
            "tag" => rule.tags = reader.names(value),
            "group-tag" | "uuid" | "target" => {}
            _ => reader.unknown_key(&key, "a NAT rule", &KEYS),
        }
    }
    rule
}

/// `nat64` or `nptv6`.
fn nat_type(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Name> {
    let is_other = reader.choice(value, &[("ipv4", false), ("nat64", true), ("nptv6", true)])?;
    reader.text(value).filter(|_| is_other)
}

fn source_translation(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<SourceTranslation> {
    let table = reader.table(value, "a table such as `{ dynamic-ip-and-port = { ... } }`")?;
    let mut translations = Vec::new();
    for (key, value) in entries(table) {
        translations.push(match key.value.as_str() {
            "dynamic-ip-and-port" => pool(reader, value).map(SourceTranslation::DynamicIpAndPort),
            "dynamic-ip" => dynamic_ip(reader, value),
            "static-ip" => static_ip(reader, value),
            _ => {
                reader.unknown_key(&key, "`source-translation`", &SOURCE_KEYS);
                continue;
            }
        });
    }
    if translations.len() > 1 {
        reader.out.error(&value.span(), "more than one source translation").help("keep one of them");
    }
    translations.into_iter().next().flatten()
}

/// `translated-address`, or `interface-address`.
fn pool(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Pool> {
    let table = reader.table(value, "a table with `translated-address` or `interface-address`")?;
    let mut pool = None;
    for (key, value) in entries(table) {
        match key.value.as_str() {
            "translated-address" => pool = Some(Pool::Addresses(reader.names(value))),
            "interface-address" => pool = interface_address(reader, value).or(pool),
            _ => reader.unknown_key(&key, "a pool", &POOL_KEYS),
        }
    }
    if POOL_KEYS.iter().filter(|key| table.contains_key(**key)).count() != 1 {
        reader.out.error(&value.span(), "a pool needs `translated-address` or `interface-address`");
    }
    pool
}

fn interface_address(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Pool> {
    let table = reader.table(value, "a table such as `{ interface = \"ethernet1/1\" }`")?;
    let (mut interface, mut ip) = (None, None);
    for (key, value) in entries(table) {
        match key.value.as_str() {
            "interface" => interface = reader.text(value),
            "ip" | "floating-ip" => ip = reader.text(value),
            _ => reader.unknown_key(&key, "`interface-address`", &INTERFACE_KEYS),
        }
    }
    if !table.contains_key("interface") {
        reader.out.error(&value.span(), "`interface-address` needs an `interface`");
    }
    Some(Pool::Interface { interface: interface?, ip })
}

fn dynamic_ip(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<SourceTranslation> {
    let table = reader.table(value, "a table with `translated-address`")?;
    let (mut addresses, mut fallback) = (Vec::new(), None);
    for (key, value) in entries(table) {
        match key.value.as_str() {
            "translated-address" => addresses = reader.names(value),
            "fallback" => fallback = pool(reader, value),
            _ => reader.unknown_key(&key, "`dynamic-ip`", &DYNAMIC_IP_KEYS),
        }
    }
    needs_address(reader, value, table);
    Some(SourceTranslation::DynamicIp { addresses, fallback })
}

fn static_ip(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<SourceTranslation> {
    let table = reader.table(value, "a table with `translated-address`")?;
    let (mut address, mut bidirectional) = (None, false);
    for (key, value) in entries(table) {
        match key.value.as_str() {
            "translated-address" => address = reader.text(value),
            "bi-directional" => bidirectional = reader.flag(value).unwrap_or_default(),
            _ => reader.unknown_key(&key, "`static-ip`", &STATIC_IP_KEYS),
        }
    }
    needs_address(reader, value, table);
    Some(SourceTranslation::StaticIp { address: address?, bidirectional })
}

fn destination_translation(
    reader: &mut Reader<'_>,
    value: &Value<'_>,
    is_dynamic: bool,
) -> Option<DestinationTranslation> {
    let table = reader.table(value, "a table with `translated-address`")?;
    let (mut address, mut port) = (None, None);
    let mut distribution = is_dynamic.then(|| At::new("round-robin".to_owned(), value.span()));
    for (key, value) in entries(table) {
        match key.value.as_str() {
            "translated-address" => address = reader.text(value),
            "translated-port" => {
                let number = reader.number(value, 1, 65_535).and_then(|port| u16::try_from(port).ok());
                port = number.map(|number| At::new(number, value.span()));
            }
            "distribution" if is_dynamic => distribution = reader.text(value).or(distribution),
            "dns-rewrite" => {
                reader.out.warn("`dns-rewrite` of NAT rules is read but not modelled yet");
            }
            _ => reader.unknown_key(&key, "a destination translation", &DESTINATION_KEYS),
        }
    }
    needs_address(reader, value, table);
    Some(DestinationTranslation { address: address?, port, distribution })
}

fn needs_address(reader: &mut Reader<'_>, value: &Value<'_>, table: &DeTable<'_>) {
    if !table.contains_key("translated-address") {
        reader.out.error(&value.span(), "a translation without `translated-address`");
    }
}

fn override_rule(
    reader: &mut Reader<'_>,
    span: &Span,
    line: Option<u32>,
    table: &DeTable<'_>,
) -> Option<OverrideRule> {
    let (mut protocol, mut ports, mut application) = (None, None, None);
    let mut rule = OverrideRule {
        name: At::new(String::new(), span.clone()),
        span: span.clone(),
        line,
        from: Vec::new(),
        to: Vec::new(),
        source: Vec::new(),
        destination: Vec::new(),
        negate_source: false,
        negate_destination: false,
        protocol: Protocol::TCP,
        ports: Vec::new(),
        application: At::new(String::new(), span.clone()),
        disabled: false,
        description: None,
        tags: Vec::new(),
    };
    for (key, value) in entries(table) {
        match key.value.as_str() {
            "name" => rule.name = reader.text(value).unwrap_or(rule.name),
            "from" => rule.from = reader.names(value),
            "to" => rule.to = reader.names(value),
            "source" => rule.source = reader.names(value),
            "destination" => rule.destination = reader.names(value),
            "negate-source" => rule.negate_source = reader.flag(value).unwrap_or_default(),
            "negate-destination" => rule.negate_destination = reader.flag(value).unwrap_or_default(),
            "protocol" => {
                protocol = reader.choice(value, &[("tcp", Protocol::TCP), ("udp", Protocol::UDP)]);
            }
            "port" => ports = port_list(reader, value),
            "application" => application = reader.text(value),
            "disabled" => rule.disabled = reader.flag(value).unwrap_or_default(),
            "description" => rule.description = reader.text(value).map(|text| text.value),
            "tag" => rule.tags = reader.names(value),
            "group-tag" | "uuid" | "target" => {}
            _ => reader.unknown_key(&key, "an application-override rule", &OVERRIDE_KEYS),
        }
    }
    for key in ["protocol", "port", "application"] {
        if !table.contains_key(key) {
            let message = format!("application-override rule {} has no `{key}`", quote(&rule.name.value));
            reader.out.error(&rule.name.span, message).help("it needs `protocol`, `port` and `application`");
        }
    }
    Some(OverrideRule { protocol: protocol?, ports: ports?, application: application?, ..rule })
}

/// `9100` or `"80,8000-8080"`.
fn port_list(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Vec<(u16, u16)>> {
    let text = reader.scalar(value)?;
    literal::ports(&text.value).map_err(|wrong| reader.out.error(&text.span, wrong)).ok()
}
