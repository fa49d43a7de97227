//! Building packets with the right lengths and checksums: for tests, for scenarios, and for what the firewall
//! itself sends.

use std::net::IpAddr;

use etherparse::{IpHeaders, IpNumber, PacketBuilder, PacketBuilderStep, TcpHeader, TcpOptions};

use super::{Packet, TcpFlags, TcpSegment};
use crate::flow::{Addr, Protocol};

/// Where a packet comes from and goes to; then what it carries makes it a packet.
///
/// Source and destination must be of the same IP version: otherwise, as where a payload is too long for a packet
/// (65,535 bytes with its headers), no bytes come out.
///
/// ```
/// use firstpass::flow::Addr;
/// use firstpass::packet::build::Builder;
///
/// let to_server = Builder::new(Addr::v4([192, 0, 2, 1]), Addr::v4([198, 51, 100, 2])).ethernet();
/// let query = to_server.udp(40_000, 53, b"\x00\x01");
/// assert_eq!(query.len(), 14 + 20 + 8 + 2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builder {
    src: Addr,
    dst: Addr,
    ttl: u8,
    ethernet: bool,
}

impl Builder {
    /// A bare IP packet with a time to live of 64.
    pub const fn new(src: Addr, dst: Addr) -> Self {
        Self { src, dst, ttl: 64, ethernet: false }
    }

    /// With an Ethernet header: locally administered addresses made from the last bytes of the IP addresses.
    #[must_use]
    pub const fn ethernet(self) -> Self {
        Self { ethernet: true, ..self }
    }

    /// With another time to live, or hop limit.
    #[must_use]
    pub const fn ttl(self, ttl: u8) -> Self {
        Self { ttl, ..self }
    }

    /// A packet with a TCP segment. Options are padded to whole words; past 40 bytes they are left out.
    pub fn tcp(&self, segment: &TcpSegment<'_>) -> Vec<u8> {
        let has = |flag| segment.flags.contains(flag);
        let header = TcpHeader {
            source_port: segment.sport,
            destination_port: segment.dport,
            sequence_number: segment.seq,
            acknowledgment_number: segment.ack,
            fin: has(TcpFlags::FIN),
            syn: has(TcpFlags::SYN),
            rst: has(TcpFlags::RST),
            psh: has(TcpFlags::PSH),
            ack: has(TcpFlags::ACK),
            urg: has(TcpFlags::URG),
            ece: has(TcpFlags(0x40)),
            cwr: has(TcpFlags(0x80)),
            window_size: segment.window,
            options: TcpOptions::try_from_slice(segment.options).unwrap_or_default(),
            ..TcpHeader::default()
        };
        self.write(segment.payload.bytes, |ip, payload, out| {
            ip.tcp_header(header).write(out, payload).is_ok()
        })
    }

    /// A packet with a UDP datagram.
    pub fn udp(&self, sport: u16, dport: u16, payload: &[u8]) -> Vec<u8> {
        self.write(payload, |ip, payload, out| ip.udp(sport, dport).write(out, payload).is_ok())
    }

    /// A packet with an ICMP message, or an ICMPv6 one between IPv6 addresses; `rest` is bytes 4 to 7.
    pub fn icmp(&self, kind: u8, code: u8, rest: [u8; 4], payload: &[u8]) -> Vec<u8> {
        if self.src.is_v4() {
            self.write(payload, |ip, payload, out| {
                ip.icmpv4_raw(kind, code, rest).write(out, payload).is_ok()
            })
        } else {
            self.write(payload, |ip, payload, out| {
                ip.icmpv6_raw(kind, code, rest).write(out, payload).is_ok()
            })
        }
    }

    /// An echo request.
    pub fn echo_request(&self, identifier: u16, sequence: u16, payload: &[u8]) -> Vec<u8> {
        let kind = if self.src.is_v4() { 8 } else { 128 };
        self.icmp(kind, 0, echo(identifier, sequence), payload)
    }

    /// An echo reply.
    pub fn echo_reply(&self, identifier: u16, sequence: u16, payload: &[u8]) -> Vec<u8> {
        let kind = if self.src.is_v4() { 0 } else { 129 };
        self.icmp(kind, 0, echo(identifier, sequence), payload)
    }

    /// Destination unreachable, administratively prohibited: ICMP type 3 code 13 (RFC 1812, 5.2.7.1) or ICMPv6
    /// type 1 code 1 (RFC 4443, 3.1).
    ///
    /// It quotes as much of the packet it is about as fits into 576 bytes (RFC 1812, 4.3.2.3), or 1,280
    /// (RFC 4443, 2.4 c).
    pub fn unreachable(&self, about: &Packet<'_>) -> Vec<u8> {
        let (kind, code, quote) = if self.src.is_v4() { (3, 13, 576 - 28) } else { (1, 1, 1_280 - 48) };
        let quoted = about.datagram.get(..quote).unwrap_or(about.datagram);
        self.icmp(kind, code, [0; 4], quoted)
    }

    /// A packet of any other protocol.
    pub fn other(&self, protocol: Protocol, payload: &[u8]) -> Vec<u8> {
        self.write(payload, |ip, payload, out| ip.write(out, IpNumber(protocol.0), payload).is_ok())
    }

    fn write(
        &self,
        payload: &[u8],
        write: impl FnOnce(PacketBuilderStep<IpHeaders>, &[u8], &mut Vec<u8>) -> bool,
    ) -> Vec<u8> {
        let ip = match (IpAddr::from(self.src), IpAddr::from(self.dst)) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => PacketBuilder::ipv4(src.octets(), dst.octets(), self.ttl),
            (IpAddr::V6(src), IpAddr::V6(dst)) => PacketBuilder::ipv6(src.octets(), dst.octets(), self.ttl),
            _ => return Vec::new(),
        };
        let mut bytes = Vec::with_capacity(14 + 60 + 60 + payload.len());
        if self.ethernet {
            bytes.extend(mac(self.dst));
            bytes.extend(mac(self.src));
            bytes.extend(if self.src.is_v4() { [0x08, 0x00] } else { [0x86, 0xdd] });
        }
        if !write(ip, payload, &mut bytes) {
            bytes.clear();
        }
        bytes
    }
}

fn echo(identifier: u16, sequence: u16) -> [u8; 4] {
    let [i0, i1] = identifier.to_be_bytes();
    let [s0, s1] = sequence.to_be_bytes();
    [i0, i1, s0, s1]
}

/// A locally administered address (the 2 in its first byte) that tells hosts apart.
fn mac(addr: Addr) -> [u8; 6] {
    let [.., b0, b1, b2, b3] = addr.bits().to_be_bytes();
    [2, 0, b0, b1, b2, b3]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Frame, LinkType};
    use crate::packet::{Checksum, Checksums, DecodeOptions, Layer4, Payload, decode};
    use crate::time::Timestamp;

    const V4: [Addr; 2] = [Addr::v4([192, 0, 2, 1]), Addr::v4([198, 51, 100, 2])];
    const V6: [Addr; 2] = [Addr::v6([0x20; 16]), Addr::v6([0x21; 16])];

    fn read(bytes: &[u8], link_type: LinkType) -> Packet<'_> {
        let wire_len = bytes.len() as u32;
        let frame = Frame { at: Timestamp::ZERO, file: 0, link_type, interface: None, wire_len, bytes };
        decode(&frame, 1, DecodeOptions { checksums: Checksums::Verify })
    }

    #[test]
    fn what_is_built_reads_back_with_right_checksums() {
        for ([src, dst], ethernet) in [(V4, false), (V4, true), (V6, false), (V6, true)] {
            let builder = Builder::new(src, dst).ttl(9);
            let (builder, link_type) =
                if ethernet { (builder.ethernet(), LinkType::ETHERNET) } else { (builder, LinkType::RAW) };
            let segment = TcpSegment {
                sport: 40_000,
                dport: 21,
                seq: 7,
                ack: 9,
                flags: TcpFlags(0xd8),
                window: 512,
                options: &[2, 4, 5, 0xb4],
                payload: Payload { bytes: b"USER", len: 4 },
            };
            let bytes = builder.tcp(&segment);
            let packet = read(&bytes, link_type);
            assert_eq!((packet.layer4, packet.checksum), (Layer4::Tcp(segment), Checksum::Good));
            assert_eq!((packet.ip.src, packet.ip.dst, packet.ip.ttl), (src, dst, 9));

            let bytes = builder.udp(53, 40_000, b"answer");
            let packet = read(&bytes, link_type);
            assert!(matches!(packet.layer4, Layer4::Udp(udp) if udp.payload.bytes == b"answer"));
            assert_eq!(packet.checksum, Checksum::Good);

            for bytes in [builder.echo_request(5, 6, b"ping"), builder.echo_reply(5, 6, b"ping")] {
                let packet = read(&bytes, link_type);
                let Layer4::Icmp(icmp) = packet.layer4 else { panic!("{packet:?}") };
                assert_eq!((icmp.identifier(), icmp.sequence(), icmp.payload.bytes), (5, 6, &b"ping"[..]));
                assert_eq!(packet.checksum, Checksum::Good);
            }

            let bytes = builder.other(Protocol(47), &[0, 0, 8, 0]);
            assert!(matches!(read(&bytes, link_type).layer4, Layer4::Other(gre) if gre.len == 4));
        }
    }

    #[test]
    fn an_unreachable_quotes_what_fits() {
        for ([client, server], most) in [(V4, 576), (V6, 1_280)] {
            for len in [0, 4, 3_000] {
                let bytes = Builder::new(client, server).udp(5_000, 53, &vec![7; len]);
                let offending = read(&bytes, LinkType::RAW);
                let answer = Builder::new(server, client).unreachable(&offending);
                assert_eq!(answer.len(), most.min(if client.is_v4() { 28 } else { 48 } + bytes.len()));
                let packet = read(&answer, LinkType::RAW);
                assert_eq!(packet.checksum, Checksum::Good);
                let Layer4::Icmp(icmp) = packet.layer4 else { panic!("{packet:?}") };
                let quoted = icmp.quoted(!client.is_v4()).unwrap();
                assert_eq!((quoted.ip, quoted.sport, quoted.dport), (offending.ip, 5_000, 53));
            }
        }
    }

    #[test]
    fn what_cannot_be_is_not_built() {
        assert_eq!(Builder::new(V4[0], V6[0]).udp(1, 2, b""), b"");
        assert_eq!(Builder::new(V4[0], V4[1]).udp(1, 2, &vec![0; 65_535]), b"");
        assert_eq!(Builder::new(V4[0], V4[1]).ethernet().other(Protocol(47), &vec![0; 70_000]), b"");
    }
}
