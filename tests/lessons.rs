//! The lesson captures: each `pcaps/*/expected.toml` is held against what a replay says, and the auditor reads along;
//! also over every capture of the corpus, where that is present.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic, in its helpers as well")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use firstpass::audit::{Audit, Totals};
use firstpass::capture::{self, CaptureFile, Merge};
use firstpass::config::{self, Overrides, World};
use firstpass::filter::Filter;
use firstpass::replay::{Options, Replay};
use firstpass::report::json::{self, Lines};
use firstpass::report::text::Look;
use firstpass::report::{About, Explain, Rows, Sink, Tally};
use firstpass::session::SessionId;
use serde::Deserialize;
use serde_json::Value;

/// `expected.toml`, described in `pcaps/README.md`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    run: Vec<ExpectedRun>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedRun {
    rules: String,
    args: Vec<String>,
    /// The captures that are merged.
    #[serde(default = "own_capture")]
    captures: Vec<String>,
    /// Why this run is known not to be as expected. The test fails when it begins to be.
    known_failure: Option<String>,
    packets: Option<u64>,
    dropped: Option<u64>,
    injected: Option<u64>,
    #[serde(default)]
    rows: Vec<toml::Table>,
    #[serde(default)]
    first_packets: Vec<toml::Table>,
    #[serde(default)]
    searches: Vec<Search>,
}

fn own_capture() -> Vec<String> {
    vec!["capture.pcapng".to_owned()]
}

/// A search of the log, and how many rows it finds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    filter: String,
    count: usize,
}

/// What a replay has brought.
struct Outcome {
    /// The document of `--format json`.
    report: Value,
    /// Frames read.
    frames: u64,
    totals: Totals,
    violations: Vec<String>,
}

fn replay(captures: &[PathBuf], world: World) -> Outcome {
    search(captures, world, None)
}

/// A replay of whose rows only those are left that the filter finds.
fn search(captures: &[PathBuf], world: World, filter: Option<Filter>) -> Outcome {
    let world = Arc::new(world);
    let mut merge = Merge::open(captures, &capture::Options::default()).unwrap();
    let mut rows = Rows::held(Lines).filtered(filter);
    let (mut tally, mut audit) = (Tally::default(), Audit::default());
    let sinks: Vec<&mut dyn Sink> = vec![&mut rows, &mut tally, &mut audit];
    Replay::new(Arc::clone(&world), Options::default(), sinks).run(&mut merge, |_| {}).unwrap();
    let mut document = Vec::new();
    let about = About { world: &world, captures: &[], warnings: &[] };
    json::write_document(&mut document, &about, &tally, Some(rows)).unwrap();
    Outcome {
        report: serde_json::from_slice(&document).unwrap(),
        frames: merge.infos().map(|info| info.packets).sum(),
        totals: audit.totals(),
        violations: audit.violations(),
    }
}

#[test]
fn lessons_tell_their_stories() {
    let mut report = String::new();
    let mut lessons = 0;
    for folder in folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps")) {
        let Ok(text) = std::fs::read_to_string(folder.join("expected.toml")) else { continue };
        let name = folder.file_name().unwrap().display().to_string();
        let expected: Expected = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        lessons += 1;
        for run in &expected.run {
            let captures: Vec<_> = run.captures.iter().map(|capture| folder.join(capture)).collect();
            let world = world(&folder.join(&run.rules), &run.args);
            let outcome = replay(&captures, world.clone());
            let mut problems = judge(run, &outcome);
            problems
                .extend(run.searches.iter().filter_map(|expected| judge_search(expected, &captures, &world)));
            match &run.known_failure {
                Some(reason) if problems.is_empty() => {
                    writeln!(report, "{name}, {}: holds now, it did not because {reason}", run.rules)
                        .unwrap();
                }
                Some(_) => {}
                None => {
                    for problem in problems {
                        writeln!(report, "{name}, {}: {problem}", run.rules).unwrap();
                    }
                }
            }
        }
    }
    assert!(lessons > 0, "no lesson found");
    assert!(report.is_empty(), "\n{report}");
}

/// The lesson about shifts, told packet by packet: session 9 becomes a tunnel, 10 is inside it, 3 becomes three
/// applications at one packet, and 6 dies in the middle.
#[test]
fn shifts_are_explained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps/shifts");
    for (rules, session, sentences) in [
        (
            "rules-services.toml",
            9,
            &[
                "begins another connection inside this one: the session ends",
                "Then its protocol began another connection inside this one",
            ][..],
        ),
        (
            "rules-services.toml",
            10,
            &[
                "session 10 begins inside session 9 under `Web`",
                "It is a connection inside that of session 9.",
            ],
        ),
        (
            "rules-services.toml",
            3,
            &[
                "App-ID came to ssl (TLS ClientHello, SNI `mail.google.com`); `Web` allows that, too. The same packet made \
             it google-base (TLS ClientHello, SNI `mail.google.com`); from then on `Services` holds",
                "Before `Services` held, 2 packets to the server and 1 to the client, without payload, had passed under \
             another rule.",
            ],
        ),
        (
            "rules.toml",
            6,
            &[
                "Packet 78 made it webdav (WebDAV method); the full lookup then came to `interzone-default`",
                "By then 4 packets to the server and 3 to the client, with 70 and 274 bytes of payload, had passed: what the \
             session was before is allowed.",
            ],
        ),
        ("rules.toml", 5, &["web-browsing was a candidate (HTTP request, as yet without an answer)."]),
    ] {
        let world = Arc::new(world(&folder.join(rules), &[]));
        let mut file =
            CaptureFile::open(folder.join("capture.pcapng"), &capture::Options::default()).unwrap();
        let mut out = Vec::new();
        let look = Look { width: None, color: false };
        let mut explain = Explain::new(&mut out, Some(SessionId(session)), look);
        Replay::new(world, Options::default(), vec![&mut explain]).run(&mut file, |_| {}).unwrap();
        explain.finish().unwrap();
        let words: Vec<_> = std::str::from_utf8(&out).unwrap().split_whitespace().collect();
        let text = words.join(" ");
        for sentence in sentences {
            assert!(
                text.contains(sentence),
                "{rules}, session {session}: `{sentence}` is missing in\n{text}"
            );
        }
    }
}

/// A rulebase under the options of a run; `--set` is the only one lessons use so far.
fn world(rules: &Path, args: &[String]) -> World {
    let settings = args
        .chunks(2)
        .map(|option| match option {
            [set, setting] if set == "--set" => {
                let (key, value) = setting.split_once('=').unwrap();
                (key.to_owned(), value.to_owned())
            }
            other => panic!("the test does not know {other:?}"),
        })
        .collect();
    config::load(rules, &Overrides { settings, ..Overrides::default() })
        .unwrap_or_else(|error| panic!("{}", error.render(false)))
}

/// What is not as expected, one sentence each.
fn judge(expected: &ExpectedRun, outcome: &Outcome) -> Vec<String> {
    let mut problems = outcome.violations.clone();
    let Totals { forwarded, dropped, injected, .. } = outcome.totals;
    for (what, expected, got) in [
        ("packets", expected.packets, forwarded + dropped),
        ("packets dropped", expected.dropped, dropped),
        ("packets injected", expected.injected, injected),
    ] {
        if expected.is_some_and(|expected| expected != got) {
            problems.push(format!("{} {what} expected, got {got}", expected.unwrap_or(0)));
        }
    }
    let list = |pointer: &str| outcome.report.pointer(pointer).and_then(Value::as_array).unwrap();
    for row in &expected.rows {
        let count = row.get("count").and_then(toml::Value::as_integer).unwrap();
        let got = list("/sessions").iter().filter(|found| matches(row, found)).count();
        if i64::try_from(got) != Ok(count) {
            problems.push(format!("{count} rows expected, got {got}: {}", one_line(row)));
        }
    }
    for rule in &expected.first_packets {
        if !list("/first_packets/rules").iter().any(|found| matches(rule, found)) {
            let got = list("/first_packets/rules");
            problems.push(format!("first packets {}; got {got:?}", one_line(rule)));
        }
    }
    problems
}

/// What is not as expected of a search.
fn judge_search(expected: &Search, captures: &[PathBuf], world: &World) -> Option<String> {
    let Search { filter, count } = expected;
    let parsed = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let found = search(captures, world.clone(), Some(parsed)).report;
    let got = found.pointer("/sessions").and_then(Value::as_array).unwrap().len();
    (got != *count).then(|| format!("{count} rows expected of `{filter}`, got {got}"))
}

/// Whether a record has all that `expected` names, dotted names reaching into its parts.
fn matches(expected: &toml::Table, record: &Value) -> bool {
    expected.iter().filter(|(key, _)| *key != "count").all(|(key, value)| {
        let found = key.split('.').try_fold(record, |record, part| record.get(part));
        found.is_some_and(|found| *found == serde_json::to_value(value).unwrap())
    })
}

fn one_line(table: &toml::Table) -> String {
    let parts: Vec<_> = table.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    parts.join(", ")
}

/// Everything allowed between and within all zones.
const ALLOW_ALL: &str = r#"
[zones]
everywhere = ["0.0.0.0/0", "::/0"]

[[security]]
name = "Allow"
service = "any"
"#;

/// The rule of the founding article, with a server's network that many captures have: the private ones.
const PING_ANY_SERVICE: &str = r#"
[zones]
untrust = ["0.0.0.0/0", "::/0"]
inside = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10", "2001:db8::/32"]

[[security]]
name = "Ping"
application = ["ping", "traceroute", "icmp", "ipv6-icmp"]
service = "any"

[default.intrazone]
action = "deny"
"#;

/// Every packet of every capture gets its verdict, and the auditor finds nothing.
#[test]
fn the_auditor_is_silent_over_the_corpus() {
    let Some(corpus) = corpus() else { return };
    let captures = captures(&corpus);
    assert!(!captures.is_empty(), "an empty corpus at `{}`", corpus.display());
    let mut report = String::new();
    for (name, rules) in [("allow all", ALLOW_ALL), ("ping, any service", PING_ANY_SERVICE)] {
        let world = World::from_toml(rules).unwrap_or_else(|error| panic!("{}", error.render(false)));
        for path in &captures {
            let outcome = replay(std::slice::from_ref(path), world.clone());
            let told = outcome.totals.forwarded + outcome.totals.dropped;
            if told != outcome.frames {
                writeln!(report, "{name}, {}: {} frames, {told} verdicts", path.display(), outcome.frames)
                    .unwrap();
            }
            for violation in outcome.violations {
                writeln!(report, "{name}, {}: {violation}", path.display()).unwrap();
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

/// The captures of the corpus of other people's data, or a loud word that the test is skipped.
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("FIRSTPASS_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from);
    let folder = root.join("pcaps");
    if !folder.is_dir() {
        // Past the harness, which keeps what tests print to itself.
        let message = format!("SKIPPED: no corpus at `{}`; set FIRSTPASS_CORPUS\n", folder.display());
        std::io::stderr().write_all(message.as_bytes()).unwrap();
        return None;
    }
    Some(folder)
}

/// The folders in a folder, in order of their names.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// All captures below a folder that can be opened, in order of their names.
fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = folders(folder).iter().flat_map(|folder| captures(folder)).collect();
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_capture = |path: &PathBuf| {
        let extension =
            path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng");
        extension && CaptureFile::open(path, &capture::Options::default()).is_ok()
    };
    found.extend(files.filter(is_capture));
    found.sort();
    found
}
