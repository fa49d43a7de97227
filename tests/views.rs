//! `replay --at PACKET --show VIEW`: the firewall as it stands at a moment, in PAN-OS's layout and as data.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::process::{Command, Output};

use firstpass::capture::write::Writer;
use firstpass::capture::{Frame, LinkType};
use firstpass::flow::Addr;
use firstpass::packet::build::Builder;
use firstpass::packet::{Payload, TcpFlags, TcpSegment};
use firstpass::time::{Span, Timestamp};
use serde_json::Value;

/// The firewall of PANOS.md 11.4, by its interfaces, rules and the place it stands at.
const RULES: &str = r#"
[device]
timezone = "Europe/Berlin"
[interface."ethernet1/1"]
ip = "192.168.1.1/24"
zone = "Inside"
[interface."ethernet1/3"]
ip = "10.2.62.150/24"
zone = "Outside"
[[route]]
destination = "0.0.0.0/0"
nexthop = "10.2.62.1"

[user]
bob = "192.168.1.21"

[[nat]]
name = "U-turn"
from = "Inside"
to = "Outside"
destination = "10.2.62.80"
[nat.source-translation.dynamic-ip-and-port]
translated-address = "192.168.1.1"
[nat.destination-translation]
translated-address = "192.168.1.80"

[[nat]]
name = "Web in"
from = "Outside"
to = "Outside"
destination = "10.2.62.80"
[nat.destination-translation]
translated-address = "192.168.1.80"

[[nat]]
name = "Lan"
from = "Inside"
to = "Outside"
[nat.source-translation.dynamic-ip-and-port]
translated-address = "10.2.62.150"

[[security]]
name = "Allow ping"
from = "Inside"
to = "Outside"
application = "ping"
action = "allow"

[[security]]
name = "Web"
application = ["web-browsing", "ssl"]
action = "allow"
"#;

/// 09:58:41 in Berlin, in summer.
const START: Timestamp = Timestamp::from_secs(1_683_359_921);

const CLIENT: [u8; 4] = [192, 168, 1, 20];
const SERVER: [u8; 4] = [1, 1, 1, 1];

/// A folder with a capture and a rulebase.
struct Ground {
    folder: tempfile::TempDir,
}

impl Ground {
    /// Frames at milliseconds after [`START`].
    fn new(frames: &[(u64, Vec<u8>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        let mut writer = Writer::pcap(&mut bytes, LinkType::ETHERNET).unwrap();
        for (at, frame) in frames {
            let at = START + Span::from_nanos(at * 1_000_000);
            let wire_len = u32::try_from(frame.len()).unwrap();
            let (link_type, interface) = (LinkType::ETHERNET, None);
            writer.write(&Frame { at, file: 0, link_type, interface, wire_len, bytes: frame }).unwrap();
        }
        std::fs::write(folder.path().join("capture.pcap"), bytes).unwrap();
        std::fs::write(folder.path().join("rules.toml"), RULES).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn replay(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_firstpass"))
            .arg("replay")
            .arg(self.path("capture.pcap"))
            .arg("--rules")
            .arg(self.path("rules.toml"))
            .args(arguments)
            .output()
            .unwrap()
    }

    /// What a view prints.
    fn show(&self, at: &str, view: &str) -> String {
        text(&self.replay(&["--at", at, "--show", view]))
    }
}

fn text(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// An echo request of Windows, as in the sample: identifier 1, 32 bytes.
fn ping(sequence: u8) -> Vec<u8> {
    let builder = Builder::new(Addr::v4(CLIENT), Addr::v4(SERVER)).ethernet();
    builder.echo_request(1, u16::from(sequence), &[b'a'; 32])
}

fn tcp(src: [u8; 4], dst: [u8; 4], ports: (u16, u16), seq: u32, flags: TcpFlags, payload: &[u8]) -> Vec<u8> {
    let segment = TcpSegment {
        sport: ports.0,
        dport: ports.1,
        seq,
        ack: if flags.contains(TcpFlags::ACK) { 5_001 } else { 0 },
        flags,
        window: 64_000,
        options: &[],
        payload: Payload { bytes: payload, len: u32::try_from(payload.len()).unwrap() },
    };
    Builder::new(Addr::v4(src), Addr::v4(dst)).ethernet().tcp(&segment)
}

/// PANOS.md 11.4: the sample of a 10.2 firewall, but for the number of the session.
const CLOSED_PING: &str = "\
Session               2

        c2s flow:
                source:      192.168.1.20 [Inside]
                dst:         1.1.1.1
                proto:       1
                sport:       1               dport:      31
                state:       INIT            type:       FLOW
                src user:    unknown
                dst user:    unknown

        s2c flow:
                source:      1.1.1.1 [Outside]
                dst:         10.2.62.150
                proto:       1
                sport:       31              dport:      1
                state:       INIT            type:       FLOW
                src user:    unknown
                dst user:    unknown

        start time                           : Sat May  6 09:58:41 2023
        timeout                              : 6 sec
        total byte count(c2s)                : 74
        total byte count(s2c)                : 0
        layer7 packet count(c2s)             : 1
        layer7 packet count(s2c)             : 0
        vsys                                 : vsys1
        application                          : ping
        rule                                 : Allow ping
        service timeout override(index)      : False
        session to be logged at end          : True
        session in session ager              : False
        session updated by HA peer           : False
        address/port translation             : source
        nat-rule                             : Lan(vsys1)
        layer7 processing                    : enabled
        URL filtering enabled                : False
        session via syn-cookies              : False
        session terminated on host           : False
        session traverses tunnel             : False
        session terminate tunnel             : False
        captive portal session               : False
        ingress interface                    : ethernet1/1
        egress interface                     : ethernet1/3
        session QoS rule                     : N/A (class 4)
        tracker stage firewall               : Aged out
        end-reason                           : aged-out
";

#[test]
fn a_closed_session_is_shown_as_the_device_shows_it() {
    let ground = Ground::new(&[(0, ping(26)), (100, ping(31)), (6_200, ping(32))]);
    assert_eq!(ground.show("3", "session id 2"), CLOSED_PING);
    // While it lives: time is left of its six seconds, and it has no reason to end.
    let open = ground.show("2", "show session id 2");
    assert!(open.contains("                state:       ACTIVE          type:       FLOW\n"), "{open}");
    assert!(open.contains(
        "timeout                              : 6 sec\n        time to live                         : 6 sec\n"
    ));
    assert!(open.contains("session in session ager              : True\n"));
    assert!(open.contains("egress interface                     : ethernet1/3\n"));
    assert!(!open.contains("tracker stage"));
    assert!(open.ends_with("end-reason                           : unknown\n"));
    // Before it is set up there is no such session.
    let none = ground.show("1", "session id 2");
    assert_eq!(none, "Session               2\n\n        Bad Key: c2s: 'c2s'\n        Bad Key: s2c: 's2c'\n");
}

const HEAD: &str = "\
--------------------------------------------------------------------------------
ID          Application    State   Type Flag  Src[Sport]/Zone/Proto (translated IP[Port])
Vsys                                          Dst[Dport]/Zone (translated IP[Port])
--------------------------------------------------------------------------------
";

/// PANOS.md 11.3, its second row but for the number.
#[test]
fn the_table_is_shown_as_the_device_shows_it() {
    let ground = Ground::new(&[(0, ping(26)), (10_000, ping(31))]);
    let row = "\
1            ping           ACTIVE FLOW  NS   192.168.1.20[1]/Inside/1  (10.2.62.150[1])
vsys1                                          1.1.1.1[26]/Outside  (1.1.1.1[26])
"
    .replace("ACTIVE FLOW", "ACTIVE  FLOW");
    assert_eq!(ground.show("1", "session all"), format!("{HEAD}{row}"));
    // Its six seconds are over when the second packet comes.
    let later = ground.show("end", "session all");
    assert!(
        later.starts_with(HEAD) && later.contains("\n2            ping") && later.lines().count() == 6,
        "{later}"
    );
    assert_eq!(ground.show("2", "session all filter type predict"), "No Active Sessions\n");
}

/// PANOS.md 7, 11.3: type PRED, a source port of 0, the flow from the server not there yet, no rule; what announced it.
#[test]
fn a_predict_session_is_shown_as_the_device_shows_it() {
    let lesson = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pcaps/ftp-modes");
    // Behind the packet of the PORT command.
    let show = |view: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_firstpass"))
            .arg("replay")
            .arg(lesson.join("capture.pcapng"))
            .arg("--rules")
            .arg(lesson.join("rules.toml"))
            .args(["--at", "83", "--show", view])
            .output()
            .unwrap();
        text(&output)
    };
    let list = show("session all filter type predict");
    let rows: Vec<&str> = list.lines().skip(4).collect();
    assert_eq!(
        rows,
        [
            "6            ftp-data       ACTIVE  PRED       192.0.2.10[0]/dmz/6  (192.0.2.10[0])",
            "vsys1                                          198.51.100.7[57671]/untrust  (198.51.100.7[57671])",
        ]
    );
    let session = show("session id 6");
    for line in [
        "sport:       0               dport:      57671",
        "state:       ACTIVE          type:       PRED",
        "state:       OPENING         type:       PRED",
        "timeout                              : 60 sec",
        "rule                                 : ",
        "session to be logged at end          : False",
        "parent session                       : 5",
        "prediction triggered by              : client",
        "prediction matched once              : False",
        "end-reason                           : unknown",
    ] {
        assert!(session.lines().any(|shown| shown.trim_start() == line), "{line}\n{session}");
    }
    assert!(show("session info").contains("Number of active predict sessions:               1\n"));
    assert!(show("session all filter type flow count yes").contains(": 5\n"));
}

/// NAT of the source, of the destination and of both, and what `session all` can be asked for.
#[test]
fn sessions_are_found_by_what_they_are() {
    const SYN: TcpFlags = TcpFlags::SYN;
    let ground = Ground::new(&[
        (0, tcp(CLIENT, SERVER, (40_000, 80), 1, SYN, b"")),
        (1_000, tcp([198, 51, 100, 9], [10, 2, 62, 80], (40_001, 80), 1, SYN, b"")),
        (2_000, tcp([192, 168, 1, 21], [10, 2, 62, 80], (40_002, 443), 1, SYN, b"")),
    ]);
    let all = ground.show("3", "session all");
    for line in [
        "1            undecided      ACTIVE  FLOW  NS   192.168.1.20[40000]/Inside/6  (10.2.62.150[",
        "vsys1                                          1.1.1.1[80]/Outside  (1.1.1.1[80])",
        "2            undecided      ACTIVE  FLOW  ND   198.51.100.9[40001]/Outside/6  (198.51.100.9[40001])",
        "vsys1                                          10.2.62.80[80]/Inside  (192.168.1.80[80])",
        "3            undecided      ACTIVE  FLOW  NB   192.168.1.21[40002]/Inside/6  (192.168.1.1[",
        "vsys1                                          10.2.62.80[443]/Inside  (192.168.1.80[443])",
    ] {
        assert!(all.lines().any(|shown| shown.starts_with(line)), "{line}\n{all}");
    }
    for (filter, ids) in [
        ("source 192.168.1.0/24", vec![1, 3]),
        ("source 192.168.1.20", vec![1]),
        ("destination 10.2.62.80", vec![2, 3]),
        ("source-port 40001", vec![2]),
        ("destination-port 443", vec![3]),
        ("protocol 6", vec![1, 2, 3]),
        ("protocol 17", vec![]),
        ("from Inside", vec![1, 3]),
        ("to Inside", vec![2, 3]),
        ("from Inside to Inside", vec![3]),
        ("state active", vec![1, 2, 3]),
        ("state DISCARD", vec![]),
        ("type flow", vec![1, 2, 3]),
        ("nat source", vec![1]),
        ("nat destination", vec![2]),
        ("nat both", vec![3]),
        ("nat none", vec![]),
        ("nat-rule 'Web in'", vec![2]),
        ("rule \"Web\"", vec![1, 2, 3]),
        ("rule 'Allow ping'", vec![]),
        ("pbf-rule any", vec![]),
        ("application undecided", vec![1, 2, 3]),
        ("application web-browsing", vec![]),
        ("ingress-interface ethernet1/3", vec![2]),
        ("source-user bob", vec![3]),
        ("min-age 1", vec![1, 2]),
        ("min-kb 1", vec![]),
        ("ssl-decrypt yes", vec![]),
        ("ssl-decrypt no", vec![1, 2, 3]),
    ] {
        let view = format!("session all filter {filter}");
        let count = format!("{view} count yes");
        let output = ground.replay(&["--at", "3", "--show", &view, "--show", &count, "--format", "json"]);
        let document: Value = serde_json::from_str(&text(&output)).unwrap();
        let views = document["views"].as_array().unwrap();
        let found: Vec<_> = views[0]["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|session| session["id"].as_u64().unwrap())
            .collect();
        assert_eq!(found, ids, "{filter}");
        assert_eq!(views[1]["count"].as_u64().unwrap(), ids.len() as u64, "{filter}");
    }
    let rest = ground.show("3", "session all start-at 3");
    assert!(rest.contains("\n3            und") && !rest.contains("\n2            und"), "{rest}");
}

/// One SYN, one UDP datagram that no rule allows, one ACK without session, and a second SYN of the same session.
#[test]
fn counters_are_shown_as_the_device_shows_them() {
    let ground = Ground::new(&[
        (0, tcp(CLIENT, SERVER, (40_000, 80), 1, TcpFlags::SYN, b"")),
        (500, Builder::new(Addr::v4(CLIENT), Addr::v4(SERVER)).ethernet().udp(40_000, 53, b"?")),
        (1_000, tcp(CLIENT, SERVER, (40_001, 80), 1, TcpFlags::ACK, b"")),
        (2_000, tcp(CLIENT, SERVER, (40_000, 80), 1, TcpFlags::SYN, b"")),
        (9_000, ping(1)),
    ]);
    let expected = "\
Global counters:
Elapsed time since last sampling: 2.000 seconds

name                                   value     rate severity  category  aspect    description
--------------------------------------------------------------------------------
pkt_recv                                   4        2 info      packet    pktproc   Packets received
pkt_sent                                   2        1 info      packet    pktproc   Packets transmitted
session_allocated                          1        0 info      session   resource  Sessions allocated
session_installed                          1        0 info      session   resource  Sessions installed
flow_policy_deny                           1        0 drop      flow      session   Session setup: denied by policy
flow_tcp_non_syn                           1        0 info      flow      session   Non-SYN TCP packets without session match
flow_tcp_non_syn_drop                      1        0 drop      flow      session   Packets dropped: non-SYN TCP without session match
nat_dynamic_port_xlat                      1        0 info      nat       resource  The total number of dynamic_ip_port NAT translate called
--------------------------------------------------------------------------------
Total counters shown: 8
--------------------------------------------------------------------------------
";
    assert_eq!(ground.show("4", "counter global"), expected);
    let drops = ground.show("4", "counter global filter severity drop");
    let names: Vec<_> = drops
        .lines()
        .filter(|line| line.contains(" drop "))
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(names, ["flow_policy_deny", "flow_tcp_non_syn_drop"]);
    assert!(drops.contains("Total counters shown: 2\n"));
    // The SYN's session has aged out by then, and App-ID told the ping by its header.
    let later = ground.show("end", "counter global filter category session delta yes");
    for (name, value) in [("session_aged_out", 1), ("session_allocated", 2), ("session_freed", 1)] {
        assert!(later.lines().any(|line| line.starts_with(&format!("{name:<33} {value:>10} "))), "{later}");
    }
    let ident = ground.show("end", "counter global name appid_ident_by_icmp");
    assert!(ident.contains("Total counters shown: 1\n"), "{ident}");
}

#[test]
fn info_tells_counts_and_settings() {
    let ground = Ground::new(&[
        (0, tcp(CLIENT, SERVER, (40_000, 80), 1, TcpFlags::SYN, b"")),
        (900, ping(1)),
        (1_900, ping(2)),
    ]);
    let output = ground.replay(&[
        "--at",
        "3",
        "--show",
        "session info",
        "--set",
        "session.timeout-tcpinit=9",
        "--set",
        "session.tcp-reject-non-syn=no",
    ]);
    let info = text(&output);
    for line in [
        "target-dp: *.dp0",
        "Number of allocated sessions:                    3",
        "Number of active TCP sessions:                   1",
        "Number of active ICMP sessions:                  2",
        "Number of active predict sessions:               0",
        "Number of sessions created since bootup:         3",
        // The ping before is a full second old.
        "Packet rate:                                     1/s",
        "New connection establish rate:                   1 cps",
        "  TCP session timeout before SYN-ACK received:        9 secs",
        "  TCP session timeout in TIME_WAIT:                  15 secs",
        "  Session timeout in discard state:",
        "    TCP: 90 secs, UDP: 60 secs, SCTP: 60 secs, other IP protocols: 60 secs",
        "Session accelerated aging:                       True",
        "  TCP - reject non-SYN first packet:             False",
        "Session behavior when resource limit is reached: drop",
    ] {
        assert!(info.lines().any(|shown| shown == line), "{line}\n{info}");
    }
    // The order of PANOS.md 11.5.
    let order = [
        "supported",
        "created since bootup",
        "Packet rate",
        "Session timeout",
        "discard state",
        "accelerated aging",
        "Session setup",
        "trickling scan",
        "resource limit",
        "Pcap token",
        "mcast packets",
    ];
    let places: Vec<_> = order.iter().map(|part| info.find(part).unwrap()).collect();
    assert!(places.is_sorted(), "{info}");
}

/// At every packet of real captures: what is listed is what was set up and has not gone, and what was asked for by
/// number is either listed or gone.
#[test]
fn views_agree_with_each_other() {
    for (lesson, packets) in
        [("first-packets", vec![1, 40, 100, 170, 264]), ("tcp-endings", vec![5, 30, 60]), ("dns", vec![2, 9])]
    {
        for packet in packets {
            let capture = format!("pcaps/{lesson}/capture.pcapng");
            let rules = format!("pcaps/{lesson}/rules.toml");
            let mut arguments =
                vec!["--at".to_owned(), format!("{packet}"), "--format".to_owned(), "json".to_owned()];
            let ids = 1..=8;
            let views = ["session all", "session info", "counter global"].map(str::to_owned).into_iter();
            for view in views.chain(ids.clone().map(|id| format!("session id {id}"))) {
                arguments.extend(["--show".to_owned(), view]);
            }
            let output = Command::new(env!("CARGO_BIN_EXE_firstpass"))
                .args(["replay", &capture, "--rules", &rules])
                .args(&arguments)
                .output()
                .unwrap();
            let document: Value = serde_json::from_str(&text(&output)).unwrap();
            assert_eq!(document["at"]["packet"], packet);
            let views = document["views"].as_array().unwrap();
            let listed: Vec<u64> = views[0]["sessions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|session| session["id"].as_u64().unwrap())
                .collect();
            assert!(listed.is_sorted(), "{listed:?}");
            let counters = views[2]["counters"].as_array().unwrap();
            let counter = |name: &str| {
                counters
                    .iter()
                    .find(|counter| counter["name"] == name)
                    .map_or(0, |counter| counter["value"].as_u64().unwrap())
            };
            let (made, gone) = (counter("session_allocated"), counter("session_freed"));
            assert_eq!(listed.len() as u64, made - gone, "{lesson} at {packet}");
            assert_eq!(views[1]["info"]["Number of allocated sessions"], made - gone);
            assert_eq!(counter("pkt_recv"), packet);
            for (id, view) in ids.zip(views.iter().skip(3)) {
                let state = view["session"]["state"].as_str();
                match (id <= made, listed.contains(&id)) {
                    (false, _) => assert_eq!(state, None),
                    (true, false) => assert_eq!(state, Some("INIT"), "{lesson} at {packet}: {id}"),
                    (true, true) => assert!(matches!(state, Some("ACTIVE" | "DISCARD"))),
                }
            }
        }
    }
}

/// Options, and what the message must say.
#[test]
fn mistakes_are_explained() {
    let ground = Ground::new(&[(0, ping(1))]);
    for (arguments, said) in [
        (&["--at", "2", "--show", "session all"][..], ["--at 2: the captures hold 1 packet", "or `end`"]),
        (&["--at", "0", "--show", "session all"], ["counted from 1", "`end`"]),
        (&["--at", "1"], ["--show", "required"]),
        (&["--show", "session al"], ["there is no view `session al`", "did you mean `session all`?"]),
        (&["--show", "system info"], ["there is no view `system info`", "`session info`"]),
        (&["--show", "session id"], ["needs a number", "`session id 7`"]),
        (&["--show", "session id x"], ["`x` is no session id", "write a number"]),
        (&["--show", "session all filter sorce 1.1.1.1"], ["no filter `sorce`", "did you mean `source`?"]),
        (&["--show", "session all filter source"], ["`source` needs a value", "an address or prefix"]),
        (
            &["--show", "session all filter source web"],
            ["`web` is no value of `source`", "an address or prefix"],
        ),
        (&["--show", "session all filter state open"], ["`open` is no value of `state`", "discard"]),
        (&["--show", "session all filter rule 'a b"], ["has no end", "close it with '"]),
        (&["--show", "session all filter count maybe"], ["`maybe` is no value of `count`", "yes or no"]),
        (&["--show", "counter global filter severity dorp"], ["no severity `dorp`", "did you mean `drop`?"]),
        (
            &["--show", "counter global filter sverity drop"],
            ["no filter `sverity`", "did you mean `severity`?"],
        ),
        (&["--show", "session all", "--format", "csv"], ["nothing but rows", "--format json"]),
        (&["--show", "session all", "--summary"], ["--show", "cannot be used with"]),
    ] {
        let output = ground.replay(arguments);
        let error = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(said.iter().all(|part| error.contains(part)), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
