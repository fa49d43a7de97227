//! PAN-OS's own formats: XML, set commands and the brace form, each read into one tree (PANOS.md 12).

mod brace;
mod build;
mod layout;
mod lexer;
mod outline;
mod read;
mod rename;
mod schema;
mod set;
mod sniff;
mod terminal;
mod tree;
mod walk;
mod xml;

use self::build::{Builder, DEEPEST, Full, LARGEST};
pub(super) use self::read::security_profiles;
pub(super) use self::schema::{Below, VSYS};
pub(super) use self::sniff::syntax;
pub(super) use self::tree::Node;
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
mod tests;
