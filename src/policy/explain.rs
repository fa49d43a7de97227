//! Why a rule matched, or did not.

use super::lookup::{Lookup, Policy, Query, Ternary, matches_zones};
use super::rule::{Rule, RuleId};

/// A column of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// `from`, `to` and `rule-type`.
    Zones,
    /// `source`.
    Source,
    /// `destination`.
    Destination,
    /// `application`.
    Application,
    /// `service`.
    Service,
}

/// What one column says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMatch {
    /// Which.
    pub column: Column,
    /// How far it matches.
    pub certainty: Ternary,
}

/// What one rule says of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleMatch {
    /// The rule.
    pub rule: RuleId,
    /// How far it matches as a whole.
    pub certainty: Ternary,
    /// Whether it is passed over although it may match: a block rule while the application is unknown.
    pub passed_over: bool,
    /// Every column.
    pub columns: Vec<ColumnMatch>,
}

/// The walk of a lookup through the rulebase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Every rule looked at, in order; the last one is the answer.
    pub rules: Vec<RuleMatch>,
    /// The answer, as [`Policy::lookup`] gives it.
    pub lookup: Lookup,
}

impl Policy {
    /// The same lookup, rule by rule and column by column.
    pub fn explain(&self, query: &Query) -> Explanation {
        let lookup = self.lookup(query);
        let rules = self
            .rules()
            .iter()
            .zip((0u32..).map(RuleId))
            .take_while(|&(_, id)| id <= lookup.rule)
            .map(|(rule, id)| self.explain_rule(rule, id, query))
            .collect();
        Explanation { rules, lookup }
    }

    fn explain_rule(&self, rule: &Rule, id: RuleId, query: &Query) -> RuleMatch {
        let (certainty, _) = self.matches(rule, query);
        let columns = vec![
            ColumnMatch { column: Column::Zones, certainty: Ternary::certain(matches_zones(rule, query)) },
            ColumnMatch {
                column: Column::Source,
                certainty: Ternary::certain(rule.source.contains(query.src)),
            },
            ColumnMatch {
                column: Column::Destination,
                certainty: Ternary::certain(rule.destination.contains(query.dst)),
            },
            ColumnMatch { column: Column::Application, certainty: self.matches_application(rule, query).0 },
            ColumnMatch { column: Column::Service, certainty: self.matches_service(rule, query) },
        ];
        let passed_over = certainty == Ternary::Unknown && !rule.action.is_allow();
        RuleMatch { rule: id, certainty, passed_over, columns }
    }
}
