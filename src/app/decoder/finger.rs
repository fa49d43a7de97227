//! Finger: decided at the server's answer to one line (RFC 1288, 2.3 and 3.1, in the form that BSD's server gives it).

use super::sign::{Sign, line, line_and_answer};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "finger",
    transport: Transport::Tcp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// Of names, `/W` and an empty line; of answers.
const FIRST: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/@\r\n";

const QUERY_MAX: usize = 128;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    line_and_answer(heads.client, QUERY_MAX, is_query, || answer(heads.server)).finds(
        "finger",
        "finger answer",
        &[],
    )
}

/// Nothing, or who.
fn is_query(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The first line has columns or fields for login and name, or says that there is nobody.
fn answer(bytes: &[u8]) -> Sign {
    const LINE_MAX: usize = 160;
    let text = bytes.trim_ascii_start();
    let (first, is_whole) = line(text).map_or((text, false), |(first, _)| (first, true));
    let has = |word: &[u8], next: &[u8]| {
        first.starts_with(word) && first.windows(next.len()).any(|window| window == next)
    };
    if has(b"Login:", b"\tName:") || has(b"Login  ", b" Name ") || first == b"No one logged on." {
        return Sign::of((is_whole || first != b"No one logged on.").then_some(true));
    }
    let may_be = [&b"Login:"[..], b"Login  ", b"No one logged on."]
        .iter()
        .any(|word| first.starts_with(word) || word.starts_with(first));
    if may_be && !is_whole && bytes.len() < LINE_MAX { Sign::More } else { Sign::No }
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
                ("one user", b"bob\r\n", b"Login: bob           \t\t\tName: Bob\r\n", "finger"),
                ("all users", b"\r\n", b"Login    Name       Tty      Idle  Login Time\r\n", "finger"),
                ("nobody", b"/W\r\n", b"No one logged on.\r\n", "finger"),
                ("query alone", b"bob\r\n", b"", "more"),
                ("another prompt", b"\r\n", b"Login: your name, please\r\n", "no"),
                ("a login prompt", b"\r\n", b"Login: \r\nPassword:", "no"),
                ("another answer", b"bob\r\n", b"500 what?\r\n", "no"),
            ],
        );
    }
}
