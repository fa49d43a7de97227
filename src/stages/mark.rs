//! What is left of a packet on its way through a firewall: by it the same packet is found again in another capture.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::capture::Frame;
use crate::flow::{Addr, FlowKey, Protocol};
use crate::packet::{DecodeOptions, Fragment, Layer4, Packet, Payload, TcpFlags, decode};
use crate::time::Timestamp;

/// So many bytes of a payload tell it from others; captures of one packet may be cut at different lengths.
const PAYLOAD: usize = 64;

/// A frame of a stage's capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// Number of the frame in its capture, from 1.
    pub number: u64,
    /// A hash of what NAT, routing and the link leave alone.
    pub content: u64,
    /// The IP identification, which few firewalls change; IPv6 has none.
    pub id: Option<u16>,
    /// What NAT may change.
    pub ends: Ends,
    /// What it is, for people.
    pub shape: Shape,
}

/// Both ends of a packet: what NAT changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ends {
    /// Source address.
    pub src: Addr,
    /// Source port, or the identifier of an ICMP query.
    pub sport: u16,
    /// Destination address.
    pub dst: Addr,
    /// Destination port, or the identifier of an ICMP answer.
    pub dport: u16,
}

/// What a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// TCP, with its flags and payload length.
    Tcp(TcpFlags, u32),
    /// UDP, with its payload length.
    Udp(u32),
    /// ICMP or ICMPv6: type and code.
    Icmp(Protocol, u8, u8),
    /// A fragment: protocol and offset.
    Fragment(Protocol, u32),
    /// Another IP protocol.
    Other(Protocol),
    /// Not IP, or not readable.
    Unread,
}

impl Mark {
    /// Of a frame and its number.
    pub fn of(frame: &Frame<'_>, number: u64) -> Self {
        let packet = decode(frame, number, DecodeOptions::default());
        let mut hasher = DefaultHasher::new();
        packet.ip.protocol.hash(&mut hasher);
        let shape = hash(&packet, frame, &mut hasher);
        let id = match packet.datagram {
            [first, _, _, _, i0, i1, ..] if first >> 4 == 4 => Some(u16::from_be_bytes([*i0, *i1])),
            _ => None,
        };
        Self { at: frame.at, number, content: hasher.finish(), id, ends: Ends::of(&packet), shape }
    }

    /// Whether it is a RST.
    pub const fn is_rst(&self) -> bool {
        matches!(self.shape, Shape::Tcp(flags, _) if flags.contains(TcpFlags::RST))
    }
}

impl Ends {
    /// Of a packet.
    pub fn of(packet: &Packet<'_>) -> Self {
        let v6 = packet.ip.protocol == Protocol::ICMPV6;
        let (sport, dport) = match packet.layer4 {
            Layer4::Tcp(tcp) => (tcp.sport, tcp.dport),
            Layer4::Udp(udp) => (udp.sport, udp.dport),
            Layer4::Icmp(icmp) => match (v6, icmp.kind) {
                (false, 8 | 13 | 15 | 17) | (true, 128) => (icmp.identifier(), 0),
                (false, 0 | 14 | 16 | 18) | (true, 129) => (0, icmp.identifier()),
                _ => (0, 0),
            },
            _ => (0, 0),
        };
        Self { src: packet.ip.src, sport, dst: packet.ip.dst, dport }
    }

    /// Of a session's key.
    pub const fn of_key(key: &FlowKey) -> Self {
        // The sequence number of an ICMP query stands where others have the port of the server.
        let dport = if key.protocol.is_icmp() { 0 } else { key.dport };
        Self { src: key.src, sport: key.sport, dst: key.dst, dport }
    }

    /// The other way round.
    #[must_use]
    pub const fn reply(self) -> Self {
        Self { src: self.dst, sport: self.dport, dst: self.src, dport: self.sport }
    }

    /// Whether the addresses are the same.
    pub fn same_addresses(&self, other: &Self) -> bool {
        (self.src, self.dst) == (other.src, other.dst)
    }

    /// How many of the four parts are the same.
    pub fn common(&self, other: &Self) -> u32 {
        u32::from(self.src == other.src)
            + u32::from(self.dst == other.dst)
            + u32::from(self.sport == other.sport)
            + u32::from(self.dport == other.dport)
    }
}

/// Hashes what stays of a packet.
fn hash(packet: &Packet<'_>, frame: &Frame<'_>, hasher: &mut DefaultHasher) -> Shape {
    match packet.layer4 {
        Layer4::Tcp(tcp) => {
            (tcp.seq, tcp.ack, tcp.flags.0).hash(hasher);
            payload(&tcp.payload, 0, hasher);
            Shape::Tcp(tcp.flags, tcp.payload.len)
        }
        Layer4::Udp(udp) => {
            payload(&udp.payload, 0, hasher);
            Shape::Udp(udp.payload.len)
        }
        Layer4::Icmp(icmp) => {
            let v6 = packet.ip.protocol == Protocol::ICMPV6;
            (icmp.kind, icmp.code).hash(hasher);
            if icmp.is_error(v6) {
                // Of the packet quoted, what NAT leaves alone.
                let quoted = icmp.quoted(v6).map(|quoted| quoted.ip.protocol);
                (quoted, icmp.payload.len, icmp.rest).hash(hasher);
                icmp.payload.bytes.get(4..6).filter(|_| !v6).hash(hasher);
            } else {
                icmp.sequence().hash(hasher);
                payload(&icmp.payload, 0, hasher);
            }
            Shape::Icmp(packet.ip.protocol, icmp.kind, icmp.code)
        }
        Layer4::Fragment(Fragment { identification, offset, more, payload: part }) => {
            (identification, offset, more).hash(hasher);
            // Ports and checksum are in the first.
            let skipped = match packet.ip.protocol {
                _ if offset > 0 => 0,
                Protocol::TCP => 20,
                _ => 8,
            };
            payload(&part, skipped, hasher);
            Shape::Fragment(packet.ip.protocol, offset)
        }
        Layer4::Other(other) => {
            payload(&other, 0, hasher);
            Shape::Other(packet.ip.protocol)
        }
        Layer4::NotIp { .. } | Layer4::Malformed(_) => {
            // Past the addresses of Ethernet.
            let bytes =
                if packet.datagram.is_empty() { frame.bytes.get(12..) } else { Some(packet.datagram) };
            payload(&Payload { bytes: bytes.unwrap_or_default(), len: frame.wire_len }, 0, hasher);
            Shape::Unread
        }
    }
}

fn payload(payload: &Payload<'_>, skipped: usize, hasher: &mut DefaultHasher) {
    let rest = payload.bytes.get(skipped..).unwrap_or_default();
    (payload.len, rest.get(..PAYLOAD).unwrap_or(rest)).hash(hasher);
}

/// Such as `TCP SYN`, `UDP, 120 bytes` or `ICMP echo request`.
impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = |len: u32| if len == 1 { "byte" } else { "bytes" };
        match *self {
            Self::Tcp(flags, 0) => write!(f, "TCP {flags}"),
            Self::Tcp(flags, len) => write!(f, "TCP {flags}, {len} {}", bytes(len)),
            Self::Udp(len) => write!(f, "UDP, {len} {}", bytes(len)),
            Self::Icmp(protocol, kind, code) => match (protocol, kind) {
                (Protocol::ICMP, 8) | (Protocol::ICMPV6, 128) => f.write_str("echo request"),
                (Protocol::ICMP, 0) | (Protocol::ICMPV6, 129) => f.write_str("echo reply"),
                (Protocol::ICMP, 3) | (Protocol::ICMPV6, 1) => f.write_str("ICMP unreachable"),
                (Protocol::ICMP, 11) | (Protocol::ICMPV6, 3) => f.write_str("ICMP time exceeded"),
                _ => write!(f, "{protocol} type {kind} code {code}"),
            },
            Self::Fragment(protocol, offset) => write!(f, "fragment of {protocol} at {offset}"),
            Self::Other(protocol) => write!(f, "IP protocol {protocol}"),
            Self::Unread => f.write_str("not IP, or not readable"),
        }
    }
}

/// `10.0.0.1:5000 > 198.51.100.2:80`.
impl std::fmt::Display for Ends {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = |addr: Addr, port: u16| addr.with_port((port != 0).then_some(port));
        write!(f, "{} > {}", end(self.src, self.sport), end(self.dst, self.dport))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::LinkType;
    use crate::packet::TcpSegment;
    use crate::packet::build::Builder;

    const CLIENT: Addr = Addr::v4([10, 0, 0, 1]);
    const PUBLIC: Addr = Addr::v4([203, 0, 113, 1]);
    const SERVER: Addr = Addr::v4([198, 51, 100, 2]);

    fn mark(bytes: &[u8], link_type: LinkType) -> Mark {
        let wire_len = bytes.len() as u32;
        Mark::of(&Frame { at: Timestamp::ZERO, file: 0, link_type, interface: None, wire_len, bytes }, 1)
    }

    fn segment(sport: u16, seq: u32) -> TcpSegment<'static> {
        let payload = Payload { bytes: b"GET /", len: 5 };
        let flags = TcpFlags::ACK;
        TcpSegment { sport, dport: 80, seq, ack: 9, flags, window: 5, options: &[], payload }
    }

    #[test]
    fn nat_ttl_and_link_leave_the_content() {
        let before = Builder::new(CLIENT, SERVER).ethernet().ttl(64);
        let after = Builder::new(PUBLIC, SERVER).ttl(63);
        for (before, after, same) in [
            (before.tcp(&segment(5_000, 7)), after.tcp(&segment(1_024, 7)), true),
            (before.tcp(&segment(5_000, 7)), after.tcp(&segment(5_000, 8)), false),
            (before.udp(5_000, 53, b"query"), after.udp(1_024, 53, b"query"), true),
            (before.udp(5_000, 53, b"query"), after.udp(5_000, 53, b"other"), false),
            (before.echo_request(5, 6, b"ping"), after.echo_request(1_024, 6, b"ping"), true),
            (before.echo_request(5, 6, b"ping"), after.echo_request(5, 7, b"ping"), false),
            (before.udp(5_000, 53, b"query"), after.tcp(&segment(5_000, 7)), false),
        ] {
            let (before, after) = (mark(&before, LinkType::ETHERNET), mark(&after, LinkType::RAW));
            assert_eq!(before.content == after.content, same, "{before:?}\n{after:?}");
            assert_ne!(before.ends, after.ends);
        }
    }
}
