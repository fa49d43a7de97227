//! `firstpass match`: the running form of rules (PANOS.md 2.1, 11.6), and the answer with its reasons.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use firstpass::config::{Overrides, World, parse};
use firstpass::flow::{Addr, Arrival, Protocol};
use firstpass::policy::{Query, Tuple};
use serde_json::Value;

const GROUND: &str = r#"
[zones]
untrust = ["0.0.0.0/0", "::/0"]
dmz = ["192.0.2.0/24", "2001:db8:1::/64"]
"new zone" = "198.51.100.0/24"
[address]
pair = ["203.0.113.10", "203.0.113.12"]
[service]
alt = "tcp/8000,80,8080"
low = { protocol = "udp", port = "514", source-port = "1-1023,2000" }
[application.social]
default-ports = "tcp/443"
implicit-use = "web-browsing"
[application.anywhere]
default-ports = ["tcp/dynamic", "udp/7"]
[application.nowhere]
"#;

fn world(rules: &str) -> World {
    World::from_toml(&format!("{GROUND}{rules}")).map_err(|error| error.render(false)).unwrap()
}

/// Keys of one allow rule, its tuples, and those it allows implicitly.
const COMPILED: &[(&str, &str, &str)] = &[
    // The cases of PANOS.md 2.1.
    (r#"service = "any""#, "any/any/any/any", ""),
    (r#"service = "alt""#, "any/tcp/any/8000 any/tcp/any/80 any/tcp/any/8080", ""),
    (r#"application = "dns""#, "dns/tcp/any/53 dns/udp/any/53 dns/udp/any/5353", ""),
    (r#"application = ["bgp", "ping"]"#, "bgp/tcp/any/179 bgp/udp/any/179 ping/icmp/any/any", ""),
    (r#"application = ["icmp", "ping"]"#, "icmp/icmp/any/any ping/icmp/any/any", ""),
    (r#"application = ["ssl", "social"]"#, "ssl/tcp/any/443 social/tcp/any/443", "web-browsing/tcp/any/443"),
    ("application = \"dns\"\nservice = \"any\"", "dns/any/any/any", ""),
    // The others that 12.3 names.
    (
        r#"application = "traceroute""#,
        "traceroute/udp/any/33434-33534 traceroute/icmp/any/any traceroute/icmp6/any/any",
        "",
    ),
    (r#"application = ["ipv6-icmp", "gre"]"#, "ipv6-icmp/icmp6/any/any gre/47/any/any", ""),
    // The order is the rule's own.
    (r#"application = ["ping", "bgp"]"#, "ping/icmp/any/any bgp/tcp/any/179 bgp/udp/any/179", ""),
    // Named twice, compiled once; a container stands for its functions.
    (r#"application = ["ping", "ping"]"#, "ping/icmp/any/any", ""),
    (
        "application = \"snmp\"\nservice = \"service-https\"",
        "snmp-base/tcp/any/443 snmpv1/tcp/any/443 snmpv2/tcp/any/443 snmpv3/tcp/any/443",
        "",
    ),
    (r#"application = "anywhere""#, "anywhere/tcp/any/any anywhere/udp/any/7", ""),
    (r#"application = "nowhere""#, "nowhere/tcp/any/any nowhere/udp/any/any", ""),
    ("application = \"any\"", "any/any/any/any", ""),
    ("service = \"low\"", "any/udp/1-1023,2000/514", ""),
    (
        "application = \"social\"\nservice = [\"alt\", \"low\"]",
        "social/tcp/any/8000 social/tcp/any/80 social/tcp/any/8080 social/udp/1-1023,2000/514",
        "web-browsing/tcp/any/8000 web-browsing/tcp/any/80 web-browsing/tcp/any/8080 \
         web-browsing/udp/1-1023,2000/514",
    ),
    // What is named is not implicit; a block rule allows nothing.
    (r#"application = ["social", "web-browsing"]"#, "social/tcp/any/443 web-browsing/tcp/any/80", ""),
    ("application = \"social\"\naction = \"deny\"", "social/tcp/any/443", ""),
];

#[test]
fn rules_compile_to_tuples() {
    let texts = |tuples: &[Tuple]| tuples.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    for (keys, tuples, implicit) in COMPILED {
        let world = world(&format!("[[security]]\nname = \"r\"\n{keys}\n"));
        let running = world.policy.running(firstpass::policy::RuleId(0));
        assert_eq!(texts(&running.tuples), *tuples, "{keys}");
        assert_eq!(texts(&running.implicit), *implicit, "{keys}: implicit");
    }
}

/// Ports times applications are bounded, whatever the rulebase.
#[test]
fn a_rule_of_too_many_tuples_is_cut() {
    let ports: Vec<String> = (1..=6_000).map(|port| (port * 2).to_string()).collect();
    let rules = format!(
        "[service-group]\ng = \"many\"\n[[security]]\nname = \"r\"\nservice = \"g\"\n[service.many]\nprotocol = \
         \"tcp\"\nport = \"{}\"\n",
        ports.join(",")
    );
    let running = world(&rules).policy.running(firstpass::policy::RuleId(0));
    assert_eq!((running.tuples.len(), running.more_tuples), (5_000, true));
}

const RULES: &str = r#"
[[security]]
name = "Old"
disabled = true
[[security]]
name = "No FTP"
application = "ftp"
action = "deny"
[[security]]
name = "Partners"
from = ["untrust", "new zone"]
to = "dmz"
source = ["pair", "198.51.100.0/24"]
negate-source = true
destination = "2001:db8:1::/64"
application = ["ssl", "social"]
[[security]]
name = "Web"
from = "untrust"
to = "dmz"
application = ["web-browsing", "ssh"]
[[security]]
name = "Unreachable"
rule-type = "interzone"
source-user = "alice"
action = "drop"
icmp-unreachable = true
[[security]]
name = "Rest"
to = "dmz"
service = "alt"
"#;

/// Runs `match` with the rulebase above.
fn asked(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.toml");
    std::fs::write(&path, format!("{GROUND}{RULES}")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_firstpass"))
        .args(["match", "--rules", path.to_str().unwrap()])
        .args(arguments)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Arguments in one line, with the source and destination that most queries share.
fn words(line: &str) -> Vec<&str> {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    if !words.contains(&"--source") {
        words.extend(["--source", "203.0.113.5"]);
    }
    if !words.contains(&"--destination") {
        words.extend(["--destination", "192.0.2.10"]);
    }
    words
}

fn json(line: &str) -> Value {
    let mut words = words(line);
    words.extend(["--format", "json"]);
    serde_json::from_str(&text(&asked(&words))).unwrap()
}

/// Query, and rule with its place, action, certainty and where the application comes from.
const ANSWERS: &[(&str, &str)] = &[
    ("--protocol tcp --destination-port 80", "Web 3 allow may -"),
    ("--protocol 6 --destination-port 80", "Web 3 allow may -"),
    ("--protocol tcp --destination-port 22 --application ssh", "Web 3 allow yes given"),
    ("--protocol tcp --destination-port 80 --application ssh", "Rest 5 allow yes given"),
    ("--protocol tcp --destination-port 21", "interzone-default 7 deny yes -"),
    ("--protocol tcp --destination-port 21 --application ftp", "No FTP 1 deny yes given"),
    ("--protocol tcp --destination-port 8000 --from dmz --to dmz", "Rest 5 allow yes -"),
    ("--protocol tcp --destination-port 8001 --from dmz --to dmz", "intrazone-default 6 allow yes -"),
    ("--protocol icmp", "interzone-default 7 deny yes header"),
    ("--protocol 47", "interzone-default 7 deny yes header"),
    ("--protocol GRE", "interzone-default 7 deny yes header"),
    (
        "--protocol tcp --destination-port 443 --source 2001:db8:9::1 --destination 2001:db8:1::1",
        "Partners 2 allow may -",
    ),
    (
        "--protocol tcp --destination-port 443 --source 2001:db8:9::1 --destination 2001:db8:1::1 --application \
         web-browsing",
        "Partners 2 allow yes given",
    ),
    (
        "--protocol icmp --source 2001:db8:9::1 --destination 2001:db8:1::1",
        "interzone-default 7 deny yes header",
    ),
    (
        "--protocol udp --destination-port 514 --source-port 20 --to untrust",
        "intrazone-default 6 allow yes -",
    ),
];

#[test]
fn answers() {
    for (query, answer) in ANSWERS {
        let found = json(query);
        let said = |key: &str| found[key].as_str().unwrap().to_owned();
        let source = found["query"]["application_source"].as_str().unwrap_or("-");
        let shown =
            format!("{} {} {} {} {source}", said("rule"), found["index"], said("action"), said("certainty"));
        assert_eq!(shown, *answer, "{query}");
    }
    let icmp6 = json("--protocol icmp --source 2001:db8:9::1 --destination 2001:db8:1::1");
    assert_eq!(icmp6["query"]["application"], "ipv6-icmp");
}

#[test]
fn text_is_the_running_form_and_why() {
    let query =
        words("--protocol tcp --destination-port 443 --source 2001:db8:9::1 --destination 2001:db8:1::1");
    let found = text(&asked(&query));
    let (running, why) = found.split_once("\nfirstpass: why\n").unwrap();
    assert_eq!(
        running,
        r#""Partners; index: 2" {
        from [ untrust "new zone" ];
        source [ 198.51.100.0/24 203.0.113.10 203.0.113.12 ](negate);
        source-region none;
        to dmz;
        destination 2001:db8:1::/64;
        destination-region none;
        user any;
        source-device any;
        destinataion-device any;
        category any;
        application/service [0:ssl/tcp/any/443 1:social/tcp/any/443 ];
        application/service(implicit) 0:web-browsing/tcp/any/443;
        action allow;
        icmp-unreachable: no
        terminal yes;
}
"#
    );
    for line in [
        "untrust → dmz · 2001:db8:9::1 → 2001:db8:1::1 · tcp/443 · application not known yet",
        "rule 1 `No FTP` does not match: service application-default: tcp/443 is no default port of ftp",
        "rule 2 `Partners` may match",
        "the answer for the first packet",
        "allow by rule 2 `Partners`: ssl, web-browsing, social",
        "deny by rule 7 `interzone-default`: any other, ",
    ] {
        assert!(why.contains(line), "`{line}` is missing in\n{why}");
    }
    let refused = text(&asked(&words("--protocol tcp --destination-port 21")));
    assert!(refused.starts_with("\"interzone-default; index: 7\" {\n        from any;"), "{refused}");
    assert!(refused.contains("        terminal yes;\n        type interzone;\n}\n"), "{refused}");
    assert!(refused.contains("it is refused, no session is made"), "{refused}");
}

#[test]
fn show_all_goes_on_to_the_first_rule_that_allows() {
    let names = |query: &str| -> Vec<String> {
        let found = json(query);
        let rules = found["potential_rules"].as_array().unwrap();
        rules.iter().map(|rule| rule["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("--protocol tcp --destination-port 80 --show-all"), ["Web", "Rest"]);
    assert_eq!(names("--protocol tcp --destination-port 22 --show-all yes"), ["Web", "interzone-default"]);
    assert_eq!(
        names("--protocol tcp --destination-port 21 --application ftp --show-all"),
        ["No FTP", "interzone-default"]
    );
    assert_eq!(json("--protocol tcp --destination-port 80 --show-all no")["potential_rules"], Value::Null);
    let both = text(&asked(&words("--protocol tcp --destination-port 80 --show-all")));
    assert_eq!(both.matches("; index: ").count(), 2, "{both}");
}

/// Arguments, and what the error must say.
const ERRORS: &[(&str, &[&str])] = &[
    ("--protocol tcp", &["needs a destination port", "--destination-port"]),
    ("--protocol icmp --destination-port 1", &["has no ports"]),
    ("--protocol 256", &["0 to 255"]),
    ("--protocol tpc --destination-port 1", &["gre"]),
    ("--protocol tcp --destination-port 1 --from dnz", &["no zone `dnz`", "did you mean `dmz`?"]),
    ("--protocol tcp --destination-port 1 --to inside", &["no zone `inside`", "untrust, dmz, new zone"]),
    (
        "--protocol tcp --destination-port 1 --application web-browsin",
        &["no application `web-browsin`", "did you mean `web-browsing`?"],
    ),
    (
        "--protocol tcp --destination-port 1 --application snmp",
        &["container", "snmp-base, snmpv1, snmpv2, snmpv3"],
    ),
    (
        "--protocol tcp --destination-port 1 --source 2001:db8::1 --destination 192.0.2.1",
        &["one is IPv4, one is IPv6"],
    ),
    ("--protocol tcp --destination-port 1 --source 192.0.2.300", &["192.0.2.300"]),
    ("--destination-port 1", &["--protocol"]),
    ("--protocol tcp --destination-port 1 --show-all maybe", &["yes"]),
];

#[test]
fn errors_say_what_to_do() {
    for (query, says) in ERRORS {
        let output = asked(&words(query));
        let message = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(2), "{query}\n{message}");
        assert!(output.stdout.is_empty(), "{query}");
        for text in *says {
            assert!(message.contains(text), "{query}: `{text}` is missing in\n{message}");
        }
    }
}

#[test]
fn time_and_category_decide_where_rules_ask_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.toml");
    let rules = "[schedule.office]\ndaily = \"08:00-17:00\"\n[url-category]\ngames = \"games.example.org\"\n\
                 [[security]]\nname = \"r\"\nto = \"dmz\"\nschedule = \"office\"\ncategory = \"games\"\n\
                 application = \"web-browsing\"\n";
    std::fs::write(&path, format!("{GROUND}{rules}")).unwrap();
    let run = |more: &str| {
        let query = words("--protocol tcp --destination-port 80 --application web-browsing --format json");
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstpass"));
        command.args(["match", "--rules", path.to_str().unwrap()]).args(query);
        command.args(more.split_whitespace()).output().unwrap()
    };
    let untold = run("");
    assert_eq!(untold.status.code(), Some(2));
    assert!(String::from_utf8(untold.stderr).unwrap().contains("add `--at TIME`"));
    for (more, rule, certainty) in [
        ("--at 2026-11-20T10:00:00Z", "r", "may"),
        ("--at 2026-11-20T10:00:00Z --category games", "r", "yes"),
        ("--at 2026-11-20T10:00:00Z --category news", "interzone-default", "yes"),
        ("--at 2026-11-20T22:30:00+05:00 --category games", "interzone-default", "yes"),
        ("--at 2026-11-20T20:00:00+05:00 --category games", "r", "yes"),
    ] {
        let found: Value = serde_json::from_str(&text(&run(more))).unwrap();
        assert_eq!(
            (found["rule"].as_str(), found["certainty"].as_str()),
            (Some(rule), Some(certainty)),
            "{more}"
        );
    }
}

/// Who is at the source, as the table has it or as the command line says, and the rule that answers.
#[test]
fn the_source_user_decides_where_rules_ask_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.toml");
    let rules = "[user]\n'corp\\ann' = \"203.0.113.0/28\"\nbob = \"198.51.100.1\"\n[user-group]\nadmins = \
                 ['corp\\ann']\nstaff = [\"admins\", \"bob\"]\n[[security]]\nname = \"bob\"\nsource-user = \"Bob\"\n\
                 [[security]]\nname = \"staff\"\nsource-user = \"staff\"\n[[security]]\nname = \"carol\"\nsource-user \
                 = \"carol\"\n[[security]]\nname = \"known\"\nsource-user = \"known-user\"\n[[security]]\nname = \
                 \"unknown\"\nsource-user = \"unknown\"\n";
    std::fs::write(&path, format!("{GROUND}{rules}")).unwrap();
    let run = |more: &str| {
        let query = words("--protocol tcp --destination-port 80 --application web-browsing");
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstpass"));
        command.args(["match", "--rules", path.to_str().unwrap()]).args(query);
        command.args(more.split_whitespace()).output().unwrap()
    };
    for (more, rule, user) in [
        ("", "staff", Some("corp\\ann")),
        ("--source-user BOB", "bob", Some("bob")),
        ("--source-user corp\\ann", "staff", Some("corp\\ann")),
        ("--source-user admins", "staff", Some("admins")),
        ("--source-user Carol", "carol", Some("Carol")),
        ("--source-user dave", "known", Some("dave")),
        ("--source-user known-user", "known", Some("known-user")),
        ("--source-user unknown", "unknown", None),
    ] {
        let found: Value = serde_json::from_str(&text(&run(&format!("{more} --format json")))).unwrap();
        let answer = (found["rule"].as_str(), found["query"]["source_user"].as_str());
        assert_eq!(answer, (Some(rule), user), "{more}");
    }
    let why = text(&run("--source-user dave"));
    assert!(why.contains("203.0.113.5 (dave) → 192.0.2.10"), "{why}");
    let any = run("--source-user any");
    assert_eq!(any.status.code(), Some(2));
    assert!(String::from_utf8(any.stderr).unwrap().contains("`known-user` or `unknown`"));
}

#[test]
fn show_running_prints_every_rule() {
    let all = text(&asked(&["--show-running"]));
    let names: Vec<&str> = all.lines().filter(|line| line.ends_with(" {")).collect();
    assert_eq!(
        names,
        [
            "\"No FTP; index: 1\" {",
            "\"Partners; index: 2\" {",
            "\"Web; index: 3\" {",
            "\"Unreachable; index: 4\" {",
            "\"Rest; index: 5\" {",
            "\"intrazone-default; index: 6\" {",
            "\"interzone-default; index: 7\" {"
        ]
    );
    assert!(all.ends_with("        type interzone;\n}\n\ndynamic url: no\n"), "{all}");
    let found: Value = serde_json::from_str(&text(&asked(&["--show-running", "--format", "json"]))).unwrap();
    assert_eq!(found["rules"].as_array().unwrap().len(), 7);
    assert_eq!(found["rules"][1]["name"], "Partners");
    let both = asked(&["--show-running", "--source", "192.0.2.1"]);
    assert_eq!(both.status.code(), Some(2));
    assert_eq!(asked(&[]).status.code(), Some(2));
}

/// Verdicts that others found for real configurations: configuration, interface, addresses, protocol, port, verdict,
/// and the rule where it is known.
#[test]
fn known_verdicts_agree() {
    let corpus = std::env::var_os("FIRSTPASS_CORPUS").map(PathBuf::from);
    let corpus = corpus.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"));
    let folder = corpus.join("configs");
    let Ok(truth) = std::fs::read_to_string(folder.join("POLICY_TRUTH.tsv")) else {
        println!("SKIPPED: no verdicts in {}", folder.display());
        return;
    };
    let mut wrong = Vec::new();
    for line in truth.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [file, _, interface, src, dst, protocol, port, verdict, rule, ..] = fields[..] else {
            panic!("{line}")
        };
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let world = parse(file, &bytes, &Overrides::default()).map_err(|error| error.render(false)).unwrap();
        let (allows, found) = verdict_of(&world, interface, src, dst, protocol, port);
        if allows != (verdict == "permit") || !rule.is_empty() && found != rule {
            wrong.push(format!("{line}\n  {allows} by {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether the first packet passes, and by which rule.
fn verdict_of(
    world: &World,
    interface: &str,
    src: &str,
    dst: &str,
    protocol: &str,
    port: &str,
) -> (bool, String) {
    let addr = |text: &str| -> Addr { text.parse::<std::net::IpAddr>().unwrap().into() };
    let (src, dst) = (addr(src), addr(dst));
    let arrival = Arrival { interface: world.network.find(interface), ..Arrival::default() };
    let from = world.network.ingress(arrival, src, dst).unwrap();
    // Without a route the verdict is about the rules between two zones, whichever they are.
    let other = || {
        world.zones.names().iter().map(|name| world.zones.find(name).unwrap()).find(|&zone| zone != from.zone)
    };
    let to = world.network.egress(&from, dst).map(|place| place.zone).ok().or_else(other).unwrap();
    let protocol = if protocol == "tcp" { Protocol::TCP } else { Protocol::UDP };
    let dport = port.parse().unwrap();
    let mut query =
        Query { from: from.zone, to, src, dst, protocol, sport: 40_000, dport, ..Query::default() };
    query.app = world.overrides.lookup(&query).map(|rule| rule.application);
    let lookup = world.policy.lookup(&query);
    (lookup.action.is_allow(), world.policy.rule(lookup.rule).name.clone())
}
