//! Addresses, services, schedules and URL categories (PANOS.md 12.1).

use super::names::Namespace;
use super::reader::{Reader, value};
use super::scope::Scope;
use crate::config::candidate::{AddressObject, Body, Candidate, Definition, Name};
use crate::config::diagnostic::quote;
use crate::config::literal;
use crate::config::panos::tree::Node;
use crate::flow::Protocol;
use crate::policy::{Service, ServiceTimeouts};

/// What source and destination columns name.
pub(super) const ADDRESSES: [&str; 4] = ["address", "address-group", "region", "external-list"];
/// What service columns name.
pub(super) const SERVICES: [&str; 2] = ["service", "service-group"];

/// The longest timeout of a service in seconds, and the longest in time-wait (PANOS.md 5.2).
const LONGEST: (u32, u32) = (604_800, 600);

/// The number of SCTP (RFC 9260).
const SCTP: Protocol = Protocol(132);

/// Keys of a group that are no members of it, in the form that older releases wrote: members without an element
/// around them.
const NO_MEMBERS: [&str; 5] = ["description", "tag", "disable-override", "color", "uuid"];

impl Reader<'_> {
    /// Addresses, groups of them, and regions.
    pub(super) fn addresses(&mut self, scopes: &[Scope<'_>], candidate: &mut Candidate) {
        let space = Namespace::new(scopes, &ADDRESSES);
        for (index, scope) in scopes.iter().enumerate() {
            for entry in scope.entries("address") {
                let Some(object) = self.address(entry) else { continue };
                // A dynamic group must not find what is hidden.
                let hidden = space.is_hidden(&entry.name, index);
                let tags = if hidden { Vec::new() } else { entry.names("tag") };
                let name = space.defined(entry, index);
                candidate.addresses.push(Definition { name, body: Body::Object(object), tags });
            }
            for entry in scope.entries("address-group") {
                let body = match entry.at(&["dynamic", "filter"]).and_then(value) {
                    Some(filter) => Body::Dynamic(filter),
                    None => Body::Group(space.all_referred(members(entry, "static"), index)),
                };
                let name = space.defined(entry, index);
                candidate.addresses.push(Definition { name, body, tags: entry.names("tag") });
            }
            for entry in scope.entries("region") {
                candidate.tables.regions.push((space.defined(entry, index), entry.names("address")));
            }
            for entry in scope.entries("external-list") {
                // What is on it is fetched, and stands in no configuration.
                candidate.tables.external_lists.push((space.defined(entry, index), Vec::new()));
            }
        }
    }

    /// An entry of `address`.
    fn address(&mut self, entry: &Node<'_>) -> Option<AddressObject> {
        let typed = entry
            .children
            .iter()
            .find_map(|kind| Some((kind, value(kind)?)).filter(|_| is_address_type(kind)));
        let Some((kind, text)) = typed else {
            let message = format!("address {} has no value", quote(&entry.name));
            self.out
                .error(&entry.span, message)
                .help("it needs one of `ip-netmask`, `ip-range`, `ip-wildcard` and `fqdn`");
            return None;
        };
        let object = match &*kind.name {
            "fqdn" => Ok(AddressObject::Fqdn(text.clone())),
            "ip-wildcard" => {
                literal::wildcard(&text.value).map(|(addr, mask)| AddressObject::Wildcard { addr, mask })
            }
            _ => literal::addresses(&text.value)
                .unwrap_or_else(|| Err("it is no address, prefix or range".to_owned()))
                .map(AddressObject::Ranges),
        };
        let wrong = |wrong| {
            let message = format!(
                "address {}: {} is no {}: {wrong}",
                quote(&entry.name),
                quote(&text.value),
                kind.name
            );
            self.out.error(&text.span, message);
        };
        object.map_err(wrong).ok()
    }

    /// Services and groups of them.
    pub(super) fn services(&mut self, scopes: &[Scope<'_>], candidate: &mut Candidate) {
        let space = Namespace::new(scopes, &SERVICES);
        for (index, scope) in scopes.iter().enumerate() {
            for entry in scope.entries("service") {
                let name = space.defined(entry, index);
                let services = self.service(entry, &name).into_iter().collect();
                let tags = entry.names("tag");
                candidate.services.push(Definition { name, body: Body::Object(services), tags });
            }
            for entry in scope.entries("service-group") {
                let name = space.defined(entry, index);
                let members = members(entry, "members");
                let body = if members.iter().any(|member| member.value == "any") {
                    self.note(
                        "service groups with the member `any`: taken as every TCP and UDP port",
                        &entry.name,
                    );
                    Body::Object(
                        [Protocol::TCP, Protocol::UDP].map(|protocol| every_port(&name, protocol)).into(),
                    )
                } else {
                    Body::Group(space.all_referred(members, index))
                };
                candidate.services.push(Definition { name, body, tags: entry.names("tag") });
            }
        }
    }

    /// An entry of `service`.
    fn service(&mut self, entry: &Node<'_>, name: &Name) -> Option<Service> {
        let kind = entry.child("protocol").and_then(|protocol| protocol.children.last());
        let protocol = match kind.map(|kind| &*kind.name) {
            Some("tcp") => Protocol::TCP,
            Some("udp") => Protocol::UDP,
            Some("sctp") => SCTP,
            _ => {
                let message = format!("service {} has no protocol", quote(&entry.name));
                self.out.error(&entry.span, message).help("it needs `protocol` with `tcp`, `udp` or `sctp`");
                return None;
            }
        };
        let kind = kind?;
        let mut ports = |key: &str| kind.child(key).map(|node| self.ports(node));
        let (found, source_ports) = (ports("port"), ports("source-port").unwrap_or_default());
        if found.as_ref().is_none_or(Vec::is_empty) && !self.out.has_errors() {
            let message = format!("service {} has no `port`", quote(&entry.name));
            self.out.error(&entry.span, message).help("write its ports as `80,8080-8090`");
        }
        Some(Service {
            name: name.value.clone(),
            protocol,
            ports: found.unwrap_or_default(),
            source_ports,
            timeouts: self.service_timeouts(kind),
        })
    }

    /// `override yes` (PANOS.md 5.2).
    fn service_timeouts(&mut self, kind: &Node<'_>) -> ServiceTimeouts {
        let Some(own) = kind.at(&["override", "yes"]) else { return ServiceTimeouts::default() };
        let mut seconds = |key, most| own.child(key).and_then(|node| self.number(node, 1, most));
        ServiceTimeouts {
            idle: seconds("timeout", LONGEST.0),
            half_closed: seconds("halfclose-timeout", LONGEST.0),
            time_wait: seconds("timewait-timeout", LONGEST.1),
        }
    }

    /// URL categories of the user's own, each a list of host patterns. Only rules name them.
    pub(super) fn url_categories(&mut self, scopes: &[Scope<'_>], candidate: &mut Candidate) {
        for scope in scopes {
            let categories = scope.node.at(&["profiles", "custom-url-category"]);
            for entry in categories.map_or(&[][..], |node| &node.children) {
                if candidate.tables.url_categories.iter().any(|(name, _)| name.value == entry.name) {
                    continue;
                }
                if entry.value("type").is_some_and(|kind| kind.value == "Category Match") {
                    self.unmodelled("URL categories that are combinations of others", &entry.name);
                    continue;
                }
                candidate.tables.url_categories.push((entry.as_name(), entry.names("list")));
            }
        }
    }
}

/// Members of a group: under `element`, or, as older releases wrote, right below the group.
pub(super) fn members(entry: &Node<'_>, element: &str) -> Vec<Name> {
    if entry.child(element).is_some() {
        return entry.names(element);
    }
    let direct = entry.children.iter().filter(|child| !NO_MEMBERS.contains(&&*child.name));
    direct.filter(|child| child.children.is_empty()).map(Node::as_name).collect()
}

fn is_address_type(node: &Node<'_>) -> bool {
    ["ip-netmask", "ip-range", "ip-wildcard", "fqdn"].contains(&&*node.name)
}

fn every_port(name: &Name, protocol: Protocol) -> Service {
    Service { name: name.value.clone(), protocol, ports: vec![(0, u16::MAX)], ..Service::default() }
}
