//! The brace form, as `show` gives it in configuration mode and RANCID keeps it: `key { key value; }`.

use super::build::{Builder, DEEPEST};
use super::lexer::{Lexer, Problem, Token};
use super::tree::Node;
use super::walk::{Item, Place, walk};
use crate::config::diagnostic::{Diagnostics, Span};

/// Reads a configuration in braces.
pub(super) fn parse<'t>(text: &'t str, out: &mut Diagnostics) -> Option<Node<'t>> {
    let mut reader = Reader {
        lexer: Lexer::new(text, false),
        tree: Builder::new(),
        path: vec![Place::TOP],
        open: Vec::new(),
        statement: Vec::new(),
        start: 0..0,
    };
    if let Err(Problem { span, message, help }) = reader.run() {
        out.error(&span, message).help(help);
    }
    super::finish(reader.tree, out)
}

struct Reader<'t> {
    lexer: Lexer<'t>,
    tree: Builder<'t>,
    path: Vec<Place>,
    /// The braces that are open: where, and how long the path was before.
    open: Vec<(Span, usize)>,
    /// The words since the last sign.
    statement: Vec<Item<'t>>,
    /// Where its first word is.
    start: Span,
}

/// What is said of a file that ends too early.
const CUT_OFF: &str = "the file seems to be cut off: copy it again";

impl Reader<'_> {
    fn run(&mut self) -> Result<(), Problem> {
        while let Some(token) = self.lexer.next()? {
            match token {
                Token::Item(item) => {
                    if self.statement.is_empty() {
                        self.start = first(&item).unwrap_or_else(|| self.lexer.at() - 1..self.lexer.at());
                    }
                    self.statement.push(item);
                }
                Token::Sign('{', span) => self.open(span)?,
                Token::Sign('}', span) => self.close(span)?,
                Token::Sign(..) => self.end(),
                Token::Newline => {}
            }
            if self.tree.is_full() {
                return Ok(());
            }
        }
        if !self.statement.is_empty() {
            return Err(Problem {
                span: self.start.clone(),
                message: "there is no `;` after this",
                help: CUT_OFF,
            });
        }
        match self.open.pop() {
            Some((span, _)) => Err(Problem { span, message: "this `{` is not closed", help: CUT_OFF }),
            None => Ok(()),
        }
    }

    /// `words {`
    fn open(&mut self, span: Span) -> Result<(), Problem> {
        if self.statement.is_empty() {
            let help = "write what the block is about before it";
            return Err(Problem { span, message: "there is no name before this `{`", help });
        }
        if self.open.len() == DEEPEST {
            let help = "is this a PAN-OS configuration?";
            return Err(Problem { span, message: "more than 256 blocks stand in one another here", help });
        }
        self.open.push((span, self.path.len()));
        walk(&mut self.tree, &mut self.path, std::mem::take(&mut self.statement));
        Ok(())
    }

    /// `}`
    fn close(&mut self, span: Span) -> Result<(), Problem> {
        if !self.statement.is_empty() {
            return Err(Problem {
                span: self.start.clone(),
                message: "there is no `;` after this",
                help: "each statement ends with `;`",
            });
        }
        let Some((_, len)) = self.open.pop() else {
            let help = "remove it, or add the `{` that it should close";
            return Err(Problem { span, message: "there is no open block for this `}` to close", help });
        };
        self.path.truncate(len);
        Ok(())
    }

    /// `words;`
    fn end(&mut self) {
        let len = self.path.len();
        walk(&mut self.tree, &mut self.path, std::mem::take(&mut self.statement));
        self.path.truncate(len);
    }
}

/// Where the first word of an item is.
fn first(item: &Item<'_>) -> Option<Span> {
    match item {
        Item::Word(word) => Some(word.span.clone()),
        Item::List(words) => words.first().map(|word| word.span.clone()),
    }
}
