//! Other addresses and ports in a packet as it was captured: what NAT does to it.

use etherparse::ip_number as number;

use super::decode::datagram_start;
use super::{IcmpMessage, Payload};
use crate::capture::LinkType;
use crate::flow::{Addr, FlowKey, Protocol};

/// Extension headers to a packet, as many as the decoder reads.
const EXTENSIONS_MAX: usize = 16;

/// Makes a frame of the flow `from` one of the flow `to`, in place. Zones do not count.
///
/// Replaced are the addresses, the ports of TCP and UDP and the identifier of ICMP queries and answers, where they are
/// those of `from`. An ICMP error quotes a packet of the other direction, which is translated as well; its own
/// source may be no end of the flow, and is then let be.
///
/// Checksums are updated, not computed (RFC 1624): a wrong one stays as wrong as it was, and payload that the capture
/// cut off is not missed. (A header that it cut is: what an ICMP error's checksum says of the part of the quotation
/// that is not there stays.) A UDP checksum of 0, which says that there is none, stays. Of a fragment that is not
/// the first only the IP header changes.
///
/// `false`, and nothing changed, where the frame does not hold an IP header of the keys' version.
pub fn rewrite(link_type: LinkType, frame: &mut [u8], from: &FlowKey, to: &FlowKey) -> bool {
    let packet = datagram_start(link_type, frame).and_then(|start| frame.get_mut(start..));
    packet.and_then(|packet| Change { from: *from, to: *to }.packet(packet, false)).is_some()
}

/// A translation: what packets are, and what they become.
#[derive(Debug, Clone, Copy)]
struct Change {
    from: FlowKey,
    to: FlowKey,
}

impl Change {
    /// The same for packets of the other direction.
    fn reply(self) -> Self {
        Self { from: self.from.reply(self.from.zone), to: self.to.reply(self.to.zone) }
    }

    /// Translates an IP packet, and says what difference that makes to a checksum over all of it.
    fn packet(self, packet: &mut [u8], is_quoted: bool) -> Option<Difference> {
        let layout = Layout::of(packet)?;
        let ends = [self.from.src, self.from.dst, self.to.src, self.to.dst];
        if ends.iter().any(|end| end.is_v4() != layout.is_v4) {
            return None;
        }
        let packet = match packet.len() {
            len if len > layout.end => packet.get_mut(..layout.end)?,
            _ => packet,
        };
        let (src, dst) = if layout.is_v4 { (12, 16) } else { (8, 24) };
        let mut addresses = replace_address(packet, src, self.from.src, self.to.src);
        addresses.add(replace_address(packet, dst, self.from.dst, self.to.dst));
        let mut all = addresses;
        if layout.is_v4 {
            all.add(update(packet, 10, addresses));
        }
        if let Some(segment) = layout.transport.and_then(|start| packet.get_mut(start..)) {
            all.add(self.transport(layout.protocol, segment, addresses, is_quoted));
        }
        Some(all)
    }

    fn transport(
        self,
        protocol: Protocol,
        segment: &mut [u8],
        addresses: Difference,
        is_quoted: bool,
    ) -> Difference {
        let ports = |segment: &mut [u8]| {
            let mut ports = replace_number(segment, 0, self.from.sport, self.to.sport);
            ports.add(replace_number(segment, 2, self.from.dport, self.to.dport));
            ports
        };
        let mut all = match protocol {
            Protocol::TCP | Protocol::UDP => ports(segment),
            Protocol::ICMP | Protocol::ICMPV6 => self.icmp(protocol, segment, is_quoted),
            _ => return Difference::default(),
        };
        let mut checked = all;
        // ICMP for IPv4 has no pseudo-header.
        if protocol != Protocol::ICMP {
            checked.add(addresses);
        }
        all.add(match protocol {
            Protocol::TCP => update(segment, 16, checked),
            Protocol::UDP => update_udp(segment, checked),
            _ => update(segment, 2, checked),
        });
        all
    }

    fn icmp(self, protocol: Protocol, message: &mut [u8], is_quoted: bool) -> Difference {
        let Some(&kind) = message.first() else { return Difference::default() };
        let header = IcmpMessage { kind, code: 0, rest: [0; 4], payload: Payload::default() };
        match (protocol, kind) {
            (Protocol::ICMP, 8 | 13 | 15 | 17) | (Protocol::ICMPV6, 128) => {
                replace_number(message, 4, self.from.sport, self.to.sport)
            }
            (Protocol::ICMP, 0 | 14 | 16 | 18) | (Protocol::ICMPV6, 129) => {
                replace_number(message, 4, self.from.dport, self.to.dport)
            }
            _ if header.is_error(protocol == Protocol::ICMPV6) && !is_quoted => {
                let quoted = message.get_mut(8..).and_then(|quoted| self.reply().packet(quoted, true));
                quoted.unwrap_or_default()
            }
            _ => Difference::default(),
        }
    }
}

/// What lies where in an IP packet.
pub(super) struct Layout {
    is_v4: bool,
    pub(super) protocol: Protocol,
    /// Where the transport header is, if this is not a later fragment.
    pub(super) transport: Option<usize>,
    /// Where the packet ends, if all of it is there.
    pub(super) end: usize,
}

impl Layout {
    pub(super) fn of(packet: &[u8]) -> Option<Self> {
        match packet.first()? >> 4 {
            4 => Self::v4(packet),
            6 => Self::v6(packet),
            _ => None,
        }
    }

    fn v4(packet: &[u8]) -> Option<Self> {
        let &[first, _, l0, l1, _, _, f0, f1, _, protocol, ..] = packet.first_chunk::<20>()?;
        let offset = u16::from_be_bytes([f0, f1]) & 0x1fff;
        let header = usize::from(first & 0x0f) * 4;
        Some(Self {
            is_v4: true,
            protocol: Protocol(protocol),
            transport: (offset == 0 && header >= 20).then_some(header),
            end: end(0, u16::from_be_bytes([l0, l1])),
        })
    }

    fn v6(packet: &[u8]) -> Option<Self> {
        let &[_, _, _, _, l0, l1, next, ..] = packet.first_chunk::<40>()?;
        let (protocol, transport) = above_extensions(packet, next).unzip();
        Some(Self {
            is_v4: false,
            protocol: protocol.unwrap_or(Protocol(next)),
            transport,
            end: end(40, u16::from_be_bytes([l0, l1])),
        })
    }
}

/// Where a packet ends; a length of 0 was left to the network card, and all there is belongs to the packet.
fn end(header: usize, len: u16) -> usize {
    if len == 0 { usize::MAX } else { header + usize::from(len) }
}

/// The protocol above all IPv6 extension headers, and where it starts; `None` in a later fragment.
fn above_extensions(packet: &[u8], next: u8) -> Option<(Protocol, usize)> {
    let (mut next, mut at) = (next, 40);
    for _ in 0..EXTENSIONS_MAX {
        let (&[after, len, f0, f1], _) = match etherparse::IpNumber(next) {
            number::IPV6_HOP_BY_HOP | number::IPV6_ROUTE | number::IPV6_DEST_OPTIONS | number::IPV6_FRAG => {
                packet.get(at..)?.split_first_chunk::<4>()?
            }
            _ => return Some((Protocol(next), at)),
        };
        let is_fragment = next == number::IPV6_FRAG.0;
        if is_fragment && u16::from_be_bytes([f0, f1]) >= 8 {
            return None;
        }
        at += if is_fragment { 8 } else { (usize::from(len) + 1) * 8 };
        next = after;
    }
    None
}

/// How much a checksum changes: the sum of all new 16-bit words and of the old ones inverted (RFC 1624, equation 3).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Difference(u64);

impl Difference {
    /// What it makes that `new` is there instead of `old`, which is as long.
    pub(super) fn between(old: &[u8], new: &[u8]) -> Self {
        let mut difference = Self::default();
        for (old, new) in old.chunks_exact(2).zip(new.chunks_exact(2)) {
            if let ([o0, o1], [n0, n1]) = (old, new) {
                let (old, new) = (u16::from_be_bytes([*o0, *o1]), u16::from_be_bytes([*n0, *n1]));
                difference.0 += u64::from(!old) + u64::from(new);
            }
        }
        difference
    }

    fn add(&mut self, other: Self) {
        self.0 += other.0;
    }

    /// The checksum that becomes of `old`.
    fn apply(self, old: u16) -> u16 {
        let mut sum = self.0 + u64::from(!old);
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }
}

fn replace_address(packet: &mut [u8], at: usize, old: Addr, new: Addr) -> Difference {
    let skipped = if old.is_v4() { 12 } else { 0 };
    let (old, new) = (old.bits().to_be_bytes(), new.bits().to_be_bytes());
    match (old.get(skipped..), new.get(skipped..)) {
        (Some(old), Some(new)) => replace(packet, at, old, new),
        _ => Difference::default(),
    }
}

fn replace_number(bytes: &mut [u8], at: usize, old: u16, new: u16) -> Difference {
    replace(bytes, at, &old.to_be_bytes(), &new.to_be_bytes())
}

/// Puts `new` in place of `old`, if that is there.
fn replace(bytes: &mut [u8], at: usize, old: &[u8], new: &[u8]) -> Difference {
    let Some(place) = bytes.get_mut(at..at + old.len()).filter(|place| *place == old) else {
        return Difference::default();
    };
    place.copy_from_slice(new);
    Difference::between(old, new)
}

/// Updates a checksum, if it is there.
pub(super) fn update(bytes: &mut [u8], at: usize, difference: Difference) -> Difference {
    match bytes.get(at..).and_then(|rest| rest.first_chunk::<2>()) {
        Some(&old) => {
            let old = u16::from_be_bytes(old);
            replace_number(bytes, at, old, difference.apply(old))
        }
        None => Difference::default(),
    }
}

/// The same for UDP, where 0 is no checksum and a sum of 0 is written as all ones (RFC 768).
fn update_udp(segment: &mut [u8], difference: Difference) -> Difference {
    match segment {
        [_, _, _, _, _, _, c0, c1, ..] if (*c0, *c1) != (0, 0) => {
            let old = u16::from_be_bytes([*c0, *c1]);
            let new = match difference.apply(old) {
                0 => u16::MAX,
                new => new,
            };
            replace_number(segment, 6, old, new)
        }
        _ => Difference::default(),
    }
}

#[cfg(test)]
mod tests;
