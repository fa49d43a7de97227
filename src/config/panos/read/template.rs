//! Templates of Panorama: where zones, interfaces and routers of the firewalls it manages stand (PANOS.md 12.5).

use super::reader::{Reader, entries};
use super::scope::{list, unknown};
use crate::config::Overrides;
use crate::config::panos::tree::Node;

/// Elements whose children are entries: of two templates both count, even where the entries hold nothing.
const ENTRIES: [&str; 14] = [
    "devices",
    "vsys",
    "zone",
    "zone-protection-profile",
    "ethernet",
    "aggregate-ethernet",
    "units",
    "virtual-router",
    "logical-router",
    "vrf",
    "virtual-wire",
    "static-route",
    "variable",
    "ssl-exclude-cert",
];

/// The configuration that the chosen template, or stack of templates, gives a firewall.
pub(super) fn merged<'t>(
    config: &Node<'t>,
    group: Option<&Node<'_>>,
    overrides: &Overrides,
    reader: &mut Reader<'_>,
) -> Option<Node<'t>> {
    let of_devices = |key| entries(config, "devices").iter().flat_map(move |device| entries(device, key));
    let stacks: Vec<&Node<'t>> = of_devices("template-stack").collect();
    let templates: Vec<&Node<'t>> = of_devices("template").collect();
    let chosen = choose(&stacks, &templates, group, overrides, reader)?;
    let members = chosen.names("templates");
    let members = members.iter().filter_map(|name| templates.iter().find(|node| node.name == name.value));
    // What stands first counts most: the stack's own values, then those of its first template.
    let mut layers: Vec<Node<'t>> = std::iter::once(&chosen).chain(members).map(|node| body(node)).collect();
    let mut merged = layers.pop()?;
    while let Some(layer) = layers.pop() {
        overlay(&mut merged, layer);
    }
    Some(merged)
}

/// The configuration in a template, with its settings and variables. Set commands leave out the device.
fn body<'t>(template: &Node<'t>) -> Node<'t> {
    let mut config = Node::new("config".into(), template.span.clone());
    let mut device = Node::new("localhost.localdomain".into(), template.span.clone());
    for child in entries(template, "config") {
        match &*child.name {
            "devices" | "shared" | "mgt-config" => config.children.push(child.clone()),
            _ => device.children.push(child.clone()),
        }
    }
    if !device.children.is_empty() {
        let mut devices = Node::new("devices".into(), template.span.clone());
        devices.children.push(device);
        let mut said_short = Node::new("config".into(), template.span.clone());
        said_short.children.push(devices);
        overlay(&mut config, said_short);
    }
    config.children.extend(["settings", "variable"].iter().filter_map(|key| template.child(key).cloned()));
    config
}

fn choose<'c, 't>(
    stacks: &[&'c Node<'t>],
    templates: &[&'c Node<'t>],
    group: Option<&Node<'_>>,
    overrides: &Overrides,
    reader: &mut Reader<'_>,
) -> Option<&'c Node<'t>> {
    let all: Vec<&'c Node<'t>> = stacks.iter().chain(templates).copied().collect();
    if let Some(wanted) = &overrides.template {
        let found = all.iter().find(|node| node.name == *wanted).copied();
        if found.is_none() {
            unknown("template", wanted, &all, reader);
        }
        return found;
    }
    let managed = group.map_or(&[][..], |group| entries(group, "devices"));
    let manages = |node: &&&Node<'_>| {
        node.child("devices")
            .is_some_and(|devices| managed.iter().any(|device| devices.child(&device.name).is_some()))
    };
    let fitting: Vec<&'c Node<'t>> = all.iter().filter(manages).copied().collect();
    match (&fitting[..], stacks, templates) {
        ([only], ..) | ([], [only], _) | ([], [], [only]) => Some(only),
        ([], [], []) => None,
        ([first, ..], ..) => {
            reader.out.warn(format!(
                "several templates are of firewalls in the device group: {}; the first is read, `--template` chooses another",
                list(fitting.iter().copied())
            ));
            Some(first)
        }
        _ => {
            reader.out.warn(format!(
                "zones, interfaces and routes stand in templates, and none is read: `--template` chooses one of {}",
                list(all.into_iter())
            ));
            None
        }
    }
}

/// Puts `over` on top: its lists and values count instead of those below.
fn overlay<'t>(below: &mut Node<'t>, over: Node<'t>) {
    for node in over.children {
        let is_leaf = |node: &Node<'_>| node.children.iter().all(|child| child.children.is_empty());
        match below.children.iter_mut().find(|child| child.name == node.name) {
            None => below.children.push(node),
            Some(old) if !ENTRIES.contains(&&*node.name) && is_leaf(&node) && !node.children.is_empty() => {
                *old = node
            }
            Some(old) => overlay(old, node),
        }
    }
}
