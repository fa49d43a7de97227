//! What is said of each global counter: severity, category, aspect and description (PANOS.md 6.4).

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::engine::DropReason;

/// What a counter's row says besides its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    pub(super) severity: &'static str,
    pub(super) category: &'static str,
    pub(super) aspect: &'static str,
    pub(super) description: Cow<'static, str>,
}

/// Categories in the order they are listed in.
const CATEGORIES: [&str; 8] = ["packet", "session", "flow", "tcp", "appid", "nat", "capture", "other"];

/// Where a category is listed.
pub(super) fn place(category: &str) -> usize {
    CATEGORIES.iter().position(|known| *known == category).unwrap_or(CATEGORIES.len())
}

/// Name, severity, category, aspect, description.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Counters whose words are not those of a drop reason.
const KNOWN: &[Row] = &[
    ("pkt_recv", "info", "packet", "pktproc", "Packets received"),
    ("pkt_sent", "info", "packet", "pktproc", "Packets transmitted"),
    ("session_allocated", "info", "session", "resource", "Sessions allocated"),
    ("session_installed", "info", "session", "resource", "Sessions installed"),
    ("session_freed", "info", "session", "resource", "Sessions freed"),
    ("session_aged_out", "info", "session", "pktproc", "Sessions aged out"),
    ("session_discard", "info", "session", "resource", "Session set to discard by security policy check"),
    (
        "session_unverified_rst",
        "info",
        "session",
        "pktproc",
        "Session aging timer modified by unverified RST",
    ),
    ("session_table_full", "drop", "session", "resource", "Sessions not installed: session table full"),
    ("flow_policy_deny", "drop", "flow", "session", "Session setup: denied by policy"),
    ("flow_policy_nofwd", "drop", "flow", "session", "Session setup: no destination zone from forwarding"),
    ("flow_tcp_non_syn", "info", "flow", "session", "Non-SYN TCP packets without session match"),
    (
        "flow_tcp_non_syn_drop",
        "drop",
        "flow",
        "session",
        "Packets dropped: non-SYN TCP without session match",
    ),
    ("flow_session_discard", "drop", "flow", "session", "Packets dropped: session in discard state"),
    ("flow_fwd_l3_noroute", "drop", "flow", "forward", "Packets dropped: no route"),
    ("flow_fwd_l3_discard", "drop", "flow", "forward", "Packets dropped: route with action discard"),
    ("flow_fwd_l3_ttl_zero", "drop", "flow", "forward", "Packets dropped: IP TTL reaches zero"),
    ("flow_no_interface", "drop", "flow", "parse", "Packets dropped: invalid interface"),
    ("flow_rcv_dot1q_tag_err", "drop", "flow", "parse", "Packets dropped: 802.1q tag not configured"),
    ("flow_dos_drop_ip_blocked", "drop", "flow", "dos", "Packets dropped: address blocked for a while"),
    ("flow_scan_drop", "drop", "flow", "dos", "Session setup: denied by scan detection"),
    ("zone_protection_flood", "info", "flow", "dos", "Floods that zone protection has noticed"),
    ("zone_protection_scan", "info", "flow", "dos", "Scans that zone protection has noticed"),
    ("flow_action_close", "drop", "flow", "pktproc", "TCP sessions closed via injecting RST"),
    ("flow_action_reset", "drop", "flow", "pktproc", "TCP clients reset via responding RST"),
    ("tcp_drop_out_of_wnd", "warn", "tcp", "resource", "Out-of-window packets dropped"),
    (
        "tcp_exceed_flow_seg_limit",
        "warn",
        "tcp",
        "resource",
        "Packets dropped due to the limitation on tcp out-of-order queue size",
    ),
    (
        "appid_proc",
        "info",
        "appid",
        "pktproc",
        "The number of packets processed by Application identification",
    ),
    ("appid_ident_by_icmp", "info", "appid", "pktproc", "Application identified by icmp type"),
    (
        "appid_max_bytes",
        "info",
        "appid",
        "pktproc",
        "Sessions given up on: as many bytes as are kept, and no application",
    ),
    (
        "appid_policy_deny",
        "drop",
        "appid",
        "pktproc",
        "Packets dropped: they showed an application that policy denies",
    ),
    (
        "appid_unknown_max_pkts",
        "info",
        "appid",
        "pktproc",
        "The number of unknown applications caused by max. packets reached",
    ),
    (
        "appid_unknown_udp",
        "info",
        "appid",
        "pktproc",
        "The number of unknown UDP applications after app engine",
    ),
    ("appid_unknown_fini", "info", "appid", "pktproc", "The number of unknown applications"),
    (
        "appid_unknown_fini_empty",
        "info",
        "appid",
        "pktproc",
        "The number of unknown applications because of no data",
    ),
    (
        "nat_dynamic_port_xlat",
        "info",
        "nat",
        "resource",
        "The total number of dynamic_ip_port NAT translate called",
    ),
    (
        "nat_port_alloc_fail",
        "drop",
        "nat",
        "resource",
        "Session setup: no address or port left to translate to",
    ),
    ("capture_clock_backward", "warn", "capture", "pktproc", "Packets older than the one before"),
];

/// What there is to say of a counter; `drops` are the reasons that were seen.
pub(super) fn about(name: &str, drops: &BTreeMap<DropReason, u64>) -> About {
    if let Some(&(_, severity, category, aspect, description)) =
        KNOWN.iter().find(|(known, ..)| *known == name)
    {
        return About { severity, category, aspect, description: description.into() };
    }
    let prefix = name.split('_').next().unwrap_or_default();
    let category = CATEGORIES.into_iter().find(|category| *category == prefix).unwrap_or("other");
    match drops.keys().find(|reason| reason.counter() == name) {
        Some(reason) => {
            let aspect = match reason {
                DropReason::Malformed(_) => "parse",
                DropReason::ZoneProtection(_) | DropReason::Flood(_) => "dos",
                _ => "pktproc",
            };
            About {
                severity: "drop",
                category,
                aspect,
                description: format!("Packets dropped: {reason}").into(),
            }
        }
        None => About { severity: "info", category, aspect: "pktproc", description: "".into() },
    }
}
