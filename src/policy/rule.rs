//! Security rules as PAN-OS writes them (PANOS.md 12.2).

use std::fmt;
use std::sync::Arc;

use super::category::CategoryMatch;
use super::schedule::Schedule;
use super::user::UserMatch;
use crate::app::AppId;
use crate::flow::{Addr, Protocol, ZoneId};

/// Index of a rule in its [`super::Policy`]: the user's rules in order, then `intrazone-default` and
/// `interzone-default`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u32);

/// A security rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Which zone pairs it can be about.
    pub rule_type: RuleType,
    /// Source zones.
    pub from: ZoneMatch,
    /// Destination zones.
    pub to: ZoneMatch,
    /// Source addresses.
    pub source: AddressMatch,
    /// Destination addresses.
    pub destination: AddressMatch,
    /// Applications.
    pub application: ApplicationMatch,
    /// Services.
    pub service: ServiceMatch,
    /// URL categories. While that of the session is not known, an allow rule lets pass and a block rule is passed over
    /// (PANOS.md 2.2).
    pub category: CategoryMatch,
    /// Source users.
    pub user: UserMatch,
    /// What it asks of hosts and devices, such as `source-hip laptop`; empty asks nothing. A capture tells nothing of
    /// them, and what is not known does not match (PANOS.md 2.2): such a rule never does.
    pub identity: Vec<String>,
    /// When it is considered at all; `None` is always. Shared by all rules of that schedule.
    pub schedule: Option<Arc<Schedule>>,
    /// What happens to what it matches.
    pub action: Action,
    /// Whether a drop or reset sends an ICMP unreachable to the client of a session that is not TCP.
    pub icmp_unreachable: bool,
    /// Whether each identification writes a `start` row.
    pub log_start: bool,
    /// Whether the session's end (or denial) writes a row.
    pub log_end: bool,
    /// The log-forwarding profile, which rows name; empty where there is none.
    pub log_setting: String,
    /// A disabled rule does not exist in the compiled policy.
    pub disabled: bool,
    /// The line of the rulebase file it starts on, counted from 1.
    pub line: Option<u32>,
}

/// A rule that says nothing: PAN-OS's defaults (PANOS.md 12.2).
impl Default for Rule {
    fn default() -> Self {
        Self {
            name: String::new(),
            rule_type: RuleType::default(),
            from: ZoneMatch::default(),
            to: ZoneMatch::default(),
            source: AddressMatch::default(),
            destination: AddressMatch::default(),
            application: ApplicationMatch::default(),
            service: ServiceMatch::default(),
            category: CategoryMatch::default(),
            user: UserMatch::default(),
            identity: Vec::new(),
            schedule: None,
            action: Action::default(),
            icmp_unreachable: false,
            log_start: false,
            log_end: true,
            log_setting: String::new(),
            disabled: false,
            line: None,
        }
    }
}

/// `rule-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RuleType {
    /// Within and between zones.
    #[default]
    Universal,
    /// Only where source and destination zone are the same.
    Intrazone,
    /// Only where they differ.
    Interzone,
}

impl RuleType {
    /// PAN-OS's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Universal => "universal",
            Self::Intrazone => "intrazone",
            Self::Interzone => "interzone",
        }
    }
}

/// A rule's action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Action {
    /// Let pass.
    #[default]
    Allow,
    /// Block as the application's own deny action says.
    Deny,
    /// Block silently.
    Drop,
    /// Block and send a RST to the client.
    ResetClient,
    /// Block and send a RST to the server.
    ResetServer,
    /// Block and send a RST to both.
    ResetBoth,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 6] =
        [Self::Allow, Self::Deny, Self::Drop, Self::ResetClient, Self::ResetServer, Self::ResetBoth];

    /// Whether it lets packets pass.
    pub const fn is_allow(self) -> bool {
        matches!(self, Self::Allow)
    }

    /// PAN-OS's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Drop => "drop",
            Self::ResetClient => "reset-client",
            Self::ResetServer => "reset-server",
            Self::ResetBoth => "reset-both",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Zones of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ZoneMatch {
    /// Every zone.
    #[default]
    Any,
    /// These.
    Zones(Vec<ZoneId>),
}

impl ZoneMatch {
    /// Whether `zone` is among them.
    pub fn contains(&self, zone: ZoneId) -> bool {
        match self {
            Self::Any => true,
            Self::Zones(zones) => zones.contains(&zone),
        }
    }
}

/// Addresses of a rule, with every name resolved to ranges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddressMatch {
    /// As configured, for people: names, CIDRs; empty means `any`.
    pub names: Vec<String>,
    /// Inclusive ranges, sorted and disjoint; ignored where `names` is empty. Shared by all rules that say the same.
    pub ranges: Arc<[(Addr, Addr)]>,
    /// Match everything but these (`negate-source`, `negate-destination`).
    pub negate: bool,
}

impl AddressMatch {
    /// Whether this is `any`.
    pub fn is_any(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether `addr` matches.
    pub fn contains(&self, addr: Addr) -> bool {
        self.is_any() || within(&self.ranges, addr) != self.negate
    }
}

/// Whether `addr` lies in one of these inclusive ranges, which are sorted and disjoint.
pub(super) fn within(ranges: &[(Addr, Addr)], addr: Addr) -> bool {
    let after = ranges.partition_point(|&(low, _)| low <= addr);
    after > 0 && ranges.get(after - 1).is_some_and(|&(_, high)| addr <= high)
}

/// Applications of a rule, with every group resolved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ApplicationMatch {
    /// Every application.
    #[default]
    Any,
    /// These.
    Applications {
        /// As configured, for people.
        names: Vec<String>,
        /// Resolved, sorted. Shared by all rules that say the same.
        members: Arc<[AppId]>,
    },
}

/// Services of a rule, with every group resolved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ServiceMatch {
    /// The default ports of the rule's applications.
    #[default]
    ApplicationDefault,
    /// Every protocol and port.
    Any,
    /// These, with every group resolved. Shared by all rules that say the same.
    Services(Arc<[Service]>),
}

/// One service object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    /// As configured, for people.
    pub name: String,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Inclusive destination port ranges.
    pub ports: Vec<(u16, u16)>,
    /// Inclusive source port ranges; empty means any.
    pub source_ports: Vec<(u16, u16)>,
    /// What it sets in place of the timeouts of application and firewall (`override yes`).
    pub timeouts: ServiceTimeouts,
}

/// Session timeouts of a service in seconds (PANOS.md 5.2); `None` overrides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServiceTimeouts {
    /// Without a packet: `timeout`.
    pub idle: Option<u32>,
    /// After the first FIN: `halfclose-timeout`, TCP only.
    pub half_closed: Option<u32>,
    /// After the second FIN or a RST: `timewait-timeout`, TCP only.
    pub time_wait: Option<u32>,
}

impl Service {
    /// Whether it admits these ports over `protocol`.
    pub fn contains(&self, protocol: Protocol, sport: u16, dport: u16) -> bool {
        let within =
            |ranges: &[(u16, u16)], port| ranges.iter().any(|&(low, high)| low <= port && port <= high);
        self.protocol == protocol
            && within(&self.ports, dport)
            && (self.source_ports.is_empty() || within(&self.source_ports, sport))
    }
}
