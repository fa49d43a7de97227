//! TCP (RFC 9293), UDP (RFC 768) and ICMP (RFC 792, RFC 4443) headers.

use crate::flow::Protocol;
use crate::packet::{IcmpMessage, Layer4, Malformed, Payload, TcpFlags, TcpSegment, UdpDatagram};

/// Reads what an IP packet carries: `bytes` as far as captured, `len` bytes on the wire.
#[inline]
pub(super) fn layer4(protocol: Protocol, is_v6: bool, bytes: &[u8], len: u32) -> Layer4<'_> {
    match (protocol, is_v6) {
        (Protocol::TCP, _) => tcp(bytes, len),
        (Protocol::UDP, _) => udp(bytes, len),
        (Protocol::ICMP, false) | (Protocol::ICMPV6, true) => icmp(bytes, len),
        _ => Layer4::Other(Payload { bytes, len }),
    }
}

#[inline]
pub(super) fn tcp(bytes: &[u8], len: u32) -> Layer4<'_> {
    let Some((&[p0, p1, p2, p3, s0, s1, s2, s3, a0, a1, a2, a3, offset, flags, w0, w1, _, _, _, _], rest)) =
        bytes.split_first_chunk::<20>()
    else {
        return Layer4::Malformed(Malformed::TcpHeader);
    };
    let header_len = u32::from(offset >> 4) * 4;
    let (Some(options_len), Some(payload_len)) = (header_len.checked_sub(20), len.checked_sub(header_len))
    else {
        return Layer4::Malformed(Malformed::TcpHeader);
    };
    let (sport, dport) = (u16::from_be_bytes([p0, p1]), u16::from_be_bytes([p2, p3]));
    let flags = TcpFlags(flags);
    if sport == 0 || dport == 0 {
        return Layer4::Malformed(Malformed::TcpPortZero);
    }
    if flags.is_illegal() {
        return Layer4::Malformed(Malformed::TcpFlags);
    }
    // A snapped capture may end within the options.
    let (options, payload) = rest.split_at_checked(options_len as usize).unwrap_or((rest, &[]));
    Layer4::Tcp(TcpSegment {
        sport,
        dport,
        seq: u32::from_be_bytes([s0, s1, s2, s3]),
        ack: u32::from_be_bytes([a0, a1, a2, a3]),
        flags,
        window: u16::from_be_bytes([w0, w1]),
        options,
        payload: Payload { bytes: payload, len: payload_len },
    })
}

#[inline]
pub(super) fn udp(bytes: &[u8], len: u32) -> Layer4<'_> {
    let Some((&[s0, s1, d0, d1, l0, l1, _, _], rest)) = bytes.split_first_chunk::<8>() else {
        return Layer4::Malformed(Malformed::UdpHeader);
    };
    let udp_len = u32::from(u16::from_be_bytes([l0, l1]));
    let Some(payload_len) = udp_len.checked_sub(8).filter(|_| udp_len <= len) else {
        return Layer4::Malformed(Malformed::UdpHeader);
    };
    Layer4::Udp(UdpDatagram {
        sport: u16::from_be_bytes([s0, s1]),
        dport: u16::from_be_bytes([d0, d1]),
        payload: Payload { bytes: rest.get(..payload_len as usize).unwrap_or(rest), len: payload_len },
    })
}

fn icmp(bytes: &[u8], len: u32) -> Layer4<'_> {
    let Some((&[kind, code, _, _, r0, r1, r2, r3], rest)) = bytes.split_first_chunk::<8>() else {
        return Layer4::Malformed(Malformed::IcmpHeader);
    };
    let payload = Payload { bytes: rest, len: len.saturating_sub(8) };
    Layer4::Icmp(IcmpMessage { kind, code, rest: [r0, r1, r2, r3], payload })
}
