//! `first-packets-leak`: an allow rule for some applications that lets the first packets of all others pass, too.

use super::context::Context;
use super::words::{list, quote, tuple};
use super::{Finding, Kind, Severity};
use crate::app::{AppId, Application};
use crate::flow::Protocol;
use crate::policy::space::{Block, Budget, GaveUp, Ranges, Side, Space, Stage};
use crate::policy::{ApplicationMatch, Query, Rule, RuleId, ServiceMatch};

pub(super) const KIND: Kind = Kind {
    name: "first-packets-leak",
    severity: Severity::Warning,
    what: "An allow rule for applications that admits first packets to every TCP or UDP port, where a session that turns \
           out to be something else is then denied.",
    why: "The first packet of a session is looked up without its application, so that zones, addresses and ports alone \
          decide. With service `any`, with an application that may use any port, or with a service object of all ports, \
          everything begins: handshake, banner and the client's first data pass in both directions before App-ID knows \
          and the session is denied. With application `any` and `application-default` it is the same.",
    example: "[[security]]\nname = \"Ping from Untrust to DMZ\"\nfrom = \"untrust\"\nto = \"dmz\"\napplication = [\"ping\", \
              \"traceroute\"]\nservice = \"any\"\naction = \"allow\"",
    cure: "Use `service = \"application-default\"`. Where an application has dynamic ports, name the ports that are used \
           in a service object, or give that application a rule of its own with narrow addresses.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (id, rule) in context.rules().filter(|(_, rule)| rule.action.is_allow()) {
        let Some(reason) = reason(context, rule) else { continue };
        let found = context.decide(kind, rule, |budget| leak(context, id, rule, budget));
        let Some((query, by)) = found else { continue };
        let message = format!(
            "admits the first packets of every {} port, whatever they turn out to be: {}",
            reason.protocols, reason.why
        );
        let mut finding = context.about(kind, rule, reason.key, message, reason.cure);
        let denied = context.policy().rule(by);
        let example = tuple(context.world, &query);
        finding.example =
            Some(format!("{example}: admitted, and denied by {} once known", quote(&denied.name)));
        out.push(finding);
    }
}

/// Why a rule admits every port.
struct Reason {
    /// `TCP and UDP`.
    protocols: &'static str,
    why: String,
    cure: String,
    /// The column to blame.
    key: &'static str,
}

fn reason(context: &Context<'_>, rule: &Rule) -> Option<Reason> {
    let catalog = &context.world.catalog;
    let members: &[AppId] = match &rule.application {
        ApplicationMatch::Any => &[],
        ApplicationMatch::Applications { members, .. } => members,
    };
    let dynamic: Vec<&Application> =
        members.iter().filter_map(|&app| catalog.get(app)).filter(|app| is_dynamic(app)).collect();
    let dynamic_names = || list(dynamic.iter().map(|app| app.name.as_str()));
    match (&rule.application, &rule.service) {
        (ApplicationMatch::Any, ServiceMatch::ApplicationDefault) => Some(Reason {
            protocols: "TCP and UDP",
            why: "with application `any`, `application-default` is decided when the application is known"
                .to_owned(),
            cure: "name the applications, or the services".to_owned(),
            key: "application",
        }),
        (ApplicationMatch::Any, _) => None,
        (_, ServiceMatch::Any) => Some(Reason {
            protocols: "TCP and UDP",
            why: "its service is `any`".to_owned(),
            cure: if dynamic.is_empty() {
                "set `service` to `application-default`".to_owned()
            } else {
                format!(
                    "name the ports in `service`: {} may use any port, so that `application-default` would not do",
                    dynamic_names()
                )
            },
            key: "service",
        }),
        (_, ServiceMatch::ApplicationDefault) => {
            let tcp = dynamic.iter().any(|app| is_every(&app.ports.tcp));
            let udp = dynamic.iter().any(|app| is_every(&app.ports.udp));
            Some(Reason {
                protocols: protocols(tcp, udp)?,
                why: format!("{} may use any port, and `application-default` admits them", dynamic_names()),
                cure: format!("name the ports of {} in a rule of its own", dynamic_names()),
                key: "application",
            })
        }
        (_, ServiceMatch::Services(services)) => {
            let every = |protocol| {
                services.iter().find(|service| service.protocol == protocol && is_every(&service.ports))
            };
            let (tcp, udp) = (every(Protocol::TCP), every(Protocol::UDP));
            let mut names: Vec<&str> = tcp.iter().chain(&udp).map(|service| service.name.as_str()).collect();
            names.dedup();
            Some(Reason {
                protocols: protocols(tcp.is_some(), udp.is_some())?,
                why: format!("service {} is every port", list(names)),
                cure: "set `service` to `application-default`, or name the ports that are used".to_owned(),
                key: "service",
            })
        }
    }
}

const fn protocols(tcp: bool, udp: bool) -> Option<&'static str> {
    match (tcp, udp) {
        (true, true) => Some("TCP and UDP"),
        (true, false) => Some("TCP"),
        (false, true) => Some("UDP"),
        (false, false) => None,
    }
}

fn is_dynamic(app: &Application) -> bool {
    is_every(&app.ports.tcp) || is_every(&app.ports.udp)
}

/// Whether these are all ports; 0 is none that is used.
fn is_every(ports: &[(u16, u16)]) -> bool {
    let ports = Ranges::new(ports.iter().map(|&(low, high)| (low.into(), high.into())).collect());
    ports.covers(&Ranges::span(1, u16::MAX.into()))
}

/// A first packet that the rule admits and whose session is denied in the end, and the rule that denies it.
fn leak(
    context: &Context<'_>,
    id: RuleId,
    rule: &Rule,
    budget: &mut Budget,
) -> Result<Option<(Query, RuleId)>, GaveUp> {
    // For some application whoever uses it may be anyone; for any one the rule itself may hold what it turns out to be.
    let any = rule.application == ApplicationMatch::Any;
    let own = if any { &context.lookups } else { &context.spaces };
    let own = Space::new(own.rule(id).first.clone());
    for protocol in [Protocol::TCP, Protocol::UDP] {
        let suspects = suspects(context, rule, protocol);
        let starts = own.intersection(&Space::on_protocol(protocol));
        // Where an override gives the application, the first packet has it.
        let starts = starts.difference(context.overridden()?.whole(), budget)?;
        for start in starts.blocks() {
            let Some(query) =
                context.lookups.not_answered_above(id, start, true, |_| true, |_| {}, budget)?
            else {
                continue;
            };
            let by = suspects.iter().find_map(|&app| denier(context, &Query { app: Some(app), ..query }));
            let found = match by {
                Some(by) => Some((query, by)),
                None => denied(context, id, start, &suspects, budget)?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

/// What a session may turn out to be that the rule does not mean: what nobody recognises, and where the rule is for
/// any application on its default ports, whatever has such ports.
fn suspects(context: &Context<'_>, rule: &Rule, protocol: Protocol) -> Vec<AppId> {
    let labels = context.world.identifier.labels();
    let label = if protocol == Protocol::TCP { labels.unknown_tcp } else { labels.unknown_udp };
    let mut suspects: Vec<AppId> = label.into_iter().collect();
    if rule.application == ApplicationMatch::Any {
        let ports = |app: &Application| {
            if protocol == Protocol::TCP { !app.ports.tcp.is_empty() } else { !app.ports.udp.is_empty() }
        };
        let fixed = context.world.catalog.iter().filter(|(_, app)| ports(app) && !is_dynamic(app));
        suspects.extend(fixed.map(|(id, _)| id));
    }
    suspects
}

/// The rule that denies a session, if one does.
fn denier(context: &Context<'_>, query: &Query) -> Option<RuleId> {
    let lookup = context.policy().lookup(query);
    (!lookup.action.is_allow()).then_some(lookup.rule)
}

/// The same, tuple by tuple: what of `start` is the rule's own, and of that what is denied.
fn denied(
    context: &Context<'_>,
    id: RuleId,
    start: &Block,
    suspects: &[AppId],
    budget: &mut Budget,
) -> Result<Option<(Query, RuleId)>, GaveUp> {
    let own = context.lookups.answered(id, Stage::FirstPacket, budget)?;
    for block in own.intersection(&Space::new(vec![start.clone()])).blocks() {
        let known = block.clone().with(Side::Application, Ranges::applications(suspects.iter().copied()));
        let blocks = |by| !context.policy().rule(by).action.is_allow();
        if let Some((query, _)) = context.answered_by(&known, Stage::Identified, blocks, budget)?
            // A rule above may allow it implicitly.
            && let Some(by) = denier(context, &query)
        {
            return Ok(Some((Query { app: None, ..query }, by)));
        }
    }
    Ok(None)
}
