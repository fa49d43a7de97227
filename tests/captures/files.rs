//! Capture files made by the tests, byte by byte, and the frames they hold.

use std::io::{Cursor, Write};

use firstpass::capture::{CaptureError, CaptureFile, CaptureInfo, Frame, Options, Source};

/// A frame with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) nanos: u64,
    pub(crate) link_type: u16,
    pub(crate) wire_len: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Owned {
    pub(crate) fn of(frame: &Frame<'_>) -> Self {
        let Frame { at, link_type, wire_len, bytes, .. } = *frame;
        Self { nanos: at.nanos(), link_type: link_type.0, wire_len, bytes: bytes.to_vec() }
    }
}

/// All frames of a source.
pub(crate) fn frames(source: &mut impl Source) -> Vec<Owned> {
    let mut frames = Vec::new();
    while let Some(frame) = source.next_frame() {
        frames.push(Owned::of(&frame));
    }
    assert!(source.next_frame().is_none(), "the end is the end");
    frames
}

pub(crate) fn read(bytes: Vec<u8>) -> Result<(Vec<Owned>, CaptureInfo), CaptureError> {
    read_with(bytes, &Options::default())
}

pub(crate) fn read_with(
    bytes: Vec<u8>,
    options: &Options,
) -> Result<(Vec<Owned>, CaptureInfo), CaptureError> {
    let mut file = CaptureFile::from_reader("test", Cursor::new(bytes), options)?;
    let frames = frames(&mut file);
    assert_eq!(file.info().packets, frames.len() as u64);
    Ok((frames, file.info().clone()))
}

/// Byte order of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Big,
    Little,
}

impl Order {
    pub(crate) const BOTH: [Self; 2] = [Self::Big, Self::Little];

    pub(crate) fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub(crate) fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub(crate) fn u64(self, value: u64) -> [u8; 8] {
        if self == Self::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }
}

/// A pcap file of these frames; `ticks` is ticks of the fraction to the second.
pub(crate) fn pcap(order: Order, ticks: u32, snap_len: u32, frames: &[Owned]) -> Vec<u8> {
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
pub(crate) struct Blocks {
    order: Order,
    pub(crate) out: Vec<u8>,
}

impl Blocks {
    pub(crate) fn new(order: Order) -> Self {
        Self { order, out: Vec::new() }.section(order)
    }

    pub(crate) fn block(mut self, kind: u32, body: &[u8]) -> Self {
        let padded = body.len().next_multiple_of(4);
        let len = self.order.u32(padded as u32 + 12);
        self.out.extend(self.order.u32(kind));
        self.out.extend(len);
        self.out.extend(body);
        self.out.resize(self.out.len() + padded - body.len(), 0);
        self.out.extend(len);
        self
    }

    pub(crate) fn section(mut self, order: Order) -> Self {
        self.order = order;
        let body = [&order.u32(0x1a2b_3c4d)[..], &order.u16(1), &order.u16(0), &order.u64(u64::MAX)].concat();
        self.block(0x0a0d_0d0a, &body)
    }

    pub(crate) fn interface(self, link_type: u16, snap_len: u32, options: &[(u16, &[u8])]) -> Self {
        let order = self.order;
        let mut body = [&order.u16(link_type)[..], &[0, 0], &order.u32(snap_len)].concat();
        for (code, value) in options {
            body.extend([order.u16(*code), order.u16(value.len() as u16)].concat());
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        self.block(1, &body)
    }

    pub(crate) fn enhanced(self, interface: u32, ticks: u64, wire_len: u32, bytes: &[u8]) -> Self {
        let fields = [interface, (ticks >> 32) as u32, ticks as u32, bytes.len() as u32, wire_len];
        let body = [&fields.map(|field| self.order.u32(field)).concat(), bytes].concat();
        self.block(6, &body)
    }

    pub(crate) fn obsolete(self, interface: u16, ticks: u64, wire_len: u32, bytes: &[u8]) -> Self {
        let fields = [(ticks >> 32) as u32, ticks as u32, bytes.len() as u32, wire_len];
        let drops = [self.order.u16(interface), self.order.u16(7)].concat();
        let body = [&drops, &fields.map(|field| self.order.u32(field)).concat(), bytes].concat();
        self.block(2, &body)
    }

    pub(crate) fn simple(self, wire_len: u32, bytes: &[u8]) -> Self {
        let body = [&self.order.u32(wire_len), bytes].concat();
        self.block(3, &body)
    }
}

pub(crate) fn frame(nanos: u64, link_type: u16, wire_len: u32, bytes: &[u8]) -> Owned {
    Owned { nanos, link_type, wire_len, bytes: bytes.to_vec() }
}

/// 2023-05-06T09:58:41.25Z and some.
pub(crate) const NOW: u64 = 1_683_367_121_250_000_000;

/// A few frames of one link type, on whole microseconds; the second is snapped.
pub(crate) fn some_frames() -> Vec<Owned> {
    vec![
        frame(NOW, 1, 60, &[0xab; 60]),
        frame(NOW + 1_000, 1, 1_514, &[0xcd; 96]),
        frame(NOW - 5_000_000, 1, 3, b"abc"),
        frame(NOW + 60_000_000_000, 1, 0, b""),
    ]
}

pub(crate) fn pcapng_of(order: Order, frames: &[Owned]) -> Vec<u8> {
    let start = Blocks::new(order).interface(1, 0, &[]);
    let write =
        |blocks: Blocks, frame: &Owned| blocks.enhanced(0, frame.nanos / 1_000, frame.wire_len, &frame.bytes);
    frames.iter().fold(start, write).out
}

/// Many frames of all sizes: 2 MB, several buffers full.
pub(crate) fn many_frames() -> Vec<Owned> {
    (0..4_000_u64)
        .map(|i| frame(NOW + i * 1_000, 1, 9_000, &vec![i as u8; (i * 7 % 1_100) as usize]))
        .collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

pub(crate) fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut packer = lz4_flex::frame::FrameEncoder::new(Vec::new());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

pub(crate) type Pack = fn(&[u8]) -> Vec<u8>;
pub(crate) const PACKS: [(&str, Pack); 3] = [("gzip", gzip), ("zstd", zstd), ("lz4", lz4)];
