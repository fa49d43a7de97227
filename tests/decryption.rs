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
