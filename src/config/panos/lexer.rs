//! Words, lists and signs of the two syntaxes that are not XML.
//!
//! A word may be quoted either way, and what is quoted may have several lines; `\"` is the quote itself, any other
//! backslash means itself (`"corp\jdoe"`).

use std::borrow::Cow;

use memchr::memchr;

use super::terminal;
use super::walk::{Item, Text};
use crate::config::diagnostic::Span;

/// The next thing in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Item(Item<'t>),
    /// `{`, `}` or `;`.
    Sign(char, Span),
    /// The end of a line, where it means something.
    Newline,
}

/// What cannot be read: where it starts, what it is, what to do.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) span: Span,
    pub(super) message: &'static str,
    pub(super) help: &'static str,
}

#[derive(Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// Whether lines end statements; if not, `{`, `}` and `;` do.
    by_line: bool,
    /// Up to here no list is closed, as was found before.
    unclosed: usize,
}

impl<'t> Lexer<'t> {
    pub(super) const fn new(text: &'t str, by_line: bool) -> Self {
        Self { text, at: 0, by_line, unclosed: 0 }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// The rest of the line.
    pub(super) fn line(&self) -> &'t str {
        let rest = self.rest();
        memchr(b'\n', rest.as_bytes()).and_then(|end| rest.get(..end)).unwrap_or(rest)
    }

    /// Goes on so many bytes.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.at = self.text.floor_char_boundary(self.at.saturating_add(bytes));
    }

    pub(super) fn skip_line(&mut self) {
        self.skip(self.line().len() + 1);
    }

    /// # Errors
    /// Where a quote or a bracket is not closed.
    pub(super) fn next(&mut self) -> Result<Option<Token<'t>>, Problem> {
        self.space();
        let start = self.at;
        let token = match self.peek() {
            None => return Ok(None),
            Some('\n') => {
                self.at += 1;
                Token::Newline
            }
            Some(sign @ ('{' | '}' | ';')) if !self.by_line => {
                self.at += 1;
                Token::Sign(sign, start..self.at)
            }
            Some('[') if start >= self.unclosed => Token::Item(self.list()?),
            Some(_) => Token::Item(Item::Word(self.word(false)?)),
        };
        Ok(Some(token))
    }

    /// Passes over blanks; where lines mean nothing, also over comments and prompts, each on a line of its own.
    fn space(&mut self) {
        loop {
            if !self.by_line && (self.at == 0 || self.text.as_bytes().get(self.at - 1) == Some(&b'\n')) {
                let line = self.line();
                if terminal::is_idle(line) && !self.is_at_end() {
                    self.skip(line.len() + 1);
                    continue;
                }
            }
            match self.peek() {
                Some('\n') if self.by_line => return,
                Some(blank) if blank.is_whitespace() => self.at += blank.len_utf8(),
                _ => return,
            }
        }
    }

    /// `[ a b ]`. A bracket that touches a word and is not closed in its line is part of the word.
    fn list(&mut self) -> Result<Item<'t>, Problem> {
        let start = self.at;
        let mut texts = Vec::new();
        self.at += 1;
        loop {
            self.space();
            match self.peek() {
                Some(']') => {
                    self.at += 1;
                    return Ok(Item::List(texts));
                }
                None | Some('\n') => break,
                Some('{' | '}' | ';') if !self.by_line => break,
                Some(_) => texts.push(self.word(true)?),
            }
        }
        self.unclosed = self.at;
        self.at = start;
        if self.rest().get(1..).is_some_and(|rest| rest.starts_with(char::is_whitespace)) || !self.by_line {
            let help = "a list ends with ` ]`";
            return Err(Problem { span: start..start + 1, message: "this `[` is not closed", help });
        }
        Ok(Item::Word(self.word(false)?))
    }

    fn word(&mut self, in_list: bool) -> Result<Text<'t>, Problem> {
        if let Some(quote @ ('"' | '\'')) = self.peek() {
            return self.quoted(quote);
        }
        let (start, rest) = (self.at, self.rest());
        let len = rest.char_indices().find(|&(index, c)| {
            c.is_whitespace()
                || (!self.by_line && matches!(c, '{' | '}' | ';'))
                || (in_list && closes(rest, index))
        });
        let len = len.map_or(rest.len(), |(index, _)| index);
        self.at += len;
        Ok(Text { text: Cow::Borrowed(rest.get(..len).unwrap_or_default()), span: start..self.at })
    }

    /// A word in quotes: up to a quote of the same kind that a blank or a sign follows.
    fn quoted(&mut self, quote: char) -> Result<Text<'t>, Problem> {
        let start = self.at;
        let inside = self.rest().get(1..).unwrap_or_default();
        let (bytes, mut has_escapes, mut index) = (inside.as_bytes(), false, 0);
        while let Some(&byte) = bytes.get(index) {
            let after = bytes.get(index + 1).copied();
            match byte {
                b'\\' if after == Some(quote as u8) || after == Some(b'\\') => {
                    has_escapes = true;
                    index += 1;
                }
                b'\r' => has_escapes = true,
                b'\n' if self.by_line && inside.get(index + 1..).is_some_and(terminal::starts_command) => {
                    break;
                }
                _ if byte == quote as u8 && after.is_none_or(is_delimiter) => {
                    let text = inside.get(..index).unwrap_or_default();
                    let text =
                        if has_escapes { Cow::Owned(unescape(text, quote)) } else { Cow::Borrowed(text) };
                    self.at += index + 2;
                    return Ok(Text { text, span: start + 1..self.at - 1 });
                }
                _ => {}
            }
            index += 1;
        }
        let help = "close it, or put the word into the other kind of quotes";
        Err(Problem { span: start..start + 1, message: "this quote is not closed", help })
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

/// Whether the `]` at `index` ends a list: in the middle of a word it does not.
fn closes(text: &str, index: usize) -> bool {
    let mut bytes = text.bytes().skip(index);
    bytes.next() == Some(b']') && bytes.next().is_none_or(is_delimiter)
}

const fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b']' | b';' | b'{' | b'}')
}

fn unescape(text: &str, quote: char) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&next)) if next == quote => {}
            ('\\', Some('\\')) => {
                unescaped.push(c);
                unescaped.extend(chars.next());
            }
            ('\r', Some('\n')) => {}
            _ => unescaped.push(c),
        }
    }
    unescaped
}
