//! `replay --decrypt all`: which sessions TLS interception would break, on captures made here, lessons, and other people's
//! captures where they are at hand.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use firstpass::capture::write::Writer;
use firstpass::capture::{Frame, LinkType};
use firstpass::flow::Addr;
use firstpass::packet::build::Builder;
use firstpass::packet::{Payload, TcpFlags, TcpSegment};
use firstpass::time::Timestamp;
use serde_json::{Value, json};

const RULES: &str = r#"
[zones]
all = ["0.0.0.0/0", "::/0"]
[[security]]
name = "Not there"
destination = "192.0.2.99"
service = "any"
application = "ssl"
action = "deny"
[[security]]
name = "Allow"
service = "any"
[[decryption]]
name = "Strict"
action = "decrypt"
profile = "strict"
[decryption-profile.strict.ssl-forward-proxy]
block-expired-certificate = true
block-untrusted-issuer = true
block-unsupported-version = true
block-unsupported-cipher = true
block-client-cert = true
[decryption-profile.strict.ssl-protocol-settings]
min-version = "tls1-2"
"#;

fn replay(captures: &[PathBuf], rules: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.toml");
    fs::write(&path, rules).unwrap();
    Command::new(env!("CARGO_BIN_EXE_firstpass"))
        .args(["replay", "--audit", "--rules"])
        .arg(&path)
        .args(captures)
        .args(arguments)
        .output()
        .unwrap()
}

fn document(captures: &[PathBuf], rules: &str, decrypt: &str) -> Value {
    let output = replay(captures, rules, &["--format", "json", "--decrypt", decrypt]);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// Host, verdict and names of reasons.
fn told(document: &Value) -> Vec<(String, String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let hosts = document["hosts"].as_array().unwrap().iter();
    hosts
        .map(|host| {
            let reasons = host["reasons"].as_array().unwrap().iter();
            (
                text(&host["host"]),
                text(&host["verdict"]),
                reasons.map(|reason| text(&reason["reason"])).collect(),
            )
        })
        .collect()
}

// Conversations made by hand.

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).unwrap();
    [&[kind, 3, 3][..], &len.to_be_bytes(), content].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind][..], &len[1..], body].concat()
}

/// A client's hello: the name it asks for, the suites it offers.
fn client_hello(name: Option<&str>, suites: &[u16]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.push(0);
    body.extend(u16::try_from(suites.len() * 2).unwrap().to_be_bytes());
    suites.iter().for_each(|suite| body.extend(suite.to_be_bytes()));
    body.extend([1, 0]);
    if let Some(name) = name {
        let len = u16::try_from(name.len()).unwrap();
        body.extend((len + 9).to_be_bytes());
        body.extend([0, 0]);
        body.extend((len + 5).to_be_bytes());
        body.extend((len + 3).to_be_bytes());
        body.push(0);
        body.extend(len.to_be_bytes());
        body.extend(name.as_bytes());
    }
    record(0x16, &message(1, &body))
}

/// A server's hello of TLS 1.2 with what follows it, and the end of its flight.
fn server_hello(suite: u16, more: &[u8]) -> Vec<u8> {
    let hello = [&[3, 3][..], &[9; 32], &[0], &suite.to_be_bytes(), &[0]].concat();
    record(0x16, &[message(2, &hello), more.to_vec(), message(14, b"")].concat())
}

/// What both sides send, in turn, the client first.
type Talk = Vec<Vec<u8>>;

/// Connections to `server` from ports of their own, each from its SYN to its FINs.
fn capture(folder: &Path, talks: &[(u8, u16, Talk)]) -> PathBuf {
    let path = folder.join("talks.pcap");
    let mut writer = Writer::pcap(Vec::new(), LinkType::RAW).unwrap();
    let mut at = 1_767_225_600_000_000_000;
    for (number, (host, port, talk)) in (0_u16..).zip(talks) {
        let client = (Addr::v4([203, 0, 113, 5]), 40_000 + number);
        let server = (Addr::v4([192, 0, 2, *host]), *port);
        let mut next = [100_u32, 500];
        let mut send = |side: usize, flags: u8, bytes: &[u8], next: &mut [u32; 2]| {
            let (src, dst) = if side == 0 { (client, server) } else { (server, client) };
            let len = u32::try_from(bytes.len()).unwrap();
            let segment = TcpSegment {
                sport: src.1,
                dport: dst.1,
                seq: next[side],
                ack: if flags & 0x10 == 0 { 0 } else { next[1 - side] },
                flags: TcpFlags(flags),
                window: 60_000,
                options: &[],
                payload: Payload { bytes, len },
            };
            let bytes = Builder::new(src.0, dst.0).tcp(&segment);
            let wire_len = u32::try_from(bytes.len()).unwrap();
            let when = Timestamp::from_nanos(at);
            let frame = Frame {
                at: when,
                file: 0,
                link_type: LinkType::RAW,
                interface: None,
                wire_len,
                bytes: &bytes,
            };
            writer.write(&frame).unwrap();
            at += 1_000_000;
            next[side] = next[side].wrapping_add(len + u32::from(flags & 3 != 0));
        };
        send(0, 0x02, b"", &mut next);
        send(1, 0x12, b"", &mut next);
        send(0, 0x10, b"", &mut next);
        for (turn, bytes) in talk.iter().enumerate() {
            send(turn % 2, 0x18, bytes, &mut next);
        }
        send(0, 0x11, b"", &mut next);
        send(1, 0x11, b"", &mut next);
        send(0, 0x10, b"", &mut next);
    }
    fs::write(&path, writer.into_inner()).unwrap();
    path
}

/// ChangeCipherSpec and something encrypted.
fn sealed() -> Vec<u8> {
    [record(0x14, &[1]), record(0x17, &[5; 40])].concat()
}

fn tls(name: Option<&str>, server: Vec<u8>) -> Talk {
    vec![client_hello(name, &[0xc02f, 0x009c]), server, sealed(), sealed()]
}

fn office() -> Vec<(u8, u16, Talk)> {
    let plain = || server_hello(0xc02f, b"");
    vec![
        (1, 443, tls(Some("www.example.org"), plain())),
        (1, 443, tls(Some("WWW.example.org"), plain())),
        (2, 443, tls(Some("1-courier.push.apple.com"), plain())),
        (3, 443, tls(Some("mutual.example.org"), server_hello(0xc02f, &message(13, &[1, 1, 0, 0, 0, 0])))),
        (4, 443, tls(None, server_hello(0xc02f, &message(13, &[1, 1, 0, 0, 0, 0])))),
        (5, 443, vec![b"SSH-2.0-x\r\n".to_vec(), b"SSH-2.0-y\r\n".to_vec()]),
        (
            6,
            25,
            vec![
                b"EHLO a\r\n".to_vec(),
                b"250 STARTTLS\r\n".to_vec(),
                b"STARTTLS\r\n".to_vec(),
                b"220 go\r\n".to_vec(),
                client_hello(Some("mail.example.org"), &[0xc02f]),
                plain(),
                sealed(),
            ],
        ),
        (7, 443, vec![client_hello(Some("refused.example.org"), &[0xc02f]), plain(), record(0x15, &[2, 46])]),
        (8, 443, vec![client_hello(Some("cut.example.org"), &[0xc02f])]),
        (
            9,
            80,
            vec![b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()],
        ),
        (10, 443, tls(Some("odd \u{1b}[31mname"), server_hello(0xc02f, &message(13, &[1, 1, 0, 0, 0, 0])))),
        (99, 443, tls(Some("denied.example.org"), plain())),
    ]
}

#[test]
fn text() {
    let folder = tempfile::tempdir().unwrap();
    let capture = [capture(folder.path(), &office())];
    for (name, decrypt, status) in [("default", "all", 0), ("strict", "all:strict", 1)] {
        let output = replay(&capture, RULES, &["--decrypt", decrypt]);
        assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
        insta::assert_snapshot!(format!("decrypt_all_{name}"), String::from_utf8(output.stdout).unwrap());
    }
}

#[test]
fn json_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let capture = [capture(folder.path(), &office())];
    let document = document(&capture, RULES, "all:strict");
    let of = |host: &str| {
        let hosts = told(&document);
        hosts.into_iter().find(|(name, ..)| name == host).map(|(_, verdict, reasons)| (verdict, reasons))
    };
    let one = |verdict: &str, reason: &str| Some((verdict.to_owned(), vec![reason.to_owned()]));
    assert_eq!(of("www.example.org"), Some(("fine".to_owned(), vec![])));
    assert_eq!(of("1-courier.push.apple.com"), one("may break", "known-to-pin"));
    assert_eq!(of("mutual.example.org"), one("breaks", "blocked-by-profile"));
    assert_eq!(of("192.0.2.5"), one("not decrypted", "not-tls"));
    assert_eq!(of("mail.example.org"), one("not decrypted", "starttls"));
    assert_eq!(of("refused.example.org"), one("may break", "fails-already"));
    assert_eq!(of("cut.example.org"), one("not decrypted", "no-handshake"));
    assert_eq!(of("denied.example.org"), None);
    assert_eq!(document["summary"]["denied"], 1);
    assert_eq!(document["summary"]["not_concerned"], 1);
    let names: Vec<_> = document["exclusions"]["names"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["1-courier.push.apple.com", "mutual.example.org"]);
    assert_eq!(document["exclusions"]["addresses"], json!(["192.0.2.4"]));

    let output = replay(&capture, RULES, &["--decrypt", "all:strict", "--format", "ndjson"]);
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(Value::from(lines), document["hosts"]);
}

/// What is pasted is understood: the rule in TOML leaves those servers undecrypted.
#[test]
fn the_rule_for_addresses_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let capture = [capture(folder.path(), &office())];
    let toml = document(&capture, RULES, "all:strict")["exclusions"]["toml"].as_str().unwrap().to_owned();
    let (before, after) = RULES.split_once("[[decryption]]").unwrap();
    let with = format!("{before}{toml}[[decryption]]{after}");
    for (rules, count) in [(RULES, 1), (&*with, 0)] {
        let search = "( addr.dst in 192.0.2.4 ) and ( session_end_reason eq decrypt-cert-validation )";
        let output = replay(&capture, rules, &["--format", "ndjson", "--filter", search]);
        let rows = String::from_utf8(output.stdout).unwrap();
        assert_eq!(rows.lines().count(), count, "{rows}{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// App-ID does not look at what an override has named, and so nobody decrypts it.
#[test]
fn overridden_sessions_are_not_decrypted() {
    let folder = tempfile::tempdir().unwrap();
    let capture = [capture(folder.path(), &office())];
    let rules = format!(
        "{RULES}[application.own]\n[[application-override]]\nname = \"own\"\nfrom = \"all\"\nto = \"all\"\n\
         destination = \"192.0.2.3\"\nprotocol = \"tcp\"\nport = \"443\"\napplication = \"own\"\n"
    );
    let hosts = told(&document(&capture, &rules, "all:strict"));
    let mutual = hosts.iter().find(|(host, ..)| host == "mutual.example.org").unwrap();
    assert_eq!((&*mutual.1, &*mutual.2), ("not decrypted", &["not-identified".to_owned()][..]));
}

#[test]
fn wrong_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let capture = [capture(folder.path(), &office())];
    for (arguments, words) in [
        (&["--decrypt", "some"][..], "write `all`"),
        (&["--decrypt", "all:none"], "the rulebase has `default`, `strict`"),
        (&["--decrypt", "all", "--format", "csv"], "--decrypt is about hosts"),
        (&["--decrypt", "all", "--matrix"], "cannot be used with"),
    ] {
        let output = replay(&capture, RULES, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(words), "{arguments:?}: {error}");
    }
}

fn lesson(name: &str) -> (PathBuf, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps").join(name);
    (folder.join("capture.pcapng"), fs::read_to_string(folder.join("rules.toml")).unwrap())
}

#[test]
fn lessons() {
    let (shifts, rules) = lesson("shifts");
    let hosts = told(&document(&[shifts], &rules, "all"));
    let names: Vec<_> = hosts.iter().map(|(host, verdict, _)| (&**host, &**verdict)).collect();
    assert_eq!(
        names,
        [
            ("www.example.org", "may break"),
            ("server.example", "may break"),
            ("203.0.113.77", "not decrypted")
        ]
    );
    // Under a rulebase that lets everything in there is more to tell.
    for (name, expected) in [("web", "server.example"), ("mail", "192.0.2.10")] {
        let (capture, _) = lesson(name);
        let found = told(&document(&[capture], RULES, "all"));
        assert!(found.iter().any(|(host, ..)| host == expected), "{name}: {found:?}");
    }
}

/// Other people's captures: host, verdict and reason of each.
#[test]
fn captures_of_others() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let corpus = std::env::var_os("FIRSTPASS_CORPUS").map_or_else(beside, PathBuf::from).join("pcaps");
    if !corpus.is_dir() {
        eprintln!("SKIPPED: no captures at {}; set FIRSTPASS_CORPUS", corpus.display());
        return;
    }
    for (file, profile, host, verdict, reason) in [
        (
            "client-cert/zeek__tls_client-certificate.pcap",
            "all",
            "certauth.idrix.fr",
            "not decrypted",
            "unsupported",
        ),
        (
            "client-cert/zeek__tls_client-certificate.pcap",
            "all:strict",
            "certauth.idrix.fr",
            "breaks",
            "blocked-by-profile",
        ),
        ("quic/ndpi__quic_0RTT.pcap", "all", "ssl.gstatic.com", "not decrypted", "quic"),
        ("starttls/zeek__tls_imap-starttls.pcap", "all", "imap.gmx.net", "not decrypted", "starttls"),
        ("smtp/ndpi__smtp-starttls.pcap", "all", "aspmx.l.google.com", "not decrypted", "starttls"),
        ("tls/zeek__tls_tls-expired-cert.pcap", "all", "www.spidh.org", "may break", "doubtful-certificate"),
        // RSA-RC4-128-MD5: of all hashes MD5 is off in a new profile.
        ("tls/zeek__tls_tls1.2.pcap", "all", "*.taleo.net", "not decrypted", "unsupported"),
        ("tls13/ndpi__tls_ech.pcapng", "all", "performance.radar.cloudflare.com", "fine", "hidden-name"),
        ("tls-alert/arkime__badcurveball.pcap", "all", "bad.curveballtest.com", "may break", "fails-already"),
    ] {
        let path = corpus.join(file);
        if !path.exists() {
            eprintln!("SKIPPED: no {}", path.display());
            continue;
        }
        let hosts = told(&document(&[path], RULES, profile));
        let found = hosts.iter().find(|(name, ..)| name == host);
        let (_, told, reasons) = found.unwrap_or_else(|| panic!("{file}: {hosts:?}"));
        assert_eq!(told, verdict, "{file}");
        assert!(reasons.iter().any(|it| it == reason), "{file}: {reasons:?}");
    }
}
