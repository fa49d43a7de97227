//! The predefined applications of a user's own firewall, from the XML that `show predefined` or a content export gives
//! (PANOS.md 2.5).

use std::collections::BTreeSet;

use roxmltree::{Document, Node};

use super::diagnostic::{ConfigError, Diagnostics, Span, quote, quote_some};
use super::source;
use crate::app::{AppId, Application, Catalog, Class, DenyAction, Ports, Timeouts};

/// More elements than any content has.
const ELEMENTS: u32 = 8_000_000;

/// Applications without place in the catalog, whose ids have 16 bits.
const MOST: usize = 60_000;

/// Puts the applications of a file in place of those of the same name, and adds the others. What decoders tell by name
/// goes on under that name. Also returns what there is to warn of.
///
/// # Errors
/// Where the file is no XML, or holds no application.
pub(super) fn read(path: &str, bytes: &[u8], catalog: &mut Catalog) -> Result<Vec<String>, ConfigError> {
    let text = source::utf8(path, bytes)?;
    let mut out = Diagnostics::default();
    let options = roxmltree::ParsingOptions { nodes_limit: ELEMENTS, ..Default::default() };
    match Document::parse_with_options(text, options) {
        Ok(document) => applications(&document, catalog, &mut out),
        Err(error) => {
            let message = format!("this is no XML that can be read: {error}");
            out.general(message).help("it is what `show predefined` gives as XML");
        }
    }
    if out.has_errors() { Err(out.into_error(path, text)) } else { Ok(out.into_warnings()) }
}

fn applications(document: &Document<'_>, catalog: &mut Catalog, out: &mut Diagnostics) {
    let lists = document.descendants().filter(|node| node.has_tag_name("application"));
    let entries: Vec<Node<'_, '_>> = lists
        .flat_map(|list| list.children())
        .filter(|entry| entry.has_tag_name("entry") && value(*entry, "obsolete") != Some("yes"))
        .collect();
    if entries.is_empty() {
        out.general("there is no predefined application in it")
            .help("it holds `<application><entry name=\"…\">`, as `show predefined` gives it");
    }
    if let Some(entry) = entries.get(MOST) {
        out.error(&entry.range(), format!("more than {MOST} applications"));
        return;
    }
    let mut read = Vec::with_capacity(entries.len());
    for &entry in &entries {
        let Some(name) = entry.attribute("name").filter(|name| is_name(name)) else {
            out.error(&start(entry), "an application without a name");
            continue;
        };
        let old = catalog.find(name).and_then(|id| catalog.get(id));
        let application = application(name, entry, old, out);
        read.push((catalog.insert(application), entry));
    }
    let mut missing = BTreeSet::new();
    for (id, entry) in read {
        let uses = members(entry, "use-applications");
        let implicit = members(entry, "implicit-use-applications");
        let depends_on = uses.iter().filter(|name| !implicit.contains(name)).copied().collect::<Vec<_>>();
        let mut refer = |names: &[&str]| refer(catalog, id, names, &mut missing);
        let (depends_on, implicit) = (refer(&depends_on), refer(&implicit));
        if let Some(application) = catalog.get(id).cloned() {
            catalog.insert(Application { depends_on, implicit, ..application });
        }
    }
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    if !missing.is_empty() {
        out.warn(format!(
            "the application catalog refers to applications that are not in it: {}",
            quote_some(&missing)
        ));
    }
}

/// An application without what it refers to. What the file never says of any application stays as it was.
fn application(
    name: &str,
    entry: Node<'_, '_>,
    old: Option<&Application>,
    out: &mut Diagnostics,
) -> Application {
    let text = |key| value(entry, key).unwrap_or_default().to_owned();
    let mut class = Class {
        container: value(entry, "application-container").map(str::to_owned),
        category: text("category"),
        subcategory: text("subcategory"),
        technology: text("technology"),
        risk: value(entry, "risk").and_then(|risk| risk.parse().ok()).unwrap_or_default(),
        tags: members(entry, "tag").into_iter().map(str::to_owned).collect(),
        ..Class::default()
    };
    for child in entry.children().filter(|child| child.text().map(str::trim) == Some("yes")) {
        // Most flags are none of these.
        let _ = class.characteristics.add(child.tag_name().name());
    }
    let deny_action = match value(entry, "deny-action") {
        Some("drop-reset" | "reset-both") => DenyAction::DropReset,
        Some(_) => DenyAction::Drop,
        None => old.map(|old| old.deny_action).unwrap_or_default(),
    };
    Application {
        name: name.to_owned(),
        ports: ports(entry, out),
        deny_action,
        timeouts: timeouts(entry),
        class,
        ..Application::default()
    }
}

fn ports(entry: Node<'_, '_>, out: &mut Diagnostics) -> Ports {
    let mut ports = Ports::default();
    let Some(default) = child(entry, "default") else { return ports };
    for member in child(default, "port").into_iter().flat_map(|list| list.children()) {
        let Some(text) = member.text().map(str::trim).filter(|text| !text.is_empty()) else { continue };
        match text.split_once('/').map(|(protocol, _)| protocol) {
            Some("icmp") => ports.icmp = true,
            Some("icmp6") => ports.icmp6 = true,
            _ if ports.add(text).is_some() => {}
            _ => {
                out.error(&start(member), format!("{} is no list of default ports", quote(text)))
                    .help("it is written as `tcp/80,8000-8080` or `udp/dynamic`");
            }
        }
    }
    ports.icmp |= child(default, "ident-by-icmp-type").is_some();
    ports.icmp6 |= child(default, "ident-by-icmp6-type").is_some();
    match value(default, "ident-by-ip-protocol") {
        None => {}
        // ICMP is told by its messages.
        Some("1") => ports.icmp = true,
        Some("58") => ports.icmp6 = true,
        Some(list) if ports.add(&format!("ip/{list}")).is_none() => {
            out.error(&start(default), format!("{} is no IP protocol", quote(list)));
        }
        Some(_) => {}
    }
    ports
}

fn timeouts(entry: Node<'_, '_>) -> Timeouts {
    let seconds = |key| value(entry, key)?.parse().ok().filter(|&seconds| seconds > 0);
    Timeouts {
        timeout: seconds("timeout"),
        tcp_timeout: seconds("tcp-timeout"),
        udp_timeout: seconds("udp-timeout"),
        tcp_half_closed_timeout: seconds("tcp-half-closed-timeout"),
        tcp_time_wait_timeout: seconds("tcp-time-wait-timeout"),
        discard_timeout: seconds("discard-timeout"),
    }
}

fn refer(catalog: &Catalog, own: AppId, names: &[&str], missing: &mut BTreeSet<String>) -> Vec<AppId> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        match catalog.find(name) {
            // One of content 517 needs itself.
            Some(id) if id == own => {}
            Some(id) => found.push(id),
            None => {
                missing.insert((*name).to_owned());
            }
        }
    }
    found
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name(name))
}

/// The text of a child.
fn value<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    child(node, name)?.text().map(str::trim).filter(|text| !text.is_empty())
}

/// The texts of a child's members.
fn members<'a>(node: Node<'a, '_>, name: &str) -> Vec<&'a str> {
    let list = child(node, name).into_iter().flat_map(|list| list.children());
    list.filter_map(|member| member.text().map(str::trim)).filter(|text| !text.is_empty()).collect()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 127 && !name.chars().any(char::is_control)
}

/// Where an element begins: its whole range may be most of the file.
fn start(node: Node<'_, '_>) -> Span {
    let start = node.range().start;
    start..start + 1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::flow::Protocol;

    fn catalog(text: &str) -> Result<(Catalog, Vec<String>), String> {
        let mut catalog = Catalog::builtin().unwrap();
        match read("apps.xml", text.as_bytes(), &mut catalog) {
            Ok(warnings) => Ok((catalog, warnings)),
            Err(error) => Err(error.to_string()),
        }
    }

    const FILE: &str = r#"<?xml version="1.0"?>
<response status="success"><result><predefined>
<application-container><entry name="box"><functions><member>box-new</member></functions></entry></application-container>
<application>
 <entry name="ftp" id="27">
  <category>general-internet</category><subcategory>file-sharing</subcategory><technology>client-server</technology>
  <risk>4</risk><evasive-behavior>yes</evasive-behavior><pervasive-use>no</pervasive-use><is-saas>yes</is-saas>
  <default><port><member>tcp/21,2100-2110</member><member>udp/dynamic</member></port></default>
  <timeout>99</timeout><tcp-half-closed-timeout>7</tcp-half-closed-timeout><udp-timeout>0</udp-timeout>
  <tag><member>files</member></tag>
 </entry>
 <entry name="box-new">
  <application-container>box</application-container><deny-action>drop-reset</deny-action>
  <use-applications><member>ssl</member><member>ftp</member><member>box-new</member><member>gone</member></use-applications>
  <implicit-use-applications><member>ssl</member></implicit-use-applications>
 </entry>
 <entry name="icmp"><default><ident-by-ip-protocol>1</ident-by-ip-protocol></default></entry>
 <entry name="odd"><default><ident-by-ip-protocol>200</ident-by-ip-protocol></default></entry>
 <entry name="old"><obsolete>yes</obsolete></entry>
</application></predefined></result></response>"#;

    #[test]
    fn a_file_replaces_and_adds_applications() {
        let (catalog, warnings) = catalog(FILE).unwrap();
        let id = |name: &str| catalog.find(name).unwrap();
        let app = |name: &str| catalog.get(id(name)).unwrap();
        let ftp = app("ftp");
        assert!(ftp.ports.contain(Protocol::TCP, 2_105) && ftp.ports.contain(Protocol::UDP, 9));
        assert!(!ftp.ports.contain(Protocol::TCP, 22));
        assert_eq!((ftp.timeouts.timeout, ftp.timeouts.udp_timeout), (Some(99), None));
        assert_eq!(ftp.timeouts.tcp_half_closed_timeout, Some(7));
        assert_eq!(ftp.class.characteristics.names().collect::<Vec<_>>(), ["evasive", "is-saas"]);
        assert_eq!((ftp.class.risk, ftp.class.tags.as_slice()), (4, &["files".to_owned()][..]));
        // The file says no deny action.
        assert_eq!(ftp.deny_action, Catalog::builtin().unwrap().get(id("ftp")).unwrap().deny_action);
        let new = app("box-new");
        assert_eq!(
            (new.depends_on.as_slice(), new.implicit.as_slice()),
            (&[id("ftp")][..], &[id("ssl")][..])
        );
        assert_eq!((new.deny_action, new.custom), (DenyAction::DropReset, false));
        assert_eq!(catalog.functions("box").collect::<Vec<_>>(), [id("box-new")]);
        assert!(app("icmp").ports.icmp && app("icmp").ports.ip_protocols.is_empty());
        assert!(app("odd").ports.contain(Protocol(200), 0));
        assert!(catalog.find("old").is_none() && catalog.find("ssh").is_some());
        assert_eq!(warnings, ["the application catalog refers to applications that are not in it: `gone`"]);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            (
                "<application/>",
                "apps.xml: there is no predefined application in it; it holds `<application><entry name=\"…\">`, as \
                 `show predefined` gives it",
            ),
            ("<application>\n <entry/></application>", "apps.xml:2:2: an application without a name"),
            (
                "<application><entry name=\"x\"><default>\n<port><member>tcp/x</member></port></default></entry></application>",
                "apps.xml:2:7: `tcp/x` is no list of default ports; it is written as `tcp/80,8000-8080` or `udp/dynamic`",
            ),
            (
                "<application><entry name=\"x\"><default>\n<ident-by-ip-protocol>300</ident-by-ip-protocol></default></entry></application>",
                "apps.xml:1:30: `300` is no IP protocol",
            ),
        ] {
            assert_eq!(catalog(text).map(drop).unwrap_err(), expected);
        }
        assert!(catalog("<application>").unwrap_err().contains("no XML that can be read"));
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><application/>";
        assert!(catalog(bomb).unwrap_err().contains("no XML that can be read"));
    }

    /// The content of 2015: all its applications, as a table of the same content has them.
    #[test]
    fn content_of_a_firewall_is_read() {
        let corpus = std::env::var_os("FIRSTPASS_CORPUS")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from);
        let folder = corpus.join("appid");
        let Ok(text) = std::fs::read_to_string(folder.join("predefined_517-2824_2015-07-28.xml")) else {
            println!("SKIPPED: no application lists at {}; set FIRSTPASS_CORPUS", folder.display());
            return;
        };
        let (catalog, warnings) = catalog(&text).unwrap();
        println!("{warnings:?}");
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(b'\t')
            .from_path(folder.join("predefined_apps_517-2824.tsv"))
            .unwrap();
        let mut compared = 0;
        for row in rows.deserialize::<BTreeMap<String, String>>() {
            let row = row.unwrap();
            if row["obsolete"] == "yes" {
                continue;
            }
            let name = &row["name"];
            let app = catalog.find(name).and_then(|id| catalog.get(id)).unwrap();
            let number = |column: &str| row[column].parse::<u32>().ok();
            assert_eq!(app.class.category, row["category"], "{name}");
            assert_eq!(u32::from(app.class.risk), number("risk").unwrap(), "{name}");
            assert_eq!(app.timeouts.timeout, number("timeout"), "{name}");
            assert_eq!(app.timeouts.udp_timeout, number("udp_timeout"), "{name}");
            let named = |ids: &[AppId]| ids.iter().map(|&id| catalog.name(id).to_owned()).collect::<Vec<_>>();
            let listed = |column: &str| row[column].split(',').filter(|name| !name.is_empty()).count();
            assert!(named(&app.implicit).len() <= listed("implicit"), "{name}");
            compared += 1;
        }
        assert!(compared > 1_900, "{compared}");
    }
}
