//! The program as its users meet it: exit status, what goes where, errors that say what, where and what to do.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const CAPTURE: &str = "pcaps/first-packets/capture.pcapng";
const RULES: &str = "pcaps/first-packets/rules.toml";

/// Runs the program in the project's folder.
fn firstpass(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firstpass"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A replay that must succeed, as JSON.
fn json(arguments: &[&str]) -> Value {
    let output = firstpass(&[&["replay", "--format", "json", "--rules", RULES], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The folder of captures and rulebases that are wrong in one way each.
fn wrong_files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let capture = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(CAPTURE)).unwrap();
    fs::write(path("empty.pcap"), "").unwrap();
    fs::write(path("cut.pcapng"), &capture[..5_000]).unwrap();
    fs::write(path("text.pcap"), "hello, I am a text\n").unwrap();
    fs::write(path("magic.pcap"), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).unwrap();
    fs::create_dir(path("folder")).unwrap();
    let rules = |name: &str, text: &str| fs::write(path(name), text).unwrap();
    rules("syntax.toml", "[zones\n");
    rules("key.toml", "[zones]\na = \"::/0\"\n[[security]]\nname = \"r\"\naplication = \"ping\"\n");
    rules("app.toml", "[zones]\na = \"::/0\"\n[[security]]\nname = \"r\"\napplication = \"web-browsin\"\n");
    rules("zone.toml", "[zones]\nuntrust = \"::/0\"\n[[security]]\nname = \"r\"\nfrom = \"untrst\"\n");
    rules("cidr.toml", "[zones]\na = \"192.0.2.0/33\"\n");
    rules("twice.toml", "[zones]\na = \"::/0\"\n[[security]]\nname = \"r\"\n[[security]]\nname = \"r\"\n");
    rules("escape.toml", "[zones]\na = \"::/0\"\n[[security]]\nname = \"r\"\nfrom = \"\\u001b[31mred\"\n");
    folder
}

/// Arguments (`@` is the folder of wrong files), exit status, and what the message must say.
const ERRORS: &[(&[&str], i32, &[&str])] = &[
    (&["replay", "@/empty.pcap", "--rules", RULES], 3, &["empty.pcap` is empty"]),
    (&["replay", "@/text.pcap", "--rules", RULES], 3, &["text.pcap` is no capture", "text2pcap"]),
    (&["replay", "@/magic.pcap", "--rules", RULES], 3, &["00 01 02 03", "pcapng"]),
    (&["replay", "@/folder", "--rules", RULES], 3, &["is a directory", "*.pcap"]),
    (&["replay", "@/nothing.pcap", "--rules", RULES], 3, &["nothing.pcap`", "No such file"]),
    (&["replay", "@/cut.pcapng", "--rules", RULES, "--strict"], 3, &["packet 45, byte 4992", "cut off"]),
    (&["replay", CAPTURE, "--rules", "@/nothing.toml"], 2, &["no such file", "--rules"]),
    (&["replay", CAPTURE, "--rules", "@/folder"], 2, &["directory"]),
    (&["replay", CAPTURE, "--rules", "@/empty.pcap"], 2, &["the rulebase is empty", "[zones]"]),
    (&["replay", CAPTURE, "--rules", "@/syntax.toml"], 2, &["syntax.toml:1:"]),
    (&["replay", CAPTURE, "--rules", "@/key.toml"], 2, &["key.toml:5:1", "`aplication`", "`application`"]),
    (&["replay", CAPTURE, "--rules", "@/app.toml"], 2, &["app.toml:5:15", "`web-browsin`", "`web-browsing`"]),
    (&["replay", CAPTURE, "--rules", "@/zone.toml"], 2, &["zone.toml:5:8", "did you mean `untrust`?"]),
    (&["replay", CAPTURE, "--rules", "@/cidr.toml"], 2, &["cidr.toml:2:5", "192.0.2.0/33"]),
    (&["replay", CAPTURE, "--rules", "@/twice.toml"], 2, &["twice.toml:6:8", "`r`"]),
    (
        &["replay", CAPTURE, "--rules", RULES, "--set", "session.tcp-reject=no"],
        2,
        &["session.tcp-reject-non-syn"],
    ),
    (&["replay", CAPTURE, "--rules", RULES, "--set", "session.timeout-udp=0"], 2, &["1 to 15"]),
    (&["replay", CAPTURE, "--rules", RULES, "--set", "nothing"], 2, &["NAME=VALUE"]),
    (
        &["replay", CAPTURE, "--rules", RULES, "--ingress", "inside=x"],
        2,
        &["no zone `inside`", "untrust, dmz"],
    ),
    (&["replay", CAPTURE, "--rules", RULES, "--ingress", "dmz=x"], 2, &["`x` is not among the captures"]),
    (&["replay", CAPTURE, "--rules", RULES, "--zone", "dmz=192.0.2.0/99"], 2, &["192.0.2.0/99"]),
    (&["replay", CAPTURE, "--rules", RULES, "--summary", "--format", "csv"], 2, &["--summary", "json"]),
    (&["replay", "-", "-", "--rules", RULES], 2, &["more than once"]),
    (&["replay", CAPTURE], 2, &["--rules"]),
    (&["explain", CAPTURE, "--rules", RULES, "--session", "9999"], 2, &["9999"]),
    (&["replay", CAPTURE, "--rules", RULES, "--operate", "12"], 2, &["WHEN: COMMAND"]),
    (&["replay", CAPTURE, "--rules", RULES, "--operate", "x: clear session all"], 2, &["`x`", "+12.5s"]),
    (&["replay", CAPTURE, "--rules", RULES, "--operate", "3: claer session"], 2, &["clear session id N"]),
    (&["replay", CAPTURE, "--rules", RULES, "--operate", "3: clear session id x"], 2, &["`x`", "session id"]),
    (&["replay", CAPTURE, "--rules", RULES, "--operate", "3: commit @/zone.toml"], 2, &["zone.toml:5:8"]),
    (
        &["replay", CAPTURE, "--rules", RULES, "--operate", "3: commit @/no.toml"],
        2,
        &["no.toml", "behind `commit`"],
    ),
    (&["no-such-command"], 2, &["no-such-command"]),
    (&["man", "no-such-command"], 2, &["no-such-command"]),
];

#[test]
fn errors_say_what_where_and_what_to_do() {
    let folder = wrong_files();
    for (arguments, status, says) in ERRORS {
        let arguments: Vec<String> =
            arguments.iter().map(|text| text.replace('@', folder.path().to_str().unwrap())).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = firstpass(&arguments);
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(*status), "{arguments:?}\n{message}");
        for text in *says {
            assert!(message.contains(text), "{arguments:?}: `{text}` is missing in\n{message}");
        }
        assert!(message.lines().count() <= 24, "{arguments:?}: more than a screen\n{message}");
        if !arguments.contains(&"--strict") {
            assert!(output.stdout.is_empty(), "{arguments:?}: a result beside an error");
        }
    }
}

#[test]
fn names_never_reach_the_terminal_raw() {
    let folder = wrong_files();
    let rules = folder.path().join("escape.toml");
    let output = firstpass(&["replay", CAPTURE, "--rules", rules.to_str().unwrap()]);
    assert!(!stderr(&output).contains('\x1b'), "{}", stderr(&output));
}

#[test]
fn a_cut_capture_is_replayed_up_to_the_cut() {
    let folder = wrong_files();
    let cut = folder.path().join("cut.pcapng");
    let document = json(&[cut.to_str().unwrap()]);
    assert_eq!(document["captures"][0]["truncated"], true);
    assert_eq!(document["summary"]["packets"], 44);
    assert!(document["warnings"][0].as_str().unwrap().contains("packet 45, byte 4992"));
}

#[test]
fn every_packet_is_accounted_for() {
    let document = json(&[CAPTURE, "--audit"]);
    let summary = &document["summary"];
    let count = |key: &str| summary[key].as_u64().unwrap();
    assert_eq!(count("packets"), count("forwarded") + count("dropped"));
    assert_eq!(document["captures"][0]["packets"], summary["packets"]);
    let rows = document["sessions"].as_array().unwrap();
    assert_eq!(
        rows.iter().filter(|row| row["subtype"] == "deny").count() as u64,
        summary["by_subtype"]["deny"]
    );
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for format in ["text", "json", "ndjson", "csv"] {
        let run = |threads| {
            let output =
                firstpass(&["replay", CAPTURE, "--rules", RULES, "--format", format, "--threads", threads]);
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
            stdout(&output)
        };
        assert_eq!(run("1"), run("4"), "{format}");
    }
}

#[test]
fn formats_agree_on_the_rows() {
    let document = json(&[CAPTURE]);
    let rows = document["sessions"].as_array().unwrap();
    let lines = firstpass(&["replay", CAPTURE, "--rules", RULES, "--format", "ndjson"]);
    let lines: Vec<Value> = stdout(&lines).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows, &lines);
    let csv = firstpass(&["replay", CAPTURE, "--rules", RULES, "--format", "csv", "--all"]);
    assert_eq!(stdout(&csv).lines().count(), rows.len() + 1);
    let starts: Vec<(&str, u64)> =
        rows.iter().map(|row| (row["start"].as_str().unwrap(), row["sessionid"].as_u64().unwrap())).collect();
    assert!(starts.is_sorted(), "rows are in order of start, then session");
}

#[test]
fn captures_come_from_standard_input_and_packed() {
    let plain = json(&[CAPTURE]);
    let capture = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(CAPTURE)).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&capture).unwrap();
    for bytes in [capture, packed.finish().unwrap()] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_firstpass"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["replay", "-", "--rules", RULES, "--format", "json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let document: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
        assert_eq!(document["sessions"], plain["sessions"]);
    }
}

#[test]
fn a_file_appears_under_its_name_only_when_it_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.json");
    let text = path.to_str().unwrap();
    let output = firstpass(&["replay", CAPTURE, "--rules", RULES, "--format", "json", "--output", text]);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty());
    assert!(serde_json::from_slice::<Value>(&fs::read(&path).unwrap()).is_ok());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no half-written file is left behind");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_firstpass"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["explain", CAPTURE, "--rules", RULES])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn colour_only_when_asked_for() {
    let colored = |arguments: &[&str]| {
        stdout(&firstpass(&[&["replay", CAPTURE, "--rules", RULES], arguments].concat())).contains('\x1b')
    };
    assert!(!colored(&[]), "not on a pipe");
    assert!(colored(&["--color", "always"]));
    assert!(!colored(&["--color", "never"]));
}

#[test]
fn linger_says_how_far_the_clock_goes_on() {
    let open = |arguments: &[&str]| {
        let document = json(&[&[CAPTURE], arguments].concat());
        let rows = document["sessions"].as_array().unwrap().clone();
        rows.iter().filter(|row| row["model"]["open_at_end"] == true).count()
    };
    assert_eq!(open(&[]), 0, "every session has aged out");
    assert!(open(&["--linger", "0"]) > 0, "the clock stops at the last packet");
}

#[test]
fn an_administrator_at_work() {
    let folder = tempfile::tempdir().unwrap();
    let closed = folder.path().join("closed rules.toml");
    let rules = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(RULES)).unwrap();
    fs::write(&closed, rules.replace("action = \"allow\"", "action = \"drop\"")).unwrap();
    let commit = format!("10: commit \"{}\"", closed.display());
    let plain = json(&[CAPTURE]);
    let sessions = |document: &Value| document["summary"]["sessions"].as_u64().unwrap();
    let reasons =
        |document: &Value, name: &str| document["summary"]["by_end_reason"][name].as_u64().unwrap_or(0);
    assert_eq!(reasons(&plain, "unknown"), 0);
    let cleared = json(&[CAPTURE, "--audit", "--operate", "10: clear session all"]);
    assert!(reasons(&cleared, "unknown") > 0);
    let committed = json(&[CAPTURE, "--audit", "--operate", &commit]);
    assert!(sessions(&committed) < sessions(&plain), "nothing is let in any more");
    let rematched = json(&[CAPTURE, "--audit", "--set", "config.rematch=yes", "--operate", &commit]);
    assert!(
        rematched["counters"]["session_discard"].as_u64() > committed["counters"]["session_discard"].as_u64()
    );
    let late =
        json(&[CAPTURE, "--operate", "1000000: clear session all", "--operate", "+1000s: clear session all"]);
    assert_eq!(late["sessions"], plain["sessions"]);
    let warnings = late["warnings"].to_string();
    assert!(warnings.contains("packet 1000000 was never reached"), "{warnings}");
    let idle = json(&[CAPTURE, "--operate", "+0.5s: clear session id 9"]);
    assert!(idle["warnings"].to_string().contains("+0.500 s: there was no session"), "{}", idle["warnings"]);
    let explained = firstpass(&["explain", CAPTURE, "--rules", RULES, "--operate", "10: clear session all"]);
    assert!(stdout(&explained).contains("the administrator: clear session"));
}

#[test]
fn several_captures_are_merged_by_time() {
    let one = json(&[CAPTURE]);
    let two = json(&[CAPTURE, "pcaps/web/capture.pcapng"]);
    assert_eq!(two["captures"].as_array().unwrap().len(), 2);
    assert!(two["summary"]["sessions"].as_u64() > one["summary"]["sessions"].as_u64());
}

#[test]
fn help_manual_and_completions_are_there() {
    for arguments in
        [&["--help"][..], &["replay", "--help"], &["man"], &["man", "replay"], &["completions", "bash"]]
    {
        let output = firstpass(arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(stdout(&output).contains("firstpass"), "{arguments:?}");
    }
}

/// Only a regular file is replaced: a link stays a link, and a pipe is written to.
#[cfg(unix)]
#[test]
fn output_replaces_nothing_but_files() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let text = |name: &str| path(name).display().to_string();
    let replay =
        |output: &str| firstpass(&["replay", CAPTURE, "--rules", RULES, "--summary", "--output", output]);
    std::fs::write(path("file"), "old").unwrap();
    std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
    assert_eq!(replay(&text("link")).status.code(), Some(0));
    assert!(std::fs::symlink_metadata(path("link")).unwrap().is_symlink());
    let report = std::fs::read_to_string(path("file")).unwrap();
    assert!(report.contains("First packets"), "{report}");
    assert_ne!(std::fs::metadata(path("file")).unwrap().permissions().mode() & 0o044, 0);

    let made = std::process::Command::new("mkfifo").arg(path("pipe")).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: there is no mkfifo to make a pipe with");
        return;
    }
    let pipe = path("pipe");
    let reader = std::thread::spawn(move || std::fs::read_to_string(pipe).unwrap());
    assert_eq!(replay(&text("pipe")).status.code(), Some(0));
    assert_eq!(reader.join().unwrap(), report);

    let refused = replay(&folder.path().display().to_string());
    assert_ne!(refused.status.code(), Some(0));
    assert!(stderr(&refused).contains("this is a directory"), "{}", stderr(&refused));
}
