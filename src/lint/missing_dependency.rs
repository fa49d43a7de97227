//! `missing-dependency`: an application that needs another one, which no rule allows.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use hashbrown::HashMap;

use super::context::Context;
use super::words::list;
use super::{Finding, Kind, Severity};
use crate::app::AppId;
use crate::policy::space::{Block, Ranges, Side, Taken, walk};
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
    let mut allowed = Allowed::new();
    // Many rules ask the same.
    let mut known: HashMap<(Block, AppId), bool, foldhash::fast::FixedState> = HashMap::default();
    for (id, rule) in context.rules().filter(|(_, rule)| rule.action.is_allow()) {
        let mut missing: BTreeMap<AppId, AppId> = BTreeMap::new();
        let bases = bases(context, id);
        for (user, needed) in needs(context, rule) {
            let blocks = allowed.entry(needed).or_insert_with(|| allowing(context, needed));
            let open = context.decide(kind, rule, |budget| {
                for base in &bases {
                    let open = match known.get(&(base.clone(), needed)) {
                        Some(&open) => open,
                        None => {
                            let steps: Vec<_> = blocks.iter().map(|block| Taken { block, by: () }).collect();
                            let mut open = false;
                            walk(base, &steps, budget, |_, by| {
                                open = by.is_none();
                                if open { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                            })?;
                            open
                        }
                    };
                    known.insert((base.clone(), needed), open);
                    if open {
                        return Ok(Some(()));
                    }
                }
                Ok(None)
            });
            if open.is_some() {
                missing.entry(needed).or_insert(user);
            }
        }
        if !missing.is_empty() {
            out.push(finding(kind, context, rule, &missing));
        }
    }
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

/// Applications of the rule, each with one it depends on and that the rule does not allow itself.
fn needs(context: &Context<'_>, rule: &Rule) -> Vec<(AppId, AppId)> {
    let ApplicationMatch::Applications { members, .. } = &rule.application else { return Vec::new() };
    let applications = || members.iter().filter_map(|&app| Some((app, context.world.catalog.get(app)?)));
    let implicit: Vec<AppId> = applications().flat_map(|(_, app)| app.implicit.iter().copied()).collect();
    let pairs = applications().flat_map(|(id, app)| app.depends_on.iter().map(move |&needed| (id, needed)));
    pairs.filter(|(_, needed)| members.binary_search(needed).is_err() && !implicit.contains(needed)).collect()
}

/// Zones and addresses of a rule.
fn bases(context: &Context<'_>, id: RuleId) -> Vec<Block> {
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
