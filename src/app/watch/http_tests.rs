//! What is read of HTTP connections.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::Said;
use super::http::Http;
use crate::app::Fact;
use crate::flow::Direction;

/// Messages, `>` the client's and `<` the server's.
type Dialogue<'a> = &'a [(char, &'a [u8])];

/// Everything that is told of a dialogue, a line each; each message is cut into pieces of the length that `cut` gives.
fn told(dialogue: Dialogue<'_>, mut cut: impl FnMut() -> usize) -> String {
    let mut http = Http::default();
    let mut lines = String::new();
    // Content comes as it comes: only the pieces together matter.
    let mut content = String::new();
    for (side, message) in dialogue {
        let direction = if *side == '>' { Direction::ClientToServer } else { Direction::ServerToClient };
        let mut rest = *message;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cut().clamp(1, rest.len()));
            rest = after;
            http.feed(direction, piece, &mut |said| {
                let line = match said {
                    Said::Fact(Fact::Bytes(context, bytes)) => {
                        let bytes = bytes.escape_ascii();
                        if context.name() == "http-req-message-body" {
                            let _ = write!(content, "{bytes}");
                            return;
                        }
                        format!("{} {bytes}", context.name())
                    }
                    Said::Fact(Fact::End(_) | Fact::Mail(_) | Fact::MailEnd) | Said::Transfer(_) => return,
                    Said::Fact(Fact::Unit) => "unit".to_owned(),
                    Said::Application(name, what) => format!("app {name}: {what}"),
                    Said::Host(host) => format!("host {}", host.escape_ascii()),
                    Said::Connection => "connection".to_owned(),
                };
                if !content.is_empty() {
                    let _ = writeln!(lines, "content {}", std::mem::take(&mut content));
                }
                let _ = writeln!(lines, "{line}");
            });
        }
    }
    if !content.is_empty() {
        let _ = writeln!(lines, "content {content}");
    }
    lines
}

/// The lines that begin with one of these words.
fn only(told: &str, words: &[&str]) -> Vec<String> {
    let wanted = |line: &&str| words.iter().any(|word| line.starts_with(word));
    told.lines().filter(wanted).map(str::to_owned).collect()
}

const KEPT: &[(char, &[u8])] = &[
    ('>', b"GET /a?x=1 HTTP/1.1\r\nHost: one.example\r\nCookie: c=1\r\n\r\n"),
    (
        '<',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nHTTP\r\n2\r\n/1\r\n0\r\nT: 1\r\n\r\n",
    ),
    ('>', b"POST /b HTTP/1.1\r\nHost: two.example\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
    ('<', b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nHTTP"),
    ('>', b"\r\nHEAD /c HTTP/1.1\r\nHost: two.example\r\n\r\n"),
    ('<', b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"),
    ('>', b"GET /d HTTP/1.1\r\nHost: two.example\r\n\r\n"),
    ('<', b"HTTP/1.0 200 OK\r\n\r\nto the end: HTTP/1.1 200 OK\r\nicy-name: x\r\n\r\n"),
];

#[test]
fn messages_are_told_apart_by_their_framing() {
    let told = told(KEPT, || usize::MAX);
    assert_eq!(
        only(&told, &["http-req-uri", "http-req-params", "content", "http-rsp-reason", "unit", "app"]),
        [
            "http-req-uri-path /a",
            "http-req-params x=1",
            "http-rsp-reason OK",
            "unit",
            "http-req-uri-path /b",
            "content GET / HTTP/1.1\\r\\n\\r\\n",
            "http-rsp-reason Continue",
            "http-rsp-reason Not Found",
            "unit",
            "http-req-uri-path /c",
            "http-rsp-reason OK",
            "unit",
            "http-req-uri-path /d",
            "http-rsp-reason OK",
        ]
    );
    assert_eq!(
        only(&told, &["host"]),
        ["host one.example", "host two.example", "host two.example", "host two.example"]
    );
    assert_eq!(only(&told, &["http-req-cookie"]), ["http-req-cookie c=1"]);
}

#[test]
fn what_messages_give_away() {
    let get = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let ok = b"HTTP/1.1 200 OK\r\n\r\n";
    let cases: &[(&str, Dialogue<'_>, &[&str])] = &[
        ("nothing", &[('>', get), ('<', ok)], &[]),
        ("WebDAV", &[('>', b"PROPFIND / HTTP/1.1\r\n\r\n")], &["app webdav"]),
        ("no method of WebDAV", &[('>', b"PROPFOUND / HTTP/1.1\r\n\r\n")], &[]),
        ("SOAP", &[('>', b"POST / HTTP/1.1\r\nSOAPAction: \"x\"\r\n\r\n")], &["app soap"]),
        (
            "SOAP of UPnP",
            &[('>', b"POST / HTTP/1.1\r\nSOAPAction: \"urn:schemas-upnp-org:service:X#Y\"\r\n\r\n")],
            &["app upnp"],
        ),
        (
            "SOAP 1.2",
            &[('>', b"POST / HTTP/1.1\r\nContent-Type: application/SOAP+xml; a=b\r\n\r\n")],
            &["app soap"],
        ),
        ("Git", &[('>', b"GET /r/info/refs?service=git-upload-pack HTTP/1.1\r\n\r\n")], &["app git-base"]),
        (
            "video",
            &[('>', get), ('<', b"HTTP/1.1 206 Partial\r\nContent-Type: video/mp4\r\n\r\n")],
            &["app http-video"],
        ),
        (
            "video to a HEAD",
            &[
                ('>', b"HEAD / HTTP/1.1\r\n\r\n"),
                ('<', b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"),
            ],
            &[],
        ),
    ];
    give_away(cases);
}

#[test]
fn what_ends_http_gives_away() {
    let ok = b"HTTP/1.1 200 OK\r\n\r\n";
    give_away(&[
        (
            "WebSocket",
            &[
                ('>', b"GET / HTTP/1.1\r\nUpgrade: WebSocket\r\n\r\n"),
                ('<', b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05HTTP/"),
            ],
            &["app websocket"],
        ),
        (
            "an upgrade that is refused",
            &[('>', b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), ('<', ok)],
            &[],
        ),
        ("a request to a proxy", &[('>', b"GET http://h/ HTTP/1.1\r\n\r\n")], &["app http-proxy"]),
        (
            "a tunnel",
            &[
                ('>', b"CONNECT h:443 HTTP/1.1\r\n\r\n"),
                ('<', b"HTTP/1.1 200 Connection established\r\n\r\n"),
            ],
            &["app http-proxy", "connection"],
        ),
        (
            "a tunnel that is refused, and then not",
            &[
                ('>', b"CONNECT h:443 HTTP/1.1\r\n\r\n"),
                ('<', b"HTTP/1.1 407 No\r\nContent-Length: 3\r\n\r\nno\n"),
                ('>', b"CONNECT h:443 HTTP/1.1\r\n\r\n"),
                ('<', b"HTTP/1.1 200 OK\r\n\r\n"),
            ],
            &["app http-proxy", "app http-proxy", "connection"],
        ),
        ("not HTTP", &[('>', b"\x16\x03\x01\x02\x00\x01\n\n"), ('<', b"\x16\x03\n\n")], &[]),
    ]);
}

fn give_away(cases: &[(&str, Dialogue<'_>, &[&str])]) {
    for (what, dialogue, expected) in cases {
        let told = told(dialogue, || usize::MAX);
        let lines = only(&told, &["app", "connection"]);
        let names: Vec<&str> = lines.iter().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(names, *expected, "{what}");
    }
}

#[test]
fn lengths_that_lie_end_the_reading() {
    for head in [
        &b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"[..],
        b"POST / HTTP/1.1\r\nContent-Length: +0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    ] {
        let told = told(&[('>', head), ('>', b"GET /next HTTP/1.1\r\n\r\n")], || usize::MAX);
        assert_eq!(only(&told, &["http-req-uri-path"]).len(), 1, "{told}");
    }
    let long = [b"GET / HTTP/1.1\r\nX: ".to_vec(), b"x".repeat(20_000), b"\r\n\r\n".to_vec()].concat();
    assert_eq!(told(&[('>', &long)], || 1_460), "", "a head without end");
}

proptest! {
    /// However the bytes are cut, the same is told.
    #[test]
    fn cuts_do_not_matter(cuts in prop::collection::vec(1_usize..40, 1..20)) {
        let whole = told(KEPT, || usize::MAX);
        let mut next = 0;
        let pieces = told(KEPT, || {
            next += 1;
            cuts[next % cuts.len()]
        });
        prop_assert_eq!(whole, pieces);
    }

    /// No bytes make it fail.
    #[test]
    fn any_bytes(messages in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 1..80)), 0..20)) {
        let dialogue: Vec<(char, &[u8])> =
            messages.iter().map(|(client, bytes)| (if *client { '>' } else { '<' }, &bytes[..])).collect();
        told(&dialogue, || 7);
    }
}
