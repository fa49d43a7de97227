//! Whether two rulebases mean the same: every rule, zone, application and setting.

use std::collections::BTreeSet;

use crate::app::{AppId, Application, Signature};
use crate::config::World;
use crate::config::diagnostic::quote;
use crate::feature::decryption::DecryptionRule;
use crate::feature::nat::NatRule;
use crate::feature::override_rule::OverrideRule;
use crate::feature::route::{Place, Reason};
use crate::flow::{Addr, Arrival, ZoneId};
use crate::policy::{ApplicationMatch, Rule, Service, ServiceMatch, ZoneMatch};

/// Of so many zones it is asked where packets go that come in by them.
const FROM: usize = 32;

/// The first thing that differs, in words.
pub(super) fn difference(one: &World, two: &World) -> Option<String> {
    rules(one, two)
        .or_else(|| zones(one, two))
        .or_else(|| applications(one, two))
        .or_else(|| features(one, two))
        .or_else(|| protections(one, two))
        .or_else(|| settings(one, two))
}

fn rules(one: &World, two: &World) -> Option<String> {
    let (ours, theirs) = (one.policy.rules(), two.policy.rules());
    if ours.len() != theirs.len() {
        return Some(format!("of {} rules {} would be left", ours.len(), theirs.len()));
    }
    let differs = |(a, b): &(&Rule, &Rule)| !same_rule(one, a, two, b);
    ours.iter()
        .zip(theirs)
        .find(differs)
        .map(|(rule, _)| format!("rule {} would mean something else", quote(&rule.name)))
}

/// Zones and applications are compared by name, for each world numbers its own.
fn same_rule(one: &World, ours: &Rule, two: &World, theirs: &Rule) -> bool {
    zones_of(one, &ours.from) == zones_of(two, &theirs.from)
        && zones_of(one, &ours.to) == zones_of(two, &theirs.to)
        && applications_of(one, &ours.application) == applications_of(two, &theirs.application)
        && plain(ours) == plain(theirs)
}

/// What is left of a rule when all is gone that has numbers of its own world, or is for people only.
fn plain(rule: &Rule) -> Rule {
    Rule {
        from: ZoneMatch::Any,
        to: ZoneMatch::Any,
        application: ApplicationMatch::Any,
        service: nameless(&rule.service),
        line: None,
        // PAN-OS formats leave it out: it names a profile that is not written.
        log_setting: String::new(),
        ..rule.clone()
    }
}

fn nameless(service: &ServiceMatch) -> ServiceMatch {
    let ServiceMatch::Services(services) = service else { return service.clone() };
    let services = services.iter().map(|service| Service { name: String::new(), ..service.clone() });
    ServiceMatch::Services(services.collect())
}

fn zones_of<'w>(world: &'w World, zones: &ZoneMatch) -> Option<Vec<&'w str>> {
    let ZoneMatch::Zones(ids) = zones else { return None };
    let mut names: Vec<&str> = ids.iter().map(|&id| world.zones.name(id)).collect();
    names.sort_unstable();
    Some(names)
}

fn applications_of<'w>(world: &'w World, applications: &ApplicationMatch) -> Option<Vec<&'w str>> {
    let ApplicationMatch::Applications { members, .. } = applications else { return None };
    let mut names: Vec<&str> = members.iter().map(|&id| world.catalog.name(id)).collect();
    names.sort_unstable();
    Some(names)
}

/// Zones by name, and where packets come in and leave: asked at both ends of every prefix of either network, and beside
/// them, where the answer can change.
pub(super) fn zones(one: &World, two: &World) -> Option<String> {
    let mut names = one.zones.names().to_vec();
    names.sort_unstable();
    if let Some(name) = names.iter().find(|name| two.zones.find(name).is_none()) {
        return Some(format!("zone {} would be missing", quote(name)));
    }
    let paths = one.network.paths().iter().chain(two.network.paths());
    let mut edges: Vec<u128> = paths
        .flat_map(|path| {
            let (low, high) = (path.prefix.network(), path.prefix.broadcast());
            let (low, high) = (Addr::from(low).bits(), Addr::from(high).bits());
            [Some(low), Some(high), low.checked_sub(1), high.checked_add(1)]
        })
        .flatten()
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let differs = |addr: &Addr| {
        let from = names.iter().take(FROM).map(|name| Some(name.as_str())).chain([None]);
        from.into_iter().any(|from| way(one, from, *addr) != way(two, from, *addr))
    };
    let address = edges.into_iter().map(Addr::from_bits).find(differs)?;
    Some(format!("packets from or to {address} would be in another zone"))
}

/// The zone that packets to an address leave by that came in by `from`; without it, the zone its own come in by.
fn way<'w>(world: &'w World, from: Option<&str>, addr: Addr) -> Option<&'w str> {
    let place = match from {
        Some(name) => {
            let from = Place { zone: world.zones.find(name)?, interface: None, reason: Reason::Option };
            world.network.egress(&from, addr).ok()
        }
        None => world.network.ingress(Arrival::default(), addr, addr).ok(),
    };
    place.map(|place| world.zones.name(place.zone))
}

fn applications(one: &World, two: &World) -> Option<String> {
    let described = |world: &World, app: &Application| {
        let names =
            |ids: &[AppId]| ids.iter().map(|&id| world.catalog.name(id).to_owned()).collect::<Vec<_>>();
        let (depends_on, implicit) = (names(&app.depends_on), names(&app.implicit));
        (Application { depends_on: Vec::new(), implicit: Vec::new(), ..app.clone() }, depends_on, implicit)
    };
    let differs = |(_, app): &(AppId, &Application)| {
        let other = two.catalog.find(&app.name).and_then(|id| two.catalog.get(id));
        other.is_none_or(|other| described(one, app) != described(two, other))
    };
    let (_, app) = one.catalog.iter().find(differs)?;
    Some(format!("application {} would be another", quote(&app.name)))
}

fn disabled_algs(world: &World) -> BTreeSet<&str> {
    world.algs.disabled().iter().map(|&app| world.catalog.name(app)).collect()
}

/// Rules of the other rulebases, gateways, and signatures.
fn features(one: &World, two: &World) -> Option<String> {
    let (ours, theirs) = (one.nat.rules(), two.nat.rules());
    let differs = |(a, b): &(&NatRule, &NatRule)| !same_nat_rule(one, a, two, b);
    if let Some(rule) = first_difference(ours, theirs, differs) {
        return Some(format!("NAT rule {} would mean something else", quote(&rule.name)));
    }
    let (ours, theirs) = (one.overrides.rules(), two.overrides.rules());
    let differs = |(a, b): &(&OverrideRule, &OverrideRule)| !same_override(one, a, two, b);
    if let Some(rule) = first_difference(ours, theirs, differs) {
        return Some(format!("application-override rule {} would mean something else", quote(&rule.name)));
    }
    let (ours, theirs) = (one.decryption.rules(), two.decryption.rules());
    let differs = |(a, b): &(&DecryptionRule, &DecryptionRule)| !same_decryption(one, a, two, b);
    if let Some(rule) = first_difference(ours, theirs, differs) {
        return Some(format!("decryption rule {} would mean something else", quote(&rule.matches.name)));
    }
    if one.ssl_exclude != two.ssl_exclude {
        return Some("other servers would be excluded from decryption".to_owned());
    }
    if one.host_services.by_address() != two.host_services.by_address() {
        return Some("management profiles of interfaces would mean something else".to_owned());
    }
    if one.threats != two.threats {
        return Some("security profiles would do something else".to_owned());
    }
    if disabled_algs(one) != disabled_algs(two) {
        return Some("other gateways would be switched off".to_owned());
    }
    let (ours, theirs) = (one.signatures.all(), two.signatures.all());
    let differs = |(a, b): &(&Signature, &Signature)| !same_signature(one, a, two, b);
    first_difference(ours, theirs, differs)
        .map(|signature| format!("signature {} would look for something else", quote(&signature.name)))
}

/// The first rule that has no like in its place.
fn first_difference<'r, R>(
    ours: &'r [R],
    theirs: &'r [R],
    differs: impl Fn(&(&'r R, &'r R)) -> bool,
) -> Option<&'r R> {
    let pair = ours.iter().zip(theirs).find(differs).map(|(rule, _)| rule);
    pair.or_else(|| ours.get(theirs.len())).or_else(|| theirs.get(ours.len()))
}

fn same_nat_rule(one: &World, ours: &NatRule, two: &World, theirs: &NatRule) -> bool {
    let plain = |rule: &NatRule| NatRule {
        from: ZoneMatch::Any,
        to: ZoneId::default(),
        service: nameless(&rule.service),
        is_bound: false,
        line: None,
        ..rule.clone()
    };
    zones_of(one, &ours.from) == zones_of(two, &theirs.from)
        && one.zones.name(ours.to) == two.zones.name(theirs.to)
        && plain(ours) == plain(theirs)
}

fn same_override(one: &World, ours: &OverrideRule, two: &World, theirs: &OverrideRule) -> bool {
    let plain = |rule: &OverrideRule| OverrideRule {
        from: ZoneMatch::Any,
        to: ZoneMatch::Any,
        application: AppId(0),
        line: None,
        ..rule.clone()
    };
    zones_of(one, &ours.from) == zones_of(two, &theirs.from)
        && zones_of(one, &ours.to) == zones_of(two, &theirs.to)
        && one.catalog.name(ours.application) == two.catalog.name(theirs.application)
        && plain(ours) == plain(theirs)
}

fn same_decryption(one: &World, ours: &DecryptionRule, two: &World, theirs: &DecryptionRule) -> bool {
    same_rule(one, &ours.matches, two, &theirs.matches)
        && (ours.action, ours.kind, &ours.profile) == (theirs.action, theirs.kind, &theirs.profile)
}

fn same_signature(one: &World, ours: &Signature, two: &World, theirs: &Signature) -> bool {
    let names = |world: &World, signature: &Signature| {
        let name = |id| world.catalog.name(id).to_owned();
        (name(signature.app), signature.parent.map(name))
    };
    let plain = |signature: &Signature| Signature { app: AppId(0), parent: None, ..signature.clone() };
    names(one, ours) == names(two, theirs) && plain(ours) == plain(theirs)
}

/// Zone protection, zone by zone.
fn protections(one: &World, two: &World) -> Option<String> {
    let of = |world: &World, name: &str| world.protections.of(world.zones.find(name)?).cloned();
    let differs = |name: &&String| of(one, name) != of(two, name);
    let zone = one.zones.names().iter().find(differs)?;
    Some(format!("zone {} would be protected in another way", quote(zone)))
}

fn settings(one: &World, two: &World) -> Option<String> {
    (one.settings != two.settings).then(|| "settings would have other values".to_owned())
}
