//! Applications that a configuration names and neither it nor the catalog has: those of newer content.

use std::collections::BTreeSet;

use crate::app::{Application, Catalog};
use crate::config::candidate::{Body, Candidate, Name};
use crate::config::diagnostic::{Diagnostics, quote};

use super::RESERVED;

/// So many names are shown.
const SHOWN: usize = 20;

/// Adds what is missing, of which nothing but the name is known, and says so once. Gives the names.
pub(super) fn add(candidate: &Candidate, catalog: &mut Catalog, out: &mut Diagnostics) -> BTreeSet<String> {
    let groups = candidate.application_groups.iter().map(|group| &group.name.value);
    let filters = candidate.application_filters.iter().map(|filter| &filter.name.value);
    let defined: BTreeSet<&String> = groups.chain(filters).collect();
    let mut missing: Vec<&str> = Vec::new();
    for name in named(candidate) {
        let name = &name.value;
        let known = RESERVED.contains(&name.as_str())
            || defined.contains(name)
            || catalog.functions(name).next().is_some();
        if known {
            continue;
        }
        match catalog.find(name).and_then(|id| catalog.get(id)) {
            Some(application) if application.unknown => missing.push(name),
            Some(_) => {}
            None if catalog.len() < usize::from(u16::MAX) => {
                catalog.insert(unknown(name));
                missing.push(name);
            }
            None => {}
        }
    }
    if missing.is_empty() {
        return BTreeSet::new();
    }
    missing.sort_unstable();
    missing.dedup();
    let shown: Vec<String> = missing.iter().take(SHOWN).map(|name| quote(name)).collect();
    let more = if missing.len() > SHOWN { ", …" } else { "" };
    out.warn(format!(
        "applications that the catalog does not have: their default ports are not known, so that rules with \
         `application-default` are not matched by them, and nothing is identified as them; `--app-catalog FILE` gives \
         them ({}: {}{more})",
        missing.len(),
        shown.join(", ")
    ));
    missing.into_iter().map(str::to_owned).collect()
}

/// An application of which nothing but the name is known.
pub(super) fn unknown(name: &str) -> Application {
    Application { name: name.to_owned(), unknown: true, ..Application::default() }
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

#[cfg(test)]
mod tests {
    use crate::config::{Overrides, World, parse};

    fn world(lines: &[&str]) -> World {
        let rule = "set rulebase security rules r from any to any source any destination any service \
                    application-default action allow application";
        let text = format!("{rule} [ ssh odd group few ]\n{}\n", lines.join("\n"));
        parse("r", text.as_bytes(), &Overrides::default()).map_err(|error| error.to_string()).unwrap()
    }

    #[test]
    fn an_application_of_newer_content_is_unknown_and_said_once() {
        let world = world(&[
            "set application-group group members [ odd other ]",
            "set application-filter few category networking",
            // A container stands for all its functions there, too.
            "set application-filter few exclude [ snmp odd ]",
            "set application-tag tagged tag red",
            "set application-group group members tagged",
            "set shared override application timed timeout 90",
            "set application own",
        ]);
        let found = |name: &str| world.catalog.find(name).and_then(|id| world.catalog.get(id)).unwrap();
        for name in ["odd", "other", "tagged", "timed"] {
            assert!(found(name).unknown && !found(name).custom, "{name}");
        }
        assert!(!found("own").unknown && !found("ssh").unknown);
        assert_eq!(found("timed").timeouts.timeout, Some(90));
        let said: Vec<&String> =
            world.warnings.iter().filter(|warning| warning.contains("catalog")).collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said.iter().all(|said| said.ends_with("(3: `odd`, `other`, `tagged`)")), "{said:?}");
        let query = crate::policy::Query {
            protocol: crate::flow::Protocol::UDP,
            dport: 161,
            app: world.catalog.find("snmpv2"),
            ..Default::default()
        };
        assert!(world.policy.rule(world.policy.lookup(&query).rule).name != "r");
    }
}
