//! The pcap format (draft-ietf-opsawg-pcap), parsed by the `pcap-file` crate.

use std::io::ErrorKind;

use pcap_file::pcap::{PcapParseError, PcapParser, PcapTsResolution, RawPcapPacket};

use super::LinkType;
use super::buffer::{BLOCK_LIMIT, Buffer};
use super::file::{Located, Step};
use crate::time::Timestamp;

const FILE_HEADER: usize = 24;
const PACKET_HEADER: usize = 16;

/// The longest packet that libpcap itself writes; a longer one is taken for damage unless the file's snap length
/// says otherwise.
const PACKET_LIMIT: u32 = 262_144;

/// What a pcap file's header says.
#[derive(Debug)]
pub(super) struct Pcap {
    parser: PcapParser,
    link_type: LinkType,
    nanos_per_tick: u64,
    packet_limit: u32,
}

impl Pcap {
    /// Reads the file header.
    pub(super) fn open(buffer: &mut Buffer) -> Result<Self, String> {
        loop {
            match PcapParser::new(buffer.available()) {
                Ok((_, parser)) => {
                    // 543 is what one vendor's probes write in place of 2.
                    let version = parser.header().version_major;
                    if !matches!(version, 2 | 543) {
                        return Err(format!("it is of pcap version {version}; version 2 is read"));
                    }
                    buffer.consume(FILE_HEADER);
                    return Ok(Self::new(parser));
                }
                Err(PcapParseError::IncompleteBuffer(..)) => match buffer.fill() {
                    Ok(true) => {}
                    Ok(false) => {
                        let there = buffer.available().len();
                        return Err(format!(
                            "the file ends after {there} of the {FILE_HEADER} bytes of its header"
                        ));
                    }
                    Err(error) => return Err(error.to_string()),
                },
                Err(PcapParseError::Validation(error)) => return Err(error.to_string()),
            }
        }
    }

    fn new(parser: PcapParser) -> Self {
        let header = parser.header();
        let nanos_per_tick = match header.ts_resolution {
            PcapTsResolution::MicroSecond => 1_000,
            PcapTsResolution::NanoSecond => 1,
        };
        // The upper half of the field holds the length of the frame check sequence.
        let link_type = LinkType((u32::from(header.datalink) & 0xffff) as u16);
        let largest = u32::try_from(BLOCK_LIMIT).unwrap_or(u32::MAX);
        let packet_limit = header.snaplen.clamp(PACKET_LIMIT, largest);
        Self { parser, link_type, nanos_per_tick, packet_limit }
    }

    pub(super) fn link_type(&self) -> LinkType {
        self.link_type
    }

    /// The next packet.
    #[inline]
    pub(super) fn step(&self, buffer: &mut Buffer) -> Step {
        loop {
            match self.parser.next_raw_packet(buffer.available()) {
                Ok((_, packet)) => {
                    let (header, len) = (self.located(&packet), packet.data.len());
                    if packet.incl_len > self.packet_limit {
                        return self.too_long(packet.incl_len);
                    }
                    let start = buffer.consume(PACKET_HEADER + len) + PACKET_HEADER;
                    return Step::Frame(Located { start, len, ..header });
                }
                Err(PcapParseError::IncompleteBuffer(needed, _)) => {
                    // Either the header's length, or the packet's after it.
                    if u32::try_from(needed).is_ok_and(|needed| needed > self.packet_limit) {
                        return self.too_long(u32::try_from(needed).unwrap_or(u32::MAX));
                    }
                    if let Some(end) = refill(buffer, "a packet") {
                        return end;
                    }
                }
                Err(PcapParseError::Validation(error)) => return Step::Damage(error.to_string()),
            }
        }
    }

    #[inline]
    fn located(&self, packet: &RawPcapPacket<'_>) -> Located {
        let nanos =
            u64::from(packet.ts_sec) * 1_000_000_000 + u64::from(packet.ts_frac) * self.nanos_per_tick;
        Located {
            at: Timestamp::from_nanos(nanos),
            link_type: self.link_type,
            interface: 0,
            wire_len: packet.orig_len.max(packet.incl_len),
            start: 0,
            len: 0,
        }
    }

    fn too_long(&self, len: u32) -> Step {
        Step::Damage(format!(
            "the packet's header says {len} bytes were captured, more than the {} that can be",
            self.packet_limit
        ))
    }
}

/// Reads on; the end of the capture where there is no more.
#[cold]
pub(super) fn refill(buffer: &mut Buffer, what: &str) -> Option<Step> {
    match buffer.fill() {
        Ok(true) => None,
        Ok(false) if buffer.available().is_empty() => Some(Step::End),
        Ok(false) => {
            let there = buffer.available().len();
            Some(Step::Damage(format!("the data ends inside {what}, {there} bytes after its start: cut off")))
        }
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Some(Step::Damage(format!("the packed data ends too early ({error}): cut off")))
        }
        Err(error) => Some(Step::Damage(format!("reading fails: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use pcap_file::DataLink;

    #[test]
    fn link_types_survive_the_crate_that_reads_them() {
        for number in 0..=u32::from(u16::MAX) {
            assert_eq!(u32::from(DataLink::from(number)), number);
        }
    }
}
