//! Which of PAN-OS's formats a file is written in, if any.

use super::{Syntax, terminal};

/// So many lines that say nothing are passed over.
const LINES: usize = 200;

/// Told by the first line that says anything; `None` for what is something else, such as TOML.
pub(in crate::config) fn syntax(text: &str) -> Option<Syntax> {
    text.lines().filter(|line| !terminal::is_idle(line)).take(LINES).find_map(told).flatten()
}

/// `None` where the line does not tell.
fn told(line: &str) -> Option<Option<Syntax>> {
    let line = terminal::without_prompt(line).trim();
    if line.starts_with('<') {
        return Some(Some(Syntax::Xml));
    }
    if terminal::starts_command(line) {
        return Some(Some(Syntax::Set));
    }
    if line.starts_with('[') || line.contains('=') && !line.ends_with(['{', ';']) {
        return Some(None);
    }
    let brace = line.ends_with(['{', ';', '}']) && !line.contains(" = ");
    brace.then_some(Some(Syntax::Brace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_content() {
        for (text, syntax) in [
            ("<?xml version=\"1.0\"?>\n<config/>", Some(Syntax::Xml)),
            ("\n  <config version=\"10.1.0\">", Some(Syntax::Xml)),
            ("<rules>", Some(Syntax::Xml)),
            ("# comment\nset rulebase security rules R action allow", Some(Syntax::Set)),
            ("configure\nset zone z1 network layer3 ethernet1/1", Some(Syntax::Set)),
            ("admin@fw# set zone z1", Some(Syntax::Set)),
            ("delete mgt-config users admin\nset x y", Some(Syntax::Set)),
            ("set address \"a = b\" ip-netmask 192.0.2.1", Some(Syntax::Set)),
            ("!RANCID-CONTENT-TYPE: paloalto\nconfig {\n", Some(Syntax::Brace)),
            ("rulebase {", Some(Syntax::Brace)),
            ("hostname fw;\n", Some(Syntax::Brace)),
            ("[zones]\nuntrust = \"0.0.0.0/0\"", None),
            ("# set of rules\n[[security]]", None),
            ("set = 1", None),
            ("address = { a = \"192.0.2.1\" }", None),
            ("zones.dmz = \"192.0.2.0/24\"", None),
            ("nothing", None),
            ("", None),
        ] {
            assert_eq!(super::syntax(text), syntax, "{text}");
        }
    }
}
