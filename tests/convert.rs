//! `firstpass convert`: what is written means what was read.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

use firstpass::config::{Converted, Form, Overrides, World, convert_bytes, parse};
use firstpass::flow::{Addr, Protocol};
use firstpass::policy::Query;
use proptest::prelude::*;

#[path = "convert/behaviour.rs"]
mod behaviour;
#[path = "convert/decryption.rs"]
mod decryption;

/// Every format there is.
const FORMS: [Form; 3] = [Form::Toml, Form::PanosXml, Form::PanosSet];

fn converted(text: &str, form: Form) -> Converted {
    let result = convert_bytes("rules", text.as_bytes(), form, &Overrides::default());
    result.map_err(|error| format!("{form:?}: {}", error.render(false))).unwrap()
}

fn world(text: &str) -> World {
    parse("rules", text.as_bytes(), &Overrides::default())
        .map_err(|error| format!("{}\n{text}", error.render(false)))
        .unwrap()
}

/// All that can be said of a rulebase in TOML and has a form everywhere.
const ALL: &str = r#"
[zones]
untrust = ["0.0.0.0/0", "::/0"]
dmz = ["192.0.2.0/24", "2001:db8:1::/64"]
"zone with \"quotes\", [brackets] & <tags>]]>" = "198.51.100.0/24"
empty = []

[address]
host = "192.0.2.7"
partners = ["198.51.100.7", "198.51.100.9-198.51.100.12", "host", "2001:db8::/32"]
everything = "::/0"
"192.0.2.8" = "203.0.113.1"
confusing = "192.0.2.8"
"name with 'single' and spaces" = "203.0.113.0/24"

[service]
alt = "tcp/8080,8000-8010"
both = ["tcp/53", "udp/53"]
low = { protocol = "udp", port = "514", source-port = "1-1023" }

[service-group]
ports = ["alt", "both", "service-https"]

[application.own]
default-ports = ["tcp/20,21", "tcp/1024-65535", "udp/dynamic"]
timeout = 77
category = "networking"
risk = 3

[application.tunnel]
ident-by-ip-protocol = 47

[application.blank]

[application.ssl]
timeout = 99

[application-group]
basic = ["dns", "own", "more"]
more = ["ping", "blank"]

[application-filter.mail]
subcategory = "email"
exclude = "smtp"

[[security]]
name = "Überall \"alles\" <&> ]]> [x]"
from = ["untrust", "zone with \"quotes\", [brackets] & <tags>]]>"]
to = "dmz"
source = ["partners", "203.0.113.0/25", "2001:db8::1"]
negate-source = true
destination = "192.0.2.8"
application = ["basic", "ssl", "mail"]
log-start = true

[[security]]
name = "ports"
rule-type = "interzone"
service = ["ports", "low"]
category = "gambling"
action = "reset-both"
icmp-unreachable = true
log-end = false

[[security]]
name = "users"
source-user = ["alice", "example\\bob smith"]
source-hip = "laptop"
application = "tunnel"
service = "any"
action = "drop"

[[security]]
name = "off"
source = "name with 'single' and spaces"
disabled = true

[default.intrazone]
action = "deny"
log-end = true
[default.interzone]
action = "drop"
icmp-unreachable = true

[setting.session]
timeout-udp = 42
tcp-reject-non-syn = false
[setting.tcp]
asymmetric-path = "bypass"
"#;

#[test]
fn everything_survives_every_format() {
    for form in FORMS {
        let there = converted(ALL, form);
        // The converter has compared both already; this is another way to see it.
        same_answers(&world(ALL), &world(&there.text));
        // What was written is written the same way again, and back in TOML means the same still.
        assert_eq!(converted(&there.text, form).text, there.text, "{form:?}");
        same_answers(&world(ALL), &world(&converted(&there.text, Form::Toml).text));
    }
}

/// Security profiles, as much of them as there is.
const PROFILES: &str = r#"
[zones]
all = "0.0.0.0/0"

[url-category]
games = "games.example"

[threat.vulnerability.41001]
threatname = "Setup \"page\" <x>"
severity = "high"
default-action = { block-ip = { track-by = "source", duration = 90 } }
affected-host = { client = true }
[[threat.vulnerability.41001.signature]]
name = "one"
and-condition = [
    [{ pattern-match = { context = "http-req-uri-path", pattern = '/a\.b/setup' } }],
    [{ pattern-match = { context = "http-req-params", pattern = "confirmed=1", qualifier = { http-method = "POST" } } }],
]
[[threat.vulnerability.41001.signature]]
name = "other"
scope = "session"
order-free = true
and-condition = [[{ pattern-match = { context = "ftp-req-params", pattern = "something" } }]]

[threat.spyware.15001]
threatname = "Beacon"
severity = "informational"

[threat.vulnerability.41002]
threatname = "Many"
severity = "critical"
[threat.vulnerability.41002.combination]
threat-id = ["41001", "30000"]
time-attribute = { interval = 60, threshold = 10, track-by = "destination" }

[profile.vulnerability.own]
threat-exception = [{ name = 41001, action = "alert" }, { name = 5, action = "default" }]
[[profile.vulnerability.own.rules]]
name = "second in the alphabet"
severity = ["high", "low"]
threat-name = "setup"
host = "client"
action = "reset-client"
[[profile.vulnerability.own.rules]]
name = "first"
severity = "any"
action = "default"

[profile.spyware.empty]

[profile.virus.own]
decoder = [{ name = "smtp", action = "drop" }, { name = "http", action = "default" }]

[profile.url-filtering.own]
block = ["games", "gambling"]
continue = "news"
override = "adult"

[[profile.file-blocking.own.rules]]
name = "r"
application = ["web-browsing", "ftp"]
file-type = ["exe", "pdf"]
direction = "upload"
action = "continue"

[profile-group."the group"]
virus = "own"
vulnerability = "strict"
url-filtering = "own"

[[security]]
name = "a"
profile-group = "the group"
[[security]]
name = "b"
profiles = { vulnerability = "own", spyware = "empty", file-blocking = "own" }
[default.interzone]
action = "allow"
profiles = { virus = "default" }
"#;

#[test]
fn security_profiles_survive_every_format() {
    let original = world(PROFILES);
    assert!(!original.threats.is_off() && original.threats.custom().len() == 3);
    for form in FORMS {
        let there = converted(PROFILES, form);
        assert!(!there.notes.iter().any(|note| note.contains("profile")), "{form:?}: {:?}", there.notes);
        assert_eq!(world(&there.text).threats, original.threats, "{form:?}\n{}", there.text);
        assert_eq!(converted(&there.text, form).text, there.text, "{form:?}");
        assert_eq!(world(&converted(&there.text, Form::Toml).text).threats, original.threats, "{form:?}");
    }
    // Another profile is another meaning.
    for (from, to) in
        [("\"drop\"", "\"alert\""), ("duration = 90", "duration = 91"), ("\"upload\"", "\"both\"")]
    {
        assert_ne!(world(&PROFILES.replacen(from, to, 1)).threats, original.threats, "{from}");
    }
}

#[test]
fn switched_off_gateways_survive_every_format() {
    let disabled = |world: &World| {
        let names = world.algs.disabled().iter().map(|&app| world.catalog.name(app).to_owned());
        names.collect::<Vec<_>>()
    };
    let text =
        format!("{ALL}[alg-override.sip]\nalg-disabled = true\n[alg-override.rtsp]\nalg-disabled = true\n");
    for form in FORMS {
        let there = converted(&text, form);
        assert_eq!(disabled(&world(&there.text)), ["sip", "rtsp"], "{form:?}\n{}", there.text);
        assert_eq!(converted(&there.text, form).text, there.text, "{form:?}");
        let back = converted(&there.text, Form::Toml);
        assert_eq!(disabled(&world(&back.text)), ["sip", "rtsp"], "{form:?}\n{}", back.text);
    }
    // Of an application that has none here there is nothing to write in TOML.
    let text = "set rulebase security rules r from any to any source any destination any application any service any \
                action allow\nset shared alg-override application teredo alg-disabled yes\n";
    let there = converted(text, Form::Toml);
    let note = "left out, for the model has no gateway of them: `alg-override` of: `teredo`";
    assert!(there.notes.iter().any(|said| said == note), "{:?}", there.notes);
}

#[test]
fn profiles_that_are_not_read_are_left_out_and_named() {
    let text = "set rulebase security rules r from any to any source any destination any application any service any \
                action allow profile-setting profiles virus default spyware gone wildfire-analysis default\n";
    for form in FORMS {
        let there = converted(text, form);
        let notes = there.notes.join("\n");
        assert!(notes.contains("of the kinds: `wildfire-analysis`"), "{notes}");
        assert!(notes.contains("nothing defines them: the security profiles: `gone`"), "{notes}");
        assert!(!world(&there.text).threats.is_off(), "{form:?}");
    }
}

/// Asks both for the rule of many packets.
fn same_answers(one: &World, two: &World) {
    let zones = one.zones.names();
    let addresses =
        ["192.0.2.7", "192.0.2.8", "203.0.113.1", "203.0.113.200", "198.51.100.10", "198.51.100.13"];
    let addresses: Vec<Addr> =
        addresses.iter().map(|text| text.parse::<std::net::IpAddr>().unwrap().into()).collect();
    let applications =
        [None, Some("dns"), Some("own"), Some("ping"), Some("ssl"), Some("pop3"), Some("smtp")];
    let mut asked = 0;
    for (from, to) in zones.iter().flat_map(|from| zones.iter().map(move |to| (from, to))) {
        for (&src, &dst) in addresses.iter().flat_map(|src| addresses.iter().map(move |dst| (src, dst))) {
            for app in applications {
                for (protocol, dport) in [(6, 443), (6, 8005), (17, 53), (17, 514), (6, 4000), (47, 0)] {
                    let answer = |world: &World| {
                        let zone = |name| world.zones.find(name).unwrap();
                        let app = app.map(|name| world.catalog.find(name).unwrap());
                        let (from, to, protocol) = (zone(from), zone(to), Protocol(protocol));
                        let query = Query {
                            from,
                            to,
                            src,
                            dst,
                            protocol,
                            sport: 1_000,
                            dport,
                            app,
                            ..Query::default()
                        };
                        let lookup = world.policy.lookup(&query);
                        let rule = world.policy.rule(lookup.rule);
                        (rule.name.clone(), lookup.action, lookup.certainty, lookup.implicit)
                    };
                    assert_eq!(
                        answer(one),
                        answer(two),
                        "{from} {to} {src} {dst} {protocol}/{dport} {app:?}"
                    );
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 10_000, "{asked}");
}

/// Rulebases of the lessons.
fn lessons() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps");
    let lessons = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = lessons.filter(|path| path.is_dir()).flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut rulebases: Vec<PathBuf> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("rules"))
        .collect();
    rulebases.sort();
    assert!(rulebases.len() > 10);
    rulebases
}

#[test]
fn the_lessons_survive_every_format() {
    for path in lessons() {
        let text = std::fs::read_to_string(&path).unwrap();
        for form in FORMS {
            let there = converted(&text, form);
            converted(&there.text, Form::Toml);
        }
    }
}

/// Every configuration that loads is written in every form, and does the same then.
#[test]
fn real_configurations_survive() {
    let corpus = std::env::var_os("FIRSTPASS_CORPUS").map(PathBuf::from);
    let corpus = corpus.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"));
    let Ok(folder) = std::fs::read_dir(corpus.join("configs")) else {
        println!("SKIPPED: no configurations in {}", corpus.display());
        return;
    };
    let mut written = 0;
    for path in folder.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.ends_with(".json") || name.ends_with(".tsv") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let Ok(world) = parse(name, &bytes, &Overrides::default()) else { continue };
        for form in FORMS {
            let empty = world.zones.names().is_empty() && world.policy.user_rules() == 0;
            let result = convert_bytes(name, &bytes, form, &Overrides::default());
            match result {
                Ok(there) if there.text.is_empty() => {
                    assert!(form == Form::PanosSet && empty, "{name} {form:?}");
                }
                Ok(there) => {
                    behaviour::same_behaviour(&world, &self::world(&there.text));
                    written += 1;
                }
                Err(error) => panic!("{name} {form:?}: {}", error.render(false)),
            }
        }
    }
    assert!(written > 50, "{written}");
}

#[test]
fn what_is_left_out_is_named() {
    let text = r#"
[zones]
untrust = "0.0.0.0/0"
[application.social]
default-ports = "tcp/443"
depends-on = "ssl"
implicit-use = "web-browsing"
deny-action = "drop-reset"
discard-timeout = 5
[[security]]
name = "r"
application = "social"
[setting.model]
block-by-service = true
"#;
    let notes = converted(text, Form::PanosXml).notes;
    for note in [
        "`depends-on` of: `social`",
        "`implicit-use` of: `social`",
        "`deny-action` of: `social`",
        "`discard-timeout` of: `social`",
        "not of PAN-OS: `model.block-by-service`",
        "zones of PAN-OS have no prefixes: `untrust`",
    ] {
        assert!(notes.iter().any(|said| said.contains(note)), "`{note}` is missing in {notes:#?}");
    }
    assert!(converted(text, Form::Toml).notes.is_empty());
}

/// PANOS.md 9: what the firewall's own addresses offer, and to whom, in every format.
#[test]
fn management_profiles_are_written() {
    let text = r#"
[interface-management-profile.inside]
https = true
ping = true
userid-syslog-listener-udp = true
permitted-ip = ["192.0.2.0/25", "2001:db8::9/128"]
[interface-management-profile."ping only"]
ping = true
[interface."ethernet1/1"]
ip = ["192.0.2.1/24", "2001:db8::1/64"]
zone = "lan"
interface-management-profile = "inside"
[interface."ethernet1/2"]
ip = "198.51.100.1/24"
zone = "wan"
interface-management-profile = "ping only"
[interface."ethernet1/3"]
ip = "203.0.113.1/24"
zone = "wan"
[[route]]
destination = "0.0.0.0/0"
interface = "ethernet1/3"
[[security]]
name = "r"
"#;
    let before = world(text);
    assert_eq!(before.host_services.by_address().iter().filter(|(_, profile)| profile.is_some()).count(), 3);
    for form in FORMS {
        let there = converted(text, form);
        assert!(there.notes.is_empty(), "{form:?}: {:?}", there.notes);
        let after = world(&there.text);
        assert_eq!(before.host_services.by_address(), after.host_services.by_address(), "{}", there.text);
    }
}

/// A configuration holds secrets in many places; the model reads none of them.
#[test]
fn secrets_are_never_written() {
    let text = r#"<config version="10.1.0">
<mgt-config><users><entry name="admin"><phash>$1$SECRET$hash</phash></entry></users></mgt-config>
<shared><local-user-database><user><entry name="u"><phash>SECRET</phash></entry></user></local-user-database></shared>
<devices><entry name="localhost.localdomain">
<deviceconfig><system><snmp-setting><snmp-community-string>SECRET</snmp-community-string></snmp-setting></system>
<high-availability><group><entry name="1"><monitoring><key>SECRET</key></monitoring></entry></group></high-availability>
</deviceconfig>
<network><ike><gateway><entry name="g"><authentication><pre-shared-key><key>SECRET</key></pre-shared-key></authentication></entry></gateway></ike>
<interface><ethernet><entry name="ethernet1/1"><layer3><ip><entry name="192.0.2.1/24"/></ip><pppoe><password>SECRET</password></pppoe></layer3></entry></ethernet></interface></network>
<vsys><entry name="vsys1">
<zone><entry name="lan"><network><layer3><member>ethernet1/1</member></layer3></network></entry></zone>
<address><entry name="a"><ip-netmask>192.0.2.9</ip-netmask><secret>SECRET</secret></entry></address>
<certificate><entry name="c"><private-key>SECRET</private-key></entry></certificate>
<rulebase><security><rules><entry name="r"><from><member>lan</member></from><to><member>any</member></to>
<source><member>any</member></source><destination><member>any</member></destination>
<application><member>dns</member></application><action>allow</action></entry></rules></security></rulebase>
</entry></vsys></entry></devices></config>"#;
    for form in FORMS {
        let there = converted(text, form);
        assert!(!there.text.contains("SECRET"), "{form:?}: {}", there.text);
        assert!(!there.notes.concat().contains("SECRET") && !there.warnings.concat().contains("SECRET"));
        assert!(there.text.contains("dns"));
    }
}

#[test]
fn the_command() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("rules.toml");
    let output = folder.path().join("rules.xml");
    std::fs::write(&input, ALL).unwrap();
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_firstpass")).arg("convert").args(arguments).output().unwrap()
    };
    let (input, output) = (input.to_str().unwrap(), output.to_str().unwrap());
    let done = run(&[input, "--to", "panos-xml", "--output", output]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.stdout.is_empty());
    assert!(String::from_utf8(done.stderr).unwrap().contains("warning: an interface each"));
    let back = run(&[output, "--to", "toml"]);
    assert_eq!(back.status.code(), Some(0), "{}", String::from_utf8_lossy(&back.stderr));
    assert!(String::from_utf8(back.stdout).unwrap().contains("[[security]]"));
    assert_eq!(run(&[input]).status.code(), Some(2));
    assert_eq!(run(&[input, "--to", "yaml"]).status.code(), Some(2));
    assert_eq!(run(&["no-such-file", "--to", "toml"]).status.code(), Some(2));
    std::fs::write(folder.path().join("wrong.toml"), "[zones]\na = \"x\"\n").unwrap();
    let wrong = run(&[folder.path().join("wrong.toml").to_str().unwrap(), "--to", "toml"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("wrong.toml:2:5"));
}

/// Names that some format could take for something else.
const NAMES: [&str; 12] =
    ["a", "b c", "d\"e", "f'g", "[h]", "i]]>j", "<k>", "l & m", "ü→", "n\\o", "10.0.0.1", "#p"];

fn name() -> impl Strategy<Value = String> {
    proptest::sample::select(NAMES.as_slice()).prop_map(str::to_owned)
}

fn names(from: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(from, 0..=3)
}

fn toml_list<S: AsRef<str>>(key: &str, texts: &[S]) -> String {
    let quoted: Vec<String> = texts
        .iter()
        .map(|text| format!("\"{}\"", text.as_ref().replace('\\', "\\\\").replace('"', "\\\"")))
        .collect();
    if quoted.is_empty() { String::new() } else { format!("{key} = [{}]\n", quoted.join(", ")) }
}

/// Rulebases of a few rules over a few objects with difficult names.
fn rulebase() -> impl Strategy<Value = String> {
    let rule = (
        names(&["untrust", "dmz", "z o n e"]),
        names(&["192.0.2.0/24", "198.51.100.1-198.51.100.9", "2001:db8::1", "GROUP", "OBJECT"]),
        names(&["dns", "ssl", "snmp", "facebook-base", "own"]),
        proptest::sample::select(&["any", "application-default", "alt", "service-http", "both"][..]),
        proptest::sample::select(
            &["allow", "deny", "drop", "reset-client", "reset-server", "reset-both"][..],
        ),
        any::<[bool; 4]>(),
    );
    let objects = (name(), name()).prop_filter("two names", |(one, two)| one != two);
    (objects, proptest::collection::vec(rule, 1..5)).prop_map(|((object, group), rules)| {
        let mut text =
            "[zones]\nuntrust = \"0.0.0.0/0\"\ndmz = \"192.0.2.0/24\"\n\"z o n e\" = []\n[service]\nalt = \
                        \"tcp/1-5,9\"\nboth = [\"udp/1\", \"tcp/2\"]\n[application.own]\ndefault-ports = \
                        \"udp/dynamic\"\n[address]\n"
                .to_owned();
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        text += &format!("{} = \"203.0.113.9\"\n", quoted(&object));
        text += &format!("{} = [{}, \"10.1.0.0/16\"]\n", quoted(&group), quoted(&object));
        for (number, (zones, addresses, applications, service, action, flags)) in
            rules.into_iter().enumerate()
        {
            let addresses: Vec<String> = addresses
                .iter()
                .map(|&text| match text {
                    "GROUP" => group.clone(),
                    "OBJECT" => object.clone(),
                    text => text.to_owned(),
                })
                .collect();
            text += &format!("[[security]]\nname = {}\n", quoted(&format!("{group} {number}")));
            text += &toml_list("from", &zones);
            text += &toml_list("source", &addresses);
            text += &toml_list("application", &applications);
            text += &format!("service = \"{service}\"\naction = \"{action}\"\n");
            text += &format!(
                "negate-source = {}\ndisabled = {}\nlog-start = {}\nlog-end = {}\n",
                flags[0] && !addresses.is_empty(),
                flags[1],
                flags[2],
                flags[3]
            );
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn generated_rulebases_survive_every_format(text in rulebase()) {
        for form in FORMS {
            let there = converted(&text, form);
            let again = converted(&there.text, form);
            prop_assert_eq!(&again.text, &there.text);
            let back = converted(&there.text, Form::Toml);
            let rules = |world: &World| {
                let ids = (0..world.policy.rules().len()).map(|id| firstpass::policy::RuleId(id as u32));
                ids.map(|id| world.policy.running(id)).collect::<Vec<_>>()
            };
            prop_assert_eq!(rules(&world(&text)), rules(&world(&back.text)));
        }
    }
}

/// PAN-OS's own zone for what is sent to groups has no definition to write.
#[test]
fn rules_may_be_about_multicast() {
    let set = "set zone lan network layer3 ethernet1/1\n\
        set rulebase security rules Groups from lan to multicast source any destination any application any service any action allow\n";
    for form in [Form::PanosSet, Form::PanosXml, Form::Toml] {
        let done = convert_bytes("rules.set", set.as_bytes(), form, &Overrides::default());
        let text = done.map_err(|error| error.render(false)).unwrap().text;
        assert!(text.contains("multicast"), "{text}");
    }
}

/// A configuration without zones, objects and rules gives no set command, which is no error.
#[test]
fn nothing_gives_nothing() {
    let set = "set deviceconfig system hostname fw\n";
    let done = convert_bytes("fw.set", set.as_bytes(), Form::PanosSet, &Overrides::default());
    let done = done.map_err(|error| error.render(false)).unwrap();
    assert_eq!(done.text.trim(), "");
    assert!(done.notes.iter().any(|note| note.contains("nothing")), "{:?}", done.notes);
}
