//! Other bytes in the payload of a packet, which may be more or fewer than there were, and sequence numbers that go with
//! that.

use super::checksum;
use super::rewrite::{Difference, Layout, update};
use super::tcp::{SACK, TcpFlags, next_option};
use crate::flow::Protocol;

/// Bytes that take the place of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Splice<'a> {
    /// Where in the payload.
    pub at: usize,
    /// How many bytes they replace.
    pub len: usize,
    /// The bytes.
    pub new: &'a [u8],
}

/// Puts other bytes into the payload of an IP packet with a TCP segment or a UDP datagram, in order of their places and
/// without overlap. Lengths are adapted and checksums computed, but for a UDP checksum of 0, which says that there is
/// none.
///
/// `false`, and nothing changed, where it does not hold all of the payload, or would become too long.
pub fn splice(packet: &mut Vec<u8>, parts: &[Splice<'_>]) -> bool {
    replaced(packet, parts).map(|new| *packet = new).is_some()
}

fn replaced(packet: &[u8], parts: &[Splice<'_>]) -> Option<Vec<u8>> {
    let layout = Layout::of(packet)?;
    let start = layout.transport?;
    let packet = packet.get(..layout.end)?;
    let header = match layout.protocol {
        Protocol::TCP => usize::from(packet.get(start + 12)? >> 4) * 4,
        Protocol::UDP => 8,
        _ => return None,
    };
    let (headers, mut rest) = packet.split_at_checked(start + header)?;
    let mut new = headers.to_vec();
    let mut done = 0;
    for part in parts {
        let (before, after) = rest.split_at_checked(part.at.checked_sub(done)?)?;
        new.extend_from_slice(before);
        new.extend_from_slice(part.new);
        rest = after.get(part.len..)?;
        done = part.at + part.len;
    }
    new.extend_from_slice(rest);
    relength(&mut new, start, layout.protocol)?;
    Some(new)
}

/// Gives an IP packet that has become longer or shorter the right lengths and checksums; its transport header begins at
/// `start`.
pub(super) fn relength(packet: &mut [u8], start: usize, protocol: Protocol) -> Option<()> {
    let len = u16::try_from(packet.len()).ok()?;
    let is_v4 = packet.first()? >> 4 == 4;
    if is_v4 {
        let difference = replace(packet, 2, len.to_be_bytes());
        update(packet, 10, difference);
    } else {
        replace(packet, 4, len.saturating_sub(40).to_be_bytes());
    }
    let addresses = if is_v4 { 12..20 } else { 8..40 };
    let (ip, segment) = packet.split_at_mut_checked(start)?;
    let addresses = ip.get(addresses)?;
    if protocol == Protocol::TCP {
        replace(segment, 16, [0; 2]);
        let checksum = checksum::tcp(addresses, segment);
        replace(segment, 16, checksum);
        return Some(());
    }
    replace(segment, 4, u16::try_from(segment.len()).ok()?.to_be_bytes());
    if segment.get(6..8)? != [0; 2] {
        replace(segment, 6, [0; 2]);
        let checksum = checksum::udp(addresses, segment);
        replace(segment, 6, checksum);
    }
    Some(())
}

/// Gives the TCP segment in an IP packet other numbers: `sequence` says which sequence number takes the place of which,
/// `acknowledgment` does for what it acknowledges, selectively too (RFC 2018). Its checksum is updated, not computed.
/// Whether anything has changed.
pub fn renumber(
    packet: &mut [u8],
    sequence: impl Fn(u32) -> u32,
    acknowledgment: impl Fn(u32) -> u32,
) -> bool {
    let Some(layout) = Layout::of(packet).filter(|layout| layout.protocol == Protocol::TCP) else {
        return false;
    };
    let Some(segment) = layout.transport.and_then(|start| packet.get_mut(start..)) else { return false };
    let header = segment.get(12).map_or(0, |offset| usize::from(offset >> 4) * 4);
    let Some(header) = segment.get_mut(..header) else { return false };
    let old = header.to_vec();
    renumber_header(header, sequence, acknowledgment);
    let difference = Difference::between(&old, header);
    let changed = old != header;
    if changed {
        update(segment, 16, difference);
    }
    changed
}

/// The same in a TCP header, whose checksum is left as it is.
pub(super) fn renumber_header(
    header: &mut [u8],
    sequence: impl Fn(u32) -> u32,
    acknowledgment: impl Fn(u32) -> u32,
) {
    change(header, 4, sequence);
    if !header.get(13).is_some_and(|flags| TcpFlags(*flags).contains(TcpFlags::ACK)) {
        return;
    }
    change(header, 8, &acknowledgment);
    let mut at = 20;
    while let Some((kind, value, len)) = header.get(at..).and_then(next_option) {
        let edges = value.len() / 4;
        if kind == SACK {
            (0..edges).for_each(|edge| change(header, at + 2 + 4 * edge, &acknowledgment));
        }
        at += len;
    }
}

/// Changes the 32-bit number at `at`.
fn change(header: &mut [u8], at: usize, to: impl Fn(u32) -> u32) {
    if let Some(number) = header.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<4>()) {
        *number = to(u32::from_be_bytes(*number)).to_be_bytes();
    }
}

/// Puts a 16-bit number in place of another.
fn replace(bytes: &mut [u8], at: usize, new: [u8; 2]) -> Difference {
    let Some(place) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<2>()) else {
        return Difference::default();
    };
    let difference = Difference::between(&*place, &new);
    *place = new;
    difference
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Frame, LinkType};
    use crate::flow::Addr;
    use crate::packet::build::Builder;
    use crate::packet::{Checksum, Checksums, DecodeOptions, Layer4, Packet, Payload, TcpSegment, decode};
    use crate::time::Timestamp;

    fn read(bytes: &[u8], look: impl FnOnce(&Packet<'_>)) {
        let frame = Frame {
            at: Timestamp::ZERO,
            file: 0,
            link_type: LinkType::RAW,
            interface: None,
            wire_len: bytes.len() as u32,
            bytes,
        };
        let options = DecodeOptions { checksums: Checksums::Verify };
        look(&decode(&frame, 1, options));
    }

    fn ends() -> [[Addr; 2]; 2] {
        [[Addr::v4([192, 0, 2, 1]), Addr::v4([192, 0, 2, 2])], [Addr::v6([1; 16]), Addr::v6([2; 16])]]
    }

    #[test]
    fn longer_and_shorter() {
        let payload = Payload { bytes: b"PORT 10,0,0,1,4,1\r\n", len: 19 };
        let segment = TcpSegment {
            sport: 1,
            dport: 21,
            seq: 7,
            ack: 9,
            flags: TcpFlags(0x18),
            window: 9,
            options: &[1, 1, 1, 1],
            payload,
        };
        for [src, dst] in ends() {
            for (new, expected) in [
                (&b"203,0,113,80,200,1"[..], &b"PORT 203,0,113,80,200,1\r\n"[..]),
                (b"1,1,1,1,1,1", b"PORT 1,1,1,1,1,1\r\n"),
            ] {
                let mut bytes = Builder::new(src, dst).tcp(&segment);
                assert!(splice(&mut bytes, &[Splice { at: 5, len: 12, new }]));
                read(&bytes, |packet| {
                    assert_eq!(packet.checksum, Checksum::Good);
                    let Layer4::Tcp(segment) = packet.layer4 else { panic!("{packet:?}") };
                    assert_eq!(segment.payload.bytes, expected);
                });
                let mut bytes = Builder::new(src, dst).udp(1, 5_060, payload.bytes);
                let two = [Splice { at: 0, len: 4, new: b"SIP" }, Splice { at: 5, len: 12, new }];
                assert!(splice(&mut bytes, &two));
                read(&bytes, |packet| {
                    assert_eq!(packet.checksum, Checksum::Good);
                    let Layer4::Udp(datagram) = packet.layer4 else { panic!("{packet:?}") };
                    assert_eq!(datagram.payload.bytes, [b"SIP", &expected[4..]].concat());
                });
            }
        }
    }

    #[test]
    fn what_is_not_all_there_stays() {
        let [[src, dst], _] = ends();
        let whole = Builder::new(src, dst).udp(1, 5_060, b"abcdef");
        let part = |at, len| Splice { at, len, new: b"x" };
        let mut cut = whole[..whole.len() - 1].to_vec();
        assert!(!splice(&mut cut, &[part(0, 1)]));
        for parts in [&[part(6, 1)][..], &[part(7, 0)], &[part(2, 2), part(3, 1)]] {
            let mut bytes = whole.clone();
            assert!(!splice(&mut bytes, parts), "{parts:?}");
            assert_eq!(bytes, whole);
        }
    }

    #[test]
    fn numbers() {
        let sack = [1, 1, 5, 10, 0, 0, 0, 20, 0, 0, 0, 30];
        let segment = TcpSegment {
            sport: 1,
            dport: 21,
            seq: u32::MAX,
            ack: 10,
            flags: TcpFlags(0x10),
            window: 9,
            options: &sack,
            payload: Payload::default(),
        };
        for [src, dst] in ends() {
            let mut bytes = Builder::new(src, dst).tcp(&segment);
            assert!(renumber(&mut bytes, |seq| seq.wrapping_add(2), |ack| ack + u32::from(ack > 10) * 5));
            read(&bytes, |packet| {
                assert_eq!(packet.checksum, Checksum::Good);
                let Layer4::Tcp(segment) = packet.layer4 else { panic!("{packet:?}") };
                assert_eq!((segment.seq, segment.ack), (1, 10));
                assert_eq!(segment.options, [1, 1, 5, 10, 0, 0, 0, 25, 0, 0, 0, 35]);
            });
            assert!(!renumber(&mut bytes, |seq| seq, |ack| ack));
        }
    }
}
