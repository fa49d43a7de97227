//! Conversations, whichever side began them.

use std::fmt;

use crate::engine::Record;
use crate::flow::{Addr, Protocol};
use crate::packet::{Layer4, Packet};

/// A conversation: the two ends of packets and their protocol, the lower end first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ends {
    pub(super) protocol: Protocol,
    pub(super) low: (Addr, u16),
    pub(super) high: (Addr, u16),
}

impl Ends {
    /// Of a TCP packet.
    pub(super) fn of_tcp(packet: &Packet<'_>) -> Option<Self> {
        let Layer4::Tcp(tcp) = packet.layer4 else { return None };
        Some(Self::between(Protocol::TCP, (packet.ip.src, tcp.sport), (packet.ip.dst, tcp.dport)))
    }

    /// Of a session, or of a packet that was refused.
    pub(super) fn of_record(record: &Record) -> Self {
        let key = record.c2s;
        Self::between(key.protocol, (key.src, key.sport), (key.dst, key.dport))
    }

    fn between(protocol: Protocol, a: (Addr, u16), b: (Addr, u16)) -> Self {
        Self { protocol, low: a.min(b), high: a.max(b) }
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [(a, aport), (b, bport)] = [self.low, self.high];
        write!(f, "{a} port {aport} and {b} port {bport}")
    }
}
