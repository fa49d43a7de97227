//! PAN-OS XML: `<entry name="X">` and `<tag>` are names, `<member>` and text are names with nothing below.

use std::borrow::Cow;

use roxmltree::{Document, Error, ParsingOptions, StringStorage, TextPos};

use super::build::{Builder, Id};
use super::layout;
use super::outline::{MARKUP, outline};
use super::tree::Node;
use crate::config::diagnostic::{Diagnostics, Span, quote};

/// Lists whose entries PAN-OS wants to have names of their own.
const UNIQUE: &[&str] = &[
    "address",
    "address-group",
    "application",
    "application-filter",
    "application-group",
    "external-list",
    "region",
    "rules",
    "schedule",
    "service",
    "service-group",
    "tag",
    "zone",
];
/// Kinds of rules, each below `rulebase`.
const RULES: &[&str] = &[
    "application-override",
    "authentication",
    "decryption",
    "default-security-rules",
    "dos",
    "nat",
    "pbf",
    "qos",
    "security",
    "tunnel-inspect",
];

type Element<'d, 't> = roxmltree::Node<'d, 't>;

/// Reads a configuration, or parts of one.
pub(super) fn parse<'t>(text: &'t str, out: &mut Diagnostics) -> Option<Node<'t>> {
    let pieces = outline(text, out)?;
    let mut reader = Reader { builder: Builder::new(), offset: 0, out };
    for piece in pieces {
        reader.piece(text, piece)?;
    }
    super::finish(reader.builder, out)
}

struct Reader<'t, 'o> {
    builder: Builder<'t>,
    /// Where in the file the piece starts that is being read.
    offset: usize,
    out: &'o mut Diagnostics,
}

impl<'t> Reader<'t, '_> {
    /// Reads one outermost element.
    fn piece(&mut self, text: &'t str, span: Span) -> Option<()> {
        let text = text.get(span.clone())?;
        self.offset = span.start;
        let nodes_limit = u32::try_from(MARKUP).unwrap_or(u32::MAX);
        let options = ParsingOptions { nodes_limit, ..ParsingOptions::default() };
        match Document::parse_with_options(text, options) {
            Ok(document) => self.fragment(document.root_element()),
            Err(error) => {
                let (message, help, at) = describe(&error);
                let start = self.offset + at.map_or(0, |at| offset(text, at));
                self.out.error(&(start..start), message).help(help);
                return None;
            }
        }
        Some(())
    }

    /// Reads an element that stands for itself: what is above it is found from what it is.
    fn fragment(&mut self, element: Element<'_, 't>) {
        match element.tag_name().name() {
            "response" if element.attribute("status") == Some("error") => {
                self.out
                    .error(&self.tag(element), "this is an error of the firewall's API, not a configuration")
                    .help("ask the API again; `show config running` gives the configuration");
            }
            "response" | "result" => elements(element).for_each(|child| self.fragment(child)),
            "config" => {
                for child in elements(element) {
                    let path = layout::above(child.tag_name().name()).unwrap_or_default();
                    self.place(path, child);
                }
            }
            name if RULES.contains(&name) => self.place(&[layout::VSYS, &["rulebase"]].concat(), element),
            name => match layout::above(name).map(<[_]>::to_vec).or_else(|| inferred(element)) {
                Some(path) => self.place(&path, element),
                None => {
                    let message = format!("{} is no part of a PAN-OS configuration", quote(name));
                    self.out
                        .error(&self.tag(element), message)
                        .help("export `<config>`, or a part such as `<devices>`, `<shared>` or `<rulebase>`");
                }
            },
        }
    }

    /// Reads an element below a path.
    fn place(&mut self, path: &[&'static str], element: Element<'_, 't>) {
        let span = self.tag(element);
        let add = |parent, &name: &&'static str| self.builder.add(parent, name, span.clone());
        let parent = path.iter().fold(Builder::ROOT, add);
        self.element(element, parent);
    }

    fn element(&mut self, element: Element<'_, 't>, parent: Id) {
        let (name, span) = match element.tag_name().name() {
            "member" => return self.texts(element, parent),
            "entry" => self.entry(element, parent),
            tag => (Cow::Borrowed(tag), self.tag(element)),
        };
        let id = self.builder.add(parent, name, span);
        if elements(element).next().is_none() {
            return self.texts(element, id);
        }
        for child in elements(element) {
            self.element(child, id);
        }
    }

    /// An entry's name.
    fn entry(&mut self, element: Element<'_, 't>, parent: Id) -> (Cow<'t, str>, Span) {
        let Some(attribute) = element.attribute_node("name") else {
            return (Cow::Borrowed("entry"), self.tag(element));
        };
        let (name, range) = (owned(attribute.value_storage()), attribute.range_value());
        let span = self.offset + range.start..self.offset + range.end;
        if UNIQUE.contains(&self.builder.name(parent))
            && let Some(first) = self.builder.child(parent, &name)
        {
            let message = format!("there are two entries {}", quote(&name));
            self.out
                .error(&span, message)
                .help("names are unique in their list: remove one or rename it")
                .related(self.builder.span(first), "the first one");
        }
        (name, span)
    }

    /// Adds the texts of an element.
    fn texts(&mut self, element: Element<'_, 't>, parent: Id) {
        for node in element.children() {
            let Some(storage) = node.text_storage().filter(|_| node.is_text()) else { continue };
            let (start, text) = (self.offset + node.range().start, storage.as_str());
            let trimmed = text.trim();
            if trimmed.is_empty() {
                continue;
            }
            let (name, span) = match storage {
                StringStorage::Borrowed(text) => {
                    let start = start + text.len() - text.trim_start().len();
                    (Cow::Borrowed(text.trim()), start..start + trimmed.len())
                }
                StringStorage::Owned(_) => {
                    (Cow::Owned(trimmed.to_owned()), start..self.offset + node.range().end)
                }
            };
            self.builder.add(parent, name, span);
        }
    }

    /// Where the name of an element stands.
    fn tag(&self, element: Element<'_, 't>) -> Span {
        let start = self.offset + element.range().start + 1;
        start..start + element.tag_name().name().len()
    }
}

fn elements<'d, 't>(element: Element<'d, 't>) -> impl Iterator<Item = Element<'d, 't>> {
    element.children().filter(Element::is_element)
}

fn owned<'t>(storage: &StringStorage<'t>) -> Cow<'t, str> {
    match storage {
        StringStorage::Borrowed(text) => Cow::Borrowed(text),
        StringStorage::Owned(text) => Cow::Owned(text.to_string()),
    }
}

/// The path above a list of rules or an entry, which do not say themselves what they belong to.
fn inferred(element: Element<'_, '_>) -> Option<Vec<&'static str>> {
    let has = |entry: Element<'_, '_>, names: &[&str]| {
        elements(entry).any(|child| names.contains(&child.tag_name().name()))
    };
    let rules = |entry: Element<'_, '_>| {
        let kind = if has(entry, &["source-translation", "destination-translation", "nat-type"]) {
            "nat"
        } else if has(entry, &["port"]) {
            "application-override"
        } else if has(entry, &["application", "action"]) {
            "security"
        } else {
            return None;
        };
        Some([layout::VSYS, &["rulebase", kind, "rules"]].concat())
    };
    match element.tag_name().name() {
        "rules" => {
            let mut path = elements(element).find_map(rules)?;
            path.pop();
            Some(path)
        }
        "entry" if has(element, &["deviceconfig", "network", "vsys", "device-group", "template"]) => {
            Some(vec!["devices"])
        }
        "entry" if has(element, &["pre-rulebase", "post-rulebase"]) => {
            Some([layout::DEVICE, &["device-group"]].concat())
        }
        "entry" if has(element, &["rulebase", "zone", "import", "address", "service"]) => {
            Some([layout::DEVICE, &["vsys"]].concat())
        }
        "entry" => rules(element),
        _ => None,
    }
}

/// What an error means, what to do about it, and where it is. Nothing is quoted: it may be part of a password.
fn describe(error: &Error) -> (&'static str, &'static str, Option<TextPos>) {
    let cut = "the file may be cut off or edited by hand: export it again";
    let at = Some(error.pos());
    match error {
        Error::UnknownEntityReference(..) => {
            let help =
                "XML itself has `&amp;`, `&lt;`, `&gt;`, `&quot;` and `&apos;`; a `&` alone is `&amp;`";
            ("this entity is not defined", help, at)
        }
        Error::MalformedEntityReference(..) => {
            ("a `&` stands alone here, or its entity is not complete", "write `&` as `&amp;`", at)
        }
        Error::InvalidAttributeValue(..) => ("a `<` stands in an attribute here", "write `<` as `&lt;`", at),
        Error::DuplicatedAttribute(..) => ("the element has this attribute twice", "remove one", at),
        Error::NonXmlChar(..) => ("this character is not allowed in XML", "remove it", at),
        Error::NodesLimitReached | Error::AttributesLimitReached | Error::NamespacesLimitReached => {
            let help = "export the part with the rulebase, the objects and the network alone";
            ("the file holds more elements than are read", help, None)
        }
        Error::DtdDetected | Error::NoRootNode | Error::UnclosedRootNode => {
            ("the XML is not complete", cut, None)
        }
        _ => ("this is not valid XML", cut, at),
    }
}

/// A line and column of the parser in bytes.
fn offset(text: &str, at: TextPos) -> usize {
    let (row, column) = (at.row.saturating_sub(1) as usize, at.col.saturating_sub(1) as usize);
    let start = match row.checked_sub(1) {
        None => 0,
        Some(before) => memchr::memchr_iter(b'\n', text.as_bytes()).nth(before).map_or(0, |end| end + 1),
    };
    let line = text.get(start..).unwrap_or_default();
    start + line.char_indices().nth(column).map_or(line.len(), |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut out = Diagnostics::default();
        match parse(text, &mut out) {
            Some(root) => root.children.iter().map(Node::shown).collect::<Vec<_>>().join(" "),
            None => out.into_error("f", text).to_string(),
        }
    }

    #[test]
    fn entries_elements_members_and_texts_are_names() {
        let table = [
            ("<config/>", ""),
            ("<config><shared/></config>", "shared"),
            (
                "<config><devices><entry name=\"d\"><vsys><entry name='v 1' loc=\"x\"/></vsys></entry></devices></config>",
                "devices{d{vsys{v 1}}}",
            ),
            (
                "<shared><a><entry name='x'><from><member>any</member><member> b </member></from></entry></a></shared>",
                "shared{a{x{from{any b}}}}",
            ),
            ("<shared><description> two\n lines </description></shared>", "shared{description{two\n lines}}"),
            (
                "<shared><a>x &amp; y &#65;</a><b><![CDATA[<c>]]></b><d>  </d></shared>",
                "shared{a{x & y A} b{<c>} d}",
            ),
            ("<shared><a><!-- x --></a><a><b/></a><a>1</a></shared>", "shared{a{b 1}}"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn parts_of_a_configuration_find_their_place() {
        let table = [
            ("<config><rulebase><security/></rulebase></config>", "{rulebase{security}}"),
            (
                "<response status='success'><result><zone><entry name='z'/></zone></result></response>",
                "{zone{z}}",
            ),
            ("<security><rules><entry name='r'/></rules></security>", "{rulebase{security{rules{r}}}}"),
            (
                "<rules><entry name='r'><action>allow</action></entry></rules>",
                "{rulebase{security{rules{r{action{allow}}}}}}",
            ),
            (
                "<entry name='r'><nat-type>ipv4</nat-type></entry>",
                "{rulebase{nat{rules{r{nat-type{ipv4}}}}}}",
            ),
            ("<address/><service/>", "{address service}"),
        ];
        for (text, expected) in table {
            let expected = format!("devices{{localhost.localdomain{{vsys{{vsys1{expected}}}}}}}");
            assert_eq!(shown(text), expected, "{text}");
        }
        assert_eq!(shown("<entry name='d'><network/></entry>"), "devices{d{network}}");
        assert_eq!(shown("<pre-rulebase/>"), "shared{pre-rulebase}");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let table = [
            ("<html><body/></html>", "f:1:2: `html` is no part of a PAN-OS configuration"),
            (
                "\n<response status=\"error\"><msg/></response>",
                "f:2:2: this is an error of the firewall's API",
            ),
            ("# note\n<shared>\n <a>&b;</a></shared>", "f:3:5: this entity is not defined"),
            ("<shared>\n é <a>x & y</a></shared>", "f:2:9: a `&` stands alone here"),
            ("<shared a='1' a='2'/>", "f:1:15: the element has this attribute twice"),
            ("<shared a/>", "f:1:10: this is not valid XML"),
            (
                "<rules>\n<entry name='r'><action/></entry>\n<entry name='r'/></rules>",
                "f:3:14: there are two entries `r` (the first one: line 2)",
            ),
        ];
        for (text, expected) in table {
            let error = shown(text);
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_name_has_its_place() {
        let text = "# c\n<shared><a>\n  x y\n</a><entry name='n'/></shared>";
        let root = parse(text, &mut Diagnostics::default()).unwrap();
        for (path, expected) in [
            (&["shared"][..], "shared"),
            (&["shared", "a"], "a"),
            (&["shared", "a", "x y"], "x y"),
            (&["shared", "n"], "n"),
        ] {
            assert_eq!(text.get(root.at(path).unwrap().span.clone()), Some(expected));
        }
    }
}
