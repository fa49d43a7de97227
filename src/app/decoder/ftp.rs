//! FTP, control connection: decided at the client's first command (RFC 959, 4.1), after the server's greeting.
//!
//! The greeting alone says nothing: mail servers greet with `220`, too. `QUIT` and the like are the same there, and
//! leave it to what the greeting calls itself. In a capture of one direction, or from the middle, commands that no
//! other protocol has decide. (When PAN-OS decides is not documented beyond "the client's first command"; assumed.)

use super::sign::{Sign, command, contains, line, reply, silent_or_replies};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "ftp",
    transport: Transport::Tcp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

const FIRST: &[u8] = b"12345ABCDEFHLMNOPQRSTUXabcdefhlmnopqrstux";

/// What a client says first that a mail client does not (RFC 959, RFC 2389, RFC 4217, RFC 7151).
const FIRST_COMMANDS: &[&str] =
    &["USER", "AUTH", "FEAT", "OPTS", "HOST", "SYST", "PASS", "ACCT", "PBSZ", "PROT", "CLNT", "LANG", "SITE"];

/// What mail clients say as well (RFC 5321, 4.1.1).
const SHARED_COMMANDS: &[&str] = &["QUIT", "NOOP", "HELP", "STAT", "REIN"];

/// What only FTP has.
const OWN_COMMANDS: &[&str] = &[
    "PASV", "EPSV", "PORT ", "EPRT ", "TYPE ", "CWD ", "PWD", "XPWD", "CDUP", "MLSD", "MLST ", "RNFR ",
    "STOR ", "SYST", "FEAT",
];

/// Lines that are searched for such a command.
const LINES_MAX: usize = 8;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let greeting = reply(server, &["220"]);
        let first = command(client, FIRST_COMMANDS);
        let is_named = || Sign::of(line(server).map(|(text, _)| contains(text, b"ftp")));
        let shared = command(client, SHARED_COMMANDS).and_then(is_named);
        let verb = client.split(|byte| matches!(byte, b' ' | b'\r' | b'\n')).next().unwrap_or_default();
        match greeting.and(first.or(shared)) {
            Sign::Yes => Sign::Yes.finds("ftp", "FTP command after a 220 greeting", verb),
            sign => sign.or(silent_or_replies(server).and_then(|| own_command(client))).finds(
                "ftp",
                "FTP command",
                &[],
            ),
        }
    })
}

/// A command that only FTP has, in one of the client's first lines, all of which look like commands.
fn own_command(mut lines: &[u8]) -> Sign {
    for _ in 0..LINES_MAX {
        match command(lines, OWN_COMMANDS) {
            Sign::No => {}
            sign => return sign,
        }
        match command(lines, FIRST_COMMANDS).or(command(lines, SHARED_COMMANDS)) {
            Sign::No => return Sign::No,
            sign => match line(lines) {
                Some((_, rest)) => lines = rest,
                None => return sign.and(Sign::More),
            },
        }
    }
    Sign::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let vsftpd = b"220 (vsFTPd 3.0.5)\r\n";
        let plain = b"220 Welcome.\r\n";
        tcp_table(
            DECODER,
            &[
                ("greeting alone", b"", vsftpd, "more"),
                ("first command", b"USER anonymous\r\n", vsftpd, "ftp"),
                ("in small letters", b"user anonymous\r\n", plain, "ftp"),
                ("before its line has ended", b"AUTH ", plain, "ftp"),
                ("while the word may still grow", b"AUTH", plain, "more"),
                ("greeting of many lines", b"FEAT\r\n", b"220-Hello\r\n220-there\r\n", "ftp"),
                ("QUIT to an FTP server", b"QUIT\r\n", vsftpd, "ftp"),
                ("QUIT to who knows", b"QUIT\r\n", plain, "more"),
                ("mail", b"EHLO example.org\r\n", b"220 mail ESMTP\r\n", "no"),
                ("rubbish", b"\x03\x00\x00\x13", vsftpd, "no"),
                ("client's side alone", b"USER a\r\nPASS b\r\nSYST\r\n", b"", "ftp"),
                ("it may be POP3", b"USER a\r\nPASS b\r\n", b"", "more"),
                ("it is POP3", b"USER a\r\nPASS b\r\nSTAT\r\nRETR 1\r\n", b"+OK", "no"),
                ("turned round", b"230 Logged in\r\n", b"PASV\r\n", "ftp"),
            ],
        );
    }
}
