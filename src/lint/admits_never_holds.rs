//! `admits-never-holds`: a rule that lets first packets pass and never holds a session.

use super::context::Context;
use super::reach::Found;
use super::shadowed::shadow;
use super::words::tuple;
use super::{Finding, Kind, Severity};

pub(super) const KIND: Kind = Kind {
    name: "admits-never-holds",
    severity: Severity::Error,
    what: "An allow rule that first packets reach, and no session whose application is known.",
    why: "Rules above take each of its applications as soon as it is known. All that the rule does is to let first \
          packets pass that would otherwise be refused: it is nothing but a leak.",
    example: "[[security]]\nname = \"No FTP\"\napplication = \"ftp\"\nservice = \"any\"\naction = \"deny\"\n\n[[security]]\nname = \"FTP\"\n\
              application = \"ftp\"\nservice = \"any\"\naction = \"allow\"",
    cure: "Move it above the rules that take its sessions, or delete it.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (_, rule, reach) in context.reach().filter(|(_, rule, _)| rule.action.is_allow()) {
        let Found::Open(query) = &reach.first else { continue };
        let takers = match &reach.known {
            Found::Taken(takers) => takers.clone(),
            Found::Nothing => Vec::new(),
            _ => continue,
        };
        let mut finding = if takers.is_empty() {
            let message = "admits first packets and matches no session whose application is known".to_owned();
            context.about(kind, rule, "application", message, "delete it".to_owned())
        } else {
            shadow(context, kind, rule, takers, "admits first packets and never holds a session")
        };
        finding.example = Some(tuple(context.world, query));
        out.push(finding);
    }
}
