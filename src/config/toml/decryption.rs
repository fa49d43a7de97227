//! `[[decryption]]` and `[decryption-profile.NAME]` (PANOS.md 8).

use toml::de::DeTable;

use super::Document;
use super::reader::{Value, entries};
use crate::config::candidate::{At, DecryptionProfile, DecryptionRule, Name, SecurityRule};
use crate::config::diagnostic::Span;
use crate::feature::decryption::{self, DecryptionAction, DecryptionType, ProfileError, Section};

/// Keys of a rule.
const KEYS: [&str; 18] = [
    "name",
    "from",
    "to",
    "source",
    "negate-source",
    "source-user",
    "destination",
    "negate-destination",
    "service",
    "category",
    "action",
    "type",
    "profile",
    "disabled",
    "description",
    "tag",
    "log-success",
    "log-fail",
];

const ACTIONS: [(&str, DecryptionAction); 3] = [
    ("no-decrypt", DecryptionAction::NoDecrypt),
    ("decrypt", DecryptionAction::Decrypt),
    ("decrypt-and-forward", DecryptionAction::Decrypt),
];

const TYPES: [(&str, DecryptionType); 3] = [
    ("ssl-forward-proxy", DecryptionType::SslForwardProxy),
    ("ssl-inbound-inspection", DecryptionType::SslInboundInspection),
    ("ssh-proxy", DecryptionType::SshProxy),
];

impl Document<'_> {
    /// `[[decryption]]`.
    pub(super) fn decryption(&mut self, value: &Value<'_>) {
        for (span, table) in self.rules(value, "decryption") {
            let rule = self.decryption_rule(&span, table);
            self.candidate.decryption.push(rule);
        }
    }

    fn decryption_rule(&mut self, span: &Span, table: &DeTable<'_>) -> DecryptionRule {
        let name = At::new(String::new(), span.clone());
        let mut rule = DecryptionRule {
            matches: SecurityRule::new(name, span.clone(), self.line(span.start)),
            action: DecryptionAction::default(),
            kind: DecryptionType::default(),
            profile: None,
        };
        let (reader, matches) = (&mut self.reader, &mut rule.matches);
        for (key, value) in entries(table) {
            match key.value.as_str() {
                "name" => matches.name = reader.text(value).unwrap_or_else(|| matches.name.clone()),
                "from" => matches.from = reader.names(value),
                "to" => matches.to = reader.names(value),
                "source" => matches.source = reader.names(value),
                "destination" => matches.destination = reader.names(value),
                "negate-source" => matches.negate_source = reader.flag(value).unwrap_or_default(),
                "negate-destination" => matches.negate_destination = reader.flag(value).unwrap_or_default(),
                "source-user" => matches.source_user = reader.names(value),
                "service" => matches.service = reader.names(value),
                "category" => matches.category = reader.names(value),
                "disabled" => matches.disabled = reader.flag(value).unwrap_or_default(),
                "action" => rule.action = reader.choice(value, &ACTIONS).unwrap_or_default(),
                "type" => rule.kind = reader.choice(value, &TYPES).unwrap_or_default(),
                "profile" => rule.profile = reader.text(value),
                "description" => matches.description = reader.text(value).map(|text| text.value),
                "tag" => matches.tags = reader.names(value),
                "log-success" | "log-fail" | "group-tag" | "uuid" | "target" => {}
                _ => reader.unknown_key(&key, "a decryption rule", &KEYS),
            }
        }
        if matches.service.is_empty() {
            matches.service = vec![At::new("any".to_owned(), span.clone())];
        }
        rule
    }

    /// `[decryption-profile]`.
    pub(super) fn decryption_profiles(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "`[decryption-profile.NAME]` tables") else { return };
        for (name, value) in entries(table) {
            let profile = self.decryption_profile(&name, value);
            self.candidate.decryption_profiles.push(profile);
        }
    }

    fn decryption_profile(&mut self, name: &Name, value: &Value<'_>) -> DecryptionProfile {
        let mut profile = decryption::DecryptionProfile::default();
        profile.name.clone_from(&name.value);
        let reader = &mut self.reader;
        let parts = Section::ALL.map(|(name, _)| name);
        for (part, value) in reader.table(value, "a table").map(entries).into_iter().flatten() {
            let Some((_, section)) = Section::ALL.into_iter().find(|(name, _)| *name == part.value) else {
                reader.unknown_key(&part, "a decryption profile", &parts);
                continue;
            };
            for (key, value) in reader.table(value, "a table").map(entries).into_iter().flatten() {
                let Some(text) = reader.flag_or_text(value) else { continue };
                match profile.set(section, &key.value, &text.value) {
                    Ok(()) => {}
                    Err(ProfileError::Key) => {
                        let keys: Vec<_> = decryption::DecryptionProfile::keys(section).collect();
                        reader.unknown_key(&key, section.name(), &keys);
                    }
                    Err(error) => {
                        reader.out.error(&text.span, format!("`{}`: {error}", key.value));
                    }
                }
            }
        }
        DecryptionProfile { name: name.clone(), profile }
    }
}
