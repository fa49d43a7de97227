//! NAT and application-override rules (PANOS.md 2.7, 9).

use super::reader::{Reader, names, text, value};
use crate::config::candidate::{
    At, DestinationTranslation, Name, NatRule, OverrideRule, Pool, SourceTranslation,
};
use crate::config::diagnostic::quote;
use crate::config::literal;
use crate::config::panos::tree::Node;
use crate::flow::Protocol;

impl Reader<'_> {
    /// An entry of `nat/rules`.
    pub(super) fn nat_rule(&mut self, node: &Node<'_>) -> NatRule {
        let name = &*node.name;
        let mut rule = NatRule::new(node.as_name(), node.span.clone(), self.line(node));
        for child in &node.children {
            match &*child.name {
                "from" => rule.from = unless_any(self.names_or_any(child, name)),
                "to" => rule.to = unless_any(self.names_or_any(child, name)),
                "to-interface" => rule.to_interface = value(child).filter(|name| name.value != "any"),
                "source" => rule.source = unless_any(self.names_or_any(child, name)),
                "destination" => rule.destination = unless_any(self.names_or_any(child, name)),
                "service" => rule.service = value(child).filter(|name| name.value != "any"),
                "nat-type" => rule.nat_type = value(child).filter(|name| name.value != "ipv4"),
                "source-translation" => rule.source_translation = self.source_translation(child, name),
                "destination-translation" | "dynamic-destination-translation" => {
                    rule.destination_translation = self.destination_translation(child, name);
                }
                "disabled" => rule.disabled = self.flag(child).unwrap_or_default(),
                "description" => rule.description = text(child),
                "tag" => rule.tags = names(child),
                "active-active-device-binding" => {
                    rule.is_bound = true;
                    self.unmodelled("`active-active-device-binding` of nat rules", name);
                }
                _ => self.other_key(child, "nat", name),
            }
        }
        rule
    }

    fn source_translation(&mut self, node: &Node<'_>, rule: &str) -> Option<SourceTranslation> {
        let kind = node.children.last()?;
        match &*kind.name {
            "dynamic-ip-and-port" => pool(kind).map(SourceTranslation::DynamicIpAndPort),
            "dynamic-ip" => Some(SourceTranslation::DynamicIp {
                addresses: kind.names("translated-address"),
                fallback: kind.child("fallback").and_then(pool),
            }),
            "static-ip" => {
                let address = kind.value("translated-address");
                if address.is_none() {
                    let message = format!("nat rule {} translates to no address", quote(rule));
                    self.out.error(&kind.span, message).help("name it under `translated-address`");
                }
                let bidirectional = kind.child("bi-directional").and_then(|node| self.flag(node));
                let bidirectional = bidirectional.unwrap_or_default();
                address.map(|address| SourceTranslation::StaticIp { address, bidirectional })
            }
            "persistent-dynamic-ip-and-port" => pool(kind).map(SourceTranslation::DynamicIpAndPort),
            other => {
                let message = format!("nat rule {}: no source translation {}", quote(rule), quote(other));
                self.out
                    .error(&kind.span, message)
                    .help("it is `dynamic-ip-and-port`, `dynamic-ip` or `static-ip`");
                None
            }
        }
    }

    fn destination_translation(&mut self, node: &Node<'_>, rule: &str) -> Option<DestinationTranslation> {
        let port = node.child("translated-port").and_then(|node| {
            let number = self.number(node, 1, u32::from(u16::MAX))?;
            Some(At::new(u16::try_from(number).ok()?, node.span.clone()))
        });
        if node.child("dns-rewrite").is_some() {
            self.unmodelled("`dns-rewrite` of nat rules", rule);
        }
        let dynamic = node.name == "dynamic-destination-translation";
        let distribution = node.value("distribution");
        let distribution =
            distribution.or_else(|| dynamic.then(|| At::new("round-robin".to_owned(), node.span.clone())));
        Some(DestinationTranslation { address: node.value("translated-address")?, port, distribution })
    }

    /// An entry of `application-override/rules`.
    pub(super) fn override_rule(&mut self, node: &Node<'_>) -> Option<OverrideRule> {
        let name = &*node.name;
        let (mut protocol, mut application, mut ports) = (None, None, Vec::new());
        let mut rule = OverrideRule {
            name: node.as_name(),
            span: node.span.clone(),
            line: self.line(node),
            from: Vec::new(),
            to: Vec::new(),
            source: Vec::new(),
            destination: Vec::new(),
            negate_source: false,
            negate_destination: false,
            protocol: Protocol::TCP,
            ports: Vec::new(),
            application: node.as_name(),
            disabled: false,
            description: None,
            tags: Vec::new(),
        };
        for child in &node.children {
            match &*child.name {
                "from" => rule.from = unless_any(self.names_or_any(child, name)),
                "to" => rule.to = unless_any(self.names_or_any(child, name)),
                "source" => rule.source = unless_any(self.names_or_any(child, name)),
                "destination" => rule.destination = unless_any(self.names_or_any(child, name)),
                "negate-source" => rule.negate_source = self.flag(child).unwrap_or_default(),
                "negate-destination" => rule.negate_destination = self.flag(child).unwrap_or_default(),
                "protocol" => {
                    protocol = self.choice(child, &[("tcp", Protocol::TCP), ("udp", Protocol::UDP)]);
                }
                "port" => ports = self.ports(child),
                "application" => application = value(child),
                "disabled" => rule.disabled = self.flag(child).unwrap_or_default(),
                "description" => rule.description = text(child),
                "tag" => rule.tags = names(child),
                "source-user" if names(child).iter().all(|user| user.value == "any") => {}
                _ => self.other_key(child, "application-override", name),
            }
        }
        let missing = [
            ("protocol", protocol.is_none()),
            ("port", ports.is_empty()),
            ("application", application.is_none()),
        ];
        for (key, _) in missing.iter().filter(|(key, missing)| *missing && node.child(key).is_none()) {
            let message = format!("application-override rule {} has no `{key}`", quote(name));
            self.out.error(&node.span, message).help("it needs `protocol`, `port` and `application`");
        }
        Some(OverrideRule { protocol: protocol?, ports, application: application?, ..rule })
    }

    /// A list of ports such as `80,8080-8090`.
    pub(super) fn ports(&mut self, node: &Node<'_>) -> Vec<(u16, u16)> {
        let mut ports = Vec::new();
        for text in &node.children {
            match literal::ports(&text.name) {
                Ok(found) => ports.extend(found),
                Err(wrong) => {
                    self.out.error(&text.span, wrong).help("write ports as `80,8080-8090`");
                }
            }
        }
        ports
    }
}

/// What an address and port is taken from.
fn pool(node: &Node<'_>) -> Option<Pool> {
    if let Some(address) = node.child("interface-address") {
        let interface = address.value("interface")?;
        return Some(Pool::Interface {
            interface,
            ip: address.value("ip").or_else(|| address.value("floating-ip")),
        });
    }
    let addresses = node.names("translated-address");
    (!addresses.is_empty()).then_some(Pool::Addresses(addresses))
}

fn unless_any(names: Vec<Name>) -> Vec<Name> {
    if names.iter().any(|name| name.value == "any") { Vec::new() } else { names }
}
