//! The lookup itself.

use std::sync::Arc;

use super::index::Index;
use super::rule::{Action, ApplicationMatch, Rule, RuleId, RuleType, ServiceMatch};
use crate::app::{AppId, Application, Catalog};
use crate::flow::{Addr, Protocol, ZoneId};

/// How certain it is that something matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ternary {
    /// It does not, whatever the application.
    No,
    /// It may: that depends on the application, which is not known yet.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    catalog: Arc<Catalog>,
    options: PolicyOptions,
    index: Index,
}

impl Policy {
    /// Compiles `rules` (in order, the disabled ones are left out), followed by the two default rules.
    pub fn new(rules: Vec<Rule>, defaults: [Rule; 2], catalog: Arc<Catalog>, options: PolicyOptions) -> Self {
        let mut rules: Vec<Rule> = rules.into_iter().filter(|rule| !rule.disabled).collect();
        let index = Index::new(&rules);
        rules.extend(defaults);
        Self { rules, catalog, options, index }
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
        &self.rules[id.0 as usize]
    }

    /// The catalog that the rules' applications come from.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The first rule that matches, or may match and allows (PANOS.md 2.2, 2.4). A block rule that may match is
    /// passed over. The default rules always answer.
    pub fn lookup(&self, query: &Query) -> Lookup {
        let mut first_implicit = None;
        for id in self.index.candidates(query) {
            let rule = self.rule(id);
            let (certainty, implicit) = self.matches(rule, query);
            let holds = match certainty {
                Ternary::No => false,
                Ternary::Unknown => rule.action.is_allow(),
                Ternary::Yes => true,
            };
            if !holds {
                continue;
            }
            let lookup = Lookup { rule: id, action: rule.action, certainty, implicit };
            // An implicit match stands only where no rule names the application itself (PANOS.md 2.5).
            match (implicit, first_implicit) {
                (true, None) => first_implicit = Some(lookup),
                (true, Some(_)) => {}
                (false, None) => return lookup,
                (false, Some(before)) => return if names(rule, query.app) { lookup } else { before },
            }
        }
        first_implicit.unwrap_or_else(|| self.default_rule(query))
    }

    /// `intrazone-default` or `interzone-default`.
    fn default_rule(&self, query: &Query) -> Lookup {
        let id = self.user_rules() + usize::from(query.from != query.to);
        let rule = RuleId(u32::try_from(id).unwrap_or(u32::MAX));
        Lookup { rule, action: self.rule(rule).action, certainty: Ternary::Yes, implicit: false }
    }

    /// How far `rule` matches, and whether only implicitly: the least certain of its columns.
    pub(super) fn matches(&self, rule: &Rule, query: &Query) -> (Ternary, bool) {
        if !matches_zones(rule, query)
            || !rule.source.contains(query.src)
            || !rule.destination.contains(query.dst)
        {
            return (Ternary::No, false);
        }
        let (application, implicit) = self.matches_application(rule, query);
        if application == Ternary::No {
            return (Ternary::No, false);
        }
        let service = self.matches_service(rule, query);
        if service == Ternary::Yes && self.blocks_by_service(rule) {
            return (Ternary::Yes, false);
        }
        (application.min(service), implicit)
    }

    /// The setting for a block rule with applications and an explicit service.
    fn blocks_by_service(&self, rule: &Rule) -> bool {
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
                } else if rule.action.is_allow() && self.is_implicit(members, app) {
                    (Ternary::Yes, true)
                } else {
                    (Ternary::No, false)
                }
            }
        }
    }

    /// Whether one of `members` uses `app` implicitly.
    fn is_implicit(&self, members: &[AppId], app: AppId) -> bool {
        self.options.implicit_applications
            && members
                .iter()
                .filter_map(|&member| self.catalog.get(member))
                .any(|a| a.implicit.contains(&app))
    }

    /// The service column. `application-default` means the ports of all of the rule's applications while the
    /// application is unknown, and the application's own ports once it is known (PANOS.md 2.2, 2.4).
    pub(super) fn matches_service(&self, rule: &Rule, query: &Query) -> Ternary {
        let default_port = |app: &Application| app.ports.contain(query.protocol, query.dport);
        match (&rule.service, query.app) {
            (ServiceMatch::Any, _) => Ternary::Yes,
            (ServiceMatch::Services(services), _) => Ternary::certain(
                services.iter().any(|service| service.contains(query.protocol, query.sport, query.dport)),
            ),
            (ServiceMatch::ApplicationDefault, Some(app)) => {
                Ternary::certain(self.catalog.get(app).is_some_and(default_port))
            }
            (ServiceMatch::ApplicationDefault, None) => match &rule.application {
                ApplicationMatch::Any => Ternary::Unknown,
                ApplicationMatch::Applications { members, .. } => {
                    let may = |app: &Application| {
                        default_port(app)
                            || self.options.implicit_applications
                                && app
                                    .implicit
                                    .iter()
                                    .filter_map(|&id| self.catalog.get(id))
                                    .any(default_port)
                    };
                    if members.iter().filter_map(|&member| self.catalog.get(member)).any(may) {
                        Ternary::Unknown
                    } else {
                        Ternary::No
                    }
                }
            },
        }
    }
}

/// Whether `rule` names `app` in its application column.
fn names(rule: &Rule, app: Option<AppId>) -> bool {
    match (&rule.application, app) {
        (ApplicationMatch::Applications { members, .. }, Some(app)) => members.binary_search(&app).is_ok(),
        _ => false,
    }
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
