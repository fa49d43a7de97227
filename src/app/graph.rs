//! The dependency graph of the catalog: what an application needs, what it brings with it, and who needs it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use petgraph::Direction;
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use super::{AppId, Catalog};

/// How one application refers to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dependency {
    /// A rule must allow the other one, too (`depends-on`).
    DependsOn,
    /// A rule that allows the one allows the other with it (`implicit`).
    ImplicitlyUses,
}

/// The applications of a catalog as nodes, their dependencies as edges (PANOS.md 2.5).
#[derive(Debug, Clone)]
pub struct DependencyGraph(DiGraph<AppId, Dependency, u16>);

impl DependencyGraph {
    /// The graph of `catalog`; nodes are numbered as its applications are.
    pub fn new(catalog: &Catalog) -> Self {
        let mut graph = DiGraph::with_capacity(catalog.len(), 0);
        for (id, _) in catalog.iter() {
            graph.add_node(id);
        }
        for (id, application) in catalog.iter() {
            for (kind, others) in [
                (Dependency::DependsOn, &application.depends_on),
                (Dependency::ImplicitlyUses, &application.implicit),
            ] {
                for other in others {
                    graph.update_edge(node(id), node(*other), kind);
                }
            }
        }
        Self(graph)
    }

    /// All that a rule must allow besides `app`, through others, too: what it depends on, and what those do. Each is
    /// named once, in order of ids; `app` itself is not among them.
    pub fn needs(&self, app: AppId) -> Vec<AppId> {
        self.reach(app, Dependency::DependsOn, Direction::Outgoing)
    }

    /// All that a rule for `app` allows implicitly, through others, too.
    pub fn implicitly_uses(&self, app: AppId) -> Vec<AppId> {
        self.reach(app, Dependency::ImplicitlyUses, Direction::Outgoing)
    }

    /// All that refer to `app` so, through others, too. Each is named once, in order of ids.
    pub fn users(&self, app: AppId, kind: Dependency) -> Vec<AppId> {
        self.reach(app, kind, Direction::Incoming)
    }

    /// The applications that depend on `app` or use it implicitly, directly, in order of ids.
    pub fn needed_by(&self, app: AppId) -> Vec<(AppId, Dependency)> {
        let mut all: Vec<_> = self
            .0
            .edges_directed(node(app), Direction::Incoming)
            .filter_map(|edge| Some((*self.0.node_weight(edge.source())?, *edge.weight())))
            .collect();
        all.sort_unstable();
        all
    }

    /// Applications that need each other in a circle, in order of ids; none in a sound catalog.
    pub fn circles(&self) -> Vec<Vec<AppId>> {
        if toposort(&self.0, None).is_ok() {
            return Vec::new();
        }
        let mut circles: Vec<Vec<AppId>> = tarjan_scc(&self.0)
            .into_iter()
            .filter(|nodes| nodes.len() > 1 || nodes.iter().any(|node| self.0.contains_edge(*node, *node)))
            .map(|nodes| {
                let mut apps: Vec<_> =
                    nodes.iter().filter_map(|node| self.0.node_weight(*node)).copied().collect();
                apps.sort_unstable();
                apps
            })
            .collect();
        circles.sort_unstable();
        circles
    }

    /// The graph in Graphviz's language, sorted by name: around some applications (what they need and who needs them
    /// directly), or whole where none are given. Implicit use is dashed.
    pub fn dot(&self, catalog: &Catalog, around: &[AppId]) -> String {
        let mut dot = String::from("digraph applications {\n  rankdir=LR;\n  node [shape=box];\n");
        for name in sorted(catalog, around) {
            let _ = writeln!(dot, "  {} [style=bold];", dot_text(name));
        }
        for (from, to, kind) in self.edges(catalog, around) {
            let style = if kind == Dependency::ImplicitlyUses { " [style=dashed]" } else { "" };
            let _ = writeln!(dot, "  {} -> {}{style};", dot_text(from), dot_text(to));
        }
        dot.push_str("}\n");
        dot
    }

    /// The same as a Mermaid flowchart, which hosting services draw where it stands in a Markdown page.
    pub fn mermaid(&self, catalog: &Catalog, around: &[AppId]) -> String {
        let edges = self.edges(catalog, around);
        let centre = sorted(catalog, around);
        let ends = edges.iter().flat_map(|&(from, to, _)| [from, to]);
        let nodes: BTreeSet<&str> = ends.chain(centre.iter().copied()).collect();
        let number = |name: &str| nodes.range(..name).count();
        let mut text = String::from("flowchart LR\n");
        for (number, name) in nodes.iter().enumerate() {
            let _ = writeln!(text, "  n{number}[\"{}\"]", mermaid_text(name));
        }
        for (from, to, kind) in edges {
            let arrow = if kind == Dependency::ImplicitlyUses { "-.->" } else { "-->" };
            let _ = writeln!(text, "  n{} {arrow} n{}", number(from), number(to));
        }
        for name in centre {
            let _ = writeln!(text, "  style n{} stroke-width:3px", number(name));
        }
        text
    }

    /// The edges between what is shown, by name.
    fn edges<'c>(&self, catalog: &'c Catalog, around: &[AppId]) -> Vec<(&'c str, &'c str, Dependency)> {
        let shown: BTreeSet<AppId> = around.iter().flat_map(|&app| self.around(app)).collect();
        let is_shown = |app: &AppId| around.is_empty() || shown.contains(app);
        let mut edges: Vec<_> = self
            .0
            .edge_references()
            .filter_map(|edge| {
                let (from, to) = (*self.0.node_weight(edge.source())?, *self.0.node_weight(edge.target())?);
                (is_shown(&from) && is_shown(&to))
                    .then(|| (catalog.name(from), catalog.name(to), *edge.weight()))
            })
            .collect();
        edges.sort_unstable();
        edges
    }

    fn around(&self, app: AppId) -> Vec<AppId> {
        let users = self.needed_by(app).into_iter().map(|(other, _)| other);
        [app].into_iter().chain(users).chain(self.needs(app)).chain(self.implicitly_uses(app)).collect()
    }

    fn reach(&self, app: AppId, kind: Dependency, direction: Direction) -> Vec<AppId> {
        let mut reached = BTreeSet::new();
        let mut left = vec![node(app)];
        while let Some(next) = left.pop() {
            for edge in self.0.edges_directed(next, direction).filter(|edge| *edge.weight() == kind) {
                let other = if direction == Direction::Outgoing { edge.target() } else { edge.source() };
                if self.0.node_weight(other).is_some_and(|found| *found != app && reached.insert(*found)) {
                    left.push(other);
                }
            }
        }
        reached.into_iter().collect()
    }
}

/// Names, sorted.
fn sorted<'c>(catalog: &'c Catalog, apps: &[AppId]) -> BTreeSet<&'c str> {
    apps.iter().map(|app| catalog.name(*app)).collect()
}

/// A text in quotes as Graphviz reads it.
pub(crate) fn dot_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "&#{};", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A text within Mermaid's quotes: what could end them or mean something there is a character code.
pub(crate) fn mermaid_text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ') {
            safe.push(c);
        } else {
            let _ = write!(safe, "#{};", u32::from(c));
        }
    }
    safe
}

fn node(app: AppId) -> NodeIndex<u16> {
    NodeIndex::new(app.0.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(text: &str) -> (Catalog, DependencyGraph) {
        let catalog = Catalog::parse(text).unwrap();
        let graph = DependencyGraph::new(&catalog);
        (catalog, graph)
    }

    fn names(catalog: &Catalog, apps: Vec<AppId>) -> Vec<&str> {
        apps.into_iter().map(|app| catalog.name(app)).collect()
    }

    #[test]
    fn the_builtin_catalog_has_no_circles() {
        let catalog = Catalog::builtin().unwrap();
        let graph = DependencyGraph::new(&catalog);
        let circles: Vec<Vec<&str>> =
            graph.circles().into_iter().map(|circle| names(&catalog, circle)).collect();
        assert!(circles.is_empty(), "{circles:?}");
        let traceroute = catalog.find("traceroute").unwrap();
        assert_eq!(names(&catalog, graph.needs(traceroute)), ["icmp", "ping"]);
        let facebook = catalog.find("facebook-base").unwrap();
        assert_eq!(names(&catalog, graph.implicitly_uses(facebook)), ["ssl", "web-browsing"]);
        assert!(graph.needs(facebook).is_empty());
    }

    #[test]
    fn needs_reach_through_others() {
        let (catalog, graph) = graph(
            "[a]\ndepends-on = ['b']\nimplicit = ['d']\n[b]\ndepends-on = ['c']\nimplicit = ['d']\n[c]\n[d]\n",
        );
        let find = |name| catalog.find(name).unwrap();
        assert_eq!(names(&catalog, graph.needs(find("a"))), ["b", "c"]);
        assert_eq!(names(&catalog, graph.implicitly_uses(find("a"))), ["d"]);
        assert_eq!(
            graph.needed_by(find("d")),
            [(find("a"), Dependency::ImplicitlyUses), (find("b"), Dependency::ImplicitlyUses)]
        );
        assert_eq!(
            graph.dot(&catalog, &[find("b")]),
            "digraph applications {\n  rankdir=LR;\n  node [shape=box];\n  \"b\" [style=bold];\n  \"a\" -> \"b\";\n  \
             \"a\" -> \"d\" [style=dashed];\n  \"b\" -> \"c\";\n  \"b\" -> \"d\" [style=dashed];\n}\n"
        );
    }

    #[test]
    fn users_reach_through_others() {
        let (catalog, graph) =
            graph("[a]\ndepends-on = ['b']\n[b]\ndepends-on = ['c']\n[c]\n[d]\nimplicit = ['c']\n");
        let find = |name| catalog.find(name).unwrap();
        assert_eq!(names(&catalog, graph.users(find("c"), Dependency::DependsOn)), ["a", "b"]);
        assert_eq!(names(&catalog, graph.users(find("c"), Dependency::ImplicitlyUses)), ["d"]);
        assert!(graph.users(find("a"), Dependency::DependsOn).is_empty());
    }

    #[test]
    fn both_graph_languages_are_sorted_and_escape_names() {
        let (catalog, graph) =
            graph("[z]\ndepends-on = ['a\"]; x', 'm']\n[m]\nimplicit = ['a\"]; x']\n['a\"]; x']\n");
        assert_eq!(
            graph.mermaid(&catalog, &[]),
            "flowchart LR\n  n0[\"a#34;#93;#59; x\"]\n  n1[\"m\"]\n  n2[\"z\"]\n  n1 -.-> n0\n  n2 --> n0\n  n2 --> n1\n"
        );
        let m = [catalog.find("m").unwrap()];
        assert_eq!(
            graph.mermaid(&catalog, &m).lines().last(),
            Some("  style n1 stroke-width:3px"),
            "what is asked about stands out"
        );
        assert!(graph.dot(&catalog, &m).contains("  \"m\" -> \"a\\\"]; x\" [style=dashed];\n"));
        // One without neighbours is shown as well.
        let (catalog, graph) = self::graph("[alone]\n[other]\n");
        let alone = [catalog.find("alone").unwrap()];
        assert_eq!(
            graph.mermaid(&catalog, &alone),
            "flowchart LR\n  n0[\"alone\"]\n  style n0 stroke-width:3px\n"
        );
    }

    #[test]
    fn circles_are_named() {
        let (catalog, graph) =
            graph("[a]\ndepends-on = ['b']\n[b]\nimplicit = ['a']\n[c]\ndepends-on = ['a']\n");
        let circles: Vec<_> = graph.circles().into_iter().map(|circle| names(&catalog, circle)).collect();
        assert_eq!(circles, [["a", "b"]]);
    }
}
