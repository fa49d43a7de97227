//! Which object a name means, where several of it are defined: in the vsys and in shared, in a device group and in
//! those above it.
//!
//! Rules mean the innermost one. A group means what its own place sees: one in shared never sees a vsys. Those that an
//! inner one hides are read under another name, so that such groups still find them.

use hashbrown::HashMap;

use super::scope::Scope;
use crate::config::candidate::{At, Name};
use crate::config::panos::tree::Node;

/// Where each name of one kind of object is defined.
pub(super) struct Namespace<'n> {
    /// Indexes of scopes, innermost first.
    by_name: HashMap<&'n str, Vec<usize>, foldhash::fast::RandomState>,
    /// What each scope is called.
    labels: Vec<&'n str>,
}

impl<'n> Namespace<'n> {
    /// The names under these elements of all scopes, which share one space.
    pub(super) fn new(scopes: &'n [Scope<'n>], elements: &[&str]) -> Self {
        let mut by_name = HashMap::<&str, Vec<usize>, _>::default();
        for (index, scope) in scopes.iter().enumerate() {
            for entry in elements.iter().flat_map(|element| scope.entries(element)) {
                let places = by_name.entry(&*entry.name).or_default();
                if places.last() != Some(&index) {
                    places.push(index);
                }
            }
        }
        Self { by_name, labels: scopes.iter().map(|scope| &*scope.label).collect() }
    }

    /// What the definition in `scope` is called.
    pub(super) fn defined(&self, entry: &Node<'_>, scope: usize) -> Name {
        self.named(entry.as_name(), scope)
    }

    /// Whether an inner scope hides the definition in `scope`.
    pub(super) fn is_hidden(&self, name: &str, scope: usize) -> bool {
        self.by_name.get(name).is_some_and(|places| places.first() != Some(&scope))
    }

    /// What a name in `scope` refers to.
    pub(super) fn referred(&self, name: Name, scope: usize) -> Name {
        let places = self.by_name.get(name.value.as_str());
        match places.and_then(|places| places.iter().copied().find(|&place| place >= scope)) {
            Some(place) => self.named(name, place),
            None => name,
        }
    }

    /// The names of a list in `scope`.
    pub(super) fn all_referred(&self, names: Vec<Name>, scope: usize) -> Vec<Name> {
        names.into_iter().map(|name| self.referred(name, scope)).collect()
    }

    fn named(&self, name: Name, scope: usize) -> Name {
        if !self.is_hidden(&name.value, scope) {
            return name;
        }
        let label = self.labels.get(scope).copied().unwrap_or_default();
        At::new(format!("{} [{label}]", name.value), name.span)
    }
}
