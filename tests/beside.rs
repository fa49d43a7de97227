//! `replay --beside`: one capture under several rulebases.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

fn lesson(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pcaps/ftp-override").join(file)
}

/// The FTP lesson under `rules.toml`, and beside it under these.
fn beside(others: &[&str], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firstpass"));
    command.arg("replay").arg(lesson("capture.pcapng")).arg("--rules").arg(lesson("rules.toml"));
    for other in others {
        command.arg("--beside").arg(lesson(other));
    }
    command.args(["--color", "never"]).args(arguments).output().unwrap()
}

/// A rulebase's rows of a group: `app rule reason`, and ` +` where another session has announced it.
fn rows(outcome: &Value) -> String {
    let row = |row: &Value| {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        let announced = if row["announced"] == true { " +" } else { "" };
        format!("{}/{}/{}{announced}", text("app"), text("rule"), text("session_end_reason"))
    };
    outcome.as_array().unwrap().iter().map(row).collect::<Vec<_>>().join("; ")
}

/// Application override takes FTP's gateway away: what breaks without rules for the data, and what their rules open
/// (PANOS.md 2.7).
#[test]
fn an_override_beside_what_it_takes_away() {
    let output =
        beside(&["rules-override.toml", "rules-override-without-data-ports.toml"], &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found: Vec<String> = document["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            let outcomes: Vec<String> = group["outcomes"].as_array().unwrap().iter().map(rows).collect();
            let zones = format!("{}→{}", group["from"].as_str().unwrap(), group["to"].as_str().unwrap());
            let conversations = group["conversations"].as_array().unwrap().len();
            format!("{} {conversations} {zones} {}", group["change"].as_str().unwrap(), outcomes.join(" | "))
        })
        .collect();
    let refused = "not-applicable/interzone-default/policy-deny";
    let expected = [
        format!(
            "breaks 2 untrust→dmz ftp/FTP for partners/tcp-fin + | custom-ftp/FTP for partners/tcp-fin | {refused}"
        ),
        format!(
            "breaks 2 dmz→untrust ftp/FTP for partners/tcp-fin + | custom-ftp/FTP data to partners/tcp-fin | {refused}"
        ),
        format!(
            "breaks 2 trust→untrust ftp/FTP to the outside/tcp-fin + | custom-ftp/FTP to the outside/tcp-fin | {refused}"
        ),
        format!(
            "breaks 2 untrust→trust ftp/FTP to the outside/tcp-fin + | custom-ftp/FTP data from the outside/tcp-fin | \
             {refused}"
        ),
        format!("opens 1 untrust→dmz {refused} | custom-ftp/FTP for partners/tcp-fin | {refused}"),
        "differs 4 untrust→dmz ftp/FTP for partners/tcp-fin | custom-ftp/FTP for partners/tcp-fin | \
         custom-ftp/FTP for partners/tcp-fin"
            .to_owned(),
        "differs 4 trust→untrust ftp/FTP to the outside/tcp-fin | custom-ftp/FTP to the outside/tcp-fin | \
         custom-ftp/FTP to the outside/tcp-fin"
            .to_owned(),
    ];
    assert_eq!(found, expected);
    assert_eq!(document["alike"], 0);
    let forwarded: Vec<&Value> =
        document["rulebases"].as_array().unwrap().iter().map(|it| &it["forwarded"]).collect();
    assert_eq!(forwarded, [288, 300, 224]);
}

/// For people: letters stand for the rulebases, and what breaks comes first.
#[test]
fn text() {
    let output = beside(&["rules-override-without-data-ports.toml"], &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    let first = text.lines().position(|line| line == "2 conversations: let through under A, blocked under B");
    let then = text.lines().position(|line| line.starts_with("4 conversations: under another rule"));
    assert!(first.unwrap() < then.unwrap(), "{text}");
    assert!(text.ends_with("\n1 conversation fares alike.\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
}

/// A rulebase beside itself.
#[test]
fn nothing_differs() {
    let output = beside(&["rules.toml"], &[]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("All conversations fare alike"), "{text}");
}

#[test]
fn errors_say_what_to_do() {
    let cases: [(&[&str], &[&str], &str); 4] = [
        (&["rules.toml"], &["--format", "ndjson"], "--beside compares, and this format is nothing but rows"),
        (&["no-such.toml"], &[], "no-such.toml"),
        (&["rules.toml"; 8], &[], "9 rulebases are too many"),
        (&["rules.toml"], &["--matrix"], "cannot be used with"),
    ];
    for (others, arguments, expected) in cases {
        let output = beside(others, arguments);
        assert_eq!(output.status.code(), Some(2), "{expected}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains(expected), "{errors}");
    }
}

/// In the report a session that another one has announced has a mark, and below the table stands what it means.
#[test]
fn announced_sessions_are_marked() {
    let output = Command::new(env!("CARGO_BIN_EXE_firstpass"))
        .arg("replay")
        .arg(lesson("capture.pcapng"))
        .args(["--color", "never", "--rules"])
        .arg(lesson("rules.toml"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let marked = text.lines().filter(|line| line.starts_with("↳ ") && line.contains(" end ")).count();
    assert_eq!(marked, 8, "{text}");
    assert!(text.contains("↳ announced by another session"), "{text}");
}
