//! `application-default-unusable`: default ports of applications that have none.

use super::context::Context;
use super::words::list;
use super::{Finding, Kind, Severity};
use crate::app::{Application, Ports};
use crate::policy::{ApplicationMatch, ServiceMatch};

pub(super) const KIND: Kind = Kind {
    name: "application-default-unusable",
    severity: Severity::Error,
    what: "A rule with service `application-default` and applications that have no default port.",
    why: "Such an application never matches there: without a default port nothing is on it. Where none of the rule's \
          applications has one, the rule matches nothing at all; where some have none it is a warning. Applications that a PAN-OS \
          configuration names and the catalog does not have are left alone: their ports are not known.",
    example: "[application.legacy]\n\n[[security]]\nname = \"Legacy\"\napplication = \"legacy\"\naction = \"allow\"",
    cure: "Name a service with the ports the application uses, or give the custom application `default-ports`.",
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
        let portless = |app: &Application| !app.unknown && app.ports == Ports::default();
        let without = members.iter().filter(|app| catalog.get(**app).is_some_and(portless));
        let without: Vec<&str> = without.map(|&app| catalog.name(app)).collect();
        if without.is_empty() {
            continue;
        }
        let all = without.len() == members.len();
        let names = list(without.iter().copied());
        let rest = if all { ", so that it matches nothing" } else { "" };
        let message = format!("has the service `application-default` and no default port for {names}{rest}");
        let cure = "name a service with the ports that are used".to_owned();
        let finding = context.about(kind, rule, "application", message, cure);
        out.push(Finding { severity: if all { kind.severity } else { Severity::Warning }, ..finding });
    }
}
