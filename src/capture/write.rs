//! Frames to files, with times to the nanosecond.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use pcap_file::pcap::{PcapHeader, PcapTsResolution, PcapWriter, RawPcapPacket};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::opt_common::{CommonOption, UnknownOption};
use pcap_file::pcapng::blocks::section_header::SectionHeaderBlock;
use pcap_file::{DataLink, Endianness};

use super::{CaptureInterface, Frame, LinkType};

/// The longest frame that other programs read back.
const SNAP_LEN: u32 = 262_144;
/// So many interfaces are told apart in a file; those after them are written as if they had no name.
const INTERFACES_MAX: usize = 4_096;

/// What a pcapng file says of a frame besides its bytes; a pcap file leaves it out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Note<'a> {
    /// A comment; none where it is empty.
    pub comment: &'a str,
    /// Which way the frame went (`epb_flags`).
    pub way: Option<Way>,
    /// What was decided about it (`epb_verdict`).
    pub verdict: Option<XdpVerdict>,
}

/// Which way a frame goes, seen from the interface: the low bits of `epb_flags` (pcapng, section 4.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Way {
    /// It came in.
    In = 1,
    /// It went out.
    Out = 2,
}

/// A verdict as Linux's eBPF XDP returns it: what Wireshark shows as `frame.verdict.ebpf_xdp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum XdpVerdict {
    /// `XDP_DROP`.
    Drop = 1,
    /// `XDP_PASS`.
    Pass = 2,
}

/// Code of the option `epb_verdict`, and its type for eBPF XDP: 0 is hardware, 1 eBPF TC (pcapng, section 4.3.1).
const VERDICT: u16 = 7;
const VERDICT_XDP: u8 = 2;

/// Writes frames in pcap or pcapng, little-endian on every machine so that the same frames give the same bytes.
///
/// It writes in small pieces: give it a [`std::io::BufWriter`], and flush that at the end.
pub struct Writer<W: Write>(Format<W>);

enum Format<W: Write> {
    Pcap(PcapWriter<W>, LinkType),
    PcapNg { writer: PcapNgWriter<W>, interfaces: Interfaces },
}

/// The interfaces written so far, by what tells them apart.
#[derive(Debug, Default)]
struct Interfaces {
    numbers: BTreeMap<(LinkType, CaptureInterface), u32>,
    /// The last one asked for: most frames come by the same.
    last: Option<(LinkType, CaptureInterface, u32)>,
}

impl<W: Write> Writer<W> {
    /// A pcap file for frames of one link type, which starts with its header.
    ///
    /// # Errors
    /// Those of writing.
    pub fn pcap(out: W, link_type: LinkType) -> io::Result<Self> {
        let header = PcapHeader {
            snaplen: SNAP_LEN,
            datalink: DataLink::from(u32::from(link_type.0)),
            ts_resolution: PcapTsResolution::NanoSecond,
            endianness: Endianness::Little,
            ..PcapHeader::default()
        };
        let writer = PcapWriter::with_header(out, header).map_err(io::Error::other)?;
        Ok(Self(Format::Pcap(writer, link_type)))
    }

    /// A pcapng file of one section, which starts with its header; each link type and each [`Frame::interface`] gets
    /// an interface when its first frame comes.
    ///
    /// # Errors
    /// Those of writing.
    pub fn pcapng(out: W) -> io::Result<Self> {
        let section = SectionHeaderBlock { endianness: Endianness::Little, ..SectionHeaderBlock::default() };
        let writer = PcapNgWriter::with_section_header(out, section).map_err(io::Error::other)?;
        Ok(Self(Format::PcapNg { writer, interfaces: Interfaces::default() }))
    }

    /// Writes a frame.
    ///
    /// # Errors
    /// Those of writing, and [`io::ErrorKind::InvalidInput`] for a frame that the format cannot hold: a link type
    /// other than the pcap file's, or a time past its 32 bits of seconds (the year 2106).
    pub fn write(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.write_noted(frame, &Note::default())
    }

    /// Writes a frame with a comment, which a pcap file leaves out.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_commented(&mut self, frame: &Frame<'_>, comment: &str) -> io::Result<()> {
        self.write_noted(frame, &Note { comment, ..Note::default() })
    }

    /// Writes a frame with what there is to say about it.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_noted(&mut self, frame: &Frame<'_>, note: &Note<'_>) -> io::Result<()> {
        match &mut self.0 {
            Format::Pcap(writer, link_type) if frame.link_type == *link_type => write_pcap(writer, frame),
            Format::Pcap(_, link_type) => {
                Err(invalid(format!("a frame of link type {} in a file of {link_type}", frame.link_type)))
            }
            Format::PcapNg { writer, interfaces } => {
                let interface = interfaces.number(writer, frame)?;
                write_pcapng(writer, interface, frame, note)
            }
        }
    }

    /// The writer underneath, to flush it.
    pub fn into_inner(self) -> W {
        match self.0 {
            Format::Pcap(writer, _) => writer.into_inner(),
            Format::PcapNg { writer, .. } => writer.into_inner(),
        }
    }
}

fn write_pcap<W: Write>(writer: &mut PcapWriter<W>, frame: &Frame<'_>) -> io::Result<()> {
    let nanos = frame.at.nanos();
    let packet = RawPcapPacket {
        ts_sec: u32::try_from(nanos / 1_000_000_000)
            .map_err(|_| invalid(format!("a frame at {}, past what pcap can hold", frame.at)))?,
        ts_frac: (nanos % 1_000_000_000) as u32,
        incl_len: u32::try_from(frame.bytes.len()).map_err(|_| invalid("a frame of 4 GiB".to_owned()))?,
        orig_len: frame.wire_len,
        data: Cow::Borrowed(frame.bytes),
    };
    writer.write_raw_packet(&packet).map(drop).map_err(io::Error::other)
}

impl Interfaces {
    /// The number of a frame's interface, which is described in the file when its first frame comes.
    fn number<W: Write>(&mut self, writer: &mut PcapNgWriter<W>, frame: &Frame<'_>) -> io::Result<u32> {
        const UNNAMED: &CaptureInterface =
            &CaptureInterface { name: String::new(), description: String::new() };
        let interface = frame.interface.unwrap_or(UNNAMED);
        if let Some((link_type, last, number)) = &self.last
            && (*link_type, last) == (frame.link_type, interface)
        {
            return Ok(*number);
        }
        let mut key = (frame.link_type, interface.clone());
        if self.numbers.len() >= INTERFACES_MAX && !self.numbers.contains_key(&key) {
            key.1 = UNNAMED.clone();
        }
        let number = match self.numbers.get(&key) {
            Some(&number) => number,
            None => {
                writer.write_pcapng_block(describe(key.0, &key.1)).map_err(io::Error::other)?;
                let number = u32::try_from(self.numbers.len())
                    .map_err(|_| invalid("too many interfaces".to_owned()))?;
                self.numbers.insert(key, number);
                number
            }
        };
        self.last = Some((frame.link_type, interface.clone(), number));
        Ok(number)
    }
}

fn write_pcapng<W: Write>(
    writer: &mut PcapNgWriter<W>,
    interface: u32,
    frame: &Frame<'_>,
    note: &Note<'_>,
) -> io::Result<()> {
    let mut options = Vec::new();
    if !note.comment.is_empty() {
        options.push(EnhancedPacketOption::Common(CommonOption::Comment(Cow::Borrowed(note.comment))));
    }
    options.extend(note.way.map(|way| EnhancedPacketOption::Flags(way as u32)));
    let mut verdict = [VERDICT_XDP; 9];
    if let Some(value) = note.verdict {
        verdict[1..].copy_from_slice(&(value as u64).to_le_bytes());
        options
            .push(EnhancedPacketOption::Common(CommonOption::Unknown(UnknownOption::new(VERDICT, &verdict))));
    }
    let block = EnhancedPacketBlock {
        interface_id: interface,
        timestamp: Duration::from_nanos(frame.at.nanos()),
        original_len: frame.wire_len,
        data: Cow::Borrowed(frame.bytes),
        options,
    };
    writer.write_pcapng_block(block).map(drop).map_err(io::Error::other)
}

fn describe(link_type: LinkType, interface: &CaptureInterface) -> InterfaceDescriptionBlock<'_> {
    let mut options = vec![InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO)];
    let CaptureInterface { name, description } = interface;
    if !name.is_empty() {
        options.push(InterfaceDescriptionOption::IfName(Cow::Borrowed(name)));
    }
    if !description.is_empty() {
        options.push(InterfaceDescriptionOption::IfDescription(Cow::Borrowed(description)));
    }
    InterfaceDescriptionBlock { linktype: DataLink::from(u32::from(link_type.0)), snaplen: SNAP_LEN, options }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
