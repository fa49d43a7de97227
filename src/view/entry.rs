//! A session with the names that a view prints.

use serde_json::{Value, json};

use super::noted::Ended;
use crate::app::AppId;
use crate::config::World;
use crate::engine::{Label, Record, Standing};
use crate::flow::{Addr, FlowKey};
use crate::policy::Query;
use crate::session::{AppState, EndReason};
use crate::time::{Span, Timestamp};

/// A session, in the table or gone.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub(super) record: Record,
    /// `undecided` until App-ID has come to one; labels of the log are never shown here (PANOS.md 11.3).
    pub(super) application: &'a str,
    pub(super) rule: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    /// At the source and the destination address; `unknown` for nobody.
    pub(super) users: [&'a str; 2],
    pub(super) nat: Nat,
    pub(super) nat_rule: Option<&'a str>,
    /// Ingress and egress; `n/a` where it is not known.
    pub(super) interfaces: [&'a str; 2],
    pub(super) timeout: Span,
    /// How much is left of that; `None` where it is gone.
    pub(super) left: Option<Span>,
    /// Since it started.
    pub(super) age: Span,
    pub(super) is_logged_at_end: bool,
    pub(super) has_service_timeout: bool,
    /// Whether layer 7 processing goes on.
    pub(super) is_read: bool,
    /// Where it is a predict session: which side has announced it, and whether it has come once.
    pub(super) predicted: Option<(&'static str, bool)>,
}

/// What NAT changes of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nat {
    None,
    Source,
    Destination,
    Both,
}

impl Nat {
    const ALL: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("source", Self::Source),
        ("destination", Self::Destination),
        ("both", Self::Both),
    ];

    pub(super) fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, nat)| nat)
    }

    fn of(record: &Record) -> Self {
        let (c2s, s2c) = (&record.c2s, &record.s2c);
        let source = (c2s.src, c2s.sport) != (s2c.dst, s2c.dport);
        let destination = (c2s.dst, c2s.dport) != (s2c.src, s2c.sport);
        match (source, destination) {
            (false, false) => Self::None,
            (true, false) => Self::Source,
            (false, true) => Self::Destination,
            (true, true) => Self::Both,
        }
    }

    /// The flag of `session all` (PANOS.md 11.3).
    pub(super) const fn flag(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Source => "NS",
            Self::Destination => "ND",
            Self::Both => "NB",
        }
    }

    /// As `session id` says it; nothing where nothing is translated.
    pub(super) const fn translation(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Source => Some("source"),
            Self::Destination => Some("destination"),
            Self::Both => Some("source + destination"),
        }
    }
}

const UNDECIDED: &str = "undecided";

impl<'a> Entry<'a> {
    /// A session of the table.
    pub(super) fn of(standing: &Standing, world: &'a World, now: Timestamp) -> Self {
        let app = match standing.app {
            AppState::Known(app) => Some(app),
            AppState::Undecided | AppState::Exhausted => None,
        };
        let entry = Self::new(&standing.record, app, world, now);
        let is_read = standing.is_read || !standing.record.c2s.protocol.has_ports();
        let entry = Self { timeout: standing.timeout, left: Some(standing.left), is_read, ..entry };
        let Some(prediction) = &standing.predicted else { return entry };
        Self {
            rule: "",
            from: prediction.from.map_or("any", |zone| world.zones.name(zone)),
            is_logged_at_end: false,
            has_service_timeout: false,
            is_read: false,
            predicted: Some((prediction.side(), prediction.matched)),
            ..entry
        }
    }

    /// A session that is gone.
    pub(super) fn of_ended(ended: &Ended, world: &'a World, now: Timestamp) -> Self {
        let app = match ended.record.label {
            Label::App(app) => Some(app),
            Label::Incomplete | Label::InsufficientData | Label::NotApplicable => None,
        };
        let entry = Self::new(&ended.record, app, world, now);
        let is_read = app.is_none() || !ended.record.c2s.protocol.has_ports();
        Self { timeout: ended.timeout, is_read, ..entry }
    }

    fn new(record: &Record, app: Option<AppId>, world: &'a World, now: Timestamp) -> Self {
        let rule = world.policy.rule(record.rule);
        let user = |addr: Addr| world.policy.users().of(addr).unwrap_or("unknown");
        let interface = |id| match world.network.interface_name(id) {
            "" => "n/a",
            name => name,
        };
        let nat_rule = record.nat.and_then(|id| world.nat.rule(id)).map(|rule| rule.name.as_str());
        let service = world.policy.service_of(record.rule, &query(record, app));
        Self {
            record: *record,
            application: app.map_or(UNDECIDED, |app| world.catalog.name(app)),
            rule: &rule.name,
            from: world.zones.name(record.c2s.zone),
            to: world.zones.name(record.s2c.zone),
            users: [user(record.c2s.src), user(record.c2s.dst)],
            nat: Nat::of(record),
            nat_rule,
            interfaces: [interface(record.ingress), interface(record.egress)],
            timeout: Span::ZERO,
            left: None,
            age: now.since(record.started),
            is_logged_at_end: rule.log_end,
            has_service_timeout: service.is_some_and(|service| service.timeouts != Default::default()),
            is_read: false,
            predicted: None,
        }
    }

    /// `FLOW`, or `PRED` for what is only expected.
    pub(super) const fn kind(&self) -> &'static str {
        if self.predicted.is_some() { "PRED" } else { "FLOW" }
    }

    /// The state of the flow from the server, which for what is only expected is not there yet (PANOS.md 1.6).
    pub(super) const fn s2c_state(&self) -> &'static str {
        if self.predicted.is_some() { "OPENING" } else { self.state() }
    }

    /// The state that a view prints: an entry that is gone is in the pool again (PANOS.md 1.6).
    pub(super) const fn state(&self) -> &'static str {
        if self.left.is_some() { self.record.state.name() } else { "INIT" }
    }

    pub(super) const fn number(&self) -> u64 {
        match self.record.id {
            Some(id) => id.0,
            None => 0,
        }
    }

    pub(super) const fn processing(&self) -> &'static str {
        if self.is_read { "enabled" } else { "completed" }
    }

    pub(super) const fn tracker_stage(&self) -> Option<&'static str> {
        match self.record.reason {
            Some(reason) => reason.tracker_stage(),
            None => None,
        }
    }

    /// `unknown` while it lives (PANOS.md 4.3).
    pub(super) const fn end_reason(&self) -> &'static str {
        match self.record.reason {
            Some(reason) => reason.name(),
            None => EndReason::Unknown.name(),
        }
    }

    /// Everything as data, in the order and by the words of `session id`.
    pub(super) fn json(&self) -> Value {
        let Self { record, .. } = self;
        let flow = |key: &FlowKey, zone: &str, state: &str, users: [&str; 2]| {
            json!({
                "source": key.src.to_string(), "zone": zone, "dst": key.dst.to_string(), "proto": key.protocol.0,
                "sport": key.sport, "dport": key.dport, "state": state, "type": self.kind(),
                "src_user": users[0], "dst_user": users[1],
            })
        };
        let [source, destination] = self.users;
        json!({
            "id": self.number(),
            "vsys": "vsys1",
            "application": self.application,
            "state": self.state(),
            "type": self.kind(),
            "flag": self.nat.flag(),
            "c2s": flow(&record.c2s, self.from, self.state(), [source, destination]),
            "s2c": flow(&record.s2c, self.to, self.s2c_state(), [destination, source]),
            "start_time": record.started.to_string(),
            "timeout": self.timeout.secs(),
            "time_to_live": self.left.map(Span::secs),
            "bytes_c2s": record.counts.bytes[0],
            "bytes_s2c": record.counts.bytes[1],
            "packets_c2s": record.counts.packets[0],
            "packets_s2c": record.counts.packets[1],
            "rule": self.rule,
            "service_timeout_override": self.has_service_timeout,
            "logged_at_end": self.is_logged_at_end,
            "in_session_ager": self.left.is_some(),
            "translation": self.nat.translation(),
            "nat_rule": self.nat_rule,
            "layer7_processing": self.processing(),
            "ingress_interface": self.interfaces[0],
            "egress_interface": self.interfaces[1],
            "parent_session": record.parent.map(|id| id.0),
            "prediction_triggered_by": self.predicted.map(|(side, _)| side),
            "prediction_matched_once": self.predicted.map(|(_, matched)| matched),
            "tracker_stage_firewall": self.tracker_stage(),
            "end_reason": self.end_reason(),
        })
    }
}

/// What the session was looked up by.
fn query(record: &Record, app: Option<AppId>) -> Query {
    let FlowKey { src, dst, sport, dport, protocol, zone } = record.c2s;
    let (sport, dport) = if protocol.has_ports() { (sport, dport) } else { (0, 0) };
    let (from, to, at) = (zone, record.s2c.zone, record.started);
    Query { from, to, src, dst, protocol, sport, dport, app, category: None, decrypted: false, at }
}
