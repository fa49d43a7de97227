//! `[zones]`, `[virtual-router]`, `[interface]`, `[[route]]`, `[virtual-wire]`, `[device]` and `[setting]`.

use super::{Page, list, string, strings};
use crate::config::candidate::{Candidate, Interface, InterfaceMode, NextHop, Route, VirtualRouter};

/// What an interface or route is in that names no virtual router.
const DEFAULT_ROUTER: &str = "default";
/// What an interface names that is in no virtual router.
const NO_ROUTER: &str = "none";
/// Metric and administrative distance of a route that does not say.
const METRIC: u32 = 10;

pub(super) fn zones(candidate: &Candidate, page: &mut Page) {
    page.head(&["zones"], false);
    for zone in &candidate.zones {
        let prefixes: Vec<String> = zone.prefixes.iter().map(|prefix| prefix.value.to_string()).collect();
        page.line(&zone.name.value, &strings(&prefixes));
    }
}

pub(super) fn network(candidate: &Candidate, page: &mut Page) {
    let routers: Vec<&str> =
        candidate.virtual_routers.iter().map(|router| router.name.value.as_str()).collect();
    if routers != named_routers(candidate) {
        for name in routers {
            page.head(&["virtual-router", name], false);
        }
    }
    for profile in &candidate.management_profiles {
        page.head(&["interface-management-profile", &profile.name.value], false);
        for service in &profile.services {
            page.flag(service.name(), true);
        }
        let permitted: Vec<String> = profile.permitted.iter().map(|net| net.value.to_string()).collect();
        if !permitted.is_empty() {
            page.line("permitted-ip", &strings(&permitted));
        }
    }
    for interface in &candidate.interfaces {
        self::interface(candidate, interface, page);
    }
    for router in &candidate.virtual_routers {
        for route in &router.routes {
            self::route(&router.name.value, route, page);
        }
    }
    for wire in &candidate.virtual_wires {
        page.head(&["virtual-wire", &wire.name.value], false);
        page.line("interfaces", &list(&wire.interfaces));
    }
}

fn interface(candidate: &Candidate, interface: &Interface, page: &mut Page) {
    let name = &interface.name.value;
    page.head(&["interface", name], false);
    let addresses: Vec<String> = interface.addresses.iter().map(|net| net.value.to_string()).collect();
    if !addresses.is_empty() {
        page.line("ip", &strings(&addresses));
    }
    let zone = candidate.zones.iter().find(|zone| zone.interfaces.iter().any(|member| member.value == *name));
    if let Some(zone) = zone {
        page.string("zone", &zone.name.value);
    }
    let mode = match interface.mode {
        InterfaceMode::Layer3 => None,
        InterfaceMode::Layer2 => Some("layer2"),
        InterfaceMode::VirtualWire => Some("virtual-wire"),
        InterfaceMode::Tap | InterfaceMode::Other => Some("tap"),
    };
    if let Some(mode) = mode {
        page.string("mode", mode);
    }
    if let Some(router) = router_of(candidate, interface).filter(|&router| router != DEFAULT_ROUTER) {
        page.string("virtual-router", router);
    }
    if let Some(tag) = interface.tag {
        page.line("tag", &tag.to_string());
    }
    if interface.dynamic {
        page.flag("dhcp-client", true);
    }
    if let Some(profile) = &interface.management_profile {
        page.string("interface-management-profile", &profile.value);
    }
}

/// The virtual router of an interface that routes. Where there are none, interfaces with addresses share one.
fn router_of<'c>(candidate: &'c Candidate, interface: &Interface) -> Option<&'c str> {
    if interface.mode != InterfaceMode::Layer3 || candidate.virtual_routers.is_empty() {
        return None;
    }
    let has =
        |router: &&VirtualRouter| router.interfaces.iter().any(|name| name.value == interface.name.value);
    // Of two the last counts.
    let router = candidate.virtual_routers.iter().rfind(has);
    Some(router.map_or(NO_ROUTER, |router| &router.name.value))
}

/// Virtual routers in the order in which interfaces and routes name them. Without a route, that of interfaces which
/// name none is not there.
fn named_routers(candidate: &Candidate) -> Vec<&str> {
    let of_interfaces = candidate.interfaces.iter().filter_map(|interface| router_of(candidate, interface));
    let with_routes = candidate.virtual_routers.iter().filter(|router| !router.routes.is_empty());
    let of_routes = with_routes.map(|router| router.name.value.as_str());
    let told =
        of_interfaces.clone().any(|router| router != DEFAULT_ROUTER) || of_routes.clone().next().is_some();
    let mut names = Vec::new();
    for name in of_interfaces.chain(of_routes).filter(|&name| told && name != NO_ROUTER) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn route(router: &str, route: &Route, page: &mut Page) {
    page.head(&["route"], true);
    page.string("name", &route.name.value);
    page.string("destination", &route.destination.value.to_string());
    if let Some(interface) = &route.interface {
        page.string("interface", &interface.value);
    }
    match &route.next_hop {
        NextHop::None => {}
        NextHop::Address(address) => page.string("nexthop", &address.to_string()),
        NextHop::Router(name) => page.string("next-vr", &name.value),
        NextHop::Discard => page.flag("discard", true),
    }
    if router != DEFAULT_ROUTER {
        page.string("virtual-router", router);
    }
    for (key, number) in [("metric", route.metric), ("admin-dist", route.admin_distance)] {
        if number != METRIC {
            page.line(key, &number.to_string());
        }
    }
}

pub(super) fn settings(candidate: &Candidate, page: &mut Page) {
    if let Some(zone) = &candidate.timezone {
        page.head(&["device"], false);
        page.string("timezone", &zone.value);
    }
    let mut sections: Vec<(&str, Vec<(&str, String)>)> = Vec::new();
    for (key, value) in &candidate.settings {
        let Some((section, key)) = key.value.split_once('.') else { continue };
        let text = match value.value.as_str() {
            "yes" | "no" => if value.value == "yes" { "true" } else { "false" }.to_owned(),
            text if text.parse::<u32>().is_ok_and(|number| number.to_string() == text) => text.to_owned(),
            text => string(text),
        };
        let at = sections.iter().position(|(known, _)| *known == section).unwrap_or_else(|| {
            sections.push((section, Vec::new()));
            sections.len() - 1
        });
        if let Some((_, lines)) = sections.get_mut(at) {
            // What is said twice counts as it was said last.
            lines.retain(|(known, _)| *known != key);
            lines.push((key, text));
        }
    }
    for (section, lines) in sections {
        page.head(&["setting", section], false);
        for (key, text) in lines {
            page.line(key, &text);
        }
    }
}
