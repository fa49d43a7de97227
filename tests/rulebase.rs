//! Rulebase files: what is read, and what is said of those that cannot be.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;

use firstpass::config::{self, ConfigError, Overrides, World};
use firstpass::flow::{Addr, Protocol};
use firstpass::policy::{Action, ApplicationMatch, Query, RuleType, ServiceMatch, Ternary, ZoneMatch};

/// The rulebase that DESIGN.md shows.
const DESIGN: &str = r#"
[zones]                                   # longest prefix wins; ingress zone from the source address, egress zone from the destination
untrust = ["0.0.0.0/0", "::/0"]
dmz     = ["192.0.2.0/24", "2001:db8:1::/64"]

[address]            # name = "CIDR", "IP", "IP-IP" or a list (a group)
partners = ["198.51.100.7", "198.51.100.9"]
[service]
ftp-alt = "tcp/2121"
[application.custom-ftp]                  # a custom application
default-ports = ["tcp/20,21", "tcp/1024-65535"]

[[security]]
name = "Ping from Untrust to DMZ"
from = "untrust"
to = "dmz"
application = ["ping", "traceroute", "icmp", "ipv6-icmp"]
service = "any"
action = "allow"

[[security]]
name = "FTP for partners"
from = "untrust"
to = "dmz"
source = "partners"
application = "ftp"
action = "allow"

[default.interzone]
log-end = true
[setting.session]
timeout-tcpinit = 5
"#;

const ZONES: &str = "[zones]\nuntrust = [\"0.0.0.0/0\", \"::/0\"]\ndmz = \"192.0.2.0/24\"\n";

fn world(text: &str) -> World {
    World::from_toml(text).map_err(|error| error.render(false)).unwrap()
}

/// The world of two zones and `rest`.
fn with_zones(rest: &str) -> World {
    world(&format!("{ZONES}{rest}"))
}

fn failure(text: &str) -> ConfigError {
    World::from_toml(text).map(drop).unwrap_err()
}

fn ip(text: &str) -> Addr {
    text.parse::<std::net::IpAddr>().unwrap().into()
}

fn query(world: &World, src: &str, dst: &str, protocol: Protocol, dport: u16, app: Option<&str>) -> Query {
    let (src, dst) = (ip(src), ip(dst));
    let zone = |addr| world.zones.of(addr).unwrap();
    let app = app.map(|name| world.catalog.find(name).unwrap());
    Query {
        from: zone(src),
        to: zone(dst),
        src,
        dst,
        protocol,
        sport: 40_000,
        dport,
        app,
        ..Query::default()
    }
}

/// The name of the rule that answers for a TCP packet.
fn answer(world: &World, src: &str, dst: &str, dport: u16, app: Option<&str>) -> String {
    let lookup = world.policy.lookup(&query(world, src, dst, Protocol::TCP, dport, app));
    world.policy.rule(lookup.rule).name.clone()
}

#[test]
fn the_rulebase_of_the_manual_is_read() {
    let world = world(DESIGN);
    assert_eq!(world.source.security_rules, 2);
    assert_eq!(world.source.format, "toml");
    assert_eq!(world.policy.user_rules(), 2);
    assert_eq!(world.warnings, [""; 0]);
    let lookup = world.policy.lookup(&query(&world, "198.51.100.7", "192.0.2.1", Protocol::TCP, 21, None));
    assert_eq!(world.policy.rule(lookup.rule).name, "Ping from Untrust to DMZ");
    assert_eq!(lookup.certainty, Ternary::Unknown);
    assert_eq!(answer(&world, "198.51.100.7", "192.0.2.1", 21, Some("ftp")), "FTP for partners");
    assert_eq!(answer(&world, "198.51.100.8", "192.0.2.1", 21, Some("ftp")), "interzone-default");
    assert!(world.policy.rules()[3].log_end);
    assert!(!world.policy.rules()[2].log_end);
    let custom = world.catalog.get(world.catalog.find("custom-ftp").unwrap()).unwrap();
    assert!(custom.ports.contain(Protocol::TCP, 40_000) && !custom.ports.contain(Protocol::TCP, 22));
}

#[test]
fn a_rule_that_says_nothing_has_the_defaults_of_pan_os() {
    let world = with_zones("[[security]]\nname = \"bare\"\n");
    let rule = &world.policy.rules()[0];
    assert_eq!((&rule.from, &rule.to), (&ZoneMatch::Any, &ZoneMatch::Any));
    assert!(rule.source.is_any() && rule.destination.is_any());
    assert_eq!(rule.service, ServiceMatch::ApplicationDefault);
    assert_eq!((rule.action, rule.rule_type), (Action::Allow, RuleType::Universal));
    assert_eq!((rule.log_start, rule.log_end, rule.icmp_unreachable), (false, true, false));
    assert_eq!(rule.line, Some(4));
}

#[test]
fn every_field_of_a_rule_is_read() {
    let world = with_zones(
        r#"
[[security]]
name = "all"
description = "text"
tag = ["one", "two"]
rule-type = "interzone"
from = ["untrust", "dmz"]
to = "any"
source = ["198.51.100.0/24", "2001:db8::1", "203.0.113.1-203.0.113.9"]
negate-source = true
destination = "192.0.2.7"
application = "any"
service = ["service-http", "service-https"]
action = "reset-both"
icmp-unreachable = "yes"
log-start = true
log-end = "no"
disabled = false
"#,
    );
    let rule = &world.policy.rules()[0];
    assert_eq!(rule.rule_type, RuleType::Interzone);
    assert!(rule.source.negate && rule.source.contains(ip("198.51.101.1")));
    assert!(!rule.source.contains(ip("203.0.113.5")) && !rule.source.contains(ip("2001:db8::1")));
    assert_eq!((rule.action, rule.icmp_unreachable), (Action::ResetBoth, true));
    assert_eq!((rule.log_start, rule.log_end), (true, false));
    let ServiceMatch::Services(services) = &rule.service else { panic!("{:?}", rule.service) };
    assert!(services[0].contains(Protocol::TCP, 1, 8080) && services[1].contains(Protocol::TCP, 1, 443));
}

#[test]
fn groups_nest() {
    let world = with_zones(
        r#"
[address]
outer = ["inner", "198.51.100.9"]
inner = ["host", "203.0.113.0/24"]
host = "198.51.100.7"
[service]
web = ["tcp/80", "tcp/8000-8080"]
odd = { protocol = "tcp", port = 7, source-port = "1-1023" }
[service-group]
all = ["web", "more", "service-https"]
more = "odd"
[application-group]
mail = ["smtp-like", "web"]
web = ["web-browsing", "ssl"]
[application.smtp-like]
default-ports = "tcp/25"
[[security]]
name = "grouped"
source = "outer"
application = "mail"
service = "all"
"#,
    );
    for (src, port, expected) in [
        ("198.51.100.7", 80, "grouped"),
        ("198.51.100.8", 80, "interzone-default"),
        ("198.51.100.9", 8_040, "grouped"),
        ("203.0.113.200", 443, "grouped"),
        ("203.0.113.200", 444, "interzone-default"),
        // Its source port is 40,000.
        ("203.0.113.200", 7, "interzone-default"),
    ] {
        assert_eq!(answer(&world, src, "192.0.2.1", port, None), expected, "{src} {port}");
    }
    assert_eq!(answer(&world, "198.51.100.7", "192.0.2.1", 80, Some("smtp-like")), "grouped");
    assert_eq!(answer(&world, "198.51.100.7", "192.0.2.1", 80, Some("ftp")), "interzone-default");
}

#[test]
fn filters_and_containers_stand_for_applications() {
    let world = with_zones(
        "[application-filter.remote]\nsubcategory = \"encrypted-tunnel\"\ntechnology = \"client-server\"\n\
         exclude = \"ssh\"\n[application-filter.none]\nrisk = 5\ncategory = \"networking\"\ntechnology = \"browser-based\"\nsubcategory = \"ip-protocol\"\n\
         [application.own]\ndefault-ports = \"tcp/7\"\nsubcategory = \"encrypted-tunnel\"\ntechnology = \"client-server\"\n\
         [[security]]\nname = \"r\"\napplication = [\"remote\", \"facebook\"]\n",
    );
    let ApplicationMatch::Applications { members, .. } = &world.policy.rules()[0].application else {
        panic!()
    };
    let class = |id| &world.catalog.get(id).unwrap().class;
    let facebook = |id| class(id).container.as_deref() == Some("facebook");
    assert!(members.iter().any(|&id| facebook(id)));
    assert!(members.iter().all(|&id| facebook(id) || class(id).subcategory == "encrypted-tunnel"));
    assert!(members.contains(&world.catalog.find("own").unwrap()));
    assert!(!members.contains(&world.catalog.find("ssh").unwrap()));
    assert_eq!(world.warnings, ["application filter `none` fits no application"]);
}

#[test]
fn applications_are_added_and_timeouts_set() {
    let world = with_zones(
        "[application.ftp]\ntcp-timeout = 77\n[application.proto]\nident-by-ip-protocol = 200\n\
         [application.big]\ndefault-ports = [\"tcp/dynamic\"]\ndepends-on = \"ftp\"\nimplicit-use = \"ssl\"\n\
         deny-action = \"drop-reset\"\n",
    );
    let app = |name| world.catalog.get(world.catalog.find(name).unwrap()).unwrap();
    assert_eq!(app("ftp").timeouts.tcp_timeout, Some(77));
    assert!(app("ftp").ports.contain(Protocol::TCP, 21));
    assert!(app("proto").ports.contain(Protocol(200), 0));
    assert_eq!(app("big").depends_on, [world.catalog.find("ftp").unwrap()]);
    assert_eq!(app("big").implicit, [world.catalog.find("ssl").unwrap()]);
}

/// Each wrong text (below two zones), and what is said of it.
#[test]
fn each_mistake_has_a_place_and_a_cure() {
    let rule = |line: &str| format!("[[security]]\nname = \"r\"\n{line}");
    for (text, expected) in [
        // Syntax.
        (
            "[[security]".to_owned(),
            "4:12: unclosed array table, expected `]`; a rulebase is a TOML file, see https://toml.io",
        ),
        (
            rule("from = dmz"),
            "6:8: string values must be quoted, expected literal string; a rulebase is a TOML file, see https://toml.io",
        ),
        (rule("name = \"s\""), "6:1: duplicate key; a rulebase is a TOML file, see https://toml.io"),
        // Keys.
        ("[adress]".to_owned(), "4:2: unknown key `adress` in the rulebase; did you mean `address`?"),
        (rule("form = \"dmz\""), "6:1: unknown key `form` in a security rule; did you mean `from`?"),
        ("[default.inter]".to_owned(), "4:10: unknown key `inter` in `[default]`; did you mean `interzone`?"),
        (
            "[default.interzone]\nlog = true".to_owned(),
            "5:1: unknown key `log` in a default rule; did you mean `log-end`?",
        ),
        (
            "[setting.session]\ntimeout-tcp-init = 9".to_owned(),
            "5:1: unknown setting `session.timeout-tcp-init`; did you mean `session.timeout-tcpinit`?",
        ),
        (
            "[application.x]\nports = \"tcp/1\"".to_owned(),
            "5:1: unknown key `ports` in an application; did you mean `default-ports`?",
        ),
        // Types and values.
        (rule("log-end = 3"), "6:11: expected `true` or `false`, found an integer"),
        (rule("action = \"alow\""), "6:10: unknown value `alow`; did you mean `allow`?"),
        (
            rule("action = \"permit\""),
            "6:10: unknown value `permit`; it is one of `allow`, `deny`, `drop`, `reset-client`, `reset-server`, `reset-both`",
        ),
        (rule("from = []"), "6:8: empty list; name something, or leave the key out"),
        (rule("from = [3]"), "6:9: expected a string, found an integer"),
        (
            "[setting.session]\ntimeout-tcpinit = 61".to_owned(),
            "5:19: setting `session.timeout-tcpinit` takes a number from 1 to 60, not `61`",
        ),
        (
            "[setting.session]\ntcp-reject-non-syn = 1".to_owned(),
            "5:22: setting `session.tcp-reject-non-syn` takes `yes` or `no`, not `1`",
        ),
        (
            "[application.x]\ntcp-timeout = -1".to_owned(),
            "5:15: expected a number from 0 to 604800, found `-1`",
        ),
        // Names.
        (rule("from = \"dzm\""), "6:8: rule `r` names the unknown zone `dzm`; did you mean `dmz`?"),
        (
            rule("from = \"inside\""),
            "6:8: rule `r` names the unknown zone `inside`; define it under `[zones]`",
        ),
        (
            rule("application = [\"ssl\", \"web-browsin\"]"),
            "6:23: rule `r` names the unknown application `web-browsin`; did you mean `web-browsing`?",
        ),
        (
            rule("service = \"https\""),
            "6:11: rule `r` names the unknown service `https`; did you mean `service-https`?",
        ),
        (
            rule("source = \"www.example.org\""),
            "6:10: rule `r` names the unknown address `www.example.org`; define it under `[address]`, or write an address, a prefix or a range; names of hosts are not looked up",
        ),
        (
            format!("{}[[security]]\nname = \"r\"", rule("")),
            "7:8: two security rules are called `r` (the first one: line 5); give one of them another name",
        ),
        (
            "[[security]]\nfrom = \"dmz\"".to_owned(),
            "4:1: a security rule needs a name; add `name = \"...\"`",
        ),
        (
            "[service]\na = \"tcp/1\"\n[service-group]\na = \"service-http\"".to_owned(),
            "7:1: service `a` is defined twice (first defined here: line 5); an object and a group cannot have the same name",
        ),
        (
            "[application-group]\nftp = \"ssl\"".to_owned(),
            "5:1: `ftp` is an application already; give the group another name",
        ),
        (
            "[application.ftp]\ndefault-ports = \"tcp/21\"".to_owned(),
            "5:1: application `ftp` is predefined; only its timeouts and tags can be set; a custom application needs another name",
        ),
        ("[address]\nany = \"192.0.2.1\"".to_owned(), "5:1: nothing can be called `any`"),
        (
            "[address]\n\"a\\u001b[31m\" = \"192.0.2.1\"".to_owned(),
            "5:1: name `a\\u{1b}[31m` has control characters; use letters, digits, spaces and punctuation",
        ),
        // Addresses, services, groups.
        (
            rule("source = \"192.0.2.0/33\""),
            "6:10: `192.0.2.0/33` is no address: its prefix length must be a number from 0 to 32",
        ),
        (
            rule("source = \"192.0.2.9-192.0.2.1\""),
            "6:10: `192.0.2.9-192.0.2.1` is no address: the range ends with 192.0.2.1, before it starts with 192.0.2.9",
        ),
        (
            "[address]\na = [\"b\"]\nb = [\"a\"]".to_owned(),
            "5:1: address groups are members of each other: `a`, `b`; take one of them out of the other",
        ),
        (
            "[address]\na = [\"a\"]".to_owned(),
            "5:1: address group `a` is a member of itself; take one of them out of the other",
        ),
        (
            "[service]\na = \"tcp/70000\"".to_owned(),
            "5:5: `tcp/70000` is no service: `70000` is not a port from 0 to 65535; write it as `tcp/80,8000-8080` or `udp/53`",
        ),
        (
            "[service]\na = { protocol = \"tcp\" }".to_owned(),
            "5:1: service `a` has no `port`; write it as `{ protocol = \"tcp\", port = \"80,8000-8080\" }`",
        ),
        (
            "[application.x]\ndefault-ports = \"tcp/dyn\"".to_owned(),
            "5:17: `tcp/dyn` is no list of default ports: `dyn` is not a port from 0 to 65535; write it as `tcp/80,8000-8080` or `udp/dynamic`",
        ),
        // Contradictions.
        (
            rule("from = [\"any\", \"dmz\"]"),
            "6:9: `any` stands for everything and goes with no other name; leave out `any`, or the other names",
        ),
        (
            rule("negate-source = true"),
            "5:8: rule `r` negates any source, so that it matches nothing; name the addresses under `source`, or leave out `negate-source`",
        ),
        (
            rule("icmp-unreachable = true"),
            "5:8: `icmp-unreachable` does not go with the action `allow`; use the action `drop`, `reset-client`, `reset-server` or `reset-both`",
        ),
        (
            rule("rule-type = \"intrazone\"\nfrom = \"dmz\"\nto = \"untrust\""),
            "5:8: rule `r` is `intrazone`, but `from` and `to` differ; an intrazone rule needs no `to`: it is about traffic within each zone of `from`",
        ),
        (
            rule("rule-type = \"interzone\"\nfrom = \"dmz\"\nto = \"dmz\""),
            "5:8: rule `r` is `interzone`, but `from` and `to` are the same zone; leave out `rule-type`, or make it `intrazone`",
        ),
        (
            "lan = \"192.0.2.0/24\"".to_owned(),
            "4:7: `192.0.2.0/24` is behind two zones, `dmz` and `lan` (the other one: line 3); a prefix belongs to one zone; a longer one within it may belong to another",
        ),
        (
            "lan = \"300.0.0.0/8\"".to_owned(),
            "4:7: `300.0.0.0/8` is no address prefix: `300.0.0.0` is neither an IPv4 nor an IPv6 address; a zone is written as the prefixes behind it, e.g. `[\"192.0.2.0/24\", \"2001:db8::/32\"]`",
        ),
        // Filters.
        (
            "[application-filter.x]
category = \"medai\""
                .to_owned(),
            "5:12: no application has the category `medai`; did you mean `media`?",
        ),
        (
            "[application-filter.x]
evasive = true"
                .to_owned(),
            "5:1: unknown key `evasive` in an application filter; an application filter has the keys `category`, `subcategory`, `technology`, `risk`, `characteristics`, `tag`, `exclude`",
        ),
    ] {
        let error = failure(&format!("{ZONES}{text}"));
        assert_eq!(error.to_string(), format!("rules.toml:{expected}"), "\n{text}");
    }
}

#[test]
fn whole_files_that_are_no_rulebase() {
    let overrides = Overrides::default();
    for (bytes, expected) in [
        (&b""[..], "the rulebase is empty"),
        (b"  \n\t\n", "the rulebase is empty"),
        (b"# nothing\n", "the rulebase has no zones"),
        (b"<?xml version=\"1.0\"?>\n<config/>", "the configuration is empty"),
        (b"\n <config version=\"10.1.0\">", "this element is not closed"),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0", "this is a packet capture, not a rulebase"),
        (b"\xd4\xc3\xb2\xa1\x02\0\x04\0", "this is a packet capture, not a rulebase"),
        (b"\x1f\x8b\x08", "this is a gzip file, not a rulebase"),
        (b"\xff\xfe[\0z\0", "this is UTF-16 text, not a rulebase"),
        (b"<\0c\0o\0", "this is UTF-16 text, not a rulebase"),
    ] {
        let error = config::parse("r.toml", bytes, &overrides).map(drop).unwrap_err();
        assert_eq!(error.diagnostics[0].message, expected);
        assert!(error.diagnostics[0].help.is_some(), "{expected}");
        assert!(error.render(false).lines().count() < 25);
    }
    let error = config::parse("r.toml", b"[zones]\na = \"\xff\"", &overrides).map(drop).unwrap_err();
    assert_eq!(error.to_string(), "r.toml:2:6: byte 0xff is not UTF-8 text; save the rulebase as UTF-8");
    let missing = config::load(Path::new("no/such/file.toml"), &overrides).map(drop).unwrap_err();
    assert_eq!(missing.diagnostics[0].message, "there is no such file");
    let directory = config::load(Path::new(env!("CARGO_MANIFEST_DIR")), &overrides).map(drop).unwrap_err();
    assert_eq!(directory.diagnostics[0].message, "this is a directory, not a rulebase file");
}

#[test]
fn a_byte_order_mark_and_carriage_returns_do_no_harm() {
    let text = format!("\u{feff}{}", DESIGN.replace('\n', "\r\n"));
    assert_eq!(world(&text).policy.user_rules(), 2);
    let error = failure("[zones]\r\na = \"x/1\"\r\n");
    assert_eq!(
        (error.diagnostics[0].at.as_ref().unwrap().line, error.render(false).contains('\r')),
        (2, false)
    );
}

#[test]
fn errors_show_their_source_line() {
    let text =
        format!("{ZONES}\n[[security]]\nname = \"one\"\nfrom = \"untrst\"\n[[security]]\nname = \"one\"\n");
    let expected = r#"error: rule `one` names the unknown zone `untrst`
 --> rules.toml:7:8
  |
7 | from = "untrst"
  |        ^^^^^^^^
  |
  = help: did you mean `untrust`?

error: two security rules are called `one`
 --> rules.toml:9:8
  |
9 | name = "one"
  |        ^^^^^
  |
 ::: rules.toml:6:8
  |
6 | name = "one"
  |        ----- the first one
  |
  = help: give one of them another name"#;
    let error = failure(&text);
    assert_eq!(error.render(false), expected);
    assert!(error.render(true).contains('\u{1b}'));
    assert!(!error.to_string().contains('\u{1b}'));
}

#[test]
fn all_errors_are_counted_and_twenty_are_shown() {
    let rules: String =
        (0..1_000).map(|n| format!("[[security]]\nname = \"r{n}\"\nfrom = \"x{n}\"\n")).collect();
    let error = failure(&format!("{ZONES}{rules}"));
    assert_eq!((error.diagnostics.len(), error.more), (20, 980));
    assert!(error.to_string().ends_with("\nand 980 more"));
    let lines: Vec<usize> = error.diagnostics.iter().filter_map(|d| Some(d.at.as_ref()?.line)).collect();
    assert!(lines.is_sorted());
}

/// What a file holds never reaches the terminal as it is, and a long line is cut.
#[test]
fn hostile_text_is_shown_escaped() {
    let long = "x".repeat(100_000);
    let text =
        format!("{ZONES}[address]\na = [\"\u{202e}{long}\", \"\\u001b]0;title\\u0007\", \"\u{9b}31m\"]\n");
    let error = failure(&text);
    for shown in [error.to_string(), error.render(false)] {
        assert!(shown.len() < 3_000, "{}", shown.len());
        let bad = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!shown.contains(bad), "{shown:?}");
    }
    let path = config::parse("\u{1b}[2J.toml", b"", &Overrides::default()).map(drop).unwrap_err();
    assert!(!path.render(false).contains('\u{1b}') && !path.to_string().contains('\u{1b}'));
}

/// Groups of groups that would stand for 10^12 addresses, and a chain 50,000 groups deep.
#[test]
fn nested_groups_cost_no_more_than_they_say() {
    let mut text = format!("{ZONES}[address]\n");
    for level in 1..=5 {
        for n in 0..100 {
            let below: Vec<String> = match level {
                1 => (0..100).map(|host| format!("\"10.{n}.{host}.0/31\"")).collect(),
                _ => (0..100).map(|group| format!("\"g{}-{group}\"", level - 1)).collect(),
            };
            text += &format!("g{level}-{n} = [{}, \"11.0.{level}.{n}\"]\n", below.join(","));
        }
    }
    let error = failure(&text);
    assert_eq!(error.diagnostics.len() + error.more, 1, "{error}");
    assert!(
        error.to_string().contains("the address lists of the rulebase hold more than 8000000 entries"),
        "{error}"
    );

    let chain: String = (1..50_000).map(|n| format!("g{n} = \"g{}\"\n", n - 1)).collect();
    let deep = with_zones(&format!(
        "[address]\ng0 = \"192.0.2.1\"\n{chain}[[security]]\nname = \"r\"\nsource = \"g49999\"\n"
    ));
    assert_eq!(deep.policy.rules()[0].source.ranges.len(), 1);
}

#[test]
fn tables_of_later_parts_are_warned_of_once() {
    let world = with_zones(
        "[decryption-profile.p.ssl-forward-proxy]\nstrip-alpn = true\n[high-availability]\n\
         [setting.session]\noffload = false\nipv6-firewalling = true\n\
         [[security]]\nname = \"r\"\nsource-hip = \"laptop\"\nqos = \"strict\"\n",
    );
    assert_eq!(
        world.warnings,
        [
            "`[high-availability]` is read but not modelled yet",
            "`qos` of rules is read but not modelled yet",
            "settings read but not modelled yet: `session.offload`, `session.ipv6-firewalling`",
            "rule `r`: hosts and devices are not modelled, so that what asks for one never matches",
        ]
    );
}

/// PANOS.md 1.3, 9: a virtual system's own maximum, and what interfaces offer on their own addresses, from XML.
#[test]
fn resources_and_management_profiles_of_a_firewall() {
    let firewall = |max: &str| {
        let text = format!(
            "<config><devices><entry name=\"localhost.localdomain\"><deviceconfig><setting><session>\
             <max-sessions>500</max-sessions></session></setting></deviceconfig><network><profiles>\
             <interface-management-profile><entry name=\"inside\"><ping>yes</ping><ssh>yes</ssh><telnet>no</telnet>\
             <permitted-ip><entry name=\"10.0.0.0/8\"/><entry name=\"192.0.2.9\"/></permitted-ip></entry>\
             </interface-management-profile></profiles><interface><ethernet><entry name=\"ethernet1/1\"><layer3><ip>\
             <entry name=\"10.1.1.1/24\"/></ip><interface-management-profile>inside</interface-management-profile>\
             </layer3></entry><entry name=\"ethernet1/2\"><layer3><ip><entry name=\"192.0.2.1/24\"/></ip>\
             <interface-management-profile>gone</interface-management-profile></layer3></entry></ethernet></interface>\
             </network><vsys><entry name=\"vsys1\"><import><resource><max-sessions>{max}</max-sessions></resource>\
             </import><zone><entry name=\"lan\"><network><layer3><member>ethernet1/1</member></layer3></network></entry>\
             </zone></entry></vsys></entry></devices></config>"
        );
        config::parse("running.xml", text.as_bytes(), &Overrides::default())
            .map_err(|error| error.render(false))
            .unwrap()
    };
    for (max, sessions) in [("200", 200), ("0", 500), ("9000", 500)] {
        assert_eq!(firewall(max).settings.max_sessions, sessions, "{max}");
    }
    let world = firewall("0");
    let offered = world.host_services.by_address();
    let names: Vec<_> = offered
        .iter()
        .map(|(addr, profile)| (addr.to_string(), profile.map(|profile| profile.services.len())))
        .collect();
    assert_eq!(names, [("10.1.1.1".to_owned(), Some(2)), ("192.0.2.1".to_owned(), None)]);
    let permitted = &offered[0].1.unwrap().permitted;
    assert_eq!(permitted.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "192.0.2.9/32"]);
    assert!(world.warnings.iter().any(|said| said.contains("profile `gone`")), "{:?}", world.warnings);

    let error = failure(
        "[interface.e]\nip = \"10.1.1.1/24\"\nzone = \"lan\"\ninterface-management-profile = \"insde\"\n\
                         [interface-management-profile.inside]\nping = true\n",
    );
    assert!(error.to_string().contains("did you mean `inside`?"), "{error}");
}

#[test]
fn the_command_line_has_the_last_word() {
    let mut overrides = Overrides::default();
    overrides.zone("dmz=10.0.0.0/8,2001:db8::/32").unwrap();
    overrides.zone("lan=192.0.2.0/24").unwrap();
    overrides.set("session.timeout-udp=99").unwrap();
    let world = config::parse("r.toml", DESIGN.as_bytes(), &overrides).unwrap();
    for (addr, zone) in
        [("10.1.1.1", "dmz"), ("192.0.2.1", "lan"), ("2001:db8:1::1", "dmz"), ("9.9.9.9", "untrust")]
    {
        assert_eq!(world.zones.name(world.zones.of(ip(addr)).unwrap()), zone, "{addr}");
    }
    assert_eq!(world.settings.timeout_udp, 99);
    let only = config::parse("r.toml", b"[[security]]\nname = \"r\"\nfrom = \"lan\"\n", &overrides).unwrap();
    assert_eq!(only.zones.names(), ["dmz", "lan"]);

    let mut wrong = Overrides::default();
    for (error, expected) in [
        (
            wrong.zone("dmz"),
            "--zone dmz: there is no `=` in it; write it as `--zone dmz=192.0.2.0/24,2001:db8::/32`",
        ),
        (
            wrong.zone("=10.0.0.0/8"),
            "--zone =10.0.0.0/8: `` is no name for a zone; write it as `--zone dmz=192.0.2.0/24,2001:db8::/32`",
        ),
        (
            wrong.zone("dmz=10/8"),
            "--zone dmz=10/8: `10/8` is no address prefix: `10` is neither an IPv4 nor an IPv6 address; write it as `--zone dmz=192.0.2.0/24,2001:db8::/32`",
        ),
        (
            wrong.set("session.timeout-upd=1"),
            "--set session.timeout-upd=1: no setting `session.timeout-upd`; did you mean `session.timeout-udp`?; write it as `--set session.timeout-udp=60`",
        ),
        (
            wrong.set("session.timeout-udp=0"),
            "--set session.timeout-udp=0: setting `session.timeout-udp` takes a number from 1 to 15999999, not `0`; write it as `--set session.timeout-udp=60`",
        ),
    ] {
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
    assert_eq!(wrong, Overrides::default());
    let twice = Overrides {
        zones: vec![
            ("a".to_owned(), vec!["10.0.0.0/8".parse().unwrap()]),
            ("b".to_owned(), vec!["10.0.0.0/8".parse().unwrap()]),
        ],
        settings: Vec::new(),
        ..Overrides::default()
    };
    let error = config::parse("r.toml", DESIGN.as_bytes(), &twice).map(drop).unwrap_err();
    assert_eq!(error.diagnostics[0].message, "--zone b: `10.0.0.0/8` is behind `a` as well");
}

#[test]
fn the_rulebases_of_the_lessons_are_read() {
    let lessons = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps");
    let mut read = 0;
    for lesson in std::fs::read_dir(lessons).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for file in std::fs::read_dir(lesson.path()).unwrap().flatten() {
            let name = file.file_name().into_string().unwrap();
            if name.starts_with("rules") && name.ends_with(".toml") {
                let world = config::load(&file.path(), &Overrides::default());
                world.map_err(|error| error.render(false)).unwrap();
                read += 1;
            }
        }
    }
    assert!(read >= 10, "{read} rulebases");
}
