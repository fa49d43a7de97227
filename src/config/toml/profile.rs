//! `[profile.KIND.NAME]`, `[profile-group.NAME]` and `[threat.KIND.NUMBER]`: the names and the nesting are PAN-OS's, so
//! that they are read as its own configuration is.
//!
//! What is a list of entries there is a list of tables with a `name` here: `[[profile.vulnerability.strict.rules]]`.

use std::borrow::Cow;

use toml::de::DeValue;

use super::Document;
use super::reader::{Reader, Value, entries};
use super::signature::signatures;
use crate::config::candidate::{At, Name, Signature};
use crate::config::panos::{Below, Node, VSYS, security_profiles};

/// A table, what PAN-OS calls it, and what it is to be.
const TABLES: [(&str, &str, &str); 3] = [
    ("profile", "profiles", "tables such as `[profile.vulnerability.strict]`"),
    ("profile-group", "profile-group", "tables such as `[profile-group.strict]`"),
    ("threat", "threats", "tables such as `[threat.vulnerability.41000]`"),
];

/// Kinds of profiles that are read.
pub(super) const KINDS: [&str; 5] = ["virus", "vulnerability", "spyware", "url-filtering", "file-blocking"];

impl Document<'_> {
    /// Reads one of the tables.
    pub(super) fn profiles(&mut self, table: &str, value: &Value<'_>) {
        let Some((_, word, what)) = TABLES.into_iter().find(|(name, ..)| *name == table) else { return };
        if self.reader.table(value, what).is_none() {
            return;
        }
        if table == "profile"
            && let Some(kinds) = value.get_ref().as_table()
        {
            for (kind, _) in
                entries(kinds).into_iter().filter(|(kind, _)| !KINDS.contains(&kind.value.as_str()))
            {
                self.reader.unknown_key(&kind, "`[profile]`", &KINDS);
            }
        }
        let mut owned = Vec::new();
        let mut tree = Tree { reader: &mut self.reader, signatures: &mut owned };
        let key = At::new(table.to_owned(), value.span());
        let node = Node { name: Cow::Borrowed(word), ..tree.node(&key, value, VSYS.of(word), &[]) };
        let place = Node { children: vec![node], ..Node::new(Cow::Borrowed("rulebase"), value.span()) };
        let profiles = &mut self.candidate.profiles;
        security_profiles(&place, profiles, self.reader.out);
        for (path, signatures) in owned {
            let found = profiles.custom.iter_mut().find(|custom| {
                path.iter().map(String::as_str).eq(["threat", custom.kind.name(), &custom.id.value])
            });
            if let Some(custom) = found {
                custom.signatures = signatures;
            }
        }
    }
}

/// The profiles of a rule by kind: `profiles = { virus = "default" }`.
pub(super) fn of_rule(reader: &mut Reader<'_>, value: &Value<'_>) -> Vec<(Name, Vec<Name>)> {
    let Some(table) = reader.table(value, "a table such as `{ virus = \"default\" }`") else {
        return Vec::new();
    };
    let mut profiles = Vec::new();
    for (kind, value) in entries(table) {
        if KINDS.contains(&kind.value.as_str()) {
            profiles.push((kind, reader.names(value)));
        } else {
            reader.unknown_key(&kind, "the profiles of a rule", &KINDS);
        }
    }
    profiles
}

/// Makes PAN-OS's tree of a table.
struct Tree<'r, 'd> {
    reader: &'r mut Reader<'d>,
    /// Signatures, which have a form of their own in TOML, with the path they stand at.
    signatures: &'r mut Vec<(Vec<String>, Vec<Signature>)>,
}

impl Tree<'_, '_> {
    fn node<'t>(&mut self, key: &Name, value: &Value<'t>, below: Below, path: &[String]) -> Node<'t> {
        let mut node = Node::new(Cow::Owned(key.value.clone()), key.span.clone());
        let path = [path, std::slice::from_ref(&key.value)].concat();
        match value.get_ref() {
            DeValue::Table(table) => {
                for (key, value) in entries(table) {
                    let known = below.words();
                    if known.as_ref().is_some_and(|words| !words.contains(&key.value.as_str())) {
                        let place = format!("`{}`", path.join("."));
                        self.reader.unknown_key(&key, &place, &known.unwrap_or_default());
                    } else if path.first().is_some_and(|top| top == "threat") && key.value == "signature" {
                        let signatures = signatures(self.reader, value);
                        self.signatures.push((path.clone(), signatures));
                    } else {
                        node.children.push(self.node(&key, value, below.of(&key.value), &path));
                    }
                }
            }
            DeValue::Array(items)
                if !items.is_empty() && items.iter().all(|item| item.get_ref().is_table()) =>
            {
                for item in items.iter() {
                    node.children.extend(self.entry(item, below, &path));
                }
            }
            DeValue::Array(items) => {
                let texts = items.iter().filter_map(|item| self.reader.scalar(item));
                node.children.extend(texts.map(|text| Node::new(Cow::Owned(text.value), text.span)));
            }
            _ => {
                let text = self.reader.scalar(value);
                node.children.extend(text.map(|text| Node::new(Cow::Owned(text.value), text.span)));
            }
        }
        node
    }

    /// A table with a name, in a list of them.
    fn entry<'t>(&mut self, item: &Value<'t>, below: Below, path: &[String]) -> Option<Node<'t>> {
        let table = item.get_ref().as_table()?;
        let Some(name) = table.get("name").and_then(|name| self.reader.scalar(name)) else {
            let message = format!("a table of `{}` needs a name", path.join("."));
            self.reader.out.error(&item.span(), message).help("add `name = \"...\"`");
            return None;
        };
        let mut node = Node::new(Cow::Owned(name.value.clone()), name.span.clone());
        let below = below.of(&name.value);
        let path = [path, &[name.value]].concat();
        for (key, value) in entries(table).into_iter().filter(|(key, _)| key.value != "name") {
            match below.words() {
                Some(words) if !words.contains(&key.value.as_str()) => {
                    let words = [&["name"], words.as_slice()].concat();
                    self.reader.unknown_key(&key, &format!("`{}`", path.join(".")), &words);
                }
                _ => node.children.push(self.node(&key, value, below.of(&key.value), &path)),
            }
        }
        Some(node)
    }
}
