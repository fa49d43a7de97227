//! Two worlds by what they do: where packets come in and leave, and what NAT and application override make of them.

use std::fmt::Debug;
use std::num::NonZeroU16;

use firstpass::config::{Form, Overrides, World, convert_bytes, parse};
use firstpass::feature::nat::{NatQuery, NatRule, SourceTranslation};
use firstpass::feature::route::Place;
use firstpass::flow::{Addr, Arrival, Protocol};
use firstpass::policy::Query;

use super::{FORMS, converted, world};

/// So many addresses are asked about, of all there are to ask about.
const ADDRESSES: usize = 40;

/// Asks both about the same packets.
pub(crate) fn same_behaviour(one: &World, two: &World) {
    let addresses = addresses(&[one, two]);
    // Zones with prefixes get interfaces and routes where PAN-OS has no other form for them.
    let plain = one.zones.prefixes().is_empty() == two.zones.prefixes().is_empty();
    for arrival in arrivals(one) {
        for (number, &src) in addresses.iter().enumerate() {
            // Some of the pairs, and not always the same ones.
            for &dst in addresses.iter().skip(number % 3).step_by(3) {
                assert_eq!(
                    packet(one, &arrival, src, dst, plain),
                    packet(two, &arrival, src, dst, plain),
                    "{arrival:?} {src} {dst}"
                );
            }
        }
    }
}

/// An interface of the capture by name, or a zone by name, and a tag.
type Told = (Option<String>, Option<String>, Option<u16>);

fn arrivals(world: &World) -> Vec<Told> {
    let interfaces = world.network.interfaces();
    let mut all = vec![(None, None, None)];
    all.extend(world.zones.names().iter().take(8).map(|zone| (None, Some(zone.clone()), None)));
    all.extend(interfaces.iter().take(12).map(|interface| (Some(interface.name.clone()), None, None)));
    let tags = interfaces.iter().filter_map(|interface| interface.tag).take(6);
    all.extend(tags.map(|tag| (None, None, Some(tag))));
    all
}

/// The ends of every network and pool, and their neighbours; a few of very many.
fn addresses(worlds: &[&World]) -> Vec<Addr> {
    let mut found = Vec::new();
    for world in worlds {
        for path in world.network.paths() {
            found.extend([path.prefix.network(), path.prefix.broadcast()].map(Addr::from));
        }
        for rule in world.nat.rules() {
            for column in [&rule.source, &rule.destination] {
                found.extend(column.ranges.iter().take(2).flat_map(|&(low, high)| [low, high]));
            }
        }
    }
    let beside = |addr: &Addr| {
        let bits = addr.bits();
        [bits.checked_sub(1), Some(bits), bits.checked_add(1)].into_iter().flatten().map(Addr::from_bits)
    };
    let mut all: Vec<Addr> = found.iter().flat_map(beside).collect();
    all.sort_unstable();
    all.dedup();
    let step = all.len().div_ceil(ADDRESSES).max(1);
    all.into_iter().step_by(step).collect()
}

/// All that becomes of a packet, in words.
fn packet(world: &World, (interface, zone, tag): &Told, src: Addr, dst: Addr, plain: bool) -> String {
    let arrival = Arrival {
        zone: zone.as_ref().map(|name| world.zones.find(name).unwrap()),
        interface: interface.as_ref().and_then(|name| world.network.find(name)),
        tag: tag.and_then(NonZeroU16::new),
    };
    let from = match world.network.ingress(arrival, src, dst) {
        Ok(place) => place,
        Err(why) => return nowhere(why, plain),
    };
    let to = match world.network.egress(&from, dst) {
        Ok(place) => place,
        Err(why) => return format!("{} {}", place(world, &from, plain), nowhere(why, plain)),
    };
    let mut text = format!("{} {}", place(world, &from, plain), place(world, &to, plain));
    for (protocol, dport) in [(Protocol::TCP, 443), (Protocol::TCP, 9100), (Protocol::UDP, 53)] {
        let to_interface = to.interface.map(|id| world.network.interface_name(Some(id)));
        let (from, to, sport) = (from.zone, to.zone, 40_000);
        let query = NatQuery { from, to, to_interface, src, dst, protocol, sport, dport };
        let nat = world.nat.lookup(&query).map(|rule| translation(rule, src, dst, dport));
        let query = Query { from, to, src, dst, protocol, sport, dport, ..Query::default() };
        let fixed =
            world.overrides.lookup(&query).map(|rule| (&rule.name, world.catalog.name(rule.application)));
        text += &format!(" {nat:?} {fixed:?}");
    }
    text
}

fn nowhere(why: impl Debug, plain: bool) -> String {
    if plain { format!("{why:?}") } else { "nowhere".to_owned() }
}

fn place(world: &World, place: &Place, plain: bool) -> String {
    let interface = if plain { world.network.interface_name(place.interface) } else { "" };
    format!("{}({interface})", world.zones.name(place.zone))
}

fn translation(rule: &NatRule, src: Addr, dst: Addr, dport: u16) -> String {
    let source = match &rule.source_translation {
        Some(SourceTranslation::StaticIp { addresses, bidirectional }) => {
            format!("{:?} {bidirectional}", addresses.translate(src))
        }
        other => format!("{other:?}"),
    };
    format!("{} {} {source} {:?}", rule.name, rule.is_reverse, rule.destination(dst, dport))
}

/// Zones by routing, with everything that has a form in PAN-OS.
const ROUTED: &str = r#"
[interface."ethernet1/1"]
ip = ["203.0.113.2/29", "2001:db8::2/64"]
zone = "untrust"
[interface."ethernet1/2"]
virtual-router = "inside"
[interface."ethernet1/2.10"]
ip = "10.0.1.1/24"
zone = "trust"
tag = 10
virtual-router = "inside"
[interface."ethernet1/2.20"]
ip = "10.0.2.1/24"
zone = "dmz"
tag = 20
virtual-router = "inside"
[interface."ethernet1/3"]
mode = "virtual-wire"
zone = "wire a"
[interface."ethernet1/4"]
mode = "virtual-wire"
zone = "wire b"
[interface."ethernet1/5"]
mode = "layer2"
zone = "switched"
[interface."ethernet1/6"]
mode = "tap"
zone = "tapped"
[interface."ethernet1/7"]
ip = "192.168.7.1/24"
zone = "apart"
virtual-router = "none"
[interface."tunnel.1"]
zone = "vpn"
[virtual-wire.wire]
interfaces = ["ethernet1/3", "ethernet1/4"]
[virtual-router.unused]
[[route]]
name = "out"
destination = "0.0.0.0/0"
nexthop = "203.0.113.1"
[[route]]
destination = "10.9.0.0/16"
interface = "tunnel.1"
metric = 20
admin-dist = 30
[[route]]
destination = "10.0.0.0/8"
next-vr = "inside"
[[route]]
destination = "0.0.0.0/0"
next-vr = "default"
virtual-router = "inside"
[[route]]
destination = "10.66.0.0/16"
discard = true
virtual-router = "inside"

[zones]
empty = []

[address]
web = "10.0.2.10"
servers = "10.0.2.16/30"
public = "203.0.113.3"
publics = "203.0.113.4/30"
[service]
printer = "tcp/9100"
[application.printing]
default-ports = "tcp/9100"
[[application.printing.signature]]
name = "first"
scope = "session"
order-free = true
and-condition = [
  [{ pattern-match = { context = "unknown-req-tcp-payload", pattern = "\\x50 4a\\x 4c" } }],
  [
    { equal-to = { context = "unknown-req-tcp", value = 7, position = "first-4bytes", mask = "0xff" } },
    { pattern-match = { context = "http-req-uri-path", pattern = "/jobs/", qualifier = { http-method = "POST" } } },
    { pattern-match = { context = "unknown-rsp-tcp-payload", pattern = "a|\"b\"" } },
  ],
]

[[nat]]
name = "no nat"
from = "trust"
to = "untrust"
destination = "198.51.100.0/24"
description = "as it is"
tag = "t"
[[nat]]
name = "static"
from = "dmz"
to = "untrust"
source = "servers"
source-translation = { static-ip = { translated-address = "publics", bi-directional = true } }
[[nat]]
name = "pool"
from = "trust"
to = "untrust"
to-interface = "ethernet1/1"
service = "printer"
source-translation = { dynamic-ip = { translated-address = ["public", "203.0.113.6"], fallback = { interface-address = { interface = "ethernet1/1" } } } }
[[nat]]
name = "hide"
from = ["trust", "dmz"]
to = "untrust"
source-translation = { dynamic-ip-and-port = { interface-address = { interface = "ethernet1/1", ip = "203.0.113.2/29" } } }
[[nat]]
name = "web"
from = "untrust"
to = "untrust"
destination = "203.0.113.3"
service = "service-https"
destination-translation = { translated-address = "web", translated-port = 8443 }
[[nat]]
name = "shared"
to = "untrust"
destination = "203.0.113.2"
dynamic-destination-translation = { translated-address = "servers", distribution = "ip-hash" }
[[nat]]
name = "off"
to = "untrust"
disabled = true
source-translation = { dynamic-ip-and-port = { translated-address = "public" } }
[[nat]]
name = "other family"
to = "untrust"
nat-type = "nptv6"

[[application-override]]
name = "printers"
from = "trust"
to = "dmz"
source = "10.0.1.0/24"
negate-destination = true
destination = "web"
protocol = "tcp"
port = "9100,9200-9210"
application = "printing"
[[application-override]]
name = "dns, off"
protocol = "udp"
port = 53
application = "printing"
disabled = true
tag = ["t", "u"]

[[security]]
name = "all"
description = "what is left"
tag = "u"
"#;

#[test]
fn nat_overrides_and_networks_survive_every_format() {
    let original = world(ROUTED);
    assert_eq!(original.network.interfaces().len(), 10);
    let first = converted(ROUTED, Form::Toml);
    assert!(first.notes.is_empty(), "{:?}", first.notes);
    let mut text = ROUTED.to_owned();
    // On from each to the next, and back.
    for form in [Form::PanosXml, Form::PanosSet, Form::PanosXml, Form::Toml, Form::PanosSet, Form::Toml] {
        text = converted(&text, form).text;
        same_behaviour(&original, &world(&text));
        assert_eq!(converted(&text, form).text, text, "{form:?}");
    }
    for said in ["order-free = true", "wire a", "description = \"as it is\"", "[virtual-router.unused]"] {
        assert!(text.contains(said), "`{said}` is missing in {text}");
    }
    for condition in [
        r#"{ equal-to = { context = "unknown-req-tcp", value = "7", position = "first-4bytes", mask = "0xff" } }"#,
        r#"pattern = "/jobs/", qualifier = { http-method = "POST" } } }"#,
    ] {
        assert!(text.contains(condition), "{text}");
    }
    // Only the order of objects and interfaces may be another.
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    };
    let lost: Vec<String> =
        sorted(&first.text).into_iter().filter(|line| !sorted(&text).contains(line)).collect();
    assert!(lost.is_empty(), "{lost:#?}\n{text}");
}

/// What TOML has a place for only since PAN-OS has it: routers that are empty, interfaces that are only named.
#[test]
fn odd_networks_survive() {
    let vsys = |network: &str, rest: &str| {
        format!(
            "<config version=\"10.1.0\"><devices><entry name=\"localhost.localdomain\"><network>{network}\
             </network><vsys><entry name=\"vsys1\">{rest}</entry></vsys></entry></devices></config>"
        )
    };
    let zone = |name: &str, kind: &str, member: &str| {
        format!(
            "<entry name=\"{name}\"><network><{kind}><member>{member}</member></{kind}></network></entry>"
        )
    };
    let layer3 = |name: &str, ip: &str| {
        format!("<entry name=\"{name}\"><layer3><ip><entry name=\"{ip}\"/></ip></layer3></entry>")
    };
    let zones = format!(
        "<zone>{}{}{}<entry name=\"empty\"/></zone>",
        zone("a", "layer3", "ethernet1/1"),
        zone("b", "layer3", "ethernet1/2"),
        zone("c", "layer2", "ethernet1/9")
    );
    let two = format!(
        "<interface><ethernet>{}{}<entry name=\"ethernet1/3\"><ha/></entry></ethernet></interface>",
        layer3("ethernet1/1", "10.0.1.1/24"),
        layer3("ethernet1/2", "10.0.2.1/24")
    );
    let router = |name: &str, members: &[&str]| {
        let members: String = members.iter().map(|name| format!("<member>{name}</member>")).collect();
        format!("<entry name=\"{name}\"><interface>{members}</interface></entry>")
    };
    let routers = |all: &[String]| format!("<virtual-router>{}</virtual-router>", all.concat());
    for network in [
        two.clone(),
        two.clone() + &routers(&[router("default", &[])]),
        two.clone() + &routers(&[router("default", &[]), router("vr", &["ethernet1/1", "ethernet1/2"])]),
        two.clone() + &routers(&[router("z", &["ethernet1/2"]), router("a", &["ethernet1/1"])]),
        two.clone() + &routers(&[router("default", &["ethernet1/1", "ethernet1/2", "ethernet1/8"])]),
        two.clone() + &routers(&[router("vr", &["ethernet1/2"])]),
        routers(&[router("default", &["ethernet1/1", "ethernet1/2"])]),
        String::new(),
    ] {
        let text = vsys(&network, &zones);
        let original = world(&text);
        for form in FORMS {
            same_behaviour(&original, &world(&converted(&text, form).text));
            same_behaviour(&original, &world(&converted(&converted(&text, form).text, Form::Toml).text));
        }
    }
}

/// A configuration may be without zones, or without prefixes of its zones: so may a rulebase in TOML.
#[test]
fn no_zones_are_no_obstacle() {
    let text = "set rulebase security rules r from any\nset rulebase security rules r to any\nset rulebase \
                security rules r application ssh\nset rulebase security rules r action allow\n";
    for form in FORMS {
        let there = converted(text, form);
        assert_eq!(world(&there.text).policy.user_rules(), 1, "{form:?}: {}", there.text);
        let mut overrides = Overrides::default();
        overrides.zone("lan=10.0.0.0/8").unwrap();
        let with_zone = parse("rules", there.text.as_bytes(), &overrides).unwrap();
        assert_eq!(with_zone.zones.names(), ["lan"]);
    }
    let unzoned = convert_bytes("rules", b"[security]\n", Form::Toml, &Overrides::default()).unwrap_err();
    assert!(unzoned.to_string().contains("`[[security]]` tables"), "{unzoned}");
    let empty = world("[zones]\n");
    assert!(empty.warnings.iter().any(|said| said.contains("--zone NAME=CIDR")), "{:?}", empty.warnings);
}

/// Groups and lists of nothing: rules that name them match nothing, in every format.
#[test]
fn empty_groups_and_lists_survive() {
    let rule = |name: &str, source: &str| {
        format!(
            "<entry name=\"{name}\"><from><member>any</member></from><to><member>any</member></to><source><member>\
             {source}</member></source><application><member>any</member></application><service><member>any\
             </member></service><action>allow</action></entry>"
        )
    };
    let text = format!(
        "<config version=\"10.1.0\"><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\">\
         <zone><entry name=\"z\"/></zone><external-list><entry name=\"list\"><type><ip><url>https://lists.example/\
         </url></ip></type></entry></external-list><address-group><entry name=\"group\"><static/></entry>\
         </address-group><rulebase><security><rules>{}{}</rules></security></rulebase></entry></vsys></entry>\
         </devices></config>",
        rule("listed", "list"),
        rule("grouped", "group")
    );
    let original = world(&text);
    for form in FORMS {
        let there = world(&converted(&text, form).text);
        for world in [&original, &there] {
            let query = Query { protocol: Protocol::TCP, dport: 80, ..Query::default() };
            let lookup = world.policy.lookup(&query);
            assert_eq!(world.policy.rule(lookup.rule).name, "intrazone-default", "{form:?}");
        }
    }
}
