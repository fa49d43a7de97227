//! Which words take values (PANOS.md 12): a set command may say several things in one line, and only who knows that
//! `action` takes one word knows that `from` in `action allow from any` is the rule's again.
//!
//! Known is what the model reads. Below other words each word stands below the one before it: nothing is lost, and
//! nothing guessed.

/// What the words below a name mean.
#[derive(Debug, Clone, Copy)]
pub(super) enum Below {
    /// Words of the configuration language.
    Keys(&'static Keys),
    /// Names that the user chose, each with this below it.
    Entries(&'static Below),
    /// Values that add up.
    List,
    /// One value, the last one.
    Value,
    /// A configuration of its own, as at the top of a file.
    Top,
    /// Nobody knows.
    Open,
}

/// Words that may stand below a name.
#[derive(Debug)]
pub(super) struct Keys {
    values: &'static str,
    lists: &'static str,
    blocks: &'static [(&'static str, Below)],
    /// Of these there is only one at a time: the next one replaces it.
    choice: &'static str,
    also: Option<&'static Self>,
    /// What other words are.
    others: Below,
}

const NONE: Keys = Keys { values: "", lists: "", blocks: &[], choice: "", also: None, others: Below::Open };

impl Below {
    /// What `word` is below a name of this kind.
    pub(super) fn of(self, word: &str) -> Self {
        match self {
            Self::Entries(&below) => below,
            Self::Keys(keys) => keys.find(word).unwrap_or(keys.others),
            Self::List | Self::Value | Self::Top | Self::Open => Self::Open,
        }
    }

    /// Whether `word` is known to belong here.
    pub(super) fn knows(self, word: &str) -> bool {
        matches!(self, Self::Keys(keys) if keys.find(word).is_some())
    }

    /// Whether any word is a setting here.
    pub(super) const fn takes_any(self) -> bool {
        matches!(self, Self::Keys(Keys { others: Self::Value, .. }))
    }

    /// The words of which `word` takes the place.
    pub(super) fn rivals(self, word: &str) -> impl Iterator<Item = &'static str> {
        let choice = match self {
            Self::Keys(keys) if has(keys.choice, word) => keys.choice,
            _ => "",
        };
        choice.split_ascii_whitespace().filter(move |&rival| rival != word)
    }
}

impl Keys {
    fn find(&self, word: &str) -> Option<Below> {
        if has(self.values, word) {
            return Some(Below::Value);
        }
        if has(self.lists, word) {
            return Some(Below::List);
        }
        let block = self.blocks.iter().find(|(name, _)| *name == word);
        block.map(|&(_, below)| below).or_else(|| self.also?.find(word))
    }
}

fn has(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|known| known == word)
}

/// Words with nothing below.
const BARE: Below = Below::Keys(&NONE);
/// Settings: a word and its value, whatever the word.
const SETTINGS: Below = Below::Keys(&Keys { others: Below::Value, ..NONE });

/// `devices localhost.localdomain …`.
pub(super) const DEVICE: Below = Below::Keys(&Keys {
    blocks: &[
        ("deviceconfig", Below::Keys(&DEVICECONFIG)),
        ("device-group", Below::Entries(&Below::Keys(&DEVICE_GROUP))),
        ("network", Below::Keys(&NETWORK)),
        ("template", Below::Entries(&Below::Keys(&TEMPLATE))),
        ("template-stack", Below::Entries(&Below::Keys(&TEMPLATE))),
        ("vsys", Below::Entries(&VSYS)),
    ],
    ..NONE
});
/// `shared …`, `panorama …` and all that has objects and rules.
pub(super) const VSYS: Below = Below::Keys(&OBJECTS);
/// `<config>` itself.
pub(super) const CONFIG: Below = Below::Keys(&Keys {
    blocks: &[("devices", Below::Entries(&DEVICE)), ("panorama", VSYS), ("shared", VSYS)],
    ..NONE
});

const DEVICE_GROUP: Keys =
    Keys { lists: "reference-templates", blocks: &[("devices", DEVICES)], also: Some(&OBJECTS), ..NONE };
const TEMPLATE: Keys = Keys {
    values: "description",
    lists: "templates",
    blocks: &[("config", Below::Top), ("devices", DEVICES), ("settings", SETTINGS)],
    ..NONE
};
/// Firewalls by serial number.
const DEVICES: Below = Below::Entries(&Below::Keys(&Keys { lists: "vsys", ..NONE }));

const OBJECTS: Keys = Keys {
    values: "description display-name",
    blocks: &[
        ("address", Below::Entries(&Below::Keys(&ADDRESS))),
        ("address-group", Below::Entries(&Below::Keys(&ADDRESS_GROUP))),
        (
            "alg-override",
            Below::Keys(&Keys { blocks: &[("application", Below::Entries(&SETTINGS))], ..NONE }),
        ),
        ("application", Below::Entries(&Below::Keys(&APPLICATION))),
        ("application-filter", Below::Entries(&Below::Keys(&APPLICATION_FILTER))),
        ("application-group", Below::Entries(&Below::Keys(&GROUP))),
        ("application-status", Below::Entries(&SETTINGS)),
        (
            "dynamic-user-group",
            Below::Entries(&Below::Keys(&Keys { lists: "tag", values: "description filter", ..NONE })),
        ),
        ("external-list", Below::Entries(&Below::Keys(&EXTERNAL_LIST))),
        ("import", Below::Keys(&IMPORT)),
        ("override", Below::Keys(&Keys { blocks: &[("application", Below::Entries(&SETTINGS))], ..NONE })),
        ("post-rulebase", Below::Keys(&RULEBASE)),
        ("pre-rulebase", Below::Keys(&RULEBASE)),
        ("profile-group", Below::Entries(&Below::Keys(&PROFILES))),
        ("profiles", Below::Keys(&PROFILE_KINDS)),
        ("region", Below::Entries(&Below::Keys(&REGION))),
        ("rulebase", Below::Keys(&RULEBASE)),
        ("schedule", Below::Entries(&Below::Keys(&SCHEDULE))),
        ("service", Below::Entries(&Below::Keys(&SERVICE))),
        ("service-group", Below::Entries(&Below::Keys(&GROUP))),
        ("tag", Below::Entries(&Below::Keys(&Keys { values: "color comments", ..NONE }))),
        ("zone", Below::Entries(&Below::Keys(&ZONE))),
    ],
    ..NONE
};

const ADDRESS: Keys = Keys {
    values: "ip-netmask ip-range ip-wildcard fqdn description disable-override",
    lists: "tag",
    choice: "ip-netmask ip-range ip-wildcard fqdn",
    ..NONE
};
const ADDRESS_GROUP: Keys = Keys {
    values: "description disable-override",
    lists: "static tag",
    blocks: &[("dynamic", Below::Keys(&Keys { values: "filter", ..NONE }))],
    choice: "static dynamic",
    ..NONE
};
const REGION: Keys = Keys { lists: "address", blocks: &[("geo-location", SETTINGS)], ..NONE };
const EXTERNAL_LIST: Keys = Keys {
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
const GROUP: Keys = Keys { values: "description disable-override", lists: "members tag", ..NONE };
const SERVICE: Keys = Keys {
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

const APPLICATION: Keys = Keys {
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
const SIGNATURE: Keys = Keys {
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
const APPLICATION_FILTER: Keys = Keys {
    values: "disable-override evasive excessive-bandwidth-use has-known-vulnerabilities is-saas new-appid pervasive \
             prone-to-misuse transfers-files tunnels-other-apps used-by-malware",
    lists: "category exclude risk subcategory technology",
    blocks: &[(
        "tagging",
        Below::Keys(&Keys { values: "no-tag", lists: "tag", choice: "no-tag tag", ..NONE }),
    )],
    ..NONE
};

const SCHEDULE: Keys = Keys {
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
const PROFILES: Keys = Keys {
    values: "disable-override",
    lists: "data-filtering file-blocking gtp sctp spyware url-filtering virus vulnerability wildfire-analysis",
    ..NONE
};
const PROFILE_KINDS: Keys = Keys {
    blocks: &[
        (
            "custom-url-category",
            Below::Entries(&Below::Keys(&Keys { values: "description type", lists: "list", ..NONE })),
        ),
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

const RULEBASE: Keys = Keys {
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

const ZONE: Keys = Keys {
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
const IMPORT: Keys = Keys {
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

const NETWORK: Keys = Keys {
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
const ZONE_PROTECTION: Keys = Keys {
    blocks: &[
        ("flood", Below::Open),
        ("ipv6", Below::Open),
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

const DEVICECONFIG: Keys = Keys {
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
