//! Names to what they stand for: objects, groups of objects, literals.

use std::sync::Arc;

use hashbrown::HashMap;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::config::candidate::{Body, Definition, Name};
use crate::config::diagnostic::{Diagnostics, did_you_mean, quote};

/// So many entries may come of all lists of names together, so that nested groups cannot explode.
const ENTRIES: usize = 4_000_000;

/// How one kind of object works.
pub(super) struct Kind<'k, T> {
    /// ``address``, for messages.
    pub(super) what: &'static str,
    /// What a name means that nothing defines, and what is wrong where it means something unsound.
    pub(super) literal: &'k dyn Fn(&str) -> Option<Result<Vec<T>, String>>,
    /// Puts entries in order and joins what can be joined.
    pub(super) normalize: fn(&mut Vec<T>),
    /// Names to suggest besides those defined.
    pub(super) others: &'k dyn Fn() -> Vec<&'k str>,
    /// What to do about a name that nothing defines.
    pub(super) help: &'static str,
}

/// All objects of one kind.
pub(super) struct Objects<'c, T> {
    kind: Kind<'c, T>,
    by_name: HashMap<&'c str, usize, foldhash::fast::FixedState>,
    resolved: Vec<Arc<[T]>>,
    lists: HashMap<Vec<&'c str>, Arc<[T]>, foldhash::fast::FixedState>,
    entries: usize,
}

impl<'c, T: Clone> Objects<'c, T> {
    /// Resolves every definition, members before the groups that hold them.
    pub(super) fn new(
        kind: Kind<'c, T>,
        definitions: &'c [Definition<Vec<T>>],
        out: &mut Diagnostics,
    ) -> Self {
        let mut objects = Self {
            kind,
            by_name: HashMap::default(),
            resolved: vec![Arc::default(); definitions.len()],
            lists: HashMap::default(),
            entries: 0,
        };
        for (index, definition) in definitions.iter().enumerate() {
            if let Some(first) = objects.by_name.insert(&definition.name.value, index)
                && let Some(first) = definitions.get(first)
            {
                let message =
                    format!("{} {} is defined twice", objects.kind.what, quote(&definition.name.value));
                out.error(&definition.name.span, message).related(&first.name.span, "first defined here");
            }
        }
        for index in objects.order(definitions, out) {
            let Some(definition) = definitions.get(index) else { continue };
            let resolved = match &definition.body {
                Body::Object(entries) => objects.finish(entries.clone()),
                Body::Group(members) => objects.resolve(members, out),
            };
            if let Some(slot) = objects.resolved.get_mut(index) {
                *slot = resolved;
            }
        }
        objects
    }

    /// What a list of names stands for, all together.
    pub(super) fn resolve(&mut self, members: &'c [Name], out: &mut Diagnostics) -> Arc<[T]> {
        let key: Vec<&str> = members.iter().map(|member| member.value.as_str()).collect();
        if let Some(known) = self.lists.get(&key) {
            return Arc::clone(known);
        }
        let mut entries = Vec::new();
        let mut sound = true;
        for member in members {
            match self.one(member) {
                Ok(mut found) => entries.append(&mut found),
                Err(message) => {
                    sound = false;
                    let help = did_you_mean(&member.value, self.known());
                    out.error(&member.span, message).help(help.unwrap_or_else(|| self.kind.help.to_owned()));
                }
            }
            if self.entries + entries.len() > ENTRIES {
                out.error(
                    &member.span,
                    format!("the rulebase's {} lists hold more than {ENTRIES} entries", self.kind.what),
                );
                entries.clear();
            }
        }
        let resolved = self.finish(entries);
        if sound {
            self.lists.insert(key, Arc::clone(&resolved));
        }
        resolved
    }

    fn one(&self, member: &Name) -> Result<Vec<T>, String> {
        if let Some(&index) = self.by_name.get(member.value.as_str()) {
            return Ok(self.resolved.get(index).map(|found| found.to_vec()).unwrap_or_default());
        }
        match (self.kind.literal)(&member.value) {
            Some(Ok(entries)) => Ok(entries),
            Some(Err(wrong)) => Err(format!("{} is no {}: {wrong}", quote(&member.value), self.kind.what)),
            None => Err(format!("unknown {} {}", self.kind.what, quote(&member.value))),
        }
    }

    fn finish(&mut self, mut entries: Vec<T>) -> Arc<[T]> {
        (self.kind.normalize)(&mut entries);
        self.entries += entries.len();
        entries.into()
    }

    fn known(&self) -> Vec<&'c str> {
        let mut names: Vec<&str> = self.by_name.keys().copied().collect();
        names.extend((self.kind.others)());
        names.sort_unstable();
        names
    }

    /// Definitions in an order that has members before groups; a group that holds itself is reported.
    fn order(&self, definitions: &'c [Definition<Vec<T>>], out: &mut Diagnostics) -> Vec<usize> {
        let mut graph = DiGraph::<(), ()>::with_capacity(definitions.len(), definitions.len());
        for _ in definitions {
            graph.add_node(());
        }
        for (index, definition) in definitions.iter().enumerate() {
            let Body::Group(members) = &definition.body else { continue };
            for &member in members.iter().filter_map(|member| self.by_name.get(member.value.as_str())) {
                graph.add_edge(NodeIndex::new(index), NodeIndex::new(member), ());
            }
        }
        let mut order = Vec::with_capacity(definitions.len());
        for mut knot in kosaraju_scc(&graph) {
            knot.sort_unstable();
            if let Some(&first) = knot.first()
                && (knot.len() > 1 || graph.contains_edge(first, first))
                && let Some(definition) = definitions.get(first.index())
            {
                let message =
                    format!("{} group {} holds itself", self.kind.what, quote(&definition.name.value));
                out.error(&definition.name.span, message);
            }
            order.extend(knot.into_iter().map(NodeIndex::index));
        }
        order
    }
}
