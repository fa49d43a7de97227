//! Decryption rules and profiles, and servers that are never decrypted (PANOS.md 8).

use super::rules::{flags, identities, notes};
use super::{Item, entry, texts};
use crate::config::candidate::{Candidate, DecryptionProfile, DecryptionRule, SslExclusion};
use crate::feature::decryption::{DecryptionType, Section};

/// Entries of `profiles decryption`, of which only what was set is written.
pub(super) fn profiles(candidate: &Candidate) -> Vec<Item> {
    let sections = |profile: &DecryptionProfile| {
        let section = |(word, section): (&'static str, Section)| {
            let own = profile.profile.written().filter(|(of, ..)| *of == section);
            Item::element(word, own.map(|(_, key, setting)| Item::value(key, setting.name())).collect())
        };
        Section::ALL.into_iter().filter_map(section).collect()
    };
    let profiles = candidate.decryption_profiles.iter();
    profiles.map(|profile| entry(&profile.name, sections(profile))).collect()
}

/// `ssl-decrypt`.
pub(super) fn exclusions(candidate: &Candidate) -> Option<Item> {
    let entries = candidate.ssl_exclusions.iter().map(|server: &SslExclusion| {
        let description = server.description.as_ref().map(|text| Item::value("description", text));
        let mut items = vec![Item::flag("exclude", server.exclude)];
        items.extend(description);
        entry(&server.host, items)
    });
    let list = Item::element("ssl-exclude-cert", entries.collect())?;
    Some(Item::Element("ssl-decrypt", vec![list]))
}

/// An entry of `decryption rules`.
pub(super) fn rule(rule: &DecryptionRule) -> Item {
    let matches = &rule.matches;
    let mut items = vec![
        Item::members_or("from", &matches.from, "any"),
        Item::members_or("to", &matches.to, "any"),
        Item::members_or("source", &matches.source, "any"),
        Item::members_or("destination", &matches.destination, "any"),
        Item::members_or("source-user", &matches.source_user, "any"),
        Item::members_or("category", &matches.category, "any"),
        Item::members_or("service", &matches.service, "any"),
        Item::value("action", rule.action_name()),
        Item::Element("type", vec![kind(rule)]),
    ];
    items.extend(identities(matches));
    items.extend(rule.profile.as_ref().map(|profile| Item::value("profile", &profile.value)));
    items.extend(flags(&[
        ("negate-source", matches.negate_source),
        ("negate-destination", matches.negate_destination),
        ("log-success", rule.log_success),
        ("disabled", matches.disabled),
    ]));
    items.push(Item::flag("log-fail", rule.log_fail));
    items.extend(notes(matches.description.as_deref(), &matches.tags));
    entry(&matches.name, items)
}

fn kind(rule: &DecryptionRule) -> Item {
    match rule.kind {
        DecryptionType::SslForwardProxy => Item::Element("ssl-forward-proxy", Vec::new()),
        DecryptionType::SshProxy => Item::Element("ssh-proxy", Vec::new()),
        DecryptionType::SslInboundInspection => {
            let certificates = (!rule.certificates.is_empty())
                .then(|| Item::Members("certificates", texts(&rule.certificates)));
            Item::Element("ssl-inbound-inspection", certificates.into_iter().collect())
        }
    }
}
