//! From a frame to a packet, with the sanity checks that PAN-OS always makes (PANOS.md 1.1, stage 2).
//!
//! Two paths give the same packet, and a property test holds them together: [`fast`] reads the common case,
//! Ethernet with IPv4 or IPv6 and TCP or UDP and nothing in between, straight from the bytes; [`slow`] reads
//! everything. Tunnels are not looked into: a packet is its outermost IP header.

mod fast;
mod ip;
mod link;
mod transport;

#[cfg(test)]
mod tests;

use super::{Checksum, IpHeader, Layer4, Malformed, Packet, checksum};
use crate::capture::{Frame, LinkType};
use crate::flow::Arrival;
pub(super) use ip::Datagram;
use link::{Network, Version};

/// Where in a frame its IP packet starts, as its link headers tell; `None` where they tell of something else.
pub(super) fn datagram_start(link_type: LinkType, frame: &[u8]) -> Option<usize> {
    match link::network(link_type, frame) {
        Network::Ip(_, datagram) => frame.len().checked_sub(datagram.len()),
        Network::Other(_) | Network::Malformed(_) => None,
    }
}

/// What to do about checksums (`--checksums`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Checksums {
    /// Don't look: a capture taken on the sending host holds unfinished ones.
    #[default]
    Ignore,
    /// A wrong one makes the packet malformed. One that cannot be computed, because bytes are missing, is let be.
    Verify,
}

/// How frames are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DecodeOptions {
    /// What to do about checksums.
    pub checksums: Checksums,
}

/// Reads a frame; `number` is its number in the run, from 1.
///
/// It never fails: what cannot be read is [`Layer4::Malformed`] or [`Layer4::NotIp`], and the IP header is filled as
/// far as it was read. Of [`Packet::arrival`] only the tag is filled.
#[inline]
pub fn decode<'a>(frame: &Frame<'a>, number: u64, options: DecodeOptions) -> Packet<'a> {
    let mut packet = Packet {
        number,
        fragments: &[],
        wire_len: frame.wire_len,
        arrival: Arrival::default(),
        ip: IpHeader::default(),
        layer4: Layer4::Malformed(Malformed::LinkTruncated),
        checksum: Checksum::Unknown,
        datagram: &[],
    };
    if fast::decode(frame, &mut packet).is_none() {
        slow(frame, &mut packet);
    }
    if options.checksums == Checksums::Verify {
        checksum::refuse_wrong(&mut packet);
    }
    packet
}

/// The path for everything.
fn slow<'a>(frame: &Frame<'a>, packet: &mut Packet<'a>) {
    (packet.ip, packet.datagram) = (IpHeader::default(), &[]);
    packet.arrival.tag = link::tag(frame.link_type, frame.bytes);
    match link::network(frame.link_type, frame.bytes) {
        Network::Ip(version, bytes) => {
            let Datagram { ip, layer4, bytes } = ip::datagram(version, bytes, frame.missing());
            (packet.ip, packet.layer4, packet.datagram) = (ip, layer4, bytes);
        }
        Network::Other(ether_type) => packet.layer4 = Layer4::NotIp { ether_type },
        Network::Malformed(malformed) => packet.layer4 = Layer4::Malformed(malformed),
    }
}

/// Reads a datagram that was put together from fragments, of which `missing` bytes were not captured.
pub(super) fn reread(bytes: &[u8], missing: u32) -> Datagram<'_> {
    ip::datagram(Version::Either, bytes, missing)
}

/// A length as the headers count it. Frames are bounded far below 4 GiB by the readers.
pub(super) fn len_u32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
