//! Redis: decided at the client's first command in RESP (Redis documentation, "Redis serialization protocol
//! specification"); inline commands at the server's answer.

use super::sign::{Sign, begins_any, command, line};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "redis",
    transport: Transport::Tcp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

const FIRST: &[u8] = b"*+-:$%AIPaip";

const INLINE: &[&str] = &["PING", "INFO", "AUTH"];

const INLINE_ANSWERS: &[&[u8]] =
    &[b"+PONG\r\n", b"+OK\r\n", b"-NOAUTH ", b"-ERR ", b"-DENIED ", b"-WRONGPASS ", b"$"];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let inline = command(client, INLINE).and_then(|| begins_any(server, INLINE_ANSWERS));
        array(client).or(inline).and(fits(server)).finds("redis", "Redis command", &[])
    })
}

/// What a server may begin with: a text, an error, or a number's mark and its digits; or nothing yet.
fn fits(answer: &[u8]) -> Sign {
    match answer {
        [] | [b'+' | b'-' | b'%'] => Sign::Yes,
        [b'+' | b'-', letter, ..] if letter.is_ascii_alphanumeric() => Sign::Yes,
        [b'$' | b'*' | b':' | b'%', number @ ..] => {
            let number = number.strip_prefix(b"-").unwrap_or(number); // $-1: no such thing
            let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
            Sign::of(Some(matches!(number.get(digits..), None | Some([] | [b'\r', ..]))))
        }
        _ => Sign::No,
    }
}

/// `*count`, `$length`, and so many characters of a command's name.
fn array(bytes: &[u8]) -> Sign {
    let Some((count, rest)) = line(bytes) else { return number(bytes, b'*').and(Sign::More) };
    let Some((len, name)) = line(rest) else {
        return number(count, b'*').and(number(rest, b'$')).and(Sign::More);
    };
    let is_command = match name.get(..2) {
        None => Sign::More,
        Some(start) => Sign::of(Some(start.iter().all(u8::is_ascii_alphabetic))),
    };
    number(count, b'*').and(number(len, b'$')).and(is_command)
}

/// A mark and at least one digit, at most six.
fn number(bytes: &[u8], mark: u8) -> Sign {
    match bytes {
        [] => Sign::More,
        [first, digits @ ..] if *first == mark => {
            let digits = digits.strip_suffix(b"\r").unwrap_or(digits);
            if digits.len() > 6 || !digits.iter().all(u8::is_ascii_digit) {
                Sign::No
            } else if digits.is_empty() {
                Sign::More
            } else {
                Sign::Yes
            }
        }
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
                ("command", b"*1\r\n$4\r\nPING\r\n", b"", "redis"),
                ("as far as its length", b"*2\r\n$3\r\n", b"", "more"),
                ("inline", b"PING\r\n", b"+PONG\r\n", "redis"),
                ("inline alone", b"INFO\r\n", b"", "more"),
                ("turned round", b"+OK\r\n", b"*1\r\n$4\r\nPING\r\n", "redis"),
                ("IMAP", b"a1 LOGIN x y\r\n", b"* OK ready\r\n", "no"),
                ("a list of no number", b"*x\r\n$4\r\nPING\r\n", b"?", "no"),
            ],
        );
    }
}
