//! The language of PAN-OS's log searches: `( subtype neq end ) and ( action eq allow )` (PANOS.md 11.8).
//!
//! A [`Filter`] is parsed once, with every value checked against its field, and then asked about each row. It knows
//! nothing of rows: whoever has one says what its columns hold ([`Entry`]).

mod error;
mod evaluate;
mod field;
mod flag;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;
mod value;

use std::fmt;

pub use error::FilterError;
pub use evaluate::{Datum, Entry};
pub use field::{Column, FieldInfo};

use self::parser::Expr;

/// A search over rows of the traffic log.
///
/// ```
/// use firstpass::filter::{Column, Datum, Entry, Filter};
///
/// struct Row;
/// impl Entry for Row {
///     fn get(&self, column: Column) -> Datum<'_> {
///         match column {
///             Column::Subtype => Datum::Text("deny"),
///             Column::Action => Datum::Text("allow"),
///             _ => Datum::Number(0),
///         }
///     }
/// }
///
/// let filter = Filter::parse("( subtype neq end ) and ( action eq allow )")?;
/// assert!(filter.matches(&Row));
/// let error = Filter::parse("( adr.src in 192.0.2.0/24 )").unwrap_err();
/// assert!(error.to_string().contains("did you mean `addr.src`?"));
/// # Ok::<(), firstpass::filter::FilterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// `None` is `All Logs`.
    expr: Option<Expr>,
}

impl Filter {
    /// A filter is no longer than so many bytes.
    pub const MAX_BYTES: usize = 16 * 1_024;
    /// `and`, `or` and `not` are nested no deeper than so many levels.
    pub const MAX_DEPTH: usize = 64;

    /// Reads a filter: tests such as `( field operator value )`, joined by `and` and `or`, negated by `!` or `not`, in
    /// parentheses that may be nested; or `All Logs`.
    ///
    /// Words of the language are read in any case. `and` binds more tightly than `or`; no source says which does on
    /// PAN-OS, whose own examples put every group in parentheses.
    ///
    /// # Errors
    /// Where it is no filter, with the place and what to write instead.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parser::parse(text).map(|expr| Self { expr })
    }

    /// Whether a row is among those searched for.
    pub fn matches(&self, row: &impl Entry) -> bool {
        self.expr.as_ref().is_none_or(|expr| expr.matches(row))
    }

    /// The names that it asks for exactly, as (field, value): of zones, rules, applications and so on. One that the
    /// configuration does not have finds nothing.
    pub fn names(&self) -> Vec<(&'static FieldInfo, &str)> {
        let mut names = Vec::new();
        if let Some(expr) = &self.expr {
            expr.names(&mut names);
        }
        names
    }

    /// Every field there is, in the order of the manual.
    pub fn fields() -> &'static [FieldInfo] {
        field::FIELDS
    }

    /// Names of the flags that `( flags has NAME )` knows, with their bits.
    pub fn flags() -> impl Iterator<Item = (&'static str, u32)> {
        flag::FLAGS.iter().map(|&(names, bit)| (names.first().copied().unwrap_or_default(), bit))
    }
}

/// The filter in PAN-OS's spelling, with every group in parentheses.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.expr {
            None => f.write_str("All Logs"),
            Some(expr) => expr.fmt(f),
        }
    }
}

impl std::str::FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}
