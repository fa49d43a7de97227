//! The TOML rulebase (DESIGN.md, "Rulebase in TOML"), read into a candidate configuration.

mod application;
mod decryption;
mod nat;
mod network;
mod objects;
mod profile;
mod reader;
mod schedule;
mod security;
mod signature;
mod tables;
mod zone_protection;

use toml::Spanned;
use toml::de::DeTable;

use self::reader::{Reader, entries};
use super::candidate::{At, Candidate};
use super::diagnostic::{Diagnostics, Span, escape};
pub(super) use tables::read_file as read_tables;

/// Tables that the format has and the model does not use yet.
const NOT_MODELLED: [&str; 1] = ["high-availability"];

/// Every table there is.
const TABLES: [&str; 28] = [
    "zones",
    "address",
    "service",
    "service-group",
    "application",
    "application-group",
    "application-filter",
    "alg-override",
    "security",
    "default",
    "device",
    "setting",
    "nat",
    "application-override",
    "decryption",
    "decryption-profile",
    "ssl-decrypt",
    "interface",
    "interface-management-profile",
    "virtual-router",
    "route",
    "virtual-wire",
    "zone-protection",
    "schedule",
    "high-availability",
    "profile",
    "profile-group",
    "threat",
];

/// So many errors of syntax are shown: what comes after them may be their fault.
const SYNTAX_ERRORS: usize = 5;

/// In files up to this size the search for errors goes on after the first one: it may find one at every byte.
const RECOVERED: usize = 1 << 20;

/// Reads `text`; what is wrong with it goes to `out`.
pub(super) fn read(text: &str, out: &mut Diagnostics) -> Candidate {
    match parse(text, out) {
        Some(document) => Document::new(text, out).read(document.get_ref()),
        None => Candidate::default(),
    }
}

/// The document as TOML.
fn parse<'t>(text: &'t str, out: &mut Diagnostics) -> Option<Spanned<DeTable<'t>>> {
    match DeTable::parse(text) {
        Ok(document) => return Some(document),
        Err(_) if text.len() <= RECOVERED => syntax_errors(text, &DeTable::parse_recoverable(text).1, out),
        Err(error) => syntax_errors(text, &[error], out),
    }
    None
}

/// Reports errors of syntax. One often brings others on the same line.
fn syntax_errors(text: &str, errors: &[toml::de::Error], out: &mut Diagnostics) {
    let mut lines = Vec::new();
    for error in errors.iter().take(10 * SYNTAX_ERRORS) {
        let span = within_line(text, error.span().unwrap_or_default());
        let line = text.get(..span.start).and_then(|before| before.rfind('\n'));
        if lines.len() < SYNTAX_ERRORS && !lines.contains(&line) {
            lines.push(line);
            out.error(&span, escape(error.message())).help("a rulebase is a TOML file, see https://toml.io");
        }
    }
}

/// An error at the end of a line belongs to that line.
fn within_line(text: &str, span: Span) -> Span {
    let blank = text.get(span.clone()).is_none_or(|at| at.trim().is_empty());
    let before = text.get(..span.start).unwrap_or_default();
    if blank && before.ends_with('\n') {
        let end = before.trim_end().len();
        return end..end;
    }
    span
}

/// A rulebase being read.
struct Document<'d> {
    reader: Reader<'d>,
    candidate: Candidate,
    /// Where each line ends.
    newlines: Vec<usize>,
    /// Whether it says anything of virtual routers or routes.
    routers_told: bool,
}

impl<'d> Document<'d> {
    fn new(text: &str, out: &'d mut Diagnostics) -> Self {
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
        Self { reader: Reader { out }, candidate: Candidate::default(), newlines, routers_told: false }
    }

    fn read(mut self, document: &DeTable<'_>) -> Candidate {
        // Interfaces join the zones and virtual routers, wherever these stand.
        if let Some(value) = document.get("zones") {
            self.zones(value);
        }
        if let Some(value) = document.get("virtual-router") {
            self.virtual_routers(value);
        }
        for (key, value) in entries(document) {
            if tables::read(&mut self.candidate.tables, &key.value, value, &mut self.reader) {
                continue;
            }
            match key.value.as_str() {
                "zones" | "virtual-router" | "zone-protection" => {}
                "interface" => self.interfaces(value),
                "interface-management-profile" => self.management_profiles(value),
                "route" => self.routes(value),
                "virtual-wire" => self.virtual_wires(value),
                "address" => self.addresses(value),
                "service" => self.services(value),
                "service-group" => self.service_groups(value),
                "application" => self.applications(value),
                "application-group" => self.application_groups(value),
                "application-filter" => self.application_filters(value),
                "alg-override" => self.alg_overrides(value),
                "security" => self.security(value),
                "default" => self.defaults(value),
                "nat" => self.nat(value),
                "application-override" => self.application_override(value),
                "device" => self.device(value),
                "schedule" => self.schedules(value),
                "setting" => self.settings(value),
                "decryption" => self.decryption(value),
                "ssl-decrypt" => self.ssl_decrypt(value),
                "decryption-profile" => self.decryption_profiles(value),
                table @ ("profile" | "profile-group" | "threat") => self.profiles(table, value),
                other if NOT_MODELLED.contains(&other) => {
                    self.reader.out.warn(format!("`[{other}]` is read but not modelled yet"));
                }
                _ => self.reader.unknown_key(&key, "the rulebase", &[&TABLES[..], &tables::NAMES].concat()),
            }
        }
        // Interfaces have zones as well.
        if let Some(value) = document.get("zone-protection") {
            self.zone_protections(value);
        }
        if !self.routers_told {
            // As on PAN-OS: interfaces with addresses share one.
            self.candidate.virtual_routers.clear();
        } else if self.candidate.virtual_routers.is_empty() {
            self.router(&At::new(network::DEFAULT_ROUTER.to_owned(), Span::default()));
        }
        self.candidate
    }

    /// `[setting.session]` and its siblings.
    fn settings(&mut self, value: &reader::Value<'_>) {
        let Some(sections) = self.reader.table(value, "tables such as `[setting.session]`") else { return };
        for (section, value) in entries(sections) {
            let Some(table) = self.reader.table(value, "a table of settings") else { continue };
            for (key, value) in entries(table) {
                if let Some(value) = self.reader.scalar(value) {
                    let full = At::new(format!("{}.{}", section.value, key.value), key.span);
                    self.candidate.settings.push((full, value));
                }
            }
        }
    }

    fn line(&self, offset: usize) -> Option<u32> {
        u32::try_from(self.newlines.partition_point(|&newline| newline < offset) + 1).ok()
    }
}
