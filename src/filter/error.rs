//! What is wrong with a filter, and where.

use std::fmt;
use std::ops::Range;

use crate::config::ConfigError;

/// A text that is no filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// What is wrong, at one place of one line: as an error of a rulebase, whose look it has.
    error: Box<ConfigError>,
    column: usize,
}

/// What messages call the text.
const SOURCE: &str = "--filter";

impl FilterError {
    pub(super) fn new(text: &str, at: Range<usize>, message: String, help: Option<String>) -> Self {
        let error = ConfigError::at(SOURCE, text, &at, message, help);
        let column = error.diagnostics.first().and_then(|error| error.at.as_ref()).map_or(1, |at| at.column);
        Self { error: Box::new(error), column }
    }

    /// The column it is at, in characters from 1.
    pub const fn column(&self) -> usize {
        self.column
    }

    /// The error under the text it is about, with a caret, for a terminal.
    pub fn render(&self, color: bool) -> String {
        self.error.render(color)
    }
}

/// One line: place, what is wrong, what to do.
impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for FilterError {}
