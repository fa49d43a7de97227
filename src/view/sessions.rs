//! `show session all` (PANOS.md 11.3).

use std::fmt;
use std::io::{self, Write};

use serde_json::json;

use super::command::List;
use super::entry::Entry;
use super::{RULE, Scene, member};
use crate::flow::Addr;
use crate::report::escape::{name, write_json};

/// Writes the table, or how many sessions there are.
pub(super) fn text(out: &mut dyn Write, list: &List, scene: &Scene<'_>) -> io::Result<()> {
    if list.count {
        return writeln!(out, "Number of sessions that match filter: {}", listed(list, scene).count());
    }
    let mut entries = listed(list, scene).peekable();
    if entries.peek().is_none() {
        return writeln!(out, "No Active Sessions");
    }
    writeln!(out, "{RULE}")?;
    writeln!(
        out,
        "ID          Application    State   Type Flag  Src[Sport]/Zone/Proto (translated IP[Port])"
    )?;
    writeln!(out, "Vsys                                          Dst[Dport]/Zone (translated IP[Port])")?;
    writeln!(out, "{RULE}")?;
    for entry in entries {
        row(out, &entry)?;
    }
    Ok(())
}

/// Writes the sessions as data; the object that they belong to is open.
pub(super) fn json(out: &mut dyn Write, list: &List, scene: &Scene<'_>) -> io::Result<()> {
    if list.count {
        return member(out, "count", &json!(listed(list, scene).count()));
    }
    out.write_all(b",\"sessions\":[")?;
    for (number, entry) in listed(list, scene).enumerate() {
        out.write_all(if number > 0 { b",\n    " } else { b"\n    " })?;
        write_json(&mut *out, &entry.json())?;
    }
    out.write_all(b"]")
}

fn listed<'a>(list: &'a List, scene: &'a Scene<'_>) -> impl Iterator<Item = Entry<'a>> {
    let skipped = usize::try_from(list.start.saturating_sub(1)).unwrap_or(usize::MAX);
    scene
        .firewall
        .sessions()
        .map(|standing| Entry::of(&standing, scene.world(), scene.now()))
        .filter(|entry| list.conditions.iter().all(|condition| condition.holds(entry)))
        .skip(skipped)
}

/// An address and a port.
struct End(Addr, u16);

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.0, self.1)
    }
}

/// A session in two lines; the side that is not translated is repeated.
fn row(out: &mut dyn Write, entry: &Entry<'_>) -> io::Result<()> {
    let (c2s, s2c) = (&entry.record.c2s, &entry.record.s2c);
    writeln!(
        out,
        "{:<12} {:<14} {:<7} {:<5} {:<4} {}/{}/{}  ({})",
        entry.number(),
        name(entry.application),
        entry.state(),
        entry.kind(),
        entry.nat.flag(),
        End(c2s.src, c2s.sport),
        name(entry.from),
        c2s.protocol.0,
        End(s2c.dst, s2c.dport),
    )?;
    writeln!(
        out,
        "{:<46} {}/{}  ({})",
        "vsys1",
        End(c2s.dst, c2s.dport),
        name(entry.to),
        End(s2c.src, s2c.sport)
    )
}
