//! Rlogin and rsh: decided at the client's opening (RFC 1282, 2; 4.2BSD `rcmd`).

use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "rlogin",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"\x000123456789", server: &[] },
    inspect,
};

/// Longest opening that is read.
const OPENING_MAX: usize = 256;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.client.is_empty() && !heads.server.is_empty() {
        return Match::No;
    }
    let opening = heads.client.get(..OPENING_MAX).unwrap_or(heads.client);
    let mut strings = opening.split(|byte| *byte == 0);
    let first = strings.next().unwrap_or_default();
    // What follows the last NUL is not a whole string yet.
    let whole = opening.iter().filter(|byte| **byte == 0).count();
    let texts: [&[u8]; 3] = std::array::from_fn(|_| strings.next().unwrap_or_default());
    let is_text = |text: &[u8]| text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    let is_port = !first.is_empty() && first.len() <= 5 && first.iter().all(u8::is_ascii_digit);
    if !texts.iter().all(|text| is_text(text)) || !(first.is_empty() || is_port) {
        return Match::No;
    }
    let verdict = |sound: bool, found: Finding<'static>| if sound { Match::Yes(found) } else { Match::No };
    let [local, remote, last] = texts;
    match whole {
        // Port for errors, local user, remote user, command.
        4.. if is_port => {
            verdict([local, remote, last].iter().all(|text| !text.is_empty()), finding("rsh", "rsh opening"))
        }
        // Nothing, local user, remote user, terminal and its speed.
        4.. => {
            let speed = last.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let has_speed = last.contains(&b'/') && !speed.is_empty() && speed.iter().all(u8::is_ascii_digit);
            verdict(has_speed && !remote.is_empty(), finding("rlogin", "rlogin opening"))
        }
        _ if opening.len() < OPENING_MAX => Match::More,
        _ => Match::No,
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
                ("rlogin", b"\0bob\0bob\0xterm/38400\0", b"", "rlogin"),
                ("rsh", b"1022\0bob\0root\0uname -a\0", b"", "rsh"),
                ("up to the users", b"\0bob\0bob\0", b"", "more"),
                ("terminal without speed", b"\0bob\0bob\0xterm\0", b"", "no"),
                ("binary", b"\0\x01\x02\x03\x04", b"", "no"),
            ],
        );
    }
}
