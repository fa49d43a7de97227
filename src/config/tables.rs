//! What a firewall looks up elsewhere, as tables tell it: addresses of host names, regions, lists and users, hosts of
//! URL categories.

use std::collections::BTreeMap;

use super::candidate::{Name, Tables};
use super::categories::Pattern;
use super::diagnostic::{Diagnostics, quote, quote_some};
use super::literal;
use crate::flow::Addr;

/// Who is at an address that is mapped to nobody (PANOS.md 2.2).
const UNKNOWN: &str = "unknown";

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
    /// Reads the values of all tables; what is wrong goes to `out`. A host pattern that a configuration of PAN-OS has
    /// and the model cannot read is left out, with a warning.
    pub(super) fn read(tables: &Tables, is_panos: bool, out: &mut Diagnostics) -> Self {
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
        let mut hosts = Patterns { is_panos, left_out: Vec::new(), out };
        let lists = tables.external_lists.iter();
        let external_lists = lists.map(|(name, values)| (same(name), list(values, &mut hosts))).collect();
        let categories = tables.url_categories.iter();
        let url_categories = categories.map(|(name, values)| (same(name), hosts.read(values))).collect();
        hosts.warn_of_left_out();
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

    /// Puts `user` at an address in place of whoever is there; `unknown` is nobody.
    pub(super) fn log_on(&mut self, user: &str, addr: Addr) {
        for (_, ranges) in self.users.values_mut() {
            *ranges = ranges.iter().flat_map(|&range| without(range, addr)).collect();
        }
        if user != UNKNOWN {
            let new = || (user.to_owned(), Ranges::new());
            self.users.entry(user.to_lowercase()).or_insert_with(new).1.push((addr, addr));
        }
    }
}

/// A range without one of its addresses.
fn without((low, high): (Addr, Addr), addr: Addr) -> impl Iterator<Item = (Addr, Addr)> {
    let inside = (low..=high).contains(&addr);
    let at = |bits: Option<u128>| bits.map(Addr::from_bits).filter(|_| inside);
    let below = at(addr.bits().checked_sub(1)).map(|end| (low, end));
    let above = at(addr.bits().checked_add(1)).map(|start| (start, high));
    let whole = (!inside).then_some((low, high));
    [whole, below, above].into_iter().flatten().filter(|(low, high)| low <= high)
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

/// Reads host patterns.
struct Patterns<'o> {
    is_panos: bool,
    left_out: Vec<String>,
    out: &'o mut Diagnostics,
}

impl Patterns<'_> {
    fn read(&mut self, values: &[Name]) -> Vec<Pattern> {
        values.iter().filter_map(|value| self.pattern(value)).collect()
    }

    fn pattern(&mut self, value: &Name) -> Option<Pattern> {
        match Pattern::parse(&value.value) {
            Ok(pattern) => return Some(pattern),
            Err(_) if self.is_panos => self.left_out.push(value.value.clone()),
            Err(wrong) => {
                let message = format!("{} is no host pattern: {wrong}", quote(&value.value));
                self.out.error(&value.span, message).help("write it as `example.org` or `*.example.org`");
            }
        }
        None
    }

    fn warn_of_left_out(self) {
        let names: Vec<&str> = self.left_out.iter().map(String::as_str).collect();
        if !names.is_empty() {
            self.out.warn(format!("no host patterns, and therefore left out: {}", quote_some(&names)));
        }
    }
}

/// Entries are addresses where they look like it.
fn list(values: &[Name], hosts: &mut Patterns<'_>) -> List {
    let mut list = List::default();
    for value in values {
        match literal::addresses(&value.value) {
            Some(Ok(found)) => list.ranges.extend(found),
            _ => list.patterns.extend(hosts.pattern(value)),
        }
    }
    list
}
