//! What a firewall looks up elsewhere: `[fqdn]`, `[region]`, `[external-list]`, `[user]`, `[user-group]`,
//! `[url-category]`. They stand in the rulebase or in a file of their own.

use super::reader::{Reader, Value, entries};
use crate::config::candidate::Tables;
use crate::config::diagnostic::Diagnostics;

/// The names of the tables.
pub(super) const NAMES: [&str; 6] = ["fqdn", "region", "external-list", "user", "user-group", "url-category"];

/// Reads one of the tables, if `key` is one.
pub(super) fn read(tables: &mut Tables, key: &str, value: &Value<'_>, reader: &mut Reader<'_>) -> bool {
    let (rows, what) = match key {
        "fqdn" => (&mut tables.fqdn, "a table of host names with their addresses"),
        "region" => (&mut tables.regions, "a table of regions with their addresses"),
        "external-list" => (&mut tables.external_lists, "a table of lists with their entries"),
        "user" => (&mut tables.users, "a table of users with their addresses"),
        "user-group" => (&mut tables.user_groups, "a table of groups with their users"),
        "url-category" => (&mut tables.url_categories, "a table of categories with their hosts"),
        _ => return false,
    };
    let Some(table) = reader.table(value, what) else { return true };
    rows.extend(entries(table).into_iter().map(|(name, value)| (name, reader.members(value))));
    true
}

/// Reads a file that holds nothing but tables.
pub(in crate::config) fn read_file(text: &str, out: &mut Diagnostics) -> Tables {
    let mut tables = Tables::default();
    let Some(document) = super::parse(text, out) else { return tables };
    let mut reader = Reader { out };
    for (key, value) in entries(document.get_ref()) {
        if !read(&mut tables, &key.value, value, &mut reader) {
            reader.unknown_key(&key, "a file of tables", &NAMES);
        }
    }
    tables
}
