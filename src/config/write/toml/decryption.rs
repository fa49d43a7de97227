//! `[[decryption]]`, `[decryption-profile.NAME]` and `[ssl-decrypt]`.

use super::rules::matched;
use super::{Page, strings};
use crate::config::candidate::{Candidate, DECRYPTION_TYPES, DecryptionProfile, DecryptionRule};
use crate::feature::decryption::{Section, Setting};

pub(super) fn decryption(candidate: &Candidate, page: &mut Page) {
    candidate.decryption_profiles.iter().for_each(|profile| self::profile(profile, page));
    candidate.decryption.iter().for_each(|rule| self::rule(rule, page));
    let excluded = candidate.ssl_exclusions.iter().filter(|server| server.exclude);
    let hosts: Vec<&str> = excluded.map(|server| server.host.value.as_str()).collect();
    if !hosts.is_empty() {
        page.head(&["ssl-decrypt"], false);
        page.line("ssl-exclude-cert", &strings(&hosts));
    }
}

/// Only what was set.
fn profile(DecryptionProfile { name, profile }: &DecryptionProfile, page: &mut Page) {
    if profile.written().next().is_none() {
        page.head(&["decryption-profile", &name.value], false);
    }
    for (word, section) in Section::ALL {
        let mut own = profile.written().filter(|(of, ..)| *of == section).peekable();
        if own.peek().is_some() {
            page.head(&["decryption-profile", &name.value, word], false);
        }
        for (_, key, setting) in own {
            match setting {
                Setting::Flag(flag) => page.flag(key, flag),
                Setting::Version(_) => page.string(key, setting.name()),
            }
        }
    }
}

fn rule(rule: &DecryptionRule, page: &mut Page) {
    page.head(&["decryption"], true);
    page.string("name", &rule.matches.name.value);
    matched(&rule.matches, page);
    page.string("action", rule.action_name());
    if let Some((kind, _)) = DECRYPTION_TYPES.iter().find(|(_, kind)| *kind == rule.kind) {
        page.string("type", kind);
    }
    page.names("certificates", &rule.certificates);
    if let Some(profile) = &rule.profile {
        page.string("profile", &profile.value);
    }
    for (key, flag, otherwise) in [
        ("negate-source", rule.matches.negate_source, false),
        ("negate-destination", rule.matches.negate_destination, false),
        ("log-success", rule.log_success, false),
        ("log-fail", rule.log_fail, true),
        ("disabled", rule.matches.disabled, false),
    ] {
        if flag != otherwise {
            page.flag(key, flag);
        }
    }
    if let Some(profile) = &rule.matches.log_setting {
        page.string("log-setting", &profile.value);
    }
    if let Some(description) = &rule.matches.description {
        page.string("description", description);
    }
    page.names("tag", &rule.matches.tags);
}
