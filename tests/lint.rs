//! Findings of `lint`: what each kind finds and what it leaves alone, and that nothing it says of reach is wrong.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::process::{Command, Output};

use firstpass::app::AppId;
use firstpass::config::{self, Overrides, World};
use firstpass::flow::{Addr, Protocol, ZoneId};
use firstpass::lint::{self, Finding, KINDS, Kind, Severity};
use firstpass::policy::Query;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

const ZONES: &str =
    "[zones]\ntrust = \"10.0.0.0/8\"\nuntrust = [\"0.0.0.0/0\", \"::/0\"]\ndmz = \"192.0.2.0/24\"\n";

fn world(rules: &str) -> World {
    let zones = if rules.contains("[zones]") { "" } else { ZONES };
    World::from_toml(&format!("{zones}{rules}")).unwrap_or_else(|error| panic!("{error}\n{rules}"))
}

fn findings(rules: &str, kind: &str) -> Vec<Finding> {
    let report = lint::lint(&world(rules), &[Kind::find(kind).unwrap()]);
    assert_eq!(report.undecided, []);
    report.findings
}

/// Applications of newer content: their ports are not known, so that nothing is said of what they do or do not match.
#[test]
fn unknown_ports_are_not_taken_for_none() {
    let rule = |name: &str, application: &str, service: &str| {
        format!(
            "set rulebase security rules {name} from any to any source any destination any application {application} \
             service {service} action allow\n"
        )
    };
    let text = [
        rule("all ssh", "ssh", "any").replace("all ssh", "\"all ssh\""),
        rule("odd", "odd-application", "application-default"),
        rule("mixed", "[ ssh odd-application ]", "application-default"),
        rule("known", "ssh", "application-default"),
    ]
    .concat();
    let world = config::parse("r", text.as_bytes(), &Overrides::default()).unwrap();
    let kinds = ["application-default-unusable", "shadowed", "admits-never-holds", "shadowed-first-packet"];
    let kinds: Vec<_> = kinds.iter().filter_map(|name| Kind::find(name)).collect();
    let report = lint::lint(&world, &kinds);
    let found: Vec<_> = report.findings.iter().map(|found| (found.kind.name, &*found.subject)).collect();
    assert_eq!(found, [("shadowed", "known")]);
}

/// A rule from `untrust` to `dmz`, by name and what else it says.
fn rule(name: &str, rest: &str) -> String {
    format!(
        "[[security]]\nname = \"{name}\"\nfrom = \"untrust\"\nto = \"dmz\"\n{}\n",
        rest.replace("; ", "\n")
    )
}

fn rules(rules: &[(&str, &str)]) -> String {
    rules.iter().map(|(name, rest)| rule(name, rest)).collect()
}

const ANY: &str = "service = \"any\"";
const DROP: &str = "service = \"any\"; action = \"drop\"";

/// Kind, rules, subjects of its findings with their severities.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [(&'static str, Severity)]);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("first-packets-leak", &[("ping", "application = \"ping\"; service = \"any\"")], &[("ping", Severity::Warning)]),
    ("first-packets-leak", &[("ping", "application = \"ping\"")], &[]),
    ("first-packets-leak", &[("web", "application = \"web-browsing\"")], &[]),
    ("first-packets-leak", &[("any", "")], &[("any", Severity::Warning)]),
    ("first-packets-leak", &[("any", ANY)], &[]),
    // A rule below allows whatever it turns out to be: nothing passes that is denied in the end.
    ("first-packets-leak", &[("ping", "application = \"ping\"; service = \"any\""), ("rest", ANY)], &[]),
    // A rule above lets every first packet pass already.
    ("first-packets-leak", &[("one", "application = \"ssh\"; service = \"any\""), ("two", "application = \"ping\"; service = \"any\"")],
        &[("one", Severity::Warning)]),
    // A rule above refuses them.
    ("first-packets-leak", &[("none", "service = \"any\"; action = \"drop\""), ("ping", "application = \"ping\"; service = \"any\"")], &[]),
    ("first-packets-leak", &[("dynamic", "application = \"adobe-flash-socketpolicy-server\"")], &[("dynamic", Severity::Warning)]),
    ("first-packets-leak", &[("all ports", "application = \"ftp\"; service = \"everything\"")], &[("all ports", Severity::Warning)]),
    ("first-packets-leak", &[("one port", "application = \"ftp\"; service = \"ssh\"")], &[]),
    ("first-packets-leak", &[("off", "application = \"ping\"; service = \"any\"; disabled = true")], &[]),

    ("shadowed", &[("one", ANY), ("two", "application = \"ssh\"")], &[("two", Severity::Error)]),
    ("shadowed", &[("one", "application = \"ssh\""), ("two", ANY)], &[]),
    ("shadowed", &[("one", "service = \"any\"; disabled = true"), ("two", "application = \"ssh\"")], &[]),
    ("shadowed", &[("one", "service = \"any\"; source-user = \"bob\""), ("two", "application = \"ssh\"")], &[]),
    ("shadowed", &[("one", "service = \"any\"; source-user = \"bob\""), ("two", "application = \"ssh\"; source-user = \"bob\"")],
        &[("two", Severity::Error)]),
    ("shadowed", &[("one", "service = \"any\"; category = \"news\""), ("two", "application = \"ssh\"")], &[]),
    // Together they take it, neither does alone.
    ("shadowed", &[("low", "source = \"198.51.100.0/25\"; service = \"any\""), ("high", "source = \"198.51.100.128/25\"; service = \"any\""),
        ("all", "source = \"198.51.100.0/24\"; application = \"ssh\"")], &[("all", Severity::Error)]),
    ("shadowed", &[("low", "source = \"198.51.100.0/25\"; service = \"any\""), ("high", "source = \"198.51.100.129-198.51.100.255\"; service = \"any\""),
        ("all", "source = \"198.51.100.0/24\"; application = \"ssh\"")], &[]),
    // `ping` is told by the header and runs over ICMP alone, whatever the service says.
    ("shadowed", &[("none", "service = \"any\"; action = \"drop\""), ("ping", "application = \"ping\"; service = \"any\"")], &[("ping", Severity::Error)]),
    ("shadowed", &[("block ssh", "application = \"ssh\"; service = \"any\"; action = \"deny\""), ("block again", "application = \"ssh\"; service = \"any\"; action = \"drop\"")],
        &[("block again", Severity::Error)]),
    // It allows `web-browsing` implicitly where `facebook-base` itself is blocked above.
    ("shadowed", &[("block", "application = \"facebook-base\"; service = \"any\"; action = \"deny\""), ("allow", "application = \"facebook-base\"")], &[]),

    ("shadowed-first-packet", &[("ping", "application = \"ping\"; service = \"any\""), ("ssh", "application = \"ssh\"")], &[("ssh", Severity::Note)]),
    ("shadowed-first-packet", &[("ping", "application = \"ping\"; service = \"any\""), ("rest", DROP)], &[("rest", Severity::Warning)]),
    ("shadowed-first-packet", &[("ping", "application = \"ping\""), ("ssh", "application = \"ssh\"")], &[]),
    ("shadowed-first-packet", &[("one", ANY), ("two", "application = \"ssh\"")], &[]),

    ("admits-never-holds", &[("none", "application = \"ftp\"; service = \"any\"; action = \"deny\""), ("ftp", "application = \"ftp\"; service = \"any\"")],
        &[("ftp", Severity::Error)]),
    ("admits-never-holds", &[("ping", "application = \"ping\""), ("again", "application = \"ping\"; service = \"any\"")], &[("again", Severity::Error)]),
    ("admits-never-holds", &[("none", "application = \"ftp\"; service = \"any\"; action = \"deny\""), ("both", "application = [\"ftp\", \"ssh\"]; service = \"any\"")], &[]),

    ("missing-dependency", &[("trace", "application = \"traceroute\"")], &[("trace", Severity::Warning)]),
    ("missing-dependency", &[("trace", "application = [\"traceroute\", \"ping\", \"icmp\"]")], &[]),
    ("missing-dependency", &[("trace", "application = \"traceroute\""), ("echo", "application = [\"ping\", \"icmp\"]")], &[]),
    ("missing-dependency", &[("trace", "application = \"traceroute\""), ("echo", "application = [\"ping\", \"icmp\"]; source = \"198.51.100.0/24\"")],
        &[("trace", Severity::Warning)]),
    ("missing-dependency", &[("implicit", "application = \"facebook-base\"")], &[]),
    ("missing-dependency", &[("block", "application = \"traceroute\"; action = \"deny\"")], &[]),


    ("application-default-unusable", &[("moved", "application = \"moved\"")], &[("moved", Severity::Error)]),
    ("application-default-unusable", &[("mixed", "application = [\"moved\", \"ssh\"]")], &[("mixed", Severity::Warning)]),
    ("application-default-unusable", &[("any", "application = \"moved\"; service = \"any\"")], &[]),
    ("application-default-unusable", &[("custom", "application = \"portless\"")], &[]),

    ("icmp-broader-than-ping", &[("a", "application = \"icmp\"")], &[("a", Severity::Note)]),
    ("icmp-broader-than-ping", &[("Ping", "application = \"icmp\"")], &[("Ping", Severity::Warning)]),
    ("icmp-broader-than-ping", &[("a", "application = [\"ping\", \"ipv6-icmp\"]")], &[("a", Severity::Warning)]),
    ("icmp-broader-than-ping", &[("Ping", "application = \"ping\"")], &[]),
    ("icmp-broader-than-ping", &[("Ping", "application = \"icmp\"; action = \"deny\"")], &[]),

    ("any-any", &[("all", ANY)], &[("all", Severity::Warning)]),
    ("any-any", &[("all", DROP)], &[]),
    ("any-any", &[("some", "service = \"any\"; source = \"198.51.100.1\"")], &[]),
    ("any-any", &[("some", "")], &[]),

    ("deny-application-on-port", &[("no ssh", "application = \"ssh\"; service = \"ssh\"; action = \"deny\""), ("rest", ANY)], &[("no ssh", Severity::Warning)]),
    ("deny-application-on-port", &[("no ssh", "application = \"ssh\"; service = \"ssh\"; action = \"deny\"")], &[]),
    ("deny-application-on-port", &[("no port", "service = \"ssh\"; action = \"deny\""), ("rest", ANY)], &[]),
    ("deny-application-on-port", &[("no ssh", "application = \"ssh\"; service = \"ssh\"; action = \"deny\""), ("close", "service = \"ssh\"; action = \"drop\""), ("rest", ANY)], &[]),
    ("deny-application-on-port", &[("no ssh", "application = \"ssh\"; service = \"ssh\"; action = \"deny\""), ("half", "service = \"ssh\"; source = \"198.51.100.0/24\"; action = \"drop\""), ("rest", ANY)],
        &[("no ssh", Severity::Warning)]),

    ("nat-zone-mismatch", &[("web", "destination = \"203.0.113.10\"")], &[("web", Severity::Warning)]),
    ("nat-zone-mismatch", &[("web", "destination = \"192.0.2.10\"")], &[]),
    ("nat-zone-mismatch", &[("web", "destination = [\"192.0.2.10\", \"203.0.113.10\"]")], &[]),
    ("nat-zone-mismatch", &[("wide", "destination = \"192.0.0.0/16\"")], &[]),

    ("never-logs", &[("quiet", "log-end = false")], &[("quiet", Severity::Warning)]),
    ("never-logs", &[("quiet", "log-end = false; action = \"drop\"")], &[("quiet", Severity::Note)]),
    ("never-logs", &[("start", "log-end = false; log-start = true")], &[]),

    ("undefined-object", &[("bob", "source-user = \"bob\""), ("news", "category = \"news\"")], &[("user bob", Severity::Note), ("URL category news", Severity::Note)]),
    ("undefined-object", &[("ssh", "application = \"ssh\"")], &[]),

    ("unused-object", &[], &[("address alone", Severity::Note), ("address group", Severity::Note), ("service everything", Severity::Note),
        ("service ssh", Severity::Note), ("application portless", Severity::Note), ("application moved", Severity::Note)]),
    ("unused-object", &[("uses", "source = \"group\"; service = [\"ssh\", \"everything\"]; application = [\"portless\", \"moved\"]")], &[]),
];

const OBJECTS: &str = "[address]\nalone = \"198.51.100.7\"\ngroup = [\"alone\", \"198.51.100.8\"]\n\
    [service]\nssh = \"tcp/22\"\neverything = \"tcp/1-65535\"\n[application.portless]\ndeny-action = \"drop\"\n\
    [application.moved]\ndefault-ports = \"tcp/7000\"\n";

/// For applications that are not on their default ports.
const MOVED: &str = "[[application-override]]\nname = \"moved\"\nfrom = \"untrust\"\n\
    to = \"dmz\"\nprotocol = \"tcp\"\nport = \"7001\"\napplication = \"moved\"\n";

/// Kinds that are about other rulebases: `tests/lint_decryption.rs` has their cases.
const ELSEWHERE: [&str; 8] = [
    "decryption-never-applies",
    "decryption-without-profile",
    "old-tls-version",
    "override-disables-alg",
    "override-to-predefined",
    "quic-beside-decryption",
    "ssl-denied-before-decryption",
    "unsupported-passes-undecrypted",
];

#[test]
fn each_kind_finds_what_it_should_and_nothing_else() {
    for (kind, list, expected) in CASES {
        let moved = if *kind == "application-default-unusable" { MOVED } else { "" };
        let text = format!("{OBJECTS}{moved}{}", rules(list));
        let mut found: Vec<_> =
            findings(&text, kind).into_iter().map(|finding| (finding.subject, finding.severity)).collect();
        let mut expected: Vec<_> =
            expected.iter().map(|&(subject, severity)| (subject.to_owned(), severity)).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{kind}: {list:?}");
    }
    for kind in KINDS.iter().filter(|kind| !ELSEWHERE.contains(&kind.name)) {
        let cases = || CASES.iter().filter(|case| case.0 == kind.name);
        assert!(cases().any(|case| !case.2.is_empty()), "{} has no case", kind.name);
        assert!(cases().any(|case| case.2.is_empty()), "{} has no case without a finding", kind.name);
    }
}

/// The example of each kind has it.
#[test]
fn examples_have_what_they_are_examples_of() {
    for kind in &KINDS {
        assert!(!findings(kind.example, kind.name).is_empty(), "{}", kind.name);
        for text in [kind.what, kind.why, kind.cure] {
            assert!(
                text.ends_with('.') && text.starts_with(|first: char| first == '`' || first.is_uppercase()),
                "{text}"
            );
        }
    }
    assert!(KINDS.is_sorted_by_key(|kind| kind.name));
}

// Rules at random: little can differ, so that they take from each other.

fn any_rulebase() -> impl Strategy<Value = Vec<String>> {
    let one = |key: &'static str, values: &'static [&'static str]| {
        prop::option::of(select(values))
            .prop_map(move |value| value.map_or(String::new(), |value| format!("{key} = {value}\n")))
    };
    let rule = (
        one("from", &["\"trust\"", "\"untrust\"", "[\"trust\", \"untrust\"]"]),
        one("to", &["\"dmz\"", "\"untrust\"", "\"trust\""]),
        one("source", &["\"10.0.0.0/9\"", "\"10.0.0.0/8\"", "\"10.128.0.0/9\"", "\"10.0.0.1\""]),
        one("destination", &["\"192.0.2.0/25\"", "\"192.0.2.0/24\"", "\"192.0.2.128/25\""]),
        one(
            "application",
            &[
                "\"ping\"",
                "\"ssh\"",
                "[\"ssh\", \"dns\"]",
                "\"facebook-base\"",
                "[\"web-browsing\", \"ssl\"]",
                "\"traceroute\"",
            ],
        ),
        one("service", &["\"any\"", "\"any\"", "\"ssh\"", "\"web\"", "[\"ssh\", \"web\"]"]),
        one("action", &["\"allow\"", "\"deny\"", "\"drop\""]),
    );
    let rule = rule.prop_map(|(a, b, c, d, e, f, g)| [a, b, c, d, e, f, g].concat());
    vec(rule, 2..9)
}

fn numbered(rules: &[String]) -> String {
    let services = "[service]\nssh = \"tcp/22\"\nweb = [\"tcp/80\", \"tcp/443\"]\n";
    let rules =
        rules.iter().enumerate().map(|(number, rule)| format!("[[security]]\nname = \"{number}\"\n{rule}"));
    format!("{services}{}", rules.collect::<String>())
}

/// Tuples of sessions: what the header tells is told, and runs over its own protocol.
fn any_session() -> impl Strategy<Value = (Query, Option<&'static str>)> {
    let over_ports = (
        select(&[Protocol::TCP, Protocol::UDP][..]),
        select(&[22u16, 53, 80, 443, 33_434, 5][..]),
        prop::option::of(select(
            &["ssh", "dns", "facebook-base", "web-browsing", "ssl", "traceroute", "smtp", "unknown-tcp"][..],
        )),
    );
    let told = select(&["ping", "traceroute", "icmp"][..]).prop_map(|app| (Protocol::ICMP, 0u16, Some(app)));
    let ends = (
        select(&[[10u8, 0, 0, 1], [10, 0, 0, 2], [10, 200, 0, 1], [198, 51, 100, 1]][..]),
        select(&[[192u8, 0, 2, 1], [192, 0, 2, 200], [10, 0, 0, 9]][..]),
    );
    (prop_oneof![4 => over_ports, 1 => told], ends, 0..3u16, 0..3u16).prop_map(
        |((protocol, dport, app), (src, dst), from, to)| {
            let (from, to) = (ZoneId(from), ZoneId(to));
            (
                Query {
                    from,
                    to,
                    src: Addr::v4(src),
                    dst: Addr::v4(dst),
                    protocol,
                    sport: 4_000,
                    dport,
                    ..Query::default()
                },
                app,
            )
        },
    )
}

fn known(world: &World, app: Option<&str>) -> Option<AppId> {
    app.map(|app| world.catalog.find(app).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// No session contradicts what is said of reach; a rule that is shadowed can go and nothing changes.
    #[test]
    fn nothing_said_of_reach_is_wrong(list in any_rulebase(), sessions in vec(any_session(), 200)) {
        let world = world(&numbered(&list));
        let kinds: Vec<&'static Kind> = ["shadowed", "shadowed-first-packet", "admits-never-holds"].map(|name| Kind::find(name).unwrap()).into();
        let report = lint::lint(&world, &kinds);
        prop_assert!(report.undecided.is_empty());
        let has = |name: &str, kind: &str| report.findings.iter().any(|finding| finding.subject == name && finding.kind.name == kind);
        for (query, app) in &sessions {
            let app = known(&world, *app);
            let rule = &world.policy.rule(world.policy.lookup(&Query { app, ..*query }).rule).name;
            prop_assert!(!has(rule, "shadowed"), "{rule} {query:?} {app:?}");
            if app.is_none() {
                prop_assert!(!has(rule, "shadowed-first-packet"), "{rule} {query:?}");
            } else {
                prop_assert!(!has(rule, "admits-never-holds"), "{rule} {query:?} {app:?}");
            }
        }
        for finding in report.findings.iter().filter(|finding| finding.kind.name == "shadowed") {
            let mut fewer = list.clone();
            // The others keep their names.
            fewer[finding.subject.parse::<usize>().unwrap()].push_str("disabled = true\n");
            let without = self::world(&numbered(&fewer));
            for (query, app) in &sessions {
                let query = Query { app: known(&world, *app), ..*query };
                let name = |world: &World| world.policy.rule(world.policy.lookup(&query).rule).name.clone();
                prop_assert_eq!(name(&world), name(&without), "{:?}", query);
            }
        }
    }
}

// The program.

fn firstpass(rules: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.toml"), rules).unwrap();
    Command::new(env!("CARGO_BIN_EXE_firstpass"))
        .current_dir(folder.path())
        .args(["lint", "--rules", "rules.toml"])
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn mixed() -> String {
    let list = rules(&[
        ("Ping", "application = [\"ping\", \"traceroute\", \"icmp\"]; service = \"any\""),
        ("No SSH", "application = \"ssh\"; service = \"ssh\"; action = \"deny\""),
        ("FTP", "application = \"ftp\""),
        ("Ping again", "application = \"ping\"; log-end = false"),
        ("Rest", DROP),
    ]);
    format!("{ZONES}[service]\nssh = \"tcp/22\"\nold = \"tcp/8\"\n{list}")
}

#[test]
fn text() {
    insta::assert_snapshot!("lint_text", stdout(&firstpass(&mixed(), &[])));
}

#[test]
fn explanation() {
    let output = Command::new(env!("CARGO_BIN_EXE_firstpass"))
        .args(["lint", "--explain", "admits-never-holds"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!("lint_explain", stdout(&output));
}

#[test]
fn exit_status_and_selection() {
    let clean = format!("{ZONES}{}", rule("Web", "application = \"web-browsing\""));
    let noted =
        format!("{ZONES}[address]\nold = \"192.0.2.1\"\n{}", rule("Web", "application = \"web-browsing\""));
    let mixed = mixed();
    for (rulebase, arguments, status) in [
        (&clean, &[][..], 0),
        (&noted, &[], 0),
        (&noted, &["--fail-on", "note"], 1),
        (&mixed, &[], 1),
        (&mixed, &["--fail-on", "never"], 0),
        (&mixed, &["--only", "unused-object"], 0),
        (&mixed, &["--only", "unused-object", "--fail-on", "note"], 1),
        (&mixed, &["--skip", "shadowed", "--skip", "never-logs", "--fail-on", "error"], 0),
        (&mixed, &["--only", "no-such-kind"], 2),
    ] {
        assert_eq!(firstpass(rulebase, arguments).status.code(), Some(status), "{arguments:?}");
    }
    assert_eq!(stdout(&firstpass(&clean, &[])), "no findings in 1 rule\n");
    let json: Value = serde_json::from_slice(&firstpass(&mixed, &["--format", "json"]).stdout).unwrap();
    let listed = json["findings"].as_array().unwrap();
    assert_eq!(json["summary"]["rules"], 5);
    assert_eq!(listed[0]["severity"], "error");
    assert_eq!((&listed[0]["line"], &listed[0]["column"]), (&Value::from(27), &Value::from(8)));
    let without = Command::new(env!("CARGO_BIN_EXE_firstpass")).arg("lint").output().unwrap();
    assert_eq!(without.status.code(), Some(2));
}

/// What the SARIF 2.1.0 schema requires, by hand: versions, `driver.name`, messages, one-based places, levels, and
/// references to rules that are there.
#[test]
fn sarif() {
    let sarif = |rules: &str| -> Value {
        serde_json::from_slice(&firstpass(rules, &["--format", "sarif"]).stdout).unwrap()
    };
    let document = sarif(&mixed());
    assert_eq!(document["version"], "2.1.0");
    assert!(document["$schema"].as_str().unwrap().ends_with("sarif-2.1.0.json"));
    let run = &document["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "firstpass");
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let described = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in described {
        for key in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[key]["text"].as_str().unwrap().is_empty());
        }
        assert!(
            ["error", "warning", "note"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap())
        );
    }
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(described[index]["id"], result["ruleId"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        for location in result["locations"]
            .as_array()
            .unwrap()
            .iter()
            .chain(result["relatedLocations"].as_array().unwrap())
        {
            let physical = &location["physicalLocation"];
            assert_eq!(physical["artifactLocation"]["uri"], "rules.toml");
            assert!(physical["region"]["startLine"].as_u64().unwrap() >= 1);
            assert!(physical["region"]["startColumn"].as_u64().unwrap() >= 1);
        }
    }
    // Rules that move to other lines keep the fingerprints of their findings.
    let fingerprints = |document: &Value| -> Vec<String> {
        let results = document["runs"][0]["results"].as_array().unwrap().iter();
        let mut prints: Vec<String> = results
            .map(|result| result["partialFingerprints"]["firstpassFinding/v1"].as_str().unwrap().to_owned())
            .collect();
        prints.sort();
        prints
    };
    let before = fingerprints(&document);
    assert_eq!(before, fingerprints(&sarif(&format!("# moved\n\n{}", mixed()))));
    let mut distinct = before.clone();
    distinct.dedup();
    assert_eq!(before, distinct);
}

/// Nothing but the lines of rules and objects is shown, of a long line only the name itself.
#[test]
fn text_beside_a_name_in_a_long_line_is_not_shown() {
    let secret = "x".repeat(300);
    let rules = format!(
        "{ZONES}security = [ {{ description = \"secret {secret}\", name = \"All\", service = \"any\" }} ]\n"
    );
    let rules = rules.replacen("[zones]", "", 1);
    let (zones, rule) = rules.split_once("security =").unwrap();
    let text = format!("security ={rule}[zones]{zones}");
    for format in ["text", "json", "sarif"] {
        let output = stdout(&firstpass(&text, &["--format", format]));
        assert!(output.contains("any-any") && !output.contains("secret"), "{output}");
    }
}
