//! What the kinds of findings share: the rulebase, its header space, and the budget of searches.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::behind::Behind;
use super::decryption_space::{self, Reached, decrypts_tls};
use super::nat_space;
use super::overridden::Overridden;
use super::reach::{self, Reach};
use super::words::quote;
use super::{Finding, Kind, Related};
use crate::app::AppId;
use crate::config::{Place, World};
use crate::feature::decryption::{DecryptionProfile, DecryptionRule};
use crate::feature::nat::NatRule;
use crate::feature::override_rule::OverrideRule;
use crate::policy::space::{
    Block, Budget, GaveUp, Ranges, Sessions, Side, Space, Spaces, Stage, Taken, walk,
};
use crate::policy::{ApplicationMatch, Policy, Query, Rule, RuleId, ServiceMatch};

/// Steps for one question.
const STEPS: u64 = 100_000;

/// Steps for all questions together.
const ALL_STEPS: u64 = 20_000_000;

/// A rulebase being looked at.
pub(super) struct Context<'w> {
    pub(super) world: &'w World,
    /// Every rule as if all held that it asks of users, hosts, categories and the time.
    pub(super) spaces: Spaces<'w>,
    /// What the lookup answers: at some time, since an example needs no more.
    pub(super) lookups: Spaces<'w>,
    pub(super) sessions: Sessions,
    reach: OnceCell<Vec<Reach>>,
    behind: OnceCell<Behind>,
    nat: OnceCell<Vec<Vec<Block>>>,
    overridden: OnceCell<Result<Overridden, GaveUp>>,
    decryption: OnceCell<Result<Vec<Reached>, GaveUp>>,
    steps_left: RefCell<u64>,
    undecided: RefCell<Vec<(String, &'static str)>>,
}

impl<'w> Context<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        Self {
            world,
            spaces: Spaces::unconditional(&world.policy),
            lookups: Spaces::at(&world.policy, Query::default().at),
            sessions: Sessions::new(&world.catalog),
            reach: OnceCell::new(),
            behind: OnceCell::new(),
            nat: OnceCell::new(),
            overridden: OnceCell::new(),
            decryption: OnceCell::new(),
            steps_left: RefCell::new(ALL_STEPS),
            undecided: RefCell::new(Vec::new()),
        }
    }

    pub(super) fn into_undecided(self) -> Vec<(String, &'static str)> {
        self.undecided.into_inner()
    }

    pub(super) const fn policy(&self) -> &'w Policy {
        &self.world.policy
    }

    /// The rules that the user wrote and did not disable.
    pub(super) fn rules(&self) -> impl Iterator<Item = (RuleId, &'w Rule)> {
        (0u32..).map(RuleId).zip(self.policy().rules()).take(self.policy().user_rules())
    }

    /// Which rules are reached.
    pub(super) fn reach(&self) -> impl Iterator<Item = (RuleId, &'w Rule, &Reach)> {
        let reach = self.reach.get_or_init(|| reach::of_rules(self));
        self.rules().zip(reach).map(|((id, rule), reach)| (id, rule, reach))
    }

    /// Where addresses lie.
    pub(super) fn behind(&self) -> &Behind {
        self.behind.get_or_init(|| Behind::new(self.world))
    }

    /// What a NAT rule matches by itself, by everything but the zone that packets leave to.
    pub(super) fn nat_blocks(&self, rule: &NatRule) -> &[Block] {
        let all = self.nat.get_or_init(|| nat_space::blocks(&self.world.nat));
        all.get(rule.id.index()).map_or(&[], Vec::as_slice)
    }

    /// What application override rules take.
    ///
    /// # Errors
    /// Where that takes too long to tell.
    pub(super) fn overridden(&self) -> Result<&Overridden, GaveUp> {
        self.overridden
            .get_or_init(|| Overridden::new(&self.world.overrides))
            .as_ref()
            .map_err(|&gave_up| gave_up)
    }

    /// Every decryption rule with what reaches it; none, with a note for each, where that takes too long to tell.
    pub(super) fn decryption(
        &self,
        kind: &'static Kind,
    ) -> impl Iterator<Item = (&'w DecryptionRule, &Reached)> {
        let rules = self.world.decryption.rules();
        let reached = self.decryption.get_or_init(|| decryption_space::reached(self.world));
        if reached.is_err() {
            rules.iter().for_each(|rule| self.undecided(&rule.matches.name, kind));
        }
        rules.iter().zip(reached.as_deref().unwrap_or_default())
    }

    /// The profiles of rules that decrypt TLS, each once, with the first rule that names it and its name.
    pub(super) fn decryption_profiles(
        &self,
    ) -> impl Iterator<Item = (&'w DecryptionRule, &'w str, &'w DecryptionProfile)> {
        let mut seen = BTreeSet::new();
        let rules = self.world.decryption.rules().iter().filter(|rule| decrypts_tls(rule));
        rules.filter_map(move |rule| {
            let profile = rule.profile.as_ref()?;
            let name = if profile.name.is_empty() { "default" } else { &profile.name };
            seen.insert(name).then_some((rule, name, profile))
        })
    }

    /// A search within what is left of all steps.
    pub(super) fn search<T>(
        &self,
        search: impl FnOnce(&mut Budget) -> Result<T, GaveUp>,
    ) -> Result<T, GaveUp> {
        let mut left = self.steps_left.borrow_mut();
        let given = STEPS.min(*left);
        let mut budget = Budget::new(given);
        let found = search(&mut budget);
        *left -= given - budget.left();
        found
    }

    /// The same for one kind of finding: that the search was given up is noted, and there is no finding.
    pub(super) fn decide<T>(
        &self,
        kind: &'static Kind,
        rule: &Rule,
        search: impl FnOnce(&mut Budget) -> Result<Option<T>, GaveUp>,
    ) -> Option<T> {
        match self.search(search) {
            Ok(found) => found,
            Err(GaveUp) => {
                self.undecided(&rule.name, kind);
                None
            }
        }
    }

    /// Notes a question that would take too long.
    pub(super) fn undecided(&self, rule: &str, kind: &'static Kind) {
        let entry = (rule.to_owned(), kind.name);
        let mut undecided = self.undecided.borrow_mut();
        if !undecided.contains(&entry) {
            undecided.push(entry);
        }
    }

    /// A tuple of `start` that the lookup answers with a rule that `accept` takes, and that rule. Implicit matches do
    /// not count.
    pub(super) fn answered_by(
        &self,
        start: &Block,
        stage: Stage,
        accept: impl Fn(RuleId) -> bool,
        budget: &mut Budget,
    ) -> Result<Option<(Query, RuleId)>, GaveUp> {
        let Some(query) = start.example() else { return Ok(None) };
        let lookup = self.policy().lookup(&query);
        if !lookup.implicit && accept(lookup.rule) {
            return Ok(Some((query, lookup.rule)));
        }
        let rules = (0u32..).map(RuleId).take(self.policy().rules().len());
        let blocks = rules.flat_map(|by| {
            let space = self.lookups.rule(by);
            let blocks = if stage == Stage::FirstPacket { &space.first } else { &space.known };
            blocks.iter().map(move |block| Taken { block, by })
        });
        let blocks: Vec<_> = blocks.filter(|taken| taken.block.meets(start)).collect();
        let mut found = None;
        walk(start, &blocks, budget, |block, by| match by.filter(|&by| accept(by)).zip(block.example()) {
            Some((by, query)) => {
                found = Some((query, by));
                ControlFlow::Break(())
            }
            None => ControlFlow::Continue(()),
        })?;
        Ok(found)
    }

    /// A finding about a column of a rule, by PAN-OS's key. `message` goes on after the rule's name.
    pub(super) fn about(
        &self,
        kind: &'static Kind,
        rule: &Rule,
        key: &str,
        message: String,
        cure: String,
    ) -> Finding {
        Finding {
            kind,
            severity: kind.severity,
            subject: rule.name.clone(),
            message: format!("rule {} {message}", quote(&rule.name)),
            cure,
            example: None,
            place: self.place(rule, key),
            related: Vec::new(),
        }
    }

    /// The same about a decryption rule.
    pub(super) fn about_decryption(
        &self,
        kind: &'static Kind,
        rule: &Rule,
        key: &str,
        message: String,
        cure: String,
    ) -> Finding {
        Finding {
            kind,
            severity: kind.severity,
            subject: format!("decryption {}", rule.name),
            message: format!("decryption rule {} {message}", quote(&rule.name)),
            cure,
            example: None,
            place: self.world.places.decryption_rule(&rule.name, key),
            related: Vec::new(),
        }
    }

    /// The same about an application-override rule; its application is what is shown.
    pub(super) fn about_override(
        &self,
        kind: &'static Kind,
        rule: &OverrideRule,
        message: String,
        cure: String,
    ) -> Finding {
        Finding {
            kind,
            severity: kind.severity,
            subject: format!("application-override {}", rule.name),
            message: format!("application-override rule {} {message}", quote(&rule.name)),
            cure,
            example: None,
            place: self.world.places.override_rule(&rule.name, "application"),
            related: Vec::new(),
        }
    }

    pub(super) fn related(&self, id: RuleId, what: &'static str) -> Related {
        let rule = self.policy().rule(id);
        Related { rule: rule.name.clone(), place: self.place(rule, "name"), what }
    }

    fn place(&self, rule: &Rule, key: &str) -> Option<Place> {
        self.world.places.rule(&rule.name, key)
    }

    /// Whether the rule asks for default ports that are not known.
    pub(super) fn has_unknown_ports(&self, rule: &Rule) -> bool {
        let unknown = |app: &AppId| self.world.catalog.get(*app).is_some_and(|app| app.unknown);
        match (&rule.service, &rule.application) {
            (ServiceMatch::ApplicationDefault, ApplicationMatch::Applications { members, .. }) => {
                members.iter().any(unknown)
            }
            _ => false,
        }
    }

    /// The names of a rule's applications as configured; none for `any`.
    pub(super) fn names(rule: &Rule) -> &[String] {
        match &rule.application {
            ApplicationMatch::Any => &[],
            ApplicationMatch::Applications { names, .. } => names,
        }
    }
}

/// Every tuple between zones that there are: `any` of rulebases other than the security policy is more.
pub(super) fn real_zones(world: &World) -> Space {
    let zones = Ranges::span(0, (world.zones.names().len() as u128).saturating_sub(1));
    let within = Block::all(true).with(Side::From, zones.clone());
    let between = Block::all(false).with(Side::From, zones.clone()).with(Side::To, zones);
    Space::new(vec![within, between])
}
