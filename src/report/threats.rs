//! The threat log: what security profiles have acted on, in the order it happened.

use serde::Serialize;

use super::escape::{Payload, name};
use crate::config::World;
use crate::engine::{Event, Events};
use crate::feature::threat::Threat;
use crate::flow::Direction;
use crate::time::Timestamp;

/// So many rows are kept; further ones are only counted.
const ROWS: usize = 1 << 16;

/// Rows of the threat log.
#[derive(Debug, Clone, Default)]
pub struct Threats {
    rows: Vec<ThreatRow>,
    more: u64,
}

/// One row, named as PAN-OS names its columns; all text is safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreatRow {
    /// When.
    #[serde(serialize_with = "text")]
    pub time: Timestamp,
    /// Number of the session.
    pub sessionid: u64,
    /// Frame number of the packet that completed it.
    pub packet: u64,
    /// `vulnerability`, `spyware`, `virus`, `url` or `file`.
    pub subtype: &'static str,
    /// Number of the threat, where it has one.
    pub threatid: Option<u32>,
    /// Its name: of a URL its category, of a file its type.
    pub threat_name: String,
    /// How bad it is.
    pub severity: &'static str,
    /// What was done.
    pub action: &'static str,
    /// `client-to-server` or `server-to-client`.
    pub direction: &'static str,
    /// URL, or name of the file.
    pub misc: String,
    /// Category of a URL.
    pub category: Option<String>,
    /// The rule that governed the session.
    pub rule: String,
    /// The profile that asked for it.
    pub profile: String,
    /// What was seen.
    pub evidence: String,
}

fn text<S: serde::Serializer>(time: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(time)
}

impl Threats {
    /// The rows, as many as are kept.
    pub fn rows(&self) -> &[ThreatRow] {
        &self.rows
    }

    /// How many more there were.
    pub const fn more(&self) -> u64 {
        self.more
    }

    pub(super) fn add(&mut self, world: &World, events: &Events, event: &Event, threat: u32) {
        if self.rows.len() >= ROWS {
            self.more += 1;
            return;
        }
        self.rows.push(ThreatRow::new(world, event, events.threat(threat)));
    }
}

impl ThreatRow {
    fn new(world: &World, event: &Event, threat: &Threat) -> Self {
        Self {
            time: event.at,
            sessionid: event.session.map_or(0, |id| id.0),
            packet: event.packet,
            subtype: threat.kind.name(),
            threatid: threat.id,
            threat_name: name(&threat.name).into_owned(),
            severity: threat.severity.name(),
            action: threat.action.name(threat.kind),
            direction: direction(threat.direction),
            misc: Payload(&threat.object).to_string(),
            category: threat.category.as_deref().map(|category| name(category).into_owned()),
            rule: name(super::row::rule_name(world, threat.rule)).into_owned(),
            profile: name(&threat.profile).into_owned(),
            evidence: evidence(threat),
        }
    }
}

/// What was seen, as one phrase that is safe to show.
pub(super) fn evidence(threat: &Threat) -> String {
    match threat.evidence.as_slice() {
        [] => threat.what.to_owned(),
        bytes => format!("{} `{}`", threat.what, Payload(bytes)),
    }
}

/// One line for people.
pub(super) fn sentence(threat: &Threat) -> String {
    let id = threat.id.map_or_else(String::new, |id| format!(" ({id})"));
    let object = match threat.object.as_slice() {
        [] => String::new(),
        bytes => format!(", `{}`", Payload(bytes)),
    };
    format!(
        "threat: {} `{}`{id}, {}{object}, {}; profile `{}`: {}",
        threat.kind.name(),
        name(&threat.name),
        threat.severity,
        evidence(threat),
        name(&threat.profile),
        threat.action.name(threat.kind)
    )
}

/// PAN-OS's words for a direction in the threat log.
pub(super) const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::ClientToServer => "client-to-server",
        Direction::ServerToClient => "server-to-client",
    }
}
