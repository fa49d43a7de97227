//! Which rules are reached, at the port-only lookup and at the full one.

use std::collections::BTreeSet;

use super::context::Context;
use crate::policy::space::{Block, Budget, GaveUp, Space, Stage, untaken};
use crate::policy::{ApplicationMatch, Query, Rule, RuleId};

/// How a rule is reached.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    /// By first packets whose application is not known.
    pub(super) first: Found,
    /// By sessions whose application is known.
    pub(super) known: Found,
}

/// What a search for a tuple that reaches a rule found.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// The rule matches nothing by itself.
    Nothing,
    /// Such a tuple.
    Open(Query),
    /// There is none: these rules take everything.
    Taken(Vec<RuleId>),
    /// No tuple was found, but default ports of its applications are not known.
    Unknown,
    /// That would take too long to tell.
    GaveUp,
}

impl Found {
    pub(super) const fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }
}

/// For every rule of the user.
pub(super) fn of_rules(context: &Context<'_>) -> Vec<Reach> {
    context
        .rules()
        .map(|(id, rule)| {
            let found = |stage| {
                context.search(|budget| found(context, id, rule, stage, budget)).unwrap_or(Found::GaveUp)
            };
            Reach { first: found(Stage::FirstPacket), known: found(Stage::Identified) }
        })
        .collect()
}

fn found(
    context: &Context<'_>,
    id: RuleId,
    rule: &Rule,
    stage: Stage,
    budget: &mut Budget,
) -> Result<Found, GaveUp> {
    let own = context.spaces.rule(id);
    let (blocks, sessions, implicit) = match stage {
        Stage::FirstPacket => (&own.first, &context.sessions.first, false),
        Stage::Identified => {
            let named = matches!(rule.application, ApplicationMatch::Applications { .. });
            (&own.known, &context.sessions.identified, !named)
        }
    };
    // A block rule that asks for a category is passed over on a first packet (PANOS.md 2.2).
    if stage == Stage::FirstPacket && !rule.category.is_any() && !rule.action.is_allow() {
        return Ok(Found::Nothing);
    }
    let overridden = context.overridden()?;
    let mut takers = BTreeSet::new();
    let mut any = false;
    for block in blocks {
        let counts = |above| counts(context.policy().rule(above), rule, stage);
        let mut open = |block: &Block, budget: &mut Budget| {
            let mut above = |query: &Query| {
                let (taker, block) = context.spaces.answered_above(id, query, implicit, counts)?;
                takers.insert(taker);
                Some(block)
            };
            untaken(block, |query| overridden.taking(query).or_else(|| above(query)), budget)
        };
        let query = open(block, budget)?;
        if let Some(query) = query.filter(|query| sessions.contains(query)) {
            return Ok(Found::Open(query));
        }
        if query.is_none() {
            any = any || sessions.blocks().iter().any(|session| session.meets(block));
            continue;
        }
        // What no session is may be left over; what sessions are may be as well.
        for block in Space::new(vec![block.clone()]).intersection(sessions).blocks() {
            any = true;
            if let Some(query) = open(block, budget)? {
                return Ok(Found::Open(query));
            }
        }
    }
    if let Some(query) = overridden_to(context, id, rule, stage, budget)? {
        return Ok(Found::Open(query));
    }
    if stage == Stage::Identified
        && let Some(query) = implicitly(context, id, rule, budget)?
    {
        return Ok(Found::Open(query));
    }
    if context.has_unknown_ports(rule) {
        return Ok(Found::Unknown);
    }
    // Where nobody takes anything, an override leaves no such session.
    Ok(if any && !takers.is_empty() { Found::Taken(takers.into_iter().collect()) } else { Found::Nothing })
}

/// A tuple that reaches the rule with the application that an override gives it, with its first packet.
fn overridden_to(
    context: &Context<'_>,
    id: RuleId,
    rule: &Rule,
    stage: Stage,
    budget: &mut Budget,
) -> Result<Option<Query>, GaveUp> {
    let counts = |above| counts(context.policy().rule(above), rule, stage);
    let implicit = matches!(rule.application, ApplicationMatch::Any);
    for block in &context.spaces.rule(id).known {
        for start in context.overridden()?.to_application().iter().filter(|start| start.meets(block)) {
            let start = start.intersection(block);
            let found = context.spaces.not_answered_above(id, &start, implicit, counts, |_| {}, budget)?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

/// A tuple that reaches the rule only because an application of its own uses another one.
fn implicitly(
    context: &Context<'_>,
    id: RuleId,
    rule: &Rule,
    budget: &mut Budget,
) -> Result<Option<Query>, GaveUp> {
    let counts = |above| counts(context.policy().rule(above), rule, Stage::Identified);
    for block in &context.spaces.rule(id).implicit {
        let found = context.spaces.not_answered_above(id, block, true, counts, |_| {}, budget)?;
        // A rule below that names the application itself would take it (PANOS.md 2.5). That is not followed up: the
        // rule may be of use, and is not reported.
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Whether `above` takes all it matches from `rule`: what it asks that no tuple tells must be asked by `rule`, too.
pub(super) fn counts(above: &Rule, rule: &Rule, stage: Stage) -> bool {
    let category = above.category.is_any()
        || match stage {
            // Categories are not known yet (PANOS.md 2.2).
            Stage::FirstPacket => above.action.is_allow(),
            Stage::Identified => above.category.names == rule.category.names,
        };
    let schedule = above.schedule.is_none() || above.schedule == rule.schedule;
    let user = above.user.is_any() || above.user.names == rule.user.names;
    category && schedule && user && (above.identity.is_empty() || above.identity == rule.identity)
}
