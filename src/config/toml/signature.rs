//! `[[application.NAME.signature]]` (PANOS.md 2.8).

use toml::de::DeTable;

use super::reader::{Reader, Value, entries};
use crate::config::candidate::{At, Match, Name, Signature};

const KEYS: [&str; 4] = ["name", "scope", "order-free", "and-condition"];
const SCOPES: [(&str, bool); 2] = [("protocol-data-unit", false), ("session", true)];
/// How a condition compares, and the key of what it compares with.
const OPERATORS: [(&str, &str); 4] =
    [("pattern-match", "pattern"), ("equal-to", "value"), ("less-than", "value"), ("greater-than", "value")];

/// All signatures of an application.
pub(super) fn signatures(reader: &mut Reader<'_>, value: &Value<'_>) -> Vec<Signature> {
    let Some(tables) = value.get_ref().as_array() else {
        reader.mismatch(value, "`[[application.NAME.signature]]` tables");
        return Vec::new();
    };
    tables.iter().filter_map(|value| signature(reader, value)).collect()
}

fn signature(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Signature> {
    let table = reader.table(value, "a `[[application.NAME.signature]]` table")?;
    let mut signature = Signature {
        name: At::new(String::new(), value.span()),
        session: false,
        order_free: false,
        conditions: Vec::new(),
    };
    for (key, value) in entries(table) {
        match key.value.as_str() {
            "name" => signature.name = reader.text(value)?,
            "scope" => signature.session = reader.choice(value, &SCOPES).unwrap_or_default(),
            "order-free" => signature.order_free = reader.flag(value).unwrap_or_default(),
            "and-condition" => {
                let all = items(value).into_iter().map(|any| alternatives(reader, any));
                signature.conditions = all.collect();
            }
            "comment" => {}
            _ => reader.unknown_key(&key, "a signature", &KEYS),
        }
    }
    if signature.name.value.is_empty() {
        reader.out.error(&value.span(), "a signature needs a name").help("add `name = \"...\"`");
    }
    Some(signature)
}

/// The alternatives of one condition.
fn alternatives(reader: &mut Reader<'_>, value: &Value<'_>) -> Vec<Match> {
    items(value).into_iter().filter_map(|one| condition(reader, one)).collect()
}

/// `{ pattern-match = { context = "http-req-host-header", pattern = "example\.org" } }`.
fn condition(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Match> {
    let table =
        reader.table(value, "a table such as `{ pattern-match = { context = ..., pattern = ... } }`")?;
    let mut found = Vec::new();
    for (key, value) in entries(table) {
        match OPERATORS.iter().find(|(operator, _)| *operator == key.value) {
            Some(&(operator, compared)) => found.push(comparison(reader, value, operator, compared)),
            None => reader.unknown_key(&key, "a condition", &OPERATORS.map(|(operator, _)| operator)),
        }
    }
    if found.len() != 1 && table.len() == found.len() {
        reader.out.error(&value.span(), "a condition has one operator").help("such as `pattern-match`");
    }
    found.pop().flatten()
}

fn comparison(
    reader: &mut Reader<'_>,
    value: &Value<'_>,
    operator: &'static str,
    compared: &str,
) -> Option<Match> {
    let table: &DeTable<'_> = reader.table(value, "a table with `context`")?;
    let (mut context, mut pattern, mut position, mut mask) = (None, None, None, None);
    let mut qualifiers = Vec::new();
    for (key, value) in entries(table) {
        match key.value.as_str() {
            "context" => context = reader.text(value),
            name if name == compared => pattern = reader.scalar(value),
            "qualifier" => qualifiers = self::qualifiers(reader, value),
            "position" => position = reader.scalar(value),
            "mask" => mask = reader.scalar(value),
            _ => reader.unknown_key(
                &key,
                "a condition",
                &["context", compared, "qualifier", "position", "mask"],
            ),
        }
    }
    for key in ["context", compared] {
        if !table.contains_key(key) {
            reader.out.error(&value.span(), format!("the condition has no `{key}`"));
        }
    }
    Some(Match { context: context?, pattern: pattern?, operator, qualifiers, position, mask })
}

/// `{ http-method = "GET" }`.
fn qualifiers(reader: &mut Reader<'_>, value: &Value<'_>) -> Vec<(Name, Name)> {
    let Some(table) = reader.table(value, "a table such as `{ http-method = \"GET\" }`") else {
        return Vec::new();
    };
    entries(table).into_iter().filter_map(|(key, value)| Some((key, reader.scalar(value)?))).collect()
}

/// A list; anything else stands for a list of one.
fn items<'t, 'a>(value: &'t Value<'a>) -> Vec<&'t Value<'a>> {
    match value.get_ref().as_array() {
        Some(items) => items.iter().collect(),
        None => vec![value],
    }
}
