//! `match --show-running`: every rule in running form, as `show running security-policy` prints them (PANOS.md 11.6).

use std::io::{self, Write};

use serde::Serialize;

use super::escape;
use super::policy_match::{RulebaseRow, RunningRow};
use crate::config::World;
use crate::policy::{RuleId, Running};

/// The rules of a rulebase that are not disabled, the two default rules as well.
#[derive(Debug)]
pub struct RunningPolicy<'w> {
    world: &'w World,
}

impl<'w> RunningPolicy<'w> {
    /// Those of `world`.
    pub const fn new(world: &'w World) -> Self {
        Self { world }
    }

    /// Writes them as PAN-OS does.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for rule in self.rules() {
            writeln!(out, "{rule}")?;
        }
        writeln!(out, "dynamic url: no")
    }

    /// Writes them as one JSON document.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let document = Document {
            firstpass: env!("CARGO_PKG_VERSION"),
            rulebase: RulebaseRow::of(self.world),
            rules: self.rules().map(RunningRow::from).collect(),
            warnings: &self.world.warnings,
        };
        let mut out = out;
        escape::write_json(&mut out, &document)?;
        out.write_all(b"\n")
    }

    fn rules(&self) -> impl Iterator<Item = Running> {
        let policy = &self.world.policy;
        (0..).map(RuleId).zip(policy.rules()).map(|(id, _)| policy.running(id))
    }
}

#[derive(Serialize)]
struct Document<'a> {
    firstpass: &'static str,
    rulebase: RulebaseRow<'a>,
    rules: Vec<RunningRow>,
    warnings: &'a [String],
}
