//! Reading and decoding, per packet: how long a frame takes from the file to a packet.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use std::hint::black_box;
use std::io::Cursor;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use firstpass::capture::write::Writer;
use firstpass::capture::{CaptureFile, Frame, LinkType, Merge, Options, Source};
use firstpass::flow::Addr;
use firstpass::packet::build::Builder;
use firstpass::packet::{Checksums, DecodeOptions, Payload, TcpFlags, TcpSegment, decode};
use firstpass::time::Timestamp;

/// A mix as on a company's uplink: half of the TCP segments without payload, some UDP, every fifth over IPv6.
fn frames() -> Vec<(LinkType, Vec<u8>)> {
    let v4 = Builder::new(Addr::v4([10, 0, 0, 1]), Addr::v4([192, 0, 2, 1])).ethernet();
    let v6 = Builder::new(Addr::v6([0x20; 16]), Addr::v6([0x21; 16])).ethernet();
    let large = [0x17; 1_200];
    (0..1_000_u32)
        .map(|i| {
            let builder = if i % 5 == 0 { v6 } else { v4 };
            let sport = 40_000 + (i % 50) as u16;
            let bytes: &[u8] = if i % 2 == 0 { &[] } else { &large };
            let segment = TcpSegment {
                sport,
                dport: 443,
                seq: i,
                ack: i,
                flags: TcpFlags::ACK,
                window: 512,
                options: &[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1],
                payload: Payload { bytes, len: bytes.len() as u32 },
            };
            let frame = if i % 10 == 7 { builder.udp(sport, 53, &[0; 40]) } else { builder.tcp(&segment) };
            (LinkType::ETHERNET, frame)
        })
        .collect()
}

/// The same behind what the fast path does not read: a cooked header.
fn unusual(frames: &[(LinkType, Vec<u8>)]) -> Vec<(LinkType, Vec<u8>)> {
    let cooked = |(_, frame): &(LinkType, Vec<u8>)| {
        (LinkType::LINUX_SLL, [&[0; 14], &frame[12..14], &frame[14..]].concat())
    };
    frames.iter().map(cooked).collect()
}

fn as_frame<'a>((link_type, bytes): &'a (LinkType, Vec<u8>), index: usize) -> Frame<'a> {
    let at = Timestamp::from_nanos(1_683_367_121_000_000_000 + index as u64 * 1_000);
    Frame { at, file: 0, link_type: *link_type, interface: None, wire_len: bytes.len() as u32, bytes }
}

fn file(frames: &[(LinkType, Vec<u8>)], mut writer: Writer<Vec<u8>>) -> Vec<u8> {
    for (index, frame) in frames.iter().enumerate() {
        writer.write(&as_frame(frame, index)).unwrap();
    }
    writer.into_inner()
}

fn drain(source: &mut impl Source) {
    while let Some(frame) = source.next_frame() {
        black_box(frame);
    }
}

fn open(bytes: &[u8]) -> CaptureFile {
    CaptureFile::from_reader("bench", Cursor::new(bytes.to_vec()), &Options::default()).unwrap()
}

fn reading(criterion: &mut Criterion) {
    let frames: Vec<_> = (0..20).flat_map(|_| frames()).collect();
    let pcap = file(&frames, Writer::pcap(Vec::new(), LinkType::ETHERNET).unwrap());
    let pcapng = file(&frames, Writer::pcapng(Vec::new()).unwrap());
    let mut group = criterion.benchmark_group("read");
    group.throughput(Throughput::Elements(frames.len() as u64));
    for (name, bytes) in [("pcap", &pcap), ("pcapng", &pcapng)] {
        group.bench_function(name, |bench| {
            bench.iter_batched_ref(|| open(bytes), drain, criterion::BatchSize::LargeInput);
        });
    }
    group.throughput(Throughput::Elements(2 * frames.len() as u64));
    group.bench_function("two pcaps merged", |bench| {
        let open_both = || Merge::new(vec![open(&pcap), open(&pcap)]);
        bench.iter_batched_ref(open_both, drain, criterion::BatchSize::LargeInput);
    });
    group.finish();
}

fn decoding(criterion: &mut Criterion) {
    let common = frames();
    let unusual = unusual(&common);
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(common.len() as u64));
    let verify = DecodeOptions { checksums: Checksums::Verify };
    for (name, frames, options) in [
        ("fast path", &common, DecodeOptions::default()),
        ("slow path", &unusual, DecodeOptions::default()),
        ("fast path, checksums verified", &common, verify),
    ] {
        let frames: Vec<Frame<'_>> =
            frames.iter().enumerate().map(|(index, frame)| as_frame(frame, index)).collect();
        group.bench_function(name, |bench| {
            bench.iter(|| {
                for (frame, number) in frames.iter().zip(1..) {
                    black_box(decode(black_box(frame), number, options));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, reading, decoding);
criterion_main!(benches);
