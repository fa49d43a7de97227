//! The tree under construction: names are found by hashing and moved by relinking, so that a file of any size takes
//! time in proportion.

use std::borrow::Cow;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::tree::Node;
use crate::config::diagnostic::Span;

/// Names may be nested so deep; PAN-OS itself does not go beyond 25.
pub(super) const DEEPEST: usize = 256;
/// So many names are held; the largest firewalls have a few million.
pub(super) const LARGEST: usize = 8_000_000;

/// A name in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id(u32);

/// Why a tree takes no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Full {
    /// More than [`LARGEST`] names.
    Names,
    /// More than [`DEEPEST`] names in one another, at this one.
    Depth(Span),
}

/// Where among its siblings a name is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    Top,
    Bottom,
    Before(Id),
    After(Id),
}

#[derive(Debug)]
pub(super) struct Builder<'t> {
    items: Vec<Item<'t>>,
    /// Names that are in the tree, by the hash of parent and name, which stands beside to be at hand.
    index: HashTable<(u64, Id)>,
    hasher: RandomState,
    /// How many names there may be.
    limit: usize,
    full: Option<Full>,
}

#[derive(Debug)]
struct Item<'t> {
    name: Cow<'t, str>,
    span: Span,
    depth: usize,
    parent: Id,
    children: Option<(Id, Id)>,
    before: Option<Id>,
    after: Option<Id>,
}

impl<'t> Builder<'t> {
    pub(super) const ROOT: Id = Id(0);

    pub(super) fn new() -> Self {
        let root = Item {
            name: Cow::Borrowed("config"),
            span: 0..0,
            depth: 0,
            parent: Self::ROOT,
            children: None,
            before: None,
            after: None,
        };
        let (index, hasher) = (HashTable::new(), RandomState::default());
        Self { items: vec![root], index, hasher, limit: LARGEST, full: None }
    }

    /// The child of that name.
    pub(super) fn child(&self, parent: Id, name: &str) -> Option<Id> {
        self.find(self.hash(parent, name), parent, name)
    }

    /// The child of that name, made if there is none. A tree that is full gives the parent instead, and no tree in
    /// the end.
    pub(super) fn add(&mut self, parent: Id, name: impl Into<Cow<'t, str>>, span: Span) -> Id {
        let name = name.into();
        let hash = self.hash(parent, &name);
        if let Some(id) = self.find(hash, parent, &name) {
            return id;
        }
        let depth = self.item(parent).depth + 1;
        if depth > DEEPEST || self.items.len() >= self.limit {
            let why = if depth > DEEPEST { Full::Depth(span) } else { Full::Names };
            self.full.get_or_insert(why);
            return parent;
        }
        let id = Id(u32::try_from(self.items.len()).unwrap_or(u32::MAX));
        self.items.push(Item { name, span, depth, parent, children: None, before: None, after: None });
        self.enter(id, hash);
        self.link(id, Position::Bottom);
        id
    }

    /// Takes a name, with all below it, out of the tree.
    pub(super) fn remove(&mut self, id: Id) {
        if id != Self::ROOT {
            self.leave(id);
            self.unlink(id);
        }
    }

    /// Takes all below a name out of the tree.
    pub(super) fn clear(&mut self, id: Id) {
        while let Some((first, _)) = self.item(id).children {
            self.remove(first);
        }
    }

    /// Gives a name another one; not if a sibling has it.
    pub(super) fn rename(&mut self, id: Id, name: Cow<'t, str>, span: Span) -> bool {
        if id == Self::ROOT || self.child(self.item(id).parent, &name).is_some() {
            return false;
        }
        self.leave(id);
        let item = self.item_mut(id);
        (item.name, item.span) = (name, span);
        let hash = self.hash(self.item(id).parent, &self.item(id).name);
        self.enter(id, hash);
        true
    }

    /// Moves a name among its siblings.
    pub(super) fn reorder(&mut self, id: Id, position: Position) {
        let itself = matches!(position, Position::Before(other) | Position::After(other) if other == id);
        if id != Self::ROOT && !itself {
            self.unlink(id);
            self.link(id, position);
        }
    }

    /// Adds to `to` all that is below `from`, in as many steps as there are names.
    pub(super) fn copy(&mut self, from: Id, to: Id) {
        let mut open = vec![(from, to)];
        while let Some((from, to)) = open.pop() {
            let mut next = self.item(from).children.map(|(first, _)| first);
            while let Some(child) = next {
                let item = self.item(child);
                let (name, span) = (item.name.clone(), item.span.clone());
                next = item.after;
                let copied = self.add(to, name, span);
                if self.full.is_some() {
                    return;
                }
                open.push((child, copied));
            }
        }
    }

    pub(super) fn parent(&self, id: Id) -> Id {
        self.item(id).parent
    }

    /// The names below a name.
    pub(super) fn children(&self, id: Id) -> impl Iterator<Item = Id> {
        let first = self.item(id).children.map(|(first, _)| first);
        std::iter::successors(first, |&child| self.item(child).after)
    }

    pub(super) fn span(&self, id: Id) -> &Span {
        &self.item(id).span
    }

    pub(super) fn name(&self, id: Id) -> &str {
        &self.item(id).name
    }

    /// Whether the tree takes no more.
    pub(super) const fn is_full(&self) -> bool {
        self.full.is_some()
    }

    /// The root of the finished tree.
    ///
    /// # Errors
    /// Where it did not take all that was added.
    pub(super) fn finish(mut self) -> Result<Node<'t>, Full> {
        match self.full.take() {
            Some(full) => Err(full),
            None => Ok(self.node(Self::ROOT)),
        }
    }

    fn node(&mut self, id: Id) -> Node<'t> {
        let ids: Vec<Id> = self.children(id).collect();
        let children = ids.into_iter().map(|child| self.node(child)).collect();
        let item = self.item_mut(id);
        Node { name: std::mem::take(&mut item.name), span: item.span.clone(), children }
    }

    fn hash(&self, parent: Id, name: &str) -> u64 {
        self.hasher.hash_one((parent.0, name))
    }

    fn find(&self, hash: u64, parent: Id, name: &str) -> Option<Id> {
        let is = |&(other, id): &(u64, Id)| {
            let item = self.item(id);
            other == hash && item.parent == parent && item.name == name
        };
        self.index.find(hash, is).map(|&(_, id)| id)
    }

    fn enter(&mut self, id: Id, hash: u64) {
        self.index.insert_unique(hash, (hash, id), |&(hash, _)| hash);
    }

    fn leave(&mut self, id: Id) {
        let hash = self.hash(self.item(id).parent, &self.item(id).name);
        if let Ok(entry) = self.index.find_entry(hash, |&(_, other)| other == id) {
            entry.remove();
        }
    }

    fn link(&mut self, id: Id, position: Position) {
        let parent = self.item(id).parent;
        let ends = self.item(parent).children;
        let (before, after) = match position {
            Position::Top => (None, ends.map(|(first, _)| first)),
            Position::Bottom => (ends.map(|(_, last)| last), None),
            Position::Before(other) => (self.item(other).before, Some(other)),
            Position::After(other) => (Some(other), self.item(other).after),
        };
        (self.item_mut(id).before, self.item_mut(id).after) = (before, after);
        self.join(parent, before, Some(id));
        self.join(parent, Some(id), after);
    }

    fn unlink(&mut self, id: Id) {
        let Item { parent, before, after, .. } = *self.item(id);
        self.join(parent, before, after);
    }

    /// Makes two siblings neighbours; one that is missing is the end of the row.
    fn join(&mut self, parent: Id, before: Option<Id>, after: Option<Id>) {
        if let Some(id) = before {
            self.item_mut(id).after = after;
        }
        if let Some(id) = after {
            self.item_mut(id).before = before;
        }
        let ends = self.item(parent).children;
        let first = if before.is_some() { ends.map(|(first, _)| first).or(before) } else { after };
        let last = if after.is_some() { ends.map(|(_, last)| last).or(after) } else { before };
        self.item_mut(parent).children = first.zip(last);
    }

    fn item(&self, id: Id) -> &Item<'t> {
        &self.items[id.0 as usize]
    }

    fn item_mut(&mut self, id: Id) -> &mut Item<'t> {
        &mut self.items[id.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(names: &[&'static str]) -> Builder<'static> {
        let mut tree = Builder::new();
        for name in names {
            tree.add(Builder::ROOT, *name, 0..0);
        }
        tree
    }

    fn shown(tree: Builder<'_>) -> String {
        tree.finish().unwrap().children.iter().map(Node::shown).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names_are_moved_and_taken_out() {
        type Change = fn(&mut Builder<'static>, Id);
        let table: [(&str, Change, &str); 8] = [
            ("a", |tree, id| tree.remove(id), "b c"),
            ("c", |tree, id| tree.remove(id), "a b"),
            ("c", |tree, id| tree.reorder(id, Position::Top), "c a b"),
            ("a", |tree, id| tree.reorder(id, Position::Bottom), "b c a"),
            ("a", |tree, id| tree.reorder(id, Position::Top), "a b c"),
            ("b", |tree, id| assert!(tree.rename(id, "d".into(), 0..0)), "a d c"),
            ("b", |tree, id| assert!(!tree.rename(id, "a".into(), 0..0)), "a b c"),
            ("b", |tree, id| assert_ne!(tree.add(id, "x", 0..0), id), "a b{x} c"),
        ];
        for (name, change, expected) in table {
            let mut tree = tree(&["a", "b", "c", "b"]);
            let id = tree.child(Builder::ROOT, name).unwrap();
            change(&mut tree, id);
            assert_eq!(shown(tree), expected);
        }
        let mut tree = tree(&["a"]);
        let id = tree.child(Builder::ROOT, "a").unwrap();
        tree.remove(id);
        assert_eq!(tree.child(Builder::ROOT, "a"), None);
        tree.add(Builder::ROOT, "a", 0..0);
        assert_eq!(shown(tree), "a");
    }

    #[test]
    fn copies_do_not_grow_without_end() {
        let mut tree = Builder { limit: 10_000, ..tree(&["a"]) };
        let mut inner = Builder::ROOT;
        // Each name holds two copies of what the one below it holds.
        for _ in 0..60 {
            let next = tree.add(inner, "a", 0..0);
            inner = next;
        }
        while inner != Builder::ROOT && !tree.is_full() {
            let copy = tree.add(tree.parent(inner), "b", 0..0);
            tree.copy(inner, copy);
            inner = tree.parent(inner);
        }
        assert_eq!(tree.finish().err(), Some(Full::Names));
    }
}
