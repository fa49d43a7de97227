//! Internet checksums (RFC 1071) of IPv4, TCP, UDP, ICMP and ICMPv6.

use etherparse::LaxIpSlice;

use super::{Checksum, Layer4, Malformed, Packet};
use crate::flow::Protocol;

/// What the checksums of a packet say; [`Checksum::Unknown`] where bytes are missing, where there are none to
/// look at, or where the packet is malformed already.
///
/// A fragment has only that of its IP header. A UDP checksum of 0 says that there is none in IPv4 (RFC 768) and is
/// wrong in IPv6 (RFC 8200, 8.1).
pub fn verify(packet: &Packet<'_>) -> Checksum {
    let bytes = packet.datagram;
    let is_v4 = match bytes {
        [0x40..=0x4f, ..] => true,
        [0x60..=0x6f, ..] => false,
        _ => return Checksum::Unknown,
    };
    if is_v4 {
        match v4_header(bytes) {
            Some(header) if fold(sum(header)) == u16::MAX => {}
            Some(_) => return Checksum::BadIp,
            None => return Checksum::Unknown,
        }
    }
    let right = match packet.layer4 {
        Layer4::Tcp(_) | Layer4::Udp(_) | Layer4::Icmp(_) => is_layer4_right(packet, is_v4),
        Layer4::Other(_) | Layer4::Fragment(_) => is_v4.then_some(true),
        Layer4::NotIp { .. } | Layer4::Malformed(_) => None,
    };
    match right {
        Some(true) => Checksum::Good,
        Some(false) => Checksum::BadLayer4,
        None => Checksum::Unknown,
    }
}

/// The checksum to put where these bytes hold two zeros for it, in network order.
pub(super) fn compute(bytes: &[u8]) -> [u8; 2] {
    (!fold(sum(bytes))).to_ne_bytes()
}

/// The checksum of a TCP segment that holds two zeros for it, in network order; `addresses` are source and destination.
pub(super) fn tcp(addresses: &[u8], segment: &[u8]) -> [u8; 2] {
    with_pseudo_header(Protocol::TCP, addresses, segment)
}

/// The same of a UDP datagram; a sum of 0 is written as all ones (RFC 768).
pub(super) fn udp(addresses: &[u8], datagram: &[u8]) -> [u8; 2] {
    match with_pseudo_header(Protocol::UDP, addresses, datagram) {
        [0, 0] => [0xff; 2],
        sum => sum,
    }
}

fn with_pseudo_header(protocol: Protocol, addresses: &[u8], segment: &[u8]) -> [u8; 2] {
    let numbers = u64::from(protocol.0) + segment.len() as u64;
    (!fold(sum(addresses) + u64::from(fold(numbers).to_be()) + sum(segment))).to_ne_bytes()
}

/// Notes what [`verify`] says, and makes a packet malformed whose checksum is wrong.
pub(super) fn refuse_wrong(packet: &mut Packet<'_>) {
    packet.checksum = verify(packet);
    let malformed = match (packet.checksum, &packet.layer4) {
        (Checksum::BadIp, Layer4::Malformed(_) | Layer4::NotIp { .. }) => return,
        (Checksum::BadIp, _) => Malformed::IpChecksum,
        (Checksum::BadLayer4, Layer4::Tcp(_)) => Malformed::TcpChecksum,
        (Checksum::BadLayer4, Layer4::Udp(_)) => Malformed::UdpChecksum,
        (Checksum::BadLayer4, _) => Malformed::IcmpChecksum,
        (Checksum::Good | Checksum::Unknown, _) => return,
    };
    packet.layer4 = Layer4::Malformed(malformed);
}

/// Looks at the checksums of a run's first packets, so that a run which ignores them can say when many are wrong:
/// a sign of a capture taken on the sending host, whose network card fills them in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChecksumSample {
    /// Packets offered.
    offered: u32,
    /// Packets whose checksums could be computed.
    looked_at: u32,
    /// Those with a wrong one.
    wrong: u32,
}

impl ChecksumSample {
    /// How many packets are offered to a look; after that a call costs one comparison.
    pub const SIZE: u32 = 1_000;

    /// Offers a packet.
    #[inline]
    pub fn look(&mut self, packet: &Packet<'_>) {
        if self.offered < Self::SIZE {
            self.look_closely(packet);
        }
    }

    #[cold]
    fn look_closely(&mut self, packet: &Packet<'_>) {
        self.offered += 1;
        let (looked_at, wrong) = match verify(packet) {
            Checksum::Unknown => (0, 0),
            Checksum::Good => (1, 0),
            Checksum::BadIp | Checksum::BadLayer4 => (1, 1),
        };
        self.looked_at += looked_at;
        self.wrong += wrong;
    }

    /// How many checksums were wrong, of how many looked at.
    pub const fn wrong(&self) -> (u32, u32) {
        (self.wrong, self.looked_at)
    }

    /// Whether it is worth a warning: at least one in ten is wrong.
    pub const fn is_many(&self) -> bool {
        self.wrong > 0 && self.wrong.saturating_mul(10) >= self.looked_at
    }
}

fn v4_header(bytes: &[u8]) -> Option<&[u8]> {
    let len = usize::from(bytes.first()? & 0x0f) * 4;
    bytes.get(..len).filter(|header| header.len() >= 20)
}

/// `None` where not all bytes are there.
fn is_layer4_right(packet: &Packet<'_>, is_v4: bool) -> Option<bool> {
    let bytes = packet.datagram;
    let (fixed, rest) = bytes.split_first_chunk::<8>()?;
    let total = match is_v4 {
        true => usize::from(u16::from_be_bytes([fixed[2], fixed[3]])),
        false => 40 + usize::from(u16::from_be_bytes([fixed[4], fixed[5]])),
    };
    if total != bytes.len() {
        return None;
    }
    // The pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1): the addresses, the protocol, the length.
    let (addresses, segment) = match (is_v4, fixed[6]) {
        (true, _) => (rest.get(4..12)?, bytes.get(v4_header(bytes)?.len()..)?),
        (false, next) if next == packet.ip.protocol.0 => (rest.get(..32)?, rest.get(32..)?),
        (false, _) => (rest.get(..32)?, LaxIpSlice::from_slice(bytes).ok()?.0.payload().payload),
    };
    let segment = match packet.layer4 {
        Layer4::Udp(udp) => segment.get(..8 + udp.payload.len as usize)?,
        _ => segment,
    };
    if packet.ip.protocol == Protocol::UDP && segment.get(6..8)? == [0, 0] {
        return Some(is_v4);
    }
    let pseudo_header = match packet.ip.protocol {
        Protocol::ICMP => 0,
        protocol => {
            let numbers = u64::from(protocol.0) + segment.len() as u64;
            sum(addresses) + u64::from(fold(numbers).to_be())
        }
    };
    Some(fold(pseudo_header + sum(segment)) == u16::MAX)
}

/// The sum of all 16-bit words, in the machine's byte order: only all-ones is looked for, and that has none
/// (RFC 1071, 2).
fn sum(bytes: &[u8]) -> u64 {
    let mut chunks = bytes.chunks_exact(4);
    let mut sum: u64 = 0;
    for chunk in chunks.by_ref() {
        if let Ok(word) = chunk.try_into() {
            sum += u64::from(u32::from_ne_bytes(word));
        }
    }
    let mut last = [0; 4];
    last.iter_mut().zip(chunks.remainder()).for_each(|(to, from)| *to = *from);
    sum + u64::from(u32::from_ne_bytes(last))
}

/// Folds the carries in.
fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
