//! Security profiles with their names resolved, by rule (PANOS.md 12.1, 12.2).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::category::CategoryColumns;
use super::signature;
use crate::app::AppId;
use crate::config::Settings;
use crate::config::candidate::{self, Candidate, Name};
use crate::config::diagnostic::{Diagnostics, did_you_mean, quote, quote_some};
use crate::feature::threat::{
    Combination, Custom, Exception, FileAction, FileProfile, FileRule, Kind, ProfileSet, Severity,
    SignatureProfile, SignatureRule, Threats, UrlAction, UrlProfile, VirusProfile, file_types,
};
use crate::policy::Action;

/// Kinds of profiles that are named and not read.
const NOT_READ: [&str; 4] = ["data-filtering", "gtp", "sctp", "wildfire-analysis"];

/// Numbers of custom signatures (since PAN-OS 10.0 also the second range).
const VULNERABILITIES: [(u32, u32); 2] = [(41_000, 45_000), (6_800_001, 6_900_000)];
const SPYWARE: [(u32, u32); 2] = [(15_000, 18_000), (6_900_001, 7_000_000)];

/// URL categories that the predefined profile blocks (vendor's page on URL filtering profiles).
const BLOCKED: [&str; 9] = [
    "abused-drugs",
    "adult",
    "command-and-control",
    "gambling",
    "hacking",
    "malware",
    "phishing",
    "questionable",
    "weapons",
];
/// Types of files that the predefined profiles block.
const BASIC: [&str; 15] = [
    "7z", "bat", "chm", "class", "cpl", "dll", "hlp", "hta", "jar", "ocx", "pe", "pif", "rar", "scr",
    "torrent",
];

/// Profiles by rule, the two default rules last.
pub(super) fn threats(
    candidate: &Candidate,
    categories: &mut CategoryColumns<'_>,
    settings: &Settings,
    out: &mut Diagnostics,
) -> Threats {
    let custom = custom(candidate, out);
    let signatures = signature::of_threats(candidate, out);
    let mut profiles = Profiles::new(candidate, out);
    let allows = |rule: &candidate::SecurityRule| rule.action == Action::Allow && !rule.disabled;
    let mut sets: Vec<Option<Arc<ProfileSet>>> = candidate
        .rules
        .iter()
        .map(|rule| profiles.set(if allows(rule) { &rule.profiles } else { &[] }))
        .collect();
    for rule in [&candidate.intrazone, &candidate.interzone] {
        sets.push(profiles.set(&rule.profiles));
    }
    profiles.warn(categories);
    Threats::new(signatures, custom, sets, settings.threat_inflated_bytes)
}

/// The user's own signatures, in the order that [`signature::of_threats`] numbers them.
fn custom(candidate: &Candidate, out: &mut Diagnostics) -> Vec<Custom> {
    let mut all = Vec::new();
    for threat in &candidate.profiles.custom {
        let ranges = if threat.kind == Kind::Spyware { SPYWARE } else { VULNERABILITIES };
        let id: Option<u32> = threat.id.value.parse().ok();
        match id {
            None => {
                let message =
                    format!("{} is no number of a {} signature", quote(&threat.id.value), threat.kind.name());
                out.error(&threat.id.span, message)
                    .help(format!("use one from {} to {}", ranges[0].0, ranges[0].1));
            }
            Some(id) if !ranges.iter().any(|(low, high)| (*low..=*high).contains(&id)) => out.warn(format!(
                "{} signatures of one's own have numbers from {} to {}: PAN-OS refuses {id}",
                threat.kind.name(),
                ranges[0].0,
                ranges[0].1
            )),
            Some(_) => {}
        }
        all.push(Custom {
            kind: threat.kind,
            id: id.unwrap_or_default(),
            name: threat.name.value.clone(),
            severity: threat.severity,
            default_action: threat.action,
            host: threat.host,
            combination: threat.combination.as_ref().map(|combination| self::combination(combination, out)),
        });
    }
    if all.len() > usize::from(u16::MAX) {
        out.general(format!("more than {} custom threat signatures", u16::MAX));
    }
    all
}

fn combination(written: &candidate::Combination, out: &mut Diagnostics) -> Combination {
    let mut ids = Vec::new();
    for id in &written.ids {
        match id.value.parse() {
            Ok(id) => ids.push(id),
            Err(_) => {
                out.error(&id.span, format!("{} is no number of a signature", quote(&id.value)));
            }
        }
    }
    let candidate::Combination { interval, threshold, track_by, .. } = *written;
    Combination { ids, interval, threshold, track_by }
}

/// The profiles of a rulebase by name, and those predefined.
struct Profiles<'c, 'd> {
    candidate: &'c candidate::Profiles,
    is_panos: bool,
    out: &'d mut Diagnostics,
    signature: BTreeMap<(Kind, String), Arc<SignatureProfile>>,
    virus: BTreeMap<String, Arc<VirusProfile>>,
    url: BTreeMap<String, Arc<UrlProfile>>,
    file: BTreeMap<String, Arc<FileProfile>>,
    /// What rules name and nothing defines.
    missing: BTreeSet<String>,
    not_read: BTreeSet<String>,
    is_used: bool,
}

impl<'c, 'd> Profiles<'c, 'd> {
    fn new(candidate: &'c Candidate, out: &'d mut Diagnostics) -> Self {
        let profiles = &candidate.profiles;
        let mut all = Self {
            candidate: profiles,
            is_panos: candidate.is_panos,
            out,
            signature: predefined_signature_profiles(),
            virus: BTreeMap::from([named(VirusProfile {
                name: "default".to_owned(),
                ..VirusProfile::default()
            })]),
            url: BTreeMap::from([named(predefined_url_profile())]),
            file: predefined_file_profiles(),
            missing: BTreeSet::new(),
            not_read: BTreeSet::new(),
            is_used: false,
        };
        let signature =
            profiles.signature.iter().map(|one| ((one.kind, one.name.value.clone()), signature_profile(one)));
        all.signature.extend(signature);
        all.virus.extend(profiles.virus.iter().map(|one| named(virus_profile(one))));
        all.url.extend(profiles.url.iter().map(|one| named(url_profile(one))));
        all.file.extend(profiles.file.iter().map(|one| named(file_profile(one))));
        all
    }

    /// The profiles that a rule names by kind, or as a group; `None` where none of them looks for anything.
    fn set(&mut self, named: &[(Name, Vec<Name>)]) -> Option<Arc<ProfileSet>> {
        let mut set = ProfileSet::default();
        let is_group = |(kind, _): &&(Name, Vec<Name>)| kind.value == "group";
        if named.iter().any(|one| !is_group(&one))
            && let Some((kind, _)) = named.iter().find(is_group)
        {
            self.out.error(&kind.span, "a rule names a group of profiles or profiles of its own, not both");
        }
        for (kind, names) in named {
            let Some(name) = names.first() else { continue };
            if kind.value != "group" {
                self.add(&mut set, &kind.value, name);
                continue;
            }
            let candidate = self.candidate;
            match candidate.groups.iter().find(|(group, _)| group.value == name.value) {
                Some((_, kinds)) => {
                    for (kind, names) in kinds {
                        names.iter().take(1).for_each(|name| self.add(&mut set, &kind.value, name));
                    }
                }
                None => {
                    let known = candidate.groups.iter().map(|(group, _)| group.value.as_str()).collect();
                    self.unknown("profile-group", name, known);
                }
            }
        }
        self.is_used |= !set.is_empty();
        (!set.is_empty()).then(|| Arc::new(set))
    }

    fn add(&mut self, set: &mut ProfileSet, kind: &str, name: &Name) {
        let text = &name.value;
        let found = match kind {
            "vulnerability" => {
                set.vulnerability = self.signature.get(&(Kind::Vulnerability, text.clone())).cloned();
                set.vulnerability.is_some()
            }
            "spyware" => {
                set.spyware = self.signature.get(&(Kind::Spyware, text.clone())).cloned();
                set.spyware.is_some()
            }
            "virus" => {
                set.virus = self.virus.get(text).cloned();
                set.virus.is_some()
            }
            "url-filtering" => {
                set.url = self.url.get(text).cloned();
                set.url.is_some()
            }
            "file-blocking" => {
                set.file = self.file.get(text).cloned();
                set.file.is_some()
            }
            other => {
                if NOT_READ.contains(&other) || self.is_panos {
                    self.not_read.insert(other.to_owned());
                } else {
                    self.unknown(
                        "kind of profile",
                        &Name::new(other.to_owned(), name.span.clone()),
                        Vec::new(),
                    );
                }
                return;
            }
        };
        if !found {
            let known = match kind {
                "vulnerability" | "spyware" => {
                    let kind = if kind == "spyware" { Kind::Spyware } else { Kind::Vulnerability };
                    self.signature
                        .keys()
                        .filter(|(one, _)| *one == kind)
                        .map(|(_, name)| name.clone())
                        .collect()
                }
                "virus" => self.virus.keys().cloned().collect(),
                "url-filtering" => self.url.keys().cloned().collect(),
                _ => self.file.keys().cloned().collect::<Vec<_>>(),
            };
            self.unknown(&format!("{kind} profile"), name, known.iter().map(String::as_str).collect());
        }
    }

    /// A configuration of PAN-OS may be part of one: Panorama's profiles stand elsewhere.
    fn unknown(&mut self, what: &str, name: &Name, known: Vec<&str>) {
        if self.is_panos {
            self.missing.insert(name.value.clone());
            return;
        }
        let table = match what {
            "profile-group" => "define it as `[profile-group.NAME]`".to_owned(),
            what => format!("define it as `[profile.{}.NAME]`", what.trim_end_matches(" profile")),
        };
        self.out
            .error(&name.span, format!("there is no {what} {}", quote(&name.value)))
            .help_with(|| did_you_mean(&name.value, known, &table));
    }

    /// Says once what means less than it says.
    fn warn(self, categories: &mut CategoryColumns<'_>) {
        let quoted = |names: &BTreeSet<String>| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            quote_some(&names)
        };
        if !self.missing.is_empty() {
            self.out.warn(format!(
                "security profiles and groups that rules name and nothing defines, and that do nothing: {}",
                quoted(&self.missing)
            ));
        }
        if !self.not_read.is_empty() {
            self.out.warn(format!(
                "kinds of security profiles that are not modelled: {}",
                quoted(&self.not_read)
            ));
        }
        if self.is_used && self.is_panos {
            self.out.warn(
                "security profiles go by custom signatures, the EICAR test file, types of files, and URL categories whose \
                 hosts are known: the vendor's own signatures and its URL database are no part of a configuration"
                    .to_owned(),
            );
        }
        let known: BTreeSet<&str> = file_types().collect();
        let types =
            self.candidate.file.iter().flat_map(|profile| &profile.rules).flat_map(|rule| &rule.types);
        let unknown: BTreeSet<String> = types
            .map(|name| name.value.to_lowercase())
            .filter(|name| !known.contains(name.as_str()))
            .collect();
        if !unknown.is_empty() {
            self.out.warn(format!(
                "types of files that are not told apart, and never blocked: {}",
                quoted(&unknown)
            ));
        }
        for profile in &self.candidate.url {
            for name in profile.categories.iter().flat_map(|(_, names)| names) {
                categories.also(&name.value);
            }
        }
        if self.is_used {
            BLOCKED.iter().for_each(|name| categories.also(name));
        }
    }
}

/// What has a name of its own.
trait Named {
    fn name(&self) -> &str;
}

impl Named for VirusProfile {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for UrlProfile {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for FileProfile {
    fn name(&self) -> &str {
        &self.name
    }
}

fn named<T: Named>(profile: T) -> (String, Arc<T>) {
    (profile.name().to_owned(), Arc::new(profile))
}

fn signature_profile(written: &candidate::SignatureProfile) -> Arc<SignatureProfile> {
    let rules = written.rules.iter().map(|rule| SignatureRule {
        name: rule.name.value.clone(),
        severity: rule.severity.clone(),
        threat_name: rule.threat_name.as_ref().map(|name| name.value.clone()),
        host: rule.host,
        action: rule.action,
    });
    let exceptions = written.exceptions.iter().map(|&(id, action)| Exception { id, action });
    Arc::new(SignatureProfile {
        name: written.name.value.clone(),
        rules: rules.collect(),
        exceptions: exceptions.collect(),
    })
}

fn virus_profile(written: &candidate::VirusProfile) -> VirusProfile {
    let decoders = written.decoders.iter().filter_map(|&(decoder, action)| Some((decoder, action?)));
    VirusProfile { name: written.name.value.clone(), decoders: decoders.collect() }
}

/// A category that stands in several lists is treated as the strictest says (assumed).
fn url_profile(written: &candidate::UrlProfile) -> UrlProfile {
    let mut categories = BTreeMap::new();
    for (action, names) in &written.categories {
        for name in names {
            let known = categories.entry(name.value.clone()).or_insert(*action);
            *known = (*known).max(*action);
        }
    }
    UrlProfile { name: written.name.value.clone(), categories }
}

fn file_profile(written: &candidate::FileProfile) -> FileProfile {
    let texts = |names: &[Name]| names.iter().map(|name| name.value.clone()).collect();
    let rules = written.rules.iter().map(|rule| FileRule {
        name: rule.name.value.clone(),
        applications: texts(&rule.applications),
        types: texts(&rule.types),
        upload: rule.upload,
        download: rule.download,
        action: rule.action,
    });
    FileProfile { name: written.name.value.clone(), rules: rules.collect() }
}

/// `default` acts on what is medium or worse as each signature says (spyware also on what is low); `strict` resets
/// both sides for that, and goes by the signature for the rest (vendor's pages on both kinds of profiles).
fn predefined_signature_profiles() -> BTreeMap<(Kind, String), Arc<SignatureProfile>> {
    use crate::feature::threat::Action::ResetBoth;
    const WORSE: [Severity; 3] = [Severity::Critical, Severity::High, Severity::Medium];
    let rule = |name: &str, severity: &[Severity], action| SignatureRule {
        name: name.to_owned(),
        severity: severity.to_vec(),
        action,
        ..SignatureRule::default()
    };
    let mut all = BTreeMap::new();
    for kind in [Kind::Vulnerability, Kind::Spyware] {
        let mut default = vec![rule("simple", &WORSE, None)];
        if kind == Kind::Spyware {
            default.push(rule("simple-low", &[Severity::Low], None));
        }
        let strict = vec![
            rule("simple", &WORSE, Some(ResetBoth)),
            rule("simple-low", &[Severity::Low, Severity::Informational], None),
        ];
        for (name, rules) in [("default", default), ("strict", strict)] {
            let profile = SignatureProfile { name: name.to_owned(), rules, exceptions: Vec::new() };
            all.insert((kind, name.to_owned()), Arc::new(profile));
        }
    }
    all
}

fn predefined_url_profile() -> UrlProfile {
    let categories = BLOCKED.iter().map(|name| ((*name).to_owned(), UrlAction::Block));
    UrlProfile { name: "default".to_owned(), categories: categories.collect() }
}

fn predefined_file_profiles() -> BTreeMap<String, Arc<FileProfile>> {
    let rule = |name: &str, types: &[&str], action| FileRule {
        name: name.to_owned(),
        applications: Vec::new(),
        types: types.iter().map(|kind| (*kind).to_owned()).collect(),
        upload: true,
        download: true,
        action,
    };
    let strict = [&BASIC[..], &["cab", "exe", "flash", "msi", "tar", "vbe", "wsf"]].concat();
    let all =
        [("basic file blocking", BASIC.to_vec()), ("strict file blocking", strict)].map(|(name, types)| {
            let rules = vec![
                rule("Block high risk file types", &types, FileAction::Block),
                rule("Log all other file types", &[], FileAction::Alert),
            ];
            named(FileProfile { name: name.to_owned(), rules })
        });
    all.into_iter().collect()
}

/// Whether PAN-OS itself has such a profile.
pub(in crate::config) fn is_predefined(kind: &str, name: &str) -> bool {
    match kind {
        "vulnerability" | "spyware" => ["default", "strict"].contains(&name),
        "virus" | "url-filtering" => name == "default",
        "file-blocking" => ["basic file blocking", "strict file blocking"].contains(&name),
        _ => false,
    }
}

/// The signatures' place in the list of applications that a threat's signature tells.
pub(super) fn number(index: usize) -> AppId {
    AppId(u16::try_from(index).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests;
