//! Applications that a configuration names and neither it nor the catalog has: those of newer content.

use std::collections::BTreeSet;

use crate::app::{Application, Catalog};
use crate::config::candidate::{Body, Candidate, Name};
use crate::config::diagnostic::{Diagnostics, quote};

use super::RESERVED;

/// So many names are shown.
const SHOWN: usize = 20;

/// Adds what is missing, without ports and without a way to tell it by its packets.
/// Gives their names.
pub(super) fn add(candidate: &Candidate, catalog: &mut Catalog, out: &mut Diagnostics) -> BTreeSet<String> {
    let groups = candidate.application_groups.iter().map(|group| &group.name.value);
    let filters = candidate.application_filters.iter().map(|filter| &filter.name.value);
    let defined: BTreeSet<&String> = groups.chain(filters).collect();
    let mut missing: Vec<&str> = Vec::new();
    for name in named(candidate) {
        let name = &name.value;
        let known = RESERVED.contains(&name.as_str())
            || defined.contains(name)
            || catalog.find(name).is_some()
            || catalog.functions(name).next().is_some();
        if !known && catalog.len() < usize::from(u16::MAX) {
            catalog.insert(Application { name: name.clone(), ..Application::default() });
            missing.push(name);
        }
    }
    if missing.is_empty() {
        return BTreeSet::new();
    }
    missing.sort_unstable();
    let shown: Vec<String> = missing.iter().take(SHOWN).map(|name| quote(name)).collect();
    let more = if missing.len() > SHOWN { ", …" } else { "" };
    out.warn(format!(
        "applications that the catalog does not have are taken to have no default ports, and nothing is identified as \
         them ({}: {}{more})",
        missing.len(),
        shown.join(", ")
    ));
    missing.into_iter().map(str::to_owned).collect()
}

/// Every name that stands where applications stand.
fn named(candidate: &Candidate) -> impl Iterator<Item = &Name> {
    let rules = candidate.rules.iter().flat_map(|rule| &rule.application);
    let overrides = candidate.overrides.iter().map(|rule| &rule.application);
    let groups = candidate.application_groups.iter().flat_map(|group| match &group.body {
        Body::Group(members) => &members[..],
        _ => &[],
    });
    let excluded = candidate.application_filters.iter().flat_map(|filter| &filter.exclude);
    let custom = candidate.applications.iter();
    let custom = custom.flat_map(|app| app.depends_on.iter().chain(&app.implicit).chain(&app.parent));
    rules.chain(overrides).chain(groups).chain(excluded).chain(custom)
}
