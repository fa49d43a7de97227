//! A candidate as TOML (DESIGN.md, "Rulebase in TOML").

mod decryption;
mod features;
mod network;
mod objects;
mod profiles;
mod rules;
mod zone_protection;

use std::fmt::Write as _;

use crate::config::candidate::{Candidate, Name};

/// The whole file.
pub(super) fn write(candidate: &Candidate) -> String {
    let mut page = Page::default();
    network::zones(candidate, &mut page);
    network::network(candidate, &mut page);
    zone_protection::zone_protections(candidate, &mut page);
    objects::objects(candidate, &mut page);
    profiles::all(candidate, &mut page);
    rules::rules(candidate, &mut page);
    features::features(candidate, &mut page);
    decryption::decryption(candidate, &mut page);
    network::settings(candidate, &mut page);
    page.text
}

/// A file in the making.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// `[zones]`, or `[[security]]` where it is one of several; a blank line parts it from what is before.
    fn head(&mut self, path: &[&str], one_of_many: bool) {
        let path: Vec<String> = path.iter().map(|part| key(part)).collect();
        let path = path.join(".");
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let _ = match one_of_many {
            true => writeln!(self.text, "[[{path}]]"),
            false => writeln!(self.text, "[{path}]"),
        };
    }

    /// `key = value`, the value written as TOML already.
    fn line(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.text, "{} = {value}", key(name));
    }

    fn string(&mut self, name: &str, value: &str) {
        self.line(name, &string(value));
    }

    /// A list, where it holds anything.
    fn names(&mut self, name: &str, names: &[Name]) {
        if !names.is_empty() {
            self.line(name, &list(names));
        }
    }

    fn flag(&mut self, name: &str, flag: bool) {
        self.line(name, if flag { "true" } else { "false" });
    }
}

/// Names as a list; one alone stands for itself.
fn list(names: &[Name]) -> String {
    let names: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
    strings(&names)
}

fn strings<S: AsRef<str>>(texts: &[S]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| string(text.as_ref())).collect();
    match quoted.as_slice() {
        [one] => one.clone(),
        all => format!("[{}]", all.join(", ")),
    }
}

/// A bare key, or one in quotes (TOML 1.0, keys).
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { string(name) }
}

/// A basic string (TOML 1.0, strings).
fn string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// `{ a = "b", c = 1 }` of keys and values written as TOML already.
fn inline(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{} = {value}", key(name))).collect();
    format!("{{ {} }}", fields.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_names() {
        for name in ["a b", "a\"b", "a\\b", "[x]", "a.b", "", "ü", "\u{1b}[31m", "tab\tnew\nline\u{7f}"] {
            let text = format!("{} = {}", key(name), string(name));
            let table: toml::Table = text.parse().unwrap();
            assert_eq!(table.get(name).and_then(toml::Value::as_str), Some(name), "{text}");
        }
    }
}
