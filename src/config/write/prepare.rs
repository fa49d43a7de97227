//! A candidate made ready for a format: what it has another form for is put so, what it has none for is left out and
//! named.

mod decryption;

use std::collections::{BTreeMap, BTreeSet};

use super::panos::network::is_multicast;
use super::panos::profiles::defined;
use super::{Form, text};
use crate::app::{Catalog, DenyAction};
use crate::config::candidate::{
    AddressObject, At, Body, Candidate, CustomApplication, Definition, Interface, InterfaceMode, Name,
    NatRule, NextHop, Pool, Route, SecurityRule, SourceTranslation, VirtualRouter, Zone, ZoneMode,
};
use crate::config::commit::is_predefined;
use crate::config::diagnostic::{Span, quote};
use crate::config::{Settings, World, literal};
use crate::feature::alg::Algs;
use crate::flow::Addr;
use crate::policy::Service;

/// So many names are shown in one sentence.
const SHOWN: usize = 8;

/// Sections of settings that PAN-OS has.
const SECTIONS: [&str; 6] = ["session", "tcp", "application", "ctd", "config", "nat"];

/// The virtual router of what a rulebase in TOML has.
const ROUTER: &str = "default";

/// Prepares `candidate`, of which `world` was made, and says what was done to it.
pub(super) fn prepare(candidate: &mut Candidate, form: Form, world: &World) -> Vec<String> {
    let mut notes = Notes::default();
    one_rulebase(candidate, &mut notes);
    profiles(candidate, &mut notes);
    decryption::prepare(candidate, form, &mut notes);
    descriptions(candidate, &mut notes);
    match form {
        Form::Toml => for_toml(candidate, world, &mut notes),
        Form::PanosXml | Form::PanosSet => for_panos(candidate, world, &mut notes),
    }
    notes.0
}

/// Sentences about what is left out.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    /// `what`, and the names of all it is about.
    fn about<S: AsRef<str>>(&mut self, what: &str, names: &[S]) {
        if names.is_empty() {
            return;
        }
        let shown: Vec<String> = names.iter().take(SHOWN).map(|name| quote(name.as_ref())).collect();
        let more =
            if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
        self.0.push(format!("{what}: {}{more}", shown.join(", ")));
    }
}

/// Rules of several rulebases (of Panorama) become rules of one, where each needs a name of its own.
fn one_rulebase(candidate: &mut Candidate, notes: &mut Notes) {
    let mut renamed = distinct(candidate.rules.iter_mut());
    renamed.extend(distinct(candidate.decryption.iter_mut().map(|rule| &mut rule.matches)));
    notes.about("rules of several rulebases had the same name and have another one now", &renamed);
}

/// Gives each rule a name of its own; those that are new.
fn distinct<'r>(rules: impl Iterator<Item = &'r mut SecurityRule>) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut renamed = Vec::new();
    for rule in rules {
        let name = free(&rule.name.value, &taken);
        if rule.rulebase > 0 && name != rule.name.value {
            renamed.push(name.clone());
            rule.name.value = name;
        }
        taken.insert(rule.name.value.clone());
        rule.rulebase = 0;
    }
    renamed
}

/// `name`, or where that is taken, `name-2` and so on.
fn free(name: &str, taken: &BTreeSet<String>) -> String {
    let others = (2..).map(|number: u32| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(others).find(|name| !taken.contains(name)).unwrap_or_default()
}

/// Security profiles that the model does not read, and those that nothing defines. A zone-protection profile may stand
/// elsewhere as well.
fn profiles(candidate: &mut Candidate, notes: &mut Notes) {
    let (kept, mut left, mut unknown) = (Kept::new(candidate), BTreeSet::new(), BTreeSet::new());
    let rules = candidate.rules.iter_mut().map(|rule| &mut rule.profiles);
    let defaults = [&mut candidate.intrazone.profiles, &mut candidate.interzone.profiles];
    let groups = candidate.profiles.groups.iter_mut().map(|(_, kinds)| kinds);
    for named in rules.chain(defaults).chain(groups) {
        named.retain_mut(|(kind, names)| {
            let Some(known) = kept.0.get(kind.value.as_str()) else {
                left.insert(kind.value.clone());
                return false;
            };
            names.truncate(1);
            names.retain(|name| {
                let is_known = known.contains(&name.value) || is_predefined(&kind.value, &name.value);
                unknown.extend((!is_known).then(|| name.value.clone()));
                is_known
            });
            !names.is_empty()
        });
    }
    let texts = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>();
    notes.about("left out, for the model does not read them: security profiles of the kinds", &texts(left));
    notes.about("left out, for nothing defines them: the security profiles", &texts(unknown));
    let defined: BTreeSet<String> =
        candidate.protections.iter().map(|profile| profile.name.value.clone()).collect();
    let zones = candidate
        .zones
        .iter_mut()
        .filter(|zone| zone.zone_protection.as_ref().is_some_and(|name| !defined.contains(&name.value)))
        .filter_map(|zone| zone.zone_protection.take().map(|_| zone.name.value.clone()));
    let zones: Vec<String> = zones.collect();
    notes.about("left out, for nothing defines them: zone-protection profiles of the zones", &zones);
}

/// Security profiles that are defined, by kind.
struct Kept(BTreeMap<&'static str, BTreeSet<String>>);

impl Kept {
    fn new(candidate: &Candidate) -> Self {
        let kinds = ["group", "virus", "vulnerability", "spyware", "url-filtering", "file-blocking"];
        let names = |kind| {
            let defined = defined(candidate, kind).unwrap_or_default();
            defined.into_iter().map(|name| name.value.clone()).collect()
        };
        Self(kinds.map(|kind| (kind, names(kind))).into())
    }
}

/// Descriptions are one line of text: not every format can hold more.
fn descriptions(candidate: &mut Candidate, notes: &mut Notes) {
    let rules = candidate.rules.iter_mut().map(|rule| (&rule.name, &mut rule.description));
    let nat = candidate.nat.iter_mut().map(|rule| (&rule.name, &mut rule.description));
    let overrides = candidate.overrides.iter_mut().map(|rule| (&rule.name, &mut rule.description));
    let mut changed = Vec::new();
    let decryption = candidate.decryption.iter_mut().map(|rule| &mut rule.matches);
    let decryption = decryption.map(|rule| (&rule.name, &mut rule.description));
    for (name, description) in rules.chain(nat).chain(overrides).chain(decryption) {
        let Some(text) = description.as_mut().filter(|text| text.contains(char::is_control)) else {
            continue;
        };
        *text = text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        changed.push(name.value.clone());
    }
    notes.about("descriptions are on one line now: of the rules", &changed);
}

fn for_toml(candidate: &mut Candidate, world: &World, notes: &mut Notes) {
    network(candidate, notes);
    let (kept, left): (Vec<_>, Vec<_>) = std::mem::take(&mut candidate.disabled_algs)
        .into_iter()
        .partition(|name| Algs::names().any(|known| known == name.value));
    candidate.disabled_algs = kept;
    let left: Vec<String> = left.into_iter().map(|name| name.value).collect();
    notes.about("left out, for the model has no gateway of them: `alg-override` of", &left);
    candidate.may_lack_zones = candidate.zones.is_empty();
    // Applications that only newer content has: PAN-OS knows them, TOML wants them defined.
    let known: BTreeSet<String> = candidate.applications.iter().map(|app| app.name.value.clone()).collect();
    let builtin = Catalog::builtin().unwrap_or_default();
    let newer: Vec<String> = world
        .catalog
        .iter()
        .map(|(_, app)| app.name.clone())
        .filter(|name| builtin.find(name).is_none() && !known.contains(name))
        .collect();
    candidate.applications.extend(newer.iter().map(|name| CustomApplication::new(made(name))));
    notes.about("defined without ports, for the catalog does not have them: the applications", &newer);
    candidate.is_panos = false;
}

/// In TOML an interface has a place of its own, and says what it belongs to. Those that a zone, a virtual router, a
/// virtual wire or a NAT rule names, and the configuration does not have, get one.
fn network(candidate: &mut Candidate, notes: &mut Notes) {
    let mut known = BTreeSet::new();
    candidate.interfaces.retain(|interface| {
        interface.mode != InterfaceMode::Other && known.insert(interface.name.value.clone())
    });
    let members = candidate.zones.iter().flat_map(|zone| {
        let mode = match zone.mode {
            ZoneMode::Layer2 => InterfaceMode::Layer2,
            ZoneMode::VirtualWire => InterfaceMode::VirtualWire,
            ZoneMode::Tap => InterfaceMode::Tap,
            ZoneMode::Layer3 | ZoneMode::External | ZoneMode::Tunnel => InterfaceMode::Layer3,
        };
        zone.interfaces.iter().map(move |name| (name, mode))
    });
    let routed = candidate.virtual_routers.iter().flat_map(|router| &router.interfaces);
    let routed = routed.map(|name| (name, InterfaceMode::Layer3));
    let ends = candidate.virtual_wires.iter().flat_map(|wire| &wire.interfaces);
    let ends = ends.map(|name| (name, InterfaceMode::VirtualWire));
    let translated = candidate.nat.iter().flat_map(nat_interfaces).map(|name| (name, InterfaceMode::Layer3));
    let missing = members.chain(routed).chain(ends).chain(translated);
    let missing: Vec<Interface> = missing
        .filter(|(name, _)| known.insert(name.value.clone()))
        .map(|(name, mode)| interface(name.clone(), mode))
        .collect();
    candidate.interfaces.extend(missing);
    let mut left = Vec::new();
    for router in &mut candidate.virtual_routers {
        router.routes.retain(|route| {
            let leads = !matches!(route.next_hop, NextHop::None) || route.interface.is_some();
            left.extend((!leads).then(|| route.name.value.clone()));
            leads
        });
    }
    notes.about("left out, for they lead nowhere: the routes", &left);
    let mut left = Vec::new();
    candidate.nat.retain(|rule| {
        let empty = matches!(&rule.source_translation,
            Some(SourceTranslation::DynamicIp { addresses, .. }) if addresses.is_empty());
        left.extend(empty.then(|| rule.name.value.clone()));
        !empty
    });
    notes.about("left out, for they translate to no address and never match: NAT rules", &left);
}

/// Interfaces that a NAT rule names.
fn nat_interfaces(rule: &NatRule) -> impl Iterator<Item = &Name> {
    let pool = match &rule.source_translation {
        Some(SourceTranslation::DynamicIpAndPort(pool)) => Some(pool),
        Some(SourceTranslation::DynamicIp { fallback, .. }) => fallback.as_ref(),
        Some(SourceTranslation::StaticIp { .. }) | None => None,
    };
    let of_pool = pool.and_then(|pool| match pool {
        Pool::Interface { interface, .. } => Some(interface),
        Pool::Addresses(_) => None,
    });
    of_pool.into_iter().chain(&rule.to_interface)
}

/// An interface of which nothing is said.
const fn interface(name: Name, mode: InterfaceMode) -> Interface {
    Interface { name, mode, addresses: Vec::new(), tag: None, dynamic: false, management_profile: None }
}

/// A name that stands in no file.
fn made(name: &str) -> Name {
    At::new(name.to_owned(), Span::default())
}

fn for_panos(candidate: &mut Candidate, world: &World, notes: &mut Notes) {
    addresses(candidate);
    services(candidate);
    applications(candidate, world, notes);
    tables(candidate, notes);
    prefixes(candidate, notes);
    let (kept, left): (Vec<_>, Vec<_>) = candidate.settings.drain(..).partition(|(key, _)| {
        let section = key.value.split_once('.').map(|(section, _)| section);
        section.is_some_and(|section| SECTIONS.contains(&section)) && Settings::info(&key.value).is_some()
    });
    candidate.settings = kept;
    let left: Vec<String> = left.into_iter().map(|(key, _)| key.value).collect();
    notes.about("left out, for they are settings of this program and not of PAN-OS", &left);
    candidate.is_panos = true;
}

/// Members of PAN-OS's groups are names of objects, and an object is one prefix or range: others become objects of
/// their own.
fn addresses(candidate: &mut Candidate) {
    let regions = candidate.tables.regions.iter().map(|(name, _)| name);
    let names = candidate.addresses.iter().map(|address| &address.name).chain(regions);
    let mut literals = Literals::new(names);
    for address in &mut candidate.addresses {
        let texts = match &address.body {
            Body::Object(AddressObject::Ranges(ranges)) if ranges.len() > 1 => text::addresses(ranges),
            Body::Group(members) => members.iter().map(|member| member.value.clone()).collect(),
            _ => continue,
        };
        address.body = match texts.as_slice() {
            [one] if literals.ranges(one).is_some() => {
                Body::Object(AddressObject::Ranges(literals.ranges(one).unwrap_or_default()))
            }
            texts => Body::Group(texts.iter().map(|text| made(&literals.object(text))).collect()),
        };
    }
    candidate.addresses.append(&mut literals.objects);
}

/// Addresses that stand where names of objects should.
struct Literals {
    /// Names of what the rulebase defines.
    defined: BTreeSet<String>,
    taken: BTreeSet<String>,
    /// Objects made, by what they are.
    made: BTreeMap<String, String>,
    objects: Vec<Definition<AddressObject>>,
}

impl Literals {
    fn new<'n>(defined: impl Iterator<Item = &'n Name>) -> Self {
        let defined: BTreeSet<String> = defined.map(|name| name.value.clone()).collect();
        Self { taken: defined.clone(), defined, made: BTreeMap::new(), objects: Vec::new() }
    }

    /// What a text stands for, unless it is a name.
    fn ranges(&self, text: &str) -> Option<Vec<(Addr, Addr)>> {
        if self.defined.contains(text) { None } else { literal::addresses(text)?.ok() }
    }

    /// The name of the object for a text, which is the text itself where that is a name.
    fn object(&mut self, text: &str) -> String {
        if let Some(name) = self.made.get(text) {
            return name.clone();
        }
        let Some(ranges) = self.ranges(text) else { return text.to_owned() };
        let plain: String =
            text.chars().map(|c| if matches!(c, '/' | ':' | ' ') { '-' } else { c }).collect();
        let name = free(&plain, &self.taken);
        self.taken.insert(name.clone());
        self.made.insert(text.to_owned(), name.clone());
        let body = Body::Object(AddressObject::Ranges(ranges));
        self.objects.push(Definition { name: made(&name), body, tags: Vec::new() });
        name
    }
}

/// A service of PAN-OS is of one protocol: one that is of several becomes a group.
fn services(candidate: &mut Candidate) {
    let mut taken: BTreeSet<String> =
        candidate.services.iter().map(|service| service.name.value.clone()).collect();
    let mut parts = Vec::new();
    for service in &mut candidate.services {
        let Body::Object(services) = &service.body else { continue };
        if services.len() == 1 {
            continue;
        }
        let members: Vec<Name> = services
            .iter()
            .map(|part| {
                let name = free(&format!("{}-{}", service.name.value, part.protocol), &taken);
                taken.insert(name.clone());
                let part = Service { name: name.clone(), ..part.clone() };
                parts.push(Definition {
                    name: made(&name),
                    body: Body::Object(vec![part]),
                    tags: Vec::new(),
                });
                made(&name)
            })
            .collect();
        service.body = Body::Group(members);
    }
    candidate.services.append(&mut parts);
}

/// What PAN-OS's custom applications cannot say, and predefined ones apart from others.
fn applications(candidate: &mut Candidate, world: &World, notes: &mut Notes) {
    let (mut depends, mut implicit, mut deny, mut discard) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let builtin = Catalog::builtin().unwrap_or_default();
    for app in &mut candidate.applications {
        let name = app.name.value.clone();
        let note = |left: bool, list: &mut Vec<String>| {
            if left {
                list.push(name.clone());
            }
        };
        note(!std::mem::take(&mut app.depends_on).is_empty(), &mut depends);
        note(!std::mem::take(&mut app.implicit).is_empty(), &mut implicit);
        note(app.deny_action.take().is_some_and(|action| action != DenyAction::Drop), &mut deny);
        note(app.timeouts.discard_timeout.take().is_some(), &mut discard);
        if builtin.find(&name).is_none() && app.defines.is_empty() && world.catalog.find(&name).is_some() {
            app.defines.push(made("default"));
        }
    }
    let why = "left out, for custom applications of PAN-OS have none";
    notes.about(&format!("{why}: `depends-on` of"), &depends);
    notes.about(&format!("{why}: `implicit-use` of"), &implicit);
    notes.about(&format!("{why}: `deny-action` of"), &deny);
    notes.about(&format!("{why}: `discard-timeout` of"), &discard);
}

/// What a firewall looks up elsewhere stands in no configuration.
fn tables(candidate: &mut Candidate, notes: &mut Notes) {
    let tables = &mut candidate.tables;
    let lists = tables.external_lists.iter_mut().filter(|(_, entries)| !entries.is_empty());
    let lists: Vec<String> = lists
        .map(|(name, entries)| {
            entries.clear();
            name.value.clone()
        })
        .collect();
    const WHY: &str = "left out, for a firewall looks them up elsewhere";
    notes.about(&format!("{WHY}: entries of the external dynamic lists"), &lists);
    for (what, rows) in [
        ("addresses of the host names", &mut tables.fqdn),
        ("addresses of the users", &mut tables.users),
        ("members of the user groups", &mut tables.user_groups),
    ] {
        let names: Vec<String> = rows.drain(..).map(|(name, _)| name.value).collect();
        notes.about(&format!("{WHY}: {what}"), &names);
    }
}

/// A zone of PAN-OS is behind interfaces: one that has prefixes gets an interface with a route to each of them.
fn prefixes(candidate: &mut Candidate, notes: &mut Notes) {
    let mut taken: BTreeSet<String> =
        candidate.interfaces.iter().map(|interface| interface.name.value.clone()).collect();
    let (mut interfaces, mut routes, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let behind_interfaces = |zone: &&mut Zone| !zone.prefixes.is_empty() && !is_multicast(zone);
    for zone in candidate.zones.iter_mut().filter(behind_interfaces) {
        let slots = (1..).map(|slot: u32| format!("ethernet1/{slot}"));
        let Some(slot) = slots.into_iter().find(|slot| !taken.contains(slot)) else { continue };
        taken.insert(slot.clone());
        for (number, prefix) in (1..).zip(zone.prefixes.drain(..)) {
            routes.push(Route {
                name: made(&format!("{}-{number}", zone.name.value)),
                destination: prefix,
                interface: Some(made(&slot)),
                next_hop: NextHop::None,
                metric: 10,
                admin_distance: 10,
            });
        }
        zone.interfaces.push(made(&slot));
        names.push(zone.name.value.clone());
        interfaces.push(made(&slot));
    }
    notes.about(
        "an interface each with a route to every prefix, for zones of PAN-OS have no prefixes",
        &names,
    );
    if interfaces.is_empty() {
        return;
    }
    // Without virtual routers interfaces with addresses share one; now that there is one, they are in it.
    let shared: Vec<Name> = candidate
        .interfaces
        .iter()
        .filter(|one| one.mode == InterfaceMode::Layer3 && (one.dynamic || !one.addresses.is_empty()))
        .filter(|_| candidate.virtual_routers.is_empty())
        .map(|one| one.name.clone())
        .collect();
    let made_of = interfaces.iter().cloned().map(|name| interface(name, InterfaceMode::Layer3));
    candidate.interfaces.extend(made_of);
    let routers = &mut candidate.virtual_routers;
    let at = routers.iter().position(|router| router.name.value == ROUTER).unwrap_or_else(|| {
        routers.push(VirtualRouter { name: made(ROUTER), interfaces: shared, routes: Vec::new() });
        routers.len() - 1
    });
    if let Some(router) = routers.get_mut(at) {
        router.interfaces.append(&mut interfaces);
        router.routes.append(&mut routes);
    }
}
