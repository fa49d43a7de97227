//! Tokens to an expression, and back to text.

use std::fmt;
use std::ops::Range;

use super::Filter;
use super::error::FilterError;
use super::field::{self, ELSEWHERE, FIELDS, FieldInfo, listed};
use super::lexer::{Kind, Token, tokens};
use super::value::Value;
use crate::config::{did_you_mean, nearest, quote};

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expr {
    /// `and`; two or more.
    All(Vec<Self>),
    /// `or`; two or more.
    Any(Vec<Self>),
    /// `!` or `not`.
    Not(Box<Self>),
    /// `( field operator value )`.
    Test(Test),
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) field: &'static FieldInfo,
    pub(super) operator: Operator,
    pub(super) value: Value,
    /// The value as it was written, without quotes.
    written: String,
}

/// How a test compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Neq,
    In,
    NotIn,
    Geq,
    Leq,
    Gt,
    Lt,
    Contains,
    Has,
}

impl Operator {
    const ALL: [(&'static str, Self); 10] = [
        ("eq", Self::Eq),
        ("neq", Self::Neq),
        ("in", Self::In),
        ("notin", Self::NotIn),
        ("geq", Self::Geq),
        ("leq", Self::Leq),
        ("gt", Self::Gt),
        ("lt", Self::Lt),
        ("contains", Self::Contains),
        ("has", Self::Has),
    ];

    fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, operator)| operator)
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|&&(_, operator)| operator == self).map_or("", |&(name, _)| name)
    }
}

impl Expr {
    /// Collects the names that tests ask for exactly.
    pub(super) fn names<'e>(&'e self, names: &mut Vec<(&'static FieldInfo, &'e str)>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.names(names)),
            Self::Not(inner) => inner.names(names),
            Self::Test(Test {
                field,
                operator: Operator::Eq | Operator::Neq,
                value: Value::Text { .. },
                written,
            }) => {
                names.push((field, written));
            }
            Self::Test(_) => {}
        }
    }
}

/// What other languages write, and what it is here.
const FOREIGN: [(&str, &str); 12] = [
    ("=", "eq"),
    ("==", "eq"),
    ("is", "eq"),
    ("!=", "neq"),
    ("<>", "neq"),
    ("ne", "neq"),
    (">=", "geq"),
    ("ge", "geq"),
    ("<=", "leq"),
    ("le", "leq"),
    (">", "gt"),
    ("<", "lt"),
];

/// Parentheses are nested no deeper than so much: more than the levels of an expression need when it is printed.
const MAX_PARENTHESES: usize = 4 * Filter::MAX_DEPTH;

/// The expression of a text; `None` for `All Logs`.
pub(super) fn parse(text: &str) -> Result<Option<Expr>, FilterError> {
    if text.len() > Filter::MAX_BYTES {
        let message = format!("the filter is longer than {} bytes", Filter::MAX_BYTES);
        return Err(FilterError::new(text, 0..0, message, Some("shorten it, or search in parts".to_owned())));
    }
    let tokens = tokens(text)?;
    let words = |token: &Token<'_>| match token.kind {
        Kind::Word(word) => word.to_ascii_lowercase(),
        _ => String::new(),
    };
    if let [all, logs] = tokens.as_slice()
        && words(all) == "all"
        && words(logs) == "logs"
    {
        return Ok(None);
    }
    let mut parser = Parser { text, tokens: &tokens, next: 0, open: 0 };
    let (expr, _) = parser.any()?;
    match parser.peek() {
        None => Ok(Some(expr)),
        Some(token) => Err(parser.unexpected(&token.clone())),
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: &'t [Token<'t>],
    next: usize,
    /// Parentheses and negations that are open: how deep the parser calls itself.
    open: usize,
}

/// An expression, and how many levels of `and`, `or` and `not` it has.
type Parsed = Result<(Expr, usize), FilterError>;

impl<'t> Parser<'t> {
    /// `a or b or c`.
    fn any(&mut self) -> Parsed {
        self.joined("or", Self::all, Expr::Any)
    }

    /// `a and b and c`.
    fn all(&mut self) -> Parsed {
        self.joined("and", Self::unary, Expr::All)
    }

    fn joined(&mut self, word: &str, part: fn(&mut Self) -> Parsed, join: fn(Vec<Expr>) -> Expr) -> Parsed {
        let (first, mut depth) = part(self)?;
        let mut parts = vec![first];
        while let Some(at) = self.take_word(word) {
            let (next, levels) = part(self)?;
            depth = depth.max(levels);
            self.check_depth(depth + 1, at)?;
            parts.push(next);
        }
        match parts.len() {
            1 => Ok((parts.remove(0), depth)),
            _ => Ok((join(parts), depth + 1)),
        }
    }

    fn unary(&mut self) -> Parsed {
        let not = match self.peek() {
            Some(Token { kind: Kind::Not, at }) => Some(at.clone()),
            Some(Token { kind: Kind::Word(word), at }) if word.eq_ignore_ascii_case("not") => {
                Some(at.clone())
            }
            _ => None,
        };
        let Some(at) = not else { return self.primary() };
        self.next += 1;
        self.descend(&at)?;
        let (inner, depth) = self.unary()?;
        self.open -= 1;
        self.check_depth(depth + 1, at)?;
        Ok((Expr::Not(Box::new(inner)), depth + 1))
    }

    fn primary(&mut self) -> Parsed {
        match self.peek().cloned() {
            Some(Token { kind: Kind::Open, at }) => {
                self.next += 1;
                self.descend(&at)?;
                let inner = self.any()?;
                self.open -= 1;
                match self.peek().cloned() {
                    Some(Token { kind: Kind::Close, .. }) => {
                        self.next += 1;
                        Ok(inner)
                    }
                    Some(token) => Err(self.unexpected(&token)),
                    None => {
                        Err(self.error(at, "this parenthesis is never closed", "write `)` where it ends"))
                    }
                }
            }
            Some(Token { kind: Kind::Word(word), at }) => self.test(word, at),
            Some(token) => Err(self.unexpected(&token)),
            None if self.tokens.is_empty() => Err(self.error(
                0..self.text.len(),
                "the filter is empty",
                "write a test such as `( action eq allow )`, or `All Logs`",
            )),
            None => {
                let end = self.text.trim_end().len();
                Err(self.error(
                    end..end,
                    "something is missing here",
                    "write a test such as `( action eq allow )`",
                ))
            }
        }
    }

    /// `field operator value`, the field being the next token.
    fn test(&mut self, name: &str, at: Range<usize>) -> Parsed {
        let field = field::find(name).ok_or_else(|| self.unknown_field(name, at.clone()))?;
        self.next += 1;
        let operator = self.operator(field, at)?;
        let example = || {
            format!("write `( {} {} VALUE )`, VALUE being {}", field.name, operator.name(), field.values())
        };
        let (written, at) = match self.peek().cloned() {
            Some(Token { kind: Kind::Word(value) | Kind::Quoted(value), at }) => (value, at),
            Some(token) => return Err(self.error(token.at, "a value is missing here", example())),
            None => {
                let end = self.text.trim_end().len();
                return Err(self.error(end..end, "a value is missing here", example()));
            }
        };
        self.next += 1;
        let value =
            Value::read(field, written).map_err(|wrong| self.error(at.clone(), wrong.message, wrong.help))?;
        self.check_quotes(&at)?;
        Ok((Expr::Test(Test { field, operator, value, written: written.to_owned() }), 0))
    }

    fn operator(&mut self, field: &FieldInfo, after: Range<usize>) -> Result<Operator, FilterError> {
        let fitting = || format!("`{}` takes {}", field.name, listed(field.operators()));
        let (word, at) = match self.peek().cloned() {
            Some(Token { kind: Kind::Word(word), at }) => (word, at),
            Some(token) => return Err(self.error(token.at, "an operator is missing here", fitting())),
            None => return Err(self.error(after.end..after.end, "an operator is missing here", fitting())),
        };
        self.next += 1;
        let Some(operator) = Operator::find(word) else {
            let foreign = FOREIGN.iter().find(|(other, _)| other.eq_ignore_ascii_case(word));
            let help = match foreign {
                Some((_, own)) => format!("write `{own}`"),
                None => did_you_mean(word, field.operators().iter().copied(), &fitting()),
            };
            return Err(self.error(at, format!("unknown operator {}", quote(word)), help));
        };
        if !field.operators().contains(&operator.name()) {
            let message = format!("`{}` has no operator `{}`", field.name, operator.name());
            let help = fitting();
            return Err(self.error(at, message, help));
        }
        Ok(operator)
    }

    /// A value of several words needs quotes.
    fn check_quotes(&self, value: &Range<usize>) -> Result<(), FilterError> {
        let is_word = |token: &Token<'_>| match token.kind {
            Kind::Word(word) => !["and", "or"].iter().any(|join| join.eq_ignore_ascii_case(word)),
            Kind::Quoted(_) => true,
            Kind::Open | Kind::Close | Kind::Not => false,
        };
        let rest = self.tokens.get(self.next..).unwrap_or_default();
        let more = rest.iter().take_while(|token| is_word(token)).last();
        let Some(last) = more else { return Ok(()) };
        let whole = value.start..last.at.end;
        let written = self.text.get(whole.clone()).unwrap_or_default();
        let help = match written.contains('\'') || written.contains('"') {
            false => format!("write '{}'", written),
            true => "write one value, in quotes where it has spaces, and `and` or `or` before what follows"
                .to_owned(),
        };
        Err(self.error(whole, "a value with spaces needs quotes", help))
    }

    fn unknown_field(&self, name: &str, at: Range<usize>) -> FilterError {
        if let Some((_, log)) = ELSEWHERE.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)) {
            let message = format!("{} is a field of the {log} log", quote(name));
            return self.error(
                at,
                message,
                "a replay writes the traffic log; `replay --help` lists its fields",
            );
        }
        if Operator::find(name).is_some() || ["and", "or"].contains(&name.to_ascii_lowercase().as_str()) {
            let message = format!("a test is missing before {}", quote(name));
            return self.error(at, message, "write a test such as `( action eq allow )`");
        }
        let known =
            || FIELDS.iter().flat_map(|field| [field.name].into_iter().chain(field.aliases.iter().copied()));
        let before = name.split(['=', '<', '>', '!']).next().unwrap_or(name);
        let help = match field::find(before).filter(|_| before.len() < name.len()) {
            Some(field) => format!("write `( {} {} VALUE )`", field.name, field.operators()[0]),
            None => match nearest(name, known()) {
                Some(nearest) => format!("did you mean {}?", quote(nearest)),
                None => "`replay --help` lists the fields, such as `addr.src`, `app` and `action`".to_owned(),
            },
        };
        self.error(at, format!("unknown field {}", quote(name)), help)
    }

    fn unexpected(&self, token: &Token<'_>) -> FilterError {
        let at = token.at.clone();
        match token.kind {
            Kind::Close if self.open == 0 => {
                self.error(at, "nothing is open that this parenthesis could close", "take it away")
            }
            Kind::Close => {
                self.error(at, "a test is missing before `)`", "write a test such as `( action eq allow )`")
            }
            Kind::Quoted(_) => {
                self.error(at, "a field is missing before this value", "write `( field operator value )`")
            }
            Kind::Open | Kind::Not | Kind::Word(_) => {
                self.error(at, "two tests with nothing between them", "write `and` or `or` before this one")
            }
        }
    }

    fn descend(&mut self, at: &Range<usize>) -> Result<(), FilterError> {
        self.open += 1;
        if self.open > MAX_PARENTHESES {
            return Err(self.too_deep(at.clone()));
        }
        Ok(())
    }

    fn check_depth(&self, depth: usize, at: Range<usize>) -> Result<(), FilterError> {
        if depth > Filter::MAX_DEPTH { Err(self.too_deep(at)) } else { Ok(()) }
    }

    fn too_deep(&self, at: Range<usize>) -> FilterError {
        let message = format!("nested deeper than {} levels", Filter::MAX_DEPTH);
        self.error(at, message, "write it with fewer groups")
    }

    fn peek(&self) -> Option<&'t Token<'t>> {
        self.tokens.get(self.next)
    }

    /// Passes over a word that joins; where it stands.
    fn take_word(&mut self, wanted: &str) -> Option<Range<usize>> {
        let token = self.peek()?;
        let Kind::Word(word) = token.kind else { return None };
        if !word.eq_ignore_ascii_case(wanted) {
            return None;
        }
        self.next += 1;
        Some(token.at.clone())
    }

    fn error(&self, at: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> FilterError {
        FilterError::new(self.text, at, message.into(), Some(help.into()))
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, word) = match self {
            Self::All(parts) => (parts, " and "),
            Self::Any(parts) => (parts, " or "),
            Self::Not(_) | Self::Test(_) => return self.part(f),
        };
        for (number, part) in parts.iter().enumerate() {
            if number > 0 {
                f.write_str(word)?;
            }
            part.part(f)?;
        }
        Ok(())
    }
}

impl Expr {
    /// As a part of another one: in parentheses where it needs them.
    fn part(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(_) | Self::Any(_) => write!(f, "( {self} )"),
            Self::Not(inner) => {
                f.write_str("!")?;
                inner.part(f)
            }
            Self::Test(test) => write!(f, "( {test} )"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.field.name, self.operator.name())?;
        let value = &self.written;
        let plain = |char: char| char.is_ascii_alphanumeric() || "._-/:*+@".contains(char);
        if !value.is_empty() && value.chars().all(plain) {
            f.write_str(value)
        } else if value.contains('\'') {
            // A value holds no more than one kind of quotes: there is no way to write another one.
            write!(f, "\"{value}\"")
        } else {
            write!(f, "'{value}'")
        }
    }
}
