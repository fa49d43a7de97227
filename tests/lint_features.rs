//! Findings of `lint` that need more than security rules: NAT and the network, what the configuration does not hold, and
//! application override.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use firstpass::config::{Overrides, World, parse};
use firstpass::lint::{self, Finding, Kind};

/// What `lint` finds of a kind, as subject and message.
fn findings_of(world: &World, kind: &str) -> Vec<Finding> {
    let report = lint::lint(world, &[Kind::find(kind).unwrap()]);
    assert_eq!(report.undecided, []);
    report.findings
}

fn world(text: &str) -> World {
    World::from_toml(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn subjects(text: &str, kind: &str) -> Vec<String> {
    findings_of(&world(text), kind).into_iter().map(|finding| finding.subject).collect()
}

// NAT: the servers are in `dmz`, 10.1.1.0/24; the world is `untrust`; 203.0.113.0/24 lies there.

const NETWORK: &str = r#"
[interface]
"ethernet1/1" = { zone = "untrust", ip = "203.0.113.1/24" }
"ethernet1/2" = { zone = "dmz", ip = "10.1.1.1/24" }
"ethernet1/3" = { zone = "trust", ip = "10.2.0.1/16" }
[[route]]
destination = "0.0.0.0/0"
nexthop = "203.0.113.254"
[address]
public = "203.0.113.10"
server = "10.1.1.10"
"#;

const ZONES: &str = r#"
[zones]
untrust = "0.0.0.0/0"
dmz = "10.1.1.0/24"
trust = "10.2.0.0/16"
[address]
public = "203.0.113.10"
server = "10.1.1.10"
"#;

const DNAT: &str = "[[nat]]\nname = \"in\"\nfrom = \"untrust\"\nto = \"untrust\"\ndestination = \"public\"\n\
                    destination-translation = { translated-address = \"server\" }\n";

fn security(from: &str, to: &str, destination: &str, rest: &str) -> String {
    format!(
        "[[security]]\nname = \"web\"\nfrom = {from}\nto = {to}\ndestination = {destination}\naction = \"allow\"\n\
         service = \"any\"\n{rest}\n"
    )
}

#[test]
fn security_rules_and_destination_nat() {
    let (untrust, dmz, trust) = ("\"untrust\"", "\"dmz\"", "\"trust\"");
    let (public, server) = ("\"public\"", "\"server\"");
    let cases = [
        // As it should be: the address before NAT, the zone after it.
        (DNAT, untrust, dmz, public, "", None),
        // The zone before NAT.
        (
            DNAT,
            untrust,
            untrust,
            public,
            "",
            Some(
                "never matches: what goes to its destination `public` leaves to `dmz` after NAT rule `in`, not to `untrust`",
            ),
        ),
        // The address after NAT.
        (DNAT, untrust, dmz, server, "", Some("names its destination `server` by the address after NAT")),
        // Both of them, to be sure.
        (DNAT, untrust, dmz, "[\"public\", \"server\"]", "", None),
        // From inside the server has its own address.
        (DNAT, trust, dmz, server, "", None),
        (DNAT, "[\"trust\", \"untrust\"]", dmz, server, "", None),
        (DNAT, "\"any\"", dmz, server, "", None),
        // A whole network is not meant for the server.
        (DNAT, untrust, dmz, "\"10.1.1.0/24\"", "", None),
        // Neither address is in that zone.
        (
            DNAT,
            untrust,
            trust,
            public,
            "",
            Some("never matches: what goes to its destination `public` leaves to `dmz`"),
        ),
        (DNAT, untrust, trust, server, "", Some("no NAT rule translates it")),
        // Without NAT it is the zone of the address.
        ("", untrust, untrust, public, "", None),
        ("", untrust, dmz, public, "", Some("and there is no NAT rule")),
        ("", untrust, dmz, "[\"public\", \"server\"]", "", None),
        ("", untrust, dmz, "\"any\"", "", None),
        ("", untrust, dmz, public, "disabled = true", None),
    ];
    for network in [NETWORK, ZONES] {
        for (nat, from, to, destination, rest, expected) in cases {
            let text = format!("{network}{nat}{}", security(from, to, destination, rest));
            let messages: Vec<String> = findings_of(&world(&text), "nat-zone-mismatch")
                .into_iter()
                .map(|finding| finding.message)
                .collect();
            match (expected, messages.as_slice()) {
                (None, []) => {}
                (Some(expected), [message]) if message.contains(expected) => {}
                _ => panic!("{from} {to} {destination} {rest}: {expected:?}, found {messages:?}"),
            }
        }
    }
}

/// A NAT rule of one port leaves the rest of the address to the firewall itself.
#[test]
fn destination_nat_of_one_port() {
    let nat = DNAT.replace("destination = \"public\"", "destination = \"public\"\nservice = \"http\"");
    let services = "[service]\nhttp = \"tcp/80\"\nike = \"udp/500\"\n";
    let of = |service: &str| {
        let rule = security("\"untrust\"", "\"untrust\"", "\"public\"", "")
            .replace("service = \"any\"", &format!("service = \"{service}\""));
        subjects(&format!("{NETWORK}{services}{nat}{rule}"), "nat-zone-mismatch")
    };
    assert_eq!(of("ike"), [""; 0]);
    assert_eq!(of("any"), [""; 0]);
    assert_eq!(of("http"), ["web"]);
}

/// An earlier NAT rule that translates nothing keeps the address.
#[test]
fn no_nat_before_destination_nat() {
    let rule = security("\"untrust\"", "\"untrust\"", "\"public\"", "source = \"198.51.100.0/24\"");
    let none = "[[nat]]\nname = \"none\"\nfrom = \"untrust\"\nto = \"untrust\"\nsource = \"198.51.100.0/25\"\n\
                destination = \"public\"\n";
    assert_eq!(subjects(&format!("{NETWORK}{none}{DNAT}{rule}"), "nat-zone-mismatch"), [""; 0]);
    assert_eq!(subjects(&format!("{NETWORK}{DNAT}{none}{rule}"), "nat-zone-mismatch"), ["web"]);
    // One for a device of a pair may or may not apply.
    let bound = none.replace("[[nat]]\n", "[[nat]]\nactive-active-device-binding = \"1\"\n");
    let bound = bound.replace("198.51.100.0/25", "any");
    assert_eq!(subjects(&format!("{NETWORK}{bound}{DNAT}{rule}"), "nat-zone-mismatch"), [""; 0]);
}

#[test]
fn the_reverse_of_a_bidirectional_rule_counts() {
    let nat = "[[nat]]\nname = \"both\"\nfrom = \"dmz\"\nto = \"untrust\"\nsource = \"server\"\n\
               source-translation = { static-ip = { translated-address = \"public\", bi-directional = true } }\n";
    let finding = |to: &str, destination: &str| {
        let text = format!("{NETWORK}{nat}{}", security("\"untrust\"", to, destination, ""));
        findings_of(&world(&text), "nat-zone-mismatch").pop().map(|finding| finding.cure)
    };
    assert_eq!(finding("\"dmz\"", "\"public\""), None);
    assert_eq!(finding("\"untrust\"", "\"public\"").unwrap(), "set `to` to `dmz`");
    assert_eq!(
        finding("\"dmz\"", "\"server\"").unwrap(),
        "set `destination` to `203.0.113.10`, the address before NAT"
    );
}

#[test]
fn nat_rules_name_the_zone_of_the_original_destination() {
    for network in [NETWORK, ZONES] {
        let wrong = format!("{network}{}", DNAT.replace("to = \"untrust\"", "to = \"dmz\""));
        let found = findings_of(&world(&wrong), "nat-zone-mismatch");
        let [finding] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(finding.subject, "nat in");
        assert_eq!(
            finding.message,
            "NAT rule `in` never matches: its destination `public` is behind `untrust`, and its `to` is `dmz`, the zone \
             of the translated address"
        );
        assert_eq!(finding.cure, "set its `to` to `untrust`");
        let line = u32::try_from(finding.place.as_ref().unwrap().line).unwrap();
        assert_eq!(wrong.lines().nth(line as usize - 1), Some("to = \"dmz\""));
        assert_eq!(subjects(&format!("{network}{DNAT}"), "nat-zone-mismatch"), [""; 0]);
    }
}

/// Where something else routes, static routes decide nothing; zone prefixes and connected networks do.
#[test]
fn silent_where_the_network_does_not_tell() {
    let config = |protocol: &str| {
        format!(
            "set network interface ethernet ethernet1/1 layer3 ip 203.0.113.1/24\n\
             set network interface ethernet ethernet1/2 layer3 ip 10.1.1.1/24\n\
             set network virtual-router default interface [ ethernet1/1 ethernet1/2 ]\n\
             set network virtual-router default routing-table ip static-route d destination 0.0.0.0/0\n\
             set network virtual-router default routing-table ip static-route d nexthop ip-address 203.0.113.254\n\
             {protocol}\n\
             set zone untrust network layer3 ethernet1/1\n\
             set zone dmz network layer3 ethernet1/2\n\
             set rulebase security rules far from dmz\n\
             set rulebase security rules far to dmz\n\
             set rulebase security rules far destination 10.9.9.9\n\
             set rulebase security rules far action allow\n\
             set rulebase security rules near from dmz\n\
             set rulebase security rules near to dmz\n\
             set rulebase security rules near destination 203.0.113.10\n\
             set rulebase security rules near action allow\n"
        )
    };
    let found = |protocol: &str| -> Vec<String> {
        let text = config(protocol);
        let world = parse("fw.set", text.as_bytes(), &Overrides::default()).unwrap();
        findings_of(&world, "nat-zone-mismatch").into_iter().map(|finding| finding.subject).collect()
    };
    assert_eq!(found(""), ["far", "near"]);
    assert_eq!(found("set network virtual-router default protocol ospf enable yes"), ["near"]);
    assert_eq!(found("set rulebase pbf rules p action discard"), ["near"]);
}

#[test]
fn nat_rules_that_others_take() {
    let nat = |name: &str, rest: &str| {
        format!("[[nat]]\nname = \"{name}\"\nfrom = \"trust\"\nto = \"untrust\"\n{rest}\n")
    };
    let hide = "source-translation = { dynamic-ip-and-port = { translated-address = \"public\" } }";
    let half = |source: &str| format!("source = \"{source}\"");
    for (list, expected) in [
        (vec![("all", hide.to_owned()), ("some", half("10.2.3.0/24"))], vec!["nat some"]),
        (vec![("some", half("10.2.3.0/24")), ("all", hide.to_owned())], vec![]),
        (
            vec![
                ("low", half("10.2.0.0/17")),
                ("high", half("10.2.128.0/17")),
                ("both", half("10.2.0.0/16")),
            ],
            vec!["nat both"],
        ),
        (vec![("off", "disabled = true".to_owned()), ("some", half("10.2.3.0/24"))], vec![]),
        (vec![("one", "to-interface = \"ethernet1/1\"".to_owned()), ("all", String::new())], vec![]),
        (vec![("all", String::new()), ("one", "to-interface = \"ethernet1/1\"".to_owned())], vec!["nat one"]),
        (vec![("0", "active-active-device-binding = \"0\"".to_owned()), ("1", String::new())], vec![]),
    ] {
        let rules: String = list.iter().map(|(name, rest)| nat(name, rest)).collect();
        assert_eq!(subjects(&format!("{NETWORK}{rules}"), "shadowed"), expected, "{list:?}");
    }
}

// What nothing is known of.

#[test]
fn what_the_configuration_does_not_hold() {
    let config = "set zone trust network layer3 ethernet1/1\n\
        set zone untrust network layer3 ethernet1/2\n\
        set address portal fqdn portal.example.com\n\
        set address-group portals static portal\n\
        set application-group tools members [ ssh no-such-app ]\n\
        set rulebase security rules one from trust\n\
        set rulebase security rules one to untrust\n\
        set rulebase security rules one destination [ portals RU ]\n\
        set rulebase security rules one application [ no-such-app ssl ]\n\
        set rulebase security rules one action allow\n\
        set rulebase security rules two from trust\n\
        set rulebase security rules two to untrust\n\
        set rulebase security rules two source-user corp\\bob\n\
        set rulebase security rules two category gambling\n\
        set rulebase security rules two application tools\n\
        set rulebase security rules two destination panw-bulletproof-ip-list\n\
        set rulebase security rules two action deny\n\
        set rulebase security rules off from trust\n\
        set rulebase security rules off to untrust\n\
        set rulebase security rules off application never-heard-of\n\
        set rulebase security rules off disabled yes\n\
        set rulebase security rules off action allow\n";
    let of = |config: &str| {
        let world = parse("fw.set", config.as_bytes(), &Overrides::default()).unwrap();
        findings_of(&world, "undefined-object")
    };
    let found = of(config);
    let told: Vec<_> = found
        .iter()
        .map(|finding| {
            (finding.severity.name(), finding.subject.as_str(), finding.place.as_ref().unwrap().line)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("warning", "application no-such-app", 9),
            ("note", "host name portal.example.com", 8),
            ("note", "region RU", 8),
            ("note", "user corp\\bob", 13),
            ("note", "URL category gambling", 14),
            ("note", "external dynamic list panw-bulletproof-ip-list", 16),
        ]
    );
    assert_eq!(
        found[0].message,
        "application `no-such-app`, which rule `one` and 1 more name, is in no catalog here: it has no default ports, and \
         nothing is identified as it"
    );
    assert_eq!(found[0].related[0].rule, "two");
    assert!(found[1].message.contains("which rule `one` names through `portals`, has no known address"));
    let known =
        config.replace("no-such-app", "ssh").replace("RU", "10.0.0.1").replace("[ portals", "[ 10.0.0.2");
    let known = known
        .replace("corp\\bob", "any")
        .replace("gambling", "any")
        .replace("panw-bulletproof-ip-list", "any");
    assert_eq!(of(&known), []);
}

// Application override: the application is known with the first packet.

const OVERRIDE: &str = r#"
[zones]
trust = "10.0.0.0/8"
untrust = "0.0.0.0/0"
[service]
db = "tcp/1521"
[application.own-db]
default-ports = "tcp/1521"
[[application-override]]
name = "db"
from = "trust"
to = "untrust"
protocol = "tcp"
port = "1521"
application = "own-db"
"#;

fn outward(name: &str, rest: &str) -> String {
    format!("[[security]]\nname = \"{name}\"\nfrom = \"trust\"\nto = \"untrust\"\n{rest}\n")
}

#[test]
fn overridden_sessions_begin_under_the_rule_of_their_application() {
    let ping = outward("ping", "application = \"ping\"\nservice = \"any\"");
    let db = outward("db", "application = \"own-db\"");
    let with = format!("{OVERRIDE}{ping}{db}");
    let (before, after) = OVERRIDE.split_once("[[application-override]]").unwrap();
    let without = format!("{before}{ping}{db}");
    assert!(after.contains("own-db"));
    // Without the override `ping` lets the first packets in, since nothing is known of them.
    assert_eq!(subjects(&without, "shadowed-first-packet"), ["db"]);
    assert_eq!(subjects(&with, "shadowed-first-packet"), [""; 0]);
}

#[test]
fn overridden_first_packets_do_not_leak() {
    let all = OVERRIDE.replace("port = \"1521\"", "port = \"1-65535\"");
    let udp = "[[application-override]]\nname = \"udp\"\nfrom = \"trust\"\nto = \"untrust\"\nprotocol = \"udp\"\n\
               port = \"0-65535\"\napplication = \"own-db\"\n";
    let all = all.replace("port = \"1-65535\"", "port = \"0-65535\"");
    let leak = outward("db", "application = \"own-db\"\nservice = \"any\"");
    assert_eq!(subjects(&format!("{OVERRIDE}{leak}"), "first-packets-leak"), ["db"]);
    assert_eq!(subjects(&format!("{all}{udp}{leak}"), "first-packets-leak"), [""; 0]);
    let finding = findings_of(&world(&format!("{OVERRIDE}{leak}")), "first-packets-leak").remove(0);
    assert!(!finding.example.unwrap().contains(":1521"));
}

#[test]
fn a_rule_whose_first_packets_are_all_overridden_admits_none() {
    let none = outward("none", "application = \"ssh\"\nservice = \"db\"\naction = \"deny\"");
    let ssh = outward("ssh", "application = \"ssh\"\nservice = \"db\"");
    let (before, _) = OVERRIDE.split_once("[[application-override]]").unwrap();
    assert_eq!(subjects(&format!("{before}{none}{ssh}"), "admits-never-holds"), ["ssh"]);
    assert_eq!(subjects(&format!("{OVERRIDE}{none}{ssh}"), "admits-never-holds"), [""; 0]);
    // What an override gives is an application like any other.
    let db = outward("own", "application = \"own-db\"");
    let taken = outward("none", "application = \"own-db\"\nservice = \"any\"\naction = \"deny\"");
    assert_eq!(subjects(&format!("{OVERRIDE}{taken}{db}"), "admits-never-holds"), [""; 0]);
    assert_eq!(subjects(&format!("{OVERRIDE}{taken}{db}"), "shadowed"), ["own"]);
}

/// Of two override rules that meet the first gives the application.
#[test]
fn the_first_override_counts() {
    let second = "[[application-override]]\nname = \"web\"\nfrom = \"trust\"\nto = \"untrust\"\nprotocol = \"tcp\"\n\
                  port = \"1-2000\"\napplication = \"ssh\"\n";
    let db = outward("db", "application = \"own-db\"");
    let ssh = outward("ssh", "application = \"ssh\"\nservice = \"db\"");
    let ping = outward("ping", "application = \"ping\"\nservice = \"any\"");
    let text = format!("{OVERRIDE}{second}{ping}{db}{ssh}");
    assert_eq!(subjects(&text, "shadowed-first-packet"), [""; 0]);
    assert_eq!(subjects(&text, "shadowed"), [""; 0]);
}

/// Nobody knows the ports of an unknown application here.
#[test]
fn unknown_applications_may_have_ports() {
    let config = "set zone a network layer3 ethernet1/1\nset rulebase security rules r from a\n\
                  set rulebase security rules r to a\nset rulebase security rules r application newer-than-us\n\
                  set rulebase security rules r service application-default\nset rulebase security rules r action allow\n";
    let world = parse("fw.set", config.as_bytes(), &Overrides::default()).unwrap();
    assert_eq!(findings_of(&world, "application-default-unusable"), []);
}

/// Rules of a device group that is not read may use it.
#[test]
fn unused_objects_of_one_of_several_virtual_systems() {
    let one = "set vsys vsys1 address old ip-netmask 10.0.0.1\nset vsys vsys1 rulebase security rules r action allow\n";
    let two = format!("{one}set vsys vsys2 rulebase security rules r action allow\n");
    let message = |config: &str| {
        let world = parse("fw.set", config.as_bytes(), &Overrides::default()).unwrap();
        findings_of(&world, "unused-object").remove(0).message
    };
    assert_eq!(message(one), "address `old` is used by no rule");
    assert_eq!(message(&two), "address `old` is used by no rule that was read");
}
