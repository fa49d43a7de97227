//! Connections that control connections announce, in other people's captures, where they are at hand: what FTP, TFTP,
//! SIP, RTSP and IRC have announced is a child of the session it was announced in, under that session's rule, and
//! nothing else is (PANOS.md 7). The rulebase allows the control connections alone.
//!
//! Which children there must be is worked out without the program in three ways: `COUNTED` by hand, `expected` with a
//! reader that knows no more than how announcements are spelled, and from the labels that tshark, nDPI and Zeek gave.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test's harness")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;

use firstpass::capture::{CaptureFile, Options, Source};
use firstpass::packet::{DecodeOptions, Layer4, decode};
use serde_json::Value;

/// Applications that announce.
const CONTROL: [&str; 5] = ["ftp", "tftp", "sip", "rtsp", "irc-base"];

/// Control sessions and children of each capture: `tshark -r FILE` lists the announcements, `tshark -z conv,tcp -z
/// conv,udp` what came of them.
const COUNTED: [(&str, usize, usize); 11] = [
    // PORT in frame 13, answered in 18.
    ("ftp/gen__ftp_curl_active.pcap", 1, 1),
    // 227 in frames 35 and 64.
    ("ftp/ndpi__ftp.pcap", 1, 2),
    // Nobody gets as far as asking for data.
    ("ftp/ndpi__ftp_failed.pcap", 1, 0),
    // PORT in frame 22; 227 in frame 23. Client and server are one host.
    ("ftp/suri__filestore-ftp-active-mode__ftp-active-mode.pcap", 1, 1),
    ("ftp/suri__filestore-ftp-passive-mode__ftp-passive-mode.pcap", 1, 1),
    // 227 in frames 20 and 39, PORT in 57 and 75.
    ("ftp/zeek__ftp_ipv4.pcap", 1, 4),
    ("ftp-brute/zeek__ftp_bruteforce.pcap", 30, 0),
    // QUIT to a server that has said nothing: not enough to tell FTP by.
    ("ftp-probe/suri__ftp-quit__input.pcap", 0, 0),
    // Requests in frames 3, 102, 103 and 108; nobody answers that in 102. Those in 1 and 2 name no file.
    ("tftp/ndpi__tftp.pcap", 4, 3),
    // Of all media offered, only those of the 183 in frame 92 come: RTP and RTCP, after the call was refused.
    ("sip-rtp/ndpi__sip.pcap", 2, 2),
    // The same calls without sound.
    ("sip-rtp/zeek__sip_wireshark.pcap", 2, 0),
];

/// Families of captures in which every connection of data has been announced.
const ANNOUNCED: [&str; 5] = ["ftp", "ftp-brute", "ftp-probe", "tftp", "sip-rtp"];

type End = (IpAddr, u16);
/// Protocol and both ends, the lower one first.
type Key = (u8, End, End);

const TCP: u8 = 6;
const UDP: u8 = 17;

fn key(protocol: u8, a: End, b: End) -> Key {
    (protocol, a.min(b), a.max(b))
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Child {
    client: End,
    server: End,
    app: String,
    /// Who began the conversation that it was announced in.
    parent: End,
}

/// An endpoint that somebody has announced.
struct Announcement {
    protocol: u8,
    /// Who may open it; `None` is anybody.
    opener: Option<IpAddr>,
    to: End,
    app: &'static str,
}

/// What one packet announces, whatever session it is in.
fn announcements(protocol: u8, from: End, to: End, bytes: &[u8]) -> Vec<Announcement> {
    let text = String::from_utf8_lossy(bytes);
    let of_peer = |protocol, to_end, app| Announcement { protocol, opener: Some(to.0), to: to_end, app };
    if (protocol, to.1) == (UDP, 69) && matches!(bytes, [0, 1 | 2, ..]) {
        vec![of_peer(UDP, from, "tftp")]
    } else if protocol == TCP && (from.1 == 21 || to.1 == 21) {
        let said =
            text.lines().filter_map(|line| if to.1 == 21 { command(line) } else { reply(line, from.0) });
        said.map(|end| of_peer(TCP, end, "ftp")).collect()
    } else if text.contains("SIP/2.0\r\n") || text.starts_with("SIP/2.0 1") || text.starts_with("SIP/2.0 2") {
        described(&text)
    } else if text.contains("RTSP/1.0") {
        let word = if text.starts_with("RTSP/1.0") { "server_port=" } else { "client_port=" };
        let ports = text.split(word).nth(1).and_then(|rest| rest.split([';', '\r']).next());
        let ports = ports.into_iter().flat_map(|ports| ports.split('-')).flat_map(str::parse);
        ports.zip(["rtp-base", "rtcp"]).map(|(port, app)| of_peer(UDP, (from.0, port), app)).collect()
    } else {
        text.lines().filter_map(|line| offered(line.split("\u{1}DCC SEND ").nth(1)?)).collect()
    }
}

/// What a client says of FTP's data connections.
fn command(line: &str) -> Option<End> {
    let (word, argument) = line.split_once(' ')?;
    match word.to_uppercase().as_str() {
        "PORT" => host_port(argument),
        "EPRT" => extended(argument, None),
        _ => None,
    }
}

/// What a server says of them.
fn reply(line: &str, host: IpAddr) -> Option<End> {
    match line.split_once(' ')? {
        ("227", rest) => host_port(rest),
        ("229", rest) => extended(rest.split(['(', ')']).nth(1)?, Some(host)),
        _ => None,
    }
}

/// `192,0,2,1,195,80`, somewhere in a line.
fn host_port(text: &str) -> Option<End> {
    text.split(|letter: char| !letter.is_ascii_digit() && letter != ',').find_map(|run| {
        let numbers: Vec<u8> = run.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [a, b, c, d, high, low] = numbers[..] else { return None };
        Some((Ipv4Addr::new(a, b, c, d).into(), u16::from_be_bytes([high, low])))
    })
}

/// `|1|192.0.2.1|50000|`, or `|||50000|` of a host that is known.
fn extended(text: &str, host: Option<IpAddr>) -> Option<End> {
    let parts: Vec<&str> = text.split('|').collect();
    let [_, _, addr, port, _] = parts[..] else { return None };
    Some((host.or_else(|| addr.parse().ok())?, port.parse().ok()?))
}

/// Media of a description: sound at a port, and RTCP at the next.
fn described(text: &str) -> Vec<Announcement> {
    let addr =
        text.lines().find_map(|line| line.strip_prefix("c=IN IP")?.split(' ').nth(1)?.parse::<IpAddr>().ok());
    let ports =
        text.lines().filter_map(|line| line.strip_prefix("m=")?.split(' ').nth(1)?.parse::<u16>().ok());
    let ends =
        ports.filter_map(|port| Some([((addr?, port), "rtp-base"), ((addr?, port.wrapping_add(1)), "rtcp")]));
    ends.flatten().map(|(to, app)| Announcement { protocol: UDP, opener: None, to, app }).collect()
}

/// `note.txt 167772170 41005 16`: a name, an address as one number, a port, a size.
fn offered(text: &str) -> Option<Announcement> {
    let words: Vec<&str> = text.split(' ').collect();
    let [_, addr, port, ..] = words[..] else { return None };
    let to = (Ipv4Addr::from_bits(addr.parse().ok()?).into(), port.parse().ok()?);
    Some(Announcement { protocol: TCP, opener: None, to, app: "irc-dcc-file-transfer" })
}

/// The conversations of a capture that go where an earlier packet has announced.
fn expected(capture: &Path) -> BTreeSet<Child> {
    let (mut children, mut began, mut announced) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
    let mut source = CaptureFile::open(capture, &Options::default()).unwrap();
    while let Some(frame) = source.next_frame() {
        let packet = decode(&frame, 1, DecodeOptions::default());
        let (protocol, sport, dport, bytes) = match packet.layer4 {
            Layer4::Tcp(tcp) => (TCP, tcp.sport, tcp.dport, tcp.payload.bytes),
            Layer4::Udp(udp) => (UDP, udp.sport, udp.dport, udp.payload.bytes),
            _ => continue,
        };
        let (from, to) = ((packet.ip.src.into(), sport), (packet.ip.dst.into(), dport));
        let key = key(protocol, from, to);
        let is_new = !began.contains_key(&key);
        let client = *began.entry(key).or_insert(from);
        let fits = |(one, _): &&(Announcement, End)| {
            one.protocol == protocol && one.to == to && one.opener.is_none_or(|opener| opener == from.0)
        };
        if let Some((one, parent)) = announced.iter().rev().find(fits).filter(|_| is_new) {
            children.insert(Child { client, server: to, app: one.app.to_owned(), parent: *parent });
        }
        announced.extend(announcements(protocol, from, to, bytes).into_iter().map(|one| (one, client)));
    }
    children
}

/// Rows of a replay under a rulebase that allows control connections alone.
fn rows(capture: &Path) -> Vec<Value> {
    let mut rules = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    let text = format!(
        "[zones]\nall = ['0.0.0.0/0', '::/0']\n[default.intrazone]\naction = 'deny'\n\
         [[security]]\nname = 'Control'\napplication = {CONTROL:?}\nservice = 'any'\n"
    );
    std::io::Write::write_all(&mut rules, text.as_bytes()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_firstpass"));
    command.args(["replay", "--audit", "--format", "ndjson"]).arg(capture).arg("--rules").arg(rules.path());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}: {}", capture.display(), String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn end(row: &Value, addr: &str, port: &str) -> End {
    let port = row[port].as_u64().unwrap();
    (row[addr].as_str().unwrap().parse().unwrap(), u16::try_from(port).unwrap())
}

/// The children that the program says there are; each is under its parent's rule.
fn found(rows: &[Value]) -> BTreeSet<Child> {
    let children = rows.iter().filter(|row| !row["parent_session_id"].is_null());
    let child = |row: &Value| {
        let parent = rows.iter().find(|other| other["sessionid"] == row["parent_session_id"]).unwrap();
        assert_eq!((&row["rule"], &parent["rule"]), (&"Control".into(), &"Control".into()), "{row}");
        assert!(CONTROL.iter().any(|app| parent["app"] == *app), "{parent}");
        let app = row["app"].as_str().unwrap().to_owned();
        let [client, server] = [("src", "sport"), ("dst", "dport")].map(|(addr, port)| end(row, addr, port));
        Child { client, server, app, parent: end(parent, "src", "sport") }
    };
    children.map(child).collect()
}

/// Control sessions among the rows: an application that announces, and no parent.
fn control_sessions(rows: &[Value]) -> usize {
    let is_control =
        |row: &&Value| row["parent_session_id"].is_null() && CONTROL.iter().any(|app| row["app"] == *app);
    rows.iter().filter(is_control).count()
}

/// Conversations that others have labelled as connections of data.
fn labelled(capture: &Path) -> BTreeSet<Key> {
    let beside = |suffix| fs::read_to_string(format!("{}{suffix}", capture.display())).unwrap_or_default();
    let tshark: Value = serde_json::from_str(&beside(".truth.json")).unwrap_or_default();
    let conversations = [("tcp", TCP), ("udp", UDP)].into_iter().flat_map(|(name, protocol)| {
        let list = tshark[name].as_array().cloned().unwrap_or_default();
        list.into_iter().map(move |one| (protocol, one))
    });
    let mut labelled: BTreeSet<Key> = conversations
        .filter_map(|(protocol, one)| {
            let side = |name: &str| -> Option<End> {
                Some((one[name][0].as_str()?.parse().ok()?, one[name][1].as_str()?.parse().ok()?))
            };
            let (client, server) = (side("client")?, side("server")?);
            let has = |name: &str| one["protos"].get(name).is_some();
            let is_data = ["ftp-data", "rtp", "rtcp"].into_iter().any(has) || has("tftp") && server.1 != 69;
            is_data.then(|| key(protocol, client, server))
        })
        .collect();
    for (suffix, label, columns) in [
        (".zeek-conn.log", "ftp-data", [2, 3, 4, 5]),
        (".ndpi.tsv", "FTP_DATA", [1, 1, 3, 3]),
        (".ndpi42.tsv", "FTP_DATA", [1, 1, 3, 3]),
    ] {
        for line in beside(suffix).lines().filter(|line| line.split('\t').any(|word| word == label)) {
            let words: Vec<&str> = line.split('\t').collect();
            // nDPI writes address and port as one.
            let part = |column: usize, last: bool| match words[columns[column]].rsplit_once(':') {
                Some((addr, port)) if label == "FTP_DATA" => {
                    if last {
                        port
                    } else {
                        addr
                    }
                }
                _ => words[columns[column]],
            };
            let side = |at| (part(at, false).parse().unwrap(), part(at + 1, true).parse().unwrap());
            labelled.insert(key(TCP, side(0), side(2)));
        }
    }
    labelled
}

/// Other people's captures, where they are at hand.
fn captures() -> Vec<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let corpus = std::env::var_os("FIRSTPASS_CORPUS").map_or_else(beside, PathBuf::from).join("pcaps");
    let Ok(families) = fs::read_dir(&corpus) else {
        eprintln!("SKIPPED: no captures at {}; set FIRSTPASS_CORPUS", corpus.display());
        return Vec::new();
    };
    let files = families.flat_map(|family| fs::read_dir(family.unwrap().path()).unwrap());
    let is_capture =
        |path: &PathBuf| path.extension().is_some_and(|e| e == "pcap" || e == "pcapng" || e == "cap");
    let can_be_read = |path: &PathBuf| CaptureFile::open(path, &Options::default()).is_ok();
    let mut captures: Vec<PathBuf> =
        files.map(|file| file.unwrap().path()).filter(is_capture).filter(can_be_read).collect();
    captures.sort();
    captures
}

/// In every capture, whatever it is about; where connections of data have labels, all of them are children.
#[test]
fn what_was_announced_is_a_child_and_nothing_else() {
    for capture in captures() {
        let (rows, expected, name) = (rows(&capture), expected(&capture), capture.display());
        assert_eq!(found(&rows), expected, "{name}");
        if let Some((_, parents, children)) = COUNTED.iter().find(|(one, ..)| capture.ends_with(one)) {
            assert_eq!((control_sessions(&rows), expected.len()), (*parents, *children), "{name}");
        }
        let family = capture.parent().unwrap().file_name().unwrap();
        if ANNOUNCED.iter().any(|one| family == *one) {
            let protocol = |child: &Child| if child.app == "ftp" { TCP } else { UDP };
            let told: BTreeSet<Key> =
                expected.iter().map(|child| key(protocol(child), child.client, child.server)).collect();
            let labelled = labelled(&capture);
            assert!(labelled.is_subset(&told), "{name}: {labelled:?}, {told:?}");
            eprintln!("{name}: {} children, {} labelled by others", told.len(), labelled.len());
        }
    }
}

/// The lessons have what the others' captures do not: EPRT and EPSV, also over IPv6; RTSP, IRC, and calls with sound from
/// both sides.
#[test]
fn the_lessons() {
    for (lesson, parents, children) in [
        // Two ways to be active and two to be passive to one server, two over IPv6 and two to another server.
        ("ftp-modes", 8, 8),
        // Three requests of TFTP, a call, a film and a chat; three answers, RTP and RTCP of call and film, two files.
        ("secondary-connections", 6, 9),
    ] {
        let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pcaps/{lesson}/capture.pcapng"));
        if !capture.exists() {
            eprintln!("SKIPPED: no lesson at {}", capture.display());
            continue;
        }
        let (rows, expected) = (rows(&capture), expected(&capture));
        assert_eq!(found(&rows), expected, "{lesson}");
        assert_eq!((control_sessions(&rows), expected.len()), (parents, children), "{lesson}");
    }
}
