//! Which rules use what the configuration does not hold.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::{HashMap, HashSet};

use super::address::{Elsewhere, missing_of};
use crate::config::candidate::{Body, Candidate, Definition, Name, SecurityRule};
use crate::config::missing::{Missing, MissingKind, MissingUse, Rulebase};
use crate::config::tables::{Lookups, Ranges};

/// What was found missing while names were resolved.
pub(super) struct Names<'m> {
    pub(super) applications: &'m BTreeSet<String>,
    pub(super) categories: &'m BTreeSet<String>,
    pub(super) users: &'m BTreeSet<String>,
}

/// Everything missing with the rules that use it. `definitions` are those of the candidate's addresses.
pub(super) fn list(
    candidate: &Candidate,
    definitions: &[Definition<Ranges>],
    lookups: &Lookups,
    names: &Names<'_>,
) -> Vec<Missing> {
    let mut found = Found::default();
    let by_name: HashMap<&str, usize, foldhash::fast::FixedState> =
        (0..).zip(definitions).map(|(index, definition)| (definition.name.value.as_str(), index)).collect();
    let definition = |name: &str| by_name.get(name).and_then(|&index| definitions.get(index));
    found.follow(
        columns(candidate, &["source", "destination"]),
        |name| definition(name).map_or_else(Vec::new, members),
        |name| {
            let (kind, name) = missing_of(name, by_name.get(name).copied(), candidate, lookups)?;
            let kind = match kind {
                Elsewhere::Host => MissingKind::Host,
                Elsewhere::Region => MissingKind::Region,
                Elsewhere::List => MissingKind::ExternalList,
            };
            Some((kind, name.to_owned()))
        },
    );
    let groups: HashMap<&str, _, foldhash::fast::FixedState> =
        candidate.application_groups.iter().map(|group| (group.name.value.as_str(), group)).collect();
    let among =
        |names: &BTreeSet<String>, kind, name: &str| names.contains(name).then(|| (kind, name.to_owned()));
    found.follow(
        columns(candidate, &["application"]),
        |name| groups.get(name).map_or_else(Vec::new, |group| members(group)),
        |name| among(names.applications, MissingKind::Application, name),
    );
    found.follow(
        columns(candidate, &["category"]),
        |_| Vec::new(),
        |name| among(names.categories, MissingKind::UrlCategory, name),
    );
    found.follow(
        columns(candidate, &["source-user"]),
        |name| {
            let group = lookups.user_groups.get(&name.to_lowercase());
            group.into_iter().flatten().map(String::as_str).collect()
        },
        |name| among(names.users, MissingKind::User, name),
    );
    found.0.into_iter().map(|((kind, name), uses)| Missing { kind, name, uses }).collect()
}

/// A column of a rule.
struct Column<'c> {
    rulebase: Rulebase,
    rule: &'c str,
    key: &'static str,
    names: &'c [Name],
}

fn columns<'c>(candidate: &'c Candidate, keys: &[&str]) -> Vec<Column<'c>> {
    let security = candidate.rules.iter().filter(|rule| !rule.disabled).flat_map(|rule| {
        let lists: [(&'static str, &[Name]); 5] = [
            ("source", &rule.source),
            ("destination", &rule.destination),
            ("application", &rule.application),
            ("category", &rule.category),
            ("source-user", &rule.source_user),
        ];
        lists.map(|list| (Rulebase::Security, &rule.name, list))
    });
    let nat = candidate.nat.iter().filter(|rule| !rule.disabled).flat_map(|rule| {
        let lists: [(&'static str, &[Name]); 2] =
            [("source", &rule.source), ("destination", &rule.destination)];
        lists.map(|list| (Rulebase::Nat, &rule.name, list))
    });
    let overrides = candidate.overrides.iter().filter(|rule| !rule.disabled).flat_map(|rule| {
        let application = std::slice::from_ref(&rule.application);
        let lists: [(&'static str, &[Name]); 3] =
            [("source", &rule.source), ("destination", &rule.destination), ("application", application)];
        lists.map(|list| (Rulebase::ApplicationOverride, &rule.name, list))
    });
    let decryption = candidate.decryption.iter().filter(|rule| !rule.matches.disabled).flat_map(|rule| {
        let SecurityRule { name, source, destination, category, source_user, .. } = &rule.matches;
        let lists: [(&'static str, &[Name]); 4] = [
            ("source", source),
            ("destination", destination),
            ("category", category),
            ("source-user", source_user),
        ];
        lists.map(|list| (Rulebase::Decryption, name, list))
    });
    let all =
        security.chain(nat).chain(overrides).chain(decryption).filter(|(_, _, (key, _))| keys.contains(key));
    all.map(|(rulebase, rule, (key, names))| Column { rulebase, rule: &rule.value, key, names }).collect()
}

fn members<T>(group: &Definition<T>) -> Vec<&str> {
    match &group.body {
        Body::Group(members) => members.iter().map(|member| member.value.as_str()).collect(),
        Body::Object(_) | Body::Dynamic(_) => Vec::new(),
    }
}

#[derive(Default)]
struct Found(BTreeMap<(MissingKind, String), Vec<MissingUse>>);

impl Found {
    /// Looks through names and the members of groups. Each group is gone through once: what it holds is put down to the
    /// first rule that uses it.
    fn follow<'c>(
        &mut self,
        columns: Vec<Column<'c>>,
        members: impl Fn(&str) -> Vec<&'c str>,
        missing: impl Fn(&str) -> Option<(MissingKind, String)>,
    ) {
        let mut seen: HashSet<&str, foldhash::fast::FixedState> = HashSet::default();
        for column in &columns {
            for name in column.names {
                let root = name.value.as_str();
                self.note(missing(root), column, None);
                if !seen.insert(root) {
                    continue;
                }
                let mut next = members(root);
                while let Some(name) = next.pop() {
                    self.note(missing(name), column, Some(root));
                    if seen.insert(name) {
                        next.extend(members(name));
                    }
                }
            }
        }
    }

    fn note(&mut self, missing: Option<(MissingKind, String)>, column: &Column<'_>, through: Option<&str>) {
        let Some(missing) = missing else { return };
        let found = MissingUse {
            rulebase: column.rulebase,
            rule: column.rule.to_owned(),
            column: column.key,
            through: through.map(str::to_owned),
        };
        let uses = self.0.entry(missing).or_default();
        if !uses
            .iter()
            .rev()
            .take(2)
            .any(|other| other.rulebase == found.rulebase && other.rule == found.rule)
        {
            uses.push(found);
        }
    }
}
