//! Syslog: decided at the first message (RFC 3164, 4.1; RFC 5424, 6; over TCP RFC 6587, 3.4).
//!
//! A priority in angle brackets is short evidence: what follows must be a version, a time or a name, or the session use
//! syslog's port.

use super::sign::Sign;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "syslog",
    transport: Transport::Both,
    first: FirstBytes { client: b"<123456789", server: b"<123456789" },
    inspect,
};

const PORTS: [u16; 4] = [514, 1_468, 1_514, 6_514];

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let on_port = PORTS.iter().any(|port| heads.has_port(*port));
    if heads.protocol == Protocol::TCP {
        let side = |bytes| message(after_count(bytes), on_port);
        return side(heads.client).beside(side(heads.server)).finds("syslog", "syslog message", &[]);
    }
    at_datagram(heads, |datagram| {
        (message(datagram, on_port) == Sign::Yes).then_some(finding("syslog", "syslog message"))
    })
}

/// Passes over the message's length in front of it (RFC 6587, 3.4.1).
fn after_count(bytes: &[u8]) -> &[u8] {
    let digits = bytes.iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
    match bytes.get(digits..) {
        Some([b' ', rest @ ..]) if digits > 0 => rest,
        Some([]) => &[],
        _ => bytes,
    }
}

/// `<`, a priority of 0 to 191, `>`, and what may follow.
fn message(bytes: &[u8], on_port: bool) -> Sign {
    let Some(after) = bytes.strip_prefix(b"<") else {
        return if bytes.is_empty() { Sign::More } else { Sign::No };
    };
    let digits = after.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = after.split_at_checked(digits).unwrap_or_default();
    let priority = number.iter().fold(0_u16, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match rest {
        [] if digits <= 3 => Sign::More,
        [b'>', text @ ..] if (1..=3).contains(&digits) && priority <= 191 => content(text, on_port),
        _ => Sign::No,
    }
}

/// RFC 5424's version; a month, a year or a sequence number; a name of a program: or, on the port, any text.
fn content(text: &[u8], on_port: bool) -> Sign {
    const ENOUGH: usize = 4;
    let Some(start) = text.get(..ENOUGH) else { return Sign::More };
    let is_text = start.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | 0x80..));
    let is_dated = MONTHS.iter().any(|month| start.starts_with(month)) || start.starts_with(b"1 ");
    let is_number = start.iter().take(2).all(u8::is_ascii_digit);
    let is_name = start.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'%'));
    Sign::of(Some(is_text && (is_dated || is_number || is_name || on_port)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        udp_table(
            DECODER,
            &[
                (
                    "RFC 5424",
                    9_514,
                    &[('>', b"<165>1 2003-10-11T22:14:15.003Z host app - - - text")],
                    "syslog",
                ),
                ("RFC 3164", 9_514, &[('>', b"<34>Oct 11 22:14:15 mymachine su: text")], "syslog"),
                ("without a time", 9_514, &[('>', b"<13>kernel: text")], "syslog"),
                ("anything, on the port", 514, &[('>', b"<13> * text")], "syslog"),
                ("not a priority", 514, &[('>', b"<192>Oct 11 22:14:15 x")], "no"),
                ("XML", 514, &[('>', b"<?xml version='1.0'?>")], "no"),
            ],
        );
        tcp_table(
            DECODER,
            &[
                ("counted", b"57 <165>1 2003-10-11T22:14:15Z host app - - - text", b"", "syslog"),
                ("by lines", b"<34>Oct 11 22:14:15 x\n", b"", "syslog"),
                ("priority alone", b"<34>", b"", "more"),
                ("XMPP", b"<stream:stream>", b"<?xml", "no"),
            ],
        );
    }
}
