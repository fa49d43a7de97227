//! The NAT rulebase: which rule a new session matches, and which rule could have made a translated packet.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::pool::AddressPool;
use super::rule::{DestinationAddress, NatRule, NatRuleId, SourceTranslation, matching};
use crate::feature::first_match::{FirstMatch, service};
use crate::flow::{Addr, FlowKey, Protocol, ZoneId};
use crate::policy::{AddressMatch, Query, Rule, Service, ServiceMatch, ZoneMatch};

/// A compiled NAT rulebase.
#[derive(Debug, Clone, Default)]
pub struct NatPolicy {
    rules: Vec<NatRule>,
    /// Rules of policies before this one that sessions may still have; their numbers follow those of `rules`.
    retired: Vec<NatRule>,
    original: FirstMatch,
    /// What leaves by a zone, and what leaves by one of its interfaces that rules name; sorted. Its place here stands
    /// for the egress zone where `original` is asked.
    egresses: Vec<(ZoneId, Option<String>)>,
    translated: FirstMatch,
    /// The rules in `translated`.
    translating: Vec<NatRuleId>,
}

/// What a NAT rule is looked up by: the packet as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NatQuery<'q> {
    /// Ingress zone.
    pub from: ZoneId,
    /// Egress zone of the *original* destination.
    pub to: ZoneId,
    /// Egress interface of the original destination. Without one no rule that has a `to-interface` matches.
    pub to_interface: Option<&'q str>,
    /// Source address.
    pub src: Addr,
    /// Destination address.
    pub dst: Addr,
    /// IP protocol.
    pub protocol: Protocol,
    /// Source port; 0 for anything but TCP and UDP.
    pub sport: u16,
    /// Destination port; 0 for anything but TCP and UDP.
    pub dport: u16,
}

/// What [`NatPolicy::untranslated`] makes out of a translated packet. `None` is what the rule alone does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Untranslated<'p> {
    /// The rule that could have made it.
    pub rule: &'p NatRule,
    /// The original source address.
    pub src: Option<Addr>,
    /// The original destination address.
    pub dst: Option<Addr>,
    /// The original destination port.
    pub dport: Option<u16>,
}

impl NatPolicy {
    /// Compiles rules, which keep their order; those that are disabled, and those for IPv6, are to be left out.
    ///
    /// The other half of a `bi-directional` rule comes right behind it.
    pub fn new(rules: Vec<NatRule>) -> Self {
        let mut all = Vec::with_capacity(rules.len());
        for rule in rules {
            let reverse = rule.reverse();
            all.push(rule);
            all.extend(reverse);
        }
        for (index, rule) in all.iter_mut().enumerate() {
            rule.id = NatRuleId::new(index).unwrap_or_default();
        }
        number_pools(&mut all);
        let egresses = egresses(&all);
        let original = all.iter().map(|rule| Rule { to: leaving(rule, &egresses), ..rule.columns() });
        let original = FirstMatch::new(original.collect());
        let translating = || all.iter().filter(|rule| rule.translates());
        Self {
            original,
            egresses,
            translated: FirstMatch::new(translating().map(as_translated).collect()),
            translating: translating().map(|rule| rule.id).collect(),
            rules: all,
            retired: Vec::new(),
        }
    }

    /// All rules in order, the other halves of `bi-directional` ones as well.
    pub fn rules(&self) -> &[NatRule] {
        &self.rules
    }

    /// One rule.
    pub fn rule(&self, id: NatRuleId) -> Option<&NatRule> {
        let place = id.index();
        match place.checked_sub(self.rules.len()) {
            None => self.rules.get(place),
            Some(place) => self.retired.get(place),
        }
    }

    /// Takes the place of `old`: the numbers of its rules in this policy, by name. Those that this one does not have are
    /// kept as retired, and match nothing. The two halves of a `bi-directional` rule are told apart.
    pub fn succeed(&mut self, old: &Self) -> Vec<NatRuleId> {
        let mut places: HashMap<(String, bool), usize, foldhash::fast::FixedState> = HashMap::default();
        for (place, rule) in self.rules.iter().enumerate() {
            places.entry((rule.name.clone(), rule.is_reverse)).or_insert(place);
        }
        let mut found = Vec::with_capacity(old.rules.len() + old.retired.len());
        for rule in old.rules.iter().chain(&old.retired) {
            let next = self.rules.len() + self.retired.len();
            let place = *places.entry((rule.name.clone(), rule.is_reverse)).or_insert(next);
            if place == next {
                self.retired.push(rule.clone());
            }
            found.push(NatRuleId::new(place).unwrap_or_default());
        }
        found
    }

    /// The first rule that matches. It may be one that translates nothing.
    pub fn lookup(&self, query: &NatQuery<'_>) -> Option<&NatRule> {
        if self.rules.is_empty() || !query.src.is_v4() || !query.dst.is_v4() {
            return None;
        }
        let to = self.egress(query.to, query.to_interface)?;
        self.rules.get(self.original.find(&columns(&NatQuery { to, ..*query }))?)
    }

    /// The first rule that could have made this packet: one whose pool its source is in, or to whose addresses it
    /// goes, and that matches in everything it does not translate.
    ///
    /// For a capture taken where packets are translated already. `seen` is a packet of the client; for one of the
    /// server ask with [`FlowKey::reply`], whose source is then what may be translated. The zone in `seen` is not
    /// looked at. An answer is a possibility only: a host may well send to a server's own address by itself.
    pub fn untranslated(&self, seen: &FlowKey) -> Option<Untranslated<'_>> {
        let &FlowKey { src, dst, protocol, .. } = seen;
        if self.translating.is_empty() || !src.is_v4() || !dst.is_v4() {
            return None;
        }
        let (sport, dport) = if protocol.has_ports() { (seen.sport, seen.dport) } else { (0, 0) };
        let (from, to, to_interface) = (ZoneId(0), ZoneId(0), None);
        let query = NatQuery { from, to, to_interface, src, dst, protocol, sport, dport };
        let rule = self.rule(*self.translating.get(self.translated.find(&columns(&query))?)?)?;
        let (dst, dport) = match &rule.destination_translation {
            None => (Some(dst), Some(seen.dport)),
            Some(translation) => (
                original_destination(rule, &translation.address, dst),
                match translation.port {
                    Some(_) if protocol.has_ports() => only_port(&rule.service, protocol),
                    _ => Some(seen.dport),
                },
            ),
        };
        let src = match &rule.source_translation {
            None => Some(src),
            Some(SourceTranslation::StaticIp { addresses, .. }) => addresses.original(src),
            Some(_) => None,
        };
        Some(Untranslated { rule, src, dst, dport })
    }

    /// What stands for an egress zone and interface.
    fn egress(&self, zone: ZoneId, interface: Option<&str>) -> Option<ZoneId> {
        let place = |interface: Option<&str>| {
            let key = (zone, interface);
            self.egresses.binary_search_by(|(zone, name)| (*zone, name.as_deref()).cmp(&key)).ok()
        };
        let place = interface.and_then(|name| place(Some(name))).or_else(|| place(None))?;
        Some(ZoneId(u16::try_from(place).ok()?))
    }
}

/// What a query says to the columns of a rule.
fn columns(query: &NatQuery<'_>) -> Query {
    let &NatQuery { from, to, src, dst, protocol, sport, dport, .. } = query;
    Query { from, to, src, dst, protocol, sport, dport, ..Query::default() }
}

/// Gives the same number to pools that are the same.
fn number_pools(rules: &mut [NatRule]) {
    let mut numbers: HashMap<AddressPool, u32, foldhash::fast::FixedState> = HashMap::default();
    for pool in rules.iter_mut().flat_map(NatRule::pools_mut) {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        pool.number = match numbers.entry(pool.clone()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => *new.insert(next),
        };
    }
}

fn egresses(rules: &[NatRule]) -> Vec<(ZoneId, Option<String>)> {
    let mut egresses: Vec<_> =
        rules.iter().flat_map(|rule| [(rule.to, None), (rule.to, rule.to_interface.clone())]).collect();
    egresses.sort_unstable();
    egresses.dedup();
    egresses
}

/// Where packets leave that a rule matches.
fn leaving(rule: &NatRule, egresses: &[(ZoneId, Option<String>)]) -> ZoneMatch {
    let fits = |(zone, interface): &(ZoneId, Option<String>)| {
        *zone == rule.to && (rule.to_interface.is_none() || rule.to_interface == *interface)
    };
    let first = egresses.partition_point(|(zone, _)| *zone < rule.to);
    let of_zone = egresses.iter().enumerate().skip(first).take_while(|(_, (zone, _))| *zone == rule.to);
    let places = of_zone.filter(|(_, egress)| fits(egress));
    ZoneMatch::Zones(places.filter_map(|(place, _)| Some(ZoneId(u16::try_from(place).ok()?))).collect())
}

/// What a rule's packets look like when they are translated.
fn as_translated(rule: &NatRule) -> Rule {
    let source = match &rule.source_translation {
        None => rule.source.clone(),
        Some(SourceTranslation::StaticIp { addresses, .. }) => matching(&addresses.translated),
        Some(SourceTranslation::DynamicIpAndPort { pool }) => matching(pool),
        Some(SourceTranslation::DynamicIp { pool, fallback: None }) => matching(pool),
        Some(SourceTranslation::DynamicIp { pool, fallback: Some(fallback) }) => both(pool, fallback),
    };
    let destination = match &rule.destination_translation {
        None => rule.destination.clone(),
        Some(translation) => match &translation.address {
            DestinationAddress::One(addr) => matching(&AddressPool::single(*addr)),
            DestinationAddress::OneToOne(addresses) => matching(&addresses.translated),
            DestinationAddress::Distributed { pool, .. } => matching(pool),
        },
    };
    Rule { source, destination, service: translated_service(rule), ..Rule::default() }
}

fn both(one: &AddressPool, other: &AddressPool) -> AddressMatch {
    let mut ranges: Vec<(Addr, Addr)> = one.ranges().iter().chain(other.ranges().iter()).copied().collect();
    ranges.sort_unstable();
    ranges.dedup_by(|next, last| {
        let overlap = next.0 <= last.1;
        if overlap {
            last.1 = last.1.max(next.1);
        }
        overlap
    });
    AddressMatch { ranges: ranges.into(), ..matching(one) }
}

/// The ports of a rule's packets when they are translated: no fewer than there are, and no list copied.
fn translated_service(rule: &NatRule) -> ServiceMatch {
    let port = rule.destination_translation.as_ref().and_then(|translation| translation.port);
    let services: &[Service] = match &rule.service {
        ServiceMatch::Services(services) => services,
        _ if port.is_none() => return ServiceMatch::Any,
        _ => &[],
    };
    match port {
        Some(port) => {
            let has = |protocol| services.iter().any(|service| service.protocol == protocol);
            let protocols = [Protocol::TCP, Protocol::UDP].into_iter();
            let to_port = |protocol| service(protocol, vec![(port, port)]);
            let translated = protocols.filter(|&protocol| services.is_empty() || has(protocol)).map(to_port);
            ServiceMatch::Services(translated.collect())
        }
        None if changes_source_port(rule) && services.iter().any(|it| !it.source_ports.is_empty()) => {
            ServiceMatch::Any
        }
        None => rule.service.clone(),
    }
}

fn changes_source_port(rule: &NatRule) -> bool {
    matches!(
        rule.source_translation,
        Some(
            SourceTranslation::DynamicIpAndPort { .. }
                | SourceTranslation::DynamicIp { fallback: Some(_), .. }
        )
    )
}

/// What a destination was before a rule translated it.
fn original_destination(rule: &NatRule, address: &DestinationAddress, dst: Addr) -> Option<Addr> {
    match address {
        DestinationAddress::OneToOne(addresses) => addresses.original(dst),
        DestinationAddress::One(_) | DestinationAddress::Distributed { .. } => {
            match &*rule.destination.ranges {
                [(low, high)] if low == high && !rule.destination.negate => Some(*low),
                _ => None,
            }
        }
    }
}

/// The one port that a service has.
fn only_port(service: &ServiceMatch, protocol: Protocol) -> Option<u16> {
    let ServiceMatch::Services(services) = service else { return None };
    let mut ports =
        services.iter().filter(|service| service.protocol == protocol).flat_map(|service| &service.ports);
    match (ports.next(), ports.next()) {
        (Some(&(low, high)), None) if low == high => Some(low),
        _ => None,
    }
}
