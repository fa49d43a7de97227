//! `replay --matrix`: which of the settings about asymmetric paths a capture needs.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::process::{Command, Output};

use firstpass::capture::write::Writer;
use firstpass::capture::{Frame, LinkType};
use firstpass::flow::Addr;
use firstpass::packet::build::Builder;
use firstpass::packet::{Payload, TcpFlags, TcpSegment};
use firstpass::time::Timestamp;
use serde_json::{Value, json};

const RULES: &str = "[zones]\nuntrust = \"0.0.0.0/0\"\ndmz = \"192.0.2.0/24\"\n[[security]]\nname = \"Allow\"\nservice = \"any\"\n";

/// Flags, sequence number, acknowledgment and payload of a segment, and whether the client sends it.
type Line = (bool, u8, u32, u32, &'static [u8]);

/// A connection from its SYN to its RST.
const WHOLE: [Line; 6] = [
    (true, 0x02, 100, 0, b""),
    (false, 0x12, 500, 101, b""),
    (true, 0x10, 101, 501, b""),
    (true, 0x18, 101, 501, b"USER anonymous\r\n"),
    (false, 0x18, 501, 117, b"220 welcome\r\n"),
    (true, 0x14, 117, 514, b""),
];

/// Replays the lines that `keep` keeps.
fn matrix(keep: impl Fn(&Line) -> bool, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let (capture, rules) = (folder.path().join("a.pcap"), folder.path().join("rules.toml"));
    fs::write(&rules, RULES).unwrap();
    let mut writer = Writer::pcap(Vec::new(), LinkType::RAW).unwrap();
    let [client, server] = [(Addr::v4([203, 0, 113, 5]), 40_000), (Addr::v4([192, 0, 2, 10]), 21)];
    for (index, line) in WHOLE.iter().enumerate().filter(|(_, line)| keep(line)) {
        let &(from_client, flags, seq, ack, bytes) = line;
        let (src, dst) = if from_client { (client, server) } else { (server, client) };
        let payload = Payload { bytes, len: bytes.len() as u32 };
        let flags = TcpFlags(flags);
        let segment =
            TcpSegment { sport: src.1, dport: dst.1, seq, ack, flags, window: 1_000, options: &[], payload };
        let bytes = Builder::new(src.0, dst.0).tcp(&segment);
        let wire_len = bytes.len() as u32;
        let at = Timestamp::from_nanos(1_767_225_600_000_000_000 + index as u64 * 10_000_000);
        let frame = Frame { at, file: 0, link_type: LinkType::RAW, interface: None, wire_len, bytes: &bytes };
        writer.write(&frame).unwrap();
    }
    fs::write(&capture, writer.into_inner()).unwrap();
    Command::new(env!("CARGO_BIN_EXE_firstpass"))
        .args(["replay", "--matrix", "--rules"])
        .args([&rules, &capture])
        .args(arguments)
        .output()
        .unwrap()
}

fn document(keep: impl Fn(&Line) -> bool) -> Value {
    let output = matrix(keep, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn of_each(document: &Value, key: &str) -> Vec<u64> {
    document["matrix"].as_array().unwrap().iter().map(|outcome| outcome[key].as_u64().unwrap()).collect()
}

#[test]
fn a_whole_connection_needs_neither() {
    let document = document(|_| true);
    assert_eq!(of_each(&document, "forwarded"), [6; 4]);
    assert_eq!(
        document["needed"],
        json!({"session.tcp-reject-non-syn": "yes", "tcp.asymmetric-path": "drop"})
    );
    assert_eq!(document["conversations"], json!([]));
}

/// The server's packets take another way: the handshake never completes (PANOS.md 6.3).
#[test]
fn a_syn_without_its_answer_needs_bypass() {
    let document = document(|line| line.0);
    assert_eq!(of_each(&document, "forwarded"), [2, 2, 4, 4], "the SYN, and the RST that gives up");
    assert_eq!(of_each(&document, "tcp_drop_out_of_wnd"), [2, 2, 0, 0]);
    assert_eq!(document["needed"]["tcp.asymmetric-path"], "bypass");
    assert_eq!(document["needed"]["session.tcp-reject-non-syn"], "yes");
    assert_eq!(document["conversations"][0]["outcomes"][2]["app"], "insufficient-data");
}

/// The SYN was never seen: the server's answer begins it.
#[test]
fn an_answer_without_its_syn_needs_non_syn() {
    let document = document(|line| line.1 != 0x02);
    assert_eq!(of_each(&document, "flow_tcp_non_syn_drop"), [5, 0, 5, 0]);
    assert_eq!(
        document["needed"],
        json!({"session.tcp-reject-non-syn": "no", "tcp.asymmetric-path": "drop"})
    );
}

#[test]
fn people_get_a_table_and_advice() {
    let output = matrix(|line| line.0, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("strict *"), "{text}");
    assert!(text.contains("Needed: tcp.asymmetric-path=bypass. Of 2 packets"), "{text}");
}

#[test]
fn what_cannot_be_is_said() {
    let output = matrix(|_| true, &["--format", "ndjson"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--matrix is about totals"));
}
