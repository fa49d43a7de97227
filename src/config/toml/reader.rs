//! Typed access to TOML values: what does not fit is reported where it stands, and reading goes on.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::candidate::{At, Name};
use crate::config::diagnostic::{Diagnostics, did_you_mean, quote};

/// A value and where it stands.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// The entries of a table in the order of the file.
pub(super) fn entries<'t, 'a>(table: &'t DeTable<'a>) -> Vec<(Name, &'t Value<'a>)> {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| (At::new(key.get_ref().clone().into_owned(), key.span()), value))
        .collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    entries
}

/// Whether it is a list of nothing.
fn is_empty(value: &Value<'_>) -> bool {
    value.get_ref().as_array().is_some_and(|list| list.is_empty())
}

/// Reports errors of one file.
pub(super) struct Reader<'d> {
    pub(super) out: &'d mut Diagnostics,
}

impl Reader<'_> {
    /// A key that `place` (such as ``a security rule``) does not have.
    pub(super) fn unknown_key(&mut self, key: &Name, place: &str, known: &[&str]) {
        self.unknown_key_beside(key, place, known, std::iter::empty());
    }

    /// The same where there are `others` that might have been meant, and that are too many to list.
    pub(super) fn unknown_key_beside(
        &mut self,
        key: &Name,
        place: &str,
        known: &[&str],
        others: impl Iterator<Item = &'static str>,
    ) {
        let has = || format!("{place} has the keys {}", list(known));
        let others: Vec<&str> = others.collect();
        self.out
            .error(&key.span, format!("unknown key {} in {place}", quote(&key.value)))
            .help_with(|| did_you_mean(&key.value, known.iter().chain(&others).copied(), &has()));
    }

    /// Reports that `value` is not `expected`.
    pub(super) fn mismatch(&mut self, value: &Value<'_>, expected: &str) {
        let found = match value.get_ref() {
            DeValue::Integer(_) => "an integer".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Datetime(_) => "a date".to_owned(),
            other => format!("a {}", other.type_str()),
        };
        self.out.error(&value.span(), format!("expected {expected}, found {found}"));
    }

    pub(super) fn table<'t, 'a>(&mut self, value: &'t Value<'a>, what: &str) -> Option<&'t DeTable<'a>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.mismatch(value, what);
        }
        table
    }

    pub(super) fn text(&mut self, value: &Value<'_>) -> Option<Name> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.mismatch(value, "a string");
        }
        text.map(|text| At::new(text.to_owned(), value.span()))
    }

    /// A list of strings; a string stands for a list of one. An empty list is an error.
    pub(super) fn names(&mut self, value: &Value<'_>) -> Vec<Name> {
        match value.get_ref() {
            DeValue::String(text) => vec![At::new(text.clone().into_owned(), value.span())],
            DeValue::Array(items) => {
                if items.is_empty() {
                    self.out.error(&value.span(), "empty list").help("name something, or leave the key out");
                }
                items.iter().filter_map(|item| self.text(item)).collect()
            }
            _ => {
                self.mismatch(value, "a string or a list of strings");
                Vec::new()
            }
        }
    }

    /// The same, where a list may be empty: of groups and tables.
    pub(super) fn members(&mut self, value: &Value<'_>) -> Vec<Name> {
        if is_empty(value) { Vec::new() } else { self.names(value) }
    }

    /// A boolean, also in PAN-OS's spelling.
    pub(super) fn flag(&mut self, value: &Value<'_>) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            DeValue::String(text) if text == "yes" => Some(true),
            DeValue::String(text) if text == "no" => Some(false),
            _ => {
                self.mismatch(value, "`true` or `false`");
                None
            }
        }
    }

    /// A boolean as PAN-OS spells it, or a string.
    pub(super) fn flag_or_text(&mut self, value: &Value<'_>) -> Option<Name> {
        let text = match value.get_ref() {
            DeValue::Boolean(true) => "yes".to_owned(),
            DeValue::Boolean(false) => "no".to_owned(),
            DeValue::String(text) => text.clone().into_owned(),
            _ => {
                self.mismatch(value, "`true`, `false` or a string");
                return None;
            }
        };
        Some(At::new(text, value.span()))
    }

    /// A whole number in a range.
    pub(super) fn number(&mut self, value: &Value<'_>, low: u32, high: u32) -> Option<u32> {
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|integer| u32::from_str_radix(integer.as_str(), integer.radix()).ok())
            .filter(|number| (low..=high).contains(number));
        if number.is_none() {
            let found = shown(value).map(|text| format!(", found {text}")).unwrap_or_default();
            self.out.error(&value.span(), format!("expected a number from {low} to {high}{found}"));
        }
        number
    }

    /// A list of whole numbers in a range; a number stands for a list of one.
    pub(super) fn numbers(&mut self, value: &Value<'_>, low: u32, high: u32) -> Vec<u8> {
        let items = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let numbers = items.into_iter().filter_map(|item| self.number(item, low, high));
        numbers.filter_map(|number| u8::try_from(number).ok()).collect()
    }

    /// One of `choices` by name.
    pub(super) fn choice<T: Copy>(&mut self, value: &Value<'_>, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(value)?;
        let found = choices.iter().find(|(name, _)| *name == text.value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|&(name, _)| name).collect();
            let otherwise = format!("it is one of {}", list(&names));
            self.out
                .error(&text.span, format!("unknown value {}", quote(&text.value)))
                .help_with(|| did_you_mean(&text.value, names.iter().copied(), &otherwise));
        }
        found.map(|&(_, choice)| choice)
    }

    /// A setting's value: a string, an integer or a boolean, as text.
    pub(super) fn scalar(&mut self, value: &Value<'_>) -> Option<Name> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.clone().into_owned(),
            DeValue::Boolean(true) => "yes".to_owned(),
            DeValue::Boolean(false) => "no".to_owned(),
            DeValue::Integer(integer) => match i128::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) => number.to_string(),
                Err(_) => integer.to_string(),
            },
            _ => {
                self.mismatch(value, "a string, a number or a boolean");
                return None;
            }
        };
        Some(At::new(text, value.span()))
    }
}

/// A scalar as the file has it.
fn shown(value: &Value<'_>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(quote(text)),
        DeValue::Integer(integer) => Some(quote(&integer.to_string())),
        DeValue::Float(float) => Some(quote(&float.to_string())),
        _ => None,
    }
}

/// `` `a`, `b` `` and so on.
pub(super) fn list(names: &[&str]) -> String {
    names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ")
}
