//! Zone-protection profiles: every format says the same, what is wrong is said, and reports tell what profiles did.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use firstpass::capture::{Frame, LinkType};
use firstpass::config::{self, Form, Overrides, World, convert_bytes};
use firstpass::engine::{DropReason, Verdict};
use firstpass::feature::zone_protection::{
    Flood, FloodAction, FloodKind, Guard, Scan, ScanAction, ScanKind, TrackBy, Value, ZoneProtection, keys,
};
use firstpass::flow::{Addr, Protocol};
use firstpass::packet::build::Builder;
use firstpass::packet::{Payload, TcpFlags, TcpSegment};
use firstpass::replay::{Options, Replay};
use firstpass::report::text::Look;
use firstpass::report::{EventLog, Explain, Sink, Tally};
use firstpass::scenario::Lab;
use firstpass::time::{Span, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn world(text: &str) -> World {
    config::parse("rules", text.as_bytes(), &Overrides::default())
        .map_err(|error| format!("{}\n{text}", error.render(false)))
        .unwrap()
}

fn profile<'w>(world: &'w World, zone: &str) -> Option<&'w ZoneProtection> {
    world.protections.of(world.zones.find(zone).unwrap())
}

/// One profile with something of everything.
fn everything() -> ZoneProtection {
    let mut profile = ZoneProtection { name: "outside".to_owned(), ..ZoneProtection::default() };
    profile.tcp.reject_non_syn = Some(false);
    profile.tcp.asymmetric_bypass = Some(true);
    profile.tcp.discard_syn_with_data = false;
    profile.tcp.discard_split_handshake = true;
    profile.guards.set(Guard::IpSpoof, true);
    profile.guards.set(Guard::Routing1, false);
    profile.guards.set(Guard::Routing253, true);
    profile.guards.set(Guard::HopByHop, true);
    profile.guards.set(Guard::OwnTooBig, true);
    profile.floods = [
        Some(Flood { action: FloodAction::SynCookies, alarm: 7, activate: 8, maximal: 9 }),
        Some(Flood { action: FloodAction::Red, alarm: 0, activate: 0, maximal: 2_000_000 }),
        None,
        Some(Flood::new(FloodAction::Red)),
        None,
    ];
    let scan = Scan { action: ScanAction::Block, interval: 3, threshold: 65_535 };
    let ip = |track_by, duration| ScanAction::BlockIp { track_by, duration };
    profile.scans = [
        Some(scan),
        Some(Scan { action: ip(TrackBy::Source, 3_600), ..Scan::new(ScanKind::Hosts) }),
        Some(Scan { action: ip(TrackBy::SourceAndDestination, 1), ..scan }),
        Some(Scan { action: ScanAction::Allow, ..scan }),
    ];
    profile.scan_white_list = vec!["192.0.2.7/32".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
    profile
}

const TOML: &str = r#"
[zone-protection.outside]
zones = ["untrust"]
tcp-reject-non-syn = "no"
asymmetric-path = "bypass"
discard-tcp-syn-with-data = false
discard-tcp-split-handshake = "yes"
discard-ip-spoof = true
scan-white-list = ["192.0.2.7", "2001:db8::/32"]
[zone-protection.outside.ipv6]
routing-header-1 = false
routing-header-253 = true
filter-ext-hdr = { hop-by-hop-hdr = true }
ignore-inv-pkt = { pkt-too-big = true }
[zone-protection.outside.flood]
tcp-syn = { enable = true, syn-cookies = { alarm-rate = 7, activate-rate = 8, maximal-rate = 9 } }
udp = { enable = true, red = { alarm-rate = 0, activate-rate = 0, maximal-rate = 2000000 } }
icmp = { red = { alarm-rate = 1, activate-rate = 1, maximal-rate = 1 } }
icmpv6 = { enable = true }
[zone-protection.outside.scan]
8001 = { action = "block", interval = 3, threshold = 65535 }
8002 = { action = { block-ip = { track-by = "source", duration = 3600 } } }
8003 = { action = { block-ip = { track-by = "source-and-destination", duration = 1 } }, interval = 3, threshold = 65535 }
8006 = { action = "allow", interval = 3, threshold = 65535 }

[zones]
untrust = "0.0.0.0/0"
dmz = "192.0.2.0/24"

[[security]]
name = "Allow"
service = "any"
"#;

const SET: &str = r"
set network profiles zone-protection-profile outside tcp-reject-non-syn no asymmetric-path bypass
set network profiles zone-protection-profile outside discard-tcp-syn-with-data no
set network profiles zone-protection-profile outside discard-tcp-split-handshake yes discard-ip-spoof yes
set network profiles zone-protection-profile outside scan-white-list scanner ipv4 192.0.2.7
set network profiles zone-protection-profile outside scan-white-list six ipv6 2001:db8::/32
set network profiles zone-protection-profile outside ipv6 routing-header-1 no routing-header-253 yes
set network profiles zone-protection-profile outside ipv6 filter-ext-hdr hop-by-hop-hdr yes routing-hdr no
set network profiles zone-protection-profile outside ipv6 ignore-inv-pkt pkt-too-big yes
set network profiles zone-protection-profile outside flood tcp-syn enable yes
set network profiles zone-protection-profile outside flood tcp-syn syn-cookies alarm-rate 7 activate-rate 8 maximal-rate 9
set network profiles zone-protection-profile outside flood udp enable yes red alarm-rate 0 activate-rate 0 maximal-rate 2000000
set network profiles zone-protection-profile outside flood icmp enable no red alarm-rate 1
set network profiles zone-protection-profile outside flood icmpv6 enable yes
set network profiles zone-protection-profile outside scan 8001 action block
set network profiles zone-protection-profile outside scan 8001 interval 3 threshold 65535
set network profiles zone-protection-profile outside scan 8002 action block-ip track-by source duration 3600
set network profiles zone-protection-profile outside scan 8003 action block-ip track-by source-and-destination duration 1
set network profiles zone-protection-profile outside scan 8003 interval 3
set network profiles zone-protection-profile outside scan 8003 threshold 65535
set network profiles zone-protection-profile outside scan 8006 action allow
set network profiles zone-protection-profile outside scan 8006 interval 3 threshold 65535
set network interface ethernet ethernet1/1 layer3 ip 203.0.113.1/24
set zone untrust network layer3 ethernet1/1 zone-protection-profile outside
set zone dmz network layer3 ethernet1/2
set rulebase security rules Allow from any to any source any destination any application any service any action allow
";

const BRACE: &str = r"
network {
  profiles { zone-protection-profile { outside {
    tcp-reject-non-syn no; asymmetric-path bypass;
    discard-tcp-syn-with-data no; discard-tcp-split-handshake yes; discard-ip-spoof yes;
    scan-white-list { scanner { ipv4 192.0.2.7; } six { ipv6 2001:db8::/32; } }
    ipv6 {
      routing-header-1 no; routing-header-253 yes;
      filter-ext-hdr { hop-by-hop-hdr yes; }
      ignore-inv-pkt { pkt-too-big yes; }
    }
    flood {
      tcp-syn { enable yes; syn-cookies { alarm-rate 7; activate-rate 8; maximal-rate 9; } }
      udp { enable yes; red { alarm-rate 0; activate-rate 0; maximal-rate 2000000; } }
      icmpv6 { enable yes; }
    }
    scan {
      8001 { action { block; } interval 3; threshold 65535; }
      8002 { action { block-ip { track-by source; duration 3600; } } }
      8003 { action { block-ip { track-by source-and-destination; duration 1; } } interval 3; threshold 65535; }
      8006 { action { allow; } interval 3; threshold 65535; }
    }
  } } }
  interface { ethernet { ethernet1/1 { layer3 { ip { 203.0.113.1/24; } } } } }
}
zone {
  untrust { network { layer3 ethernet1/1; zone-protection-profile outside; } }
  dmz { network { layer3 ethernet1/2; } }
}
rulebase { security { rules { Allow {
  from any; to any; source any; destination any; application any; service any; action allow;
} } } }
";

#[test]
fn every_format_says_the_same() {
    for text in [TOML, SET, BRACE] {
        let world = world(text);
        assert_eq!(profile(&world, "untrust"), Some(&everything()), "{text}");
        assert_eq!(profile(&world, "dmz"), None);
        assert!(world.warnings.iter().all(|warning| !warning.contains("rotection")), "{:?}", world.warnings);
    }
}

#[test]
fn every_format_is_written_in_every_other() {
    for text in [TOML, SET, BRACE] {
        for form in [Form::Toml, Form::PanosXml, Form::PanosSet] {
            let converted = convert_bytes("rules", text.as_bytes(), form, &Overrides::default())
                .map_err(|error| error.render(false))
                .unwrap();
            assert_eq!(
                profile(&world(&converted.text), "untrust"),
                Some(&everything()),
                "{}",
                converted.text
            );
            assert!(!converted.notes.iter().any(|note| note.contains("rotection")), "{:?}", converted.notes);
        }
    }
}

/// Every switch, each with a value that is not its default, through every format.
#[test]
fn every_switch_survives_conversion() {
    let mut rules =
        "[zones]\na = \"0.0.0.0/0\"\n[[security]]\nname = \"r\"\n[zone-protection.p]\nzones = \"a\"\n"
            .to_owned();
    let mut wanted = ZoneProtection { name: "p".to_owned(), ..ZoneProtection::default() };
    for key in keys() {
        let old = wanted.get(key).unwrap();
        let &(word, new) = old.words().iter().rfind(|&&(_, value)| value != old).unwrap();
        wanted.set(key, new);
        let path: Vec<String> = key.split('/').map(|part| format!("\"{part}\"")).collect();
        rules += &format!("{} = \"{word}\"\n", path.join("."));
    }
    assert_eq!(profile(&world(&rules), "a"), Some(&wanted));
    for form in [Form::Toml, Form::PanosXml, Form::PanosSet] {
        let converted = convert_bytes("rules", rules.as_bytes(), form, &Overrides::default()).unwrap();
        assert_eq!(profile(&world(&converted.text), "a"), Some(&wanted), "{}", converted.text);
    }
}

/// A new profile has the vendor's defaults (PANOS.md 6.2).
#[test]
fn defaults() {
    let text = "[zones]\na = []\n[[security]]\nname = \"r\"\n[zone-protection.p]\nzones = \"a\"\n\
                [zone-protection.p.flood]\ntcp-syn = { enable = true }\nudp = { enable = true, red = {} }\n\
                [zone-protection.q.flood]\ntcp-syn = { enable = true, syn-cookies = {} }\n[zone-protection.p.scan]\n8001 = {}\n8002 = {}\n";
    let world = world(text);
    let profile = profile(&world, "a").unwrap();
    let on: Vec<&str> = keys().filter(|key| profile.get(key) == Some(Value::Flag(true))).collect();
    assert_eq!(
        on,
        [
            "discard-tcp-syn-with-data",
            "discard-tcp-synack-with-data",
            "ipv6/routing-header-0",
            "ipv6/routing-header-1",
            "ipv6/routing-header-4-252",
            "ipv6/routing-header-255",
            "ipv6/multicast-source",
        ]
    );
    let red = Flood { action: FloodAction::Red, alarm: 10_000, activate: 10_000, maximal: 40_000 };
    assert_eq!(profile.floods[FloodKind::TcpSyn as usize], Some(red));
    assert_eq!(profile.floods[FloodKind::Udp as usize], Some(red));
    assert_eq!(profile.floods[FloodKind::Icmp as usize], None);
    let told = |scan: Option<Scan>| scan.map(|scan| (scan.interval, scan.threshold));
    assert_eq!(
        [0, 1, 2].map(|kind: usize| told(profile.scans[kind])),
        [Some((2, 100)), Some((10, 100)), None]
    );
    let cookies = Flood::new(FloodAction::SynCookies);
    assert_eq!((cookies.alarm, cookies.activate, cookies.maximal), (10_000, 0, 1_000_000));
}

#[test]
fn what_is_wrong_is_said() {
    for (lines, said) in [
        ("discard-ip-spof = true", "unknown key `discard-ip-spof` in a zone-protection profile"),
        ("discard-ip-spof = true", "did you mean `discard-ip-spoof`?"),
        ("ipv6.routing-header-2 = true", "unknown key `routing-header-2`"),
        ("ipv6.ignore-inv-pkt.dest-unreachable = true", "did you mean `dest-unreach`?"),
        ("ipv6 = true", "expected a table of switches, found a boolean"),
        ("discard-ip-spoof = \"maybe\"", "unknown value `maybe`"),
        ("tcp-reject-non-syn = \"globe\"", "did you mean `global`?"),
        ("asymmetric-path = true", "expected a word, found a boolean"),
        ("zones = \"untrsut\"", "did you mean `untrust`?"),
        (
            "zones = \"untrust\"\n[zone-protection.q]\nzones = \"untrust\"",
            "zone `untrust` has another profile, `p`",
        ),
        ("flood.tcp = { enable = true }", "unknown key `tcp` in `flood`"),
        ("flood.udp = { syn-cookies = {} }", "unknown key `syn-cookies` in a flood"),
        ("flood.udp.red.alarm = 1", "did you mean `alarm-rate`?"),
        ("flood.udp.red.maximal-rate = 2000001", "expected a number from 1 to 2000000, found `2000001`"),
        ("scan.8004 = {}", "unknown key `8004` in `scan`"),
        ("scan.8001.interval = 1", "expected a number from 2 to 65535, found `1`"),
        ("scan.8001.threshold = 1", "expected a number from 2 to 65535, found `1`"),
        ("scan.8001.action = \"deny\"", "it is one of `allow`, `alert`, `block`"),
        ("scan.8001.action = { block-ip = { duration = 3601 } }", "expected a number from 1 to 3600"),
        ("scan.8001.action = { block-ip = { track-by = \"destination\" } }", "unknown value `destination`"),
        ("scan-white-list = \"scanner\"", "`scanner` is no address"),
    ] {
        let text = format!(
            "[zones]\nuntrust = \"0.0.0.0/0\"\n[[security]]\nname = \"r\"\n[zone-protection.p]\n{lines}\n"
        );
        let error = config::parse("rules.toml", text.as_bytes(), &Overrides::default()).unwrap_err();
        let shown = error.render(false);
        assert!(shown.contains(said), "{lines}\n{shown}");
    }
}

#[test]
fn a_profile_that_is_not_there_is_warned_of() {
    let text =
        SET.replace("zone-protection-profile outside\nset zone", "zone-protection-profile outsid\nset zone");
    let world = world(&text);
    assert_eq!(profile(&world, "untrust"), None);
    let said =
        "zone `untrust` has no zone protection: there is no profile `outsid` (did you mean `outside`?)";
    assert!(world.warnings.iter().any(|warning| warning == said), "{:?}", world.warnings);
}

/// Of two templates of a stack both count, and what the first one says goes over the second (PANOS.md 12.5).
#[test]
fn templates_of_panorama_hold_profiles() {
    let text = "\
set template upper config network profiles zone-protection-profile zp discard-ip-spoof no
set template upper config network profiles zone-protection-profile zp scan 8001 action alert
set template lower config network profiles zone-protection-profile zp discard-ip-spoof yes
set template lower config network profiles zone-protection-profile zp discard-ip-frag yes
set template lower config network interface ethernet ethernet1/1 layer3 ip 203.0.113.1/24
set template lower config vsys vsys1 zone outside network layer3 ethernet1/1
set template lower config vsys vsys1 zone outside network zone-protection-profile zp
set template-stack stack templates [ upper lower ]
set device-group dg pre-rulebase security rules r from any to any source any destination any application any service any action allow
";
    let world = world(text);
    let profile = profile(&world, "outside").unwrap();
    assert!(!profile.guards.has(Guard::IpSpoof) && profile.guards.has(Guard::IpFragment));
    assert!(profile.scans[ScanKind::TcpPorts as usize].is_some());
}

/// Configurations of other people: their profiles are read, and nothing of them is unknown but what is named here.
#[test]
fn real_profiles_are_read() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/configs");
    for (file, zone, name, on) in [
        ("policy-best-practices.xml", None, "zone_protection", Guard::NeedlessFragment),
        ("pan-os-php_stage10.xml", None, "zp-default-default", Guard::LooseSourceRoute),
    ] {
        let Ok(bytes) = std::fs::read(corpus.join(file)) else {
            eprintln!("SKIPPED: no {file} in {}", corpus.display());
            continue;
        };
        let world = config::parse(file, &bytes, &Overrides::default()).unwrap();
        let names = world.zones.names().iter().map(String::as_str);
        let mut protected = names.filter(|known| zone.is_none_or(|zone: &str| zone == *known));
        let found = protected.find_map(|zone| profile(&world, zone));
        let found = found.unwrap_or_else(|| panic!("{file} protects no zone: {:?}", world.warnings));
        assert_eq!(found.name, name);
        assert!(found.guards.has(on), "{file}");
    }
}

/// What profiles did, in the words of the threat log.
#[test]
fn reports_tell_of_it() {
    let rules = "
        [zones]
        untrust = \"203.0.113.0/24\"
        dmz = \"192.0.2.0/24\"
        [zone-protection.outside]
        zones = \"untrust\"
        discard-icmp-ping-zero-id = true
        [zone-protection.outside.flood.icmp]
        enable = true
        red = { alarm-rate = 0, activate-rate = 1, maximal-rate = 2 }
        [zone-protection.outside.scan.8003]
        action = { block-ip = { track-by = \"source\", duration = 60 } }
        threshold = 2
        [[security]]
        name = \"Allow\"
        service = \"any\"
    ";
    let builder = Builder::new(Addr::v4([203, 0, 113, 5]), Addr::v4([192, 0, 2, 10])).ethernet();
    let frames = [
        builder.echo_request(0, 1, &[0; 56]),
        builder.echo_request(1, 1, &[0; 56]),
        builder.udp(40_000, 7_001, b"x"),
        builder.udp(40_000, 7_002, b"x"),
        builder.udp(40_000, 7_003, b"x"),
    ];
    let world = Arc::new(world(rules));
    let (mut told, mut events, mut tally) = (Vec::new(), Vec::new(), Tally::default());
    let mut explain = Explain::new(&mut told, None, Look { color: false, width: None });
    let mut log = EventLog::new(&mut events);
    let sinks: Vec<&mut dyn Sink> = vec![&mut explain, &mut log, &mut tally];
    let mut replay = Replay::new(Arc::clone(&world), Options::default(), sinks);
    for (number, bytes) in (0..).zip(&frames) {
        let wire_len = u32::try_from(bytes.len()).unwrap();
        let at = Timestamp::from_secs(1_700_000_000) + Span::from_nanos(number * 100_000_000);
        let frame = Frame { at, file: 0, link_type: LinkType::ETHERNET, interface: None, wire_len, bytes };
        replay.frame(&frame).unwrap();
    }
    replay.finish().unwrap();
    explain.finish().unwrap();
    log.finish().unwrap();
    let told = String::from_utf8(told).unwrap();
    let events = String::from_utf8(events).unwrap();
    for line in [
        "zone protection: a ping with identifier 0",
        "zone protection `outside` of zone untrust: ICMP Flood, action alert",
        "zone protection `outside` of zone untrust: SCAN: UDP Port Scan(8003), action block-ip",
        "zone protection: SCAN: UDP Port Scan(8003)",
        "the source is blocked for a while (block-ip)",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    for line in [
        "\"event\":\"threat\",\"from\":\"untrust\",\"src\":\"203.0.113.5\",\"profile\":\"outside\",\
         \"threat\":\"SCAN: UDP Port Scan(8003)\",\"action\":\"block-ip\"",
        "\"counter\":\"flow_dos_pf_ping0\"",
        "\"counter\":\"flow_scan_drop\"",
        "\"counter\":\"flow_dos_drop_ip_blocked\"",
    ] {
        assert!(events.contains(line), "{line}\n{events}");
    }
    assert_eq!(tally.counters().get("zone_protection_scan"), Some(&1));
}

/// A packet of an endless number of hostile ones.
#[derive(Debug, Clone)]
struct Hostile {
    hosts: [u8; 2],
    v6: bool,
    kind: u8,
    port: u16,
    /// IPv4 options or the body of an IPv6 extension header.
    header: Vec<u8>,
    extension: u8,
    millis: u16,
}

impl Hostile {
    fn frame(&self) -> Vec<u8> {
        let host = |last: u8, net: u8| match (self.v6, last) {
            (false, 0) => Addr::v4([0, 0, 0, 0]),
            (false, 1) => Addr::v4([127, 0, 0, 1]),
            (false, _) => Addr::v4([192, 0, net, last]),
            (true, 0) => Addr::from_bits(0xff02 << 112 | 5),
            (true, _) => Addr::from_bits(0x2001_0db8 << 96 | u128::from(net) << 80 | u128::from(last)),
        };
        let builder = Builder::new(host(self.hosts[0], 3), host(self.hosts[1], 2));
        let packet = match self.kind {
            0 => builder.udp(40_000, self.port, b"x"),
            1 => builder.tcp(&TcpSegment { sport: 40_000, dport: self.port, flags: TcpFlags::SYN, ..tcp() }),
            2 => builder.tcp(&TcpSegment { sport: 40_000, dport: self.port, flags: TcpFlags::ACK, ..tcp() }),
            3 => builder.echo_request(self.port % 2, self.port, &[0; 1_000]),
            4 => builder.icmp(
                if self.v6 { 2 } else { 3 },
                4,
                [0, 0, 5, 0],
                &builder.udp(self.port, 40_000, b"x"),
            ),
            _ => builder.other(Protocol(self.kind), b"payload"),
        };
        self.with_header(packet)
    }

    /// With options or an extension header, whatever they hold.
    fn with_header(&self, packet: Vec<u8>) -> Vec<u8> {
        let mut link = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        link.extend(if self.v6 { [0x86, 0xdd] } else { [0x08, 0x00] });
        let mut header = self.header.clone();
        let words = header.len().div_ceil(if self.v6 { 8 } else { 4 });
        header.resize(words * if self.v6 { 8 } else { 4 }, 0);
        if header.is_empty() {
            return [link, packet].concat();
        }
        let (mut ip, payload) =
            (packet[..if self.v6 { 40 } else { 20 }].to_vec(), &packet[if self.v6 { 40 } else { 20 }..]);
        let len = u16::try_from(header.len() + payload.len()).unwrap();
        if self.v6 {
            header[0] = std::mem::replace(&mut ip[6], self.extension);
            header[1] = u8::try_from(words - 1).unwrap();
            ip[4..6].copy_from_slice(&len.to_be_bytes());
        } else {
            ip[0] = 0x45 + u8::try_from(words).unwrap();
            ip[2..4].copy_from_slice(&(len + 20).to_be_bytes());
        }
        [link, ip, header, payload.to_vec()].concat()
    }
}

const fn tcp() -> TcpSegment<'static> {
    let payload = Payload { bytes: &[], len: 0 };
    TcpSegment {
        sport: 0,
        dport: 0,
        seq: 1,
        ack: 1,
        flags: TcpFlags::SYN,
        window: 100,
        options: &[],
        payload,
    }
}

fn hostile() -> impl Strategy<Value = Hostile> {
    let header = prop_oneof![3 => Just(Vec::new()), 2 => prop::collection::vec(any::<u8>(), 1..40),
        1 => prop::sample::select(vec![vec![7, 7, 4, 0, 0, 0, 0], vec![131, 3, 4], vec![0, 0, 0, 0, 0, 0, 0, 0]])];
    let extension = prop::sample::select(vec![0_u8, 43, 44, 60]);
    let kind = prop::sample::select(vec![0_u8, 0, 1, 1, 2, 3, 4, 47, 50]);
    ([0_u8..6, 0_u8..6], any::<bool>(), kind, 1_u16..40, header, extension, 0_u16..60).prop_map(
        |(hosts, v6, kind, port, header, extension, millis)| Hostile {
            hosts,
            v6,
            kind,
            port,
            header,
            extension,
            millis,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever comes, every frame has one verdict, the auditor agrees, the same packets give the same verdicts, and none
    /// is refused by a profile of a zone that it does not come from.
    #[test]
    fn profiles_hold_whatever_comes(packets in prop::collection::vec(hostile(), 1..200), everything in any::<bool>()) {
        let mut rules = HOSTILE.to_owned();
        if everything {
            for key in keys().filter(|key| key.starts_with("discard-") || key.starts_with("ipv6/")) {
                let path: Vec<String> = key.split('/').map(|part| format!("\"{part}\"")).collect();
                rules += &format!("{} = \"yes\"\n", path.join("."));
            }
        }
        let world = Arc::new(world(&rules));
        let play = || {
            let lab = Lab::new(Arc::clone(&world));
            for packet in &packets {
                lab.wait(std::time::Duration::from_millis(packet.millis.into()));
                lab.frame(&packet.frame());
            }
            lab.finish()
        };
        let run = play().map_err(|error| TestCaseError::fail(error.to_string()))?;
        let again = play().map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&run.verdicts, &again.verdicts);
        prop_assert_eq!(run.verdicts.len(), packets.len());
        for (packet, verdict) in packets.iter().zip(&run.verdicts) {
            let protected = matches!(
                verdict,
                Verdict::Drop(
                    DropReason::ZoneProtection(_) | DropReason::Flood(_) | DropReason::Scan(_) | DropReason::BlockedIp
                )
            );
            prop_assert!(!protected || packet.hosts[0] != 2, "host 2 is in a zone without profile: {verdict:?}");
        }
    }
}

/// The packets of the property reach what it is about.
#[test]
fn hostile_packets_reach_every_protection() {
    let mut runner = TestRunner::deterministic();
    let world = Arc::new(world(HOSTILE));
    let mut reached = BTreeMap::new();
    for _ in 0..30 {
        let packets = prop::collection::vec(hostile(), 200).new_tree(&mut runner).unwrap().current();
        let lab = Lab::new(Arc::clone(&world));
        for packet in &packets {
            lab.wait(std::time::Duration::from_millis(packet.millis.into()));
            lab.frame(&packet.frame());
        }
        for verdict in lab.finish().unwrap().verdicts {
            *reached.entry(format!("{verdict:?}")).or_insert(0) += 1;
        }
    }
    let guards = ["StrictIp", "Routing0", "Routing4To252", "MulticastSource"];
    let wanted = guards.map(|guard| format!("Drop(ZoneProtection({guard}))"));
    let others =
        ["Forward", "Drop(Flood(Udp))", "Drop(Flood(TcpSyn))", "Drop(Scan(Hosts))", "Drop(BlockedIp)"];
    for what in wanted.into_iter().chain(others.map(str::to_owned)) {
        let times = reached.get(&what).copied().unwrap_or(0);
        assert!(times >= 5, "{what} is reached {times} times: {reached:#?}");
    }
}

const HOSTILE: &str = r#"
[zones]
trusted = ["192.0.3.2/32", "2001:db8:3::2/128"]
untrust = ["0.0.0.0/0", "::/0"]
dmz = ["192.0.2.0/24", "2001:db8:2::/48"]

[[security]]
name = "Allow"
service = "any"

[setting.model]
scan-entries = 20
blocked-sources = 2

[zone-protection.outside]
zones = "untrust"
strict-ip-check = true
flood.udp = { enable = true, red = { alarm-rate = 2, activate-rate = 3, maximal-rate = 6 } }
flood.tcp-syn = { enable = true, syn-cookies = { maximal-rate = 4 } }
scan.8001 = { action = "block", threshold = 3 }
scan.8002 = { action = { block-ip = { track-by = "source", duration = 2 } }, threshold = 4 }
scan.8003 = { action = { block-ip = { track-by = "source-and-destination", duration = 1 } }, threshold = 3 }
scan.8006 = { action = "alert", threshold = 2 }
"#;
