//! Builds a [`Network`] of what the configuration says.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use super::{Fib, Interface, Network, Origin, Path, PathId, Pieces, RouterId, ZonePlace};
use crate::flow::{InterfaceId, ZoneId};

/// What a [`Network`] is built of; every name is a number already.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Interfaces, in order of their numbers.
    pub interfaces: Vec<Interface>,
    /// Virtual routers, in order of their numbers.
    pub routers: Vec<Router>,
    /// Virtual wires: the interfaces at both ends.
    pub wires: Vec<[InterfaceId; 2]>,
    /// Prefixes that are behind a zone whatever the routes say. Of equal ones the last counts.
    pub prefixes: Vec<(IpNet, ZoneId)>,
    /// Whether something else routes as well: routing protocols, policy based forwarding.
    pub routes_elsewhere: bool,
}

/// A virtual router.
#[derive(Debug, Clone, Default)]
pub struct Router {
    /// Its name.
    pub name: String,
    /// Its static routes.
    pub routes: Vec<StaticRoute>,
}

/// A static route.
#[derive(Debug, Clone)]
pub struct StaticRoute {
    /// Its name, for messages.
    pub name: String,
    /// Where it leads.
    pub destination: IpNet,
    /// The way there.
    pub hop: Hop,
    /// Lower is better among routes of the same administrative distance.
    pub metric: u32,
    /// Lower is better.
    pub distance: u32,
}

/// The way a static route leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hop {
    /// Through an interface, to a next hop where one is named.
    Interface(InterfaceId, Option<IpAddr>),
    /// To a next hop; the connected networks tell the interface.
    Address(IpAddr),
    /// On in another virtual router.
    Router(RouterId),
    /// Nowhere: what is routed there is dropped.
    Discard,
}

/// What a [`Plan`] leaves open, and how it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The next hop of a route is in no connected network: the route is not used.
    Unreachable {
        /// Its virtual router.
        router: RouterId,
        /// Its name.
        route: String,
        /// Its next hop.
        next_hop: IpAddr,
    },
    /// An interface gets its address elsewhere: its virtual router's default route is taken to come with it.
    Learned {
        /// The interface.
        interface: InterfaceId,
    },
    /// Addresses are behind two zones, by routes that are equally good or of different virtual routers: what comes
    /// from there is taken to come in by the first.
    Ambiguous {
        /// The addresses.
        prefix: IpNet,
        /// The zone, and the interface where it is known, that is taken.
        taken: (ZoneId, Option<InterfaceId>),
        /// The one that is not.
        other: (ZoneId, Option<InterfaceId>),
    },
}

/// Routes of the same prefix, best first.
type Rank = (u32, u32, usize);

impl Network {
    /// Builds it; what is open or unusable is noted.
    pub fn new(plan: Plan) -> (Self, Vec<Note>) {
        let Plan { interfaces, routers, wires, prefixes, routes_elsewhere } = plan;
        let mut build =
            Build { network: Self { interfaces, routes_elsewhere, ..Self::default() }, notes: Vec::new() };
        build.wires(&wires);
        build.tags();
        build.zones();
        let mut reverse = Vec::new();
        for (router, number) in routers.into_iter().zip(0..) {
            build.router(RouterId(number), router, &mut reverse);
        }
        build.unrouted(&mut reverse);
        let reverse = build.reverse(reverse);
        build.prefixes(&prefixes, &reverse);
        (build.network, build.notes)
    }
}

struct Build {
    network: Network,
    notes: Vec<Note>,
}

impl Build {
    fn wires(&mut self, wires: &[[InterfaceId; 2]]) {
        let ends = &mut self.network.wires;
        ends.resize(self.network.interfaces.len(), None);
        for &[one, two] in wires {
            for (end, other) in [(one, two), (two, one)] {
                if let Some(slot) = ends.get_mut(end.index()) {
                    *slot = Some(other);
                }
            }
        }
    }

    fn tags(&mut self) {
        let mut tags: BTreeMap<u16, Option<InterfaceId>> = BTreeMap::new();
        let ports: BTreeMap<&str, InterfaceId> =
            self.numbered().map(|(id, interface)| (interface.name.as_str(), id)).collect();
        let mut units = BTreeMap::new();
        for (id, interface) in self.numbered() {
            let Some(tag) = interface.tag else { continue };
            tags.entry(tag).and_modify(|unit| *unit = None).or_insert(Some(id));
            let port = interface.name.rsplit_once('.').and_then(|(port, _)| ports.get(port));
            if let Some(&port) = port {
                units.entry((port, tag)).or_insert(id);
            }
        }
        self.network.units = units.into_iter().collect();
        self.network.tags = tags.into_iter().collect();
    }

    /// What the interfaces of each zone have in common.
    fn zones(&mut self) {
        let mut zones: BTreeMap<ZoneId, Vec<InterfaceId>> = BTreeMap::new();
        for (id, interface) in self.numbered() {
            if let Some(zone) = interface.zone {
                zones.entry(zone).or_default().push(id);
            }
        }
        let Some((last, _)) = zones.last_key_value() else { return };
        let mut places = vec![ZonePlace::default(); usize::from(last.0) + 1];
        let of = |id: &InterfaceId| self.network.interface(*id);
        for (zone, members) in &zones {
            let Some(place) = places.get_mut(usize::from(zone.0)) else { continue };
            let other = |id: &InterfaceId| self.network.wires.get(id.index()).copied().flatten();
            *place = ZonePlace {
                mode: members.first().and_then(of).map(|interface| interface.mode).unwrap_or_default(),
                interface: only(members.iter().copied()),
                router: only(members.iter().filter_map(of).filter_map(|interface| interface.router)),
                wired: only(members.iter().filter_map(other).filter_map(|id| of(&id)?.zone)),
            };
        }
        self.network.zones = places;
    }

    /// The forwarding table of a virtual router; its paths with their ranks go to `reverse`.
    fn router(&mut self, router: RouterId, plan: Router, reverse: &mut Vec<(Rank, PathId)>) {
        let mut found: Vec<(Rank, Path)> = self.connected(Some(router));
        let networks = Pieces::new(found.iter().filter_map(|(_, path)| Some((path.prefix, path.interface?))));
        for (route, order) in plan.routes.into_iter().zip(2..) {
            let interface = match route.hop {
                Hop::Interface(id, _) => Some(id),
                Hop::Address(ip) => match networks.of(ip.into()) {
                    Some(id) => Some(id),
                    None => {
                        self.notes.push(Note::Unreachable { router, route: route.name, next_hop: ip });
                        continue;
                    }
                },
                Hop::Router(_) | Hop::Discard => None,
            };
            let origin = match route.hop {
                Hop::Interface(_, next_hop) => Origin::Static(next_hop),
                Hop::Address(ip) => Origin::Static(Some(ip)),
                Hop::Router(next) => Origin::Router(next),
                Hop::Discard => Origin::Discard,
            };
            let path = self.path(route.destination.trunc(), interface, Some(router), origin);
            found.push(((route.distance, route.metric, order), path));
        }
        self.learned(router, &mut found);
        let mut best: BTreeMap<IpNet, (Rank, PathId)> = BTreeMap::new();
        for (rank, path) in found {
            let prefix = path.prefix;
            let leads_back = path.interface.is_some();
            let id = self.add(path);
            if leads_back {
                reverse.push((rank, id));
            }
            let entry = best.entry(prefix).or_insert((rank, id));
            if rank < entry.0 {
                *entry = (rank, id);
            }
        }
        let routes = Pieces::new(best.into_iter().map(|(prefix, (_, id))| (prefix, id)));
        self.network.routers.push(Fib { name: plan.name, routes });
    }

    /// The interfaces' own addresses and the networks around them.
    fn connected(&self, router: Option<RouterId>) -> Vec<(Rank, Path)> {
        let mut found = Vec::new();
        for (id, interface) in self.numbered().filter(|(_, interface)| interface.router == router) {
            for &address in &interface.addresses {
                let network = self.path(address.trunc(), Some(id), router, Origin::Connected);
                let own = self.path(address.addr().into(), Some(id), router, Origin::Own);
                found.push(((0, 0, 0), own));
                if network.prefix.prefix_len() < network.prefix.max_prefix_len() {
                    found.push(((0, 0, 1), network));
                }
            }
        }
        found
    }

    /// A DHCP or PPPoE client also gets a default route, unless told otherwise. It is taken to be there where the
    /// virtual router has no other and just one such client.
    fn learned(&mut self, router: RouterId, found: &mut Vec<(Rank, Path)>) {
        let default = IpNet::from(Ipv4Net::default());
        let clients =
            self.numbered().filter(|(_, interface)| interface.dynamic && interface.router == Some(router));
        let Some(interface) = only(clients.map(|(id, _)| id)) else { return };
        if found.iter().all(|(_, path)| path.prefix != default) {
            found.push(((10, 10, 1), self.path(default, Some(interface), Some(router), Origin::Learned)));
            self.notes.push(Note::Learned { interface });
        }
    }

    /// Interfaces that no virtual router forwards for: what comes from their networks still comes in there.
    fn unrouted(&mut self, reverse: &mut Vec<(Rank, PathId)>) {
        for (rank, path) in self.connected(None) {
            let id = self.add(path);
            reverse.push((rank, id));
        }
    }

    /// The reverse paths of all virtual routers: of the routes to the same prefix the best, then the first.
    fn reverse(&mut self, mut found: Vec<(Rank, PathId)>) -> Pieces<PathId> {
        // Stable: routers stand in order.
        found.sort_by_key(|&((distance, metric, _), _)| (distance, metric));
        let mut best: BTreeMap<IpNet, (Rank, PathId)> = BTreeMap::new();
        for (rank, id) in found {
            let Some(path) = self.network.path(id) else { continue };
            let Some(&(taken_rank, taken)) = best.get(&path.prefix) else {
                best.insert(path.prefix, (rank, id));
                continue;
            };
            let Some(taken) = self.network.path(taken) else { continue };
            let open = taken.router != path.router || (taken_rank.0, taken_rank.1) == (rank.0, rank.1);
            if let (Some(zone), Some(other)) = (taken.zone, path.zone)
                && open
                && zone != other
            {
                self.notes.push(Note::Ambiguous {
                    prefix: path.prefix,
                    taken: (zone, taken.interface),
                    other: (other, path.interface),
                });
            }
        }
        Pieces::new(best.into_iter().map(|(prefix, (_, id))| (prefix, id)))
    }

    /// Zone prefixes over the routes, those of length 0 under them.
    fn prefixes(&mut self, prefixes: &[(IpNet, ZoneId)], reverse: &Pieces<PathId>) {
        let (mut given, mut fallback) = (Vec::new(), Vec::new());
        for &(prefix, zone) in prefixes {
            let prefix = prefix.trunc();
            let interface = self.network.zone(zone).interface;
            let path = Path { prefix, zone: Some(zone), interface, router: None, origin: Origin::Zone };
            let list = if prefix.prefix_len() == 0 { &mut fallback } else { &mut given };
            list.push((prefix, self.add(path)));
        }
        let network = &mut self.network;
        network.given = Pieces::new(given);
        network.fallback = Pieces::new(fallback);
        network.places = network.given.over(&reverse.over(&network.fallback));
        network.place_zones = network.places.map(|id| network.path(id).and_then(|path| path.zone));
    }

    fn path(
        &self,
        prefix: IpNet,
        interface: Option<InterfaceId>,
        router: Option<RouterId>,
        origin: Origin,
    ) -> Path {
        let zone = interface.and_then(|id| self.network.interface(id)?.zone);
        Path { prefix, zone, interface, router, origin }
    }

    fn add(&mut self, path: Path) -> PathId {
        let id = PathId(u32::try_from(self.network.paths.len()).unwrap_or(u32::MAX));
        self.network.paths.push(path);
        id
    }

    fn numbered(&self) -> impl Iterator<Item = (InterfaceId, &Interface)> {
        let numbered = self.network.interfaces.iter().enumerate();
        numbered.filter_map(|(index, interface)| Some((InterfaceId::new(index)?, interface)))
    }
}

/// The value that all are.
fn only<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}
