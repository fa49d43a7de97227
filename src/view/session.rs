//! `show session id` (PANOS.md 11.4).

use std::io::{self, Write};

use serde_json::Value;

use super::Scene;
use super::entry::Entry;
use crate::flow::FlowKey;
use crate::report::escape::name;
use crate::session::SessionId;

/// Writes all that is known of a session, in the table or gone.
pub(super) fn text(out: &mut dyn Write, id: SessionId, scene: &Scene<'_>) -> io::Result<()> {
    writeln!(out, "Session {:>15}\n", id.0)?;
    let Some(entry) = find(id, scene) else {
        // A number that no session has had.
        writeln!(out, "        Bad Key: c2s: 'c2s'")?;
        return writeln!(out, "        Bad Key: s2c: 's2c'");
    };
    let [source, destination] = entry.users;
    flow(out, "c2s", &entry, &entry.record.c2s, (entry.from, entry.state()), [source, destination])?;
    flow(out, "s2c", &entry, &entry.record.s2c, (entry.to, entry.s2c_state()), [destination, source])?;
    for (label, value) in lines(&entry, scene) {
        writeln!(out, "        {label:<37}: {value}")?;
    }
    Ok(())
}

/// The same as data; `null` where no session has had that number.
pub(super) fn json(id: SessionId, scene: &Scene<'_>) -> Value {
    find(id, scene).map_or(Value::Null, |entry| entry.json())
}

fn find<'a>(id: SessionId, scene: &'a Scene<'_>) -> Option<Entry<'a>> {
    let (world, now) = (scene.world(), scene.now());
    if let Some(ended) = scene.noted.ended(id) {
        return Some(Entry::of_ended(ended, world, now));
    }
    let standing = scene.firewall.sessions().find(|standing| standing.record.id == Some(id))?;
    Some(Entry::of(&standing, world, now))
}

fn flow(
    out: &mut dyn Write,
    direction: &str,
    entry: &Entry<'_>,
    key: &FlowKey,
    (zone, state): (&str, &str),
    users: [&str; 2],
) -> io::Result<()> {
    writeln!(out, "        {direction} flow:")?;
    let mut line = |label: &str, value: String| writeln!(out, "                {label:<13}{value}");
    line("source:", format!("{} [{}]", key.src, name(zone)))?;
    line("dst:", key.dst.to_string())?;
    line("proto:", key.protocol.0.to_string())?;
    line("sport:", format!("{:<16}dport:      {}", key.sport, key.dport))?;
    line("state:", format!("{state:<16}type:       {}", entry.kind()))?;
    line("src user:", name(users[0]).into_owned())?;
    line("dst user:", name(users[1]).into_owned())?;
    writeln!(out)
}

/// Labels and values, in PAN-OS's order.
fn lines(entry: &Entry<'_>, scene: &Scene<'_>) -> Vec<(&'static str, String)> {
    let Entry { record, .. } = entry;
    let truth = |is: bool| if is { "True" } else { "False" }.to_owned();
    let safe = |text: &str| name(text).into_owned();
    let started = scene.world().clock(record.started).strftime("%a %b %e %H:%M:%S %Y").to_string();
    let [bytes, packets] = [record.counts.bytes, record.counts.packets];
    let mut lines = vec![("start time", started), ("timeout", format!("{} sec", entry.timeout.secs()))];
    lines.extend(entry.left.map(|left| ("time to live", format!("{} sec", left.secs()))));
    lines.extend([
        ("total byte count(c2s)", bytes[0].to_string()),
        ("total byte count(s2c)", bytes[1].to_string()),
        ("layer7 packet count(c2s)", packets[0].to_string()),
        ("layer7 packet count(s2c)", packets[1].to_string()),
        ("vsys", "vsys1".to_owned()),
        ("application", safe(entry.application)),
        ("rule", safe(entry.rule)),
        ("service timeout override(index)", truth(entry.has_service_timeout)),
        ("session to be logged at end", truth(entry.is_logged_at_end)),
        ("session in session ager", truth(entry.left.is_some())),
        ("session updated by HA peer", truth(false)),
    ]);
    lines.extend(record.parent.map(|parent| ("parent session", parent.0.to_string())));
    if let Some((side, matched)) = entry.predicted {
        lines.push(("prediction triggered by", side.to_owned()));
        lines.push(("prediction matched once", truth(matched)));
    }
    lines.extend(entry.nat.translation().map(|what| ("address/port translation", what.to_owned())));
    lines.extend(entry.nat_rule.map(|rule| ("nat-rule", format!("{}(vsys1)", name(rule)))));
    lines.extend([
        ("layer7 processing", entry.processing().to_owned()),
        ("URL filtering enabled", truth(false)),
        ("session via syn-cookies", truth(false)),
        ("session terminated on host", truth(false)),
        ("session traverses tunnel", truth(false)),
        ("session terminate tunnel", truth(false)),
        ("captive portal session", truth(false)),
        ("ingress interface", safe(entry.interfaces[0])),
        ("egress interface", safe(entry.interfaces[1])),
        ("session QoS rule", "N/A (class 4)".to_owned()),
    ]);
    lines.extend(entry.tracker_stage().map(|stage| ("tracker stage firewall", stage.to_owned())));
    lines.push(("end-reason", entry.end_reason().to_owned()));
    lines
}
