//! `ssl-denied-before-decryption`: what is allowed inside TLS never comes to be seen, because `ssl` itself is denied.

use super::context::Context;
use super::decryption_space::{Reached, decrypts_tls};
use super::words::{list, quote, tuple};
use super::{Finding, Kind, Severity};
use crate::app::AppId;
use crate::flow::Protocol;
use crate::policy::space::{Block, Budget, GaveUp, Ranges, Side, Space, Stage};
use crate::policy::{Query, Rule, RuleId, ServiceMatch};

pub(super) const KIND: Kind = Kind {
    name: "ssl-denied-before-decryption",
    severity: Severity::Warning,
    what: "A decryption rule, and an allow rule for applications inside TLS, where the security policy denies `ssl`.",
    why: "Before a session is decrypted it is `ssl`, and the security policy is asked about that first (PANOS.md 8). Where \
          a rule above blocks `ssl`, or none allows it, the session is over before the application inside is known, and \
          the rule that allows it is never asked.",
    example: "[zones]\nlan = \"10.0.0.0/8\"\nweb = \"0.0.0.0/0\"\n\n[[security]]\nname = \"Web\"\nfrom = \"lan\"\nto = \
              \"web\"\napplication = \"web-browsing\"\naction = \"allow\"\n\n[[decryption]]\nname = \"All\"\nfrom = \
              \"lan\"\nto = \"web\"\naction = \"decrypt\"",
    cure: "Allow `ssl` as well for the same sources and destinations, above what blocks it.",
    run,
};

/// More pairs of decryption and security rules than this are not compared.
const PAIRS: usize = 1_000_000;

/// The port that `web-browsing` has under `application-default` once it is inside TLS (PANOS.md 8).
const SECURE: (u16, u16) = (443, 443);

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    let catalog = &context.world.catalog;
    let (Some(ssl), Some(web)) = (catalog.find("ssl"), catalog.find("web-browsing")) else { return };
    let inner = catalog.iter().filter(|(_, app)| {
        [ssl, web].iter().any(|needed| app.depends_on.contains(needed) || app.implicit.contains(needed))
    });
    let inner = Ranges::applications(inner.map(|(id, _)| id).chain([web]).filter(|&app| app != ssl));
    let search = Search { context, ssl, web, inner };
    let rules = context.world.decryption.rules();
    for (rule, reached) in context.decryption(kind).filter(|(rule, _)| decrypts_tls(rule)) {
        if rules.len().saturating_mul(context.policy().user_rules()) > PAIRS {
            context.undecided(&rule.matches.name, kind);
            continue;
        }
        let mut first = None;
        let mut allowing = Vec::new();
        for (id, _) in context.rules().filter(|(_, rule)| rule.action.is_allow()) {
            if let Some(found) = context.decide(kind, &rule.matches, |budget| search.run(reached, id, budget))
            {
                allowing.push(id);
                first.get_or_insert(found);
            }
        }
        if let Some(found) = first {
            out.push(finding(kind, context, &rule.matches, &allowing, found));
        }
    }
}

fn finding(
    kind: &'static Kind,
    context: &Context<'_>,
    rule: &Rule,
    allowing: &[RuleId],
    (query, by): (Query, RuleId),
) -> Finding {
    let names = list(allowing.iter().map(|&id| context.policy().rule(id).name.as_str()));
    let by_name = quote(&context.policy().rule(by).name);
    let message = format!(
        "has nothing to decrypt of what {names} {} inside TLS: {by_name} denies `ssl` before",
        if allowing.len() == 1 { "allows" } else { "allow" }
    );
    let cure = if by.0 as usize >= context.policy().user_rules() {
        format!("allow `ssl` for the same sources and destinations, such as in {names}")
    } else {
        format!("allow `ssl` for the same sources and destinations above {by_name}")
    };
    let mut finding = context.about_decryption(kind, rule, "name", message, cure);
    finding.example = Some(tuple(context.world, &query));
    finding.related = vec![context.related(by, "denies `ssl`")];
    finding.related.extend(allowing.iter().map(|&id| context.related(id, "allows what is inside")));
    finding
}

struct Search<'c, 'w> {
    context: &'c Context<'w>,
    ssl: AppId,
    web: AppId,
    /// Applications that may be inside TLS.
    inner: Ranges,
}

impl Search<'_, '_> {
    /// A session that would be decrypted, is denied as `ssl`, and would be allowed by the rule for what is inside it;
    /// and the rule that denies it.
    fn run(
        &self,
        reached: &Reached,
        allow: RuleId,
        budget: &mut Budget,
    ) -> Result<Option<(Query, RuleId)>, GaveUp> {
        let https = Space::new(vec![true, false].into_iter().map(on_https).collect());
        for block in &self.context.lookups.rule(allow).known {
            let apps = block.side(Side::Application).intersection(&self.inner);
            let Some(app) = apps.first().and_then(|app| u16::try_from(app).ok()).map(AppId) else { continue };
            let starts =
                Space::new(reached.open.clone()).intersection(&Space::new(vec![self.as_ssl(allow, block)]));
            // HTTPS is the plainest example.
            let first = starts.intersection(&https);
            for start in first.blocks().iter().chain(starts.blocks()) {
                if let Some(found) = self.denied(start, allow, app, budget)? {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    /// What the rule allows, on the ports of TLS, with no application: decryption rules have none.
    fn as_ssl(&self, allow: RuleId, block: &Block) -> Block {
        let rule = self.context.policy().rule(allow);
        let mut services = block.side(Side::Service).clone();
        if rule.service == ServiceMatch::ApplicationDefault {
            // Port 80 is that of the same application without TLS.
            services = services.difference(&Ranges::ports(Protocol::TCP, (80, 80)));
            if block.side(Side::Application).contains(self.web.0.into()) {
                let secure = Ranges::ports(Protocol::TCP, SECURE);
                services = Ranges::new(services.iter().chain(secure.iter()).collect());
            }
        }
        block.clone().with(Side::Application, Side::Application.all()).with(Side::Service, services)
    }

    fn denied(
        &self,
        start: &Block,
        allow: RuleId,
        inner: AppId,
        budget: &mut Budget,
    ) -> Result<Option<(Query, RuleId)>, GaveUp> {
        let policy = self.context.policy();
        let denies = |by| !policy.rule(by).action.is_allow();
        let ssl = Ranges::applications([self.ssl]);
        // What an override takes is never TLS.
        let start = Space::new(vec![start.clone().with(Side::Application, Side::Application.all())]);
        let left = start.difference(self.context.overridden()?.whole(), budget)?;
        for block in left.blocks() {
            let block = block.clone().with(Side::Application, ssl.clone());
            let found = self.context.answered_by(&block, Stage::Identified, denies, budget)?;
            let Some((query, by)) = found else { continue };
            // An allow rule may cover `ssl` implicitly; and what is inside must be allowed here by this very rule.
            let is_denied = !policy.lookup(&query).action.is_allow();
            let as_inner = Query { app: Some(inner), ..query };
            let blocked = self.context.lookups.answered_above(allow, &as_inner, false, denies).is_some();
            if is_denied && !blocked {
                return Ok(Some((query, by)));
            }
        }
        Ok(None)
    }
}

fn on_https(within: bool) -> Block {
    Block::all(within).with(Side::Service, Ranges::ports(Protocol::TCP, SECURE))
}
