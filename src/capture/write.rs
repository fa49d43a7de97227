//! Frames to files, with times to the nanosecond.

use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

use pcap_file::pcap::{PcapHeader, PcapTsResolution, PcapWriter, RawPcapPacket};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::blocks::section_header::SectionHeaderBlock;
use pcap_file::{DataLink, Endianness};

use super::{Frame, LinkType};

/// The longest frame that other programs read back.
const SNAP_LEN: u32 = 262_144;

/// Writes frames in pcap or pcapng, little-endian on every machine so that the same frames give the same bytes.
///
/// It writes in small pieces: give it a [`std::io::BufWriter`], and flush that at the end.
pub struct Writer<W: Write>(Format<W>);

enum Format<W: Write> {
    Pcap(PcapWriter<W>, LinkType),
    PcapNg {
        writer: PcapNgWriter<W>,
        /// The link type of each interface written so far.
        interfaces: Vec<LinkType>,
    },
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

    /// A pcapng file of one section, which starts with its header; each link type gets an interface when its
    /// first frame comes.
    ///
    /// # Errors
    /// Those of writing.
    pub fn pcapng(out: W) -> io::Result<Self> {
        let section = SectionHeaderBlock { endianness: Endianness::Little, ..SectionHeaderBlock::default() };
        let writer = PcapNgWriter::with_section_header(out, section).map_err(io::Error::other)?;
        Ok(Self(Format::PcapNg { writer, interfaces: Vec::new() }))
    }

    /// Writes a frame.
    ///
    /// # Errors
    /// Those of writing, and [`io::ErrorKind::InvalidInput`] for a frame that the format cannot hold: a link type
    /// other than the pcap file's, or a time past its 32 bits of seconds (the year 2106).
    pub fn write(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.write_commented(frame, "")
    }

    /// Writes a frame with a comment, which a pcap file leaves out.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_commented(&mut self, frame: &Frame<'_>, comment: &str) -> io::Result<()> {
        match &mut self.0 {
            Format::Pcap(writer, link_type) if frame.link_type == *link_type => write_pcap(writer, frame),
            Format::Pcap(_, link_type) => {
                Err(invalid(format!("a frame of link type {} in a file of {link_type}", frame.link_type)))
            }
            Format::PcapNg { writer, interfaces } => {
                let known = interfaces.iter().position(|known| *known == frame.link_type);
                let interface = match known {
                    Some(interface) => interface,
                    None => {
                        writer.write_pcapng_block(interface(frame.link_type)).map_err(io::Error::other)?;
                        interfaces.push(frame.link_type);
                        interfaces.len() - 1
                    }
                };
                write_pcapng(writer, interface, frame, comment)
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

fn write_pcapng<W: Write>(
    writer: &mut PcapNgWriter<W>,
    interface: usize,
    frame: &Frame<'_>,
    comment: &str,
) -> io::Result<()> {
    let options = match comment {
        "" => Vec::new(),
        text => vec![EnhancedPacketOption::Common(CommonOption::Comment(Cow::Borrowed(text)))],
    };
    let block = EnhancedPacketBlock {
        interface_id: u32::try_from(interface).map_err(|_| invalid("too many interfaces".to_owned()))?,
        timestamp: Duration::from_nanos(frame.at.nanos()),
        original_len: frame.wire_len,
        data: Cow::Borrowed(frame.bytes),
        options,
    };
    writer.write_pcapng_block(block).map(drop).map_err(io::Error::other)
}

fn interface(link_type: LinkType) -> InterfaceDescriptionBlock<'static> {
    InterfaceDescriptionBlock {
        linktype: DataLink::from(u32::from(link_type.0)),
        snaplen: SNAP_LEN,
        options: vec![InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO)],
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
