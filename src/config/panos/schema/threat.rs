//! Words of security profiles and custom threats.

use super::objects::SIGNATURE;
use super::{BARE, Below, Keys, NONE, SETTINGS};

const ACTION: Below = Below::Keys(&Keys {
    blocks: &[
        ("alert", BARE),
        ("allow", BARE),
        ("block-ip", SETTINGS),
        ("default", BARE),
        ("drop", BARE),
        ("reset-both", BARE),
        ("reset-client", BARE),
        ("reset-server", BARE),
    ],
    choice: "alert allow block-ip default drop reset-both reset-client reset-server",
    ..NONE
});
/// Of vulnerability and spyware profiles.
pub(super) const SIGNATURES: Below = Below::Entries(&Below::Keys(&Keys {
    values: "cloud-inline-analysis description disable-override",
    blocks: &[
        ("botnet-domains", Below::Open),
        (
            "rules",
            Below::Entries(&Below::Keys(&Keys {
                values: "category host packet-capture threat-name",
                lists: "cve severity vendor-id",
                blocks: &[("action", ACTION)],
                ..NONE
            })),
        ),
        (
            "threat-exception",
            Below::Entries(&Below::Keys(&Keys {
                values: "packet-capture",
                blocks: &[
                    ("action", ACTION),
                    ("exempt-ip", Below::Entries(&BARE)),
                    ("time-attribute", SETTINGS),
                ],
                ..NONE
            })),
        ),
    ],
    ..NONE
}));
pub(super) const VIRUS: Below = Below::Entries(&Below::Keys(&Keys {
    values: "description disable-override packet-capture",
    blocks: &[
        ("application", Below::Entries(&SETTINGS)),
        ("decoder", Below::Entries(&SETTINGS)),
        ("threat-exception", Below::Entries(&SETTINGS)),
    ],
    ..NONE
}));
pub(super) const URL_FILTERING: Below = Below::Entries(&Below::Keys(&Keys {
    values: "action cloud-inline-cat description disable-override dynamic-url enable-container-page license-expired \
             local-inline-cat log-container-page-only log-http-hdr-referer log-http-hdr-user-agent log-http-hdr-xff \
             safe-search-enforcement",
    lists: "alert allow allow-list block block-list continue mlav-category-exception override",
    blocks: &[("credential-enforcement", Below::Open), ("http-header-insertion", Below::Open)],
    ..NONE
}));
pub(super) const FILE_BLOCKING: Below = Below::Entries(&Below::Keys(&Keys {
    values: "description disable-override",
    blocks: &[(
        "rules",
        Below::Entries(&Below::Keys(&Keys {
            values: "action direction",
            lists: "application file-type",
            ..NONE
        })),
    )],
    ..NONE
}));

/// `threats`.
pub(super) const THREATS: Below =
    Below::Keys(&Keys { blocks: &[("spyware", CUSTOM), ("vulnerability", CUSTOM)], ..NONE });
const COMBINATION: Below = Below::Keys(&Keys {
    values: "order-free",
    blocks: &[
        (
            "and-condition",
            Below::Entries(&Below::Keys(&Keys {
                blocks: &[("or-condition", Below::Entries(&SETTINGS))],
                ..NONE
            })),
        ),
        ("time-attribute", SETTINGS),
    ],
    ..NONE
});
const CUSTOM: Below = Below::Entries(&Below::Keys(&Keys {
    values: "comment direction severity threatname",
    lists: "bugtraq cve reference vendor",
    blocks: &[
        ("affected-host", SETTINGS),
        // What TOML makes of it: there `signature` is a list.
        (
            "combination",
            Below::Keys(&Keys { lists: "threat-id", blocks: &[("time-attribute", SETTINGS)], ..NONE }),
        ),
        ("default-action", ACTION),
        (
            "signature",
            Below::Keys(&Keys {
                blocks: &[
                    ("combination", COMBINATION),
                    ("standard", Below::Entries(&Below::Keys(&SIGNATURE))),
                ],
                choice: "combination standard",
                ..NONE
            }),
        ),
    ],
    ..NONE
}));
