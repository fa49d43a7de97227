//! The brace form, as `show` gives it in configuration mode and RANCID keeps it: `key { key value; }`.

use super::build::{Builder, DEEPEST};
use super::lexer::{Lexer, Problem, Token};
use super::tree::Node;
use super::walk::{Item, Place, walk};
use crate::config::diagnostic::{Diagnostics, Span};

/// Reads a configuration in braces.
pub(super) fn parse<'t>(text: &'t str, out: &mut Diagnostics) -> Option<Node<'t>> {
    let mut reader = Reader {
        lexer: Lexer::new(text, false),
        tree: Builder::new(),
        path: vec![Place::TOP],
        open: Vec::new(),
        statement: Vec::new(),
        start: 0..0,
    };
    if let Err(Problem { span, message, help }) = reader.run() {
        out.error(&span, message).help(help);
    }
    super::finish(reader.tree, out)
}

struct Reader<'t> {
    lexer: Lexer<'t>,
    tree: Builder<'t>,
    path: Vec<Place>,
    /// The braces that are open: where, and how long the path was before.
    open: Vec<(Span, usize)>,
    /// The words since the last sign.
    statement: Vec<Item<'t>>,
    /// Where its first word is.
    start: Span,
}

/// What is said of a file that ends too early.
const CUT_OFF: &str = "the file seems to be cut off: copy it again";

impl Reader<'_> {
    fn run(&mut self) -> Result<(), Problem> {
        while let Some(token) = self.lexer.next()? {
            match token {
                Token::Item(item) => {
                    if self.statement.is_empty() {
                        self.start = first(&item).unwrap_or_else(|| self.lexer.at() - 1..self.lexer.at());
                    }
                    self.statement.push(item);
                }
                Token::Sign('{', span) => self.open(span)?,
                Token::Sign('}', span) => self.close(span)?,
                Token::Sign(..) => self.end(),
                Token::Newline => {}
            }
            if self.tree.is_full() {
                return Ok(());
            }
        }
        if !self.statement.is_empty() {
            return Err(Problem {
                span: self.start.clone(),
                message: "there is no `;` after this",
                help: CUT_OFF,
            });
        }
        match self.open.pop() {
            Some((span, _)) => Err(Problem { span, message: "this `{` is not closed", help: CUT_OFF }),
            None => Ok(()),
        }
    }

    /// `words {`
    fn open(&mut self, span: Span) -> Result<(), Problem> {
        if self.statement.is_empty() {
            let help = "write what the block is about before it";
            return Err(Problem { span, message: "there is no name before this `{`", help });
        }
        if self.open.len() == DEEPEST {
            let help = "is this a PAN-OS configuration?";
            return Err(Problem { span, message: "more than 256 blocks stand in one another here", help });
        }
        self.open.push((span, self.path.len()));
        walk(&mut self.tree, &mut self.path, std::mem::take(&mut self.statement));
        Ok(())
    }

    /// `}`
    fn close(&mut self, span: Span) -> Result<(), Problem> {
        if !self.statement.is_empty() {
            return Err(Problem {
                span: self.start.clone(),
                message: "there is no `;` after this",
                help: "each statement ends with `;`",
            });
        }
        let Some((_, len)) = self.open.pop() else {
            let help = "remove it, or add the `{` that it should close";
            return Err(Problem { span, message: "there is no open block for this `}` to close", help });
        };
        self.path.truncate(len);
        Ok(())
    }

    /// `words;`
    fn end(&mut self) {
        let len = self.path.len();
        walk(&mut self.tree, &mut self.path, std::mem::take(&mut self.statement));
        self.path.truncate(len);
    }
}

/// Where the first word of an item is.
fn first(item: &Item<'_>) -> Option<Span> {
    match item {
        Item::Word(word) => Some(word.span.clone()),
        Item::List(words) => words.first().map(|word| word.span.clone()),
    }
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
    fn blocks_are_names_and_statements_are_values() {
        let table = [
            ("tag { a; \"b c\" { color red; comments 'x y'; } }", "tag{a b c{color{red} comments{x y}}}"),
            (
                "address-group {\r\n  g {\r\n    static [ a b ];\r\n  }\r\n}\r\n",
                "address-group{g{static{a b}}}",
            ),
            ("address-group { g { static { a; b; } } }", "address-group{g{static{a b}}}"),
            (
                "rulebase{security{rules{R{action allow;from [a b];}}}}",
                "rulebase{security{rules{R{action{allow} from{a b}}}}}",
            ),
            (
                "# note\n!RANCID-CONTENT-TYPE: paloalto\nadmin@fw# show\n[edit]\ntag {\n  # inside\n  a;\n}\nadmin@fw# ",
                "tag{a}",
            ),
            ("unheard { of { things 1; more [ 2 3 ]; } }", "unheard{of{things{1} more{2 3}}}"),
            ("tag { a { color red; } } tag { a { color blue; } b; }", "tag{a{color{blue}} b}"),
            ("tag { t { comments \"one\n# two\"; } }", "tag{t{comments{one\n# two}}}"),
        ];
        for (text, expected) in table {
            let expected = format!("devices{{localhost.localdomain{{vsys{{vsys1{{{expected}}}}}}}}}");
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn a_name_stands_where_xml_has_it() {
        let table = [
            (
                "config { devices { d { deviceconfig { system { hostname h; } } } } }",
                "devices{d{deviceconfig{system{hostname{h}}}}}",
            ),
            (
                "policy { shared; panorama { address { a { ip-netmask 192.0.2.1; } } } }",
                "shared panorama{address{a{ip-netmask{192.0.2.1}}}}",
            ),
            (
                "deviceconfig { system { hostname h; } }",
                "devices{localhost.localdomain{deviceconfig{system{hostname{h}}}}}",
            ),
            ("vsys { vsys2 { zone { z; } } }", "devices{localhost.localdomain{vsys{vsys2{zone{z}}}}}"),
            (
                "network { interface { ethernet { e1 { layer3 { ip { 192.0.2.1/24; } mtu 1500; } comment c; } } } }",
                "devices{localhost.localdomain{network{interface{ethernet{e1{layer3{ip{192.0.2.1/24} mtu{1500}} comment{c}}}}}}}",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let table = [
            ("tag {\n  a {\n  b;\n}\n", "f:1:5: this `{` is not closed"),
            ("tag {\n  a;\n}\n}", "f:4:1: there is no open block for this `}` to close"),
            ("tag {\n  a\n}", "f:2:3: there is no `;` after this"),
            ("tag {\n  a", "f:2:3: there is no `;` after this"),
            ("tag {\n  { a; } }", "f:2:3: there is no name before this `{`"),
            ("tag { a { comments \"x; } }", "f:1:20: this quote is not closed"),
            ("address-group { g { static [ a; } }", "f:1:28: this `[` is not closed"),
        ];
        for (text, expected) in table {
            let error = shown(text);
            assert!(error.starts_with(expected), "{text}: {error}");
        }
        let deep = format!("{}a;{}", "config {".repeat(DEEPEST + 1), "}".repeat(DEEPEST + 1));
        assert!(shown(&deep).contains("more than 256 blocks stand in one another"));
        let deep = format!("{}a;{}", "x {".repeat(DEEPEST), "}".repeat(DEEPEST));
        assert!(shown(&deep).contains("more than 256 names stand in one another"));
    }
}
