//! `firstpass states`: the state machines, and the table of behaviours against the code and the tests it names.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use firstpass::config::Settings;
use firstpass::report::text::Look;
use firstpass::states::{Behaviour, Confidence, Fidelity, Held, Name, Picture};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

/// What the table may call `not yet`: the area, and how the behaviour begins. Whoever models one of these takes it off.
const NOT_YET: &[(&str, &str)] = &[
    ("policy lookup", "A candidate application can move the lookup"),
    ("traffic-log columns", "A refused echo has type and code"),
    ("actions", "A security profile's reset of HTTP"),
    ("end reasons", "`decoder`: the URL category"),
    ("NAT", "An address of a dynamic-ip pool can be reserved"),
    ("other parts", "High availability"),
    ("ALG and predict sessions", "H.323: what a gatekeeper says"),
    ("open points", "8:"),
    ("open points", "12:"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn table() -> Fidelity {
    Fidelity::builtin().unwrap()
}

/// Runs `firstpass states`.
fn states(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firstpass")).arg("states").args(arguments).output().unwrap()
}

/// What it prints, where that must succeed.
fn printed(arguments: &[&str]) -> String {
    let output = states(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Fails with one line for each row that `wrong` has something to say of.
fn check(wrong: impl Fn(&Behaviour) -> Option<String>) {
    let mut report = String::new();
    for row in table().rows() {
        if let Some(what) = wrong(row) {
            writeln!(report, "line {}: {}: {what}", row.line, row.text).unwrap();
        }
    }
    assert!(report.is_empty(), "src/manual/fidelity.txt\n{report}");
}

/// Headings of a scenario document, without what stands in its blocks.
fn headings(text: &str) -> BTreeSet<&str> {
    let mut fenced = false;
    text.lines()
        .filter(|line| {
            fenced ^= line.starts_with("```");
            !fenced
        })
        .filter_map(|line| line.strip_prefix("## "))
        .map(str::trim)
        .collect()
}

/// Why a test that a row names is none: the heading must be in the document, the function marked as a test in the file.
fn missing(test: &str) -> Option<String> {
    let (path, inside) = test.split_once("::").or_else(|| test.split_once('#'))?;
    let Ok(text) = std::fs::read_to_string(root().join(path)) else {
        return Some(format!("no file `{path}`"));
    };
    let is_there = if test.contains("::") {
        text.contains(&format!("fn {inside}("))
    } else {
        headings(&text).contains(inside)
    };
    (!is_there).then(|| format!("no `{inside}` in {path}"))
}

#[test]
fn every_test_that_the_table_names_is_there() {
    check(|row| match &row.held {
        Held::By(tests) => {
            let wrong = |test: &&str| {
                let is_named = test.contains("::") || test.contains(".md#");
                if is_named { missing(test) } else { Some(format!("`{test}` names no test")) }
            };
            let wrong: Vec<String> = tests.iter().filter_map(wrong).collect();
            (!wrong.is_empty()).then(|| wrong.join(", "))
        }
        Held::NotYet(why) | Held::Untested(why) => why.is_empty().then(|| "it must say why".to_owned()),
    });
    // The check itself: what it must find.
    assert!(missing("tests/scenarios/labels.md#no such heading").is_some());
    assert!(missing("tests/states.rs::no_such_test").is_some());
    assert_eq!(missing("tests/states.rs::missing"), None);
}

/// A scenario that is known to fail holds nothing.
#[test]
fn no_known_failure_holds_a_behaviour() {
    check(|row| {
        let Held::By(tests) = &row.held else { return None };
        tests.iter().find_map(|test| {
            let (path, heading) = test.split_once('#')?;
            let text = std::fs::read_to_string(root().join(path)).ok()?;
            let (_, rest) = text.split_once(&format!("\n## {heading}\n"))?;
            let section = rest.split("\n## ").next()?;
            section.contains("\nknown-failure:").then(|| format!("{test} is known to fail"))
        })
    });
}

#[test]
fn everything_that_has_a_name_has_a_row() {
    let table = table();
    let missing: Vec<String> = Name::all()
        .iter()
        .filter(|name| table.about(name).is_empty())
        .map(|name| format!("{} `{}`", name.kind.name(), name.name))
        .collect();
    assert!(missing.is_empty(), "no row in src/manual/fidelity.txt for {missing:#?}");
    // What is modelled at all is held by a test.
    let unheld: Vec<String> = Name::all()
        .iter()
        .filter(|name| {
            let rows = table.about(name);
            rows.iter().all(|row| matches!(row.held, Held::Untested(_)))
        })
        .map(|name| name.name.clone())
        .collect();
    assert_eq!(
        unheld,
        ["LinkTypeUnsupported", "SuppressTimeExceeded", "SuppressNeedFrag"],
        "no test holds these"
    );
}

#[test]
fn what_is_not_yet_modelled_is_listed_here() {
    let found: BTreeSet<(&str, &str)> = table()
        .rows()
        .iter()
        .filter(|row| matches!(row.held, Held::NotYet(_)))
        .map(|row| {
            let listed =
                NOT_YET.iter().find(|(area, begins)| *area == row.area && row.text.starts_with(begins));
            listed.copied().unwrap_or((row.area, row.text))
        })
        .collect();
    assert_eq!(found, NOT_YET.iter().copied().collect(), "left: the table; right: NOT_YET in this file");
}

/// Where sources disagree both readings can be had by a setting and have a test each, or the row says why not.
#[test]
fn disagreements_are_settings_with_both_readings_tested() {
    check(|row| {
        let Held::By(tests) = &row.held else { return None };
        if row.confidence != Confidence::Disagree {
            return None;
        }
        match (row.settings.as_slice(), tests.as_slice()) {
            ([], _) => Some("no setting".to_owned()),
            (_, [] | [_]) => Some("one test for two readings".to_owned()),
            _ => None,
        }
    });
    let points: BTreeSet<u32> = table()
        .rows()
        .iter()
        .filter(|row| row.area == "open points")
        .filter_map(|row| row.text.split(':').next()?.parse().ok())
        .collect();
    assert_eq!(points, (1..=15).collect(), "the points of PANOS.md 13.5");
}

#[test]
fn settings_and_sources_are_real() {
    check(|row| {
        let unknown = row.settings.iter().find(|key| Settings::info(key).is_none());
        let wants_source = matches!(row.confidence, Confidence::Documented | Confidence::Observed);
        match unknown {
            Some(key) => Some(format!("no setting `{key}`")),
            None if wants_source && row.sources.is_empty() => Some("no public source".to_owned()),
            None => None,
        }
    });
}

/// Every section that a comment or a document cites can be looked up in the table.
#[test]
fn every_citation_can_be_resolved() {
    let table = table();
    let sections: BTreeSet<&str> = table.rows().iter().flat_map(|row| &row.sections).copied().collect();
    let is_known = |cited: &str| {
        sections.contains(cited)
            || !cited.contains('.')
                && sections.iter().any(|section| section.starts_with(&format!("{cited}.")))
    };
    let mut unknown: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut seen = 0;
    for folder in ["src", "tests/scenarios"] {
        for path in files(&root().join(folder)) {
            let text = std::fs::read_to_string(&path).unwrap();
            for cited in cited(&text) {
                seen += 1;
                if !is_known(&cited) {
                    unknown.insert(cited, path.clone());
                }
            }
        }
    }
    assert!(seen > 200 && unknown.is_empty(), "cited in the code, in no row of the table: {unknown:#?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "rs" || end == "md") {
            found.push(path);
        }
    }
    found
}

/// Sections behind `PANOS.md`, also where a comment goes on in the next line.
fn cited(text: &str) -> Vec<String> {
    let words = text.split_whitespace().filter(|word| !matches!(*word, "//" | "///" | "//!"));
    let mut found = Vec::new();
    let mut is_list = false;
    for word in words {
        if word.ends_with("PANOS.md") {
            is_list = true;
            continue;
        }
        let number = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_section = number.starts_with(|c: char| c.is_ascii_digit())
            && number.trim_end_matches('a').chars().all(|c| c.is_ascii_digit() || c == '.');
        if is_list && is_section {
            found.push(number.to_owned());
        }
        is_list &= is_section && word.ends_with(',');
    }
    found
}

#[test]
fn citations_are_read() {
    let text = "x (PANOS.md 0.3a, 2.12): 5 s // PANOS.md 6.1,\n    /// 6.2. and (PANOS.md 9) 3, 4";
    assert_eq!(cited(text), ["0.3a", "2.12", "6.1", "6.2", "9"]);
}

/// `docs/fidelity.md` is what the program writes.
#[test]
fn the_page_is_current() {
    let page = printed(&["--table", "--format", "markdown"]);
    let path = root().join("docs/fidelity.md");
    if std::env::var_os("FIRSTPASS_UPDATE").is_some() {
        std::fs::write(path, page).unwrap();
        return;
    }
    let written = std::fs::read_to_string(path).unwrap();
    assert!(written == page, "FIRSTPASS_UPDATE=1 cargo test --test states writes docs/fidelity.md anew");
}

#[test]
fn states_are_told_in_text() {
    insta::assert_snapshot!("text", printed(&[]));
    insta::assert_snapshot!("mermaid", printed(&["--format", "mermaid"]));
}

/// The stages of TCP and their timers, as PANOS.md 5.3 has them.
#[test]
fn stages_of_tcp_are_those_of_the_tracker() {
    let document: Value = serde_json::from_str(&printed(&["--format", "json"])).unwrap();
    let moves: BTreeSet<String> = document["tcp"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let timer = step["timer"].as_str().unwrap_or("-");
            format!(
                "{} | {} | {} | {timer}",
                step["from"].as_str().unwrap(),
                step["segment"].as_str().unwrap(),
                step["to"].as_str().unwrap()
            )
        })
        .collect();
    for expected in [
        "SYN seen | SYN again | SYN seen | timeout-tcpinit",
        "SYN seen | SYN-ACK | SYN answered | timeout-tcphandshake",
        "SYN seen | RST | reset | -",
        "SYN answered | ACK | established | timeout-tcp",
        "established | FIN | half-closed | timeout-tcp-half-closed",
        "established | RST | reset | timeout-tcp-time-wait",
        "established | RST out of sequence | established | timeout-tcp-unverified-rst",
        "half-closed | FIN | time-wait | timeout-tcp-time-wait",
    ] {
        assert!(moves.contains(expected), "no `{expected}` in {moves:#?}");
    }
    assert_eq!(document["states"].as_array().unwrap().len(), 7);
    assert_eq!(document["transitions"].as_array().unwrap().len(), 9);
}

/// Enough of Graphviz's grammar to know that the graph is one: nodes are named before edges use them.
#[test]
fn the_graph_is_well_formed() {
    let dot = Picture::default().dot();
    assert_eq!(dot.matches('{').count(), dot.matches('}').count());
    let quoted =
        |line: &str| -> Vec<String> { line.split('"').skip(1).step_by(2).map(str::to_owned).collect() };
    let (edges, nodes): (Vec<&str>, Vec<&str>) =
        dot.lines().filter(|line| line.trim_start().starts_with('"')).partition(|line| line.contains("->"));
    let named: BTreeSet<String> = nodes.iter().flat_map(|line| quoted(line)).collect();
    assert_eq!(named.len(), 13, "seven states, six stages: {named:?}");
    for edge in &edges {
        let [from, to, _label] = &quoted(edge)[..] else { panic!("{edge}") };
        assert!(named.contains(from) && named.contains(to) && edge.ends_with("];"), "{edge}");
    }
    assert!(edges.len() > 15, "{edges:?}");
}

#[test]
fn names_are_explained() {
    insta::assert_snapshot!("aged_out", printed(&["aged-out"]));
    insta::assert_snapshot!("opening", printed(&["opening"]));
    // A name may be several things: an action and a subtype.
    let document: Value = serde_json::from_str(&printed(&["deny", "--format", "json"])).unwrap();
    let kinds: Vec<&str> =
        document["names"].as_array().unwrap().iter().map(|name| name["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["log subtype", "action"]);
    assert!(printed(&["flow_tcp_non_syn_drop"]).contains("NonSyn"), "by its counter");
    assert!(printed(&["model.deny-resets"]).contains("both"), "a setting has its default");
}

/// Arguments, what the message must say.
const ERRORS: &[(&[&str], &[&str])] = &[
    (&["aged-uot"], &["nothing is called `aged-uot`", "did you mean `aged-out`?"]),
    (&["zz\u{1b}[31m"], &["nothing is called `zz\\x1b[31m`", "--table"]),
    (&["--table", "--format", "dot"], &["graph"]),
    (&["--format", "markdown"], &["--table"]),
    (&["INIT", "--table"], &["--table"]),
];

#[test]
fn errors_say_what_to_do() {
    for (arguments, says) in ERRORS {
        let output = states(arguments);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}\n{message}");
        for text in *says {
            assert!(message.contains(text), "{arguments:?}: `{text}` is missing in\n{message}");
        }
        assert!(output.stdout.is_empty(), "{arguments:?}: a result beside an error");
    }
}

#[test]
fn everything_fits_the_terminal() {
    for width in [80, 120] {
        let look = Look { width: Some(width), color: false };
        let mut out = Vec::new();
        let table = table();
        Picture::default().write_text(&mut out, look).unwrap();
        table.write_text(&mut out, look).unwrap();
        table.write_names(&Name::all(), &mut out, look).unwrap();
        for line in String::from_utf8(out).unwrap().lines() {
            assert!(line.width() <= width, "{} columns: {line}", line.width());
        }
    }
}
