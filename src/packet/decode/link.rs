//! Link headers: from a frame to its IP packet.

use std::num::NonZeroU16;

use crate::capture::LinkType;
use crate::packet::Malformed;

/// What a frame carries above its link headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network<'a> {
    /// An IP packet, as the link header says, and the bytes from its first on.
    Ip(Version, &'a [u8]),
    /// Something else, by its EtherType or the link layer's own number.
    Other(u16),
    /// The link header cannot be read.
    Malformed(Malformed),
}

/// The IP version that the link header promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::packet) enum Version {
    V4,
    V6,
    /// The packet's own version field tells.
    Either,
}

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const MPLS: u16 = 0x8847;
const MPLS_UPSTREAM: u16 = 0x8848;
const PPPOE_SESSION: u16 = 0x8864;

/// Reads the link headers of a frame.
pub(super) fn network(link_type: LinkType, bytes: &[u8]) -> Network<'_> {
    let network = match link_type {
        LinkType::ETHERNET => ethernet(bytes),
        LinkType::RAW | LinkType::RAW_12 | LinkType::RAW_14 => Some(Network::Ip(Version::Either, bytes)),
        LinkType::IPV4 => Some(Network::Ip(Version::V4, bytes)),
        LinkType::IPV6 => Some(Network::Ip(Version::V6, bytes)),
        LinkType::NULL | LinkType::LOOP => loopback(bytes),
        LinkType::LINUX_SLL => cooked(bytes),
        LinkType::LINUX_SLL2 => cooked_2(bytes),
        LinkType::PPP | LinkType::PPP_HDLC => ppp(bytes),
        LinkType::PPP_ETHER => pppoe(bytes),
        _ => Some(Network::Malformed(Malformed::LinkTypeUnsupported)),
    };
    network.unwrap_or(Network::Malformed(Malformed::LinkTruncated))
}

/// Ethernet II or IEEE 802.3. Like all readers here it gives `None` where the header is cut.
fn ethernet(bytes: &[u8]) -> Option<Network<'_>> {
    let (&[_, _, _, _, _, _, _, _, _, _, _, _, high, low], rest) = bytes.split_first_chunk::<14>()?;
    ether_payload(u16::from_be_bytes([high, low]), rest)
}

/// The VLAN identifier of an Ethernet frame's outermost tag. 0 only gives a priority (IEEE 802.1Q, 9.6): no VLAN.
pub(super) fn tag(link_type: LinkType, bytes: &[u8]) -> Option<NonZeroU16> {
    let (&[_, _, _, _, _, _, _, _, _, _, _, _, t0, t1, v0, v1], _) = bytes.split_first_chunk::<16>()?;
    let is_tagged = is_vlan(u16::from_be_bytes([t0, t1])) && link_type == LinkType::ETHERNET;
    vlan([v0, v1]).filter(|_| is_tagged)
}

/// The VLAN identifier of a tag's control information.
pub(super) const fn vlan(control: [u8; 2]) -> Option<NonZeroU16> {
    NonZeroU16::new(u16::from_be_bytes(control) & 0x0fff)
}

/// IEEE 802.1Q, 802.1ad, and the older 0x9100 and 0x9200.
const fn is_vlan(ether_type: u16) -> bool {
    matches!(ether_type, 0x8100 | 0x88a8 | 0x9100 | 0x9200)
}

/// What follows an EtherType, through any VLAN tags.
fn ether_payload(mut ether_type: u16, mut bytes: &[u8]) -> Option<Network<'_>> {
    while is_vlan(ether_type) {
        let (&[_, _, high, low], rest) = bytes.split_first_chunk::<4>()?;
        (ether_type, bytes) = (u16::from_be_bytes([high, low]), rest);
    }
    match ether_type {
        IPV4 => Some(Network::Ip(Version::V4, bytes)),
        IPV6 => Some(Network::Ip(Version::V6, bytes)),
        MPLS | MPLS_UPSTREAM => mpls(ether_type, bytes),
        PPPOE_SESSION => pppoe(bytes),
        0..=1_500 => llc(bytes),
        other => Some(Network::Other(other)),
    }
}

/// IEEE 802.2: SNAP carries an EtherType again, all else is told by its two service access points.
fn llc(bytes: &[u8]) -> Option<Network<'_>> {
    match bytes {
        [0xaa, 0xaa, 0x03, 0, 0, 0, high, low, rest @ ..] => {
            match u16::from_be_bytes([*high, *low]) {
                // A length here would go round in circles.
                inner @ 0..=1_500 => Some(Network::Other(inner)),
                inner => ether_payload(inner, rest),
            }
        }
        [destination, source, ..] => Some(Network::Other(u16::from_be_bytes([*destination, *source]))),
        _ => None,
    }
}

/// MPLS (RFC 3032): labels down to the bottom of the stack. What is below them is not said; an IP version in its
/// first four bits is taken as one (RFC 4928, 3), anything else is a pseudowire.
fn mpls(ether_type: u16, mut bytes: &[u8]) -> Option<Network<'_>> {
    loop {
        let (&[_, _, bottom, _], rest) = bytes.split_first_chunk::<4>()?;
        bytes = rest;
        if bottom & 1 == 1 {
            break;
        }
    }
    Some(match bytes.first()? >> 4 {
        4 => Network::Ip(Version::V4, bytes),
        6 => Network::Ip(Version::V6, bytes),
        _ => Network::Other(ether_type),
    })
}

/// A PPPoE session packet (RFC 2516, 4).
fn pppoe(bytes: &[u8]) -> Option<Network<'_>> {
    let (_, rest) = bytes.split_first_chunk::<6>()?;
    ppp(rest)
}

/// PPP (RFC 1661, 2; RFC 1662, 3.1): address and control bytes, if any, then the protocol in one byte or two.
fn ppp(bytes: &[u8]) -> Option<Network<'_>> {
    let bytes = match bytes {
        [0xff, 0x03, rest @ ..] => rest,
        _ => bytes,
    };
    let (protocol, rest) = match bytes {
        [odd, rest @ ..] if odd & 1 == 1 => (u16::from(*odd), rest),
        [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), rest),
        _ => return None,
    };
    match protocol {
        0x0021 => Some(Network::Ip(Version::V4, rest)),
        0x0057 => Some(Network::Ip(Version::V6, rest)),
        0x0281 | 0x0283 => mpls(MPLS, rest),
        other => Some(Network::Other(other)),
    }
}

/// An address family in four bytes of either byte order; 2 is IPv4 everywhere, IPv6 depends on the system.
fn loopback(bytes: &[u8]) -> Option<Network<'_>> {
    let (&family, rest) = bytes.split_first_chunk::<4>()?;
    let little = u32::from_le_bytes(family);
    let family = if little > 0xffff { u32::from_be_bytes(family) } else { little };
    Some(match family {
        2 => Network::Ip(Version::V4, rest),
        10 | 23 | 24 | 28 | 30 => Network::Ip(Version::V6, rest),
        other => Network::Other(u16::try_from(other).unwrap_or(u16::MAX)),
    })
}

/// Linux cooked capture: the EtherType is in the last two of 16 bytes.
fn cooked(bytes: &[u8]) -> Option<Network<'_>> {
    let (header, rest) = bytes.split_first_chunk::<16>()?;
    cooked_payload(u16::from_be_bytes([header[14], header[15]]), rest)
}

/// Linux cooked capture, version 2: the EtherType is in the first two of 20 bytes.
fn cooked_2(bytes: &[u8]) -> Option<Network<'_>> {
    let (&[high, low, ..], rest) = bytes.split_first_chunk::<20>()?;
    cooked_payload(u16::from_be_bytes([high, low]), rest)
}

/// Numbers below 1,536 are the kernel's own; only 4 (802.2) has more inside.
fn cooked_payload(protocol: u16, bytes: &[u8]) -> Option<Network<'_>> {
    match protocol {
        4 => llc(bytes),
        own @ 0..=1_535 => Some(Network::Other(own)),
        ether_type => ether_payload(ether_type, bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: [u8; 2] = [0x45, 0x00];

    fn ethernet_with(tags: &[u8]) -> Vec<u8> {
        [&[0; 12], tags, &PACKET].concat()
    }

    #[test]
    fn finds_the_ip_packet_under_every_link_header() {
        let v4 = Network::Ip(Version::V4, &PACKET);
        for (name, tags) in [
            ("plain", &[8, 0][..]),
            ("vlan", &[0x81, 0, 0, 5, 8, 0]),
            ("QinQ", &[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0]),
            ("old QinQ, three tags", &[0x91, 0, 0, 5, 0x81, 0, 0, 6, 0x81, 0, 0, 7, 8, 0]),
            ("MPLS", &[0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64]),
            ("PPPoE", &[0x88, 0x64, 0x11, 0, 0, 1, 0, 22, 0, 0x21]),
            ("PPPoE, compressed protocol", &[0x88, 0x64, 0x11, 0, 0, 1, 0, 22, 0x21]),
            ("SNAP", &[0, 30, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]),
        ] {
            assert_eq!(network(LinkType::ETHERNET, &ethernet_with(tags)), v4, "{name}");
        }
        for (link_type, header, version) in [
            (LinkType::RAW, &[][..], Version::Either),
            (LinkType::RAW_12, &[], Version::Either),
            (LinkType::RAW_14, &[], Version::Either),
            (LinkType::IPV4, &[], Version::V4),
            (LinkType::IPV6, &[], Version::V6),
            (LinkType::NULL, &[2, 0, 0, 0], Version::V4),
            (LinkType::NULL, &[0, 0, 0, 2], Version::V4),
            (LinkType::NULL, &[30, 0, 0, 0], Version::V6),
            (LinkType::LOOP, &[0, 0, 0, 24], Version::V6),
            (LinkType::LINUX_SLL, &[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x86, 0xdd], Version::V6),
            (
                LinkType::LINUX_SLL2,
                &[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0],
                Version::V4,
            ),
            (LinkType::PPP, &[0xff, 3, 0, 0x21], Version::V4),
            (LinkType::PPP_HDLC, &[0, 0x57], Version::V6),
            (LinkType::PPP_ETHER, &[0x11, 0, 0, 1, 0, 22, 0, 0x21], Version::V4),
        ] {
            let frame = [header, &PACKET].concat();
            assert_eq!(network(link_type, &frame), Network::Ip(version, &PACKET), "{link_type}");
        }
    }

    #[test]
    fn the_outermost_tag_tells_the_vlan() {
        for (link_type, header, vlan) in [
            (LinkType::ETHERNET, &[0x08, 0x00][..], None),
            (LinkType::ETHERNET, &[0x81, 0x00, 0xe0, 0x0a, 0x08, 0x00], Some(10)),
            (LinkType::ETHERNET, &[0x88, 0xa8, 0, 7, 0x81, 0x00, 0, 9, 0x08, 0x00], Some(7)),
            // Priority only.
            (LinkType::ETHERNET, &[0x81, 0x00, 0xe0, 0, 0x08, 0x00], None),
            (LinkType::RAW, &[0x81, 0x00, 0, 10, 0x08, 0x00], None),
        ] {
            let frame = ethernet_with(header);
            assert_eq!(tag(link_type, &frame).map(NonZeroU16::get), vlan, "{header:02x?}");
        }
    }

    #[test]
    fn a_cut_link_header_is_told() {
        let whole =
            ethernet_with(&[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x88, 0x64, 0x11, 0, 0, 1, 0, 22, 0, 0x21]);
        for len in 0..whole.len() - PACKET.len() {
            let cut = network(LinkType::ETHERNET, &whole[..len]);
            assert_eq!(cut, Network::Malformed(Malformed::LinkTruncated), "{len} bytes");
        }
        assert_eq!(network(LinkType(127), &whole), Network::Malformed(Malformed::LinkTypeUnsupported));
    }

    #[test]
    fn what_is_not_ip_keeps_its_number() {
        assert_eq!(network(LinkType::ETHERNET, &ethernet_with(&[8, 6])), Network::Other(0x0806));
        let spanning_tree = ethernet_with(&[0, 38, 0x42, 0x42, 3]);
        assert_eq!(network(LinkType::ETHERNET, &spanning_tree), Network::Other(0x4242));
        let pseudowire = [&[0; 12][..], &[0x88, 0x47, 0, 1, 1, 64, 0, 0, 0, 0]].concat();
        assert_eq!(network(LinkType::ETHERNET, &pseudowire), Network::Other(0x8847));
    }
}
