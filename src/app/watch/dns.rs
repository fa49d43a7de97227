//! DNS messages (RFC 1035, 4.1), one in a datagram or after their length over TCP (4.2.2).

use super::lines::Start;
use crate::app::{Context, Fact};
use crate::flow::{Direction, Protocol};

/// QR of the third byte.
const RESPONSE: u8 = 0x80;

/// Watches one session.
#[derive(Debug, Clone)]
pub(super) struct Dns {
    is_udp: bool,
    sides: [Stream; 2],
}

/// One side over TCP.
#[derive(Debug, Clone, Copy, Default)]
struct Stream {
    len: Start<2>,
    /// Bytes of the message that are still to come.
    left: usize,
    message: Message,
}

#[derive(Debug, Clone, Copy, Default)]
struct Message {
    header: Start<12>,
    /// What is left of a response's questions.
    questions: Questions,
}

/// Questions, of which nothing but the length matters.
#[derive(Debug, Clone, Copy, Default)]
struct Questions {
    left: u16,
    place: Place,
}

#[derive(Debug, Clone, Copy, Default)]
enum Place {
    /// Before the length of a label.
    #[default]
    Length,
    /// So many bytes before the next length.
    Label(u8),
    /// So many bytes before the end of the question.
    Tail(u8),
}

impl Dns {
    /// What it comes upon.
    pub(super) const CONTEXTS: &[Context] = &[
        Context::DnsReqHeader,
        Context::DnsReqSection,
        Context::DnsRspHeader,
        Context::DnsRspQueriesSection,
    ];

    /// For a session over this protocol.
    pub(super) fn new(protocol: Protocol) -> Self {
        Self { is_udp: protocol == Protocol::UDP, sides: [Stream::default(); 2] }
    }

    /// Takes new bytes of one side, or a datagram.
    pub(super) fn feed(&mut self, direction: Direction, mut bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        if self.is_udp {
            let mut message = Message::default();
            message.take(bytes, out);
            message.finish(out);
            return;
        }
        let Some(side) = self.sides.get_mut(direction.index()) else { return };
        while !bytes.is_empty() {
            if side.left == 0 {
                if !side.len.fill(&mut bytes) {
                    return;
                }
                let &[high, low] = side.len.get() else { return };
                side.left = usize::from(u16::from_be_bytes([high, low]));
                (side.len, side.message) = (Start::default(), Message::default());
            }
            let (part, rest) = bytes.split_at(bytes.len().min(side.left));
            bytes = rest;
            side.left -= part.len();
            side.message.take(part, out);
            if side.left == 0 {
                side.message.finish(out);
            }
        }
    }
}

impl Message {
    fn is_response(&self) -> bool {
        self.header.get().get(2).is_some_and(|flags| flags & RESPONSE != 0)
    }

    fn take(&mut self, mut bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        let before = self.header.len();
        if !self.header.fill(&mut bytes) {
            return;
        }
        if before < self.header.len() {
            let header = self.header.get();
            if let Some(&[high, low]) = header.get(4..6) {
                self.questions.left = u16::from_be_bytes([high, low]);
            }
            let context = if self.is_response() {
                Context::DnsRspHeader
            } else {
                out(Fact::Unit);
                Context::DnsReqHeader
            };
            out(Fact::Bytes(context, header));
            out(Fact::End(context));
        }
        let (context, section) = if self.is_response() {
            (Context::DnsRspQueriesSection, self.questions.take(bytes))
        } else {
            (Context::DnsReqSection, bytes)
        };
        if !section.is_empty() {
            out(Fact::Bytes(context, section));
        }
    }

    /// The message has ended.
    fn finish(&self, out: &mut dyn FnMut(Fact<'_>)) {
        if self.header.len() >= 12 {
            let is_response = self.is_response();
            out(Fact::End(if is_response { Context::DnsRspQueriesSection } else { Context::DnsReqSection }));
        }
    }
}

impl Questions {
    /// What of the bytes belongs to the questions.
    fn take<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let mut len = 0;
        for &byte in bytes {
            if self.left == 0 {
                break;
            }
            len += 1;
            self.place = match (self.place, byte) {
                // Type and class follow the empty label, or the second byte of a pointer.
                (Place::Length, 0) => Place::Tail(4),
                (Place::Length, 0xc0..) => Place::Tail(5),
                (Place::Length, label) => Place::Label(label),
                (Place::Label(2..), _) | (Place::Tail(2..), _) => self.place.nearer(),
                (Place::Label(_), _) => Place::Length,
                (Place::Tail(_), _) => {
                    self.left -= 1;
                    Place::Length
                }
            };
        }
        bytes.get(..len).unwrap_or_default()
    }
}

impl Place {
    const fn nearer(self) -> Self {
        match self {
            Self::Length => Self::Length,
            Self::Label(left) => Self::Label(left.saturating_sub(1)),
            Self::Tail(left) => Self::Tail(left.saturating_sub(1)),
        }
    }
}
