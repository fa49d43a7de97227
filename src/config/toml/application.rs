//! `[application.NAME]`, `[application-filter.NAME]` and `[alg-override.NAME]`.

use toml::de::DeTable;

use super::reader::{Reader, Value, entries, list};
use super::{Document, signature};
use crate::app::{Class, DenyAction, Ports, Timeouts};
use crate::config::candidate::{ApplicationFilter, CustomApplication, Name};
use crate::config::diagnostic::quote;
use crate::config::literal;

/// Keys of an application.
const KEYS: [&str; 22] = [
    "default-ports",
    "ident-by-ip-protocol",
    "ident-by-icmp-type",
    "ident-by-icmp6-type",
    "depends-on",
    "implicit-use",
    "deny-action",
    "timeout",
    "tcp-timeout",
    "udp-timeout",
    "tcp-half-closed-timeout",
    "tcp-time-wait-timeout",
    "discard-timeout",
    "parent-app",
    "signature",
    "no-appid-caching",
    "category",
    "subcategory",
    "technology",
    "risk",
    "characteristics",
    "tag",
];

/// Keys of an application filter.
const FILTER_KEYS: [&str; 7] =
    ["category", "subcategory", "technology", "risk", "characteristics", "tag", "exclude"];

/// Keys of an ICMP type in table form.
const ICMP_KEYS: [&str; 2] = ["type", "code"];

/// What the deny action is called.
const DENY_ACTIONS: [(&str, DenyAction); 2] =
    [("drop", DenyAction::Drop), ("drop-reset", DenyAction::DropReset)];

/// The longest timeout an application can have, in seconds (PANOS.md 5.2).
const LONGEST: u32 = 604_800;

impl Document<'_> {
    /// `[application.NAME]`.
    pub(super) fn applications(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "tables such as `[application.NAME]`") else { return };
        for (name, value) in entries(table) {
            if let Some(table) = self.reader.table(value, "a table such as `[application.NAME]`") {
                let application = application(&mut self.reader, name, table);
                self.candidate.applications.push(application);
            }
        }
    }

    /// `[alg-override.NAME]`.
    pub(super) fn alg_overrides(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "tables such as `[alg-override.NAME]`") else { return };
        for (name, value) in entries(table) {
            let Some(table) = self.reader.table(value, "a table such as `[alg-override.NAME]`") else {
                continue;
            };
            for (key, value) in entries(table) {
                if key.value != "alg-disabled" {
                    self.reader.unknown_key(&key, "a gateway's override", &["alg-disabled"]);
                } else if self.reader.flag(value) == Some(true) {
                    self.candidate.disabled_algs.push(name.clone());
                }
            }
        }
    }

    /// `[application-filter.NAME]`.
    pub(super) fn application_filters(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "tables such as `[application-filter.NAME]`") else {
            return;
        };
        for (name, value) in entries(table) {
            if let Some(table) = self.reader.table(value, "a table such as `[application-filter.NAME]`") {
                let filter = filter(&mut self.reader, name, table);
                self.candidate.application_filters.push(filter);
            }
        }
    }
}

fn filter(reader: &mut Reader<'_>, name: Name, table: &DeTable<'_>) -> ApplicationFilter {
    let mut filter = ApplicationFilter {
        name,
        category: Vec::new(),
        subcategory: Vec::new(),
        technology: Vec::new(),
        risk: Vec::new(),
        characteristics: Vec::new(),
        tags: Vec::new(),
        exclude: Vec::new(),
    };
    for (key, value) in entries(table) {
        match key.value.as_str() {
            "category" => filter.category = reader.names(value),
            "subcategory" => filter.subcategory = reader.names(value),
            "technology" => filter.technology = reader.names(value),
            "risk" => filter.risk = reader.numbers(value, 1, 5),
            "characteristics" => filter.characteristics = reader.names(value),
            "tag" => filter.tags = reader.names(value),
            "exclude" => filter.exclude = reader.names(value),
            _ => reader.unknown_key(&key, "an application filter", &FILTER_KEYS),
        }
    }
    filter
}

fn application(reader: &mut Reader<'_>, name: Name, table: &DeTable<'_>) -> CustomApplication {
    let mut app = CustomApplication::new(name);
    for (key, value) in entries(table) {
        if timeout(reader, &mut app.timeouts, &key, value)
            || class(reader, &mut app.class, &key, value)
            || key.value == "description"
        {
            continue;
        }
        match key.value.as_str() {
            // Tags are an administrator's, also on predefined applications.
            "tag" => {
                app.tags = reader.names(value);
                continue;
            }
            "characteristics" => app.characteristics = reader.names(value),
            "ident-by-icmp-type" => app.icmp = icmp_type(reader, value),
            "ident-by-icmp6-type" => app.icmp6 = icmp_type(reader, value),
            "parent-app" => app.parent = reader.text(value),
            "default-ports" => default_ports(reader, &mut app.ports, value),
            "ident-by-ip-protocol" => {
                let number = octet(reader, value);
                app.ports.ip_protocols.extend(number.map(|number| (number, number)));
            }
            "depends-on" => app.depends_on = reader.names(value),
            "implicit-use" => app.implicit = reader.names(value),
            "deny-action" => app.deny_action = reader.choice(value, &DENY_ACTIONS),
            "signature" => app.signatures = signature::signatures(reader, value),
            "no-appid-caching" => {
                reader.out.warn(format!("`{}` of applications is read but not modelled yet", key.value));
            }
            _ => {
                reader.unknown_key(&key, "an application", &KEYS);
                continue;
            }
        }
        app.defines.push(key);
    }
    let ways = ["default-ports", "ident-by-ip-protocol", "ident-by-icmp-type", "ident-by-icmp6-type"];
    let given: Vec<&str> = ways.into_iter().filter(|way| table.get(*way).is_some()).collect();
    if given.len() > 1 {
        let message = format!("application {} has {}", quote(&app.name.value), list(&given));
        reader.out.error(&app.name.span, message).help("keep one of them");
    }
    app
}

/// `8`, or `{ type = 3, code = 4 }`.
fn icmp_type(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<(u8, Option<u8>)> {
    let Some(table) = value.get_ref().as_table() else { return Some((octet(reader, value)?, None)) };
    let (mut kind, mut code) = (None, None);
    for (key, value) in entries(table) {
        match key.value.as_str() {
            "type" => kind = octet(reader, value),
            "code" => code = octet(reader, value),
            _ => reader.unknown_key(&key, "an ICMP type", &ICMP_KEYS),
        }
    }
    if table.get("type").is_none() {
        reader
            .out
            .error(&value.span(), "an ICMP type needs its `type`")
            .help("write it as `{ type = 3, code = 4 }`");
    }
    Some((kind?, code))
}

fn octet(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<u8> {
    reader.number(value, 0, 255).and_then(|number| u8::try_from(number).ok())
}

/// Whether the key is a timeout, which is then read. 0 inherits the global one (PANOS.md 5.2).
fn timeout(reader: &mut Reader<'_>, timeouts: &mut Timeouts, key: &Name, value: &Value<'_>) -> bool {
    let (slot, low, high) = match key.value.as_str() {
        "timeout" => (&mut timeouts.timeout, 0, LONGEST),
        "tcp-timeout" => (&mut timeouts.tcp_timeout, 0, LONGEST),
        "udp-timeout" => (&mut timeouts.udp_timeout, 0, LONGEST),
        "tcp-half-closed-timeout" => (&mut timeouts.tcp_half_closed_timeout, 1, LONGEST),
        "tcp-time-wait-timeout" => (&mut timeouts.tcp_time_wait_timeout, 1, 600),
        "discard-timeout" => (&mut timeouts.discard_timeout, 1, 15_999_999),
        _ => return false,
    };
    *slot = reader.number(value, low, high);
    true
}

/// Whether the key says where the application stands, which is then read.
fn class(reader: &mut Reader<'_>, class: &mut Class, key: &Name, value: &Value<'_>) -> bool {
    let slot = match key.value.as_str() {
        "category" => &mut class.category,
        "subcategory" => &mut class.subcategory,
        "technology" => &mut class.technology,
        "risk" => {
            class.risk =
                reader.number(value, 1, 5).and_then(|risk| u8::try_from(risk).ok()).unwrap_or_default();
            return true;
        }
        _ => return false,
    };
    *slot = reader.text(value).map(|text| text.value).unwrap_or_default();
    true
}

fn default_ports(reader: &mut Reader<'_>, ports: &mut Ports, value: &Value<'_>) {
    for text in reader.names(value) {
        if ports.add(&text.value).is_none() {
            let wrong = literal::service(&text.value).err().unwrap_or_default();
            let message = format!("{} is no list of default ports: {wrong}", quote(&text.value));
            reader.out.error(&text.span, message).help("write it as `tcp/80,8000-8080` or `udp/dynamic`");
        }
    }
}
