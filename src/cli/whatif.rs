//! `firstpass replay --decrypt all`: which sessions of a capture TLS interception would break.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use super::error::{CliError, Exit};
use super::output::Streams;
use super::replay::Format;
use super::run::Run;
use crate::config::World;
use crate::feature::decryption::DecryptionProfile;
use crate::report::whatif::{WhatIf, decrypt_all, write_json, write_lines, write_text};
use crate::report::{Sink, escape, text::Look};

/// The profile that PAN-OS brings along.
const DEFAULT: &str = "default";

/// `--decrypt`: all sessions, with a profile.
#[derive(Debug, Clone)]
pub(super) struct Decrypt {
    profile: String,
}

impl FromStr for Decrypt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':').unwrap_or((text, DEFAULT)) {
            ("all", profile) if !profile.is_empty() => Ok(Self { profile: profile.to_owned() }),
            _ => Err("write `all`, or `all:PROFILE` with a decryption profile of the rulebase".to_owned()),
        }
    }
}

impl Decrypt {
    /// Replays under this decryption policy instead of the rulebase's.
    pub(super) fn run(
        &self,
        mut run: Run,
        format: Format,
        output: Option<&PathBuf>,
        streams: &mut Streams<'_>,
    ) -> Result<Exit, CliError> {
        let profile = self.profile(&run.world)?;
        let mut world = World::clone(&run.world);
        world.decryption = decrypt_all(profile.clone());
        // Each session is to say for itself what is in the way.
        world.settings.exclusion_cache = 0;
        run.world = Arc::new(world);
        let mut whatif = WhatIf::new(&run.world, &profile, &self.profile);
        let outcome = run.replay(&mut [&mut whatif as &mut dyn Sink])?;
        let hosts = whatif.into_hosts();
        let path = output.map(PathBuf::as_path);
        let look = Look { width: streams.width(path), color: streams.colored(path) };
        streams.write_to(output, |out| match format {
            Format::Json => write_json(out, &hosts),
            Format::Ndjson => write_lines(out, &hosts),
            _ => write_text(out, &hosts, look),
        })?;
        let exit = outcome.conclude(streams);
        Ok(if exit == Exit::Done && hosts.breaks() { Exit::Findings } else { exit })
    }

    /// One that a decryption rule of the rulebase names, or PAN-OS's own.
    fn profile(&self, world: &World) -> Result<DecryptionProfile, CliError> {
        let profiles = world.decryption.rules().iter().filter_map(|rule| rule.profile.as_ref());
        if let Some(profile) = profiles.clone().find(|profile| profile.name == self.profile) {
            return Ok(profile.clone());
        }
        if self.profile == DEFAULT {
            return Ok(DecryptionProfile::default());
        }
        let mut names: Vec<&str> =
            profiles.map(|profile| &*profile.name).filter(|name| !name.is_empty()).chain([DEFAULT]).collect();
        names.sort_unstable();
        names.dedup();
        let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", escape::name(name))).collect();
        Err(CliError::usage(
            format!("--decrypt all:{0}: no decryption rule has a profile `{0}`", escape::name(&self.profile)),
            format!("the rulebase has {}", names.join(", ")),
        ))
    }
}
