//! Zones, addresses, services and applications.

use ipnet::IpNet;

use super::Document;
use super::reader::{Value, entries};
use crate::app::{DenyAction, Ports, Timeouts};
use crate::config::candidate::{At, Body, CustomApplication, Definition, Name, ServicePorts};
use crate::config::diagnostic::quote;
use crate::config::literal;
use toml::de::{DeTable, DeValue};

/// Keys of a service in table form.
const SERVICE_KEYS: [&str; 3] = ["protocol", "port", "source-port"];

/// Keys of a custom application.
const APPLICATION_KEYS: [&str; 6] =
    ["default-ports", "ident-by-ip-protocol", "depends-on", "implicit", "deny-action", "timeout"];

impl Document<'_> {
    /// `[zones]`.
    pub(super) fn zones(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "a table of zones") else { return };
        for (name, value) in entries(table) {
            let texts = if value.get_ref().as_array().is_some_and(|list| list.is_empty()) {
                Vec::new()
            } else {
                self.reader.names(value)
            };
            let prefixes = texts.into_iter().filter_map(|text| self.prefix(&text)).collect();
            self.candidate.zones.push((name, prefixes));
        }
    }

    fn prefix(&mut self, text: &Name) -> Option<At<IpNet>> {
        let net = text
            .value
            .parse::<IpNet>()
            .ok()
            .or_else(|| text.value.parse::<std::net::IpAddr>().ok().map(IpNet::from));
        if net.is_none() {
            self.reader
                .out
                .error(&text.span, format!("{} is no address prefix", quote(&text.value)))
                .help("write a zone's addresses as `192.0.2.0/24` or `2001:db8::/32`");
        }
        Some(At::new(net?, text.span.clone()))
    }

    /// `[address]`.
    pub(super) fn addresses(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "a table of addresses") else { return };
        for (name, value) in entries(table) {
            let members = self.reader.names(value);
            self.candidate.addresses.push(Definition { name, body: Body::Group(members) });
        }
    }

    /// `[service]`.
    pub(super) fn services(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "a table of services") else { return };
        for (name, value) in entries(table) {
            let ports = match value.get_ref() {
                DeValue::Table(table) => self.service_table(value, table).into_iter().collect(),
                _ => self.reader.names(value).iter().filter_map(|text| self.service_text(text)).collect(),
            };
            self.candidate.services.push(Definition { name, body: Body::Object(ports) });
        }
    }

    fn service_text(&mut self, text: &Name) -> Option<ServicePorts> {
        match literal::service(&text.value) {
            Ok((protocol, ports)) => Some(ServicePorts { protocol, ports, source_ports: Vec::new() }),
            Err(wrong) => {
                self.reader
                    .out
                    .error(&text.span, format!("{} is no service: {wrong}", quote(&text.value)))
                    .help("write it as `tcp/80,8000-8080` or `udp/53`");
                None
            }
        }
    }

    fn service_table(&mut self, whole: &Value<'_>, table: &DeTable<'_>) -> Option<ServicePorts> {
        let (mut protocol, mut ports, mut source_ports) = (None, None, Some(Vec::new()));
        for (key, value) in entries(table) {
            let Some(text) = self.reader.scalar(value) else { continue };
            match key.value.as_str() {
                "protocol" => protocol = self.check(&text, literal::protocol(&text.value)),
                "port" => ports = self.check(&text, literal::ports(&text.value)),
                "source-port" => source_ports = self.check(&text, literal::ports(&text.value)),
                _ => self.reader.unknown_key(&key, "a service", &SERVICE_KEYS),
            }
        }
        if table.get("protocol").is_none() || table.get("port").is_none() {
            self.reader.out.error(&whole.span(), "a service needs `protocol` and `port`");
        }
        Some(ServicePorts { protocol: protocol?, ports: ports?, source_ports: source_ports? })
    }

    fn check<T>(&mut self, text: &Name, result: Result<T, String>) -> Option<T> {
        result.map_err(|wrong| self.reader.out.error(&text.span, wrong)).ok()
    }

    /// `[service-group]`.
    pub(super) fn service_groups(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "a table of service groups") else { return };
        for (name, value) in entries(table) {
            let members = self.reader.names(value);
            self.candidate.services.push(Definition { name, body: Body::Group(members) });
        }
    }

    /// `[application-group]`.
    pub(super) fn application_groups(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "a table of application groups") else { return };
        for (name, value) in entries(table) {
            let members = self.reader.names(value);
            self.candidate.application_groups.push(Definition { name, body: Body::Group(members) });
        }
    }

    /// `[application.NAME]`.
    pub(super) fn applications(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "tables such as `[application.NAME]`") else { return };
        for (name, value) in entries(table) {
            if let Some(table) = self.reader.table(value, "a table") {
                let application = self.application(name, table);
                self.candidate.applications.push(application);
            }
        }
    }

    fn application(&mut self, name: Name, table: &DeTable<'_>) -> CustomApplication {
        let mut app = CustomApplication {
            name,
            ports: Ports::default(),
            has_ports: false,
            depends_on: Vec::new(),
            implicit: Vec::new(),
            deny_action: None,
            timeouts: Timeouts::default(),
        };
        for (key, value) in entries(table) {
            match key.value.as_str() {
                "default-ports" => {
                    app.has_ports = true;
                    for text in self.reader.names(value) {
                        if app.ports.add(&text.value).is_none() {
                            self.reader.out.error(
                                &text.span,
                                format!("{} is no port list such as `tcp/80,8000-8080`", quote(&text.value)),
                            );
                        }
                    }
                }
                "ident-by-ip-protocol" => {
                    app.has_ports = true;
                    let number = self.reader.number(value, 0, 255).and_then(|n| u8::try_from(n).ok());
                    app.ports.ip_protocols.extend(number.map(|number| (number, number)));
                }
                "depends-on" => app.depends_on = self.reader.names(value),
                "implicit" => app.implicit = self.reader.names(value),
                "deny-action" => {
                    app.deny_action = self
                        .reader
                        .choice(value, &[("drop", DenyAction::Drop), ("drop-reset", DenyAction::DropReset)]);
                }
                "timeout" => app.timeouts.timeout = self.reader.number(value, 0, 604_800),
                "tcp-timeout" => app.timeouts.tcp_timeout = self.reader.number(value, 0, 604_800),
                "udp-timeout" => app.timeouts.udp_timeout = self.reader.number(value, 0, 604_800),
                "tcp-half-closed-timeout" => {
                    app.timeouts.tcp_half_closed_timeout = self.reader.number(value, 1, 604_800);
                }
                "tcp-time-wait-timeout" => {
                    app.timeouts.tcp_time_wait_timeout = self.reader.number(value, 1, 600);
                }
                "discard-timeout" => app.timeouts.discard_timeout = self.reader.number(value, 1, 15_999_999),
                _ => self.reader.unknown_key(&key, "an application", &APPLICATION_KEYS),
            }
        }
        app
    }
}
