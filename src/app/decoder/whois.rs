//! whois: decided at the server's answer to one line (RFC 3912, 2). An answer has no form; what registries begin theirs
//! with has.

use super::sign::{Sign, contains, line_and_answer};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "whois",
    transport: Transport::Tcp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// Of names, numbers and options; of comments, field names and space.
const FIRST: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-=+!%#[ \r\n";

const QUERY_MAX: usize = 128;

/// Bytes of the answer within which a registry says what it is.
const ANSWER_MAX: usize = 256;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        line_and_answer(client, QUERY_MAX, is_query, || answer(server)).finds("whois", "whois answer", &[])
    })
}

/// Printable, of names, numbers or options.
fn is_query(text: &[u8]) -> bool {
    text.first().is_none_or(|byte| byte.is_ascii_alphanumeric() || b"-=+!".contains(byte))
        && text.iter().all(|byte| matches!(byte, b' '..=b'~' | 0x80..))
}

/// The field that registries of names begin with, or a comment in which a registry names itself.
fn answer(bytes: &[u8]) -> Sign {
    let text = bytes.trim_ascii_start();
    let head = bytes.get(..ANSWER_MAX).unwrap_or(bytes);
    let field =
        [&b"domain name: "[..], b"domain:  ", b"domain: ", b"no match for ", b"whois server version "]
            .iter()
            .map(|field| match text.split_at_checked(field.len()) {
                Some((start, _)) => Sign::of(Some(start.eq_ignore_ascii_case(field))),
                None if field.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text)) => {
                    Sign::More
                }
                None => Sign::No,
            })
            .max()
            .unwrap_or(Sign::No);
    let comment = match text.first() {
        None => Sign::More,
        Some(b'%' | b'#' | b'[') if contains(head, b"whois") || contains(head, b"database query") => {
            Sign::Yes
        }
        Some(b'%' | b'#' | b'[') if bytes.len() < ANSWER_MAX => Sign::More,
        Some(_) => Sign::No,
    };
    if text.is_empty() && bytes.len() >= ANSWER_MAX { Sign::No } else { field.or(comment) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let query = b"example.org\r\n";
        tcp_table(
            DECODER,
            &[
                ("a registry of names", query, b"   Domain Name: EXAMPLE.ORG\r\n", "whois"),
                ("IANA", query, b"% IANA WHOIS server\n% for more information on IANA", "whois"),
                (
                    "RIPE",
                    b"-r 192.0.2.1\r\n",
                    b"% This is the RIPE Database query service.\n% The objects are in RPSL format.\n",
                    "whois",
                ),
                ("ARIN", b"n + 192.0.2.1\r\n", b"\n#\n# ARIN WHOIS data and services are subject", "whois"),
                ("query alone", query, b"", "more"),
                ("two lines", b"USER bob\r\nPASS x\r\n", b"", "no"),
                ("another answer", query, b"HTTP/1.1 400 Bad Request\r\n", "no"),
                ("another word", query, b"Domain administrators only\r\n", "no"),
            ],
        );
    }
}
