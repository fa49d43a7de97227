//! `[zones]`, `[address]`, `[service]` and the groups.

use toml::de::{DeTable, DeValue};

use super::Document;
use super::reader::{Value, entries};
use crate::config::candidate::{At, Body, Definition, Name, Zone, ZoneMode};
use crate::config::diagnostic::quote;
use crate::config::literal;
use crate::policy::Service;

/// Keys of a service in table form.
const SERVICE_KEYS: [&str; 3] = ["protocol", "port", "source-port"];

impl Document<'_> {
    /// `[zones]`. A zone without prefixes is what `--ingress` can fill.
    pub(super) fn zones(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "a table of zones") else { return };
        for (name, value) in entries(table) {
            let empty = value.get_ref().as_array().is_some_and(|list| list.is_empty());
            let texts = if empty { Vec::new() } else { self.reader.names(value) };
            let mut prefixes = Vec::with_capacity(texts.len());
            for text in texts {
                match literal::prefix(&text.value) {
                    Ok(prefix) => prefixes.push(At::new(prefix, text.span)),
                    Err(wrong) => {
                        let message = format!("{} is no address prefix: {wrong}", quote(&text.value));
                        let help = "a zone is written as the prefixes behind it, e.g. `[\"192.0.2.0/24\", \"2001:db8::/32\"]`";
                        self.reader.out.error(&text.span, message).help(help);
                    }
                }
            }
            self.candidate.zones.push(Zone {
                name,
                mode: ZoneMode::default(),
                prefixes,
                interfaces: Vec::new(),
                zone_protection: None,
            });
        }
    }

    /// `[address]`: a string is a group of one.
    pub(super) fn addresses(&mut self, value: &Value<'_>) {
        let groups = self.groups(value, "a table of addresses");
        self.candidate.addresses.extend(groups);
    }

    /// `[service-group]`.
    pub(super) fn service_groups(&mut self, value: &Value<'_>) {
        let groups = self.groups(value, "a table of service groups");
        self.candidate.services.extend(groups);
    }

    /// `[application-group]`.
    pub(super) fn application_groups(&mut self, value: &Value<'_>) {
        let groups = self.groups(value, "a table of application groups");
        self.candidate.application_groups.extend(groups);
    }

    fn groups<T>(&mut self, value: &Value<'_>, what: &str) -> Vec<Definition<T>> {
        let Some(table) = self.reader.table(value, what) else { return Vec::new() };
        entries(table)
            .into_iter()
            .map(|(name, value)| Definition {
                name,
                body: Body::Group(self.reader.names(value)),
                tags: Vec::new(),
            })
            .collect()
    }

    /// `[service]`.
    pub(super) fn services(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "a table of services") else { return };
        for (name, value) in entries(table) {
            let services = match value.get_ref() {
                DeValue::Table(table) => self.service_table(&name, table).into_iter().collect(),
                _ => {
                    let texts = self.reader.names(value);
                    texts.iter().filter_map(|text| self.service_text(&name, text)).collect()
                }
            };
            self.candidate.services.push(Definition { name, body: Body::Object(services), tags: Vec::new() });
        }
    }

    /// `"tcp/80,8000-8080"`.
    fn service_text(&mut self, name: &Name, text: &Name) -> Option<Service> {
        match literal::service(&text.value) {
            Ok((protocol, ports)) => {
                Some(Service { name: name.value.clone(), protocol, ports, source_ports: Vec::new() })
            }
            Err(wrong) => {
                let message = format!("{} is no service: {wrong}", quote(&text.value));
                self.reader.out.error(&text.span, message).help("write it as `tcp/80,8000-8080` or `udp/53`");
                None
            }
        }
    }

    /// `{ protocol = "tcp", port = "8080", source-port = "1024-65535" }`.
    fn service_table(&mut self, name: &Name, table: &DeTable<'_>) -> Option<Service> {
        let (mut protocol, mut ports, mut source_ports) = (None, None, Some(Vec::new()));
        for (key, value) in entries(table) {
            let slot = match key.value.as_str() {
                "protocol" => {
                    protocol = self.part(value, literal::protocol);
                    continue;
                }
                "port" => &mut ports,
                "source-port" => &mut source_ports,
                _ => {
                    self.reader.unknown_key(&key, "a service", &SERVICE_KEYS);
                    continue;
                }
            };
            *slot = self.part(value, literal::ports);
        }
        for key in ["protocol", "port"] {
            if table.get(key).is_none() {
                let message = format!("service {} has no `{key}`", quote(&name.value));
                self.reader
                    .out
                    .error(&name.span, message)
                    .help("write it as `{ protocol = \"tcp\", port = \"80,8000-8080\" }`");
            }
        }
        Some(Service {
            name: name.value.clone(),
            protocol: protocol?,
            ports: ports?,
            source_ports: source_ports?,
        })
    }

    fn part<T>(&mut self, value: &Value<'_>, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.reader.scalar(value)?;
        let part = read(&text.value);
        part.map_err(|wrong| self.reader.out.error(&text.span, wrong)).ok()
    }
}
