//! `[zones]`, `[address]`, `[service]` and the groups.

use toml::de::{DeTable, DeValue};

use super::Document;
use super::reader::{Value, entries};
use crate::config::candidate::{AddressObject, At, Body, Definition, Name, Zone, ZoneMode};
use crate::config::diagnostic::quote;
use crate::config::literal;
use crate::policy::{Service, ServiceTimeouts};

/// Keys of an address in table form.
const ADDRESS_KEYS: [&str; 8] =
    ["ip-netmask", "ip-range", "ip-wildcard", "fqdn", "static", "dynamic", "tag", "description"];

/// Keys of a service in table form.
const SERVICE_KEYS: [&str; 6] =
    ["protocol", "port", "source-port", "timeout", "halfclose-timeout", "timewait-timeout"];

/// The longest timeout of a service in seconds, and the longest in time-wait (PANOS.md 5.2).
const LONGEST: (u32, u32) = (604_800, 600);

impl Document<'_> {
    /// `[zones]`. A zone without prefixes is what `--ingress` can fill; no zones at all is what `--zone` can.
    pub(super) fn zones(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "a table of zones") else { return };
        self.candidate.may_lack_zones = table.is_empty();
        for (name, value) in entries(table) {
            let texts = self.reader.members(value);
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
        let Some(table) = self.reader.table(value, "a table of addresses") else { return };
        for (name, value) in entries(table) {
            let (body, tags) = match value.get_ref() {
                DeValue::Table(table) => self.address_table(&name, table),
                _ => (Some(Body::Group(self.reader.members(value))), Vec::new()),
            };
            self.candidate.addresses.extend(body.map(|body| Definition { name, body, tags }));
        }
    }

    /// `{ fqdn = "www.example.org", tag = "web" }`.
    fn address_table(
        &mut self,
        name: &Name,
        table: &DeTable<'_>,
    ) -> (Option<Body<AddressObject>>, Vec<Name>) {
        let (mut bodies, mut tags) = (Vec::new(), Vec::new());
        for (key, value) in entries(table) {
            match key.value.as_str() {
                "ip-netmask" | "ip-range" => bodies.push(Body::Object(AddressObject::Ranges(
                    self.part(value, |text| {
                        literal::addresses(text)
                            .unwrap_or_else(|| Err(format!("{} is no address", quote(text))))
                    })
                    .unwrap_or_default(),
                ))),
                "ip-wildcard" => {
                    let wildcard = self.part(value, literal::wildcard).unwrap_or_default();
                    let (addr, mask) = wildcard;
                    bodies.push(Body::Object(AddressObject::Wildcard { addr, mask }));
                }
                "fqdn" => {
                    let host = self.reader.text(value);
                    bodies.extend(host.map(|host| Body::Object(AddressObject::Fqdn(host))));
                }
                "static" => bodies.push(Body::Group(self.reader.members(value))),
                "dynamic" => bodies.extend(self.reader.text(value).map(Body::Dynamic)),
                "tag" => tags = self.reader.names(value),
                "description" => {}
                _ => self.reader.unknown_key(&key, "an address", &ADDRESS_KEYS),
            }
        }
        if bodies.len() > 1 || bodies.is_empty() && !self.reader.out.has_errors() {
            let message = format!("address {} needs one meaning", quote(&name.value));
            let help = "give it `ip-netmask`, `ip-range`, `ip-wildcard` or `fqdn`, or `static` or `dynamic` for a group";
            self.reader.out.error(&name.span, message).help(help);
        }
        (bodies.pop(), tags)
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
                body: Body::Group(self.reader.members(value)),
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
                Some(Service { name: name.value.clone(), protocol, ports, ..Service::default() })
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
        let mut timeouts = ServiceTimeouts::default();
        for (key, value) in entries(table) {
            if self.service_timeout(&mut timeouts, &key, value) {
                continue;
            }
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
            timeouts,
        })
    }

    /// Whether the key is a timeout, which is then read.
    fn service_timeout(&mut self, timeouts: &mut ServiceTimeouts, key: &Name, value: &Value<'_>) -> bool {
        let (slot, longest) = match key.value.as_str() {
            "timeout" => (&mut timeouts.idle, LONGEST.0),
            "halfclose-timeout" => (&mut timeouts.half_closed, LONGEST.0),
            "timewait-timeout" => (&mut timeouts.time_wait, LONGEST.1),
            _ => return false,
        };
        *slot = self.reader.number(value, 1, longest);
        true
    }

    fn part<T>(&mut self, value: &Value<'_>, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.reader.scalar(value)?;
        let part = read(&text.value);
        part.map_err(|wrong| self.reader.out.error(&text.span, wrong)).ok()
    }
}
