//! Decrypted sessions whose secrets a key log holds: what is inside them, told by the program as users meet it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use firstpass::flow::{Addr, Direction};
use firstpass::packet::build::Builder;
use firstpass::packet::{Payload, TcpFlags, TcpSegment};
use serde_json::Value;

/// Recorded connections: see the head of the file.
const TRANSCRIPTS: &str = include_str!("../src/app/tls/decrypt/transcripts.txt");

/// `web-browsing` on its default ports; everything that is TLS is decrypted.
const RULES: &str = "[zones]\nuntrust = \"0.0.0.0/0\"\ntrust = \"10.0.0.0/8\"\n\
    [[security]]\nname = \"Web\"\napplication = [\"ssl\", \"web-browsing\"]\n\
    [[decryption]]\nname = \"Inspect\"\naction = \"decrypt\"\n";

/// When the captures begin, in microseconds since 1970: the certificates are valid by then.
const NOW: u64 = 1_796_200_000_000_000;

struct Transcript {
    name: &'static str,
    log: String,
    sent: Vec<(Direction, Vec<u8>)>,
}

fn transcripts() -> Vec<Transcript> {
    let mut list: Vec<Transcript> = Vec::new();
    for line in TRANSCRIPTS.lines().skip(1) {
        let (kind, rest) = line.split_once(' ').unwrap();
        let bytes = || {
            let digits = rest.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
            digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
        };
        match kind {
            "##" => list.push(Transcript { name: rest, log: String::new(), sent: Vec::new() }),
            "k" => list.last_mut().unwrap().log.extend([rest, "\n"]),
            "c" => list.last_mut().unwrap().sent.push((Direction::ClientToServer, bytes())),
            _ => list.last_mut().unwrap().sent.push((Direction::ServerToClient, bytes())),
        }
    }
    list
}

/// A connection to port 443 as frames: handshake, what was sent in segments of 500 bytes, and no end.
fn frames(sent: &[(Direction, Vec<u8>)]) -> Vec<Vec<u8>> {
    let ends = [Addr::v4([10, 0, 0, 5]), Addr::v4([203, 0, 113, 80])];
    let mut next = [1_000_u32, 5_000];
    let mut frames = Vec::new();
    let mut send = |direction: Direction, flags: TcpFlags, bytes: &[u8]| {
        let (from, to) = (direction.index(), direction.reverse().index());
        let ports = [40_000, 443];
        let segment = TcpSegment {
            sport: ports[from],
            dport: ports[to],
            seq: next[from],
            ack: if flags.contains(TcpFlags::ACK) { next[to] } else { 0 },
            flags,
            window: 60_000,
            options: &[],
            payload: Payload { bytes, len: u32::try_from(bytes.len()).unwrap() },
        };
        frames.push(Builder::new(ends[from], ends[to]).ethernet().tcp(&segment));
        let syn = u32::from(flags.contains(TcpFlags::SYN));
        next[from] += u32::try_from(bytes.len()).unwrap() + syn;
    };
    let (client, server) = (Direction::ClientToServer, Direction::ServerToClient);
    send(client, TcpFlags::SYN, &[]);
    send(server, TcpFlags::SYN.with(TcpFlags::ACK), &[]);
    send(client, TcpFlags::ACK, &[]);
    for (direction, bytes) in sent {
        for piece in bytes.chunks(500) {
            send(*direction, TcpFlags::ACK.with(TcpFlags::PSH), piece);
        }
    }
    frames
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
    let len = u32::try_from(body.len() + padding.len() + 12).unwrap().to_le_bytes();
    [&kind.to_le_bytes()[..], &len, body, &padding, &len].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A pcapng capture of the frames, a millisecond apart; a decryption secrets block before frame `at`, where there is one.
fn capture(frames: &[Vec<u8>], secrets: Option<(usize, &str)>) -> Vec<u8> {
    let section = [words(&[0x1a2b_3c4d, 1]), vec![0xff; 8]].concat();
    let mut file = [block(0x0a0d_0d0a, &section), block(1, &words(&[1, 0]))].concat();
    for (index, frame) in frames.iter().enumerate() {
        if let Some((_, log)) = secrets.filter(|(at, _)| *at == index) {
            let head = words(&[0x544c_534b, u32::try_from(log.len()).unwrap()]);
            file.extend(block(10, &[&head[..], log.as_bytes()].concat()));
        }
        let len = u32::try_from(frame.len()).unwrap();
        let at = NOW + u64::try_from(index).unwrap() * 1_000;
        let (high, low) = (u32::try_from(at >> 32).unwrap(), u32::try_from(at & 0xffff_ffff).unwrap());
        let head = words(&[0, high, low, len, len]);
        file.extend(block(6, &[&head[..], frame].concat()));
    }
    file
}

/// A folder with a rulebase and the files of one test.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new(rules: &str) -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        bench.put("rules.toml", rules);
        bench
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn run(&self, command: &str, capture: &Path, args: &[&str]) -> Output {
        let rules = self.0.path().join("rules.toml");
        run(&self.0.path().join("."), command, capture, &rules, args)
    }

    /// The one row of a replay.
    fn row(&self, capture: &Path, args: &[&str]) -> Value {
        let mut rows =
            rows(&self.run("replay", capture, &[&["--format", "ndjson", "--audit"], args].concat()));
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }
}

fn run(folder: &Path, command: &str, capture: &Path, rules: &Path, args: &[&str]) -> Output {
    let mut firstpass = Command::new(env!("CARGO_BIN_EXE_firstpass"));
    firstpass.current_dir(folder).arg(command).arg(capture).arg("--rules").arg(rules);
    firstpass.args(args).output().unwrap()
}

fn rows(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Applications of a row, in order.
fn applications(row: &Value) -> Vec<&str> {
    row["model"]["applications"].as_array().unwrap().iter().map(|app| app["app"].as_str().unwrap()).collect()
}

fn is_decrypted(row: &Value) -> bool {
    let flags = row["flags"].as_str().unwrap().trim_start_matches("0x");
    u32::from_str_radix(flags, 16).unwrap() & 0x0100_0000 != 0
}

/// Every version and kind of cipher: with the key log the session is what is inside, without it stays `ssl`. Decrypted it
/// is both times, as its row says.
#[test]
fn what_is_inside_is_told_with_the_key_log_alone() {
    let bench = Bench::new(RULES);
    for Transcript { name, log, sent } in
        transcripts().into_iter().filter(|one| !one.name.contains("refused"))
    {
        let capture_path = bench.put("a.pcapng", capture(&frames(&sent), None));
        bench.put("keys.txt", &log);
        let opened = bench.row(&capture_path, &["--keylog", "keys.txt"]);
        let closed = bench.row(&capture_path, &[]);
        let expected: &[&str] = if name.contains("key update") { &["ssl"] } else { &["ssl", "web-browsing"] };
        assert_eq!(applications(&opened), expected, "{name}");
        assert_eq!(opened["rule"], "Web", "{name}");
        assert_eq!(applications(&closed), ["ssl"], "{name}");
        assert!(is_decrypted(&opened) && is_decrypted(&closed), "{name}");
        assert_eq!(opened["packets"], closed["packets"], "{name}");
    }
}

/// `application-default` holds decrypted web-browsing to tcp/443 from PAN-OS 9.0 on, and to tcp/80 before (PANOS.md 8).
#[test]
fn application_default_has_secure_ports() {
    let bench = Bench::new(RULES);
    let Transcript { log, sent, .. } = transcripts().swap_remove(0);
    let path = bench.put("a.pcapng", capture(&frames(&sent), None));
    bench.put("keys.txt", log);
    for (version, subtype, rule) in
        [("8.1", "deny", "interzone-default"), ("9.0", "end", "Web"), ("11.1", "end", "Web")]
    {
        let row = bench.row(&path, &["--keylog", "keys.txt", "--panos-version", version]);
        assert_eq!((&row["subtype"], &row["rule"]), (&subtype.into(), &rule.into()), "{version}");
        assert_eq!(row["app"], "web-browsing", "{version}");
    }
}

/// Secrets in the capture are as good as those in a file, as long as they come before the frames that need them; with
/// several captures as well.
#[test]
fn secrets_in_the_capture() {
    let bench = Bench::new(RULES);
    let Transcript { log, sent, .. } = transcripts().swap_remove(0);
    let frames = frames(&sent);
    // The handshake and the ClientHello are in the clear.
    for (at, app) in [(0, "web-browsing"), (3, "web-browsing"), (4, "web-browsing"), (7, "ssl")] {
        let path = bench.put("a.pcapng", capture(&frames, Some((at, &log))));
        assert_eq!(bench.row(&path, &[])["app"], app, "{at}");
    }
    bench.put("b.pcapng", capture(&frames, None));
    let alone = bench.put("secrets.pcapng", capture(&frames[..1], Some((0, &log))));
    let output = bench.run("replay", &alone, &["b.pcapng", "--format", "ndjson"]);
    assert_eq!(rows(&output)[0]["app"], "web-browsing");
}

/// The walk says what was opened and what came of it, or why nothing was.
#[test]
fn explained() {
    let bench = Bench::new(RULES);
    let Transcript { log, sent, .. } = transcripts().swap_remove(0);
    let path = bench.put("a.pcapng", capture(&frames(&sent), None));
    bench.put("keys.txt", &log);
    let (head, last) = log.trim_end().split_at(log.trim_end().len() - 1);
    bench.put("wrong.txt", format!("{head}{}\n", if last == "0" { "1" } else { "0" }));
    let explain = |args: &[&str]| {
        let text = String::from_utf8(bench.run("explain", &path, args).stdout).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = explain(&["--keylog", "keys.txt"]);
    for sentence in [
        "sealed from here on (TLS 1.3, AES-256-GCM (0x1302)); the key log has its secrets",
        "decrypted with the key log: application_data: 35 bytes",
        "App-ID: web-browsing, HTTP response `a.example`",
    ] {
        assert!(text.contains(sentence), "{sentence}: {text}");
    }
    let text = explain(&[]);
    assert!(text.contains("no key log holds its secrets: what is inside is not in the capture"), "{text}");
    assert!(!text.contains("decrypted with"), "{text}");
    let text = explain(&["--keylog", "wrong.txt"]);
    assert!(text.contains("nothing more is decrypted: a record is not authentic"), "{text}");
}

/// What TLS 1.3 hides of a handshake ends a session with the key log as it does in the clear: the server's alert, and what
/// a profile refuses: a certificate that has signed itself, a request for the client's (PANOS.md 4.2, 8).
#[test]
fn what_the_handshake_hides() {
    let profile = |key: &str| {
        format!(
            "{RULES}profile = \"own\"\n[decryption-profile.own.ssl-forward-proxy]\n{key} = true\n\
             [decryption-profile.own.ssl-protocol-settings]\nmax-version = \"max\"\n"
        )
    };
    let mut list = transcripts();
    let (refused, plain) = (list.pop().unwrap(), list.swap_remove(0));
    for (Transcript { log, sent, .. }, rules, reason) in [
        (&refused, RULES.to_owned(), "decrypt-error"),
        (&plain, profile("block-untrusted-issuer"), "decrypt-cert-validation"),
        (&refused, profile("block-client-cert"), "decrypt-cert-validation"),
    ] {
        let bench = Bench::new(&rules);
        let path = bench.put("a.pcapng", capture(&frames(sent), None));
        bench.put("keys.txt", log);
        let row = bench.row(&path, &["--keylog", "keys.txt"]);
        assert_eq!((&row["subtype"], &row["action"]), (&"deny".into(), &"allow".into()), "{rules}");
        assert_eq!((&row["app"], &row["session_end_reason"]), (&"ssl".into(), &reason.into()), "{rules}");
        let row = bench.row(&path, &[]);
        assert_eq!(
            (&row["subtype"], &row["session_end_reason"]),
            (&"end".into(), &"aged-out".into()),
            "{rules}"
        );
    }
}

/// Errors and warnings name the file and the line.
#[test]
fn bad_key_logs() {
    let bench = Bench::new(RULES);
    let Transcript { log, sent, .. } = transcripts().swap_remove(0);
    let path = bench.put("a.pcapng", capture(&frames(&sent), None));
    bench.put("keys.txt", format!("# comment\r\nCLIENT_RANDOM 00 11\r\n{log}"));
    let output = bench.run("replay", &path, &["--keylog", "keys.txt", "--format", "ndjson"]);
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(stderr.contains("`keys.txt`, line 2:"), "{stderr}");
    assert_eq!(rows(&output)[0]["app"], "web-browsing");
    bench.put("empty.txt", "");
    let output = bench.run("replay", &path, &["--keylog", "empty.txt", "--format", "ndjson"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("`empty.txt` holds no secret"), "{stderr}");
    let output = bench.run("replay", &path, &["--keylog", "nowhere.txt"]);
    assert_eq!(output.status.code(), Some(2));
    let output = bench.run(
        "replay",
        &path,
        &["--keylog", "keys.txt", "--set", "model.key-log-entries=1", "--format", "ndjson"],
    );
    assert_eq!(rows(&output)[0]["app"], "web-browsing");
}

/// The lesson with a key log, where it is at hand: each run of `expected-keys.toml`, its rows counted.
#[test]
fn the_lesson() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps/key-log");
    let Ok(text) = fs::read_to_string(folder.join("expected-keys.toml")) else {
        eprintln!("SKIPPED: no lesson at {}", folder.display());
        return;
    };
    let expected: toml::Table = toml::from_str(&text).unwrap();
    for expected in expected["run"].as_array().unwrap() {
        let name = |key: &str| folder.join(expected[key].as_str().unwrap());
        let args = expected["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap());
        let args: Vec<&str> = args.chain(["--format", "ndjson", "--audit"]).collect();
        let rows = rows(&run(&folder, "replay", &name("capture"), &name("rules"), &args));
        for wanted in expected["rows"].as_array().unwrap() {
            let wanted = wanted.as_table().unwrap();
            let fits = |row: &&Value| {
                wanted.iter().filter(|(key, _)| *key != "count").all(|(key, value)| match value {
                    toml::Value::String(text) => row[key] == text.as_str(),
                    value => row[key] == value.as_integer().unwrap(),
                })
            };
            let found = i64::try_from(rows.iter().filter(fits).count()).unwrap();
            assert_eq!(Some(found), wanted["count"].as_integer(), "{}: {wanted}", name("capture").display());
        }
    }
}

/// A capture of others with a decryption secrets block, where it is at hand: its secrets are of QUIC. tshark finds HTTP/3
/// in it; a firewall does not decrypt QUIC (PANOS.md 8), so that the session stays what it was. It is read to its end.
#[test]
fn secrets_of_others() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let corpus = std::env::var_os("FIRSTPASS_CORPUS").map_or_else(beside, PathBuf::from);
    let path = corpus.join("pcaps/quic/ndpi__quic-v2.pcapng");
    if !path.exists() {
        eprintln!("SKIPPED: no captures at {}; set FIRSTPASS_CORPUS", corpus.display());
        return;
    }
    let bench = Bench::new(
        "[zones]\nall = [\"0.0.0.0/0\", \"::/0\"]\n[[security]]\nname = \"Allow\"\nservice = \"any\"\n",
    );
    let output = bench.run("replay", &path, &["--format", "ndjson", "--audit"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("secrets"), "{stderr}");
    let rows = rows(&output);
    assert_eq!(rows.iter().map(applications).collect::<Vec<_>>(), [["quic"]]);
    assert!(!is_decrypted(&rows[0]));
}
