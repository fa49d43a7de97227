//! What no decoder knows: the bytes of either side as they are.

use crate::app::{Context, Fact};
use crate::flow::{Direction, Protocol};

/// Watches one session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unknown {
    is_udp: bool,
}

impl Unknown {
    /// What it comes upon over TCP.
    pub(super) const OVER_TCP: &[Context] = &[Context::UnknownReqTcpPayload, Context::UnknownRspTcpPayload];
    /// What it comes upon over UDP.
    pub(super) const OVER_UDP: &[Context] = &[Context::UnknownReqUdpPayload, Context::UnknownRspUdpPayload];

    /// For a session over this protocol.
    pub(super) fn new(protocol: Protocol) -> Self {
        Self { is_udp: protocol == Protocol::UDP }
    }

    /// What it comes upon.
    pub(super) const fn contexts(self) -> &'static [Context] {
        if self.is_udp { Self::OVER_UDP } else { Self::OVER_TCP }
    }

    /// Takes new bytes of one side, or a datagram. Over TCP there are no requests to tell apart; over UDP each of the
    /// client's datagrams is one (assumed).
    pub(super) fn feed(&mut self, direction: Direction, bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        let context = match (self.is_udp, direction) {
            (false, Direction::ClientToServer) => Context::UnknownReqTcpPayload,
            (false, Direction::ServerToClient) => Context::UnknownRspTcpPayload,
            (true, Direction::ClientToServer) => Context::UnknownReqUdpPayload,
            (true, Direction::ServerToClient) => Context::UnknownRspUdpPayload,
        };
        if self.is_udp && direction == Direction::ClientToServer {
            out(Fact::Unit);
        }
        if !bytes.is_empty() {
            out(Fact::Bytes(context, bytes));
        }
        if self.is_udp {
            out(Fact::End(context));
        }
    }
}
