//! `missing-dependency`: an application that needs another one, which no rule allows.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use hashbrown::HashMap;

use super::context::Context;
use super::dependencies::Need;
use super::words::list;
use super::{Finding, Kind, Severity};
use crate::app::AppId;
use crate::policy::space::{Block, Budget, GaveUp, Ranges, Side, Taken, walk};
use crate::policy::{ApplicationMatch, Rule, RuleId};

pub(super) const KIND: Kind = Kind {
    name: "missing-dependency",
    severity: Severity::Warning,
    what: "An allow rule with an application that depends on another one, which no rule allows between the same zones, \
           sources and destinations.",
    why: "A session mostly becomes the other application first: without it the session is denied before it can become \
          what the rule allows. PAN-OS warns of it at commit. Applications that are used implicitly need no rule and \
          are not reported.",
    example: "[[security]]\nname = \"Traceroute\"\napplication = \"traceroute\"\naction = \"allow\"",
    cure: "Add the applications it depends on to the rule, or to another one for the same sources and destinations.",
    run,
};

/// For each application: where rules allow it, whatever the ports.
type Allowed = BTreeMap<AppId, Vec<Block>>;

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    let mut by_rule: BTreeMap<RuleId, BTreeMap<AppId, AppId>> = BTreeMap::new();
    for need in missing(kind, context, |id, rule| needs(context, id, rule)) {
        by_rule.entry(need.rule).or_default().entry(need.needed).or_insert(need.user);
    }
    for (id, missing) in by_rule {
        out.push(finding(kind, context, context.policy().rule(id), &missing));
    }
}

/// Those of the `needs` of each allow rule that no rule allows for all of its zones and addresses.
pub(super) fn missing(
    kind: &'static Kind,
    context: &Context<'_>,
    needs: impl Fn(RuleId, &Rule) -> Vec<Need>,
) -> Vec<Need> {
    let mut allowed = Allowed::new();
    // Many rules ask the same.
    let mut known: HashMap<(Block, AppId), bool, foldhash::fast::FixedState> = HashMap::default();
    let mut missing = Vec::new();
    for (id, rule) in context.rules().filter(|(_, rule)| rule.action.is_allow()) {
        let bases = bases(context, id);
        for need in needs(id, rule) {
            let needed = need.needed;
            let blocks = allowed.entry(needed).or_insert_with(|| allowing(context, needed));
            let open = context.decide(kind, rule, |budget| {
                for base in &bases {
                    let open = match known.get(&(base.clone(), needed)) {
                        Some(&open) => open,
                        None => is_open(base, blocks, budget)?,
                    };
                    known.insert((base.clone(), needed), open);
                    if open {
                        return Ok(Some(()));
                    }
                }
                Ok(None)
            });
            missing.extend(open.map(|()| need));
        }
    }
    missing
}

/// Whether some of `base` is in none of `blocks`.
fn is_open(base: &Block, blocks: &[Block], budget: &mut Budget) -> Result<bool, GaveUp> {
    let steps: Vec<_> = blocks.iter().map(|block| Taken { block, by: () }).collect();
    let mut open = false;
    walk(base, &steps, budget, |_, by| {
        open = by.is_none();
        if open { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(open)
}

fn finding(
    kind: &'static Kind,
    context: &Context<'_>,
    rule: &Rule,
    missing: &BTreeMap<AppId, AppId>,
) -> Finding {
    let name = |app: &AppId| context.world.catalog.name(*app);
    let mut users: Vec<&str> = missing.values().map(name).collect();
    users.sort_unstable();
    users.dedup();
    let needed = list(missing.keys().map(name));
    let message = format!(
        "lacks {needed}, needed by {}: no rule allows {} for all of the same sources and destinations",
        list(users),
        if missing.len() == 1 { "it" } else { "them" }
    );
    context.about(kind, rule, "application", message, format!("add {needed} to `application`"))
}

/// What the applications of the rule name as needed and the rule does not allow itself.
fn needs(context: &Context<'_>, id: RuleId, rule: &Rule) -> Vec<Need> {
    let given = given(context, rule);
    let applications = members(rule).iter().filter_map(|&app| Some((app, context.world.catalog.get(app)?)));
    let needs = applications.flat_map(|(user, application)| {
        application.depends_on.iter().map(move |&needed| Need { rule: id, user, needed, through: None })
    });
    needs.filter(|need| !given.contains(&need.needed)).collect()
}

/// The applications of a rule; none for `any`, which allows all that they need as well.
pub(super) fn members(rule: &Rule) -> &[AppId] {
    match &rule.application {
        ApplicationMatch::Any => &[],
        ApplicationMatch::Applications { members, .. } => members,
    }
}

/// What a rule allows itself: its applications, and what they use implicitly.
pub(super) fn given(context: &Context<'_>, rule: &Rule) -> BTreeSet<AppId> {
    let applications = members(rule).iter().filter_map(|&app| context.world.catalog.get(app));
    let implicit = applications.flat_map(|application| application.implicit.iter());
    members(rule).iter().chain(implicit).copied().collect()
}

/// Zones and addresses of a rule.
pub(super) fn bases(context: &Context<'_>, id: RuleId) -> Vec<Block> {
    let mut bases: Vec<Block> = context.spaces.rule(id).known.iter().map(base).collect();
    bases.dedup();
    bases
}

/// The same zones and addresses with every application and port.
fn base(block: &Block) -> Block {
    [Side::Application, Side::Service, Side::SourcePort]
        .into_iter()
        .fold(block.clone(), |block, side| block.with(side, side.all()))
}

/// Where a rule allows `app`, the default rules included. Whether a rule above blocks it there is not asked.
fn allowing(context: &Context<'_>, app: AppId) -> Vec<Block> {
    let app = Ranges::applications([app]);
    let rules = (0u32..).map(RuleId).zip(context.policy().rules()).filter(|(_, rule)| rule.action.is_allow());
    let blocks = rules.flat_map(|(id, _)| {
        let space = context.spaces.rule(id);
        space.known.iter().chain(&space.implicit)
    });
    let mut bases: Vec<Block> =
        blocks.filter(|block| block.side(Side::Application).covers(&app)).map(base).collect();
    bases.dedup();
    bases
}
