//! What an IP header carries besides addresses: the IPv4 options and IPv6 extension headers that somebody may refuse.

/// IPv4 options and IPv6 extension headers of a packet, as a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct IpMarks(u32);

impl IpMarks {
    /// Nothing of the kind: nearly every packet.
    pub const NONE: Self = Self(0);
    /// IPv4 option 137 (RFC 791, 3.1).
    pub const STRICT_SOURCE_ROUTE: Self = Self(1);
    /// IPv4 option 131.
    pub const LOOSE_SOURCE_ROUTE: Self = Self(1 << 1);
    /// IPv4 option 68.
    pub const TIMESTAMP: Self = Self(1 << 2);
    /// IPv4 option 7.
    pub const RECORD_ROUTE: Self = Self(1 << 3);
    /// IPv4 options 130 and 133 (RFC 1108).
    pub const SECURITY: Self = Self(1 << 4);
    /// IPv4 option 136.
    pub const STREAM_ID: Self = Self(1 << 5);
    /// An IPv4 option of another class and number.
    pub const UNKNOWN_OPTION: Self = Self(1 << 6);
    /// An IPv4 option whose length cannot be, or a known number in the wrong class.
    pub const MALFORMED_OPTION: Self = Self(1 << 7);
    /// IPv6 hop-by-hop options.
    pub const HOP_BY_HOP: Self = Self(1 << 8);
    /// IPv6 destination options.
    pub const DESTINATION_OPTIONS: Self = Self(1 << 9);
    /// An IPv6 routing header of any type.
    pub const ROUTING: Self = Self(1 << 10);
    /// An IPv6 routing header of type 0 (RFC 5095).
    pub const ROUTING_0: Self = Self(1 << 11);
    /// An IPv6 routing header of type 1.
    pub const ROUTING_1: Self = Self(1 << 12);
    /// An IPv6 routing header of type 3 (RFC 6554).
    pub const ROUTING_3: Self = Self(1 << 13);
    /// An IPv6 routing header of a type from 4 to 252.
    pub const ROUTING_4_252: Self = Self(1 << 14);
    /// An IPv6 routing header of type 253 (RFC 4727).
    pub const ROUTING_253: Self = Self(1 << 15);
    /// An IPv6 routing header of type 254 (RFC 4727).
    pub const ROUTING_254: Self = Self(1 << 16);
    /// An IPv6 routing header of type 255.
    pub const ROUTING_255: Self = Self(1 << 17);
    /// An IPv6 fragment header in a packet that is no fragment (RFC 6946).
    pub const NEEDLESS_FRAGMENT: Self = Self(1 << 18);

    /// Whether there is nothing.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it holds any of `other`.
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Marks of an IPv6 routing header of that type. Type 2 belongs to Mobile IPv6 and is nobody's concern.
    pub(super) const fn routing(kind: u8) -> Self {
        let of_type = match kind {
            0 => Self::ROUTING_0,
            1 => Self::ROUTING_1,
            2 => Self::NONE,
            3 => Self::ROUTING_3,
            4..=252 => Self::ROUTING_4_252,
            253 => Self::ROUTING_253,
            254 => Self::ROUTING_254,
            255 => Self::ROUTING_255,
        };
        Self::ROUTING.with(of_type)
    }

    /// Marks of the options of an IPv4 header (RFC 791, 3.1). What follows a malformed one is not read.
    pub(super) fn options(mut options: &[u8]) -> Self {
        let mut marks = Self::NONE;
        loop {
            options = match options {
                [] | [0, ..] => return marks,
                [1, rest @ ..] => rest,
                [kind, len, ..] => {
                    let body = options.get(2..usize::from(*len));
                    let Some(body) = body.filter(|body| has_right_length(*kind, body)) else {
                        return marks.with(Self::MALFORMED_OPTION);
                    };
                    marks = marks.with(Self::option(*kind));
                    options.get(body.len() + 2..).unwrap_or_default()
                }
                [_] => return marks.with(Self::MALFORMED_OPTION),
            };
        }
    }

    /// The mark of one option by its type octet.
    const fn option(kind: u8) -> Self {
        match kind {
            7 => Self::RECORD_ROUTE,
            68 => Self::TIMESTAMP,
            130 | 133 => Self::SECURITY,
            131 => Self::LOOSE_SOURCE_ROUTE,
            136 => Self::STREAM_ID,
            137 => Self::STRICT_SOURCE_ROUTE,
            // Traceroute (RFC 1393) and router alert (RFC 2113): known, and nobody's concern.
            82 | 148 => Self::NONE,
            _ if is_known_number(kind) => Self::MALFORMED_OPTION,
            _ => Self::UNKNOWN_OPTION,
        }
    }
}

/// Whether an option with this body has a length that its type can have (RFC 791, 3.1; RFC 1108, 1393, 2113).
const fn has_right_length(kind: u8, body: &[u8]) -> bool {
    match kind {
        // A pointer, and room for whole addresses.
        7 | 131 | 137 => matches!(body, [4..=255, addresses @ ..] if addresses.len().is_multiple_of(4)),
        // A pointer, overflow with a flag, and whole words.
        68 => matches!(body, [5..=255, _, words @ ..] if words.len().is_multiple_of(4)),
        130 | 133 => !body.is_empty(),
        136 | 148 => body.len() == 2,
        82 => body.len() == 10,
        _ => true,
    }
}

/// Whether the number of an option, its class left out, is one that is known in another class.
const fn is_known_number(kind: u8) -> bool {
    matches!(kind & 0x1f, 2 | 3 | 4 | 5 | 7 | 8 | 9 | 18 | 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_told_by_type_and_length() {
        let malformed = IpMarks::MALFORMED_OPTION;
        for (options, marks) in [
            (&[][..], IpMarks::NONE),
            (&[1, 1, 0, 9], IpMarks::NONE),
            (&[7, 7, 4, 0, 0, 0, 0, 0], IpMarks::RECORD_ROUTE),
            (&[7, 6, 4, 0, 0, 0, 0, 0], malformed),
            (&[7, 7, 3, 0, 0, 0, 0, 0], malformed),
            (&[131, 7, 4, 9, 9, 9, 9, 0], IpMarks::LOOSE_SOURCE_ROUTE),
            (&[1, 137, 3, 4], IpMarks::STRICT_SOURCE_ROUTE),
            (&[68, 8, 5, 0, 0, 0, 0, 0], IpMarks::TIMESTAMP),
            (&[68, 7, 5, 0, 0, 0, 0, 0], malformed),
            (&[130, 3, 0xab, 0], IpMarks::SECURITY),
            (&[130, 2, 0, 0], malformed),
            (&[136, 4, 0, 1], IpMarks::STREAM_ID),
            (&[136, 3, 0, 1], malformed),
            (&[148, 4, 0, 0], IpMarks::NONE),
            (&[25, 4, 0, 0], IpMarks::UNKNOWN_OPTION),
            // Record route's number in the class of timestamps.
            (&[71, 4, 0, 0], malformed),
            (&[25, 1, 0, 0], malformed),
            (&[25, 5, 0, 0], malformed),
            (&[1, 1, 1, 7], malformed),
            (&[136, 4, 0, 1, 7, 3, 4, 0], IpMarks::STREAM_ID.with(IpMarks::RECORD_ROUTE)),
            (&[136, 4, 0, 1, 7, 3, 3, 0], IpMarks::STREAM_ID.with(malformed)),
        ] {
            assert_eq!(IpMarks::options(options), marks, "{options:?}");
        }
    }

    #[test]
    fn every_routing_type_has_a_place() {
        for kind in 0..=255 {
            let marks = IpMarks::routing(kind);
            assert!(marks.any(IpMarks::ROUTING));
            assert_eq!(marks == IpMarks::ROUTING, kind == 2, "{kind}");
        }
    }
}
