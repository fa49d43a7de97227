//! What the firewall changes in the TCP segments that it forwards, besides NAT (PANOS.md 6.1, 6.2): flags, options and
//! data that are taken off, and sequence numbers after a SYN cookie.

use super::rewrite::{Difference, Layout, update};
use super::splice::{relength, renumber_header};
use super::tcp::{EXPERIMENT, FAST_OPEN, FAST_OPEN_EXPERIMENT, MPTCP, TIMESTAMP, TcpFlags, next_option};
use super::{Layer4, Packet};
use crate::flow::Protocol;

/// What is changed in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Normalisation {
    /// The URG flag and the urgent pointer are taken off.
    pub urgent: bool,
    /// The MPTCP option is overwritten.
    pub mptcp: bool,
    /// The timestamp option is overwritten.
    pub timestamp: bool,
    /// The TCP Fast Open option is overwritten, and the data of a SYN or SYN-ACK that has one are taken off.
    pub fast_open: bool,
    /// Added to the sequence number.
    pub sequence_shift: u32,
    /// Added to the acknowledgment number.
    pub acknowledgment_shift: u32,
}

/// No-operation: fills up (RFC 9293, 3.1).
const NO_OPERATION: u8 = 1;

impl Normalisation {
    /// Whether nothing is ever changed.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it may change something in this packet; false for all but TCP.
    pub fn concerns(&self, packet: &Packet<'_>) -> bool {
        let Layer4::Tcp(segment) = packet.layer4 else { return false };
        let shifts = self.sequence_shift != 0 || self.acknowledgment_shift != 0;
        let strips = (self.mptcp || self.timestamp || self.fast_open) && !segment.options.is_empty();
        shifts || strips || self.urgent && segment.flags.contains(TcpFlags::URG)
    }

    /// Changes an IP packet with a TCP segment in place; whether anything has changed. Checksums are updated, not
    /// computed (RFC 1624): a wrong one stays wrong. Where data are taken off, it is computed.
    pub fn apply(&self, bytes: &mut Vec<u8>) -> bool {
        let Some((start, end)) = Layout::of(bytes).and_then(|layout| Some((layout.transport?, layout.end)))
        else {
            return false;
        };
        let end = end.min(bytes.len());
        let Some(segment) = bytes.get_mut(start..end) else { return false };
        let Some(header) = segment.get(12).map(|offset| usize::from(offset >> 4) * 4) else { return false };
        let Some(old) = segment.get(..header).filter(|header| header.len() >= 20).map(<[u8]>::to_vec) else {
            return false;
        };
        let mut new = old.clone();
        let has_fast_open = self.change(&mut new);
        let changed = new != old;
        if changed {
            let difference = Difference::between(&old, &new);
            if let Some(place) = segment.get_mut(..header) {
                place.copy_from_slice(&new);
            }
            update(segment, 16, difference);
        }
        let is_syn = new.get(13).is_some_and(|flags| TcpFlags(*flags).contains(TcpFlags::SYN));
        if has_fast_open && is_syn && end > start + header {
            bytes.truncate(start + header);
            let _ = relength(bytes, start, Protocol::TCP);
            return true;
        }
        changed
    }

    /// Changes a TCP header; whether it held a Fast Open option that is taken off.
    fn change(&self, header: &mut [u8]) -> bool {
        renumber_header(
            header,
            |sequence| sequence.wrapping_add(self.sequence_shift),
            |acknowledgment| acknowledgment.wrapping_add(self.acknowledgment_shift),
        );
        if self.urgent
            && let Some([flags, _, _, _, _, high, low]) = header.get_mut(13..20)
            && TcpFlags(*flags).contains(TcpFlags::URG)
        {
            *flags &= !TcpFlags::URG.0;
            (*high, *low) = (0, 0);
        }
        let mut has_fast_open = false;
        let mut at = 20;
        while let Some((kind, value, len)) = header.get(at..).and_then(next_option) {
            let is_fast_open =
                kind == FAST_OPEN || kind == EXPERIMENT && value.starts_with(&FAST_OPEN_EXPERIMENT);
            let goes = match kind {
                MPTCP => self.mptcp,
                TIMESTAMP => self.timestamp,
                _ => is_fast_open && self.fast_open,
            };
            has_fast_open |= goes && is_fast_open;
            if goes && let Some(option) = header.get_mut(at..at + len) {
                option.fill(NO_OPERATION);
            }
            at += len;
        }
        has_fast_open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Frame, LinkType};
    use crate::flow::Addr;
    use crate::packet::build::Builder;
    use crate::packet::{Checksum, Checksums, DecodeOptions, Payload, TcpSegment, decode};
    use crate::time::Timestamp;

    const ALL: Normalisation = Normalisation {
        urgent: true,
        mptcp: true,
        timestamp: true,
        fast_open: true,
        sequence_shift: 0x1234_5678,
        acknowledgment_shift: 0xffff_0000,
    };

    fn segment<'a>(flags: u8, options: &'a [u8], payload: &'a [u8]) -> TcpSegment<'a> {
        let payload = Payload { bytes: payload, len: payload.len() as u32 };
        TcpSegment {
            sport: 40_000,
            dport: 80,
            seq: 0xffff_ffff,
            ack: 7,
            flags: TcpFlags(flags),
            window: 9,
            options,
            payload,
        }
    }

    /// Options, and what becomes of them; whether the data stay.
    #[test]
    fn what_is_taken_off() {
        let timestamp = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2];
        let mptcp = [30, 4, 0x01, 0x81];
        let fast_open = [34, 2, 1, 1];
        let other = [2, 4, 5, 0xb4];
        for (flags, options, expected, stay) in [
            (0x18, &timestamp[..], &[1; 12][..], true),
            (0x18, &mptcp, &[1; 4], true),
            (0x02, &fast_open, &[1; 4], false),
            (0x12, &fast_open, &[1; 4], false),
            (0x10, &fast_open, &[1; 4], true),
            (0x02, &other, &other, true),
            // A length that lies: nothing beyond it is looked at.
            (0x18, &[8, 0, 30, 4], &[8, 0, 30, 4], true),
            (0x18, &[8, 60, 1, 1], &[8, 60, 1, 1], true),
        ] {
            for ends in
                [[Addr::v4([192, 0, 2, 1]), Addr::v4([192, 0, 2, 2])], [Addr::v6([1; 16]), Addr::v6([2; 16])]]
            {
                let mut bytes = Builder::new(ends[0], ends[1]).tcp(&segment(flags, options, b"odd"));
                assert!(ALL.apply(&mut bytes));
                let wire_len = bytes.len() as u32;
                let frame = Frame {
                    at: Timestamp::ZERO,
                    file: 0,
                    link_type: LinkType::RAW,
                    interface: None,
                    wire_len,
                    bytes: &bytes,
                };
                let packet = decode(&frame, 1, DecodeOptions { checksums: Checksums::Verify });
                let Layer4::Tcp(tcp) = packet.layer4 else { panic!("{packet:?}") };
                assert_eq!(packet.checksum, Checksum::Good, "{flags:#x} {options:?}");
                assert_eq!((tcp.options, tcp.payload.len), (expected, if stay { 3 } else { 0 }));
                assert_eq!(tcp.seq, 0x1234_5677);
                assert_eq!(tcp.ack, if flags & 0x10 == 0 { 7 } else { 0xffff_0007 }, "{flags:#x}");
            }
        }
    }

    #[test]
    fn urgent_data_become_data() {
        let mut bytes = Builder::new(Addr::v4([1; 4]), Addr::v4([2; 4])).tcp(&segment(0x38, &[], b"x"));
        bytes[38..40].copy_from_slice(&[0, 1]);
        let mut same = bytes.clone();
        assert!(!Normalisation { mptcp: true, ..Normalisation::default() }.apply(&mut same));
        assert_eq!(same, bytes);
        assert!(Normalisation { urgent: true, ..Normalisation::default() }.apply(&mut bytes));
        assert_eq!((bytes[33], &bytes[38..40]), (0x18, &[0, 0][..]));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(proptest::arbitrary::any::<u8>(), 0..120), first in 0u8..8) {
            let mut bytes = [vec![0x40 | first], bytes].concat();
            ALL.apply(&mut bytes);
        }
    }
}
