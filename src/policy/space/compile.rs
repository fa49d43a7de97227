//! What a rule matches, as blocks.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::product::{Block, Side, UNKNOWN, service_key};
use super::ranges::Ranges;
use crate::app::{AppId, Application, Catalog, Ports};
use crate::flow::{Addr, Protocol, ZoneId};
use crate::policy::lookup::{Policy, PolicyOptions};
use crate::policy::rule::{AddressMatch, ApplicationMatch, Rule, RuleType, Service, ServiceMatch, ZoneMatch};
use crate::time::Timestamp;

/// What a rule answers where no other rule does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleSpace {
    /// First packets: the application is not known.
    pub first: Vec<Block>,
    /// Known applications that the rule names, or all where it names none.
    pub known: Vec<Block>,
    /// Known applications that it allows only because another one uses them (PANOS.md 2.5).
    pub implicit: Vec<Block>,
}

/// Applications with the protocols and ports they may have.
type Pairs = Vec<(Ranges, Ranges)>;

/// Compiles rules. Columns that say the same are compiled once: rules share them.
pub(super) struct Compiler<'p> {
    catalog: &'p Catalog,
    options: PolicyOptions,
    zones: Ranges,
    addresses: HashMap<(*const (Addr, Addr), usize, bool), Ranges, foldhash::fast::FixedState>,
    members: HashMap<*const AppId, Ranges, foldhash::fast::FixedState>,
    defaults: HashMap<*const AppId, Arc<Defaults>, foldhash::fast::FixedState>,
    /// Every application on its default ports.
    all_defaults: Option<Pairs>,
}

/// What `application-default` means for a list of applications.
#[derive(Debug, Default)]
struct Defaults {
    /// While the application is unknown.
    first: Ranges,
    known: Pairs,
    implicit: Pairs,
}

impl<'p> Compiler<'p> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        let zones = match policy.zones.len() {
            0 => Side::From.all(),
            count => Ranges::span(0, count as u128 - 1),
        };
        Self {
            catalog: policy.catalog(),
            options: policy.options,
            zones,
            addresses: HashMap::default(),
            members: HashMap::default(),
            defaults: HashMap::default(),
            all_defaults: None,
        }
    }

    /// What the rule answers at that time, with the URL category of the session not known.
    pub(super) fn rule_at(&mut self, rule: &Rule, at: Timestamp) -> RuleSpace {
        let inactive = rule.schedule.as_ref().is_some_and(|schedule| !schedule.is_active(at));
        let passed_over = !rule.category.is_any() && !rule.action.is_allow();
        if !rule.identity.is_empty() || inactive || passed_over {
            return RuleSpace::default();
        }
        let mut space = self.rule(rule);
        if !rule.user.is_any() {
            let users = rule.user.ranges.iter().map(|&(low, high)| (low.bits(), high.bits()));
            let users = Ranges::new(users.collect());
            for blocks in [&mut space.first, &mut space.known, &mut space.implicit] {
                let at_users = |block: &Block| {
                    block.clone().with(Side::Source, block.side(Side::Source).intersection(&users))
                };
                *blocks = blocks.iter().map(at_users).filter(|block| !block.is_empty()).collect();
            }
        }
        space
    }

    /// What the rule would answer, whatever it asks of users, hosts, categories and the time.
    pub(super) fn rule(&mut self, rule: &Rule) -> RuleSpace {
        let bases = self.bases(rule);
        if bases.is_empty() {
            return RuleSpace::default();
        }
        let services = services(&rule.service);
        let blocks = |pairs: &Pairs| {
            let mut blocks = Vec::new();
            for (base, (apps, service)) in
                bases.iter().flat_map(|base| pairs.iter().map(move |pair| (base, pair)))
            {
                let block =
                    base.clone().with(Side::Application, apps.clone()).with(Side::Service, service.clone());
                blocks.extend(match &services {
                    None => vec![block],
                    Some(services) => on_services(&block, services),
                });
            }
            blocks.retain(|block| !block.is_empty());
            blocks
        };
        let (known, implicit) = self.applications(rule);
        RuleSpace { first: blocks(&self.first(rule)), known: blocks(&known), implicit: blocks(&implicit) }
    }

    /// Zones and addresses.
    fn bases(&mut self, rule: &Rule) -> Vec<Block> {
        let (from, to) = (self.zones(&rule.from), self.zones(&rule.to));
        let within = match rule.rule_type {
            RuleType::Universal => Some(from.intersection(&to)),
            RuleType::Intrazone => Some(from.clone()),
            RuleType::Interzone => None,
        };
        let mut bases = Vec::new();
        bases.extend(within.map(|zones| Block::all(true).with(Side::From, zones)));
        if rule.rule_type != RuleType::Intrazone {
            bases.push(Block::all(false).with(Side::From, from).with(Side::To, to));
        }
        let (source, destination) = (self.addresses(&rule.source), self.addresses(&rule.destination));
        let with_addresses = |base: Block| {
            base.with(Side::Source, source.clone()).with(Side::Destination, destination.clone())
        };
        bases.into_iter().map(with_addresses).filter(|base| !base.is_empty()).collect()
    }

    fn zones(&self, zones: &ZoneMatch) -> Ranges {
        match zones {
            ZoneMatch::Any => self.zones.clone(),
            ZoneMatch::Zones(zones) => {
                Ranges::new(zones.iter().map(|&ZoneId(zone)| (zone.into(), zone.into())).collect())
            }
        }
    }

    fn addresses(&mut self, column: &AddressMatch) -> Ranges {
        let all = Side::Source.all();
        if column.is_any() {
            return all;
        }
        let key = (column.ranges.as_ptr(), column.ranges.len(), column.negate);
        let ranges = self.addresses.entry(key).or_insert_with(|| {
            let ranges = column.ranges.iter().map(|&(low, high)| (low.bits(), high.bits()));
            let ranges = Ranges::new(ranges.collect());
            if column.negate { all.difference(&ranges) } else { ranges }
        });
        ranges.clone()
    }

    /// Protocols and ports of first packets: what is certain, and for an allow rule what may be (PANOS.md 2.2).
    fn first(&mut self, rule: &Rule) -> Pairs {
        let by_service = self.options.block_by_service && matches!(rule.service, ServiceMatch::Services(_));
        let service = match (&rule.application, &rule.service) {
            (ApplicationMatch::Any, ServiceMatch::Any | ServiceMatch::Services(_)) => Side::Service.all(),
            _ if by_service => Side::Service.all(),
            _ if !rule.action.is_allow() => return Vec::new(),
            (ApplicationMatch::Applications { members, .. }, ServiceMatch::ApplicationDefault) => {
                self.defaults(members).first.clone()
            }
            _ => Side::Service.all(),
        };
        vec![(Ranges::span(UNKNOWN, UNKNOWN), service)]
    }

    /// Applications named, and those used implicitly, each with the ports they may have.
    fn applications(&mut self, rule: &Rule) -> (Pairs, Pairs) {
        let implicit = rule.action.is_allow() && self.options.implicit_applications;
        match (&rule.application, &rule.service) {
            (ApplicationMatch::Any, ServiceMatch::ApplicationDefault) => (self.all_defaults(), Vec::new()),
            (ApplicationMatch::Any, _) => {
                (vec![(Ranges::span(0, UNKNOWN - 1), Side::Service.all())], Vec::new())
            }
            (ApplicationMatch::Applications { members, .. }, ServiceMatch::ApplicationDefault) => {
                let defaults = self.defaults(members);
                let used = if implicit { defaults.implicit.clone() } else { Vec::new() };
                (defaults.known.clone(), used)
            }
            (ApplicationMatch::Applications { members, .. }, _) => {
                let named = self
                    .members
                    .entry(members.as_ptr())
                    .or_insert_with(|| Ranges::applications(members.iter().copied()));
                let known = vec![(named.clone(), Side::Service.all())];
                if !implicit {
                    return (known, Vec::new());
                }
                let used =
                    Ranges::applications(used(self.catalog, members).map(|(_, app)| app)).difference(named);
                (known, vec![(used, Side::Service.all())])
            }
        }
    }

    fn defaults(&mut self, members: &Arc<[AppId]>) -> Arc<Defaults> {
        let catalog = self.catalog;
        let defaults = self.defaults.entry(members.as_ptr()).or_insert_with(|| {
            let named = Ranges::applications(members.iter().copied());
            let known: Vec<_> = members.iter().filter_map(|&app| Some((app, catalog.get(app)?))).collect();
            let first = known.iter().flat_map(|(_, app)| default_services(&app.ports));
            let used = used(catalog, members).filter(|&(_, app)| !named.contains(app.0.into()));
            Arc::new(Defaults {
                first: Ranges::new(first.collect()),
                known: by_ports(known.iter().map(|&(id, app)| (id, &app.ports))),
                implicit: by_ports(used.map(|(user, id)| (id, &user.ports))),
            })
        });
        Arc::clone(defaults)
    }

    fn all_defaults(&mut self) -> Pairs {
        let catalog = self.catalog;
        self.all_defaults
            .get_or_insert_with(|| by_ports(catalog.iter().map(|(id, app)| (id, &app.ports))))
            .clone()
    }
}

/// What the members use implicitly, and who uses it.
fn used<'c>(
    catalog: &'c Catalog,
    members: &'c [AppId],
) -> impl Iterator<Item = (&'c Application, AppId)> + 'c {
    let users = members.iter().filter_map(|&member| catalog.get(member));
    users.flat_map(|user| user.implicit.iter().map(move |&app| (user, app)))
}

/// Applications that have the same ports together.
fn by_ports<'c>(applications: impl Iterator<Item = (AppId, &'c Ports)>) -> Pairs {
    let mut groups: BTreeMap<Vec<(u128, u128)>, Vec<AppId>> = BTreeMap::new();
    for (id, ports) in applications {
        groups.entry(default_services(ports).collect()).or_default().push(id);
    }
    let pairs = groups.into_iter().map(|(ports, apps)| (Ranges::applications(apps), Ranges::new(ports)));
    pairs.filter(|(_, ports)| !ports.is_empty()).collect()
}

/// The block on each service: those without source ports together.
fn on_services(block: &Block, services: &[(Ranges, Ranges)]) -> Vec<Block> {
    let on = |(source, service): &(Ranges, Ranges)| {
        let service = block.side(Side::Service).intersection(service);
        block.clone().with(Side::SourcePort, source.clone()).with(Side::Service, service)
    };
    services.iter().map(on).collect()
}

/// Destination keys of services by their source ports.
type BySource = BTreeMap<Vec<(u16, u16)>, Vec<(u128, u128)>>;

/// Source ports and services; `None` where the rule names no service.
fn services(column: &ServiceMatch) -> Option<Vec<(Ranges, Ranges)>> {
    let ServiceMatch::Services(services) = column else { return None };
    let keys = |service: &Service| -> Vec<(u128, u128)> {
        let key = |port| service_key(service.protocol, port);
        service
            .ports
            .iter()
            .filter(|ports| ports.0 <= ports.1)
            .map(|&(low, high)| (key(low), key(high)))
            .collect()
    };
    let mut by_source: BySource = BTreeMap::new();
    for service in services.iter() {
        by_source.entry(service.source_ports.clone()).or_default().extend(keys(service));
    }
    let sources = |ports: Vec<(u16, u16)>| match ports.as_slice() {
        [] => Side::SourcePort.all(),
        ports => Ranges::new(ports.iter().map(|&(low, high)| (low.into(), high.into())).collect()),
    };
    Some(by_source.into_iter().map(|(source, keys)| (sources(source), Ranges::new(keys))).collect())
}

/// Everything that [`Ports::contain`], as services.
pub(super) fn default_services(ports: &Ports) -> impl Iterator<Item = (u128, u128)> + '_ {
    let on = |protocol, (low, high)| (service_key(protocol, low), service_key(protocol, high));
    let whole = move |protocol| on(protocol, (0, u16::MAX));
    let tcp = ports.tcp.iter().map(move |&range| on(Protocol::TCP, range));
    let udp = ports.udp.iter().map(move |&range| on(Protocol::UDP, range));
    let icmp = [ports.icmp.then_some(Protocol::ICMP), ports.icmp6.then_some(Protocol::ICMPV6)];
    let others = ports.ip_protocols.iter().flat_map(|&(low, high)| (low..=high).map(Protocol));
    // Those have columns of their own, and `Ports::contain` looks there.
    let others = others.filter(|protocol| !protocol.has_ports() && !protocol.is_icmp());
    tcp.chain(udp).chain(icmp.into_iter().flatten().chain(others).map(whole))
}
