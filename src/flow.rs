//! Addresses, protocols, zones and the six-part flow key.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU16;

/// An IPv4 or IPv6 address in 128 bits; IPv4 is held as `::ffff:a.b.c.d` (RFC 4291, 2.5.5.2).
///
/// An IPv6 packet that itself carries such a mapped address is refused by the decoder, so the two never mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Addr {
    // Two halves rather than one `u128`: half the alignment, so that a flow key takes 40 bytes and not 48.
    high: u64,
    low: u64,
}

impl Addr {
    const MAPPED: u64 = 0xffff << 32;

    /// From the four bytes of an IPv4 address.
    pub const fn v4(bytes: [u8; 4]) -> Self {
        Self { high: 0, low: Self::MAPPED | u32::from_be_bytes(bytes) as u64 }
    }

    /// From the sixteen bytes of an IPv6 address.
    pub const fn v6(bytes: [u8; 16]) -> Self {
        Self::from_bits(u128::from_be_bytes(bytes))
    }

    /// From the 128-bit form described at the type.
    #[expect(clippy::cast_possible_truncation, reason = "each half takes its 64 bits")]
    pub const fn from_bits(bits: u128) -> Self {
        Self { high: (bits >> 64) as u64, low: bits as u64 }
    }

    /// The 128-bit form described at the type.
    pub const fn bits(self) -> u128 {
        (self.high as u128) << 64 | self.low as u128
    }

    /// Whether this is an IPv4 address.
    pub const fn is_v4(self) -> bool {
        self.high == 0 && self.low >> 32 == Self::MAPPED >> 32
    }

    /// With a port where there is one, as URLs have it: `192.0.2.1:80`, `[2001:db8::1]:80`.
    pub fn with_port(self, port: Option<u16>) -> String {
        port.map_or_else(|| self.to_string(), |port| SocketAddr::new(self.into(), port).to_string())
    }
}

/// The addresses from `low` to `high` in the form of [`Addr`]: where both are IPv6, without the block that stands for
/// IPv4, which is no part of `::/0`.
pub fn ranges(low: Addr, high: Addr) -> impl Iterator<Item = (Addr, Addr)> {
    let (first, last) = (Addr::v4([0; 4]), Addr::v4([255; 4]));
    let around = !low.is_v4() && low < last && first < high;
    let whole = (!around).then_some((low, high));
    let before = (around && low < first).then(|| (low, Addr::from_bits(first.bits() - 1)));
    let after = (around && last < high).then(|| (Addr::from_bits(last.bits() + 1), high));
    whole.into_iter().chain(before).chain(after)
}

impl From<IpAddr> for Addr {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Self::v4(v4.octets()),
            IpAddr::V6(v6) => Self::v6(v6.octets()),
        }
    }
}

impl From<Addr> for IpAddr {
    fn from(addr: Addr) -> Self {
        if addr.is_v4() {
            #[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are the IPv4 address")]
            Self::V4(Ipv4Addr::from(addr.low as u32))
        } else {
            Self::V6(Ipv6Addr::from(addr.bits()))
        }
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        IpAddr::from(*self).fmt(f)
    }
}

/// An IP protocol number (IANA).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Protocol(pub u8);

impl Protocol {
    /// ICMP for IPv4.
    pub const ICMP: Self = Self(1);
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// ICMP for IPv6.
    pub const ICMPV6: Self = Self(58);

    /// ICMP of either IP version.
    pub const fn is_icmp(self) -> bool {
        matches!(self, Self::ICMP | Self::ICMPV6)
    }

    /// The name that PAN-OS prints for it, where there is one.
    pub const fn keyword(self) -> Option<&'static str> {
        match self {
            Self::ICMP => Some("icmp"),
            Self::TCP => Some("tcp"),
            Self::UDP => Some("udp"),
            Self::ICMPV6 => Some("ipv6-icmp"),
            Self(_) => None,
        }
    }

    /// TCP or UDP: the protocols that have ports and service objects.
    pub const fn has_ports(self) -> bool {
        matches!(self, Self::TCP | Self::UDP)
    }
}

/// The `proto` column: a name where PAN-OS prints one, otherwise the number.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.keyword() {
            Some(keyword) => f.pad(keyword),
            None => self.0.fmt(f),
        }
    }
}

/// Index of a security zone in [`crate::config::Zones`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ZoneId(pub u16);

/// Number of an interface in [`crate::feature::route::Network`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceId(NonZeroU16);

impl InterfaceId {
    /// The interface at `index`, from 0; `None` after the first 65,535.
    pub fn new(index: usize) -> Option<Self> {
        Some(Self(NonZeroU16::MIN.checked_add(u16::try_from(index).ok()?)?))
    }

    /// Its place in the list of interfaces.
    pub const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// What tells how a packet came in, besides its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Arrival {
    /// Zone that `--ingress` names for the capture file.
    pub zone: Option<ZoneId>,
    /// The firewall's interface that the capture's interface has the name of.
    pub interface: Option<InterfaceId>,
    /// The frame's outermost 802.1Q tag, 1 to 4095.
    pub tag: Option<NonZeroU16>,
}

impl Arrival {
    /// Whether nothing tells but the addresses.
    pub const fn is_untold(self) -> bool {
        self.zone.is_none() && self.interface.is_none() && self.tag.is_none()
    }
}

/// Which way a packet of a session travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the side that sent the session's first packet (`c2s`).
    ClientToServer,
    /// The other way (`s2c`).
    ServerToClient,
}

impl Direction {
    /// Both, client first.
    pub const BOTH: [Self; 2] = [Self::ClientToServer, Self::ServerToClient];

    /// 0 for client to server, 1 for server to client.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The opposite direction.
    #[must_use]
    pub const fn reverse(self) -> Self {
        match self {
            Self::ClientToServer => Self::ServerToClient,
            Self::ServerToClient => Self::ClientToServer,
        }
    }

    /// `c2s` or `s2c`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientToServer => "c2s",
            Self::ServerToClient => "s2c",
        }
    }
}

/// The six fields that tell a flow, directed as on the wire (PANOS.md 1.2).
///
/// For ICMP the identifier and the sequence number take the place of the ports; for protocols
/// without ports both are 0. `zone` is the zone the packet came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowKey {
    /// Source address.
    pub src: Addr,
    /// Destination address.
    pub dst: Addr,
    /// Source port, or ICMP identifier.
    pub sport: u16,
    /// Destination port, or ICMP sequence number.
    pub dport: u16,
    /// IP protocol.
    pub protocol: Protocol,
    /// Ingress zone.
    pub zone: ZoneId,
}

impl FlowKey {
    /// The key of packets going the other way, which come in by `zone`.
    #[must_use]
    pub const fn reply(self, zone: ZoneId) -> Self {
        Self { src: self.dst, dst: self.src, sport: self.dport, dport: self.sport, zone, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_round_trip() {
        for text in ["192.0.2.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::", "::1"] {
            let ip: IpAddr = text.parse().unwrap();
            assert_eq!(IpAddr::from(Addr::from(ip)), ip);
            assert_eq!(Addr::from(ip).to_string(), text);
            assert_eq!(Addr::from(ip).is_v4(), ip.is_ipv4());
        }
    }

    #[test]
    fn ipv4_is_cut_out_of_ipv6() {
        for (low, high, shown) in [
            ("192.0.2.0", "192.0.2.255", "192.0.2.0-192.0.2.255"),
            ("2001:db8::", "2001:db8::ff", "2001:db8::-2001:db8::ff"),
            ("::", "::fffe:ffff:ffff", "::-::fffe:ffff:ffff"),
            ("::", "::ffff:255.255.255.255", "::-::fffe:ffff:ffff"),
            ("::", "::1:0:0:0", "::-::fffe:ffff:ffff ::1:0:0:0-::1:0:0:0"),
        ] {
            let addr = |text: &str| text.parse::<IpAddr>().map(Addr::from).unwrap();
            let found: Vec<_> =
                ranges(addr(low), addr(high)).map(|(low, high)| format!("{low}-{high}")).collect();
            assert_eq!(found.join(" "), shown, "{low}-{high}");
        }
    }

    #[test]
    fn interfaces_are_numbered() {
        assert_eq!(InterfaceId::new(0).map(InterfaceId::index), Some(0));
        assert_eq!(InterfaceId::new(65_534).map(InterfaceId::index), Some(65_534));
        assert_eq!(InterfaceId::new(65_535), None);
        assert_eq!(size_of::<Option<InterfaceId>>(), 2);
    }

    #[test]
    fn reply_twice_is_the_same_flow() {
        let key = FlowKey {
            src: Addr::v4([10, 0, 0, 1]),
            dst: Addr::v4([192, 0, 2, 1]),
            sport: 4_000,
            dport: 21,
            protocol: Protocol::TCP,
            zone: ZoneId(1),
        };
        assert_eq!(key.reply(ZoneId(2)).reply(ZoneId(1)), key);
        assert_eq!(key.reply(ZoneId(2)).dport, 4_000);
    }
}
