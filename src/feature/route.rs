//! Zones by routing: which interface and zone a packet comes in by, and which it leaves by.
//!
//! # Coming in
//! A capture does not hold the port a frame came in by, so [`Network::ingress`] goes by the first of these that tells:
//! 1. `--ingress`: the zone of all packets of a file.
//! 2. The name of the capture's interface (pcapng), where the firewall has an interface of that name. With an 802.1Q
//!    tag it is the sub-interface with that tag; a tag that no sub-interface has is dropped (PANOS.md 1.1).
//! 3. The 802.1Q tag, where just one sub-interface has it.
//! 4. The source address: the longest prefix over the interfaces' addresses and the static routes of all virtual
//!    routers, as a reverse path. So packets from nowhere in particular come in where a default route points to.
//!
//! By 2 and 3 a capture that was taken beside a layer 3 interface also holds what left by it. Such a frame is told by its
//! addresses: its source is behind another interface and its destination behind this one. It came in where its
//! source is.
//!
//! # Leaving
//! [`Network::egress`] goes by the kind of interface: a virtual wire has two ends, a tap has one. Layer 3 asks the
//! forwarding table of the virtual router: longest prefix, then administrative distance, then metric; a route to
//! another virtual router goes on there. The firewall's own addresses are in the zone of their interface. Layer 2
//! forwards by MAC address, which no configuration holds: where the other layer 2 interfaces (of the same VLAN tag)
//! are all in one zone it is that one, otherwise a zone prefix must tell.
//!
//! # Zone prefixes
//! `[zones]` and `--zone` name the prefixes behind a zone. They win over routes, except that `0.0.0.0/0` and `::/0`
//! stand for what no route leads to. A configuration of zone prefixes alone needs no interface at all.

mod build;
mod pieces;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use ipnet::IpNet;

pub use build::{Hop, Note, Plan, Router, StaticRoute};
pub use pieces::Pieces;

use crate::flow::{Addr, Arrival, InterfaceId, ZoneId};

/// Interfaces, virtual routers and zone prefixes: what decides the zones of a packet.
#[derive(Debug, Clone, Default)]
pub struct Network {
    interfaces: Vec<Interface>,
    routers: Vec<Fib>,
    paths: Vec<Path>,
    /// By source address: zone prefixes, and under them the reverse paths of all virtual routers.
    places: Pieces<PathId>,
    /// The zones of these places, for the packets of known sessions: far fewer pieces.
    place_zones: Pieces<Option<ZoneId>>,
    /// Zone prefixes that win over routes.
    given: Pieces<PathId>,
    /// Zone prefixes of length 0: where no route leads.
    fallback: Pieces<PathId>,
    /// Tags of sub-interfaces, sorted; no interface where several have the tag.
    tags: Vec<(u16, Option<InterfaceId>)>,
    /// Sub-interfaces by their port and tag, sorted.
    units: Vec<((InterfaceId, u16), InterfaceId)>,
    /// The other end of a virtual wire, by interface.
    wires: Vec<Option<InterfaceId>>,
    /// By zone.
    zones: Vec<ZonePlace>,
    routes_elsewhere: bool,
}

/// An interface or sub-interface of the firewall.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// Its name, such as `ethernet1/1.10`.
    pub name: String,
    /// The zone it is in.
    pub zone: Option<ZoneId>,
    /// What it does.
    pub mode: Mode,
    /// Its own addresses, with their prefix lengths.
    pub addresses: Vec<IpNet>,
    /// 802.1Q tag of a sub-interface.
    pub tag: Option<u16>,
    /// The virtual router it belongs to.
    pub router: Option<RouterId>,
    /// It gets its address by DHCP or PPPoE, and with it a default route.
    pub dynamic: bool,
}

/// What an interface does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Mode {
    /// Routes.
    #[default]
    Layer3,
    /// Switches.
    Layer2,
    /// Hands on to the other end of its virtual wire.
    VirtualWire,
    /// Listens.
    Tap,
}

/// Number of a virtual router in its [`Network`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouterId(pub u16);

/// Number of a [`Path`] in its [`Network`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(u32);

/// Where addresses lie, and what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The addresses.
    pub prefix: IpNet,
    /// The zone they are behind; `None` behind an interface that is in no zone, and where there is no interface.
    pub zone: Option<ZoneId>,
    /// The interface they are behind, where one is known.
    pub interface: Option<InterfaceId>,
    /// The virtual router that says so.
    pub router: Option<RouterId>,
    /// What says so.
    pub origin: Origin,
}

/// What a [`Path`] comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A prefix of a zone: `[zones]` or `--zone`.
    Zone,
    /// The interface's own address.
    Own,
    /// The network of an interface's address.
    Connected,
    /// A static route, and its next hop where it has one.
    Static(Option<IpAddr>),
    /// The default route that an interface is taken to get together with its address.
    Learned,
    /// A static route that goes on in another virtual router.
    Router(RouterId),
    /// A static route that discards.
    Discard,
}

/// Where a packet comes in or leaves, and what says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The zone.
    pub zone: ZoneId,
    /// The interface, where it is known.
    pub interface: Option<InterfaceId>,
    /// What says so.
    pub reason: Reason,
}

/// Why a packet is taken to come in, or to leave, at a [`Place`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// `--ingress` names the zone of its file.
    Option,
    /// The capture's interface has the name of this one.
    CaptureInterface,
    /// This is the only sub-interface with the frame's 802.1Q tag.
    Tag(u16),
    /// The address lies there.
    Address(PathId),
    /// The frame was seen as it left by this interface; it came in where its source address lies.
    Leaving(InterfaceId, PathId),
    /// The other end of the virtual wire.
    VirtualWire,
    /// The only zone with other layer 2 interfaces of the same VLAN.
    Layer2,
    /// What comes in by a tap stays there.
    Tap,
}

/// Why a packet comes in nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoIngress {
    /// Nothing is known to lie at its source address.
    Unknown,
    /// The interface is in no zone.
    NoZone,
    /// The interface has no sub-interface with the frame's 802.1Q tag.
    NoTag,
}

/// Why a packet leaves nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoEgress {
    /// No zone is known to lie at its destination address, and there are no routes.
    Unknown,
    /// No route leads there.
    NoRoute,
    /// The route discards.
    Discard,
    /// The interface is in no zone.
    NoZone,
}

/// The forwarding table of a virtual router.
#[derive(Debug, Clone)]
struct Fib {
    name: String,
    routes: Pieces<PathId>,
}

/// What a zone's interfaces have in common.
#[derive(Debug, Clone, Copy, Default)]
struct ZonePlace {
    mode: Mode,
    /// Its interface, if it has just one.
    interface: Option<InterfaceId>,
    /// Their virtual router, if it is just one.
    router: Option<RouterId>,
    /// The zone at the other ends of its virtual wires, if it is just one.
    wired: Option<ZoneId>,
}

impl Network {
    /// Where a packet from `src` to `dst` comes in.
    ///
    /// # Errors
    /// Where nothing tells, or the interface does not take it.
    pub fn ingress(&self, arrival: Arrival, src: Addr, dst: Addr) -> Result<Place, NoIngress> {
        if !arrival.is_untold()
            && let Some(told) = self.told(arrival, src, dst)
        {
            return told;
        }
        let id = self.places.of(src).ok_or(NoIngress::Unknown)?;
        self.place(id).ok_or(NoIngress::NoZone)
    }

    /// The zone alone of what [`Network::ingress`] gives: all that a packet of a known session needs.
    ///
    /// # Errors
    /// As [`Network::ingress`].
    #[inline]
    pub fn ingress_zone(&self, arrival: Arrival, src: Addr, dst: Addr) -> Result<ZoneId, NoIngress> {
        if arrival.is_untold() {
            return self.place_zones.of(src).ok_or(NoIngress::Unknown)?.ok_or(NoIngress::NoZone);
        }
        self.ingress(arrival, src, dst).map(|place| place.zone)
    }

    /// Where a packet to `dst` leaves that came in at `from`.
    ///
    /// # Errors
    /// Where nothing tells, or it does not leave.
    pub fn egress(&self, from: &Place, dst: Addr) -> Result<Place, NoEgress> {
        match self.mode_of(from) {
            Mode::Layer3 => self.forward(self.router_of(from), dst),
            Mode::Layer2 => self.switch(from, dst),
            Mode::VirtualWire => self.other_end(from, dst),
            Mode::Tap => Ok(Place { reason: Reason::Tap, ..*from }),
        }
    }

    /// Whether what came in at `from` would be sent back to `src` by the same zone. Only routes can tell: where frames are
    /// switched, or handed on by a virtual wire, everything fits (PANOS.md 6.2, `discard-ip-spoof`).
    pub fn routes_back(&self, from: &Place, src: Addr) -> bool {
        self.mode_of(from) != Mode::Layer3
            || self.forward(self.router_of(from), src).is_ok_and(|back| back.zone == from.zone)
    }

    /// What an address lies behind, going by zone prefixes and the routes of all virtual routers.
    pub fn behind(&self, addr: Addr) -> Option<&Path> {
        self.path(self.places.of(addr)?)
    }

    /// Every path there is: what any address is behind is one of them.
    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// Whether something routes that is not known here: routing protocols, policy based forwarding. A static route may
    /// then not be the one that is taken.
    pub const fn routes_elsewhere(&self) -> bool {
        self.routes_elsewhere
    }

    /// The interface of that name.
    pub fn find(&self, name: &str) -> Option<InterfaceId> {
        let index = self.interfaces.iter().position(|interface| interface.name == name)?;
        InterfaceId::new(index)
    }

    /// An interface.
    pub fn interface(&self, id: InterfaceId) -> Option<&Interface> {
        self.interfaces.get(id.index())
    }

    /// All interfaces, in order of their numbers.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// An interface's name; empty where it is not known.
    pub fn interface_name(&self, id: Option<InterfaceId>) -> &str {
        id.and_then(|id| self.interface(id)).map_or("", |interface| &interface.name)
    }

    /// A virtual router's name.
    pub fn router_name(&self, id: RouterId) -> &str {
        self.routers.get(usize::from(id.0)).map_or("?", |router| &router.name)
    }

    /// What a [`Reason`] refers to.
    pub fn path(&self, id: PathId) -> Option<&Path> {
        self.paths.get(id.0 as usize)
    }

    /// The zones that some address is known to lie behind, in order of their numbers.
    pub fn located_zones(&self) -> Vec<ZoneId> {
        let mut zones: Vec<_> = self.paths.iter().filter_map(|path| path.zone).collect();
        zones.sort_unstable();
        zones.dedup();
        zones
    }

    /// Zones with layer 3 interfaces that no address is known to lie behind, in order of their numbers.
    pub fn unlocated_zones(&self) -> Vec<ZoneId> {
        let located = self.located_zones();
        let routed = self.interfaces.iter().filter(|interface| interface.mode == Mode::Layer3);
        let mut zones: Vec<_> = routed.filter_map(|interface| interface.zone).collect();
        zones.sort_unstable();
        zones.dedup();
        zones.retain(|zone| located.binary_search(zone).is_err());
        zones
    }

    /// Whether there are zones that need no address to be told: virtual wires, layer 2 and taps.
    pub fn has_addressless(&self) -> bool {
        self.interfaces.iter().any(|interface| interface.zone.is_some() && interface.mode != Mode::Layer3)
    }

    /// What something else than the source address tells; `None` where the address must.
    fn told(&self, arrival: Arrival, src: Addr, dst: Addr) -> Option<Result<Place, NoIngress>> {
        if let Some(zone) = arrival.zone {
            let interface = arrival
                .interface
                .and_then(|port| self.unit(port, arrival.tag.map(Into::into)))
                .filter(|&id| self.interface(id).is_some_and(|interface| interface.zone == Some(zone)))
                .or(self.zone(zone).interface);
            return Some(Ok(Place { zone, interface, reason: Reason::Option }));
        }
        let tag = arrival.tag.map(u16::from);
        let (id, reason) = match (arrival.interface, tag) {
            (Some(port), _) => match self.unit(port, tag) {
                Some(id) => (id, Reason::CaptureInterface),
                None => return Some(Err(NoIngress::NoTag)),
            },
            (None, Some(tag)) => {
                let at = self.tags.binary_search_by_key(&tag, |&(tag, _)| tag).ok()?;
                (self.tags.get(at)?.1?, Reason::Tag(tag))
            }
            (None, None) => return None,
        };
        let interface = self.interface(id)?;
        if let Some(place) = self.leaving(id, interface, src, dst) {
            return Some(Ok(place));
        }
        match interface.zone {
            Some(zone) => Some(Ok(Place { zone, interface: Some(id), reason })),
            // Where only sub-interfaces are in zones, the capture has lost its tags.
            None if tag.is_none() && self.has_units(id) => None,
            None => Some(Err(NoIngress::NoZone)),
        }
    }

    /// The sub-interface of `port` with that tag. Virtual wires and taps take all tags.
    fn unit(&self, port: InterfaceId, tag: Option<u16>) -> Option<InterfaceId> {
        let Some(tag) = tag else { return Some(port) };
        if let Ok(at) = self.units.binary_search_by_key(&(port, tag), |&(key, _)| key) {
            return self.units.get(at).map(|&(_, unit)| unit);
        }
        let interface = self.interface(port)?;
        let takes_it = interface.tag == Some(tag) || matches!(interface.mode, Mode::VirtualWire | Mode::Tap);
        takes_it.then_some(port)
    }

    fn has_units(&self, port: InterfaceId) -> bool {
        let at = self.units.partition_point(|&((other, _), _)| other < port);
        self.units.get(at).is_some_and(|&((other, _), _)| other == port)
    }

    /// Where a frame came in that was captured as it left by this interface.
    fn leaving(&self, id: InterfaceId, interface: &Interface, src: Addr, dst: Addr) -> Option<Place> {
        if interface.mode != Mode::Layer3 {
            return None;
        }
        let back = self.places.of(src)?;
        let from = self.place(back)?;
        let elsewhere = from.interface.is_some_and(|other| other != id);
        let to = self.places.of(dst).and_then(|to| self.path(to)).filter(|_| elsewhere)?;
        let leaves = to.interface == Some(id) && to.origin != Origin::Own;
        leaves.then_some(Place { reason: Reason::Leaving(id, back), ..from })
    }

    #[inline]
    fn place(&self, id: PathId) -> Option<Place> {
        let path = self.path(id)?;
        Some(Place { zone: path.zone?, interface: path.interface, reason: Reason::Address(id) })
    }

    fn mode_of(&self, place: &Place) -> Mode {
        let interface = place.interface.and_then(|id| self.interface(id));
        interface.map_or(self.zone(place.zone).mode, |interface| interface.mode)
    }

    fn zone(&self, zone: ZoneId) -> ZonePlace {
        self.zones.get(usize::from(zone.0)).copied().unwrap_or_default()
    }

    /// The virtual router that forwards what came in at `from`.
    fn router_of(&self, from: &Place) -> Option<RouterId> {
        let interface = from.interface.and_then(|id| self.interface(id));
        let only = (self.routers.len() == 1).then_some(RouterId(0));
        interface.and_then(|interface| interface.router).or(self.zone(from.zone).router).or(only)
    }

    /// Layer 3: zone prefixes, then the routes of `router`, or of all where it is not known.
    fn forward(&self, router: Option<RouterId>, dst: Addr) -> Result<Place, NoEgress> {
        if self.routers.is_empty() {
            let id = self.places.of(dst).ok_or(NoEgress::Unknown)?;
            return self.place(id).ok_or(NoEgress::NoZone);
        }
        let id = match (self.given.of(dst), router) {
            (Some(id), _) => id,
            (None, Some(router)) => match (self.route(router, dst), self.fallback.of(dst)) {
                (Err(NoEgress::NoRoute), Some(id)) => id,
                (found, _) => found?,
            },
            (None, None) => self.places.of(dst).ok_or(NoEgress::NoRoute)?,
        };
        self.place(id).ok_or(NoEgress::NoZone)
    }

    /// The route to `dst`, through further virtual routers where they hand on.
    fn route(&self, mut router: RouterId, dst: Addr) -> Result<PathId, NoEgress> {
        // More steps than routers are a circle.
        for _ in &self.routers {
            let fib = self.routers.get(usize::from(router.0)).ok_or(NoEgress::NoRoute)?;
            let id = fib.routes.of(dst).ok_or(NoEgress::NoRoute)?;
            match self.path(id).map(|path| path.origin) {
                Some(Origin::Router(next)) => router = next,
                Some(Origin::Discard) => return Err(NoEgress::Discard),
                _ => return Ok(id),
            }
        }
        Err(NoEgress::NoRoute)
    }

    /// Layer 2: a zone prefix, or the only zone there is.
    fn switch(&self, from: &Place, dst: Addr) -> Result<Place, NoEgress> {
        if let Some(place) = self.prefix_of(dst) {
            return Ok(place);
        }
        let tag = from.interface.and_then(|id| self.interface(id)).map(|interface| interface.tag);
        let mut found: Option<Place> = None;
        for (index, interface) in self.interfaces.iter().enumerate() {
            let id = InterfaceId::new(index);
            let same_vlan = tag.is_none_or(|tag| tag == interface.tag);
            let Some(zone) = interface.zone.filter(|_| {
                interface.mode == Mode::Layer2 && same_vlan && (id != from.interface || id.is_none())
            }) else {
                continue;
            };
            found = match found {
                None => Some(Place { zone, interface: id, reason: Reason::Layer2 }),
                Some(other) if other.zone == zone => Some(Place { interface: None, ..other }),
                Some(_) => return Err(NoEgress::Unknown),
            };
        }
        found.ok_or(NoEgress::Unknown)
    }

    /// Virtual wire: the other end. Where only the zone is known, a zone prefix tells, or the zone at the other ends.
    fn other_end(&self, from: &Place, dst: Addr) -> Result<Place, NoEgress> {
        if let Some(id) = from.interface {
            let other = self.wires.get(id.index()).copied().flatten().ok_or(NoEgress::Unknown)?;
            let zone = self.interface(other).and_then(|other| other.zone).ok_or(NoEgress::NoZone)?;
            return Ok(Place { zone, interface: Some(other), reason: Reason::VirtualWire });
        }
        let wired = || {
            let zone = self.zone(from.zone).wired?;
            Some(Place { zone, interface: None, reason: Reason::VirtualWire })
        };
        self.prefix_of(dst).or_else(wired).ok_or(NoEgress::Unknown)
    }

    fn prefix_of(&self, addr: Addr) -> Option<Place> {
        self.place(self.given.of(addr).or_else(|| self.fallback.of(addr))?)
    }
}
