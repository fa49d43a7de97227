//! The common case, straight from the bytes.

use super::{ip, link, transport};
use crate::capture::{Frame, LinkType};
use crate::flow::{Addr, Protocol};
use crate::packet::{IpHeader, IpMarks, Packet};

/// Reads Ethernet with at most one VLAN tag, IPv4 without options or IPv6 without extension headers, whole, with
/// TCP or UDP; `None` for all else and for anything suspicious in an IP header, which the slow path judges.
///
/// It fills `packet` in place: moving one costs more than reading it.
#[inline]
pub(super) fn decode<'a>(frame: &Frame<'a>, packet: &mut Packet<'a>) -> Option<()> {
    if frame.link_type != LinkType::ETHERNET {
        return None;
    }
    let (&[.., mut high, mut low], mut rest) = frame.bytes.split_first_chunk::<14>()?;
    if [high, low] == [0x81, 0x00] {
        let (&[v0, v1, h, l], inner) = rest.split_first_chunk::<4>()?;
        packet.arrival.tag = link::vlan([v0, v1]);
        (high, low, rest) = (h, l, inner);
    }
    match [high, low] {
        [0x08, 0x00] => v4(rest, packet),
        [0x86, 0xdd] => v6(rest, packet),
        _ => None,
    }
}

#[inline]
fn v4<'a>(bytes: &'a [u8], packet: &mut Packet<'a>) -> Option<()> {
    let &[0x45, _, t0, t1, _, _, f0, f1, ttl, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] =
        bytes.first_chunk::<20>()?
    else {
        return None;
    };
    // More fragments, or a fragment offset.
    if (f0 & 0x3f, f1) != (0, 0) {
        return None;
    }
    let (src, dst) = (Addr::v4([s0, s1, s2, s3]), Addr::v4([d0, d1, d2, d3]));
    let marks = IpMarks::NONE;
    packet.ip = IpHeader { src, dst, protocol: Protocol(protocol), ttl, marks };
    if ip::insane_v4(&packet.ip).is_some() {
        return None;
    }
    transport(bytes, 20, u32::from(u16::from_be_bytes([t0, t1])), packet)
}

#[inline]
fn v6<'a>(bytes: &'a [u8], packet: &mut Packet<'a>) -> Option<()> {
    let (&[version, _, _, _, l0, l1, protocol, ttl], addresses) = bytes.split_first_chunk::<8>()?;
    let (&src, addresses) = addresses.split_first_chunk::<16>()?;
    let &dst = addresses.first_chunk::<16>()?;
    let payload_len = u16::from_be_bytes([l0, l1]);
    let (src, dst, marks) = (Addr::v6(src), Addr::v6(dst), IpMarks::NONE);
    packet.ip = IpHeader { src, dst, protocol: Protocol(protocol), ttl, marks };
    let total = 40 + usize::from(payload_len);
    if version >> 4 != 6 || payload_len == 0 || total > bytes.len() || ip::insane_v6(&packet.ip).is_some() {
        return None;
    }
    transport(bytes, 40, total as u32, packet)
}

#[inline]
fn transport<'a>(bytes: &'a [u8], header_len: u32, total: u32, packet: &mut Packet<'a>) -> Option<()> {
    let len = total.checked_sub(header_len)?;
    let datagram = bytes.get(..total as usize).unwrap_or(bytes);
    let segment = datagram.get(header_len as usize..)?;
    packet.layer4 = match packet.ip.protocol {
        Protocol::TCP => transport::tcp(segment, len),
        Protocol::UDP => transport::udp(segment, len),
        _ => return None,
    };
    packet.datagram = datagram;
    Some(())
}
