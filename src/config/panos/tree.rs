//! A PAN-OS configuration as a tree of names, whatever syntax it was written in.
//!
//! All three syntaxes say the same: `<entry name="R1"><action>deny</action></entry>`, `R1 { action deny; }` and
//! `set … R1 action deny` are the node `R1` with the child `action`, which has the child `deny`. Entries, elements,
//! list members and values are all nodes; which is which is known to whoever reads a path.

use std::borrow::Cow;

use crate::config::candidate::{At, Name};
use crate::config::diagnostic::Span;

/// A name with what stands below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Node<'t> {
    pub(in crate::config) name: Cow<'t, str>,
    /// Where the name stands in the file.
    pub(in crate::config) span: Span,
    /// In order of the file; each name once.
    pub(in crate::config) children: Vec<Self>,
}

impl<'t> Node<'t> {
    pub(in crate::config) const fn new(name: Cow<'t, str>, span: Span) -> Self {
        Self { name, span, children: Vec::new() }
    }

    /// The child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The node at a path of names.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, name| node.child(name))
    }

    /// The name itself, with its place.
    pub(super) fn as_name(&self) -> Name {
        At::new(self.name.clone().into_owned(), self.span.clone())
    }

    /// The names of the children of the child `name`: a list's members, or a value.
    pub(super) fn names(&self, name: &str) -> Vec<Name> {
        let children = self.child(name).map_or(&[][..], |child| &child.children);
        children.iter().map(Node::as_name).collect()
    }

    /// The value of the child `name`: where there are several, the last one.
    pub(super) fn value(&self, name: &str) -> Option<Name> {
        self.child(name)?.children.last().map(Node::as_name)
    }
}

#[cfg(test)]
impl Node<'_> {
    /// `name{child child{grandchild}}`.
    pub(super) fn shown(&self) -> String {
        let children: Vec<String> = self.children.iter().map(Node::shown).collect();
        match children.is_empty() {
            true => self.name.to_string(),
            false => format!("{}{{{}}}", self.name, children.join(" ")),
        }
    }
}
