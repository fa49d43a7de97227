//! Set commands, as `show` gives them after `set cli config-output-format set`, and the commands that people write
//! among them: `delete`, `rename`, `move`, `copy` and `edit`.

use super::build::{Builder, DEEPEST, Id, Position};
use super::lexer::{Lexer, Problem, Token};
use super::rename::rename;
use super::terminal;
use super::tree::Node;
use super::walk::{Item, Place, Text, find, walk};
use crate::config::diagnostic::{Diagnostics, Span};

/// So many lines are named that were not understood; the others are counted.
const NAMED: usize = 10;
/// So many names are looked at to rename others: a renaming takes one look at every rule.
const LOOKED_AT: usize = 50_000_000;
/// Commands that change nothing in the configuration.
const IDLE: &[&str] = &["commit", "configure", "exit", "quit", "run", "save", "show", "top", "up"];

/// Reads a file of commands, in order.
pub(super) fn parse<'t>(text: &'t str, out: &mut Diagnostics) -> Option<Node<'t>> {
    let mut reader = Reader {
        lexer: Lexer::new(text, true),
        tree: Builder::new(),
        base: Vec::new(),
        line: 1,
        ignored: 0,
        looked_at: 0,
        out,
    };
    reader.run(text);
    let Reader { tree, ignored, .. } = reader;
    if ignored > NAMED {
        out.warn(format!("{} more lines were passed over", ignored - NAMED));
    }
    super::finish(tree, out)
}

struct Reader<'t, 'o> {
    lexer: Lexer<'t>,
    tree: Builder<'t>,
    /// Where `edit` stands.
    base: Vec<Text<'t>>,
    line: usize,
    /// How many lines were not understood.
    ignored: usize,
    /// How many names were looked at to rename others.
    looked_at: usize,
    out: &'o mut Diagnostics,
}

impl<'t> Reader<'t, '_> {
    fn run(&mut self, text: &'t str) {
        while !self.lexer.is_at_end() && !self.tree.is_full() {
            let start = self.lexer.at();
            let line = self.lexer.line();
            let command = terminal::without_prompt(line);
            if terminal::is_idle(line) {
                self.lexer.skip_line();
            } else {
                self.lexer.skip(line.len() - command.len());
                self.command(command);
            }
            let passed = text.get(start..self.lexer.at()).unwrap_or_default();
            self.line += memchr::memchr_iter(b'\n', passed.as_bytes()).count();
        }
    }

    fn command(&mut self, line: &'t str) {
        let command = line.split_ascii_whitespace().next().unwrap_or_default();
        let words = line.split_ascii_whitespace().nth(1);
        match command {
            "edit" | "set" | "delete" | "rename" | "move" | "copy" if words != Some("cli") => {
                let start = self.lexer.at();
                self.lexer.skip(command.len());
                match self.items() {
                    Ok(items) => self.obey(command, items, start..start + command.len()),
                    Err(Problem { span, message, help }) => {
                        self.out.error(&span, message).help(help);
                        self.lexer.skip_line();
                    }
                }
                return;
            }
            "up" => self.base.truncate(self.base.len().saturating_sub(1)),
            "top" | "exit" | "quit" => self.base.clear(),
            _ => {}
        }
        self.lexer.skip_line();
        if command != "set" && !IDLE.contains(&command) {
            self.ignore("is no configuration command");
        }
    }

    /// The rest of a command.
    fn items(&mut self) -> Result<Vec<Item<'t>>, Problem> {
        let mut items = Vec::new();
        loop {
            match self.lexer.next()? {
                Some(Token::Item(item)) => items.push(item),
                Some(Token::Sign(..)) => {}
                None | Some(Token::Newline) => return Ok(items),
            }
        }
    }

    fn obey(&mut self, command: &str, items: Vec<Item<'t>>, span: Span) {
        let base = self.base.iter().cloned().map(Item::Word);
        let items: Vec<Item<'t>> = base.chain(items).collect();
        if command == "set" {
            return walk(&mut self.tree, &mut vec![Place::TOP], items);
        }
        let done = match command {
            "delete" => self.delete(items),
            "edit" => self.edit(items),
            _ => words(items).and_then(|words| self.rearrange(command, words, span)),
        };
        if done.is_none() {
            self.ignore("says nothing of what is in this file");
        }
    }

    /// `delete PATH`. That there is nothing to delete is no news: files delete what a new firewall comes with.
    fn delete(&mut self, mut items: Vec<Item<'t>>) -> Option<()> {
        let last = match items.pop()? {
            Item::Word(word) => vec![word],
            Item::List(words) => words,
        };
        let mut path = words(items)?;
        for word in last {
            path.push(word);
            if let Some(id) = find(&self.tree, &path) {
                self.tree.remove(id);
            }
            path.pop();
        }
        Some(())
    }

    fn edit(&mut self, items: Vec<Item<'t>>) -> Option<()> {
        self.base = words(items).filter(|words| words.len() <= DEEPEST)?;
        Some(())
    }

    /// `rename PATH to NAME`, `copy PATH to NAME`, `move PATH top`, `move PATH before NAME`.
    fn rearrange(&mut self, command: &str, mut words: Vec<Text<'t>>, span: Span) -> Option<()> {
        let last = words.pop()?;
        let position = match (command, &*last.text) {
            ("move", "top") => Some(Position::Top),
            ("move", "bottom") => Some(Position::Bottom),
            _ => None,
        };
        if let Some(position) = position {
            let id = find(&self.tree, &words)?;
            self.tree.reorder(id, position);
            return Some(());
        }
        let how = words.pop()?;
        let id = find(&self.tree, &words)?;
        let other = self.tree.child(self.tree.parent(id), &last.text);
        match (command, &*how.text) {
            ("move", "before") => self.tree.reorder(id, Position::Before(other?)),
            ("move", "after") => self.tree.reorder(id, Position::After(other?)),
            ("rename" | "copy", "to") if other.is_some_and(|other| other != id) => {
                self.out.error(&span, "the new name is taken").help("choose another name");
            }
            ("rename", "to") => self.rename(id, &last),
            ("copy", "to") => {
                let copy = self.tree.add(self.tree.parent(id), last.text, last.span);
                self.tree.copy(id, copy);
            }
            _ => return None,
        }
        Some(())
    }

    fn rename(&mut self, id: Id, name: &Text<'t>) {
        if self.looked_at > LOOKED_AT {
            self.out
                .error(&name.span, "this file renames too much")
                .help("export the configuration as it is now");
            return self.lexer.skip(usize::MAX);
        }
        self.looked_at += rename(&mut self.tree, id, name);
    }

    /// Says that a line was passed over. The line is not shown: it may be part of a key.
    fn ignore(&mut self, why: &str) {
        self.ignored += 1;
        if self.ignored <= NAMED {
            self.out.warn(format!("line {} {why} and was passed over", self.line));
        }
    }
}

/// Items that are single words.
fn words<'t>(items: Vec<Item<'t>>) -> Option<Vec<Text<'t>>> {
    items
        .into_iter()
        .map(|item| match item {
            Item::Word(word) => Some(word),
            Item::List(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Vec<String>) {
        let mut out = Diagnostics::default();
        match parse(text, &mut out) {
            Some(root) => {
                let shown: Vec<String> = root.children.iter().map(Node::shown).collect();
                (shown.join(" "), out.into_warnings())
            }
            None => (out.into_error("f", text).to_string(), Vec::new()),
        }
    }

    fn shown(text: &str) -> String {
        let (shown, warnings) = read(text);
        assert_eq!(warnings, [""; 0], "{text}");
        shown
    }

    /// What is below `vsys vsys1`.
    fn vsys(text: &str) -> String {
        let shown = shown(text);
        let inside = shown.strip_prefix("devices{localhost.localdomain{vsys{vsys1{");
        inside.and_then(|inside| inside.strip_suffix("}}}}")).unwrap_or(&shown).to_owned()
    }

    #[test]
    fn a_line_may_say_several_things() {
        let rule = |inside: &str| format!("rulebase{{security{{rules{{R{{{inside}}}}}}}}}");
        let table = [
            ("action allow from any to [ z1 z2 ]", "action{allow} from{any} to{z1 z2}"),
            ("from any from z1", "from{any z1}"),
            ("action allow\nset rulebase security rules R action deny", "action{deny}"),
            ("source [ a b ]\nset rulebase security rules R source c", "source{a b c}"),
            (
                "profile-setting profiles virus v spyware s action allow",
                "profile-setting{profiles{virus{v} spyware{s}}} action{allow}",
            ),
            ("profile-setting group g log-end yes", "profile-setting{group{g}} log-end{yes}"),
            ("target negate no disabled yes", "target{negate{no}} disabled{yes}"),
            ("unheard of things", "unheard{of{things}}"),
            ("unheard [ a b ] of", "unheard{a b} of"),
            ("description \"action deny\" action allow", "description{action deny} action{allow}"),
            ("log-setting", "log-setting"),
        ];
        for (line, expected) in table {
            assert_eq!(vsys(&format!("set rulebase security rules R {line}")), rule(expected), "{line}");
        }
    }

    #[test]
    fn other_contexts_are_known_too() {
        let table = [
            (
                "address A ip-netmask 192.0.2.1 tag [ t u ] description d",
                "address{A{ip-netmask{192.0.2.1} tag{t u} description{d}}}",
            ),
            (
                "address A fqdn a.example\nset address A ip-netmask 192.0.2.1",
                "address{A{ip-netmask{192.0.2.1}}}",
            ),
            (
                "address-group G dynamic filter \"'a' and b\" tag t",
                "address-group{G{dynamic{filter{'a' and b}} tag{t}}}",
            ),
            (
                "service S protocol tcp port 80 override yes timeout 5 halfclose-timeout 6\nset service S tag t",
                "service{S{protocol{tcp{port{80} override{yes{timeout{5} halfclose-timeout{6}}}}} tag{t}}}",
            ),
            (
                "service S protocol tcp port 80\nset service S protocol udp port 53",
                "service{S{protocol{udp{port{53}}}}}",
            ),
            (
                "application A default port [ tcp/80 udp/53 ] category c timeout 30",
                "application{A{default{port{tcp/80 udp/53}} category{c} timeout{30}}}",
            ),
            (
                "application A signature s and-condition \"And 1\" or-condition o operator pattern-match context c pattern \"x y\" qualifier q value v",
                "application{A{signature{s{and-condition{And 1{or-condition{o{operator{pattern-match{context{c} pattern{x y} \
                 qualifier{q{value{v}}}}}}}}}}}}}",
            ),
            (
                "application-filter F category [ a b ] risk 5 evasive yes",
                "application-filter{F{category{a b} risk{5} evasive{yes}}}",
            ),
            (
                "schedule S schedule-type recurring weekly monday 08:00-10:00 tuesday [ 1 2 ]",
                "schedule{S{schedule-type{recurring{weekly{monday{08:00-10:00} tuesday{1 2}}}}}}",
            ),
            (
                "zone Z network layer3 [ e1 e2 ] zone-protection-profile p",
                "zone{Z{network{layer3{e1 e2} zone-protection-profile{p}}}}",
            ),
            (
                "rulebase nat rules N source-translation dynamic-ip-and-port interface-address interface e1 ip 192.0.2.1 to u from t service any",
                "rulebase{nat{rules{N{source-translation{dynamic-ip-and-port{interface-address{interface{e1} ip{192.0.2.1}}}} \
                 to{u} from{t} service{any}}}}}",
            ),
            (
                "rulebase nat rules N destination-translation translated-address a translated-port 80 destination b",
                "rulebase{nat{rules{N{destination-translation{translated-address{a} translated-port{80}} destination{b}}}}}",
            ),
            (
                "rulebase application-override rules O protocol tcp port 1,2-3 application A from any",
                "rulebase{application-override{rules{O{protocol{tcp} port{1,2-3} application{A} from{any}}}}}",
            ),
            (
                "rulebase decryption rules D type ssl-forward-proxy action decrypt category [ a ]",
                "rulebase{decryption{rules{D{type{ssl-forward-proxy} action{decrypt} category{a}}}}}",
            ),
            (
                "rulebase default-security-rules rules interzone-default action drop log-end yes",
                "rulebase{default-security-rules{rules{interzone-default{action{drop} log-end{yes}}}}}",
            ),
        ];
        for (line, expected) in table {
            assert_eq!(vsys(&format!("set {line}")), expected, "{line}");
        }
    }

    #[test]
    fn a_name_stands_where_xml_has_it() {
        let table = [
            ("set vsys vsys2 zone z", "devices{localhost.localdomain{vsys{vsys2{zone{z}}}}}"),
            (
                "set config devices d vsys v tag t color red comments c",
                "devices{d{vsys{v{tag{t{color{red} comments{c}}}}}}}",
            ),
            ("set config shared tag t", "shared{tag{t}}"),
            (
                "set shared pre-rulebase security rules r action deny from a",
                "shared{pre-rulebase{security{rules{r{action{deny} from{a}}}}}}",
            ),
            (
                "set device-group g address a fqdn f tag t",
                "devices{localhost.localdomain{device-group{g{address{a{fqdn{f} tag{t}}}}}}}",
            ),
            (
                "set template t config network virtual-router v interface [ a b ]\nset template t config zone z",
                "devices{localhost.localdomain{template{t{config{devices{localhost.localdomain{network{virtual-router{v{interface{a b}}}} \
                 vsys{vsys1{zone{z}}}}}}}}}}",
            ),
            (
                "set template-stack s templates [ a b ]",
                "devices{localhost.localdomain{template-stack{s{templates{a b}}}}}",
            ),
            (
                "set readonly devices d device-group g parent-dg p",
                "readonly{devices{d{device-group{g{parent-dg{p}}}}}}",
            ),
            (
                "set panorama address a ip-netmask 192.0.2.1 tag t",
                "panorama{address{a{ip-netmask{192.0.2.1} tag{t}}}}",
            ),
            ("set mgt-config users u", "mgt-config{users{u}}"),
            (
                "set network virtual-router r routing-table ip static-route s destination 0.0.0.0/0 nexthop ip-address 192.0.2.1 metric 5 interface e",
                "devices{localhost.localdomain{network{virtual-router{r{routing-table{ip{static-route{s{destination{0.0.0.0/0} \
                 nexthop{ip-address{192.0.2.1}} metric{5} interface{e}}}}}}}}}}",
            ),
            (
                "set network interface ethernet e1 layer3 units e1.5 tag 5 ip [ a b ] mtu 1500",
                "devices{localhost.localdomain{network{interface{ethernet{e1{layer3{units{e1.5{tag{5} ip{a b} mtu{1500}}}}}}}}}}",
            ),
            (
                "set deviceconfig setting session timeout-tcp 60 timeout-udp 5",
                "devices{localhost.localdomain{deviceconfig{setting{session{timeout-tcp{60} timeout-udp{5}}}}}}",
            ),
            (
                "set network vlan v virtual-interface interface vlan.1 l3-forwarding yes",
                "devices{localhost.localdomain{network{vlan{v{virtual-interface{interface{vlan.1} l3-forwarding{yes}}}}}}}",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn words_may_be_quoted_and_listed() {
        let table = [
            ("set tag \"a b\" comments 'c d'", "tag{a b{comments{c d}}}"),
            (r#"set tag "a \"b\"" comments 'it\'s'"#, r#"tag{a "b"{comments{it's}}}"#),
            (r#"set tag "corp\jdoe" comments "x\\""#, r#"tag{corp\jdoe{comments{x\\}}}"#),
            (r#"set tag t comments 'say "hi"'"#, r#"tag{t{comments{say "hi"}}}"#),
            (r#"set tag t comments "a"b""#, r#"tag{t{comments{a"b}}}"#),
            ("set tag t comments \"one\r\ntwo\"\r\nset tag u\r\n", "tag{t{comments{one\ntwo}} u}"),
            ("set tag t comments don't", "tag{t{comments{don't}}}"),
            ("set tag t comments [a-z]+", "tag{t{comments{[a-z]+}}}"),
            ("set address-group g static [a \"b c\"]", "address-group{g{static{a b c}}}"),
            ("set address-group g static [ ]", "address-group{g{static}}"),
            ("set tag \"\"", "tag{}"),
        ];
        for (text, expected) in table {
            assert_eq!(vsys(text), expected, "{text}");
        }
    }

    #[test]
    fn commands_change_what_was_said_before() {
        let tags = "set tag a color red\nset tag b\nset tag c\n";
        let table = [
            ("delete tag b", "tag{a{color{red}} c}"),
            ("delete tag nothing", "tag{a{color{red}} b c}"),
            ("delete tag [ a c ]", "tag{b}"),
            ("delete tag", ""),
            ("delete tag b\nset tag b", "tag{a{color{red}} c b}"),
            ("rename tag a to d", "tag{d{color{red}} b c}"),
            ("rename tag a to a", "tag{a{color{red}} b c}"),
            ("rename tag a to d\nset tag a", "tag{d{color{red}} b c a}"),
            ("copy tag a to d\nset tag a color blue", "tag{a{color{blue}} b c d{color{red}}}"),
            ("move tag c top", "tag{c a{color{red}} b}"),
            ("move tag a bottom", "tag{b c a{color{red}}}"),
            ("move tag c before b", "tag{a{color{red}} c b}"),
            ("move tag a after b", "tag{b a{color{red}} c}"),
            ("move tag a after a", "tag{a{color{red}} b c}"),
            (
                "edit tag\nset d\nup\nset tag e\nedit tag d\nset color blue\ntop\ndelete tag b",
                "tag{a{color{red}} c d{color{blue}} e}",
            ),
        ];
        for (commands, expected) in table {
            let expected =
                if expected.is_empty() { "devices{localhost.localdomain{vsys{vsys1}}}" } else { expected };
            assert_eq!(vsys(&format!("{tags}{commands}\n")), expected, "{commands}");
        }
        assert_eq!(
            shown("set template t config zone a\ndelete template t config zone a"),
            shown("set template t config zone b\ndelete template t config zone b")
        );
    }

    #[test]
    fn what_names_a_renamed_object_follows() {
        let rule = "set rulebase security rules R source [ a b ] from a service a\nset service-group g members a\n\
                    set address-group g static a\nset vsys vsys2 address-group g static a\n";
        let table = [
            ("address a", "source{c b} from{a} service{a}", "members{a}", "static{c}", "static{a}"),
            ("service a", "source{a b} from{a} service{c}", "members{c}", "static{a}", "static{a}"),
            ("zone a", "source{a b} from{c} service{a}", "members{a}", "static{a}", "static{a}"),
        ];
        for (object, rules, members, group, other) in table {
            let kind = object.split(' ').next().unwrap();
            let text = shown(&format!("{rule}set {object}\nrename {object} to c\n"));
            for part in
                [rules, members, group, &format!("{kind}{{c}}"), &format!("vsys2{{address-group{{g{{{other}")]
            {
                assert!(text.contains(part), "{object}: {part}: {text}");
            }
        }
        let text = shown(&format!("{rule}set shared address a\nrename shared address a to b\n"));
        assert!(
            text.contains("source{b} from{a}") && text.contains("vsys2{address-group{g{static{b}"),
            "{text}"
        );
    }

    #[test]
    fn what_is_no_configuration_is_passed_over() {
        let (shown, warnings) = read(
            "#RANCID-CONTENT-TYPE: paloalto\n! note\n\nadmin@fw> configure\n[edit]\nadmin@fw(active)# set tag a\nset cli pager off\n\
             commit\nrequest system info \"\nmove tag a before b\nset\n  set tag c",
        );
        assert_eq!(shown, "devices{localhost.localdomain{vsys{vsys1{tag{a c}}}}}");
        assert_eq!(
            warnings,
            [
                "line 9 is no configuration command and was passed over",
                "line 10 says nothing of what is in this file and was passed over",
            ]
        );
        let (_, warnings) = read(&"what\n".repeat(100));
        assert_eq!(warnings.len(), NAMED + 1);
        assert_eq!(warnings.last().unwrap(), "90 more lines were passed over");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let table = [
            ("set tag a\nset tag \"b c\nset tag d", "f:2:9: this quote is not closed"),
            ("set tag 'b", "f:1:9: this quote is not closed"),
            ("set address-group g static [ a b\nset tag c", "f:1:28: this `[` is not closed"),
            ("set tag a\nset tag b\nrename tag a to b", "f:3:1: the new name is taken"),
        ];
        for (text, expected) in table {
            let (error, _) = read(text);
            assert!(error.starts_with(expected), "{text}: {error}");
        }
        let (error, _) = read(&format!("set tag a\nset {}", "x ".repeat(300)));
        assert!(error.starts_with("f:2:"), "{error}");
        assert!(error.contains("more than 256 names stand in one another"), "{error}");
    }
}
