//! A PAN-OS configuration as XML.

use super::panos::{Item, Parts};

/// The release whose form is written.
const VERSION: &str = "10.1.0";

/// The whole document.
pub(super) fn write(parts: Parts) -> String {
    let vsys = Item::Element("vsys", vec![Item::Entry("vsys1".to_owned(), parts.vsys)]);
    let mut device = parts.device;
    device.push(vsys);
    let mut top = Vec::new();
    if !parts.shared.is_empty() {
        top.push(Item::Element("shared", parts.shared));
    }
    top.push(Item::Element("devices", vec![Item::Entry("localhost.localdomain".to_owned(), device)]));
    let mut out = format!("<?xml version=\"1.0\"?>\n<config version=\"{VERSION}\">\n");
    for item in &top {
        element(item, 1, &mut out);
    }
    out.push_str("</config>\n");
    out
}

/// One item on lines of its own, `depth` levels in.
fn element(item: &Item, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let (open, close, items) = match item {
        Item::Value(name, value) => {
            out.push_str(&format!("{indent}<{name}>{}</{name}>\n", escape(value)));
            return;
        }
        Item::Members(name, members) => {
            let members = members.iter().map(|member| format!("<member>{}</member>", escape(member)));
            out.push_str(&format!("{indent}<{name}>{}</{name}>\n", members.collect::<String>()));
            return;
        }
        Item::Element(name, items) => ((*name).to_owned(), *name, items),
        Item::Entry(name, items) => (format!("entry name=\"{}\"", escape(name)), "entry", items),
    };
    if items.is_empty() {
        out.push_str(&format!("{indent}<{open}/>\n"));
        return;
    }
    out.push_str(&format!("{indent}<{open}>\n"));
    for item in items {
        element(item, depth + 1, out);
    }
    out.push_str(&format!("{indent}</{close}>\n"));
}

/// Text or an attribute's value. What a parser would take for space or not at all is written by its number
/// (XML 1.0, 2.11 and 3.3.3).
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' | '\r' => escaped.push_str(&format!("&#{};", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_names() {
        let rule =
            Item::Entry("a\"b<c>&'d]]>\n".to_owned(), vec![Item::Members("from", vec!["<x/>".to_owned()])]);
        let text = write(Parts { vsys: vec![rule], ..Parts::default() });
        assert!(text.contains(r#"<entry name="a&quot;b&lt;c&gt;&amp;&apos;d]]&gt;&#10;">"#), "{text}");
        assert!(text.contains("<from><member>&lt;x/&gt;</member></from>"), "{text}");
    }
}
