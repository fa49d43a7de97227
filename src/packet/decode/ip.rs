//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers, by etherparse's slices.

use etherparse::{
    IpNumber, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice,
    ip_number as number,
};

use super::link::Version;
use super::{len_u32, transport};
use crate::flow::{Addr, Protocol};
use crate::packet::{Fragment, IpHeader, IpMarks, Layer4, Malformed, Payload};

/// An IP packet as far as it could be read.
#[derive(Debug, Clone, Copy)]
pub(in crate::packet) struct Datagram<'a> {
    pub(in crate::packet) ip: IpHeader,
    pub(in crate::packet) layer4: Layer4<'a>,
    /// Its captured bytes, without what the link layer padded it with.
    pub(in crate::packet) bytes: &'a [u8],
}

/// An ordinary frame holds no more; a longer one whose length field is 0 was captured before the network card cut
/// it into segments.
const OFFLOADED_MIN: u32 = 1_500;

/// Extension headers to a packet. No sender needs more, and each could be a packet's worth of work.
const EXTENSIONS_MAX: usize = 16;

/// Reads an IP packet. `missing` is how many bytes of the frame the capture does not hold.
///
/// A length field that says more than was on the wire is refused in IPv6 (PANOS.md 1.1); for IPv4 nothing is said of
/// it, and since tools that take payloads out of captures leave such packets, they are read like snapped ones.
pub(in crate::packet) fn datagram(version: Version, bytes: &[u8], missing: u32) -> Datagram<'_> {
    let found = bytes.first().map(|byte| byte >> 4);
    match (version, found) {
        (_, None) => malformed(IpHeader::default(), Malformed::IpHeader, bytes),
        (Version::V4 | Version::Either, Some(4)) => v4(bytes, missing),
        (Version::V6 | Version::Either, Some(6)) => v6(bytes, missing),
        _ => malformed(IpHeader::default(), Malformed::IpVersionMismatch, bytes),
    }
}

fn malformed(ip: IpHeader, malformed: Malformed, bytes: &[u8]) -> Datagram<'_> {
    Datagram { ip, layer4: Layer4::Malformed(malformed), bytes }
}

fn v4(bytes: &[u8], missing: u32) -> Datagram<'_> {
    let Ok(header) = Ipv4HeaderSlice::from_slice(bytes) else {
        return malformed(v4_as_far_as_known(bytes), Malformed::IpHeader, bytes);
    };
    let ip = IpHeader {
        src: Addr::v4(header.source()),
        dst: Addr::v4(header.destination()),
        protocol: Protocol(header.protocol().0),
        ttl: header.ttl(),
        marks: IpMarks::options(header.options()),
    };
    let header_len = header.slice().len();
    let total = match header.total_len() {
        0 => offloaded(ip.protocol, bytes, missing),
        total => u32::from(total),
    };
    let bytes = cut(bytes, total);
    let Some((payload, len)) = bytes.get(header_len..).zip(total.checked_sub(header_len as u32)) else {
        return malformed(ip, Malformed::IpHeader, bytes);
    };
    if let Some(reason) = insane_v4(&ip) {
        return malformed(ip, reason, bytes);
    }
    let layer4 = if header.is_fragmenting_payload() {
        Layer4::Fragment(Fragment {
            identification: u32::from(header.identification()),
            offset: u32::from(header.fragments_offset().value()) * 8,
            more: header.more_fragments(),
            payload: Payload { bytes: payload, len },
        })
    } else {
        transport::layer4(ip.protocol, false, payload, len)
    };
    Datagram { ip, layer4, bytes }
}

/// The fields of a header whose lengths are wrong, where its twenty bytes are there.
fn v4_as_far_as_known(bytes: &[u8]) -> IpHeader {
    let Some(&[_, _, _, _, _, _, _, _, ttl, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3]) =
        bytes.first_chunk::<20>()
    else {
        return IpHeader::default();
    };
    let (src, dst) = (Addr::v4([s0, s1, s2, s3]), Addr::v4([d0, d1, d2, d3]));
    IpHeader { src, dst, protocol: Protocol(protocol), ttl, marks: IpMarks::NONE }
}

fn v6(bytes: &[u8], missing: u32) -> Datagram<'_> {
    let Ok(header) = Ipv6HeaderSlice::from_slice(bytes) else {
        return malformed(IpHeader::default(), Malformed::IpHeader, bytes);
    };
    let mut ip = IpHeader {
        src: Addr::v6(header.source()),
        dst: Addr::v6(header.destination()),
        protocol: Protocol(header.next_header().0),
        ttl: header.hop_limit(),
        marks: IpMarks::NONE,
    };
    let header_len = header.slice().len();
    let total = match (header.payload_length(), header.next_header()) {
        // Only a jumbogram's option could say how much follows (RFC 2675, 3).
        (0, number::IPV6_HOP_BY_HOP) => return malformed(ip, Malformed::Ipv6Jumbogram, bytes),
        (0, _) => offloaded(ip.protocol, bytes, missing).max(header_len as u32),
        (payload, _) => header_len as u32 + u32::from(payload),
    };
    if total > len_u32(bytes).saturating_add(missing) {
        return malformed(ip, Malformed::IpHeader, bytes);
    }
    let bytes = cut(bytes, total);
    if let Some(reason) = insane_v6(&ip) {
        return malformed(ip, reason, bytes);
    }
    let payload = bytes.get(header_len..).unwrap_or_default();
    let layer4 = above_extensions(&mut ip, payload, total - header_len as u32);
    Datagram { ip, layer4, bytes }
}

/// The length of a packet whose length field is 0: all there is if it was captured on the way to a network card
/// that cuts TCP into segments, otherwise 0.
fn offloaded(protocol: Protocol, bytes: &[u8], missing: u32) -> u32 {
    let all = len_u32(bytes).saturating_add(missing);
    if protocol == Protocol::TCP && all > OFFLOADED_MIN { all } else { 0 }
}

/// Cuts off what the link layer padded.
fn cut(bytes: &[u8], total: u32) -> &[u8] {
    bytes.get(..total as usize).unwrap_or(bytes)
}

/// Reads extension headers until the protocol that they carry, and that protocol; which they are is noted.
fn above_extensions<'a>(ip: &mut IpHeader, mut bytes: &'a [u8], mut len: u32) -> Layer4<'a> {
    for index in 0..EXTENSIONS_MAX {
        let header = match IpNumber(ip.protocol.0) {
            // The hop-by-hop options come first or not at all (RFC 8200, 4.1).
            number::IPV6_HOP_BY_HOP if index > 0 => return Layer4::Malformed(Malformed::Ipv6Extension),
            number::IPV6_HOP_BY_HOP | number::IPV6_ROUTE | number::IPV6_DEST_OPTIONS => {
                let Ok(header) = Ipv6RawExtHeaderSlice::from_slice(bytes) else {
                    return Layer4::Malformed(Malformed::Ipv6Extension);
                };
                if ip.protocol.0 == number::IPV6_HOP_BY_HOP.0 && has_jumbo_option(header.payload()) {
                    return Layer4::Malformed(Malformed::Ipv6Jumbogram);
                }
                ip.marks = ip.marks.with(extension(ip.protocol, header.payload()));
                ip.protocol = Protocol(header.next_header().0);
                header.slice()
            }
            number::IPV6_FRAG => {
                let Ok(header) = Ipv6FragmentHeaderSlice::from_slice(bytes) else {
                    return Layer4::Malformed(Malformed::Ipv6Extension);
                };
                ip.protocol = Protocol(header.next_header().0);
                // What follows in a fragment, even an extension header, is read when the datagram is whole.
                if header.is_fragmenting_payload() {
                    return fragment(&header, bytes, len);
                }
                ip.marks = ip.marks.with(IpMarks::NEEDLESS_FRAGMENT);
                header.slice()
            }
            _ => return transport::layer4(ip.protocol, true, bytes, len),
        };
        bytes = bytes.get(header.len()..).unwrap_or_default();
        len = len.saturating_sub(len_u32(header));
    }
    Layer4::Malformed(Malformed::Ipv6Extension)
}

/// The mark of an extension header other than a fragment's; `body` begins after its length.
fn extension(protocol: Protocol, body: &[u8]) -> IpMarks {
    match (IpNumber(protocol.0), body) {
        (number::IPV6_HOP_BY_HOP, _) => IpMarks::HOP_BY_HOP,
        (number::IPV6_ROUTE, [kind, ..]) => IpMarks::routing(*kind),
        (number::IPV6_DEST_OPTIONS, _) => IpMarks::DESTINATION_OPTIONS,
        _ => IpMarks::NONE,
    }
}

fn fragment<'a>(header: &Ipv6FragmentHeaderSlice<'_>, bytes: &'a [u8], len: u32) -> Layer4<'a> {
    let header_len = header.slice().len();
    Layer4::Fragment(Fragment {
        identification: header.identification(),
        offset: u32::from(header.fragment_offset().value()) * 8,
        more: header.more_fragments(),
        payload: Payload {
            bytes: bytes.get(header_len..).unwrap_or_default(),
            len: len.saturating_sub(header_len as u32),
        },
    })
}

/// Whether hop-by-hop options hold the jumbo payload option (RFC 2675, 2).
fn has_jumbo_option(mut options: &[u8]) -> bool {
    loop {
        options = match options {
            [0xc2, ..] => return true,
            [0, rest @ ..] => rest,
            [_, len, rest @ ..] => rest.get(usize::from(*len)..).unwrap_or_default(),
            _ => return false,
        };
    }
}

/// The sanity checks on an IPv4 header, in PANOS.md's order.
#[inline]
pub(super) fn insane_v4(ip: &IpHeader) -> Option<Malformed> {
    let [src, ..] = v4_bytes(ip.src);
    if ip.protocol.0 == 0 {
        Some(Malformed::IpProtocolZero)
    } else if ip.ttl == 0 {
        Some(Malformed::IpTtlZero)
    } else if ip.src == ip.dst && src != 127 {
        Some(Malformed::IpLand)
    } else if src & 0xf0 == 0xe0 || v4_bytes(ip.src) == [255; 4] {
        Some(Malformed::IpMartian)
    } else {
        None
    }
}

/// The sanity checks on an IPv6 header. A multicast source is zone protection's business (PANOS.md 6.2).
#[inline]
pub(super) fn insane_v6(ip: &IpHeader) -> Option<Malformed> {
    const LOOPBACK: u128 = 1;
    if ip.ttl == 0 {
        Some(Malformed::IpTtlZero)
    } else if ip.src == ip.dst && ip.src.bits() != LOOPBACK {
        Some(Malformed::IpLand)
    } else if ip.src.is_v4() || ip.dst.is_v4() {
        Some(Malformed::IpMartian)
    } else {
        None
    }
}

#[inline]
fn v4_bytes(addr: Addr) -> [u8; 4] {
    (addr.bits() as u32).to_be_bytes()
}
