//! The common case, straight from the bytes.

use super::{ip, len_u32, transport};
use crate::capture::{Frame, LinkType};
use crate::flow::{Addr, Protocol};
use crate::packet::{Checksum, IpHeader, Layer4, Packet};

/// Reads Ethernet with at most one VLAN tag, IPv4 without options or IPv6 without extension headers, whole, with
/// TCP or UDP; `None` for all else and for anything suspicious in an IP header, which the slow path judges.
#[inline]
pub(super) fn decode<'a>(frame: &Frame<'a>, number: u64) -> Option<Packet<'a>> {
    if frame.link_type != LinkType::ETHERNET {
        return None;
    }
    let (&[.., mut high, mut low], mut rest) = frame.bytes.split_first_chunk::<14>()?;
    if [high, low] == [0x81, 0x00] {
        let (&[_, _, h, l], inner) = rest.split_first_chunk::<4>()?;
        (high, low, rest) = (h, l, inner);
    }
    let (ip, layer4, datagram) = match [high, low] {
        [0x08, 0x00] => v4(rest)?,
        [0x86, 0xdd] => v6(rest)?,
        _ => return None,
    };
    Some(Packet {
        number,
        fragments: &[],
        wire_len: frame.wire_len,
        ingress: None,
        ip,
        layer4,
        checksum: Checksum::Unknown,
        datagram,
    })
}

#[inline]
fn v4(bytes: &[u8]) -> Option<(IpHeader, Layer4<'_>, &[u8])> {
    let &[0x45, _, t0, t1, _, _, f0, f1, ttl, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] =
        bytes.first_chunk::<20>()?
    else {
        return None;
    };
    // More fragments, or a fragment offset.
    if (f0 & 0x3f, f1) != (0, 0) {
        return None;
    }
    let total = u16::from_be_bytes([t0, t1]);
    let (src, dst) = (Addr::v4([s0, s1, s2, s3]), Addr::v4([d0, d1, d2, d3]));
    let ip = IpHeader { src, dst, protocol: Protocol(protocol), ttl };
    if ip::insane_v4(&ip).is_some() {
        return None;
    }
    finish(ip, bytes, 20, u32::from(total))
}

#[inline]
fn v6(bytes: &[u8]) -> Option<(IpHeader, Layer4<'_>, &[u8])> {
    let (&[version, _, _, _, l0, l1, protocol, ttl], addresses) = bytes.split_first_chunk::<8>()?;
    let (&src, addresses) = addresses.split_first_chunk::<16>()?;
    let &dst = addresses.first_chunk::<16>()?;
    let payload_len = u16::from_be_bytes([l0, l1]);
    let ip = IpHeader { src: Addr::v6(src), dst: Addr::v6(dst), protocol: Protocol(protocol), ttl };
    if version >> 4 != 6 || payload_len == 0 || ip::insane_v6(&ip).is_some() {
        return None;
    }
    finish(ip, bytes, 40, 40 + u32::from(payload_len))
}

#[inline]
fn finish(ip: IpHeader, bytes: &[u8], header_len: u32, total: u32) -> Option<(IpHeader, Layer4<'_>, &[u8])> {
    let len = total.checked_sub(header_len)?;
    let datagram = bytes.get(..(total.min(len_u32(bytes))) as usize)?;
    let segment = datagram.get(header_len as usize..)?;
    let layer4 = match ip.protocol {
        Protocol::TCP => transport::tcp(segment, len),
        Protocol::UDP => transport::udp(segment, len),
        _ => return None,
    };
    Some((ip, layer4, datagram))
}
