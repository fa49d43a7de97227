//! Where a packet comes in and leaves, and why, in words.

use super::escape;
use crate::config::World;
use crate::feature::route::{Origin, Path, PathId, Place, Reason};

/// For example ``ethernet1/1, zone `trust` (connected network 10.0.0.0/24, virtual router `default`)``.
pub(super) fn sentence(world: &World, place: &Place) -> String {
    let zone = escape::name(world.zones.name(place.zone));
    let interface = escape::name(world.network.interface_name(place.interface));
    let comma = if interface.is_empty() { "" } else { ", " };
    format!("{interface}{comma}zone `{zone}` ({})", reason(world, place))
}

/// What says so, without punctuation at the end.
pub(super) fn reason(world: &World, place: &Place) -> String {
    match place.reason {
        Reason::Option => "`--ingress`".to_owned(),
        Reason::CaptureInterface => "the interface of the capture".to_owned(),
        Reason::Tag(tag) => format!("VLAN tag {tag}"),
        Reason::Address(path) => address(world, path),
        Reason::Leaving(interface, path) => {
            let name = escape::name(world.network.interface_name(Some(interface)));
            format!("{}; the frame was seen as it left by {name}", address(world, path))
        }
        Reason::VirtualWire => "the other end of the virtual wire".to_owned(),
        Reason::Layer2 => "the only zone with other layer 2 interfaces of its VLAN".to_owned(),
        Reason::Tap => "a tap, where nothing leaves".to_owned(),
    }
}

fn address(world: &World, path: PathId) -> String {
    let Some(Path { prefix, router, origin, .. }) = world.network.path(path) else { return String::new() };
    let what = match origin {
        Origin::Zone => format!("zone prefix {prefix}"),
        Origin::Own => format!("own address {}", prefix.addr()),
        Origin::Connected => format!("connected network {prefix}"),
        Origin::Static(Some(next_hop)) => format!("route {prefix} via {next_hop}"),
        Origin::Static(None) | Origin::Router(_) | Origin::Discard => format!("route {prefix}"),
        Origin::Learned => format!("route {prefix}, taken to come with the address of the interface"),
    };
    match router {
        Some(router) => {
            format!("{what}, virtual router `{}`", escape::name(world.network.router_name(*router)))
        }
        None => what,
    }
}
