//! The two paths against each other, against etherparse's whole-packet slicer, and against hostile bytes.

use etherparse::{LaxNetSlice, LaxSlicedPacket, PacketBuilder, TransportSlice};
use proptest::prelude::*;

use super::*;
use crate::capture::LinkType;
use crate::flow::{Addr, Protocol};
use crate::packet::{Payload, TcpFlags};
use crate::time::Timestamp;

fn frame(bytes: &[u8]) -> Frame<'_> {
    Frame {
        at: Timestamp::ZERO,
        file: 0,
        link_type: LinkType::ETHERNET,
        interface: None,
        wire_len: len_u32(bytes),
        bytes,
    }
}

fn read(bytes: &[u8]) -> Packet<'_> {
    decode(&frame(bytes), 1, DecodeOptions::default())
}

/// What the fast path makes of a frame, if it takes it.
fn fast_only<'a>(frame: &Frame<'a>) -> Option<Packet<'a>> {
    let nothing = Frame { bytes: &[], ..*frame };
    let mut packet = decode(&nothing, 7, DecodeOptions::default());
    fast::decode(frame, &mut packet).map(|()| packet)
}

/// Ethernet, a VLAN tag or not, IPv4 or IPv6, TCP or UDP: what the fast path is for.
fn common_frame() -> impl Strategy<Value = Vec<u8>> {
    (any::<[bool; 4]>(), 1_u16.., 1_u16.., any::<u32>(), prop::collection::vec(any::<u8>(), 0..64)).prop_map(
        |([tagged, is_v4, is_tcp, with_options], sport, dport, seq, payload)| {
            let link = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
            let ip = match (tagged, is_v4) {
                (false, true) => link.ipv4([192, 0, 2, 1], [198, 51, 100, 2], 64),
                (false, false) => link.ipv6([0x20; 16], [0x21; 16], 64),
                (true, true) => {
                    link.single_vlan(5.try_into().unwrap()).ipv4([192, 0, 2, 1], [198, 51, 100, 2], 64)
                }
                (true, false) => link.single_vlan(5.try_into().unwrap()).ipv6([0x20; 16], [0x21; 16], 64),
            };
            let mut bytes = Vec::new();
            if is_tcp {
                let options: &[u8] = if with_options { &[2, 4, 5, 0xb4, 1, 3, 3, 7] } else { &[] };
                let tcp = ip.tcp(sport, dport, seq, 8_192).syn().options_raw(options).unwrap();
                tcp.write(&mut bytes, &payload).unwrap();
            } else {
                ip.udp(sport, dport).write(&mut bytes, &payload).unwrap();
            }
            bytes
        },
    )
}

proptest! {
    #[test]
    fn fast_path_and_slow_path_agree(
        mut bytes in common_frame(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        keep in any::<prop::sample::Index>(),
        cut in any::<bool>(),
        padding in prop::collection::vec(any::<u8>(), 0..8),
        missing in prop_oneof![Just(0_u32), 0..3_000_u32],
    ) {
        for (place, value) in flips {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        bytes.extend(padding);
        if cut {
            bytes.truncate(keep.index(bytes.len()));
        }
        let frame = Frame { wire_len: len_u32(&bytes) + missing, ..frame(&bytes) };
        if let Some(fast) = fast_only(&frame) {
            let mut slow_only = fast;
            slow(&frame, &mut slow_only);
            prop_assert_eq!(format!("{fast:?}"), format!("{slow_only:?}"));
        }
    }

    #[test]
    fn the_common_case_is_fast_and_as_etherparse_reads_it(bytes in common_frame()) {
        let frame = frame(&bytes);
        let packet = fast_only(&frame).expect("the fast path takes it");
        let theirs = LaxSlicedPacket::from_ethernet(&bytes).unwrap();
        let (src, dst, ttl) = match theirs.net.unwrap() {
            LaxNetSlice::Ipv4(ip) => {
                let header = ip.header();
                (Addr::v4(header.source()), Addr::v4(header.destination()), header.ttl())
            }
            LaxNetSlice::Ipv6(ip) => {
                let header = ip.header();
                (Addr::v6(header.source()), Addr::v6(header.destination()), header.hop_limit())
            }
            LaxNetSlice::Arp(_) => panic!("no ARP was built"),
        };
        prop_assert_eq!((packet.ip.src, packet.ip.dst, packet.ip.ttl), (src, dst, ttl));
        match (packet.layer4, theirs.transport.unwrap()) {
            (Layer4::Tcp(ours), TransportSlice::Tcp(theirs)) => {
                prop_assert_eq!(
                    (ours.sport, ours.dport, ours.seq, ours.ack, ours.window),
                    (
                        theirs.source_port(),
                        theirs.destination_port(),
                        theirs.sequence_number(),
                        theirs.acknowledgment_number(),
                        theirs.window_size()
                    )
                );
                prop_assert_eq!(ours.flags, TcpFlags::SYN);
                prop_assert_eq!(ours.options, theirs.options());
                prop_assert_eq!(ours.payload.bytes, theirs.payload());
                prop_assert!(!ours.payload.is_cut());
            }
            (Layer4::Udp(ours), TransportSlice::Udp(theirs)) => {
                prop_assert_eq!((ours.sport, ours.dport), (theirs.source_port(), theirs.destination_port()));
                prop_assert_eq!(ours.payload.bytes, theirs.payload());
            }
            (ours, theirs) => prop_assert!(false, "{ours:?} but {theirs:?}"),
        }
        prop_assert_eq!(checksum::verify(&packet), Checksum::Good);
    }

    #[test]
    fn a_flipped_bit_is_a_wrong_checksum(
        mut bytes in common_frame(),
        place in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let ip_at = if bytes[12..14] == [0x81, 0] { 18 } else { 14 };
        // IPv6 has no checksum over the first eight bytes of its header.
        let from = ip_at + if bytes[ip_at] >> 4 == 6 { 8 } else { 0 };
        let place = from + place.index(bytes.len() - from);
        bytes[place] ^= 1_u8 << bit;
        let packet = read(&bytes);
        let has_none = matches!(packet.layer4, Layer4::Udp(_)) && packet.datagram[26..28] == [0, 0];
        prop_assert!(has_none || checksum::verify(&packet) != Checksum::Good);
    }

    #[test]
    fn no_bytes_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        link_type in prop_oneof![Just(1_u16), Just(0), Just(9), Just(101), Just(108), Just(113), Just(276), any::<u16>()],
        missing in any::<u32>(),
    ) {
        let frame = Frame { link_type: LinkType(link_type), wire_len: len_u32(&bytes).saturating_add(missing), ..frame(&bytes) };
        let packet = decode(&frame, 1, DecodeOptions { checksums: Checksums::Verify });
        if let Layer4::Tcp(tcp) = packet.layer4 {
            prop_assert!(tcp.payload.bytes.len() <= tcp.payload.len as usize);
        }
    }
}

/// A SYN from 192.0.2.1 to 198.51.100.2 under an Ethernet header, changed by `change`.
fn syn(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
        .ipv4([192, 0, 2, 1], [198, 51, 100, 2], 64)
        .tcp(40_000, 21, 1, 8_192)
        .syn()
        .write(&mut bytes, b"")
        .unwrap();
    change(&mut bytes);
    bytes
}

#[test]
fn the_sanity_checks_refuse() {
    type Change = fn(&mut Vec<u8>);
    let cases: [(Malformed, Change); 15] = [
        (Malformed::LinkTruncated, |b| b.truncate(13)),
        (Malformed::IpVersionMismatch, |b| b[14] = 0x65),
        (Malformed::IpHeader, |b| b.truncate(33)),
        (Malformed::IpHeader, |b| b[14] = 0x44),
        (Malformed::IpHeader, |b| b[16..18].copy_from_slice(&[0, 19])),
        (Malformed::IpProtocolZero, |b| b[23] = 0),
        (Malformed::IpTtlZero, |b| b[22] = 0),
        (Malformed::IpLand, |b| b.copy_within(26..30, 30)),
        (Malformed::IpMartian, |b| b[26] = 224),
        (Malformed::IpMartian, |b| b[26..30].fill(255)),
        (Malformed::TcpHeader, |b| b.truncate(50)),
        (Malformed::TcpHeader, |b| b[46] = 0x40),
        (Malformed::TcpHeader, |b| b[46] = 0x60),
        (Malformed::TcpPortZero, |b| b[36..38].fill(0)),
        (Malformed::TcpFlags, |b| b[47] = 0x03),
    ];
    for (malformed, change) in cases {
        let bytes = syn(change);
        let packet = read(&bytes);
        assert_eq!(packet.layer4, Layer4::Malformed(malformed));
        if packet.ip != IpHeader::default() {
            assert!(packet.ip.dst.is_v4());
        }
    }
    let loopback = syn(|b| {
        b[26..30].copy_from_slice(&[127, 0, 0, 1]);
        b[30..34].copy_from_slice(&[127, 0, 0, 1]);
    });
    assert!(
        matches!(read(&loopback).layer4, Layer4::Tcp(_)),
        "a capture of the loopback interface is readable"
    );
}

#[test]
fn lengths_come_from_the_headers() {
    // Ethernet pads to 60 bytes.
    let padded = syn(|b| b.resize(60, 0xee));
    let Layer4::Tcp(tcp) = read(&padded).layer4 else { panic!() };
    assert_eq!(tcp.payload, Payload::default());
    assert_eq!(read(&padded).datagram.len(), 40);
    // Snapped: the header speaks of 100 bytes of payload, 4 are there.
    let snapped = syn(|b| {
        b[17] += 100;
        b.extend(b"abcd");
    });
    let packet = decode(&Frame { wire_len: 154, ..frame(&snapped) }, 1, DecodeOptions::default());
    let Layer4::Tcp(tcp) = packet.layer4 else { panic!() };
    assert_eq!(tcp.payload, Payload { bytes: b"abcd", len: 100 });
    assert!(tcp.payload.is_cut());
    // Captured before segmentation: no length, 2,000 bytes.
    let offloaded = syn(|b| {
        b[16..18].fill(0);
        b.extend([7; 2_000]);
    });
    let Layer4::Tcp(tcp) = read(&offloaded).layer4 else { panic!() };
    assert_eq!((tcp.payload.len, tcp.payload.bytes.len()), (2_000, 2_000));
    // A tool took the payload out, the header still speaks of it. IPv6 is stricter.
    let stripped = syn(|b| b[17] += 100);
    let Layer4::Tcp(tcp) = read(&stripped).layer4 else { panic!() };
    assert_eq!(tcp.payload, Payload { bytes: &[], len: 100 });
    let stripped = &ipv6(17, &[0, 53, 0, 53, 0, 9, 0, 0, b'x'])[..62];
    assert_eq!(read(stripped).layer4, Layer4::Malformed(Malformed::IpHeader));
    let snapped = decode(&Frame { wire_len: 63, ..frame(stripped) }, 1, DecodeOptions::default());
    assert!(matches!(snapped.layer4, Layer4::Udp(udp) if udp.payload == Payload { bytes: &[], len: 1 }));

    let short = syn(|b| b[16..18].fill(0));
    assert_eq!(read(&short).layer4, Layer4::Malformed(Malformed::IpHeader));
}

#[test]
fn wrong_checksums_are_refused_when_asked() {
    let verify = DecodeOptions { checksums: Checksums::Verify };
    for (place, malformed, checksum) in
        [(24, Malformed::IpChecksum, Checksum::BadIp), (50, Malformed::TcpChecksum, Checksum::BadLayer4)]
    {
        let bytes = syn(|b| b[place] ^= 0x10);
        let packet = decode(&frame(&bytes), 1, verify);
        assert_eq!((packet.layer4, packet.checksum), (Layer4::Malformed(malformed), checksum));
        assert!(matches!(read(&bytes).layer4, Layer4::Tcp(_)));
    }
    let bytes = syn(|_| ());
    assert_eq!(decode(&frame(&bytes), 1, verify).checksum, Checksum::Good);
    let udp = ipv6(17, &[0, 53, 0, 53, 0, 9, 0x12, 0x34, b'x']);
    let snapped = Frame { wire_len: 63, ..frame(&udp[..62]) };
    assert_eq!(decode(&snapped, 1, verify).checksum, Checksum::Unknown, "not all bytes are there");
}

/// An IPv6 packet whose payload starts with `next`, of these bytes.
fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 54];
    bytes[12..14].copy_from_slice(&[0x86, 0xdd]);
    bytes[14] = 0x60;
    bytes[18..20].copy_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
    bytes[20] = next;
    bytes[21] = 64;
    bytes[22] = 0x20;
    bytes[38] = 0x21;
    bytes.extend(payload);
    bytes
}

#[test]
fn extension_headers() {
    let udp = [0, 53, 0, 53, 0, 9, 0, 0, b'x'];
    let dest = |next| [next, 0, 1, 4, 0, 0, 0, 0];
    let chain = ipv6(0, &[&dest(60)[..], &dest(43), &dest(44), &[17, 0, 0, 0, 0, 0, 0, 9], &udp].concat());
    let packet = read(&chain);
    assert_eq!(packet.ip.protocol, Protocol::UDP);
    assert!(matches!(packet.layer4, Layer4::Udp(udp) if udp.payload.bytes == b"x"), "{packet:?}");

    let fragment = ipv6(44, &[60, 0, 0, 0x11, 0, 0, 0, 9, 1, 2, 3]);
    let Layer4::Fragment(fragment) = read(&fragment).layer4 else { panic!() };
    assert_eq!((fragment.identification, fragment.offset, fragment.more), (9, 16, true));
    assert_eq!(fragment.payload, Payload { bytes: &[1, 2, 3], len: 3 });

    for (next, payload, malformed) in [
        (60, &[17, 1, 0, 0][..], Malformed::Ipv6Extension),
        (60, &[0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0], Malformed::Ipv6Extension),
        (44, &[17, 0, 0], Malformed::Ipv6Extension),
        (0, &[17, 0, 0xc2, 4, 0, 1, 0, 0], Malformed::Ipv6Jumbogram),
        (0, &[], Malformed::Ipv6Jumbogram),
        (6, &[], Malformed::TcpHeader),
    ] {
        assert_eq!(read(&ipv6(next, payload)).layer4, Layer4::Malformed(malformed), "{next}: {payload:?}");
    }
    let many = ipv6(60, &(0..40).flat_map(|_| dest(60)).collect::<Vec<_>>());
    assert_eq!(read(&many).layer4, Layer4::Malformed(Malformed::Ipv6Extension));
    // Authentication and encapsulation headers are protocols of their own.
    assert!(matches!(read(&ipv6(51, &[6, 1, 0, 0])).layer4, Layer4::Other(_)));
    assert!(matches!(read(&ipv6(59, &[])).layer4, Layer4::Other(_)));
}
