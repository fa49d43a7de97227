//! An XML file in outline: where its outermost elements are, and whether it keeps within bounds that a parser of
//! whole documents does not set itself.

use memchr::{memchr, memchr_iter, memmem};

use super::build::{DEEPEST, LARGEST};
use super::terminal;
use crate::config::diagnostic::{Diagnostics, Span};

/// So many tags, texts and attributes are held: a name has two tags, and blanks before each.
pub(super) const MARKUP: usize = 4 * LARGEST;
/// So many pieces a file may be made of: what is pasted from a terminal has a handful.
const PIECES: usize = 1_000;
/// So many attributes one element may have; PAN-OS writes five at most.
const ATTRIBUTES: usize = 32;
/// So many namespaces a file may declare; PAN-OS has none.
const NAMESPACES: usize = 32;

/// The outermost elements of a file; comments and prompts around them are passed over.
pub(super) fn outline(text: &str, out: &mut Diagnostics) -> Option<Vec<Span>> {
    // Both are room that is set aside before the file is read.
    if [b'<', b'='].iter().any(|&byte| memchr_iter(byte, text.as_bytes()).count() > MARKUP) {
        out.general(format!("the file holds more than {} elements", MARKUP / 2))
            .help("export the part with the rulebase, the objects and the network alone");
        return None;
    }
    let mut scan = Scan { text, at: 0, open: Vec::new(), pieces: Vec::new(), namespaces: 0 };
    match scan.run() {
        Ok(()) => Some(scan.pieces),
        Err(problem) => {
            let reported = out.error(&problem.span, problem.message).help(problem.help);
            if let Some(opened) = problem.opened {
                reported.related(&opened, "opened here");
            }
            None
        }
    }
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    /// The start tags that are not closed yet.
    open: Vec<Span>,
    pieces: Vec<Span>,
    namespaces: usize,
}

struct Problem {
    span: Span,
    message: &'static str,
    help: &'static str,
    opened: Option<Span>,
}

impl Problem {
    const fn new(span: Span, message: &'static str, help: &'static str) -> Self {
        Self { span, message, help, opened: None }
    }
}

/// What is said of a file that ends too early.
const CUT_OFF: &str = "the file seems to be cut off: export it again";

impl Scan<'_> {
    fn run(&mut self) -> Result<(), Problem> {
        while let Some(ahead) = memchr(b'<', self.rest().as_bytes()) {
            self.text_until(self.at + ahead)?;
            self.markup()?;
        }
        self.text_until(self.text.len())?;
        match self.open.pop() {
            Some(span) => Err(Problem::new(span, "this element is not closed", CUT_OFF)),
            None => Ok(()),
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Text matters to the parser alone, but outside of all elements there is no parser.
    fn text_until(&mut self, end: usize) -> Result<(), Problem> {
        if self.open.is_empty() {
            let text = self.text.get(self.at..end).unwrap_or_default();
            let line = text.lines().map(str::trim).find(|line| !terminal::is_idle(line));
            if let Some(line) = line {
                let start = line.as_ptr().addr() - self.text.as_ptr().addr();
                let help = "the file should hold the configuration and nothing else";
                return Err(Problem::new(start..start + line.len(), "this is outside of all elements", help));
            }
        }
        self.at = end;
        Ok(())
    }

    /// One tag, comment, or other piece of markup.
    fn markup(&mut self) -> Result<(), Problem> {
        let rest = self.rest();
        for (open, close) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")] {
            if let Some(inner) = rest.strip_prefix(open) {
                let Some(len) = memmem::find(inner.as_bytes(), close.as_bytes()) else {
                    return Err(Problem::new(self.here(open.len()), "this is not closed", CUT_OFF));
                };
                self.at += open.len() + len + close.len();
                return Ok(());
            }
        }
        if rest.starts_with("<!") {
            let message = "a document type with entities of its own is not read";
            let help = "remove the `<!DOCTYPE …>`: no PAN-OS configuration has one";
            return Err(Problem::new(self.here(2), message, help));
        }
        if rest.starts_with("</") { self.end_tag() } else { self.start_tag() }
    }

    fn end_tag(&mut self) -> Result<(), Problem> {
        let Some(len) = memchr(b'>', self.rest().as_bytes()) else {
            return Err(Problem::new(self.here(2), "this tag is not complete", CUT_OFF));
        };
        let span = self.at..self.at + len + 1;
        let Some(opened) = self.open.pop() else {
            let help = "remove it, or add what it should close";
            return Err(Problem::new(span, "there is no open element for this tag to close", help));
        };
        let name = |span: Span| self.text.get(span).unwrap_or_default().trim_end();
        if name(opened.start + 1..opened.end) != name(span.start + 2..span.end - 1) {
            let message = "this tag does not close the element that was opened last";
            let help = "each element is closed by a tag of its own name, the innermost first";
            return Err(Problem { opened: Some(opened), ..Problem::new(span, message, help) });
        }
        self.at = span.end;
        self.closed(opened.start)
    }

    fn start_tag(&mut self) -> Result<(), Problem> {
        let tag = Tag::of(self.rest()).map_err(|message| {
            let help = "`<` and `&` in a text are written `&lt;` and `&amp;`";
            Problem::new(self.here(1), message, help)
        })?;
        self.namespaces += tag.namespaces;
        let (start, name) = (self.at, self.at..self.at + 1 + tag.name);
        if tag.attributes > ATTRIBUTES || self.namespaces > NAMESPACES {
            let help = "is this a PAN-OS configuration?";
            return Err(Problem::new(name, "there are too many attributes", help));
        }
        self.at += tag.len;
        if tag.is_empty {
            return self.closed(start);
        }
        if self.open.len() == DEEPEST {
            let help = "is this a PAN-OS configuration?";
            return Err(Problem::new(name, "more than 256 elements stand in one another here", help));
        }
        self.open.push(name);
        Ok(())
    }

    /// Notes the end of an element that starts at `start`.
    fn closed(&mut self, start: usize) -> Result<(), Problem> {
        if !self.open.is_empty() {
            return Ok(());
        }
        self.pieces.push(start..self.at);
        if self.pieces.len() > PIECES {
            let help = "put them into one `<config>`";
            return Err(Problem::new(start..start + 1, "the file is in more than 1000 pieces", help));
        }
        Ok(())
    }

    /// The next `len` bytes.
    fn here(&self, len: usize) -> Span {
        self.at..self.at + len
    }
}

/// A start tag, measured.
struct Tag {
    /// Bytes of the name.
    name: usize,
    /// Bytes of all of it.
    len: usize,
    is_empty: bool,
    attributes: usize,
    namespaces: usize,
}

impl Tag {
    /// The tag at the start of `text`.
    fn of(text: &str) -> Result<Self, &'static str> {
        let bytes = text.as_bytes();
        let named =
            bytes.get(1).is_some_and(|&byte| byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80);
        if !named {
            return Err("this `<` starts no tag");
        }
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'<' | b'=');
        let name = bytes.iter().skip(1).position(is_end).unwrap_or(bytes.len() - 1);
        let (mut quote, mut attributes) = (None, 0);
        for (index, &byte) in bytes.iter().enumerate().skip(1 + name) {
            match byte {
                _ if quote.is_some() => quote = quote.filter(|&open| open != byte),
                b'"' | b'\'' => quote = Some(byte),
                b'=' => attributes += 1,
                b'<' => return Err("this `<` starts a tag that is not closed"),
                b'>' => {
                    let is_empty = bytes.get(index - 1) == Some(&b'/');
                    let inside = bytes.get(..index).unwrap_or_default();
                    let namespaces =
                        if attributes == 0 { 0 } else { memmem::find_iter(inside, "xmlns").count() };
                    return Ok(Self { name, len: index + 1, is_empty, attributes, namespaces });
                }
                _ => {}
            }
        }
        Err("this tag is not complete: the file seems to be cut off")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Result<Vec<&str>, String> {
        let mut out = Diagnostics::default();
        match outline(text, &mut out) {
            Some(spans) => Ok(spans.into_iter().map(|span| text.get(span).unwrap()).collect()),
            None => Err(out.into_error("f", text).to_string()),
        }
    }

    #[test]
    fn the_outermost_elements_are_found() {
        let table: &[(&str, &[&str])] = &[
            ("<a><b/></a>", &["<a><b/></a>"]),
            ("<?xml version=\"1.0\"?>\n<!-- <c> -->\n<a/>\n", &["<a/>"]),
            ("<a x='>' y=\"/>\">t</a><b/>", &["<a x='>' y=\"/>\">t</a>", "<b/>"]),
            (
                "# a comment\n! another\nadmin@fw> show config running\n<a><![CDATA[</a>]]></a>\nadmin@fw> ",
                &["<a><![CDATA[</a>]]></a>"],
            ),
            ("", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(pieces(text).as_deref(), Ok(*expected), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let table = [
            ("<a>\n<b>", "f:2:1: this element is not closed"),
            (
                "<a></b>",
                "f:1:4: this tag does not close the element that was opened last (opened here: line 1)",
            ),
            ("<a/></a>", "f:1:5: there is no open element for this tag to close"),
            ("<a>x < y</a>", "f:1:6: this `<` starts no tag"),
            ("<a><b</a>", "f:1:4: this `<` starts a tag that is not closed"),
            ("<a x='", "f:1:1: this tag is not complete"),
            ("<a></a", "f:1:4: this tag is not complete"),
            ("<a><!-- x", "f:1:4: this is not closed"),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "f:1:1: a document type"),
            ("<a/>\n  trailing", "f:2:3: this is outside of all elements"),
        ];
        for (text, expected) in table {
            let error = pieces(text).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn bounds_are_kept() {
        let nested = "<a>".repeat(DEEPEST + 1);
        assert!(pieces(&nested).unwrap_err().contains("more than 256 elements stand in one another"));
        let attributes = format!("<a {}/>", "b='' ".repeat(ATTRIBUTES + 1));
        assert!(pieces(&attributes).unwrap_err().contains("too many attributes"));
        let namespaces = format!("<a>{}</a>", "<b xmlns:c='d'/>".repeat(NAMESPACES + 1));
        assert!(pieces(&namespaces).unwrap_err().contains("too many attributes"));
        assert!(pieces(&"<a/>".repeat(PIECES + 1)).unwrap_err().contains("pieces"));
    }
}
