//! SMTP (RFC 5321): what stands behind commands, and reply lines, and mail as it is.

use super::lines::{Command, Lines, Part, Start};
use super::watcher::{skip, tls_begins};
use crate::app::{Context, Fact};
use crate::flow::Direction;

/// Watches one session.
#[derive(Debug, Clone, Default)]
pub(super) struct Smtp {
    client: Lines,
    server: Lines,
    command: Command<0>,
    /// The first bytes of the command's argument, or of a line of mail.
    start: Start<20>,
    reply: Start<3>,
    /// The client sends mail, up to a line with a period alone (RFC 5321, 4.1.1.4).
    in_mail: bool,
    /// Bytes of a chunk that are still to come (RFC 3030, 2).
    chunk: u64,
    /// It is the last one of its mail.
    is_last: bool,
    /// The next text is the first of its line.
    first: bool,
    /// The client has asked for TLS (RFC 3207).
    asked: bool,
    /// TLS has begun.
    over: bool,
}

impl Smtp {
    /// What it comes upon.
    pub(super) const CONTEXTS: &[Context] = &[Context::SmtpReqArgument, Context::SmtpRspContent];

    /// Takes new bytes of one side.
    pub(super) fn feed(&mut self, direction: Direction, bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        match direction {
            _ if self.over => {}
            Direction::ClientToServer => self.client(bytes, out),
            Direction::ServerToClient => self.server(bytes, out),
        }
    }

    fn client(&mut self, mut bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        self.chunk(&mut bytes, out);
        while let Some(part) = self.client.next(&mut bytes) {
            match part {
                Part::First(text) if self.asked && tls_begins(text) => {
                    self.over = true;
                    return;
                }
                Part::First(text) => {
                    self.start = Start::default();
                    if !self.in_mail {
                        out(Fact::Unit);
                        self.command = Command::default();
                    }
                    self.first = true;
                    self.text(text, out);
                }
                Part::More(text) => self.text(text, out),
                Part::End(begun) if self.in_mail => {
                    self.in_mail = !(begun && self.start.is("."));
                    out(if self.in_mail { Fact::Mail(b"\r\n") } else { Fact::MailEnd });
                }
                Part::End(begun) => {
                    out(Fact::End(Context::SmtpReqArgument));
                    if begun {
                        self.command_ended();
                        self.chunk(&mut bytes, out);
                    }
                }
            }
        }
    }

    fn text(&mut self, text: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        if self.in_mail {
            self.start.add(text);
            // A period at the beginning of a line is one too many (RFC 5321, 4.5.2).
            let is_first = std::mem::take(&mut self.first);
            let text = text.strip_prefix(b".").filter(|_| is_first).unwrap_or(text);
            out(Fact::Mail(text));
            return;
        }
        let argument = self.command.take(text);
        self.start.add(argument);
        if !argument.is_empty() {
            out(Fact::Bytes(Context::SmtpReqArgument, argument));
        }
    }

    /// Takes what belongs to a chunk of mail off the front of `bytes`.
    fn chunk(&mut self, bytes: &mut &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        if self.chunk > 0 {
            let before = *bytes;
            skip(&mut self.chunk, bytes);
            out(Fact::Mail(before.get(..before.len() - bytes.len()).unwrap_or_default()));
        }
        if self.chunk == 0 && std::mem::take(&mut self.is_last) {
            out(Fact::MailEnd);
        }
    }

    fn command_ended(&mut self) {
        let word = &self.command.word;
        self.asked |= word.is("STARTTLS");
        // The server may refuse; until it does, mail is not taken for commands.
        self.in_mail = word.is("DATA");
        if word.is("BDAT") {
            let argument = self.start.get();
            let last = argument.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
            self.is_last = last.eq_ignore_ascii_case(b"LAST");
            let digits = self.start.get().iter().take_while(|byte| byte.is_ascii_digit());
            self.chunk = digits
                .fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
        }
    }

    fn server(&mut self, mut bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        while let Some(part) = self.server.next(&mut bytes) {
            match part {
                Part::First(text) => {
                    self.reply = Start::default();
                    self.reply.add(text);
                    out(Fact::Bytes(Context::SmtpRspContent, text));
                }
                Part::More(text) => {
                    self.reply.add(text);
                    out(Fact::Bytes(Context::SmtpRspContent, text));
                }
                Part::End(_) => {
                    match self.reply.get() {
                        b"354" => self.in_mail = true,
                        // The refusal of DATA, or of a recipient before it: then 354 follows.
                        [b'4' | b'5', ..] if !self.client.is_inside() => self.in_mail = false,
                        _ => {}
                    }
                    out(Fact::End(Context::SmtpRspContent));
                }
            }
        }
    }
}
