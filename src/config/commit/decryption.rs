//! Decryption rules with their names resolved (PANOS.md 8).

use std::collections::BTreeSet;

use super::Names;
use crate::config::candidate::{Candidate, DecryptionRule};
use crate::config::diagnostic::{Diagnostics, quote};
use crate::feature::decryption::{self, DecryptionPolicy, DecryptionProfile};

/// More rules than any PAN-OS platform takes.
const RULES: usize = 30_000;

/// The decryption rulebase.
pub(super) fn policy<'c>(
    candidate: &'c Candidate,
    names: &mut Names<'c>,
    out: &mut Diagnostics,
) -> DecryptionPolicy {
    if let Some(rule) = candidate.decryption.get(RULES) {
        out.error(&rule.matches.span, format!("more than {RULES} decryption rules"));
        return DecryptionPolicy::default();
    }
    let rule_names = candidate.decryption.iter().map(|rule| &rule.matches.name);
    super::check_rule_names("decryption", rule_names, names.cures, out);
    let rules = candidate.decryption.iter().filter_map(|rule| {
        let resolved = decryption::DecryptionRule {
            matches: names.rule(&rule.matches, out),
            action: rule.action,
            kind: rule.kind,
            profile: profile(candidate, rule, out),
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

/// The profile a rule names. A predefined one is as PAN-OS makes them.
fn profile(candidate: &Candidate, rule: &DecryptionRule, out: &mut Diagnostics) -> Option<DecryptionProfile> {
    let name = rule.profile.as_ref()?;
    let found = candidate.decryption_profiles.iter().find(|profile| profile.name.value == name.value);
    if found.is_none() && name.value != "default" {
        let message = format!(
            "decryption rule {} names the profile {}",
            quote(&rule.matches.name.value),
            quote(&name.value)
        );
        out.error(&name.span, format!("{message}, which is nowhere"))
            .help("define it under `[decryption-profile.NAME]`, or leave `profile` out");
    }
    Some(found.map(|found| found.profile.clone()).unwrap_or_default())
}
