//! The comparison for programs.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Beside, Fate, Group, Opened, Outcome};
use crate::report::{Subtype, escape};

/// Writes one document: `rulebases` (totals of each), `groups` of conversations that fare differently, `alike` (how many
/// do not).
///
/// # Errors
/// Where `out` cannot be written to.
pub fn write_json(mut out: &mut dyn Write, beside: &Beside) -> io::Result<()> {
    let groups = beside.groups();
    let document = json!({
        "rulebases": beside.outcomes.iter().map(totals).collect::<Vec<_>>(),
        "groups": groups.iter().map(group).collect::<Vec<_>>(),
        "alike": beside.alike(&groups),
        "conversations_cut": beside.is_cut(),
    });
    escape::write_json(&mut out, &document)?;
    writeln!(out)
}

fn totals(outcome: &Outcome) -> Value {
    let tally = &outcome.tally;
    let rows: serde_json::Map<String, Value> =
        Subtype::ALL.iter().map(|&subtype| (subtype.name().to_owned(), tally.rows(subtype).into())).collect();
    json!({
        "rules": outcome.name,
        "forwarded": tally.forwarded(),
        "dropped": tally.dropped(),
        "injected": tally.injected(),
        "sessions": tally.sessions(),
        "by_subtype": rows,
        "by_end_reason": tally.by_end_reason(),
    })
}

fn group(group: &Group<'_>) -> Value {
    let [from, to] = group.zones;
    json!({
        "change": group.change.name(),
        "from": from,
        "to": to,
        "conversations": group.opened.iter().map(conversation).collect::<Vec<_>>(),
        "outcomes": group.fates.iter().map(|fates| fates.iter().map(fate).collect()).collect::<Vec<Vec<Value>>>(),
    })
}

fn conversation(opened: &Opened) -> Value {
    let key = opened.key;
    json!({
        "first_packet": opened.first_packet,
        "src": key.src.to_string(),
        "sport": key.sport,
        "dst": key.dst.to_string(),
        "dport": key.dport,
        "proto": key.protocol.to_string(),
    })
}

fn fate(fate: &Fate) -> Value {
    json!({
        "subtype": fate.subtype.name(),
        "app": fate.app,
        "rule": fate.rule,
        "action": fate.action.name(),
        "session_end_reason": fate.reason,
        "announced": fate.is_announced,
    })
}
