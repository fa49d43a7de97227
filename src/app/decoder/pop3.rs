//! POP3: decided at the client's first command after the server's `+OK` (RFC 1939, 3 and 4).
//! (When PAN-OS decides is not documented; assumed.)

use super::sign::{Sign, begins, command, commands};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "pop3",
    transport: Transport::Tcp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

const FIRST: &[u8] = b"+-ACDLNPQRSTUXacdlnpqrstux";

const COMMANDS: &[&str] = &[
    "USER", "PASS", "APOP", "AUTH", "CAPA", "STLS", "QUIT", "STAT", "LIST", "RETR", "DELE", "NOOP", "RSET",
    "TOP", "UIDL", "XTND", "LAST",
];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let greeting = begins(server, b"+OK").or(begins(server, b"-ERR"));
        let silent = if server.is_empty() { Sign::Yes } else { Sign::No };
        let verb = client.split(|byte| matches!(byte, b' ' | b'\r' | b'\n')).next().unwrap_or_default();
        match greeting.and(command(client, COMMANDS)) {
            Sign::Yes => Sign::Yes.finds("pop3", "POP3 command after a +OK greeting", verb),
            sign => sign.or(log_in(client).and(greeting.or(silent))).finds("pop3", "POP3 commands", &[]),
        }
    })
}

/// The client's side alone: USER and PASS, and then what an FTP client would not say.
fn log_in(client: &[u8]) -> Sign {
    commands(client, &[&["USER"], &["PASS"], &["STAT", "LIST", "UIDL", "CAPA", "RETR"]])
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
                ("greeting alone", b"", b"+OK Dovecot ready.\r\n", "more"),
                ("first command", b"USER a\r\n", b"+OK Dovecot ready.\r\n", "pop3"),
                ("capabilities", b"CAPA\r\n", b"+OK\r\n", "pop3"),
                ("Redis says +OK, too", b"*1\r\n", b"+OK\r\n", "no"),
                ("FTP", b"USER a\r\n", b"220 hello\r\n", "no"),
                ("FTP, later", b"USER a\r\nPASS b\r\nSYST\r\n", b"220 hello\r\n", "no"),
                ("client's side alone", b"USER a\r\nPASS b\r\nUIDL\r\n", b"", "pop3"),
                ("turned round", b"+OK 3 messages\r\n", b"LIST\r\n", "pop3"),
            ],
        );
    }
}
