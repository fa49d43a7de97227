//! Rewritten packets against packets built for the other addresses, whose checksums etherparse computes.

use proptest::prelude::*;

use super::*;
use crate::flow::ZoneId;
use crate::packet::build::Builder;
use crate::packet::{TcpFlags, TcpSegment};

const V4: [Addr; 2] = [Addr::v4([10, 0, 0, 1]), Addr::v4([198, 51, 100, 80])];
const NAT4: [Addr; 2] = [Addr::v4([203, 0, 113, 9]), Addr::v4([192, 0, 2, 10])];

fn key([src, dst]: [Addr; 2], [sport, dport]: [u16; 2], protocol: Protocol) -> FlowKey {
    FlowKey { src, dst, sport, dport, protocol, zone: ZoneId(0) }
}

/// What a packet carries.
#[derive(Debug, Clone, Copy)]
enum Carried {
    Tcp,
    Udp,
    Query,
    Answer,
    Gre,
    /// An error about a packet of the other direction, from its destination or a router before it.
    Error {
        about: Inner,
        from_router: bool,
    },
}

#[derive(Debug, Clone, Copy)]
enum Inner {
    Tcp,
    Udp,
    Query,
}

impl Carried {
    fn protocol(self, v4: bool) -> Protocol {
        match self {
            Self::Tcp | Self::Error { about: Inner::Tcp, .. } => Protocol::TCP,
            Self::Udp | Self::Error { about: Inner::Udp, .. } => Protocol::UDP,
            Self::Gre => Protocol(47),
            Self::Query | Self::Answer | Self::Error { about: Inner::Query, .. } if v4 => Protocol::ICMP,
            Self::Query | Self::Answer | Self::Error { .. } => Protocol::ICMPV6,
        }
    }

    /// The packet, with a sequence number that no translation changes.
    fn build(self, key: &FlowKey, sequence: u16, quoted_len: usize, payload: &[u8]) -> Vec<u8> {
        let builder = Builder::new(key.src, key.dst);
        match self {
            Self::Tcp => builder.tcp(&TcpSegment {
                sport: key.sport,
                dport: key.dport,
                seq: 7,
                ack: 9,
                flags: TcpFlags::ACK,
                window: 512,
                options: &[],
                payload: Payload { bytes: payload, len: payload.len() as u32 },
            }),
            Self::Udp => builder.udp(key.sport, key.dport, payload),
            Self::Query => builder.echo_request(key.sport, sequence, payload),
            Self::Answer => builder.echo_reply(key.dport, sequence, payload),
            Self::Gre => builder.other(Protocol(47), payload),
            Self::Error { about, from_router } => {
                let other = key.reply(ZoneId(0));
                let about = match about {
                    Inner::Tcp => Self::Tcp,
                    Inner::Udp => Self::Udp,
                    Inner::Query => Self::Query,
                };
                let quoted = about.build(&other, sequence, 0, payload);
                let router = if key.src.is_v4() { Addr::v4([9; 4]) } else { Addr::v6([9; 16]) };
                let builder = if from_router { Builder::new(router, key.dst) } else { builder };
                let kind = if key.src.is_v4() { 11 } else { 3 };
                builder.icmp(kind, 0, [0; 4], quoted.get(..quoted_len).unwrap_or(&quoted))
            }
        }
    }
}

fn carried() -> impl Strategy<Value = Carried> {
    let about = prop_oneof![Just(Inner::Tcp), Just(Inner::Udp), Just(Inner::Query)];
    prop_oneof![
        Just(Carried::Tcp),
        Just(Carried::Udp),
        Just(Carried::Query),
        Just(Carried::Answer),
        Just(Carried::Gre),
        (about, any::<bool>()).prop_map(|(about, from_router)| Carried::Error { about, from_router }),
    ]
}

/// Two ends, before and after.
fn ends() -> impl Strategy<Value = [[Addr; 2]; 2]> {
    prop_oneof![
        any::<[[[u8; 4]; 2]; 2]>().prop_map(|ends| ends.map(|pair| pair.map(Addr::v4))),
        any::<[[[u8; 16]; 2]; 2]>().prop_map(|ends| ends.map(|pair| pair.map(Addr::v6))),
    ]
}

/// The same frame in link headers of several kinds.
fn framed(link: usize, v4: bool, packet: &[u8]) -> (LinkType, Vec<u8>) {
    let ether_type: [u8; 2] = if v4 { [0x08, 0x00] } else { [0x86, 0xdd] };
    let (link_type, header) = match link {
        0 => (LinkType::RAW, Vec::new()),
        1 => (LinkType::ETHERNET, [&[0; 12][..], &ether_type].concat()),
        _ => (LinkType::ETHERNET, [&[0; 12][..], &[0x81, 0, 0, 7], &ether_type].concat()),
    };
    (link_type, [&header, packet].concat())
}

proptest! {
    #[test]
    fn a_rewritten_packet_is_one_built_that_way(
        carried in carried(),
        [before, after] in ends(),
        ports in any::<[[u16; 2]; 2]>(),
        sequence in any::<u16>(),
        payload in prop::collection::vec(any::<u8>(), 0..40),
        quoted_words in 24_usize..60,
        link in 0_usize..3,
        padding in 0_usize..4,
    ) {
        let v4 = before[0].is_v4();
        let protocol = carried.protocol(v4);
        let (from, to) = (key(before, ports[0], protocol), key(after, ports[1], protocol));
        let build = |key: &FlowKey| {
            let mut packet = carried.build(key, sequence, 2 * quoted_words, &payload);
            packet.resize(packet.len() + padding, 0xee);
            framed(link, v4, &packet)
        };
        let (link_type, original) = build(&from);
        let mut frame = original.clone();
        prop_assert!(rewrite(link_type, &mut frame, &from, &to));
        prop_assert_eq!(&frame, &build(&to).1);
        prop_assert!(rewrite(link_type, &mut frame, &to, &from));
        prop_assert_eq!(&frame, &original);
    }

    #[test]
    fn a_cut_frame_is_rewritten_as_far_as_it_goes(
        carried in carried(),
        [before, after] in ends(),
        ports in any::<[[u16; 2]; 2]>(),
        words in 0_usize..70,
    ) {
        let cut = 2 * words;
        let protocol = carried.protocol(before[0].is_v4());
        let (from, to) = (key(before, ports[0], protocol), key(after, ports[1], protocol));
        let mut whole = carried.build(&from, 5, 100, b"payload");
        let mut part = whole.get(..cut).unwrap_or(&whole).to_vec();
        let original = part.clone();
        rewrite(LinkType::RAW, &mut whole, &from, &to);
        let header = if before[0].is_v4() { 20 } else { 40 };
        prop_assert_eq!(rewrite(LinkType::RAW, &mut part, &from, &to), part.len() >= header);
        if part.len() >= header {
            // An IP header counts as a whole, and so do the first eight bytes above it.
            let quoted = header + 8;
            let wholes = match carried {
                Carried::Error { .. } => vec![header, quoted, quoted + header, quoted + header + 8],
                _ => vec![header, header + 8],
            };
            let reached = wholes.iter().copied().filter(|&whole| whole <= cut).max();
            let compared = if reached == wholes.last().copied() { part.len() } else { reached.unwrap_or(0) };
            if let (Carried::Error { .. }, Some([_, _, c0, c1, ..])) = (carried, part.get_mut(header..)) {
                // The checksum of an error covers what was cut off its quotation.
                (*c0, *c1) = (whole[header + 2], whole[header + 3]);
            }
            prop_assert_eq!(&part[..compared], &whole[..compared]);
        } else {
            prop_assert_eq!(part, original);
        }
    }

    #[test]
    fn any_bytes_at_all(bytes in prop::collection::vec(any::<u8>(), 0..160), v4 in any::<bool>()) {
        let (ends, others) = if v4 { (V4, NAT4) } else { ([Addr::v6([1; 16]); 2], [Addr::v6([2; 16]); 2]) };
        let (from, to) = (key(ends, [1, 2], Protocol::TCP), key(others, [3, 4], Protocol::TCP));
        for link_type in [LinkType::RAW, LinkType::ETHERNET, LinkType::NULL, LinkType::LINUX_SLL2] {
            rewrite(link_type, &mut bytes.clone(), &from, &to);
        }
    }
}

#[test]
fn no_udp_checksum_stays_none() {
    let (from, to) = (key(V4, [53, 4_000], Protocol::UDP), key(NAT4, [53, 1_024], Protocol::UDP));
    let mut packet = Builder::new(from.src, from.dst).udp(53, 4_000, b"answer");
    packet[26..28].copy_from_slice(&[0, 0]);
    assert!(rewrite(LinkType::RAW, &mut packet, &from, &to));
    assert_eq!(packet[20..28], [0, 53, 4, 0, 0, 14, 0, 0]);
}

#[test]
fn a_udp_checksum_that_comes_to_nothing_is_all_ones() {
    // The payload makes the checksum what it is to be: found by trying.
    let (from, to) = (key(V4, [53, 4_000], Protocol::UDP), key(NAT4, [53, 1_024], Protocol::UDP));
    let found = (0..=u16::MAX).find_map(|word| {
        let built = Builder::new(to.src, to.dst).udp(53, 1_024, &word.to_be_bytes());
        (built[26..28] == [0xff, 0xff]).then_some((word, built))
    });
    let (word, built) = found.unwrap();
    let mut packet = Builder::new(from.src, from.dst).udp(53, 4_000, &word.to_be_bytes());
    assert!(rewrite(LinkType::RAW, &mut packet, &from, &to));
    assert_eq!(packet, built);
}

#[test]
fn fragments() {
    let (from, to) = (key(V4, [53, 4_000], Protocol::UDP), key(NAT4, [53, 1_024], Protocol::UDP));
    let whole = |key: &FlowKey| Builder::new(key.src, key.dst).udp(key.sport, key.dport, &[7; 24]);
    // Cut by hand: the header, then two fragments of 16 bytes.
    let fragment = |key: &FlowKey, first: bool| {
        let whole = whole(key);
        let (header, datagram) = whole.split_at(20);
        let mut header = header.to_vec();
        header[3] = 36;
        header[6..8].copy_from_slice(if first { &[0x20, 0] } else { &[0, 2] });
        header[10..12].copy_from_slice(&[0, 0]);
        let sum = crate::packet::checksum::compute(&header);
        header[10..12].copy_from_slice(&sum);
        [&header[..], if first { &datagram[..16] } else { &datagram[16..] }].concat()
    };
    for first in [true, false] {
        let mut packet = fragment(&from, first);
        assert!(rewrite(LinkType::RAW, &mut packet, &from, &to));
        assert_eq!(packet, fragment(&to, first), "first: {first}");
    }

    // IPv6: what looks like ports in a later fragment is payload.
    let (before, after) = ([Addr::v6([1; 16]), Addr::v6([2; 16])], [Addr::v6([3; 16]), Addr::v6([4; 16])]);
    let (from, to) = (key(before, [53, 4_000], Protocol::UDP), key(after, [99, 99], Protocol::UDP));
    for offset in [0_u8, 8] {
        let datagram = &Builder::new(from.src, from.dst).udp(53, 4_000, b"x")[40..];
        let extension = [&[17, 0, 0, offset | 1, 0, 0, 0, 1], datagram].concat();
        let mut packet = Builder::new(from.src, from.dst).other(Protocol(44), &extension);
        assert!(rewrite(LinkType::RAW, &mut packet, &from, &to));
        assert_eq!(packet[8..40], [[3; 16], [4; 16]].concat());
        assert_eq!(packet[48..52] == [0, 99, 0, 99], offset == 0);
    }
}

#[test]
fn what_is_not_of_the_flow_stays() {
    let (from, to) = (key(V4, [1, 2], Protocol::TCP), key(NAT4, [3, 4], Protocol::TCP));
    let other = Builder::new(Addr::v4([9; 4]), V4[1]).udp(1, 9, b"");
    let mut packet = other.clone();
    assert!(rewrite(LinkType::RAW, &mut packet, &from, &to));
    assert_eq!(packet, Builder::new(Addr::v4([9; 4]), NAT4[1]).udp(3, 9, b""));

    let v6 = key([Addr::v6([1; 16]), Addr::v6([2; 16])], [1, 2], Protocol::TCP);
    let mut packet = other.clone();
    assert!(!rewrite(LinkType::RAW, &mut packet, &v6, &v6));
    assert_eq!(packet, other, "another IP version");
    let mut arp = [&[0; 12][..], &[8, 6], &[0; 28]].concat();
    assert!(!rewrite(LinkType::ETHERNET, &mut arp, &from, &to));
}
