//! IMAP: decided at the client's first command after the server's greeting (RFC 9051, 7.1 and 6).
//!
//! A command is a tag of the client's choosing, a space and a word. (When PAN-OS decides is not documented; assumed.)

use super::sign::{Sign, begins_any, command};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "imap",
    transport: Transport::Tcp,
    first: FirstBytes {
        client: &[],
        server: b"*abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$#._-",
    },
    inspect,
};

const COMMANDS: &[&str] = &[
    "CAPABILITY",
    "LOGIN",
    "AUTHENTICATE",
    "STARTTLS",
    "NOOP",
    "LOGOUT",
    "ID",
    "SELECT",
    "EXAMINE",
    "LIST",
    "LSUB",
    "NAMESPACE",
    "STATUS",
    "UID",
    "FETCH",
    "IDLE",
    "ENABLE",
    "CHECK",
    "COMPRESS",
];

/// Longest tag that is followed.
const TAG_MAX: usize = 32;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let greeting = begins_any(server, &[b"* OK", b"* PREAUTH", b"* BYE"]);
        greeting.and_then(|| tagged_command(client)).finds("imap", "IMAP command after a * OK greeting", &[])
    })
}

/// `tag SP command` (RFC 9051, 2.2.1).
fn tagged_command(bytes: &[u8]) -> Sign {
    let is_tag = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'$' | b'#');
    let tag = bytes.iter().take_while(|byte| is_tag(byte)).count();
    match bytes.get(tag..) {
        Some([]) | None if tag <= TAG_MAX => Sign::More,
        Some([b' ', words @ ..]) if (1..=TAG_MAX).contains(&tag) => command(words, COMMANDS),
        _ => Sign::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let greeting = b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n";
        tcp_table(
            DECODER,
            &[
                ("greeting alone", b"", greeting, "more"),
                ("first command", b"a001 LOGIN user pass\r\n", greeting, "imap"),
                ("in small letters", b"1 capability\r\n", greeting, "imap"),
                ("command alone", b"a001 LOGIN user pass\r\n", b"", "more"),
                ("untagged", b"LOGIN user pass\r\n", greeting, "no"),
                ("mail by POP3", b"USER a\r\n", b"+OK\r\n", "no"),
                ("turned round", b"* OK ready\r\n", b"x1 NOOP\r\n", "imap"),
            ],
        );
    }
}
