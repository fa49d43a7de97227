//! Names to what they stand for: objects, groups of objects, literals.

use std::fmt;
use std::sync::Arc;

use hashbrown::HashMap;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::config::candidate::{Body, Definition, Name};
use crate::config::diagnostic::{Diagnostics, did_you_mean, quote};

/// What a name means that the rulebase does not define, or what is wrong with it.
type Literal<'k, T> = dyn Fn(&str) -> Option<Result<Vec<T>, String>> + 'k;

/// Who names something.
#[derive(Debug, Clone, Copy)]
pub(super) struct By<'n> {
    /// `rule`, `address group`.
    pub(super) what: &'n str,
    pub(super) name: &'n str,
}

impl<'n> By<'n> {
    pub(super) const fn rule(name: &'n str) -> Self {
        Self { what: "rule", name }
    }
}

/// ``rule `X` ``.
impl fmt::Display for By<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, quote(self.name))
    }
}

/// Reports a name that nothing defines.
pub(super) fn unknown<'k>(
    by: By<'_>,
    what: &str,
    name: &Name,
    known: impl FnOnce() -> Vec<&'k str>,
    otherwise: &str,
    out: &mut Diagnostics,
) {
    out.error(&name.span, format!("{by} names the unknown {what} {}", quote(&name.value)))
        .help_with(|| did_you_mean(&name.value, known(), otherwise));
}

/// How one kind of object works.
pub(super) struct Kind<'k, T> {
    /// What it is called: `address`.
    pub(super) what: &'static str,
    /// Reads a name that the rulebase does not define.
    pub(super) literal: Box<Literal<'k, T>>,
    /// Names to suggest besides those defined.
    pub(super) others: Box<dyn Fn() -> Vec<&'k str> + 'k>,
    /// What to do about a name that nothing defines.
    pub(super) help: &'static str,
    /// Puts entries in order and joins what can be joined.
    pub(super) normalize: fn(&mut Vec<T>),
    /// So many entries may come of all lists together, so that nested groups cannot explode.
    pub(super) most: usize,
}

/// All objects of one kind.
pub(super) struct Objects<'c, T> {
    kind: Kind<'c, T>,
    by_name: HashMap<&'c str, usize, foldhash::fast::FixedState>,
    /// What each definition stands for.
    resolved: Vec<Arc<[T]>>,
    /// Lists of names that have been resolved before: many rules say the same.
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
        objects.index(definitions, out);
        for index in objects.order(definitions, out) {
            let Some(definition) = definitions.get(index) else { continue };
            let group = format!("{} group", objects.kind.what);
            let by = By { what: &group, name: &definition.name.value };
            let resolved = match &definition.body {
                Body::Object(entries) => objects.finish(entries.clone()),
                Body::Group(members) => objects.resolve(members, by, out),
                Body::Dynamic(_) => Arc::default(),
            };
            if let Some(slot) = objects.resolved.get_mut(index) {
                *slot = resolved;
            }
        }
        objects
    }

    /// What a list of names stands for, all together; `by` is who names them.
    pub(super) fn resolve(&mut self, members: &'c [Name], by: By<'_>, out: &mut Diagnostics) -> Arc<[T]> {
        let key: Vec<&str> = members.iter().map(|member| member.value.as_str()).collect();
        if let Some(known) = self.lists.get(&key) {
            return Arc::clone(known);
        }
        let mut entries = Vec::new();
        let mut sound = true;
        for member in members {
            sound &= self.add(member, by, &mut entries, out);
            if self.entries + entries.len() > self.kind.most {
                self.too_many(member, out);
                return Arc::default();
            }
        }
        let resolved = self.finish(entries);
        // An unknown name is reported wherever it stands.
        if sound {
            self.lists.insert(key, Arc::clone(&resolved));
        }
        resolved
    }

    /// Adds what one name stands for; false where that is nothing, which is reported.
    fn add(&self, member: &Name, by: By<'_>, entries: &mut Vec<T>, out: &mut Diagnostics) -> bool {
        if let Some(&index) = self.by_name.get(member.value.as_str()) {
            entries.extend_from_slice(self.resolved.get(index).map(AsRef::as_ref).unwrap_or_default());
            return true;
        }
        let what = self.kind.what;
        match (self.kind.literal)(&member.value) {
            Some(Ok(mut found)) => {
                entries.append(&mut found);
                true
            }
            Some(Err(wrong)) => {
                out.error(&member.span, format!("{} is no {what}: {wrong}", quote(&member.value)));
                false
            }
            None => {
                unknown(by, what, member, || self.known(), self.kind.help, out);
                false
            }
        }
    }

    fn finish(&mut self, mut entries: Vec<T>) -> Arc<[T]> {
        self.entries += entries.len();
        (self.kind.normalize)(&mut entries);
        entries.into()
    }

    /// Reports the limit once; what comes after is resolved to nothing.
    fn too_many(&mut self, member: &Name, out: &mut Diagnostics) {
        if self.kind.most > 0 {
            let (what, most) = (self.kind.what, self.kind.most);
            out.error(
                &member.span,
                format!("with this, the {what} lists of the rulebase hold more than {most} entries"),
            )
            .help("use shorter lists, or prefixes in place of single addresses");
            self.kind.most = 0;
        }
    }

    fn known(&self) -> Vec<&'c str> {
        let mut names: Vec<&str> = self.by_name.keys().copied().collect();
        names.extend((self.kind.others)());
        names.sort_unstable();
        names
    }

    fn index(&mut self, definitions: &'c [Definition<Vec<T>>], out: &mut Diagnostics) {
        for (index, definition) in definitions.iter().enumerate() {
            let name = &definition.name;
            if let Some(first) = self.by_name.insert(&name.value, index)
                && let Some(first) = definitions.get(first)
            {
                out.error(&name.span, format!("{} {} is defined twice", self.kind.what, quote(&name.value)))
                    .help("an object and a group cannot have the same name")
                    .related(&first.name.span, "first defined here");
            }
        }
    }

    /// Definitions in an order that has members before groups, and otherwise that of the file; groups that hold
    /// themselves are reported.
    fn order(&self, definitions: &'c [Definition<Vec<T>>], out: &mut Diagnostics) -> Vec<usize> {
        let mut graph = DiGraph::<&Name, ()>::with_capacity(definitions.len(), definitions.len());
        for definition in definitions {
            graph.add_node(&definition.name);
        }
        for (index, definition) in definitions.iter().enumerate() {
            let Body::Group(members) = &definition.body else { continue };
            for &member in members.iter().filter_map(|member| self.by_name.get(member.value.as_str())) {
                graph.add_edge(NodeIndex::new(index), NodeIndex::new(member), ());
            }
        }
        // How many groups deep each definition goes: strongly connected components come members first.
        let mut depths = vec![0; definitions.len()];
        for knot in kosaraju_scc(&graph) {
            self.report_cycle(&graph, &knot, out);
            for &node in &knot {
                let below = graph.neighbors(node).filter_map(|member| depths.get(member.index())).max();
                let depth: usize = below.map_or(0, |below| below + 1);
                depths.get_mut(node.index()).into_iter().for_each(|slot| *slot = depth);
            }
        }
        let mut order: Vec<usize> = (0..definitions.len()).collect();
        order.sort_by_key(|&index| depths.get(index));
        order
    }

    fn report_cycle(&self, graph: &DiGraph<&Name, ()>, knot: &[NodeIndex], out: &mut Diagnostics) {
        let Some(&first) = knot.iter().min() else { return };
        if knot.len() == 1 && !graph.contains_edge(first, first) {
            return;
        }
        let Some(name) = graph.node_weight(first) else { return };
        let mut nodes = knot.to_vec();
        nodes.sort_unstable();
        let names = nodes.iter().take(5).filter_map(|&node| graph.node_weight(node));
        let quoted: Vec<String> = names.map(|name| quote(&name.value)).collect();
        let message = match knot.len() {
            1 => format!("{} group {} is a member of itself", self.kind.what, quote(&name.value)),
            _ => format!("{} groups are members of each other: {}", self.kind.what, quoted.join(", ")),
        };
        out.error(&name.span, message).help("take one of them out of the other");
    }
}
