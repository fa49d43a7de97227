//! Programs that speak HTTP and are told by the request alone: GNU httptunnel, whose client adds a time to its path
//! (httptunnel's `tunnel.c`), and NetSupport Manager at its gateway (as publicly observed).

use super::sign::{Sign, begins, begins_any, contains, line};
use super::{Decoder, FirstBytes, Transport, at_opening, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "httptunnel",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"GP", server: &[] },
    inspect,
};

/// Longest head of a request that is read.
const HEAD_MAX: usize = 1_024;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| match tunnel(opening) {
        Sign::Yes => Match::Yes(finding("gnu-httptunnel", "httptunnel request")),
        Sign::More => Match::More,
        Sign::No => manager(opening).finds("netsupport-manager", "NetSupport request", &[]),
    })
}

/// `POST /index.html?crap=1100000000 HTTP/1.1`
fn tunnel(bytes: &[u8]) -> Sign {
    const PATHS: &[&[u8]] = &[b"POST /index.html?crap=", b"GET /index.html?crap="];
    begins_any(bytes, PATHS).and_then(|| match line(bytes) {
        Some((line, _)) => {
            let number =
                line.split(|byte| *byte == b'=').nth(1).and_then(|rest| rest.strip_suffix(b" HTTP/1.1"));
            Sign::of(Some(
                number.is_some_and(|digits| digits.len() >= 9 && digits.iter().all(u8::is_ascii_digit)),
            ))
        }
        None if bytes.len() < 64 => Sign::More,
        None => Sign::No,
    })
}

/// `POST http://192.0.2.1/fakeurl.htm HTTP/1.1`, and who it is.
fn manager(bytes: &[u8]) -> Sign {
    begins(bytes, b"POST http://").and_then(|| {
        let head = bytes.get(..HEAD_MAX).unwrap_or(bytes);
        let Some((request, fields)) = line(head) else {
            return if bytes.len() < HEAD_MAX { Sign::More } else { Sign::No };
        };
        if !request.ends_with(b"/fakeurl.htm HTTP/1.1") {
            Sign::No
        } else if contains(fields, b"\nUser-Agent: NetSupport Manager/")
            || begins(fields, b"User-Agent: NetSupport Manager/") == Sign::Yes
        {
            Sign::Yes
        } else if bytes.len() < HEAD_MAX && !contains(fields, b"\n\r\n") {
            Sign::More
        } else {
            Sign::No
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let manager = b"POST http://192.0.2.1/fakeurl.htm HTTP/1.1\r\nUser-Agent: NetSupport Manager/1.3\r\n";
        tcp_table(
            DECODER,
            &[
                ("tunnel", b"POST /index.html?crap=1100000000 HTTP/1.1\r\n", b"", "gnu-httptunnel"),
                ("half a line", b"POST /index.html?crap=11", b"", "more"),
                ("another query", b"GET /index.html?crap=stuff HTTP/1.1\r\n", b"", "no"),
                ("NetSupport", manager, b"", "netsupport-manager"),
                ("another agent", b"POST http://x/fakeurl.htm HTTP/1.1\r\nUser-Agent: x\r\n\r\n", b"", "no"),
                ("web", b"GET / HTTP/1.1\r\n", b"", "no"),
            ],
        );
    }
}
