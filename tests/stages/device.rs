//! A device that is not the model: other MAC addresses, a smaller time to live, ports of its own, RSTs of its own.

use std::io::BufWriter;
use std::path::Path;

use firstpass::capture::write::Writer;
use firstpass::capture::{Frame, LinkType};
use firstpass::flow::Addr;
use firstpass::packet::build::Builder;
use firstpass::packet::{Payload, TcpFlags, TcpSegment};
use firstpass::time::Timestamp;

use super::files::{self, Folder, run};
use super::{agree, compare, lesson, text, write};

const CLIENT: Addr = Addr::v4([10, 0, 0, 1]);
const PUBLIC: Addr = Addr::v4([203, 0, 113, 1]);
const SERVER: Addr = Addr::v4([198, 51, 100, 80]);

const RULES: &str = r#"
[zones]
untrust = "0.0.0.0/0"
trust = "10.0.0.0/8"

[[security]]
name = "Out"
from = "trust"
to = "untrust"
service = "any"
"#;

const NAT: &str = r#"
[[nat]]
name = "Hide"
from = "trust"
to = "untrust"
[nat.source-translation.dynamic-ip-and-port]
translated-address = "203.0.113.1"
"#;

/// Milliseconds, link type and bytes.
type Packets = Vec<(u64, LinkType, Vec<u8>)>;

fn save(folder: &Folder, stage: &str, packets: &Packets) {
    let file = std::fs::File::create(folder.path().join(format!("{stage}.pcapng"))).unwrap();
    let mut writer = Writer::pcapng(BufWriter::new(file)).unwrap();
    for (millis, link_type, bytes) in packets {
        let at = Timestamp::from_nanos(1_700_000_000_000_000_000 + millis * 1_000_000);
        let (link_type, wire_len) = (*link_type, bytes.len() as u32);
        writer.write(&Frame { at, file: 0, link_type, interface: None, wire_len, bytes }).unwrap();
    }
}

fn read(folder: &Folder, stage: &str) -> Packets {
    let frames = files::File::read(folder.path(), stage).frames.into_iter();
    frames.map(|frame| (frame.nanos / 1_000_000, LinkType(frame.link_type), frame.bytes)).collect()
}

/// A TCP packet: who, flags, sequence and acknowledgment number, payload.
fn tcp(
    (src, sport): (Addr, u16),
    (dst, dport): (Addr, u16),
    flags: TcpFlags,
    seq: u32,
    ack: u32,
    payload: &[u8],
) -> Vec<u8> {
    let payload = Payload { bytes: payload, len: payload.len() as u32 };
    let segment = TcpSegment { sport, dport, seq, ack, flags, window: 64_000, options: &[], payload };
    Builder::new(src, dst).tcp(&segment)
}

/// The packets of a connection: whether the client sends them, flags, sequence and acknowledgment number, payload.
const CONNECTION: &[(bool, TcpFlags, u32, u32, &[u8])] = &[
    (true, TcpFlags::SYN, 100, 0, b""),
    (false, TcpFlags(0x12), 500, 101, b""),
    (true, TcpFlags::ACK, 101, 501, b""),
    (true, TcpFlags(0x18), 101, 501, b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"),
    (false, TcpFlags(0x18), 501, 142, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    (false, TcpFlags(0x14), 539, 142, b""),
];

/// The connection as it is seen with these ends, from `first` milliseconds on.
fn seen(first: u64, from_client: [(Addr, u16); 2], from_server: [(Addr, u16); 2]) -> Packets {
    (0..)
        .zip(CONNECTION)
        .map(|(index, &(client, flags, seq, ack, payload))| {
            let [src, dst] = if client { from_client } else { from_server };
            (first + 10 * index, LinkType::RAW, tcp(src, dst, flags, seq, ack, payload))
        })
        .collect()
}

fn result(folder: &Folder, rules: &str, stages: &[&str], args: &[&str]) -> (u8, String, String) {
    let path = folder.path().join("rules.toml");
    std::fs::write(&path, rules).unwrap();
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    run(&compare(folder, &path, &args, stages))
}

/// What a router does to a packet does not hide it: new MAC addresses, a time to live one smaller.
#[test]
fn routing_does_not_hide_a_packet() {
    let folder = Folder::new();
    let lesson = lesson("tcp-endings");
    write(&lesson.join("capture.pcapng"), &lesson.join("rules.toml"), &[], &folder);
    let mut transmit = read(&folder, "transmit");
    let mut routed = 0;
    for (_, link_type, bytes) in &mut transmit {
        if *link_type != LinkType::ETHERNET || bytes[12..14] != [8, 0] {
            continue;
        }
        bytes[..12].copy_from_slice(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
        bytes[22] -= 1;
        // The checksum of the IP header grows by what the time to live has lost (RFC 1624).
        let sum = u32::from(u16::from_be_bytes([bytes[24], bytes[25]])) + 0x100;
        bytes[24..26].copy_from_slice(&((sum & 0xffff) as u16 + (sum >> 16) as u16).to_be_bytes());
        routed += 1;
    }
    assert!(routed > 10);
    let receive = read(&folder, "receive");
    let start = receive.first().unwrap().0;
    for (stage, packets) in [("receive", receive), ("transmit", transmit)] {
        let since = packets.into_iter().map(|(millis, link, bytes)| (millis - start, link, bytes));
        save(&folder, stage, &since.collect());
    }
    let rules = std::fs::read_to_string(lesson.join("rules.toml")).unwrap();
    let (status, out, err) = result(&folder, &rules, &["receive", "transmit"], &[]);
    assert_eq!(status, 0, "{out}{err}");
    assert!(out.contains("differ in 0, and 0 cannot be told"), "{out}");
}

/// A device chooses ports of its own for NAT. The answers come to these: the model must go by them, or it would know
/// none of them.
#[test]
fn the_devices_choice_of_ports_is_no_difference() {
    let folder = Folder::new();
    let (client, server, public) = ((CLIENT, 40_000), (SERVER, 80), (PUBLIC, 34_567));
    save(&folder, "receive", &seen(0, [client, server], [server, public]));
    save(&folder, "transmit", &seen(0, [public, server], [server, client]));
    let (status, out, err) = result(&folder, &format!("{RULES}{NAT}"), &["receive", "transmit"], &[]);
    assert_eq!(status, 0, "{out}{err}");
    assert!(out.contains("do the same with 6, differ in 0, and 0 cannot be told"), "{out}");
    assert!(out.contains("forwarded as 203.0.113.1:34567 > 198.51.100.80:80"), "{out}");

    // Another address than the rule's is a difference.
    let other = (Addr::v4([203, 0, 113, 9]), 34_567);
    save(&folder, "transmit", &seen(0, [other, server], [server, client]));
    let (status, out, _) = result(&folder, &format!("{RULES}{NAT}"), &["receive", "transmit"], &[]);
    assert_eq!(status, 1, "{out}");
    assert!(out.contains("forwarded as 203.0.113.9:34567 > 198.51.100.80:80"), "{out}");
}

/// Who sent the RST: the server, whose RST came in.
#[test]
fn a_rst_that_came_in_is_the_servers() {
    let folder = Folder::new();
    let (client, server) = ((CLIENT, 40_000), (SERVER, 80));
    let all = seen(0, [client, server], [server, client]);
    save(&folder, "receive", &all);
    save(&folder, "transmit", &all);
    let (status, out, err) = result(&folder, RULES, &["receive", "transmit"], &[]);
    assert_eq!(status, 0, "{out}{err}");
    let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains(
            "Session 1 (10.0.0.1:40000 > 198.51.100.80:80): the server sent the RST to the client at \
             2023-11-14T22:13:20.05Z: it came in as packet 6 of receive, and the firewall passed it on."
        ),
        "{out}"
    );
}

/// Who sent the RST: the firewall, which dropped the server's answer; the model does the same where a rule denies the
/// application, and not under one that allows it.
#[test]
fn a_rst_that_only_left_is_the_firewalls() {
    let folder = Folder::new();
    let (client, server) = ((CLIENT, 40_000), (SERVER, 80));
    let receive: Packets = seen(0, [client, server], [server, client]).into_iter().take(5).collect();
    let mut transmit: Packets = receive.iter().take(4).cloned().collect();
    transmit.push((41, LinkType::RAW, tcp(server, client, TcpFlags(0x14), 501, 142, b"")));
    let drop: Packets = receive.iter().skip(4).cloned().collect();
    for (stage, packets) in [("receive", &receive), ("transmit", &transmit), ("drop", &drop)] {
        save(&folder, stage, packets);
    }
    for (rules, status, differ, model) in [
        (RULES.to_owned(), 1, 2, "The model sends none (rule `Out`, web-browsing)."),
        (
            format!("{RULES}application = \"any\"\n").replace(
                "[[security]]",
                "[[security]]\nname = \"No web\"\nfrom = \"trust\"\nto = \"untrust\"\nservice = \"any\"\n\
                 application = \"web-browsing\"\naction = \"reset-client\"\n\n[[security]]",
            ),
            0,
            0,
            "The model sends it as well (rule `No web`, web-browsing).",
        ),
    ] {
        for stages in [&["receive", "transmit", "drop"][..], &["receive", "transmit"]] {
            let (exit, out, err) = result(&folder, &rules, stages, &[]);
            assert_eq!(exit, status, "{out}{err}");
            let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(flat.contains(&format!("differ in {differ}, and 0 cannot be told")), "{out}");
            assert!(
                flat.contains(&format!(
                    "the firewall sent the RST to the client at 2023-11-14T22:13:20.041Z: it left with the address of the \
                     server, and never came in. {model}"
                )),
                "{out}"
            );
        }
    }
    // Neither stage that would show a RST of the firewall.
    let (_, out, _) = result(&folder, RULES, &["receive", "drop"], &[]);
    assert!(out.contains("neither a transmit nor a firewall stage"), "{out}");
}

/// An ICMP error is translated with the session it is about, and so is what it quotes (RFC 5508, 4.2).
#[test]
fn an_icmp_error_leaves_translated() {
    let folder = Folder::new();
    let probe = Builder::new(CLIENT, SERVER).udp(40_000, 33_434, b"probe");
    let quoted = Builder::new(PUBLIC, SERVER).udp(1_024, 33_434, b"probe");
    let router = Addr::v4([198, 51, 100, 1]);
    let error = Builder::new(router, PUBLIC).icmp(11, 0, [0; 4], &quoted);
    let expected = Builder::new(router, CLIENT).icmp(11, 0, [0; 4], &probe);
    let packets = vec![(0, LinkType::RAW, probe), (1, LinkType::RAW, error)];
    save(&folder, "capture", &packets);
    let rules = folder.path().join("rules.toml");
    std::fs::write(&rules, format!("{RULES}{NAT}")).unwrap();
    write(&folder.path().join("capture.pcapng"), &rules, &[], &folder);
    let transmit = read(&folder, "transmit");
    assert_eq!(transmit.len(), 2);
    assert_eq!(transmit[1].2, expected);
    agree(&folder, &rules, &[], &["receive", "transmit", "drop"]);
}

#[test]
fn captures_that_do_not_belong_together_are_told() {
    let folder = Folder::new();
    let (client, server) = ((CLIENT, 40_000), (SERVER, 80));
    let receive = seen(0, [client, server], [server, client]);
    save(&folder, "receive", &receive);
    save(&folder, "transmit", &seen(3_600_000, [client, server], [server, client]));
    let strange = Builder::new(CLIENT, SERVER).udp(1, 2, b"strange");
    save(&folder, "drop", &vec![(20, LinkType::RAW, strange)]);
    save(&folder, "firewall", &Vec::new());
    for (stages, args, message) in [
        (&["receive", "transmit"][..], &[][..], "the captures are of different times"),
        (&["receive", "drop"], &[], "(drop) is in"),
        (&["transmit", "drop"], &[], "the receive stage is missing"),
        (&["receive"], &[], "nothing to compare the receive stage with"),
        (&["receive", "drop", "drop"], &[], "--stage drop is given more than once"),
        (&["receive", "drop"], &["--format", "ndjson"], "written as text or JSON"),
        (&["receive", "drop"], &["other.pcap"], "captures are named besides the stages"),
        (&["receive", "drop"], &["--stage", "egress=x"], "receive, firewall, transmit or drop"),
    ] {
        let (status, _, err) = result(&folder, RULES, stages, args);
        assert_eq!(status, 2, "{err}");
        assert!(err.contains(message), "{message}: {err}");
    }
    // An empty stage is none that does not belong: nothing was passed on.
    let (status, out, err) = result(&folder, RULES, &["receive", "firewall"], &[]);
    assert_eq!(status, 1, "{out}{err}");
    assert!(out.contains("differ in 6"), "{out}");
    let missing = compare(&folder, &folder.path().join("rules.toml"), &[], &["receive"]);
    let mut missing = missing;
    missing.extend(["--stage".to_owned(), format!("drop={}", text(Path::new("absent.pcap")))]);
    assert_eq!(run(&missing).0, 3);
}
