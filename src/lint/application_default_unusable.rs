//! `application-default-unusable`: default ports of applications that have none.

use super::context::Context;
use super::words::list;
use super::{Finding, Kind, Severity};
use crate::app::{AppId, Ports};
use crate::flow::Protocol;
use crate::policy::space::Ranges;
use crate::policy::{ApplicationMatch, ServiceMatch};

pub(super) const KIND: Kind = Kind {
    name: "application-default-unusable",
    severity: Severity::Error,
    what: "A rule with service `application-default` and applications that are never on a default port: they have none, or \
           application override gives them to other ports only.",
    why: "Such an application never matches there. Where that is so of all of the rule's applications, the rule matches \
          nothing at all; of some, it is a warning. Custom applications without ports match on any port (PANOS.md 2.10), \
          and applications that the catalog does not know may well have ports (see `undefined-object`): they do not \
          count.",
    example: "[zones]\nlan = \"10.0.0.0/8\"\n\n[application.legacy]\ndefault-ports = \"tcp/7000\"\n\n\
              [[application-override]]\nname = \"Legacy\"\nfrom = \"lan\"\nto = \"lan\"\nprotocol = \"tcp\"\nport = \
              \"7001\"\napplication = \"legacy\"\n\n[[security]]\nname = \"Legacy\"\napplication = \
              \"legacy\"\naction = \"allow\"",
    cure: "Name a service with the ports the application uses.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    let catalog = &context.world.catalog;
    for (_, rule) in context.rules() {
        let (ServiceMatch::ApplicationDefault, ApplicationMatch::Applications { members, .. }) =
            (&rule.service, &rule.application)
        else {
            continue;
        };
        let portless =
            |app: AppId| catalog.get(app).is_some_and(|app| !app.unknown && app.ports == Ports::default());
        let without = members.iter().filter(|&&app| portless(app) || is_given_elsewhere(context, app));
        let without: Vec<&str> = without.map(|&app| catalog.name(app)).collect();
        if without.is_empty() {
            continue;
        }
        let all = without.len() == members.len();
        let names = list(without.iter().copied());
        let is = if without.len() == 1 { "is" } else { "are" };
        let rest = if all { ", so that it matches nothing" } else { "" };
        let message =
            format!("has the service `application-default`, and {names} {is} never on a default port{rest}");
        let cure = "name a service with the ports that are used".to_owned();
        let finding = context.about(kind, rule, "application", message, cure);
        out.push(Finding { severity: if all { kind.severity } else { Severity::Warning }, ..finding });
    }
}

/// Whether override rules give it, and to none of its default ports.
fn is_given_elsewhere(context: &Context<'_>, app: AppId) -> bool {
    let Some(application) = context.world.catalog.get(app).filter(|application| application.custom) else {
        return false;
    };
    let mut giving = context.world.overrides.rules().iter().filter(|rule| rule.application == app).peekable();
    let ranges = |ports: &[(u16, u16)]| {
        Ranges::new(ports.iter().map(|&(low, high)| (low.into(), high.into())).collect())
    };
    giving.peek().is_some()
        && giving.all(|rule| {
            let own =
                if rule.protocol == Protocol::TCP { &application.ports.tcp } else { &application.ports.udp };
            !ranges(own).meets(&ranges(&rule.ports))
        })
}
