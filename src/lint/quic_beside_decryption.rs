//! `quic-beside-decryption`: QUIC is allowed where TLS is decrypted.

use super::context::Context;
use super::decryption_space::{Reached, decrypts_tls};
use super::words::{quote, tuple};
use super::{Finding, Kind, Severity};
use crate::app::AppId;
use crate::flow::Protocol;
use crate::policy::space::{Block, Budget, GaveUp, Ranges, Side, Space, Stage};
use crate::policy::{Query, RuleId};

pub(super) const KIND: Kind = Kind {
    name: "quic-beside-decryption",
    severity: Severity::Warning,
    what: "A decryption rule for HTTPS where a security rule allows `quic` on UDP port 443 between the same zones and \
           addresses.",
    why: "QUIC is never decrypted (PANOS.md 8). Browsers take it wherever it gets through, and then nothing of what the \
          decryption rule is for is seen. Where QUIC is blocked they go on over TCP.",
    example: "[zones]\nlan = \"10.0.0.0/8\"\nweb = \"0.0.0.0/0\"\n\n[[security]]\nname = \"Web\"\nfrom = \"lan\"\nto = \
              \"web\"\napplication = [\"web-browsing\", \"ssl\", \"quic\"]\naction = \"allow\"\n\n[[decryption]]\nname = \
              \"Web\"\nfrom = \"lan\"\nto = \"web\"\naction = \"decrypt\"",
    cure: "Block `quic` above the rule that allows it.",
    run,
};

/// The port of HTTPS and of HTTP/3.
const PORT: (u16, u16) = (443, 443);

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(quic) = context.world.catalog.find("quic") else { return };
    for (rule, reached) in context.decryption(kind).filter(|(rule, _)| decrypts_tls(rule)) {
        let found = context.decide(kind, &rule.matches, |budget| allowed(context, reached, quic, budget));
        let Some((query, by)) = found else { continue };
        let name = quote(&context.policy().rule(by).name);
        let message = format!("cannot see HTTP/3: {name} allows `quic`, which is never decrypted");
        let cure = format!("block `quic` above {name}, for the same sources and destinations");
        let mut finding = context.about_decryption(kind, &rule.matches, "name", message, cure);
        finding.example = Some(tuple(context.world, &query));
        finding.related = vec![context.related(by, "allows `quic`")];
        out.push(finding);
    }
}

/// A session of QUIC that the security policy allows, beside HTTPS that the rule would decrypt.
fn allowed(
    context: &Context<'_>,
    reached: &Reached,
    quic: AppId,
    budget: &mut Budget,
) -> Result<Option<(Query, RuleId)>, GaveUp> {
    let tcp = Ranges::ports(Protocol::TCP, PORT);
    let https = reached.open.iter().filter(|block| block.side(Side::Service).meets(&tcp));
    let beside: Vec<Block> = https
        .map(|block| {
            let block = block.clone().with(Side::Application, Ranges::applications([quic]));
            block.with(Side::Service, Ranges::ports(Protocol::UDP, PORT))
        })
        .collect();
    // What an override takes is no QUIC.
    let beside = Space::new(beside).difference(context.overridden()?.whole(), budget)?;
    let policy = context.policy();
    // What `intrazone-default` allows is not why somebody decrypts.
    let allows = |by: RuleId| (by.0 as usize) < policy.user_rules() && policy.rule(by).action.is_allow();
    for start in beside.blocks() {
        let found = context.answered_by(start, Stage::Identified, allows, budget)?;
        // Its first packet has to pass as well.
        let passes =
            |(query, _): &(Query, RuleId)| policy.lookup(&Query { app: None, ..*query }).action.is_allow();
        if let Some(found) = found.filter(passes) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
