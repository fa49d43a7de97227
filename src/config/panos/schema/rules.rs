//! Words of rulebases.

use super::objects::PROFILES;
use super::{BARE, Below, DEVICES, Keys, NONE, SETTINGS};

pub(super) const RULEBASE: Keys = Keys {
    blocks: &[
        (
            "application-override",
            Below::Keys(&Keys { blocks: &[("rules", Below::Entries(&OVERRIDE))], ..NONE }),
        ),
        ("decryption", Below::Keys(&Keys { blocks: &[("rules", Below::Entries(&DECRYPTION))], ..NONE })),
        (
            "default-security-rules",
            Below::Keys(&Keys { blocks: &[("rules", Below::Entries(&SECURITY))], ..NONE }),
        ),
        ("nat", Below::Keys(&Keys { blocks: &[("rules", Below::Entries(&NAT))], ..NONE })),
        ("security", Below::Keys(&Keys { blocks: &[("rules", Below::Entries(&SECURITY))], ..NONE })),
    ],
    ..NONE
};
/// What all rules have.
const RULE: Keys = Keys {
    values: "description disabled group-tag negate-destination negate-source uuid",
    lists: "destination from source source-user tag to",
    blocks: &[(
        "target",
        Below::Keys(&Keys { values: "negate", lists: "tags", blocks: &[("devices", DEVICES)], ..NONE }),
    )],
    ..NONE
};
const SECURITY: Below = Below::Keys(&Keys {
    values: "action icmp-unreachable log-end log-setting log-start rule-type schedule",
    lists: "application category destination-device destination-hip hip-profiles service source-device source-hip \
            source-imei source-imsi source-nw-slice",
    blocks: &[
        ("option", SETTINGS),
        (
            "profile-setting",
            Below::Keys(&Keys {
                lists: "group",
                blocks: &[("profiles", Below::Keys(&PROFILES))],
                choice: "group profiles",
                ..NONE
            }),
        ),
    ],
    also: Some(&RULE),
    ..NONE
});
const OVERRIDE: Below = Below::Keys(&Keys { values: "application port protocol", also: Some(&RULE), ..NONE });
const DECRYPTION: Below = Below::Keys(&Keys {
    values: "action log-fail log-setting log-success profile",
    lists: "category destination-device destination-hip service source-device source-hip",
    blocks: &[(
        "type",
        Below::Keys(&Keys {
            blocks: &[
                ("ssh-proxy", BARE),
                ("ssl-forward-proxy", BARE),
                ("ssl-inbound-inspection", Below::Keys(&Keys { lists: "certificates", ..NONE })),
            ],
            choice: "ssh-proxy ssl-forward-proxy ssl-inbound-inspection",
            ..NONE
        }),
    )],
    also: Some(&RULE),
    ..NONE
});
const NAT: Below = Below::Keys(&Keys {
    values: "active-active-device-binding nat-type service to-interface",
    blocks: &[
        (
            "destination-translation",
            Below::Keys(&Keys {
                values: "translated-address translated-port",
                blocks: &[("dns-rewrite", SETTINGS)],
                ..NONE
            }),
        ),
        ("dynamic-destination-translation", SETTINGS),
        ("source-translation", Below::Keys(&SOURCE_TRANSLATION)),
    ],
    choice: "destination-translation dynamic-destination-translation",
    also: Some(&RULE),
    ..NONE
});
const SOURCE_TRANSLATION: Keys = Keys {
    blocks: &[
        (
            "dynamic-ip",
            Below::Keys(&Keys { lists: "translated-address", blocks: &[("fallback", POOL)], ..NONE }),
        ),
        ("dynamic-ip-and-port", POOL),
        ("static-ip", SETTINGS),
    ],
    choice: "dynamic-ip dynamic-ip-and-port static-ip",
    ..NONE
};
const POOL: Below = Below::Keys(&Keys {
    lists: "translated-address",
    blocks: &[(
        "interface-address",
        Below::Keys(&Keys { values: "floating-ip interface ip ipv6", choice: "floating-ip ip ipv6", ..NONE }),
    )],
    choice: "interface-address translated-address",
    ..NONE
});
