//! A PAN-OS configuration as set commands.

use super::panos::{Item, Parts};

/// One command per value or list.
pub(super) fn write(parts: &Parts) -> String {
    let mut out = String::new();
    for item in &parts.shared {
        lines(item, "set shared", &mut out);
    }
    for item in parts.device.iter().chain(&parts.vsys) {
        lines(item, "set", &mut out);
    }
    out
}

fn lines(item: &Item, path: &str, out: &mut String) {
    let (name, items) = match item {
        Item::Value(name, value) => {
            out.push_str(&format!("{path} {name} {}\n", word(value)));
            return;
        }
        Item::Members(name, members) => {
            let words: Vec<String> = members.iter().map(|member| word(member)).collect();
            match words.as_slice() {
                [] => out.push_str(&format!("{path} {name}\n")),
                [word] => out.push_str(&format!("{path} {name} {word}\n")),
                words => out.push_str(&format!("{path} {name} [ {} ]\n", words.join(" "))),
            }
            return;
        }
        Item::Element(name, items) => ((*name).to_owned(), items),
        Item::Entry(name, items) => (word(name), items),
    };
    let path = format!("{path} {name}");
    if items.is_empty() {
        out.push_str(&format!("{path}\n"));
    }
    for item in items {
        lines(item, &path, out);
    }
}

/// A word as it is, or in quotes where it is more than one, or could be taken for something else.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:,@%+=~".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    if !text.contains('"') {
        return format!("\"{text}\"");
    }
    format!("'{text}'")
}
