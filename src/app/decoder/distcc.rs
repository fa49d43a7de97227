//! distcc: decided at the client's request (distcc, `doc/protocol-1.txt`).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "distcc",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"D", server: b"D" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_request(Reader(opening))).finds("distcc", "distcc request", &[]))
}

/// Magic word of request or answer, the version in eight digits, and the next word.
fn is_request(mut read: Reader<'_>) -> Option<bool> {
    let word = read.array::<4>()?;
    if word != *b"DIST" && word != *b"DONE" {
        return Some(false);
    }
    if read.array()? != *b"0000000" || !matches!(read.u8()?, b'1'..=b'4') {
        return Some(false);
    }
    Some(matches!(&read.array()?, b"ARGC" | b"CDIR" | b"STAT"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let request = b"DIST00000001ARGC00000008ARGV00000002cc";
        tcp_table(
            DECODER,
            &[
                ("request", request, b"DONE00000001STAT00000000", "distcc"),
                ("up to the version", &request[..12], b"", "more"),
                ("another word", b"DIST00000001ARGH", b"text", "no"),
                ("text", b"DISTANCE 5\r\n", b"text", "no"),
            ],
        );
    }
}
