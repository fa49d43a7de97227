//! How strict the TCP tracker is with one session: settings of the firewall, overridden by the profile of the zone it
//! came in by (PANOS.md 6.1, 6.2).

/// A set of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TcpRules(u8);

impl TcpRules {
    /// Sequence numbers are not inspected (`asymmetric-path bypass`).
    pub const BYPASS: Self = Self(1);
    /// A bare ACK may answer a SYN (`allow-challenge-ack`).
    pub const CHALLENGE_ACK: Self = Self(1 << 1);
    /// A RST ends the session whatever its sequence number is (strict TCP RST sequence off).
    pub const ANY_RST: Self = Self(1 << 2);
    /// The server must not answer a SYN with a SYN (`discard-tcp-split-handshake`).
    pub const NO_SPLIT_HANDSHAKE: Self = Self(1 << 3);
    /// A SYN-ACK must not bring data (`discard-tcp-synack-with-data`).
    pub const NO_SYNACK_DATA: Self = Self(1 << 4);
    /// Bytes must not change when they are sent again (`discard-overlapping-tcp-segment-mismatch`).
    pub const NO_MISMATCH: Self = Self(1 << 5);

    /// These and `other`, where it applies.
    #[must_use]
    pub const fn with(self, other: Self, applies: bool) -> Self {
        if applies { Self(self.0 | other.0) } else { self }
    }

    /// Whether a rule is among them.
    pub const fn has(self, rule: Self) -> bool {
        self.0 & rule.0 != 0
    }
}
