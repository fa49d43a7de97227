//! IPP: HTTP whose requests have a content of its own type, decided when HTTP is, at the server's response (RFC 8010, 4
//! and 4.1).

use super::sign::{Sign, begins, line};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "ipp",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"P", server: b"H" },
    inspect,
};

/// Longest head of a request that is searched for the type of its content.
const HEAD_MAX: usize = 4_096;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let sign = request(heads.client).and(begins(heads.server, b"HTTP/1."));
    match sign {
        Sign::Yes => Match::Yes(Finding { app: "ipp", what: "IPP request", detail: &[], names_host: false }),
        sign => sign.finds("ipp", "IPP request", &[]),
    }
}

/// `POST`, and a field that says what the content is.
fn request(bytes: &[u8]) -> Sign {
    const NAME: &[u8] = b"content-type:";
    begins(bytes, b"POST ").and_then(|| {
        let mut rest = bytes.get(..HEAD_MAX).unwrap_or(bytes);
        while let Some((field, after)) = line(rest) {
            match field.split_at_checked(NAME.len()) {
                Some((name, value)) if name.eq_ignore_ascii_case(NAME) => {
                    return Sign::of(Some(value.trim_ascii() == b"application/ipp"));
                }
                _ if field.is_empty() => return Sign::No,
                _ => rest = after,
            }
        }
        if bytes.len() < HEAD_MAX { Sign::More } else { Sign::No }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let print =
            b"POST /printers/lp HTTP/1.1\r\nHost: x:631\r\nContent-Type: application/ipp\r\n\r\n\x02\0\0\x0b";
        tcp_table(
            DECODER,
            &[
                ("request and response", print, b"HTTP/1.1 200 OK\r\n", "ipp"),
                ("request alone", print, b"", "more"),
                (
                    "a form",
                    b"POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n",
                    b"HTTP/1.1 200 OK\r\n",
                    "no",
                ),
                ("without a type", b"POST / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n", "no"),
                ("a page", b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n", "no"),
            ],
        );
    }
}
