//! Tag expressions of dynamic address groups: `'web' and ('dmz' or not 'old')` (PANOS.md 12.1).
//!
//! `not` binds tighter than `and`, and that tighter than `or`. Quotes around a tag are optional where it is one word;
//! tags are told apart by case, the three operators are not.

use crate::config::diagnostic::quote;

/// How deep parentheses may go.
const DEEPEST: usize = 100;

/// A tag expression, as what to do with a stack of truths.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expression(Vec<Step>);

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Tag(String),
    Not,
    And,
    Or,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Tag(String),
    Not,
    And,
    Or,
    Open,
    Close,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// With what is wrong, without trailing punctuation.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = tokens(text)?;
        tokens.reverse();
        let mut parser = Parser { tokens, steps: Vec::new(), depth: 0 };
        parser.alternatives()?;
        match parser.tokens.pop() {
            None => Ok(Self(parser.steps)),
            Some(Token::Close) => Err("it has a `)` too many".to_owned()),
            Some(token) => Err(format!("there is no `and` or `or` before {}", token.shown())),
        }
    }

    /// Whether something with these tags fits.
    pub(super) fn fits(&self, tagged: impl Fn(&str) -> bool) -> bool {
        let mut stack: Vec<bool> = Vec::new();
        for step in &self.0 {
            let truth = match step {
                Step::Tag(tag) => tagged(tag),
                Step::Not => !stack.pop().unwrap_or_default(),
                Step::And | Step::Or => {
                    let (two, one) = (stack.pop().unwrap_or_default(), stack.pop().unwrap_or_default());
                    if *step == Step::And { one && two } else { one || two }
                }
            };
            stack.push(truth);
        }
        stack.pop().unwrap_or_default()
    }
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Tag(tag) => quote(tag),
            Self::Not => "`not`".to_owned(),
            Self::And => "`and`".to_owned(),
            Self::Or => "`or`".to_owned(),
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '(' => (Token::Open, rest.get(1..)),
            ')' => (Token::Close, rest.get(1..)),
            '\'' | '"' => {
                let inside = rest.get(1..).unwrap_or_default();
                let end = inside.find(first).ok_or_else(|| format!("a tag has no closing `{first}`"))?;
                (Token::Tag(inside.get(..end).unwrap_or_default().to_owned()), inside.get(end + 1..))
            }
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || "()'\"".contains(c)).unwrap_or(rest.len());
                let word = rest.get(..end).unwrap_or_default();
                let token = match word.to_ascii_lowercase().as_str() {
                    "not" => Token::Not,
                    "and" => Token::And,
                    "or" => Token::Or,
                    _ => Token::Tag(word.to_owned()),
                };
                (token, rest.get(end..))
            }
        };
        tokens.push(token);
        rest = after.unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

struct Parser {
    /// What is left, the next one last.
    tokens: Vec<Token>,
    steps: Vec<Step>,
    depth: usize,
}

impl Parser {
    fn alternatives(&mut self) -> Result<(), String> {
        self.conjunction()?;
        while self.tokens.pop_if(|token| *token == Token::Or).is_some() {
            self.conjunction()?;
            self.steps.push(Step::Or);
        }
        Ok(())
    }

    fn conjunction(&mut self) -> Result<(), String> {
        self.term()?;
        while self.tokens.pop_if(|token| *token == Token::And).is_some() {
            self.term()?;
            self.steps.push(Step::And);
        }
        Ok(())
    }

    fn term(&mut self) -> Result<(), String> {
        let mut negations = 0;
        while self.tokens.pop_if(|token| *token == Token::Not).is_some() {
            negations += 1;
        }
        match self.tokens.pop() {
            Some(Token::Tag(tag)) => self.steps.push(Step::Tag(tag)),
            Some(Token::Open) => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(format!("its parentheses go deeper than {DEEPEST}"));
                }
                self.alternatives()?;
                self.depth -= 1;
                if self.tokens.pop_if(|token| *token == Token::Close).is_none() {
                    return Err("a `(` has no `)`".to_owned());
                }
            }
            Some(token) => return Err(format!("a tag is missing before {}", token.shown())),
            None => return Err("a tag is missing at its end".to_owned()),
        }
        if negations % 2 == 1 {
            self.steps.push(Step::Not);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_fit_by_tags() {
        for (text, tags, fits) in [
            ("'a'", "a", true),
            ("a", "b", false),
            ("A", "a", false),
            ("'a' and 'b'", "a", false),
            ("'a' and 'b'", "b a", true),
            ("'a' AND b", "a b", true),
            ("a or b and c", "a", true),
            ("a or b and c", "b", false),
            ("(a or b) and c", "a", false),
            ("(a or b) and c", "b c", true),
            ("'a' and ('b' or not 'c')", "a", true),
            ("'a' and ('b' or not 'c')", "a c", false),
            ("not not a", "a", true),
            ("not a and b", "b", true),
            ("not(a and b)", "a", true),
            ("\"a\"or'b'", "b", true),
            ("'and'", "and", true),
            ("'two words'", "", false),
        ] {
            let tags: Vec<&str> = tags.split(' ').collect();
            let found = Expression::parse(text).unwrap().fits(|tag| tags.contains(&tag));
            assert_eq!(found, fits, "{text} {tags:?}");
        }
        assert!(Expression::parse("'two words'").unwrap().fits(|tag| tag == "two words"));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, wrong) in [
            ("", "a tag is missing at its end"),
            ("a and", "a tag is missing at its end"),
            ("and a", "a tag is missing before `and`"),
            ("a b", "there is no `and` or `or` before `b`"),
            ("(a", "a `(` has no `)`"),
            ("a)", "it has a `)` too many"),
            ("()", "a tag is missing before `)`"),
            ("'a", "a tag has no closing `'`"),
        ] {
            assert_eq!(Expression::parse(text).unwrap_err(), wrong, "{text}");
        }
        let deep = format!("{}a{}", "(".repeat(200), ")".repeat(200));
        assert_eq!(Expression::parse(&deep).unwrap_err(), "its parentheses go deeper than 100");
        assert!(Expression::parse(&"not ".repeat(100_000)).is_err());
    }
}
