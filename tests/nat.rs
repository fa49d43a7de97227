//! `[[nat]]` and `[[application-override]]` of a TOML rulebase: what they mean, and what is said of those that mean
//! nothing.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use firstpass::config::World;
use firstpass::feature::nat::{NatQuery, Oversubscription, Pools};
use firstpass::flow::{Addr, FlowKey, Protocol};
use firstpass::policy::Query;

const GROUND: &str = r#"
[zones]
untrust = "0.0.0.0/0"
trust = "10.0.0.0/8"
dmz = "192.0.2.0/24"
[address]
web-public = "203.0.113.10"
web-server = "192.0.2.10"
mail-servers = "10.1.0.8/30"
mail-public = "203.0.113.8-203.0.113.11"
[service]
dns = "udp/53"
"#;

fn world(rules: &str) -> World {
    World::from_toml(&format!("{GROUND}{rules}")).map_err(|error| error.render(false)).unwrap()
}

/// What is wrong, a line each, without file and place.
fn wrong(rules: &str) -> Vec<String> {
    let error = World::from_toml(&format!("{GROUND}{rules}")).unwrap_err();
    error
        .diagnostics
        .iter()
        .map(|error| match &error.help {
            Some(help) => format!("{}; {help}", error.message),
            None => error.message.clone(),
        })
        .collect()
}

fn addr(text: &str) -> Addr {
    text.parse::<std::net::IpAddr>().unwrap().into()
}

/// `tcp 10.0.0.1:5000 > 198.51.100.80:80`; the zones are those of its addresses.
fn key(world: &World, text: &str) -> FlowKey {
    let words: Vec<&str> = text.split([' ', ':', '>']).filter(|word| !word.is_empty()).collect();
    let &[protocol, src, sport, dst, dport] = <&[_; 5]>::try_from(words.as_slice()).unwrap();
    let protocol = match protocol {
        "tcp" => Protocol::TCP,
        "udp" => Protocol::UDP,
        _ => Protocol::ICMP,
    };
    let (src, dst) = (addr(src), addr(dst));
    let zone = world.zones.of(src).unwrap();
    FlowKey { src, dst, sport: sport.parse().unwrap(), dport: dport.parse().unwrap(), protocol, zone }
}

fn nat_query(world: &World, key: &FlowKey) -> NatQuery<'static> {
    let &FlowKey { src, dst, sport, dport, protocol, zone: from } = key;
    let to = world.zones.of(dst).unwrap();
    NatQuery { from, to, to_interface: None, src, dst, protocol, sport, dport }
}

/// Checks lines of `first packet => rule: translated packet`, in order and in one run.
fn check(rules: &str, expected: &str) {
    let world = world(rules);
    let mut pools = Pools::new(world.settings.dipp_oversub);
    for line in expected.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (packet, result) = line.split_once("=>").unwrap();
        let key = key(&world, packet);
        let shown = match world.nat.lookup(&nat_query(&world, &key)) {
            None => "none".to_owned(),
            Some(rule) => match pools.translate(rule, &key) {
                Ok(to) => {
                    let FlowKey { src, sport, dst, dport, .. } = to.key;
                    format!("{}: {src}:{sport} > {dst}:{dport}", rule.name)
                }
                Err(exhausted) => format!("{}: {exhausted}", rule.name),
            },
        };
        assert_eq!(shown, result.trim(), "{packet}");
    }
}

#[test]
fn rules_of_every_kind() {
    check(
        r#"
        [[nat]]
        name = "partner, no NAT"
        from = "trust"
        to = "untrust"
        destination = "198.51.100.128/25"
        [[nat]]
        name = "mail"
        from = "trust"
        to = "untrust"
        source = "mail-servers"
        [nat.source-translation.static-ip]
        translated-address = "mail-public"
        bi-directional = true
        [[nat]]
        name = "lab"
        from = "trust"
        to = "untrust"
        source = "10.2.0.0/16"
        [nat.source-translation.dynamic-ip]
        translated-address = ["203.0.113.64", "203.0.113.66"]
        fallback.interface-address = { interface = "ethernet1/1", ip = "203.0.113.1/24" }
        [[nat]]
        name = "outbound"
        from = "trust"
        to = "untrust"
        source = "10.0.0.0/8"
        [nat.source-translation.dynamic-ip-and-port]
        interface-address = { interface = "ethernet1/1", ip = "203.0.113.1/24" }
        [[nat]]
        name = "web in"
        from = "untrust"
        to = "untrust"
        destination = "203.0.113.80"
        service = "service-http"
        [nat.destination-translation]
        translated-address = "web-server"
        translated-port = 8080
        [[nat]]
        name = "U-turn"
        from = "dmz"
        to = "untrust"
        destination = "203.0.113.80"
        [nat.source-translation.dynamic-ip-and-port]
        translated-address = "192.0.2.254"
        [nat.destination-translation]
        translated-address = "web-server"
        [[nat]]
        name = "balanced"
        from = "untrust"
        to = "untrust"
        destination = "203.0.113.90"
        [nat.dynamic-destination-translation]
        translated-address = "192.0.2.100-192.0.2.101"
        distribution = "round-robin"
        "#,
        "tcp 10.0.0.1:5000 > 198.51.100.200:80  => partner, no NAT: 10.0.0.1:5000 > 198.51.100.200:80
         tcp 10.1.0.9:5000 > 198.51.100.1:25    => mail: 203.0.113.9:5000 > 198.51.100.1:25
         tcp 198.51.100.1:5000 > 203.0.113.11:25 => mail: 198.51.100.1:5000 > 10.1.0.11:25
         tcp 10.0.0.7:5000 > 203.0.113.8:25     => mail: 10.0.0.7:5000 > 10.1.0.8:25
         tcp 10.2.0.1:5000 > 198.51.100.1:80    => lab: 203.0.113.64:5000 > 198.51.100.1:80
         udp 10.2.0.2:5000 > 198.51.100.1:53    => lab: 203.0.113.66:5000 > 198.51.100.1:53
         udp 10.2.0.3:5000 > 198.51.100.1:53    => lab: 203.0.113.1:1024 > 198.51.100.1:53
         tcp 10.3.0.1:5000 > 198.51.100.1:80    => outbound: 203.0.113.1:1024 > 198.51.100.1:80
         tcp 10.3.0.2:5000 > 198.51.100.1:80    => outbound: 203.0.113.1:1025 > 198.51.100.1:80
         icmp 10.3.0.2:1 > 198.51.100.1:26      => outbound: 203.0.113.1:1 > 198.51.100.1:26
         tcp 198.51.100.1:4000 > 203.0.113.80:80  => web in: 198.51.100.1:4000 > 192.0.2.10:8080
         tcp 198.51.100.1:4000 > 203.0.113.80:443 => none
         udp 198.51.100.1:4000 > 203.0.113.80:80  => none
         tcp 192.0.2.77:4000 > 203.0.113.80:443 => U-turn: 192.0.2.254:1024 > 192.0.2.10:443
         tcp 198.51.100.1:1 > 203.0.113.90:80   => balanced: 198.51.100.1:1 > 192.0.2.100:80
         tcp 198.51.100.1:2 > 203.0.113.90:80   => balanced: 198.51.100.1:2 > 192.0.2.101:80
         tcp 198.51.100.1:3 > 203.0.113.90:80   => balanced: 198.51.100.1:3 > 192.0.2.100:80
         tcp 10.0.0.1:5000 > 192.0.2.10:80      => none",
    );
}

#[test]
fn disabled_rules_and_rules_for_ipv6_never_match() {
    let rules = r#"
        [[nat]]
        name = "off"
        to = "untrust"
        disabled = true
        [[nat]]
        name = "six"
        to = "untrust"
        nat-type = "nat64"
        [[nat]]
        name = "on"
        to = "untrust"
        to-interface = "any"
        service = "any"
        nat-type = "ipv4"
    "#;
    check(rules, "tcp 10.0.0.1:1 > 198.51.100.1:2 => on: 10.0.0.1:1 > 198.51.100.1:2");
    let warning = "nat64 is not modelled, so that these NAT rules never match: `six`";
    assert!(world(rules).warnings.iter().any(|found| found == warning));
}

#[test]
fn the_oversubscription_is_a_setting() {
    assert_eq!(world("").settings.dipp_oversub, Oversubscription::X1);
    assert_eq!(world("[setting.nat]\ndipp-oversub = \"8x\"").settings.dipp_oversub, Oversubscription::X8);
    assert_eq!(
        wrong("[setting.nat]\ndipp-oversub = \"3x\""),
        ["setting `nat.dipp-oversub` takes `1x` or `2x` or `4x` or `8x`, not `3x`"]
    );
}

/// A rule that is sound but for `keys`.
fn outbound(keys: &str) -> String {
    let to = if keys.starts_with("to ") || keys.contains("\nto ") { "" } else { "to = \"untrust\"\n" };
    format!("[[nat]]\nname = \"outbound\"\n{to}{keys}\n")
}

#[test]
fn what_is_said_of_rules_that_cannot_be() {
    for (keys, message) in [
        ("to = \"untrus\"", "NAT rule `outbound` names the unknown zone `untrus`; did you mean `untrust`?"),
        (
            "to = [\"untrust\", \"dmz\"]",
            "NAT rule `outbound` needs exactly one zone under `to`; the zone that the original destination is behind",
        ),
        (
            "to = \"any\"",
            "NAT rule `outbound` needs exactly one zone under `to`; the zone that the original destination is behind",
        ),
        (
            "source = \"web-publik\"",
            "NAT rule `outbound` names the unknown address `web-publik`; did you mean `web-public`?",
        ),
        ("service = \"dnss\"", "NAT rule `outbound` names the unknown service `dnss`; did you mean `dns`?"),
        ("natt-type = 1", "unknown key `natt-type` in a NAT rule; did you mean `nat-type`?"),
        ("nat-type = \"nat46\"", "unknown value `nat46`; did you mean `nat64`?"),
        (
            "source-translation.static-ip.translated-address = \"mail-public\"",
            "NAT rule `outbound` translates to 4 addresses and names no source; \
             a static translation needs as many addresses under `source`",
        ),
        (
            "source = \"10.0.0.0/24\"\nsource-translation.static-ip.translated-address = \"mail-public\"",
            "NAT rule `outbound` translates 256 source addresses to 4; \
             a static translation needs as many addresses under `source`",
        ),
        (
            "destination = \"web-public\"\ndestination-translation.translated-address = \"mail-servers\"",
            "NAT rule `outbound` translates 1 destination addresses to 4; \
             a static translation needs as many addresses under `destination`",
        ),
        (
            "source-translation.dynamic-ip-and-port = {}",
            "a pool needs `translated-address` or `interface-address`",
        ),
        ("source-translation.static-ip = {}", "a translation without `translated-address`"),
        (
            "source-translation = { static-ip.translated-address = \"web-public\", dynamic-ip.translated-address = \"web-public\" }",
            "more than one source translation; keep one of them",
        ),
        (
            "dynamic-destination-translation = { translated-address = \"mail-servers\", distribution = \"round-robbin\" }",
            "unknown distribution `round-robbin`; did you mean `round-robin`?",
        ),
        (
            "destination-translation = { translated-address = \"web-server\", translated-port = 0 }",
            "expected a number from 1 to 65535, found `0`",
        ),
        (
            "source-translation.dynamic-ip-and-port.interface-address = { interface = \"ethernet1/1\", ip = \"10.0.0.0-10.0.0.1\" }",
            "`10.0.0.0-10.0.0.1` is no single address",
        ),
    ] {
        let found = wrong(&outbound(keys));
        assert!(found.iter().any(|found| found == message), "{keys}: {found:#?}");
    }
    let list: String = (0..1_001).map(|n| format!("\"203.0.{}.{}\",", n / 100, n % 100 * 2)).collect();
    assert_eq!(
        wrong(&outbound(&format!("source-translation.dynamic-ip.translated-address = [{list}]"))),
        [
            "a NAT rule cannot translate more than 1000 ranges of addresses; use prefixes in place of single addresses"
        ]
    );
    assert_eq!(
        wrong(&format!("{}{}[[nat]]\nto = \"dmz\"\n", outbound(""), outbound(""))),
        [
            "two NAT rules are called `outbound`; give one of them another name",
            "a NAT rule needs a name; add `name = \"...\"`",
        ]
    );
}

#[test]
fn what_means_less_than_it_says_is_warned_of() {
    let warnings = |keys: &str| {
        let mut warnings = world(&outbound(keys)).warnings;
        warnings.retain(|warning| warning.starts_with("NAT rule"));
        warnings
    };
    assert_eq!(
        warnings("source-translation.dynamic-ip-and-port.interface-address.interface = \"ethernet1/1\""),
        ["NAT rule `outbound` never matches: interface `ethernet1/1` has no IPv4 address here"]
    );
    assert_eq!(
        warnings("source-translation.dynamic-ip.translated-address = \"2001:db8::/64\""),
        ["NAT rule `outbound` never matches: `2001:db8::/64` has no IPv4 address"]
    );
    assert_eq!(
        warnings("destination-translation = { translated-address = \"web-server\", translated-port = 80 }"),
        ["NAT rule `outbound` translates several ports to 80"]
    );
    assert_eq!(
        warnings("to-interface = \"ethernet1/1\""),
        ["NAT rule `outbound` never matches: there is no interface `ethernet1/1`"]
    );
    assert_eq!(warnings("service = \"dns\""), [""; 0]);
    // Several rules in one sentence.
    let keys = "source-translation.dynamic-ip-and-port.interface-address.interface = \"ethernet1/1\"";
    let second = outbound(keys).replace("\"outbound\"", "\"second\"");
    let world = world(&format!("{}{second}", outbound(keys)));
    let expected =
        "NAT rules `outbound`, `second` never match: interface `ethernet1/1` has no IPv4 address here";
    assert!(world.warnings.iter().any(|warning| warning == expected), "{:?}", world.warnings);
}

const OVERRIDES: &str = r#"
[application.print]
[[application-override]]
name = "off"
protocol = "tcp"
port = 9100
application = "ssh"
disabled = true
[[application-override]]
name = "one printer"
from = "trust"
to = "dmz"
destination = "192.0.2.9"
protocol = "tcp"
port = "9100-9102,515"
application = "print"
[[application-override]]
name = "not the lab"
source = "10.2.0.0/16"
negate-source = true
protocol = "udp"
port = 161
application = "snmp-base"
"#;

#[test]
fn the_first_application_override_rule_that_matches() {
    let world = world(OVERRIDES);
    for (packet, expected) in [
        ("tcp 10.0.0.1:5000 > 192.0.2.9:9100", Some(("one printer", "print"))),
        ("tcp 10.0.0.1:5000 > 192.0.2.9:515", Some(("one printer", "print"))),
        ("tcp 10.0.0.1:5000 > 192.0.2.9:9103", None),
        ("udp 10.0.0.1:5000 > 192.0.2.9:9100", None),
        ("tcp 198.51.100.1:5000 > 192.0.2.9:9100", None),
        ("udp 10.0.0.1:5000 > 192.0.2.9:161", Some(("not the lab", "snmp-base"))),
        ("udp 10.2.0.1:5000 > 192.0.2.9:161", None),
        ("icmp 10.0.0.1:9100 > 192.0.2.9:9100", None),
    ] {
        let key = key(&world, packet);
        let NatQuery { from, to, src, dst, protocol, sport, dport, .. } = nat_query(&world, &key);
        let query = Query { from, to, src, dst, protocol, sport, dport, app: None, ..Query::default() };
        let found = world.overrides.lookup(&query);
        let app = |id| world.catalog.get(id).unwrap().name.as_str();
        assert_eq!(found.map(|rule| (rule.name.as_str(), app(rule.application))), expected, "{packet}");
    }
}

#[test]
fn what_is_said_of_application_overrides_that_cannot_be() {
    let rule = |keys: &str| wrong(&format!("[[application-override]]\nname = \"r\"\n{keys}"));
    assert_eq!(
        rule("protocol = \"tcp\"\napplication = \"ssh\""),
        ["application-override rule `r` has no `port`; it needs `protocol`, `port` and `application`"]
    );
    assert_eq!(
        rule("protocol = \"icmp\"\nport = 8\napplication = \"ping\""),
        ["unknown value `icmp`; it is one of `tcp`, `udp`"]
    );
    assert_eq!(
        rule("protocol = \"tcp\"\nport = 70000\napplication = \"ssh\""),
        ["`70000` is not a port from 0 to 65535"]
    );
    assert_eq!(
        rule("protocol = \"tcp\"\nport = 22\napplication = \"shh\""),
        ["application-override rule `r` names the unknown application `shh`; did you mean `ssh`?"]
    );
}

/// What leaves the firewall is the packet with NAT's addresses and ports and right checksums.
#[test]
fn transmitted_packets_are_rewritten() {
    use firstpass::capture::{Frame, LinkType};
    use firstpass::engine::{EventKind, Events, Firewall};
    use firstpass::packet::build::Builder;
    use firstpass::packet::{Checksum, Checksums, DecodeOptions, decode};
    use firstpass::time::Timestamp;

    let world = world(
        "[[nat]]\nname = \"out\"\nfrom = \"trust\"\nto = \"untrust\"\n\
         [nat.source-translation.dynamic-ip-and-port]\ntranslated-address = \"203.0.113.1\"\n\
         [[security]]\nname = \"all\"\nservice = \"any\"\n",
    );
    let mut firewall = Firewall::new(world.into());
    firewall.show_transmitted();
    let (client, server, translated) = (addr("10.0.0.5"), addr("198.51.100.80"), addr("203.0.113.1"));
    let there = Builder::new(client, server).udp(40_000, 53, b"question");
    let back = Builder::new(server, translated).udp(53, 1_024, b"answer");
    let options = DecodeOptions { checksums: Checksums::Verify };
    let mut seen = Vec::new();
    for (number, bytes) in [(1, &there), (2, &back)] {
        let frame = |bytes| Frame {
            at: Timestamp::from_secs(1),
            file: 0,
            link_type: LinkType::RAW,
            interface: None,
            wire_len: 100,
            bytes,
        };
        let mut out = Events::default();
        firewall.step(Timestamp::from_secs(1), &decode(&frame(bytes), number, options), &mut out);
        for event in out.list() {
            if let EventKind::Transmitted { bytes, .. } = event.kind {
                let packet = decode(&frame(out.bytes(bytes)), number, options);
                assert_eq!(packet.checksum, Checksum::Good);
                let firstpass::packet::Layer4::Udp(udp) = packet.layer4 else { continue };
                seen.push((packet.ip.src, udp.sport, packet.ip.dst, udp.dport));
            }
        }
    }
    assert_eq!(seen, [(translated, 1_024, server, 53), (server, 53, client, 40_000)]);
}
