//! TCP segments (RFC 9293).

use std::fmt;

use super::Payload;

/// A TCP segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpSegment<'a> {
    /// Source port.
    pub sport: u16,
    /// Destination port.
    pub dport: u16,
    /// Sequence number of the first byte (of the SYN, where set).
    pub seq: u32,
    /// Acknowledgment number, meaningful with ACK.
    pub ack: u32,
    /// Control bits.
    pub flags: TcpFlags,
    /// Window field, unscaled.
    pub window: u16,
    /// The option bytes; [`TcpOptions::parse`] reads them.
    pub options: &'a [u8],
    /// What it carries.
    pub payload: Payload<'a>,
}

impl TcpSegment<'_> {
    /// Sequence number of the first payload byte: a SYN takes one number before it.
    pub const fn payload_seq(&self) -> u32 {
        self.seq.wrapping_add(self.flags.contains(TcpFlags::SYN) as u32)
    }

    /// Length in sequence space: payload plus one each for SYN and FIN (RFC 9293, 3.4).
    pub const fn sequence_len(&self) -> u32 {
        self.payload.len
            + self.flags.contains(TcpFlags::SYN) as u32
            + self.flags.contains(TcpFlags::FIN) as u32
    }
}

/// The control bits of a segment (RFC 9293, 3.1; the low eight).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Push.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment field is significant.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer is significant.
    pub const URG: Self = Self(0x20);

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets of bits.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// A combination that the sanity check refuses: none of SYN, ACK, RST, FIN, or SYN together with FIN or RST,
    /// or FIN without ACK. (PANOS.md 1.1: "illegal flag combinations (SYN+FIN, null etc.)".) URG alone is a setting's
    /// matter (PANOS.md 6.1, `drop-zero-flag`).
    pub const fn is_illegal(self) -> bool {
        let kind = self.0 & 0x17;
        kind == 0 && self.0 & 0x3f != Self::URG.0
            || self.contains(Self::SYN) && kind & (Self::FIN.0 | Self::RST.0) != 0
            || kind & (Self::FIN.0 | Self::ACK.0 | Self::RST.0) == Self::FIN.0
    }
}

/// The names joined by commas, e.g. `SYN,ACK`.
impl fmt::Display for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 8] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
        let mut any = false;
        for (bit, name) in NAMES.iter().enumerate() {
            if self.0 >> bit & 1 == 1 {
                write!(f, "{}{name}", if any { "," } else { "" })?;
                any = true;
            }
        }
        if any { Ok(()) } else { f.write_str("none") }
    }
}

/// Option kinds (IANA, TCP parameters).
const MSS: u8 = 2;
const WINDOW_SCALE: u8 = 3;
pub(super) const SACK: u8 = 5;
pub(super) const TIMESTAMP: u8 = 8;
pub(super) const MPTCP: u8 = 30;
pub(super) const FAST_OPEN: u8 = 34;
/// The option that experiments share, and the identifier of TCP Fast Open in it (RFC 7413, appendix A).
pub(super) const EXPERIMENT: u8 = 254;
pub(super) const FAST_OPEN_EXPERIMENT: [u8; 2] = [0xf9, 0x89];

/// The options that the model reads, from a SYN's option bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TcpOptions {
    /// Maximum segment size (RFC 9293, 3.7.1).
    pub mss: Option<u16>,
    /// Window scale, at most 14 (RFC 7323, 2.3).
    pub window_scale: Option<u8>,
    /// Timestamps: the sender's clock (RFC 7323, 3.2). `Some(None)` for an option of a wrong length.
    pub timestamp: Option<Option<u32>>,
    /// TCP Fast Open: asks for a cookie, or brings one (RFC 7413, 4.1.1; also in its experimental form).
    pub fast_open: bool,
    /// Multipath TCP (RFC 8684, 3.1).
    pub mptcp: bool,
}

impl TcpOptions {
    /// Kind of the MPTCP option.
    pub const MPTCP: u8 = MPTCP;

    /// Reads option bytes as far as they make sense.
    pub fn parse(mut bytes: &[u8]) -> Self {
        let mut options = Self::default();
        while let Some((kind, value, len)) = next_option(bytes) {
            match (kind, value) {
                (MSS, &[high, low]) => options.mss = Some(u16::from_be_bytes([high, low])),
                (WINDOW_SCALE, &[shift]) => options.window_scale = Some(shift.min(14)),
                (TIMESTAMP, value) => {
                    let clock = value.split_first_chunk::<4>().filter(|(_, echo)| echo.len() == 4);
                    options.timestamp = Some(clock.map(|(clock, _)| u32::from_be_bytes(*clock)));
                }
                (FAST_OPEN, _) => options.fast_open = true,
                (EXPERIMENT, value) => options.fast_open |= value.starts_with(&FAST_OPEN_EXPERIMENT),
                (MPTCP, _) => options.mptcp = true,
                _ => {}
            }
            bytes = bytes.get(len..).unwrap_or_default();
        }
        options
    }
}

/// The first option of some: its kind, its value and its length; `None` at the end of the list, and where a length lies.
pub(super) fn next_option(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    match bytes {
        [] | [0, ..] => None,
        [1, ..] => Some((1, &[], 1)),
        [kind, len, rest @ ..] => {
            let len = usize::from(*len);
            Some((*kind, rest.get(..len.checked_sub(2)?)?, len))
        }
        [_] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn illegal_combinations() {
        for (flags, illegal) in [
            (0x00, true),  // null scan
            (0x08, true),  // PSH alone
            (0x20, false), // URG alone
            (0x28, true),  // PSH, URG
            (0x29, true),  // Xmas: FIN, PSH, URG
            (0x01, true),  // FIN alone
            (0x03, true),  // SYN, FIN
            (0x06, true),  // SYN, RST
            (0x02, false), // SYN
            (0x12, false), // SYN, ACK
            (0x10, false), // ACK
            (0x11, false), // FIN, ACK
            (0x04, false), // RST
            (0x14, false), // RST, ACK
            (0xc2, false), // SYN with ECN setup (RFC 3168, 6.1.1)
        ] {
            assert_eq!(TcpFlags(flags).is_illegal(), illegal, "{}", TcpFlags(flags));
        }
    }

    #[test]
    fn options_that_lie_are_left() {
        let linux = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7];
        assert_eq!(
            TcpOptions::parse(&linux),
            TcpOptions {
                mss: Some(1_460),
                window_scale: Some(7),
                timestamp: Some(Some(0)),
                ..TcpOptions::default()
            }
        );
        assert_eq!(TcpOptions::parse(&[2, 40, 1]), TcpOptions::default());
        assert_eq!(TcpOptions::parse(&[3, 0, 1]), TcpOptions::default());
        assert_eq!(TcpOptions::parse(&[3, 3, 200]).window_scale, Some(14));
    }
}
