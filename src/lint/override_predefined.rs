//! `override-to-predefined`: an application override that gives a predefined application.

use super::context::Context;
use super::words::quote;
use super::{Finding, Kind, Severity};

pub(super) const KIND: Kind = Kind {
    name: "override-to-predefined",
    severity: Severity::Note,
    what: "An application-override rule that gives a predefined application.",
    why: "App-ID stops there as it does for a custom one, but where the application has a decoder the content is inspected \
          as if it were that application (PANOS.md 2.7): what speaks something else there is read by the wrong decoder, \
          and inspection is not what was to be switched off. The vendor recommends a custom application for a bypass.",
    example: "[zones]\nlan = \"10.0.0.0/8\"\n\n[[application-override]]\nname = \"Database\"\nfrom = \"lan\"\nto = \
              \"lan\"\nprotocol = \"tcp\"\nport = \"1433\"\napplication = \"mssql-db\"",
    cure: "Define a custom application, give that, and allow it.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for rule in context.world.overrides.rules() {
        let Some(application) = context.world.catalog.get(rule.application) else { continue };
        if application.custom || application.unknown {
            continue;
        }
        let message = format!(
            "gives the predefined application {}: App-ID stops, and content is still inspected where that has a decoder",
            quote(&application.name)
        );
        let cure = format!(
            "for a bypass define a custom application, give that, and allow it where {} is allowed",
            quote(&application.name)
        );
        out.push(context.about_override(kind, rule, message, cure));
    }
}
