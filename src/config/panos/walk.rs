//! Where the words of a statement belong.

use std::borrow::Cow;

use super::build::{Builder, Id};
use super::layout;
use super::schema::{self, Below};
use crate::config::diagnostic::Span;

/// A word of a set command or of the brace form, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text<'t> {
    pub(super) text: Cow<'t, str>,
    pub(super) span: Span,
}

/// A word, or several in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item<'t> {
    Word(Text<'t>),
    List(Vec<Text<'t>>),
}

/// A place in the tree, and what may stand below.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) id: Id,
    below: Below,
}

impl Place {
    pub(super) const TOP: Self = Self { id: Builder::ROOT, below: Below::Top };
}

/// Walks down the tree from the last of `path`, making what is not there; `path` becomes the places passed and
/// still open.
pub(super) fn walk<'t>(tree: &mut Builder<'t>, path: &mut Vec<Place>, items: Vec<Item<'t>>) {
    let mut walk = Walk { tree, floor: path.len(), path, is_fresh: true };
    for item in items {
        match item {
            Item::Word(text) => walk.word(text),
            Item::List(texts) => walk.list(texts),
        }
    }
}

/// The place that words lead to from the top, if it is there.
pub(super) fn find(tree: &Builder<'_>, words: &[Text<'_>]) -> Option<Id> {
    let mut place = Place::TOP;
    for word in words {
        if is_silent(place, word) {
            continue;
        }
        let (path, below) = below(place, &word.text);
        let parent = path.iter().try_fold(place.id, |id, name| tree.child(id, name))?;
        place = Place { id: tree.child(parent, &word.text)?, below };
    }
    Some(place.id)
}

struct Walk<'w, 't> {
    tree: &'w mut Builder<'t>,
    path: &'w mut Vec<Place>,
    /// How many places stay open, whatever comes.
    floor: usize,
    /// Whether nothing was said yet below the last place.
    is_fresh: bool,
}

impl<'t> Walk<'_, 't> {
    fn word(&mut self, text: Text<'t>) {
        self.ascend(&text.text);
        let place = self.place();
        match place.below {
            Below::Value => {
                self.tree.clear(place.id);
                self.value(text);
                self.close();
            }
            Below::List => {
                self.value(text);
                self.close();
            }
            Below::Top if is_silent(place, &text) => {}
            _ => self.descend(place, text),
        }
    }

    fn list(&mut self, texts: Vec<Text<'t>>) {
        let place = self.place();
        if matches!(place.below, Below::Value) {
            self.tree.clear(place.id);
        }
        texts.into_iter().for_each(|text| self.value(text));
        if matches!(place.below, Below::Value | Below::List | Below::Open) {
            self.close();
        }
    }

    /// Goes back to where `word` is known, but not beyond the entry it may belong to.
    fn ascend(&mut self, word: &str) {
        let below = self.place().below;
        if !matches!(below, Below::Keys(_)) || below.knows(word) || (self.is_fresh && below.takes_any()) {
            return;
        }
        let open = self.path.get(self.floor.saturating_sub(1)..).unwrap_or_default();
        let back = open.iter().rev().take_while(|place| matches!(place.below, Below::Keys(_)));
        if let Some(back) = back.clone().position(|place| place.below.knows(word)) {
            self.path.truncate(self.path.len() - back);
        }
    }

    fn descend(&mut self, place: Place, text: Text<'t>) {
        let (path, below) = below(place, &text.text);
        let mut parent = place.id;
        for &name in path {
            parent = self.tree.add(parent, name, text.span.clone());
        }
        for rival in place.below.rivals(&text.text) {
            if let Some(id) = self.tree.child(parent, rival) {
                self.tree.remove(id);
            }
        }
        let id = self.tree.add(parent, text.text, text.span);
        self.path.push(Place { id, below });
        self.is_fresh = true;
    }

    fn value(&mut self, text: Text<'t>) {
        let id = self.place().id;
        self.tree.add(id, text.text, text.span);
    }

    fn place(&self) -> Place {
        self.path.last().copied().unwrap_or(Place::TOP)
    }

    /// Goes back to the place that the last words were said of.
    fn close(&mut self) {
        self.is_fresh = false;
        if self.path.len() > self.floor {
            self.path.pop();
        }
    }
}

/// Whether a word at the top is only said to say that the configuration follows.
fn is_silent(place: Place, text: &Text<'_>) -> bool {
    matches!(place.below, Below::Top) && matches!(&*text.text, "config" | "policy")
}

/// What stands between a place and a word below it, and what is below the word.
fn below(place: Place, word: &str) -> (&'static [&'static str], Below) {
    if !matches!(place.below, Below::Top) {
        return (&[], place.below.of(word));
    }
    let path = layout::above(word).unwrap_or(layout::VSYS);
    let below = path.iter().fold(schema::CONFIG, |below, name| below.of(name));
    (path, below.of(word))
}
