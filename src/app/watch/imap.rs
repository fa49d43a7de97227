//! IMAP (RFC 9051): command lines. Literals are passed over.

use super::lines::{Command, Lines, Part};
use super::watcher::{skip, tls_begins};
use crate::app::{Context, Fact};
use crate::flow::Direction;

/// Watches one session.
#[derive(Debug, Clone, Default)]
pub(super) struct Imap {
    client: Lines,
    command: Command<1>,
    literal: Literal,
    /// Bytes of a literal that are still to come; the command goes on behind it.
    left: u64,
    goes_on: bool,
    /// The client has asked for TLS (RFC 9051, 6.2.1).
    asked: bool,
    /// TLS or compression (RFC 4978) has begun.
    over: bool,
}

/// Whether the line so far ends with `{123}` or `{123+}` (RFC 9051, 4.3).
#[derive(Debug, Clone, Copy, Default)]
enum Literal {
    #[default]
    No,
    Digits(u64),
    Plus(u64),
    Yes(u64),
}

impl Imap {
    /// What it comes upon.
    pub(super) const CONTEXTS: &[Context] = &[Context::ImapReqCmdLine];

    /// Takes new bytes of one side.
    pub(super) fn feed(&mut self, direction: Direction, mut bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        if self.over || direction == Direction::ServerToClient {
            return;
        }
        skip(&mut self.left, &mut bytes);
        while let Some(part) = self.client.next(&mut bytes) {
            match part {
                Part::First(text) if self.asked && tls_begins(text) => {
                    self.over = true;
                    return;
                }
                Part::First(text) => {
                    if !std::mem::take(&mut self.goes_on) {
                        out(Fact::Unit);
                        self.command = Command::default();
                    }
                    self.literal = Literal::No;
                    self.text(text, out);
                }
                Part::More(text) => self.text(text, out),
                Part::End(begun) => match self.literal {
                    Literal::Yes(len) if begun => {
                        (self.left, self.goes_on) = (len, true);
                        skip(&mut self.left, &mut bytes);
                    }
                    _ => {
                        self.goes_on = false;
                        self.asked |= self.command.word.is("STARTTLS");
                        self.over |= self.command.word.is("COMPRESS");
                        out(Fact::End(Context::ImapReqCmdLine));
                        if self.over {
                            return;
                        }
                    }
                },
            }
        }
    }

    fn text(&mut self, text: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        self.command.take(text);
        self.literal = text.iter().fold(self.literal, Literal::next);
        out(Fact::Bytes(Context::ImapReqCmdLine, text));
    }
}

impl Literal {
    fn next(self, byte: &u8) -> Self {
        match (self, byte) {
            (_, b'{') => Self::Digits(0),
            (Self::Digits(len), b'0'..=b'9') => {
                Self::Digits(len.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
            }
            (Self::Digits(len), b'+') => Self::Plus(len),
            (Self::Digits(len) | Self::Plus(len), b'}') => Self::Yes(len),
            _ => Self::No,
        }
    }
}
