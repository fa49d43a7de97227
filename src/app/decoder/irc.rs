//! IRC: decided when the client has given its nick name and its user name (RFC 2812, 3.1), or at the server's numeric
//! welcome or notice (RFC 2812, 2.3 and 5.1).

use super::sign::{Sign, begins, command, line};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "irc",
    transport: Transport::Tcp,
    first: FirstBytes { client: b":CNPUcnpu", server: b":CNPUcnpu" },
    inspect,
};

/// The client's first lines that are looked at.
const LINES_MAX: usize = 4;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let silent = if server.is_empty() { Sign::Yes } else { Sign::No };
        let notice = begins(server, b"NOTICE AUTH").or(begins(server, b"NOTICE *")).or(prefixed(server));
        let started = command(client, &["NICK ", "CAP ", "USER "]);
        log_in(client).and(silent.or(notice)).or(started.and(notice)).finds(
            "irc-base",
            "IRC registration",
            &[],
        )
    })
}

/// NICK and USER in either order, after PASS or CAP.
fn log_in(mut lines: &[u8]) -> Sign {
    let (mut nick, mut user) = (false, false);
    for _ in 0..LINES_MAX {
        match command(lines, &["NICK ", "USER ", "PASS ", "CAP "]) {
            Sign::Yes => {}
            other => return other,
        }
        nick |= command(lines, &["NICK "]) == Sign::Yes;
        user |= command(lines, &["USER "]) == Sign::Yes;
        if nick && user {
            return Sign::Yes;
        }
        match line(lines) {
            Some((_, rest)) => lines = rest,
            None => return Sign::More,
        }
    }
    Sign::No
}

/// `:server.name`, then NOTICE, PING, CAP or a numeric reply.
fn prefixed(bytes: &[u8]) -> Sign {
    let mut words = bytes.get(..128).unwrap_or(bytes).splitn(3, |byte| *byte == b' ');
    let (source, verb) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if source.first().is_some_and(|byte| *byte != b':') || !source.iter().all(u8::is_ascii_graphic) {
        return Sign::No;
    }
    if words.next().is_none() {
        return if bytes.len() < 128 { Sign::More } else { Sign::No };
    }
    let is_number = verb.len() == 3 && verb.iter().all(u8::is_ascii_digit);
    Sign::of(Some(is_number || [&b"NOTICE"[..], b"CAP", b"PING"].contains(&verb)))
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
                ("registration", b"NICK bob\r\nUSER bob 0 * :Bob\r\n", b"", "irc-base"),
                ("with a password", b"PASS x\r\nNICK bob\r\nUSER b 0 * :B\r\n", b"", "irc-base"),
                (
                    "server's word",
                    b"CAP LS 302\r\n",
                    b":irc.example.org NOTICE * :*** Looking up\r\n",
                    "irc-base",
                ),
                ("nick alone", b"NICK bob\r\n", b"", "more"),
                ("FTP", b"USER bob\r\nPASS x\r\nSYST\r\n", b"220 hello\r\n", "no"),
            ],
        );
    }
}
