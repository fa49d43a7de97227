//! The capture readers against `pcap-parser`, frame by frame, and against damage of every kind.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use firstpass::capture::write::Writer;
use firstpass::capture::{CaptureError, CaptureFile, CaptureInfo, Frame, LinkType, Merge, Options, Source};
use firstpass::time::Timestamp;
use pcap_parser::{Block, PcapBlockOwned, PcapError};
use proptest::prelude::*;

/// A folder of the corpus of other people's captures, or a loud word that the test is skipped.
fn corpus(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("FIRSTPASS_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from);
    let folder = root.join(folder);
    if !folder.is_dir() {
        println!("SKIPPED: no corpus at `{}`; set FIRSTPASS_CORPUS", folder.display());
        return None;
    }
    Some(folder)
}

/// All captures below a folder, in order of their names.
fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(captures(&path));
        } else if path.extension().is_some_and(|end| end == "pcap" || end == "pcapng") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A frame with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owned {
    nanos: u64,
    link_type: u16,
    wire_len: u32,
    bytes: Vec<u8>,
}

impl Owned {
    fn of(frame: &Frame<'_>) -> Self {
        let Frame { at, link_type, wire_len, bytes, .. } = *frame;
        Self { nanos: at.nanos(), link_type: link_type.0, wire_len, bytes: bytes.to_vec() }
    }
}

/// All frames of a source.
fn frames(source: &mut impl Source) -> Vec<Owned> {
    let mut frames = Vec::new();
    while let Some(frame) = source.next_frame() {
        frames.push(Owned::of(&frame));
    }
    assert!(source.next_frame().is_none(), "the end is the end");
    frames
}

fn read(bytes: Vec<u8>) -> Result<(Vec<Owned>, CaptureInfo), CaptureError> {
    read_with(bytes, &Options::default())
}

fn read_with(bytes: Vec<u8>, options: &Options) -> Result<(Vec<Owned>, CaptureInfo), CaptureError> {
    let mut file = CaptureFile::from_reader("test", Cursor::new(bytes), options)?;
    let frames = frames(&mut file);
    assert_eq!(file.info().packets, frames.len() as u64);
    Ok((frames, file.info().clone()))
}

/// What pcap-parser reads, as far as it reads.
fn oracle(bytes: &[u8]) -> Vec<Owned> {
    let mut reader = pcap_parser::create_reader(1 << 20, Cursor::new(bytes.to_vec())).unwrap();
    let mut frames = Vec::new();
    let (mut link_type, mut nanos_per_tick, mut interfaces) = (0, 1_000, Vec::new());
    loop {
        let (offset, block) = match reader.next() {
            Ok(next) => next,
            Err(PcapError::Incomplete(_)) => {
                if reader.refill().is_err() || reader.reader_exhausted() {
                    return frames;
                }
                continue;
            }
            Err(_) => return frames,
        };
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                link_type = header.network.0;
                nanos_per_tick = if header.is_nanosecond_precision() { 1 } else { 1_000 };
            }
            PcapBlockOwned::Legacy(packet) => frames.push(Owned {
                nanos: u64::from(packet.ts_sec) * 1_000_000_000 + u64::from(packet.ts_usec) * nanos_per_tick,
                link_type: link_type as u16,
                wire_len: packet.origlen.max(packet.caplen),
                bytes: packet.data[..packet.caplen as usize].to_vec(),
            }),
            PcapBlockOwned::NG(Block::SectionHeader(_)) => interfaces.clear(),
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                let exponent = i32::from(interface.if_tsresol & 0x7f);
                assert!(interface.if_tsresol <= 9, "{exponent}: not in these files");
                interfaces.push((
                    interface.linktype.0,
                    10_u64.pow((9 - exponent) as u32),
                    interface.if_tsoffset,
                ));
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let (link_type, nanos_per_tick, offset) = interfaces[packet.if_id as usize];
                let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                frames.push(Owned {
                    nanos: (ticks * nanos_per_tick).wrapping_add_signed(offset * 1_000_000_000),
                    link_type: link_type as u16,
                    wire_len: packet.origlen.max(packet.caplen),
                    bytes: packet.data[..packet.caplen as usize].to_vec(),
                });
            }
            PcapBlockOwned::NG(_) => {}
        }
        reader.consume(offset);
    }
}

#[test]
fn the_corpus_reads_as_the_oracle_and_tshark_read_it() {
    let Some(corpus) = corpus("pcaps") else { return };
    let mut files = 0;
    for path in captures(&corpus) {
        let name = path.display();
        let truth = fs::read_to_string(format!("{name}.truth.json")).unwrap_or_default();
        let truth: serde_json::Value = serde_json::from_str(&truth).unwrap_or_default();
        let unreadable = truth["stderr"].as_str().is_some_and(|text| text.contains("doesn't support"));
        match CaptureFile::open(&path, &Options::default()) {
            Err(error) => assert!(unreadable, "{error}"),
            Ok(mut file) => {
                assert!(!unreadable, "{name}: tshark does not read it");
                let ours = frames(&mut file);
                assert_eq!(ours, oracle(&fs::read(&path).unwrap()), "{name}");
                let info = file.info();
                assert_eq!(info.damage, None, "{name}");
                let totals = &truth["totals"];
                let expected =
                    (totals["packets"].as_u64().unwrap_or(0), totals["bytes"].as_u64().unwrap_or(0));
                assert_eq!((info.packets, info.bytes), expected, "{name}");
            }
        }
        files += 1;
    }
    println!("{files} captures");
    assert!(files > 0, "the corpus is there and empty");
}

/// Byte order of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Big,
    Little,
}

impl Order {
    const BOTH: [Self; 2] = [Self::Big, Self::Little];

    fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u64(self, value: u64) -> [u8; 8] {
        if self == Self::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }
}

/// A pcap file of these frames; `ticks` is ticks of the fraction to the second.
fn pcap(order: Order, ticks: u32, snap_len: u32, frames: &[Owned]) -> Vec<u8> {
    let magic = if ticks == 1_000_000 { 0xa1b2_c3d4 } else { 0xa1b2_3c4d };
    let mut out = order.u32(magic).to_vec();
    out.extend([order.u16(2), order.u16(4)].concat());
    let link_type = frames.first().map_or(1, |frame| frame.link_type);
    out.extend([0, 0, snap_len, u32::from(link_type)].map(|field| order.u32(field)).concat());
    for frame in frames {
        let nanos_per_tick = u64::from(1_000_000_000 / ticks);
        let secs = (frame.nanos / 1_000_000_000) as u32;
        let fraction = (frame.nanos % 1_000_000_000 / nanos_per_tick) as u32;
        let captured = frame.bytes.len() as u32;
        out.extend([secs, fraction, captured, frame.wire_len].map(|field| order.u32(field)).concat());
        out.extend(&frame.bytes);
    }
    out
}

/// A pcapng file, block by block.
struct Blocks {
    order: Order,
    out: Vec<u8>,
}

impl Blocks {
    fn new(order: Order) -> Self {
        Self { order, out: Vec::new() }.section(order)
    }

    fn block(mut self, kind: u32, body: &[u8]) -> Self {
        let padded = body.len().next_multiple_of(4);
        let len = self.order.u32(padded as u32 + 12);
        self.out.extend(self.order.u32(kind));
        self.out.extend(len);
        self.out.extend(body);
        self.out.resize(self.out.len() + padded - body.len(), 0);
        self.out.extend(len);
        self
    }

    fn section(mut self, order: Order) -> Self {
        self.order = order;
        let body = [&order.u32(0x1a2b_3c4d)[..], &order.u16(1), &order.u16(0), &order.u64(u64::MAX)].concat();
        self.block(0x0a0d_0d0a, &body)
    }

    fn interface(self, link_type: u16, snap_len: u32, options: &[(u16, &[u8])]) -> Self {
        let order = self.order;
        let mut body = [&order.u16(link_type)[..], &[0, 0], &order.u32(snap_len)].concat();
        for (code, value) in options {
            body.extend([order.u16(*code), order.u16(value.len() as u16)].concat());
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        self.block(1, &body)
    }

    fn enhanced(self, interface: u32, ticks: u64, wire_len: u32, bytes: &[u8]) -> Self {
        let fields = [interface, (ticks >> 32) as u32, ticks as u32, bytes.len() as u32, wire_len];
        let body = [&fields.map(|field| self.order.u32(field)).concat(), bytes].concat();
        self.block(6, &body)
    }

    fn obsolete(self, interface: u16, ticks: u64, wire_len: u32, bytes: &[u8]) -> Self {
        let fields = [(ticks >> 32) as u32, ticks as u32, bytes.len() as u32, wire_len];
        let drops = [self.order.u16(interface), self.order.u16(7)].concat();
        let body = [&drops, &fields.map(|field| self.order.u32(field)).concat(), bytes].concat();
        self.block(2, &body)
    }

    fn simple(self, wire_len: u32, bytes: &[u8]) -> Self {
        let body = [&self.order.u32(wire_len), bytes].concat();
        self.block(3, &body)
    }
}

fn frame(nanos: u64, link_type: u16, wire_len: u32, bytes: &[u8]) -> Owned {
    Owned { nanos, link_type, wire_len, bytes: bytes.to_vec() }
}

/// 2023-05-06T09:58:41.25Z and some.
const NOW: u64 = 1_683_367_121_250_000_000;

/// A few frames of one link type, on whole microseconds; the second is snapped.
fn some_frames() -> Vec<Owned> {
    vec![
        frame(NOW, 1, 60, &[0xab; 60]),
        frame(NOW + 1_000, 1, 1_514, &[0xcd; 96]),
        frame(NOW - 5_000_000, 1, 3, b"abc"),
        frame(NOW + 60_000_000_000, 1, 0, b""),
    ]
}

fn pcapng_of(order: Order, frames: &[Owned]) -> Vec<u8> {
    let start = Blocks::new(order).interface(1, 0, &[]);
    let write =
        |blocks: Blocks, frame: &Owned| blocks.enhanced(0, frame.nanos / 1_000, frame.wire_len, &frame.bytes);
    frames.iter().fold(start, write).out
}

#[test]
fn pcap_in_every_byte_order_and_resolution() {
    for order in Order::BOTH {
        for (ticks, nanos) in [(1_000_000, 0), (1_000_000_000, 789)] {
            for snap_len in [0, 96, 65_535, u32::MAX] {
                let mut expected = some_frames();
                expected[0].nanos += nanos;
                let bytes = pcap(order, ticks, snap_len, &expected);
                assert_eq!(oracle(&bytes), expected);
                let (frames, info) = read(bytes).unwrap();
                assert_eq!(frames, expected, "{order:?}, {ticks} ticks, snap length {snap_len}");
                assert_eq!(info.damage, None);
                assert_eq!(info.bytes, 60 + 1_514 + 3);
                assert_eq!(info.first_time, Some(Timestamp::from_nanos(NOW - 5_000_000)));
                assert_eq!(info.last_time, Some(Timestamp::from_nanos(NOW + 60_000_000_000)));
                assert!(info.link_types.iter().eq(&[LinkType::ETHERNET]));
            }
        }
    }
}

#[test]
fn pcapng_in_every_byte_order_and_resolution() {
    let offset = 1_683_000_000_u64;
    for order in Order::BOTH {
        let shift = order.u64(offset);
        for (options, ticks, nanos) in [
            (vec![], NOW / 1_000, NOW),
            (vec![(9, &[6][..])], NOW / 1_000, NOW),
            (vec![(9, &[9])], NOW + 7, NOW + 7),
            (vec![(9, &[0])], NOW / 1_000_000_000, NOW / 1_000_000_000 * 1_000_000_000),
            (vec![(9, &[12])], 5_000_000_001_999, 5_000_000_001),
            (vec![(9, &[0xa0])], 3 << 31, 1_500_000_000),
            (vec![(9, &[0x80])], 3, 3_000_000_000),
            (vec![(14, &shift)], 250_000, offset * 1_000_000_000 + 250_000_000),
            (vec![(2, b"eth0"), (9, &[9]), (14, &shift)], 8, offset * 1_000_000_000 + 8),
            // A name that is not UTF-8, a list cut off, nothing wrong with the packets.
            (vec![(2, &[0xff, 0xfe, 0xfd])], NOW / 1_000, NOW),
            (vec![(9, &[9]), (0, &[]), (9, &[3])], NOW, NOW),
        ] {
            let bytes = Blocks::new(order).interface(1, 0, &options).enhanced(0, ticks, 5, b"abcde").out;
            let (frames, info) = read(bytes).unwrap();
            assert_eq!(frames, [frame(nanos, 1, 5, b"abcde")], "{order:?}, {options:?}");
            assert_eq!(info.damage, None);
        }
    }
}

#[test]
fn pcapng_with_sections_interfaces_and_every_packet_block() {
    for order in Order::BOTH {
        let other = if order == Order::Big { Order::Little } else { Order::Big };
        let bytes = Blocks::new(order)
            .interface(1, 0, &[])
            .interface(101, 4, &[(9, &[9])])
            .enhanced(1, NOW + 1, 40, b"four")
            .block(0x0bad, b"a custom block")
            .block(5, &[0; 12])
            .obsolete(0, NOW / 1_000, 6, b"sixsix")
            // No time of its own: that of the packet before.
            .simple(7, b"seven77")
            .section(other)
            .interface(276, 5, &[])
            .simple(90, b"snap5")
            // Captured more than there was: some tools write that.
            .enhanced(0, NOW / 1_000 + 3, 1, b"longer")
            .out;
        let (frames, info) = read(bytes).unwrap();
        let expected = [
            frame(NOW + 1, 101, 40, b"four"),
            frame(NOW, 1, 6, b"sixsix"),
            frame(NOW, 1, 7, b"seven77"),
            frame(NOW, 276, 90, b"snap5"),
            frame(NOW + 3_000, 276, 6, b"longer"),
        ];
        assert_eq!(frames, expected);
        assert_eq!(info.damage, None);
        let link_types: Vec<String> = info.link_types.iter().map(ToString::to_string).collect();
        assert_eq!(link_types, ["ETHERNET", "RAW", "LINUX_SLL2"]);
    }
}

#[test]
fn the_oracle_agrees_on_pcapng() {
    for order in Order::BOTH {
        let bytes = pcapng_of(order, &some_frames());
        assert_eq!(oracle(&bytes), some_frames());
        assert_eq!(read(bytes).unwrap().0, some_frames());
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut packer = lz4_flex::frame::FrameEncoder::new(Vec::new());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

type Pack = fn(&[u8]) -> Vec<u8>;
const PACKS: [(&str, Pack); 3] = [("gzip", gzip), ("zstd", zstd), ("lz4", lz4)];

#[test]
fn packed_captures() {
    for bytes in [pcap(Order::Little, 1_000_000, 0, &some_frames()), pcapng_of(Order::Big, &some_frames())] {
        for (name, pack) in PACKS {
            let (first, second) = bytes.split_at(50);
            for packed in [pack(&bytes), [pack(first), pack(second)].concat(), gzip(&pack(&bytes))] {
                for read_ahead in [false, true] {
                    let options = Options { read_ahead, ..Options::default() };
                    let (frames, info) = read_with(packed.clone(), &options).unwrap();
                    assert_eq!((frames, info.damage), (some_frames(), None), "{name}");
                }
            }
            let error = read(gzip(&gzip(&pack(&bytes)))).unwrap_err();
            assert!(matches!(error, CaptureError::Nested { .. }), "{error}");
        }
    }
}

/// Many frames of all sizes: 2 MB, several buffers full.
fn many_frames() -> Vec<Owned> {
    (0..4_000_u64)
        .map(|i| frame(NOW + i * 1_000, 1, 9_000, &vec![i as u8; (i * 7 % 1_100) as usize]))
        .collect()
}

#[test]
fn small_buffers_and_read_ahead_change_nothing() {
    let frames = many_frames();
    for bytes in [pcap(Order::Big, 1_000_000, 0, &frames), pcapng_of(Order::Little, &frames)] {
        for (buffer, read_ahead) in [(1, false), (1_000, true), (64 * 1_024, false), (320 * 1_024, true)] {
            let options = Options { buffer, read_ahead };
            let (read, info) = read_with(bytes.clone(), &options).unwrap();
            assert!(read == frames, "{options:?}: the same frames");
            assert_eq!(info.damage, None);
        }
    }
}

#[test]
fn a_capture_cut_anywhere_gives_what_comes_before() {
    for (bytes, header) in [
        (pcap(Order::Little, 1_000_000_000, 0, &some_frames()), 24),
        (pcapng_of(Order::Big, &some_frames()), 28),
    ] {
        let mut whole_at = Vec::new();
        for len in 0..bytes.len() {
            let (frames, info) = match read(bytes[..len].to_vec()) {
                Ok(read) => read,
                Err(CaptureError::Empty { .. }) => {
                    assert_eq!(len, 0);
                    continue;
                }
                Err(error) => {
                    assert!(len < header, "{len} bytes: {error}");
                    continue;
                }
            };
            assert!(len >= header);
            assert_eq!(frames, some_frames()[..frames.len()], "{len} bytes");
            match info.damage {
                None => whole_at.push(len),
                Some(damage) => {
                    assert_eq!(damage.packet, frames.len() as u64 + 1);
                    // It starts where the last whole packet or block ended.
                    assert_eq!(whole_at.last(), Some(&(damage.offset as usize)), "{len} bytes");
                }
            }
        }
        assert!(whole_at.len() >= some_frames().len(), "cuts between packets are no damage");
    }
}

#[test]
fn a_packed_capture_cut_anywhere_gives_what_comes_before() {
    let bytes = pcap(Order::Little, 1_000_000, 0, &some_frames());
    for (name, pack) in PACKS {
        let packed = pack(&bytes);
        for len in 0..packed.len() {
            if let Ok((frames, info)) = read(packed[..len].to_vec()) {
                assert_eq!(frames, some_frames()[..frames.len()], "{name}, {len} bytes");
                assert!(info.truncated() || frames == some_frames(), "{name}, {len} bytes: {frames:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn flipped_bytes_never_panic_or_hang(
        packed in 0..4_usize,
        ng in any::<bool>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        inside in any::<bool>(),
    ) {
        let mut bytes = if ng { pcapng_of(Order::Little, &some_frames()) } else {
            pcap(Order::Big, 1_000_000, 0, &some_frames())
        };
        let flip = |bytes: &mut Vec<u8>| {
            for (place, value) in &flips {
                let place = place.index(bytes.len());
                bytes[place] = *value;
            }
        };
        if inside {
            flip(&mut bytes);
        }
        let mut bytes = PACKS.get(packed).map_or(bytes.clone(), |(_, pack)| pack(&bytes));
        if !inside {
            flip(&mut bytes);
        }
        let len = bytes.len();
        if let Ok((frames, _)) = read(bytes) {
            // A flip may make a decompressor repeat itself, but not for long.
            prop_assert!(frames.len() <= 100 + len, "{} frames of {len} bytes", frames.len());
        }
    }

    #[test]
    fn noise_never_panics_or_hangs(
        magic in prop::sample::select(vec![0xa1b2_c3d4_u32, 0xd4c3_b2a1, 0x0a0d_0d0a, 0x1f8b_0800, 0x28b5_2ffd, 0x0422_4d18, 7]),
        noise in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let _ = read([&magic.to_be_bytes()[..], &noise].concat());
    }
}

#[test]
fn blocks_larger_than_the_buffer() {
    let large = vec![7; 3_000_000];
    let blocks = || Blocks::new(Order::Little).interface(1, 0, &[]);
    let bytes = blocks().enhanced(0, 1, 3_000_000, &large).simple(3, b"abc").out;
    let (frames, info) = read(bytes).unwrap();
    assert_eq!((frames.len(), frames[0].bytes.len(), info.damage), (2, 3_000_000, None));

    // 70 MB claimed, some bytes there: told at once, without waiting for more.
    let mut bytes = blocks().simple(3, b"abc").out;
    let offset = bytes.len() as u64;
    bytes.extend([6_u32, 70_000_000, 0, 0, 0].map(u32::to_le_bytes).concat());
    let (frames, info) = read(bytes).unwrap();
    let damage = info.damage.unwrap();
    assert_eq!((frames.len(), damage.packet, damage.offset), (1, 2, offset));
    assert!(damage.reason.contains("70000000") || damage.reason.contains("more than"), "{damage}");

    // A packet header of pcap that says more than libpcap ever writes.
    let mut bytes = pcap(Order::Big, 1_000_000, 65_535, &some_frames());
    let offset = bytes.len() as u64;
    bytes.extend([1_u32, 1, 262_145, 262_145].map(u32::to_be_bytes).concat());
    bytes.extend(vec![0; 400_000]);
    let (frames, info) = read(bytes).unwrap();
    let damage = info.damage.unwrap();
    assert_eq!((frames.len(), damage.packet, damage.offset), (4, 5, offset));
    assert_eq!(
        damage.to_string(),
        format!(
            "damaged at packet 5, byte {offset}: \
             the packet's header says 262145 bytes were captured, more than the 262144 that can be"
        )
    );
}

#[test]
fn what_is_no_pcapng_block_ends_the_capture() {
    let start = || Blocks::new(Order::Little).interface(1, 0, &[]).simple(3, b"abc");
    for (name, bytes, reason) in [
        ("an unknown interface", start().enhanced(5, 1, 3, b"abc").out, "interface 5"),
        (
            "a length that is no multiple of 4",
            [start().out, [6, 0, 0, 0, 33, 0, 0, 0, 0, 0, 0, 0].into()].concat(),
            "multiple of 4",
        ),
        ("zeros", [start().out, vec![0; 64]].concat(), "too short"),
        (
            "a packet longer than its block",
            start().block(6, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0]).out,
            "room for 0",
        ),
        ("a short packet block", start().block(6, &[0; 8]).out, "too short"),
        (
            "a simple packet before any interface",
            Blocks::new(Order::Big).simple(3, b"abc").out,
            "no interface",
        ),
        (
            "another version",
            start().block(0x0a0d_0d0a, &[0x4d, 0x3c, 0x2b, 0x1a, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).out,
            "version 2",
        ),
    ] {
        let (frames, info) = read(bytes).unwrap();
        let damage = info.damage.expect(name);
        assert!(damage.reason.contains(reason), "{name}: {damage}");
        assert_eq!(damage.packet, frames.len() as u64 + 1);
    }
}

#[test]
fn what_is_no_capture_is_told() {
    let told = |bytes: &[u8]| read(bytes.to_vec()).unwrap_err().to_string();
    for (bytes, message) in [
        (&b""[..], "`test` is empty: not even a file header"),
        (
            b"GMBU\x02\0\0\0",
            "a Microsoft Network Monitor capture (it starts 47 4d 42 55); convert it with `editcap",
        ),
        (b"12:00:01 IP 10.0.0.1 > 10.0.0.2: SYN\n", "a text file"),
        (&[0xa1, 0xb2, 0xcd, 0x34, 0, 0, 0, 0], "a pcap file in the modified format of patched libpcap"),
        (&[0xde, 0xad, 0xbe, 0xef], "no capture format known here (it starts de ad be ef)"),
        (
            &[0xd4, 0xc3, 0xb2, 0xa1, 2, 0],
            "header is unusable at byte 0: the file ends after 6 of the 24 bytes",
        ),
        (&[0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0], "is a pcapng file whose header is unusable"),
    ] {
        let told = told(bytes);
        assert!(told.contains(message), "{told}");
    }
    let packed = told(&gzip(b"hello, world"));
    assert!(packed.contains("gzip of a text file"), "{packed}");
    let broken = told(&gzip(b"hello, world")[..9]);
    assert!(broken.starts_with("cannot read `test` at byte 0"), "{broken}");

    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| CaptureFile::open(path, &Options::default()).unwrap_err().to_string();
    assert!(open(folder.path()).contains("is a directory"));
    assert!(open(&folder.path().join("missing.pcap")).starts_with("cannot open `"));
}

#[test]
fn an_empty_capture_is_a_capture() {
    for bytes in [pcap(Order::Big, 1_000_000, 0, &[]), Blocks::new(Order::Little).out] {
        let (frames, info) = read(bytes).unwrap();
        assert_eq!((frames.len(), info.packets, info.first_time, info.damage), (0, 0, None, None));
    }
}

fn open(frames: &[Owned]) -> CaptureFile {
    let bytes = pcapng_of(Order::Little, frames);
    CaptureFile::from_reader("test", Cursor::new(bytes), &Options::default()).unwrap()
}

#[test]
fn captures_merge_by_time() {
    let at = |micros: u64, name: &[u8]| frame(micros * 1_000, 1, 1, name);
    let first = [at(10, b"a"), at(30, b"b"), at(20, b"c"), at(40, b"d")];
    let second = [at(10, b"e"), at(25, b"f"), at(40, b"g")];
    let mut merge = Merge::new(vec![open(&first), open(&[]), open(&second)]);
    let mut order = Vec::new();
    while let Some(frame) = merge.next_frame() {
        order.push((frame.file, String::from_utf8(frame.bytes.to_vec()).unwrap()));
    }
    assert!(merge.next_frame().is_none());
    // Equal times in order of the files; what goes back in time stays behind what came before it in its file.
    let expected = [(0, "a"), (2, "e"), (2, "f"), (0, "b"), (0, "c"), (0, "d"), (2, "g")];
    assert!(order.iter().map(|(file, name)| (*file, name.as_str())).eq(expected), "{order:?}");
    let packets: Vec<u64> = merge.infos().map(|info| info.packets).collect();
    assert_eq!(packets, [4, 0, 3]);

    let mut alone = Merge::new(vec![open(&first)]);
    assert_eq!(frames(&mut alone), first);
    assert_eq!(frames(&mut Merge::new(vec![])), []);
}

#[test]
fn a_damaged_capture_does_not_stop_the_others() {
    let mut cut = pcap(Order::Little, 1_000_000, 0, &some_frames());
    cut.truncate(cut.len() - 20);
    let cut = CaptureFile::from_reader("cut", Cursor::new(cut), &Options::default()).unwrap();
    let mut merge = Merge::new(vec![cut, open(&some_frames())]);
    assert_eq!(frames(&mut merge).len(), 2 + 4);
    assert!(merge.infos().map(CaptureInfo::truncated).eq([true, false]));
}

#[test]
fn what_is_written_reads_back() {
    let mut expected = some_frames();
    expected[0].nanos += 1;
    let as_frame = |frame: &Owned, bytes: &'static [u8]| Frame {
        at: Timestamp::from_nanos(frame.nanos),
        file: 0,
        link_type: LinkType(frame.link_type),
        wire_len: frame.wire_len,
        bytes,
    };
    let bytes: Vec<&'static [u8]> = expected.iter().map(|frame| &*frame.bytes.clone().leak()).collect();
    let mut pcap = Writer::pcap(Vec::new(), LinkType::ETHERNET).unwrap();
    let mut pcapng = Writer::pcapng(Vec::new()).unwrap();
    for (frame, bytes) in expected.iter().zip(bytes) {
        pcap.write(&as_frame(frame, bytes)).unwrap();
        pcapng.write_commented(&as_frame(frame, bytes), "rule `ftp`: forward").unwrap();
    }
    assert!(pcap.write(&as_frame(&frame(1, 101, 1, b"x"), b"x")).is_err(), "another link type");
    assert!(pcap.write(&as_frame(&frame(u64::MAX, 1, 1, b"x"), b"x")).is_err(), "past 2106");
    pcapng.write(&as_frame(&frame(NOW, 101, 1, b"x"), b"x")).unwrap();
    assert_eq!(read(pcap.into_inner()).unwrap().0, expected);
    let written = pcapng.into_inner();
    assert!(written.windows(11).any(|window| window == b"rule `ftp`:"));
    expected.push(frame(NOW, 101, 1, b"x"));
    assert_eq!(read(written).unwrap().0, expected);
}

#[test]
fn progress_counts_the_bytes_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = gzip(&pcap(Order::Little, 1_000_000, 0, &many_frames()));
    let paths = [folder.path().join("a.gz"), folder.path().join("b.gz")];
    for path in &paths {
        fs::write(path, &bytes).unwrap();
    }
    let mut merge = Merge::open(&paths, &Options::default()).unwrap();
    let total = Some(2 * bytes.len() as u64);
    assert_eq!(merge.progress().size, total);
    assert!(merge.progress().read < 2 * bytes.len() as u64 + 1);
    frames(&mut merge);
    assert_eq!((Some(merge.progress().read), merge.progress().size), (total, total));
    assert!(merge.infos().all(|info| info.path.ends_with(".gz")));
}
