//! Which part of a configuration is meant: a vsys of a firewall, a device group of Panorama, and what they inherit
//! (PANOS.md 12.5).

use super::reader::{Reader, entries, text};
use crate::config::Overrides;
use crate::config::diagnostic::quote;
use crate::config::panos::tree::Node;

/// A place that holds objects, and rules perhaps: a vsys, a device group, shared.
#[derive(Clone)]
pub(super) struct Scope<'n> {
    /// `vsys1`, `shared`.
    pub(super) label: String,
    pub(super) node: &'n Node<'n>,
}

/// A rulebase: which scope it is of, and which one of that.
pub(super) struct Rulebase<'n> {
    pub(super) scope: String,
    /// `rulebase`, `pre-rulebase` or `post-rulebase`.
    pub(super) kind: &'static str,
    pub(super) node: &'n Node<'n>,
}

/// What is read of a configuration.
pub(super) struct Selection<'n> {
    /// Where objects are defined, innermost first.
    pub(super) scopes: Vec<Scope<'n>>,
    /// In the order in which their rules are looked at.
    pub(super) rulebases: Vec<Rulebase<'n>>,
    /// Where zones are defined.
    pub(super) vsys: Vec<&'n Node<'n>>,
    /// Where interfaces, routers and settings are defined.
    pub(super) devices: Vec<&'n Node<'n>>,
    pub(super) is_panorama: bool,
}

impl<'n> Scope<'n> {
    fn new(node: &'n Node<'n>) -> Self {
        Self { label: node.name.clone().into_owned(), node }
    }

    /// The entries of one kind of object.
    pub(super) fn entries(&self, element: &str) -> &'n [Node<'n>] {
        entries(self.node, element)
    }

    fn rulebase(&self, kind: &'static str) -> Option<Rulebase<'n>> {
        let node = self.node.child(kind)?;
        Some(Rulebase { scope: self.label.clone(), kind, node })
    }
}

/// Takes the vsys that `overrides` ask for, or else the first with security rules; of Panorama, the device group
/// with those above it, and what the template gives the firewalls in it.
pub(super) fn select<'n>(
    config: &'n Node<'n>,
    group: Option<&'n Node<'n>>,
    template: Option<&'n Node<'n>>,
    overrides: &Overrides,
    reader: &mut Reader<'_>,
) -> Selection<'n> {
    let vsys = all_vsys(config);
    let is_panorama = is_panorama(config);
    let shared = config.child("shared").map(Scope::new);
    let (local, layers) = if is_panorama {
        let chain = group.map(|group| with_parents(config, group)).unwrap_or_default();
        let local = vsys.iter().copied().find(|vsys| has_rules(vsys));
        (local, chain.into_iter().map(Scope::new).collect())
    } else {
        if let Some(group) = &overrides.device_group {
            reader.out.general(format!("--device-group {group}: the configuration has no device groups"));
        }
        let local = choose_vsys(&vsys, overrides, reader);
        (local, pushed(config, local))
    };
    let mut scopes: Vec<Scope<'_>> = local.map(Scope::new).into_iter().collect();
    scopes.extend(layers);
    scopes.extend(shared);
    let outside_in = scopes.iter().rev().filter_map(|scope| scope.rulebase("pre-rulebase"));
    let inside_out = scopes.iter().filter_map(|scope| scope.rulebase("post-rulebase"));
    let own = scopes.first().and_then(|scope| scope.rulebase("rulebase"));
    let rulebases = outside_in.chain(own).chain(inside_out).collect();
    // What Panorama says of itself is no firewall's.
    let device = if is_panorama && local.is_none() { template } else { Some(config) };
    let devices = device.map_or(&[][..], |config| entries(config, "devices")).iter().collect();
    let vsys = match template {
        Some(template) => template_vsys(template, overrides, reader),
        None => local.into_iter().collect(),
    };
    Selection { scopes, rulebases, vsys, devices, is_panorama }
}

/// Every rulebase of the configuration, whatever is selected.
pub(super) fn every_rulebase<'n>(config: &'n Node<'n>) -> Vec<Rulebase<'n>> {
    let groups = device_groups(config);
    let shared = config.child("shared");
    let places = shared.into_iter().chain(groups).chain(all_vsys(config)).map(Scope::new);
    places
        .flat_map(|scope| ["pre-rulebase", "rulebase", "post-rulebase"].map(|kind| scope.rulebase(kind)))
        .flatten()
        .collect()
}

/// Panorama has device groups or templates, or rules in shared.
pub(super) fn is_panorama(config: &Node<'_>) -> bool {
    let manages = |device: &Node<'_>| {
        ["device-group", "template", "template-stack"].iter().any(|key| !entries(device, key).is_empty())
    };
    let shared = config.child("shared");
    entries(config, "devices").iter().any(manages)
        || shared.is_some_and(|shared| {
            shared.child("pre-rulebase").is_some() || shared.child("post-rulebase").is_some()
        })
}

fn all_vsys<'n>(config: &'n Node<'n>) -> Vec<&'n Node<'n>> {
    entries(config, "devices").iter().flat_map(|device| entries(device, "vsys")).collect()
}

/// All device groups of Panorama.
pub(super) fn device_groups<'n>(config: &'n Node<'n>) -> Vec<&'n Node<'n>> {
    entries(config, "devices").iter().flat_map(|device| entries(device, "device-group")).collect()
}

/// Whether there is more than one device group or virtual system, of which only one is read.
pub(super) fn has_several(config: &Node<'_>) -> bool {
    device_groups(config).len() > 1 || all_vsys(config).len() > 1
}

fn has_rules(scope: &Node<'_>) -> bool {
    ["pre-rulebase", "rulebase", "post-rulebase"]
        .iter()
        .any(|kind| scope.at(&[kind, "security", "rules"]).is_some_and(|rules| !rules.children.is_empty()))
}

fn choose_vsys<'n>(
    all: &[&'n Node<'n>],
    overrides: &Overrides,
    reader: &mut Reader<'_>,
) -> Option<&'n Node<'n>> {
    if let Some(wanted) = &overrides.vsys {
        let is_it = |vsys: &&&Node<'_>| {
            vsys.name == *wanted || vsys.value("display-name").is_some_and(|name| name.value == *wanted)
        };
        let found = all.iter().find(is_it).copied();
        if found.is_none() {
            unknown("vsys", wanted, all, reader);
        }
        return found;
    }
    let found = first_with_rules(all)?;
    if all.len() > 1 {
        reader.out.warn(format!(
            "of several virtual systems {} is read; `--vsys` chooses another: {}",
            quote(&found.name),
            list(all.iter().copied().filter(|vsys| vsys.name != found.name))
        ));
    }
    Some(found)
}

/// The device group that `overrides` ask for, or else the first with security rules.
pub(super) fn device_group<'n>(
    config: &'n Node<'n>,
    overrides: &Overrides,
    reader: &mut Reader<'_>,
) -> Option<&'n Node<'n>> {
    let all = device_groups(config);
    if let Some(wanted) = &overrides.device_group {
        let found = all.iter().find(|group| group.name == *wanted).copied();
        if found.is_none() {
            unknown("device-group", wanted, &all, reader);
        }
        return found;
    }
    let found = first_with_rules(&all)?;
    if all.len() > 1 {
        reader.out.warn(format!(
            "of several device groups {} is read, with those above it and shared; `--device-group` chooses another: {}",
            quote(&found.name),
            list(all.iter().copied().filter(|group| group.name != found.name))
        ));
    }
    Some(found)
}

fn first_with_rules<'n>(all: &[&'n Node<'n>]) -> Option<&'n Node<'n>> {
    all.iter().find(|scope| has_rules(scope)).or(all.first()).copied()
}

/// Says that there is no such thing, and what there is.
pub(super) fn unknown(option: &str, wanted: &str, all: &[&Node<'_>], reader: &mut Reader<'_>) {
    let help = match all {
        [] => "the configuration has none".to_owned(),
        _ => format!("the configuration has {}", list(all.iter().copied())),
    };
    reader.out.general(format!("--{option}: there is no {}", quote(wanted))).help(help);
}

/// Names for people.
pub(super) fn list<'n>(nodes: impl Iterator<Item = &'n Node<'n>>) -> String {
    const SHOWN: usize = 30;
    let mut names: Vec<String> = nodes.take(SHOWN + 1).map(|node| quote(&node.name)).collect();
    if names.len() > SHOWN {
        names.truncate(SHOWN);
        names.push("…".to_owned());
    }
    names.join(", ")
}

/// A device group and those above it, innermost first.
fn with_parents<'n>(config: &'n Node<'n>, group: &'n Node<'n>) -> Vec<&'n Node<'n>> {
    let all = device_groups(config);
    let readonly = config.child("readonly").map_or(&[][..], |readonly| entries(readonly, "devices"));
    let notes: Vec<&Node<'_>> = readonly.iter().flat_map(|device| entries(device, "device-group")).collect();
    let parent = |group: &Node<'_>| -> Option<String> {
        let noted =
            notes.iter().find(|noted| noted.name == group.name).and_then(|noted| noted.child("parent-dg"));
        noted.or_else(|| group.child("parent-dg")).and_then(text)
    };
    let mut chain = vec![group];
    while let Some(name) = chain.last().and_then(|group| parent(group)) {
        let next = all.iter().find(|group| group.name == name);
        let Some(next) = next.filter(|next| chain.iter().all(|group| group.name != next.name)) else { break };
        chain.push(next);
    }
    chain
}

/// What Panorama pushed to a firewall, innermost first.
fn pushed<'n>(config: &'n Node<'n>, vsys: Option<&Node<'_>>) -> Vec<Scope<'n>> {
    let panorama = config.child("panorama").or_else(|| config.at(&["policy", "panorama"]));
    let Some(panorama) = panorama else { return Vec::new() };
    let own = vsys.and_then(|vsys| panorama.at(&["vsys", &*vsys.name]));
    let own = own.or_else(|| entries(panorama, "vsys").first());
    let places = [own, Some(panorama), panorama.child("shared")];
    let labelled = |node: &'n Node<'n>| Scope { label: "panorama".to_owned(), node };
    places.into_iter().flatten().map(labelled).collect()
}

/// The vsys whose zones a template gives.
fn template_vsys<'n>(
    template: &'n Node<'n>,
    overrides: &Overrides,
    reader: &mut Reader<'_>,
) -> Vec<&'n Node<'n>> {
    let all = all_vsys(template);
    if let Some(wanted) = &overrides.vsys
        && all.iter().all(|vsys| vsys.name != *wanted)
    {
        unknown("vsys", wanted, &all, reader);
    }
    let default = template.child("settings").and_then(|settings| settings.value("default-vsys"));
    let wanted = overrides.vsys.clone().or_else(|| default.map(|name| name.value));
    let named: Vec<&Node<'_>> =
        all.iter().filter(|vsys| Some(&*vsys.name) == wanted.as_deref()).copied().collect();
    if named.iter().any(|vsys| !entries(vsys, "zone").is_empty()) { named } else { all }
}
