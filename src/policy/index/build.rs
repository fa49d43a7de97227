//! How the index is built.

use std::ops::RangeInclusive;

use hashbrown::HashMap;

use super::columns::{address_intervals, joined, may_answer_unknown, named_applications, service_intervals};
use super::{ByAddress, ByInterval, ByValue, CHUNK, Chunk, EMPTY, Index, Limits, NONE, SetId, Sets, V4};
use crate::app::Catalog;
use crate::flow::ZoneId;
use crate::policy::lookup::PolicyOptions;
use crate::policy::rule::{AddressMatch, Rule, RuleType, ZoneMatch};

impl Index {
    pub(in crate::policy) fn new(
        rules: &[Rule],
        catalog: &Catalog,
        options: PolicyOptions,
        limits: Limits,
    ) -> Self {
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
