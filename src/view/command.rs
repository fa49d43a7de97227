//! Reading `session all filter …` and its like.

use std::fmt;

use super::condition::{self, Condition};
use crate::config::{did_you_mean, quote};
use crate::session::SessionId;

/// A view of the firewall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// `session all`.
    Sessions(List),
    /// `session id N`.
    Session(SessionId),
    /// `session info`.
    Info,
    /// `counter global`.
    Counters(Wanted),
}

/// What `session all` lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List {
    /// All of these hold.
    pub(super) conditions: Vec<Condition>,
    /// Only how many there are.
    pub(super) count: bool,
    /// The first to list, counted from 1.
    pub(super) start: u64,
    /// As it was asked for, behind `session all`.
    written: String,
}

/// What `counter global` lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// `severity`, `category`, `aspect` and what they are.
    pub(super) filters: Vec<(Column, String)>,
    /// Only this one.
    pub(super) name: Option<String>,
    written: String,
}

/// A column of `counter global` that it filters by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Severity,
    Category,
    Aspect,
}

/// A text that is no view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandError {
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub help: String,
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.help)
    }
}

impl std::error::Error for CommandError {}

/// A command is no longer than so many bytes.
const MAX_BYTES: usize = 4 * 1_024;

const KNOWN: [&str; 4] = ["session all", "session id N", "session info", "counter global"];

pub(super) fn wrong(message: impl Into<String>, help: impl Into<String>) -> CommandError {
    CommandError { message: message.into(), help: help.into() }
}

impl View {
    /// Reads a command of PAN-OS's CLI, with or without `show` before it.
    ///
    /// # Errors
    /// Where there is no such view, or it takes something else.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        if text.len() > MAX_BYTES {
            return Err(wrong(format!("the view is longer than {MAX_BYTES} bytes"), "shorten it"));
        }
        let words = words(text)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let words = words.strip_prefix(&["show"]).unwrap_or(&words);
        match words {
            ["session", "all", rest @ ..] => List::read(rest).map(Self::Sessions),
            ["session", "id", number] => match number.parse() {
                Ok(number) => Ok(Self::Session(SessionId(number))),
                Err(_) => Err(wrong(format!("{} is no session id", quote(number)), "write a number")),
            },
            ["session", "id"] => Err(wrong("`session id` needs a number", "write `session id 7`")),
            ["session", "info"] => Ok(Self::Info),
            ["counter", "global", rest @ ..] => Wanted::read(rest).map(Self::Counters),
            other => {
                let message = format!("there is no view {}", quote(&other.join(" ")));
                let all = format!("there are {}", KNOWN.map(quote).join(", "));
                Err(wrong(message, did_you_mean(&other.join(" "), KNOWN, &all)))
            }
        }
    }

    /// The session that it is about.
    pub const fn session(&self) -> Option<SessionId> {
        match self {
            Self::Session(id) => Some(*id),
            Self::Sessions(_) | Self::Info | Self::Counters(_) => None,
        }
    }
}

/// The command, without `show`.
impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sessions(list) => write!(f, "session all{}", list.written),
            Self::Session(SessionId(number)) => write!(f, "session id {number}"),
            Self::Info => f.write_str("session info"),
            Self::Counters(wanted) => write!(f, "counter global{}", wanted.written),
        }
    }
}

impl List {
    fn read(words: &[&str]) -> Result<Self, CommandError> {
        let mut list = Self { start: 1, written: written(words), ..Self::default() };
        let mut rest = words;
        while let [key, after @ ..] = rest {
            if *key == "filter" {
                rest = after;
                continue;
            }
            let [value, after @ ..] = after else {
                return Err(wrong(format!("{} needs a value", quote(key)), condition::help(key)));
            };
            match *key {
                "count" => list.count = yes(key, value)?,
                "start-at" => {
                    let number = value.parse().ok().filter(|&number| number > 0);
                    list.start = number.ok_or_else(|| {
                        wrong(format!("{} is no value of `start-at`", quote(value)), "write a number from 1")
                    })?;
                }
                _ => list.conditions.push(Condition::read(key, value)?),
            }
            rest = after;
        }
        Ok(list)
    }
}

impl Wanted {
    fn read(words: &[&str]) -> Result<Self, CommandError> {
        const KEYS: [&str; 6] = ["severity", "category", "aspect", "delta", "value", "name"];
        let mut wanted = Self { written: written(words), ..Self::default() };
        let mut rest = words;
        while let [key, after @ ..] = rest {
            if *key == "filter" {
                rest = after;
                continue;
            }
            let column = match *key {
                "severity" => Some(Column::Severity),
                "category" => Some(Column::Category),
                "aspect" => Some(Column::Aspect),
                "delta" | "value" | "name" => None,
                _ => {
                    let message = format!("`counter global` has no filter {}", quote(key));
                    return Err(wrong(
                        message,
                        did_you_mean(key, KEYS, "filters are severity, category, aspect and delta"),
                    ));
                }
            };
            let [value, after @ ..] = after else {
                return Err(wrong(
                    format!("{} needs a value", quote(key)),
                    "write e.g. `filter severity drop`",
                ));
            };
            match (column, *key) {
                (Some(Column::Severity), _) if !SEVERITIES.contains(value) => {
                    let message = format!("there is no severity {}", quote(value));
                    return Err(wrong(
                        message,
                        did_you_mean(value, SEVERITIES, "there are info, drop, warn and error"),
                    ));
                }
                (Some(column), _) => wanted.filters.push((column, (*value).to_owned())),
                (None, "name") => wanted.name = Some((*value).to_owned()),
                // All counters that are shown have been sampled for the first time, and none of them is zero.
                (None, "delta") => drop(yes(key, value)?),
                (None, _) => {
                    if !["all", "non-zero"].contains(value) {
                        return Err(wrong(
                            format!("{} is no value of `value`", quote(value)),
                            "write all or non-zero",
                        ));
                    }
                }
            }
            rest = after;
        }
        Ok(wanted)
    }
}

pub(super) const SEVERITIES: [&str; 4] = ["info", "drop", "warn", "error"];

pub(super) fn yes(key: &str, value: &str) -> Result<bool, CommandError> {
    match value {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(wrong(format!("{} is no value of `{key}`", quote(value)), "write yes or no")),
    }
}

fn written(words: &[&str]) -> String {
    words.iter().fold(String::new(), |mut text, word| {
        text.push(' ');
        match word.contains(char::is_whitespace) || word.is_empty() {
            true if word.contains('"') => text.push_str(&format!("'{word}'")),
            true => text.push_str(&format!("\"{word}\"")),
            false => text.push_str(word),
        }
        text
    })
}

/// Words, those with spaces in quotes of either kind.
fn words(text: &str) -> Result<Vec<String>, CommandError> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' | '\'' => {
                let inside = rest.get(1..).unwrap_or_default();
                let Some(end) = inside.find(first) else {
                    let message = format!("the quoted value {} has no end", quote(rest));
                    return Err(wrong(message, format!("close it with {first}")));
                };
                words.push(inside.get(..end).unwrap_or_default().to_owned());
                end + 2
            }
            _ => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                words.push(rest.get(..end).unwrap_or_default().to_owned());
                end
            }
        };
        rest = rest.get(end..).unwrap_or_default().trim_start();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is asked for, there is an answer.
        #[test]
        fn never_panics(text in "(?s).{0,60}") {
            let _ = View::parse(&text);
            let _ = View::parse(&format!("session all {text}"));
            let _ = View::parse(&format!("counter global filter {text}"));
        }

        /// A view that is printed and read again is the same.
        #[test]
        fn prints_what_it_reads(
            parts in proptest::collection::vec(
                prop::sample::select(vec![
                    "filter", "source 10.0.0.0/8", "rule 'a b'", "rule \"it's a rule\"", "application ''", "count yes", "start-at 7",
                    "state  discard", "nat none", "rule a'b",
                ]),
                0..5,
            )
        ) {
            let view = View::parse(&format!("show session all {}", parts.join(" "))).unwrap();
            prop_assert_eq!(View::parse(&view.to_string()).unwrap(), view);
        }
    }

    #[test]
    fn long_ones_are_refused() {
        let error = View::parse(&"session all ".repeat(1_000)).unwrap_err();
        assert!(error.message.contains("longer than 4096 bytes"), "{error}");
    }
}
