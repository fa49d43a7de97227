//! Why a rule matched, or did not: one sentence per column, in PAN-OS's words.
//!
//! Names in sentences are those of the rulebase as they are: a rulebase whose names have control characters is not
//! read in the first place.

use super::lookup::{Lookup, Policy, Query, Ternary, is_active, matches_zones};
use super::rule::{AddressMatch, ApplicationMatch, Rule, RuleId, RuleType, ServiceMatch};
use crate::app::AppId;
use crate::flow::Addr;

/// So many names of a list are shown.
const NAMES: usize = 6;

/// So many rules that do not match are shown one by one, all together.
const SHOWN: usize = 50;

/// More rules in a row than this that fail by the same column are shown as one step.
const RUN: usize = 4;

/// A column of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// `from`, `to` and `rule-type`.
    Zones,
    /// `source` and `negate-source`.
    Source,
    /// `destination` and `negate-destination`.
    Destination,
    /// `source-user`.
    User,
    /// `source-hip`, `source-device` and the like.
    Identity,
    /// `schedule`.
    Schedule,
    /// `application`.
    Application,
    /// `service`.
    Service,
    /// `category`.
    Category,
}

/// What one column says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMatch {
    /// Which.
    pub column: Column,
    /// How far it matches.
    pub certainty: Ternary,
    /// Why, e.g. ``source 203.0.113.5 is not in `partners` ``. No trailing punctuation.
    pub sentence: String,
}

/// What one rule says of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleMatch {
    /// The rule.
    pub rule: RuleId,
    /// How far it matches as a whole.
    pub certainty: Ternary,
    /// Whether it is passed over although it matches or may match: a block rule while the application is unknown, or
    /// one that matches only implicitly where another rule names the application.
    pub passed_over: bool,
    /// What follows, e.g. `may match: the application is not known yet`. No trailing punctuation.
    pub sentence: String,
    /// Every column.
    pub columns: Vec<ColumnMatch>,
}

/// A step of the walk through the rulebase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// One rule.
    Rule(RuleMatch),
    /// Rules in a row that do not match.
    Skipped {
        /// The first of them.
        first: RuleId,
        /// The last of them.
        last: RuleId,
        /// Which and why, e.g. `rules 3 to 18,114: other zones`. No trailing punctuation.
        sentence: String,
    },
}

/// The walk of a lookup through the rulebase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What was looked at, in order, up to the answer.
    pub steps: Vec<Step>,
    /// The answer, as [`Policy::lookup`] gives it.
    pub lookup: Lookup,
}

impl Explanation {
    /// The rule that answers.
    pub fn answer(&self) -> Option<&RuleMatch> {
        self.steps.iter().find_map(|step| match step {
            Step::Rule(rule) if rule.rule == self.lookup.rule => Some(rule),
            _ => None,
        })
    }
}

impl Policy {
    /// The same lookup, rule by rule and column by column. Rules in a row that fail by the same column are one step, so
    /// that the walk through a large rulebase stays readable.
    pub fn explain(&self, query: &Query) -> Explanation {
        let lookup = self.lookup(query);
        let rules = (0..=lookup.rule.0).map(RuleId).filter(|&id| self.is_candidate(id, &lookup));
        let mut steps = Vec::new();
        let mut shown = 0;
        let mut failed: Vec<(RuleId, Column)> = Vec::new();
        for id in rules {
            match self.failing_column(self.rule(id), query) {
                Some(column) if failed.last().is_none_or(|&(_, last)| last == column) => {
                    failed.push((id, column))
                }
                Some(column) => {
                    self.flush(&mut failed, &mut shown, &mut steps, query);
                    failed.push((id, column));
                }
                None => {
                    self.flush(&mut failed, &mut shown, &mut steps, query);
                    steps.push(Step::Rule(self.explain_rule(id, query, &lookup)));
                }
            }
        }
        self.flush(&mut failed, &mut shown, &mut steps, query);
        Explanation { steps, lookup }
    }

    /// The default rule of the other kind is never asked.
    fn is_candidate(&self, id: RuleId, lookup: &Lookup) -> bool {
        (id.0 as usize) < self.user_rules() || id == lookup.rule
    }

    /// The first column that rules the rule out.
    fn failing_column(&self, rule: &Rule, query: &Query) -> Option<Column> {
        if !matches_zones(rule, query) {
            Some(Column::Zones)
        } else if !rule.source.contains(query.src) {
            Some(Column::Source)
        } else if !rule.destination.contains(query.dst) {
            Some(Column::Destination)
        } else if !rule.user.contains(query.src) {
            Some(Column::User)
        } else if !rule.identity.is_empty() {
            Some(Column::Identity)
        } else if !is_active(rule, query) {
            Some(Column::Schedule)
        } else if self.matches_application(rule, query).0 == Ternary::No {
            Some(Column::Application)
        } else if self.matches_service(rule, query) == Ternary::No {
            Some(Column::Service)
        } else if rule.category.matches(query.category) == Ternary::No {
            Some(Column::Category)
        } else {
            None
        }
    }

    /// Turns the rules that failed by one column into steps.
    fn flush(
        &self,
        failed: &mut Vec<(RuleId, Column)>,
        shown: &mut usize,
        steps: &mut Vec<Step>,
        query: &Query,
    ) {
        let (Some(&(first, column)), Some(&(last, _))) = (failed.first(), failed.last()) else { return };
        let summarize = failed.len() > RUN || column == Column::Zones && failed.len() > 1;
        if !summarize && *shown < SHOWN {
            *shown += failed.len();
            let rules = failed.drain(..).map(|(id, _)| Step::Rule(self.no_match(id, query)));
            steps.extend(rules);
            return;
        }
        failed.clear();
        // Past the limit steps grow together, whatever their reasons.
        if *shown >= SHOWN
            && let Some(Step::Skipped { first, last: end, sentence }) = steps.last_mut()
        {
            *end = last;
            *sentence = format!("{}: do not match", numbers(*first, last));
            return;
        }
        let sentence = format!("{}: {}", numbers(first, last), column.others());
        steps.push(Step::Skipped { first, last, sentence });
    }

    fn no_match(&self, id: RuleId, query: &Query) -> RuleMatch {
        RuleMatch {
            rule: id,
            certainty: Ternary::No,
            passed_over: false,
            sentence: "does not match".to_owned(),
            columns: self.columns(self.rule(id), query),
        }
    }

    fn explain_rule(&self, id: RuleId, query: &Query, lookup: &Lookup) -> RuleMatch {
        let rule = self.rule(id);
        let columns = self.columns(rule, query);
        let (certainty, passed_over, sentence) = match self.answer(id, query) {
            None => (Ternary::Unknown, true, self.passed_over(rule, query)),
            Some(answer) if id == lookup.rule => {
                (answer.certainty, false, answer_sentence(rule, &answer, query))
            }
            Some(answer) => {
                let named = self.rule(lookup.rule).name.as_str();
                let sentence =
                    format!("matches only implicitly, and `{named}` names the application: passed over");
                (answer.certainty, true, sentence)
            }
        };
        RuleMatch { rule: id, certainty, passed_over, sentence, columns }
    }

    fn passed_over(&self, rule: &Rule, query: &Query) -> String {
        let unknown = if query.app.is_none() && self.matches_application(rule, query).0 == Ternary::Unknown {
            "the application is not known"
        } else if rule.category.matches(query.category) == Ternary::Unknown {
            "the URL category is not known"
        } else {
            "the application is not known"
        };
        format!("may match, but it blocks and {unknown}: passed over")
    }

    fn columns(&self, rule: &Rule, query: &Query) -> Vec<ColumnMatch> {
        let of = |column, certainty, sentence| ColumnMatch { column, certainty, sentence };
        let (application, _) = self.matches_application(rule, query);
        let mut columns = vec![
            of(Column::Zones, Ternary::certain(matches_zones(rule, query)), self.zones_sentence(rule, query)),
            of(
                Column::Source,
                Ternary::certain(rule.source.contains(query.src)),
                address_sentence("source", &rule.source, query.src),
            ),
            of(
                Column::Destination,
                Ternary::certain(rule.destination.contains(query.dst)),
                address_sentence("destination", &rule.destination, query.dst),
            ),
            of(Column::Application, application, self.application_sentence(rule, query)),
            of(Column::Service, self.matches_service(rule, query), self.service_sentence(rule, query)),
        ];
        if !rule.user.is_any() {
            let certainty = Ternary::certain(rule.user.contains(query.src));
            columns.push(of(Column::User, certainty, self.user_sentence(rule, query)));
        }
        if !rule.identity.is_empty() {
            let sentence = format!("asks for {}, and a capture does not tell", rule.identity.join(", "));
            columns.push(of(Column::Identity, Ternary::No, sentence));
        }
        if let Some(schedule) = &rule.schedule {
            let is = if is_active(rule, query) { "is active" } else { "is not active" };
            let sentence = format!("schedule `{}` {is}: it is {}", schedule.name, schedule.shown(query.at));
            columns.push(of(Column::Schedule, Ternary::certain(is_active(rule, query)), sentence));
        }
        if !rule.category.is_any() {
            let certainty = rule.category.matches(query.category);
            columns.push(of(Column::Category, certainty, category_sentence(rule, certainty)));
        }
        columns
    }

    fn zones_sentence(&self, rule: &Rule, query: &Query) -> String {
        let (from, to) = (self.zone_name(query.from), self.zone_name(query.to));
        let pair = format!("zones {from} → {to}");
        match rule.rule_type {
            _ if matches_zones(rule, query) => pair,
            RuleType::Intrazone if query.from != query.to => format!("{pair}, and the rule is `intrazone`"),
            RuleType::Interzone if query.from == query.to => format!("{pair}, and the rule is `interzone`"),
            _ if !rule.from.contains(query.from) => format!("{pair}, and the rule is not from {from}"),
            _ => format!("{pair}, and the rule is not to {to}"),
        }
    }

    fn user_sentence(&self, rule: &Rule, query: &Query) -> String {
        let user = self.users().of(query.src).unwrap_or("unknown");
        let is = if rule.user.contains(query.src) { "is" } else { "is not" };
        format!("source-user `{user}` {is} in {}", quoted(&rule.user.names))
    }

    fn application_sentence(&self, rule: &Rule, query: &Query) -> String {
        let (ApplicationMatch::Applications { names, members }, app) = (&rule.application, query.app) else {
            return "application any".to_owned();
        };
        let Some(app) = app else { return "application not known yet: may match".to_owned() };
        let name = self.catalog().name(app);
        if members.binary_search(&app).is_ok() {
            return format!("application {name}");
        }
        let users: Vec<&str> = self.users_of(rule, app).map(|user| self.catalog().name(user)).collect();
        if users.is_empty() {
            format!("application {name} is not in {}", quoted(names))
        } else {
            format!("application {name} is used implicitly by {}", listed(&users))
        }
    }

    fn service_sentence(&self, rule: &Rule, query: &Query) -> String {
        let port = match query.protocol.has_ports() {
            true => format!("{}/{}", query.protocol, query.dport),
            false if query.protocol.is_icmp() => query.protocol.to_string(),
            false => format!("IP protocol {}", query.protocol),
        };
        match (&rule.service, self.matches_service(rule, query)) {
            (ServiceMatch::Any, _) => "service any".to_owned(),
            (ServiceMatch::Services(services), certainty) => {
                let hit = services
                    .iter()
                    .find(|service| service.contains(query.protocol, query.sport, query.dport));
                let mut names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
                names.dedup();
                match hit {
                    Some(service) if certainty == Ternary::Yes => {
                        format!("service {port} is in `{}`", service.name)
                    }
                    _ => format!("service {port} is not in {}", quoted(&names)),
                }
            }
            (ServiceMatch::ApplicationDefault, certainty) => {
                format!(
                    "service application-default: {}",
                    self.default_sentence(rule, query, &port, certainty)
                )
            }
        }
    }

    fn default_sentence(&self, rule: &Rule, query: &Query, port: &str, certainty: Ternary) -> String {
        let owners = match (&rule.application, query.app) {
            (ApplicationMatch::Any, None) => return "any port may be a default port".to_owned(),
            (ApplicationMatch::Applications { members, .. }, None) => members.to_vec(),
            (ApplicationMatch::Applications { members, .. }, Some(app)) if !members.contains(&app) => {
                self.users_of(rule, app).collect()
            }
            (_, Some(app)) => vec![app],
        };
        let has_port = |app: &AppId| {
            let app = self.catalog().get(*app);
            app.is_some_and(|app| app.ports.admit(query.protocol, query.dport, query.decrypted))
        };
        let owner = owners.iter().find(|app| has_port(app)).filter(|_| certainty != Ternary::No);
        let names: Vec<&str> = owners.iter().map(|&app| self.catalog().name(app)).collect();
        match owner {
            Some(&owner) => format!("{port} is a default port of {}", self.catalog().name(owner)),
            None if names.is_empty() => format!("{port} is no default port of an application of the rule"),
            None => format!("{port} is no default port of {}", listed(&names)),
        }
    }
}

impl Column {
    /// What rules that fail by it are about.
    const fn others(self) -> &'static str {
        match self {
            Self::Zones => "other zones",
            Self::Source => "other sources",
            Self::Destination => "other destinations",
            Self::User => "other users",
            Self::Identity => "ask for hosts or devices, and a capture does not tell",
            Self::Schedule => "schedules that are not active",
            Self::Application => "other applications",
            Self::Service => "other services",
            Self::Category => "other categories",
        }
    }
}

fn answer_sentence(rule: &Rule, answer: &Lookup, query: &Query) -> String {
    let action = rule.action;
    match answer.certainty {
        Ternary::Unknown if query.app.is_none() => {
            format!("may match: the application is not known yet; action {action}")
        }
        Ternary::Unknown => format!("may match: the URL category is not known; action {action}"),
        _ if answer.implicit => format!("matches implicitly: action {action}"),
        _ => format!("matches: action {action}"),
    }
}

fn address_sentence(which: &str, column: &AddressMatch, addr: Addr) -> String {
    if column.is_any() {
        return format!("{which} any");
    }
    let inside = column.contains(addr) != column.negate;
    let (is, negated) = (if inside { "is" } else { "is not" }, if column.negate { " (negated)" } else { "" });
    format!("{which} {addr} {is} in {}{negated}", quoted(&column.names))
}

fn category_sentence(rule: &Rule, certainty: Ternary) -> String {
    let names = quoted(&rule.category.names);
    match certainty {
        Ternary::Yes => format!("the URL category is in {names}"),
        Ternary::Unknown => format!("URL category {names} is not known: may match"),
        Ternary::No => format!("the URL category is not in {names}"),
    }
}

/// `rule 3` or `rules 3 to 18,114`, counted from 1 as people do.
fn numbers(first: RuleId, last: RuleId) -> String {
    if first == last {
        format!("rule {}", grouped(first.0 + 1))
    } else {
        format!("rules {} to {}", grouped(first.0 + 1), grouped(last.0 + 1))
    }
}

/// A number with its digits in groups of three.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Names in backticks.
fn quoted<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().take(NAMES).map(|name| format!("`{}`", name.as_ref())).collect();
    cut(&quoted, names.len())
}

/// Names as they are.
fn listed(names: &[&str]) -> String {
    cut(names.get(..NAMES).unwrap_or(names), names.len())
}

fn cut<S: AsRef<str> + std::borrow::Borrow<str>>(shown: &[S], all: usize) -> String {
    let text = shown.join(", ");
    match all - shown.len() {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}
