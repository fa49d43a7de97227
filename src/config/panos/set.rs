//! Set commands, as `show` gives them after `set cli config-output-format set`, and the commands that people write
//! among them: `delete`, `rename`, `move`, `copy` and `edit`.

use super::build::{Builder, Id, Position};
use super::lexer::{Lexer, Problem, Token};
use super::terminal;
use super::tree::Node;
use super::walk::{Item, Place, Text, find, walk};
use crate::config::diagnostic::{Diagnostics, Span};

/// So many lines are named that were not understood; the others are counted.
const NAMED: usize = 10;
/// Commands that change nothing in the configuration.
const IDLE: &[&str] = &["commit", "configure", "exit", "quit", "run", "save", "show", "top", "up"];

/// Reads a file of commands, in order.
pub(super) fn parse<'t>(text: &'t str, out: &mut Diagnostics) -> Option<Node<'t>> {
    let mut reader = Reader {
        lexer: Lexer::new(text, true),
        tree: Builder::new(),
        base: Vec::new(),
        line: 1,
        ignored: 0,
        out,
    };
    reader.run(text);
    let Reader { tree, ignored, .. } = reader;
    if ignored > NAMED {
        out.warn(format!("{} more lines were passed over", ignored - NAMED));
    }
    super::finish(tree, out)
}

struct Reader<'t, 'o> {
    lexer: Lexer<'t>,
    tree: Builder<'t>,
    /// Where `edit` stands.
    base: Vec<Text<'t>>,
    line: usize,
    /// How many lines were not understood.
    ignored: usize,
    out: &'o mut Diagnostics,
}

impl<'t> Reader<'t, '_> {
    fn run(&mut self, text: &'t str) {
        while !self.lexer.is_at_end() && !self.tree.is_full() {
            let start = self.lexer.at();
            let line = self.lexer.line();
            let command = terminal::without_prompt(line);
            if terminal::is_idle(line) {
                self.lexer.skip_line();
            } else {
                self.lexer.skip(line.len() - command.len());
                self.command(command);
            }
            let passed = text.get(start..self.lexer.at()).unwrap_or_default();
            self.line += memchr::memchr_iter(b'\n', passed.as_bytes()).count();
        }
    }

    fn command(&mut self, line: &'t str) {
        let command = line.split_ascii_whitespace().next().unwrap_or_default();
        let words = line.split_ascii_whitespace().nth(1);
        match command {
            "edit" | "set" | "delete" | "rename" | "move" | "copy" if words != Some("cli") => {
                let start = self.lexer.at();
                self.lexer.skip(command.len());
                match self.items() {
                    Ok(items) => self.obey(command, items, start..start + command.len()),
                    Err(Problem { span, message, help }) => {
                        self.out.error(&span, message).help(help);
                        self.lexer.skip_line();
                    }
                }
                return;
            }
            "up" => self.base.truncate(self.base.len().saturating_sub(1)),
            "top" | "exit" | "quit" => self.base.clear(),
            _ => {}
        }
        self.lexer.skip_line();
        if command != "set" && !IDLE.contains(&command) {
            self.ignore("is no configuration command");
        }
    }

    /// The rest of a command.
    fn items(&mut self) -> Result<Vec<Item<'t>>, Problem> {
        let mut items = Vec::new();
        loop {
            match self.lexer.next()? {
                Some(Token::Item(item)) => items.push(item),
                Some(Token::Sign(..)) => {}
                None | Some(Token::Newline) => return Ok(items),
            }
        }
    }

    fn obey(&mut self, command: &str, items: Vec<Item<'t>>, span: Span) {
        let base = self.base.iter().cloned().map(Item::Word);
        let items: Vec<Item<'t>> = base.chain(items).collect();
        if command == "set" {
            return walk(&mut self.tree, &mut vec![Place::TOP], items);
        }
        let done = match command {
            "delete" => self.delete(items),
            "edit" => self.edit(items),
            _ => words(items).and_then(|words| self.rearrange(command, words, span)),
        };
        if done.is_none() {
            self.ignore("says nothing of what is in this file");
        }
    }

    /// `delete PATH`. That there is nothing to delete is no news: files delete what a new firewall comes with.
    fn delete(&mut self, mut items: Vec<Item<'t>>) -> Option<()> {
        let last = match items.pop()? {
            Item::Word(word) => vec![word],
            Item::List(words) => words,
        };
        let mut path = words(items)?;
        for word in last {
            path.push(word);
            if let Some(id) = find(&self.tree, &path) {
                self.tree.remove(id);
            }
            path.pop();
        }
        Some(())
    }

    fn edit(&mut self, items: Vec<Item<'t>>) -> Option<()> {
        self.base = words(items)?;
        Some(())
    }

    /// `rename PATH to NAME`, `copy PATH to NAME`, `move PATH top`, `move PATH before NAME`.
    fn rearrange(&mut self, command: &str, mut words: Vec<Text<'t>>, span: Span) -> Option<()> {
        let last = words.pop()?;
        let position = match (command, &*last.text) {
            ("move", "top") => Some(Position::Top),
            ("move", "bottom") => Some(Position::Bottom),
            _ => None,
        };
        if let Some(position) = position {
            let id = find(&self.tree, &words)?;
            self.tree.reorder(id, position);
            return Some(());
        }
        let how = words.pop()?;
        let id = find(&self.tree, &words)?;
        let other = self.tree.child(self.tree.parent(id), &last.text);
        match (command, &*how.text) {
            ("move", "before") => self.tree.reorder(id, Position::Before(other?)),
            ("move", "after") => self.tree.reorder(id, Position::After(other?)),
            ("rename" | "copy", "to") if other.is_some_and(|other| other != id) => {
                self.out.error(&span, "the new name is taken").help("choose another name");
            }
            ("rename", "to") => self.rename(id, last),
            ("copy", "to") => {
                let copy = self.tree.add(self.tree.parent(id), last.text, last.span);
                self.tree.copy(id, copy);
            }
            _ => return None,
        }
        Some(())
    }

    fn rename(&mut self, id: Id, name: Text<'t>) {
        self.tree.rename(id, name.text, name.span);
    }

    /// Says that a line was passed over. The line is not shown: it may be part of a key.
    fn ignore(&mut self, why: &str) {
        self.ignored += 1;
        if self.ignored <= NAMED {
            self.out.warn(format!("line {} {why} and was passed over", self.line));
        }
    }
}

/// Items that are single words.
fn words<'t>(items: Vec<Item<'t>>) -> Option<Vec<Text<'t>>> {
    items
        .into_iter()
        .map(|item| match item {
            Item::Word(word) => Some(word),
            Item::List(_) => None,
        })
        .collect()
}
