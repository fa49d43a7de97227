//! The header space of decryption rules: what over TCP each of them matches, and what the rules above leave of it
//! (PANOS.md 8).

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::context::real_zones;
use super::reach::counts;
use crate::app::Catalog;
use crate::config::World;
use crate::feature::decryption::{DecryptionAction, DecryptionRule, DecryptionType};
use crate::flow::Protocol;
use crate::policy::space::{Block, Budget, GaveUp, Space, Spaces, Stage, Taken, walk};
use crate::policy::{Policy, PolicyOptions, RuleId};

/// Steps for all decryption rules together.
const STEPS: u64 = 2_000_000;

/// What a decryption rule is about.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// First packets over TCP that it matches by itself.
    pub(super) own: Vec<Block>,
    /// What rules above leave of them.
    pub(super) open: Vec<Block>,
    /// The rules above that take of them, by number.
    pub(super) takers: BTreeSet<usize>,
}

/// Whether sessions that the rule matches are to be decrypted as TLS.
pub(super) fn decrypts_tls(rule: &DecryptionRule) -> bool {
    rule.action == DecryptionAction::Decrypt && rule.kind != DecryptionType::SshProxy
}

/// Of every rule, in their order. Rules that ask for users or categories take nothing from rules that do not.
///
/// # Errors
/// Where that takes too long to tell.
pub(super) fn reached(world: &World) -> Result<Vec<Reached>, GaveUp> {
    let rules = world.decryption.rules();
    let policy = policy(rules);
    let spaces = Spaces::unconditional(&policy);
    let own: Vec<Vec<Block>> =
        (0u32..).map(RuleId).take(rules.len()).map(|id| over_tcp(world, &spaces.rule(id).first)).collect();
    let mut budget = Budget::new(STEPS);
    let mut all = Vec::new();
    for (place, (rule, starts)) in rules.iter().zip(&own).enumerate() {
        let above = rules.iter().zip(&own).enumerate().take(place);
        let above = above.filter(|(_, (above, _))| counts(&above.matches, &rule.matches, Stage::Identified));
        let taken: Vec<_> = above
            .flat_map(|(by, (_, blocks))| blocks.iter().map(move |block| Taken { block, by }))
            .filter(|taken| starts.iter().any(|start| start.meets(taken.block)))
            .collect();
        let mut reached = Reached { own: starts.clone(), ..Reached::default() };
        for start in starts {
            walk(start, &taken, &mut budget, |block, by| {
                match by {
                    Some(by) => {
                        reached.takers.insert(by);
                    }
                    None => reached.open.push(block),
                }
                ControlFlow::Continue(())
            })?;
        }
        all.push(reached);
    }
    Ok(all)
}

/// TLS is looked for in TCP alone, and between zones that there are.
fn over_tcp(world: &World, blocks: &[Block]) -> Vec<Block> {
    let own = Space::new(blocks.to_vec()).intersection(&Space::on_protocol(Protocol::TCP));
    own.intersection(&real_zones(world)).blocks().to_vec()
}

fn policy(rules: &[DecryptionRule]) -> Policy {
    let defaults = [Default::default(), Default::default()];
    let rules = rules.iter().map(|rule| rule.matches.clone()).collect();
    Policy::new(rules, defaults, Arc::new(Catalog::default()), PolicyOptions::default())
}
