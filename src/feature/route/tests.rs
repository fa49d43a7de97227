use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU16;

use proptest::prelude::*;

use super::*;

const TRUST: ZoneId = ZoneId(0);
const UNTRUST: ZoneId = ZoneId(1);

fn interface(name: &str, zone: Option<ZoneId>, address: &str, router: u16) -> Interface {
    Interface {
        name: name.to_owned(),
        zone,
        addresses: address.split_whitespace().map(|text| text.parse().unwrap()).collect(),
        router: Some(RouterId(router)),
        ..Interface::default()
    }
}

fn route(destination: &str, hop: Hop) -> StaticRoute {
    StaticRoute {
        name: destination.to_owned(),
        destination: destination.parse().unwrap(),
        hop,
        metric: 10,
        distance: 10,
    }
}

fn router(name: &str, routes: Vec<StaticRoute>) -> Router {
    Router { name: name.to_owned(), routes }
}

fn addr(text: &str) -> Addr {
    text.parse::<IpAddr>().unwrap().into()
}

fn via(text: &str) -> Hop {
    Hop::Address(text.parse().unwrap())
}

fn id(index: usize) -> InterfaceId {
    InterfaceId::new(index).unwrap()
}

/// Names of the interface or zone that an answer has.
fn shown<E: std::fmt::Debug>(network: &Network, place: Result<Place, E>) -> String {
    match place {
        Ok(place) => format!("{} {}", network.interface_name(place.interface), place.zone.0),
        Err(why) => format!("{why:?}"),
    }
}

/// Two routers with a default route each, the second reached from the first for 10.2.0.0/16.
fn two_routers() -> Plan {
    Plan {
        interfaces: vec![
            interface("e1", Some(TRUST), "10.1.0.1/24 10.1.0.2/32", 0),
            interface("e2", Some(UNTRUST), "203.0.113.2/30", 0),
            interface("e3", Some(ZoneId(2)), "10.2.0.1/16", 1),
            interface("e4", Some(ZoneId(3)), "198.51.100.2/30", 1),
        ],
        routers: vec![
            router(
                "a",
                vec![
                    route("0.0.0.0/0", via("203.0.113.1")),
                    route("10.2.0.0/16", Hop::Router(RouterId(1))),
                    route("10.3.0.0/16", Hop::Discard),
                    route("10.3.3.0/24", Hop::Interface(id(0), None)),
                    StaticRoute { metric: 5, ..route("10.4.0.0/16", via("10.1.0.9")) },
                    StaticRoute { metric: 1, distance: 20, ..route("10.4.0.0/16", via("203.0.113.1")) },
                    route("10.5.0.0/16", via("192.0.2.1")),
                    route("10.1.0.0/24", Hop::Discard),
                    route("10.6.0.0/16", Hop::Router(RouterId(1))),
                ],
            ),
            router(
                "b",
                vec![route("0.0.0.0/0", via("198.51.100.1")), route("10.6.0.0/16", Hop::Router(RouterId(0)))],
            ),
        ],
        ..Plan::default()
    }
}

#[test]
fn routes_lead_by_prefix_distance_and_metric() {
    let (network, _) = Network::new(two_routers());
    let from = |interface: usize| Place {
        zone: network.interfaces()[interface].zone.unwrap(),
        interface: Some(id(interface)),
        reason: Reason::CaptureInterface,
    };
    for (interface, dst, leaves) in [
        // The default route, of the ingress interface's router.
        (0, "8.8.8.8", "e2 1"),
        (2, "8.8.8.8", "e4 3"),
        // Connected, before any static route.
        (1, "10.1.0.77", "e1 0"),
        // Own addresses.
        (1, "10.1.0.1", "e1 0"),
        (1, "10.1.0.2", "e1 0"),
        (1, "203.0.113.2", "e2 1"),
        // On in another router.
        (0, "10.2.9.9", "e3 2"),
        // Discarded, but for a longer prefix.
        (0, "10.3.0.1", "Discard"),
        (0, "10.3.3.1", "e1 0"),
        // The lower distance, whatever the metric.
        (0, "10.4.0.1", "e1 0"),
        // A next hop that nothing leads to: the route is not there.
        (0, "10.5.0.1", "e2 1"),
        // A circle of routers.
        (0, "10.6.0.1", "NoRoute"),
        // No IPv6 at all.
        (0, "2001:db8::1", "NoRoute"),
    ] {
        assert_eq!(shown(&network, network.egress(&from(interface), addr(dst))), leaves, "{dst}");
    }
}

#[test]
fn sources_lead_back_over_all_routers() {
    let (network, notes) = Network::new(two_routers());
    for (src, comes) in [
        ("10.1.0.77", "e1 0"),
        ("10.2.1.1", "e3 2"),
        ("10.3.3.1", "e1 0"),
        ("10.4.0.1", "e1 0"),
        // Of two default routes the first router's.
        ("8.8.8.8", "e2 1"),
        ("203.0.113.2", "e2 1"),
        ("2001:db8::1", "Unknown"),
    ] {
        let place = network.ingress(Arrival::default(), addr(src), addr("8.8.4.4"));
        assert_eq!(shown(&network, place), comes, "{src}");
    }
    let next_hop = "192.0.2.1".parse().unwrap();
    let ambiguous = Note::Ambiguous {
        prefix: "0.0.0.0/0".parse().unwrap(),
        taken: (UNTRUST, Some(id(1))),
        other: (ZoneId(3), Some(id(3))),
    };
    let unreachable = Note::Unreachable { router: RouterId(0), route: "10.5.0.0/16".to_owned(), next_hop };
    assert_eq!(notes, [unreachable, ambiguous]);
}

#[test]
fn a_dhcp_client_brings_the_default_route() {
    let mut plan = Plan {
        interfaces: vec![
            interface("e1", Some(TRUST), "10.1.0.1/24", 0),
            Interface { dynamic: true, ..interface("e2", Some(UNTRUST), "", 0) },
        ],
        routers: vec![router("a", Vec::new())],
        ..Plan::default()
    };
    let back = |network: &Network| {
        shown(network, network.ingress(Arrival::default(), addr("8.8.8.8"), addr("10.1.0.1")))
    };
    let (network, notes) = Network::new(plan.clone());
    assert_eq!((back(&network).as_str(), notes), ("e2 1", vec![Note::Learned { interface: id(1) }]));
    // Not beside a default route that is written down.
    plan.routers[0].routes.push(route("0.0.0.0/0", via("10.1.0.254")));
    let (network, notes) = Network::new(plan);
    assert_eq!((back(&network).as_str(), notes), ("e1 0", Vec::new()));
}

#[test]
fn ingress_goes_by_what_tells_first() {
    let mut plan = two_routers();
    let unit = Interface { tag: Some(10), ..interface("e1.10", Some(ZoneId(4)), "10.10.0.1/24", 0) };
    plan.interfaces.push(unit.clone());
    plan.interfaces.push(Interface { tag: Some(20), name: "e1.20".to_owned(), ..unit.clone() });
    plan.interfaces.push(Interface { tag: Some(20), name: "e2.20".to_owned(), ..unit });
    let (network, _) = Network::new(plan);
    let zone = |zone| Arrival { zone, ..Arrival::default() };
    let port = |index| Arrival { interface: Some(id(index)), ..Arrival::default() };
    let tag = |tag, arrival| Arrival { tag: NonZeroU16::new(tag), ..arrival };
    for (arrival, src, dst, comes) in [
        (zone(Some(UNTRUST)), "10.1.0.7", "8.8.8.8", "e2 1"),
        // Zone 4 has three interfaces.
        (zone(Some(ZoneId(4))), "10.1.0.7", "8.8.8.8", " 4"),
        (port(2), "10.1.0.7", "8.8.8.8", "e3 2"),
        (tag(10, port(0)), "10.1.0.7", "8.8.8.8", "e1.10 4"),
        (tag(20, port(0)), "10.1.0.7", "8.8.8.8", "e1.20 4"),
        (tag(20, port(1)), "10.1.0.7", "8.8.8.8", "e2.20 4"),
        (tag(30, port(0)), "10.1.0.7", "8.8.8.8", "NoTag"),
        (tag(10, port(4)), "10.1.0.7", "8.8.8.8", "e1.10 4"),
        (tag(10, Arrival::default()), "10.1.0.7", "8.8.8.8", "e1.10 4"),
        // Two sub-interfaces have the tag, and none: the address tells.
        (tag(20, Arrival::default()), "10.1.0.7", "8.8.8.8", "e1 0"),
        (tag(30, Arrival::default()), "10.1.0.7", "8.8.8.8", "e1 0"),
        // Seen as it left.
        (port(0), "8.8.8.8", "10.1.0.7", "e2 1"),
        // To the firewall itself nothing leaves.
        (port(0), "8.8.8.8", "10.1.0.1", "e1 0"),
    ] {
        let place = network.ingress(arrival, addr(src), addr(dst));
        assert_eq!(shown(&network, place), comes, "{arrival:?} {src} {dst}");
    }
}

#[test]
fn zone_prefixes_win_over_routes() {
    let plan = Plan {
        prefixes: vec![
            ("10.1.0.128/25".parse().unwrap(), ZoneId(7)),
            ("10.0.0.0/9".parse().unwrap(), ZoneId(8)),
            ("0.0.0.0/0".parse().unwrap(), ZoneId(9)),
            ("::/0".parse().unwrap(), ZoneId(9)),
        ],
        ..two_routers()
    };
    let (network, _) = Network::new(plan);
    for (ip, lies) in [
        ("10.1.0.200", " 7"),
        ("10.1.0.7", " 8"),
        ("8.8.8.8", "e2 1"),
        ("203.0.113.2", "e2 1"),
        ("2001:db8::1", " 9"),
    ] {
        let place = network.ingress(Arrival::default(), addr(ip), addr("9.9.9.9"));
        assert_eq!(shown(&network, place), lies, "from {ip}");
        let from = Place { zone: UNTRUST, interface: Some(id(1)), reason: Reason::Option };
        assert_eq!(shown(&network, network.egress(&from, addr(ip))), lies, "to {ip}");
    }
}

/// Addresses in a small universe, so that routes meet.
fn destination() -> impl Strategy<Value = IpNet> {
    (any::<u8>(), 0..4_u8, prop_oneof![Just(0_u8), 8..=32_u8])
        .prop_map(|(host, net, len)| IpNet::new(Ipv4Addr::new(10, 0, net, host).into(), len).unwrap().trunc())
}

/// The specification of a forwarding table: of all that hold the address the longest prefix, then connected before
/// static, then distance, metric and order.
fn naive(plan: &Plan, ip: IpAddr) -> Option<usize> {
    let connected = plan.interfaces.iter().enumerate().flat_map(|(index, interface)| {
        let nets = interface.addresses.iter().flat_map(|net| [net.trunc(), net.addr().into()]);
        nets.map(move |net| (net, (0, 0, 0), index))
    });
    let routes = plan.routers[0].routes.iter().enumerate().filter_map(|(order, route)| match route.hop {
        Hop::Interface(id, _) => {
            Some((route.destination, (route.distance, route.metric, order + 1), id.index()))
        }
        _ => None,
    });
    let holding = connected.chain(routes).filter(|(net, ..)| net.contains(&ip));
    let best = holding.min_by_key(|(net, rank, _)| (std::cmp::Reverse(net.prefix_len()), *rank));
    best.map(|(.., index)| index)
}

proptest! {
    #[test]
    fn the_forwarding_table_equals_a_scan(
        routes in prop::collection::vec((destination(), 0..3_usize, 10..13_u32, 10..13_u32), 0..40),
        ips in prop::collection::vec((0..4_u8, any::<u8>()), 1..40),
    ) {
        let interfaces = (0..3_u8).map(|index| {
            interface(&format!("e{index}"), Some(ZoneId(index.into())), &format!("10.0.{index}.1/26"), 0)
        });
        let routes = routes.into_iter().map(|(destination, index, metric, distance)| {
            let name = String::new();
            StaticRoute { name, destination, hop: Hop::Interface(id(index), None), metric, distance }
        });
        let plan = Plan {
            interfaces: interfaces.collect(),
            routers: vec![router("default", routes.collect())],
            ..Plan::default()
        };
        let (network, _) = Network::new(plan.clone());
        let from = Place { zone: ZoneId(0), interface: Some(id(0)), reason: Reason::Option };
        for (net, host) in ips {
            let ip = IpAddr::from([10, 0, net, host]);
            let expected = naive(&plan, ip);
            let to = network.egress(&from, ip.into()).ok();
            prop_assert_eq!(to.and_then(|to| to.interface).map(InterfaceId::index), expected, "to {}", ip);
            // With one router the way back is the way there.
            let back = network.ingress(Arrival::default(), ip.into(), Addr::default()).ok();
            prop_assert_eq!(back.and_then(|at| at.interface).map(InterfaceId::index), expected, "from {}", ip);
        }
    }
}
