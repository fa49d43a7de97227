//! Captures that are cut off, damaged, or none.

use std::path::Path;

use firstpass::capture::{CaptureError, CaptureFile, Options};
use proptest::prelude::*;

use crate::files::{Blocks, Order, PACKS, gzip, pcap, pcapng_of, read, some_frames};

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
    assert!(damage.reason.contains("70000000 bytes long"), "{damage}");

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
            b"GMBU\x02",
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
