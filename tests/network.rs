//! Interfaces and routes in a rulebase: what is said of those that are wrong, and what the program makes of captures.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use firstpass::config::{self, Overrides, World};
use firstpass::feature::route::NoEgress;
use firstpass::flow::{Addr, Arrival, Protocol};
use firstpass::packet::build::Builder;
use firstpass::policy::Query;
use serde_json::Value;

const TWO: &str = r#"
[interface."ethernet1/1"]
ip = "10.0.1.1/24"
zone = "trust"
[interface."ethernet1/2"]
ip = "203.0.113.2/29"
zone = "untrust"
"#;

fn addr(text: &str) -> Addr {
    text.parse::<IpAddr>().unwrap().into()
}

/// Zones that a packet comes in by and leaves by.
fn zones(world: &World, src: &str, dst: &str) -> String {
    let name = |zone| world.zones.name(zone).to_owned();
    let (src, dst) = (addr(src), addr(dst));
    let from = match world.network.ingress(Arrival::default(), src, dst) {
        Ok(from) => from,
        Err(why) => return format!("{why:?}"),
    };
    let to: Result<_, NoEgress> = world.network.egress(&from, dst);
    format!("{} {}", name(from.zone), to.map_or_else(|why| format!("{why:?}"), |to| name(to.zone)))
}

#[test]
fn what_is_wrong_is_said_where_it_stands() {
    for (rest, place, says) in [
        ("[interface.e]\nipp = \"10.0.0.1/8\"\n", (2, 1), "unknown key `ipp` in an interface"),
        ("[interface.e]\nip = \"10.0.0.1/33\"\n", (2, 6), "`10.0.0.1/33` is no address of an interface"),
        ("[interface.e]\nmode = \"layer4\"\n", (2, 8), "unknown value `layer4`"),
        ("[interface.e]\ntag = 4095\n", (2, 7), "a number from 1 to 4094, found `4095`"),
        ("[interface.e]\nmode = \"tap\"\nvirtual-router = \"vr\"\n", (3, 18), "interface `e` does not route"),
        ("[[route]]\nnexthop = \"10.0.0.1\"\n", (1, 1), "the route has no `destination`"),
        ("[[route]]\ndestination = \"10.0.0.0/8\"\n", (1, 1), "a route leads one way"),
        (
            "[[route]]\ndestination = \"10.0.0.0/8\"\nnexthop = \"10.1.1.1\"\ndiscard = true\n",
            (1, 1),
            "a route leads one way",
        ),
        (
            "[[route]]\ndestination = \"10.0.0.0/8\"\nnexthop = \"gateway\"\n",
            (3, 11),
            "`gateway` is neither an IPv4 nor an IPv6 address",
        ),
        (
            "[virtual-wire.w]\ninterfaces = [\"a\", \"b\", \"c\"]\n",
            (1, 15),
            "virtual wire `w` does not have two ends",
        ),
        (
            "[virtual-wire.w]\ninterfaces = [\"a\", \"a\"]\n",
            (1, 15),
            "virtual wire `w` has the same interface at both ends",
        ),
        ("[interface.\"e\\u001b\"]\nzone = \"a\"\n", (1, 12), "has control characters"),
    ] {
        let error = World::from_toml(&format!("{rest}[zones]\nz = \"10.0.0.0/8\"\n")).map(drop).unwrap_err();
        let found = error.diagnostics.iter().any(|found| {
            found.message.contains(says) && found.at.as_ref().is_some_and(|at| (at.line, at.column) == place)
        });
        assert!(found, "{rest}\n{error:?}");
    }
}

#[test]
fn what_cannot_be_used_is_warned_of() {
    let world = World::from_toml(&format!(
        "{TWO}{}",
        r#"
        [[route]]
        name = "Lost"
        destination = "10.7.0.0/16"
        nexthop = "192.0.2.1"
        [[route]]
        name = "Typo"
        destination = "10.8.0.0/16"
        interface = "ethernet1/22"
        [[route]]
        destination = "10.9.0.0/16"
        next-vr = "defualt"
        [interface."ethernet1/3"]
        dhcp-client = true
        zone = "internet"
        [interface."ethernet1/4"]
        ip = "10.0.1.2/24"
        zone = "lab"
        "#
    ))
    .unwrap();
    assert_eq!(
        world.warnings,
        [
            "route `Typo` is not used: there is no interface `ethernet1/22` (did you mean `ethernet1/2`?)",
            "route `10.9.0.0/16` is not used: there is no virtual router `defualt` (did you mean `default`?)",
            "route `Lost` of virtual router `default` is not used: its next hop 192.0.2.1 is in no connected network",
            "interface `ethernet1/3` gets its address elsewhere; the default route is taken to lead through it",
            "10.0.1.0/24 is routed to zone `trust` (ethernet1/1) and to zone `lab` (ethernet1/4); what comes from \
             there is taken to come in by the first (`--zone` or `--ingress` says otherwise)",
        ]
    );
    assert_eq!(zones(&world, "10.0.1.7", "8.8.8.8"), "trust internet");
}

#[test]
fn the_command_line_wins_over_routes() {
    let mut overrides = Overrides::default();
    overrides.zone("lab=10.0.1.64/26").unwrap();
    overrides.zone("untrust=0.0.0.0/0").unwrap();
    let world = config::parse("r.toml", TWO.as_bytes(), &overrides).unwrap();
    for (src, dst, found) in [
        ("10.0.1.7", "203.0.113.3", "trust untrust"),
        ("10.0.1.70", "10.0.1.7", "lab trust"),
        ("10.0.1.7", "10.0.1.70", "trust lab"),
        // What no route leads to.
        ("8.8.8.8", "10.0.1.7", "untrust trust"),
        ("10.0.1.7", "8.8.8.8", "trust untrust"),
    ] {
        assert_eq!(zones(&world, src, dst), found, "{src} {dst}");
    }
    let world = World::from_toml(TWO).unwrap();
    assert_eq!(zones(&world, "8.8.8.8", "10.0.1.7"), "Unknown");
    assert_eq!(zones(&world, "10.0.1.7", "8.8.8.8"), "trust NoRoute");
}

/// A pcapng file with interfaces of these names; each packet says which one it came by.
fn pcapng(names: &[&str], packets: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
        let len = u32::try_from(body.len() + padding.len() + 12).unwrap().to_le_bytes();
        [&kind.to_le_bytes()[..], &len, body, &padding, &len].concat()
    };
    let mut file =
        block(0x0a0d_0d0a, &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    for name in names {
        let mut body = vec![1, 0, 0, 0, 0, 0, 0, 0, 2, 0];
        body.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        body.extend(name.as_bytes());
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend([0; 4]);
        file.extend(block(1, &body));
    }
    for (interface, bytes) in packets {
        let len = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let head = [interface.to_le_bytes(), [0, 6, 0, 0], [0, 0, 0, 0], len, len].concat();
        file.extend(block(6, &[&head[..], bytes].concat()));
    }
    file
}

/// A question and its answer over a virtual wire; `at` are the interfaces' numbers in the file.
fn conversation(at: [u32; 2]) -> Vec<(u32, Vec<u8>)> {
    let [client, server] = ["10.0.0.5", "10.0.0.9"].map(addr);
    vec![
        (at[0], Builder::new(client, server).ethernet().udp(40_000, 7_000, b"question")),
        (at[1], Builder::new(server, client).ethernet().udp(7_000, 40_000, b"answer")),
    ]
}

fn firstpass(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firstpass")).current_dir(folder).args(arguments).output().unwrap()
}

#[test]
fn a_virtual_wire_goes_by_the_interfaces_of_the_capture() {
    let folder = tempfile::tempdir().unwrap();
    let wire = r#"
        [interface."ethernet1/1"]
        mode = "virtual-wire"
        zone = "inside"
        [interface."ethernet1/2"]
        mode = "virtual-wire"
        zone = "outside"
        [virtual-wire.w]
        interfaces = ["ethernet1/1", "ethernet1/2"]
        [[security]]
        name = "Out"
        from = "inside"
        to = "outside"
        service = "any"
        action = "allow"
    "#;
    fs::write(folder.path().join("wire.toml"), wire).unwrap();
    let capture = pcapng(&["eth9", "ethernet1/2", "ethernet1/1"], &conversation([2, 1]));
    fs::write(folder.path().join("wire.pcapng"), capture).unwrap();
    let arguments = ["replay", "wire.pcapng", "--rules", "wire.toml", "--format", "json"];
    let output = firstpass(folder.path(), &arguments);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = &report["sessions"][0];
    let shown = ["from", "to", "inbound_if", "outbound_if"].map(|column| row[column].as_str().unwrap());
    assert_eq!(shown, ["inside", "outside", "ethernet1/1", "ethernet1/2"]);
    assert_eq!(row["packets"], 2, "the answer belongs to the session");
    let warning = report["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("no interface has an address"), "{warning}");

    let output = firstpass(folder.path(), &["explain", "wire.pcapng", "--rules", "wire.toml"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("ingress: ethernet1/1, zone `inside` (the interface of the capture)"), "{text}");
    assert!(
        text.contains("egress: ethernet1/2, zone `outside` (the other end of the virtual wire)"),
        "{text}"
    );
}

#[test]
fn a_replay_needs_to_know_what_is_behind_the_zones() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "[zones]\ntrust = []\nuntrust = []\n[[security]]\nname = \"r\"\nservice = \"any\"\naction = \"allow\"\n";
    fs::write(folder.path().join("bare.toml"), rules).unwrap();
    fs::write(folder.path().join("c.pcapng"), pcapng(&["eth0"], &conversation([0, 0]))).unwrap();
    let replay = |more: &[&str]| {
        let arguments = ["replay", "c.pcapng", "--rules", "bare.toml", "--format", "csv"];
        let output = firstpass(folder.path(), &[&arguments, more].concat());
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, message) = replay(&[]);
    assert_eq!(status, Some(2), "{message}");
    for part in ["(trust, untrust)", "no addresses of interfaces and no routes", "--zone trust=", "--ingress"]
    {
        assert!(message.contains(part), "`{part}` is missing in\n{message}");
    }
    let (status, message) = replay(&["--zone", "trust=10.0.0.5", "--zone", "untrust=10.0.0.9"]);
    assert_eq!((status, message.as_str()), (Some(0), ""));

    // Where some zones are known, the others are warned of.
    let text = format!("{TWO}[interface.\"tunnel.1\"]\nzone = \"vpn\"\n{rules}")
        .replace("[zones]\ntrust = []\nuntrust = []\n", "");
    fs::write(folder.path().join("bare.toml"), text).unwrap();
    let (status, message) = replay(&[]);
    assert_eq!(status, Some(0), "{message}");
    assert!(message.contains("nothing tells which addresses are behind the zone `vpn`"), "{message}");
}

/// The folder of configurations that came with verdicts, where it is there.
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("FIRSTPASS_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from);
    let folder = root.join("configs");
    folder.join("POLICY_TRUTH.tsv").is_file().then_some(folder)
}

/// Each row of the truth names the interface a packet comes in by: routes must tell where it leaves.
#[test]
fn packets_of_known_verdict_find_their_way() {
    let Some(folder) = corpus() else {
        eprintln!("SKIPPED: there is no corpus of configurations");
        return;
    };
    let truth = fs::read_to_string(folder.join("POLICY_TRUTH.tsv")).unwrap();
    for row in truth.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let &[file, _, port, src, dst, "tcp", dport, expected, ..] = cells.as_slice() else {
            panic!("{row}")
        };
        let world = config::load(&folder.join(file), &Overrides::default()).unwrap();
        let network = &world.network;
        let arrival = Arrival { interface: network.find(port), ..Arrival::default() };
        let from = network.ingress(arrival, addr(src), addr(dst)).unwrap();
        let Ok(to) = network.egress(&from, addr(dst)) else {
            // The only one that is about a filter between two zones, whatever the routes.
            assert_eq!((file, dst), ("batfish_rulebase-tracing.set", "10.12.14.16"));
            continue;
        };
        let query = Query {
            from: from.zone,
            to: to.zone,
            src: addr(src),
            dst: addr(dst),
            protocol: Protocol::TCP,
            sport: 40_000,
            dport: dport.parse().unwrap(),
            app: None,
            ..Query::default()
        };
        let app = world.overrides.lookup(&query).map(|rule| rule.application);
        let lookup = world.policy.lookup(&Query { app, ..query });
        let found = if lookup.action.is_allow() { "permit" } else { "deny" };
        assert_eq!(found, expected, "{row}");
    }
}
