//! A frame as it was captured around another IP packet: what leaves the firewall, and what it sends itself.

use super::decode::{datagram_start, decode};
use super::{DecodeOptions, Fragment, Layer4, rewrite};
use crate::capture::{Frame, LinkType};
use crate::flow::{Addr, FlowKey, Protocol, ZoneId};

/// Bytes of an IPv6 fragment header (RFC 8200, 4.5).
const FRAGMENT_HEADER: usize = 8;

/// `frame` with the IP packet `packet` in place of its own: link header and trailer stay. For a fragment `packet` is the
/// whole datagram, of which the frame carries its own part again.
///
/// `None` where the frame holds no IP packet.
pub fn carry(frame: &Frame<'_>, packet: &[u8]) -> Option<Vec<u8>> {
    let old = decode(frame, 0, DecodeOptions::default());
    let start = datagram_start(frame.link_type, frame.bytes)?;
    let (header, rest) = frame.bytes.split_at_checked(start)?;
    let own = rest.get(..old.datagram.len()).filter(|own| !own.is_empty())?;
    let trailer = rest.get(own.len()..)?;
    let carried = match old.layer4 {
        Layer4::Fragment(fragment) => part(own, &fragment, packet)?,
        _ => packet.to_vec(),
    };
    Some([header, &carried, trailer].concat())
}

/// The fragment `own` of a datagram that has become `whole`: its addresses are those of `whole`, and so is its part of
/// the payload, as far as that is there. All else in its header stays, with the checksum of IPv4 updated.
fn part(own: &[u8], fragment: &Fragment<'_>, whole: &[u8]) -> Option<Vec<u8>> {
    let mut carried = own.to_vec();
    let header = own.len().checked_sub(fragment.payload.bytes.len())?;
    rewrite(LinkType::RAW, &mut carried, &ends(own)?, &ends(whole)?);
    let body = match whole.first()? >> 4 {
        4 => usize::from(whole.first()? & 0x0f) * 4,
        _ => header.checked_sub(FRAGMENT_HEADER)?,
    };
    let from = body.checked_add(usize::try_from(fragment.offset).ok()?)?;
    let payload = carried.get_mut(header..)?;
    if let Some(new) = whole.get(from..from + payload.len()) {
        payload.copy_from_slice(new);
    }
    Some(carried)
}

/// The addresses of an IP packet, as a key without ports.
fn ends(packet: &[u8]) -> Option<FlowKey> {
    let (src, dst) = match packet.first()? >> 4 {
        4 => (
            Addr::v4(*packet.get(12..)?.first_chunk::<4>()?),
            Addr::v4(*packet.get(16..)?.first_chunk::<4>()?),
        ),
        6 => (
            Addr::v6(*packet.get(8..)?.first_chunk::<16>()?),
            Addr::v6(*packet.get(24..)?.first_chunk::<16>()?),
        ),
        _ => return None,
    };
    Some(FlowKey { src, dst, sport: 0, dport: 0, protocol: Protocol::default(), zone: ZoneId::default() })
}

/// An Ethernet frame for a packet that the firewall sends because of `cause`: with its addresses, changed over where
/// the packet goes `back`, and its VLAN tags. `None` where `cause` is no Ethernet frame.
pub fn ethernet(cause: &Frame<'_>, packet: &[u8], back: bool) -> Option<Vec<u8>> {
    if cause.link_type != LinkType::ETHERNET {
        return None;
    }
    let (&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5], mut rest) =
        cause.bytes.split_first_chunk::<12>()?;
    let (destination, source) = ([d0, d1, d2, d3, d4, d5], [s0, s1, s2, s3, s4, s5]);
    let (to, from) = if back { (source, destination) } else { (destination, source) };
    let ether_type: [u8; 2] = match packet.first()? >> 4 {
        4 => [0x08, 0x00],
        _ => [0x86, 0xdd],
    };
    let mut frame = Vec::with_capacity(18 + packet.len());
    frame.extend(to);
    frame.extend(from);
    while let Some((tag @ ([0x81, 0x00, ..] | [0x88, 0xa8, ..] | [0x91 | 0x92, 0x00, ..]), after)) =
        rest.split_first_chunk::<4>()
    {
        frame.extend(tag);
        rest = after;
    }
    frame.extend(ether_type);
    frame.extend(packet);
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::build::Builder;
    use crate::packet::{Checksum, Checksums, Packet};
    use crate::time::Timestamp;

    const CLIENT: Addr = Addr::v4([10, 0, 0, 1]);
    const PUBLIC: Addr = Addr::v4([203, 0, 113, 1]);
    const SERVER: Addr = Addr::v4([198, 51, 100, 2]);

    fn frame(bytes: &[u8], link_type: LinkType) -> Frame<'_> {
        Frame {
            at: Timestamp::ZERO,
            file: 0,
            link_type,
            interface: None,
            wire_len: bytes.len() as u32,
            bytes,
        }
    }

    fn read(bytes: &[u8], link_type: LinkType) -> Packet<'_> {
        decode(&frame(bytes, link_type), 1, DecodeOptions { checksums: Checksums::Verify })
    }

    #[test]
    fn link_header_and_trailer_stay() {
        let mut bytes = Builder::new(CLIENT, SERVER).ethernet().udp(5_000, 53, b"query");
        bytes.extend([0xee; 13]);
        let packet = Builder::new(PUBLIC, SERVER).udp(1_024, 53, b"query");
        let carried = carry(&frame(&bytes, LinkType::ETHERNET), &packet).unwrap();
        assert_eq!(carried, [&bytes[..14], &packet[..], &[0xee; 13]].concat());
        bytes[12..14].copy_from_slice(&[0x08, 0x06]);
        assert_eq!(carry(&frame(&bytes, LinkType::ETHERNET), &packet), None, "no IP packet");
    }

    /// An IPv4 packet cut into fragments of so many bytes.
    fn cut(packet: &[u8], size: usize) -> Vec<Vec<u8>> {
        let (header, payload) = packet.split_at(20);
        let count = payload.len().div_ceil(size);
        let fragments = payload.chunks(size).enumerate().map(|(index, chunk)| {
            let mut bytes = [header, chunk].concat();
            let len = u16::try_from(bytes.len()).unwrap().to_be_bytes();
            bytes[2..4].copy_from_slice(&len);
            let more = if index + 1 < count { 0x2000 } else { 0 };
            let offset = u16::try_from(index * size / 8).unwrap() | more;
            bytes[6..8].copy_from_slice(&offset.to_be_bytes());
            bytes[10..12].fill(0);
            let sum = crate::packet::checksum::compute(&bytes[..20]);
            bytes[10..12].copy_from_slice(&sum);
            bytes
        });
        fragments.collect()
    }

    #[test]
    fn fragments_carry_their_part_of_what_the_datagram_became() {
        let before = Builder::new(CLIENT, SERVER).udp(5_000, 53, &[7; 100]);
        let after = Builder::new(PUBLIC, SERVER).udp(1_024, 53, &[7; 100]);
        let carried: Vec<_> = cut(&before, 48)
            .iter()
            .map(|bytes| carry(&frame(bytes, LinkType::RAW), &after).unwrap())
            .collect();
        assert_eq!(carried.len(), 3);
        assert_eq!(carried, cut(&after, 48));
        assert!(carried.iter().all(|bytes| read(bytes, LinkType::RAW).checksum != Checksum::BadIp));
    }

    #[test]
    fn what_the_firewall_sends_goes_by_the_way_of_its_cause() {
        let cause = Builder::new(CLIENT, SERVER).ethernet().udp(5_000, 53, b"query");
        let tagged = [&cause[..12], &[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6], &cause[12..]].concat();
        let packet = Builder::new(SERVER, CLIENT).udp(53, 5_000, b"no");
        let back = ethernet(&frame(&tagged, LinkType::ETHERNET), &packet, true).unwrap();
        let (to, from) = (&cause[..6], &cause[6..12]);
        assert_eq!(back, [from, to, &tagged[12..20], &[8, 0], &packet].concat());
        let on = ethernet(&frame(&cause, LinkType::ETHERNET), &packet, false).unwrap();
        assert_eq!(on[..12], cause[..12]);
        assert_eq!(ethernet(&frame(&cause[14..], LinkType::RAW), &packet, true), None);
    }
}
