//! What a rulebase makes of its applications' dependencies as a whole: `firstpass apps --unused`.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::missing_dependency::{self, KIND, bases, members};
use crate::app::{AppId, Dependency, DependencyGraph};
use crate::config::World;
use crate::policy::space::{Block, Ranges, Side, Stage};
use crate::policy::{ApplicationMatch, Rule, RuleId};

/// All that there is to say of a rulebase's dependencies, in the order of its rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dependencies {
    /// How many rules were looked at: those of the user that are not disabled.
    pub rules: usize,
    /// What allowed applications depend on and no rule allows for all of the same zones and addresses.
    pub missing: Vec<Need>,
    /// What allowed applications use implicitly and a rule that names it denies for some of the same traffic.
    pub denied: Vec<Denied>,
    /// Allowed applications that others need, where nothing that is allowed between the same zones and addresses does.
    pub unused: Vec<(RuleId, Vec<AppId>)>,
    /// Rules of which that would take too long to tell.
    pub undecided: Vec<String>,
}

/// An application that another one needs and that no rule allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// The rule that allows the one.
    pub rule: RuleId,
    /// The one.
    pub user: AppId,
    /// The other.
    pub needed: AppId,
    /// What is between the two: the one depends on it, and it on the other.
    pub through: Option<AppId>,
}

/// An application that another one uses implicitly and that is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    /// The rule that allows the one.
    pub rule: RuleId,
    /// The one.
    pub user: AppId,
    /// The other.
    pub used: AppId,
    /// The rule that denies the other.
    pub by: RuleId,
}

impl Dependencies {
    /// Whether nothing is missing or denied.
    pub const fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.denied.is_empty()
    }
}

/// Looks for them.
pub fn dependencies(world: &World) -> Dependencies {
    let context = Context::new(world);
    let graph = DependencyGraph::new(&world.catalog);
    let reach: Reach = world.catalog.iter().map(|(app, _)| graph.needs(app)).collect();
    let mut missing =
        missing_dependency::missing(&KIND, &context, |id, rule| needs(&context, &reach, id, rule));
    missing.sort_unstable();
    let (denied, unused) = (denied(&context), unused(&context, &graph));
    Dependencies {
        rules: world.policy.user_rules(),
        missing,
        denied,
        unused,
        undecided: context.into_undecided().into_iter().map(|(rule, _)| rule).collect(),
    }
}

/// What each application of the catalog depends on, through others, too.
type Reach = Vec<Vec<AppId>>;

fn reached(reach: &Reach, app: AppId) -> &[AppId] {
    reach.get(usize::from(app.0)).map_or(&[], Vec::as_slice)
}

/// What the applications of a rule depend on, through others, too, and the rule does not allow itself.
fn needs(context: &Context<'_>, reach: &Reach, id: RuleId, rule: &Rule) -> Vec<Need> {
    let given = missing_dependency::given(context, rule);
    let mut needs = Vec::new();
    for &user in members(rule) {
        let Some(application) = context.world.catalog.get(user) else { continue };
        for &needed in reached(reach, user).iter().filter(|needed| !given.contains(*needed)) {
            let direct = &application.depends_on;
            let between = || direct.iter().copied().find(|&other| reached(reach, other).contains(&needed));
            let through = if direct.contains(&needed) { None } else { between() };
            needs.push(Need { rule: id, user, needed, through });
        }
    }
    needs
}

/// Implicit use that comes to nothing: it stands only where no rule names the application itself (PANOS.md 2.5).
fn denied(context: &Context<'_>) -> Vec<Denied> {
    let catalog = &context.world.catalog;
    let implicit = |user: AppId| catalog.get(user).map_or(&[][..], |application| &application.implicit);
    let blocking: Vec<(RuleId, &Rule)> =
        context.rules().filter(|(_, rule)| !rule.action.is_allow()).collect();
    let mut found = Vec::new();
    for (id, rule) in context.rules().filter(|(_, rule)| rule.action.is_allow()) {
        let mut by: BTreeMap<AppId, Option<RuleId>> = BTreeMap::new();
        for &user in members(rule) {
            for &used in implicit(user) {
                let by = by.entry(used).or_insert_with(|| {
                    let mut naming =
                        blocking.iter().filter(|(_, rule)| members(rule).binary_search(&used).is_ok());
                    naming.find(|(by, _)| denies(context, id, rule, used, *by)).map(|&(by, _)| by)
                });
                found.extend(by.map(|by| Denied { rule: id, user, used, by }));
            }
        }
    }
    found
}

/// Whether `by` answers for some of what the rule would allow implicitly of `used`.
fn denies(context: &Context<'_>, id: RuleId, rule: &Rule, used: AppId, by: RuleId) -> bool {
    let used = Ranges::applications([used]);
    let answer = context.decide(&KIND, rule, |budget| {
        for allowed in &context.spaces.rule(id).implicit {
            let own = allowed.side(Side::Application).intersection(&used);
            let allowed = allowed.clone().with(Side::Application, own);
            for blocking in &context.spaces.rule(by).known {
                let both = allowed.intersection(blocking);
                if context.answered_by(&both, Stage::Identified, |answer| answer == by, budget)?.is_some() {
                    return Ok(Some(()));
                }
            }
        }
        Ok(None)
    });
    answer.is_some()
}

/// An allow rule with its zones and addresses.
type Allowing<'w> = (RuleId, &'w Rule, Vec<Block>);

/// Allowed applications that others need, where no allowed one does.
fn unused(context: &Context<'_>, graph: &DependencyGraph) -> Vec<(RuleId, Vec<AppId>)> {
    let allow = context.rules().filter(|(_, rule)| rule.action.is_allow());
    let allowing: Vec<Allowing<'_>> = allow.map(|(id, rule)| (id, rule, bases(context, id))).collect();
    // For each application, the rules that allow one that needs it.
    let mut users: BTreeMap<AppId, Vec<&Allowing<'_>>> = BTreeMap::new();
    let mut found = Vec::new();
    for (id, rule, own) in &allowing {
        let mut is_unused = |app: &&AppId| {
            let users = users.entry(**app).or_insert_with(|| rules_of_users(&allowing, graph, **app));
            let meets =
                |other: &[Block]| own.iter().any(|block| other.iter().any(|other| block.meets(other)));
            !graph.needed_by(**app).is_empty() && !users.iter().any(|(_, _, other)| meets(other))
        };
        let unused: Vec<AppId> = members(rule).iter().filter(&mut is_unused).copied().collect();
        if !unused.is_empty() {
            found.push((*id, unused));
        }
    }
    found
}

/// The rules that allow what needs `app`. A rule for any application does.
fn rules_of_users<'a, 'w>(
    allowing: &'a [Allowing<'w>],
    graph: &DependencyGraph,
    app: AppId,
) -> Vec<&'a Allowing<'w>> {
    let kinds = [Dependency::DependsOn, Dependency::ImplicitlyUses];
    let users: BTreeSet<AppId> = kinds.iter().flat_map(|&kind| graph.users(app, kind)).collect();
    let needs = |rule: &Rule| {
        rule.application == ApplicationMatch::Any || members(rule).iter().any(|member| users.contains(member))
    };
    allowing.iter().filter(|(_, rule, _)| needs(rule)).collect()
}
