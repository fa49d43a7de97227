//! Decrypted sessions that an alert ends: captures of real alerts, where they are at hand, against the end reason that
//! the documentation gives them.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test's harness")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const RULES: &str = "[zones]\nuntrust = [\"0.0.0.0/0\", \"::/0\"]\ntrust = [\"10.0.0.0/8\", \"192.168.0.0/16\"]\n\
    [[security]]\nname = \"Allow\"\nservice = \"any\"\n\
    [[decryption]]\nname = \"Inspect\"\naction = \"decrypt\"\nprofile = \"default\"\n";

/// The rulebase without decryption.
fn rules_in_the_clear() -> &'static str {
    RULES.split("[[decryption]]").next().unwrap()
}

/// Rows of a replay that the search finds.
fn found(capture: &Path, text: &str, search: &str, version: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.toml");
    fs::write(&rules, text).unwrap();
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

/// A session in the table of alerts.
struct Alert {
    capture: PathBuf,
    client: String,
    decrypted: String,
    in_the_clear: String,
}

/// The table of alerts beside other people's captures, where it is at hand.
fn alerts() -> Vec<Alert> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let corpus = std::env::var_os("FIRSTPASS_CORPUS").map_or_else(beside, PathBuf::from);
    let Ok(table) = fs::read_to_string(corpus.join("TLS_ALERTS.tsv")) else {
        eprintln!("SKIPPED: no captures at {}; set FIRSTPASS_CORPUS", corpus.display());
        return Vec::new();
    };
    let mut lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let [path, client, decrypted, in_the_clear] =
        ["path", "client", "docs_reason_if_decrypted", "end_hint_if_not_decrypted"].map(column);
    let alert = |line: Vec<&str>| Alert {
        capture: corpus.join(line[path]),
        client: line[client].to_owned(),
        decrypted: line[decrypted].to_owned(),
        in_the_clear: line[in_the_clear].to_owned(),
    };
    lines.map(alert).collect()
}

/// Client and end reason of each row.
fn reasons(rows: &[Value]) -> Vec<(String, String)> {
    let told = |row: &Value| {
        let client = format!("{}:{}", row["src"].as_str().unwrap(), row["sport"]);
        (client, row["session_end_reason"].as_str().unwrap().to_owned())
    };
    rows.iter().map(told).collect()
}

/// The article's search finds the session of each alert and nothing else; releases before 8.0 call it `policy-deny`.
/// Without decryption nobody looks at alerts, and the session ends as its packets do.
#[test]
fn real_alerts_have_the_documented_reasons() {
    for Alert { capture, client, decrypted, in_the_clear } in alerts() {
        let search = "( subtype neq end ) and ( action eq allow )";
        for (version, expected) in [("10.1", &*decrypted), ("7.1", "policy-deny")] {
            let rows = found(&capture, RULES, search, version);
            assert_eq!(reasons(&rows), [(client.clone(), expected.to_owned())], "{}", capture.display());
        }
        let rows = found(&capture, rules_in_the_clear(), "( subtype eq end )", "10.1");
        assert!(reasons(&rows).contains(&(client, in_the_clear)), "{}: {rows:?}", capture.display());
    }
}

/// The table leaves out no capture of an alert, and no fatal alert that tshark has found in one.
#[test]
fn the_table_of_alerts_is_whole() {
    let alerts = alerts();
    let Some(folder) = alerts.first().map(|alert| alert.capture.parent().unwrap()) else { return };
    let mut found = 0;
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let name = file.to_str().unwrap();
        let Some(capture) = name.strip_suffix(".truth.json") else { continue };
        let truth: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        for conversation in truth["tcp"].as_array().unwrap() {
            // Frame, sender, level and description: level 2 is fatal.
            let levels = conversation["alerts"].as_array().unwrap().iter().map(|alert| &alert[2]);
            if levels.filter(|level| **level == 2).count() > 0 {
                let [ip, port] = [0, 1].map(|at| conversation["client"][at].as_str().unwrap());
                let client = format!("{ip}:{port}");
                let is_listed =
                    |alert: &&Alert| alert.capture == Path::new(capture) && alert.client == client;
                assert!(alerts.iter().any(|alert| is_listed(&alert)), "{capture}: {client}");
                found += 1;
            }
        }
    }
    assert_eq!(found, alerts.len());
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
        // Servers of this lesson send their own certificate alone; six of fifteen in the clear are refused for it.
        ("bad-certificates", "rules.toml", "sends no certificate of its issuer", 9),
        // 40001 to 40003; the others are followed by their issuer's.
        ("mutual-tls", "rules.toml", "sends no certificate of its issuer", 3),
        // 40016 and 40017.
        ("bad-certificates", "rules.toml", "TLS 1.3: certificate, client-certificate request and most", 2),
        // 40001 offers TLS 1.3 and older; 40011 nothing older; 40012 TLS 1.2, but the server has neither.
        ("unsupported-parameters", "rules-default-limits.toml", "the firewall would negotiate TLS 1.2", 1),
        (
            "unsupported-parameters",
            "rules-default-limits.toml",
            "block-unsupported-version: no version of TLS is left",
            2,
        ),
        ("unsupported-parameters", "rules.toml", "the firewall would negotiate", 0),
        // 40008 and 40009 agree on suites that are never opened; but nobody has their secrets in the first place.
        ("unsupported-parameters", "rules-default-limits.toml", "the key log has its secrets", 0),
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
