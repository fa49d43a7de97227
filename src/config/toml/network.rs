//! `[interface]`, `[virtual-router]`, `[[route]]` and `[virtual-wire]`.

use std::net::IpAddr;

use ipnet::IpNet;
use toml::de::DeTable;

use super::Document;
use super::reader::{Value, entries};
use crate::config::candidate::{
    At, Interface, InterfaceMode, ManagementProfile, Name, NextHop, Route, VirtualRouter, VirtualWire, Zone,
    ZoneMode,
};
use crate::config::diagnostic::{Span, quote};
use crate::config::literal;
use crate::feature::host_service::HostService;

const INTERFACE_KEYS: [&str; 7] =
    ["ip", "zone", "tag", "virtual-router", "mode", "dhcp-client", "interface-management-profile"];
const ROUTE_KEYS: [&str; 9] = [
    "name",
    "destination",
    "nexthop",
    "interface",
    "virtual-router",
    "metric",
    "admin-dist",
    "next-vr",
    "discard",
];
const MODES: [(&str, InterfaceMode); 4] = [
    ("layer3", InterfaceMode::Layer3),
    ("layer2", InterfaceMode::Layer2),
    ("virtual-wire", InterfaceMode::VirtualWire),
    ("tap", InterfaceMode::Tap),
];
/// Metric and administrative distance of a static route that does not say (PANOS.md 12.1).
const METRIC: u32 = 10;
/// The virtual router of an interface or route that names none.
pub(super) const DEFAULT_ROUTER: &str = "default";
/// What an interface names that is in no virtual router.
const NO_ROUTER: &str = "none";

impl Document<'_> {
    /// `[interface."ethernet1/1"]`.
    pub(super) fn interfaces(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "a table of interfaces") else { return };
        for (name, value) in entries(table) {
            if let Some(table) =
                self.reader.table(value, "a table such as `{ ip = \"192.0.2.1/24\", zone = \"dmz\" }`")
            {
                self.interface(name, table);
            }
        }
    }

    fn interface(&mut self, name: Name, table: &DeTable<'_>) {
        let mut interface = Interface {
            name: name.clone(),
            mode: InterfaceMode::default(),
            addresses: Vec::new(),
            tag: None,
            dynamic: false,
            management_profile: None,
        };
        let (mut zone, mut router) = (None, None);
        for (key, value) in entries(table) {
            match key.value.as_str() {
                "ip" => interface.addresses = self.addresses_of(value),
                "zone" => zone = self.reader.text(value),
                "tag" => {
                    let tag = self.reader.number(value, 1, 4_094);
                    interface.tag = tag.and_then(|tag| u16::try_from(tag).ok());
                }
                "virtual-router" => router = self.reader.text(value),
                "mode" => interface.mode = self.reader.choice(value, &MODES).unwrap_or_default(),
                "dhcp-client" => interface.dynamic = self.reader.flag(value).unwrap_or_default(),
                "interface-management-profile" => interface.management_profile = self.reader.text(value),
                _ => self.reader.unknown_key(&key, "an interface", &INTERFACE_KEYS),
            }
        }
        if interface.mode == InterfaceMode::Layer3 {
            self.routers_told |= router.is_some();
            let router = router.unwrap_or_else(|| At::new(DEFAULT_ROUTER.to_owned(), name.span.clone()));
            if router.value != NO_ROUTER {
                self.router(&router).interfaces.push(name.clone());
            }
        } else if let Some(router) = router {
            self.reader
                .out
                .error(&router.span, format!("interface {} does not route", quote(&name.value)))
                .help("only `mode = \"layer3\"` has a virtual router");
        }
        if let Some(zone) = zone {
            self.join_zone(&zone, name, interface.mode);
        }
        self.candidate.interfaces.push(interface);
    }

    /// `[interface-management-profile.NAME]`: each service as PAN-OS has it, and `permitted-ip`.
    pub(super) fn management_profiles(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "tables such as `[interface-management-profile.NAME]`")
        else {
            return;
        };
        for (name, value) in entries(table) {
            let Some(table) = self.reader.table(value, "a table such as `{ ping = true }`") else { continue };
            let (mut services, mut permitted) = (Vec::new(), Vec::new());
            for (key, value) in entries(table) {
                match HostService::ALL.into_iter().find(|service| service.name() == key.value) {
                    Some(service) => {
                        let on = self.reader.flag(value).unwrap_or_default();
                        services.extend(on.then_some(service));
                    }
                    None if key.value == "permitted-ip" => permitted = self.addresses_of(value),
                    None => {
                        let mut known = HostService::ALL.map(HostService::name).to_vec();
                        known.push("permitted-ip");
                        self.reader.unknown_key(&key, "a management profile", &known);
                    }
                }
            }
            self.candidate.management_profiles.push(ManagementProfile { name, services, permitted });
        }
    }

    /// Addresses with their prefix lengths: host bits are kept.
    fn addresses_of(&mut self, value: &Value<'_>) -> Vec<At<IpNet>> {
        let mut addresses = Vec::new();
        for text in self.reader.names(value) {
            // The check is the one of prefixes; what it makes of them has lost the host.
            let address = literal::prefix(&text.value).and_then(|prefix| {
                let host = text.value.split('/').next().unwrap_or_default().trim().parse::<IpAddr>();
                let host = host.map_err(|_| "it is no address".to_owned())?;
                IpNet::new(host, prefix.prefix_len()).map_err(|error| error.to_string())
            });
            match address {
                Ok(address) => addresses.push(At::new(address, text.span)),
                Err(wrong) => {
                    let message = format!("{} is no address of an interface: {wrong}", quote(&text.value));
                    self.reader.out.error(&text.span, message).help("write it as `192.0.2.1/24`");
                }
            }
        }
        addresses
    }

    /// A zone that has no prefixes of its own has the kind of its first interface.
    fn join_zone(&mut self, zone: &Name, interface: Name, mode: InterfaceMode) {
        let mode = match mode {
            InterfaceMode::Layer2 => ZoneMode::Layer2,
            InterfaceMode::VirtualWire => ZoneMode::VirtualWire,
            InterfaceMode::Tap => ZoneMode::Tap,
            InterfaceMode::Layer3 | InterfaceMode::Other => ZoneMode::Layer3,
        };
        let zones = &mut self.candidate.zones;
        match zones.iter_mut().find(|known| known.name.value == zone.value) {
            Some(known) => {
                if known.interfaces.is_empty() {
                    known.mode = mode;
                }
                known.interfaces.push(interface);
            }
            None => zones.push(Zone {
                name: zone.clone(),
                mode,
                prefixes: Vec::new(),
                interfaces: vec![interface],
                zone_protection: None,
            }),
        }
    }

    /// `[virtual-router.NAME]`: one that no interface and no route needs to name. It has no keys.
    pub(super) fn virtual_routers(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "tables such as `[virtual-router.NAME]`") else { return };
        for (name, value) in entries(table) {
            let Some(table) = self.reader.table(value, "an empty table") else { continue };
            for (key, _) in entries(table) {
                self.reader
                    .out
                    .error(&key.span, "a virtual router has no keys")
                    .help("interfaces and routes name it as their `virtual-router`");
            }
            self.routers_told = true;
            self.router(&name);
        }
    }

    /// The virtual router of that name, made if it is new.
    pub(super) fn router(&mut self, name: &Name) -> &mut VirtualRouter {
        let routers = &mut self.candidate.virtual_routers;
        let at = routers.iter().position(|router| router.name.value == name.value).unwrap_or_else(|| {
            routers.push(VirtualRouter { name: name.clone(), interfaces: Vec::new(), routes: Vec::new() });
            routers.len() - 1
        });
        &mut routers[at]
    }

    /// `[[route]]`.
    pub(super) fn routes(&mut self, value: &Value<'_>) {
        let Some(routes) = value.get_ref().as_array() else {
            self.reader.mismatch(value, "`[[route]]` tables");
            return;
        };
        for route in routes.iter() {
            if let Some(table) = self.reader.table(route, "a `[[route]]` table") {
                self.route(&route.span(), table);
            }
        }
    }

    fn route(&mut self, span: &Span, table: &DeTable<'_>) {
        let (mut name, mut destination, mut router, mut interface) = (None, None, None, None);
        let (mut metric, mut distance) = (None, None);
        let mut hops = Vec::new();
        for (key, value) in entries(table) {
            match key.value.as_str() {
                "name" => name = self.reader.text(value),
                "destination" => destination = self.literal(value, literal::prefix),
                "interface" => interface = self.reader.text(value),
                "virtual-router" => router = self.reader.text(value),
                "metric" => metric = self.reader.number(value, 1, 65_535),
                "admin-dist" => distance = self.reader.number(value, 1, 255),
                "nexthop" => {
                    hops.extend(self.literal(value, literal::address).map(|ip| NextHop::Address(ip.value)));
                }
                "next-vr" => hops.extend(self.reader.text(value).map(NextHop::Router)),
                "discard" => {
                    hops.extend(self.reader.flag(value).filter(|&flag| flag).map(|_| NextHop::Discard));
                }
                _ => self.reader.unknown_key(&key, "a route", &ROUTE_KEYS),
            }
        }
        if hops.len() > 1 || hops.is_empty() && interface.is_none() {
            self.reader
                .out
                .error(span, "a route leads one way")
                .help("give it one of `nexthop`, `next-vr` and `discard`, or an `interface`");
            return;
        }
        let Some(destination) = destination else {
            if table.get("destination").is_none() {
                self.reader.out.error(span, "the route has no `destination`").help("e.g. `\"0.0.0.0/0\"`");
            }
            return;
        };
        self.routers_told = true;
        let name = name.unwrap_or_else(|| At::new(destination.value.to_string(), destination.span.clone()));
        let router = router.unwrap_or_else(|| At::new(DEFAULT_ROUTER.to_owned(), span.clone()));
        self.router(&router).routes.push(Route {
            name,
            destination,
            interface,
            next_hop: hops.pop().unwrap_or(NextHop::None),
            metric: metric.unwrap_or(METRIC),
            admin_distance: distance.unwrap_or(METRIC),
        });
    }

    fn literal<T>(&mut self, value: &Value<'_>, read: impl Fn(&str) -> Result<T, String>) -> Option<At<T>> {
        let text = self.reader.text(value)?;
        match read(&text.value) {
            Ok(literal) => Some(At::new(literal, text.span)),
            Err(wrong) => {
                self.reader.out.error(&text.span, wrong);
                None
            }
        }
    }

    /// `[virtual-wire.NAME]`.
    pub(super) fn virtual_wires(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "a table of virtual wires") else { return };
        for (name, value) in entries(table) {
            let Some(table) = self.reader.table(value, "a table with `interfaces`") else { continue };
            let mut interfaces = Vec::new();
            for (key, value) in entries(table) {
                match key.value.as_str() {
                    "interfaces" => interfaces = self.reader.names(value),
                    _ => self.reader.unknown_key(&key, "a virtual wire", &["interfaces"]),
                }
            }
            match <[Name; 2]>::try_from(interfaces) {
                Ok(interfaces) => self.candidate.virtual_wires.push(VirtualWire { name, interfaces }),
                Err(_) => {
                    let message = format!("virtual wire {} does not have two ends", quote(&name.value));
                    let help = "write `interfaces = [\"ethernet1/1\", \"ethernet1/2\"]`";
                    self.reader.out.error(&name.span, message).help(help);
                }
            }
        }
    }
}
