//! `decryption-never-applies`: a decryption rule that no session can have.

use super::context::Context;
use super::decryption_space::Reached;
use super::words::quote;
use super::{Finding, Kind, Severity};
use crate::policy::Rule;
use crate::policy::space::{Block, Budget, GaveUp, Space, Stage};

pub(super) const KIND: Kind = Kind {
    name: "decryption-never-applies",
    severity: Severity::Warning,
    what: "A decryption rule for traffic that is never TLS on this firewall: its services have no TCP port, application \
           override takes all of it, or no security rule lets any of it in.",
    why: "The decryption policy is asked about a session that the security policy has let in and that App-ID has found to \
          be TLS (PANOS.md 8). Where that cannot be, the rule does nothing, whatever it says.",
    example: "[zones]\nlan = \"10.0.0.0/8\"\nweb = \"0.0.0.0/0\"\n\n[[security]]\nname = \"DNS\"\nfrom = \"lan\"\nto = \
              \"web\"\napplication = \"dns\"\naction = \"allow\"\n\n[service]\nhttps = \"tcp/443\"\n\n[[decryption]]\nname = \
              \"Web\"\nfrom = \"lan\"\nto = \"web\"\nservice = \"https\"\naction = \"decrypt\"",
    cure: "Allow the traffic in a security rule, correct the zones, addresses or services of the decryption rule, or \
           delete it.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (rule, reached) in context.decryption(kind) {
        let matches = &rule.matches;
        let why = if reached.own.is_empty() {
            Some("no service of it is a TCP port, and only TCP is looked at".to_owned())
        } else if reached.open.is_empty() {
            // Which is another finding.
            None
        } else {
            context.decide(kind, matches, |budget| unused(context, reached, budget))
        };
        let Some(why) = why else { continue };
        let cure = "allow the traffic, correct what the rule matches, or delete it".to_owned();
        out.push(context.about_decryption(kind, matches, "name", format!("never applies: {why}"), cure));
    }
}

/// Why no session reaches it.
fn unused(context: &Context<'_>, reached: &Reached, budget: &mut Budget) -> Result<Option<String>, GaveUp> {
    let open = Space::new(reached.open.clone());
    let left = open.difference(context.overridden()?.whole(), budget)?;
    if left.is_empty() {
        return Ok(Some("application override takes all of it, and App-ID looks at none".to_owned()));
    }
    let allows = |by| context.policy().rule(by).action.is_allow();
    for start in left.blocks() {
        if context.answered_by(start, Stage::FirstPacket, allows, budget)?.is_some() {
            return Ok(None);
        }
    }
    Ok(Some(denied(context, left.blocks())))
}

fn denied(context: &Context<'_>, blocks: &[Block]) -> String {
    let by = blocks.iter().find_map(Block::example).map(|query| context.policy().lookup(&query).rule);
    let rule = by.map_or("", |by| -> &str {
        let Rule { name, .. } = context.policy().rule(by);
        name
    });
    format!("no security rule lets any of it in ({} denies it)", quote(rule))
}
