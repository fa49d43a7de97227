//! `explain` in text: the walk of each session's packets, every decision with its reason, and a closing paragraph that
//! says why the row reads as it does.

mod closing;
mod decryption;
mod nat;
mod packet;
mod predict;
mod walk;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Write};

use self::packet::Note;
use self::walk::{Found, Judged, Line, Look, Walk, lookup_lines, path};
pub(super) use self::walk::{rule_reason, rule_role};
use super::order::Order;
use super::row::{self, Subtype, rule_name};
use super::style::{Paint, Role, count};
use super::{Sink, escape, place, threats, wrap};
use crate::config::World;
use crate::engine::{
    Commit, DropReason, Event, EventKind, Events, Injection, Limit, Operation, Prediction, Record, Stripped,
    Verdict,
};
use crate::feature::zone_protection::{Response, Threat};
use crate::flow::{Direction, ZoneId};
use crate::packet::Packet;
use crate::policy::{Lookup, Query};
use crate::session::{EndReason, SessionId, State, TcpStage};
use crate::time::Timestamp;

/// A [`Sink`] that explains sessions, in order of their start, and refused packets between them.
///
/// What is written of a session is bounded: packets of which nothing is to be said but that they passed are one line.
pub struct Explain<'a> {
    out: Box<dyn Write + 'a>,
    look: Look,
    /// The only session that is wanted.
    only: Option<SessionId>,
    /// Packets whose verdicts are still to come.
    notes: VecDeque<Note>,
    live: BTreeMap<SessionId, Walk>,
    /// When they began.
    started: BTreeSet<(Timestamp, u64)>,
    order: Order,
    /// The lookup of the packet at hand, which has no session yet.
    lookup: Option<(Query, Lookup)>,
    /// The prediction that the packet at hand fits.
    matched: Option<Prediction>,
    /// What happened at the packet at hand.
    lines: Vec<Line>,
    refused: Option<Record>,
    /// The session whose protocol has begun another connection at the packet at hand.
    around: Option<SessionId>,
    unread: BTreeMap<DropReason, u64>,
    explained: bool,
}

/// Columns where it is not for a terminal.
const WIDTH: usize = 120;
/// No narrower than this, whatever the terminal says.
const NARROWEST: usize = 72;

impl<'a> Explain<'a> {
    /// Explanations of one session, or of everything, go to `out`.
    pub fn new(out: impl Write + 'a, only: Option<SessionId>, look: super::text::Look) -> Self {
        let width = look.width.unwrap_or(WIDTH).max(NARROWEST);
        Self {
            out: Box::new(out),
            look: Look { paint: Paint { color: look.color }, width },
            only,
            notes: VecDeque::new(),
            live: BTreeMap::new(),
            started: BTreeSet::new(),
            order: Order::default(),
            lookup: None,
            matched: None,
            lines: Vec::new(),
            refused: None,
            around: None,
            unread: BTreeMap::new(),
            explained: false,
        }
    }

    /// Writes what is left; whether anything was explained at all.
    ///
    /// # Errors
    /// Where `out` fails, or the temporary file of a long run.
    pub fn finish(self) -> io::Result<bool> {
        let mut out = self.out;
        self.order.finish(|text| out.write_all(text))?;
        for (reason, packets) in &self.unread {
            writeln!(out, "{} without session: {reason}", count(*packets, "packet"))?;
        }
        out.flush()?;
        Ok(self.explained || !self.unread.is_empty())
    }

    fn wants(&self, session: SessionId) -> bool {
        self.only.is_none_or(|only| only == session)
    }

    fn read_event(&mut self, world: &World, events: &Events, event: &Event) -> io::Result<()> {
        if event.packet == 0 && !matches!(event.kind, EventKind::Ended { .. }) {
            self.between(world, events, event);
            return Ok(());
        }
        match event.kind {
            EventKind::ClockBackward { by } => {
                let text = format!("the capture's clock goes back by {by}; taken as the latest time seen");
                self.lines.push(Line::new(Role::Quiet, 0, text));
            }
            EventKind::Translated { rule, key } => {
                let key = key.map(|key| events.key(key));
                self.lines.push(Line::new(Role::Plain, 0, nat::translated(world, rule, key)));
            }
            EventKind::Routed { ref ingress, ref egress } => {
                for (way, at) in [("ingress", ingress), ("egress", egress)] {
                    let text = format!("{way}: {}", place::sentence(world, at));
                    self.lines.push(Line::new(Role::Plain, 0, text));
                }
            }
            EventKind::Threat { zone, threat, response, .. } => {
                self.lines.push(Line::new(Role::Deny, 0, noticed(world, zone, threat, response)));
            }
            EventKind::Limit { limit } if event.session.is_none() => {
                self.lines.push(Line::new(Role::Deny, 0, limit_reached(limit)));
            }
            EventKind::LookedUp { query, lookup } => self.look_up(world, event, *events.query(query), lookup),
            EventKind::Created { record } => self.create(world, events.record(record)),
            EventKind::Refused { record } => self.refuse(world, events.record(record)),
            EventKind::Ended { record } => self.end(world, event, events.record(record))?,
            EventKind::Verdict { .. } => self.judge(world, event)?,
            EventKind::Decryption { rule, step } => {
                let Some(id) = event.session.filter(|&id| self.wants(id)) else { return Ok(()) };
                self.lines.push(decryption::line(world, rule, step));
                if let (Some(walk), failed @ Some(_)) =
                    (self.live.get_mut(&id), decryption::failed(world, event.packet, rule, step))
                {
                    walk.facts.failed = failed;
                }
            }
            EventKind::Stripped { what } => {
                self.lines.push(Line::new(Role::Plain, 0, stripped(what).to_owned()));
            }
            EventKind::Matched { prediction, .. } => self.matched = Some(*events.prediction(prediction)),
            EventKind::Transmitted { .. }
            | EventKind::Bypassed
            | EventKind::PredictionExpired { .. }
            | EventKind::Ageing { .. }
            | EventKind::Operated { .. }
            | EventKind::Rematched { .. }
            | EventKind::Committed => {}
            EventKind::Captured { .. }
            | EventKind::Stage { .. }
            | EventKind::Armed { .. }
            | EventKind::Identified { .. }
            | EventKind::Allowed { .. }
            | EventKind::Denied { .. }
            | EventKind::ContentThreat { .. }
            | EventKind::Injected { .. }
            | EventKind::HostService { .. }
            | EventKind::Predicted { .. }
            | EventKind::Uninspected { .. }
            | EventKind::Unpredicted { .. }
            | EventKind::Limit { .. } => self.happen(world, events, event),
        }
        Ok(())
    }

    fn look_up(&mut self, world: &World, event: &Event, query: Query, lookup: Lookup) {
        let Some(id) = event.session else {
            self.lookup = Some((query, lookup));
            return;
        };
        let Some(walk) = self.live.get_mut(&id) else { return };
        if let Some(found) = walk.facts.found.last_mut() {
            found.lookup = Some(lookup);
        }
        self.lines.extend(explain(world, &query));
    }

    fn create(&mut self, world: &World, record: &Record) {
        let Some(id) = record.id.filter(|&id| self.wants(id)) else { return };
        let lookup = self.lookup.take();
        self.lines.extend(lookup.iter().flat_map(|(query, _)| explain(world, query)));
        let rule = escape::name(rule_name(world, record.rule));
        let text = match self.around {
            Some(around) => {
                format!(
                    "session {} begins inside session {} under `{rule}`: state {}",
                    id.0, around.0, record.state
                )
            }
            None => format!("session {} is set up under `{rule}`: state {}", id.0, record.state),
        };
        let matched = self.matched.take();
        self.lines.extend(matched.iter().map(|one| Line::new(Role::Heading, 0, predict::matched(one))));
        self.lines.push(Line::new(Role::Plain, 0, text));
        let mut walk = Walk::new(world, record, lookup.map(|(_, lookup)| lookup), self.look);
        walk.facts.around = self.around;
        walk.facts.announced = matched;
        self.started.insert((walk.started, id.0));
        self.live.insert(id, walk);
    }

    fn refuse(&mut self, world: &World, record: &Record) {
        if self.only.is_some() {
            return;
        }
        let lookup = self.lookup.take();
        self.lines.extend(lookup.iter().flat_map(|(query, _)| explain(world, query)));
        self.lines.push(Line::new(Role::Deny, 0, "no session is set up"));
        self.refused = Some(*record);
    }

    /// What happens to a session at a packet.
    fn happen(&mut self, world: &World, events: &Events, event: &Event) {
        let walk = event.session.and_then(|id| self.live.get_mut(&id));
        let Some(walk) = walk else {
            // The answer to a refused packet.
            if self.refused.is_some() {
                self.lines.extend(injected(events, event));
            }
            return;
        };
        let facts = &mut walk.facts;
        let line = match event.kind {
            EventKind::Stage { stage } => {
                facts.stage = Some(stage);
                facts.established |= stage == TcpStage::Established;
                facts.fin |= stage == TcpStage::HalfClosed;
                Line::new(Role::Plain, 0, format!("connection: {}", stage.name()))
            }
            EventKind::Captured { direction, side, again } => {
                Line::new(Role::Quiet, 0, nat::captured(direction, side, again))
            }
            EventKind::Armed { timer, timeout } => {
                facts.timer = Some((timer, timeout));
                Line::new(Role::Plain, 0, format!("timer {}: {} s", timer.name(), timeout.secs()))
            }
            EventKind::Identified { app, ref evidence } => {
                let evidence = row::evidence(events, evidence);
                let text = format!("App-ID: {}, {evidence}", world.catalog.name(app));
                facts.found.push(Found { packet: event.packet, app, evidence, lookup: None });
                Line::new(Role::Heading, 0, text)
            }
            EventKind::Allowed { record } => {
                let record = events.record(record);
                let rule = escape::name(rule_name(world, record.rule));
                Line::new(Role::Plain, 0, format!("allowed under `{rule}`"))
            }
            EventKind::Denied { record } => {
                let record = events.record(record);
                facts.denied = Some(*record);
                let text = if record.action.is_allow() {
                    format!("blocked, although its rule allows it; state {}", State::Discard)
                } else {
                    format!("denied: action {}; state {}", record.action, State::Discard)
                };
                Line::new(Role::Deny, 0, text)
            }
            EventKind::ContentThreat { threat } => {
                let threat = events.threat(threat);
                facts.threat =
                    threat.action.blocks().then(|| (event.packet, threat.clone())).or(facts.threat.take());
                let role = if threat.action.blocks() { Role::Deny } else { Role::Plain };
                Line::new(role, 0, threats::sentence(threat))
            }
            EventKind::Limit { limit } => Line::new(Role::Deny, 0, limit_reached(limit)),
            EventKind::Uninspected { why } => Line::new(Role::Plain, 0, why.describe()),
            EventKind::Predicted { prediction } => {
                Line::new(Role::Plain, 0, predict::predicted(world, events.prediction(prediction)))
            }
            EventKind::Unpredicted { why, endpoint, what } => {
                Line::new(Role::Deny, 0, predict::unpredicted(why, endpoint, what))
            }
            EventKind::HostService { allowed } => host_service(allowed),
            _ => match injected(events, event) {
                Some(line) => line,
                None => return,
            },
        };
        self.lines.push(line);
    }

    /// What happens to a session between two packets: the administrator's doing.
    fn between(&mut self, world: &World, events: &Events, event: &Event) {
        let Some(walk) = event.session.and_then(|id| self.live.get_mut(&id)) else { return };
        let rule = |record: &Record| escape::name(rule_name(world, record.rule)).into_owned();
        let text = match event.kind {
            EventKind::Operated { what } => {
                walk.facts.cleared |= what == Operation::Clear;
                format!("the administrator: {}", what.name())
            }
            EventKind::Rematched { record } => {
                format!("evaluated again after a commit: allowed under `{}`", rule(events.record(record)))
            }
            EventKind::Denied { record } => {
                let record = events.record(record);
                walk.facts.denied = Some(*record);
                let state = State::Discard;
                format!("evaluated again after a commit: denied by `{}`; state {state}", rule(record))
            }
            EventKind::Armed { timer, timeout } => {
                walk.facts.timer = Some((timer, timeout));
                format!("timer {}: {} s", timer.name(), timeout.secs())
            }
            EventKind::PredictionExpired { prediction } => predict::expired(events.prediction(prediction)),
            _ => return,
        };
        walk.note(event.at, &text, self.look);
    }

    fn end(&mut self, world: &World, event: &Event, record: &Record) -> io::Result<()> {
        let Some(id) = record.id else { return Ok(()) };
        let begins_another = record.reason == Some(EndReason::Decoder);
        self.around = begins_another.then_some(id);
        let Some(mut walk) = self.live.remove(&id) else { return Ok(()) };
        self.started.remove(&(walk.started, id.0));
        let text = match (record.open, event.packet) {
            (true, _) => format!("the capture ends; state {}", record.state),
            (false, 0) if walk.facts.cleared => "the session ends".to_owned(),
            (false, 0) => "the timer runs out: the session ends".to_owned(),
            (false, packet) if begins_another => {
                format!("packet {packet} begins another connection inside this one: the session ends")
            }
            (false, packet) => format!("a new SYN, packet {packet}, takes the session's place"),
        };
        walk.timer(event.at, &text, self.look);
        let (subtype, row) = match &walk.facts.denied {
            Some(denied) => (Subtype::Deny, *denied),
            None => (Subtype::End, *record),
        };
        let why = closing::session(world, &row, &walk.facts);
        let mut text = walk.text;
        close(&mut text, &closing::row(world, subtype, &row), &why, self.look);
        self.push((walk.started, id.0), &text)
    }

    fn judge(&mut self, world: &World, event: &Event) -> io::Result<()> {
        let EventKind::Verdict { verdict, direction, payload_len, .. } = event.kind else { return Ok(()) };
        let lines = std::mem::take(&mut self.lines);
        let refused = self.refused.take();
        self.lookup = None;
        self.matched = None;
        self.around = None;
        let note = std::iter::from_fn(|| self.notes.pop_front()).find(|note| note.number == event.packet);
        let Some(note) = note else { return Ok(()) };
        let judged = Judged { note, at: event.at, direction, verdict, payload: payload_len };
        match (event.session, refused) {
            (Some(id), _) => {
                if let Some(walk) = self.live.get_mut(&id) {
                    walk.packet(&judged, &lines, self.look);
                }
                Ok(())
            }
            (None, Some(record)) => self.explain_refusal(world, &record, &judged, &lines),
            (None, None) if self.only.is_none() => self.explain_drop(&judged, &lines),
            (None, None) => Ok(()),
        }
    }

    fn explain_refusal(
        &mut self,
        world: &World,
        record: &Record,
        judged: &Judged,
        lines: &[Line],
    ) -> io::Result<()> {
        let heading = format!("Packet {}, refused  {}", judged.note.number, path(world, record));
        let heading = wrap::fit(&heading, self.look.width);
        let mut text = format!("{}\n", self.look.paint.on(Role::Heading, heading));
        text.push_str(&walk::packet(judged, record.started, lines, false, self.look));
        let why = closing::refusal(world, record);
        close(&mut text, &closing::row(world, Subtype::Drop, record), &why, self.look);
        self.push((record.started, 0), &text)
    }

    /// A packet that never came to a lookup. What cannot even be read is only counted.
    fn explain_drop(&mut self, judged: &Judged, lines: &[Line]) -> io::Result<()> {
        let Verdict::Drop(reason) = judged.verdict else { return Ok(()) };
        if matches!(reason, DropReason::NotIp | DropReason::Malformed(_)) {
            *self.unread.entry(reason).or_default() += 1;
            return Ok(());
        }
        let note = &judged.note;
        let text = format!("Packet {}, dropped  {}  {note}: {reason}", note.number, note.path());
        let parts = wrap::sentence(&text, self.look.width.saturating_sub(2));
        let mut text = String::new();
        for (number, part) in parts.iter().enumerate() {
            let hanging = if number == 0 { "" } else { "  " };
            text.push_str(&format!("{hanging}{}\n", self.look.paint.on(Role::Deny, part)));
        }
        lines.iter().for_each(|line| walk::push(&mut text, line, self.look));
        text.push('\n');
        self.push((judged.at, 0), &text)
    }

    fn push(&mut self, place: (Timestamp, u64), text: &str) -> io::Result<()> {
        self.explained = true;
        self.order.push(place, |out| out.extend_from_slice(text.as_bytes()))
    }
}

impl Sink for Explain<'_> {
    fn packet(&mut self, packet: &Packet<'_>) {
        self.notes.push_back(Note::of(packet));
    }

    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        for event in events.list() {
            self.read_event(world, events, event)?;
        }
        let Some(now) = events.list().last().map(|event| event.at) else { return Ok(()) };
        let bound = self.started.first().map_or((now, 0), |&first| first.min((now, 0)));
        let Self { order, out, .. } = self;
        order.release(bound, |text| out.write_all(text))
    }

    fn committed(&mut self, commit: &Commit) -> io::Result<()> {
        for walk in self.live.values_mut() {
            walk.facts.rename(&commit.renames);
        }
        Ok(())
    }
}

fn explain(world: &World, query: &Query) -> Vec<Line> {
    let heading = match query.app {
        None => "port-only lookup: the application is not known yet".to_owned(),
        Some(app) => format!("full lookup: application {}", world.catalog.name(app)),
    };
    lookup_lines(world, &world.policy.explain(query), heading)
}

fn injected(events: &Events, event: &Event) -> Option<Line> {
    let EventKind::Injected { direction, what, bytes } = event.kind else { return None };
    let (to, from) = match direction {
        Direction::ClientToServer => ("server", "client"),
        Direction::ServerToClient => ("client", "server"),
    };
    let text = match what {
        Injection::Rst => format!("the firewall sends a RST to the {to}, as if from the {from}"),
        Injection::Unreachable => format!("the firewall sends an ICMP unreachable to the {to}"),
        Injection::SynAck => format!("the firewall answers the SYN in the {from}'s place (SYN cookie)"),
        Injection::Syn => format!("the firewall sends the {to} a SYN in the {from}'s place"),
    };
    let len = events.bytes(bytes).len() as u64;
    Some(Line::new(Role::Deny, 0, format!("{text} ({})", count(len, "byte"))))
}

const fn stripped(what: Stripped) -> &'static str {
    match what {
        Stripped::Mptcp => "the MPTCP option is taken off: the connection stays one of plain TCP",
        Stripped::Timestamp => "the timestamp option is taken off (zone protection)",
        Stripped::FastOpen => "the Fast Open option and the data with it are taken off (zone protection)",
    }
}

/// What zone protection has noticed.
fn noticed(world: &World, zone: ZoneId, threat: Threat, response: Response) -> String {
    let profile = world.protections.of(zone).map(|profile| profile.name.as_str()).unwrap_or_default();
    let (zone, profile) = (escape::name(world.zones.name(zone)), escape::name(profile));
    format!("zone protection `{profile}` of zone {zone}: {}, action {}", threat.name(), response.name())
}

fn host_service(allowed: bool) -> Line {
    let (role, text) = if allowed {
        (Role::Plain, "it goes to the firewall itself; the management profile of the interface permits it")
    } else {
        (Role::Deny, "it goes to the firewall itself, which refuses it (host service); state DISCARD")
    };
    Line::new(role, 0, text)
}

const fn limit_reached(limit: Limit) -> &'static str {
    match limit {
        Limit::Sessions => "the session table is full",
        Limit::OutOfOrderSegments => "too many segments wait for one that is missing: state DISCARD",
        Limit::OutOfOrderTotal => "too many segments of all sessions wait for missing ones: state DISCARD",
        Limit::OverlapBytes => {
            "as many bytes on their way are kept as may be: later ones are not compared with these"
        }
        Limit::IcmpUnreachable => {
            "no ICMP unreachable: as many as the firewall sends in a second have been sent"
        }
        Limit::SynCookies => {
            "too many answers of servers wait for clients with SYN cookies; the oldest is forgotten"
        }
        Limit::ScanEntries => "reconnaissance protection has no room to watch this source as well",
        Limit::BlockedSources => "as many sources are blocked as can be",
        Limit::Predictions => "as many predict sessions wait as may: no more of them",
        Limit::KeyLogEntries => "the key logs have secrets of more connections than are kept",
        Limit::Exclusions => "the local exclusion cache has no room for another server",
        Limit::AppIdCache => "the App-ID cache has no room for another server",
        Limit::Inspection => "more content than security profiles look into",
        Limit::AppIdBytes => "App-ID has seen as many bytes as it keeps, and gives up",
    }
}

/// The row and the closing paragraph.
fn close(text: &mut String, row: &str, why: &str, look: Look) {
    let width = look.width.saturating_sub(6);
    for (label, sentence, role) in [("Row", row, Role::Heading), ("Why", why, Role::Plain)] {
        for (number, line) in wrap::sentence(sentence, width).iter().enumerate() {
            let label = look.paint.on(Role::Quiet, if number == 0 { label } else { "   " });
            text.push_str(&format!("  {label} {}\n", look.paint.on(role, line)));
        }
    }
    text.push('\n');
}
