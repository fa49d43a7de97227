//! `firstpass apps`: the list, one application, graphs, dependencies of a rulebase, decision points.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use firstpass::app::Catalog;
use firstpass::apps::{Listing, Subject};
use firstpass::report::text::Look;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

const CAPTURE: &str = "pcaps/first-packets/capture.pcapng";

/// Runs `firstpass apps` in the project's folder.
fn apps(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firstpass"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg("apps")
        .args(arguments)
        .output()
        .unwrap()
}

/// What it prints, where that must succeed.
fn printed(arguments: &[&str]) -> String {
    let output = apps(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(&[arguments, &["--format", "json"]].concat())).unwrap()
}

/// A rulebase in a file of its own.
fn rulebase(rules: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.toml");
    let zones = "[zones]\ntrust = \"10.0.0.0/8\"\nuntrust = [\"0.0.0.0/0\", \"::/0\"]\n";
    std::fs::write(&path, format!("{zones}{rules}")).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

/// A rule from `trust` to `untrust`: name, applications, action.
type Rule<'r> = (&'r str, &'r [&'r str], &'r str);

fn rules(rules: &[Rule<'_>]) -> String {
    let rule = |(name, applications, action): &Rule<'_>| {
        format!(
            "[[security]]\nname = \"{name}\"\nfrom = \"trust\"\nto = \"untrust\"\napplication = {applications:?}\n\
             service = \"any\"\naction = \"{action}\"\n"
        )
    };
    rules.iter().map(rule).collect()
}

#[test]
fn the_list_has_every_application_once() {
    let text = printed(&[]);
    let names: Vec<&str> = text.lines().skip(1).map_while(|line| line.split_whitespace().next()).collect();
    assert_eq!(names.len(), Catalog::builtin().unwrap().len());
    assert!(names.is_sorted_by(|a, b| a < b));
    let document = json(&[]);
    let listed: Vec<&str> = document["applications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|app| app["name"].as_str().unwrap())
        .collect();
    assert_eq!(listed, names);
}

#[test]
fn a_search_finds_names_ports_and_classes() {
    insta::assert_snapshot!("search", printed(&["--search", "tcp/21"]));
    let found = json(&["--search", "ip-protocol ip/92"]);
    assert_eq!(found["applications"][0]["name"], "mtp");
    assert_eq!(found["applications"][0]["decided_by"][0], "header");
    assert_eq!(printed(&["--search", "no-such-thing"]), "no application has `no-such-thing`\n");
}

#[test]
fn one_application_is_told_about() {
    insta::assert_snapshot!("ftp", printed(&["ftp"]));
    insta::assert_snapshot!("facebook", printed(&["facebook"]));
    insta::assert_snapshot!("facebook_chat", printed(&["facebook-chat"]));
    insta::assert_snapshot!("traceroute", printed(&["traceroute"]));
    let document = json(&["traceroute"]);
    assert_eq!(document["relations"]["depends_on"]["direct"], serde_json::json!(["icmp", "ping"]));
    assert_eq!(document["decision_point"]["data_packets_to_server"], 0);
    assert_eq!(json(&["snmp"])["functions"].as_array().unwrap().len(), 4);
}

#[test]
fn graphs_are_sorted_and_around_a_name() {
    insta::assert_snapshot!("dot", printed(&["traceroute", "--format", "dot"]));
    insta::assert_snapshot!("mermaid", printed(&["facebook-chat", "--format", "mermaid"]));
    let all = printed(&["--format", "dot"]);
    let edges: Vec<&str> = all.lines().filter(|line| line.contains("->")).collect();
    assert!(edges.len() > 300 && edges.is_sorted(), "{}", edges.len());
    let mermaid = printed(&["--format", "mermaid"]);
    let arrows = mermaid.lines().filter(|line| line.contains("-->") || line.contains("-.->")).count();
    assert_eq!(arrows, edges.len());
}

#[test]
fn applications_of_a_rulebase_are_listed_as_well() {
    let own =
        "[application.own-web]\ndefault-ports = \"tcp/8080\"\ndepends-on = \"facebook-posting\"\nrisk = 2\n";
    let (_folder, path) = rulebase(own);
    insta::assert_snapshot!("own", printed(&["own-web", "--rules", &path]));
    let listed = json(&["--rules", &path, "--search", "tcp/8080 own-web"]);
    assert_eq!(listed["applications"][0]["custom"], true);
    assert_eq!(listed["applications"][0]["decided_by"][0], "rulebase");
    assert_eq!(apps(&["own-web"]).status.code(), Some(2), "without the rulebase nobody knows it");
}

#[test]
fn missing_dependencies_fail_and_through_others_is_said() {
    let own = "[application.own]\ndepends-on = \"facebook-posting\"\n";
    let social: &[Rule<'_>] = &[
        ("No web", &["web-browsing"], "deny"),
        ("Traceroute", &["traceroute", "ping"], "allow"),
        ("Social", &["own", "facebook-base", "ms-ds-smb-base"], "allow"),
    ];
    let (_folder, path) = rulebase(&format!("{own}{}", rules(social)));
    let output = apps(&["--unused", "--rules", &path]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!("unused", String::from_utf8(output.stdout).unwrap());
    let document: Value =
        serde_json::from_slice(&apps(&["--unused", "--rules", &path, "--format", "json"]).stdout).unwrap();
    assert_eq!(document["missing"][0]["needs"], "icmp");
    assert_eq!(document["denied"][0]["denied_by"], "No web");
    assert_eq!(document["unused"][0]["application"], "ms-ds-smb-base");
}

/// Rules, and whether something is missing or denied.
#[rustfmt::skip]
const CASES: &[(&[Rule<'_>], i32)] = &[
    (&[("all", &["traceroute", "ping", "icmp"], "allow")], 0),
    (&[("trace", &["traceroute"], "allow"), ("echo", &["ping", "icmp"], "allow")], 0),
    (&[("trace", &["traceroute", "ping"], "allow")], 1),
    (&[("any", &["any"], "allow"), ("trace", &["traceroute"], "allow")], 0),
    (&[("none", &["traceroute"], "deny")], 0),
    // What is used implicitly needs no rule, but must not be denied by name.
    (&[("social", &["facebook-base"], "allow")], 0),
    (&[("no web", &["web-browsing"], "deny"), ("social", &["facebook-base"], "allow")], 1),
    (&[("social", &["facebook-base"], "allow"), ("no web", &["web-browsing"], "deny")], 1),
    (&[("web", &["web-browsing"], "allow"), ("no web", &["web-browsing"], "deny"), ("social", &["facebook-base"], "allow")], 0),
    // Through others: `facebook-chat` needs `mqtt`.
    (&[("posts", &["facebook-posting", "facebook-apps", "facebook-base", "facebook-chat"], "allow")], 1),
    (&[("posts", &["facebook-posting", "facebook-apps", "facebook-base", "facebook-chat", "mqtt"], "allow")], 0),
];

#[test]
fn the_exit_status_tells_whether_something_is_missing() {
    for (case, status) in CASES {
        let (_folder, path) = rulebase(&rules(case));
        let output = apps(&["--unused", "--rules", &path]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(*status), "{case:?}\n{text}");
    }
}

/// The lesson captures, as the page names them.
fn lessons() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut captures: Vec<String> = entries
        .filter(|entry| entry.path().join("capture.pcapng").is_file())
        .map(|entry| format!("pcaps/{}/capture.pcapng", entry.file_name().to_str().unwrap()))
        .collect();
    captures.sort();
    captures
}

/// `docs/decision-points.md` is what the program writes.
#[test]
fn the_page_of_decision_points_is_current() {
    let lessons = lessons();
    let captures: Vec<&str> = lessons.iter().map(String::as_str).collect();
    let page = printed(&[&["--format", "markdown", "--decision-points"], &captures[..]].concat());
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/decision-points.md");
    if std::env::var_os("FIRSTPASS_UPDATE").is_some() {
        std::fs::write(path, page).unwrap();
        return;
    }
    let written = std::fs::read_to_string(path).unwrap();
    assert_eq!(
        written, page,
        "FIRSTPASS_UPDATE=1 cargo test --test apps writes docs/decision-points.md anew"
    );
}

#[test]
fn decision_points_of_one_capture() {
    insta::assert_snapshot!("decision_points", printed(&["--decision-points", CAPTURE]));
    let document = json(&["--decision-points", CAPTURE]);
    let ftp =
        document["applications"].as_array().unwrap().iter().find(|row| row["application"] == "ftp").unwrap();
    assert_eq!((&ftp["data_packets_to_server"], &ftp["data_packets_to_client"]), (&0.into(), &1.into()));
    // Each capture has a session table of its own: twice the same is twice as much, and nothing else.
    let twice = json(&["--decision-points", CAPTURE, CAPTURE]);
    assert_eq!(twice["decisions"].as_u64(), document["decisions"].as_u64().map(|decisions| decisions * 2));
    assert_eq!(
        twice["applications"][0]["payload_bytes_to_client"],
        document["applications"][0]["payload_bytes_to_client"]
    );
}

/// A damaged capture counts up to the damage, and the warning says which it is.
#[test]
fn a_cut_capture_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.pcapng");
    let capture = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(CAPTURE)).unwrap();
    std::fs::write(&cut, &capture[..5_000]).unwrap();
    let output = apps(&["--decision-points", CAPTURE, cut.to_str().unwrap()]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(0), 1), "{message}");
    assert!(message.contains("cut.pcapng") && message.contains("packet 45"), "{message}");
}

/// Arguments, exit status, what the message must say.
const ERRORS: &[(&[&str], i32, &[&str])] = &[
    (&["fcebook"], 2, &["no application `fcebook`", "did you mean `facebook`?"]),
    (&["web-browsin"], 2, &["did you mean `web-browsing`?"]),
    (&["zz\u{1b}[31m"], 2, &["no application `zz\\x1b[31m`", "--search zz"]),
    (&["--unused"], 2, &["--rules"]),
    (&["--zone", "a=10.0.0.0/8"], 2, &["--rules FILE"]),
    (&["--format", "markdown"], 2, &["--decision-points"]),
    (&["--search", "ftp", "--format", "dot"], 2, &["graph"]),
    (&["ftp", "--search", "ftp"], 2, &["--search"]),
    (&["--rules", "no-such-file.toml"], 2, &["no-such-file.toml"]),
    (&["--app-catalog", "no-such-file.xml"], 2, &["no-such-file.xml"]),
    (&["--decision-points", "no-such-file.pcap"], 3, &["no-such-file.pcap"]),
    (&["--decision-points", CAPTURE, "--rules", "rules.toml"], 2, &["--rules"]),
];

#[test]
fn errors_say_what_to_do() {
    for (arguments, status, says) in ERRORS {
        let output = apps(arguments);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(*status), "{arguments:?}\n{message}");
        for text in *says {
            assert!(message.contains(text), "{arguments:?}: `{text}` is missing in\n{message}");
        }
        assert!(output.stdout.is_empty(), "{arguments:?}: a result beside an error");
    }
}

#[test]
fn everything_fits_the_terminal() {
    let catalog = Catalog::builtin().unwrap();
    for width in [80, 120] {
        let look = Look { width: Some(width), color: false };
        let mut out = Vec::new();
        Listing::new(&catalog, None).write_text(&mut out, look).unwrap();
        Listing::new(&catalog, Some("tcp/443")).write_text(&mut out, look).unwrap();
        for (_, app) in catalog.iter() {
            Subject::find(&catalog, &app.name).unwrap().write_text(&mut out, look).unwrap();
            if let Some(container) = &app.class.container {
                Subject::find(&catalog, container).unwrap().write_text(&mut out, look).unwrap();
            }
        }
        for line in String::from_utf8(out).unwrap().lines() {
            assert!(line.width() <= width, "{} columns: {line}", line.width());
            assert_eq!(line, line.trim_end(), "no spaces at the end");
        }
    }
}
