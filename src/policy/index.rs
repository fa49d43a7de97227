//! Which rules can answer a query at all: an index over every column.
//!
//! For each column the index knows, for each value a query can have there, the set of rules that the column does not
//! rule out. A lookup intersects one set per column and fully matches only what is left, in order. Sets are bitmaps
//! cut into chunks; equal chunks and equal sets are stored once, so the index grows with what the rules *say*, not
//! with rules times values.
//!
//! INVARIANT: a set may hold too many rules, never too few. That is what lets the index stay within
//! [`Limits`]: where there are too many values it takes several of them together.

use std::ops::RangeInclusive;

use hashbrown::HashMap;

use super::lookup::{PolicyOptions, Query};
use super::rule::{AddressMatch, ApplicationMatch, Rule, RuleId, RuleType, ServiceMatch, ZoneMatch};
use crate::app::{AppId, Catalog, Ports};
use crate::flow::{Addr, Protocol, ZoneId};

/// Rules in one chunk: a chunk is one cache line.
const CHUNK: usize = 512;

/// One bit per rule.
type Chunk = [u64; CHUNK / 64];

/// No rule at all.
const NONE: Chunk = [0; CHUNK / 64];

/// The number of [`NONE`] in every pool.
const EMPTY: u32 = 0;

/// Columns that a query is looked up by.
const COLUMNS: usize = 7;

/// The addresses that stand for IPv4 (RFC 4291, 2.5.5.2).
const V4: (u128, u128) = (0xffff_0000_0000, 0xffff_ffff_ffff);

/// What the index may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Chunk numbers in the sets of one column.
    pub(super) chunks: usize,
    /// Values that all rules may name in one column, each counted as often as it is named.
    pub(super) entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { chunks: 8_000_000, entries: 4_000_000 }
    }
}

/// The index.
#[derive(Debug, Clone)]
pub(super) struct Index {
    sets: Sets,
    within_zone: SetId,
    between_zones: SetId,
    from: ByValue,
    to: ByValue,
    source: ByAddress,
    destination: ByAddress,
    /// By protocol and destination port.
    service: ByInterval<u32>,
    application: ByValue,
    /// While the application is unknown.
    no_application: SetId,
}

/// Number of a set in [`Sets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SetId(u32);

/// All sets of rules.
#[derive(Debug, Clone, Default)]
struct Sets {
    pool: Vec<Chunk>,
    /// The chunks of each set, one set after the other.
    chunks: Vec<u32>,
    /// Chunks per set.
    width: usize,
}

/// The set for each of the small numbers a column is about: zones, applications.
#[derive(Debug, Clone)]
struct ByValue {
    sets: Vec<SetId>,
    other: SetId,
}

/// The set for each interval of a large space: addresses, ports.
#[derive(Debug, Clone)]
struct ByInterval<K> {
    /// Where each interval starts; the first one starts at 0.
    starts: Vec<K>,
    sets: Vec<SetId>,
}

/// The set for each interval of addresses. IPv4 by itself: keys are a quarter as large, and fit the cache.
#[derive(Debug, Clone)]
struct ByAddress {
    v4: ByInterval<u32>,
    v6: ByInterval<u128>,
}

impl Index {
    pub(super) fn new(rules: &[Rule], catalog: &Catalog, options: PolicyOptions, limits: Limits) -> Self {
        let mut builder = Builder::new(rules, limits);
        let zones = |list: &ZoneMatch| match list {
            ZoneMatch::Any => None,
            ZoneMatch::Zones(zones) => Some(zones.iter().map(|&ZoneId(zone)| usize::from(zone)).collect()),
        };
        let applications = |rule: &Rule| named_applications(rule, catalog, options);
        let services = |rule: &Rule| service_intervals(rule, catalog);
        Self {
            within_zone: builder.set_of(|rule| rule.rule_type != RuleType::Interzone),
            between_zones: builder.set_of(|rule| rule.rule_type != RuleType::Intrazone),
            from: builder.by_value(|rule| zones(&rule.from)),
            to: builder.by_value(|rule| match rule.rule_type {
                RuleType::Intrazone => None,
                RuleType::Universal | RuleType::Interzone => zones(&rule.to),
            }),
            source: builder.by_address(|rule| &rule.source),
            destination: builder.by_address(|rule| &rule.destination),
            service: builder.by_interval(|rule, limit| joined(services(rule), limit)),
            application: builder.by_value(applications),
            no_application: builder.set_of(|rule| may_answer_unknown(rule, options)),
            sets: builder.sets,
        }
    }

    /// The rules that no column rules out, in order.
    pub(super) fn candidates(&self, query: &Query) -> Candidates<'_> {
        let zones = if query.from == query.to { self.within_zone } else { self.between_zones };
        let application = match query.app {
            Some(AppId(app)) => self.application.get(app.into()),
            None => self.no_application,
        };
        // Those first that are most likely to leave nothing.
        let columns = [
            self.destination.get(query.dst),
            self.source.get(query.src),
            self.service.get(service_key(query.protocol, query.dport)),
            self.to.get(query.to.0.into()),
            self.from.get(query.from.0.into()),
            application,
            zones,
        ];
        Candidates {
            sets: &self.sets,
            columns: columns.map(|set| self.sets.get(set)),
            next_chunk: 0,
            first_rule: 0,
            chunk: NONE,
        }
    }
}

/// The rules left when every column has had its say.
pub(super) struct Candidates<'i> {
    sets: &'i Sets,
    columns: [&'i [u32]; COLUMNS],
    next_chunk: usize,
    /// The first rule of the chunk at hand.
    first_rule: u32,
    /// What is left of the chunk at hand.
    chunk: Chunk,
}

impl Candidates<'_> {
    /// Intersects the next chunk; `None` after the last one.
    fn advance(&mut self) -> Option<()> {
        let place = self.next_chunk;
        self.next_chunk += 1;
        #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 2^32 rules")]
        let first_rule = (place * CHUNK) as u32;
        self.first_rule = first_rule;
        let mut chunk = [u64::MAX; CHUNK / 64];
        for column in self.columns {
            let number = *column.get(place)?;
            if number == EMPTY {
                return Some(());
            }
            for (word, other) in chunk.iter_mut().zip(self.sets.pool.get(number as usize)?) {
                *word &= other;
            }
        }
        self.chunk = chunk;
        Some(())
    }
}

impl Iterator for Candidates<'_> {
    type Item = RuleId;

    fn next(&mut self) -> Option<RuleId> {
        loop {
            for (word, first) in self.chunk.iter_mut().zip((self.first_rule..).step_by(64)) {
                if *word != 0 {
                    let bit = word.trailing_zeros();
                    *word &= *word - 1;
                    return Some(RuleId(first + bit));
                }
            }
            self.advance()?;
        }
    }
}

impl Sets {
    fn get(&self, SetId(set): SetId) -> &[u32] {
        let start = set as usize * self.width;
        self.chunks.get(start..start + self.width).unwrap_or_default()
    }
}

impl ByValue {
    fn get(&self, value: usize) -> SetId {
        self.sets.get(value).copied().unwrap_or(self.other)
    }
}

impl<K: Ord> ByInterval<K> {
    fn get(&self, value: K) -> SetId {
        let after = self.starts.partition_point(|start| *start <= value);
        self.sets.get(after.saturating_sub(1)).copied().unwrap_or(SetId(0))
    }
}

impl ByAddress {
    fn get(&self, addr: Addr) -> SetId {
        match u32::try_from(addr.bits().wrapping_sub(V4.0)) {
            Ok(v4) => self.v4.get(v4),
            Err(_) => self.v6.get(addr.bits()),
        }
    }
}

/// Applications that a rule can match once the application is known; `None` is every one.
fn named_applications(rule: &Rule, catalog: &Catalog, options: PolicyOptions) -> Option<Vec<usize>> {
    let ApplicationMatch::Applications { members, .. } = &rule.application else { return None };
    let mut named: Vec<usize> = members.iter().map(|&AppId(app)| app.into()).collect();
    if options.implicit_applications && rule.action.is_allow() {
        let used = members.iter().filter_map(|&app| catalog.get(app)).flat_map(|app| &app.implicit);
        named.extend(used.map(|&AppId(app)| usize::from(app)));
    }
    Some(named)
}

/// Whether a rule can answer while the application is unknown: a block rule that needs it cannot (PANOS.md 2.2).
fn may_answer_unknown(rule: &Rule, options: PolicyOptions) -> bool {
    rule.action.is_allow()
        || rule.application == ApplicationMatch::Any
        || options.block_by_service && matches!(rule.service, ServiceMatch::Services(_))
}

/// Protocol and destination port as one number.
fn service_key(protocol: Protocol, port: u16) -> u32 {
    u32::from(protocol.0) << 16 | u32::from(port)
}

/// Protocols and ports that the service column does not rule out, whatever the application.
fn service_intervals(rule: &Rule, catalog: &Catalog) -> Vec<(u128, u128)> {
    let key = |protocol, port| u128::from(service_key(protocol, port));
    let interval = |protocol, (low, high)| (key(protocol, low), key(protocol, high));
    match (&rule.service, &rule.application) {
        (ServiceMatch::Any, _) | (ServiceMatch::ApplicationDefault, ApplicationMatch::Any) => {
            vec![(0, u128::MAX)]
        }
        (ServiceMatch::Services(services), _) => services
            .iter()
            .flat_map(|service| service.ports.iter().map(|&ports| interval(service.protocol, ports)))
            .collect(),
        (ServiceMatch::ApplicationDefault, ApplicationMatch::Applications { members, .. }) => members
            .iter()
            .filter_map(|&app| catalog.get(app))
            .flat_map(|app| default_ports(&app.ports))
            .map(|(protocol, ports)| interval(protocol, ports))
            .collect(),
    }
}

/// Everything that [`Ports::contain`].
fn default_ports(ports: &Ports) -> impl Iterator<Item = (Protocol, (u16, u16))> {
    const ALL: (u16, u16) = (0, u16::MAX);
    let icmp = [ports.icmp.then_some(Protocol::ICMP), ports.icmp6.then_some(Protocol::ICMPV6)];
    let numbers = ports.ip_protocols.iter().flat_map(|&(low, high)| (low..=high).map(Protocol));
    let whole = icmp.into_iter().flatten().chain(numbers);
    let tcp = ports.tcp.iter().map(|&range| (Protocol::TCP, range));
    let udp = ports.udp.iter().map(|&range| (Protocol::UDP, range));
    tcp.chain(udp).chain(whole.map(|protocol| (protocol, ALL)))
}

/// Addresses that the column matches: at most about `limit` intervals, which hold all of them.
fn address_intervals(column: &AddressMatch, limit: usize) -> Vec<(u128, u128)> {
    if column.is_any() {
        return vec![(0, u128::MAX)];
    }
    let ranges = &column.ranges;
    let low = |index: usize| ranges.get(index).map(|range| range.0.bits());
    let high = |index: usize| ranges.get(index).map(|range| range.1.bits());
    if !column.negate {
        let step = ranges.len().div_ceil(limit).max(1);
        let last = |first: usize| (first + step - 1).min(ranges.len() - 1);
        let span = |first| Some((low(first)?, high(last(first))?));
        return (0..ranges.len()).step_by(step).filter_map(span).collect();
    }
    // The gaps: gap n lies before range n, the last one behind all ranges.
    let step = (ranges.len() + 1).div_ceil(limit).max(1);
    let span = |first: usize| {
        let start = first.checked_sub(1).and_then(high).map_or(Some(0), |end| end.checked_add(1))?;
        let end =
            low((first + step - 1).min(ranges.len())).map_or(Some(u128::MAX), |next| next.checked_sub(1))?;
        (start <= end).then_some((start, end))
    };
    (0..=ranges.len()).step_by(step).filter_map(span).collect()
}

/// Sorted intervals without overlap: at most about `limit`, which hold all that was in them.
fn joined(mut intervals: Vec<(u128, u128)>, limit: usize) -> Vec<(u128, u128)> {
    intervals.sort_unstable();
    intervals.dedup_by(|next, last| {
        let overlap = next.0 <= last.1;
        if overlap {
            last.1 = last.1.max(next.1);
        }
        overlap
    });
    let step = intervals.len().div_ceil(limit).max(1);
    let span = |group: &[(u128, u128)]| Some((group.first()?.0, group.last()?.1));
    intervals.chunks(step).filter_map(span).collect()
}

/// Builds the index of some rules.
struct Builder<'r> {
    rules: &'r [Rule],
    limits: Limits,
    sets: Sets,
    known_chunks: HashMap<Chunk, u32, foldhash::fast::FixedState>,
    known_sets: HashMap<Vec<u32>, SetId, foldhash::fast::FixedState>,
}

/// A set of rules that changes, one bit per rule.
struct WorkingSet {
    bits: Vec<Chunk>,
    numbers: Vec<u32>,
    changed: Vec<usize>,
}

impl WorkingSet {
    fn new(width: usize) -> Self {
        Self { bits: vec![NONE; width], numbers: vec![EMPTY; width], changed: Vec::new() }
    }

    fn flip(&mut self, rule: usize) {
        let chunk = rule / CHUNK;
        if let Some(word) = self.bits.get_mut(chunk).and_then(|chunk| chunk.get_mut(rule % CHUNK / 64)) {
            *word ^= 1 << (rule % 64);
        }
        if self.changed.last() != Some(&chunk) {
            self.changed.push(chunk);
        }
    }
}

impl<'r> Builder<'r> {
    fn new(rules: &'r [Rule], limits: Limits) -> Self {
        let width = rules.len().div_ceil(CHUNK);
        let sets = Sets { pool: vec![NONE], chunks: Vec::new(), width };
        let known_chunks = [(NONE, EMPTY)].into_iter().collect();
        Self { rules, limits, sets, known_chunks, known_sets: HashMap::default() }
    }

    /// The rules that `test` holds for.
    fn set_of(&mut self, test: impl Fn(&Rule) -> bool) -> SetId {
        let mut set = WorkingSet::new(self.sets.width);
        for (number, rule) in self.rules.iter().enumerate() {
            if test(rule) {
                set.flip(number);
            }
        }
        self.store(&mut set)
    }

    /// Sets by the values that rules name; `None` names every value.
    fn by_value(&mut self, named: impl Fn(&Rule) -> Option<Vec<usize>>) -> ByValue {
        let most = self.entries_per_rule();
        let mut any = WorkingSet::new(self.sets.width);
        let mut rules_of: Vec<Vec<usize>> = Vec::new();
        for (number, rule) in self.rules.iter().enumerate() {
            match named(rule).filter(|values| values.len() <= most) {
                None => any.flip(number),
                Some(mut values) => {
                    values.sort_unstable();
                    values.dedup();
                    for value in values {
                        if value >= rules_of.len() {
                            rules_of.resize_with(value + 1, Vec::new);
                        }
                        rules_of.get_mut(value).into_iter().for_each(|rules| rules.push(number));
                    }
                }
            }
        }
        let other = self.store(&mut any);
        let sets = rules_of.iter().map(|rules| {
            rules.iter().for_each(|&rule| any.flip(rule));
            let set = self.store(&mut any);
            rules.iter().for_each(|&rule| any.flip(rule));
            set
        });
        ByValue { sets: sets.collect(), other }
    }

    fn by_address(&mut self, column: impl Fn(&Rule) -> &AddressMatch) -> ByAddress {
        let within_v4 = |(low, high): (u128, u128)| {
            let (low, high) = (low.max(V4.0), high.min(V4.1));
            (low <= high).then(|| (low - V4.0, high - V4.0))
        };
        let v4 = |rule: &Rule, limit| {
            address_intervals(column(rule), limit).into_iter().filter_map(within_v4).collect()
        };
        ByAddress {
            v4: self.by_interval(v4),
            v6: self.by_interval(|rule, limit| {
                let mut intervals = address_intervals(column(rule), limit);
                intervals.retain(|&(low, high)| low < V4.0 || V4.1 < high);
                intervals
            }),
        }
    }

    /// Sets by interval. `intervals` gives a rule's, sorted and without overlap, about as many as it is told.
    fn by_interval<K: TryFrom<u128>>(
        &mut self,
        intervals: impl Fn(&Rule, usize) -> Vec<(u128, u128)>,
    ) -> ByInterval<K> {
        let most = self.entries_per_rule();
        let of_rules: Vec<Vec<(u128, u128)>> = self.rules.iter().map(|rule| intervals(rule, most)).collect();
        let starts = self.cut(of_rules.iter().flatten());
        let cell = |value: u128| starts.partition_point(|&start| start <= value).saturating_sub(1);
        // Where a rule comes in and where it goes out again, by interval.
        let (mut comes, mut goes) = (Vec::new(), Vec::new());
        for (rule, intervals) in of_rules.iter().enumerate() {
            for cells in joined_cells(intervals.iter().map(|&(low, high)| cell(low)..=cell(high))) {
                comes.push((*cells.start(), rule));
                goes.push((*cells.end() + 1, rule));
            }
        }
        comes.sort_unstable();
        goes.sort_unstable();
        let (mut comes, mut goes) = (comes.into_iter().peekable(), goes.into_iter().peekable());
        let mut set = WorkingSet::new(self.sets.width);
        let sets = (0..starts.len()).map(|cell| {
            while let Some((_, rule)) = goes.next_if(|&(at, _)| at == cell) {
                set.flip(rule);
            }
            while let Some((_, rule)) = comes.next_if(|&(at, _)| at == cell) {
                set.flip(rule);
            }
            self.store(&mut set)
        });
        let sets: Vec<SetId> = sets.collect();
        let mut intervals: Vec<(u128, SetId)> = starts.into_iter().zip(sets).collect();
        intervals.dedup_by_key(|&mut (_, set)| set);
        let keys = intervals.into_iter().filter_map(|(start, set)| Some((K::try_from(start).ok()?, set)));
        let (starts, sets) = keys.unzip();
        ByInterval { starts, sets }
    }

    /// Where intervals start so that each holds a whole number of them, or, where that would be too many, fewer.
    fn cut<'i>(&self, intervals: impl Iterator<Item = &'i (u128, u128)>) -> Vec<u128> {
        let mut starts = vec![0];
        for &(low, high) in intervals {
            starts.push(low);
            starts.extend(high.checked_add(1));
        }
        starts.sort_unstable();
        starts.dedup();
        let most = self.limits.chunks / self.sets.width.max(1);
        let step = starts.len().div_ceil(most.max(1)).max(1);
        starts.into_iter().step_by(step).collect()
    }

    fn entries_per_rule(&self) -> usize {
        (self.limits.entries / self.rules.len().max(1)).max(1)
    }

    fn store(&mut self, set: &mut WorkingSet) -> SetId {
        for chunk in set.changed.drain(..) {
            if let (Some(bits), Some(number)) = (set.bits.get(chunk), set.numbers.get_mut(chunk)) {
                *number = *self.known_chunks.entry(*bits).or_insert_with(|| {
                    self.sets.pool.push(*bits);
                    u32::try_from(self.sets.pool.len() - 1).unwrap_or(u32::MAX)
                });
            }
        }
        if let Some(&known) = self.known_sets.get(&set.numbers) {
            return known;
        }
        let id = SetId(u32::try_from(self.known_sets.len()).unwrap_or(u32::MAX));
        self.sets.chunks.extend_from_slice(&set.numbers);
        self.known_sets.insert(set.numbers.clone(), id);
        id
    }
}

/// Joins sorted ranges of cells that share one.
fn joined_cells(ranges: impl Iterator<Item = RangeInclusive<usize>>) -> Vec<RangeInclusive<usize>> {
    let mut joined: Vec<RangeInclusive<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start() <= last.end() => *last = *last.start()..=*range.end(),
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::policy::{Action, Policy, Service};

    /// A sequence of numbers that look random.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % sides
        }

        fn port(&mut self) -> u16 {
            u16::try_from(self.roll(2_000)).unwrap()
        }

        fn addr(&mut self) -> Addr {
            Addr::v4([10, 0, 0, u8::try_from(self.roll(256)).unwrap()])
        }

        fn zone(&mut self) -> ZoneId {
            ZoneId(u16::try_from(self.roll(40)).unwrap())
        }

        fn zones(&mut self) -> ZoneMatch {
            match self.roll(3) {
                0 => ZoneMatch::Any,
                _ => ZoneMatch::Zones((0..self.roll(20)).map(|_| self.zone()).collect()),
            }
        }

        fn addresses(&mut self) -> AddressMatch {
            let mut ranges: Vec<(Addr, Addr)> =
                (0..=self.roll(30)).map(|_| self.addr()).map(|a| (a, a)).collect();
            ranges.sort_unstable();
            ranges.dedup();
            let names = vec!["some".to_owned(); usize::from(self.roll(4) > 0)];
            AddressMatch { names, ranges: ranges.into(), negate: self.roll(4) == 0 }
        }

        fn rule(&mut self) -> Rule {
            let ports = (0..=self.roll(10)).map(|_| self.port()).map(|port| (port, port)).collect();
            let service =
                Service { name: String::new(), protocol: Protocol::TCP, ports, source_ports: Vec::new() };
            Rule {
                from: self.zones(),
                to: self.zones(),
                source: self.addresses(),
                destination: self.addresses(),
                service: ServiceMatch::Services([service].into()),
                action: if self.roll(2) == 0 { Action::Allow } else { Action::Drop },
                ..Rule::default()
            }
        }

        fn query(&mut self) -> Query {
            Query {
                from: self.zone(),
                to: self.zone(),
                src: self.addr(),
                dst: self.addr(),
                protocol: Protocol::TCP,
                sport: 0,
                dport: self.port(),
                app: None,
            }
        }
    }

    /// However little the index may cost, lookups stay the same.
    #[test]
    fn limits_change_no_answer() {
        let mut dice = Dice(1);
        let rules: Vec<Rule> = (0..2_000).map(|_| dice.rule()).collect();
        let catalog = Arc::new(Catalog::default());
        let policy = |limits| {
            let defaults = [Rule::default(), Rule::default()];
            Policy::with_limits(
                rules.clone(),
                defaults,
                Arc::clone(&catalog),
                PolicyOptions::default(),
                limits,
            )
        };
        let exact = policy(Limits::default());
        for limits in [
            Limits { chunks: 100, entries: 8_000 },
            Limits { chunks: 8, entries: 1 },
            Limits { chunks: 1, entries: 0 },
        ] {
            let coarse = policy(limits);
            let mut answered = 0;
            for _ in 0..2_000 {
                let query = dice.query();
                let found = coarse.lookup(&query);
                assert_eq!(exact.lookup(&query), found, "{limits:?}");
                answered += usize::from((found.rule.0 as usize) < coarse.user_rules());
            }
            assert!(answered > 100, "{answered}");
        }
    }
}
