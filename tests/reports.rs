//! What people and programs read, over one small evening in front of a firewall.
#![expect(clippy::unwrap_used, reason = "a test may panic, in its helpers as well")]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use etherparse::PacketBuilder;
use firstpass::capture::{CaptureInfo, Frame, LinkType};
use firstpass::config::World;
use firstpass::packet::build::Builder;
use firstpass::replay::{Linger, Options, Replay};
use firstpass::report::json::Lines;
use firstpass::report::text::{Cells, Look};
use firstpass::report::{About, EventLog, Explain, Rows, Sink, Tally, csv, json, text};
use firstpass::session::SessionId;
use firstpass::time::{Span, Timestamp};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

const RULES: &str = r#"
[zones]
untrust = ["0.0.0.0/0", "::/0"]
dmz     = ["192.0.2.0/24", "2001:db8:1::/64"]

[address]
partners = ["198.51.100.7"]

[service]
dns = ["udp/53", "tcp/53"]

[[security]]
name = "Ping from Untrust to DMZ"
from = "untrust"
to = "dmz"
application = ["ping", "traceroute", "icmp", "ipv6-icmp"]
service = "any"
action = "allow"
log-start = true

[[security]]
name = "FTP for partners"
from = "untrust"
to = "dmz"
source = "partners"
application = "ftp"
action = "allow"

[[security]]
name = "DNS out"
from = "dmz"
to = "untrust"
application = "any"
service = "dns"
action = "allow"
log-end = false
"#;

/// The same, with the first rule closed.
fn closed() -> String {
    RULES.replacen("service = \"any\"", "service = \"application-default\"", 1)
}

/// Frames with their times, a tenth of a second apart.
#[derive(Default)]
struct Evening {
    frames: Vec<Vec<u8>>,
}

/// A TCP connection being written: next sequence numbers of client and server.
struct Tcp {
    ends: [(&'static str, u16); 2],
    next: [u32; 2],
}

impl Evening {
    fn ip(
        &mut self,
        src: &str,
        dst: &str,
        build: impl FnOnce(etherparse::PacketBuilderStep<etherparse::IpHeaders>) -> Vec<u8>,
    ) {
        let mac = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        let step = match (src.parse().unwrap(), dst.parse().unwrap()) {
            (std::net::IpAddr::V4(src), std::net::IpAddr::V4(dst)) => {
                mac.ipv4(src.octets(), dst.octets(), 57)
            }
            (std::net::IpAddr::V6(src), std::net::IpAddr::V6(dst)) => {
                mac.ipv6(src.octets(), dst.octets(), 57)
            }
            _ => unreachable!("one IP version"),
        };
        self.frames.push(build(step));
    }

    fn udp(&mut self, src: (&str, u16), dst: (&str, u16), payload: &[u8]) {
        self.ip(src.0, dst.0, |ip| {
            let mut bytes = Vec::new();
            ip.udp(src.1, dst.1).write(&mut bytes, payload).unwrap();
            bytes
        });
    }

    fn ping(&mut self, src: &str, dst: &str) {
        for (src, dst, reply) in [(src, dst, false), (dst, src, true)] {
            self.ip(src, dst, |ip| {
                let step = if reply { ip.icmpv4_echo_reply(77, 1) } else { ip.icmpv4_echo_request(77, 1) };
                let mut bytes = Vec::new();
                step.write(&mut bytes, &[0; 56]).unwrap();
                bytes
            });
        }
    }

    fn tcp(&self, client: (&'static str, u16), server: (&'static str, u16)) -> Tcp {
        Tcp { ends: [client, server], next: [1_000, 9_000] }
    }

    /// `flags` in letters, from the client where `side` is 0.
    fn segment(&mut self, tcp: &mut Tcp, side: usize, flags: &str, payload: &[u8]) {
        let ((src, sport), (dst, dport)) = (tcp.ends[side], tcp.ends[1 - side]);
        let (seq, ack) = (tcp.next[side], tcp.next[1 - side]);
        self.ip(src, dst, |ip| {
            let mut step = ip.tcp(sport, dport, seq, 65_000);
            for flag in flags.chars() {
                step = match flag {
                    'S' => step.syn(),
                    'F' => step.fin(),
                    'R' => step.rst(),
                    'P' => step.psh(),
                    _ => step.ack(ack),
                };
            }
            let mut bytes = Vec::new();
            step.write(&mut bytes, payload).unwrap();
            bytes
        });
        let extra = u32::from(flags.contains(['S', 'F']));
        tcp.next[side] = seq + u32::try_from(payload.len()).unwrap() + extra;
    }

    fn handshake(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, 0, "S", b"");
        self.segment(tcp, 1, "SA", b"");
        self.segment(tcp, 0, "A", b"");
    }

    fn close(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, 0, "FA", b"");
        self.segment(tcp, 1, "FA", b"");
        self.segment(tcp, 0, "A", b"");
    }
}

const BANNER: &[u8] = b"220 files.example FTP server ready.\r\n";

/// A scanner, a reader of banners, a guesser of passwords, a TLS client with a hostile name, a partner, and more.
fn evening() -> Evening {
    let mut evening = Evening::default();
    let mut scan = evening.tcp(("203.0.113.5", 40_001), ("192.0.2.20", 21));
    evening.segment(&mut scan, 0, "S", b"");
    let mut reader = evening.tcp(("2001:db8:ffff::21", 40_002), ("2001:db8:1::10", 21));
    evening.handshake(&mut reader);
    evening.segment(&mut reader, 1, "PA", BANNER);
    evening.close(&mut reader);
    let mut guesser = evening.tcp(("203.0.113.66", 40_003), ("192.0.2.10", 21));
    evening.handshake(&mut guesser);
    evening.segment(&mut guesser, 1, "PA", BANNER);
    evening.segment(&mut guesser, 0, "PA", b"USER root\r\n");
    for _ in 0..3 {
        evening.segment(&mut guesser, 1, "A", b"");
    }
    let mut hostile = evening.tcp(("203.0.113.80", 40_004), ("192.0.2.10", 443));
    evening.handshake(&mut hostile);
    evening.segment(&mut hostile, 0, "PA", &client_hello(b"\x1b]0;owned\x07\xff`"));
    let mut partner = evening.tcp(("198.51.100.7", 40_005), ("192.0.2.10", 21));
    evening.handshake(&mut partner);
    evening.segment(&mut partner, 1, "PA", BANNER);
    for command in [b"USER partner\r\n".as_slice(), b"PASS secret\r\n", b"QUIT\r\n"] {
        evening.segment(&mut partner, 0, "PA", command);
        evening.segment(&mut partner, 1, "PA", b"331 go on\r\n");
    }
    evening.close(&mut partner);
    evening.ping("198.51.100.42", "192.0.2.10");
    evening.udp(("192.0.2.10", 40_006), ("203.0.113.53", 123), &[0x23; 48]);
    evening.udp(("192.0.2.10", 40_006), ("203.0.113.53", 123), &[0x23; 48]);
    evening.udp(("192.0.2.10", 40_007), ("203.0.113.53", 53), &DNS);
    evening.frames.push([&[0xff; 6][..], &[2, 0, 0, 0, 0, 1], &[0x08, 0x06], &[0; 28]].concat());
    let mut stray = evening.tcp(("203.0.113.9", 40_008), ("192.0.2.10", 80));
    evening.segment(&mut stray, 0, "A", b"");
    evening
}

/// A query for `a.example`.
const DNS: [u8; 27] =
    *b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x07example\x00\x00\x01\x00\x01";

fn client_hello(name: &[u8]) -> Vec<u8> {
    let len = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let host = [&[0][..], &len(name), name].concat();
    let list = [&len(&host)[..], &host].concat();
    let extension = [&[0, 0][..], &len(&list), &list].concat();
    let body =
        [&[3, 3][..], &[7; 32], &[0], &[0, 2, 0x13, 0x01], &[1, 0], &len(&extension), &extension].concat();
    let handshake = [&[1, 0][..], &len(&body), &body].concat();
    [&[22, 3, 1][..], &len(&handshake), &handshake].concat()
}

fn world(rules: &str) -> Arc<World> {
    Arc::new(World::from_toml(rules).map_err(|error| error.render(false)).unwrap())
}

const START: Timestamp = Timestamp::from_nanos(1_700_000_000_250_000_000);

fn run(world: &Arc<World>, linger: Linger, sinks: Vec<&mut dyn Sink>) -> Vec<CaptureInfo> {
    let evening = evening();
    let mut replay = Replay::new(Arc::clone(world), Options { linger, ..Options::default() }, sinks);
    let mut bytes_read = 0;
    for (number, bytes) in (0u64..).zip(&evening.frames) {
        let wire_len = u32::try_from(bytes.len()).unwrap();
        bytes_read += u64::from(wire_len);
        let at = START + Span::from_nanos(number * 100_000_000);
        replay
            .frame(&Frame { at, file: 0, link_type: LinkType::ETHERNET, interface: None, wire_len, bytes })
            .unwrap();
    }
    replay.finish().unwrap();
    let last = evening.frames.len() as u64 - 1;
    vec![CaptureInfo {
        path: "evening.pcap".to_owned(),
        link_types: [LinkType::ETHERNET].into(),
        packets: last + 1,
        bytes: bytes_read,
        first_time: Some(START),
        last_time: Some(START + Span::from_nanos(last * 100_000_000)),
        damage: None,
    }]
}

fn report(rules: &str, rows: usize, look: Look) -> String {
    let world = world(rules);
    let (mut tally, mut table) = (Tally::default(), Rows::first(Cells, rows));
    let captures = run(&world, Linger::UntilIdle, vec![&mut tally, &mut table]);
    let warnings = ["one warning".to_owned()];
    let about = About { world: &world, captures: &captures, warnings: &warnings };
    let mut out = Vec::new();
    text::write_report(&mut out, &about, &tally, Some(table), look).unwrap();
    String::from_utf8(out).unwrap()
}

fn document(rules: &str, linger: Linger) -> (String, Value) {
    let world = world(rules);
    let (mut tally, mut rows) = (Tally::default(), Rows::held(Lines));
    let captures = run(&world, linger, vec![&mut tally, &mut rows]);
    let about = About { world: &world, captures: &captures, warnings: &[] };
    let mut out = Vec::new();
    json::write_document(&mut out, &about, &tally, Some(rows)).unwrap();
    let text = String::from_utf8(out).unwrap();
    let value = serde_json::from_str(&text).unwrap();
    (text, value)
}

fn lines(rules: &str) -> String {
    let world = world(rules);
    let mut out = Vec::new();
    let mut rows = Rows::streamed(Lines, &mut out);
    run(&world, Linger::UntilIdle, vec![&mut rows]);
    rows.finish(&world).unwrap();
    String::from_utf8(out).unwrap()
}

fn explained(rules: &str, only: Option<u64>, look: Look) -> String {
    let world = world(rules);
    let mut out = Vec::new();
    let mut explain = Explain::new(&mut out, only.map(SessionId), look);
    run(&world, Linger::UntilIdle, vec![&mut explain]);
    explain.finish().unwrap();
    String::from_utf8(out).unwrap()
}

fn events(rules: &str) -> String {
    let world = world(rules);
    let mut out = Vec::new();
    let mut log = EventLog::new(&mut out);
    run(&world, Linger::UntilIdle, vec![&mut log]);
    log.finish().unwrap();
    String::from_utf8(out).unwrap()
}

fn table(rules: &str, all: bool, aggregate: bool) -> String {
    let world = world(rules);
    let mut out = csv::header().unwrap();
    let mut rows = Rows::streamed(csv::Csv { all }, &mut out);
    if aggregate {
        rows = rows.aggregated();
    }
    run(&world, Linger::UntilIdle, vec![&mut rows]);
    rows.finish(&world).unwrap();
    String::from_utf8(out).unwrap()
}

const fn plain(width: usize) -> Look {
    Look { width: Some(width), color: false }
}

#[test]
fn the_report_tells_the_leak_and_what_closes_it() {
    insta::assert_snapshot!(report(RULES, 200, plain(120)));
}

#[test]
fn the_report_fits_eighty_columns() {
    insta::assert_snapshot!(report(RULES, 4, plain(80)));
}

#[test]
fn the_closed_rulebase_leaks_nothing() {
    let report = report(&closed(), 200, plain(120));
    let (_, first_packets) = report.split_once("First packets").unwrap();
    insta::assert_snapshot!(first_packets);
}

/// The first rule with other columns, and what the report then proposes.
#[test]
fn the_fix_is_in_the_words_of_the_rulebase() {
    let block = "[[security]]\nname = \"No FTP\"\napplication = \"ftp\"\naction = \"drop\"\n\n[[security]]\nname = \"Ping";
    let cases = [
        (r#"["ping", "web-browsing"]"#, "any", false),
        (r#"["ping", "ftp"]"#, "any", false),
        (r#"["ping", "unknown-tcp"]"#, "any", false),
        (r#"["ping", "unknown-tcp"]"#, "application-default", false),
        (r#"["ping", "ftp"]"#, "application-default", false),
        (r#"["ping", "web-browsing"]"#, "ftp-alt", false),
        (r#""any""#, "application-default", false),
        (r#""any""#, "any", true),
    ];
    let mut told = String::new();
    for (application, service, blocked) in cases {
        let mut rules = RULES
            .replacen(r#"["ping", "traceroute", "icmp", "ipv6-icmp"]"#, application, 1)
            .replacen("service = \"any\"", &format!("service = \"{service}\""), 1)
            .replacen("[service]", "[service]\nftp-alt = \"tcp/21\"", 1);
        if blocked {
            rules = rules.replacen("[[security]]\nname = \"Ping", block, 1);
        }
        let report = report(&rules, 0, plain(100));
        let fix =
            report.lines().skip_while(|line| !line.starts_with("  fix")).take_while(|line| !line.is_empty());
        told.push_str(&format!("application = {application}, service = {service:?}\n"));
        fix.for_each(|line| told.push_str(&format!("{line}\n")));
    }
    insta::assert_snapshot!("fixes", told);
}

#[test]
fn every_width_holds() {
    for width in 72..200 {
        for line in
            report(RULES, 200, plain(width)).lines().chain(explained(RULES, None, plain(width)).lines())
        {
            assert!(line.width() <= width, "{} columns in {width}: {line}", line.width());
            assert_eq!(line, line.trim_end());
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let colored = Look { width: Some(100), color: true };
    for (with, without) in [
        (report(RULES, 200, colored), report(RULES, 200, plain(100))),
        (explained(RULES, None, colored), explained(RULES, None, plain(100))),
    ] {
        assert_ne!(with, without);
        let mut text = String::new();
        for (number, piece) in with.split("\u{1b}[").enumerate() {
            // All but the first piece begin with the end of an escape sequence.
            text.push_str(if number == 0 { piece } else { piece.split_once('m').unwrap().1 });
        }
        assert_eq!(text, without);
    }
}

#[test]
fn sessions_are_explained() {
    insta::assert_snapshot!("explain_denied", explained(RULES, Some(3), plain(100)));
    insta::assert_snapshot!("explain_reclassified", explained(RULES, Some(5), plain(100)));
    let all = explained(RULES, None, plain(100));
    let told = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphanumeric()) || line.starts_with("  W");
    let headings: Vec<&str> = all.lines().filter(told).collect();
    insta::assert_snapshot!("explain_all", headings.join("\n"));
    assert_eq!(explained(RULES, Some(99), plain(100)), "");
}

#[test]
fn the_document_is_as_designed() {
    let (text, document) = document(RULES, Linger::UntilIdle);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        keys(&document),
        "firstpass captures rulebase summary sessions first_packets threats rules counters warnings"
    );
    assert_eq!(
        keys(&document["captures"][0]),
        "path link_types packets bytes first_time last_time truncated"
    );
    assert_eq!(keys(&document["rulebase"]), "path format security_rules");
    assert_eq!(
        keys(&document["summary"]),
        "packets forwarded dropped injected sessions by_end_reason by_application by_subtype"
    );
    assert_eq!(keys(&document["rules"][0]), "rule tentative_hits final_hits packets bytes applications_seen");
    let leak = &document["first_packets"]["rules"][0];
    assert_eq!(
        keys(leak),
        "rule sessions denied never_identified reclassified packets_to_server packets_to_client \
         payload_bytes_to_server payload_bytes_to_client destination_ports"
    );
    assert_eq!(keys(&leak["destination_ports"][0]), "port sessions");
    let row = document["sessions"].as_array().unwrap().iter().find(|row| row["subtype"] == "deny").unwrap();
    assert_eq!(
        keys(row),
        "type subtype start elapsed src dst sport dport natsrc natdst natsport natdport proto from to inbound_if \
         outbound_if rule app action action_source category sessionid parent_session_id repeatcnt flags bytes \
         bytes_sent bytes_received packets pkts_sent pkts_received session_end_reason model"
    );
    assert_eq!(
        keys(&row["model"]),
        "state logged open_at_end history community_id tentative_rule final_rule tracker_stage applications \
         first_packets first_packet last_packet"
    );
    assert_eq!(keys(&row["model"]["applications"][0]), "packet app rule action evidence");
    assert_eq!(
        keys(&row["model"]["first_packets"]),
        "admitted_by outcome packets_to_server packets_to_client payload_bytes_to_server payload_bytes_to_client"
    );
    insta::assert_snapshot!("document", text);
}

#[test]
fn totals_agree_with_the_rows() {
    let (_, document) = document(RULES, Linger::UntilIdle);
    let (summary, rows) = (&document["summary"], document["sessions"].as_array().unwrap());
    assert_eq!(summary["packets"], document["captures"][0]["packets"]);
    let sum = |keys: [&str; 2]| keys.iter().map(|key| summary[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(sum(["forwarded", "dropped"]), summary["packets"].as_u64().unwrap());
    for (total, column) in
        [("by_subtype", "subtype"), ("by_end_reason", "session_end_reason"), ("by_application", "app")]
    {
        let mut counted = BTreeMap::new();
        for row in rows.iter().filter(|row| column == "subtype" || row["subtype"] != "start") {
            *counted.entry(row[column].as_str().unwrap().to_owned()).or_insert(0u64) += 1;
        }
        assert_eq!(summary[total], serde_json::to_value(counted).unwrap(), "{total}");
    }
    let leaks =
        rows.iter().filter(|row| row["subtype"] != "start" && !row["model"]["first_packets"].is_null());
    assert_eq!(document["first_packets"]["sessions"], leaks.count());
    assert_eq!(
        summary["by_subtype"]["start"], 1,
        "the ping alone is allowed under a rule that logs the start"
    );
}

#[test]
fn rows_are_in_order_in_every_format() {
    let (_, document) = document(RULES, Linger::UntilIdle);
    let rows = document["sessions"].as_array().unwrap();
    let place = |row: &Value| (row["start"].as_str().unwrap().to_owned(), row["sessionid"].as_u64());
    assert!(rows.is_sorted_by_key(place));
    let lines: Vec<Value> = lines(RULES).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(&lines, rows);
    let table = table(RULES, true, false);
    let mut reader = ::csv::Reader::from_reader(table.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), rows.len());
    for (record, row) in records.iter().zip(rows) {
        for (name, cell) in headers.iter().zip(record) {
            let expected = match &row[name] {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            assert_eq!(cell, expected, "{name}");
        }
    }
}

#[test]
fn csv_holds_what_a_firewall_would_log() {
    let [logged, all, aggregated] =
        [(false, false), (true, false), (true, true)].map(|(all, aggregate)| table(RULES, all, aggregate));
    let of = |table: &str, what: &str| table.lines().filter(|line| line.contains(what)).count();
    assert_eq!(of(&logged, "DNS out"), 0);
    assert_eq!(of(&all, "DNS out"), 1);
    assert_eq!(of(&all, ",drop,"), 2);
    assert_eq!(of(&aggregated, ",drop,"), 1);
    let refused = aggregated.lines().find(|line| line.contains(",drop,")).unwrap();
    assert!(refused.contains(",0,,2,0x0,180,180,0,2,2,0,policy-deny"), "{refused}");
    assert!(all.ends_with("\r\n"));
}

/// PANOS.md 3.3, 11.1a: six pings of one program are one row with count 6, 12 packets, 1,176 bytes, ports 0. Another
/// identifier is another program.
#[test]
fn echo_sessions_are_counted_together() {
    let world =
        world("[zones]\nlan = \"0.0.0.0/0\"\n[[security]]\nname = \"Ping\"\napplication = \"ping\"\n");
    let [client, server] = ["192.0.2.1", "198.51.100.1"].map(|text| text.parse::<IpAddr>().unwrap().into());
    let mut text = Vec::new();
    let mut rows = Rows::streamed(json::Lines, &mut text).aggregated();
    let mut tally = Tally::default();
    let mut replay = Replay::new(Arc::clone(&world), Options::default(), vec![&mut rows, &mut tally]);
    for (number, identifier) in (0u16..).zip([7, 7, 7, 8, 7, 7, 7]) {
        let at = START + Span::from_secs(u64::from(number));
        let there = Builder::new(client, server).ethernet().echo_request(identifier, number, &[0; 56]);
        let back = Builder::new(server, client).ethernet().echo_reply(identifier, number, &[0; 56]);
        for bytes in [&there, &back] {
            let link_type = LinkType::ETHERNET;
            let wire_len = u32::try_from(bytes.len()).unwrap();
            replay.frame(&Frame { at, file: 0, link_type, interface: None, wire_len, bytes }).unwrap();
        }
    }
    replay.finish().unwrap();
    rows.finish(&world).unwrap();
    let rows: Vec<Value> =
        String::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            ["repeatcnt", "packets", "bytes", "sport", "dport", "elapsed"]
                .map(|name| row[name].as_u64().unwrap())
        })
        .collect();
    assert_eq!(seen, [[6, 12, 1_176, 0, 0, 6], [1, 2, 196, 0, 0, 0]]);
    assert_eq!((&rows[0]["app"], &rows[0]["session_end_reason"]), (&"ping".into(), &"aged-out".into()));
    assert_eq!(rows[0]["model"]["applications"][0]["app"], "ping");
    assert_eq!(tally.sessions(), 7, "every echo request is a session still");
}

#[test]
fn open_sessions_are_reported_as_such() {
    let (_, document) = document(RULES, Linger::For(Span::ZERO));
    let rows = document["sessions"].as_array().unwrap();
    let open: Vec<_> = rows.iter().filter(|row| row["model"]["open_at_end"] == true).collect();
    assert!(!open.is_empty());
    for row in open {
        assert_eq!((&row["subtype"], &row["session_end_reason"]), (&Value::from("end"), &Value::from("n/a")));
        assert_eq!(row["model"]["state"], "ACTIVE");
        assert_eq!(row["model"]["tracker_stage"], Value::Null);
    }
    assert_eq!(rows.iter().filter(|row| row["subtype"] == "deny").count(), 2, "denied sessions have one row");
}

#[test]
fn every_event_is_a_line() {
    let events = events(RULES);
    let mut seen = BTreeMap::new();
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["time"].is_string(), "{line}");
        seen.entry(event["event"].as_str().unwrap().to_owned()).or_insert_with(|| line.to_owned());
    }
    insta::assert_snapshot!(seen.into_values().collect::<Vec<_>>().join("\n"));
}

#[test]
fn nothing_hostile_gets_through() {
    let texts = [
        report(RULES, 200, plain(120)),
        document(RULES, Linger::UntilIdle).0,
        lines(RULES),
        events(RULES),
        explained(RULES, None, plain(120)),
        table(RULES, true, false),
    ];
    for text in texts {
        assert!(text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r')), "{text}");
    }
    assert!(lines(RULES).contains(r"`\\x1b]0;owned\\x07\\xff\\``"), "the name itself is told, escaped");
}
