//! `deny-application-on-port`: a block rule that cannot act on a first packet, whatever its port.

use super::context::Context;
use super::words::{list, quote, tuple};
use super::{Finding, Kind, Severity};
use crate::policy::space::{Block, Ranges, Side, Space, Stage};
use crate::policy::{ApplicationMatch, ServiceMatch};

pub(super) const KIND: Kind = Kind {
    name: "deny-application-on-port",
    severity: Severity::Warning,
    what: "A block rule with applications and an explicit service, where another rule admits the first packets of that \
           service.",
    why: "The port looks as if it made the rule act at once. It does not: while the application is unknown a block rule \
          that names applications is passed over (PANOS.md 2.2; `model.block-by-service` makes it act), the session \
          begins under the rule found below, and is cut only when the application is known.",
    example: "[service]\nssh = \"tcp/22\"\n\n[[security]]\nname = \"No SSH\"\napplication = \"ssh\"\nservice = \"ssh\"\naction = \
              \"deny\"\n\n[[security]]\nname = \"Rest\"\nservice = \"any\"\naction = \"allow\"",
    cure: "To close the port, block it with application `any`.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (id, rule) in context.rules().filter(|(_, rule)| !rule.action.is_allow()) {
        let (ServiceMatch::Services(services), ApplicationMatch::Applications { .. }) =
            (&rule.service, &rule.application)
        else {
            continue;
        };
        if context.policy().blocks_by_service(rule) {
            continue;
        }
        let starts: Vec<Block> = context.spaces.rule(id).known.iter().map(first_packets).collect();
        let starts = Space::new(starts).intersection(&context.sessions.first);
        let admits = |by| by > id && context.policy().rule(by).action.is_allow();
        let found = context.decide(kind, rule, |budget| {
            for start in starts.blocks() {
                if let Some(found) = context.answered_by(start, Stage::FirstPacket, admits, budget)? {
                    return Ok(Some(found));
                }
            }
            Ok(None)
        });
        let Some((query, by)) = found else { continue };
        let mut names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
        names.dedup();
        let message = format!(
            "does not close {}: it is passed over until the application is known, and {} admits the first packets",
            list(names),
            quote(&context.policy().rule(by).name)
        );
        let cure = "to close the port, set `application` to `any`".to_owned();
        let mut finding = context.about(kind, rule, "service", message, cure);
        finding.example = Some(tuple(context.world, &query));
        finding.related = vec![context.related(by, "admits the first packets")];
        out.push(finding);
    }
}

/// The same tuples before their application is known.
fn first_packets(block: &Block) -> Block {
    block.clone().with(Side::Application, Ranges::unknown_application())
}
