//! `replay --filter`: the same rows as picking them from the whole log by hand, in every format, and never in the totals.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use firstpass::filter::Filter;
use serde_json::Value;

const CAPTURE: &str = "pcaps/first-packets/capture.pcapng";

/// The lesson's rulebase with an interesting clock, a user and source NAT.
const RULES: &str = r#"
[device]
timezone = "America/New_York"
[zones]
untrust = ["0.0.0.0/0", "::/0"]
dmz = ["192.0.2.0/24", "2001:db8:1::/64"]
[user]
'corp\bob' = "198.51.100.7"
[user-group]
partners = 'corp\bob'
[[nat]]
name = "Hide"
from = "untrust"
to = "dmz"
source = "203.0.113.0/24"
[nat.source-translation.dynamic-ip-and-port]
translated-address = "192.0.2.1"
[[security]]
name = "Ping from Untrust to DMZ"
from = "untrust"
to = "dmz"
application = ["ping", "traceroute", "icmp", "ipv6-icmp"]
service = "any"
action = "allow"
log-start = true
[[security]]
name = "FTP for partners"
from = "untrust"
to = "dmz"
source = "198.51.100.7"
application = "ftp"
action = "allow"
log-end = false
[default.interzone]
log-end = true
"#;

struct Ground(tempfile::TempDir);

impl Ground {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("rules.toml"), RULES).unwrap();
        Self(folder)
    }

    fn replay(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_firstpass"))
            .args(["replay", CAPTURE, "--rules"])
            .arg(self.0.path().join("rules.toml"))
            .args(arguments)
            .output()
            .unwrap()
    }

    fn text(&self, arguments: &[&str]) -> String {
        let output = self.replay(arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn document(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.text(&[&["--format", "json"], arguments].concat())).unwrap()
    }
}

fn rows(document: &Value) -> &Vec<Value> {
    document["sessions"].as_array().unwrap()
}

fn word<'r>(row: &'r Value, column: &str) -> &'r str {
    row[column].as_str().unwrap()
}

fn number(row: &Value, column: &str) -> u64 {
    row[column].as_u64().unwrap()
}

fn has_flag(row: &Value, bit: u32) -> bool {
    u32::from_str_radix(word(row, "flags").trim_start_matches("0x"), 16).unwrap() & bit != 0
}

/// A search, and the same by hand.
type Search = (&'static str, fn(&Value) -> bool);

const SEARCHES: &[Search] = &[
    ("All Logs", |_| true),
    ("( subtype neq end ) and ( action eq allow )", |row| {
        word(row, "subtype") != "end" && word(row, "action") == "allow"
    }),
    ("( subtype eq deny )", |row| word(row, "subtype") == "deny"),
    ("( action neq allow )", |row| word(row, "action") != "allow"),
    ("( action_source eq from-application )", |row| word(row, "action_source") == "from-application"),
    ("( addr.src in 203.0.113.0/24 )", |row| word(row, "src").starts_with("203.0.113.")),
    ("( addr in 2001:db8::/32 )", |row| word(row, "src").starts_with("2001:db8:")),
    ("( addr.dst notin 192.0.2.10 )", |row| word(row, "dst") != "192.0.2.10"),
    ("( natsrc eq 192.0.2.1 )", |row| word(row, "natsrc") == "192.0.2.1"),
    ("( natsrc in 0.0.0.0 )", |row| word(row, "natsrc") == "0.0.0.0"),
    ("( natsport geq 1024 )", |row| number(row, "natsport") >= 1_024),
    ("( flags has nat )", |row| has_flag(row, 0x0040_0000)),
    ("( flags has ipv6 ) or ( flags has non-std-dport )", |row| {
        has_flag(row, 0x0200_0000) || has_flag(row, 0x0010_0000)
    }),
    ("( port.dst eq 21 ) and !( app eq ftp )", |row| number(row, "dport") == 21 && word(row, "app") != "ftp"),
    ("( port eq 0 )", |row| number(row, "sport") == 0 || number(row, "dport") == 0),
    ("( proto eq icmp ) or ( proto eq ipv6-icmp )", |row| word(row, "proto").contains("icmp")),
    ("( proto eq 6 )", |row| word(row, "proto") == "tcp"),
    ("( rule eq 'Ping from Untrust to DMZ' )", |row| word(row, "rule") == "Ping from Untrust to DMZ"),
    ("( rule contains DEFAULT )", |row| word(row, "rule").contains("default")),
    ("( zone.src eq untrust ) and ( zone.dst eq dmz )", |_| true),
    ("( zone eq trust )", |_| false),
    ("( session_end_reason eq aged-out ) or ( session_end_reason eq n/a )", |row| {
        ["aged-out", "n/a"].contains(&word(row, "session_end_reason"))
    }),
    ("( sessionid gt 5 ) and ( sessionid leq 12 )", |row| (6..=12).contains(&number(row, "sessionid"))),
    ("( bytes gt 400 )", |row| number(row, "bytes") > 400),
    ("( bytes_sent geq bytes_received )", |_| false),
    ("( pkts_received eq 0 )", |row| number(row, "pkts_received") == 0),
    ("( packets lt 3 ) or ( elapsed geq 1 )", |row| {
        number(row, "packets") < 3 || number(row, "elapsed") >= 1
    }),
    // 13:53 in New York is 18:53 in the capture's own time.
    ("( start geq '2026/11/20 13:53:20' )", |row| word(row, "start") >= "2026-11-20T18:53:20"),
    ("( start geq '2026/11/20 18:00:00' )", |_| false),
    ("( user.src eq 'corp\\bob' )", |row| word(row, "src") == "198.51.100.7"),
    ("( user.src in Partners )", |row| word(row, "src") == "198.51.100.7"),
    ("( user.src notin partners ) and ( user.dst notin partners )", |row| word(row, "src") != "198.51.100.7"),
    ("( user.src eq '' )", |row| word(row, "src") != "198.51.100.7"),
    ("( interface.src eq '' ) and ( parent_session_id eq 0 ) and ( repeatcnt eq 1 )", |row| {
        row["parent_session_id"].is_null()
    }),
    ("not ( ( app eq incomplete ) or ( app eq insufficient-data ) )", |row| {
        !["incomplete", "insufficient-data"].contains(&word(row, "app"))
    }),
];

#[test]
fn finds_what_a_hand_would_pick() {
    let ground = Ground::new();
    let whole = ground.document(&[]);
    let all = rows(&whole);
    assert!(all.len() > 30);
    for &(filter, is) in SEARCHES.iter().filter(|(filter, _)| !filter.contains("geq bytes_received")) {
        let found = ground.document(&["--filter", filter]);
        let picked: Vec<&Value> = all.iter().filter(|row| is(row)).collect();
        assert_eq!(rows(&found).iter().collect::<Vec<_>>(), picked, "{filter}");
        for part in ["summary", "first_packets", "rules", "counters"] {
            assert_eq!(found[part], whole[part], "{filter}");
        }
    }
    // The searches tell rows apart: most find some and not all.
    let telling = SEARCHES.iter().filter(|(_, is)| all.iter().any(is) && !all.iter().all(is)).count();
    assert!(telling > 20, "{telling}");
}

/// A row's time of writing is when its session ended: with the timer, not with the last packet.
#[test]
fn goes_by_the_time_of_writing() {
    let ground = Ground::new();
    let late = |filter: &str| rows(&ground.document(&["--filter", filter])).len();
    let all = late("All Logs");
    // The capture ends at 13:53:30; what ages out later is written later.
    let (before, after) = (
        late("( time_generated leq '2026/11/20 13:53:30' )"),
        late("( receive_time gt '2026/11/20 13:53:30' )"),
    );
    assert!(before > 0 && after > 0 && before + after == all, "{before} + {after} of {all}");
    let started = late("( start gt '2026/11/20 13:53:30' )");
    assert_eq!(started, 0);
}

#[test]
fn every_format_has_the_same_rows() {
    let ground = Ground::new();
    let filter = "( app eq insufficient-data ) and ( bytes geq 600 )";
    let document = ground.document(&["--filter", filter]);
    let ids: Vec<u64> = rows(&document).iter().map(|row| number(row, "sessionid")).collect();
    assert!(!ids.is_empty());
    let lines = ground.text(&["--filter", filter, "--format", "ndjson"]);
    let lines: Vec<u64> =
        lines.lines().map(|line| number(&serde_json::from_str(line).unwrap(), "sessionid")).collect();
    assert_eq!(lines, ids);
    let table = ground.text(&["--filter", filter, "--format", "csv", "--all"]);
    assert_eq!(table.lines().count(), 1 + ids.len());
    // Rows that the rulebase does not log are not in the log to be found.
    let unlogged = "( rule eq 'FTP for partners' ) and ( subtype eq end )";
    assert!(!rows(&ground.document(&["--filter", unlogged])).is_empty());
    assert_eq!(ground.text(&["--filter", unlogged, "--format", "csv"]).lines().count(), 1);
}

#[test]
fn the_report_says_what_is_left_out() {
    let ground = Ground::new();
    let all = rows(&ground.document(&[])).len();
    let (report, whole) = (ground.text(&["--filter", "subtype eq deny"]), ground.text(&[]));
    let denied = report.lines().filter(|line| line.contains(" deny ") && line.contains("ftp")).count();
    assert!(denied > 0);
    let said = format!("--filter ( subtype eq deny ) leaves out {} rows", all - denied);
    assert!(report.contains(&said), "{said}\n{report}");
    assert!(!whole.contains("--filter"));
    let totals = |report: &str| report.lines().find(|line| line.starts_with("Sessions")).unwrap().to_owned();
    assert_eq!(totals(&report), totals(&whole));
    let few = ground.text(&["--filter", "subtype eq deny", "--rows", "2"]);
    assert!(
        few.contains(&format!("… and {} more rows; `--rows all` shows them", denied - 2))
            && few.contains(&said),
        "{few}"
    );
    let none = ground.text(&["--filter", "zone eq nowhere"]);
    assert!(none.contains("No rows.") && none.contains(&format!("leaves out {all} rows")), "{none}");
}

#[test]
fn counts_of_aggregated_refusals_can_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.toml");
    std::fs::write(&rules, "[zones]\nany-where = [\"0.0.0.0/0\", \"::/0\"]\n[default.intrazone]\naction = \"deny\"\nlog-end = true\n").unwrap();
    let replay = |arguments: &[&str]| -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_firstpass"))
            .args(["replay", CAPTURE, "--format", "json", "--aggregate", "--rules"])
            .arg(&rules)
            .args(arguments)
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let whole = replay(&[]);
    let often: Vec<_> = rows(&whole).iter().filter(|row| number(row, "repeatcnt") > 1).collect();
    assert!(!often.is_empty() && often.len() < rows(&whole).len());
    let found = replay(&["--filter", "( subtype eq drop ) and ( repeatcnt gt 1 )"]);
    assert_eq!(rows(&found).iter().collect::<Vec<_>>(), often);
}

#[test]
fn mistakes_and_strangers_are_told() {
    let ground = Ground::new();
    for (filter, said) in [
        ("( adr.src in 10.0.0.1 )", &["--filter:1:3", "^^^^^^^", "did you mean `addr.src`?"][..]),
        ("( action eq alow )", &["--filter:1:13", "^^^^", "did you mean `allow`?"]),
        ("( bytes_sent geq bytes_received )", &["--filter:1:18", "write a number"]),
        ("(severity geq medium)", &["field of the threat log", "traffic log"]),
        ("", &["the filter is empty", "All Logs"]),
    ] {
        let output = ground.replay(&["--filter", filter]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(said.iter().all(|part| error.contains(part)), "{error}");
        assert!(output.stdout.is_empty());
    }
    let output = ground.replay(&["--filter", "( zone.src eq Untrust ) or ( app neq web-browsin ) or ( rule eq 'FTP for partner' ) or ( app eq incomplete )"]);
    let warnings = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0));
    for said in [
        "there is no zone `Untrust`; did you mean `untrust`?",
        "there is no application `web-browsin`; did you mean `web-browsing`?",
        "there is no security rule `FTP for partner`; did you mean `FTP for partners`?",
    ] {
        assert!(warnings.contains(said), "{warnings}");
    }
    assert!(!warnings.contains("incomplete"));
    let output = ground.replay(&["--filter", "app eq ssl", "--summary"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_help_lists_fields_and_flags() {
    let output = Command::new(env!("CARGO_BIN_EXE_firstpass")).args(["replay", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for field in Filter::fields() {
        assert!(help.contains(&format!("\n  {}", field.name)), "{}", field.name);
    }
    assert!(help.contains("non-std-dport"));
}

/// Searches that real configurations hold, in reports and log forwarding: each is read, and reads the same when it is
/// printed, or is told to be about another log.
#[test]
fn saved_searches_of_real_configurations_are_read() {
    let corpus = std::env::var_os("FIRSTPASS_CORPUS").map(PathBuf::from);
    let corpus = corpus.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"));
    let Ok(files) = std::fs::read_dir(corpus.join("configs")) else {
        eprintln!("SKIPPED: no configurations in {}", corpus.display());
        return;
    };
    let mut searches = BTreeSet::new();
    for file in files {
        let text = String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()).into_owned();
        for tag in ["query", "filter"] {
            let open = format!("<{tag}>");
            let parts = text.split(open.as_str()).skip(1);
            let values =
                parts.filter_map(|part| part.split_once('<')).map(|(value, _)| value.trim().to_owned());
            // A tag expression of a dynamic address group stands in quotes.
            searches.extend(values.filter(|value| !value.is_empty() && !value.starts_with('\'')));
        }
    }
    assert!(searches.len() >= 10, "{searches:?}");
    let mut read = 0;
    for search in &searches {
        match Filter::parse(search) {
            Ok(filter) => {
                assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter, "{search}");
                read += 1;
            }
            Err(error) => assert!(error.to_string().contains("is a field of the"), "{search}: {error}"),
        }
    }
    assert!(read >= 8, "{read} of {searches:?}");
}
