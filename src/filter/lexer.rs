//! Words, quoted values, parentheses and `!`.

use std::ops::Range;

use super::error::FilterError;

/// A token, and where it stands in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) at: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'t> {
    Open,
    Close,
    /// `!`; `not` is a word.
    Not,
    Word(&'t str),
    /// What stands between quotes, which are of either kind; there is no way to write the same kind inside.
    Quoted(&'t str),
}

/// All tokens of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, FilterError> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, char)) = chars.next() {
        let single = start..start + char.len_utf8();
        match char {
            _ if char.is_whitespace() => {}
            '(' => tokens.push(Token { kind: Kind::Open, at: single }),
            ')' => tokens.push(Token { kind: Kind::Close, at: single }),
            // `!=` is a word, which the parser knows an answer to.
            '!' if chars.peek().is_none_or(|&(_, next)| next != '=') => {
                tokens.push(Token { kind: Kind::Not, at: single });
            }
            '\'' | '"' => {
                let inside = start + 1;
                let Some((end, _)) = chars.by_ref().find(|&(_, next)| next == char) else {
                    let help = format!("close it with {char}");
                    let message = "the quoted value has no end".to_owned();
                    return Err(FilterError::new(text, single, message, Some(help)));
                };
                let value = text.get(inside..end).unwrap_or_default();
                tokens.push(Token { kind: Kind::Quoted(value), at: start..end + 1 });
            }
            '‘' | '’' | '“' | '”' => {
                let message = format!("`{char}` is no quotation mark here");
                let help = "write `'` or `\"`".to_owned();
                return Err(FilterError::new(text, single, message, Some(help)));
            }
            _ => {
                let mut end = single.end;
                while let Some((at, next)) = chars.next_if(|&(_, next)| !ends_word(next)) {
                    end = at + next.len_utf8();
                }
                tokens.push(Token {
                    kind: Kind::Word(text.get(start..end).unwrap_or_default()),
                    at: start..end,
                });
            }
        }
    }
    Ok(tokens)
}

fn ends_word(char: char) -> bool {
    char.is_whitespace() || matches!(char, '(' | ')' | '\'' | '"' | '‘' | '’' | '“' | '”')
}
