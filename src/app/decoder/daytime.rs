//! Daytime: decided at the first line, which is a date (RFC 867; the forms are those of BSD's server and of NIST's, in
//! which RFC 867 leaves the choice).

use super::sign::{Sign, contains};
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "daytime",
    transport: Transport::Both,
    first: FirstBytes { client: b"SMTWF\n\0\r x", server: b"SMTWF\n" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| date_line(opening).finds("daytime", "date", &[]));
    }
    at_datagram(heads, |datagram| (date_line(datagram) == Sign::Yes).then_some(finding("daytime", "date")))
}

/// Stands for any digit or space in a form; other characters for themselves, `A` for a letter.
fn follows(form: &[u8], text: &[u8]) -> Sign {
    for (at, want) in form.iter().enumerate() {
        let Some(byte) = text.get(at) else { return Sign::More };
        let fits = match want {
            b'0' => byte.is_ascii_digit(),
            b'_' => byte.is_ascii_digit() || *byte == b' ',
            b'A' => byte.is_ascii_alphabetic(),
            want => want == byte,
        };
        if !fits {
            return Sign::No;
        }
    }
    Sign::Yes
}

/// `Mon Nov 30 22:56:55 2026`, or `60000 26-11-30 22:56:55 …UTC(NIST)` after an empty line.
fn date_line(bytes: &[u8]) -> Sign {
    const NIST_MAX: usize = 64;
    let day = match bytes.get(..3) {
        Some(day) => [&b"Sun"[..], b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat"].contains(&day),
        None => true,
    };
    let ctime =
        || follows(b"AAA AAA _0 00:00:00 0000\r", bytes).or(follows(b"AAA AAA _0 00:00:00 0000\n", bytes));
    let by_name = if day { ctime() } else { Sign::No };
    let nist = follows(b"\n00000 00-00-00 00:00:00 ", bytes).and_then(|| {
        let head = bytes.get(..NIST_MAX).unwrap_or(bytes);
        if contains(head, b"UTC(NIST)") {
            Sign::Yes
        } else if bytes.len() < NIST_MAX {
            Sign::More
        } else {
            Sign::No
        }
    });
    by_name.or(nist)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        tcp_table(
            DECODER,
            &[
                ("BSD", b"", b"Mon Nov 30 22:56:55 2026\r\n", "daytime"),
                ("NIST", b"", b"\n61374 26-11-30 22:56:55 00 0 0 123.4 UTC(NIST) * \n", "daytime"),
                ("without the year", b"", b"Mon Nov 30 22:56:55 ", "more"),
                ("a line of a log", b"", b"Mon Nov 30 22:56:55 2026 started\r\n", "no"),
                ("another day", b"", b"Moo Nov 30 22:56:55 2026\r\n", "no"),
            ],
        );
        udp_table(
            DECODER,
            &[
                ("request and date", 13, &[('>', b"\n"), ('<', b"Mon Nov  2 22:56:55 2026\r\n")], "daytime"),
                ("text", 13, &[('>', b"x"), ('<', b"What do you want?\r\n")], "no"),
            ],
        );
    }
}
