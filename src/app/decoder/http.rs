//! HTTP/1: decided at the server's response (PANOS.md 0.8, 0.9).
//!
//! A request alone is not enough, and nonsense that a server answers with `HTTP/1.1 400` is enough: only the response
//! proves it. A whole request is proved by any answer, as in a capture that lacks the answer's beginning. Where it lacks
//! the responses altogether, a second request on the connection decides: the client would not have sent it otherwise.
//! In a session taken over in its middle the first whole request that is seen is such a second one, for all one knows.
//! (The first is observed, the others are assumed; a client that pipelines is told by it before the response.)
//!
//! A request to a proxy (`CONNECT`, or a URI with its scheme; RFC 9112, 3.2.2 and 3.2.3) makes it `http-proxy`.

use super::sign::{Sign, begins, command, line};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "http",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

/// Methods of RFC 9110, RFC 5789 and RFC 4918, and those of UPnP and Windows that are as common.
const METHODS: &[&str] = &[
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "CONNECT",
    "TRACE",
    "PATCH",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "SEARCH",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "NOTIFY",
    "RPC_IN_DATA",
    "RPC_OUT_DATA",
    "BITS_POST",
    "PRI",
];

/// Longest head of a request that is searched for its end.
const HEAD_MAX: usize = 4_096;

/// A server answers nonsense at once: after so many bytes of it no answer is waited for.
const NONSENSE_MAX: usize = 1_024;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    // In a session seen from the middle the requests may come from the side that counts as the server.
    let turned = heads.client.is_empty() || response(heads.client) == Sign::Yes;
    let (client, server) = if turned { (heads.server, heads.client) } else { (heads.client, heads.server) };
    let what = match response(server) {
        Sign::Yes => "HTTP response",
        _ if response(client) == Sign::Yes => "HTTP response",
        Sign::No if is_answer_of_others(server) => return Match::No,
        // A request that is not whole yet may have had this answer, too.
        Sign::No if whole_request(client).is_none() => {
            let may_come = request(client) != Sign::No && client.len() < HEAD_MAX;
            return if may_come { Match::More } else { Match::No };
        }
        Sign::No if begins(server, b"ICY ") == Sign::More => return Match::More,
        Sign::No => "HTTP request and an answer",
        Sign::More => match second_request(client) {
            Sign::Yes => "HTTP requests",
            _ if heads.midstream && whole_request(client).is_some() => "HTTP request, seen from the middle",

            Sign::No if client.len() > NONSENSE_MAX && request(client) == Sign::No => return Match::No,
            _ => return Match::More,
        },
    };
    let app = if is_for_proxy(client) { "http-proxy" } else { "web-browsing" };
    let detail = connect_target(client).unwrap_or_else(|| host(client));
    Match::Yes(Finding { app, what, detail, names_host: true })
}

/// Whether the session sounds like HTTP/1 from its beginning: a request line, or a status line.
pub(in crate::app) fn is_http(heads: &Heads<'_>) -> bool {
    response(heads.server) == Sign::Yes || request(heads.client) == Sign::Yes
}

/// Whether the client has sent a whole request, its content aside.
pub(in crate::app) fn has_request(heads: &Heads<'_>) -> bool {
    whole_request(heads.client).is_some()
}

/// The host of a whole first request that is not for a proxy, before its answer.
///
/// It tells a service that has a name of its own, while HTTP as such is proved by the answer alone (PANOS.md 0.8).
pub(in crate::app) fn asked_host<'a>(heads: &Heads<'a>) -> Option<&'a [u8]> {
    whole_request(heads.client)?;
    let host = host(heads.client);
    (!host.is_empty() && !is_for_proxy(heads.client)).then_some(host)
}

/// The status line begins `HTTP/1.` (RFC 9112, 4).
fn response(bytes: &[u8]) -> Sign {
    begins(bytes, b"HTTP/1.")
}

/// The first digit of a reply code, as FTP, SMTP and their like greet with (RFC 959, 4.2; RFC 5321, 4.2): they answer
/// requests of any kind. Or the status line of SHOUTcast.
fn is_answer_of_others(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b'1'..=b'5')) || begins(bytes, b"ICY ") == Sign::Yes
}

/// What follows a whole request without content.
fn whole_request(bytes: &[u8]) -> Option<&[u8]> {
    if request(bytes) != Sign::Yes {
        return None;
    }
    let head = bytes.get(..HEAD_MAX).unwrap_or(bytes);
    let mut rest = head;
    while let Some((field, after)) = line(rest) {
        if field.is_empty() {
            return bytes.get(head.len() - after.len()..);
        }
        rest = after;
    }
    None
}

/// A whole request without content and the request line of another.
fn second_request(bytes: &[u8]) -> Sign {
    match whole_request(bytes) {
        Some(rest) => request(rest),
        None if bytes.len() < HEAD_MAX => request(bytes).and(Sign::More),
        None => Sign::No,
    }
}

/// A request line: method, target, version (RFC 9112, 3).
fn request(bytes: &[u8]) -> Sign {
    command(bytes, METHODS).and_then(|| match line(bytes) {
        Some((line, _)) => {
            // Version 2 without TLS opens with a request that no server of version 1 takes (RFC 9113, 3.4).
            let versions = [&b" HTTP/1.1"[..], b" HTTP/1.0", b" HTTP/2.0"];
            Sign::of(Some(versions.iter().any(|version| line.ends_with(version))))
        }
        None if bytes.len() < HEAD_MAX => Sign::More,
        None => Sign::No,
    })
}

fn is_for_proxy(request: &[u8]) -> bool {
    let Some((line, _)) = line(request) else { return false };
    let mut words = line.split(|byte| *byte == b' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    method == b"CONNECT" || target.starts_with(b"http://") || target.starts_with(b"ftp://")
}

/// Host and port that a `CONNECT` asks for (RFC 9112, 3.2.3).
fn connect_target(request: &[u8]) -> Option<&[u8]> {
    let (line, _) = line(request)?;
    line.strip_prefix(b"CONNECT ")?.split(|byte| *byte == b' ').next()
}

/// The Host field's value (RFC 9110, 7.2), empty where there is none.
fn host(mut request: &[u8]) -> &[u8] {
    while let Some((field, rest)) = line(request) {
        match field.split_at_checked(5) {
            Some((name, value)) if name.eq_ignore_ascii_case(b"host:") => return value.trim_ascii(),
            _ if field.is_empty() => break,
            _ => request = rest,
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_answer, tcp_detail, tcp_table};

    #[test]
    fn table() {
        let get = b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
        let twice = [&get[..], get].concat();
        tcp_table(
            DECODER,
            &[
                ("request alone", get, b"", "more"),
                ("request and response", get, b"HTTP/1.1 200 OK\r\n", "web-browsing"),
                ("first bytes of the response", get, b"HTTP/1.", "web-browsing"),
                ("one byte less", get, b"HTTP/1", "more"),
                (
                    "nonsense and its 400",
                    b"\x01\x02\x03\r\n\r\n",
                    b"HTTP/1.1 400 Bad Request\r\n",
                    "web-browsing",
                ),
                ("response alone", b"", b"HTTP/1.0 302 Found\r\n", "web-browsing"),
                ("half a request and an answer of another kind", &get[..20], b";20", "more"),
                ("an FTP server's answer", get, b"220 (vsFTPd 3.0.3)\r\n", "no"),
                ("a SHOUTcast server's answer", get, b"ICY 200 OK\r\n", "no"),
                ("an answer like it", get, b"ICE, no status line", "web-browsing"),
                ("requests alone", &twice, b"", "web-browsing"),
                ("turned round", b"HTTP/1.1 200 OK\r\n", b"", "web-browsing"),
                ("RTSP", b"OPTIONS rtsp://192.0.2.1/ RTSP/1.0\r\n", b"RTSP/1.0 200 OK\r\n", "no"),
                ("a word that is no method", b"GETAWAY / HTTP/1.1\r\n", b"ICY", "no"),
            ],
        );
    }

    #[test]
    fn a_request_to_a_proxy() {
        let ok = b"HTTP/1.1 200 OK\r\n";
        for (request, app) in [
            (&b"CONNECT example.org:443 HTTP/1.1\r\n\r\n"[..], "http-proxy"),
            (b"GET http://example.org/ HTTP/1.1\r\n\r\n", "http-proxy"),
            (b"GET /http://example.org/ HTTP/1.1\r\n\r\n", "web-browsing"),
        ] {
            assert_eq!(tcp_answer(DECODER, request, b""), "more");
            assert_eq!(tcp_answer(DECODER, request, ok), app);
        }
    }

    #[test]
    fn the_host_is_told() {
        let request = b"GET / HTTP/1.1\r\nAccept: */*\r\nHOST:  example.org \r\n\r\nHost: not.this";
        assert_eq!(tcp_detail(DECODER, request, b"HTTP/1.1 200"), b"example.org");
        assert_eq!(tcp_detail(DECODER, b"GET /", b"HTTP/1.1 200"), b"");
    }
}
