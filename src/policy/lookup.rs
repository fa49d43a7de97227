//! The lookup itself.

use std::sync::Arc;

use hashbrown::HashMap;

use super::category::CategorySet;
use super::index::{Index, Limits};
use super::rule::{Action, ApplicationMatch, Rule, RuleId, RuleType, Service, ServiceMatch};
use super::user::Users;
use crate::app::{AppId, Catalog};
use crate::flow::{Addr, Protocol, ZoneId};
use crate::time::Timestamp;

/// How certain it is that something matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ternary {
    /// It does not, whatever the application.
    No,
    /// It may: that depends on the application or the URL category, which is not known yet.
    Unknown,
    /// It does.
    Yes,
}

impl Ternary {
    /// `Yes` or `No`.
    pub const fn certain(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// What a session is looked up by. Addresses and ports are those before NAT, the destination zone is the one after
/// it (PANOS.md 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Query {
    /// Source zone.
    pub from: ZoneId,
    /// Destination zone.
    pub to: ZoneId,
    /// Source address.
    pub src: Addr,
    /// Destination address.
    pub dst: Addr,
    /// IP protocol.
    pub protocol: Protocol,
    /// Source port; 0 without ports.
    pub sport: u16,
    /// Destination port; 0 without ports.
    pub dport: u16,
    /// The application, once known.
    pub app: Option<AppId>,
    /// The URL categories of the host, once known.
    pub category: Option<CategorySet>,
    /// Whether the application was found in decrypted traffic, whose default ports are others from PAN-OS 9.0 on.
    pub decrypted: bool,
    /// When: schedules go by it.
    pub at: Timestamp,
}

/// The rule that answers a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookup {
    /// The rule.
    pub rule: RuleId,
    /// Its action.
    pub action: Action,
    /// [`Ternary::Unknown`] where it matches only for all that is known so far.
    pub certainty: Ternary,
    /// Whether it allows the application only because another application of the rule needs it (PANOS.md 2.5).
    pub implicit: bool,
}

/// Points where sources disagree (PANOS.md 13.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyOptions {
    /// Let a block rule that names applications *and* an explicit service match while the application is unknown.
    /// Off: such a rule is passed over.
    pub block_by_service: bool,
    /// Allow applications that an allowed application uses implicitly.
    pub implicit_applications: bool,
}

impl Default for PolicyOptions {
    fn default() -> Self {
        Self { block_by_service: false, implicit_applications: true }
    }
}

/// A compiled rulebase.
#[derive(Debug, Clone)]
pub struct Policy {
    rules: Vec<Rule>,
    /// Rules of policies before this one that sessions may still have; their numbers follow those of `rules`.
    retired: Vec<Rule>,
    catalog: Arc<Catalog>,
    pub(super) options: PolicyOptions,
    pub(super) index: Index,
    /// Names of zones by id, for explanations.
    pub(super) zones: Vec<String>,
    users: Users,
}

impl Policy {
    /// Compiles `rules` (in order, the disabled ones are left out), followed by the two default rules.
    pub fn new(rules: Vec<Rule>, defaults: [Rule; 2], catalog: Arc<Catalog>, options: PolicyOptions) -> Self {
        Self::with_limits(rules, defaults, catalog, options, Limits::default())
    }

    pub(super) fn with_limits(
        rules: Vec<Rule>,
        defaults: [Rule; 2],
        catalog: Arc<Catalog>,
        options: PolicyOptions,
        limits: Limits,
    ) -> Self {
        let mut rules: Vec<Rule> = rules.into_iter().filter(|rule| !rule.disabled).collect();
        let index = Index::new(&rules, &catalog, options, limits);
        rules.extend(defaults);
        Self {
            rules,
            retired: Vec::new(),
            catalog,
            options,
            index,
            zones: Vec::new(),
            users: Users::default(),
        }
    }

    /// Gives the zones names, in order of their ids, so that explanations can use them.
    #[must_use]
    pub fn with_zone_names(self, names: &[String]) -> Self {
        Self { zones: names.to_vec(), ..self }
    }

    /// Adds the IP-user mapping that the rules' users were resolved with, so that explanations can name users.
    #[must_use]
    pub fn with_users(self, users: Users) -> Self {
        Self { users, ..self }
    }

    /// The IP-user mapping.
    pub const fn users(&self) -> &Users {
        &self.users
    }

    /// All rules in order; the last two are `intrazone-default` and `interzone-default`.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// How many rules the user wrote (and did not disable).
    pub fn user_rules(&self) -> usize {
        self.rules.len() - 2
    }

    /// One rule.
    pub fn rule(&self, id: RuleId) -> &Rule {
        let place = id.0 as usize;
        match place.checked_sub(self.rules.len()) {
            None => &self.rules[place],
            Some(place) => &self.retired[place],
        }
    }

    /// Rules of policies before this one, whose numbers follow those of [`Policy::rules`]. They match nothing.
    pub fn retired(&self) -> &[Rule] {
        &self.retired
    }

    /// Takes the place of `old`: the numbers of its rules in this policy, by name. Those that this one does not have are
    /// kept as retired.
    pub fn succeed(&mut self, old: &Self) -> Vec<RuleId> {
        let mut numbers: HashMap<String, RuleId, foldhash::fast::FixedState> = HashMap::default();
        for (id, rule) in (0..).map(RuleId).zip(self.rules.iter().chain(&self.retired)) {
            numbers.entry(rule.name.clone()).or_insert(id);
        }
        let mut found = Vec::with_capacity(old.rules.len() + old.retired.len());
        for rule in old.rules.iter().chain(&old.retired) {
            let next = RuleId(u32::try_from(self.rules.len() + self.retired.len()).unwrap_or(u32::MAX));
            let id = *numbers.entry(rule.name.clone()).or_insert(next);
            if id == next {
                self.retired.push(rule.clone());
            }
            found.push(id);
        }
        found
    }

    /// The catalog that the rules' applications come from.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub(super) fn zone_name(&self, ZoneId(zone): ZoneId) -> String {
        self.zones.get(usize::from(zone)).cloned().unwrap_or_else(|| format!("zone {zone}"))
    }

    /// The first rule that matches, or may match and allows (PANOS.md 2.2, 2.4). A block rule that may match is
    /// passed over. The default rules always answer.
    pub fn lookup(&self, query: &Query) -> Lookup {
        let mut implicit: Option<Lookup> = None;
        for id in self.index.candidates(query) {
            let Some(lookup) = self.answer(id, query) else { continue };
            match implicit {
                // An implicit match stands only where no rule names the application itself (PANOS.md 2.5).
                None if lookup.implicit => implicit = Some(lookup),
                None => return lookup,
                Some(_) if lookup.implicit => {}
                Some(before) => return if self.names(id, query.app) { lookup } else { before },
            }
        }
        implicit.unwrap_or_else(|| self.default_rule(query))
    }

    /// Every rule that matches or may match, in order, until the first that certainly matches and allows; at the end
    /// of the rulebase the default rule.
    ///
    /// Source: PAN-OS CLI help, `show-all`: all potential match rules until the first allow rule.
    pub fn potential_matches(&self, query: &Query) -> Vec<RuleId> {
        let mut found = Vec::new();
        for (id, rule) in (0..).map(RuleId).zip(&self.rules).take(self.user_rules()) {
            let (certainty, implicit) = self.matches(rule, query);
            if certainty != Ternary::No {
                found.push(id);
            }
            if certainty == Ternary::Yes && !implicit && rule.action.is_allow() {
                return found;
            }
        }
        found.push(self.default_rule(query).rule);
        found
    }

    /// What the rule answers, if it does.
    pub(super) fn answer(&self, id: RuleId, query: &Query) -> Option<Lookup> {
        let rule = self.rule(id);
        let (certainty, implicit) = self.matches(rule, query);
        let answers = certainty == Ternary::Yes || certainty == Ternary::Unknown && rule.action.is_allow();
        answers.then_some(Lookup { rule: id, action: rule.action, certainty, implicit })
    }

    /// Whether the rule names `app` itself.
    pub(super) fn names(&self, id: RuleId, app: Option<AppId>) -> bool {
        match (&self.rule(id).application, app) {
            (ApplicationMatch::Applications { members, .. }, Some(app)) => {
                members.binary_search(&app).is_ok()
            }
            _ => false,
        }
    }

    /// The service object by which a rule admits a session: the first one of the rule that has its ports. Its
    /// timeouts are the session's.
    pub fn service_of(&self, id: RuleId, query: &Query) -> Option<&Service> {
        let ServiceMatch::Services(services) = &self.rule(id).service else { return None };
        services.iter().find(|service| service.contains(query.protocol, query.sport, query.dport))
    }

    /// Whether a rule is one of the two default rules.
    pub fn is_default(&self, rule: RuleId) -> bool {
        rule.0 as usize >= self.user_rules()
    }

    /// `intrazone-default` or `interzone-default`.
    fn default_rule(&self, query: &Query) -> Lookup {
        let id = self.user_rules() + usize::from(query.from != query.to);
        let rule = RuleId(u32::try_from(id).unwrap_or(u32::MAX));
        Lookup { rule, action: self.rule(rule).action, certainty: Ternary::Yes, implicit: false }
    }

    /// How far `rule` matches, and whether only implicitly: the least certain of its columns.
    fn matches(&self, rule: &Rule, query: &Query) -> (Ternary, bool) {
        const NO: (Ternary, bool) = (Ternary::No, false);
        if !matches_zones(rule, query)
            || !rule.source.contains(query.src)
            || !rule.destination.contains(query.dst)
            || !rule.user.contains(query.src)
            || !rule.identity.is_empty()
            || !is_active(rule, query)
        {
            return NO;
        }
        let (mut application, implicit) = self.matches_application(rule, query);
        if application == Ternary::No {
            return NO;
        }
        let service = self.matches_service(rule, query);
        if service == Ternary::Yes && self.blocks_by_service(rule) {
            application = Ternary::Yes;
        }
        (application.min(service).min(rule.category.matches(query.category)), implicit)
    }

    /// Whether the setting for block rules with applications and an explicit service makes this one act on first
    /// packets.
    pub fn blocks_by_service(&self, rule: &Rule) -> bool {
        self.options.block_by_service
            && !rule.action.is_allow()
            && matches!(rule.service, ServiceMatch::Services(_))
    }

    /// The application column, and whether it matches only implicitly.
    pub(super) fn matches_application(&self, rule: &Rule, query: &Query) -> (Ternary, bool) {
        match (&rule.application, query.app) {
            (ApplicationMatch::Any, _) => (Ternary::Yes, false),
            (ApplicationMatch::Applications { .. }, None) => (Ternary::Unknown, false),
            (ApplicationMatch::Applications { members, .. }, Some(app)) => {
                if members.binary_search(&app).is_ok() {
                    (Ternary::Yes, false)
                } else if self.users_of(rule, app).next().is_some() {
                    (Ternary::Yes, true)
                } else {
                    (Ternary::No, false)
                }
            }
        }
    }

    /// The applications of an allow rule that use `app` implicitly (PANOS.md 2.5).
    pub(super) fn users_of<'p>(&'p self, rule: &'p Rule, app: AppId) -> impl Iterator<Item = AppId> + 'p {
        let members: &[AppId] = match &rule.application {
            ApplicationMatch::Applications { members, .. }
                if rule.action.is_allow() && self.options.implicit_applications =>
            {
                members
            }
            _ => &[],
        };
        members.iter().copied().filter(move |&member| {
            self.catalog.get(member).is_some_and(|member| member.implicit.contains(&app))
        })
    }

    /// The service column (PANOS.md 2.2, 2.4). `application-default` means the ports of all of the rule's applications
    /// while the application is unknown, and its own ports once it is known; an application that matches only
    /// implicitly has the ports of the one that uses it (PANOS.md 2.1: `ssl`, `google-base` compile to an implicit
    /// `web-browsing/tcp/any/443`).
    pub(super) fn matches_service(&self, rule: &Rule, query: &Query) -> Ternary {
        let default_port = |app: AppId| {
            self.catalog
                .get(app)
                .is_some_and(|app| app.ports.admit(query.protocol, query.dport, query.decrypted))
        };
        match (&rule.service, &rule.application, query.app) {
            (ServiceMatch::Any, ..) => Ternary::Yes,
            (ServiceMatch::Services(services), ..) => {
                let admits = |service: &Service| service.contains(query.protocol, query.sport, query.dport);
                Ternary::certain(services.iter().any(admits))
            }
            (ServiceMatch::ApplicationDefault, ApplicationMatch::Any, None) => Ternary::Unknown,
            (ServiceMatch::ApplicationDefault, ApplicationMatch::Any, Some(app)) => {
                Ternary::certain(default_port(app))
            }
            (ServiceMatch::ApplicationDefault, ApplicationMatch::Applications { members, .. }, None) => {
                let may = members.iter().any(|&member| default_port(member));
                if may { Ternary::Unknown } else { Ternary::No }
            }
            (ServiceMatch::ApplicationDefault, ApplicationMatch::Applications { members, .. }, Some(app)) => {
                let own = members.binary_search(&app).is_ok();
                Ternary::certain(if own {
                    default_port(app)
                } else {
                    self.users_of(rule, app).any(default_port)
                })
            }
        }
    }
}

/// Whether the rule is considered at the time of the query.
pub(super) fn is_active(rule: &Rule, query: &Query) -> bool {
    rule.schedule.as_ref().is_none_or(|schedule| schedule.is_active(query.at))
}

/// The zone columns and the rule type.
pub(super) fn matches_zones(rule: &Rule, query: &Query) -> bool {
    let pair = match rule.rule_type {
        RuleType::Universal => rule.to.contains(query.to),
        RuleType::Intrazone => query.from == query.to,
        RuleType::Interzone => query.from != query.to && rule.to.contains(query.to),
    };
    pair && rule.from.contains(query.from)
}
