//! JSON: the document of `--format json`, and rows one by one for `ndjson`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::escape::{push_json, write_json};
use super::inline::Inline;
use super::row::{Applications, FirstPacketsRow, Model, NatRow, Row, Subtype, rule_name};
use super::rows::{Encode, Rows};
use super::{About, Decryptions, Leak, Tally};
use crate::capture::CaptureInfo;
use crate::config::World;
use crate::engine::Outcome;
use crate::policy::RuleId;

/// One row per line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lines;

impl Encode for Lines {
    fn encode(&mut self, row: &Row<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        push_row(out, row);
        out.push(b'\n');
        Ok(())
    }
}

/// Appends members of an object: `,"key":value` each.
macro_rules! members {
    ($out:ident, $($key:literal: $value:expr,)+) => {{
        $(
            $out.extend_from_slice(concat!(",\"", $key, "\":").as_bytes());
            $crate::report::json::Value::push(&$value, $out);
        )+
    }};
}

pub(super) use members;

/// A million rows a second leave no time for a general serializer.
fn push_row(out: &mut Vec<u8>, row: &Row<'_>) {
    out.extend_from_slice(b"{\"type\":");
    Plain(row.kind).push(out);
    members! { out,
        "subtype": Plain(row.subtype.name()),
        "start": row.start,
        "elapsed": row.elapsed,
        "src": row.src,
        "dst": row.dst,
        "sport": row.sport,
        "dport": row.dport,
        "natsrc": row.natsrc,
        "natdst": row.natdst,
        "natsport": row.natsport,
        "natdport": row.natdport,
        "proto": row.proto,
        "from": row.from,
        "to": row.to,
        "inbound_if": row.inbound_if,
        "outbound_if": row.outbound_if,
        "rule": row.rule,
        "app": row.app,
        "action": Plain(row.action),
        "action_source": Plain(row.action_source),
        "category": Plain(row.category),
        "sessionid": row.sessionid,
        "parent_session_id": row.parent_session_id,
        "repeatcnt": row.repeatcnt,
        "flags": row.flags,
        "bytes": row.bytes,
        "bytes_sent": row.bytes_sent,
        "bytes_received": row.bytes_received,
        "packets": row.packets,
        "pkts_sent": row.pkts_sent,
        "pkts_received": row.pkts_received,
        "session_end_reason": Plain(row.session_end_reason),
    }
    push_model(out, &row.model);
    out.push(b'}');
}

fn push_model(out: &mut Vec<u8>, model: &Model<'_>) {
    out.extend_from_slice(b",\"model\":{\"state\":");
    Plain(model.state).push(out);
    members! { out,
        "logged": model.logged,
        "open_at_end": model.open_at_end,
        "history": model.history,
        "community_id": model.community_id,
        "tentative_rule": model.tentative_rule,
        "final_rule": model.final_rule,
        "tracker_stage": model.tracker_stage.map(Plain),
        "applications": model.applications,
        "first_packets": model.first_packets,
        "first_packet": model.first_packet,
        "last_packet": model.last_packet,
    }
    if let Some(nat) = &model.nat {
        members! { out, "nat": nat, }
    }
    out.push(b'}');
}

/// What stands behind a key.
pub(super) trait Value {
    fn push(&self, out: &mut Vec<u8>);
}

impl Value for &str {
    fn push(&self, out: &mut Vec<u8>) {
        push_json(out, self);
    }
}

/// A word of our own, which needs no escaping.
struct Plain(&'static str);

impl Value for Plain {
    fn push(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.0.as_bytes());
        out.push(b'"');
    }
}

/// Numbers, addresses and times need no escaping.
impl<const N: usize> Value for Inline<N> {
    fn push(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.as_bytes());
        out.push(b'"');
    }
}

impl Value for u64 {
    fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
    }
}

impl Value for u16 {
    fn push(&self, out: &mut Vec<u8>) {
        u64::from(*self).push(out);
    }
}

impl Value for bool {
    fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl<T: Value> Value for Option<T> {
    fn push(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.push(out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

impl Value for Applications<'_> {
    fn push(&self, out: &mut Vec<u8>) {
        let mut before: &[u8] = b"[{\"packet\":";
        for application in self.iter() {
            out.extend_from_slice(before);
            before = b",{\"packet\":";
            application.packet.push(out);
            members! { out,
                "app": application.app,
                "rule": application.rule,
                "action": application.action,
                "evidence": application.evidence,
            }
            out.push(b'}');
        }
        out.extend_from_slice(if before.starts_with(b"[") { b"[]" } else { b"]" });
    }
}

impl Value for &NatRow<'_> {
    fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"rule\":");
        self.rule.push(out);
        members! { out, "c2s": self.c2s.map(Plain), "s2c": self.s2c.map(Plain), }
        out.push(b'}');
    }
}

impl Value for FirstPacketsRow<'_> {
    fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"admitted_by\":");
        self.admitted_by.push(out);
        members! { out,
            "outcome": self.outcome,
            "packets_to_server": self.packets_to_server,
            "packets_to_client": self.packets_to_client,
            "payload_bytes_to_server": self.payload_bytes_to_server,
            "payload_bytes_to_client": self.payload_bytes_to_client,
        }
        out.push(b'}');
    }
}

/// Writes the whole document, one row, rule and capture per line. Without `rows` the list of sessions is empty.
///
/// # Errors
/// Where `out` fails, or the temporary file of a long log.
pub fn write_document(
    out: &mut dyn Write,
    about: &About<'_>,
    tally: &Tally,
    rows: Option<Rows<'_, Lines>>,
) -> io::Result<()> {
    let world = about.world;
    let mut document = Document { out, first: true };
    document.member("firstpass", &env!("CARGO_PKG_VERSION"))?;
    document.list("captures", about.captures.iter().map(Capture::of))?;
    document.member("rulebase", &Rulebase::of(world))?;
    document.member("summary", &Summary::of(tally, world))?;
    document.rows(world, rows)?;
    document.first_packets(tally, world)?;
    document.list("threats", tally.threats().rows().iter())?;
    document.list("rules", tally.rules().map(|(rule, hits)| RuleRow::of(rule, hits, world)))?;
    document.member("counters", &tally.counters())?;
    document.list("warnings", about.warnings.iter())?;
    document.out.write_all(b"\n}\n")
}

/// The document being written: an object with a line for each member, and one for each element of its long lists.
struct Document<'a> {
    out: &'a mut dyn Write,
    first: bool,
}

impl Document<'_> {
    fn key(&mut self, key: &str) -> io::Result<()> {
        let before = if std::mem::take(&mut self.first) { "{\n" } else { ",\n" };
        write!(self.out, "{before}\"{key}\": ")
    }

    fn member(&mut self, key: &str, value: &impl Serialize) -> io::Result<()> {
        self.key(key)?;
        write_json(&mut self.out, value)
    }

    fn list(&mut self, key: &str, values: impl Iterator<Item = impl Serialize>) -> io::Result<()> {
        self.key(key)?;
        self.array(values)
    }

    fn array(&mut self, values: impl Iterator<Item = impl Serialize>) -> io::Result<()> {
        let mut before = "[\n  ";
        for value in values {
            self.out.write_all(before.as_bytes())?;
            write_json(&mut self.out, &value)?;
            before = ",\n  ";
        }
        let after = if before.starts_with('[') { "[]" } else { "\n]" };
        self.out.write_all(after.as_bytes())
    }

    fn rows(&mut self, world: &World, rows: Option<Rows<'_, Lines>>) -> io::Result<()> {
        self.key("sessions")?;
        let mut before = "[\n  ";
        if let Some(rows) = rows {
            rows.finish_into(world, |line| {
                self.out.write_all(before.as_bytes())?;
                before = ",\n  ";
                self.out.write_all(line.trim_ascii_end())
            })?;
        }
        let after = if before.starts_with('[') { "[]" } else { "\n]" };
        self.out.write_all(after.as_bytes())
    }

    fn first_packets(&mut self, tally: &Tally, world: &World) -> io::Result<()> {
        self.key("first_packets")?;
        write!(self.out, "{{\"sessions\":{},\"rules\":", tally.leaks().sessions())?;
        let rules = tally.leaks().worst_first(world).into_iter();
        self.array(rules.map(|(rule, leak)| LeakRow::of(rule, leak, world)))?;
        self.out.write_all(b"}")
    }
}

#[derive(Serialize)]
struct Capture<'a> {
    path: &'a str,
    link_types: Vec<String>,
    packets: u64,
    bytes: u64,
    first_time: Option<String>,
    last_time: Option<String>,
    truncated: bool,
}

impl<'a> Capture<'a> {
    fn of(info: &'a CaptureInfo) -> Self {
        Self {
            path: &info.path,
            link_types: info.link_types.iter().map(ToString::to_string).collect(),
            packets: info.packets,
            bytes: info.bytes,
            first_time: info.first_time.map(|time| time.to_string()),
            last_time: info.last_time.map(|time| time.to_string()),
            truncated: info.truncated(),
        }
    }
}

#[derive(Serialize)]
struct Rulebase<'a> {
    path: &'a str,
    format: &'static str,
    security_rules: usize,
}

impl<'a> Rulebase<'a> {
    fn of(world: &'a World) -> Self {
        let source = &world.source;
        Self { path: &source.path, format: source.format, security_rules: source.security_rules }
    }
}

#[derive(Serialize)]
struct Summary<'a> {
    packets: u64,
    forwarded: u64,
    dropped: u64,
    injected: u64,
    sessions: u64,
    by_end_reason: BTreeMap<&'static str, u64>,
    by_application: BTreeMap<&'a str, u64>,
    by_subtype: BTreeMap<&'static str, u64>,
    /// Where the decryption policy is about any session.
    #[serde(skip_serializing_if = "Option::is_none")]
    decryption: Option<&'a Decryptions>,
}

impl<'a> Summary<'a> {
    fn of(tally: &'a Tally, world: &'a World) -> Self {
        let subtypes = Subtype::ALL.iter().map(|&subtype| (subtype.name(), tally.rows(subtype)));
        Self {
            packets: tally.forwarded() + tally.dropped(),
            forwarded: tally.forwarded(),
            dropped: tally.dropped(),
            injected: tally.injected(),
            sessions: tally.sessions(),
            by_end_reason: tally.by_end_reason(),
            by_application: tally.by_application(world),
            by_subtype: subtypes.filter(|&(_, rows)| rows > 0).collect(),
            decryption: Some(tally.decryptions()).filter(|all| !all.is_empty()),
        }
    }
}

#[derive(Serialize)]
struct LeakRow<'a> {
    rule: &'a str,
    sessions: u64,
    denied: u64,
    never_identified: u64,
    reclassified: u64,
    packets_to_server: u64,
    packets_to_client: u64,
    payload_bytes_to_server: u64,
    payload_bytes_to_client: u64,
    destination_ports: Vec<PortRow>,
}

#[derive(Serialize)]
struct PortRow {
    port: String,
    sessions: u64,
}

impl<'a> LeakRow<'a> {
    fn of(rule: RuleId, leak: &Leak, world: &'a World) -> Self {
        let passed = leak.passed();
        let ports = leak.ports().into_iter();
        Self {
            rule: rule_name(world, rule),
            sessions: leak.sessions(),
            denied: leak.count(Outcome::Denied),
            never_identified: leak.count(Outcome::NeverIdentified),
            reclassified: leak.count(Outcome::Reclassified),
            packets_to_server: passed.packets[0],
            packets_to_client: passed.packets[1],
            payload_bytes_to_server: passed.payload[0],
            payload_bytes_to_client: passed.payload[1],
            destination_ports: ports
                .map(|(port, sessions)| PortRow { port: port.to_string(), sessions: sessions.all })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct RuleRow<'a> {
    rule: &'a str,
    tentative_hits: u64,
    final_hits: u64,
    packets: u64,
    bytes: u64,
    applications_seen: Vec<&'a str>,
}

impl<'a> RuleRow<'a> {
    fn of(rule: RuleId, tally: &super::RuleTally, world: &'a World) -> Self {
        Self {
            rule: rule_name(world, rule),
            tentative_hits: tally.tentative_hits,
            final_hits: tally.final_hits,
            packets: tally.packets,
            bytes: tally.bytes,
            applications_seen: tally.application_names(world),
        }
    }
}
