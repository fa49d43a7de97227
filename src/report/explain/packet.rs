//! What a packet is, for people.

use std::fmt;

use crate::flow::{Addr, Protocol};
use crate::packet::{Layer4, Packet, TcpFlags};

/// What is remembered of a packet until its verdict comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note {
    pub(super) number: u64,
    frames: u64,
    pub(super) src: Addr,
    pub(super) dst: Addr,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Tcp { flags: TcpFlags, sport: u16, dport: u16, payload: u32 },
    Udp { sport: u16, dport: u16, payload: u32 },
    Icmp { kind: u8, code: u8 },
    Other { protocol: Protocol, payload: u32 },
    NotIp,
    Malformed,
}

impl Note {
    pub(super) fn of(packet: &Packet<'_>) -> Self {
        let kind = match packet.layer4 {
            Layer4::Tcp(tcp) => {
                Kind::Tcp { flags: tcp.flags, sport: tcp.sport, dport: tcp.dport, payload: tcp.payload.len }
            }
            Layer4::Udp(udp) => Kind::Udp { sport: udp.sport, dport: udp.dport, payload: udp.payload.len },
            Layer4::Icmp(icmp) => Kind::Icmp { kind: icmp.kind, code: icmp.code },
            Layer4::Other(payload) => Kind::Other { protocol: packet.ip.protocol, payload: payload.len },
            Layer4::NotIp { .. } => Kind::NotIp,
            Layer4::Fragment(_) | Layer4::Malformed(_) => Kind::Malformed,
        };
        Self { number: packet.number, frames: packet.frames(), src: packet.ip.src, dst: packet.ip.dst, kind }
    }

    /// Source and destination, with ports where there are any.
    pub(super) fn path(&self) -> String {
        let (sport, dport) = match self.kind {
            Kind::Tcp { sport, dport, .. } | Kind::Udp { sport, dport, .. } => (Some(sport), Some(dport)),
            _ => (None, None),
        };
        format!("{} → {}", self.src.with_port(sport), self.dst.with_port(dport))
    }
}

/// For example `PSH,ACK, 16 bytes`.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Tcp { flags, payload: 0, .. } => write!(f, "{flags}")?,
            Kind::Tcp { flags, payload, .. } => write!(f, "{flags}, {}", bytes(payload))?,
            Kind::Udp { payload, .. } => write!(f, "datagram, {}", bytes(payload))?,
            Kind::Icmp { kind, code } => write!(f, "type {kind} code {code}")?,
            Kind::Other { protocol, payload } => write!(f, "IP protocol {protocol}, {}", bytes(payload))?,
            Kind::NotIp => f.write_str("not IP")?,
            Kind::Malformed => f.write_str("malformed")?,
        }
        if self.frames > 1 { write!(f, ", in {} fragments", self.frames) } else { Ok(()) }
    }
}

fn bytes(count: u32) -> String {
    format!("{count} byte{}", if count == 1 { "" } else { "s" })
}
