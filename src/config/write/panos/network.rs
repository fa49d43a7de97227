//! Zones, interfaces, routers, settings (PANOS.md 12.1).

use super::{Item, entry, texts, zone_protection};
use crate::config::Settings;
use crate::config::candidate::{
    Candidate, Interface, InterfaceMode, ManagementProfile, NextHop, Route, VirtualRouter, VirtualWire, Zone,
    ZoneMode,
};

/// `zone`.
pub(super) fn zones(candidate: &Candidate) -> Option<Item> {
    Item::element("zone", candidate.zones.iter().filter(|zone| !is_multicast(zone)).map(zone).collect())
}

/// Whether this is PAN-OS's own zone for what is sent to groups: rules name it, and nothing defines it.
pub(in crate::config::write) fn is_multicast(zone: &Zone) -> bool {
    let groups = ["224.0.0.0/4", "ff00::/8"];
    zone.name.value == "multicast"
        && zone.prefixes.iter().all(|prefix| groups.contains(&prefix.value.to_string().as_str()))
}

fn zone(zone: &Zone) -> Item {
    let mode = match zone.mode {
        ZoneMode::Layer3 => "layer3",
        ZoneMode::Layer2 => "layer2",
        ZoneMode::VirtualWire => "virtual-wire",
        ZoneMode::Tap => "tap",
        ZoneMode::External => "external",
        ZoneMode::Tunnel => "tunnel",
    };
    let mut network = vec![Item::Members(mode, texts(&zone.interfaces))];
    let protection = zone.zone_protection.as_ref();
    network.extend(protection.map(|profile| Item::value("zone-protection-profile", &profile.value)));
    entry(&zone.name, vec![Item::Element("network", network)])
}

/// `network`.
pub(super) fn network(candidate: &Candidate) -> Vec<Item> {
    let mut items = Vec::new();
    items.extend(Item::element("interface", interfaces(&candidate.interfaces)));
    let profiles = candidate.management_profiles.iter().map(management_profile).collect();
    let profiles = Item::element("interface-management-profile", profiles);
    items.extend(Item::element("profiles", profiles.into_iter().collect()));
    items.extend(Item::element("virtual-wire", candidate.virtual_wires.iter().map(wire).collect()));
    items.extend(Item::element("virtual-router", candidate.virtual_routers.iter().map(router).collect()));
    items.extend(zone_protection::profiles(candidate));
    Item::element("network", items).into_iter().collect()
}

/// Kinds of interfaces that stand apart, and what their names begin with.
const KINDS: [(&str, &str); 4] =
    [("ae", "aggregate-ethernet"), ("vlan", "vlan"), ("loopback", "loopback"), ("tunnel", "tunnel")];

fn interfaces(all: &[Interface]) -> Vec<Item> {
    let kind_of = |interface: &Interface| {
        let named = KINDS.iter().find(|(start, _)| interface.name.value.starts_with(start));
        named.map_or("ethernet", |&(_, kind)| kind)
    };
    let kinds = ["ethernet", "aggregate-ethernet", "vlan", "loopback", "tunnel"];
    let of_kind = |kind| {
        let own: Vec<&Interface> = all.iter().filter(|interface| kind_of(interface) == kind).collect();
        let items = match kind {
            "ethernet" | "aggregate-ethernet" => physical(&own),
            _ => logical(kind, &own),
        };
        Item::element(kind, items)
    };
    kinds.into_iter().filter_map(of_kind).collect()
}

/// Interfaces with their sub-interfaces, `ethernet1/1.10` below `ethernet1/1`.
fn physical(all: &[&Interface]) -> Vec<Item> {
    let parent = |interface: &Interface| match interface.name.value.split_once('.') {
        Some((parent, _)) => parent.to_owned(),
        None => interface.name.value.clone(),
    };
    let mut names: Vec<String> = Vec::new();
    for name in all.iter().map(|interface| parent(interface)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
        .into_iter()
        .map(|name| {
            let own = all.iter().find(|interface| interface.name.value == name);
            let units = all.iter().filter(|unit| unit.name.value != name && parent(unit) == name);
            let mode = own.or(all.iter().find(|unit| parent(unit) == name)).map(|interface| interface.mode);
            let mut items = own.map(|interface| addresses(interface)).unwrap_or_default();
            let units = units.map(|unit| entry(&unit.name, unit_items(unit))).collect();
            items.extend(Item::element("units", units));
            let key = match mode.unwrap_or_default() {
                InterfaceMode::Layer3 => "layer3",
                InterfaceMode::Layer2 => "layer2",
                InterfaceMode::VirtualWire => "virtual-wire",
                InterfaceMode::Tap => "tap",
                InterfaceMode::Other => "ha",
            };
            Item::Entry(name, vec![Item::Element(key, items)])
        })
        .collect()
}

/// `loopback`, `tunnel` and `vlan`: the kind itself may be an interface, too.
fn logical(kind: &str, all: &[&Interface]) -> Vec<Item> {
    let (own, units): (Vec<&Interface>, Vec<&Interface>) =
        all.iter().partition(|interface| interface.name.value == kind);
    let named = !own.is_empty();
    let mut items: Vec<Item> = own.into_iter().flat_map(addresses).collect();
    if named && items.is_empty() {
        items.push(Item::Element("ip", Vec::new()));
    }
    let units = units.into_iter().map(|unit| entry(&unit.name, unit_items(unit))).collect();
    items.extend(Item::element("units", units));
    items
}

fn unit_items(unit: &Interface) -> Vec<Item> {
    let mut items = addresses(unit);
    items.extend(unit.tag.map(|tag| Item::value("tag", tag)));
    items
}

fn addresses(interface: &Interface) -> Vec<Item> {
    let of = |v4: bool| {
        let own = interface.addresses.iter().filter(move |net| net.value.addr().is_ipv4() == v4);
        own.map(|net| Item::Entry(net.value.to_string(), Vec::new())).collect::<Vec<Item>>()
    };
    let mut items: Vec<Item> = Item::element("ip", of(true)).into_iter().collect();
    items.extend(Item::element("address", of(false)).map(|address| Item::Element("ipv6", vec![address])));
    let profile = interface.management_profile.as_ref();
    items.extend(profile.map(|name| Item::value("interface-management-profile", &name.value)));
    items.extend(interface.dynamic.then(|| Item::Element("dhcp-client", vec![Item::flag("enable", true)])));
    items
}

fn management_profile(profile: &ManagementProfile) -> Item {
    let mut items: Vec<Item> =
        profile.services.iter().map(|service| Item::flag(service.name(), true)).collect();
    let permitted = profile.permitted.iter();
    let permitted = permitted.map(|net| Item::Entry(net.value.to_string(), Vec::new())).collect();
    items.extend(Item::element("permitted-ip", permitted));
    entry(&profile.name, items)
}

fn wire(wire: &VirtualWire) -> Item {
    let [one, two] = &wire.interfaces;
    entry(&wire.name, vec![Item::value("interface1", &one.value), Item::value("interface2", &two.value)])
}

fn router(router: &VirtualRouter) -> Item {
    let mut items: Vec<Item> = Item::members("interface", &router.interfaces).into_iter().collect();
    let table = |v4: bool| {
        let routes = router.routes.iter().filter(|route| route.destination.value.addr().is_ipv4() == v4);
        let routes = Item::element("static-route", routes.map(route).collect());
        routes.map(|routes| Item::Element(if v4 { "ip" } else { "ipv6" }, vec![routes]))
    };
    let tables = [table(true), table(false)].into_iter().flatten().collect();
    items.extend(Item::element("routing-table", tables));
    entry(&router.name, items)
}

fn route(route: &Route) -> Item {
    let mut items = vec![Item::value("destination", route.destination.value)];
    items.extend(route.interface.as_ref().map(|name| Item::value("interface", &name.value)));
    let v4 = route.destination.value.addr().is_ipv4();
    let hop = match &route.next_hop {
        NextHop::None => None,
        NextHop::Address(address) => {
            Some(Item::value(if v4 { "ip-address" } else { "ipv6-address" }, address))
        }
        NextHop::Router(name) => Some(Item::value("next-vr", &name.value)),
        NextHop::Discard => Some(Item::Element("discard", Vec::new())),
    };
    items.extend(hop.map(|hop| Item::Element("nexthop", vec![hop])));
    items.push(Item::value("admin-dist", route.admin_distance));
    items.push(Item::value("metric", route.metric));
    entry(&route.name, items)
}

/// `deviceconfig`: settings and the time zone.
pub(super) fn device_config(candidate: &Candidate) -> Vec<Item> {
    let mut items = Vec::new();
    let timezone = candidate.timezone.as_ref();
    items.extend(timezone.map(|zone| Item::Element("system", vec![Item::value("timezone", &zone.value)])));
    let mut sections: Vec<(&'static str, Vec<Item>)> = Vec::new();
    for (key, value) in &candidate.settings {
        let Some((section, key)) = Settings::info(&key.value).and_then(|info| info.key.split_once('.'))
        else {
            continue;
        };
        let item = Item::value(key, &value.value);
        match sections.iter_mut().find(|(known, _)| *known == section) {
            Some((_, items)) => items.push(item),
            None => sections.push((section, vec![item])),
        }
    }
    let sections = sections.into_iter().map(|(section, items)| Item::Element(section, items));
    items.extend(Item::element("setting", sections.collect()));
    Item::element("deviceconfig", items).into_iter().collect()
}
