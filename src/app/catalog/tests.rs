//! The built-in catalog against its sources, and what mistakes in one say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

#[test]
fn builtin_is_sound() {
    let catalog = Catalog::builtin().unwrap();
    let get = |name| catalog.get(catalog.find(name).unwrap()).unwrap();
    assert!(get("traceroute").ports.contain(Protocol::UDP, 33_434));
    assert!(!get("traceroute").ports.contain(Protocol::TCP, 33_434));
    assert_eq!(get("traceroute").depends_on.len(), 2);
    assert_eq!(get("ssl").timeouts.idle(Protocol::TCP), Some(1_800));
    assert_eq!(get("quic").timeouts.idle(Protocol::UDP), Some(120));
    assert_eq!(get("dns").deny_action, DenyAction::Drop);
    assert_eq!(get("web-browsing").deny_action, DenyAction::DropReset);
    for label in ["unknown-tcp", "unknown-udp", "unknown-p2p", "non-syn-tcp"] {
        assert!(catalog.find(label).is_some(), "{label}");
    }
    for label in ["incomplete", "insufficient-data", "not-applicable"] {
        assert!(catalog.find(label).is_none(), "{label} is no application");
    }
    let functions: Vec<_> = catalog.functions("snmp").map(|id| catalog.name(id)).collect();
    assert_eq!(functions, ["snmp-base", "snmpv1", "snmpv2", "snmpv3"]);
}

/// Each IP protocol is one application's, so that the header of a packet tells it.
#[test]
fn ip_protocols_do_not_overlap() {
    let catalog = Catalog::builtin().unwrap();
    let mut owner: BTreeMap<u8, &str> = BTreeMap::new();
    for (_, application) in catalog.iter() {
        for number in application.ports.ip_protocols.iter().flat_map(|&(low, high)| low..=high) {
            let before = owner.insert(number, &application.name);
            assert_eq!(before, None, "{number} is {}'s, too", application.name);
        }
    }
    assert_eq!(owner.get(&47), Some(&"gre"));
    // Left are TCP, UDP and the ICMPs.
    let free: Vec<u8> = (0..=u8::MAX).filter(|number| !owner.contains_key(number)).collect();
    assert_eq!(free, [1, 6, 17, 58]);
}

/// A host below another one is only written down where it is another application's.
#[test]
fn hosts_say_something() {
    let catalog = Catalog::builtin().unwrap();
    let entries: BTreeMap<String, Entry> = toml::from_str(include_str!("../catalog.toml")).unwrap();
    for (name, entry) in &entries {
        for host in &entry.hosts {
            let (_, above) = host.split_once('.').unwrap();
            assert_eq!(catalog.by_host(host.as_bytes()), catalog.find(name), "{host}");
            assert_ne!(
                catalog.by_host(above.as_bytes()),
                catalog.find(name),
                "{host} is {name}'s by {above}"
            );
        }
    }
    assert!(entries.values().filter(|entry| !entry.hosts.is_empty()).count() > 300);
}

#[test]
fn mistakes_are_named() {
    let error = |text| Catalog::parse(text).unwrap_err().to_string();
    assert!(error("[a]\nport = ['tcp/1']").contains("unknown field"));
    assert!(error("[a]\nports = ['tcp/9-1']").contains("`tcp/9-1`"));
    assert!(error("[a]\nports = ['ip/300']").contains("`ip/300`"));
    assert_eq!(
        error("[a]\ndepends-on = ['b']"),
        "application `a` refers to `b`, which is not in the catalog"
    );
}

/// In neither list: newer, or a label of PAN-OS's own.
const IN_NO_LIST: [&str; 6] =
    ["coap", "dns-over-https", "dns-over-tls", "ftp-data", "non-syn-tcp", "wireguard"];

/// What has a new name in the list of 2020.
const RENAMED: [(&str, &str); 5] = [
    ("diameter", "diameter-base"),
    ("dropbox", "dropbox-base"),
    ("gtp", "gtp-base"),
    ("ms-ds-smb", "ms-ds-smb-base"),
    ("slack", "slack-base"),
];

/// What the list of 2020 calls the characteristics.
const CHARACTERISTICS: [(&str, &str); 9] = [
    ("app:evasive", "evasive"),
    ("app:excessive_bandwidth", "excessive-bandwidth-use"),
    ("app:used_by_malware", "used-by-malware"),
    ("app:able_to_transfer_file", "transfers-files"),
    ("app:has_known_vulnerability", "has-known-vulnerabilities"),
    ("app:tunnels_other_application", "tunnels-other-apps"),
    ("app:prone_to_misuse", "prone-to-misuse"),
    ("app:pervasive_use", "pervasive"),
    ("app:is_saas", "is-saas"),
];

/// Every fact is in one of two lists of PAN-OS applications.
#[test]
fn facts_agree_with_the_lists() {
    let Some(folder) = lists() else { return };
    let old = table(&folder.join("predefined_apps_517-2824.tsv"), b'\t', "name");
    let new = table(&folder.join("splunk_app_list_2020.csv"), b',', "app");
    let catalog = Catalog::builtin().unwrap();
    for (_, application) in catalog.iter() {
        let name = application.name.as_str();
        if IN_NO_LIST.contains(&name) {
            assert!(!old.contains_key(name) && !new.contains_key(name), "{name} is in a list");
            continue;
        }
        let before = RENAMED.iter().find(|(_, now)| *now == name).map_or(name, |(before, _)| before);
        let (old, new) = (old.get(before), new.get(name));
        assert!(old.is_some() || new.is_some(), "no list has {name}");
        let class = &application.class;
        let fact = |column: &str| new.and_then(|row| row.get(column)).map(String::as_str);
        for (column, value) in [
            ("app:category", &class.category),
            ("app:subcategory", &class.subcategory),
            ("app:technology", &class.technology),
            ("app:risk", &class.risk.to_string()),
        ] {
            assert!(fact(column).is_none_or(|fact| fact == value), "{name}: {column}");
        }
        for (column, characteristic) in CHARACTERISTICS {
            let has = class.characteristics.names().any(|name| name == characteristic);
            assert!(fact(column).is_none_or(|fact| (fact == "yes") == has), "{name}: {column}");
        }
        check_ports(application, fact("app:default_ports"), old);
        if let Some(old) = old {
            check_dependencies(&catalog, application, old);
            check_timeouts(application, old);
        }
    }
}

fn check_ports(application: &Application, new: Option<&str>, old: Option<&BTreeMap<String, String>>) {
    let name = application.name.as_str();
    // Unknown sessions may be on any port; the lists give them none.
    if ["unknown-tcp", "unknown-udp"].contains(&name) {
        return;
    }
    let mut want = Ports::default();
    let listed = new.map(str::to_owned).or_else(|| old.map(|old| old["ports"].replace(';', "|")));
    for text in listed.iter().flat_map(|text| text.split('|')).filter(|text| !text.is_empty()) {
        match text.split_once('/') {
            Some(("icmp", _)) => want.icmp = true,
            Some(("icmp6", _)) => want.icmp6 = true,
            _ => want.add(text).unwrap(),
        }
    }
    match name {
        "icmp" | "ping" => want.icmp = true,
        "ipv6-icmp" => want.icmp6 = true,
        // The newer list has it as an IP protocol only; over UDP it still is.
        "l2tp" => want.udp.push((1_701, 1_701)),
        _ => {}
    }
    if let Some(old) = old.filter(|old| !["icmp", "ipv6-icmp"].contains(&name) && !old["ip_proto"].is_empty())
    {
        want.add(&format!("ip/{}", old["ip_proto"])).unwrap();
    }
    // The lists are older than ports for decrypted traffic.
    want.secure.clone_from(&application.ports.secure);
    assert_eq!(application.ports, want, "{name}");
}

fn check_dependencies(catalog: &Catalog, application: &Application, old: &BTreeMap<String, String>) {
    let listed = |column: &str| -> BTreeSet<&str> {
        let names = old[column].split(',').map(now);
        // The list has an application that needs itself.
        names.filter(|name| !name.is_empty() && *name != application.name).collect()
    };
    let named = |ids: &[AppId]| -> BTreeSet<&str> { ids.iter().map(|id| catalog.name(*id)).collect() };
    let (uses, implicit) = (listed("use"), listed("implicit"));
    assert_eq!(named(&application.implicit), implicit, "{}: implicit", application.name);
    let explicit: BTreeSet<&str> = uses.difference(&implicit).copied().collect();
    assert_eq!(named(&application.depends_on), explicit, "{}: depends-on", application.name);
}

fn now(name: &str) -> &str {
    RENAMED.iter().find(|(before, _)| *before == name).map_or(name, |(_, now)| now)
}

fn check_timeouts(application: &Application, old: &BTreeMap<String, String>) {
    let timeouts = application.timeouts;
    for (column, value) in [
        ("timeout", timeouts.timeout),
        ("tcp_timeout", timeouts.tcp_timeout),
        // Observed on a device (PANOS.md 5.2).
        ("udp_timeout", timeouts.udp_timeout.filter(|_| application.name != "quic")),
        ("discard_timeout", timeouts.discard_timeout),
    ] {
        assert_eq!(old[column].parse().ok(), value, "{}: {column}", application.name);
    }
}

fn lists() -> Option<PathBuf> {
    let corpus = std::env::var_os("FIRSTPASS_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from);
    let folder = corpus.join("appid");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: no application lists at {}; set FIRSTPASS_CORPUS", folder.display());
    None
}

/// Rows of a table by the column `key`, each by column.
fn table(path: &Path, delimiter: u8, key: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_path(path).unwrap();
    reader
        .deserialize::<BTreeMap<String, String>>()
        .map(|row| row.unwrap())
        .map(|row| (row[key].clone(), row))
        .collect()
}
