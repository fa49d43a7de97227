//! Zones, interfaces, routers and virtual wires (PANOS.md 12.1).

use std::net::IpAddr;

use ipnet::IpNet;

use super::reader::{Reader, entries, names, value};
use super::scope::Selection;
use crate::config::candidate::{
    At, Candidate, Interface, InterfaceMode, ManagementProfile, Name, NextHop, Route, VirtualRouter,
    VirtualWire, Zone, ZoneMode,
};
use crate::config::diagnostic::quote;
use crate::config::panos::tree::Node;
use crate::feature::host_service::HostService;

const ZONE_MODES: [(&str, ZoneMode); 6] = [
    ("layer3", ZoneMode::Layer3),
    ("layer2", ZoneMode::Layer2),
    ("virtual-wire", ZoneMode::VirtualWire),
    ("tap", ZoneMode::Tap),
    ("external", ZoneMode::External),
    ("tunnel", ZoneMode::Tunnel),
];

const INTERFACE_MODES: [(&str, InterfaceMode); 4] = [
    ("layer3", InterfaceMode::Layer3),
    ("layer2", InterfaceMode::Layer2),
    ("virtual-wire", InterfaceMode::VirtualWire),
    ("tap", InterfaceMode::Tap),
];

/// PAN-OS's own numbers for static routes (PANOS.md 12.1).
const METRIC: u32 = 10;
const ADMIN_DISTANCE: u32 = 10;

/// Routing protocols: what they learn stands in no configuration.
const PROTOCOLS: [&str; 5] = ["bgp", "ospf", "ospfv3", "rip", "isis"];

/// What addresses of interfaces and routes may stand for: objects by name, variables of templates.
struct Values<'s, 'n> {
    selection: &'s Selection<'n>,
    variables: &'n [Node<'n>],
}

impl<'n> Values<'_, 'n> {
    /// What a text stands for, which may be the text itself.
    fn of(&self, node: &Node<'_>) -> Name {
        let found = if node.name.starts_with('$') {
            let variable = self.variables.iter().find(|variable| variable.name == node.name);
            variable.and_then(|variable| variable.child("type")?.children.last()).and_then(value)
        } else if node.name.parse::<IpNet>().is_ok() || node.name.parse::<IpAddr>().is_ok() {
            None
        } else {
            let scopes = self.selection.scopes.iter();
            scopes.filter_map(|scope| scope.node.at(&["address", &*node.name, "ip-netmask"])).find_map(value)
        };
        // It stands where it is used.
        At::new(found.map_or_else(|| node.name.clone().into_owned(), |found| found.value), node.span.clone())
    }
}

impl Reader<'_> {
    /// Everything that says which zone a packet comes from and goes to.
    pub(super) fn network(
        &mut self,
        selection: &Selection<'_>,
        variables: &[Node<'_>],
        candidate: &mut Candidate,
    ) {
        let values = Values { selection, variables };
        for entry in selection.vsys.iter().flat_map(|vsys| entries(vsys, "zone")) {
            let zone = self.zone(entry);
            candidate.zones.push(zone);
        }
        for network in selection.devices.iter().filter_map(|device| device.child("network")) {
            self.interfaces(network, &values, candidate);
            let profiles = network.at(&["profiles", "zone-protection-profile"]);
            for entry in profiles.map_or(&[][..], |profiles| &profiles.children) {
                let profile = self.zone_protection(entry);
                candidate.protections.push(profile);
            }
            for entry in entries(network, "virtual-router") {
                candidate.routes_elsewhere |= self.routing_protocols(entry);
                let router = self.router(entry, entry.as_name(), &values);
                candidate.virtual_routers.push(router);
            }
            for entry in entries(network, "logical-router") {
                let vrfs = entries(entry, "vrf");
                for vrf in vrfs {
                    candidate.routes_elsewhere |= self.routing_protocols(vrf);
                    let name = if vrfs.len() == 1 {
                        entry.name.to_string()
                    } else {
                        format!("{}/{}", entry.name, vrf.name)
                    };
                    let router = self.router(vrf, At::new(name, entry.span.clone()), &values);
                    candidate.virtual_routers.push(router);
                }
            }
            let profiles = network.child("profiles");
            for entry in
                profiles.map_or(&[][..], |profiles| entries(profiles, "interface-management-profile"))
            {
                let profile = self.management_profile(entry, &values);
                candidate.management_profiles.push(profile);
            }
            let wires = entries(network, "virtual-wire").iter().filter_map(|entry| {
                let interfaces = [entry.value("interface1")?, entry.value("interface2")?];
                Some(VirtualWire { name: entry.as_name(), interfaces })
            });
            candidate.virtual_wires.extend(wires);
        }
    }

    fn zone(&mut self, entry: &Node<'_>) -> Zone {
        let network = entry.child("network");
        let found = network.and_then(|network| {
            ZONE_MODES.iter().find_map(|(key, mode)| network.child(key).map(|node| (*mode, node)))
        });
        let zone_protection = network.and_then(|network| network.value("zone-protection-profile"));
        Zone {
            name: entry.as_name(),
            mode: found.map(|(mode, _)| mode).unwrap_or_default(),
            prefixes: Vec::new(),
            interfaces: found.map(|(_, node)| names(node)).unwrap_or_default(),
            zone_protection,
        }
    }

    fn interfaces(&mut self, network: &Node<'_>, values: &Values<'_, '_>, candidate: &mut Candidate) {
        let Some(all) = network.child("interface") else { return };
        for entry in entries(all, "ethernet").iter().chain(entries(all, "aggregate-ethernet")) {
            let found = INTERFACE_MODES.iter().find_map(|(key, mode)| Some((*mode, entry.child(key)?)));
            let (mode, body) = found.unwrap_or((InterfaceMode::Other, entry));
            candidate.interfaces.push(self.interface(entry, body, mode, values));
            for unit in entries(body, "units") {
                candidate.interfaces.push(self.interface(unit, unit, mode, values));
            }
        }
        for kind in ["vlan", "loopback", "tunnel"].iter().filter_map(|kind| all.child(kind)) {
            if kind.child("ip").is_some() || kind.child("ipv6").is_some() {
                candidate.interfaces.push(self.interface(kind, kind, InterfaceMode::Layer3, values));
            }
            for unit in entries(kind, "units") {
                candidate.interfaces.push(self.interface(unit, unit, InterfaceMode::Layer3, values));
            }
        }
    }

    fn interface(
        &mut self,
        entry: &Node<'_>,
        body: &Node<'_>,
        mode: InterfaceMode,
        values: &Values<'_, '_>,
    ) -> Interface {
        let ipv6 = body.at(&["ipv6", "address"]).map_or(&[][..], |node| &node.children);
        let mut addresses = Vec::new();
        for node in entries(body, "ip").iter().chain(ipv6) {
            addresses.extend(self.prefix(node, values, "interface", &entry.name));
        }
        let asks = |node: Option<&Node<'_>>| node.is_some_and(|node| node.at(&["enable", "no"]).is_none());
        Interface {
            name: entry.as_name(),
            mode,
            addresses,
            tag: entry
                .child("tag")
                .and_then(|tag| self.number(tag, 1, 4_094))
                .and_then(|tag| u16::try_from(tag).ok()),
            dynamic: asks(body.child("dhcp-client"))
                || asks(body.child("pppoe"))
                || asks(body.at(&["ipv6", "dhcp-client"])),
            management_profile: body.value("interface-management-profile"),
        }
    }

    /// What an interface's own addresses offer, and to whom.
    fn management_profile(&mut self, entry: &Node<'_>, values: &Values<'_, '_>) -> ManagementProfile {
        let offers = |service: &HostService| entry.at(&[service.name(), "yes"]).is_some();
        let mut permitted = Vec::new();
        for node in entries(entry, "permitted-ip") {
            permitted.extend(self.prefix(node, values, "management profile", &entry.name));
        }
        let services = HostService::ALL.into_iter().filter(offers).collect();
        ManagementProfile { name: entry.as_name(), services, permitted }
    }

    /// An address with its prefix length; one without is a host.
    fn prefix(
        &mut self,
        node: &Node<'_>,
        values: &Values<'_, '_>,
        what: &str,
        owner: &str,
    ) -> Option<At<IpNet>> {
        let text = values.of(node);
        let net = text.value.parse::<IpNet>().or_else(|_| text.value.parse::<IpAddr>().map(IpNet::from));
        match net {
            Ok(net) => Some(At::new(net, text.span)),
            Err(_) if text.value.starts_with('$') => {
                self.note(
                    &format!("addresses of {what}s that are variables without a value are left out"),
                    owner,
                );
                None
            }
            Err(_) => {
                let message = format!(
                    "{what} {}: {} is no address with a prefix length",
                    quote(owner),
                    quote(&node.name)
                );
                self.out
                    .error(&node.span, message)
                    .help("write it as `192.0.2.1/24`, or name an address object of that kind");
                None
            }
        }
    }

    fn router(&mut self, node: &Node<'_>, name: Name, values: &Values<'_, '_>) -> VirtualRouter {
        let mut routes = Vec::new();
        for (family, distance) in [("ip", "static"), ("ipv6", "static-ipv6")] {
            let own = node.at(&["admin-dists", distance]).and_then(|node| self.number(node, 1, 255));
            let table = node.at(&["routing-table", family, "static-route"]);
            for entry in table.map_or(&[][..], |table| &table.children) {
                routes.extend(self.route(entry, own.unwrap_or(ADMIN_DISTANCE), values));
            }
        }
        VirtualRouter { name, interfaces: node.names("interface"), routes }
    }

    /// A static route, unless it is not used for forwarding.
    fn route(&mut self, entry: &Node<'_>, distance: u32, values: &Values<'_, '_>) -> Option<Route> {
        let unused = ["no-install", "multicast"];
        let of_table =
            |key: &str| entry.at(&["route-table", key]).is_some() || entry.at(&["option", key]).is_some();
        if unused.iter().any(|key| of_table(key)) {
            return None;
        }
        let Some(destination) = entry.child("destination").and_then(|node| node.children.last()) else {
            let message = format!("static route {} has no `destination`", quote(&entry.name));
            self.out.error(&entry.span, message).help("write one, such as `0.0.0.0/0`");
            return None;
        };
        if entry.at(&["path-monitor", "enable", "yes"]).is_some() {
            self.note("static routes with path monitoring are taken to be up", &entry.name);
        }
        let metric = entry.child("metric").and_then(|node| self.number(node, 1, 65_535));
        let own = entry.child("admin-dist").and_then(|node| self.number(node, 1, 255));
        Some(Route {
            name: entry.as_name(),
            destination: self.prefix(destination, values, "static route", &entry.name)?,
            interface: entry.value("interface").filter(|name| name.value != "None"),
            next_hop: self.next_hop(entry, values),
            metric: metric.unwrap_or(METRIC),
            admin_distance: own.unwrap_or(distance),
        })
    }

    fn next_hop(&mut self, entry: &Node<'_>, values: &Values<'_, '_>) -> NextHop {
        let Some(hop) = entry.child("nexthop").and_then(|hop| hop.children.last()) else {
            return NextHop::None;
        };
        match &*hop.name {
            "ip-address" | "ipv6-address" => {
                let Some(address) = hop.children.last() else { return NextHop::None };
                match self.prefix(address, values, "static route", &entry.name) {
                    Some(net) => NextHop::Address(net.value.addr()),
                    None => NextHop::None,
                }
            }
            "next-vr" | "next-lr" => value(hop).map_or(NextHop::None, NextHop::Router),
            "discard" => NextHop::Discard,
            "fqdn" => {
                self.unmodelled("next hops that are host names", &entry.name);
                NextHop::None
            }
            _ => NextHop::None,
        }
    }

    /// Whether any is switched on.
    fn routing_protocols(&mut self, router: &Node<'_>) -> bool {
        let mut found = false;
        for protocol in PROTOCOLS {
            let runs = |node: &Node<'_>| node.at(&["enable", "yes"]).is_some();
            if router.at(&["protocol", protocol]).is_some_and(runs)
                || router.child(protocol).is_some_and(runs)
            {
                self.note(&format!("routes that {protocol} learns stand in no configuration"), &router.name);
                found = true;
            }
        }
        found
    }
}
