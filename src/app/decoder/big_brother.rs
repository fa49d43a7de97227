//! Big Brother and Xymon: decided at the status message that a client opens with (Xymon manual, xymon(1), "status").

use super::sign::{Sign, begins};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "big-brother",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"s", server: b"s" },
    inspect,
};

const STATUS: &[u8] = b"status";

/// Bytes within which the colour is.
const HEAD_MAX: usize = 160;

const COLOURS: [&[u8]; 6] = [b"green", b"yellow", b"red", b"clear", b"purple", b"blue"];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        begins(opening, STATUS).and_then(|| status(opening)).finds("big-brother", "status message", &[])
    })
}

/// Perhaps for how long; host and test with a dot between; a colour; a space or a line's end.
fn status(bytes: &[u8]) -> Sign {
    let head = bytes.get(..HEAD_MAX).unwrap_or(bytes);
    let mut words = head.split(|byte| matches!(byte, b' ' | b'\n'));
    let (command, name) = (words.next().unwrap_or_default(), words.next());
    let (colour, rest) = (words.next(), words.next());
    let life = command.get(STATUS.len()..).unwrap_or_default();
    let is_life = life.is_empty() || life.starts_with(b"+") || life.starts_with(b"/");
    let is_name = |name: &[u8]| {
        name.contains(&b'.') && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b".,-_".contains(byte))
    };
    match (name, colour, rest) {
        _ if !is_life => Sign::No,
        (Some(name), Some(colour), Some(_)) => Sign::of(Some(is_name(name) && COLOURS.contains(&colour))),
        _ if bytes.len() < HEAD_MAX => Sign::More,
        _ => Sign::No,
    }
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
                ("status", b"status www,example,org.http green Mon Nov 30 ok\n", b"", "big-brother"),
                ("status with its life", b"status+30 db1.disk red 97% full\n", b"", "big-brother"),
                ("up to the host", b"status www,example", b"", "more"),
                ("no colour", b"status www.http unknown text\n", b"status", "no"),
                ("a question", b"status of all\nplease answer\n", b"status", "no"),
            ],
        );
    }
}
