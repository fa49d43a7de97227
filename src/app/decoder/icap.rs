//! ICAP: decided at the client's request line or the server's status line (RFC 3507, 4.3.2 and 4.3.3).

use super::sign::begins_any;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "icap",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"ORI", server: b"ORI" },
    inspect,
};

const OPENINGS: &[&[u8]] =
    &[b"OPTIONS icap://", b"REQMOD icap://", b"RESPMOD icap://", b"OPTIONS icaps://", b"ICAP/1.0 "];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| begins_any(opening, OPENINGS).finds("icap", "ICAP request", &[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let options = b"OPTIONS icap://icap.example/respmod ICAP/1.0\r\nHost: icap.example\r\n\r\n";
        tcp_table(
            DECODER,
            &[
                ("options", options, b"ICAP/1.0 200 OK\r\n", "icap"),
                ("answer alone", b"", b"ICAP/1.0 204 No Content\r\n", "icap"),
                ("up to the scheme", b"OPTIONS ", b"", "more"),
                ("HTTP", b"OPTIONS * HTTP/1.1\r\n", b"", "no"),
                ("RTSP", b"OPTIONS rtsp://192.0.2.1/ RTSP/1.0\r\n", b"RTSP/1.0 200 OK\r\n", "no"),
            ],
        );
    }
}
