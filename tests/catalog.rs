//! The catalog that comes with the program: its size, its names, its graph, and what the lists of PAN-OS applications
//! say of technology, container and characteristics.
#![expect(clippy::unwrap_used, reason = "a test may panic, in its helpers as well")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use firstpass::app::{Application, Catalog, DependencyGraph};
use firstpass::config;

fn catalog() -> Catalog {
    Catalog::builtin().unwrap()
}

#[test]
fn it_has_the_applications_people_ask_for() {
    let catalog = catalog();
    assert!(catalog.len() >= 400, "{}", catalog.len());
    for name in
        ["web-browsing", "ssl", "ssh", "dns", "ftp", "ping", "traceroute", "ms-rdp", "ms-ds-smb-base", "quic"]
    {
        assert!(catalog.find(name).is_some(), "{name}");
    }
}

/// PAN-OS writes names in small letters, digits, hyphens and dots, and never tells two apart by case.
#[test]
fn names_are_spelled_as_on_a_firewall() {
    let mut seen = BTreeSet::new();
    for (_, app) in catalog().iter() {
        let name = app.name.as_str();
        assert!(is_name(name), "{name}");
        assert!(seen.insert(name.to_lowercase()), "{name} is there twice");
    }
    for wrong in ["", "Web-Browsing", "web browsing", "-ssl", "ssl-", "a--b"] {
        assert!(!is_name(wrong), "{wrong}");
    }
}

fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.starts_with(letter)
        && name.ends_with(letter)
        && !name.contains("--")
        && name.chars().all(|c| letter(c) || matches!(c, '-' | '.' | '_'))
}

#[test]
fn every_entry_says_where_it_stands() {
    const CATEGORIES: [&str; 6] =
        ["business-systems", "collaboration", "general-internet", "media", "networking", "unknown"];
    const TECHNOLOGIES: [&str; 4] = ["browser-based", "client-server", "network-protocol", "peer-to-peer"];
    // One subcategory belongs to one category.
    let mut categories: BTreeMap<String, String> = BTreeMap::new();
    for (_, app) in catalog().iter() {
        let (name, class) = (&app.name, &app.class);
        assert!(CATEGORIES.contains(&class.category.as_str()), "{name}: {}", class.category);
        assert!((1..=5).contains(&class.risk), "{name}: {}", class.risk);
        if class.category == "unknown" {
            continue;
        }
        assert!(TECHNOLOGIES.contains(&class.technology.as_str()), "{name}: {}", class.technology);
        assert!(!class.subcategory.is_empty(), "{name}");
        let before = categories.insert(class.subcategory.clone(), class.category.clone());
        assert!(before.is_none_or(|before| before == class.category), "{name}: {}", class.subcategory);
    }
}

/// No application needs itself, through however many others; and what it needs it does not use implicitly as well.
#[test]
fn dependencies_never_go_in_a_circle() {
    let catalog = catalog();
    let graph = DependencyGraph::new(&catalog);
    let named = |circle: &Vec<_>| circle.iter().map(|&app| catalog.name(app)).collect::<Vec<_>>();
    let circles: Vec<_> = graph.circles().iter().map(named).collect();
    assert!(circles.is_empty(), "{circles:?}");
    for (_, app) in catalog.iter() {
        let both: Vec<_> = app.depends_on.iter().filter(|needed| app.implicit.contains(needed)).collect();
        assert!(both.is_empty(), "{}: {both:?}", app.name);
    }
}

/// Names that changed between the content of 2015 and now.
const RENAMED: [(&str, &str); 5] = [
    ("diameter", "diameter-base"),
    ("dropbox", "dropbox-base"),
    ("gtp", "gtp-base"),
    ("ms-ds-smb", "ms-ds-smb-base"),
    ("slack", "slack-base"),
];

fn before(name: &str) -> &str {
    RENAMED.iter().find(|(_, now)| *now == name).map_or(name, |(before, _)| before)
}

/// Container by container as in the content of 2015, where that has the application.
#[test]
fn containers_agree_with_the_list() {
    let Some(folder) = lists() else { return };
    let list = table(&folder.join("predefined_apps_517-2824.tsv"), b'\t', "name");
    let mut compared = 0;
    for (_, app) in catalog().iter() {
        let Some(row) = list.get(app.name.as_str()) else { continue };
        let want = Some(row["container"].as_str()).filter(|container| !container.is_empty());
        assert_eq!(app.class.container.as_deref(), want, "{}", app.name);
        compared += 1;
    }
    assert!(compared > 350, "{compared}");
}

/// What the list of 2020 lacks has category, technology, risk and characteristics of the content of 2015.
#[test]
fn what_only_the_old_content_has_agrees_with_it() {
    let Some(folder) = lists() else { return };
    let new = table(&folder.join("splunk_app_list_2020.csv"), b',', "app");
    let (old, _) = config::catalog(Some(&folder.join("predefined_517-2824_2015-07-28.xml"))).unwrap();
    let listed = table(&folder.join("predefined_apps_517-2824.tsv"), b'\t', "name");
    let mut compared = 0;
    for (_, app) in catalog().iter().filter(|(_, app)| !new.contains_key(&app.name)) {
        if !listed.contains_key(before(&app.name)) {
            continue;
        }
        let old = old.find(before(&app.name)).and_then(|id| old.get(id)).unwrap();
        let facts = |app: &Application| {
            let class = app.class.clone();
            (class.category, class.subcategory, class.technology, class.risk, class.characteristics)
        };
        assert_eq!(facts(app), facts(old), "{}", app.name);
        compared += 1;
    }
    println!("{compared} applications are in the old content alone");
}

/// The lists, or a loud word that the test is skipped.
fn lists() -> Option<PathBuf> {
    let corpus = std::env::var_os("FIRSTPASS_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from);
    let folder = corpus.join("appid");
    if folder.is_dir() {
        return Some(folder);
    }
    // Past the harness, which keeps what tests print to itself.
    let message = format!("SKIPPED: no application lists at `{}`; set FIRSTPASS_CORPUS\n", folder.display());
    std::io::stderr().write_all(message.as_bytes()).unwrap();
    None
}

/// Rows of a table by the column `key`, each by column.
fn table(path: &Path, delimiter: u8, key: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_path(path).unwrap();
    reader
        .deserialize::<BTreeMap<String, String>>()
        .map(|row| row.unwrap())
        .map(|row| (row[key].clone(), row))
        .collect()
}
