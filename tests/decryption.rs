//! Decrypted sessions that an alert ends: captures of real alerts, where they are at hand, against the end reason that
//! the documentation gives them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const RULES: &str = "[zones]\nuntrust = [\"0.0.0.0/0\", \"::/0\"]\ntrust = [\"10.0.0.0/8\", \"192.168.0.0/16\"]\n\
    [[security]]\nname = \"Allow\"\nservice = \"any\"\n\
    [[decryption]]\nname = \"Inspect\"\naction = \"decrypt\"\nprofile = \"default\"\n";

/// Rows of a replay that the search finds.
fn found(capture: &Path, search: &str, version: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.toml");
    fs::write(&rules, RULES).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_firstpass"))
        .args(["replay", "--audit", "--format", "ndjson", "--panos-version", version, "--filter", search])
        .arg("--rules")
        .args([&rules, capture])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The article's search finds the session of each alert and nothing else; releases before 8.0 call it `policy-deny`.
#[test]
fn real_alerts_have_the_documented_reasons() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let corpus = std::env::var_os("FIRSTPASS_CORPUS").map_or_else(beside, PathBuf::from);
    let Ok(table) = fs::read_to_string(corpus.join("TLS_ALERTS.tsv")) else {
        eprintln!("SKIPPED: no captures at {}; set FIRSTPASS_CORPUS", corpus.display());
        return;
    };
    let mut lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let (path, client, reason) = (column("path"), column("client"), column("docs_reason_if_decrypted"));
    for line in lines {
        let capture = corpus.join(line[path]);
        for (version, expected) in [("10.1", line[reason]), ("7.1", "policy-deny")] {
            let rows = found(&capture, "( subtype neq end ) and ( action eq allow )", version);
            let told: Vec<_> = rows
                .iter()
                .map(|row| {
                    (format!("{}:{}", row["src"].as_str().unwrap(), row["sport"]), &row["session_end_reason"])
                })
                .collect();
            assert_eq!(told, [(line[client].to_owned(), &Value::from(expected))], "{}", line[path]);
        }
    }
}

/// What the program says of a lesson under one of its rulebases, on one line.
fn told(command: &str, lesson: &str, rules: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps").join(lesson);
    let output = Command::new(env!("CARGO_BIN_EXE_firstpass"))
        .args([command, "capture.pcapng", "--rules", rules])
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a profile has no check for, and what cannot be seen, is said once in each session that it is about.
#[test]
fn what_blocks_nothing_is_noted() {
    for (lesson, rules, sentence, count) in [
        // 40009, 40010 and 40013 ask for wrong-name.example.
        ("bad-certificates", "rules.toml", "is for another name than the client asks for", 3),
        // 40016 and 40017.
        ("bad-certificates", "rules.toml", "TLS 1.3: certificate, client-certificate request and most", 2),
        // 40001 offers TLS 1.3 and older; 40011 nothing older; 40012 TLS 1.2, but the server has neither.
        ("unsupported-parameters", "rules-default-limits.toml", "the firewall would negotiate TLS 1.2", 1),
        ("unsupported-parameters", "rules-default-limits.toml", "no version of TLS is left", 2),
        ("unsupported-parameters", "rules.toml", "the firewall would negotiate", 0),
    ] {
        let text = told("explain", lesson, rules);
        assert_eq!(text.matches(sentence).count(), count, "{lesson}, {rules}: {sentence}: {text}");
    }
}

/// Switches that no capture can tell anything of are named once; those that have an effect are not.
#[test]
fn switches_without_effect_are_named() {
    let warnings = told("replay", "bad-certificates", "rules.toml");
    let named =
        "no capture can tell anything of, they have no effect: block-timeout-cert, block-unknown-cert";
    assert_eq!(warnings.matches(named).count(), 1, "{warnings}");
    let warnings = told("replay", "bad-certificates", "rules-lenient.toml");
    assert!(!warnings.contains("no effect"), "{warnings}");
}
