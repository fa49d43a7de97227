//! The header space: which tuples of zones, addresses, protocol, ports and application each rule answers, exactly.
//!
//! A set of tuples is a list of [`Block`]s, each a product of columns. [`Spaces`] compiles every rule of a [`Policy`]
//! to blocks, once as the lookup sees it on a first packet and once with the application known, and answers which
//! tuples are a rule's own, with the rules above it taken into account. Nothing here is sampled or guessed: what is
//! found empty is empty, and what is not has an example. Where that would take too long, a search says
//! [`GaveUp`].
//!
//! What a rule asks of hosts, URL categories and the time is no column of a tuple: [`Spaces::at`] takes it as the lookup
//! does at one point in time, [`Spaces::unconditional`] leaves it to who asks to say which rules count.

mod compile;
mod product;
mod ranges;
mod search;

use std::ops::ControlFlow;

pub use compile::RuleSpace;
pub use product::{Block, Side};
pub use ranges::Ranges;
pub use search::{Budget, GaveUp, Taken, untaken, walk};

use self::compile::Compiler;
use super::lookup::{Policy, Query};
use super::rule::{ApplicationMatch, Rule, RuleId};
use crate::app::{AppId, Application, Catalog};
use crate::flow::Protocol;
use crate::time::Timestamp;

/// A set of tuples: all that are in one of the blocks. Blocks may overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Space(Vec<Block>);

impl Space {
    /// Every tuple there is.
    pub fn all() -> Self {
        Self(vec![Block::all(true), Block::all(false)])
    }

    /// Every tuple over `protocol`.
    pub fn on_protocol(protocol: Protocol) -> Self {
        let on = |within| Block::all(within).with(Side::Service, Ranges::protocols([protocol]));
        Self(vec![on(true), on(false)])
    }

    /// Of these blocks.
    pub fn new(mut blocks: Vec<Block>) -> Self {
        blocks.retain(|block| !block.is_empty());
        Self(blocks)
    }

    /// The blocks it is made of.
    pub fn blocks(&self) -> &[Block] {
        &self.0
    }

    /// Whether there is no tuple in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `query` is in it.
    pub fn contains(&self, query: &Query) -> bool {
        self.0.iter().any(|block| block.contains(query))
    }

    /// A tuple of it.
    pub fn example(&self) -> Option<Query> {
        self.0.first().and_then(Block::example)
    }

    /// What is in one of both.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().filter(|block| !self.0.contains(block)).cloned().collect::<Vec<_>>());
        self
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|one| other.0.iter().map(move |two| (one, two)));
        Self(pairs.filter(|(one, two)| one.meets(two)).map(|(one, two)| one.intersection(two)).collect())
    }

    /// What is in this one and not in `other`.
    ///
    /// # Errors
    /// Where the budget is used up.
    pub fn difference(&self, other: &Self, budget: &mut Budget) -> Result<Self, GaveUp> {
        let taken: Vec<_> = other.0.iter().map(|block| Taken { block, by: () }).collect();
        let mut rest = Vec::new();
        for block in &self.0 {
            walk(block, &taken, budget, |block, by| {
                rest.extend(by.is_none().then_some(block));
                ControlFlow::Continue(())
            })?;
        }
        Ok(Self(rest))
    }
}

/// Which lookup is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The port-only lookup of a first packet: the application is not known.
    FirstPacket,
    /// The full lookup.
    Identified,
}

/// The blocks of every rule of a policy.
#[derive(Debug)]
pub struct Spaces<'p> {
    policy: &'p Policy,
    rules: Vec<RuleSpace>,
}

impl<'p> Spaces<'p> {
    /// What the lookup answers at a point in time while the URL category of the session is not known (PANOS.md 2.2):
    /// rules whose schedule is not active, that ask for hosts, or that block a category, answer nothing.
    pub fn at(policy: &'p Policy, at: Timestamp) -> Self {
        Self::compiled(policy, |compiler, rule| compiler.rule_at(rule, at))
    }

    /// What each rule would answer if all held that it asks of users, hosts, URL categories and the time.
    pub fn unconditional(policy: &'p Policy) -> Self {
        Self::compiled(policy, |compiler, rule| compiler.rule(rule))
    }

    fn compiled(policy: &'p Policy, mut compile: impl FnMut(&mut Compiler<'_>, &Rule) -> RuleSpace) -> Self {
        let mut compiler = Compiler::new(policy);
        let rules = policy.rules().iter().map(|rule| compile(&mut compiler, rule)).collect();
        Self { policy, rules }
    }

    /// The policy they are of.
    pub const fn policy(&self) -> &'p Policy {
        self.policy
    }

    /// What one rule matches by itself.
    pub fn rule(&self, RuleId(rule): RuleId) -> &RuleSpace {
        &self.rules[rule as usize]
    }

    /// A tuple of `start` that no rule above `rule` answers first, where only rules that `counts` says so count.
    /// `implicit` says whether an implicit match above is an answer: it is none for an application that the rule
    /// itself names.
    ///
    /// # Errors
    /// Where the budget is used up.
    pub fn not_answered_above(
        &self,
        rule: RuleId,
        start: &Block,
        implicit: bool,
        counts: impl Fn(RuleId) -> bool,
        mut note: impl FnMut(RuleId),
        budget: &mut Budget,
    ) -> Result<Option<Query>, GaveUp> {
        untaken(
            start,
            |query| {
                let (by, block) = self.answered_above(rule, query, implicit, &counts)?;
                note(by);
                Some(block)
            },
            budget,
        )
    }

    /// The first rule above `rule` that answers `query`, and a block that holds it and all of which that rule matches;
    /// `implicit` and `counts` as in [`Spaces::not_answered_above`].
    pub fn answered_above(
        &self,
        rule: RuleId,
        query: &Query,
        implicit: bool,
        counts: impl Fn(RuleId) -> bool,
    ) -> Option<(RuleId, &Block)> {
        let above = self.policy.index.candidates(query).take_while(|&above| above < rule);
        above
            .filter(|&above| counts(above))
            .find_map(|above| Some((above, self.rule(above).holding(query, implicit)?)))
    }

    /// Every tuple that the lookup answers with `rule`: those of first packets, or those of known applications.
    ///
    /// # Errors
    /// Where the budget is used up.
    pub fn answered(&self, rule: RuleId, stage: Stage, budget: &mut Budget) -> Result<Space, GaveUp> {
        let mut found = Vec::new();
        let own = self.rule(rule);
        let mut add = |starts: &[Block], steps: &[Taken<'_, bool>], budget: &mut Budget| {
            starts.iter().try_for_each(|start| {
                walk(start, steps, budget, |block, taken| {
                    found.extend((!taken.unwrap_or(false)).then_some(block));
                    ControlFlow::Continue(())
                })
            })
        };
        match stage {
            Stage::FirstPacket => add(&own.first, &self.above(rule, |above| [&above.first, &[]]), budget)?,
            Stage::Identified => {
                let all = self.above(rule, |above| [&above.known, &above.implicit]);
                let known = self.above(rule, |above| [&above.known, &[]]);
                let named = self.names_applications(rule);
                add(&own.known, if named { &known } else { &all }, budget)?;
                let below = [all, self.below(rule)].concat();
                add(&own.implicit, &below, budget)?;
            }
        }
        Ok(Space(found))
    }

    /// What the rules above answer.
    fn above<'s>(
        &'s self,
        RuleId(rule): RuleId,
        blocks: impl Fn(&'s RuleSpace) -> [&'s [Block]; 2],
    ) -> Vec<Taken<'s, bool>> {
        let above = (0..rule.min(self.user_rules())).map(RuleId);
        let blocks = above.flat_map(|above| blocks(self.rule(above)).into_iter().flatten());
        blocks.map(|block| Taken { block, by: true }).collect()
    }

    /// What an implicit match yields to: the next rule below that answers, if it names the application
    /// (PANOS.md 2.5).
    pub fn below(&self, RuleId(rule): RuleId) -> Vec<Taken<'_, bool>> {
        let below = (rule + 1..self.user_rules()).map(RuleId);
        let known = below.flat_map(|below| self.rule(below).known.iter().map(move |block| (below, block)));
        known.map(|(below, block)| Taken { block, by: self.names_applications(below) }).collect()
    }

    fn names_applications(&self, rule: RuleId) -> bool {
        matches!(self.policy.rule(rule).application, ApplicationMatch::Applications { .. })
    }

    fn user_rules(&self) -> u32 {
        u32::try_from(self.policy.user_rules()).unwrap_or(u32::MAX)
    }
}

impl RuleSpace {
    /// The block that holds `query`, if the rule answers it.
    fn holding(&self, query: &Query, implicit: bool) -> Option<&Block> {
        let blocks = if query.app.is_none() { &self.first } else { &self.known };
        let implicit = if implicit { self.implicit.as_slice() } else { &[] };
        blocks.iter().chain(implicit).find(|block| block.contains(query))
    }
}

/// The tuples a session can have (PANOS.md 0.3a): ICMP and the other IP protocols are told by the header, so that a
/// first packet with its application unknown is TCP or UDP, and what the header tells runs over its own protocol.
#[derive(Debug, Clone)]
pub struct Sessions {
    /// First packets whose application is not known.
    pub first: Space,
    /// Sessions whose application is.
    pub identified: Space,
}

impl Sessions {
    /// For the applications of `catalog`.
    pub fn new(catalog: &Catalog) -> Self {
        let on = |apps: Ranges, services: &Ranges| {
            [true, false].map(|within| {
                let block = Block::all(within).with(Side::Application, apps.clone());
                block.with(Side::Service, services.clone())
            })
        };
        let told = |protocol: &Protocol| {
            let has = |(_, app): (AppId, &Application)| app.ports.contain(*protocol, 0);
            protocol.is_icmp() || !protocol.has_ports() && catalog.iter().any(has)
        };
        let (told, untold): (Vec<Protocol>, Vec<Protocol>) = (0..=u8::MAX).map(Protocol).partition(told);
        let untold = Ranges::protocols(untold);
        let mut by_payload = Vec::new();
        let mut identified = Vec::new();
        for (AppId(id), app) in catalog.iter() {
            let id = (u128::from(id), u128::from(id));
            let header = told.iter().filter(|protocol| app.ports.contain(**protocol, 0)).copied();
            let header = Ranges::protocols(header);
            let has_ports = !app.ports.tcp.is_empty() || !app.ports.udp.is_empty();
            if header.is_empty() || has_ports {
                by_payload.push(id);
            }
            if !header.is_empty() {
                identified.extend(on(Ranges::new(vec![id]), &header));
            }
        }
        identified.extend(on(Ranges::new(by_payload), &untold));
        Self {
            first: Space::new(on(Ranges::unknown_application(), &untold).to_vec()),
            identified: Space::new(identified),
        }
    }
}
