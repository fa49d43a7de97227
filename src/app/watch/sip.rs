//! SIP (RFC 3261): the headers of what the client asks.
//!
//! That the request line is not one of them is assumed, as the contexts of HTTP and RTSP have it.

use super::message::{Kind, Messages};
use crate::app::{Context, Fact};
use crate::flow::{Direction, Protocol};

const SIP: Kind =
    Kind { response: b"SIP/", headers: Context::SipReqHeaders, target: None, has_frames: false };

/// Watches one session.
#[derive(Debug, Clone)]
pub(super) struct Sip {
    is_udp: bool,
    messages: Messages,
}

impl Sip {
    /// What it comes upon.
    pub(super) const CONTEXTS: &[Context] = &[Context::SipReqHeaders];

    /// For a session over this protocol.
    pub(super) fn new(protocol: Protocol) -> Self {
        Self { is_udp: protocol == Protocol::UDP, messages: Messages::default() }
    }

    /// Takes new bytes of one side, or a datagram.
    pub(super) fn feed(&mut self, direction: Direction, bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        if direction == Direction::ClientToServer {
            if self.is_udp {
                Messages::datagram(&SIP, bytes, out);
            } else {
                self.messages.feed(&SIP, bytes, out);
            }
        }
    }
}
