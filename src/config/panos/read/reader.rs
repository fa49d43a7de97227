//! Values of nodes, and what is said of those that cannot be.

use crate::config::candidate::Name;
use crate::config::diagnostic::{Diagnostics, quote};
use crate::config::panos::tree::Node;

/// So many names are shown in a warning; the others are only counted.
const SHOWN: usize = 5;

/// Reads values, and collects what there is to say about them.
pub(super) struct Reader<'r> {
    pub(super) out: &'r mut Diagnostics,
    /// Where each line ends.
    newlines: Vec<usize>,
    /// What was read and means less than it says, in the order it was met.
    notes: Vec<Note>,
}

/// A sentence about some of the configuration.
struct Note {
    sentence: String,
    /// How many it is about.
    count: usize,
    /// The first of their names.
    shown: Vec<String>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(text: &str, out: &'r mut Diagnostics) -> Self {
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
        Self { out, newlines, notes: Vec::new() }
    }

    /// The line a node stands on, counted from 1.
    pub(super) fn line(&self, node: &Node<'_>) -> Option<u32> {
        u32::try_from(self.newlines.partition_point(|&newline| newline < node.span.start) + 1).ok()
    }

    /// `yes` or `no`.
    pub(super) fn flag(&mut self, node: &Node<'_>) -> Option<bool> {
        self.choice(node, &[("yes", true), ("no", false)])
    }

    /// One of these words.
    pub(super) fn choice<T: Copy>(&mut self, node: &Node<'_>, choices: &[(&str, T)]) -> Option<T> {
        let value = node.children.last()?;
        let found = choices.iter().find(|(word, _)| *word == value.name);
        if found.is_none() {
            let words: Vec<String> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
            let message =
                format!("{} takes {}, not {}", quote(&node.name), words.join(" or "), quote(&value.name));
            self.out.error(&value.span, message);
        }
        found.map(|&(_, choice)| choice)
    }

    /// A whole number from `low` to `high`.
    pub(super) fn number(&mut self, node: &Node<'_>, low: u32, high: u32) -> Option<u32> {
        let value = node.children.last()?;
        let number = value.name.parse().ok().filter(|number| (low..=high).contains(number));
        if number.is_none() {
            let message = format!(
                "{} takes a number from {low} to {high}, not {}",
                quote(&node.name),
                quote(&value.name)
            );
            self.out.error(&value.span, message);
        }
        number
    }

    /// A number that fits a byte.
    pub(super) fn byte(&mut self, node: &Node<'_>) -> Option<u8> {
        self.number(node, 0, 255).and_then(|number| u8::try_from(number).ok())
    }

    /// A list in which `any` stands alone. Where other names stand beside it, it still means everything.
    pub(super) fn names_or_any(&mut self, node: &Node<'_>, owner: &str) -> Vec<Name> {
        match node.children.iter().find(|child| child.name == "any") {
            Some(any) if node.children.len() > 1 => {
                self.note(
                    &format!("`{}` holds names beside `any`, which is everything already", node.name),
                    owner,
                );
                vec![any.as_name()]
            }
            _ => names(node),
        }
    }

    /// Notes something about `owner`: said once, with the names of all whom it is about.
    pub(super) fn note(&mut self, sentence: &str, owner: &str) {
        let index = self.notes.iter().position(|note| note.sentence == sentence).unwrap_or_else(|| {
            self.notes.push(Note { sentence: sentence.to_owned(), count: 0, shown: Vec::new() });
            self.notes.len() - 1
        });
        if let Some(note) = self.notes.get_mut(index) {
            note.count += 1;
            if note.shown.len() < SHOWN {
                note.shown.push(quote(owner));
            }
        }
    }

    /// Notes that the model does not act on `what` of `owner`.
    pub(super) fn unmodelled(&mut self, what: &str, owner: &str) {
        self.note(&format!("{what}: read but not modelled yet"), owner);
    }

    /// Turns the notes into warnings.
    pub(super) fn finish(self) {
        for Note { sentence, count, shown } in self.notes {
            let more = if count > shown.len() { ", …" } else { "" };
            self.out.warn(format!("{sentence} ({count}: {}{more})", shown.join(", ")));
        }
    }
}

/// The members of a list.
pub(super) fn names(node: &Node<'_>) -> Vec<Name> {
    node.children.iter().map(Node::as_name).collect()
}

/// The value of an element: where there are several, the last one.
pub(super) fn value(node: &Node<'_>) -> Option<Name> {
    node.children.last().map(Node::as_name)
}

/// The same as text.
pub(super) fn text(node: &Node<'_>) -> Option<String> {
    value(node).map(|name| name.value)
}

/// The children of the child `name`.
pub(super) fn entries<'n, 't>(node: &'n Node<'t>, name: &str) -> &'n [Node<'t>] {
    node.child(name).map_or(&[], |child| &child.children)
}
