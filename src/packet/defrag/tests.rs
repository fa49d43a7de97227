use std::collections::BTreeMap;

use etherparse::{IpFragOffset, Ipv4Header, Ipv6FragmentHeader, PacketBuilder, ip_number};
use proptest::prelude::*;

use super::*;
use crate::capture::{Frame, LinkType};
use crate::packet::decode;

/// A UDP packet over raw IP, of `len` bytes of payload that differ by datagram.
fn udp(is_v4: bool, which: u8, len: usize) -> Vec<u8> {
    let payload: Vec<u8> = (0..len).map(|i| (i as u8).wrapping_mul(7) ^ which).collect();
    let mut bytes = Vec::new();
    if is_v4 {
        PacketBuilder::ipv4([192, 0, 2, 1], [198, 51, 100, 2], 64).udp(5_000, 53).write(&mut bytes, &payload)
    } else {
        PacketBuilder::ipv6([0x20; 16], [0x21; 16], 64).udp(5_000, 53).write(&mut bytes, &payload)
    }
    .unwrap();
    bytes
}

/// Cuts an IP packet into fragments after every `size` bytes, a multiple of eight.
fn cut(packet: &[u8], which: u8, size: usize) -> Vec<Vec<u8>> {
    let is_v4 = packet[0] >> 4 == 4;
    let (header, payload) = packet.split_at(if is_v4 { 20 } else { 40 });
    let last = (payload.len() - 1) / size;
    let piece = |(index, piece): (usize, &[u8])| {
        let offset = IpFragOffset::try_new((index * size / 8) as u16).unwrap();
        if is_v4 {
            let (mut header, _) = Ipv4Header::from_slice(header).unwrap();
            header.identification = u16::from(which);
            header.dont_fragment = false;
            header.more_fragments = index < last;
            header.fragment_offset = offset;
            header.total_len = (20 + piece.len()) as u16;
            header.header_checksum = header.calc_header_checksum();
            [&header.to_bytes()[..], piece].concat()
        } else {
            let mut header = header.to_vec();
            header[4..6].copy_from_slice(&((8 + piece.len()) as u16).to_be_bytes());
            header[6] = ip_number::IPV6_FRAG.0;
            let fragment = Ipv6FragmentHeader::new(ip_number::UDP, offset, index < last, u32::from(which));
            [&header[..], &fragment.to_bytes(), piece].concat()
        }
    };
    payload.chunks(size).enumerate().map(piece).collect()
}

fn read(bytes: &[u8], number: u64) -> Packet<'_> {
    let wire_len = bytes.len() as u32;
    let frame =
        Frame { at: Timestamp::ZERO, file: 0, link_type: LinkType::RAW, interface: None, wire_len, bytes };
    decode(&frame, number, DecodeOptions { checksums: Checksums::Verify })
}

fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(secs)
}

/// What came out: frame numbers, and what they made.
type Out = Vec<(Vec<u64>, String)>;

fn note(out: &mut Out, packet: &Packet<'_>) {
    let frames = if packet.fragments.is_empty() { vec![packet.number] } else { packet.fragments.to_vec() };
    assert_eq!(frames.len() as u64, packet.frames());
    let what = match packet.layer4 {
        Layer4::Udp(udp) => format!("udp {:?} {}", udp.payload.bytes, udp.payload.len),
        Layer4::Malformed(malformed) => format!("{malformed:?}"),
        other => panic!("{other:?}"),
    };
    out.push((frames, what));
}

/// Everything that comes out of these frames, one a second.
fn run(defragmenter: &mut Defragmenter, frames: &[Vec<u8>]) -> Out {
    let mut out = Out::new();
    for (index, bytes) in frames.iter().enumerate() {
        let packet = read(bytes, index as u64 + 1);
        let now = at(index as u64);
        while let Some((_, packet)) = defragmenter.expired(now) {
            note(&mut out, &packet);
        }
        match defragmenter.push(now, &packet) {
            Defragmented::Whole => note(&mut out, &packet),
            Defragmented::Held => {}
            Defragmented::Datagram(packet) => note(&mut out, &packet),
        }
    }
    while let Some((_, packet)) = defragmenter.expired(Timestamp::MAX) {
        note(&mut out, &packet);
    }
    assert_eq!((defragmenter.bytes, defragmenter.held.len(), defragmenter.by_key.len()), (0, 0, 0));
    out
}

fn verified() -> DecodeOptions {
    DecodeOptions { checksums: Checksums::Verify }
}

proptest! {
    /// Datagrams in fragments, in any order, some lost, some twice, with whole packets between them.
    #[test]
    fn every_frame_comes_out_once(
        datagrams in prop::collection::vec((any::<bool>(), 1_usize..12, 1_usize..400), 1..6),
        shuffle in prop::collection::vec(any::<prop::sample::Index>(), 64),
        lost in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        twice in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        limit in 1_usize..8,
        timeout in 1_u64..80,
    ) {
        let mut frames: Vec<(usize, Vec<u8>)> = Vec::new();
        let mut whole = BTreeMap::new();
        for (which, (is_v4, size, len)) in datagrams.into_iter().enumerate() {
            let packet = udp(is_v4, which as u8, len);
            let Layer4::Udp(content) = read(&packet, 1).layer4 else { panic!("{packet:?}") };
            whole.insert(which, format!("udp {:?} {}", content.payload.bytes, content.payload.len));
            let fragments = cut(&packet, which as u8, size * 8);
            frames.extend(fragments.into_iter().map(|fragment| (which, fragment)));
        }
        let mut untouched = whole.clone();
        for index in twice {
            let copy = frames[index.index(frames.len())].clone();
            untouched.remove(&copy.0);
            frames.push(copy);
        }
        for (place, index) in shuffle.iter().enumerate() {
            let place = place % frames.len();
            let other = index.index(frames.len());
            frames.swap(place, other);
        }
        for index in lost {
            if frames.len() > 1 {
                let (which, _) = frames.remove(index.index(frames.len()));
                untouched.remove(&which);
            }
        }
        let frames: Vec<Vec<u8>> = frames.into_iter().map(|(_, bytes)| bytes).collect();

        let roomy = DefragLimits { timeout: Span::from_secs(1_000_000), ..DefragLimits::default() };
        let tight = DefragLimits { datagrams: limit, bytes: 2_000, timeout: Span::from_secs(timeout) };
        for limits in [roomy, tight] {
            let out = run(&mut Defragmenter::new(limits, verified()), &frames);
            let again = run(&mut Defragmenter::new(limits, verified()), &frames);
            prop_assert_eq!(&out, &again, "the same frames give the same packets");
            let mut numbers: Vec<u64> = out.iter().flat_map(|(frames, _)| frames.clone()).collect();
            numbers.sort_unstable();
            prop_assert_eq!(numbers, (1..=frames.len() as u64).collect::<Vec<_>>());
            if limits == roomy {
                for content in untouched.values() {
                    prop_assert!(out.iter().any(|(_, what)| what == content), "{} is there", content);
                }
            }
            for (_, what) in &out {
                let given_up = ["FragmentIncomplete", "FragmentLimit"].contains(&what.as_str());
                prop_assert!(given_up || whole.values().any(|content| content == what));
            }
        }
    }

    #[test]
    fn no_fragments_panic(
        fragments in prop::collection::vec((0_u16..64, any::<bool>(), 0_usize..40, 0_u8..2, any::<bool>()), 0..40),
    ) {
        let frames: Vec<Vec<u8>> = fragments
            .into_iter()
            .map(|(offset, more, len, which, is_v4)| {
                let whole = udp(is_v4, which, 8);
                let mut fragment = cut(&whole, which, 64).remove(0);
                let at = if is_v4 { 6 } else { 42 };
                let field = if is_v4 { offset | u16::from(more) << 13 } else { offset << 3 | u16::from(more) };
                fragment[at..at + 2].copy_from_slice(&field.to_be_bytes());
                fragment.resize(if is_v4 { 20 } else { 48 } + len, 0xaa);
                let total = (fragment.len() - if is_v4 { 0 } else { 40 }) as u16;
                let at = if is_v4 { 2 } else { 4 };
                fragment[at..at + 2].copy_from_slice(&total.to_be_bytes());
                fragment
            })
            .collect();
        let mut defragmenter = Defragmenter::new(DefragLimits::default(), DecodeOptions::default());
        let mut seen = 0;
        for (index, bytes) in frames.iter().enumerate() {
            let frame = Frame {
                at: Timestamp::ZERO,
                file: 0,
                link_type: LinkType::RAW, interface: None,
                wire_len: bytes.len() as u32,
                bytes,
            };
            let packet = decode(&frame, index as u64 + 1, DecodeOptions::default());
            match defragmenter.push(at(0), &packet) {
                Defragmented::Whole => seen += 1,
                Defragmented::Held => {}
                Defragmented::Datagram(packet) => seen += packet.frames(),
            }
        }
        while let Some((_, packet)) = defragmenter.expired(Timestamp::MAX) {
            seen += packet.frames();
        }
        prop_assert_eq!(seen, frames.len() as u64);
    }
}

#[test]
fn a_datagram_is_what_its_fragments_held() {
    for is_v4 in [true, false] {
        let whole = udp(is_v4, 9, 100);
        let frames = cut(&whole, 9, 48);
        let mut defragmenter = Defragmenter::new(DefragLimits::default(), verified());
        let packets: Vec<_> = frames.iter().zip(1..).map(|(bytes, number)| read(bytes, number)).collect();
        assert!(matches!(defragmenter.push(at(1), &packets[2]), Defragmented::Held));
        assert!(matches!(defragmenter.push(at(2), &packets[0]), Defragmented::Held));
        let Defragmented::Datagram(packet) = defragmenter.push(at(3), &packets[1]) else { panic!() };
        assert_eq!(packet.fragments, [3, 1, 2]);
        assert_eq!(packet.number, 2);
        assert_eq!(packet.wire_len as usize, frames.iter().map(Vec::len).sum::<usize>());
        assert_eq!(packet.checksum, Checksum::Good);
        let (mut ours, mut theirs) = (packet.datagram.to_vec(), whole);
        if is_v4 {
            // Identification and the checksum over it, and the flag that says not to cut it.
            for bytes in [&mut ours, &mut theirs] {
                bytes[4..8].fill(0);
                bytes[10..12].fill(0);
            }
        }
        assert_eq!(ours, theirs);
    }
}

#[test]
fn overlaps_refuse_the_datagram_and_what_comes_of_it_later() {
    // It starts inside the first; it is the second again, but with other bytes.
    for overlapping in [8, 16] {
        let mut frames = cut(&udp(true, 1, 40), 1, 16);
        let last = frames.pop().unwrap();
        let mut liar = changed(&frames[1], 0x2000 | (overlapping / 8), 36);
        liar[25] ^= 0xff;
        frames.extend([liar, last]);
        let malformed = "FragmentOverlap".to_owned();
        let out = run(&mut Defragmenter::new(DefragLimits::default(), verified()), &frames);
        assert_eq!(out, [(vec![1, 2, 3], malformed.clone()), (vec![4], malformed)]);
    }
}

#[test]
fn duplicates_are_kept_with_their_datagram() {
    let fragments = cut(&udp(true, 1, 24), 1, 16);
    let frames = [fragments[0].clone(), fragments[0].clone(), fragments[1].clone(), fragments[1].clone()];
    let out = run(&mut Defragmenter::new(DefragLimits::default(), verified()), &frames);
    assert_eq!(out[0].0, [1, 2, 3]);
    assert_eq!(
        out[1],
        (vec![4], "FragmentIncomplete".to_owned()),
        "a late copy starts a datagram of its own"
    );
}

/// The fragment with its flags and offset, or its length, set otherwise.
fn changed(fragment: &[u8], flags_and_offset: u16, len: usize) -> Vec<u8> {
    let mut fragment = fragment[..len].to_vec();
    let (mut header, _) = Ipv4Header::from_slice(&fragment).unwrap();
    header.more_fragments = flags_and_offset & 0x2000 != 0;
    header.fragment_offset = IpFragOffset::try_new(flags_and_offset & 0x1fff).unwrap();
    header.total_len = len as u16;
    header.header_checksum = header.calc_header_checksum();
    fragment[..20].copy_from_slice(&header.to_bytes());
    fragment
}

#[test]
fn lengths_that_lie() {
    const MORE: u16 = 0x2000;
    let fragments = cut(&udp(true, 1, 40), 1, 16);
    let [first, second, last] = fragments.as_slice() else { panic!() };
    for (name, frames) in [
        ("ping of death", vec![changed(last, 0x1fff, 36)]),
        ("a piece that is no multiple of eight", vec![changed(first, MORE, 33)]),
        ("nothing", vec![changed(first, MORE, 20)]),
        ("past the end", vec![changed(last, 2, 36), changed(second, MORE | 6, 36)]),
        ("an end before what is there", vec![changed(second, MORE | 6, 36), changed(last, 2, 36)]),
        ("two ends", vec![changed(last, 2, 36), changed(second, 6, 36)]),
    ] {
        let out = run(&mut Defragmenter::new(DefragLimits::default(), verified()), &frames);
        let numbers: Vec<u64> = (1..=frames.len() as u64).collect();
        assert_eq!(out, [(numbers, "FragmentLength".to_owned())], "{name}");
    }
    // 65,535 bytes of fragments and a header of 20 make more than a packet can be.
    let mut frames = cut(&udp(true, 1, 65_500), 1, 1_480);
    let len = frames.last().unwrap().len() + 16;
    frames.last_mut().unwrap().resize(len, 0);
    let offset = (frames.len() as u16 - 1) * 1_480 / 8;
    let longest = changed(frames.last().unwrap(), offset, len);
    *frames.last_mut().unwrap() = longest;
    let limits = DefragLimits { timeout: Span::from_secs(100), ..DefragLimits::default() };
    let out = run(&mut Defragmenter::new(limits, verified()), &frames);
    assert_eq!(out.len(), 1);
    assert_eq!(out[0].1, "FragmentLength");
}

#[test]
fn time_and_room_run_out_in_order() {
    let limits = DefragLimits { datagrams: 2, timeout: Span::from_secs(10), ..DefragLimits::default() };
    let mut defragmenter = Defragmenter::new(limits, verified());
    let firsts: Vec<_> = (1..=4).map(|which| cut(&udp(true, which, 40), which, 16).remove(0)).collect();
    for (index, bytes) in firsts.iter().enumerate() {
        let number = index as u64 + 1;
        assert!(matches!(defragmenter.push(at(number), &read(bytes, number)), Defragmented::Held));
    }
    // Four came, two have a place: the first gave way at 3 s, the second at 4 s.
    for number in [1, 2] {
        let (gone, packet) = defragmenter.expired(at(4)).unwrap();
        assert_eq!((gone, packet.number), (at(number + 2), number));
        assert_eq!(packet.layer4, Layer4::Malformed(Malformed::FragmentLimit));
        assert_eq!(packet.ip.src, Addr::v4([192, 0, 2, 1]));
    }
    assert!(defragmenter.expired(at(12)).is_none());
    assert_eq!(defragmenter.expired(at(13)).map(|(at, packet)| (at, packet.number)), Some((at(13), 3)));
    assert_eq!(
        defragmenter.expired(Timestamp::MAX).map(|(at, packet)| (at, packet.number)),
        Some((at(14), 4))
    );
    assert!(defragmenter.expired(Timestamp::MAX).is_none());
}

/// Half datagrams in great numbers: what is held stays within the limits, and each of them is told of once, those that
/// gave way first.
#[test]
fn a_flood_of_half_datagrams_is_held_within_the_limits() {
    const FLOOD: u64 = 50_000;
    for limits in [
        DefragLimits { datagrams: 100, ..DefragLimits::default() },
        DefragLimits { bytes: 20_000, ..DefragLimits::default() },
    ] {
        let mut defragmenter = Defragmenter::new(limits, verified());
        let mut half = cut(&udp(true, 1, 400), 0, 200).remove(0);
        let (mut gave_way, mut late) = (0, 0);
        for number in 1..=FLOOD {
            half[4..6].copy_from_slice(&(number as u16).to_be_bytes());
            half[12..16].copy_from_slice(&(number as u32 | 0x0a00_0000).to_be_bytes());
            while let Some((_, packet)) = defragmenter.expired(at(1)) {
                gave_way += u64::from(packet.layer4 == Layer4::Malformed(Malformed::FragmentLimit));
            }
            let first = changed(&half, 0x2000, half.len());
            assert!(matches!(defragmenter.push(at(1), &read(&first, number)), Defragmented::Held));
            assert!(defragmenter.held.len() <= limits.datagrams && defragmenter.bytes <= limits.bytes);
            assert!(defragmenter.given_up.len() <= 1, "one comes, one goes");
        }
        while let Some((_, packet)) = defragmenter.expired(Timestamp::MAX) {
            let limit = packet.layer4 == Layer4::Malformed(Malformed::FragmentLimit);
            (gave_way, late) = (gave_way + u64::from(limit), late + u64::from(!limit));
        }
        assert_eq!(gave_way + late, FLOOD);
        assert!((1..=100).contains(&late), "{late} were held to the end");
    }
}

#[test]
fn refused_datagrams_take_no_more_room_than_others() {
    let limits = DefragLimits { datagrams: 3, ..DefragLimits::default() };
    let mut defragmenter = Defragmenter::new(limits, DecodeOptions::default());
    for which in 0..100 {
        let empty = changed(&cut(&udp(true, which, 40), which, 16)[0], 0x2000, 20);
        assert!(matches!(defragmenter.push(at(0), &read(&empty, 1)), Defragmented::Datagram(_)));
        assert!(defragmenter.held.len() <= 3 && defragmenter.bytes <= 3 * OVERHEAD);
    }
    assert!(defragmenter.expired(Timestamp::MAX).is_none(), "nothing is left to tell");
}

#[test]
fn a_snapped_fragment_leaves_a_snapped_datagram() {
    for is_v4 in [true, false] {
        let fragments = cut(&udp(is_v4, 1, 40), 1, 16);
        let mut defragmenter = Defragmenter::new(DefragLimits::default(), verified());
        let mut complete = false;
        for (index, bytes) in fragments.iter().enumerate() {
            let captured = &bytes[..bytes.len() - if index == 1 { 4 } else { 0 }];
            let wire_len = bytes.len() as u32;
            let frame = Frame {
                at: at(0),
                file: 0,
                link_type: LinkType::RAW,
                interface: None,
                wire_len,
                bytes: captured,
            };
            let packet = decode(&frame, index as u64, DecodeOptions::default());
            if let Defragmented::Datagram(packet) = defragmenter.push(at(0), &packet) {
                let Layer4::Udp(udp) = packet.layer4 else { panic!("{packet:?}") };
                assert!(udp.payload.is_cut());
                // 8 bytes of the first fragment after the UDP header, 12 of the second.
                assert_eq!((udp.payload.bytes.len(), udp.payload.len), (20, 40));
                assert_eq!(packet.checksum, Checksum::Unknown);
                complete = true;
            }
        }
        assert!(complete);
    }
}
