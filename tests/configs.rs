//! Real PAN-OS configurations: all of them load, and hold what others counted in them.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::print_stderr, reason = "what is skipped is said aloud")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use firstpass::config::{self, Overrides, World, WrittenRule};
use firstpass::policy::RuleType;
use serde_json::Value;

/// Files that PAN-OS itself would refuse, and why.
const REFUSED: [(&str, &str); 2] = [
    ("batfish_move-rulebase-security.set", "rule `RULE1` names the unknown service `SERVICE1`"),
    ("batfish_rulebase-rule-type.set", "rule `BADINTRA` is `intrazone`, but `from` and `to` differ"),
];

/// The order that the `move` commands of a file lead to; the facts go by the order of the lines.
const MOVED: [(&str, &[&str]); 2] = [
    ("vsys1 rulebase", &["RULE3", "RULE4", "RULE1", "RULE5", "RULE2"]),
    ("MY_VSYS rulebase", &["RULE7", "RULE6"]),
];

/// The folder of configurations, or nothing, which is said.
fn folder() -> Option<PathBuf> {
    let corpus = std::env::var_os("FIRSTPASS_CORPUS").map(PathBuf::from);
    let corpus = corpus.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"));
    let folder = corpus.join("configs");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no configurations in {}", folder.display());
    None
}

/// Every configuration with what is known of it.
fn configurations() -> Vec<(String, Vec<u8>, Value)> {
    let Some(folder) = folder() else { return Vec::new() };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(file) = name.strip_suffix(".facts.json") {
            let facts = std::fs::read_to_string(folder.join(&name)).unwrap();
            let bytes = std::fs::read(folder.join(file)).unwrap();
            found.push((file.to_owned(), bytes, serde_json::from_str(&facts).unwrap()));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!found.is_empty());
    found
}

#[test]
fn all_load_or_fail_for_a_reason() {
    for (file, bytes, facts) in configurations() {
        let loaded = config::parse(&file, &bytes, &Overrides::default());
        match REFUSED.iter().find(|(refused, _)| *refused == file) {
            Some((_, why)) => {
                let error = loaded.map(drop).unwrap_err().to_string();
                assert!(error.contains(why), "{file}: {error}");
            }
            None => {
                let world = loaded.map_err(|error| error.render(false)).unwrap();
                println!("{file}: {}\n  {}", world.source.format, world.warnings.join("\n  "));
                check_zones(&file, &world, &facts);
            }
        }
    }
}

/// PANOS.md 8: decryption rules are read wherever there are some, and nothing in them is passed over.
#[test]
fn decryption_rules_are_read() {
    let mut found = BTreeMap::new();
    for (file, bytes, _) in configurations() {
        let Ok(world) = config::parse(&file, &bytes, &Overrides::default()) else { continue };
        let passed_over = world
            .warnings
            .iter()
            .find(|warning| warning.contains("decryption") && warning.contains("not modelled"));
        assert_eq!(passed_over, None, "{file}");
        let rules = world.decryption.rules().iter();
        let profiles = rules.clone().filter(|rule| rule.profile.is_some()).count();
        found.extend((rules.len() > 0).then_some((file, (rules.len(), profiles))));
    }
    println!("{found:?}");
    if folder().is_some() {
        assert_eq!(found.get("policy-best-practices.xml"), Some(&(2, 1)));
    }
}

/// The zones of a firewall that names its own; Panorama's are counted several times over.
fn check_zones(file: &str, world: &World, facts: &Value) {
    let objects = &facts["objects"];
    if let (Some(zones), Some(0)) = (objects["zone"].as_u64(), objects["device-group"].as_u64()) {
        assert_eq!(world.zones.names().len() as u64, zones, "{file}: {:?}", world.zones.names());
    }
}

#[test]
fn rules_are_those_that_others_counted() {
    for (file, bytes, facts) in configurations() {
        let rulebases = config::outline(&file, &bytes).map_err(|error| error.render(false)).unwrap();
        let mut ours: BTreeMap<String, Vec<WrittenRule>> = BTreeMap::new();
        let (mut nat, mut overrides, mut decryption) = (0, 0, 0);
        for rulebase in rulebases {
            nat += rulebase.nat.len() as u64;
            decryption += rulebase.decryption.len() as u64;
            overrides += rulebase.application_override.len() as u64;
            if !rulebase.security.is_empty() {
                ours.insert(format!("{} {}", rulebase.scope, rulebase.kind), rulebase.security);
            }
        }
        let mut theirs: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        for rule in facts["rules"].as_array().unwrap() {
            theirs.entry(scope(rule)).or_default().push(rule);
        }
        let total: usize = ours.values().map(Vec::len).sum();
        assert_eq!(total as u64, facts["security_rules"].as_u64().unwrap(), "{file}");
        assert_eq!(nat, facts["other"]["nat"].as_u64().unwrap(), "{file}: NAT rules");
        assert_eq!(overrides, facts["other"]["application-override"].as_u64().unwrap(), "{file}: overrides");
        assert_eq!(decryption, facts["other"]["decryption"].as_u64().unwrap(), "{file}: decryption rules");
        assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{file}");
        for (scope, rules) in &ours {
            let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
            let moved = MOVED.iter().find(|(of, _)| file.contains("move") && of == scope);
            let order = moved.map(|(_, order)| order.to_vec());
            let listed = || theirs[scope].iter().map(|rule| rule["name"].as_str().unwrap()).collect();
            assert_eq!(names, order.unwrap_or_else(listed), "{file}: {scope}");
            for fact in &theirs[scope] {
                let rule = rules.iter().find(|rule| rule.name == fact["name"]).unwrap();
                compare(&file, rule, fact);
            }
        }
    }
}

/// Whose rulebase a fact is about, in our words: `vsys1 rulebase`, `shared pre-rulebase`.
fn scope(fact: &Value) -> String {
    let scope = fact["scope"].as_str().unwrap();
    match fact["base"].as_str() {
        // An XML path: the last entry counts.
        Some(base) => {
            let entry = scope.rsplit_once("entry[").map_or(scope, |(_, entry)| entry.trim_end_matches(']'));
            format!("{entry} {base}")
        }
        // The words of set commands.
        None => match scope.split_once(' ') {
            None => format!("vsys1 {scope}"),
            Some(("vsys" | "device-group", rest)) => rest.to_owned(),
            Some(_) => scope.to_owned(),
        },
    }
}

fn compare(file: &str, rule: &WrittenRule, fact: &Value) {
    let name = &rule.name;
    for (keys, ours) in [
        (["from", "from"], &rule.from),
        (["to", "to"], &rule.to),
        (["src", "source"], &rule.source),
        (["dst", "destination"], &rule.destination),
        (["app", "application"], &rule.application),
        (["service", "service"], &rule.service),
        (["users", "source-user"], &rule.source_user),
        (["category", "category"], &rule.category),
    ] {
        let mut theirs: Vec<&str> = keys
            .iter()
            .find_map(|key| fact[key].as_array())
            .map(|list| list.iter().map(|item| item.as_str().unwrap()).collect())
            .unwrap_or_default();
        // What stands beside `any` adds nothing.
        if theirs.contains(&"any") {
            theirs = vec!["any"];
        }
        assert_eq!(*ours, theirs, "{file}: {name}: {}", keys[1]);
    }
    let said = |keys: [&str; 2]| {
        let value = keys.iter().map(|key| &fact[key]).find(|value| !value.is_null())?;
        let value = value.as_array().and_then(|list| list.last()).unwrap_or(value);
        Some(value.as_bool().map_or_else(
            || value.as_str().unwrap().to_owned(),
            |flag| (if flag { "yes" } else { "no" }).to_owned(),
        ))
    };
    let flag = |keys, default: &str| said(keys).as_deref().unwrap_or(default) == "yes";
    assert_eq!(
        rule.action.name(),
        said(["action", "action"]).as_deref().unwrap_or("allow"),
        "{file}: {name}"
    );
    assert_eq!(rule.disabled, flag(["disabled", "disabled"], "no"), "{file}: {name}: disabled");
    assert_eq!(rule.log_start, flag(["log_start", "log-start"], "no"), "{file}: {name}: log-start");
    assert_eq!(rule.log_end, flag(["log_end", "log-end"], "yes"), "{file}: {name}: log-end");
    assert_eq!(rule.negate_source, flag(["negate_src", "negate-source"], "no"), "{file}: {name}");
    assert_eq!(rule.negate_destination, flag(["negate_dst", "negate-destination"], "no"), "{file}: {name}");
    let rule_type = match rule.rule_type {
        RuleType::Universal => "universal",
        RuleType::Intrazone => "intrazone",
        RuleType::Interzone => "interzone",
    };
    assert_eq!(rule_type, said(["type", "rule-type"]).as_deref().unwrap_or("universal"), "{file}: {name}");
}
