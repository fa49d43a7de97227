//! SIP: decided at the first request line or status line (RFC 3261, 7.1 and 7.2).

use super::sign::{Sign, begins, begins_any, line};
use super::{Decoder, FirstBytes, Transport, at_datagram};
use crate::app::{Finding, Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "sip",
    transport: Transport::Both,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// Letters of the methods and of `SIP`, and what keep-alives are made of (RFC 5626, 3.5.1).
const FIRST: &[u8] = b"ABCIMNOPRSU\r\n\0";

const METHODS: &[&[u8]] = &[
    b"REGISTER ",
    b"INVITE ",
    b"ACK ",
    b"BYE ",
    b"CANCEL ",
    b"OPTIONS ",
    b"PRACK ",
    b"UPDATE ",
    b"SUBSCRIBE ",
    b"NOTIFY ",
    b"REFER ",
    b"MESSAGE ",
    b"INFO ",
    b"PUBLISH ",
];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        let sign = message(after_keep_alive(heads.client)).beside(message(after_keep_alive(heads.server)));
        let text = if sign == Sign::Yes { first_line(heads.client) } else { &[] };
        return sign.finds("sip", "SIP message", text);
    }
    at_datagram(heads, |datagram| {
        // A datagram is whole: what is not yet a message is none.
        let text = after_keep_alive(datagram);
        let found = Finding { app: "sip", what: "SIP message", detail: first_line(text), names_host: false };
        (message(text) == Sign::Yes).then_some(found)
    })
}

fn after_keep_alive(bytes: &[u8]) -> &[u8] {
    let skip = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | 0)).take(4).count();
    bytes.get(skip..).unwrap_or_default()
}

/// `SIP/2.0` and a status, or a method and a URI of SIP's schemes.
fn message(bytes: &[u8]) -> Sign {
    let request = METHODS.iter().map(|method| match begins(bytes, method) {
        Sign::Yes => begins_any(bytes.get(method.len()..).unwrap_or_default(), &[b"sip:", b"sips:", b"tel:"]),
        sign => sign,
    });
    let request = request.max().unwrap_or(Sign::No);
    request.or(begins(bytes, b"SIP/2.0 "))
}

fn first_line(bytes: &[u8]) -> &[u8] {
    line(bytes).map_or(&[], |(line, _)| line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        let register = b"REGISTER sip:example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n";
        udp_table(
            DECODER,
            &[
                ("request", 5_060, &[('>', register)], "sip"),
                ("on any port", 45_060, &[('>', register)], "sip"),
                ("response", 5_060, &[('<', b"SIP/2.0 401 Unauthorized\r\n")], "sip"),
                ("keep-alive, then a request", 5_060, &[('>', b"\r\n\r\n"), ('>', register)], "sip"),
                ("keep-alive alone", 5_060, &[('>', b"\0\0\0\0")], "more"),
                ("RTSP", 554, &[('>', b"OPTIONS rtsp://192.0.2.1/ RTSP/1.0\r\n")], "no"),
                ("UPnP", 1_900, &[('>', b"NOTIFY * HTTP/1.1\r\n")], "no"),
            ],
        );
        tcp_table(
            DECODER,
            &[
                ("request", b"INVITE sip:bob@example.org SIP/2.0\r\n", b"", "sip"),
                ("method alone", b"INVITE ", b"", "more"),
                ("response alone", b"", b"SIP/2.0 200 OK\r\n", "sip"),
                ("HTTP", b"OPTIONS * HTTP/1.1\r\n", b"HTTP/1.1 200 OK", "no"),
            ],
        );
    }
}
