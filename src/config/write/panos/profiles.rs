//! Security profiles, groups of them and custom threats (PANOS.md 12.1). TOML has the same tree.

use super::objects::signature;
use super::{Item, entry};
use crate::config::candidate::{
    Candidate, Combination, CustomThreat, FileProfile, FileRule, Name, SignatureProfile, SignatureRule,
    UrlProfile, VirusProfile,
};
use crate::feature::threat::{Action, Host, Kind, Severity};

/// Kinds of profiles, as rules and groups name them.
const KINDS: [&str; 5] = ["virus", "vulnerability", "spyware", "url-filtering", "file-blocking"];

/// Profiles by kind.
pub(in crate::config::write) fn profiles(candidate: &Candidate) -> Vec<(&'static str, Vec<Item>)> {
    let profiles = &candidate.profiles;
    let signature = |kind| {
        let of_kind = profiles.signature.iter().filter(move |profile| profile.kind == kind);
        of_kind.map(signature_profile).collect()
    };
    vec![
        ("virus", profiles.virus.iter().map(virus).collect()),
        ("vulnerability", signature(Kind::Vulnerability)),
        ("spyware", signature(Kind::Spyware)),
        ("url-filtering", profiles.url.iter().map(url).collect()),
        ("file-blocking", profiles.file.iter().map(file).collect()),
    ]
}

/// Groups of profiles.
pub(in crate::config::write) fn groups(candidate: &Candidate) -> Vec<Item> {
    candidate.profiles.groups.iter().map(|(name, kinds)| entry(name, by_kind(kinds))).collect()
}

/// Custom threats by kind, each without its signatures and with them.
pub(in crate::config::write) fn threats(
    candidate: &Candidate,
) -> [(&'static str, Vec<(Item, &CustomThreat)>); 2] {
    [("vulnerability", Kind::Vulnerability), ("spyware", Kind::Spyware)].map(|(word, kind)| {
        let of_kind = candidate.profiles.custom.iter().filter(|threat| threat.kind == kind);
        (word, of_kind.map(|threat| (self::threat(threat), threat)).collect())
    })
}

/// Everything below the virtual system, `profiles` apart.
pub(super) fn others(candidate: &Candidate) -> impl Iterator<Item = Item> {
    let threats = threats(candidate).into_iter().filter_map(|(word, threats)| {
        let entries = threats.into_iter().map(|(item, threat)| with_signatures(item, threat));
        Item::element(word, entries.collect())
    });
    let threats = Item::element("threats", threats.collect());
    Item::element("profile-group", groups(candidate)).into_iter().chain(threats)
}

/// What a rule names.
pub(super) fn setting(profiles: &[(Name, Vec<Name>)]) -> Option<Item> {
    let group = profiles.iter().find(|(kind, _)| kind.value == "group");
    let items = match group {
        Some((_, names)) => Item::members("group", names).into_iter().collect(),
        None => Item::element("profiles", by_kind(profiles)).into_iter().collect(),
    };
    Item::element("profile-setting", items)
}

fn by_kind(kinds: &[(Name, Vec<Name>)]) -> Vec<Item> {
    let known = |kind: &Name| KINDS.into_iter().find(|known| *known == kind.value);
    kinds.iter().filter_map(|(kind, names)| Item::members(known(kind)?, names)).collect()
}

fn signature_profile(profile: &SignatureProfile) -> Item {
    let exceptions = profile
        .exceptions
        .iter()
        .map(|(id, action)| Item::Entry(id.to_string(), vec![self::action("action", *action)]));
    let items = [
        Item::element("rules", profile.rules.iter().map(signature_rule).collect()),
        Item::element("threat-exception", exceptions.collect()),
    ];
    entry(&profile.name, items.into_iter().flatten().collect())
}

fn signature_rule(rule: &SignatureRule) -> Item {
    let severity = match rule.severity.as_slice() {
        [] => vec!["any".to_owned()],
        all => all.iter().map(Severity::to_string).collect(),
    };
    let items = vec![
        Item::Members("severity", severity),
        Item::value("threat-name", rule.threat_name.as_ref().map_or("any", |name| &name.value)),
        Item::value("host", rule.host.name()),
        action("action", rule.action),
    ];
    entry(&rule.name, items)
}

/// An action, of which `None` is `default`.
fn action(key: &'static str, action: Option<Action>) -> Item {
    let below = match action {
        Some(Action::BlockIp(track_by, seconds)) => {
            vec![Item::value("track-by", track_by.name()), Item::value("duration", seconds)]
        }
        _ => Vec::new(),
    };
    let name = action.map_or("default", |action| action.name(Kind::Vulnerability));
    Item::Element(key, vec![Item::Element(name, below)])
}

fn virus(profile: &VirusProfile) -> Item {
    let decoders = profile.decoders.iter().map(|(decoder, action)| {
        let action = action.map_or("default", |action| action.name(Kind::Virus));
        Item::Entry(decoder.name().to_owned(), vec![Item::value("action", action)])
    });
    entry(&profile.name, Item::element("decoder", decoders.collect()).into_iter().collect())
}

fn url(profile: &UrlProfile) -> Item {
    let lists = profile.categories.iter();
    entry(&profile.name, lists.filter_map(|(action, names)| Item::members(action.name(), names)).collect())
}

fn file(profile: &FileProfile) -> Item {
    let rules = Item::element("rules", profile.rules.iter().map(file_rule).collect());
    entry(&profile.name, rules.into_iter().collect())
}

fn file_rule(rule: &FileRule) -> Item {
    let direction = match (rule.upload, rule.download) {
        (true, false) => "upload",
        (false, true) => "download",
        _ => "both",
    };
    let items = vec![
        Item::members_or("application", &rule.applications, "any"),
        Item::members_or("file-type", &rule.types, "any"),
        Item::value("direction", direction),
        Item::value("action", rule.action.name()),
    ];
    entry(&rule.name, items)
}

fn threat(threat: &CustomThreat) -> Item {
    let affected = match threat.host {
        Host::Any => Vec::new(),
        Host::Client => vec![Item::flag("client", true)],
        Host::Server => vec![Item::flag("server", true)],
    };
    let items = [
        Some(Item::value("threatname", &threat.name.value)),
        Some(Item::value("severity", threat.severity)),
        Item::element("affected-host", affected),
        Some(action("default-action", Some(threat.action))),
    ];
    entry(&threat.id, items.into_iter().flatten().collect())
}

fn with_signatures(item: Item, threat: &CustomThreat) -> Item {
    let Item::Entry(name, mut items) = item else { return item };
    let standard = Item::element("standard", threat.signatures.iter().map(signature).collect());
    let combination = threat.combination.as_ref().map(combination);
    let signature = standard.or(combination);
    items.extend(signature.map(|signature| Item::Element("signature", vec![signature])));
    Item::Entry(name, items)
}

fn combination(combination: &Combination) -> Item {
    let any = (1..).zip(&combination.ids).map(|(number, id)| {
        Item::Entry(format!("Or Condition {number}"), vec![Item::value("threat-id", &id.value)])
    });
    let all = Item::Entry("And Condition 1".to_owned(), vec![Item::Element("or-condition", any.collect())]);
    let items = vec![Item::Element("and-condition", vec![all]), time_attribute(combination)];
    Item::Element("combination", items)
}

/// How many hits within which time, and whose.
pub(in crate::config::write) fn time_attribute(combination: &Combination) -> Item {
    let items = vec![
        Item::value("interval", combination.interval),
        Item::value("threshold", combination.threshold),
        Item::value("track-by", combination.track_by.name()),
    ];
    Item::Element("time-attribute", items)
}

/// Names of what the candidate has of a kind; `None` where the model reads no such kind.
pub(in crate::config::write) fn defined<'c>(candidate: &'c Candidate, kind: &str) -> Option<Vec<&'c Name>> {
    let profiles = &candidate.profiles;
    let signature = |kind| {
        let of_kind = profiles.signature.iter().filter(move |profile| profile.kind == kind);
        of_kind.map(|profile| &profile.name).collect()
    };
    Some(match kind {
        "group" => profiles.groups.iter().map(|(name, _)| name).collect(),
        "virus" => profiles.virus.iter().map(|profile| &profile.name).collect(),
        "vulnerability" => signature(Kind::Vulnerability),
        "spyware" => signature(Kind::Spyware),
        "url-filtering" => profiles.url.iter().map(|profile| &profile.name).collect(),
        "file-blocking" => profiles.file.iter().map(|profile| &profile.name).collect(),
        _ => return None,
    })
}
