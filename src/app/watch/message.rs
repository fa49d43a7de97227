//! Requests of protocols that look like HTTP: a line with the method, headers, an empty line, content (RFC 3261, 7;
//! RFC 2326, 4).

use super::lines::{Lines, Part, Start};
use super::watcher::skip;
use crate::app::{Context, Fact};

/// What tells one such protocol from another.
#[derive(Debug)]
pub(super) struct Kind {
    /// How the first line of a response begins.
    pub(super) response: &'static [u8],
    pub(super) headers: Context,
    /// Where the request's target goes.
    pub(super) target: Option<Context>,
    /// Whether frames of media stand between messages (RFC 2326, 10.12).
    pub(super) has_frames: bool,
}

/// The client's messages, one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Messages {
    lines: Lines,
    at: At,
    /// The beginning of the line: long enough for a method, and for the length of content.
    line: Start<40>,
    is_request: bool,
    is_datagram: bool,
    /// `Content-Length`.
    content: u64,
    /// Bytes of content or of a frame that are still to come.
    left: u64,
}

#[derive(Debug, Clone, Copy, Default)]
enum At {
    /// Before a message.
    #[default]
    Nothing,
    Method,
    Target,
    /// Behind the target, in the first line.
    Version,
    Headers,
    /// In the four bytes before a frame.
    Frame(Start<4>),
}

impl Messages {
    /// Takes new bytes.
    pub(super) fn feed(&mut self, kind: &Kind, mut bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        loop {
            skip(&mut self.left, &mut bytes);
            let is_frame = match self.at {
                At::Frame(_) => true,
                At::Nothing => kind.has_frames && !self.lines.is_inside() && bytes.first() == Some(&b'$'),
                _ => false,
            };
            if is_frame {
                self.frame(&mut bytes);
            } else {
                match self.lines.next(&mut bytes) {
                    Some(Part::First(text)) => {
                        self.line = Start::default();
                        if matches!(self.at, At::Nothing) {
                            self.at = At::Method;
                        }
                        self.text(kind, text, out);
                    }
                    Some(Part::More(text)) => self.text(kind, text, out),
                    Some(Part::End(begun)) => self.line_ended(kind, begun, out),
                    None => {}
                }
            }
            if bytes.is_empty() {
                return;
            }
        }
    }

    /// Takes a datagram, which is one message whatever its length says.
    pub(super) fn datagram(kind: &Kind, datagram: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        let mut messages = Self { is_datagram: true, ..Self::default() };
        messages.feed(kind, datagram, out);
        kind.target.into_iter().chain([kind.headers]).for_each(|context| out(Fact::End(context)));
    }

    fn frame(&mut self, bytes: &mut &[u8]) {
        let mut start = if let At::Frame(start) = self.at { start } else { Start::default() };
        self.at = if start.fill(bytes) {
            if let &[_, _, high, low] = start.get() {
                self.left = u64::from(u16::from_be_bytes([high, low]));
            }
            At::Nothing
        } else {
            At::Frame(start)
        };
    }

    fn text(&mut self, kind: &Kind, mut text: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        if matches!(self.at, At::Method) {
            let len = memchr::memchr(b' ', text).unwrap_or(text.len());
            let (method, after) = text.split_at(len);
            self.line.add(method);
            let Some(target) = after.get(1..) else { return };
            self.is_request = !self.line.get().starts_with(kind.response);
            if self.is_request {
                out(Fact::Unit);
            }
            text = target;
            self.at = At::Target;
        }
        match self.at {
            At::Target => {
                let len = memchr::memchr(b' ', text).unwrap_or(text.len());
                let target = text.get(..len).unwrap_or_default();
                if let Some(context) = kind.target.filter(|_| self.is_request && !target.is_empty()) {
                    out(Fact::Bytes(context, target));
                }
                if len < text.len() {
                    self.at = At::Version;
                }
            }
            At::Headers => {
                self.line.add(text);
                if self.is_request {
                    out(Fact::Bytes(kind.headers, text));
                }
            }
            At::Nothing | At::Method | At::Version | At::Frame(_) => {}
        }
    }

    fn line_ended(&mut self, kind: &Kind, begun: bool, out: &mut dyn FnMut(Fact<'_>)) {
        match self.at {
            // Empty lines before a message keep a connection alive (RFC 5626, 3.5.1).
            At::Nothing | At::Frame(_) => {}
            // One word is no message.
            At::Method => self.at = At::Nothing,
            At::Target | At::Version => {
                if let Some(context) = kind.target.filter(|_| self.is_request) {
                    out(Fact::End(context));
                }
                (self.at, self.content) = (At::Headers, 0);
            }
            At::Headers if begun => {
                if let Some(length) = content_length(self.line.get()) {
                    self.content = length;
                }
                if self.is_request {
                    out(Fact::Bytes(kind.headers, b"\r\n"));
                }
            }
            At::Headers => {
                if self.is_request {
                    out(Fact::End(kind.headers));
                }
                self.at = At::Nothing;
                self.left = if self.is_datagram { u64::MAX } else { self.content };
            }
        }
    }
}

/// The value of `Content-Length`, which SIP also writes as `l` (RFC 3261, 20.14).
fn content_length(line: &[u8]) -> Option<u64> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = line.split_at_checked(colon)?;
    let name = name.trim_ascii_end();
    if !name.eq_ignore_ascii_case(b"content-length") && !name.eq_ignore_ascii_case(b"l") {
        return None;
    }
    let digits = value.get(1..)?.trim_ascii_start();
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}
