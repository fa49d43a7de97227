//! The application catalog: names, default ports, dependencies, deny actions, timeouts.

use std::collections::BTreeMap;
use std::str::FromStr;

use hashbrown::HashMap;
use serde::Deserialize;

use super::{AppId, Characteristics};
use crate::flow::Protocol;

/// What the catalog knows of one application.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Application {
    /// PAN-OS's name.
    pub name: String,
    /// Where `application-default` expects it.
    pub ports: Ports,
    /// Applications it cannot do without and that a rule must allow, too (PANOS.md 2.5).
    pub depends_on: Vec<AppId>,
    /// Applications that a rule allowing it allows implicitly (PANOS.md 2.5).
    pub implicit: Vec<AppId>,
    /// What the rule action `deny` does to it.
    pub deny_action: DenyAction,
    /// Its own timeouts; `None` inherits the global one.
    pub timeouts: Timeouts,
    /// Where it stands among the others.
    pub class: Class,
    /// Whether the rulebase defines it: what a header tells is then rather this than what is predefined.
    pub custom: bool,
    /// Whether a configuration names it and no catalog has it, as with newer content: nothing but its name is known,
    /// so that no ports does not mean that it has none.
    pub unknown: bool,
    /// The application it is told from, for a custom one with signatures (PANOS.md 2.8).
    pub parent: Option<AppId>,
    /// Kinds of ICMP messages that are it (`ident-by-icmp-type`, `ident-by-icmp6-type`).
    pub icmp_types: Vec<IcmpType>,
}

/// A kind of ICMP messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpType {
    /// ICMP or ICMP for IPv6.
    pub protocol: Protocol,
    /// The type.
    pub kind: u8,
    /// The code; `None` is any.
    pub code: Option<u8>,
}

/// Where an application stands: what application filters and people choose by (PANOS.md 2.6). Empty where not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Class {
    /// The application whose functions it is one of: `facebook` of `facebook-base`. A rule may name it for all of them.
    pub container: Option<String>,
    /// `business-systems`, `collaboration`, `general-internet`, `media`, `networking`, `unknown`.
    pub category: String,
    /// `infrastructure`, `file-sharing`, …
    pub subcategory: String,
    /// `browser-based`, `client-server`, `network-protocol`, `peer-to-peer`.
    pub technology: String,
    /// From 1, low, to 5.
    pub risk: u8,
    /// What it does or may be used for.
    pub characteristics: Characteristics,
    /// Tags, by which application filters find it as well.
    pub tags: Vec<String>,
}

/// Default ports: inclusive ranges, or what stands in for ports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ports {
    /// TCP port ranges.
    pub tcp: Vec<(u16, u16)>,
    /// UDP port ranges.
    pub udp: Vec<(u16, u16)>,
    /// IP protocols of its own: inclusive ranges.
    pub ip_protocols: Vec<(u8, u8)>,
    /// ICMP for IPv4.
    pub icmp: bool,
    /// ICMP for IPv6.
    pub icmp6: bool,
}

impl Ports {
    /// Whether `application-default` admits this protocol and destination port.
    pub fn contain(&self, protocol: Protocol, dport: u16) -> bool {
        let within = |ranges: &[(u16, u16)]| ranges.iter().any(|&(low, high)| low <= dport && dport <= high);
        let ports = match protocol {
            Protocol::TCP => within(&self.tcp),
            Protocol::UDP => within(&self.udp),
            Protocol::ICMP => self.icmp,
            Protocol::ICMPV6 => self.icmp6,
            _ => false,
        };
        ports || self.ip_protocols.iter().any(|&(low, high)| low <= protocol.0 && protocol.0 <= high)
    }
}

/// What the rule action `deny` does to an application (PANOS.md 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DenyAction {
    /// Drop silently.
    #[default]
    Drop,
    /// Drop and reset both sides.
    DropReset,
}

/// Timeouts in seconds that replace the global ones once the application is known (PANOS.md 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Timeouts {
    /// For every protocol, unless the next two say otherwise for theirs.
    pub timeout: Option<u32>,
    /// Established TCP.
    pub tcp_timeout: Option<u32>,
    /// UDP.
    pub udp_timeout: Option<u32>,
    /// After the first FIN.
    pub tcp_half_closed_timeout: Option<u32>,
    /// After the second FIN or a RST.
    pub tcp_time_wait_timeout: Option<u32>,
    /// In DISCARD.
    pub discard_timeout: Option<u32>,
}

impl Timeouts {
    /// The timeout of an idle session over `protocol`, in seconds; `None` inherits the global one.
    ///
    /// Source: PAN-OS web interface help, "Defining Applications": the general timeout serves TCP and UDP, too, where
    /// theirs is not given.
    pub fn idle(&self, protocol: Protocol) -> Option<u32> {
        let own = match protocol {
            Protocol::TCP => self.tcp_timeout,
            Protocol::UDP => self.udp_timeout,
            _ => None,
        };
        own.or(self.timeout)
    }
}

/// All applications, by name.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    applications: Vec<Application>,
    by_name: HashMap<String, AppId, foldhash::fast::FixedState>,
}

/// What is wrong with a catalog entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// The file is not what it should be.
    #[error("{0}")]
    Syntax(String),
    /// An entry refers to an application that is not there.
    #[error("application `{application}` refers to `{missing}`, which is not in the catalog")]
    Missing {
        /// The entry.
        application: String,
        /// What it names.
        missing: String,
    },
    /// A default port or IP protocol that cannot be read.
    #[error(
        "application `{application}`: `{text}` is not a list such as `tcp/80,8000-8080`, `udp/dynamic` or `ip/47`"
    )]
    Ports {
        /// The entry.
        application: String,
        /// The text.
        text: String,
    },
}

/// One entry of `catalog.toml`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    ports: Vec<String>,
    #[serde(default)]
    icmp: bool,
    #[serde(default)]
    icmp6: bool,
    #[serde(default)]
    depends_on: Vec<String>,
    #[serde(default)]
    implicit: Vec<String>,
    #[serde(default)]
    deny_action: DenyAction,
    timeout: Option<u32>,
    tcp_timeout: Option<u32>,
    udp_timeout: Option<u32>,
    discard_timeout: Option<u32>,
    container: Option<String>,
    #[serde(default)]
    category: String,
    #[serde(default)]
    subcategory: String,
    #[serde(default)]
    technology: String,
    #[serde(default)]
    risk: u8,
    #[serde(default)]
    characteristics: Vec<String>,
}

impl Entry {
    /// The application without what it refers to.
    fn application(&self, name: &str) -> Result<Application, CatalogError> {
        let mut ports = Ports { icmp: self.icmp, icmp6: self.icmp6, ..Ports::default() };
        for text in &self.ports {
            ports
                .add(text)
                .ok_or_else(|| CatalogError::Ports { application: name.to_owned(), text: text.clone() })?;
        }
        let mut characteristics = Characteristics::default();
        for text in &self.characteristics {
            characteristics.add(text).ok_or_else(|| {
                CatalogError::Syntax(format!("application `{name}` has the unknown characteristic `{text}`"))
            })?;
        }
        Ok(Application {
            name: name.to_owned(),
            ports,
            deny_action: self.deny_action,
            timeouts: Timeouts {
                timeout: self.timeout,
                tcp_timeout: self.tcp_timeout,
                udp_timeout: self.udp_timeout,
                discard_timeout: self.discard_timeout,
                ..Timeouts::default()
            },
            class: Class {
                container: self.container.clone(),
                category: self.category.clone(),
                subcategory: self.subcategory.clone(),
                technology: self.technology.clone(),
                risk: self.risk,
                characteristics,
                tags: Vec::new(),
            },
            ..Application::default()
        })
    }
}

impl Catalog {
    /// The catalog that comes with the program.
    ///
    /// # Errors
    /// Only if the file built into the program is wrong, which a test rules out.
    pub fn builtin() -> Result<Self, CatalogError> {
        Self::parse(include_str!("catalog.toml"))
    }

    /// Reads a catalog in the form of `catalog.toml`.
    ///
    /// # Errors
    /// Where the text is not TOML of that form, or an entry refers to nothing.
    pub fn parse(text: &str) -> Result<Self, CatalogError> {
        let entries: BTreeMap<String, Entry> =
            toml::from_str(text).map_err(|error| CatalogError::Syntax(error.to_string()))?;
        let mut catalog = Self::default();
        for (name, entry) in &entries {
            catalog.insert(entry.application(name)?);
        }
        for (name, entry) in &entries {
            let depends_on = catalog.refer(name, &entry.depends_on)?;
            let implicit = catalog.refer(name, &entry.implicit)?;
            if let Some(id) = catalog.find(name)
                && let Some(application) = catalog.applications.get_mut(usize::from(id.0))
            {
                application.depends_on = depends_on;
                application.implicit = implicit;
            }
        }
        Ok(catalog)
    }

    fn refer(&self, application: &str, names: &[String]) -> Result<Vec<AppId>, CatalogError> {
        names
            .iter()
            .map(|name| {
                self.find(name).ok_or_else(|| CatalogError::Missing {
                    application: application.to_owned(),
                    missing: name.clone(),
                })
            })
            .collect()
    }

    /// Adds an application, or replaces the one of that name.
    pub fn insert(&mut self, application: Application) -> AppId {
        if let Some(id) = self.find(&application.name)
            && let Some(old) = self.applications.get_mut(usize::from(id.0))
        {
            *old = application;
            return id;
        }
        let id = AppId(u16::try_from(self.applications.len()).unwrap_or(u16::MAX));
        self.by_name.insert(application.name.clone(), id);
        self.applications.push(application);
        id
    }

    /// The application of that name.
    pub fn find(&self, name: &str) -> Option<AppId> {
        self.by_name.get(name).copied()
    }

    /// The functions of a container application, in order of their names: of `facebook` all that begins with it.
    /// Empty where there is no such container.
    pub fn functions<'a>(&'a self, container: &'a str) -> impl Iterator<Item = AppId> + 'a {
        self.iter()
            .filter(move |(_, application)| application.class.container.as_deref() == Some(container))
            .map(|(id, _)| id)
    }

    /// The application itself.
    pub fn get(&self, id: AppId) -> Option<&Application> {
        self.applications.get(usize::from(id.0))
    }

    /// Its name.
    pub fn name(&self, id: AppId) -> &str {
        self.get(id).map_or("?", |application| &application.name)
    }

    /// How many applications there are.
    pub const fn len(&self) -> usize {
        self.applications.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.applications.is_empty()
    }

    /// All applications, in order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (AppId, &Application)> {
        (0u16..).map(AppId).zip(&self.applications)
    }
}

impl Ports {
    /// Adds a list such as `tcp/80,8000-8080`, `udp/dynamic` or `ip/47`; `None` where it is not one.
    #[must_use]
    pub fn add(&mut self, text: &str) -> Option<()> {
        let (protocol, list) = text.split_once('/')?;
        let ranges = match protocol {
            "tcp" => &mut self.tcp,
            "udp" => &mut self.udp,
            "ip" => {
                self.ip_protocols.extend(ranges(list)?);
                return Some(());
            }
            _ => return None,
        };
        for item in list.split(',') {
            match item.trim() {
                "dynamic" | "any" => ranges.push((0, u16::MAX)),
                item => ranges.extend(self::ranges(item)?),
            }
        }
        Some(())
    }
}

/// Numbers and ranges such as `80,8000-8080`.
fn ranges<T: FromStr + PartialOrd>(list: &str) -> Option<Vec<(T, T)>> {
    list.split(',')
        .map(|item| {
            let (low, high) = item.split_once('-').unwrap_or((item, item));
            let range = (low.trim().parse().ok()?, high.trim().parse().ok()?);
            (range.0 <= range.1).then_some(range)
        })
        .collect()
}

#[cfg(test)]
mod tests {
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
    const IN_NO_LIST: [&str; 3] = ["coap", "non-syn-tcp", "wireguard"];

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
        if let Some(old) =
            old.filter(|old| !["icmp", "ipv6-icmp"].contains(&name) && !old["ip_proto"].is_empty())
        {
            want.add(&format!("ip/{}", old["ip_proto"])).unwrap();
        }
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
}
