//! Decryption rules and profiles, and servers that are never decrypted (PANOS.md 8).

use hashbrown::HashSet;

use super::reader::{Reader, names, text, value};
use super::scope::Selection;
use crate::config::candidate::{
    At, Candidate, DECRYPTION_ACTIONS, DECRYPTION_TYPES, DecryptionProfile, DecryptionRule, SecurityRule,
    SslExclusion,
};
use crate::config::diagnostic::quote;
use crate::config::panos::tree::Node;
use crate::feature::decryption::{self, ProfileError, Section};

type Known<'n> = HashSet<&'n str, foldhash::fast::RandomState>;

impl Reader<'_> {
    /// An entry of `decryption/rules`. `rulebase` tells rulebases apart: names are unique within one.
    pub(super) fn decryption_rule(&mut self, node: &Node<'_>, rulebase: usize) -> DecryptionRule {
        let mut matches = SecurityRule::new(node.as_name(), node.span.clone(), self.line(node));
        matches.rulebase = rulebase;
        let mut rule = DecryptionRule::new(matches);
        for child in &node.children {
            if self.matched(&mut rule.matches, child) {
                continue;
            }
            match &*child.name {
                "action" => rule.act(self.choice(child, &DECRYPTION_ACTIONS).unwrap_or_default()),
                "type" => self.decryption_type(child, &mut rule),
                "profile" => rule.profile = value(child),
                "log-success" => rule.log_success = self.flag(child).unwrap_or_default(),
                "log-fail" => rule.log_fail = self.flag(child).unwrap_or(true),
                "log-setting" => rule.matches.log_setting = value(child),
                _ => self.other_key(child, "decryption", &node.name),
            }
        }
        if rule.matches.service.is_empty() {
            rule.matches.service = vec![At::new("any".to_owned(), node.span.clone())];
        }
        rule
    }

    /// `type`. Of inbound inspection older releases name one certificate, newer ones a list of them.
    fn decryption_type(&mut self, node: &Node<'_>, rule: &mut DecryptionRule) {
        rule.kind = self.choice(node, &DECRYPTION_TYPES).unwrap_or_default();
        let Some(inbound) = node.child("ssl-inbound-inspection") else { return };
        rule.certificates = names(inbound.child("certificates").unwrap_or(inbound));
    }

    /// `profiles decryption` of every place; what an inner one defines hides what is called the same.
    pub(super) fn decryption_profiles<'n>(&mut self, selection: &Selection<'n>, candidate: &mut Candidate) {
        let mut known = Known::default();
        for scope in &selection.scopes {
            let profiles = scope.node.at(&["profiles", "decryption"]);
            for entry in profiles.map_or(&[][..], |profiles| &profiles.children) {
                if known.insert(&*entry.name) {
                    candidate.decryption_profiles.push(self.decryption_profile(entry));
                }
            }
        }
    }

    fn decryption_profile(&mut self, entry: &Node<'_>) -> DecryptionProfile {
        let mut profile = decryption::DecryptionProfile::default();
        profile.name = entry.name.to_string();
        for part in &entry.children {
            match Section::ALL.into_iter().find(|(name, _)| *name == part.name) {
                Some((_, section)) => self.decryption_section(section, part, &mut profile),
                None if part.name == "description" || part.name == "disable-override" => {}
                None => self.unknown_profile_key(&part.name, part),
            }
        }
        DecryptionProfile { name: entry.as_name(), profile }
    }

    fn decryption_section(
        &mut self,
        section: Section,
        part: &Node<'_>,
        profile: &mut decryption::DecryptionProfile,
    ) {
        for key in &part.children {
            let Some(said) = key.children.last() else { continue };
            match profile.set(section, &key.name, &said.name) {
                Ok(()) => {}
                Err(ProfileError::Key) => {
                    self.unknown_profile_key(&format!("{} {}", section.name(), key.name), key);
                }
                Err(error) => {
                    let message = format!("{}: {error}, not {}", quote(&key.name), quote(&said.name));
                    self.out.error(&said.span, message);
                }
            }
        }
    }

    /// What is switched off is missed by nobody.
    fn unknown_profile_key(&mut self, words: &str, key: &Node<'_>) {
        if key.children.iter().any(|value| value.name != "no") {
            self.unmodelled("keys of decryption profiles", words);
        }
    }

    /// `ssl-decrypt ssl-exclude-cert` of every place, and of what a template gives; the innermost counts.
    pub(super) fn ssl_exclusions<'n>(
        &mut self,
        selection: &Selection<'n>,
        template: Option<&'n Node<'n>>,
        candidate: &mut Candidate,
    ) {
        let scopes = selection.scopes.iter().map(|scope| scope.node);
        let shared = template.and_then(|template| template.child("shared"));
        let mut known = Known::default();
        for place in selection.vsys.iter().copied().chain(scopes).chain(shared) {
            let list = place.at(&["ssl-decrypt", "ssl-exclude-cert"]);
            for entry in list.map_or(&[][..], |list| &list.children) {
                if !known.insert(&*entry.name) {
                    continue;
                }
                let exclude = entry.child("exclude").and_then(|exclude| self.flag(exclude));
                candidate.ssl_exclusions.push(SslExclusion {
                    host: entry.as_name(),
                    exclude: exclude.unwrap_or_default(),
                    description: entry.child("description").and_then(text),
                });
            }
        }
    }
}
