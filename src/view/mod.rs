//! What an administrator sees at a moment of a replay: `show session all`, `show session id`, `show session info` and
//! `show counter global`, in PAN-OS's own layout or as JSON (PANOS.md 11.3 to 11.5, 6.4).
//!
//! [`View::parse`] reads the command, [`Noted`] reads the events that a view needs beyond the session table, and
//! [`write_text`] or [`write_json`] writes the views of the firewall as it stands.

mod command;
mod condition;
mod counters;
mod descriptions;
mod entry;
mod info;
mod noted;
mod session;
mod sessions;

use std::io::{self, Write};

use serde_json::{Value, json};

pub use command::{CommandError, View};
pub use noted::Noted;

use crate::config::World;
use crate::engine::Firewall;
use crate::report::Tally;
use crate::report::escape::{name, write_json as write_value};
use crate::time::Timestamp;

/// The firewall at a moment, and what has happened up to it.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// As it stands.
    pub firewall: &'a Firewall,
    /// What was counted.
    pub tally: &'a Tally,
    /// What was noted for the views.
    pub noted: &'a Noted,
    /// The number of the last frame, counted from 1.
    pub packet: u64,
}

impl Scene<'_> {
    const fn now(&self) -> Timestamp {
        self.firewall.now()
    }

    fn world(&self) -> &World {
        self.firewall.world()
    }
}

/// A line as PAN-OS draws it.
const RULE: &str = "--------------------------------------------------------------------------------";

/// Writes views one below the other as PAN-OS prints them, each after the command it answers.
///
/// # Errors
/// Where `out` fails.
pub fn write_text(out: &mut dyn Write, views: &[View], scene: &Scene<'_>) -> io::Result<()> {
    for (number, view) in views.iter().enumerate() {
        if views.len() > 1 {
            let before = if number > 0 { "\n" } else { "" };
            writeln!(out, "{before}> show {}\n", name(&view.to_string()))?;
        }
        match view {
            View::Sessions(list) => sessions::text(out, list, scene)?,
            View::Session(id) => session::text(out, *id, scene)?,
            View::Info => info::text(out, scene)?,
            View::Counters(wanted) => counters::text(out, wanted, scene)?,
        }
    }
    Ok(())
}

/// Writes the same as one JSON document: the packet and its time, and a list of views.
///
/// # Errors
/// Where `out` fails.
pub fn write_json(out: &mut dyn Write, views: &[View], scene: &Scene<'_>) -> io::Result<()> {
    let at = json!({ "packet": scene.packet, "time": scene.now().to_string() });
    write!(out, "{{\n\"firstpass\": \"{}\",\n\"at\": ", env!("CARGO_PKG_VERSION"))?;
    write_value(&mut *out, &at)?;
    out.write_all(b",\n\"views\": [")?;
    for (number, view) in views.iter().enumerate() {
        out.write_all(if number > 0 { b",\n  {\"show\":" } else { b"\n  {\"show\":" })?;
        write_value(&mut *out, &view.to_string())?;
        match view {
            View::Sessions(list) => sessions::json(out, list, scene)?,
            View::Session(id) => member(out, "session", &session::json(*id, scene))?,
            View::Info => member(out, "info", &info::json(scene))?,
            View::Counters(wanted) => {
                member(out, "elapsed", &counters::seconds(scene))?;
                member(out, "counters", &counters::json(wanted, scene))?;
            }
        }
        out.write_all(b"}")?;
    }
    out.write_all(b"\n]\n}\n")
}

/// A further member of an object.
fn member(out: &mut dyn Write, key: &str, value: &Value) -> io::Result<()> {
    write!(out, ",\"{key}\":")?;
    write_value(out, value)
}
