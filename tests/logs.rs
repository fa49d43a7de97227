//! Traffic logs of PAN-OS: those that a replay writes, those of real firewalls, and the one held against the other.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic, in its helpers as well")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use firstpass::capture::{self, CaptureFile};
use firstpass::config::{self, Overrides, PanosVersion, World};
use firstpass::log::{Collect, Comparison, How, Item, Log, LogRow, Options as Compare, Reader};
use firstpass::replay::{Options, Replay};
use firstpass::report::columns::{COLUMNS, Release};
use firstpass::report::ecs::Ecs;
use firstpass::report::panos::Panos;
use firstpass::report::{Encode, Rows};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

const CAPTURE: &str = "pcaps/first-packets/capture.pcapng";
const RULES: &str = "pcaps/first-packets/rules.toml";

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn world(rules: &Path, settings: &[(&str, &str)]) -> World {
    let settings = settings.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
    config::load(rules, &Overrides { settings, ..Overrides::default() }).unwrap()
}

/// Lessons with sessions of every label, and with refusals.
const LESSONS: [&str; 2] = ["pcaps/first-packets", "pcaps/services"];

/// What a format makes of a capture.
fn replay(capture: &Path, world: &Arc<World>, encode: impl Encode) -> Vec<u8> {
    let mut file = CaptureFile::open(capture, &capture::Options::default()).unwrap();
    let mut rows = Rows::held(encode);
    Replay::new(Arc::clone(world), Options::default(), vec![&mut rows]).run(&mut file, |_| {}).unwrap();
    let mut out = Vec::new();
    rows.finish_into(world, |row| {
        out.extend_from_slice(row);
        Ok(())
    })
    .unwrap();
    out
}

fn read(text: &[u8], zone: &TimeZone) -> Log {
    let mut log = Log::default();
    log.add(text, ("log", 0), zone).unwrap().unwrap();
    log
}

/// The columns of every traffic row.
fn columns(text: &[u8]) -> Vec<BTreeMap<&'static str, String>> {
    let mut reader = Reader::new(text, "log");
    let mut found = Vec::new();
    while let Some(item) = reader.read().unwrap() {
        let Item::Row(entry) = item else { panic!("{item:?}") };
        let named =
            COLUMNS.iter().filter_map(|column| Some((column.name, entry.get(column.name)?.to_owned())));
        found.push(named.collect());
    }
    found
}

/// The first thing that is wrong with a log.
fn error(text: &str) -> String {
    Log::default().add(text.as_bytes(), ("fw.log", 0), &TimeZone::UTC).unwrap().unwrap_err().to_string()
}

/// A row of 8.1 with some columns changed, counted from 1.
fn row(changes: &[(usize, &str)]) -> String {
    let row = "1,2023/05/06 11:58:45,000000000001,TRAFFIC,end,2049,2023/05/06 11:58:45,203.0.113.5,192.0.2.10,0.0.0.0,\
        0.0.0.0,Web,,,web-browsing,vsys1,untrust,dmz,ethernet1/1,ethernet1/2,,2023/05/06 11:58:45,7,1,40000,80,0,0,0x1c,\
        tcp,allow,1574,539,1035,11,2023/05/06 11:58:41,1,any,0,1,0x0,,,0,6,5,tcp-fin,0,0,0,0,,fw,from-policy,,,0,,0,,\
        N/A,0,0,0,0";
    let mut fields: Vec<&str> = row.split(',').collect();
    for &(column, text) in changes {
        fields[column - 1] = text;
    }
    fields.join(",")
}

// ── Writing ──

/// PANOS.md 11.1: what each release's row looks like, and 11.1a: what real rows of labels and refusals hold.
#[test]
fn rows_are_those_of_the_release() {
    let mut drops = 0;
    let mut worlds = LESSONS.map(|lesson| Arc::new(world(&project(lesson).join("rules.toml"), &[])));
    let releases = (0..LESSONS.len()).flat_map(|lesson| PanosVersion::ALL.map(|version| (lesson, version)));
    for (lesson, version) in releases {
        let (folder, world) = (project(LESSONS[lesson]), &mut worlds[lesson]);
        Arc::get_mut(world).unwrap().settings.panos_version = version;
        let world = &*world;
        let log = replay(&folder.join("capture.pcapng"), world, Panos::new(world, true));
        let release = Release::from(version);
        for row in columns(&log) {
            assert_eq!(row.len(), release.width());
            assert_eq!(row["future_use2"], release.number().to_string());
            let is_label = row["app"] == "incomplete" || row["app"] == "not-applicable";
            if is_label && version >= PanosVersion::V10_1 {
                let attributes = COLUMNS[105..115].iter().map(|column| row[column.name].as_str());
                let expected = format!("unknown,unknown,unknown,1,,,{},no,no,0", row["app"]);
                assert_eq!(attributes.collect::<Vec<_>>().join(","), expected);
            }
            if row["app"] == "ftp" && version == PanosVersion::V11_1 {
                let attributes = COLUMNS[105..117].iter().map(|column| row[column.name].as_str());
                let (before, after) = (
                    ["file-sharing", "general-internet", "client-server", "5"],
                    ["", "ftp", "no", "no", "0"],
                );
                let attributes: Vec<_> = attributes.collect();
                assert_eq!((&attributes[..4], &attributes[5..10]), (&before[..], &after[..]));
                assert!(
                    attributes[4].split(',').any(|name| name == "able-to-transfer-file"),
                    "{}",
                    attributes[4]
                );
                assert_eq!(attributes[10..], ["NonProxyTraffic", ""]);
            }
            if row["subtype"] == "drop" {
                drops += 1;
                let names = [
                    "sessionid",
                    "outbound_if",
                    "natsrc",
                    "natdst",
                    "natsport",
                    "action",
                    "elapsed",
                    "flags",
                    "app",
                ];
                let (none, flags) =
                    if row["src"].contains(':') { ("::", "0x2000000") } else { ("0.0.0.0", "0x0") };
                let expected = ["0", "", none, none, "0", "deny", "0", flags, "not-applicable"];
                assert_eq!(names.map(|name| row[name].as_str()), expected);
            }
        }
    }
    assert!(drops > 0);
}

/// The log's column is for tunnels; what FTP announces has its parent in the model's row (PANOS.md 7).
#[test]
fn announced_sessions_have_no_parent_in_the_log() {
    let lesson = project("pcaps/ftp-modes");
    let world = Arc::new(world(&lesson.join("rules.toml"), &[]));
    let log = replay(&lesson.join("capture.pcapng"), &world, Panos::new(&world, true));
    let parents: Vec<String> = columns(&log).iter().map(|row| row["parent_session_id"].clone()).collect();
    assert_eq!(parents, ["0"; 16]);
}

/// A SYN that nothing answers is logged when its five seconds are over, a refusal at once (PANOS.md 3.4); dates are
/// those of the firewall's time zone, to the second, and exact in column 103.
#[test]
fn rows_are_written_when_the_firewall_writes_them() {
    let mut seen = [0; 2];
    for lesson in LESSONS {
        let folder = tempfile::tempdir().unwrap();
        let rules = folder.path().join("rules.toml");
        let text = std::fs::read_to_string(project(lesson).join("rules.toml")).unwrap();
        std::fs::write(&rules, format!("{text}\n[device]\ntimezone = \"Asia/Kolkata\"\n")).unwrap();
        let world = Arc::new(world(&rules, &[]));
        let log = replay(&project(lesson).join("capture.pcapng"), &world, Panos::new(&world, true));
        for row in columns(&log) {
            let local = |name: &str| {
                let time = jiff::civil::DateTime::strptime("%Y/%m/%d %H:%M:%S", &row[name]).unwrap();
                time.to_zoned(world.timezone.clone()).unwrap().timestamp().as_second()
            };
            let exact = &row["high_res_timestamp"];
            assert!(exact.ends_with("+05:30"), "{exact}");
            let exact: jiff::Timestamp = exact.parse().unwrap();
            let (start, written) = (local("start"), local("time_generated"));
            assert_eq!(written, exact.as_second());
            assert_eq!([&row["receive_time"], &row["future_use3"]], [&row["time_generated"]; 2]);
            let waited = written - start - row["elapsed"].parse::<i64>().unwrap();
            if row["subtype"] == "drop" {
                assert_eq!(waited, 0);
                seen[0] += 1;
            } else if row["app"] == "incomplete" && row["session_end_reason"] == "aged-out" {
                // Whole seconds are cut off three times.
                assert!((5..=6).contains(&waited), "{waited}");
                seen[1] += 1;
            }
        }
    }
    assert!(seen.iter().all(|&rows| rows > 0), "{seen:?}");
}

/// What the log formats leave out, `--all` shows.
#[test]
fn rows_that_no_rule_logs_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.toml");
    let text = std::fs::read_to_string(project(RULES)).unwrap();
    let text = text.replace("[[security]]", "[[security]]\nlog-end = false");
    std::fs::write(
        &rules,
        text.replace("[default.interzone]", "[default.interzone]\nlog-setting = \"To Panorama\""),
    )
    .unwrap();
    let world = Arc::new(world(&rules, &[]));
    let written = |all| columns(&replay(&project(CAPTURE), &world, Panos::new(&world, all)));
    let (some, all) = (written(false), written(true));
    // Only the last rule logs, which is none of the file's.
    assert!(!some.is_empty() && some.len() < all.len());
    assert!(some.iter().all(|row| row["rule"] == "interzone-default" && row["logset"] == "To Panorama"));
    assert!(all.iter().any(|row| row["logset"].is_empty()));
}

/// Every release, both formats, every lesson, hostile names: what is written is read back as it was.
#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = folder.path().join("hostile.toml");
    let text = std::fs::read_to_string(project(RULES)).unwrap();
    let name = r#"name = "{a,\"b\"},\"c\"""#;
    let first = text.lines().find(|line| line.starts_with("name = ")).unwrap();
    std::fs::write(&hostile, text.replace(first, name)).unwrap();
    let mut lessons: Vec<(PathBuf, PathBuf)> = std::fs::read_dir(project("pcaps"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|lesson| (lesson.join("capture.pcapng"), lesson.join("rules.toml")))
        .filter(|(capture, rules)| capture.exists() && rules.exists())
        .collect();
    lessons.push((project(CAPTURE), hostile));
    let mut rows = 0;
    for (capture, rules) in &lessons {
        let mut world = Arc::new(world(rules, &[]));
        for version in PanosVersion::ALL {
            Arc::get_mut(&mut world).unwrap().settings.panos_version = version;
            let mut collect = Collect::default(); // the release decides on some end reasons as well
            replay(capture, &world, &mut collect);
            let panos = Panos::new(&world, true);
            let syslog = replay(capture, &world, panos.clone());
            let exported = [panos.header().unwrap(), replay(capture, &world, panos)].concat();
            for text in [syslog, exported] {
                let log = read(&text, &world.timezone);
                assert_eq!((log.damaged, log.foreign, log.others.len()), (0, 0, 0), "{}", capture.display());
                let read: Vec<LogRow> = log
                    .rows
                    .into_iter()
                    .zip(&collect.rows)
                    .map(|(row, own)| LogRow { line: 0, logged: own.logged, ..row })
                    .collect();
                assert_eq!(read, collect.rows, "{} {version}", capture.display());
            }
            rows += collect.rows.len();
        }
    }
    assert!(rows > 100, "{rows}");
}

/// Names as Elastic's integration `panw` has them.
#[test]
fn documents_have_elastics_fields() {
    let world = Arc::new(world(&project(RULES), &[]));
    let documents = replay(&project(CAPTURE), &world, Ecs::new(&world, false));
    let documents: Vec<Value> = documents
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let logged = columns(&replay(&project(CAPTURE), &world, Panos::new(&world, false)));
    assert_eq!(documents.len(), logged.len());
    for (document, row) in documents.iter().zip(&logged) {
        let at = |path: &str| document.pointer(path).cloned().unwrap_or_default();
        let number = |name: &str| json!(row[name].parse::<u64>().unwrap());
        let text = |name: &str| json!(row[name]);
        for (path, expected) in [
            ("/source/ip", text("src")),
            ("/source/port", number("sport")),
            ("/source/bytes", number("bytes_sent")),
            ("/destination/ip", text("dst")),
            ("/destination/port", number("dport")),
            ("/destination/packets", number("pkts_received")),
            ("/network/transport", text("proto")),
            ("/network/application", text("app")),
            ("/network/bytes", number("bytes")),
            ("/rule/name", text("rule")),
            ("/observer/ingress/zone", text("from")),
            ("/observer/egress/zone", text("to")),
            ("/event/category", json!(["network"])),
            ("/panw/panos/sub_type", text("subtype")),
            ("/panw/panos/action", text("action")),
            ("/panw/panos/endreason", text("session_end_reason")),
            ("/panw/panos/flow_id", text("sessionid")),
            ("/panw/panos/source/zone", text("from")),
        ] {
            assert_eq!(at(path), expected, "{path}");
        }
        let (action, types) = match (&*row["subtype"], &*row["action"]) {
            ("end", "allow") => ("flow_terminated", json!(["allowed", "end", "connection"])),
            ("drop", _) => ("flow_dropped", json!(["denied", "connection"])),
            ("deny", _) => ("flow_denied", json!(["denied", "connection"])),
            other => panic!("{other:?}"),
        };
        assert_eq!((at("/event/action"), at("/event/type")), (json!(action), types));
        assert_eq!(at("/event/outcome"), json!(if row["action"] == "allow" { "success" } else { "failure" }));
        assert_eq!(
            at("/labels/ipv6_session"),
            if row["src"].contains(':') { json!(true) } else { Value::Null }
        );
        assert!(at("/source/nat").is_null() && at("/network/community_id").is_string());
    }
}

// ── Reading ──

#[test]
fn lines_are_read_with_any_header_or_none() {
    let plain = row(&[(12, "\"Web, and more\"")]);
    let headers = [
        "",
        "<14>Jan  5 12:51:34 PAN1.example.com ",
        "Oct 30 09:46:12 ",
        "<14>1 2020-10-09T18:39:02-04:00 fw.example.com - - - - ",
        "2023-05-06T11:58:46Z fw, the first: ",
    ];
    for header in headers {
        for end in ["", "\n", "\r\n"] {
            let log = read(format!("{header}{plain}{end}").as_bytes(), &TimeZone::UTC);
            let [row] = &log.rows[..] else { panic!("{header:?}") };
            assert_eq!(
                (&*row.rule, row.session_end_reason.as_deref()),
                ("Web, and more", Some("tcp-fin")),
                "{header:?}"
            );
            assert_eq!((row.start, row.elapsed, row.packets, row.nat), (1_683_374_321, 1, 11, None));
        }
    }
}

/// PAN-OS writes the list of link switches without quotes (PANOS.md 11.1).
#[test]
fn lists_in_braces_are_one_value() {
    let world = Arc::new(world(&project(RULES), &[("model.panos-version", "9.1")]));
    let log = String::from_utf8(replay(&project(CAPTURE), &world, Panos::new(&world, true))).unwrap();
    let mut fields: Vec<&str> = log.lines().next().unwrap().split(',').collect();
    fields[69] = "{isp-1,tag,dsl,ethernet1/1,2023/05/06 11:58:41,10,20,good,none}";
    let row = columns(fields.join(",").as_bytes()).remove(0);
    assert_eq!((&*row["link_switches"], row.len()), (fields[69], 75));
}

#[test]
fn other_logs_are_counted() {
    let threat = row(&[(4, "THREAT")]);
    let text = format!(
        "{threat}\n\n{}\n{}\n{}\nsshd[1]: hello\n",
        row(&[]),
        row(&[(4, "SYSTEM")]),
        row(&[(5, "start")])
    );
    let log = read(text.as_bytes(), &TimeZone::UTC);
    assert_eq!((log.rows.len(), log.starts, log.foreign, log.damaged), (1, 1, 1, 0));
    assert_eq!(
        log.others.into_iter().collect::<Vec<_>>(),
        [("SYSTEM".to_owned(), 1), ("THREAT".to_owned(), 1)]
    );
    assert!(log.problems[0].to_string().starts_with("log:6: column 1: "), "{}", log.problems[0]);
}

/// Where, what, and what to do.
#[test]
fn errors_say_line_and_column() {
    let short = row(&[]).rsplit_once(',').unwrap().0.to_owned();
    for (text, expected) in [
        (String::new(), "fw.log:1: there is no traffic log row"),
        ("hello\n".to_owned(), "fw.log:1: column 1: this is no PAN-OS log"),
        ("<14>CEF:0|Palo Alto Networks|PAN-OS|11.0.0|end|TRAFFIC|1|\n".to_owned(), "CEF"),
        ("{\"type\":\"TRAFFIC\"}".to_owned(), "JSON"),
        (format!("\n{}", row(&[(25, "x")])), "fw.log:2: column 25 (sport): \"x\" is no number"),
        (row(&[(26, "65536")]), "column 26 (dport): 65536 is no port"),
        (row(&[(8, "")]), "column 8 (src): this is empty"),
        (row(&[(36, "yesterday")]), "column 36 (start): \"yesterday\" is no date"),
        (row(&[(5, "begin")]), "column 5 (subtype)"),
        (
            row(&[(6, "2561")]),
            "column 65: the row has 65 columns, which is what PAN-OS 8.1 writes; PAN-OS 10.1, which column 6 names, writes 115",
        ),
        (short.clone(), "column 64: the row has 64 columns; PAN-OS 8.1"),
        (short.replace(",2049,", ",1,"), "a custom log format is not read"),
    ] {
        let found = error(&text);
        assert!(found.contains(expected), "{text}\n{found}\n{expected}");
    }
    assert!(!error("\u{1b}[31m\n").contains('\u{1b}'));
}

/// By the titles of the first line, in whatever order; a byte order mark, CRLF and values over several lines.
#[test]
fn exports_are_read_by_their_titles() {
    let text = "\u{feff}\"Start Time\",\"Rule\",\"Source address\",Destination address,Source Port,Destination Port,IP Protocol,\
                Threat/Content Type,Application,Action,New Column,Session End Reason\r\n\
                2023/05/06 11:58:41,\"two\r\nlines, \"\"quoted\"\"\",203.0.113.5,192.0.2.10,40000,80,TCP,end,ssl,reset both,?,tcp-fin\r\n\
                2023/05/06 11:58:42,r,203.0.113.5,192.0.2.10,40000,eighty,tcp,end,ssl,allow,?,tcp-fin\r\n";
    let log = read(text.as_bytes(), &TimeZone::UTC);
    let [row] = &log.rows[..] else { panic!("{log:?}") };
    assert_eq!((&*row.rule, &*row.proto, &*row.action), ("two\r\nlines, \"quoted\"", "tcp", "reset-both"));
    assert_eq!(row.session_end_reason.as_deref(), Some("tcp-fin"));
    let problems: Vec<String> = log.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["log:4: column 6 (dport): \"eighty\" is no number"]);
}

/// Other people's rows, 6.0 to 10.2, with the values that were taken from them independently.
#[test]
fn real_rows_are_read() {
    let beside = || project("../shared/corpus");
    let folder = std::env::var_os("FIRSTPASS_CORPUS").map_or_else(beside, PathBuf::from).join("logs");
    let Ok(expected) = std::fs::read_to_string(folder.join("TRAFFIC_ROWS.tsv")) else {
        println!("SKIPPED: no corpus with real traffic rows");
        return;
    };
    let mut lines = expected.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let head = lines.next().unwrap();
    // Columns of the table under names of ours.
    let ours = |name: &str| match name {
        "session_id" => "sessionid".to_owned(),
        "repeat" => "repeatcnt".to_owned(),
        "gen_time" => "time_generated".to_owned(),
        "in_if" => "inbound_if".to_owned(),
        "out_if" => "outbound_if".to_owned(),
        other => other.to_owned(),
    };
    let mut files: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
    for line in lines {
        files.entry(line[0]).or_default().push(line);
    }
    let (mut seen, mut damaged) = (0, 0);
    for (file, rows) in files {
        let text = std::fs::read(folder.join(file)).unwrap();
        let mut reader = Reader::new(&text[..], file);
        for expected in rows {
            match reader.read().unwrap().unwrap() {
                Item::Row(entry) => {
                    assert_eq!(entry.width() - 3, expected[1].parse::<usize>().unwrap());
                    for (name, value) in head.iter().zip(&expected).skip(2) {
                        assert_eq!(
                            entry.get(&ours(name)).unwrap_or(""),
                            *value,
                            "{file}:{} {name}",
                            entry.line
                        );
                    }
                    assert!(entry.row(&TimeZone::UTC).is_ok(), "{:?}", entry.row(&TimeZone::UTC));
                    seen += 1;
                }
                // An address was blanked with commas in its place: the table's values are shifted, too.
                Item::Damaged(error) => {
                    assert!(error.to_string().contains("column 50"), "{error}");
                    damaged += 1;
                }
                other => panic!("{file}: {other:?}"),
            }
        }
        assert!(reader.read().unwrap().is_none());
    }
    assert_eq!((seen, damaged), (78, 1));
}

// ── Comparing ──

/// Rows on either side (changes to one row), and what joins them; `None` leaves one on each side.
#[test]
fn rows_are_joined_by_endpoints_and_time() {
    const NAT: [(usize, &str); 4] = [(10, "198.51.100.1"), (11, "192.0.2.10"), (27, "1024"), (28, "80")];
    let translated = [(8, "198.51.100.1"), (25, "1024")];
    let start = |text: &'static str| [(36, text)];
    for (ours, theirs, expected) in [
        (&[][..], &[][..], Some(How::Start)),
        (&[], &start("2023/05/06 11:58:44"), Some(How::Start)),
        (&[], &start("2023/05/06 11:58:45"), None),
        (&[], &start("2023/05/06 11:58:38"), Some(How::Start)),
        (&[], &[(30, "udp")], None),
        (&[], &[(25, "40001")], None),
        // The capture is from behind NAT, or the log is.
        (&translated, &NAT, Some(How::LogNat)),
        (&NAT, &translated, Some(How::ReplayNat)),
        (&[], &NAT, Some(How::Start)),
        // Begun an hour before the capture, and seen to its end.
        (&[], &[(36, "2023/05/06 10:58:41"), (37, "3601")], Some(How::Overlap)),
        (&[], &[(36, "2023/05/06 10:58:41"), (37, "3000")], None),
        // Same protocol by another name.
        (&[(30, "ipv6-icmp")], &[(30, "icmp6")], Some(How::Start)),
    ] {
        let side = |changes: &[(usize, &str)]| read(row(changes).as_bytes(), &TimeZone::UTC).rows;
        let (ours, theirs) = (side(ours), side(theirs));
        let options = Compare { offset: Some(0), tolerance: 3, window: None };
        let comparison = Comparison::new(&ours, &theirs, options);
        assert_eq!(comparison.pairs.first().map(|pair| pair.how), expected, "{ours:?}\n{theirs:?}");
        let alone = usize::from(expected.is_none());
        assert_eq!((comparison.only_ours.len(), comparison.only_theirs.len()), (alone, alone));
    }
}

/// A row whose `repeatcnt` is 3 stands for three of the replay's, not for a fourth.
#[test]
fn repeated_rows_stand_for_several() {
    let refusals: Vec<String> = ["41", "42", "44", "48"]
        .iter()
        .map(|second| row(&[(5, "drop"), (36, &format!("2023/05/06 11:58:{second}"))]))
        .collect();
    let ours = read(refusals.join("\n").as_bytes(), &TimeZone::UTC).rows;
    let theirs = read(row(&[(5, "drop"), (24, "3")]).as_bytes(), &TimeZone::UTC).rows;
    let comparison = Comparison::new(&ours, &theirs, Compare { offset: None, tolerance: 3, window: None });
    assert_eq!((comparison.pairs.len(), comparison.repeated, &comparison.only_ours[..]), (1, 2, &[3][..]));
}

/// Rows of the same endpoints are joined in their order, each once.
#[test]
fn conversations_that_come_again_are_taken_apart() {
    let at = |seconds: &[u32]| {
        let lines = seconds.iter().map(|second| row(&[(36, &format!("2023/05/06 11:58:{second:02}"))]));
        read(lines.collect::<Vec<_>>().join("\n").as_bytes(), &TimeZone::UTC).rows
    };
    let (ours, theirs) = (at(&[10, 20, 30, 40]), at(&[41, 21, 11]));
    let comparison = Comparison::new(&ours, &theirs, Compare { offset: Some(0), tolerance: 3, window: None });
    let pairs: Vec<_> = comparison.pairs.iter().map(|pair| (pair.ours, pair.theirs)).collect();
    assert_eq!((&pairs[..], &comparison.only_ours[..]), (&[(0, 2), (1, 1), (3, 0)][..], &[2][..]));
}

struct Compared {
    output: Output,
    json: Value,
}

/// Holds the lesson's replay against a log.
fn compare(log: &str, more: &[&str]) -> Compared {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fw.log").display().to_string();
    std::fs::write(&path, log).unwrap();
    let run = |format: &str| {
        let arguments = ["compare-log", CAPTURE, "--rules", RULES, "--log", &path, "--format", format];
        Command::new(env!("CARGO_BIN_EXE_firstpass"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(arguments.iter().chain(more))
            .output()
            .unwrap()
    };
    let json = serde_json::from_slice(&run("json").stdout).unwrap_or_default();
    Compared { output: run("text"), json }
}

/// The log of a firewall that does all that the model does.
fn log(settings: &[(&str, &str)]) -> String {
    let world = Arc::new(world(&project(RULES), settings));
    String::from_utf8(replay(&project(CAPTURE), &world, Panos::new(&world, false))).unwrap()
}

#[test]
fn a_log_that_agrees() {
    let Compared { output, json } = compare(&log(&[]), &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("The log and the replay agree."), "{text}");
    assert_eq!((&json["agrees"], &json["clock"]["offset"]), (&json!(true), &json!(0)));
    let columns = json["columns"].as_array().unwrap();
    assert!(
        columns.iter().all(|column| column["pairs"] == json["pairs"] && column["agree"] == json["pairs"]),
        "{columns:?}"
    );
    assert_eq!(json["pairs"], json!(log(&[]).lines().count()));
}

/// A clock that is off by a constant is found out, whatever else differs; it can be said as well.
#[test]
fn a_clock_that_is_off() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.toml");
    let text = std::fs::read_to_string(project(RULES)).unwrap();
    std::fs::write(&rules, format!("{text}\n[device]\ntimezone = \"America/New_York\"\n")).unwrap();
    let there = Arc::new(world(&rules, &[]));
    let log = String::from_utf8(replay(&project(CAPTURE), &there, Panos::new(&there, false))).unwrap();
    let found = compare(&log, &[]);
    let text = String::from_utf8(found.output.stdout).unwrap();
    assert_eq!(
        (found.output.status.code(), &found.json["clock"]["offset"]),
        (Some(0), &json!(-18_000)),
        "{text}"
    );
    assert!(text.contains("5 h behind the capture's"), "{text}");
    let given = compare(&log, &["--clock-offset", "-18000"]);
    assert_eq!((given.output.status.code(), &given.json["clock"]["told"]), (Some(0), &json!("given")));
    // As nobody says it: the rows are of another time.
    let wrong = compare(&log, &["--clock-offset", "0"]);
    assert_eq!((wrong.output.status.code(), &wrong.json["pairs"]), (Some(1), &json!(0)));
    assert_eq!(wrong.json["outside_capture"], json!(log.lines().count()));
}

#[test]
fn differences_are_found() {
    let own = log(&[]);
    let mut lines: Vec<String> = own.lines().map(str::to_owned).collect();
    let all = lines.len();
    // One application and one number of bytes are another's, one row is missing, and two are nobody's.
    let first = lines.iter().position(|line| line.contains(",insufficient-data,")).unwrap();
    let mut fields: Vec<&str> = lines[first].split(',').collect();
    let session = fields[22].to_owned();
    (fields[14], fields[31]) = ("ssh", "9999");
    lines[first] = fields.join(",");
    lines.remove(0);
    let last = lines.last().unwrap().clone();
    let mut alien: Vec<&str> = last.split(',').collect();
    alien[7] = "203.0.113.200";
    lines.push(alien.join(","));
    let mut long_ago = alien.clone();
    long_ago[35] = "2001/01/01 00:00:00";
    lines.push(long_ago.join(","));
    let Compared { output, json } = compare(&lines.join("\r\n"), &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(json["pairs"], json!(all - 1));
    assert_eq!(
        (&json["only_in_log"][0]["src"], json["only_in_log"].as_array().unwrap().len()),
        (&json!("203.0.113.200"), 1)
    );
    assert_eq!((json["only_in_replay"].as_array().unwrap().len(), &json["outside_capture"]), (1, &json!(1)));
    let difference = &json["differences"][0];
    assert_eq!((difference["session"].to_string(), &difference["log"]["line"]), (session, &json!(first)));
    let columns: Vec<(&Value, &Value)> = difference["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| (&column["column"], &column["log"]))
        .collect();
    assert_eq!(columns, [(&json!("app"), &json!("ssh")), (&json!("bytes"), &json!("9999"))]);
    for expected in [
        "insufficient-data → ssh",
        "Only in the log",
        "Only in the replay",
        "1 of ",
        "2 rows without a counterpart.",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
}

/// A difference in what is shown for information alone is none.
#[test]
fn counts_are_for_information() {
    let own = log(&[]);
    let changed = own.lines().map(|line| {
        let mut fields: Vec<&str> = line.split(',').collect();
        fields[31] = "1";
        fields.join(",") + "\n"
    });
    let Compared { output, json } = compare(&changed.collect::<String>(), &[]);
    assert_eq!((output.status.code(), &json["agrees"]), (Some(0), &json!(true)));
    assert!(!json["differences"].as_array().unwrap().is_empty());
}

/// Logs that cannot be used: status 2, and nothing on standard output.
#[test]
fn no_log_is_an_error() {
    let Compared { output, .. } = compare("hello\n", &[]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{message}");
    assert!(message.contains("fw.log:1: column 1: ") && message.contains("help: "), "{message}");
    let missing = compare("", &["--log", "/nowhere"]);
    assert_eq!(missing.output.status.code(), Some(2));
}
