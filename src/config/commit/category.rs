//! URL categories of rules, and the hosts that belong to them.

use std::collections::{BTreeMap, BTreeSet};

use super::cure::Cures;
use super::unless_any;
use crate::config::Categories;
use crate::config::candidate::Name;
use crate::config::categories::Pattern;
use crate::config::diagnostic::{Diagnostics, quote_some};
use crate::config::tables::Lookups;
use crate::policy::{CategoryMatch, CategorySet};

/// Numbers the categories that rules name, in order of their appearance.
pub(super) struct CategoryColumns<'l> {
    lookups: &'l Lookups,
    categories: Categories,
    numbered: BTreeMap<String, CategorySet>,
    missing: BTreeSet<String>,
    beyond: BTreeSet<String>,
}

impl<'l> CategoryColumns<'l> {
    pub(super) fn new(lookups: &'l Lookups) -> Self {
        Self {
            lookups,
            categories: Categories::default(),
            numbered: BTreeMap::new(),
            missing: BTreeSet::new(),
            beyond: BTreeSet::new(),
        }
    }

    /// The `category` column of a rule.
    pub(super) fn column(&mut self, names: &[Name]) -> CategoryMatch {
        let Some(names) = unless_any(names) else { return CategoryMatch::default() };
        let mut column = CategoryMatch::default();
        for name in &names {
            match self.number(name) {
                Some(set) => column.set = column.set.with(set),
                None => column.open = true,
            }
        }
        CategoryMatch { names, ..column }
    }

    /// Numbers a category that a URL-filtering profile names, where its hosts are known.
    pub(super) fn also(&mut self, name: &str) {
        if self.patterns(name).is_some() {
            self.number(name);
        }
    }

    fn number(&mut self, name: &str) -> Option<CategorySet> {
        if let Some(set) = self.numbered.get(name) {
            return Some(*set);
        }
        let Some(patterns) = self.patterns(name) else {
            self.missing.insert(name.to_owned());
            return None;
        };
        match self.categories.add(name, patterns.iter()) {
            Some(set) => self.numbered.insert(name.to_owned(), set),
            None => {
                self.beyond.insert(name.to_owned());
                return None;
            }
        };
        self.numbered.get(name).copied()
    }

    /// The hosts of a category, or of a list of URLs or domains, which rules name in the same place.
    fn patterns(&self, name: &str) -> Option<&'l [Pattern]> {
        let category = self.lookups.url_categories.get(name);
        let list = self.lookups.external_lists.get(name).map(|list| &list.patterns);
        category.or(list).filter(|patterns| !patterns.is_empty()).map(Vec::as_slice)
    }

    /// Categories of which no hosts are known.
    pub(super) const fn missing(&self) -> &BTreeSet<String> {
        &self.missing
    }

    /// Says once which categories are not known; the hosts of the others.
    pub(super) fn finish(self, cures: Cures, out: &mut Diagnostics) -> Categories {
        let names = |set: &BTreeSet<String>| {
            let names: Vec<&str> = set.iter().map(String::as_str).collect();
            (!names.is_empty()).then(|| quote_some(&names))
        };
        if let Some(names) = names(&self.missing) {
            out.warn(format!(
                "no hosts are known of the URL categories {names}: allow rules let pass as if they matched, block rules \
                 are passed over; give their hosts under `[url-category]`, {}",
                cures.tables()
            ));
        }
        if let Some(names) = names(&self.beyond) {
            let most = CategorySet::MOST;
            out.warn(format!(
                "rules name more than {most} URL categories, and {names} are not told apart: allow rules let pass as if \
                 they matched, block rules are passed over"
            ));
        }
        self.categories
    }
}
