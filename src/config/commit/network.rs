//! Interfaces, virtual routers and zone prefixes: the names resolved, and the network built of them.

use hashbrown::HashMap;

use crate::config::Zones;
use crate::config::candidate::{self, Candidate, InterfaceMode, Name, NextHop, ZoneMode};
use crate::config::diagnostic::{Diagnostics, Span, escape, nearest, quote};
use crate::feature::host_service::{HostServices, ManagementProfile};
use crate::feature::route::{Hop, Interface, Mode, Network, Note, Plan, Router, RouterId, StaticRoute};
use crate::flow::{InterfaceId, ZoneId};

/// What a virtual router is called where none is named.
const DEFAULT_ROUTER: &str = "default";

/// The network that decides zones, and what the firewall's own addresses in it offer.
pub(super) fn network(
    candidate: &Candidate,
    zones: &Zones,
    out: &mut Diagnostics,
) -> (Network, HostServices) {
    let mut names = Names::default();
    for interface in &candidate.interfaces {
        names.define(interface, out);
    }
    names.zones(candidate, zones, out);
    let routers = names.routers(candidate, out);
    let wires = names.wires(candidate, out);
    if let (Some(name), true) = (names.too_many, !out.has_errors()) {
        out.error(&name, "more interfaces or virtual routers than the model holds");
    }
    let plan = Plan {
        interfaces: names.interfaces,
        routers,
        wires,
        prefixes: zones.prefixes().to_vec(),
        routes_elsewhere: candidate.routes_elsewhere,
    };
    let (network, notes) = Network::new(plan);
    for note in notes {
        out.warn(sentence(&network, zones, &note));
    }
    let host_services = host_services(candidate, &network, out);
    (network, host_services)
}

/// What the firewall's own addresses offer. A profile that is not there offers nothing.
fn host_services(candidate: &Candidate, network: &Network, out: &mut Diagnostics) -> HostServices {
    let profiles = &candidate.management_profiles;
    let mut named: HashMap<&str, &str, foldhash::fast::FixedState> = HashMap::default();
    for interface in &candidate.interfaces {
        let Some(profile) = &interface.management_profile else { continue };
        named.entry(&interface.name.value).or_insert(&profile.value);
        let names = || profiles.iter().map(|known| known.name.value.as_str());
        if names().any(|name| name == profile.value) {
            continue;
        }
        let message = format!("no interface management profile {}", quote(&profile.value));
        if candidate.is_panos {
            out.warn(format!(
                "{message}, which interface {} has: it offers nothing",
                quote(&interface.name.value)
            ));
        } else {
            let help = nearest(&profile.value, names()).map(|name| format!("did you mean `{name}`?"));
            let help = help.as_deref().unwrap_or("define it as `[interface-management-profile.NAME]`");
            out.error(&profile.span, message).help(help);
        }
    }
    let interfaces = network.interfaces().iter();
    let interfaces = interfaces
        .map(|interface| (interface.addresses.as_slice(), named.get(interface.name.as_str()).copied()));
    let profiles = profiles.iter().map(|profile| ManagementProfile {
        name: profile.name.value.clone(),
        services: profile.services.clone(),
        permitted: profile.permitted.iter().map(|net| net.value).collect(),
    });
    HostServices::new(interfaces, profiles.collect())
}

/// Interfaces by name.
#[derive(Default)]
struct Names {
    interfaces: Vec<Interface>,
    numbers: HashMap<String, InterfaceId, foldhash::fast::FixedState>,
    /// Where the numbers gave out.
    too_many: Option<Span>,
}

impl Names {
    /// An interface as the configuration has it. Of two with one name the first counts.
    fn define(&mut self, interface: &candidate::Interface, out: &mut Diagnostics) {
        if self.numbers.contains_key(&interface.name.value) {
            let name = quote(&interface.name.value);
            out.warn(format!("interface {name} is there more than once; the first one counts"));
            return;
        }
        let mode = match interface.mode {
            InterfaceMode::Layer3 => Mode::Layer3,
            InterfaceMode::Layer2 => Mode::Layer2,
            InterfaceMode::VirtualWire => Mode::VirtualWire,
            InterfaceMode::Tap => Mode::Tap,
            InterfaceMode::Other => return,
        };
        if let Some(made) = self.add(&interface.name, mode) {
            made.addresses = interface.addresses.iter().map(|address| address.value).collect();
            made.tag = interface.tag;
            made.dynamic = interface.dynamic;
        }
    }

    fn add(&mut self, name: &Name, mode: Mode) -> Option<&mut Interface> {
        let Some(id) = InterfaceId::new(self.interfaces.len()) else {
            self.too_many.get_or_insert(name.span.clone());
            return None;
        };
        self.numbers.insert(name.value.clone(), id);
        self.interfaces.push(Interface { name: name.value.clone(), mode, ..Interface::default() });
        self.interfaces.last_mut()
    }

    fn get(&mut self, name: &str) -> Option<&mut Interface> {
        let id = self.numbers.get(name)?;
        self.interfaces.get_mut(id.index())
    }

    /// Which zone each interface is in. A zone may name interfaces that the file does not have: in Panorama they are
    /// in a template.
    fn zones(&mut self, candidate: &Candidate, zones: &Zones, out: &mut Diagnostics) {
        let members =
            candidate.zones.iter().flat_map(|zone| zone.interfaces.iter().map(move |name| (zone, name)));
        for (zone, name) in members {
            let Some(id) = zones.find(&zone.name.value) else { continue };
            let mode = match zone.mode {
                ZoneMode::Layer2 => Mode::Layer2,
                ZoneMode::VirtualWire => Mode::VirtualWire,
                ZoneMode::Tap => Mode::Tap,
                ZoneMode::Layer3 | ZoneMode::External | ZoneMode::Tunnel => Mode::Layer3,
            };
            let interface = if self.numbers.contains_key(&name.value) {
                self.get(&name.value)
            } else {
                self.add(name, mode)
            };
            let Some(interface) = interface else { continue };
            match interface.zone.replace(id) {
                Some(other) if other != id => {
                    let (one, two) = (quote(zones.name(other)), quote(zones.name(id)));
                    let message =
                        format!("interface {} is in two zones, {one} and {two}", quote(&name.value));
                    out.error(&name.span, message).help("an interface belongs to one zone");
                }
                _ => {}
            }
        }
    }

    /// Virtual routers with their routes. Without any, all layer 3 interfaces share one.
    fn routers(&mut self, candidate: &Candidate, out: &mut Diagnostics) -> Vec<Router> {
        let mut numbers: HashMap<&str, RouterId, foldhash::fast::FixedState> = HashMap::default();
        for (router, number) in candidate.virtual_routers.iter().zip(0..) {
            let id = *numbers.entry(&router.name.value).or_insert(RouterId(number));
            for name in &router.interfaces {
                if !self.numbers.contains_key(&name.value) {
                    self.add(name, Mode::Layer3);
                }
                let Some(interface) = self.get(&name.value) else { continue };
                if interface.router.replace(id).is_some_and(|other| other != id) {
                    let name = quote(&name.value);
                    out.warn(format!("interface {name} is in two virtual routers; the last one counts"));
                }
            }
        }
        if candidate.virtual_routers.is_empty() {
            return self.implicit_router();
        }
        if let Some(router) = candidate.virtual_routers.get(usize::from(u16::MAX)) {
            self.too_many = Some(router.name.span.clone());
        }
        let routers = candidate.virtual_routers.iter().map(|router| {
            let routes = router.routes.iter().filter_map(|route| self.route(route, &numbers, out));
            Router { name: router.name.value.clone(), routes: routes.collect() }
        });
        routers.collect()
    }

    fn implicit_router(&mut self) -> Vec<Router> {
        let routed = |interface: &&mut Interface| {
            interface.mode == Mode::Layer3 && (interface.dynamic || !interface.addresses.is_empty())
        };
        let mut any = false;
        for interface in self.interfaces.iter_mut().filter(routed) {
            interface.router = Some(RouterId(0));
            any = true;
        }
        let router = Router { name: DEFAULT_ROUTER.to_owned(), routes: Vec::new() };
        if any { vec![router] } else { Vec::new() }
    }

    /// A static route; one that leads to something unknown is not used.
    fn route(
        &self,
        route: &candidate::Route,
        routers: &HashMap<&str, RouterId, foldhash::fast::FixedState>,
        out: &mut Diagnostics,
    ) -> Option<StaticRoute> {
        let mut unknown = |what: &str, name: &str, near: Option<&str>| {
            let near = near.map(|near| format!(" (did you mean {}?)", quote(near))).unwrap_or_default();
            let (route, name) = (quote(&route.name.value), quote(name));
            out.warn(format!("route {route} is not used: there is no {what} {name}{near}"));
        };
        let interface = match &route.interface {
            None => None,
            Some(name) => match self.numbers.get(&name.value) {
                Some(&id) => Some(id),
                None => {
                    let names = self.interfaces.iter().map(|interface| interface.name.as_str());
                    unknown("interface", &name.value, nearest(&name.value, names));
                    return None;
                }
            },
        };
        let hop = match (&route.next_hop, interface) {
            (NextHop::Router(name), _) => match routers.get(name.value.as_str()) {
                Some(&id) => Hop::Router(id),
                None => {
                    unknown("virtual router", &name.value, nearest(&name.value, routers_in_order(routers)));
                    return None;
                }
            },
            (NextHop::Discard, _) => Hop::Discard,
            (NextHop::Address(ip), Some(id)) => Hop::Interface(id, Some(*ip)),
            (NextHop::Address(ip), None) => Hop::Address(*ip),
            (NextHop::None, Some(id)) => Hop::Interface(id, None),
            (NextHop::None, None) => {
                let route = quote(&route.name.value);
                out.warn(format!("route {route} is not used: it has no next hop and no interface"));
                return None;
            }
        };
        Some(StaticRoute {
            name: route.name.value.clone(),
            destination: route.destination.value,
            hop,
            metric: route.metric,
            distance: route.admin_distance,
        })
    }

    fn wires(&mut self, candidate: &Candidate, out: &mut Diagnostics) -> Vec<[InterfaceId; 2]> {
        let mut wires = Vec::new();
        for wire in &candidate.virtual_wires {
            for name in &wire.interfaces {
                if !self.numbers.contains_key(&name.value) {
                    self.add(name, Mode::VirtualWire);
                }
            }
            let [one, two] = wire.interfaces.each_ref().map(|name| self.numbers.get(&name.value).copied());
            match (one, two) {
                (Some(one), Some(two)) if one == two => {
                    let name = quote(&wire.name.value);
                    out.error(
                        &wire.name.span,
                        format!("virtual wire {name} has the same interface at both ends"),
                    );
                }
                (Some(one), Some(two)) => wires.push([one, two]),
                _ => {}
            }
        }
        wires
    }
}

/// Names of virtual routers by their numbers: a hash map has no order to show.
fn routers_in_order<'r>(
    routers: &HashMap<&'r str, RouterId, foldhash::fast::FixedState>,
) -> impl Iterator<Item = &'r str> {
    let mut names: Vec<_> = routers.iter().map(|(&name, &id)| (id, name)).collect();
    names.sort_unstable();
    names.into_iter().map(|(_, name)| name)
}

/// What was left open, for people.
fn sentence(network: &Network, zones: &Zones, note: &Note) -> String {
    match note {
        Note::Unreachable { router, route, next_hop } => format!(
            "route {} of virtual router {} is not used: its next hop {next_hop} is in no connected network",
            quote(route),
            quote(network.router_name(*router))
        ),
        Note::Learned { interface } => format!(
            "interface {} gets its address elsewhere; the default route is taken to lead through it",
            quote(network.interface_name(Some(*interface)))
        ),
        Note::Ambiguous { prefix, taken, other } => {
            let side = |&(zone, interface): &(ZoneId, Option<InterfaceId>)| match interface {
                None => quote(zones.name(zone)),
                Some(_) => {
                    format!("{} ({})", quote(zones.name(zone)), escape(network.interface_name(interface)))
                }
            };
            format!(
                "{prefix} is routed to zone {} and to zone {}; what comes from there is taken to come in by the \
                 first (`--zone` or `--ingress` says otherwise)",
                side(taken),
                side(other)
            )
        }
    }
}
