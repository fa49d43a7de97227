//! Findings of `lint` about decryption rules and profiles, and about overrides that switch a gateway off (PANOS.md 2.7,
//! 7, 8).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use firstpass::config::World;
use firstpass::flow::{Addr, Protocol, ZoneId};
use firstpass::lint::{self, Finding, Kind};
use firstpass::policy::Query;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const OBJECTS: &str = r#"
[zones]
lan = "10.0.0.0/8"
web = "0.0.0.0/0"
dmz = "192.0.2.0/24"
[service]
https = "tcp/443"
dns = "udp/53"
high = "tcp/1024-65535"
data = ["tcp/20-21", "tcp/1024-65535"]
[application.own]
default-ports = "tcp/7000"
[application.own-ftp]
default-ports = ["tcp/20,21", "tcp/1024-65535"]
[decryption-profile.strict.ssl-forward-proxy]
block-expired-certificate = true
block-unsupported-version = true
block-unsupported-cipher = true
[decryption-profile.strict.ssl-protocol-settings]
min-version = "tls1-2"
[decryption-profile.lax.ssl-forward-proxy]
block-unsupported-version = true
"#;

/// Rules of a rulebase, from `lan` to `web`: `security NAME: rest; rest`.
fn rulebase(lines: &[&str]) -> String {
    let rule = |line: &&str| {
        let (head, rest) = line.split_once(':').unwrap();
        let (rulebase, name) = head.split_once(' ').unwrap();
        let zones = if rest.contains("from =") { "" } else { "from = \"lan\"\nto = \"web\"\n" };
        format!("[[{rulebase}]]\nname = \"{name}\"\n{zones}{}\n", rest.replace("; ", "\n"))
    };
    format!("{OBJECTS}{}", lines.iter().map(rule).collect::<String>())
}

fn findings(lines: &[&str], kind: &str) -> Vec<Finding> {
    let text = rulebase(lines);
    let world = World::from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let report = lint::lint(&world, &[Kind::find(kind).unwrap()]);
    assert_eq!(report.undecided, []);
    report.findings
}

const ALL: &str = "security all: service = \"any\"; action = \"allow\"";
const WEB: &str = "security web: application = \"web-browsing\"; action = \"allow\"";
const BOTH: &str = "security web: application = [\"web-browsing\", \"ssl\"]; action = \"allow\"";
const NO_SSL: &str = "security no ssl: application = \"ssl\"; service = \"any\"; action = \"deny\"";
const DECRYPT: &str = "decryption d: action = \"decrypt\"";

/// Kind, rules, and the subjects that are found with the words that matter.
type Case = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("shadowed", &[ALL, DECRYPT, "decryption banks: destination = \"192.0.2.1\"; action = \"no-decrypt\""],
        &[("decryption banks", "is never reached: `d` above takes all that it matches")]),
    ("shadowed", &[ALL, "decryption banks: destination = \"192.0.2.1\"; action = \"no-decrypt\"", DECRYPT], &[]),
    ("shadowed", &[ALL, "decryption low: destination = \"0.0.0.0-127.255.255.255\"", "decryption high: destination = \"128.0.0.0-255.255.255.255\"",
        "decryption v4: destination = \"0.0.0.0/0\""], &[("decryption v4", "`low` and `high` above together take")]),
    // A rule for one category leaves the others, one for other ports them.
    ("shadowed", &[ALL, "decryption news: category = \"news\"", DECRYPT], &[]),
    ("shadowed", &[ALL, "decryption news: category = \"news\"", "decryption again: category = \"news\"; action = \"decrypt\""], &[("decryption again", "")]),
    ("shadowed", &[ALL, "decryption https: service = \"https\"", DECRYPT], &[]),
    ("shadowed", &[ALL, "decryption off: disabled = true", DECRYPT], &[]),

    ("decryption-never-applies", &[ALL, "decryption d: service = \"dns\"; action = \"decrypt\""], &[("decryption d", "no service of it is a TCP port")]),
    ("decryption-never-applies", &[WEB, "decryption d: from = \"web\"; to = \"lan\"; action = \"decrypt\""], &[("decryption d", "`interzone-default` denies it")]),
    ("decryption-never-applies", &[ALL, "application-override o: protocol = \"tcp\"; port = \"0-65535\"; application = \"own\"", DECRYPT],
        &[("decryption d", "application override takes all of it")]),
    ("decryption-never-applies", &[ALL, "application-override o: protocol = \"tcp\"; port = \"443\"; application = \"own\"", DECRYPT], &[]),
    ("decryption-never-applies", &[ALL, "decryption d: service = \"dns\"; action = \"decrypt\"; disabled = true"], &[]),
    ("decryption-never-applies", &[WEB, "decryption d: from = \"any\"; to = \"any\"; action = \"decrypt\""], &[]),

    ("decryption-without-profile", &[ALL, DECRYPT], &[("decryption d", "decrypts without a profile")]),
    ("decryption-without-profile", &[ALL, "decryption d: action = \"no-decrypt\""], &[("decryption d", "leaves sessions undecrypted")]),
    ("decryption-without-profile", &[ALL, "decryption d: action = \"decrypt\"; profile = \"lax\""], &[]),

    ("old-tls-version", &[ALL, "decryption d: action = \"decrypt\"; profile = \"lax\"", "decryption e: action = \"decrypt\"; profile = \"lax\""],
        &[("decryption-profile lax", "from `tls1-0` on")]),
    ("old-tls-version", &[ALL, "decryption d: action = \"decrypt\"; profile = \"default\""], &[("decryption-profile default", "")]),
    ("old-tls-version", &[ALL, "decryption d: action = \"decrypt\"; profile = \"strict\""], &[]),
    ("old-tls-version", &[ALL, "decryption d: action = \"no-decrypt\"; profile = \"lax\""], &[]),

    ("unsupported-passes-undecrypted", &[ALL, "decryption d: action = \"decrypt\"; profile = \"lax\""],
        &[("decryption-profile lax", "does not set `block-unsupported-cipher`")]),
    ("unsupported-passes-undecrypted", &[ALL, "decryption d: action = \"decrypt\"; profile = \"strict\""], &[]),

    ("quic-beside-decryption", &[ALL, DECRYPT], &[("decryption d", "`all` allows `quic`")]),
    ("quic-beside-decryption", &["security no quic: application = \"quic\"; service = \"any\"; action = \"deny\"", ALL, DECRYPT], &[]),
    ("quic-beside-decryption", &[BOTH, DECRYPT], &[]),
    ("quic-beside-decryption", &["security quic: application = \"quic\"; destination = \"192.0.2.1\"; action = \"allow\"", BOTH, DECRYPT], &[("decryption d", "`quic`")]),
    // Within a zone everything is allowed by default.
    ("quic-beside-decryption", &[BOTH, "decryption d: from = \"any\"; to = \"any\"; action = \"decrypt\""], &[]),
    ("quic-beside-decryption", &[ALL, "decryption d: service = \"high\"; action = \"decrypt\""], &[]),
    ("quic-beside-decryption", &[ALL, "decryption d: action = \"no-decrypt\""], &[]),
    ("quic-beside-decryption", &[ALL, "application-override o: protocol = \"udp\"; port = \"443\"; application = \"own\"", DECRYPT], &[]),

    ("ssl-denied-before-decryption", &[WEB, DECRYPT], &[("decryption d", "of what `web` allows inside TLS: `interzone-default` denies `ssl` before")]),
    ("ssl-denied-before-decryption", &[BOTH, DECRYPT], &[]),
    ("ssl-denied-before-decryption", &[NO_SSL, BOTH, DECRYPT], &[("decryption d", "`no ssl` denies `ssl`")]),
    ("ssl-denied-before-decryption", &[BOTH, NO_SSL, DECRYPT], &[]),
    ("ssl-denied-before-decryption", &[NO_SSL, ALL, DECRYPT], &[("decryption d", "`no ssl` denies `ssl`")]),
    // What uses `ssl` implicitly brings it along.
    ("ssl-denied-before-decryption", &["security face: application = \"facebook-base\"; action = \"allow\"", DECRYPT], &[]),
    ("ssl-denied-before-decryption", &[NO_SSL, "security face: application = \"facebook-base\"; action = \"allow\"", DECRYPT], &[("decryption d", "`face`")]),
    // Nothing inside TLS is allowed, or what is allowed is never inside it, or closed anyway.
    ("ssl-denied-before-decryption", &["security ssh: application = \"ssh\"; action = \"allow\"", DECRYPT], &[]),
    ("ssl-denied-before-decryption", &["security none: service = \"any\"; action = \"drop\"", WEB, DECRYPT], &[]),
    ("ssl-denied-before-decryption", &[WEB, "decryption d: from = \"web\"; to = \"lan\"; action = \"decrypt\""], &[]),
    ("ssl-denied-before-decryption", &[WEB, "decryption d: action = \"no-decrypt\""], &[]),
    ("ssl-denied-before-decryption", &[WEB, "decryption not: action = \"no-decrypt\"", DECRYPT], &[]),

    ("override-to-predefined", &["application-override o: protocol = \"tcp\"; port = \"1521\"; application = \"oracle\""],
        &[("application-override o", "the predefined application `oracle`")]),
    ("override-to-predefined", &["application-override o: protocol = \"tcp\"; port = \"1521\"; application = \"own\""], &[]),

    ("override-disables-alg", &["application-override o: protocol = \"tcp\"; port = \"21\"; application = \"own-ftp\"", "security ftp: application = \"own-ftp\"; service = \"https\"; action = \"allow\""],
        &[("application-override o", "PORT and PASV of `ftp` (tcp/21) any more: tcp/1024-65535 needs a rule of its own, and `interzone-default` denies it")]),
    // The vendor's article: the override has the high ports as well.
    ("override-disables-alg", &["application-override o: protocol = \"tcp\"; port = \"20-21,1024-65535\"; application = \"own-ftp\"", "security ftp: application = \"own-ftp\"; action = \"allow\""],
        &[("application-override o", "`ftp` lets in whatever uses tcp/1024-65535, named by an override")]),
    // The application alone has them: the first packets of everything pass.
    ("override-disables-alg", &["application-override o: protocol = \"tcp\"; port = \"21\"; application = \"own-ftp\"", "security ftp: application = \"own-ftp\"; action = \"allow\""],
        &[("application-override o", "`ftp` lets in the first packets of every application on tcp/1024-65535")]),
    // The worst of several is told.
    ("override-disables-alg", &["application-override o: protocol = \"tcp\"; port = \"21,1521\"; application = \"own\"", "security some: service = \"high\"; destination = \"192.0.2.0/24\"; action = \"allow\""],
        &[("application-override o", "PORT and PASV of `ftp` (tcp/21), redirects of `oracle` (tcp/1521)")]),
    ("override-disables-alg", &["application-override o: protocol = \"udp\"; port = \"5060\"; application = \"own\""], &[("application-override o", "udp/1024-65535 needs a rule")]),
    ("override-disables-alg", &["application-override o: protocol = \"tcp\"; port = \"1-65535\"; application = \"own\"", ALL], &[("application-override o", "`sip` (tcp/5060)")]),
    ("override-disables-alg", &["application-override o: protocol = \"udp\"; port = \"21\"; application = \"own\""], &[]),
    ("override-disables-alg", &["application-override o: protocol = \"tcp\"; port = \"8080\"; application = \"own\""], &[]),
    // The predefined application keeps its decoder.
    ("override-disables-alg", &["application-override o: protocol = \"tcp\"; port = \"21\"; application = \"ftp\""], &[]),
    ("override-disables-alg", &["application-override a: protocol = \"tcp\"; port = \"1-65535\"; application = \"ftp\"", "application-override o: protocol = \"tcp\"; port = \"21\"; application = \"own\""], &[]),
];

#[test]
fn each_kind_finds_what_it_should_and_nothing_else() {
    for (kind, list, expected) in CASES {
        let found = findings(list, kind);
        let told: Vec<_> = found.iter().map(|finding| (&*finding.subject, &*finding.message)).collect();
        assert_eq!(told.len(), expected.len(), "{kind} {list:?}: {told:?}");
        for ((subject, message), (name, words)) in told.iter().zip(*expected) {
            assert_eq!(subject, name, "{kind} {list:?}");
            assert!(message.contains(words), "{kind} {list:?}: {message}");
        }
    }
    for kind in CASES.iter().map(|case| case.0) {
        let cases = || CASES.iter().filter(|case| case.0 == kind);
        assert!(cases().any(|case| !case.2.is_empty()) && cases().any(|case| case.2.is_empty()), "{kind}");
    }
}

/// Every finding points at its rule.
#[test]
fn findings_have_places() {
    for (kind, list, _) in CASES {
        let text = rulebase(list);
        for finding in findings(list, kind) {
            let place = finding.place.unwrap_or_else(|| panic!("{kind} {list:?}"));
            let line = text.lines().nth(place.line - 1).unwrap();
            assert!(
                ["name =", "action =", "profile =", "application ="].iter().any(|key| line.starts_with(key)),
                "{line}"
            );
        }
    }
}

// Rules at random: little can differ, so that they take from each other.

fn column(key: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = String> {
    let value = prop::option::of(select(values));
    value.prop_map(move |value| value.map_or(String::new(), |value| format!("{key} = {value}\n")))
}

fn any_rules(rulebase: &'static str, actions: &'static [&'static str]) -> impl Strategy<Value = String> {
    let rule = (
        select(&["\"lan\"", "\"any\"", "\"web\""][..]),
        select(&["\"web\"", "\"any\"", "\"dmz\""][..]),
        column("source", &["\"10.0.0.0/9\"", "\"10.128.0.0/9\"", "\"10.0.0.1\""]),
        column("destination", &["\"192.0.2.0/25\"", "\"192.0.2.0/24\"", "\"192.0.2.128/25\""]),
        select(&["\"any\"", "\"any\"", "\"https\"", "\"dns\"", "\"high\""][..]),
        select(actions),
    );
    let text =
        move |(from, to, source, destination, service, action): (&str, &str, String, String, &str, &str)| {
            format!("from = {from}\nto = {to}\n{source}{destination}service = {service}\naction = {action}\n")
        };
    vec(rule.prop_map(text), 1..6).prop_map(move |rules| {
        let rules = rules.iter().enumerate();
        rules.map(|(number, rule)| format!("[[{rulebase}]]\nname = \"{number}\"\n{rule}")).collect()
    })
}

fn any_session() -> impl Strategy<Value = Query> {
    let ends = (
        select(&[[10u8, 0, 0, 1], [10, 0, 0, 2], [10, 200, 0, 1], [198, 51, 100, 1]][..]),
        select(&[[192u8, 0, 2, 1], [192, 0, 2, 200], [198, 51, 100, 9]][..]),
    );
    (ends, 0..3u16, 0..3u16, select(&[443u16, 53, 22, 5_000][..])).prop_map(
        |((src, dst), from, to, dport)| Query {
            from: ZoneId(from),
            to: ZoneId(to),
            src: Addr::v4(src),
            dst: Addr::v4(dst),
            protocol: Protocol::TCP,
            sport: 4_000,
            dport,
            ..Query::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// No session over TCP comes to a decryption rule that is said to be never reached; none that the security policy
    /// lets in comes to one that is said to never apply; and where QUIC is said to be allowed beside a rule, it is.
    #[test]
    fn nothing_said_of_reach_is_wrong(
        security in any_rules("security", &["\"allow\"", "\"deny\"", "\"drop\""]),
        decryption in any_rules("decryption", &["\"decrypt\"", "\"no-decrypt\""]),
        sessions in vec(any_session(), 200),
    ) {
        let text = format!("{OBJECTS}{security}{decryption}");
        let world = World::from_toml(&text).unwrap();
        let kinds = ["shadowed", "decryption-never-applies", "quic-beside-decryption"].map(|kind| Kind::find(kind).unwrap());
        let report = lint::lint(&world, &kinds);
        prop_assert!(report.undecided.is_empty());
        let has = |kind: &str, rule: &str| {
            let subject = format!("decryption {rule}");
            report.findings.iter().any(|finding| finding.kind.name == kind && finding.subject == subject)
        };
        let quic = world.catalog.find("quic");
        for query in &sessions {
            let Some(rule) = world.decryption.lookup(query) else { continue };
            let name = &world.decryption.rules()[rule].matches.name;
            prop_assert!(!has("shadowed", name), "{name} {query:?}");
            if world.policy.lookup(query).action.is_allow() {
                prop_assert!(!has("decryption-never-applies", name), "{name} {query:?}");
            }
            let decrypts = text.contains(&format!("[[decryption]]\nname = \"{name}\"")) && {
                let (_, rule) = text.split_once(&format!("[[decryption]]\nname = \"{name}\"")).unwrap();
                rule.split("[[").next().unwrap().contains("action = \"decrypt\"")
            };
            let beside = Query { protocol: Protocol::UDP, app: quic, ..*query };
            let lookup = world.policy.lookup(&beside);
            let is_own = (lookup.rule.0 as usize) < world.policy.user_rules();
            if decrypts && query.dport == 443 && is_own && lookup.action.is_allow() {
                prop_assert!(has("quic-beside-decryption", name), "{name} {query:?}");
            }
        }
    }
}
