//! Captures that hold only the beginning of each packet: what App-ID cannot see is said, not guessed.
#![expect(clippy::unwrap_used, reason = "a test's harness")]

use std::path::Path;

use assert_cmd::Command;
use firstpass::capture::{CaptureFile, Options, Source};

/// A lesson's capture as a classic pcap file with this snap length.
fn snapped(lesson: &str, snap_len: usize) -> tempfile::NamedTempFile {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pcaps/{lesson}/capture.pcapng"));
    let mut source = CaptureFile::open(&path, &Options::default()).unwrap();
    let words = |list: &[u32]| list.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let number = |value: u64| u32::try_from(value).unwrap();
    let mut file = words(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, number(snap_len as u64), 1]);
    while let Some(frame) = source.next_frame() {
        let micros = frame.at.nanos() / 1_000;
        let bytes = &frame.bytes[..frame.bytes.len().min(snap_len)];
        let (seconds, rest) = (number(micros / 1_000_000), number(micros % 1_000_000));
        file.extend(words(&[seconds, rest, number(bytes.len() as u64), frame.wire_len]));
        file.extend(bytes);
    }
    let out = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(out.path(), file).unwrap();
    out
}

/// The JSON document of a replay under an allow-all rulebase.
fn replay(capture: &Path) -> serde_json::Value {
    let mut rules = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    let all = "[zones]\nall = ['0.0.0.0/0', '::/0']\n[[security]]\nname = 'all'\nservice = 'any'\n";
    std::io::Write::write_all(&mut rules, all.as_bytes()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_firstpass"));
    command.arg("replay").arg(capture).arg("--rules").arg(rules.path()).args(["--format", "json"]);
    serde_json::from_slice(&command.assert().success().get_output().stdout).unwrap()
}

fn warns_of_snap_length(document: &serde_json::Value) -> bool {
    let warnings = document["warnings"].as_array().unwrap();
    warnings.iter().any(|warning| warning.as_str().unwrap().contains("snap length"))
}

#[test]
fn a_cut_payload_is_said() {
    let whole = replay(snapped("unknown", 65_535).path());
    assert!(!warns_of_snap_length(&whole), "nothing is cut");
    let cut = replay(snapped("unknown", 60).path());
    assert!(warns_of_snap_length(&cut));
    let evidence: Vec<&str> = cut["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row["model"]["applications"].as_array().unwrap())
        .filter_map(|application| application["evidence"].as_str())
        .collect();
    assert!(evidence.iter().any(|evidence| evidence.contains("snap length")), "{evidence:?}");
}

/// What is left of a packet never makes a session out of order, nor something that it is not.
#[test]
fn no_label_is_made_up() {
    for lesson in ["web", "mail", "first-packets", "services"] {
        let apps = |document: &serde_json::Value| -> Vec<(String, String, String)> {
            let rows = document["sessions"].as_array().unwrap();
            rows.iter()
                .map(|row| {
                    let text = |key: &str| row[key].as_str().unwrap().to_owned();
                    (format!("{} {}", text("src"), row["sport"]), text("app"), text("session_end_reason"))
                })
                .collect()
        };
        let whole = apps(&replay(snapped(lesson, 65_535).path()));
        // The whole header of a SYN with its options, and some payload.
        for snap_len in [74, 80, 100, 120] {
            for (client, app, reason) in apps(&replay(snapped(lesson, snap_len).path())) {
                // Several, where a tunnel has begun inside a session, which nobody sees in what is left.
                let same: Vec<_> = whole.iter().filter(|row| row.0 == client).collect();
                let is_less =
                    matches!(&*app, "incomplete" | "insufficient-data" | "unknown-tcp" | "unknown-udp");
                // A shift that was not seen leaves the application before it.
                let is_base = matches!(&*app, "ssl" | "web-browsing" | "smtp" | "imap" | "pop3");
                let row = format!("{lesson} {snap_len}: {client} {app} {reason} for {same:?}");
                assert!(is_less || is_base || same.iter().any(|row| row.1 == app), "{row}");
                assert!(same.iter().any(|row| row.2 == reason), "{row}");
            }
        }
    }
}
