//! The capture readers against `pcap-parser`, frame by frame, and against damage of every kind.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "what is skipped is said aloud")]

mod damage;
mod files;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use firstpass::capture::write::Writer;
use firstpass::capture::{CaptureError, CaptureFile, CaptureInfo, Frame, LinkType, Merge, Options, Source};
use firstpass::time::Timestamp;
use pcap_parser::{Block, PcapBlockOwned, PcapError};

use files::{
    Blocks, NOW, Order, Owned, PACKS, frame, frames, gzip, many_frames, pcap, pcapng_of, read, read_with,
    some_frames,
};

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
fn frames_know_what_their_interface_is_called() {
    for order in Order::BOTH {
        let other = if order == Order::Big { Order::Little } else { Order::Big };
        let long = [b'x'; 129];
        let bytes = Blocks::new(order)
            .interface(1, 0, &[(2, b"ethernet1/1"), (3, b"ethernet1/2\0")])
            .interface(1, 0, &[(9, &[9])])
            .interface(1, 0, &[(2, b"\xff\xfe"), (3, &long)])
            .enhanced(1, NOW, 1, b"b")
            .enhanced(0, NOW, 1, b"a")
            .enhanced(2, NOW, 1, b"c")
            .section(other)
            .interface(1, 0, &[(3, b"port 7")])
            .enhanced(0, NOW, 1, b"d")
            .simple(1, b"e")
            .out;
        let mut file =
            CaptureFile::from_reader("t", std::io::Cursor::new(bytes), &Options::default()).unwrap();
        let mut names = Vec::new();
        while let Some(frame) = file.next_frame() {
            names.push(frame.interface.map(|known| (known.name.clone(), known.description.clone())));
        }
        let known = |name: &str, description: &str| Some((name.to_owned(), description.to_owned()));
        let expected =
            [None, known("ethernet1/1", "ethernet1/2"), None, known("", "port 7"), known("", "port 7")];
        assert_eq!(names, expected);
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
        interface: None,
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
