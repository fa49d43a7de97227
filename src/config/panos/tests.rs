//! All syntaxes together: the corpus, what is never shown, and hostile files.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// The configurations of the corpus, if it is there.
fn folder() -> Option<PathBuf> {
    let root = std::env::var_os("FIRSTPASS_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus")),
        PathBuf::from,
    );
    Some(root.join("configs")).filter(|folder| folder.is_dir())
}

#[test]
fn every_configuration_is_read() {
    let Some(folder) = folder() else {
        println!("SKIPPED: there is no corpus of configurations");
        return;
    };
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy();
        let expected = match path.extension().and_then(|extension| extension.to_str()) {
            Some("xml") => Syntax::Xml,
            Some("set" | "conf") => Syntax::Set,
            Some("txt") if name.contains("filesystem") => Syntax::Set,
            Some("txt") => Syntax::Brace,
            _ => continue,
        };
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(syntax(&text), Some(expected), "{name}");
        let mut out = Diagnostics::default();
        let root = parse(expected, &text, &mut out);
        assert!(root.is_some(), "{}", out.into_error(&name, &text));
        assert_eq!(out.into_warnings(), [""; 0], "{name}");
        files += 1;
    }
    assert!(files > 0, "there is nothing in the corpus");
}

#[test]
fn no_error_shows_a_secret() {
    for text in [
        "<config>\n<phash>S3CR</phash><a></b>\n",
        "<config>\n<phash>S3&CR</phash></config>",
        "<config>\n<phash>S3<CR>x</phash>",
        "<config>\n<private-key>\nS3CR\n&x;S3CR</private-key></config>",
        "set a phash \"S3CR",
        "set a phash [ S3CR",
        "set a private-key \"-----BEGIN X\nS3CR \"S3CR\nS3CR\nset b \"c",
        "a {\n phash S3CR }",
        "a {\n phash S3CR",
        "a {\n phash \"S3CR; }",
        "a {\n phash [ S3CR; }",
        "a {\n private-key \"x\nS3CR\" S3CR }",
    ] {
        let mut out = Diagnostics::default();
        parse(syntax(text).unwrap(), text, &mut out);
        assert!(out.has_errors(), "{text}");
        // Whatever place an error is at, its line shows none.
        let elsewhere = (0..text.len()).map(|at| {
            let mut out = Diagnostics::default();
            out.error(&(at..at + 1), "x");
            out
        });
        for out in elsewhere.chain([out]) {
            let error = out.into_error("f", text);
            let shown = format!("{error} {error:?} {}", error.render(false));
            assert!(!shown.contains("S3") && !shown.contains("CR"), "{text}: {shown}");
        }
    }
}

/// A name, with what is below it.
#[derive(Debug, Clone)]
struct Written {
    name: String,
    children: Vec<Self>,
}

fn written() -> impl Strategy<Value = Written> {
    let name = prop_oneof!["[a-c]", "[a-z &<>#!{};=é\\[\\]'-]{1,12}"];
    let leaf = name.clone().prop_map(|name| Written { name: name.trim().to_owned(), children: Vec::new() });
    leaf.prop_recursive(4, 40, 5, move |inner| {
        let children = prop::collection::vec(inner, 0..5);
        (name.clone(), children)
            .prop_map(|(name, children)| Written { name: name.trim().to_owned(), children })
    })
}

impl Written {
    fn xml(&self) -> String {
        let name = self.name.replace('&', "&amp;").replace('<', "&lt;");
        format!("<entry name=\"{name}\">{}</entry>", self.children.iter().map(Self::xml).collect::<String>())
    }

    fn brace(&self) -> String {
        match self.children.is_empty() {
            true => format!("\"{}\";\n", self.name),
            false => {
                let children: String = self.children.iter().map(Self::brace).collect();
                format!("\"{}\" {{\n{children}}}\n", self.name)
            }
        }
    }

    fn set(&self, above: &str) -> String {
        let path = format!("{above} \"{}\"", self.name);
        let children: String = self.children.iter().map(|child| child.set(&path)).collect();
        format!("set {path}\n{children}")
    }
}

fn shown(syntax: Syntax, text: &str) -> String {
    let mut out = Diagnostics::default();
    match parse(syntax, text, &mut out) {
        Some(root) => root.shown(),
        None => out.into_error("f", text).to_string(),
    }
}

proptest! {
    #[test]
    fn all_syntaxes_say_the_same(written in written()) {
        let xml = shown(Syntax::Xml, &format!("<config><mgt-config>{}</mgt-config></config>", written.xml()));
        prop_assert_eq!(&shown(Syntax::Brace, &format!("mgt-config {{\n{}}}", written.brace())), &xml);
        prop_assert_eq!(&shown(Syntax::Set, &written.set("mgt-config")), &xml);
    }

    #[test]
    fn nothing_that_is_read_does_harm(pieces in prop::collection::vec(piece(), 0..60)) {
        let text = pieces.concat();
        for syntax in [Syntax::Xml, Syntax::Set, Syntax::Brace] {
            let mut out = Diagnostics::default();
            let root = parse(syntax, &text, &mut out);
            prop_assert_eq!(root.is_none(), out.has_errors());
            root.iter().for_each(|root| places(root, &text));
            out.into_error("f", &text).render(false);
        }
        syntax(&text);
    }
}

/// Every name stands somewhere in the file.
fn places(node: &Node<'_>, text: &str) {
    assert!(text.get(node.span.clone()).is_some(), "{:?}", node.span);
    node.children.iter().for_each(|child| places(child, text));
}

fn piece() -> impl Strategy<Value = String> {
    let words = [
        "<config>",
        "</config>",
        "<entry name='a'>",
        "</entry>",
        "<member>",
        "</member>",
        "<a/>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        "&amp;",
        "&#65;",
        "&x;",
        "<!DOCTYPE",
        "set ",
        "delete ",
        "rename ",
        "move ",
        "copy ",
        "edit ",
        "up\n",
        "top\n",
        " to ",
        " before ",
        " top",
        "config ",
        "rulebase ",
        "security ",
        "rules ",
        "R ",
        "from ",
        "action ",
        "network ",
        "template ",
        "\n",
        "\r\n",
        " ",
        "[",
        " [ ",
        " ] ",
        "]",
        "{",
        " }\n",
        ";\n",
        "\"",
        "'",
        "\\",
        "#",
        "!",
        "a@b# ",
        "é",
        "\0",
        "phash ",
        "<key>",
        "-----BEGIN",
        "$1$x",
    ];
    prop_oneof![4 => prop::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,4}"]
}

#[test]
fn files_may_end_anywhere() {
    let xml = "<?xml version='1.0'?><config><shared><address><entry name='a'><fqdn>b &amp; c</fqdn></entry></address></shared></config>";
    let set = "set address \"a b\" tag [ c 'd' ] description \"e\nf\"\nrename address \"a b\" to g\nmove address g top\n";
    let brace = "# c\naddress {\n \"a b\" {\n tag [ c d ];\n description 'e\nf';\n }\n}\n";
    for (kind, text) in [(Syntax::Xml, xml), (Syntax::Set, set), (Syntax::Brace, brace)] {
        for end in 0..text.len() {
            let text = text.get(..end).unwrap();
            let mut out = Diagnostics::default();
            let root = parse(kind, text, &mut out);
            assert_eq!(root.is_none(), out.has_errors(), "{text}");
            assert!(kind != Syntax::Xml || end < 22 || root.is_none(), "{text}");
            out.into_error("f", text).render(false);
        }
    }
}

/// Each of these takes long if anything is looked at again and again.
#[test]
fn time_is_in_proportion_to_length() {
    let many = |piece: &str| piece.repeat(400_000 / piece.len());
    let numbered = |start: &str| (0..40_000).map(|number| format!("{start} {number}\n")).collect::<String>();
    for (kind, text) in [
        (Syntax::Xml, many("<")),
        (Syntax::Xml, many("<a>")),
        (Syntax::Xml, format!("<a>{}</a>", many("<b/>"))),
        (
            Syntax::Xml,
            format!(
                "<a>{}</a>",
                (0..20_000).map(|name| format!("<entry name='{name}'/>")).collect::<String>()
            ),
        ),
        (Syntax::Xml, many("<!--")),
        (Syntax::Xml, format!("<a>{}", many("<key>"))),
        (Syntax::Set, many("set a [b ")),
        (Syntax::Set, many("set a [b\n")),
        (Syntax::Set, many("set a \"b\n")),
        (Syntax::Set, many("set a \"b'c\\\"\n")),
        (Syntax::Set, many("what is this\n")),
        (Syntax::Set, numbered("set tag")),
        (Syntax::Set, format!("{}{}", numbered("set tag"), numbered("delete tag"))),
        (Syntax::Set, format!("{}move tag 9 top\n{}", numbered("set tag"), many("move tag 1 bottom\n"))),
        (Syntax::Set, format!("edit {}\n{}", many("a "), many("set b\n"))),
        (Syntax::Brace, many("[ a ")),
        (Syntax::Brace, many("a{")),
        (Syntax::Brace, many("a;")),
        (Syntax::Brace, many("\"a\\\" ")),
        (Syntax::Brace, many("\n#")),
        (Syntax::Set, many("psk \"a ")),
    ] {
        let mut out = Diagnostics::default();
        parse(kind, &text, &mut out);
        out.error(&(text.len() - 1..text.len()), "x");
        out.into_error("f", &text).render(false);
    }
}
