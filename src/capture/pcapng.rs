//! The pcapng format (draft-ietf-opsawg-pcapng): blocks framed by the `pcap-file` crate, read here.
//!
//! The crate's own typed blocks refuse what real files hold: resolutions finer than a nanosecond, option texts that
//! are not UTF-8, a captured length above the original one. So only its raw blocks are used.

use byteorder_slice::{BigEndian, LittleEndian};
use pcap_file::pcapng::blocks::{
    ENHANCED_PACKET_BLOCK, INTERFACE_DESCRIPTION_BLOCK, PACKET_BLOCK, SECTION_HEADER_BLOCK,
    SIMPLE_PACKET_BLOCK,
};
use pcap_file::pcapng::{RawBlock, RawBlockParseError};

use super::buffer::{BLOCK_LIMIT, Buffer};
use super::clock::Clock;
use super::file::{Located, Step};
use super::pcap::refill;
use super::{CaptureInterface, LinkType};
use crate::time::Timestamp;

/// Bytes of a block before its body: type and length.
const BLOCK_HEADER: usize = 8;
/// Interfaces to a section; more than any real file has, and a bound on memory.
const INTERFACES_MAX: usize = 65_536;
/// Bytes of an interface's name; the longest that a firewall has is far shorter.
const NAME_MAX: usize = 128;
/// Decryption Secrets Block (section 4.7), and the type of its secrets that is a key log of TLS.
const DECRYPTION_SECRETS_BLOCK: u32 = 10;
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// The state of a pcapng section.
#[derive(Debug)]
pub(super) struct PcapNg {
    order: Order,
    interfaces: Vec<Interface>,
    /// The time of the packet before: what a simple packet block, which has none, is given.
    last: Timestamp,
}

#[derive(Debug, Clone)]
struct Interface {
    link_type: LinkType,
    /// Boxed, so that the many interfaces a section may have take little room.
    name: Option<Box<CaptureInterface>>,
    /// 0: no limit.
    snap_len: u32,
    clock: Clock,
}

/// Byte order of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Big,
    Little,
}

impl Order {
    fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Big => u16::from_be_bytes(bytes),
            Self::Little => u16::from_le_bytes(bytes),
        }
    }

    fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Big => u32::from_be_bytes(bytes),
            Self::Little => u32::from_le_bytes(bytes),
        }
    }

    fn i64(self, bytes: [u8; 8]) -> i64 {
        match self {
            Self::Big => i64::from_be_bytes(bytes),
            Self::Little => i64::from_le_bytes(bytes),
        }
    }
}

/// What a block means to the reader.
enum Content {
    Packet(Located),
    Section(Order),
    Interface(Interface),
    Secrets(Vec<u8>),
    Skip,
    Damage(String),
}

impl PcapNg {
    /// Reads the first section header.
    pub(super) fn open(buffer: &mut Buffer) -> Result<Self, String> {
        // The byte order is not known yet; a section header tells its own.
        let mut this = Self { order: Order::Big, interfaces: Vec::new(), last: Timestamp::ZERO };
        match this.block(buffer) {
            Step::Again => Ok(this),
            Step::Damage(reason) => Err(reason),
            Step::End => Err("the file ends before its section header".to_owned()),
            Step::Interface(_) | Step::Frame(_) | Step::Secrets(_) => {
                Err("it does not start with a section header".to_owned())
            }
        }
    }

    /// What an interface of the section at hand is called.
    #[inline]
    pub(super) fn interface_name(&self, interface: u32) -> Option<&CaptureInterface> {
        self.interfaces.get(interface as usize)?.name.as_deref()
    }

    /// The next block that is a packet, an interface or a key log.
    #[inline]
    pub(super) fn step(&mut self, buffer: &mut Buffer) -> Step {
        loop {
            match self.block(buffer) {
                Step::Again => {}
                step => return step,
            }
        }
    }

    fn block(&mut self, buffer: &mut Buffer) -> Step {
        loop {
            let available = buffer.available();
            let raw = match self.order {
                Order::Big => RawBlock::from_slice::<BigEndian>(available),
                Order::Little => RawBlock::from_slice::<LittleEndian>(available),
            };
            match raw {
                Ok((rest, block)) => {
                    let len = available.len() - rest.len();
                    let content = self.content(block.type_, &block.body);
                    // Damage is told at the block's start, so that is not consumed.
                    if let Content::Damage(reason) = content {
                        return Step::Damage(reason);
                    }
                    let start = buffer.consume(len) + BLOCK_HEADER;
                    return self.take(content, start);
                }
                Err(RawBlockParseError::IncompleteBuffer(needed, _)) if needed > BLOCK_LIMIT => {
                    let len = needed + BLOCK_HEADER;
                    return Step::Damage(format!(
                        "a block says it is {len} bytes long, more than {BLOCK_LIMIT}"
                    ));
                }
                Err(RawBlockParseError::IncompleteBuffer(..)) => {
                    if let Some(end) = refill(buffer, "a block") {
                        return end;
                    }
                }
                Err(RawBlockParseError::InvalidFormat(error)) => {
                    return Step::Damage(format!("no pcapng block: {}", lower_first(&error.to_string())));
                }
            }
        }
    }

    /// Takes note of a block whose body starts at `start` in the buffer.
    fn take(&mut self, content: Content, start: usize) -> Step {
        match content {
            Content::Packet(packet) => {
                self.last = packet.at;
                Step::Frame(Located { start: packet.start + start, ..packet })
            }
            Content::Section(order) => {
                self.order = order;
                self.interfaces.clear();
                Step::Again
            }
            Content::Interface(interface) if self.interfaces.len() < INTERFACES_MAX => {
                let link_type = interface.link_type;
                self.interfaces.push(interface);
                Step::Interface(link_type)
            }
            Content::Interface(_) => {
                Step::Damage(format!("a section has more than {INTERFACES_MAX} interfaces"))
            }
            Content::Secrets(log) => Step::Secrets(log),
            Content::Skip => Step::Again,
            Content::Damage(reason) => Step::Damage(reason),
        }
    }

    /// Reads a block's body. The places in [`Located`] count from its start.
    fn content(&self, kind: u32, body: &[u8]) -> Content {
        let content = match kind {
            ENHANCED_PACKET_BLOCK => self.enhanced(body),
            PACKET_BLOCK => self.obsolete(body),
            SIMPLE_PACKET_BLOCK => self.simple(body),
            INTERFACE_DESCRIPTION_BLOCK => self.interface(body),
            DECRYPTION_SECRETS_BLOCK => self.secrets(body),
            SECTION_HEADER_BLOCK => section(body),
            _ => Some(Content::Skip),
        };
        content
            .unwrap_or_else(|| Content::Damage(format!("a block of type {kind} is too short for its fields")))
    }

    /// Enhanced Packet Block (section 4.3).
    fn enhanced(&self, body: &[u8]) -> Option<Content> {
        let (&[i0, i1, i2, i3, fields @ ..], _) = body.split_first_chunk::<20>()?;
        let interface = self.order.u32([i0, i1, i2, i3]);
        Some(self.packet(interface, fields, body.len()))
    }

    /// The obsolete Packet Block (appendix A): the same with a shorter interface field.
    fn obsolete(&self, body: &[u8]) -> Option<Content> {
        let (&[i0, i1, _, _, fields @ ..], _) = body.split_first_chunk::<20>()?;
        let interface = u32::from(self.order.u16([i0, i1]));
        Some(self.packet(interface, fields, body.len()))
    }

    /// The fields that both packet blocks end with: time (high, low), captured length, original length.
    fn packet(&self, interface: u32, fields: [u8; 16], body_len: usize) -> Content {
        let [h0, h1, h2, h3, l0, l1, l2, l3, c0, c1, c2, c3, o0, o1, o2, o3] = fields;
        let (high, low) = (self.order.u32([h0, h1, h2, h3]), self.order.u32([l0, l1, l2, l3]));
        let captured = self.order.u32([c0, c1, c2, c3]);
        let original = self.order.u32([o0, o1, o2, o3]);
        let Some(described) = self.interfaces.get(interface as usize) else {
            let known = self.interfaces.len();
            return Content::Damage(format!(
                "a packet names interface {interface}, and the section has described {known}"
            ));
        };
        if captured as usize > body_len - 20 {
            return Content::Damage(format!(
                "a packet of {captured} bytes in a block that has room for {}",
                body_len - 20
            ));
        }
        Content::Packet(Located {
            at: described.clock.read(u64::from(high) << 32 | u64::from(low)),
            link_type: described.link_type,
            interface,
            wire_len: original.max(captured),
            start: 20,
            len: captured as usize,
        })
    }

    /// Simple Packet Block (section 4.4): the first interface, no time.
    fn simple(&self, body: &[u8]) -> Option<Content> {
        let (&original, data) = body.split_first_chunk::<4>()?;
        let original = self.order.u32(original);
        let Some(interface) = self.interfaces.first() else {
            return Some(Content::Damage(
                "a simple packet, and the section has described no interface".to_owned(),
            ));
        };
        let captured = match interface.snap_len {
            0 => original,
            snap_len => original.min(snap_len),
        };
        if captured as usize > data.len() {
            let room = data.len();
            return Some(Content::Damage(format!(
                "a packet of {captured} bytes in a block that has room for {room}"
            )));
        }
        Some(Content::Packet(Located {
            at: self.last,
            link_type: interface.link_type,
            interface: 0,
            wire_len: original,
            start: 4,
            len: captured as usize,
        }))
    }

    /// Decryption Secrets Block: type, length, secrets, and options that nobody reads.
    fn secrets(&self, body: &[u8]) -> Option<Content> {
        let (&[t0, t1, t2, t3, l0, l1, l2, l3], data) = body.split_first_chunk::<8>()?;
        if self.order.u32([t0, t1, t2, t3]) != TLS_KEY_LOG {
            return Some(Content::Skip);
        }
        let len = self.order.u32([l0, l1, l2, l3]) as usize;
        Some(match data.get(..len) {
            Some(log) => Content::Secrets(log.to_vec()),
            None => Content::Damage(format!(
                "{len} bytes of decryption secrets in a block that has room for {}",
                data.len()
            )),
        })
    }

    /// Interface Description Block (section 4.2).
    fn interface(&self, body: &[u8]) -> Option<Content> {
        let (&[l0, l1, _, _, s0, s1, s2, s3], mut options) = body.split_first_chunk::<8>()?;
        let mut clock = Clock::MICROS;
        let mut name = CaptureInterface::default();
        // Options that do not fit end the list: what was read of it counts.
        while let Some((&[c0, c1, n0, n1], rest)) = options.split_first_chunk::<4>() {
            let len = usize::from(self.order.u16([n0, n1]));
            let Some((value, rest)) = rest.split_at_checked(len) else { break };
            match (self.order.u16([c0, c1]), value) {
                (0, _) => break,
                (2, value) => name.name = text(value),
                (3, value) => name.description = text(value),
                (9, &[resolution]) => clock = clock.with_resolution(resolution),
                (14, value) => {
                    if let Ok(value) = value.try_into() {
                        clock = clock.with_offset(self.order.i64(value));
                    }
                }
                _ => {}
            }
            options = rest.get(len.next_multiple_of(4) - len..).unwrap_or_default();
        }
        let link_type = LinkType(self.order.u16([l0, l1]));
        let name = (name != CaptureInterface::default()).then(|| Box::new(name));
        let snap_len = self.order.u32([s0, s1, s2, s3]);
        Some(Content::Interface(Interface { link_type, name, snap_len, clock }))
    }
}

/// A name. What is longer than any interface's name, or no UTF-8, is none; some writers end texts with a NUL.
fn text(value: &[u8]) -> String {
    let end = value.iter().position(|&byte| byte == 0).unwrap_or(value.len());
    let text = value.get(..end).filter(|text| text.len() <= NAME_MAX).unwrap_or_default();
    std::str::from_utf8(text).unwrap_or_default().to_owned()
}

/// Section Header Block (section 4.1).
fn section(body: &[u8]) -> Option<Content> {
    let (&[m0, m1, m2, m3, v0, v1, ..], _) = body.split_first_chunk::<16>()?;
    let order = match [m0, m1, m2, m3] {
        [0x1a, 0x2b, 0x3c, 0x4d] => Order::Big,
        [0x4d, 0x3c, 0x2b, 0x1a] => Order::Little,
        magic => return Some(Content::Damage(format!("a section with the byte-order magic {magic:02x?}"))),
    };
    Some(match order.u16([v0, v1]) {
        1 => Content::Section(order),
        version => Content::Damage(format!("a section of pcapng version {version}; version 1 is read")),
    })
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
