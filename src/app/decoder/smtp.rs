//! SMTP: decided at the client's greeting (RFC 5321, 4.1.1.1) after the server's, or LMTP's (RFC 2033).
//!
//! Where the capture lacks the server's side, EHLO and the MAIL command together decide; from the middle of a session
//! MAIL or RCPT do. (When PAN-OS decides is not documented; assumed.)

use super::sign::{Sign, command, commands, contains, line, reply, silent_or_replies};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "smtp",
    transport: Transport::Tcp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

const FIRST: &[u8] = b"2345EHLMNQRSXehlmnqrsx";

const GREETINGS: &[&str] = &["EHLO ", "HELO ", "LHLO ", "EHLO", "HELO"];

/// What FTP clients say as well.
const SHARED_COMMANDS: &[&str] = &["QUIT", "NOOP", "HELP", "RSET"];

const ENVELOPE: &[&str] = &["MAIL FROM:", "RCPT TO:"];

const AFTER_GREETING: &[&str] = &["MAIL FROM:", "STARTTLS", "AUTH"];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let greeting = reply(server, &["220", "554", "421"]);
        let hello = command(client, GREETINGS);
        let is_named = || Sign::of(line(server).map(|(text, _)| contains(text, b"smtp")));
        let shared = command(client, SHARED_COMMANDS).and_then(is_named);
        if greeting.and(hello.or(shared)) == Sign::Yes {
            let name = line(client).map_or(&[][..], |(text, _)| text);
            return Sign::Yes.finds("smtp", "SMTP command after a 220 greeting", name);
        }
        let envelope = command(client, ENVELOPE)
            .or(commands(client, &[GREETINGS, AFTER_GREETING]))
            .and(silent_or_replies(server));
        greeting.and(hello.or(shared)).or(envelope).finds("smtp", "SMTP commands", &[])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let greeting = b"220 mail.example.org ESMTP Postfix\r\n";
        tcp_table(
            DECODER,
            &[
                ("greeting alone", b"", greeting, "more"),
                ("EHLO", b"EHLO client.example\r\n", greeting, "smtp"),
                ("helo", b"helo x\r\n", b"220 hello\r\n", "smtp"),
                ("EHLO without a greeting", b"EHLO client.example\r\n", b"", "more"),
                ("QUIT to a mail server", b"QUIT\r\n", greeting, "smtp"),
                ("QUIT to who knows", b"QUIT\r\n", b"220 hello\r\n", "no"),
                ("FTP", b"USER anonymous\r\n", b"220 (vsFTPd 3.0.5)\r\n", "no"),
                ("client's side alone", b"EHLO x\r\nMAIL FROM:<a@example.org>\r\n", b"", "smtp"),
                (
                    "turned round, from the middle",
                    b"250 2.1.0 Ok\r\n",
                    b"RCPT TO:<b@example.org>\r\n",
                    "smtp",
                ),
                ("web", b"HEAD / HTTP/1.0\r\n", b"HTTP/1.0 200", "no"),
            ],
        );
    }
}
