//! The application catalog: names, default ports, dependencies, deny actions, timeouts.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use serde::Deserialize;

use super::AppId;
use crate::flow::Protocol;

/// What the catalog knows of one application.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

/// Default ports: inclusive ranges, or what stands in for ports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ports {
    /// TCP port ranges.
    pub tcp: Vec<(u16, u16)>,
    /// UDP port ranges.
    pub udp: Vec<(u16, u16)>,
    /// An IP protocol of its own.
    pub ip_protocol: Option<u8>,
    /// ICMP for IPv4.
    pub icmp: bool,
    /// ICMP for IPv6.
    pub icmp6: bool,
}

impl Ports {
    /// Whether `application-default` admits this protocol and destination port.
    pub fn contain(&self, protocol: Protocol, dport: u16) -> bool {
        let within = |ranges: &[(u16, u16)]| ranges.iter().any(|&(low, high)| low <= dport && dport <= high);
        match protocol {
            Protocol::TCP => within(&self.tcp),
            Protocol::UDP => within(&self.udp),
            Protocol::ICMP => self.icmp,
            Protocol::ICMPV6 => self.icmp6,
            Protocol(number) => self.ip_protocol == Some(number),
        }
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
    /// For neither TCP nor UDP.
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
    /// A default port that cannot be read.
    #[error(
        "application `{application}`: `{text}` is not a port list such as `tcp/80,8000-8080` or `udp/dynamic`"
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
    ip_protocol: Option<u8>,
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
    tcp_timeout: Option<u32>,
    udp_timeout: Option<u32>,
    timeout: Option<u32>,
    discard_timeout: Option<u32>,
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
            let mut ports = Ports {
                ip_protocol: entry.ip_protocol,
                icmp: entry.icmp,
                icmp6: entry.icmp6,
                ..Ports::default()
            };
            for text in &entry.ports {
                ports
                    .add(text)
                    .ok_or_else(|| CatalogError::Ports { application: name.clone(), text: text.clone() })?;
            }
            catalog.insert(Application {
                name: name.clone(),
                ports,
                depends_on: Vec::new(),
                implicit: Vec::new(),
                deny_action: entry.deny_action,
                timeouts: Timeouts {
                    timeout: entry.timeout,
                    tcp_timeout: entry.tcp_timeout,
                    udp_timeout: entry.udp_timeout,
                    discard_timeout: entry.discard_timeout,
                    ..Timeouts::default()
                },
            });
        }
        for (name, entry) in &entries {
            let refer = |names: &[String]| {
                names
                    .iter()
                    .map(|missing| {
                        catalog.find(missing).ok_or_else(|| CatalogError::Missing {
                            application: name.clone(),
                            missing: missing.clone(),
                        })
                    })
                    .collect::<Result<Vec<_>, _>>()
            };
            let (depends_on, implicit) = (refer(&entry.depends_on)?, refer(&entry.implicit)?);
            if let Some(id) = catalog.find(name)
                && let Some(application) = catalog.applications.get_mut(usize::from(id.0))
            {
                application.depends_on = depends_on;
                application.implicit = implicit;
            }
        }
        Ok(catalog)
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

    /// The application itself.
    pub fn get(&self, id: AppId) -> Option<&Application> {
        self.applications.get(usize::from(id.0))
    }

    /// Its name.
    pub fn name(&self, id: AppId) -> &str {
        self.get(id).map_or("?", |application| &application.name)
    }

    /// All applications, in order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (AppId, &Application)> {
        (0u16..).map(AppId).zip(&self.applications)
    }
}

impl Ports {
    /// Adds a list such as `tcp/80,8000-8080` or `udp/dynamic`; `None` where it is not one.
    #[must_use]
    pub fn add(&mut self, text: &str) -> Option<()> {
        let (protocol, list) = text.split_once('/')?;
        let ranges = match protocol {
            "tcp" => &mut self.tcp,
            "udp" => &mut self.udp,
            _ => return None,
        };
        for item in list.split(',') {
            let (low, high) = match item.trim() {
                "dynamic" => (0, u16::MAX),
                item => match item.split_once('-') {
                    Some((low, high)) => (low.trim().parse().ok()?, high.trim().parse().ok()?),
                    None => (item.parse().ok()?, item.parse().ok()?),
                },
            };
            if low > high {
                return None;
            }
            ranges.push((low, high));
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_is_sound() {
        let catalog = Catalog::builtin().unwrap();
        let traceroute = catalog.get(catalog.find("traceroute").unwrap()).unwrap();
        assert!(traceroute.ports.contain(Protocol::UDP, 33_434));
        assert!(!traceroute.ports.contain(Protocol::TCP, 33_434));
        assert_eq!(traceroute.depends_on.len(), 2);
    }
}
