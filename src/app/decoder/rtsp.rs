//! RTSP: decided at the first request line with its URI, or at a status line (RFC 2326, 6.1 and 7.1; RFC 7826).

use super::sign::{Sign, begins, command, line};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "rtsp",
    transport: Transport::Both,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

const FIRST: &[u8] = b"ADGOPRST";

const METHODS: &[&str] = &[
    "OPTIONS ",
    "DESCRIBE ",
    "SETUP ",
    "PLAY ",
    "PAUSE ",
    "TEARDOWN ",
    "ANNOUNCE ",
    "RECORD ",
    "GET_PARAMETER ",
    "SET_PARAMETER ",
    "REDIRECT ",
];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let sign = message(heads.client).beside(message(heads.server));
    let target = line(heads.client).filter(|_| sign == Sign::Yes).map_or(&[][..], |(line, _)| line);
    sign.finds("rtsp", "RTSP message", target)
}

/// A method and a request line that ends in the version, or the version and a status.
fn message(bytes: &[u8]) -> Sign {
    let request = command(bytes, METHODS).and_then(|| match line(bytes) {
        Some((line, _)) => Sign::of(Some(line.ends_with(b" RTSP/1.0") || line.ends_with(b" RTSP/2.0"))),
        None if bytes.len() < 1_024 => Sign::More,
        None => Sign::No,
    });
    request.or(begins(bytes, b"RTSP/1.0 ")).or(begins(bytes, b"RTSP/2.0 "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        tcp_table(
            DECODER,
            &[
                ("request", b"OPTIONS rtsp://192.0.2.1/live RTSP/1.0\r\nCSeq: 1\r\n", b"", "rtsp"),
                ("half a line", b"OPTIONS rtsp://192.0.2.1/live", b"", "more"),
                ("response alone", b"", b"RTSP/1.0 200 OK\r\n", "rtsp"),
                ("SIP", b"OPTIONS sip:a@example.org SIP/2.0\r\n", b"SIP/2.0 200", "no"),
                ("HTTP", b"OPTIONS / HTTP/1.1\r\n", b"HTTP/1.1 200", "no"),
            ],
        );
    }
}
