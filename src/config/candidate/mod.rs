//! The candidate configuration: what a rulebase file says, names not yet resolved. Every file format is read into
//! this, and [`super::commit`] makes a [`super::World`] of it.

mod network;
mod objects;
mod rules;
mod threat;

pub(super) use network::{
    Interface, InterfaceMode, ManagementProfile, NextHop, Protection, Route, VirtualRouter, VirtualWire,
    Zone, ZoneMode,
};
pub(super) use objects::{
    AddressObject, ApplicationFilter, Body, CustomApplication, Definition, Match, Recurrence, Schedule,
    Signature, Tables, TimeSpan,
};
pub(super) use rules::{
    DECRYPTION_ACTIONS, DECRYPTION_TYPES, DecryptionProfile, DecryptionRule, DefaultRule,
    DestinationTranslation, NatRule, OverrideRule, Pool, SecurityRule, SourceTranslation, SslExclusion,
};

pub(super) use threat::{
    Combination, CustomThreat, FileProfile, FileRule, Profiles, SignatureProfile, SignatureRule, UrlProfile,
    VirusProfile,
};

use super::diagnostic::Span;
use crate::app::AppId;
use crate::policy::Service;

/// A value and where it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Span,
}

/// A name and where it stands.
pub(super) type Name = At<String>;

impl<T> At<T> {
    pub(super) const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A rulebase file, read.
#[derive(Debug, Default)]
pub(super) struct Candidate {
    /// Whether it is a configuration of PAN-OS, which may name what only the firewall knows: applications of newer
    /// content, lists it fetches. The rulebase format of this program is strict.
    pub(super) is_panos: bool,
    /// Whether the command line may have to tell the zones: a configuration of PAN-OS, or an empty `[zones]`.
    pub(super) may_lack_zones: bool,
    /// Whether the file holds more device groups or virtual systems than the one that is read.
    pub(super) is_part: bool,
    pub(super) zones: Vec<Zone>,
    /// Zone-protection profiles, also those that no zone has.
    pub(super) protections: Vec<Protection>,
    pub(super) interfaces: Vec<Interface>,
    pub(super) virtual_routers: Vec<VirtualRouter>,
    pub(super) virtual_wires: Vec<VirtualWire>,
    pub(super) management_profiles: Vec<ManagementProfile>,
    /// Routing protocols or policy based forwarding route as well, which a configuration does not tell.
    pub(super) routes_elsewhere: bool,
    pub(super) addresses: Vec<Definition<AddressObject>>,
    pub(super) services: Vec<Definition<Vec<Service>>>,
    pub(super) applications: Vec<CustomApplication>,
    pub(super) application_groups: Vec<Definition<Vec<AppId>>>,
    pub(super) application_filters: Vec<ApplicationFilter>,
    /// Applications whose gateway is switched off, each once.
    pub(super) disabled_algs: Vec<Name>,
    pub(super) schedules: Vec<Schedule>,
    /// What the firewall would look up elsewhere.
    pub(super) tables: Tables,
    pub(super) profiles: Profiles,
    pub(super) rules: Vec<SecurityRule>,
    pub(super) nat: Vec<NatRule>,
    pub(super) overrides: Vec<OverrideRule>,
    pub(super) decryption: Vec<DecryptionRule>,
    pub(super) decryption_profiles: Vec<DecryptionProfile>,
    /// Servers that are excluded from decryption, or not; of one that is named twice the first counts.
    pub(super) ssl_exclusions: Vec<SslExclusion>,
    pub(super) intrazone: DefaultRule,
    pub(super) interzone: DefaultRule,
    /// Key such as `session.timeout-udp`, and value.
    pub(super) settings: Vec<(Name, Name)>,
    /// `deviceconfig system timezone`, an IANA name: what schedules go by. UTC without one.
    pub(super) timezone: Option<Name>,
}
