//! FTP's control connection (RFC 959, 4 and 5): parameters of commands, and replies.
//!
//! What the first reply says is the banner, what later ones say are messages; that a reply's code belongs to both, and
//! that the command does not belong to its parameters, is assumed.

use super::lines::{Command, Lines, Part, Start};
use super::watcher::tls_begins;
use crate::app::{Context, Fact};
use crate::flow::Direction;

/// Watches one session.
#[derive(Debug, Clone, Default)]
pub(super) struct Ftp {
    client: Lines,
    server: Lines,
    command: Command<0>,
    /// The client has asked for TLS (RFC 4217, 4).
    asked: bool,
    /// TLS has begun.
    over: bool,
    /// The first reply has ended.
    greeted: bool,
    reply: Start<4>,
}

impl Ftp {
    /// What it comes upon.
    pub(super) const CONTEXTS: &[Context] =
        &[Context::FtpReqParams, Context::FtpRspBanner, Context::FtpRspMessage];

    /// Takes new bytes of one side.
    pub(super) fn feed(&mut self, direction: Direction, bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        match direction {
            _ if self.over => {}
            Direction::ClientToServer => self.client(bytes, out),
            Direction::ServerToClient => self.server(bytes, out),
        }
    }

    fn client(&mut self, mut bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        while let Some(part) = self.client.next(&mut bytes) {
            match part {
                Part::First(text) if self.asked && tls_begins(text) => {
                    self.over = true;
                    return;
                }
                Part::First(text) => {
                    out(Fact::Unit);
                    self.command = Command::default();
                    self.params(text, out);
                }
                Part::More(text) => self.params(text, out),
                Part::End(_) => {
                    self.asked |= self.command.word.is("AUTH");
                    out(Fact::End(Context::FtpReqParams));
                }
            }
        }
    }

    fn params(&mut self, text: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        let params = self.command.take(text);
        if !params.is_empty() {
            out(Fact::Bytes(Context::FtpReqParams, params));
        }
    }

    fn server(&mut self, mut bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        while let Some(part) = self.server.next(&mut bytes) {
            let context = if self.greeted { Context::FtpRspMessage } else { Context::FtpRspBanner };
            match part {
                Part::First(text) => {
                    self.reply = Start::default();
                    self.reply.add(text);
                    out(Fact::Bytes(context, text));
                }
                Part::More(text) => {
                    self.reply.add(text);
                    out(Fact::Bytes(context, text));
                }
                Part::End(_) if self.greeted => out(Fact::End(context)),
                // A reply of several lines ends with one that has a space behind the code (RFC 959, 4.2).
                Part::End(_)
                    if matches!(self.reply.get(), [b'1'..=b'5', _, _] | [b'1'..=b'5', _, _, b' ']) =>
                {
                    self.greeted = true;
                    out(Fact::End(context));
                }
                Part::End(_) => out(Fact::Bytes(context, b"\r\n")),
            }
        }
    }
}
