//! Words of zones, interfaces, routers and the device itself.

use super::{BARE, Below, Keys, NONE, SETTINGS};

pub(super) const ZONE: Keys = Keys {
    values: "enable-device-identification enable-user-identification",
    blocks: &[
        ("device-acl", Below::Keys(&Keys { lists: "exclude-list include-list", ..NONE })),
        (
            "network",
            Below::Keys(&Keys {
                values: "enable-packet-buffer-protection log-setting net-inspection zone-protection-profile",
                lists: "external layer2 layer3 tap virtual-wire",
                blocks: &[("tunnel", BARE)],
                choice: "external layer2 layer3 tap tunnel virtual-wire",
                ..NONE
            }),
        ),
        ("user-acl", Below::Keys(&Keys { lists: "exclude-list include-list", ..NONE })),
    ],
    ..NONE
};
pub(super) const IMPORT: Keys = Keys {
    lists: "visible-vsys",
    blocks: &[
        (
            "network",
            Below::Keys(&Keys { lists: "interface logical-router virtual-router virtual-wire vlan", ..NONE }),
        ),
        ("resource", SETTINGS),
    ],
    ..NONE
};

pub(super) const NETWORK: Keys = Keys {
    blocks: &[
        (
            "interface",
            Below::Keys(&Keys {
                blocks: &[
                    ("aggregate-ethernet", Below::Entries(&Below::Keys(&ETHERNET))),
                    ("ethernet", Below::Entries(&Below::Keys(&ETHERNET))),
                    ("loopback", Below::Keys(&LAYER3)),
                    ("tunnel", Below::Keys(&LAYER3)),
                    ("vlan", Below::Keys(&LAYER3)),
                ],
                ..NONE
            }),
        ),
        (
            "logical-router",
            Below::Entries(&Below::Keys(&Keys { blocks: &[("vrf", Below::Entries(&ROUTER))], ..NONE })),
        ),
        (
            "profiles",
            Below::Keys(&Keys {
                blocks: &[
                    (
                        "interface-management-profile",
                        Below::Entries(&Below::Keys(&Keys {
                            lists: "permitted-ip",
                            others: Below::Value,
                            ..NONE
                        })),
                    ),
                    ("zone-protection-profile", Below::Entries(&Below::Keys(&ZONE_PROTECTION))),
                ],
                ..NONE
            }),
        ),
        ("virtual-router", Below::Entries(&ROUTER)),
        (
            "virtual-wire",
            Below::Entries(&Below::Keys(&Keys {
                values: "interface1 interface2 tag-allowed",
                blocks: &[("link-state-pass-through", SETTINGS), ("multicast-firewalling", SETTINGS)],
                ..NONE
            })),
        ),
        (
            "vlan",
            Below::Entries(&Below::Keys(&Keys {
                lists: "interface",
                blocks: &[(
                    "virtual-interface",
                    Below::Keys(&Keys { values: "interface l3-forwarding", ..NONE }),
                )],
                ..NONE
            })),
        ),
    ],
    ..NONE
};
const ETHERNET: Keys = Keys {
    values: "aggregate-group comment link-duplex link-speed link-state",
    blocks: &[
        ("decrypt-mirror", BARE),
        ("ha", BARE),
        ("layer2", Below::Keys(&UNITS)),
        ("layer3", Below::Keys(&LAYER3)),
        ("tap", BARE),
        ("virtual-wire", Below::Keys(&UNITS)),
    ],
    choice: "aggregate-group decrypt-mirror ha layer2 layer3 tap virtual-wire",
    ..NONE
};
/// Subinterfaces without addresses.
const UNITS: Keys = Keys {
    values: "netflow-profile",
    blocks: &[(
        "units",
        Below::Entries(&Below::Keys(&Keys {
            values: "comment netflow-profile tag",
            lists: "ip-classifier",
            ..NONE
        })),
    )],
    ..NONE
};
static LAYER3: Keys = Keys {
    values: "comment df-ignore interface-management-profile mtu netflow-profile tag untagged-sub-interface",
    lists: "ip",
    blocks: &[
        ("adjust-tcp-mss", SETTINGS),
        ("arp", Below::Entries(&SETTINGS)),
        (
            "dhcp-client",
            Below::Keys(&Keys { values: "create-default-route default-route-metric enable", ..NONE }),
        ),
        (
            "ipv6",
            Below::Keys(&Keys {
                values: "enabled interface-id",
                blocks: &[(
                    "address",
                    Below::Entries(&Below::Keys(&Keys { values: "enable-on-interface", ..NONE })),
                )],
                ..NONE
            }),
        ),
        ("units", Below::Entries(&Below::Keys(&LAYER3))),
    ],
    ..NONE
};
const ROUTER: Below = Below::Keys(&Keys {
    lists: "interface",
    blocks: &[
        ("admin-dists", SETTINGS),
        ("routing-table", Below::Keys(&Keys { blocks: &[("ip", ROUTES), ("ipv6", ROUTES)], ..NONE })),
    ],
    ..NONE
});
const ROUTES: Below =
    Below::Keys(&Keys { blocks: &[("static-route", Below::Entries(&Below::Keys(&ROUTE)))], ..NONE });
const ROUTE: Keys = Keys {
    values: "admin-dist destination interface metric",
    blocks: &[
        ("bfd", SETTINGS),
        (
            "nexthop",
            Below::Keys(&Keys {
                values: "fqdn ip-address ipv6-address next-lr next-vr tunnel",
                blocks: &[("discard", BARE), ("none", BARE), ("receive", BARE)],
                choice: "discard fqdn ip-address ipv6-address next-lr next-vr none receive tunnel",
                ..NONE
            }),
        ),
        ("option", Below::Keys(&Keys { blocks: &[("no-install", BARE)], ..NONE })),
        (
            "path-monitor",
            Below::Keys(&Keys {
                values: "enable failure-condition hold-time",
                blocks: &[("monitor-destinations", Below::Entries(&SETTINGS))],
                ..NONE
            }),
        ),
        (
            "route-table",
            Below::Keys(&Keys {
                blocks: &[("both", BARE), ("multicast", BARE), ("no-install", BARE), ("unicast", BARE)],
                choice: "both multicast no-install unicast",
                ..NONE
            }),
        ),
    ],
    ..NONE
};
const FLOOD: Below = Below::Keys(&Keys {
    values: "enable",
    blocks: &[("red", SETTINGS), ("syn-cookies", SETTINGS)],
    choice: "red syn-cookies",
    ..NONE
});
const ZONE_PROTECTION: Keys = Keys {
    blocks: &[
        (
            "flood",
            Below::Keys(&Keys {
                blocks: &[
                    ("icmp", FLOOD),
                    ("icmpv6", FLOOD),
                    ("other-ip", FLOOD),
                    ("sctp-init", FLOOD),
                    ("tcp-syn", FLOOD),
                    ("udp", FLOOD),
                ],
                ..NONE
            }),
        ),
        (
            "ipv6",
            Below::Keys(&Keys {
                blocks: &[("filter-ext-hdr", SETTINGS), ("ignore-inv-pkt", SETTINGS)],
                others: Below::Value,
                ..NONE
            }),
        ),
        ("l2-sec-group-tag-protection", Below::Open),
        ("net-inspection", Below::Open),
        ("non-ip-protocol", Below::Open),
        (
            "scan",
            Below::Entries(&Below::Keys(&Keys {
                values: "interval threshold",
                blocks: &[(
                    "action",
                    Below::Keys(&Keys {
                        blocks: &[("alert", BARE), ("allow", BARE), ("block", BARE), ("block-ip", SETTINGS)],
                        choice: "alert allow block block-ip",
                        ..NONE
                    }),
                )],
                ..NONE
            })),
        ),
        ("scan-white-list", Below::Entries(&SETTINGS)),
    ],
    others: Below::Value,
    ..NONE
};

pub(super) const DEVICECONFIG: Keys = Keys {
    blocks: &[
        (
            "setting",
            Below::Keys(&Keys {
                blocks: &[
                    ("application", SETTINGS),
                    ("config", SETTINGS),
                    ("ctd", SETTINGS),
                    ("nat", SETTINGS),
                    ("session", SETTINGS),
                    ("ssl-decrypt", SETTINGS),
                    ("tcp", SETTINGS),
                ],
                ..NONE
            }),
        ),
        (
            "system",
            Below::Keys(&Keys {
                values: "default-gateway domain hostname ip-address login-banner netmask timezone",
                ..NONE
            }),
        ),
    ],
    ..NONE
};
