//! Whole messages through an inspection.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::file::eicar;
use super::*;
use crate::app::Heads;
use crate::flow::Protocol;

const ROOM: u64 = 100_000;

/// A rule with profiles that want files and hosts.
fn threats() -> Threats {
    let set = ProfileSet {
        virus: Some(Arc::default()),
        file: Some(Arc::default()),
        url: Some(Arc::default()),
        ..ProfileSet::default()
    };
    Threats::new(Signatures::default(), Vec::new(), vec![Some(Arc::new(set))], ROOM)
}

/// What is seen of a dialogue, each message cut into pieces as `cut` says; and whether a limit was reached.
fn seen(dialogue: &[(Direction, Vec<u8>)], mut cut: impl FnMut() -> usize) -> (Vec<String>, bool) {
    let threats = threats();
    let heads = Heads {
        protocol: Protocol::TCP,
        sport: 40_000,
        dport: 80,
        v6: false,
        ttl: 64,
        midstream: false,
        client: b"GET / HTTP/1.1\r\n\r\n",
        server: b"",
        datagrams: &[],
    };
    let mut inspection = Inspection::of_request(&threats, RuleId(0), &heads).unwrap();
    let (mut sights, mut is_over) = (Vec::new(), false);
    for (direction, message) in dialogue {
        let mut rest = message.as_slice();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cut().clamp(1, rest.len()));
            rest = after;
            inspection.feed(&threats, *direction, piece);
            is_over |= inspection.was_over();
            while let Some((direction, sight, _)) = inspection.take() {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let sight = match sight {
                    Sight::Url { url, .. } => format!("url {}", text(&url)),
                    Sight::Virus { file, .. } => format!("virus {}", text(&file)),
                    Sight::File { types, name } => format!("file {} {}", types.join("+"), text(&name)),
                    Sight::Signature { .. } => "signature".to_owned(),
                };
                sights.push(format!("{} {sight}", direction.name()));
            }
        }
    }
    (sights, is_over)
}

fn get(path: &str) -> (Direction, Vec<u8>) {
    let head = format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n\r\n");
    (Direction::ClientToServer, head.into_bytes())
}

/// A response with this content, framed by its length.
fn response(fields: &str, content: &[u8]) -> (Direction, Vec<u8>) {
    let head = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\n\r\n", content.len());
    (Direction::ServerToClient, [head.as_bytes(), content].concat())
}

/// The same in chunks.
fn chunked(fields: &str, content: &[u8], len: usize) -> (Direction, Vec<u8>) {
    let mut message = format!("HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for chunk in content.chunks(len) {
        write!(message, "{:x};x=y\r\n", chunk.len()).unwrap();
        message.extend(chunk);
        message.extend(b"\r\n");
    }
    message.extend(b"0\r\nTrailer: 1\r\n\r\n");
    (Direction::ServerToClient, message)
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zlib(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// What is said, by whom, and what is seen in it.
type Dialogue = (Vec<(Direction, Vec<u8>)>, Vec<&'static str>);

/// Everything that HTTP can do to a file, and what is seen of it.
fn dialogues() -> Vec<Dialogue> {
    let program = [b"MZ\x90\0 program ".as_slice(), &eicar(), &[b'.'; 300]].concat();
    let form = [
        b"--b\r\nContent-Disposition: form-data; name=n\r\n\r\nvalue\r\n--b\r\n\
          Content-Disposition: form-data; name=f; filename=\"x.exe\"\r\n\r\n"
            .as_slice(),
        &program,
        b"\r\n--b--\r\n",
    ]
    .concat();
    let post = format!(
        "POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Type: multipart/form-data; boundary=\"b\"\r\n\
         Content-Length: {}\r\n\r\n",
        form.len()
    );
    let post = (Direction::ClientToServer, [post.as_bytes(), &form].concat());
    let close = (Direction::ServerToClient, [b"HTTP/1.0 200 OK\r\n\r\n".as_slice(), &program].concat());
    let url = "c2s url a.example/a/x.exe?q=1";
    let found = vec![url, "s2c file exe+pe x.exe", "s2c virus x.exe"];
    let named = "Content-Disposition: attachment; filename=y.dll\r\n";
    let request = || get("/a/x.exe?q=1");
    vec![
        (vec![request(), response("", &program)], found.clone()),
        (vec![request(), chunked("", &program, 7)], found.clone()),
        (vec![request(), chunked("", &program, 200)], found.clone()),
        (vec![request(), response("Content-Encoding: gzip\r\n", &gzip(&program))], found.clone()),
        (vec![request(), chunked("Content-Encoding: x-gzip\r\n", &gzip(&program), 11)], found.clone()),
        (vec![request(), response("Content-Encoding: deflate\r\n", &zlib(&program))], found.clone()),
        (vec![request(), response("Content-Encoding: deflate\r\n", &deflate(&program))], found.clone()),
        (vec![request(), close], found.clone()),
        (vec![request(), response("Content-Encoding: br\r\n", &program)], vec![url]),
        (vec![request(), response(named, &program)], vec![url, "s2c file dll+pe y.dll", "s2c virus y.dll"]),
        (vec![post], vec!["c2s url a.example/up", "c2s file exe+pe x.exe", "c2s virus x.exe"]),
        // One connection, several messages: each is a file of its own.
        (
            vec![
                get("/1.pdf"),
                response("", b"%PDF-"),
                get("/2"),
                response("", b"plain"),
                get("/3.bat"),
                response("", b"@echo"),
            ],
            vec![
                "c2s url a.example/1.pdf",
                "s2c file pdf 1.pdf",
                "c2s url a.example/2",
                "c2s url a.example/3.bat",
                "s2c file bat 3.bat",
            ],
        ),
        // The second half of a file is not the end of another one.
        (
            vec![get("/1"), response("", &eicar()[..40]), get("/2"), response("", &eicar()[40..])],
            vec!["c2s url a.example/1", "c2s url a.example/2"],
        ),
    ]
}

#[test]
fn whole_messages() {
    for (dialogue, expected) in dialogues() {
        let (sights, is_over) = seen(&dialogue, || usize::MAX);
        assert_eq!(sights, expected, "{:?}", String::from_utf8_lossy(&dialogue[0].1));
        assert!(!is_over);
    }
}

proptest! {
    /// What is seen does not depend on how the bytes travelled.
    #[test]
    fn in_any_pieces(cuts in proptest::collection::vec(1usize..60, 1..50)) {
        for (dialogue, expected) in dialogues() {
            let mut cuts = cuts.iter().cycle();
            let (sights, _) = seen(&dialogue, || cuts.next().copied().unwrap_or(1));
            prop_assert_eq!(sights, expected);
        }
    }

    /// Whatever comes, it ends, and it does not panic.
    #[test]
    fn anything(pieces in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..200)), 0..20), coding in 0usize..5) {
        let coding = ["gzip", "deflate", "identity", "", "gzip, deflate"][coding];
        let mut dialogue = vec![get("/x"), chunked(&format!("Content-Encoding: {coding}\r\n"), b"x", 1)];
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Type: multipart/x; boundary=b\r\n\r\n--b\r\n");
        dialogue.push((Direction::ServerToClient, head.into_bytes()));
        dialogue.extend(pieces.into_iter().map(|(server, bytes)| (if server { Direction::ServerToClient } else { Direction::ClientToServer }, bytes)));
        seen(&dialogue, || 50);
    }
}

/// A little that becomes a lot is looked into as far as there is room: what comes behind is not seen, and that is said.
#[test]
fn compressed_bombs_are_bounded() {
    for (coding, pack) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("deflate", zlib), ("deflate", deflate)] {
        let coding = format!("Content-Encoding: {coding}\r\n");
        for (zeros, is_seen) in [(60_000, true), (30_000_000, false)] {
            let content = [vec![0; zeros], eicar()].concat();
            let packed = pack(&content);
            let (sights, is_over) = seen(&[get("/bomb"), response(&coding, &packed)], || 1_000);
            assert_eq!(sights.iter().any(|sight| sight.contains("virus")), is_seen, "{coding}{zeros}");
            assert_eq!(is_over, !is_seen, "{coding}{zeros}");
        }
    }
    // A bomb in a bomb is one bomb.
    let twice = gzip(&gzip(&vec![0; 10_000_000]));
    let (_, is_over) = seen(&[get("/bomb"), response("Content-Encoding: gzip\r\n", &twice)], || 1_000);
    assert!(!is_over, "the inner one stays packed");
}

#[test]
fn profiles_judge() {
    let custom = |severity, host| Custom {
        kind: Kind::Vulnerability,
        id: 41_000,
        name: "Some Thing".to_owned(),
        severity,
        default_action: Action::Drop,
        host,
        combination: None,
    };
    let rule = |severity: &[Severity], name: Option<&str>, host, action| SignatureRule {
        name: "r".to_owned(),
        severity: severity.to_vec(),
        threat_name: name.map(str::to_owned),
        host,
        action,
    };
    let rules = vec![
        rule(&[Severity::Low], None, Host::Any, Some(Action::Allow)),
        rule(&[], Some("no such"), Host::Any, Some(Action::ResetBoth)),
        rule(&[], Some("some"), Host::Server, None),
        rule(&[Severity::Critical], None, Host::Client, Some(Action::Alert)),
    ];
    for (severity, host, exception, expected) in [
        (Severity::Low, Host::Server, None, None),
        (Severity::High, Host::Server, None, Some(Action::Drop)),
        (Severity::High, Host::Client, None, None),
        (Severity::Critical, Host::Client, None, Some(Action::Alert)),
        (Severity::High, Host::Any, None, Some(Action::Drop)),
        (Severity::High, Host::Client, Some(Some(Action::ResetClient)), Some(Action::ResetClient)),
        (Severity::High, Host::Client, Some(None), Some(Action::Drop)),
    ] {
        let exceptions = exception.map(|action| Exception { id: 41_000, action }).into_iter().collect();
        let profile = SignatureProfile { name: "p".to_owned(), rules: rules.clone(), exceptions };
        let set = ProfileSet { vulnerability: Some(Arc::new(profile)), ..ProfileSet::default() };
        let threats = Threats::new(
            Signatures::default(),
            vec![custom(severity, host)],
            vec![None, Some(Arc::new(set))],
            ROOM,
        );
        let sight = Sight::Signature {
            index: 0,
            context: Context::HttpReqMethod,
            matched: Vec::new(),
            object: Vec::new(),
        };
        let judge = |rule| threats.judge(RuleId(rule), &sight, Direction::ClientToServer, &[], &[]);
        assert_eq!(judge(1).map(|threat| threat.action), expected, "{severity} {host:?}");
        assert_eq!(judge(0), None, "a rule without profiles");
    }
}
