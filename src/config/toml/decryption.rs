//! `[[decryption]]`, `[decryption-profile.NAME]` and `[ssl-decrypt]` (PANOS.md 8).

use toml::de::DeTable;

use super::Document;
use super::reader::{Value, entries};
use super::security::identity;
use crate::config::candidate::{
    At, DECRYPTION_ACTIONS, DECRYPTION_TYPES, DecryptionProfile, DecryptionRule, Name, SecurityRule,
    SslExclusion,
};
use crate::config::diagnostic::Span;
use crate::feature::decryption::{self, ProfileError, Section};

/// Keys of a rule.
const KEYS: [&str; 24] = [
    "name",
    "from",
    "to",
    "source",
    "negate-source",
    "source-user",
    "source-hip",
    "source-device",
    "destination",
    "negate-destination",
    "destination-hip",
    "destination-device",
    "service",
    "category",
    "action",
    "type",
    "certificates",
    "profile",
    "disabled",
    "description",
    "tag",
    "log-success",
    "log-fail",
    "log-setting",
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
        let mut rule = DecryptionRule::new(SecurityRule::new(name, span.clone(), self.line(span.start)));
        let reader = &mut self.reader;
        for (key, value) in entries(table) {
            let matches = &mut rule.matches;
            match key.value.as_str() {
                "name" => matches.name = reader.text(value).unwrap_or_else(|| matches.name.clone()),
                "from" => matches.from = reader.names(value),
                "to" => matches.to = reader.names(value),
                "source" => matches.source = reader.names(value),
                "destination" => matches.destination = reader.names(value),
                "negate-source" => matches.negate_source = reader.flag(value).unwrap_or_default(),
                "negate-destination" => matches.negate_destination = reader.flag(value).unwrap_or_default(),
                "source-user" => matches.source_user = reader.names(value),
                "source-hip" | "destination-hip" | "source-device" | "destination-device" => {
                    matches.identity.extend(identity(&key.value, reader.names(value)));
                }
                "service" => matches.service = reader.names(value),
                "category" => matches.category = reader.names(value),
                "disabled" => matches.disabled = reader.flag(value).unwrap_or_default(),
                "action" => rule.act(reader.choice(value, &DECRYPTION_ACTIONS).unwrap_or_default()),
                "type" => rule.kind = reader.choice(value, &DECRYPTION_TYPES).unwrap_or_default(),
                "certificates" => rule.certificates = reader.names(value),
                "profile" => rule.profile = reader.text(value),
                "log-success" => rule.log_success = reader.flag(value).unwrap_or_default(),
                "log-fail" => rule.log_fail = reader.flag(value).unwrap_or(true),
                "log-setting" => matches.log_setting = reader.text(value),
                "description" => matches.description = reader.text(value).map(|text| text.value),
                "tag" => matches.tags = reader.names(value),
                "group-tag" | "uuid" | "target" => {}
                _ => reader.unknown_key(&key, "a decryption rule", &KEYS),
            }
        }
        let matches = &mut rule.matches;
        if matches.service.is_empty() {
            matches.service = vec![At::new("any".to_owned(), span.clone())];
        }
        rule
    }

    /// `[ssl-decrypt]`.
    pub(super) fn ssl_decrypt(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "a table") else { return };
        for (key, value) in entries(table) {
            if key.value != "ssl-exclude-cert" {
                self.reader.unknown_key(&key, "`[ssl-decrypt]`", &["ssl-exclude-cert"]);
                continue;
            }
            let hosts = self.reader.members(value).into_iter();
            let hosts = hosts.map(|host| SslExclusion { host, exclude: true, description: None });
            self.candidate.ssl_exclusions.extend(hosts);
        }
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
        let parts = Section::ALL.map(|(name, _)| name);
        let section_of = |part: &Name| Section::ALL.into_iter().find(|(name, _)| *name == part.value);
        let of_all: Vec<_> = self.reader.table(value, "a table").map(entries).into_iter().flatten().collect();
        // What stands in no section goes for all that have it, but for those that say otherwise.
        for (key, value) in of_all.iter().filter(|(key, _)| section_of(key).is_none()) {
            let has =
                |section: &Section| decryption::DecryptionProfile::keys(*section).any(|it| it == key.value);
            let sections: Vec<_> = Section::ALL.into_iter().map(|(_, section)| section).filter(has).collect();
            if sections.is_empty() {
                let keys = Section::ALL.into_iter().map(|(_, section)| section);
                let keys = keys.flat_map(decryption::DecryptionProfile::keys);
                self.reader.unknown_key_beside(key, "a decryption profile", &parts, keys);
            }
            for section in sections {
                self.profile_key(&mut profile, section, key, value);
            }
        }
        for (part, value) in &of_all {
            let Some((_, section)) = section_of(part) else { continue };
            for (key, value) in self.reader.table(value, "a table").map(entries).into_iter().flatten() {
                self.profile_key(&mut profile, section, &key, value);
            }
        }
        DecryptionProfile { name: name.clone(), profile }
    }

    fn profile_key(
        &mut self,
        profile: &mut decryption::DecryptionProfile,
        section: Section,
        key: &Name,
        value: &Value<'_>,
    ) {
        let reader = &mut self.reader;
        let Some(text) = reader.flag_or_text(value) else { return };
        match profile.set(section, &key.value, &text.value) {
            Ok(()) => {}
            Err(ProfileError::Key) => {
                let keys: Vec<_> = decryption::DecryptionProfile::keys(section).collect();
                reader.unknown_key(key, section.name(), &keys);
            }
            Err(error) => {
                reader.out.error(&text.span, format!("`{}`: {error}", key.value));
            }
        }
    }
}
