//! Custom applications, groups and filters of them (PANOS.md 2.6, 2.8, 5.2).

use std::collections::BTreeSet;

use super::names::Namespace;
use super::objects::members;
use super::reader::{Reader, entries, names, text, value};
use super::scope::Scope;
use crate::app::{Characteristics, Timeouts};
use crate::config::candidate::{
    ApplicationFilter, Body, Candidate, CustomApplication, Definition, Match, Name, Signature,
};
use crate::config::diagnostic::quote;
use crate::config::literal;
use crate::config::panos::tree::Node;

/// What application columns name.
const APPLICATIONS: [&str; 3] = ["application", "application-group", "application-filter"];

/// The longest timeout an application can have, in seconds (PANOS.md 5.2).
const LONGEST: u32 = 604_800;

/// How a condition of a signature compares.
const OPERATORS: [&str; 4] = ["pattern-match", "equal-to", "less-than", "greater-than"];

impl Reader<'_> {
    /// Applications, groups and filters of all scopes, and what is said of predefined ones.
    pub(super) fn applications(&mut self, scopes: &[Scope<'_>], candidate: &mut Candidate) {
        let space = Namespace::new(scopes, &APPLICATIONS);
        candidate.disabled_algs = disabled_algs(scopes);
        for (index, scope) in scopes.iter().enumerate() {
            for entry in scope.entries("application") {
                let mut app = self.application(entry, space.defined(entry, index));
                app.parent = app.parent.map(|name| space.referred(name, index));
                candidate.applications.push(app);
            }
            for entry in scope.entries("application-group") {
                let members = space.all_referred(members(entry, "members"), index);
                candidate.application_groups.push(Definition {
                    name: space.defined(entry, index),
                    body: Body::Group(members),
                    tags: Vec::new(),
                });
            }
            for entry in scope.entries("application-filter") {
                let mut filter = self.application_filter(entry, space.defined(entry, index));
                filter.exclude = space.all_referred(filter.exclude, index);
                candidate.application_filters.push(filter);
            }
            for entry in scope.node.at(&["override", "application"]).map_or(&[][..], |node| &node.children) {
                let mut app = CustomApplication::new(entry.as_name());
                for key in &entry.children {
                    self.timeout(&mut app.timeouts, key);
                }
                candidate.applications.push(app);
            }
            for entry in scope.entries("application-tag") {
                let mut app = CustomApplication::new(space.referred(entry.as_name(), index));
                app.tags = entry.names("tag");
                candidate.applications.push(app);
            }
        }
    }

    /// An entry of `application`.
    fn application(&mut self, entry: &Node<'_>, name: Name) -> CustomApplication {
        let mut app = CustomApplication::new(name);
        for child in &entry.children {
            if self.timeout(&mut app.timeouts, child) {
                continue;
            }
            match &*child.name {
                "default" => self.default_ports(&mut app, child, &entry.name),
                "category" => app.class.category = text(child).unwrap_or_default(),
                "subcategory" => app.class.subcategory = text(child).unwrap_or_default(),
                "technology" => app.class.technology = text(child).unwrap_or_default(),
                "risk" => {
                    app.class.risk =
                        self.number(child, 1, 5).and_then(|risk| u8::try_from(risk).ok()).unwrap_or_default()
                }
                "parent-app" => app.parent = value(child).filter(|parent| parent.value != "none"),
                "signature" => {
                    app.signatures =
                        child.children.iter().map(|entry| self.signature(entry, child)).collect();
                }
                "tag" => app.tags = names(child),
                _ => app.characteristics.extend(characteristic(child)),
            }
            app.defines.push(Node::as_name(child));
        }
        // Also one of which nothing is said is the user's own.
        if app.defines.is_empty() {
            app.defines.push(entry.as_name());
        }
        app
    }

    /// `default`: ports, or what stands in for them.
    fn default_ports(&mut self, app: &mut CustomApplication, node: &Node<'_>, owner: &str) {
        for kind in &node.children {
            match &*kind.name {
                "port" => {
                    for text in &kind.children {
                        if app.ports.add(&text.name).is_none() {
                            let wrong = literal::service(&text.name).err().unwrap_or_default();
                            let message = format!(
                                "application {}: {} is no list of ports: {wrong}",
                                quote(owner),
                                quote(&text.name)
                            );
                            self.out
                                .error(&text.span, message)
                                .help("write it as `tcp/80,8000-8080` or `udp/dynamic`");
                        }
                    }
                }
                "ident-by-ip-protocol" => {
                    app.ports.ip_protocols.extend(self.byte(kind).map(|number| (number, number)));
                }
                "ident-by-icmp-type" => {
                    app.icmp = self.icmp(kind);
                }
                "ident-by-icmp6-type" => {
                    app.icmp6 = self.icmp(kind);
                }
                _ => {}
            }
        }
    }

    /// `type` and `code`; older releases wrote the type alone.
    fn icmp(&mut self, node: &Node<'_>) -> Option<(u8, Option<u8>)> {
        match node.child("type") {
            Some(kind) => {
                let code = node.child("code").and_then(|code| self.byte(code));
                self.byte(kind).map(|kind| (kind, code))
            }
            None => self.byte(node).map(|kind| (kind, None)),
        }
    }

    /// Whether the key is a timeout, which is then read. 0 inherits the global one (PANOS.md 5.2).
    fn timeout(&mut self, timeouts: &mut Timeouts, key: &Node<'_>) -> bool {
        let (slot, low, high) = match &*key.name {
            "timeout" => (&mut timeouts.timeout, 0, LONGEST),
            "tcp-timeout" => (&mut timeouts.tcp_timeout, 0, LONGEST),
            "udp-timeout" => (&mut timeouts.udp_timeout, 0, LONGEST),
            "tcp-half-closed-timeout" => (&mut timeouts.tcp_half_closed_timeout, 1, LONGEST),
            "tcp-time-wait-timeout" => (&mut timeouts.tcp_time_wait_timeout, 1, 600),
            _ => return false,
        };
        *slot = self.number(key, low, high);
        true
    }

    /// An entry of `signature`.
    pub(super) fn signature(&mut self, entry: &Node<'_>, parent: &Node<'_>) -> Signature {
        let all = entries(entry, "and-condition").iter();
        let conditions = all.map(|all| {
            let any = entries(all, "or-condition").iter();
            any.filter_map(|one| self.condition(one, parent)).collect()
        });
        Signature {
            name: entry.as_name(),
            session: entry.value("scope").is_some_and(|scope| scope.value == "session"),
            conditions: conditions.collect(),
            order_free: entry.child("order-free").and_then(|node| self.flag(node)).unwrap_or_default(),
        }
    }

    /// An entry of `or-condition`.
    fn condition(&mut self, entry: &Node<'_>, owner: &Node<'_>) -> Option<Match> {
        let (kind, operator) = entries(entry, "operator").iter().find_map(|kind| {
            OPERATORS.iter().find(|operator| **operator == kind.name).map(|operator| (kind, *operator))
        })?;
        if kind.at(&["negate", "yes"]).is_some() {
            // Of threat signatures, which share the form.
            self.unmodelled("negated conditions of application signatures", &owner.name);
            return None;
        }
        let qualifiers = entries(kind, "qualifier").iter();
        let qualifiers = qualifiers.filter_map(|entry| Some((entry.as_name(), entry.value("value")?)));
        Some(Match {
            context: kind.value("context")?,
            pattern: kind.value("pattern").or_else(|| kind.value("value"))?,
            operator,
            qualifiers: qualifiers.collect(),
            position: kind.value("position"),
            mask: kind.value("mask"),
        })
    }

    /// An entry of `application-filter`.
    fn application_filter(&mut self, entry: &Node<'_>, name: Name) -> ApplicationFilter {
        let mut filter = ApplicationFilter {
            name,
            category: entry.names("category"),
            subcategory: entry.names("subcategory"),
            technology: entry.names("technology"),
            risk: Vec::new(),
            characteristics: Vec::new(),
            tags: entry.at(&["tagging", "tag"]).map(names).unwrap_or_default(),
            exclude: entry.names("exclude"),
        };
        for risk in entries(entry, "risk") {
            match risk.name.parse().ok().filter(|risk| (1..=5).contains(risk)) {
                Some(risk) => filter.risk.push(risk),
                None => {
                    self.out.error(&risk.span, format!("{} is no risk from 1 to 5", quote(&risk.name)));
                }
            }
        }
        filter.characteristics = entry.children.iter().filter_map(characteristic).collect();
        if entry.at(&["tagging", "no-tag"]).is_some() {
            self.unmodelled("`no-tag` of application filters", &entry.name);
        }
        filter
    }
}

/// What `alg-override` switches off: the innermost scope that says anything of an application counts.
fn disabled_algs(scopes: &[Scope<'_>]) -> Vec<Name> {
    let mut said = BTreeSet::new();
    let entries = scopes.iter().filter_map(|scope| scope.node.at(&["alg-override", "application"]));
    let entries =
        entries.flat_map(|node| &node.children).filter(|entry| entry.child("alg-disabled").is_some());
    let first = entries.filter(|entry| said.insert(entry.name.clone()));
    first.filter(|entry| entry.at(&["alg-disabled", "yes"]).is_some()).map(Node::as_name).collect()
}

/// A key such as `evasive`, where it says `yes`.
fn characteristic(key: &Node<'_>) -> Option<Name> {
    let known = Characteristics::default().add(&key.name).is_some();
    (known && key.child("yes").is_some()).then(|| key.as_name())
}
