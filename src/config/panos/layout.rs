//! Where in a configuration a name stands that a file has at its top.
//!
//! Set commands and the brace form leave out what need not be said on a firewall with one virtual system: `rulebase …`
//! is `devices localhost.localdomain vsys vsys1 rulebase …`. XML says it in full, except where only a part of a
//! configuration was exported.

/// The one device of a configuration.
pub(super) const DEVICE: &[&str] = &["devices", "localhost.localdomain"];
/// The virtual system that is meant where none is named.
pub(super) const VSYS: &[&str] = &["devices", "localhost.localdomain", "vsys", "vsys1"];

const OF_CONFIG: &[&str] =
    &["devices", "mgt-config", "panorama", "policy", "predefined", "readonly", "shared"];
const OF_SHARED: &[&str] = &["alg-override", "override", "post-rulebase", "pre-rulebase"];
const OF_DEVICE: &[&str] = &[
    "device-group",
    "deviceconfig",
    "log-collector",
    "log-collector-group",
    "network",
    "platform",
    "template",
    "template-stack",
    "vsys",
    "wildfire-appliance",
    "wildfire-appliance-cluster",
];
const OF_VSYS: &[&str] = &[
    "address",
    "address-group",
    "application",
    "application-filter",
    "application-group",
    "application-status",
    "application-tag",
    "authentication-profile",
    "certificate",
    "display-name",
    "dynamic-user-group",
    "external-list",
    "group-mapping",
    "import",
    "log-settings",
    "profile-group",
    "profiles",
    "region",
    "rulebase",
    "schedule",
    "service",
    "service-group",
    "setting",
    "ssl-tls-service-profile",
    "tag",
    "threats",
    "user-id-agent",
    "zone",
];

/// The path above a name, where it is known to stand in one place.
pub(super) fn above(name: &str) -> Option<&'static [&'static str]> {
    [(OF_CONFIG, &[][..]), (OF_SHARED, &["shared"][..]), (OF_DEVICE, DEVICE), (OF_VSYS, VSYS)]
        .into_iter()
        .find_map(|(names, path)| names.contains(&name).then_some(path))
}
