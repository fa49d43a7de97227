//! What a firewall looks up elsewhere, as tables tell it: addresses of host names, regions, lists and users, hosts of
//! URL categories.

use std::collections::BTreeMap;

use super::candidate::{Name, Tables};
use super::categories::Pattern;
use super::diagnostic::{Diagnostics, quote};
use super::literal;
use crate::flow::Addr;

/// Inclusive ranges of addresses.
pub(super) type Ranges = Vec<(Addr, Addr)>;

/// The tables with their values read. Host names, users and groups are in lower case, whose case does not count.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    pub(super) fqdn: BTreeMap<String, Ranges>,
    pub(super) regions: BTreeMap<String, Ranges>,
    pub(super) external_lists: BTreeMap<String, List>,
    /// In the second place as it was written.
    pub(super) users: BTreeMap<String, (String, Ranges)>,
    pub(super) user_groups: BTreeMap<String, Vec<String>>,
    pub(super) url_categories: BTreeMap<String, Vec<Pattern>>,
}

/// An external dynamic list: one of addresses has no host patterns, and the other way round.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) ranges: Ranges,
    pub(super) patterns: Vec<Pattern>,
}

impl Lookups {
    /// Reads the values of all tables; what is wrong goes to `out`.
    pub(super) fn read(tables: &Tables, out: &mut Diagnostics) -> Self {
        let lower = |name: &Name| name.value.to_lowercase();
        let same = |name: &Name| name.value.clone();
        let mut ranges = |values: &[Name]| addresses(values, out);
        let fqdn = tables.fqdn.iter().map(|(name, values)| (lower(name), ranges(values))).collect();
        let regions = tables.regions.iter().map(|(name, values)| (same(name), ranges(values))).collect();
        let users = tables.users.iter();
        let users = users.map(|(name, values)| (lower(name), (same(name), ranges(values)))).collect();
        let groups = tables.user_groups.iter();
        let user_groups =
            groups.map(|(name, values)| (lower(name), values.iter().map(lower).collect())).collect();
        let lists = tables.external_lists.iter();
        let external_lists = lists.map(|(name, values)| (same(name), list(values, out))).collect();
        let categories = tables.url_categories.iter();
        let url_categories = categories.map(|(name, values)| (same(name), patterns(values, out))).collect();
        Self { fqdn, regions, external_lists, users, user_groups, url_categories }
    }

    /// Adds the entries of `other`, which replace those of the same name.
    pub(super) fn replace(&mut self, other: Self) {
        self.fqdn.extend(other.fqdn);
        self.regions.extend(other.regions);
        self.external_lists.extend(other.external_lists);
        self.users.extend(other.users);
        self.user_groups.extend(other.user_groups);
        self.url_categories.extend(other.url_categories);
    }
}

fn addresses(values: &[Name], out: &mut Diagnostics) -> Ranges {
    let mut ranges = Ranges::new();
    for value in values {
        match literal::addresses(&value.value) {
            Some(Ok(found)) => ranges.extend(found),
            Some(Err(wrong)) => {
                out.error(&value.span, format!("{} is no address: {wrong}", quote(&value.value)));
            }
            None => {
                out.error(&value.span, format!("{} is no address", quote(&value.value)))
                    .help("write an address, a prefix or a range, e.g. `192.0.2.0/24`");
            }
        }
    }
    ranges
}

fn patterns(values: &[Name], out: &mut Diagnostics) -> Vec<Pattern> {
    values.iter().filter_map(|value| pattern(value, out)).collect()
}

fn pattern(value: &Name, out: &mut Diagnostics) -> Option<Pattern> {
    let wrong = match Pattern::parse(&value.value) {
        Ok(pattern) => return Some(pattern),
        Err(wrong) => wrong,
    };
    out.error(&value.span, format!("{} is no host pattern: {wrong}", quote(&value.value)))
        .help("write it as `example.org` or `*.example.org`");
    None
}

/// Entries are addresses where they look like it.
fn list(values: &[Name], out: &mut Diagnostics) -> List {
    let mut list = List::default();
    for value in values {
        match literal::addresses(&value.value) {
            Some(Ok(found)) => list.ranges.extend(found),
            _ => list.patterns.extend(pattern(value, out)),
        }
    }
    list
}
