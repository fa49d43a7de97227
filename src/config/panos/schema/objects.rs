//! Words of objects.

use super::threat::{FILE_BLOCKING, SIGNATURES, URL_FILTERING, VIRUS};
use super::{BARE, Below, Keys, NONE, SETTINGS};

pub(super) const ADDRESS: Keys = Keys {
    values: "ip-netmask ip-range ip-wildcard fqdn description disable-override",
    lists: "tag",
    choice: "ip-netmask ip-range ip-wildcard fqdn",
    ..NONE
};
pub(super) const ADDRESS_GROUP: Keys = Keys {
    values: "description disable-override",
    lists: "static tag",
    blocks: &[("dynamic", Below::Keys(&Keys { values: "filter", ..NONE }))],
    choice: "static dynamic",
    ..NONE
};
pub(super) const REGION: Keys = Keys { lists: "address", blocks: &[("geo-location", SETTINGS)], ..NONE };
pub(super) const EXTERNAL_LIST: Keys = Keys {
    values: "disable-override",
    blocks: &[(
        "type",
        Below::Keys(&Keys {
            blocks: &[
                ("domain", Below::Keys(&LIST_SOURCE)),
                ("ip", Below::Keys(&LIST_SOURCE)),
                ("predefined-ip", Below::Keys(&LIST_SOURCE)),
                ("predefined-url", Below::Keys(&LIST_SOURCE)),
                ("url", Below::Keys(&LIST_SOURCE)),
            ],
            choice: "domain ip predefined-ip predefined-url url",
            ..NONE
        }),
    )],
    ..NONE
};
const LIST_SOURCE: Keys = Keys {
    values: "certificate-profile description expand-domain url",
    lists: "exception-list",
    blocks: &[("auth", SETTINGS)],
    ..NONE
};
/// Services and applications by name.
pub(super) const GROUP: Keys = Keys { values: "description disable-override", lists: "members tag", ..NONE };
pub(super) const SERVICE: Keys = Keys {
    values: "description disable-override",
    lists: "tag",
    blocks: &[(
        "protocol",
        Below::Keys(&Keys {
            blocks: &[("sctp", PORTS), ("tcp", PORTS), ("udp", PORTS)],
            choice: "sctp tcp udp",
            ..NONE
        }),
    )],
    ..NONE
};
const PORTS: Below = Below::Keys(&Keys {
    values: "port source-port",
    blocks: &[(
        "override",
        Below::Keys(&Keys { blocks: &[("no", BARE), ("yes", SETTINGS)], choice: "no yes", ..NONE }),
    )],
    ..NONE
});

pub(super) const APPLICATION: Keys = Keys {
    values: "able-to-transfer-file alg-disable-capability category consume-big-bandwidth data-ident description \
             disable-override evasive-behavior file-type-ident has-known-vulnerability no-appid-caching \
             parent-app pervasive-use prone-to-misuse risk spyware-ident subcategory tcp-half-closed-timeout \
             tcp-time-wait-timeout tcp-timeout technology timeout tunnel-applications tunnel-other-application \
             udp-timeout used-by-malware virus-ident vulnerability-ident",
    lists: "tag",
    blocks: &[
        (
            "default",
            Below::Keys(&Keys {
                values: "ident-by-ip-protocol",
                lists: "port",
                blocks: &[("ident-by-icmp-type", SETTINGS), ("ident-by-icmp6-type", SETTINGS)],
                choice: "ident-by-icmp-type ident-by-icmp6-type ident-by-ip-protocol port",
                ..NONE
            }),
        ),
        ("signature", Below::Entries(&Below::Keys(&SIGNATURE))),
    ],
    ..NONE
};
pub(super) const SIGNATURE: Keys = Keys {
    values: "comment order-free scope",
    blocks: &[("and-condition", Below::Entries(&Below::Keys(&CONDITIONS)))],
    ..NONE
};
const CONDITIONS: Keys =
    Keys { blocks: &[("or-condition", Below::Entries(&Below::Keys(&CONDITION)))], ..NONE };
const CONDITION: Keys = Keys {
    blocks: &[(
        "operator",
        Below::Keys(&Keys {
            blocks: &[
                ("equal-to", TEST),
                ("greater-than", TEST),
                ("less-than", TEST),
                ("pattern-match", TEST),
            ],
            choice: "equal-to greater-than less-than pattern-match",
            ..NONE
        }),
    )],
    ..NONE
};
const TEST: Below = Below::Keys(&Keys {
    values: "context mask pattern position value",
    blocks: &[("qualifier", Below::Entries(&SETTINGS))],
    ..NONE
});
pub(super) const APPLICATION_FILTER: Keys = Keys {
    values: "disable-override evasive excessive-bandwidth-use has-known-vulnerabilities is-saas new-appid pervasive \
             prone-to-misuse transfers-files tunnels-other-apps used-by-malware",
    lists: "category exclude risk subcategory technology",
    blocks: &[(
        "tagging",
        Below::Keys(&Keys { values: "no-tag", lists: "tag", choice: "no-tag tag", ..NONE }),
    )],
    ..NONE
};

pub(super) const SCHEDULE: Keys = Keys {
    values: "disable-override",
    blocks: &[(
        "schedule-type",
        Below::Keys(&Keys {
            lists: "non-recurring",
            blocks: &[("recurring", Below::Keys(&RECURRING))],
            choice: "non-recurring recurring",
            ..NONE
        }),
    )],
    ..NONE
};
const RECURRING: Keys = Keys {
    lists: "daily",
    blocks: &[(
        "weekly",
        Below::Keys(&Keys { lists: "monday tuesday wednesday thursday friday saturday sunday", ..NONE }),
    )],
    choice: "daily weekly",
    ..NONE
};
pub(super) const PROFILES: Keys = Keys {
    values: "disable-override",
    lists: "data-filtering file-blocking gtp sctp spyware url-filtering virus vulnerability wildfire-analysis",
    ..NONE
};
pub(super) const PROFILE_KINDS: Keys = Keys {
    blocks: &[
        (
            "custom-url-category",
            Below::Entries(&Below::Keys(&Keys { values: "description type", lists: "list", ..NONE })),
        ),
        ("file-blocking", FILE_BLOCKING),
        ("spyware", SIGNATURES),
        ("url-filtering", URL_FILTERING),
        ("virus", VIRUS),
        ("vulnerability", SIGNATURES),
        (
            "decryption",
            Below::Entries(&Below::Keys(&Keys {
                values: "disable-override forwarded-only interface",
                blocks: &[
                    ("ssh-proxy", SETTINGS),
                    ("ssl-forward-proxy", SETTINGS),
                    ("ssl-inbound-proxy", SETTINGS),
                    ("ssl-no-proxy", SETTINGS),
                    ("ssl-protocol-settings", SETTINGS),
                ],
                ..NONE
            })),
        ),
    ],
    ..NONE
};
