//! Bytes to values and back: decoding, defragmentation, building packets.
//!
//! Decoding never fails: what cannot be read is a value too ([`Layer4::Malformed`], [`Layer4::NotIp`]), and gets a
//! verdict and a counter like any other packet.

pub mod build;
pub mod checksum;
mod decode;
mod defrag;
mod marks;
mod normalise;
mod quoted;
pub mod reframe;
mod rewrite;
mod splice;
mod tcp;

pub use decode::{Checksums, DecodeOptions, decode};
pub use defrag::{DefragLimits, Defragmented, Defragmenter};
pub use marks::IpMarks;
pub use normalise::Normalisation;
pub use quoted::Quoted;
pub use rewrite::rewrite;
pub use splice::{Splice, renumber, splice};
pub use tcp::{TcpFlags, TcpOptions, TcpSegment};

use crate::flow::{Addr, Arrival, Protocol};

/// One frame, or the whole datagram that several fragments carried.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    /// Number of the frame in the run, from 1; for a datagram the frame that completed it.
    pub number: u64,
    /// Numbers of all frames of a defragmented datagram, in order of arrival; empty for a whole frame.
    pub fragments: &'a [u64],
    /// Bytes on the wire with the link header, over all frames (a snapped capture may hold fewer).
    pub wire_len: u32,
    /// What the capture tells of how it came in.
    pub arrival: Arrival,
    /// The IP header, where there is one.
    pub ip: IpHeader,
    /// What the packet carries.
    pub layer4: Layer4<'a>,
    /// What the checksums say, when asked to look.
    pub checksum: Checksum,
    /// The captured bytes of the IP packet (the reassembled datagram for fragments): what an emitted packet quotes.
    pub datagram: &'a [u8],
}

impl Packet<'_> {
    /// How many frames share this packet's verdict.
    pub fn frames(&self) -> u64 {
        (self.fragments.len() as u64).max(1)
    }
}

/// The fields of the IP header that the model looks at; all zero for a frame that is not IP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IpHeader {
    /// Source address.
    pub src: Addr,
    /// Destination address.
    pub dst: Addr,
    /// The protocol after all IPv6 extension headers.
    pub protocol: Protocol,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// IPv4 options and IPv6 extension headers.
    pub marks: IpMarks,
}

/// What an IP packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer4<'a> {
    /// A TCP segment.
    Tcp(TcpSegment<'a>),
    /// A UDP datagram.
    Udp(UdpDatagram<'a>),
    /// An ICMP or ICMPv6 message.
    Icmp(IcmpMessage<'a>),
    /// Any other IP protocol.
    Other(Payload<'a>),
    /// A fragment that is not yet a datagram; the defragmenter keeps these from the engine.
    Fragment(Fragment<'a>),
    /// Not IP: ARP, LLDP and the like.
    NotIp {
        /// EtherType, or the link layer's own protocol number.
        ether_type: u16,
    },
    /// Something is wrong with it.
    Malformed(Malformed),
}

/// Payload bytes: how many there were and those the capture holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Payload<'a> {
    /// The captured bytes, at most `len` of them.
    pub bytes: &'a [u8],
    /// Length on the wire, from the headers.
    pub len: u32,
}

impl Payload<'_> {
    /// Whether the capture's snap length cut bytes off.
    pub fn is_cut(&self) -> bool {
        (self.bytes.len() as u64) < u64::from(self.len)
    }
}

/// A UDP datagram (RFC 768).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UdpDatagram<'a> {
    /// Source port.
    pub sport: u16,
    /// Destination port.
    pub dport: u16,
    /// What it carries.
    pub payload: Payload<'a>,
}

/// An ICMP (RFC 792) or ICMPv6 (RFC 4443) message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpMessage<'a> {
    /// Message type.
    pub kind: u8,
    /// Message code.
    pub code: u8,
    /// Bytes 4 to 7: identifier and sequence number of queries, otherwise the type's own use.
    pub rest: [u8; 4],
    /// What follows the eight-byte header: for an error, the packet it is about.
    pub payload: Payload<'a>,
}

impl IcmpMessage<'_> {
    /// The identifier of a query.
    pub const fn identifier(&self) -> u16 {
        u16::from_be_bytes([self.rest[0], self.rest[1]])
    }

    /// The sequence number of a query.
    pub const fn sequence(&self) -> u16 {
        u16::from_be_bytes([self.rest[2], self.rest[3]])
    }
}

/// One fragment of an IP datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// Identification field (16 bits in IPv4, 32 in IPv6).
    pub identification: u32,
    /// Offset of its first byte in the datagram's payload.
    pub offset: u32,
    /// Whether more fragments follow.
    pub more: bool,
    /// Its payload.
    pub payload: Payload<'a>,
}

/// What the checksums of a packet say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Checksum {
    /// Not looked at, or not all bytes are there.
    #[default]
    Unknown,
    /// All right.
    Good,
    /// The IPv4 header's is wrong.
    BadIp,
    /// The TCP, UDP or ICMP one is wrong.
    BadLayer4,
}

/// Why a packet is refused by the sanity checks that PAN-OS always makes (PANOS.md 1.1, stage 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Malformed {
    /// The frame ends before its link header does.
    LinkTruncated,
    /// The capture's link type is not one we read.
    LinkTypeUnsupported,
    /// EtherType and IP version disagree.
    IpVersionMismatch,
    /// An IP header is cut or its lengths contradict each other.
    IpHeader,
    /// IPv4 protocol 0.
    IpProtocolZero,
    /// Time to live or hop limit 0.
    IpTtlZero,
    /// Source equals destination.
    IpLand,
    /// An address that cannot be there: an IPv4 multicast or broadcast source, an IPv4-mapped one in IPv6.
    IpMartian,
    /// An IPv6 extension header is cut, or there are too many.
    Ipv6Extension,
    /// An IPv6 jumbogram option.
    Ipv6Jumbogram,
    /// The IPv4 header checksum is wrong (only with `--checksums verify`).
    IpChecksum,
    /// Fragments overlap (teardrop).
    FragmentOverlap,
    /// A fragment reaches beyond 65,535 bytes (ping of death), or lengths contradict each other.
    FragmentLength,
    /// A datagram whose fragments did not all come in time.
    FragmentIncomplete,
    /// Fragments that gave way to newer ones, because too many wait.
    FragmentLimit,
    /// The TCP header is cut, or its data offset is below 5.
    TcpHeader,
    /// TCP port 0.
    TcpPortZero,
    /// Flags that no segment may have together (null, SYN+FIN, SYN+RST, …).
    TcpFlags,
    /// The TCP checksum is wrong (only with `--checksums verify`).
    TcpChecksum,
    /// The UDP header is cut, or the payload is shorter than the length field.
    UdpHeader,
    /// The UDP checksum is wrong (only with `--checksums verify`).
    UdpChecksum,
    /// The ICMP header is cut.
    IcmpHeader,
    /// The ICMP checksum is wrong (only with `--checksums verify`).
    IcmpChecksum,
}

impl Malformed {
    /// All of them, in order of declaration.
    pub const ALL: [Self; 23] = [
        Self::LinkTruncated,
        Self::LinkTypeUnsupported,
        Self::IpVersionMismatch,
        Self::IpHeader,
        Self::IpProtocolZero,
        Self::IpTtlZero,
        Self::IpLand,
        Self::IpMartian,
        Self::Ipv6Extension,
        Self::Ipv6Jumbogram,
        Self::IpChecksum,
        Self::FragmentOverlap,
        Self::FragmentLength,
        Self::FragmentIncomplete,
        Self::FragmentLimit,
        Self::TcpHeader,
        Self::TcpPortZero,
        Self::TcpFlags,
        Self::TcpChecksum,
        Self::UdpHeader,
        Self::UdpChecksum,
        Self::IcmpHeader,
        Self::IcmpChecksum,
    ];

    /// Name of the global counter it adds to; PAN-OS's own where one is known.
    pub const fn counter(self) -> &'static str {
        match self {
            Self::LinkTruncated => "flow_parse_l2_short",
            Self::LinkTypeUnsupported => "capture_link_type_unsupported",
            Self::IpVersionMismatch => "flow_parse_ip_ver",
            Self::IpHeader => "flow_parse_ip_hdr",
            Self::IpProtocolZero => "flow_parse_ip_proto_zero",
            Self::IpTtlZero => "flow_fwd_l3_ttl_zero",
            Self::IpLand => "flow_parse_land",
            Self::IpMartian => "flow_parse_ip_martian",
            Self::Ipv6Extension => "flow_parse_ip6_ext_hdr",
            Self::Ipv6Jumbogram => "flow_parse_ip6_jumbogram",
            Self::IpChecksum => "flow_parse_ip_cksum",
            Self::FragmentOverlap => "flow_ipfrag_overlap",
            Self::FragmentLength => "flow_ipfrag_len",
            Self::FragmentIncomplete => "flow_ipfrag_incomplete",
            Self::FragmentLimit => "flow_ipfrag_limit",
            Self::TcpHeader => "flow_parse_l4_tcp_hdr",
            Self::TcpPortZero => "flow_parse_l4_tcp_port_zero",
            Self::TcpFlags => "flow_parse_l4_tcp_flags",
            Self::TcpChecksum => "flow_parse_l4_tcp_cksum",
            Self::UdpHeader => "flow_parse_l4_udp_hdr",
            Self::UdpChecksum => "flow_parse_l4_udp_cksum",
            Self::IcmpHeader => "flow_parse_l4_icmp_hdr",
            Self::IcmpChecksum => "flow_parse_l4_icmp_cksum",
        }
    }

    /// One sentence for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::LinkTruncated => "the frame ends inside its link header",
            Self::LinkTypeUnsupported => "the capture's link type is not read",
            Self::IpVersionMismatch => "EtherType and IP version disagree",
            Self::IpHeader => "the IP header is cut or contradicts itself",
            Self::IpProtocolZero => "IP protocol 0",
            Self::IpTtlZero => "time to live is 0",
            Self::IpLand => "source and destination are the same (LAND)",
            Self::IpMartian => "a source or destination address that cannot be there (martian)",
            Self::Ipv6Extension => "an IPv6 extension header is cut, or there are too many",
            Self::Ipv6Jumbogram => "an IPv6 jumbogram",
            Self::IpChecksum => "the IPv4 header checksum is wrong",
            Self::FragmentOverlap => "fragments overlap (teardrop)",
            Self::FragmentLength => "a fragment reaches beyond the largest datagram",
            Self::FragmentIncomplete => "the datagram's other fragments never came",
            Self::FragmentLimit => "too many fragments wait, and these were the oldest",
            Self::TcpHeader => "the TCP header is cut or its data offset is below 5",
            Self::TcpPortZero => "TCP port 0",
            Self::TcpFlags => "an illegal combination of TCP flags",
            Self::TcpChecksum => "the TCP checksum is wrong",
            Self::UdpHeader => "the UDP header is cut or longer than the packet",
            Self::UdpChecksum => "the UDP checksum is wrong",
            Self::IcmpHeader => "the ICMP header is cut",
            Self::IcmpChecksum => "the ICMP checksum is wrong",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_take_no_more_room() {
        assert_eq!(size_of::<IpHeader>(), 40, "two addresses, and what fits in the eight bytes after them");
    }

    #[test]
    fn every_malformation_has_a_counter_of_its_own() {
        let names: std::collections::BTreeSet<_> = Malformed::ALL.iter().map(|m| m.counter()).collect();
        assert_eq!(names.len(), Malformed::ALL.len());
        for (index, malformed) in Malformed::ALL.into_iter().enumerate() {
            assert_eq!(malformed as usize, index, "ALL is dense and in order");
        }
    }
}
