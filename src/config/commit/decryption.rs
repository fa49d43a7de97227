//! Decryption rules with their names resolved, and servers that are never decrypted (PANOS.md 8).

use std::collections::{BTreeMap, BTreeSet};

use super::Names;
use super::security::warn_of_identities;
use crate::config::PanosVersion;
use crate::config::candidate::{Candidate, DecryptionRule, Name, SslExclusion};
use crate::config::diagnostic::{Diagnostics, quote};
use crate::feature::decryption::{self, DecryptionPolicy, DecryptionProfile, Version};

/// More rules than any PAN-OS platform takes.
const RULES: usize = 30_000;
/// More servers than any PAN-OS platform takes.
const EXCLUSIONS: usize = 30_000;
/// The profile that PAN-OS brings along.
const PREDEFINED: &str = "default";

/// The decryption rulebase.
pub(super) fn policy<'c>(
    candidate: &'c Candidate,
    names: &mut Names<'c>,
    release: PanosVersion,
    out: &mut Diagnostics,
) -> DecryptionPolicy {
    if let Some(rule) = candidate.decryption.get(RULES) {
        out.error(&rule.matches.span, format!("more than {RULES} decryption rules"));
        return DecryptionPolicy::default();
    }
    for rulebase in candidate.decryption.chunk_by(|a, b| a.matches.rulebase == b.matches.rulebase) {
        let rule_names = rulebase.iter().map(|rule| &rule.matches.name);
        super::check_rule_names("decryption", rule_names, names.cures, out);
    }
    warn_of_identities("decryption rule", candidate.decryption.iter().map(|rule| &rule.matches), out);
    let profiles = Profiles::new(candidate, out);
    let rules = candidate.decryption.iter().filter_map(|rule| {
        let mut profile = rule.profile.as_ref().map(|name| profiles.find(name));
        if release < PanosVersion::V10_0 {
            profile.iter_mut().for_each(|profile| profile.limit(Version::Tls12));
        }
        let resolved = decryption::DecryptionRule {
            matches: names.rule(&rule.matches, out),
            action: rule.action,
            kind: rule.kind,
            profile,
        };
        (!rule.matches.disabled).then_some(resolved)
    });
    let rules: Vec<_> = rules.collect();
    warn_of_switches(&rules, out);
    DecryptionPolicy::new(rules)
}

/// Names the switches of profiles in use that no capture can show the effect of.
fn warn_of_switches(rules: &[decryption::DecryptionRule], out: &mut Diagnostics) {
    let profiles = rules.iter().filter_map(|rule| rule.profile.as_ref());
    let keys: BTreeSet<_> = profiles.flat_map(DecryptionProfile::without_effect).collect();
    if !keys.is_empty() {
        let keys: Vec<_> = keys.into_iter().collect();
        out.warn(format!(
            "switches of decryption profiles that no capture can tell anything of, they have no effect: {}",
            keys.join(", ")
        ));
    }
}

/// Servers that are never decrypted.
pub(super) fn exclusions(candidate: &[SslExclusion], out: &mut Diagnostics) -> Vec<String> {
    if let Some(server) = candidate.get(EXCLUSIONS) {
        out.error(&server.host.span, format!("more than {EXCLUSIONS} servers in `ssl-exclude-cert`"));
        return Vec::new();
    }
    let mut known = BTreeSet::new();
    let mut excluded = Vec::new();
    for SslExclusion { host, exclude, .. } in candidate {
        super::check_characters(host, out);
        // As PAN-OS has it.
        if host.value.split('*').skip(1).any(|behind| !behind.starts_with('.')) {
            let message = format!("{} in `ssl-exclude-cert` is no name of a server", quote(&host.value));
            out.error(&host.span, message).help("a `*` is followed by a `.`, as in `*.example.com`");
        }
        if known.insert(host.value.as_str()) && *exclude {
            excluded.push(host.value.clone());
        }
    }
    excluded
}

/// Profiles by name.
struct Profiles<'c>(BTreeMap<&'c str, &'c DecryptionProfile>);

impl<'c> Profiles<'c> {
    /// Those that are defined. Rules that name another one are reported.
    fn new(candidate: &'c Candidate, out: &mut Diagnostics) -> Self {
        let profiles = candidate.decryption_profiles.iter();
        let known = Self(profiles.map(|one| (one.name.value.as_str(), &one.profile)).collect());
        let mut missing = BTreeSet::new();
        for rule in &candidate.decryption {
            if let Some(name) = undefined(rule, |name| known.0.contains_key(name))
                && missing.insert(name.value.as_str())
                && !candidate.is_panos
            {
                let rule = quote(&rule.matches.name.value);
                let message = format!("decryption rule {rule} names the profile {}", quote(&name.value));
                out.error(&name.span, format!("{message}, which is nowhere"))
                    .help("define it under `[decryption-profile.NAME]`, or leave `profile` out");
            }
        }
        if candidate.is_panos && !missing.is_empty() {
            let names: Vec<String> = missing.iter().take(5).map(|name| quote(name)).collect();
            let more = if missing.len() > names.len() { ", …" } else { "" };
            out.warn(format!(
                "decryption profiles that rules name and nothing defines: taken as PAN-OS makes new ones: {}{more}",
                names.join(", ")
            ));
        }
        known
    }

    /// A profile. One that nothing defines is as PAN-OS makes them; PAN-OS's own has no name here.
    fn find(&self, name: &Name) -> DecryptionProfile {
        if let Some(&profile) = self.0.get(name.value.as_str()) {
            return profile.clone();
        }
        let mut profile = DecryptionProfile::default();
        if name.value != PREDEFINED {
            profile.name.clone_from(&name.value);
        }
        profile
    }
}

/// The profile that a rule names, where it is not among the `known` ones and PAN-OS does not bring it along.
pub(in crate::config) fn undefined(rule: &DecryptionRule, known: impl Fn(&str) -> bool) -> Option<&Name> {
    rule.profile.as_ref().filter(|name| name.value != PREDEFINED && !known(&name.value))
}
