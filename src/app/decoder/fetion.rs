//! Fetion, China Mobile's messenger: decided at the first request line, in a dialect of SIP of its own (as publicly
//! observed).

use super::sign::{Sign, line};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "fetion",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"ABIMNORS", server: b"ABIMNORS" },
    inspect,
};

/// Longest first line.
const LINE_MAX: usize = 128;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let sign = match line(opening) {
            Some((line, _)) => Sign::of(Some(is_first(line))),
            None if opening.len() < LINE_MAX
                && opening.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\r')) =>
            {
                Sign::More
            }
            None => Sign::No,
        };
        sign.finds("fetion-base", "Fetion message", &[])
    })
}

/// `R fetion.com.cn SIP-C/4.0`, or the answer, `SIP-C/4.0 401 Unauthorized`.
fn is_first(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    let (one, two, three) = (words.next(), words.next(), words.next());
    let is_version = |word: Option<&[u8]>| matches!(word, Some(b"SIP-C/2.0" | b"SIP-C/3.0" | b"SIP-C/4.0"));
    let is_request = matches!(one, Some([b'A' | b'B' | b'I' | b'M' | b'N' | b'O' | b'R' | b'S', rest @ ..]) if rest.len() < 4);
    (is_request && is_version(three)) || (is_version(one) && two.is_some_and(|code| code.len() == 3))
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
                ("registration", b"R fetion.com.cn SIP-C/4.0\r\nF: 123\r\n", b"", "fetion-base"),
                ("answer", b"", b"SIP-C/4.0 401 Unauthoried\r\n", "fetion-base"),
                ("half a line", b"R fetion.com.cn", b"", "more"),
                ("SIP", b"REGISTER sip:example.org SIP/2.0\r\n", b"", "no"),
            ],
        );
    }
}
