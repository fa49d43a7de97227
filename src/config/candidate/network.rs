//! Zones, interfaces and routes.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{At, Name};
use crate::feature::host_service::HostService;
use crate::feature::zone_protection::ZoneProtection;

/// A security zone: the prefixes behind it (TOML), or its interfaces (PAN-OS).
#[derive(Debug)]
pub(in crate::config) struct Zone {
    pub(in crate::config) name: Name,
    pub(in crate::config) mode: ZoneMode,
    pub(in crate::config) prefixes: Vec<At<IpNet>>,
    pub(in crate::config) interfaces: Vec<Name>,
    /// Name of its profile.
    pub(in crate::config) zone_protection: Option<Name>,
}

/// A zone-protection profile.
#[derive(Debug)]
pub(in crate::config) struct Protection {
    pub(in crate::config) name: Name,
    pub(in crate::config) profile: ZoneProtection,
}

/// What kind of interfaces a zone has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::config) enum ZoneMode {
    #[default]
    Layer3,
    Layer2,
    VirtualWire,
    Tap,
    /// To another virtual system.
    External,
    Tunnel,
}

/// An interface or sub-interface, such as `ethernet1/1.10`.
#[derive(Debug)]
pub(in crate::config) struct Interface {
    pub(in crate::config) name: Name,
    pub(in crate::config) mode: InterfaceMode,
    /// Addresses with their prefix length; host bits are kept.
    pub(in crate::config) addresses: Vec<At<IpNet>>,
    /// 802.1Q tag of a sub-interface.
    pub(in crate::config) tag: Option<u16>,
    /// It gets its address by DHCP or PPPoE, which a configuration does not tell.
    pub(in crate::config) dynamic: bool,
    /// What its own addresses offer.
    pub(in crate::config) management_profile: Option<Name>,
}

/// An interface management profile.
#[derive(Debug)]
pub(in crate::config) struct ManagementProfile {
    pub(in crate::config) name: Name,
    pub(in crate::config) services: Vec<HostService>,
    pub(in crate::config) permitted: Vec<At<IpNet>>,
}

/// What an interface does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::config) enum InterfaceMode {
    #[default]
    Layer3,
    Layer2,
    VirtualWire,
    Tap,
    /// HA, aggregate member, or something else that traffic does not come in by.
    Other,
}

/// A virtual (or logical) router.
#[derive(Debug)]
pub(in crate::config) struct VirtualRouter {
    pub(in crate::config) name: Name,
    pub(in crate::config) interfaces: Vec<Name>,
    pub(in crate::config) routes: Vec<Route>,
}

/// A static route.
#[derive(Debug)]
pub(in crate::config) struct Route {
    pub(in crate::config) name: Name,
    pub(in crate::config) destination: At<IpNet>,
    pub(in crate::config) interface: Option<Name>,
    pub(in crate::config) next_hop: NextHop,
    pub(in crate::config) metric: u32,
    pub(in crate::config) admin_distance: u32,
}

/// Where a route leads.
#[derive(Debug)]
pub(in crate::config) enum NextHop {
    /// Through the interface of the route, or what is reached by no address.
    None,
    Address(IpAddr),
    Router(Name),
    Discard,
}

/// A virtual wire: what comes in by one interface leaves by the other.
#[derive(Debug)]
pub(in crate::config) struct VirtualWire {
    pub(in crate::config) name: Name,
    pub(in crate::config) interfaces: [Name; 2],
}
