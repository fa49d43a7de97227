//! SHOUTcast: decided at the server's status line, which says ICY where HTTP would stand, or at its welcome of a source
//! (SHOUTcast's protocol of version 1, as publicly described).

use super::sign::{begins, begins_any};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "shoutcast",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[], server: b"IO" },
    inspect,
};

/// Longest request, or password of a source, that an answer is waited for.
const REQUEST_MAX: usize = 1_024;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let sign = either_way(heads, |_, server| {
        let status = begins_any(server, &[b"ICY 200 ", b"ICY 302 ", b"ICY 401 ", b"ICY 404 "]);
        status.or(begins(server, b"OK2\r\nicy-caps:")).finds("shoutcast", "SHOUTcast answer", &[])
    });
    match sign {
        // The client's word alone says nothing; one that goes on without an answer is no request.
        Match::More if heads.server.is_empty() && !may_be_request(heads.client) => Match::No,
        sign => sign,
    }
}

fn may_be_request(client: &[u8]) -> bool {
    let printable = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    client.len() <= REQUEST_MAX && client.iter().all(printable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let get = b"GET /;stream.mp3 HTTP/1.0\r\nIcy-MetaData: 1\r\n\r\n";
        tcp_table(
            DECODER,
            &[
                ("a listener", get, b"ICY 200 OK\r\nicy-notice1:", "shoutcast"),
                ("a source", b"secret\r\n", b"OK2\r\nicy-caps:11\r\n\r\n", "shoutcast"),
                ("request alone", get, b"", "more"),
                ("HTTP", get, b"HTTP/1.0 200 OK\r\nicy-name: x\r\n", "no"),
                ("bytes", b"\x16\x03\x01\0\x50\x01", b"", "no"),
            ],
        );
    }
}
