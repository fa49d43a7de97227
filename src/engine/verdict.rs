//! What happens to a packet, and why one is dropped.

use std::fmt;

use crate::feature::route::{NoEgress, NoIngress};
use crate::feature::zone_protection::{FloodKind, Guard, ScanKind};
use crate::packet::Malformed;

/// What happens to one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It passes.
    Forward,
    /// It does not.
    Drop(DropReason),
}

impl Verdict {
    /// Whether it passes.
    pub const fn is_forward(self) -> bool {
        matches!(self, Self::Forward)
    }
}

/// Why a packet is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// A sanity check failed.
    Malformed(Malformed),
    /// The frame is not IP.
    NotIp,
    /// The source address is behind no zone.
    NoIngressZone,
    /// It came in by an interface that is in no zone.
    IngressInterfaceNoZone,
    /// It came in with a VLAN tag that no sub-interface has.
    NoSubinterface,
    /// The destination address is behind no zone.
    NoEgressZone,
    /// No route leads to the destination address.
    NoRoute,
    /// The route to the destination address discards.
    RouteDiscard,
    /// It would leave by an interface that is in no zone.
    EgressInterfaceNoZone,
    /// NAT has no address or port left for it.
    NatExhausted,
    /// A TCP packet without session that is no SYN.
    NonSyn,
    /// The port-only lookup found a blocking rule.
    PolicyDeny,
    /// The packet that identified an application which a rule blocks.
    AppDeny,
    /// The packet for which decryption of its session fails.
    Decryption,
    /// The packet that completed a threat which a security profile blocks.
    Threat,
    /// The session is in DISCARD.
    SessionDiscard,
    /// Outside the sliding window, or out of step with the handshake.
    OutOfWindow,
    /// Too many out-of-order segments.
    OutOfOrderLimit,
    /// A SYN with data, which the zone's profile refuses.
    SynWithData,
    /// A SYN-ACK with data, which the zone's profile refuses.
    SynAckWithData,
    /// A SYN in answer to a SYN, which the zone's profile refuses.
    SplitHandshake,
    /// A timestamp option that is null or has a wrong length.
    TimestampOption,
    /// No flag is left when the URG flag is off.
    ZeroFlag,
    /// Bytes that differ from those sent before with the same sequence numbers.
    OverlapMismatch,
    /// The firewall answers a SYN itself (SYN cookie), or keeps what belongs to that.
    SynCookie,
    /// The session table is full.
    TableFull,
    /// One of its flows is in the table already, as another session's.
    SameFlow,
    /// The firewall's own service that it asks for is not permitted.
    HostService,
    /// The source is blocked for a while (`block-ip`).
    BlockedIp,
    /// The zone-protection profile refuses such packets.
    ZoneProtection(Guard),
    /// Flood protection: too many new connections come from the zone.
    Flood(FloodKind),
    /// Reconnaissance protection: the source is scanning.
    Scan(ScanKind),
}

impl DropReason {
    /// All of them, in order of declaration; what is wrapped in one of them each by itself.
    pub fn all() -> impl Iterator<Item = Self> {
        let simple = Malformed::ALL.into_iter().map(Self::Malformed).chain([
            Self::NotIp,
            Self::NoIngressZone,
            Self::IngressInterfaceNoZone,
            Self::NoSubinterface,
            Self::NoEgressZone,
            Self::NoRoute,
            Self::RouteDiscard,
            Self::EgressInterfaceNoZone,
            Self::NatExhausted,
            Self::NonSyn,
            Self::PolicyDeny,
            Self::AppDeny,
            Self::Decryption,
            Self::Threat,
            Self::SessionDiscard,
            Self::OutOfWindow,
            Self::OutOfOrderLimit,
            Self::SynWithData,
            Self::SynAckWithData,
            Self::SplitHandshake,
            Self::TimestampOption,
            Self::ZeroFlag,
            Self::OverlapMismatch,
            Self::SynCookie,
            Self::TableFull,
            Self::SameFlow,
            Self::HostService,
            Self::BlockedIp,
        ]);
        simple
            .chain(Guard::ALL.iter().copied().map(Self::ZoneProtection))
            .chain(FloodKind::ALL.into_iter().map(Self::Flood))
            .chain(ScanKind::ALL.into_iter().map(Self::Scan))
    }

    /// Its name in scenario documents: the one in the library, without what it is wrapped in.
    pub fn name(self) -> String {
        match self {
            Self::Malformed(malformed) => format!("{malformed:?}"),
            Self::ZoneProtection(guard) => format!("{guard:?}"),
            Self::Flood(_) => "Flood".to_owned(),
            Self::Scan(_) => "Scan".to_owned(),
            reason => format!("{reason:?}"),
        }
    }

    /// Name of the global counter it adds to: PAN-OS's own where one is known (PANOS.md 6.4).
    pub const fn counter(self) -> &'static str {
        match self {
            Self::Malformed(malformed) => malformed.counter(),
            Self::NotIp => "flow_rcv_not_ip",
            Self::NoIngressZone => "flow_no_interface",
            Self::NatExhausted => "nat_port_alloc_fail",
            Self::IngressInterfaceNoZone => "flow_rcv_no_zone",
            Self::NoSubinterface => "flow_rcv_dot1q_tag_err",
            Self::NoEgressZone | Self::NoRoute => "flow_fwd_l3_noroute",
            Self::RouteDiscard => "flow_fwd_l3_discard",
            Self::EgressInterfaceNoZone => "flow_policy_nofwd",
            Self::NonSyn => "flow_tcp_non_syn_drop",
            Self::PolicyDeny => "flow_policy_deny",
            Self::AppDeny => "appid_policy_deny",
            Self::Decryption => "proxy_session_closed",
            Self::Threat => "ctd_threat_drop",
            Self::SessionDiscard => "flow_session_discard",
            Self::OutOfWindow => "tcp_drop_out_of_wnd",
            Self::OutOfOrderLimit => "tcp_exceed_flow_seg_limit",
            Self::SynWithData => "flow_dos_pf_tcpsyndata",
            Self::SynAckWithData => "flow_dos_pf_tcpsynackdata",
            Self::SplitHandshake => "flow_dos_pf_tcpsplit",
            Self::TimestampOption => "tcp_invalid_ts_option",
            Self::ZeroFlag => "tcp_drop_zero_flag",
            Self::OverlapMismatch => "flow_dos_pf_tcpoverlappingmismatch",
            Self::SynCookie => "flow_dos_syncookie_consumed",
            Self::TableFull => "session_table_full",
            Self::SameFlow => "session_install_error",
            Self::HostService => "flow_host_service_deny",
            Self::BlockedIp => "flow_dos_drop_ip_blocked",
            Self::ZoneProtection(guard) => guard.counter(),
            Self::Flood(kind) => kind.counter(),
            Self::Scan(_) => "flow_scan_drop",
        }
    }
}

impl From<NoIngress> for DropReason {
    fn from(why: NoIngress) -> Self {
        match why {
            NoIngress::Unknown => Self::NoIngressZone,
            NoIngress::NoZone => Self::IngressInterfaceNoZone,
            NoIngress::NoTag => Self::NoSubinterface,
        }
    }
}

impl From<NoEgress> for DropReason {
    fn from(why: NoEgress) -> Self {
        match why {
            NoEgress::Unknown => Self::NoEgressZone,
            NoEgress::NoRoute => Self::NoRoute,
            NoEgress::Discard => Self::RouteDiscard,
            NoEgress::NoZone => Self::EgressInterfaceNoZone,
        }
    }
}

/// One clause for people.
impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(malformed) => malformed.describe(),
            Self::NotIp => "not an IP packet",
            Self::NoIngressZone => "the source address is behind no zone",
            Self::IngressInterfaceNoZone => "it came in by an interface that is in no zone",
            Self::NoSubinterface => "no sub-interface has its VLAN tag",
            Self::NoEgressZone => "the destination address is behind no zone",
            Self::NatExhausted => "NAT has no address or port left",
            Self::NoRoute => "no route leads to the destination address",
            Self::RouteDiscard => "the route to the destination address discards",
            Self::EgressInterfaceNoZone => "it would leave by an interface that is in no zone",
            Self::NonSyn => "no session, and not a SYN",
            Self::PolicyDeny => "the port-only lookup found a blocking rule",
            Self::AppDeny => "the application it shows is blocked",
            Self::Decryption => "decryption of the session fails with it",
            Self::Threat => "a security profile blocks the threat in it",
            Self::SessionDiscard => "the session is in DISCARD",
            Self::OutOfWindow => "outside the sliding window",
            Self::OutOfOrderLimit => "too many out-of-order segments wait",
            Self::SynWithData => "a SYN with data (zone protection)",
            Self::SynAckWithData => "a SYN-ACK with data (zone protection)",
            Self::SplitHandshake => "a SYN in answer to a SYN (zone protection, split handshake)",
            Self::TimestampOption => "its TCP timestamp is null or malformed",
            Self::ZeroFlag => "no TCP flag is left without URG",
            Self::OverlapMismatch => "other bytes than those sent before in their place (zone protection)",
            Self::SynCookie => "the firewall itself makes the handshake (SYN cookie)",
            Self::TableFull => "the session table is full",
            Self::SameFlow => "one of its flows belongs to another session",
            Self::HostService => "the management profile of the interface does not permit the service",
            Self::BlockedIp => "the source is blocked for a while (block-ip)",
            Self::ZoneProtection(guard) => return write!(f, "zone protection: {}", guard.describe()),
            Self::Flood(kind) => return write!(f, "zone protection: {}", kind.name()),
            Self::Scan(kind) => return write!(f, "zone protection: {}", kind.name()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The enum as it is written in this file: [`DropReason::all`] must have all of it, in the same order.
    #[test]
    fn all_has_every_reason() {
        let text = include_str!("verdict.rs");
        let (_, text) = text.split_once("pub enum DropReason {\n").unwrap();
        let (text, _) = text.split_once("\n}\n").unwrap();
        let name = |text: &str| text.split(['(', ',']).next().unwrap().trim().to_owned();
        let written: Vec<String> =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).map(name).collect();
        let mut listed: Vec<String> = DropReason::all().map(|reason| name(&format!("{reason:?}"))).collect();
        listed.dedup();
        assert_eq!(listed, written);
    }
}
