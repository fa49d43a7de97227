//! The security policy lookup, line by line of PANOS.md section 2.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use firstpass::config::World;
use firstpass::flow::{Addr, Protocol};
use firstpass::policy::{Explanation, Query, Step, Ternary};

/// Two zones, and applications of every kind: with ports, with a dynamic port, without any, told by the IP protocol,
/// used by others.
const GROUND: &str = r#"
[zones]
untrust = ["0.0.0.0/0", "::/0"]
dmz = "192.0.2.0/24"
[service]
tcp-80 = "tcp/80"
from-low = { protocol = "tcp", port = "80", source-port = "1-1023" }
[application.web]
default-ports = "tcp/80"
[application.shell]
default-ports = "tcp/22"
[application.social]
default-ports = "tcp/443"
implicit-use = "web"
[application.probe]
default-ports = "udp/33434-33534"
[application.anywhere]
default-ports = "tcp/dynamic"
[application.tunnel]
ident-by-ip-protocol = 47
"#;

const OUTSIDE: &str = "198.51.100.1";
const INSIDE: &str = "192.0.2.1";

fn world(rules: &str) -> World {
    World::from_toml(&format!("{GROUND}{rules}")).map_err(|error| error.render(false)).unwrap()
}

/// `[[security]]` rules of one line each: `name | keys`, where keys are TOML.
fn rules(lines: &str) -> String {
    let mut text = String::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, keys) = line.split_once('|').unwrap();
        text += &format!("[[security]]\nname = \"{}\"\n{}\n", name.trim(), keys.replace(';', "\n"));
    }
    text
}

/// A query such as `untrust dmz tcp/80 web`, where `-` is no application.
fn query(world: &World, text: &str) -> Query {
    let mut words = text.split_whitespace();
    let mut next = || words.next().unwrap();
    let zone = |name: &str| world.zones.find(name).unwrap();
    let addr = |zone: &str| -> Addr {
        let text = if zone == "dmz" { INSIDE } else { OUTSIDE };
        text.parse::<std::net::IpAddr>().unwrap().into()
    };
    let (from, to) = (next(), next());
    let (protocol, port) = next().split_once('/').unwrap();
    let protocol = match protocol {
        "tcp" => Protocol::TCP,
        "udp" => Protocol::UDP,
        "icmp" => Protocol::ICMP,
        number => Protocol(number.parse().unwrap()),
    };
    let app = match next() {
        "-" => None,
        name => Some(world.catalog.find(name).unwrap()),
    };
    let (src, dst) = (addr(from), addr(to));
    let (from, to) = (zone(from), zone(to));
    Query {
        from,
        to,
        src,
        dst,
        protocol,
        sport: 40_000,
        dport: port.parse().unwrap(),
        app,
        ..Query::default()
    }
}

/// Checks `query => rule certainty` lines.
fn check(section: &str, lines: &str, expected: &str) {
    let world = world(&rules(lines));
    for line in expected.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (asked, answer) = line.split_once("=>").unwrap();
        let lookup = world.policy.lookup(&query(&world, asked));
        let certainty = match (lookup.certainty, lookup.implicit) {
            (Ternary::Yes, false) => "",
            (Ternary::Yes, true) => " implicitly",
            (Ternary::Unknown, _) => " may",
            (Ternary::No, _) => " no",
        };
        let name = &world.policy.rule(lookup.rule).name;
        assert_eq!(format!("{name}{certainty}"), answer.trim(), "{section}: {asked}");
    }
}

#[test]
fn allow_with_applications_and_service_any() {
    check(
        "PANOS.md 2.2, 0.7: the first packets of every protocol and port pass",
        r#"a | application = ["web", "shell"]; service = "any""#,
        "untrust dmz tcp/80    -     => a may
         untrust dmz tcp/12345 -     => a may
         untrust dmz udp/1     -     => a may
         untrust dmz tcp/12345 shell => a
         untrust dmz tcp/80    probe => interzone-default",
    );
}

#[test]
fn allow_with_applications_and_application_default() {
    check(
        "PANOS.md 2.2: a default port of any one of the rule's applications",
        r#"a | application = ["web", "shell"]"#,
        "untrust dmz tcp/80  - => a may
         untrust dmz tcp/22  - => a may
         untrust dmz tcp/23  - => interzone-default
         untrust dmz udp/80  - => interzone-default",
    );
    check(
        "PANOS.md 2.2, tracepath: UDP to a high port outside traceroute's range",
        r#"a | application = "probe""#,
        "untrust dmz udp/33434 - => a may
         untrust dmz udp/44444 - => interzone-default",
    );
}

#[test]
fn a_dynamic_port_leaks_like_service_any() {
    check(
        "PANOS.md 2.2: that protocol matches on every port",
        r#"a | application = ["web", "anywhere"]"#,
        "untrust dmz tcp/1     -        => a may
         untrust dmz tcp/65535 -        => a may
         untrust dmz udp/1     -        => interzone-default
         untrust dmz tcp/7     anywhere => a
         untrust dmz tcp/7     web      => interzone-default",
    );
}

#[test]
fn an_application_told_by_its_protocol_opens_no_port() {
    check(
        "PANOS.md 2.2: only that IP protocol matches, so TCP and UDP do not leak",
        r#"a | application = ["ping", "icmp", "tunnel"]"#,
        "untrust dmz icmp/0 ping   => a
         untrust dmz 47/0   tunnel => a
         untrust dmz 47/0   -      => a may
         untrust dmz tcp/80 -      => interzone-default
         untrust dmz udp/80 -      => interzone-default",
    );
    check(
        "PANOS.md 0.3a, 2.12: known in phase A, so that another application's rule does not match",
        r#"a | application = "web"; service = "any""#,
        "untrust dmz icmp/0 ping   => interzone-default
         untrust dmz 47/0   tunnel => interzone-default",
    );
}

#[test]
fn allow_with_explicit_services() {
    check(
        "PANOS.md 2.2: matches if protocol, destination port and source port match",
        r#"a | application = "shell"; service = "tcp-80"
           b | application = "shell"; service = "from-low""#,
        "untrust dmz tcp/80 -     => a may
         untrust dmz tcp/80 shell => a
         untrust dmz tcp/80 web   => interzone-default
         untrust dmz tcp/22 shell => interzone-default
         untrust dmz udp/80 -     => interzone-default",
    );
    check(
        "PANOS.md 12.2: the source port counts",
        r#"a | application = "any"; service = "from-low""#,
        "untrust dmz tcp/80 - => interzone-default",
    );
}

#[test]
fn allow_any_application_with_application_default() {
    check(
        "PANOS.md 2.2: the SYN matches on any port, later the application must be on its own",
        r#"a | application = "any"; service = "application-default""#,
        "untrust dmz tcp/12345 -     => a may
         untrust dmz tcp/80    web   => a
         untrust dmz tcp/81    web   => interzone-default
         untrust dmz 47/0      tunnel => a",
    );
}

#[test]
fn block_any_application() {
    check(
        "PANOS.md 2.2: matches, the packet is dropped now",
        r#"b | application = "any"; service = "any"; action = "drop"
           a | application = "web"; service = "any""#,
        "untrust dmz tcp/80 - => b",
    );
    check(
        "PANOS.md 2.2, 12.2: on the ports of the service",
        r#"b | service = "tcp-80"; action = "reset-both"
           a | application = "web"; service = "any""#,
        "untrust dmz tcp/80 - => b
         untrust dmz tcp/81 - => a may",
    );
}

#[test]
fn block_with_applications() {
    check(
        "PANOS.md 2.2: passed over for TCP and UDP until the application is known",
        r#"b | application = "web"; service = "any"; action = "deny"
           a | service = "any""#,
        "untrust dmz tcp/80 -     => a
         untrust dmz tcp/80 web   => b
         untrust dmz tcp/80 shell => a",
    );
    check(
        "PANOS.md 2.2, 0.3a: ICMP is known, so that the rule fires on the first packet",
        r#"b | application = "ping"; action = "drop"
           a | service = "any""#,
        "untrust dmz icmp/0 ping => b",
    );
    let with_port = r#"b | application = "web"; service = "tcp-80"; action = "deny"
                       a | service = "any""#;
    check(
        "PANOS.md 2.2, 13.5 (1): with an explicit port sources disagree; passed over by default",
        with_port,
        "untrust dmz tcp/80 -   => a
         untrust dmz tcp/80 web => b",
    );
    check(
        "PANOS.md 2.2, 13.5 (1): the same with the setting",
        &format!("{with_port}\n\n").replacen(
            "action = \"deny\"",
            "action = \"deny\"; [setting.model]; block-by-service = true",
            1,
        ),
        "untrust dmz tcp/80 -     => b
         untrust dmz tcp/81 -     => a
         untrust dmz tcp/80 shell => a",
    );
}

#[test]
fn url_categories_are_not_known() {
    check(
        "PANOS.md 2.2: ignored in an allow rule, a block rule is passed over",
        r#"b | category = "gambling"; service = "any"; action = "deny"
           a | category = "news"; application = "web""#,
        "untrust dmz tcp/80 -     => a may
         untrust dmz tcp/80 web   => a may
         untrust dmz tcp/22 shell => interzone-default",
    );
}

#[test]
fn users_are_not_mapped() {
    check(
        "PANOS.md 2.2: unmapped is `unknown`, `known-user` needs a mapping",
        r#"k | source-user = "known-user"
           u | source-user = ["bob", "unknown"]; application = "web"
           a | source-user = "any""#,
        "untrust dmz tcp/80 - => u may
         untrust dmz tcp/81 - => a may",
    );
}

#[test]
fn disabled_rules_are_not_compiled() {
    check(
        "PANOS.md 2.1, 2.2",
        r#"b | action = "drop"; disabled = true
           a | application = "web""#,
        "untrust dmz tcp/80 - => a may",
    );
}

#[test]
fn rule_types() {
    check(
        "PANOS.md 2.2: zone any, universal: within and between zones",
        r#"a | service = "any""#,
        "untrust dmz tcp/1 - => a
         dmz     dmz tcp/1 - => a",
    );
    check(
        "PANOS.md 2.2: intrazone only where the zones are the same, for each listed zone",
        r#"a | rule-type = "intrazone"; from = "dmz"; service = "any"; action = "drop""#,
        "dmz     dmz     tcp/1 - => a
         untrust dmz     tcp/1 - => interzone-default
         untrust untrust tcp/1 - => intrazone-default",
    );
    check(
        "PANOS.md 2.2: interzone only where they differ",
        r#"a | rule-type = "interzone"; from = ["dmz", "untrust"]; to = ["dmz", "untrust"]; service = "any""#,
        "dmz     dmz tcp/1 - => intrazone-default
         untrust dmz tcp/1 - => a",
    );
}

#[test]
fn no_rule_matches() {
    check(
        "PANOS.md 2.2: intrazone-default allows, interzone-default denies",
        "",
        "dmz     dmz tcp/1 - => intrazone-default
         untrust dmz tcp/1 - => interzone-default",
    );
    let world = world("");
    let action = |text| world.policy.lookup(&query(&world, text)).action.name();
    assert_eq!(action("dmz dmz tcp/1 -"), "allow");
    assert_eq!(action("untrust dmz tcp/1 -"), "deny");
}

#[test]
fn full_lookup_is_per_application() {
    check(
        "PANOS.md 2.4: 80 belongs to web, so that the SYN passes and shell is refused there",
        r#"a | application = ["web", "shell"]"#,
        "untrust dmz tcp/80 -     => a may
         untrust dmz tcp/80 shell => interzone-default
         untrust dmz tcp/22 shell => a
         untrust dmz tcp/22 web   => interzone-default",
    );
}

#[test]
fn implicit_use() {
    check(
        "PANOS.md 2.5, 2.1: allowed on the ports of the application that uses it",
        r#"a | application = "social""#,
        "untrust dmz tcp/443 -      => a may
         untrust dmz tcp/443 web    => a implicitly
         untrust dmz tcp/443 social => a
         untrust dmz tcp/80  -      => interzone-default
         untrust dmz tcp/80  web    => interzone-default",
    );
    check(
        "PANOS.md 2.5: only where no explicit rule handles it",
        r#"a | application = "social"; service = "any"
           b | application = "web"; service = "any"; action = "deny"
           c | application = "any"; service = "any""#,
        "untrust dmz tcp/443 web => b",
    );
    check(
        "PANOS.md 2.5: a rule for any application does not handle it explicitly",
        r#"a | application = "social"; service = "any"
           c | application = "any"; service = "any"; action = "deny"
           b | application = "web"; service = "any"; action = "deny""#,
        "untrust dmz tcp/443 web => a implicitly",
    );
    check(
        "PANOS.md 2.5: block rules block what they name",
        r#"a | application = "social"; service = "any"; action = "deny""#,
        "untrust dmz tcp/443 web => interzone-default",
    );
    check(
        "PANOS.md 13.2: off by a setting",
        r#"a | application = "social"; [setting.model]; implicit-applications = "no""#,
        "untrust dmz tcp/443 web => interzone-default",
    );
}

/// The explanation as text.
fn walk(world: &World, explanation: &Explanation) -> String {
    let mut text = String::new();
    for step in &explanation.steps {
        match step {
            Step::Skipped { sentence, .. } => text += &format!("{sentence}\n"),
            Step::Rule(rule) => {
                text += &format!("{}: {}\n", world.policy.rule(rule.rule).name, rule.sentence);
                for column in &rule.columns {
                    text += &format!("  {:?}: {}\n", column.certainty, column.sentence);
                }
            }
        }
    }
    text
}

#[test]
fn explanations_speak_of_each_column() {
    let world = world(&rules(
        r#"ping | from = "untrust"; to = "dmz"; application = ["ping", "icmp", "tunnel"]
           partner | source = ["203.0.113.5", "203.0.113.7"]; application = "web"; service = "tcp-80"
           not us | source = "198.51.100.0/24"; negate-source = true
           block | application = "shell"; service = "any"; action = "drop"
           within | rule-type = "intrazone"
           other | from = "dmz"
           users | source-user = "bob"
           open | application = "web""#,
    ));
    let explanation = world.policy.explain(&query(&world, "untrust dmz tcp/80 -"));
    assert_eq!(
        walk(&world, &explanation),
        "ping: does not match
  Yes: zones untrust → dmz
  Yes: source any
  Yes: destination any
  Unknown: application not known yet: may match
  No: service application-default: tcp/80 is no default port of icmp, ping, tunnel
partner: does not match
  Yes: zones untrust → dmz
  No: source 198.51.100.1 is not in `203.0.113.5`, `203.0.113.7`
  Yes: destination any
  Unknown: application not known yet: may match
  Yes: service tcp/80 is in `tcp-80`
not us: does not match
  Yes: zones untrust → dmz
  No: source 198.51.100.1 is in `198.51.100.0/24` (negated)
  Yes: destination any
  Yes: application any
  Unknown: service application-default: any port may be a default port
block: may match, but it blocks and the application is not known: passed over
  Yes: zones untrust → dmz
  Yes: source any
  Yes: destination any
  Unknown: application not known yet: may match
  Yes: service any
rules 5 to 6: other zones
users: does not match
  Yes: zones untrust → dmz
  Yes: source any
  Yes: destination any
  Yes: application any
  Unknown: service application-default: any port may be a default port
  No: source-user `unknown` is not in `bob`
open: may match: the application is not known yet; action allow
  Yes: zones untrust → dmz
  Yes: source any
  Yes: destination any
  Unknown: application not known yet: may match
  Unknown: service application-default: tcp/80 is a default port of web
"
    );
    let explanation = world.policy.explain(&query(&world, "untrust dmz tcp/80 shell"));
    let text = walk(&world, &explanation);
    for sentence in ["application shell is not in `ping`, `icmp`, `tunnel`", "block: matches: action drop"] {
        assert!(text.contains(sentence), "{text}");
    }
}

#[test]
fn explanations_of_implicit_use() {
    let world = world(&rules(
        r#"a | application = "social"
           b | application = "web"; service = "any"; action = "deny""#,
    ));
    let text = walk(&world, &world.policy.explain(&query(&world, "untrust dmz tcp/443 web")));
    assert!(
        text.contains("a: matches only implicitly, and `b` names the application: passed over\n"),
        "{text}"
    );
    assert!(text.contains("  Yes: application web is used implicitly by social\n"), "{text}");
    assert!(
        text.contains("  Yes: service application-default: tcp/443 is a default port of social\n"),
        "{text}"
    );
}

#[test]
fn explanations_of_large_rulebases_stay_short() {
    let mut lines = String::new();
    for n in 0..5_000 {
        let column = match n % 3 {
            0 => "source = \"203.0.113.1\"",
            1 => "destination = \"203.0.113.1\"",
            _ => "from = \"dmz\"",
        };
        lines += &format!("r{n} | {column}\n");
    }
    lines += "last | service = \"any\"";
    let world = world(&rules(&lines));
    let explanation = world.policy.explain(&query(&world, "untrust dmz tcp/80 -"));
    assert!(explanation.steps.len() < 200, "{}", explanation.steps.len());
    assert_eq!(explanation.answer().unwrap().rule.0, 5_000);
    assert!(walk(&world, &explanation).contains(" to 5,000: do not match\n"));
}
