//! Mail that a client fetches: what POP3 (RFC 1939) and IMAP (RFC 9051) servers send of it.
//!
//! Of a POP3 session those answers are mail that follow RETR and TOP; of an IMAP session the server's literals are. What
//! comes after STARTTLS, STLS or compression is not read.

use super::content::Parts;
use super::file::Found;
use crate::flow::Direction;

/// A line is looked at up to here: long enough for any command, and for the length of a literal.
const LINE_MAX: usize = 1_024;
/// So many commands may wait for their answers.
const WAITING_MAX: usize = 64;

/// A session that fetches mail.
#[derive(Debug)]
pub(super) struct Mailbox {
    is_pop3: bool,
    lines: [Line; 2],
    /// POP3: whether the answers that are to come are mail, in order of the commands.
    waiting: Vec<bool>,
    state: State,
    parts: Parts,
    is_over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Lines of the server.
    Lines,
    /// POP3: mail, up to a line with a period alone.
    Mail,
    /// IMAP: so many bytes of a literal.
    Literal(u64),
}

/// A line as it comes.
#[derive(Debug, Default)]
struct Line {
    bytes: Vec<u8>,
}

impl Line {
    /// Takes bytes up to the end of the line; the line where that has come, and what follows.
    fn take<'b>(&mut self, bytes: &'b [u8]) -> (Option<Vec<u8>>, &'b [u8]) {
        let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
        let (piece, rest) = bytes.split_at(end);
        let room = LINE_MAX.saturating_sub(self.bytes.len());
        // Of a long line the end is what matters.
        if piece.len() > room {
            let keep = piece.len().min(LINE_MAX / 2);
            self.bytes.truncate(LINE_MAX / 2);
            self.bytes.extend_from_slice(piece.get(piece.len() - keep..).unwrap_or_default());
        } else {
            self.bytes.extend_from_slice(piece);
        }
        (piece.ends_with(b"\n").then(|| std::mem::take(&mut self.bytes)), rest)
    }
}

impl Mailbox {
    /// Of a session that is `pop3`, or `imap`.
    pub(super) fn new(is_pop3: bool) -> Self {
        Self {
            is_pop3,
            lines: Default::default(),
            waiting: Vec::new(),
            state: State::Lines,
            parts: Parts::default(),
            is_over: false,
        }
    }

    /// Takes the next bytes of one side.
    pub(super) fn feed(
        &mut self,
        eicar: &[u8],
        direction: Direction,
        mut bytes: &[u8],
        out: &mut dyn FnMut(&[u8], Found),
    ) {
        while !bytes.is_empty() && !self.is_over {
            if let (State::Literal(left), Direction::ServerToClient) = (self.state, direction) {
                bytes = self.literal(eicar, left, bytes, out);
                continue;
            }
            let Some(line) = self.lines.get_mut(direction.index()) else { return };
            let (line, rest) = line.take(bytes);
            bytes = rest;
            let Some(line) = line else { return };
            match direction {
                Direction::ClientToServer => self.command(&line),
                Direction::ServerToClient if self.state == State::Mail => self.mail(eicar, &line, out),
                Direction::ServerToClient => self.answer(&line),
            }
        }
    }

    fn command(&mut self, line: &[u8]) {
        let mut words = line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
        let word = if self.is_pop3 { words.next() } else { words.nth(1) }.unwrap_or_default();
        let is = |command: &str| word.eq_ignore_ascii_case(command.as_bytes());
        self.is_over |= is("STLS") || is("STARTTLS") || is("COMPRESS");
        if self.is_pop3 && self.waiting.len() < WAITING_MAX {
            self.waiting.push(is("RETR") || is("TOP"));
        }
    }

    fn answer(&mut self, line: &[u8]) {
        if !self.is_pop3 {
            self.state = literal(line).map_or(State::Lines, State::Literal);
            return;
        }
        // The greeting answers nothing; lists go by until the next status.
        let is_status = line.starts_with(b"+OK") || line.starts_with(b"-ERR");
        if !is_status || self.waiting.is_empty() {
            return;
        }
        if self.waiting.remove(0) && line.starts_with(b"+OK") {
            self.state = State::Mail;
        }
    }

    fn mail(&mut self, eicar: &[u8], line: &[u8], out: &mut dyn FnMut(&[u8], Found)) {
        if line.trim_ascii_end() == b"." {
            self.parts.end(eicar, out);
            self.state = State::Lines;
        } else {
            self.parts.feed(eicar, line.strip_prefix(b".").unwrap_or(line), out);
        }
    }

    fn literal<'b>(
        &mut self,
        eicar: &[u8],
        left: u64,
        bytes: &'b [u8],
        out: &mut dyn FnMut(&[u8], Found),
    ) -> &'b [u8] {
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let (mail, rest) = bytes.split_at(len);
        self.parts.feed(eicar, mail, out);
        let left = left - len as u64;
        self.state = State::Literal(left);
        if left == 0 {
            self.parts.end(eicar, out);
            self.state = State::Lines;
        }
        rest
    }
}

/// The length at the end of a line that a literal follows: `{123}`.
fn literal(line: &[u8]) -> Option<u64> {
    let text = line.trim_ascii_end().strip_suffix(b"}")?;
    let digits = text.get(memchr::memrchr(b'{', text)? + 1..)?;
    std::str::from_utf8(digits).ok()?.parse().ok().filter(|len| *len > 0)
}

#[cfg(test)]
mod tests {
    use super::super::file::eicar;
    use super::*;

    fn mail() -> String {
        let virus = String::from_utf8(eicar()).unwrap();
        format!("Subject: x\r\n\r\n..dots\r\n{virus}\r\n")
    }

    /// How many viruses are found in a dialogue, `>` for the client.
    fn found(is_pop3: bool, dialogue: &[(char, String)], cut: usize) -> usize {
        let (mut mailbox, mut found) = (Mailbox::new(is_pop3), 0);
        for (side, text) in dialogue {
            let direction = if *side == '>' { Direction::ClientToServer } else { Direction::ServerToClient };
            for piece in text.as_bytes().chunks(cut) {
                mailbox.feed(&eicar(), direction, piece, &mut |_, what| {
                    found += usize::from(what == Found::Eicar);
                });
            }
        }
        found
    }

    #[test]
    fn mail_that_is_fetched() {
        let text = |side, text: &str| (side, text.to_owned());
        let mail = mail();
        let pop3 = [
            text('<', "+OK ready\r\n"),
            text('>', "LIST\r\nRETR 1\r\n"),
            text('<', "+OK\r\n1 100\r\n.\r\n"),
            ('<', format!("+OK 100 octets\r\n{mail}.\r\n")),
            text('>', "RETR 2\r\nQUIT\r\n"),
            ('<', format!("-ERR no such message\r\n{mail}")),
        ];
        let imap = [
            text('>', "a FETCH 1:2 BODY[]\r\n"),
            ('<', format!("* 1 FETCH (BODY[] {{{}}}\r\n{mail})\r\n", mail.len())),
            ('<', format!("* 2 FETCH (BODY[] {{{}}}\r\n{mail})\r\na OK\r\n", mail.len())),
        ];
        let hidden = [
            text('>', "a STARTTLS\r\n"),
            ('<', format!("* 1 FETCH (BODY[] {{{}}}\r\n{mail})\r\n", mail.len())),
        ];
        for cut in [1, 3, 50, 10_000] {
            assert_eq!(found(true, &pop3, cut), 1, "{cut}");
            assert_eq!(found(false, &imap, cut), 2, "{cut}");
            assert_eq!(found(false, &hidden, cut), 0, "{cut}");
        }
    }
}
