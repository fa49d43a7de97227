//! One capture file.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Read;
use std::path::Path;

use super::buffer::Buffer;
use super::error::CaptureError;
use super::input::{Input, Meter, Options, Progress};
use super::pcap::Pcap;
use super::pcapng::PcapNg;
use super::sniff::{self, Format};
use super::{Frame, LinkType, Source};
use crate::time::Timestamp;

/// A capture being read.
#[derive(Debug)]
pub struct CaptureFile {
    buffer: Buffer,
    reader: Reader,
    meter: Meter,
    info: CaptureInfo,
    current: Option<Located>,
    /// Key logs that were come upon and not taken yet.
    secrets: Vec<Vec<u8>>,
    ended: bool,
}

/// What was read of a capture so far; the whole when its frames have come to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureInfo {
    /// The path as given; `standard input` for `-`.
    pub path: String,
    /// Link types of its interfaces, in order of their numbers.
    pub link_types: BTreeSet<LinkType>,
    /// Frames read.
    pub packets: u64,
    /// Bytes of these frames on the wire (a snapped capture holds fewer).
    pub bytes: u64,
    /// The earliest time of a frame.
    pub first_time: Option<Timestamp>,
    /// The latest time of a frame.
    pub last_time: Option<Timestamp>,
    /// What ended it before its time.
    pub damage: Option<Damage>,
}

impl CaptureInfo {
    /// Whether the capture was cut off or damaged, so that frames are missing.
    pub const fn truncated(&self) -> bool {
        self.damage.is_some()
    }
}

/// Where and why a capture could not be read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Number in this file, from 1, of the packet that could not be read.
    pub packet: u64,
    /// Offset in bytes in the (unpacked) data where that packet or its block starts.
    pub offset: u64,
    /// What is wrong there.
    pub reason: String,
}

/// For example `damaged at packet 12, byte 3456: the data ends inside a packet, …`.
impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "damaged at packet {}, byte {}: {}", self.packet, self.offset, self.reason)
    }
}

#[derive(Debug)]
enum Reader {
    Pcap(Pcap),
    PcapNg(PcapNg),
}

/// A frame and its place in the buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Located {
    pub(super) at: Timestamp,
    pub(super) link_type: LinkType,
    /// Its number in the section.
    pub(super) interface: u32,
    pub(super) wire_len: u32,
    pub(super) start: usize,
    pub(super) len: usize,
}

/// What a reader's step gave.
pub(super) enum Step {
    /// Something without a frame; go on.
    Again,
    /// An interface with this link type.
    Interface(LinkType),
    /// A key log of TLS.
    Secrets(Vec<u8>),
    /// A frame.
    Frame(Located),
    /// The end, where it should be.
    End,
    /// The end, elsewhere, with the reason.
    Damage(String),
}

impl CaptureFile {
    /// Opens a capture by its path, or standard input for `-`.
    ///
    /// # Errors
    /// When nothing of it can be read: see [`CaptureError`].
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Self, CaptureError> {
        let path = path.as_ref();
        let name = if path.as_os_str() == "-" { "standard input".into() } else { path.display().to_string() };
        Self::new(name, Input::open(path, options)?, options)
    }

    /// Reads a capture from a stream; `path` is its name in messages.
    ///
    /// # Errors
    /// When nothing of it can be read: see [`CaptureError`].
    pub fn from_reader(
        path: &str,
        stream: impl Read + Send + 'static,
        options: &Options,
    ) -> Result<Self, CaptureError> {
        Self::new(path.to_owned(), Input::new(path, Box::new(stream), None, options)?, options)
    }

    fn new(path: String, input: Input, options: &Options) -> Result<Self, CaptureError> {
        let Input { stream, meter, within } = input;
        let mut buffer = Buffer::new(stream, options.buffer);
        // Enough to tell formats apart; the last test looks at 262 bytes.
        while buffer.available().len() < 512 {
            match buffer.fill() {
                Ok(true) => {}
                Ok(false) => break,
                Err(source) if buffer.available().is_empty() => {
                    return Err(CaptureError::Read { path, offset: buffer.offset(), source });
                }
                // What is there may be a whole capture: the reader meets the error in its place.
                Err(_) => break,
            }
        }
        if buffer.available().is_empty() {
            return Err(CaptureError::Empty { path });
        }
        let Some(format) = Format::of(buffer.available()) else {
            return Err(not_a_capture(path, within, buffer.available()));
        };
        let mut info = CaptureInfo {
            path,
            link_types: BTreeSet::new(),
            packets: 0,
            bytes: 0,
            first_time: None,
            last_time: None,
            damage: None,
        };
        let (name, reader) = match format {
            Format::Pcap => ("pcap", Pcap::open(&mut buffer).map(Reader::Pcap)),
            Format::PcapNg => ("pcapng", PcapNg::open(&mut buffer).map(Reader::PcapNg)),
        };
        let reader = reader.map_err(|reason| CaptureError::Header {
            path: info.path.clone(),
            format: name,
            offset: buffer.offset(),
            reason,
        })?;
        if let Reader::Pcap(pcap) = &reader {
            info.link_types.insert(pcap.link_type());
        }
        Ok(Self { buffer, reader, meter, info, current: None, secrets: Vec::new(), ended: false })
    }

    /// What was read so far.
    pub const fn info(&self) -> &CaptureInfo {
        &self.info
    }

    /// Moves to the next frame; `false` at the end.
    #[inline]
    pub(super) fn advance(&mut self) -> bool {
        self.current = None;
        while !self.ended {
            let step = match &mut self.reader {
                Reader::Pcap(pcap) => pcap.step(&mut self.buffer),
                Reader::PcapNg(pcapng) => pcapng.step(&mut self.buffer),
            };
            match step {
                Step::Frame(frame) => {
                    self.info.packets += 1;
                    self.info.bytes += u64::from(frame.wire_len);
                    self.info.first_time = Some(self.info.first_time.map_or(frame.at, |at| at.min(frame.at)));
                    self.info.last_time = self.info.last_time.max(Some(frame.at));
                    self.current = Some(frame);
                    return true;
                }
                Step::Interface(link_type) => {
                    self.info.link_types.insert(link_type);
                }
                Step::Secrets(log) => self.secrets.push(log),
                Step::Again => {}
                Step::End => self.ended = true,
                Step::Damage(reason) => self.end_damaged(reason),
            }
        }
        false
    }

    /// Takes the key logs that were come upon so far.
    #[inline]
    pub(super) fn take_secrets(&mut self, into: &mut Vec<Vec<u8>>) {
        if !self.secrets.is_empty() {
            into.append(&mut self.secrets);
        }
    }

    /// The frame that [`Self::advance`] moved to.
    #[inline]
    pub(super) fn current(&self) -> Option<Frame<'_>> {
        let Located { at, link_type, interface, wire_len, start, len } = self.current?;
        let interface = match &self.reader {
            Reader::Pcap(_) => None,
            Reader::PcapNg(pcapng) => pcapng.interface_name(interface),
        };
        Some(Frame { at, file: 0, link_type, interface, wire_len, bytes: self.buffer.at(start, len) })
    }

    /// INVARIANT: after damage nothing is read any more; a parser need not get past what it could not read.
    #[cold]
    fn end_damaged(&mut self, reason: String) {
        self.ended = true;
        self.info.damage =
            Some(Damage { packet: self.info.packets + 1, offset: self.buffer.offset(), reason });
    }
}

impl Source for CaptureFile {
    #[inline]
    fn next_frame(&mut self) -> Option<Frame<'_>> {
        self.advance();
        self.current()
    }

    #[inline]
    fn next_with_secrets(&mut self, secrets: &mut Vec<Vec<u8>>) -> Option<Frame<'_>> {
        self.advance();
        self.take_secrets(secrets);
        self.current()
    }

    fn progress(&self) -> Progress {
        self.meter.progress()
    }
}

fn not_a_capture(path: String, within: String, bytes: &[u8]) -> CaptureError {
    let (what, cure) = sniff::describe(bytes);
    let head: Vec<String> = bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    CaptureError::NotACapture { path, within, what, head: head.join(" "), cure }
}
