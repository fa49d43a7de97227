//! Security profiles, groups of them and custom threat signatures (PANOS.md 12.1). A rulebase in TOML says the same tree.

use super::reader::{Reader, entries, names, value};
use crate::config::candidate::{
    Combination, CustomThreat, FileProfile, FileRule, Name, Profiles, SignatureProfile, SignatureRule,
    UrlProfile, VirusProfile,
};
use crate::config::diagnostic::quote;
use crate::config::panos::tree::Node;
use crate::feature::threat::{Action, Decoder, FileAction, Host, Kind, Severity, TrackBy, UrlAction};

/// Kinds of signatures: PAN-OS's word for them in `profiles` and in `threats`.
const SIGNATURES: [(&str, Kind); 2] = [("vulnerability", Kind::Vulnerability), ("spyware", Kind::Spyware)];

/// Actions without anything below; the last two are of older releases.
const ACTIONS: [(&str, Action); 8] = [
    ("allow", Action::Allow),
    ("alert", Action::Alert),
    ("drop", Action::Drop),
    ("reset-client", Action::ResetClient),
    ("reset-server", Action::ResetServer),
    ("reset-both", Action::ResetBoth),
    ("block", Action::ResetBoth),
    ("drop-all-packets", Action::Drop),
];

/// Seconds that `block-ip` blocks for where it does not say (assumed); the most it can say.
const DURATION: (u32, u32) = (300, 3_600);

impl Reader<'_> {
    /// What stands in one place that holds objects. What is there already hides what is called the same.
    pub(in crate::config) fn security_profiles(&mut self, place: &Node<'_>, profiles: &mut Profiles) {
        let of = |kind: &str| place.at(&["profiles", kind]).map_or(&[][..], |node| &node.children);
        for (word, kind) in SIGNATURES {
            for entry in of(word) {
                let known =
                    profiles.signature.iter().any(|one| one.kind == kind && one.name.value == entry.name);
                if !known {
                    profiles.signature.push(self.signature_profile(kind, entry));
                }
            }
            for entry in place.at(&["threats", word]).map_or(&[][..], |node| &node.children) {
                let known = profiles.custom.iter().any(|one| one.kind == kind && one.id.value == entry.name);
                if !known {
                    profiles.custom.push(self.custom_threat(kind, entry));
                }
            }
        }
        for entry in of("virus") {
            if profiles.virus.iter().all(|one| one.name.value != entry.name) {
                profiles.virus.push(self.virus_profile(entry));
            }
        }
        for entry in of("url-filtering") {
            if profiles.url.iter().all(|one| one.name.value != entry.name) {
                let lists = UrlAction::ALL.into_iter();
                let lists = lists.map(|action| (action, entry.names(action.name())));
                let categories = lists.filter(|(_, names)| !names.is_empty()).collect();
                profiles.url.push(UrlProfile { name: entry.as_name(), categories });
            }
        }
        for entry in of("file-blocking") {
            if profiles.file.iter().all(|one| one.name.value != entry.name) {
                let rules = entries(entry, "rules").iter().map(|rule| self.file_rule(rule)).collect();
                profiles.file.push(FileProfile { name: entry.as_name(), rules });
            }
        }
        for entry in entries(place, "profile-group") {
            if profiles.groups.iter().all(|(name, _)| name.value != entry.name) {
                let kinds = entry.children.iter().filter(|kind| kind.name != "disable-override");
                let kinds = kinds.map(|kind| (kind.as_name(), names(kind))).collect();
                profiles.groups.push((entry.as_name(), kinds));
            }
        }
    }

    fn signature_profile(&mut self, kind: Kind, entry: &Node<'_>) -> SignatureProfile {
        let rules = entries(entry, "rules").iter().map(|rule| self.signature_rule(rule)).collect();
        let mut exceptions = Vec::new();
        for exception in entries(entry, "threat-exception") {
            if !entries(exception, "exempt-ip").is_empty() {
                self.unmodelled("`exempt-ip` of threat exceptions", &entry.name);
            }
            // Exceptions for the vendor's own signatures are of no use here.
            if let Ok(id) = exception.name.parse() {
                exceptions
                    .push((id, exception.child("action").and_then(|action| self.threat_action(action))));
            }
        }
        SignatureProfile { kind, name: entry.as_name(), rules, exceptions }
    }

    fn signature_rule(&mut self, rule: &Node<'_>) -> SignatureRule {
        for list in ["cve", "vendor-id"] {
            if entries(rule, list).iter().any(|name| name.name != "any") {
                self.unmodelled(&format!("`{list}` of rules in security profiles"), &rule.name);
            }
        }
        SignatureRule {
            name: rule.as_name(),
            severity: rule.child("severity").map(|node| self.severities(node)).unwrap_or_default(),
            threat_name: rule.value("threat-name").filter(|name| name.value != "any"),
            host: rule.child("host").and_then(|node| self.host(node)).unwrap_or_default(),
            action: rule.child("action").and_then(|action| self.threat_action(action)),
        }
    }

    /// Empty where they are `any`.
    fn severities(&mut self, node: &Node<'_>) -> Vec<Severity> {
        if node.children.iter().any(|child| child.name == "any") {
            return Vec::new();
        }
        let found = node.children.iter().filter_map(|child| self.severity(child));
        found.collect()
    }

    fn severity(&mut self, word: &Node<'_>) -> Option<Severity> {
        let found = Severity::ALL.into_iter().find(|severity| severity.name() == word.name);
        if found.is_none() {
            let words = Severity::ALL.map(|severity| quote(severity.name())).join(" or ");
            self.out.error(&word.span, format!("{} is no severity: it is {words}", quote(&word.name)));
        }
        found
    }

    fn host(&mut self, node: &Node<'_>) -> Option<Host> {
        self.choice(node, &[("any", Host::Any), ("client", Host::Client), ("server", Host::Server)])
    }

    /// `None` is the signature's own.
    fn threat_action(&mut self, node: &Node<'_>) -> Option<Action> {
        let word = node.children.last()?;
        match &*word.name {
            "default" => None,
            "block-ip" => {
                let track_by = word.child("track-by").and_then(|by| {
                    let words = [TrackBy::Source, TrackBy::SourceAndDestination];
                    self.choice(by, &words.map(|word| (word.name(), word)))
                });
                let seconds = word.child("duration").and_then(|node| self.number(node, 1, DURATION.1));
                Some(Action::BlockIp(track_by.unwrap_or(TrackBy::Source), seconds.unwrap_or(DURATION.0)))
            }
            _ => self.choice(node, &ACTIONS),
        }
    }

    fn virus_profile(&mut self, entry: &Node<'_>) -> VirusProfile {
        let mut decoders = Vec::new();
        for decoder in entries(entry, "decoder") {
            let Some(known) = Decoder::ALL.into_iter().find(|known| known.name() == decoder.name) else {
                // HTTP/2 is seen by no one but a firewall that decrypts.
                if decoder.name != "http2" {
                    self.unmodelled(
                        &format!("decoder {} of antivirus profiles", quote(&decoder.name)),
                        &entry.name,
                    );
                }
                continue;
            };
            let action = decoder.child("action").and_then(|action| self.threat_action(action));
            decoders.push((known, action));
        }
        if !entries(entry, "threat-exception").is_empty() {
            self.unmodelled("`threat-exception` of antivirus profiles", &entry.name);
        }
        VirusProfile { name: entry.as_name(), decoders }
    }

    fn file_rule(&mut self, rule: &Node<'_>) -> FileRule {
        let any = |names: Vec<Name>| {
            if names.iter().any(|name| name.value == "any") { Vec::new() } else { names }
        };
        let ways = [("both", (true, true)), ("upload", (true, false)), ("download", (false, true))];
        let way = rule.child("direction").and_then(|node| self.choice(node, &ways));
        let (upload, download) = way.unwrap_or((true, true));
        let actions = FileAction::ALL.map(|action| (action.name(), action));
        let action = rule.child("action").and_then(|node| self.choice(node, &actions));
        FileRule {
            name: rule.as_name(),
            applications: any(rule.names("application")),
            types: any(rule.names("file-type")),
            upload,
            download,
            action: action.unwrap_or(FileAction::Alert),
        }
    }

    /// An entry of `threats`.
    fn custom_threat(&mut self, kind: Kind, entry: &Node<'_>) -> CustomThreat {
        let says = |side: &str| entry.at(&["affected-host", side, "yes"]).is_some();
        let host = match (says("client"), says("server")) {
            (true, false) => Host::Client,
            (false, true) => Host::Server,
            _ => Host::Any,
        };
        let combination = entry.at(&["signature", "combination"]).or_else(|| entry.child("combination"));
        let combination = combination.filter(|node| !node.children.is_empty());
        let combination = combination.and_then(|node| self.combination(node, entry));
        let signatures = entry.at(&["signature", "standard"]).map_or(&[][..], |node| &node.children);
        let signatures = signatures.iter().map(|signature| self.signature(signature, entry)).collect();
        let severity = entry.child("severity").and_then(|node| node.children.last());
        let action = entry.child("default-action").and_then(|action| self.threat_action(action));
        CustomThreat {
            kind,
            id: entry.as_name(),
            name: entry.child("threatname").and_then(value).unwrap_or_else(|| entry.as_name()),
            // What PAN-OS asks for and a file may lack.
            severity: severity.and_then(|word| self.severity(word)).unwrap_or(Severity::Medium),
            action: action.unwrap_or(Action::Alert),
            host,
            signatures,
            combination,
        }
    }

    /// `signature/combination`; in TOML its one condition is a list.
    fn combination(&mut self, node: &Node<'_>, entry: &Node<'_>) -> Option<Combination> {
        let all = entries(node, "and-condition");
        if all.len() > 1 {
            self.unmodelled("combination signatures with several conditions", &entry.name);
            return None;
        }
        let any = all.iter().flat_map(|all| entries(all, "or-condition"));
        let ids = any.filter_map(|one| one.value("threat-id")).chain(node.names("threat-id")).collect();
        let time = node.child("time-attribute");
        let mut number = |key, most| time.and_then(|time| self.number(time.child(key)?, 1, most));
        let (interval, threshold) = (number("interval", 3_600), number("threshold", 65_535));
        let words = [TrackBy::Source, TrackBy::Destination, TrackBy::SourceAndDestination];
        let track_by = time.and_then(|time| time.child("track-by"));
        let track_by = track_by.and_then(|by| self.choice(by, &words.map(|word| (word.name(), word))));
        Some(Combination {
            ids,
            // What a file may lack (assumed).
            interval: interval.unwrap_or(60),
            threshold: threshold.unwrap_or(1),
            track_by: track_by.unwrap_or(TrackBy::Source),
        })
    }
}
