//! Findings of `lint` that need more than security rules: NAT and the network, what the configuration does not hold, and
//! application override.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

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
"ethernet1/1" = { zone = "untrust", address = "203.0.113.1/24" }
"ethernet1/2" = { zone = "dmz", address = "10.1.1.1/24" }
"ethernet1/3" = { zone = "trust", address = "10.2.0.1/16" }
[[route]]
destination = "0.0.0.0/0"
next-hop = "203.0.113.254"
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
        (DNAT, untrust, untrust, public, "", Some("never matches: what goes to its destination `public` leaves to `dmz` after NAT rule `in`, not to `untrust`")),
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
        (DNAT, untrust, trust, public, "", Some("never matches: what goes to its destination `public` leaves to `dmz`")),
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
            vec![("low", half("10.2.0.0/17")), ("high", half("10.2.128.0/17")), ("both", half("10.2.0.0/16"))],
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
