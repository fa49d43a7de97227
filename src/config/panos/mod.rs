//! PAN-OS's own formats: XML, set commands and the brace form, each read into one tree (PANOS.md 12).

mod brace;
mod build;
mod layout;
mod lexer;
mod outline;
mod read;
mod schema;
mod set;
mod sniff;
mod terminal;
mod tree;
mod walk;
mod xml;

use self::build::{Builder, DEEPEST, Full, LARGEST};
pub(super) use self::sniff::syntax;
use self::tree::Node;
use super::Overrides;
use super::candidate::Candidate;
use super::diagnostic::Diagnostics;

/// How a configuration is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// `<config><devices>…`.
    Xml,
    /// `set rulebase security rules …`.
    Set,
    /// `rulebase { security { rules {…`.
    Brace,
}

/// Reads a configuration; the children of the root are what stands below `<config>`.
///
/// Whatever the syntax, a name stands where XML has it: `set rulebase …` is below
/// `devices localhost.localdomain vsys vsys1`. Without a tree, `out` says what is wrong.
fn parse<'t>(syntax: Syntax, text: &'t str, out: &mut Diagnostics) -> Option<Node<'t>> {
    match syntax {
        Syntax::Xml => xml::parse(text, out),
        Syntax::Set => set::parse(text, out),
        Syntax::Brace => brace::parse(text, out),
    }
}

/// Reads a configuration; what is wrong with it goes to `out`.
pub(super) fn read(syntax: Syntax, text: &str, overrides: &Overrides, out: &mut Diagnostics) -> Candidate {
    match parse(syntax, text, out) {
        Some(config) if config.children.is_empty() => {
            out.general("the configuration is empty")
                .help("export it again, with the rulebase, the objects and the network");
            Candidate::default()
        }
        Some(config) => read::read(&config, text, overrides, out),
        None => Candidate::default(),
    }
}

/// Every rulebase of a configuration, with whose it is and which one of those.
pub(super) fn outline(
    syntax: Syntax,
    text: &str,
    out: &mut Diagnostics,
) -> Vec<(String, &'static str, Candidate)> {
    parse(syntax, text, out).map(|config| read::outline(&config, text, out)).unwrap_or_default()
}

/// The tree that was built, if there is nothing wrong with it.
fn finish<'t>(tree: Builder<'t>, out: &mut Diagnostics) -> Option<Node<'t>> {
    match tree.finish() {
        Ok(root) => Some(root).filter(|_| !out.has_errors()),
        Err(Full::Names) => {
            out.general(format!("the configuration holds more than {LARGEST} names"))
                .help("export the part with the rulebase, the objects and the network alone");
            None
        }
        Err(Full::Depth(span)) => {
            out.error(&span, format!("more than {DEEPEST} names stand in one another here"))
                .help("is this a PAN-OS configuration?");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

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
}
