//! Which rules can answer a query at all: an index by zone pair.

use hashbrown::HashMap;

use super::lookup::Query;
use super::rule::{Rule, RuleId, RuleType, ZoneMatch};
use crate::flow::ZoneId;

/// Candidate rules per zone pair, in order. Pairs that no rule names share the rules for any zone.
#[derive(Debug, Clone)]
pub(super) struct Index {
    zones: HashMap<ZoneId, usize, foldhash::fast::FixedState>,
    /// `pairs[from * n + to]`, where the last zone of the `n` stands for every zone that no rule names.
    pairs: Vec<Vec<RuleId>>,
}

impl Index {
    pub(super) fn new(rules: &[Rule]) -> Self {
        let mut zones = HashMap::default();
        for rule in rules {
            for list in [&rule.from, &rule.to] {
                if let ZoneMatch::Zones(list) = list {
                    for &zone in list {
                        let next = zones.len();
                        zones.entry(zone).or_insert(next);
                    }
                }
            }
        }
        let width = zones.len() + 1;
        let mut pairs = vec![Vec::new(); width * width];
        let named: HashMap<usize, ZoneId, foldhash::fast::FixedState> =
            zones.iter().map(|(&zone, &slot)| (slot, zone)).collect();
        for (slot, pair) in pairs.iter_mut().enumerate() {
            let (from, to) = (named.get(&(slot / width)), named.get(&(slot % width)));
            let within = |list: &ZoneMatch, zone: Option<&ZoneId>| match zone {
                Some(&zone) => list.contains(zone),
                None => *list == ZoneMatch::Any,
            };
            for (rule, id) in rules.iter().zip((0u32..).map(RuleId)) {
                let to_matters = rule.rule_type != RuleType::Intrazone;
                if within(&rule.from, from) && (!to_matters || within(&rule.to, to)) {
                    pair.push(id);
                }
            }
        }
        Self { zones, pairs }
    }

    pub(super) fn candidates(&self, query: &Query) -> impl Iterator<Item = RuleId> {
        let other = self.zones.len();
        let slot = |zone| self.zones.get(&zone).copied().unwrap_or(other);
        let pair = slot(query.from) * (other + 1) + slot(query.to);
        self.pairs.get(pair).into_iter().flatten().copied()
    }
}
