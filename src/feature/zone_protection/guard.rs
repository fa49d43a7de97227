//! Packet-based attack protection: what a profile refuses by a packet's headers alone (PANOS.md 6.2).

use std::net::IpAddr;

use crate::feature::route::{Network, Origin};
use crate::flow::{Addr, Protocol};
use crate::packet::{IcmpMessage, IpMarks, Layer4, Packet};

/// Declares the guards: documentation, variant, PAN-OS key, default, global counter, and why a packet is refused.
macro_rules! guards {
    ($($(#[doc = $doc:literal])+ $name:ident: $key:literal = $default:literal, $counter:literal, $why:literal;)+) => {
        /// A switch of a zone-protection profile that is about single packets. All but those under
        /// `ipv6/ignore-inv-pkt` and the two that suppress messages of the firewall drop what they name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Guard {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Guard {
            /// All of them, in order of declaration.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// PAN-OS's key, with `/` where it is nested.
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)+
                }
            }

            /// Whether a profile that does not say has it on.
            pub const fn is_default(self) -> bool {
                match self {
                    $(Self::$name => $default,)+
                }
            }

            /// Name of the global counter of what it drops: PAN-OS's own where one is known (PANOS.md 6.4), otherwise
            /// in its style.
            pub const fn counter(self) -> &'static str {
                match self {
                    $(Self::$name => $counter,)+
                }
            }

            /// One clause for people: what is wrong with the packet.
            pub const fn describe(self) -> &'static str {
                match self {
                    $(Self::$name => $why,)+
                }
            }
        }
    };
}

guards! {
    /// No route leads back to the source by the zone it came from.
    IpSpoof: "discard-ip-spoof" = false, "flow_dos_pf_ipspoof",
        "the source address is not routed back to the zone it came from (discard-ip-spoof)";
    /// An address that no host has.
    StrictIp: "strict-ip-check" = false, "flow_dos_pf_strictip",
        "an address that no host can have (strict-ip-check)";
    /// It came in fragments.
    IpFragment: "discard-ip-frag" = false, "flow_dos_pf_ipfrag", "it is fragmented (discard-ip-frag)";
    /// IPv4 option.
    StrictSourceRoute: "discard-strict-source-routing" = false, "flow_dos_pf_ssr",
        "IP option strict source route (discard-strict-source-routing)";
    /// IPv4 option.
    LooseSourceRoute: "discard-loose-source-routing" = false, "flow_dos_pf_lsr",
        "IP option loose source route (discard-loose-source-routing)";
    /// IPv4 option.
    TimestampOption: "discard-timestamp" = false, "flow_dos_pf_timestamp",
        "IP option timestamp (discard-timestamp)";
    /// IPv4 option.
    RecordRoute: "discard-record-route" = false, "flow_dos_pf_recordroute",
        "IP option record route (discard-record-route)";
    /// IPv4 option.
    SecurityOption: "discard-security" = false, "flow_dos_pf_security", "IP option security (discard-security)";
    /// IPv4 option.
    StreamId: "discard-stream-id" = false, "flow_dos_pf_streamid", "IP option stream id (discard-stream-id)";
    /// IPv4 option of a type that no RFC known to the firewall has.
    UnknownOption: "discard-unknown-option" = false, "flow_dos_pf_unknownoption",
        "an unknown IP option (discard-unknown-option)";
    /// IPv4 option whose class, number and length do not fit.
    MalformedOption: "discard-malformed-option" = false, "flow_dos_pf_badoption",
        "a malformed IP option (discard-malformed-option)";
    /// ICMP echo.
    PingZeroId: "discard-icmp-ping-zero-id" = false, "flow_dos_pf_ping0",
        "a ping with identifier 0 (discard-icmp-ping-zero-id)";
    /// ICMP in fragments.
    IcmpFragment: "discard-icmp-frag" = false, "flow_dos_pf_icmpfrag", "fragmented ICMP (discard-icmp-frag)";
    /// ICMP of more than 1,024 bytes.
    IcmpLarge: "discard-icmp-large-packet" = false, "flow_dos_pf_icmplpkt",
        "an ICMP packet of more than 1,024 bytes (discard-icmp-large-packet)";
    /// An ICMP error.
    IcmpError: "discard-icmp-error" = false, "flow_dos_pf_icmperr", "an ICMP error (discard-icmp-error)";
    /// The firewall itself sends no time exceeded. It sends none here: time to live is not counted down.
    SuppressTimeExceeded: "suppress-icmp-timeexceeded" = false, "flow_dos_pf_noreplyttl",
        "no time exceeded is sent (suppress-icmp-timeexceeded)";
    /// The firewall itself sends no fragmentation needed. It sends none here: interfaces have no MTU.
    SuppressNeedFrag: "suppress-icmp-needfrag" = false, "flow_dos_pf_noreplyneedfrag",
        "no fragmentation needed is sent (suppress-icmp-needfrag)";
    /// IPv6 routing header.
    Routing0: "ipv6/routing-header-0" = true, "flow_dos_pf_ip6_rh0",
        "an IPv6 routing header of type 0 (routing-header-0)";
    /// IPv6 routing header.
    Routing1: "ipv6/routing-header-1" = true, "flow_dos_pf_ip6_rh1",
        "an IPv6 routing header of type 1 (routing-header-1)";
    /// IPv6 routing header.
    Routing3: "ipv6/routing-header-3" = false, "flow_dos_pf_ip6_rh3",
        "an IPv6 routing header of type 3 (routing-header-3)";
    /// IPv6 routing header.
    Routing4To252: "ipv6/routing-header-4-252" = true, "flow_dos_pf_ip6_rh4_252",
        "an IPv6 routing header of a type from 4 to 252 (routing-header-4-252)";
    /// IPv6 routing header.
    Routing253: "ipv6/routing-header-253" = false, "flow_dos_pf_ip6_rh253",
        "an IPv6 routing header of type 253 (routing-header-253)";
    /// IPv6 routing header.
    Routing254: "ipv6/routing-header-254" = false, "flow_dos_pf_ip6_rh254",
        "an IPv6 routing header of type 254 (routing-header-254)";
    /// IPv6 routing header.
    Routing255: "ipv6/routing-header-255" = true, "flow_dos_pf_ip6_rh255",
        "an IPv6 routing header of type 255 (routing-header-255)";
    /// IPv6 source address.
    MulticastSource: "ipv6/multicast-source" = true, "flow_dos_pf_ip6_mcastsrc",
        "an IPv6 multicast address as source (multicast-source)";
    /// IPv6 address of the form `::a.b.c.d` (RFC 4291, 2.5.5.1).
    Ipv4Compatible: "ipv6/ipv4-compatible-address" = false, "flow_dos_pf_ip6_v4compat",
        "an IPv4-compatible IPv6 address (ipv4-compatible-address)";
    /// IPv6 fragment header without need (RFC 6946).
    NeedlessFragment: "ipv6/needless-fragment-hdr" = false, "flow_dos_pf_ip6_needlessfrag",
        "an IPv6 fragment header in a whole packet (needless-fragment-hdr)";
    /// ICMPv6 packet too big that names less than 1,280 bytes.
    SmallMtu: "ipv6/icmpv6-too-big-small-mtu-discard" = false, "flow_dos_pf_ip6_smallmtu",
        "an ICMPv6 packet too big with an MTU below 1,280 (icmpv6-too-big-small-mtu-discard)";
    /// IPv6 extension header.
    HopByHop: "ipv6/filter-ext-hdr/hop-by-hop-hdr" = false, "flow_dos_pf_ip6_hopbyhop",
        "IPv6 hop-by-hop options (hop-by-hop-hdr)";
    /// IPv6 extension header.
    RoutingHeader: "ipv6/filter-ext-hdr/routing-hdr" = false, "flow_dos_pf_ip6_routing",
        "an IPv6 routing header (routing-hdr)";
    /// IPv6 extension header.
    DestinationOptions: "ipv6/filter-ext-hdr/dest-option-hdr" = false, "flow_dos_pf_ip6_destopt",
        "IPv6 destination options (dest-option-hdr)";
    /// ICMPv6 type 1 needs a rule of its own.
    OwnDestUnreach: "ipv6/ignore-inv-pkt/dest-unreach" = false, "flow_dos_pf_ip6_destunreach",
        "ICMPv6 destination unreachable stands for itself (dest-unreach)";
    /// ICMPv6 type 2 needs a rule of its own.
    OwnTooBig: "ipv6/ignore-inv-pkt/pkt-too-big" = false, "flow_dos_pf_ip6_toobig",
        "ICMPv6 packet too big stands for itself (pkt-too-big)";
    /// ICMPv6 type 3 needs a rule of its own.
    OwnTimeExceeded: "ipv6/ignore-inv-pkt/time-exceeded" = false, "flow_dos_pf_ip6_timeexceeded",
        "ICMPv6 time exceeded stands for itself (time-exceeded)";
    /// ICMPv6 type 4 needs a rule of its own.
    OwnParamProblem: "ipv6/ignore-inv-pkt/param-problem" = false, "flow_dos_pf_ip6_paramproblem",
        "ICMPv6 parameter problem stands for itself (param-problem)";
    /// ICMPv6 type 137 needs a rule of its own, which it does here in any case.
    OwnRedirect: "ipv6/ignore-inv-pkt/redirect" = false, "flow_dos_pf_ip6_redirect",
        "ICMPv6 redirect stands for itself (redirect)";
}

/// Guards that are about a mark of the IP header, in the order in which they are asked.
const BY_MARK: [(Guard, IpMarks); 19] = [
    (Guard::StrictSourceRoute, IpMarks::STRICT_SOURCE_ROUTE),
    (Guard::LooseSourceRoute, IpMarks::LOOSE_SOURCE_ROUTE),
    (Guard::TimestampOption, IpMarks::TIMESTAMP),
    (Guard::RecordRoute, IpMarks::RECORD_ROUTE),
    (Guard::SecurityOption, IpMarks::SECURITY),
    (Guard::StreamId, IpMarks::STREAM_ID),
    (Guard::UnknownOption, IpMarks::UNKNOWN_OPTION),
    (Guard::MalformedOption, IpMarks::MALFORMED_OPTION),
    (Guard::Routing0, IpMarks::ROUTING_0),
    (Guard::Routing1, IpMarks::ROUTING_1),
    (Guard::Routing3, IpMarks::ROUTING_3),
    (Guard::Routing4To252, IpMarks::ROUTING_4_252),
    (Guard::Routing253, IpMarks::ROUTING_253),
    (Guard::Routing254, IpMarks::ROUTING_254),
    (Guard::Routing255, IpMarks::ROUTING_255),
    (Guard::NeedlessFragment, IpMarks::NEEDLESS_FRAGMENT),
    (Guard::HopByHop, IpMarks::HOP_BY_HOP),
    (Guard::RoutingHeader, IpMarks::ROUTING),
    (Guard::DestinationOptions, IpMarks::DESTINATION_OPTIONS),
];

/// The largest ICMP packet that is not large, with its IP header.
const ICMP_LARGE: u32 = 1_024;
/// The smallest MTU of IPv6 (RFC 8200, 5).
const MTU_MIN: u32 = 1_280;

/// A set of [`Guard`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards(u64);

impl Default for Guards {
    /// Those that PAN-OS has on in a new profile.
    fn default() -> Self {
        let on = Guard::ALL.iter().filter(|guard| guard.is_default());
        Self(on.fold(0, |bits, &guard| bits | 1 << guard as u32))
    }
}

impl Guards {
    /// Whether it is on.
    pub const fn has(self, guard: Guard) -> bool {
        self.0 >> guard as u32 & 1 != 0
    }

    /// Turns one on or off.
    pub const fn set(&mut self, guard: Guard, on: bool) {
        self.0 = self.0 & !(1 << guard as u32) | (on as u64) << guard as u32;
    }

    /// The first guard that does not let the packet pass.
    pub fn refuse(self, packet: &Packet<'_>, network: &Network) -> Option<Guard> {
        let is_on = |guard: &Guard| self.has(*guard);
        let ip = &packet.ip;
        if self.has(Guard::IpSpoof) && is_spoofed(packet, network) {
            return Some(Guard::IpSpoof);
        }
        if self.has(Guard::StrictIp) && is_no_host(network, ip.src, true)
            || self.has(Guard::StrictIp) && is_no_host(network, ip.dst, false)
        {
            return Some(Guard::StrictIp);
        }
        if self.has(Guard::IpFragment) && !packet.fragments.is_empty() {
            return Some(Guard::IpFragment);
        }
        if !ip.marks.is_empty()
            && let Some(&(guard, _)) =
                BY_MARK.iter().find(|(guard, mark)| self.has(*guard) && ip.marks.any(*mark))
        {
            return Some(guard);
        }
        if !ip.src.is_v4()
            && let Some(guard) = by_v6_address(ip.src, ip.dst).find(is_on)
        {
            return Some(guard);
        }
        let Layer4::Icmp(icmp) = &packet.layer4 else { return None };
        by_icmp(packet, icmp).find(is_on)
    }

    /// Whether an ICMPv6 error needs a rule of its own instead of sharing the fate of the session it quotes
    /// (PANOS.md 1.2).
    pub fn stands_alone(self, packet: &Packet<'_>) -> bool {
        let Layer4::Icmp(icmp) = &packet.layer4 else { return false };
        let guard = match icmp.kind {
            1 => Guard::OwnDestUnreach,
            2 => Guard::OwnTooBig,
            3 => Guard::OwnTimeExceeded,
            4 => Guard::OwnParamProblem,
            137 => Guard::OwnRedirect,
            _ => return false,
        };
        packet.ip.protocol == Protocol::ICMPV6 && self.has(guard)
    }
}

/// Whether no route leads back to the source by the zone the packet came from.
fn is_spoofed(packet: &Packet<'_>, network: &Network) -> bool {
    let from = network.ingress(packet.arrival, packet.ip.src, packet.ip.dst);
    from.is_ok_and(|from| !network.routes_back(&from, packet.ip.src))
}

/// Whether an address belongs to no host that could be there: unspecified, loopback, link-local, broadcast (also of a
/// network that the firewall has an address in), reserved, or as a source the firewall's own.
fn is_no_host(network: &Network, addr: Addr, is_source: bool) -> bool {
    let nobody = match IpAddr::from(addr) {
        IpAddr::V4(v4) => {
            let [first, ..] = v4.octets();
            first == 0 || first >= 240 || v4.is_loopback() || v4.is_link_local()
        }
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_loopback() || v6.is_unicast_link_local(),
    };
    let of_network = || {
        network.behind(addr).is_some_and(|path| match path.origin {
            Origin::Own => is_source,
            Origin::Connected => {
                let hosts = path.prefix.max_prefix_len() - path.prefix.prefix_len() > 1;
                let ip = IpAddr::from(addr);
                addr.is_v4() && hosts && (ip == path.prefix.network() || ip == path.prefix.broadcast())
            }
            _ => false,
        })
    };
    nobody || of_network()
}

/// Guards that these IPv6 addresses concern.
fn by_v6_address(src: Addr, dst: Addr) -> impl Iterator<Item = Guard> {
    let multicast = src.bits() >> 120 == 0xff;
    // All zero in front; `::` and `::1` are addresses of their own.
    let compatible = |addr: Addr| addr.bits() >> 32 == 0 && addr.bits() > 1;
    let compatible = compatible(src) || compatible(dst);
    [multicast.then_some(Guard::MulticastSource), compatible.then_some(Guard::Ipv4Compatible)]
        .into_iter()
        .flatten()
}

/// Guards that an ICMP message concerns.
fn by_icmp(packet: &Packet<'_>, icmp: &IcmpMessage<'_>) -> impl Iterator<Item = Guard> {
    let v6 = packet.ip.protocol == Protocol::ICMPV6;
    let header_len = packet.datagram.first().map_or(0, |byte| u32::from(byte & 0x0f) * 4);
    let is_large = header_len + 8 + icmp.payload.len > ICMP_LARGE;
    let small_mtu = v6 && icmp.kind == 2 && u32::from_be_bytes(icmp.rest) < MTU_MIN;
    let found = [
        (!v6 && icmp.kind == 8 && icmp.identifier() == 0, Guard::PingZeroId),
        (!v6 && !packet.fragments.is_empty(), Guard::IcmpFragment),
        (!v6 && is_large, Guard::IcmpLarge),
        (!v6 && icmp.is_error(false), Guard::IcmpError),
        (small_mtu, Guard::SmallMtu),
    ];
    found.into_iter().filter_map(|(is, guard)| is.then_some(guard))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_vendor() {
        // PANOS.md 6.2.
        let on: Vec<&str> = Guard::ALL
            .iter()
            .filter(|&&guard| Guards::default().has(guard))
            .map(|guard| guard.key())
            .collect();
        assert_eq!(
            on,
            [
                "ipv6/routing-header-0",
                "ipv6/routing-header-1",
                "ipv6/routing-header-4-252",
                "ipv6/routing-header-255",
                "ipv6/multicast-source",
            ]
        );
    }

    #[test]
    fn every_guard_has_a_key_and_a_counter_of_its_own() {
        let keys: std::collections::BTreeSet<_> = Guard::ALL.iter().map(|guard| guard.key()).collect();
        let counters: std::collections::BTreeSet<_> =
            Guard::ALL.iter().map(|guard| guard.counter()).collect();
        assert_eq!((keys.len(), counters.len()), (Guard::ALL.len(), Guard::ALL.len()));
        for (index, &guard) in Guard::ALL.iter().enumerate() {
            assert_eq!(guard as usize, index);
            let mut guards = Guards::default();
            guards.set(guard, !guard.is_default());
            assert_eq!(guards.has(guard), !guard.is_default(), "{}", guard.key());
            guards.set(guard, guard.is_default());
            assert_eq!(guards, Guards::default());
        }
        assert!(Guard::ALL.len() <= 64, "they fit in the set");
    }
}
