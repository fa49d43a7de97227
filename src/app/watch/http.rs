//! HTTP/1 after it is known: every request and response of a connection, as their bytes come.
//!
//! Messages are followed by their framing (RFC 9112, 6): heads are kept until they are whole, content is passed over
//! without being kept. Where the framing is lost, or a head is longer than [`HEAD_MAX`], that side is not read on.

use std::collections::VecDeque;

use super::http_message::{Body, Field, Head, Shift, request_shift, response_shift};
use super::{Said, Transfer};
use crate::app::{Context, Fact};
use crate::flow::Direction;

/// What is told of.
pub(super) const CONTEXTS: &[Context] = &[
    Context::HttpReqCookie,
    Context::HttpReqHeaders,
    Context::HttpReqHostHeader,
    Context::HttpReqMessageBody,
    Context::HttpReqMethod,
    Context::HttpReqParams,
    Context::HttpReqUriPath,
    Context::HttpReqUserAgentHeader,
    Context::HttpRspHeaders,
    Context::HttpRspReason,
];

/// Longest head of a message that is read.
const HEAD_MAX: usize = 16 * 1_024;

/// Requests that may wait for their responses: a client that pipelines more is followed no further.
const WAITING_MAX: usize = 32;

/// One HTTP connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Http {
    sides: [Side; 2],
    /// Requests whose responses have not come.
    waiting: VecDeque<Asked>,
    /// Whether a request was read before.
    has_request: bool,
}

/// What the response to a request depends on.
#[derive(Debug, Clone, Default)]
struct Asked {
    head_only: bool,
    connect: bool,
    websocket: bool,
    /// The last part of the path: what the response's content is called where its head does not say.
    name: Vec<u8>,
}

/// So much of a name is kept.
const NAME_MAX: usize = 128;

/// One side's messages.
#[derive(Debug, Clone, Default)]
struct Side {
    state: State,
    /// The head, or the line, that is not whole yet.
    buffer: Vec<u8>,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Head,
    /// So many bytes of content, and then a head, or the line end behind a chunk.
    Content { left: u64, chunked: bool },
    /// The line with a chunk's size.
    ChunkSize,
    /// Trailer fields, up to an empty line.
    Trailer,
    /// Content to the end of the connection, another protocol, or nothing that can be read.
    Rest,
}

impl Http {
    /// Takes the next bytes of one side, in order.
    pub(crate) fn feed(&mut self, direction: Direction, mut bytes: &[u8], out: &mut dyn FnMut(Said<'_>)) {
        while !bytes.is_empty() {
            let Some(side) = self.sides.get_mut(direction.index()) else { return };
            bytes = match side.state {
                State::Rest => return,
                State::Content { left, chunked } => {
                    let len = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    let (content, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
                    if direction == Direction::ClientToServer {
                        out(Said::Fact(Fact::Bytes(Context::HttpReqMessageBody, content)));
                    }
                    out(Said::Transfer(Transfer::Bytes(content)));
                    side.state = match left - len as u64 {
                        0 if chunked => State::ChunkSize,
                        0 => {
                            out(Said::Transfer(Transfer::End));
                            State::Head
                        }
                        left => State::Content { left, chunked },
                    };
                    rest
                }
                State::Head => match side.whole(bytes, is_head) {
                    None => return,
                    Some(rest) => {
                        let head = std::mem::take(&mut side.buffer);
                        self.message(direction, &head, out);
                        rest
                    }
                },
                State::ChunkSize | State::Trailer => match side.whole(bytes, is_line) {
                    None => return,
                    Some(rest) => {
                        if side.chunk_line() {
                            out(Said::Transfer(Transfer::End));
                        }
                        rest
                    }
                },
            };
        }
    }

    /// A whole head.
    fn message(&mut self, direction: Direction, head: &[u8], out: &mut dyn FnMut(Said<'_>)) {
        // Empty lines before a message are passed over (RFC 9112, 2.2).
        if head.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            return;
        }
        let body = match (direction, Head::read(head)) {
            (Direction::ClientToServer, Some(head)) if head.is_request() => self.request(&head, out),
            (Direction::ServerToClient, Some(head)) if !head.is_request() => self.response(&head, out),
            _ => Body::ToTheEnd,
        };
        let Some(side) = self.sides.get_mut(direction.index()) else { return };
        side.state = match body {
            Body::Len(0) => State::Head,
            Body::Len(left) => State::Content { left, chunked: false },
            Body::Chunked => State::ChunkSize,
            Body::Close => State::Content { left: u64::MAX, chunked: false },
            Body::ToTheEnd => State::Rest,
        };
    }

    fn request(&mut self, head: &Head<'_>, out: &mut dyn FnMut(Said<'_>)) -> Body {
        if std::mem::replace(&mut self.has_request, true) {
            out(Said::Fact(Fact::Unit));
        }
        let (path, query) = head.path_and_query();
        for (context, bytes) in [
            (Context::HttpReqMethod, head.method()),
            (Context::HttpReqUriPath, path),
            (Context::HttpReqParams, query),
            (Context::HttpReqHostHeader, head.field(Field::Host)),
            (Context::HttpReqUserAgentHeader, head.field(Field::UserAgent)),
            (Context::HttpReqCookie, head.field(Field::Cookie)),
            (Context::HttpReqHeaders, head.fields),
        ] {
            value(context, bytes, out);
        }
        tell(request_shift(head), out);
        let connect = head.method() == b"CONNECT";
        let host = head.host();
        // What a tunnel leads to is known by what is in it.
        if !host.is_empty() && !connect {
            out(Said::Host(host));
        }
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let name = name.get(..NAME_MAX).unwrap_or(name);
        let asked = Asked {
            head_only: head.method() == b"HEAD",
            connect,
            websocket: head.field(Field::Upgrade).eq_ignore_ascii_case(b"websocket"),
            name: name.to_vec(),
        };
        if self.waiting.len() >= WAITING_MAX {
            return Body::ToTheEnd;
        }
        self.waiting.push_back(asked);
        let body = head.body().unwrap_or(Body::Len(0));
        transfer(head, body, name, out);
        body
    }

    fn response(&mut self, head: &Head<'_>, out: &mut dyn FnMut(Said<'_>)) -> Body {
        for (context, bytes) in
            [(Context::HttpRspReason, head.reason()), (Context::HttpRspHeaders, head.fields)]
        {
            value(context, bytes, out);
        }
        let [a, b, c] = head.status();
        if a == b'1' && [b, c] != *b"01" {
            // Another response to the same request follows (RFC 9110, 15.2).
            return Body::Len(0);
        }
        let asked = self.waiting.pop_front().unwrap_or_default();
        match [a, b, c] {
            [b'1', ..] => {
                if asked.websocket {
                    tell(Some(Shift { app: "websocket", what: "HTTP upgrade to WebSocket" }), out);
                }
                Body::ToTheEnd
            }
            [b'2', ..] if asked.connect => {
                out(Said::Connection);
                Body::ToTheEnd
            }
            [b'2', b'0', b'4'] | [b'3', b'0', b'4'] => Body::Len(0),
            _ => {
                tell(response_shift(head), out);
                let body = if asked.head_only { Body::Len(0) } else { head.body().unwrap_or(Body::Close) };
                transfer(head, body, &asked.name, out);
                body
            }
        }
    }
}

/// A whole value, where there is one.
fn value(context: Context, bytes: &[u8], out: &mut dyn FnMut(Said<'_>)) {
    if !bytes.is_empty() {
        out(Said::Fact(Fact::Bytes(context, bytes)));
        out(Said::Fact(Fact::End(context)));
    }
}

/// Content is to follow, and what its head says of it.
fn transfer(head: &Head<'_>, body: Body, asked: &[u8], out: &mut dyn FnMut(Said<'_>)) {
    if matches!(body, Body::Len(0) | Body::ToTheEnd) {
        return;
    }
    let disposition = head.field(Field::ContentDisposition);
    out(Said::Transfer(Transfer::Begin {
        disposition,
        asked,
        media: head.field(Field::ContentType),
        coding: head.field(Field::ContentEncoding),
    }));
}

fn tell(shift: Option<Shift>, out: &mut dyn FnMut(Said<'_>)) {
    if let Some(Shift { app, what }) = shift {
        out(Said::Application(app, what));
    }
}

impl Side {
    /// Adds bytes to the buffer up to the end that `is_end` sees; what follows it, or `None` where it has not come.
    fn whole<'a>(&mut self, bytes: &'a [u8], is_end: impl Fn(&[u8]) -> bool) -> Option<&'a [u8]> {
        let mut rest = bytes;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at_checked(at + 1)?;
            self.buffer.extend_from_slice(line);
            rest = after;
            if is_end(&self.buffer) {
                return Some(rest);
            }
            if self.buffer.len() > HEAD_MAX {
                break;
            }
        }
        self.buffer.extend_from_slice(rest);
        if self.buffer.len() > HEAD_MAX {
            self.state = State::Rest;
            self.buffer = Vec::new();
        }
        None
    }

    /// A whole line between chunks (RFC 9112, 7.1); whether the content ends there.
    fn chunk_line(&mut self) -> bool {
        let line = self.buffer.trim_ascii();
        let was = self.state;
        self.state = match was {
            State::Trailer if line.is_empty() => State::Head,
            State::Trailer => State::Trailer,
            // The line end behind a chunk.
            _ if line.is_empty() => State::ChunkSize,
            _ => match chunk_size(line) {
                Some(0) => State::Trailer,
                Some(left) => State::Content { left, chunked: true },
                None => State::Rest,
            },
        };
        self.buffer.clear();
        was == State::Trailer && self.state == State::Head
    }
}

/// An empty line ends a head; a lone one at its beginning as well.
fn is_head(buffer: &[u8]) -> bool {
    buffer.ends_with(b"\n\r\n") || buffer.ends_with(b"\n\n") || matches!(buffer, b"\r\n" | b"\n")
}

fn is_line(_: &[u8]) -> bool {
    true
}

/// A chunk's size: hexadecimal digits, up to an extension.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| matches!(byte, b';' | b' ' | b'\t')).next()?;
    let text = std::str::from_utf8(digits).ok().filter(|text| text.len() <= 15)?;
    u64::from_str_radix(text, 16).ok()
}
