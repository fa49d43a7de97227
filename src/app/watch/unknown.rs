//! Payload that no decoder knows, as it comes.

use super::Said;
use crate::app::{Context, Fact};
use crate::flow::{Direction, Protocol};

/// What is told of.
pub(super) const CONTEXTS: &[Context] = &[
    Context::UnknownReqTcpPayload,
    Context::UnknownReqUdpPayload,
    Context::UnknownRspTcpPayload,
    Context::UnknownRspUdpPayload,
];

/// One session.
#[derive(Debug, Clone)]
pub(crate) struct Unknown {
    is_tcp: bool,
}

impl Unknown {
    /// A session over TCP or UDP.
    pub(super) fn over(protocol: Protocol) -> Self {
        Self { is_tcp: protocol == Protocol::TCP }
    }

    /// Takes the next bytes of one side, in order, or a datagram of it.
    pub(crate) fn feed(&mut self, direction: Direction, bytes: &[u8], out: &mut dyn FnMut(Said<'_>)) {
        let context = match (direction, self.is_tcp) {
            (Direction::ClientToServer, true) => Context::UnknownReqTcpPayload,
            (Direction::ClientToServer, false) => Context::UnknownReqUdpPayload,
            (Direction::ServerToClient, true) => Context::UnknownRspTcpPayload,
            (Direction::ServerToClient, false) => Context::UnknownRspUdpPayload,
        };
        out(Said::Fact(Fact::Bytes(context, bytes)));
        if !self.is_tcp {
            out(Said::Fact(Fact::End(context)));
        }
    }
}
