//! The candidate configuration: what a rulebase file says, names not yet resolved. Every file format is read into
//! this, and [`super::commit`] makes a [`super::World`] of it.

use ipnet::IpNet;

use super::diagnostic::Span;
use crate::app::{AppId, Class, DenyAction, Ports, Timeouts};
use crate::flow::Addr;
use crate::policy::{Action, RuleType, Service};

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
    pub(super) zones: Vec<(Name, Vec<At<IpNet>>)>,
    pub(super) addresses: Vec<Definition<Vec<(Addr, Addr)>>>,
    pub(super) services: Vec<Definition<Vec<Service>>>,
    pub(super) applications: Vec<CustomApplication>,
    pub(super) application_groups: Vec<Definition<Vec<AppId>>>,
    pub(super) application_filters: Vec<ApplicationFilter>,
    pub(super) rules: Vec<SecurityRule>,
    pub(super) intrazone: DefaultRule,
    pub(super) interzone: DefaultRule,
    /// Key such as `session.timeout-udp`, and value.
    pub(super) settings: Vec<(Name, Name)>,
}

/// A named object, or a group of them.
#[derive(Debug)]
pub(super) struct Definition<T> {
    pub(super) name: Name,
    pub(super) body: Body<T>,
}

/// What a name stands for.
#[derive(Debug)]
pub(super) enum Body<T> {
    Object(T),
    Group(Vec<Name>),
}

/// `[application.NAME]`: an application of its own, or other timeouts for a predefined one.
#[derive(Debug)]
pub(super) struct CustomApplication {
    pub(super) name: Name,
    pub(super) ports: Ports,
    /// Keys that only an application of its own can have.
    pub(super) defines: Vec<Name>,
    pub(super) depends_on: Vec<Name>,
    pub(super) implicit: Vec<Name>,
    pub(super) deny_action: Option<DenyAction>,
    pub(super) timeouts: Timeouts,
    pub(super) class: Class,
}

/// `[application-filter.NAME]`: every application that fits each column that says something.
#[derive(Debug)]
pub(super) struct ApplicationFilter {
    pub(super) name: Name,
    pub(super) category: Vec<Name>,
    pub(super) subcategory: Vec<Name>,
    pub(super) technology: Vec<Name>,
    pub(super) risk: Vec<u8>,
    pub(super) exclude: Vec<Name>,
}

/// `[[security]]`. An empty list is `any` (or, for the service, `application-default`).
#[derive(Debug)]
pub(super) struct SecurityRule {
    pub(super) name: Name,
    /// The rule itself.
    pub(super) span: Span,
    pub(super) line: Option<u32>,
    pub(super) rule_type: RuleType,
    pub(super) from: Vec<Name>,
    pub(super) to: Vec<Name>,
    pub(super) source: Vec<Name>,
    pub(super) destination: Vec<Name>,
    pub(super) negate_source: bool,
    pub(super) negate_destination: bool,
    pub(super) application: Vec<Name>,
    pub(super) service: Vec<Name>,
    pub(super) category: Vec<String>,
    /// What it asks of users, hosts and devices, in words.
    pub(super) identity: Vec<String>,
    pub(super) action: Action,
    pub(super) icmp_unreachable: bool,
    pub(super) log_start: bool,
    pub(super) log_end: bool,
    pub(super) disabled: bool,
}

/// `[default.intrazone]` or `[default.interzone]`: what it overrides.
#[derive(Debug, Default)]
pub(super) struct DefaultRule {
    pub(super) span: Span,
    pub(super) action: Option<Action>,
    pub(super) icmp_unreachable: Option<bool>,
    pub(super) log_start: Option<bool>,
    pub(super) log_end: Option<bool>,
}
