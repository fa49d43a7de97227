//! `match`: the rule that answers one query, in running form as `test security-policy-match` prints it, and below it
//! why, in words of our own (PANOS.md 11.6).

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::explain::{rule_reason, rule_role};
use super::row::rule_name;
use super::style::{Paint, Role, count};
use super::text::Look;
use super::{escape, wrap};
use crate::app::{AppId, Ports};
use crate::config::World;
use crate::flow::Protocol;
use crate::policy::{Action, Explanation, Query, RuleId, Running, Step, Ternary};

/// Columns where it is not for a terminal.
const WIDTH: usize = 120;
/// No narrower than this, whatever the terminal says.
const NARROWEST: usize = 72;
/// So many applications are named for each rule they would lead to.
const NAMED: usize = 8;

/// Where a query's application comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// From nowhere: the lookup is that of a session's first packet.
    FirstPacket,
    /// From the packet's header, which tells it where the protocol has no ports (PANOS.md 0.3a).
    Header,
    /// From an application-override rule, which knows it from the first packet (PANOS.md 2.7).
    Override,
    /// From whoever asks.
    Application,
}

/// One query with its answer.
#[derive(Debug)]
pub struct PolicyMatch<'w> {
    world: &'w World,
    query: Query,
    asked: Asked,
    explanation: Explanation,
    /// Every rule that matches or may match, where they are wanted.
    potential: Option<Vec<RuleId>>,
    /// Where App-ID would lead from here.
    then: Vec<Then>,
}

/// A rule that a session would come to, once its application is known.
#[derive(Debug)]
struct Then {
    rule: RuleId,
    action: Action,
    applications: Vec<AppId>,
}

impl<'w> PolicyMatch<'w> {
    /// Looks `query` up; with `all`, every rule that matches or may match until the first that certainly allows.
    pub fn new(world: &'w World, query: Query, asked: Asked, all: bool) -> Self {
        let explanation = world.policy.explain(&query);
        let then = match asked {
            Asked::FirstPacket if explanation.lookup.action.is_allow() => then(world, &query),
            _ => Vec::new(),
        };
        let potential = all.then(|| world.policy.potential_matches(&query));
        Self { world, query, asked, explanation, potential, then }
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        for rule in self.shown() {
            writeln!(out, "{}", self.world.policy.running(rule))?;
        }
        let mut page = Page {
            out,
            paint: Paint { color: look.color },
            width: look.width.unwrap_or(WIDTH).max(NARROWEST),
        };
        page.line(0, Role::Heading, "firstpass: why")?;
        page.line(2, Role::Plain, &self.question())?;
        for step in &self.explanation.steps {
            match step {
                Step::Skipped { sentence, .. } => page.line(2, Role::Quiet, sentence)?,
                Step::Rule(rule) => {
                    let name = escape::name(rule_name(self.world, rule.rule));
                    let reason = rule_reason(rule, &self.explanation);
                    let text = format!("rule {} `{name}` {reason}", rule.rule.0 + 1);
                    page.line(2, rule_role(rule, &self.explanation), &text)?;
                }
            }
        }
        page.line(0, Role::Plain, &self.meaning())?;
        for then in &self.then {
            page.line(2, if then.action.is_allow() { Role::Good } else { Role::Deny }, &self.outcome(then))?;
        }
        Ok(())
    }

    /// Writes it as one JSON document.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut out = out;
        escape::write_json(&mut out, &Document::of(self))?;
        out.write_all(b"\n")
    }

    /// The rules whose running form is printed.
    fn shown(&self) -> Vec<RuleId> {
        self.potential.clone().unwrap_or_else(|| vec![self.explanation.lookup.rule])
    }

    fn question(&self) -> String {
        let query = &self.query;
        let zone = |zone| escape::name(self.world.zones.name(zone));
        let service = match query.protocol.has_ports() {
            true => format!("{}/{}", query.protocol, query.dport),
            false if query.protocol.is_icmp() => query.protocol.to_string(),
            false => format!("IP protocol {}", query.protocol),
        };
        let application = match query.app {
            Some(app) => format!("application {}", escape::name(self.world.catalog.name(app))),
            None => "application not known yet".to_owned(),
        };
        let user = self.world.policy.users().of(query.src);
        let user = user.map(|user| format!(" ({})", escape::name(user))).unwrap_or_default();
        let (from, to) = (zone(query.from), zone(query.to));
        format!("{from} → {to} · {}{user} → {} · {service} · {application}", query.src, query.dst)
    }

    /// What the answer is the answer to.
    fn meaning(&self) -> String {
        let allow = self.explanation.lookup.action.is_allow();
        match (self.asked, allow) {
            (Asked::Application, _) => {
                "This is the answer once App-ID knows the application. Leave out `--application` to see under which \
                 rule the packets before that pass."
                    .to_owned()
            }
            (Asked::Header, _) => {
                "The header tells the application, so that the first packet gets this answer already.".to_owned()
            }
            (Asked::Override, _) => {
                "An application-override rule tells the application, so that the first packet gets this answer already."
                    .to_owned()
            }
            (Asked::FirstPacket, false) => {
                "This is the answer for the first packet: it is refused, no session is made and App-ID never starts."
                    .to_owned()
            }
            (Asked::FirstPacket, true) => {
                "This is the answer for the first packet; a session that ends before its application is known is \
                 logged under this rule. Once App-ID knows the application, it is:"
                    .to_owned()
            }
        }
    }

    fn outcome(&self, then: &Then) -> String {
        let name = escape::name(rule_name(self.world, then.rule));
        let names: Vec<&str> =
            then.applications.iter().take(NAMED).map(|&app| self.world.catalog.name(app)).collect();
        let all = then.applications.len();
        let most = self.then.iter().all(|other| other.applications.len() <= all);
        let applications = match all - names.len() {
            0 => names.join(", "),
            _ if self.then.len() == 1 => format!("all {}", count(all as u64, "application")),
            _ if most => format!("any other, {}", count(all as u64, "application")),
            more => format!("{} and {more} more", names.join(", ")),
        };
        format!("{} by rule {} `{name}`: {applications}", then.action, then.rule.0 + 1)
    }
}

/// Where each application that can run over the query's protocol leads, by rule.
fn then(world: &World, query: &Query) -> Vec<Then> {
    let mut found: BTreeMap<RuleId, Then> = BTreeMap::new();
    for (app, _) in world.catalog.iter().filter(|(_, app)| runs_over(&app.ports, query.protocol)) {
        let lookup = world.policy.lookup(&Query { app: Some(app), ..*query });
        let new = || Then { rule: lookup.rule, action: lookup.action, applications: Vec::new() };
        found.entry(lookup.rule).or_insert_with(new).applications.push(app);
    }
    found.into_values().collect()
}

/// Whether an application can be found in a session over TCP or UDP: one with ports there, or with none anywhere.
fn runs_over(ports: &Ports, protocol: Protocol) -> bool {
    let other = ports.icmp || ports.icmp6 || !ports.ip_protocols.is_empty();
    let (own, across) = match protocol {
        Protocol::TCP => (&ports.tcp, &ports.udp),
        Protocol::UDP => (&ports.udp, &ports.tcp),
        _ => return false,
    };
    !own.is_empty() || across.is_empty() && !other
}

/// Lines for people.
struct Page<'o> {
    out: &'o mut dyn Write,
    paint: Paint,
    width: usize,
}

impl Page<'_> {
    /// A sentence in as many lines as it needs, the further ones set in.
    fn line(&mut self, indent: usize, role: Role, text: &str) -> io::Result<()> {
        for (number, part) in wrap::sentence(text, self.width - indent - 2).iter().enumerate() {
            let indent = if number == 0 { indent } else { indent + 2 };
            writeln!(self.out, "{:indent$}{}", "", self.paint.on(role, part))?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Document<'a> {
    firstpass: &'static str,
    rulebase: RulebaseRow<'a>,
    query: QueryRow<'a>,
    rule: &'a str,
    index: u32,
    line: Option<u32>,
    action: &'static str,
    certainty: &'static str,
    implicit: bool,
    running: RunningRow,
    earlier_rules: Vec<EarlierRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    potential_rules: Option<Vec<RunningRow>>,
    then: Vec<ThenRow<'a>>,
    warnings: &'a [String],
}

#[derive(Serialize)]
pub(super) struct RulebaseRow<'a> {
    path: &'a str,
    format: &'static str,
    security_rules: usize,
}

#[derive(Serialize)]
struct QueryRow<'a> {
    from: &'a str,
    to: &'a str,
    source: String,
    destination: String,
    protocol: String,
    source_port: Option<u16>,
    destination_port: Option<u16>,
    application: Option<&'a str>,
    /// Where the application comes from.
    application_source: Option<&'static str>,
    /// Who is at the source address; `None` is nobody known.
    source_user: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct RunningRow {
    name: String,
    index: u32,
    rule_type: &'static str,
    from: Vec<String>,
    source: Vec<String>,
    negate_source: bool,
    to: Vec<String>,
    destination: Vec<String>,
    negate_destination: bool,
    user: Vec<String>,
    category: Vec<String>,
    tuples: Vec<String>,
    implicit_tuples: Vec<String>,
    more_tuples: bool,
    action: &'static str,
    icmp_unreachable: bool,
}

/// One rule that does not answer, or several in a row that fail by the same column.
#[derive(Serialize)]
struct EarlierRow<'a> {
    /// The first and the last of them, counted from 1.
    index: [u32; 2],
    /// Where it is one.
    rule: Option<&'a str>,
    certainty: &'static str,
    reason: String,
}

#[derive(Serialize)]
struct ThenRow<'a> {
    rule: &'a str,
    index: u32,
    action: &'static str,
    applications: Vec<&'a str>,
}

impl<'a> Document<'a> {
    fn of(found: &'a PolicyMatch<'_>) -> Self {
        let world = found.world;
        let lookup = &found.explanation.lookup;
        let running = |rule| RunningRow::from(world.policy.running(rule));
        let potential = found.potential.as_ref();
        Self {
            firstpass: env!("CARGO_PKG_VERSION"),
            rulebase: RulebaseRow::of(world),
            query: QueryRow::of(found),
            rule: rule_name(world, lookup.rule),
            index: lookup.rule.0 + 1,
            line: world.policy.rule(lookup.rule).line,
            action: lookup.action.name(),
            certainty: certainty(lookup.certainty),
            implicit: lookup.implicit,
            running: running(lookup.rule),
            earlier_rules: EarlierRow::all(found),
            potential_rules: potential.map(|rules| rules.iter().map(|&rule| running(rule)).collect()),
            then: found
                .then
                .iter()
                .map(|then| ThenRow {
                    rule: rule_name(world, then.rule),
                    index: then.rule.0 + 1,
                    action: then.action.name(),
                    applications: then.applications.iter().map(|&app| world.catalog.name(app)).collect(),
                })
                .collect(),
            warnings: &world.warnings,
        }
    }
}

impl<'a> RulebaseRow<'a> {
    pub(super) fn of(world: &'a World) -> Self {
        let source = &world.source;
        Self { path: &source.path, format: source.format, security_rules: source.security_rules }
    }
}

impl<'a> QueryRow<'a> {
    fn of(found: &'a PolicyMatch<'_>) -> Self {
        let (world, query) = (found.world, &found.query);
        let port = |port: u16| query.protocol.has_ports().then_some(port);
        Self {
            from: world.zones.name(query.from),
            to: world.zones.name(query.to),
            source: query.src.to_string(),
            destination: query.dst.to_string(),
            protocol: query.protocol.to_string(),
            source_port: port(query.sport).filter(|&sport| sport > 0),
            destination_port: port(query.dport),
            application: query.app.map(|app| world.catalog.name(app)),
            application_source: match found.asked {
                Asked::FirstPacket => None,
                Asked::Header => Some("header"),
                Asked::Override => Some("application-override"),
                Asked::Application => Some("given"),
            },
            source_user: world.policy.users().of(query.src),
        }
    }
}

impl<'a> EarlierRow<'a> {
    fn all(found: &'a PolicyMatch<'_>) -> Vec<Self> {
        let explanation = &found.explanation;
        let steps = explanation.steps.iter().filter_map(|step| match step {
            Step::Skipped { first, last, sentence } => Some(Self {
                index: [first.0 + 1, last.0 + 1],
                rule: None,
                certainty: certainty(Ternary::No),
                reason: sentence.clone(),
            }),
            Step::Rule(rule) if rule.rule == explanation.lookup.rule => None,
            Step::Rule(rule) => Some(Self {
                index: [rule.rule.0 + 1; 2],
                rule: Some(rule_name(found.world, rule.rule)),
                certainty: certainty(rule.certainty),
                reason: rule_reason(rule, explanation),
            }),
        });
        steps.collect()
    }
}

impl From<Running> for RunningRow {
    fn from(running: Running) -> Self {
        let texts = |tuples: &[crate::policy::Tuple]| tuples.iter().map(ToString::to_string).collect();
        Self {
            rule_type: running.rule_type.name(),
            tuples: texts(&running.tuples),
            implicit_tuples: texts(&running.implicit),
            name: running.name,
            index: running.index,
            from: running.from,
            source: running.source,
            negate_source: running.negate_source,
            to: running.to,
            destination: running.destination,
            negate_destination: running.negate_destination,
            user: running.user,
            category: running.category,
            more_tuples: running.more_tuples,
            action: running.action,
            icmp_unreachable: running.icmp_unreachable,
        }
    }
}

const fn certainty(certainty: Ternary) -> &'static str {
    match certainty {
        Ternary::No => "no",
        Ternary::Unknown => "may",
        Ternary::Yes => "yes",
    }
}
