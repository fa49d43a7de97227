//! The list of applications.

use std::io::{self, Write};

use serde::Serialize;

use super::page::{Column, Page};
use super::rows::{self, ApplicationRow};
use super::search::Search;
use crate::app::{Application, Catalog, Told};
use crate::report::escape;
use crate::report::style::{Role, count};
use crate::report::text::Look;

/// Columns of the list.
const COLUMNS: [Column; 5] = [
    Column::text("name", 23),
    Column::text("default ports", 14),
    Column::text("category", 21),
    Column::number("risk"),
    Column::whole("decided by"),
];

/// Applications by name: all, or those that a search finds.
#[derive(Debug)]
pub struct Listing<'c> {
    catalog: &'c Catalog,
    search: Option<&'c str>,
    found: Vec<&'c Application>,
    /// So many more have the port that was asked for only because they may have any.
    dynamic: usize,
}

#[derive(Serialize)]
struct Document<'c> {
    firstpass: &'static str,
    search: Option<&'c str>,
    applications: Vec<ApplicationRow<'c>>,
}

impl<'c> Listing<'c> {
    /// The applications of `catalog` in which every word of `search` is found.
    pub fn new(catalog: &'c Catalog, search: Option<&'c str>) -> Self {
        let words = search.map(Search::new);
        let applications = || catalog.iter().map(|(_, application)| application);
        let finds = |app: &&Application| words.as_ref().is_none_or(|words| words.finds(app));
        let may = |app: &&Application| words.as_ref().is_none_or(|words| words.finds_dynamic(app));
        let mut found: Vec<&Application> = applications().filter(finds).collect();
        found.sort_unstable_by_key(|application| &application.name);
        let dynamic = applications().filter(may).filter(|app| !finds(app)).count();
        Self { catalog, search, found, dynamic }
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let mut page = Page::new(out, look);
        if !self.found.is_empty() {
            write_table(&mut page, &self.found)?;
            page.gap()?;
        }
        page.parts(Role::Quiet, &self.summary())
    }

    /// Writes it as one JSON document.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let applications = self.found.iter().map(|application| ApplicationRow::of(self.catalog, application));
        let document = Document {
            firstpass: env!("CARGO_PKG_VERSION"),
            search: self.search,
            applications: applications.collect(),
        };
        rows::write(out, &document)
    }

    fn summary(&self) -> Vec<String> {
        let mut parts = Vec::new();
        parts.push(match (self.search, self.found.len()) {
            (Some(text), 0) => format!("no application has `{}`", escape::name(text)),
            (_, found) => count(found as u64, "application"),
        });
        for (name, what) in [
            ("payload", "decided by payload"),
            ("announced", "announced by other sessions"),
            ("host", "by the host that a client asks for"),
            ("header", "by the header of the first packet"),
            ("rulebase", "by the rulebase's own signatures or an application override"),
        ] {
            let told = |app: &&&Application| Told::of(app).iter().any(|way| way.name() == name);
            match self.found.iter().filter(told).count() {
                0 => {}
                number => parts.push(format!("{number} {what}")),
            }
        }
        let untold = self.found.iter().filter(|app| Told::of(app).is_empty()).count();
        if untold > 0 {
            parts.push(format!("{untold} (–) known only as what carries them"));
        }
        if self.dynamic > 0 {
            parts.push(format!("{} more may have that port as they may have any (dynamic)", self.dynamic));
        }
        parts
    }
}

/// A table of applications.
pub(super) fn write_table(page: &mut Page<'_>, applications: &[&Application]) -> io::Result<()> {
    let narrow = page.is_narrow();
    let rows: Vec<Vec<String>> = applications.iter().map(|application| cells(application, narrow)).collect();
    page.table(&COLUMNS, &rows)
}

/// Where there is little room the subcategory stands alone: it tells the category.
fn cells(application: &Application, narrow: bool) -> Vec<String> {
    let class = &application.class;
    let category = match (class.category.as_str(), class.subcategory.as_str()) {
        ("", "") => "–".to_owned(),
        (category, "") => escape::name(category).into_owned(),
        (_, subcategory) if narrow => escape::name(subcategory).into_owned(),
        (category, subcategory) => escape::name(&format!("{category}/{subcategory}")).into_owned(),
    };
    let ports = match application.ports.members().join(" ") {
        none if none.is_empty() => "–".to_owned(),
        ports => ports,
    };
    vec![
        escape::name(&application.name).into_owned(),
        ports,
        category,
        if class.risk > 0 { class.risk.to_string() } else { "–".to_owned() },
        told(application),
    ]
}

/// In one word how it comes to be known.
fn told(application: &Application) -> String {
    let mut words: Vec<&str> = Told::of(application).iter().map(|way| way.name()).collect();
    words.dedup();
    let word = match words.as_slice() {
        [] => "–",
        [word] => word,
        _ => "several",
    };
    word.to_owned()
}
