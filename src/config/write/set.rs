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

/// A word as it is, or in quotes where it is more than one, or could be taken for something else. In quotes a backslash
/// means itself, except before a quote of their kind. A name that neither kind can hold is found when the result is
/// read again.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:,@%+=~\\".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else if text.contains('"') && !text.contains('\'') {
        format!("'{text}'")
    } else {
        format!("\"{}\"", text.replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_not_plain_are_quoted() {
        for (text, written) in [
            ("web-browsing", "web-browsing"),
            ("corp\\jdoe", "corp\\jdoe"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("a b", "\"a b\""),
            ("[a]", "\"[a]\""),
            ("a \"b\"", "'a \"b\"'"),
            ("it's", "\"it's\""),
            ("'a' \"b\"", "\"'a' \\\"b\\\"\""),
            ("", "\"\""),
        ] {
            assert_eq!(word(text), written);
        }
    }
}
