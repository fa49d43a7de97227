//! The meaning of objects: what rules name, resolved with the tables of what a firewall looks up elsewhere.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::Write as _;

use firstpass::config::{self, Overrides, World};
use firstpass::flow::{Addr, Protocol};
use firstpass::policy::{ApplicationMatch, Query, Step, Ternary};
use firstpass::time::Timestamp;

const ZONES: &str = "[zones]\nuntrust = [\"0.0.0.0/0\", \"::/0\"]\ndmz = \"192.0.2.0/24\"\n";

fn world(rest: &str) -> World {
    World::from_toml(&format!("{ZONES}{rest}")).map_err(|error| error.render(false)).unwrap()
}

fn failure(rest: &str) -> String {
    World::from_toml(&format!("{ZONES}{rest}")).map(drop).unwrap_err().to_string()
}

fn ip(text: &str) -> Addr {
    text.parse::<std::net::IpAddr>().unwrap().into()
}

/// A TCP packet from outside to port 80 of a server.
fn query(world: &World, src: &str) -> Query {
    let (src, dst) = (ip(src), ip("192.0.2.1"));
    let zone = |addr| world.zones.of(addr).unwrap();
    let (from, to) = (zone(src), zone(dst));
    Query { from, to, src, dst, protocol: Protocol::TCP, sport: 40_000, dport: 80, ..Query::default() }
}

/// The rule that answers for a packet from `src`.
fn from(world: &World, src: &str) -> String {
    answer(world, &query(world, src))
}

fn answer(world: &World, query: &Query) -> String {
    world.policy.rule(world.policy.lookup(query).rule).name.clone()
}

fn at(time: &str) -> Timestamp {
    Timestamp::from_nanos(u64::try_from(time.parse::<jiff::Timestamp>().unwrap().as_nanosecond()).unwrap())
}

/// A rule `r` with this line, and one below for everything.
fn rule(line: &str) -> String {
    format!(
        "[[security]]\nname = \"r\"\nservice = \"any\"\n{line}\n[[security]]\nname = \"other\"\nservice = \"any\"\n"
    )
}

#[test]
fn address_objects_of_every_kind() {
    let objects = r#"
[address]
host = { ip-netmask = "198.51.100.7" }
net = { ip-netmask = "198.51.100.128/30", tag = "lab" }
range = { ip-range = "203.0.113.5-203.0.113.9", tag = ["lab", "old"] }
odd = { ip-wildcard = "10.0.0.1/0.0.254.0", description = "third byte is even" }
name = { fqdn = "WWW.example.org" }
all = { static = ["host", "net"] }
labs = { dynamic = "'lab' and not 'old'" }
every = { dynamic = "lab or 'office'" }
[fqdn]
"www.EXAMPLE.org" = ["198.51.100.80", "2001:db8::80"]
"#;
    for (object, yes, no) in [
        ("host", "198.51.100.7", "198.51.100.8"),
        ("net", "198.51.100.131", "198.51.100.132"),
        ("range", "203.0.113.9", "203.0.113.10"),
        ("odd", "10.0.254.1", "10.0.3.1"),
        ("odd", "10.0.0.1", "10.0.0.2"),
        ("name", "198.51.100.80", "198.51.100.81"),
        ("name", "2001:db8::80", "2001:db8::81"),
        ("all", "198.51.100.7", "203.0.113.9"),
        ("labs", "198.51.100.128", "203.0.113.9"),
        ("every", "203.0.113.9", "198.51.100.7"),
    ] {
        let world = world(&format!("{objects}{}", rule(&format!("source = \"{object}\""))));
        assert_eq!((from(&world, yes), from(&world, no)), ("r".to_owned(), "other".to_owned()), "{object}");
        assert_eq!(world.warnings, [""; 0], "{object}");
    }
}

#[test]
fn what_no_table_holds_matches_nothing_and_is_said_once() {
    let objects = r#"
[address]
one = { fqdn = "a.example.org" }
two = { fqdn = "b.example.org" }
three = { fqdn = "unused.example.org" }
group = ["one", "US"]
empty = { dynamic = "'nothing'" }
"#;
    let line = "source = [\"group\", \"two\", \"DE\", \"panw-bulletproof-ip-list\", \"empty\"]";
    let world = world(&format!("{objects}{}", rule(line)));
    assert_eq!(from(&world, "198.51.100.7"), "other");
    assert_eq!(
        world.warnings,
        [
            "dynamic address group `empty` fits no address object, and what is registered at run time is not known",
            "no addresses are known of the host names `a.example.org`, `b.example.org`, which therefore match nothing: \
             give them under `[fqdn]`, in the rulebase or with `--tables FILE`",
            "no addresses are known of the regions `DE`, `US`, which therefore match nothing: give them under \
             `[region]`, in the rulebase or with `--tables FILE`",
            "no addresses are known of the external dynamic lists `panw-bulletproof-ip-list`, which therefore match \
             nothing: give them under `[external-list]`, in the rulebase or with `--tables FILE`",
        ]
    );
}

#[test]
fn regions_and_external_lists_are_tables() {
    let tables = r#"
[region]
DE = "198.51.100.0/25"
branch = ["203.0.113.0/24"]
[external-list]
panw-known-ip-list = ["198.51.100.200"]
mine = ["198.51.100.201", "host.example.org"]
"#;
    for (name, yes) in [
        ("DE", "198.51.100.1"),
        ("branch", "203.0.113.1"),
        ("panw-known-ip-list", "198.51.100.200"),
        ("mine", "198.51.100.201"),
    ] {
        let world = world(&format!("{tables}{}", rule(&format!("source = \"{name}\""))));
        assert_eq!(from(&world, yes), "r", "{name}");
        assert_eq!(from(&world, "198.51.100.220"), "other", "{name}");
        assert_eq!(world.warnings, [""; 0]);
    }
}

#[test]
fn users_are_told_by_their_address() {
    let tables = r#"
[user]
'corp\Ann' = "198.51.100.10"
'corp\bob' = ["198.51.100.20", "198.51.100.30-198.51.100.39"]
pre-logon = "198.51.100.99"
[user-group]
admins = ["corp\\ann"]
staff = ["admins", 'corp\bob']
"#;
    for (column, yes, no) in [
        ("known-user", "198.51.100.10 198.51.100.39 198.51.100.99", "198.51.100.11 203.0.113.1 2001:db8::1"),
        ("unknown", "198.51.100.11 203.0.113.1 2001:db8::1", "198.51.100.10 198.51.100.39"),
        ("pre-logon", "198.51.100.99", "198.51.100.10"),
        ("corp\\\\ann", "198.51.100.10", "198.51.100.20"),
        ("CORP\\\\BOB", "198.51.100.20 198.51.100.35", "198.51.100.10"),
        ("staff", "198.51.100.10 198.51.100.35", "198.51.100.99 198.51.100.40"),
        ("any", "198.51.100.10 203.0.113.1", ""),
    ] {
        let world = world(&format!("{tables}{}", rule(&format!("source-user = \"{column}\""))));
        for (addresses, expected) in [(yes, "r"), (no, "other")] {
            for address in addresses.split_whitespace() {
                assert_eq!(from(&world, address), expected, "{column} {address}");
            }
        }
        assert_eq!(world.warnings, [""; 0]);
        assert_eq!(world.policy.users().of(ip("198.51.100.35")), Some("corp\\bob"));
    }
}

#[test]
fn users_that_no_table_holds() {
    let world = world(&format!(
        "[user-group]\nadmins = [\"ann\"]\n{}",
        rule("source-user = [\"admins\", \"bob\", \"pre-logon\"]")
    ));
    assert_eq!(from(&world, "198.51.100.1"), "other");
    assert_eq!(
        world.warnings,
        [
            "no addresses are known of the users `ann`, `bob`, whom rules therefore never match: give a user's addresses \
          under `[user]` and a group's users under `[user-group]`, in the rulebase or with `--tables FILE`"
        ]
    );
    assert_eq!(
        failure("[user]\nann = \"10.0.0.0/24\"\nbob = \"10.0.0.7\"\n"),
        "rules.toml: 10.0.0.7 is mapped to two users, `ann` and `bob`; an address has one user at a time: take it out of \
         one of them under `[user]`"
    );
}

#[test]
fn groups_of_users_may_hold_each_other() {
    let world = world(&format!(
        "[user]\nann = \"198.51.100.1\"\n[user-group]\na = [\"b\", \"ann\"]\nb = [\"a\"]\n{}",
        rule("source-user = \"b\"")
    ));
    assert_eq!(from(&world, "198.51.100.1"), "r");
}

#[test]
fn schedules_go_by_the_time_of_the_packet() {
    let text = format!(
        "[device]\ntimezone = \"Europe/Berlin\"\n[schedule.office]\nweekly = {{ friday = \"08:00-17:00\", monday = [\"08:00-12:00\", \"13:00-17:00\"] }}\n\
         [schedule.move]\nnon-recurring = \"2026/11/20@08:00-2026/11/21@17:00\"\n[schedule.night]\ndaily = \"22:00-06:00\"\n{}",
        rule("schedule = \"NAME\"")
    );
    // 2026-11-20 is a Friday; Berlin is an hour ahead of UTC.
    for (schedule, time, expected) in [
        ("office", "2026-11-20T06:59:59Z", "other"),
        ("office", "2026-11-20T07:00:00Z", "r"),
        ("office", "2026-11-20T16:01:00Z", "other"),
        ("office", "2026-11-23T11:30:00Z", "other"),
        ("office", "2026-11-23T12:00:00Z", "r"),
        ("office", "2026-11-24T12:00:00Z", "other"),
        ("move", "2026-11-20T22:00:00Z", "r"),
        ("move", "2026-11-21T17:00:00Z", "other"),
        ("night", "2026-11-20T22:00:00Z", "r"),
        ("night", "2026-11-20T12:00:00Z", "other"),
    ] {
        let world = world(&text.replace("NAME", schedule));
        let query = Query { at: at(time), ..query(&world, "198.51.100.1") };
        assert_eq!(answer(&world, &query), expected, "{schedule} {time}");
    }
    let world = world(&text.replace("NAME", "office"));
    let query = Query { at: at("2026-11-20T17:00:00Z"), ..query(&world, "198.51.100.1") };
    let explanation = world.policy.explain(&query);
    let Step::Rule(first) = &explanation.steps[0] else { panic!() };
    assert_eq!(
        first.columns.last().unwrap().sentence,
        "schedule `office` is not active: it is Friday 2026-11-20 18:00 Europe/Berlin"
    );
}

#[test]
fn categories_are_told_by_the_host() {
    let text = |action: &str| {
        format!(
            "[url-category]\nnews = [\"news.example.org\", \"*.daily.example\"]\ngames = \"*.games.example\"\n\
             [external-list]\nbad = \"evil.example\"\n{}",
            rule(&format!("category = [\"news\", \"bad\"]\naction = \"{action}\""))
        )
    };
    for (action, host, expected, certainty) in [
        // While the host is not known an allow rule may match, a block rule is passed over (PANOS.md 2.2).
        ("allow", None, "r", Ternary::Unknown),
        ("deny", None, "other", Ternary::Yes),
        ("allow", Some("News.Example.org:443"), "r", Ternary::Yes),
        ("deny", Some("www.daily.example"), "r", Ternary::Yes),
        ("deny", Some("evil.example"), "r", Ternary::Yes),
        ("allow", Some("www.games.example"), "other", Ternary::Yes),
        ("deny", Some("example.org"), "other", Ternary::Yes),
    ] {
        let world = world(&text(action));
        assert_eq!(world.warnings, [""; 0]);
        let category = host.map(|host| world.categories.of(host));
        let query = Query { category, ..query(&world, "198.51.100.1") };
        let lookup = world.policy.lookup(&query);
        let found = (answer(&world, &query), lookup.certainty);
        assert_eq!(found, (expected.to_owned(), certainty), "{action} {host:?}");
        assert_eq!(world.policy.explain(&query).lookup, lookup);
    }
}

#[test]
fn a_category_that_no_table_holds_may_always_match() {
    let world = world(&format!(
        "[url-category]\nnews = \"news.example.org\"\n{}",
        rule("category = [\"news\", \"gambling\"]")
    ));
    assert_eq!(
        world.warnings,
        [
            "no hosts are known of the URL categories `gambling`: allow rules let pass as if they matched, block rules are \
          passed over; give their hosts under `[url-category]`, in the rulebase or with `--tables FILE`"
        ]
    );
    for (host, certainty) in [("news.example.org", Ternary::Yes), ("example.org", Ternary::Unknown)] {
        let query = Query { category: Some(world.categories.of(host)), ..query(&world, "198.51.100.1") };
        let lookup = world.policy.lookup(&query);
        assert_eq!((answer(&world, &query), lookup.certainty), ("r".to_owned(), certainty), "{host}");
    }
}

#[test]
fn services_carry_timeouts() {
    let world = world(
        "[service]\nslow = { protocol = \"tcp\", port = \"80\", timeout = 7200, halfclose-timeout = 60, \
         timewait-timeout = 5 }\nweb = \"tcp/80-90\"\n[service-group]\nboth = [\"slow\", \"web\"]\n\
         [[security]]\nname = \"r\"\nservice = \"both\"\n",
    );
    let query = query(&world, "198.51.100.1");
    let rule = world.policy.lookup(&query).rule;
    let service = world.policy.service_of(rule, &query).unwrap();
    let timeouts = service.timeouts;
    assert_eq!(service.name, "slow");
    assert_eq!((timeouts.idle, timeouts.half_closed, timeouts.time_wait), (Some(7_200), Some(60), Some(5)));
    let other = world.policy.service_of(rule, &Query { dport: 81, ..query }).unwrap();
    assert_eq!((other.name.as_str(), other.timeouts.idle), ("web", None));
    assert_eq!(world.policy.service_of(rule, &Query { dport: 91, ..query }), None);
}

#[test]
fn a_file_of_tables_goes_over_the_rulebase() {
    let rules = format!(
        "{ZONES}[user]\nann = \"198.51.100.1\"\nbob = \"198.51.100.2\"\n{}",
        rule("source-user = [\"ann\", \"eve\"]")
    );
    let load = |tables: &str| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(tables.as_bytes()).unwrap();
        let overrides = Overrides { tables: Some(file.path().to_owned()), ..Overrides::default() };
        let path = file.path().display().to_string();
        config::parse("rules.toml", rules.as_bytes(), &overrides)
            .map_err(|error| error.to_string().replace(&path, "tables.toml"))
    };
    let world = load("[user]\nann = \"198.51.100.7\"\neve = \"198.51.100.8\"\n").unwrap();
    assert_eq!(world.warnings, [""; 0]);
    for (address, expected) in
        [("198.51.100.1", "other"), ("198.51.100.7", "r"), ("198.51.100.8", "r"), ("198.51.100.2", "other")]
    {
        assert_eq!(from(&world, address), expected, "{address}");
    }
    assert_eq!(world.policy.users().of(ip("198.51.100.2")), Some("bob"));
    assert!(load("").is_ok());
    for (text, expected) in [
        (
            "[zones]\na = \"10.0.0.0/8\"\n",
            "tables.toml:1:2: unknown key `zones` in a file of tables; a file of tables has the keys `fqdn`, `region`, \
             `external-list`, `user`, `user-group`, `url-category`",
        ),
        (
            "[user]\nann = \"10.0.0.0/33\"\n",
            "tables.toml:2:7: `10.0.0.0/33` is no address: its prefix length must be a number from 0 to 32",
        ),
        (
            "[url-category]\na = \"*shop.com\"\n",
            "tables.toml:2:5: `*shop.com` is no host pattern: `*` and `^` stand for whole labels, not for a part of \
             `*shop`; write it as `example.org` or `*.example.org`",
        ),
        (
            "[user\n",
            "tables.toml:1:6: unclosed table, expected `]`; a rulebase is a TOML file, see https://toml.io",
        ),
    ] {
        assert_eq!(load(text).map(drop).unwrap_err(), expected);
    }
    let missing = Overrides { tables: Some("no/such/file".into()), ..Overrides::default() };
    let error = config::parse("rules.toml", rules.as_bytes(), &missing).map(drop).unwrap_err();
    assert_eq!(
        (error.path.as_str(), error.diagnostics[0].message.as_str()),
        ("no/such/file", "there is no such file")
    );
}

/// Each mistake (below two zones), and what is said of it.
#[test]
fn mistakes_have_a_place_and_a_cure() {
    for (text, expected) in [
        (
            "[address]\na = { dynamic = \"'x' 'y'\" }".to_owned(),
            "5:17: the filter of address group `a` cannot be read: there is no `and` or `or` before `y`; write it as \
             `'web' and ('dmz' or not 'old')`",
        ),
        (
            "[address]\na = { ip-wildcard = \"10.0.0.1/85.255.255.0\" }".to_owned(),
            "5:1: address `a` has a wildcard mask that stands for more than 65536 separate ranges; use prefixes or \
             ranges, or a mask with fewer bits set",
        ),
        (
            "[address]\na = { ip-netmask = \"10.0.0.1\", fqdn = \"b\" }".to_owned(),
            "5:1: address `a` needs one meaning; give it `ip-netmask`, `ip-range`, `ip-wildcard` or `fqdn`, or `static` \
             or `dynamic` for a group",
        ),
        ("[address]\na = { ip-netmask = \"host\" }".to_owned(), "5:20: `host` is no address"),
        (
            "[address]\na = { ip = \"10.0.0.1\" }".to_owned(),
            "5:7: unknown key `ip` in an address; an address has the keys `ip-netmask`, `ip-range`, `ip-wildcard`, \
             `fqdn`, `static`, `dynamic`, `tag`, `description`",
        ),
        (
            "[address]\na = [\"b\", \"10.0.0.1\"]".to_owned(),
            "5:6: address group `a` names the unknown address `b`; define it under `[address]`, or write an address, a \
             prefix or a range; names of hosts are not looked up",
        ),
        (
            rule("schedule = \"offce\"") + "[schedule.office]\ndaily = \"08:00-17:00\"",
            "7:12: rule `r` names the unknown schedule `offce`; did you mean `office`?",
        ),
        (
            "[schedule.s]\ndaily = \"8-17\"".to_owned(),
            "5:9: `8-17` are no times of a day such as `08:00-17:00`",
        ),
        (
            "[schedule.s]\nnon-recurring = \"2026/11/20-2026/11/21\"".to_owned(),
            "5:17: `2026/11/20-2026/11/21` is no period such as `2026/11/20@08:00-2026/11/21@17:00`",
        ),
        (
            "[schedule.s]\nweekly = { mondy = \"08:00-17:00\" }".to_owned(),
            "5:12: unknown key `mondy` in a week; did you mean `monday`?",
        ),
        (
            "[schedule.s]".to_owned(),
            "4:11: schedule `s` needs one kind of times; give it `daily`, `weekly` or `non-recurring`",
        ),
        (
            "[device]\ntimezone = \"Europe/Berln\"".to_owned(),
            "5:12: unknown time zone `Europe/Berln`; did you mean `Europe/Berlin`?",
        ),
        (
            "[service]\ns = { protocol = \"tcp\", port = \"80\", timewait-timeout = 601 }".to_owned(),
            "5:57: expected a number from 1 to 600, found `601`",
        ),
        (
            rule("source = \"DEE\"") + "[region]\nDE = \"10.0.0.0/8\"",
            "7:10: rule `r` names the unknown address `DEE`; did you mean `DE`?",
        ),
    ] {
        assert_eq!(failure(&text), format!("rules.toml:{expected}"), "\n{text}");
    }
}

#[test]
fn applications_have_characteristics_tags_and_header_marks() {
    let world = world(
        r#"
[application.own]
characteristics = ["evasive", "able-to-transfer-file"]
tag = "lab"
parent-app = "web-browsing"
category = "networking"
[application.ftp]
tag = "lab"
[application.my-ping]
ident-by-icmp-type = 8
[application.too-big]
ident-by-icmp-type = { type = 3, code = 4 }
[application.neighbours]
ident-by-icmp6-type = 135
[application.my-gre]
ident-by-ip-protocol = 47
[application-filter.sneaky]
characteristics = ["evasive", "transfers-files"]
category = "networking"
[application-filter.lab]
tag = ["lab", "other"]
[[security]]
name = "sneaky"
application = "sneaky"
[[security]]
name = "lab"
application = "lab"
"#,
    );
    let id = |name| world.catalog.find(name).unwrap();
    let members = |rule: usize| {
        let ApplicationMatch::Applications { members, .. } = &world.policy.rules()[rule].application else {
            panic!()
        };
        members.iter().map(|&member| world.catalog.name(member)).collect::<Vec<_>>()
    };
    assert!(members(0).contains(&"own") && members(0).contains(&"socks"), "{:?}", members(0));
    assert!(!members(0).contains(&"ping"));
    assert_eq!(members(1), ["ftp", "own"]);
    let app = |name| world.catalog.get(id(name)).unwrap();
    assert_eq!(app("own").parent, Some(id("web-browsing")));
    assert!(
        app("my-ping").ports.contain(Protocol::ICMP, 0) && !app("my-ping").ports.contain(Protocol::TCP, 0)
    );
    assert!(app("neighbours").ports.contain(Protocol::ICMPV6, 0));
    assert_eq!((app("too-big").icmp_types[0].kind, app("too-big").icmp_types[0].code), (3, Some(4)));
    assert!(app("my-gre").custom && !app("ftp").custom);
    assert_eq!(world.warnings, [""; 0]);
    for (text, expected) in [
        (
            "[application.x]\nident-by-icmp-type = { code = 1 }",
            "5:22: an ICMP type needs its `type`; write it as `{ type = 3, code = 4 }`",
        ),
        (
            "[application.x]\nident-by-icmp-type = 8\ndefault-ports = \"tcp/1\"",
            "4:14: application `x` has `default-ports`, `ident-by-icmp-type`; keep one of them",
        ),
        (
            "[application.x]\nparent-app = \"web-browsin\"",
            "5:14: application `x` names the unknown application `web-browsin`; did you mean `web-browsing`?",
        ),
        (
            "[application-filter.f]\ncharacteristics = \"evasiv\"",
            "5:19: application filter `f` names the unknown characteristic `evasiv`; did you mean `evasive`?",
        ),
    ] {
        assert_eq!(failure(text), format!("rules.toml:{expected}"), "\n{text}");
    }
}

/// A configuration of PAN-OS may hold what newer content or another release knows: it is said, and the rest is read.
#[test]
fn a_configuration_of_pan_os_is_read_leniently() {
    let text = r#"<config><devices><entry name="localhost.localdomain"><vsys><entry name="vsys1">
<address><entry name="web"><fqdn>www.example.org</fqdn><tag><member>dmz</member></tag></entry></address>
<address-group><entry name="dmz"><dynamic><filter>'dmz'</filter></dynamic></entry></address-group>
<external-list><entry name="fetched"><type><ip/></type></entry></external-list>
<region><entry name="branch"><address><member>198.51.100.0/24</member></address></entry></region>
<schedule><entry name="new-year"><schedule-type><non-recurring><member>2026/01/01@00:00-2026/01/01@12:00</member></non-recurring></schedule-type></entry></schedule>
<service><entry name="slow"><protocol><tcp><port>80</port><override><yes><timeout>7200</timeout></yes></override></tcp></protocol></entry></service>
<application-filter><entry name="new"><category><member>invented</member></category></entry></application-filter>
<application><entry name="own"><parent-app>brand-new</parent-app><default><ident-by-icmp-type><type>13</type></ident-by-icmp-type></default>
<signature><entry name="s"><and-condition/></entry></signature></entry></application>
<profiles><custom-url-category><entry name="shops"><list><member>*shop.example</member><member>*.shop.example/</member></list></entry></custom-url-category></profiles>
<rulebase><security><rules><entry name="r">
<from><member>any</member></from><to><member>any</member></to>
<source><member>branch</member><member>fetched</member></source><destination><member>any</member></destination>
<source-user><member>corp\ann</member></source-user><category><member>shops</member></category>
<application><member>any</member></application><service><member>slow</member></service>
<schedule>new-year</schedule><action>allow</action>
</entry><entry name="d"><source><member>dmz</member></source><destination><member>any</member></destination>
<application><member>own</member><member>new</member></application><service><member>any</member></service><action>deny</action></entry>
</rules></security></rulebase>
</entry></vsys></entry></devices></config>"#;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[user]\n'corp\\ann' = \"198.51.100.7\"\n[fqdn]\n\"www.example.org\" = \"192.0.2.9\"\n")
        .unwrap();
    let mut overrides = Overrides { tables: Some(file.path().to_owned()), ..Overrides::default() };
    overrides.zone("all=0.0.0.0/0").unwrap();
    let world =
        config::parse("r.xml", text.as_bytes(), &overrides).map_err(|error| error.to_string()).unwrap();
    for sentence in [
        "application filter `new`: no application has the category `invented`",
        "signatures that can never match, for nothing meets one of their conditions: `s` of `own`",
        "no host patterns, and therefore left out: `*shop.example`",
        "no addresses are known of the external dynamic lists `fetched`",
    ] {
        assert!(world.warnings.iter().any(|warning| warning.starts_with(sentence)), "{:#?}", world.warnings);
    }
    let noon = at("2026-01-01T11:00:00Z");
    let query = Query { at: noon, ..query(&world, "198.51.100.7") };
    let lookup = world.policy.lookup(&query);
    assert_eq!((answer(&world, &query).as_str(), lookup.certainty), ("r", Ternary::Unknown));
    assert_eq!(world.policy.service_of(lookup.rule, &query).unwrap().timeouts.idle, Some(7_200));
    let of = |host: &str| Query { category: Some(world.categories.of(host)), ..query };
    assert_eq!(answer(&world, &of("www.shop.example")), "r");
    assert_eq!(answer(&world, &of("shop.example")), "intrazone-default");
    assert_eq!(answer(&world, &Query { src: ip("198.51.100.8"), ..query }), "intrazone-default");
    assert_eq!(answer(&world, &Query { at: at("2026-01-01T13:00:00Z"), ..query }), "intrazone-default");
    let own = world.catalog.find("own").unwrap();
    let from_web = Query { src: ip("192.0.2.9"), protocol: Protocol::ICMP, app: Some(own), ..query };
    assert_eq!(answer(&world, &from_web), "d");
}
