//! Gopher: decided at the first item of a menu (RFC 1436, 3.4 and 3.8); documents have no form.

use super::sign::{Sign, line, line_and_answer};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "gopher",
    transport: Transport::Tcp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// Of selectors and types of items; a selector may be empty.
const FIRST: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/.+;:\t\r\n";

const LINE_MAX: usize = 512;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        line_and_answer(client, LINE_MAX, is_selector, || item(server)).finds("gopher", "Gopher menu", &[])
    })
}

/// Text, perhaps with what to search for.
fn is_selector(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | 0x80..))
}

/// Type and text, selector, host, port, with tabs between.
fn item(bytes: &[u8]) -> Sign {
    let head = bytes.get(..LINE_MAX).unwrap_or(bytes);
    if !matches!(head.first(), None | Some(b'0'..=b'9' | b'g' | b'I' | b'h' | b'i' | b's' | b'T' | b'+')) {
        return Sign::No;
    }
    let Some((first, _)) = line(head) else {
        let is_text = head.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | 0x80..));
        return if is_text && bytes.len() < LINE_MAX { Sign::More } else { Sign::No };
    };
    let fields: Vec<&[u8]> = first.split(|byte| *byte == b'\t').take(6).collect();
    Sign::of(Some(match fields.as_slice() {
        [_, _, host, port] | [_, _, host, port, _] => {
            let is_port = (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit);
            is_port && !host.is_empty() && host.iter().all(|byte| matches!(byte, b'!'..=b'~'))
        }
        _ => false,
    }))
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
                ("menu", b"\r\n", b"1About\t/about\tgopher.example\t70\r\n.\r\n", "gopher"),
                ("search", b"/find\tword\r\n", b"0Found\t/1\tgopher.example\t70\t+\r\n", "gopher"),
                ("selector alone", b"/about\r\n", b"", "more"),
                ("a document", b"/about\r\n", b"Hello there.\r\n", "no"),
                ("no port", b"/about\r\n", b"1About\t/about\tgopher.example\tx\r\n", "no"),
                ("an answer in digits", b"HELP\r\n", b"214 No help\r\n", "no"),
            ],
        );
    }
}
