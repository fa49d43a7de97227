//! `[profile.*]`, `[profile-group]` and `[threat.*]`: what PAN-OS's tree says, as TOML.

use super::objects::signature;
use super::{Page, inline, string, strings};
use crate::config::candidate::{Candidate, Name};
use crate::config::write::panos::Item;
use crate::config::write::panos::profiles::{groups, profiles, threats, time_attribute};

pub(super) fn all(candidate: &Candidate, page: &mut Page) {
    for (kind, threats) in threats(candidate) {
        for (item, threat) in threats {
            entry(&["threat", kind], &item, page);
            if let Some(combination) = &threat.combination {
                page.head(&["threat", kind, &threat.id.value, "combination"], false);
                page.names("threat-id", &combination.ids);
                body(&[], &[time_attribute(combination)], page);
            }
            for one in &threat.signatures {
                signature(&["threat", kind, &threat.id.value], one, page);
            }
        }
    }
    for (kind, entries) in profiles(candidate) {
        entries.iter().for_each(|item| entry(&["profile", kind], item, page));
    }
    groups(candidate).iter().for_each(|item| entry(&["profile-group"], item, page));
}

/// What a rule names.
pub(super) fn setting(profiles: &[(Name, Vec<Name>)], page: &mut Page) {
    let (groups, kinds): (Vec<_>, Vec<_>) = profiles.iter().partition(|(kind, _)| kind.value == "group");
    for (_, names) in groups {
        page.names("profile-group", names);
    }
    let fields: Vec<(&str, String)> =
        kinds.into_iter().map(|(kind, names)| (kind.value.as_str(), super::list(names))).collect();
    if !fields.is_empty() {
        page.line("profiles", &inline(&fields));
    }
}

/// A table with what stands below an entry.
fn entry(path: &[&str], item: &Item, page: &mut Page) {
    let Item::Entry(name, items) = item else { return };
    let path = [path, &[name]].concat();
    page.head(&path, false);
    body(&path, items, page);
}

/// Values first: what comes behind a table's head belongs to that.
fn body(path: &[&str], items: &[Item], page: &mut Page) {
    for item in items {
        match item {
            Item::Element(_, below) if is_list(below) => {}
            item => {
                if let Some((key, value)) = field(item) {
                    page.line(key, &value);
                }
            }
        }
    }
    for item in items {
        let Item::Element(key, below) = item else { continue };
        if !is_list(below) {
            continue;
        }
        let path = [path, &[key]].concat();
        for one in below {
            let Item::Entry(name, items) = one else { continue };
            page.head(&path, true);
            page.string("name", name);
            body(&path, items, page);
        }
    }
}

/// Entries are a list of tables.
fn is_list(items: &[Item]) -> bool {
    !items.is_empty() && items.iter().all(|item| matches!(item, Item::Entry(..)))
}

fn field(item: &Item) -> Option<(&'static str, String)> {
    Some(match item {
        Item::Value(key, value) => (key, string(value)),
        Item::Members(key, members) => (key, strings(members)),
        Item::Element(key, below) => (key, value(below)),
        Item::Entry(..) => return None,
    })
}

/// One bare word stands for itself; anything else is a table.
fn value(items: &[Item]) -> String {
    match items {
        [Item::Element(word, below)] if below.is_empty() => string(word),
        items => inline(&items.iter().filter_map(field).collect::<Vec<_>>()),
    }
}
