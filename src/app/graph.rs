//! The dependency graph of the catalog: what an application needs, what it brings with it, and who needs it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use petgraph::Direction;
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, EdgeFiltered, EdgeRef};

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
        self.reach(app, Dependency::DependsOn)
    }

    /// All that a rule for `app` allows implicitly, through others, too.
    pub fn implicitly_uses(&self, app: AppId) -> Vec<AppId> {
        self.reach(app, Dependency::ImplicitlyUses)
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

    /// The graph in Graphviz's language, sorted by name: around `app` (what it needs and who needs it directly), or
    /// whole. Implicit use is dashed.
    pub fn dot(&self, catalog: &Catalog, app: Option<AppId>) -> String {
        let shown: Option<BTreeSet<AppId>> = app.map(|app| {
            let around = self.needed_by(app).into_iter().map(|(other, _)| other);
            [app].into_iter().chain(around).chain(self.needs(app)).chain(self.implicitly_uses(app)).collect()
        });
        let mut edges: Vec<(&str, &str, Dependency)> = self
            .0
            .edge_references()
            .filter_map(|edge| {
                let (from, to) = (*self.0.node_weight(edge.source())?, *self.0.node_weight(edge.target())?);
                let is_shown =
                    shown.as_ref().is_none_or(|shown| shown.contains(&from) && shown.contains(&to));
                is_shown.then(|| (catalog.name(from), catalog.name(to), *edge.weight()))
            })
            .collect();
        edges.sort_unstable();
        let mut dot = String::from("digraph applications {\n  rankdir=LR;\n  node [shape=box];\n");
        if let Some(app) = app {
            let _ = writeln!(dot, "  \"{}\" [style=bold];", catalog.name(app));
        }
        for (from, to, kind) in edges {
            let style = if kind == Dependency::ImplicitlyUses { " [style=dashed]" } else { "" };
            let _ = writeln!(dot, "  \"{from}\" -> \"{to}\"{style};");
        }
        dot.push_str("}\n");
        dot
    }

    fn reach(&self, app: AppId, kind: Dependency) -> Vec<AppId> {
        let only = EdgeFiltered::from_fn(&self.0, |edge| *edge.weight() == kind);
        let mut walk = Dfs::new(&only, node(app));
        let mut reached = BTreeSet::new();
        while let Some(next) = walk.next(&only) {
            reached.extend(self.0.node_weight(next).filter(|other| **other != app));
        }
        reached.into_iter().collect()
    }
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
            graph.dot(&catalog, Some(find("b"))),
            "digraph applications {\n  rankdir=LR;\n  node [shape=box];\n  \"b\" [style=bold];\n  \"a\" -> \"b\";\n  \
             \"a\" -> \"d\" [style=dashed];\n  \"b\" -> \"c\";\n  \"b\" -> \"d\" [style=dashed];\n}\n"
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
