//! Decryption profiles, and servers that are never decrypted.

use std::collections::BTreeSet;

use super::{Notes, made};
use crate::config::candidate::{Candidate, DecryptionProfile};
use crate::config::commit::undefined_profile as undefined;
use crate::config::write::Form;
use crate::feature::decryption;

pub(super) fn prepare(candidate: &mut Candidate, form: Form, notes: &mut Notes) {
    define(candidate, notes);
    if form == Form::Toml {
        kept(candidate, notes);
    }
}

/// Profiles that rules name and nothing defines are as PAN-OS makes new ones, and are written so.
fn define(candidate: &mut Candidate, notes: &mut Notes) {
    let known: BTreeSet<&str> =
        candidate.decryption_profiles.iter().map(|profile| profile.name.value.as_str()).collect();
    let missing = candidate.decryption.iter().filter_map(|rule| undefined(rule, |name| known.contains(name)));
    let missing: BTreeSet<String> = missing.map(|name| name.value.clone()).collect();
    let defined: Vec<String> = missing.into_iter().collect();
    for name in &defined {
        let mut profile = decryption::DecryptionProfile::default();
        profile.name.clone_from(name);
        candidate.decryption_profiles.push(DecryptionProfile { name: made(name), profile });
    }
    notes.about(
        "defined as PAN-OS makes new ones, for nothing defines them: the decryption profiles",
        &defined,
    );
}

/// TOML names only servers that are excluded.
fn kept(candidate: &mut Candidate, notes: &mut Notes) {
    let mut left = Vec::new();
    candidate.ssl_exclusions.retain(|server| {
        left.extend((!server.exclude).then(|| server.host.value.clone()));
        server.exclude
    });
    notes.about("left out, for they are decrypted like any other: servers that `ssl-exclude-cert` names and does not exclude", &left);
}
