//! The application catalog: names, default ports, dependencies, deny actions, timeouts.

use std::collections::BTreeMap;
use std::str::FromStr;

use hashbrown::HashMap;
use serde::Deserialize;

use super::hosts::Hosts;
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
    /// Domains of its service, each with everything below it: the longest that fits a host wins.
    pub hosts: Vec<String>,
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
    /// TCP port ranges of decrypted traffic, where they are others (PANOS.md 8).
    pub secure: Vec<(u16, u16)>,
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
    /// Whether `application-default` admits this protocol and destination port; what was found in `decrypted` traffic has
    /// ports of its own there, where the application has any.
    pub fn admit(&self, protocol: Protocol, dport: u16, decrypted: bool) -> bool {
        if decrypted && protocol == Protocol::TCP && !self.secure.is_empty() {
            return self.secure.iter().any(|&(low, high)| low <= dport && dport <= high);
        }
        self.contain(protocol, dport)
    }

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
    hosts: Hosts,
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
    /// A host that is no domain name in lower case, or another application's, too.
    #[error("application `{application}`: `{host}` is no domain in lower case, or is in the catalog already")]
    Host {
        /// The entry.
        application: String,
        /// The host.
        host: String,
    },
}

/// One entry of `catalog.toml`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    ports: Vec<String>,
    #[serde(default)]
    secure_ports: Vec<u16>,
    #[serde(default)]
    hosts: Vec<String>,
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
        let secure = self.secure_ports.iter().map(|&port| (port, port)).collect();
        let mut ports = Ports { secure, icmp: self.icmp, icmp6: self.icmp6, ..Ports::default() };
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
            hosts: self.hosts.clone(),
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
            let id = catalog.insert(entry.application(name)?);
            for host in &entry.hosts {
                let (application, host) = (name.clone(), host.clone());
                catalog.hosts.add(&host, id).ok_or(CatalogError::Host { application, host })?;
            }
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

    /// Adds an application, or replaces the one of that name, whose hosts it keeps.
    pub fn insert(&mut self, application: Application) -> AppId {
        if let Some(id) = self.find(&application.name)
            && let Some(old) = self.applications.get_mut(usize::from(id.0))
        {
            let hosts = std::mem::take(&mut old.hosts);
            *old = Application { hosts, ..application };
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

    /// The application whose service a host is: the one with the longest domain that the host is, or is below.
    /// The host may be written as in a `Host` header or a server name: in any case, with a trailing dot, with a port.
    /// `None` where it is an IP address or no domain name.
    pub fn by_host(&self, host: &[u8]) -> Option<AppId> {
        self.hosts.find(host)
    }

    /// The services that a host's name tells, from the widest to the one it is: `google-base`, then `gmail-base`.
    pub fn services(&self, host: &[u8]) -> Vec<AppId> {
        self.hosts.all(host)
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
mod tests;
