//! PAN-OS's own formats: XML, set commands and the brace form, each read into one tree (PANOS.md 12).

mod brace;
mod build;
mod layout;
mod lexer;
mod outline;
mod schema;
mod set;
mod terminal;
mod tree;
mod walk;
mod xml;

use self::build::{Builder, DEEPEST, Full, LARGEST};
use self::tree::Node;
use super::diagnostic::Diagnostics;

/// So many lines are looked through for a first command.
const LOOKED_AT: usize = 100;

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

impl Syntax {
    /// How a text is written, told by its first line that says anything; `None` is TOML, or nothing known.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut lines = text.lines().filter(|line| !terminal::is_idle(line)).map(terminal::without_prompt);
        let first = lines.next()?;
        if first.starts_with('<') {
            return Some(Self::Xml);
        }
        if terminal::starts_command(first) {
            return Some(Self::Set);
        }
        let sign = if first.starts_with('[') { None } else { first.chars().find(|c| "={;".contains(*c)) };
        match sign {
            Some('{' | ';') => Some(Self::Brace),
            Some(_) => None,
            None if first.starts_with('[') => None,
            // `deviceconfig` with the brace below it, or the chatter of a terminal before the first command.
            None => match lines.next() {
                Some(second) if second.starts_with('{') => Some(Self::Brace),
                second => second
                    .into_iter()
                    .chain(lines.take(LOOKED_AT))
                    .any(terminal::starts_command)
                    .then_some(Self::Set),
            },
        }
    }

    /// What a user calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Xml => "a PAN-OS XML configuration",
            Self::Set => "a list of PAN-OS set commands",
            Self::Brace => "a PAN-OS configuration in braces",
        }
    }
}

/// Reads a configuration; the children of the root are what stands below `<config>`.
///
/// Whatever the syntax, a name stands where XML has it: `set rulebase …` is below
/// `devices localhost.localdomain vsys vsys1`. Without a tree, `out` says what is wrong.
pub(super) fn parse<'t>(syntax: Syntax, text: &'t str, out: &mut Diagnostics) -> Option<Node<'t>> {
    match syntax {
        Syntax::Xml => xml::parse(text, out),
        Syntax::Set => set::parse(text, out),
        Syntax::Brace => brace::parse(text, out),
    }
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
mod corpus {
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
            assert_eq!(Syntax::of(&text), Some(expected), "{name}");
            let mut out = Diagnostics::default();
            let root = parse(expected, &text, &mut out);
            assert!(root.is_some(), "{}", out.into_error(&name, &text));
            assert_eq!(out.into_warnings(), [""; 0], "{name}");
            files += 1;
        }
        assert!(files > 0, "there is nothing in the corpus");
    }
}
