//! PAN-OS's own formats: XML, set commands and the brace form, each read into one tree (PANOS.md 12).

mod build;
mod layout;
mod outline;
mod read;
mod sniff;
mod terminal;
mod tree;
mod xml;

use self::build::{DEEPEST, Full, LARGEST};
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

impl Syntax {
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
fn parse<'t>(syntax: Syntax, text: &'t str, out: &mut Diagnostics) -> Option<Node<'t>> {
    match syntax {
        Syntax::Xml => xml::parse(text, out),
        Syntax::Set | Syntax::Brace => {
            out.general(format!("{} is not supported yet", syntax.name()));
            None
        }
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

/// Says why a tree takes no more.
fn full(why: Full, out: &mut Diagnostics) {
    match why {
        Full::Names => out
            .general(format!("the configuration holds more than {LARGEST} names"))
            .help("export the part with the rulebase, the objects and the network alone"),
        Full::Depth(span) => out
            .error(&span, format!("more than {DEEPEST} names stand in one another here"))
            .help("is this a PAN-OS configuration?"),
    };
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
    fn xml_configurations_are_read() {
        let Some(folder) = folder() else {
            println!("SKIPPED: there is no corpus of configurations");
            return;
        };
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "xml") {
                let text = std::fs::read_to_string(&path).unwrap();
                let mut out = Diagnostics::default();
                let root = parse(Syntax::Xml, &text, &mut out);
                assert!(root.is_some(), "{}", out.into_error(&path.to_string_lossy(), &text));
            }
        }
    }
}
