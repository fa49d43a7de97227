//! Every event as a line of JSON: what `--events FILE` writes.
//!
//! All lines have `time`, `packet` (null for a timer), `session` (null where there is none) and `event`; what else
//! there is depends on the event. Names are stable.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Sink;
use super::escape::{self, Payload};
use super::inline::{Clock, Inline};
use super::json::{Value, members};
use super::place::reason;
use super::row::{self, FirstPacketsRow, label_name, nat_rule_name, rule_name};
use super::threats;
use crate::config::World;
use crate::engine::{Event, EventKind, Events, Prediction, Range, Record, Verdict};
use crate::feature::nat::NatRuleId;
use crate::feature::route::Place;
use crate::feature::threat::Threat as ContentThreat;
use crate::feature::zone_protection::{Response, Threat};
use crate::flow::{Addr, Direction, FlowKey, ZoneId};
use crate::policy::{Lookup, Query, Ternary};

/// A [`Sink`] that writes every event.
pub struct EventLog<'a> {
    out: Box<dyn Write + 'a>,
    clock: Clock,
    line: Vec<u8>,
}

impl<'a> EventLog<'a> {
    /// Events go to `out`, which is best buffered.
    pub fn new(out: impl Write + 'a) -> Self {
        Self { out: Box::new(out), clock: Clock::default(), line: Vec::new() }
    }

    /// Ends the log.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn push(&mut self, world: &World, events: &Events, event: &Event) {
        let out = &mut self.line;
        out.extend_from_slice(b"{\"time\":");
        self.clock.print(event.at).push(out);
        members! { out,
            "packet": Some(event.packet).filter(|&packet| packet != 0),
            "session": event.session.map(|id| id.0),
            "event": name(&event.kind),
        }
        push_details(out, world, events, &event.kind);
        out.extend_from_slice(b"}\n");
    }
}

impl Sink for EventLog<'_> {
    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        self.line.clear();
        for event in events.list() {
            self.push(world, events, event);
        }
        self.out.write_all(&self.line)
    }
}

const fn name(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::ClockBackward { .. } => "clock-backward",
        EventKind::Translated { .. } => "translated",
        EventKind::Captured { .. } => "captured",
        EventKind::Decryption { .. } => "decryption",
        EventKind::Stripped { .. } => "stripped",
        EventKind::Transmitted { .. } => "transmitted",
        EventKind::Routed { .. } => "routed",
        EventKind::LookedUp { .. } => "looked-up",
        EventKind::Refused { .. } => "refused",
        EventKind::Created { .. } => "created",
        EventKind::Stage { .. } => "stage",
        EventKind::Armed { .. } => "armed",
        EventKind::Identified { .. } => "identified",
        EventKind::Allowed { .. } => "allowed",
        EventKind::Denied { .. } => "denied",
        EventKind::ContentThreat { .. } => "content-threat",
        EventKind::Injected { .. } => "injected",
        EventKind::Threat { .. } => "threat",
        EventKind::Limit { .. } => "limit",
        EventKind::Bypassed => "bypassed",
        EventKind::Ageing { .. } => "ageing",
        EventKind::Operated { .. } => "operated",
        EventKind::Committed => "committed",
        EventKind::Rematched { .. } => "rematched",
        EventKind::HostService { .. } => "host-service",
        EventKind::Predicted { .. } => "predicted",
        EventKind::Uninspected { .. } => "uninspected",
        EventKind::Unpredicted { .. } => "unpredicted",
        EventKind::Matched { .. } => "matched",
        EventKind::PredictionExpired { .. } => "prediction-expired",
        EventKind::Ended { .. } => "ended",
        EventKind::Verdict { .. } => "verdict",
    }
}

fn push_details(out: &mut Vec<u8>, world: &World, events: &Events, kind: &EventKind) {
    match *kind {
        EventKind::ClockBackward { by } => members! { out, "nanoseconds": by.nanos(), },
        EventKind::Translated { rule, key } => {
            push_translation(out, world, rule, key.map(|key| events.key(key)));
        }
        EventKind::Transmitted { .. } | EventKind::Injected { .. } => push_sent(out, events, kind),
        EventKind::Captured { direction, side, again } => {
            members! { out, "direction": direction.name(), "side": side.name(), "again": again, }
        }
        EventKind::Routed { ref ingress, ref egress } => push_way(out, world, ingress, egress),
        EventKind::LookedUp { query, lookup } => push_lookup(out, world, events.query(query), &lookup),
        EventKind::Refused { record }
        | EventKind::Created { record }
        | EventKind::Allowed { record }
        | EventKind::Denied { record }
        | EventKind::Rematched { record }
        | EventKind::Ended { record } => push_record(out, world, events.record(record)),
        EventKind::Bypassed
        | EventKind::Ageing { .. }
        | EventKind::Operated { .. }
        | EventKind::Committed
        | EventKind::HostService { .. } => push_operation(out, world, kind),
        EventKind::Stage { stage } => members! { out, "stage": stage.name(), },
        EventKind::Armed { timer, timeout } => {
            members! { out, "timer": timer.name(), "seconds": timeout.secs(), }
        }
        EventKind::Identified { app, ref evidence } => members! { out,
            "app": world.catalog.name(app),
            "evidence": row::evidence(events, evidence).as_str(),
        },
        EventKind::ContentThreat { threat } => push_content_threat(out, events.threat(threat)),
        EventKind::Threat { zone, source, threat, response } => {
            push_threat(out, world, (zone, source), threat, response);
        }
        EventKind::Limit { limit } => members! { out, "limit": limit.name(), },
        EventKind::Uninspected { .. }
        | EventKind::Predicted { .. }
        | EventKind::Unpredicted { .. }
        | EventKind::Matched { .. }
        | EventKind::PredictionExpired { .. } => push_announcement(out, world, events, kind),
        EventKind::Decryption { rule, step } => members! { out,
            "rule": super::row::decryption_rule_name(world, rule),
            "step": step.name(),
            "detail": step.detail().as_str(),
        },
        EventKind::Stripped { what } => members! { out, "what": what.name(), },
        EventKind::Verdict { verdict, direction, counted, frames, wire_len, payload_len } => {
            let reason = match verdict {
                Verdict::Forward => None,
                Verdict::Drop(reason) => Some(reason),
            };
            members! { out,
                "verdict": if verdict.is_forward() { "forward" } else { "drop" },
                "reason": reason.map(|reason| reason.to_string()).as_deref(),
                "counter": reason.map(|reason| reason.counter()),
                "direction": direction.map(Direction::name),
                "counted": counted,
                "frames": u64::from(frames),
                "wire_len": u64::from(wire_len),
                "payload_len": u64::from(payload_len),
            }
        }
    }
}

/// A packet that leaves other than it came, or that the firewall has made.
fn push_sent(out: &mut Vec<u8>, events: &Events, kind: &EventKind) {
    let (EventKind::Transmitted { direction, bytes } | EventKind::Injected { direction, bytes, .. }) = *kind
    else {
        return;
    };
    members! { out, "direction": direction.name(), }
    if let EventKind::Injected { what, .. } = kind {
        members! { out, "what": what.name(), }
    }
    members! { out, "bytes": hex(events, bytes).as_str(), }
}

/// What sessions announce, and what comes of it.
fn push_announcement(out: &mut Vec<u8>, world: &World, events: &Events, kind: &EventKind) {
    match *kind {
        EventKind::Predicted { prediction } | EventKind::PredictionExpired { prediction } => {
            push_prediction(out, world, events.prediction(prediction));
        }
        EventKind::Matched { prediction, side } => {
            push_prediction(out, world, events.prediction(prediction));
            members! { out, "side": side.name(), }
        }
        EventKind::Uninspected { why } => members! { out, "reason": why.name(), },
        EventKind::Unpredicted { why, endpoint: (addr, port), what } => members! { out,
            "what": what,
            "dst": Inline::<46>::of_addr(addr),
            "dport": port,
            "reason": why.name(),
        },
        _ => {}
    }
}

fn push_prediction(out: &mut Vec<u8>, world: &World, prediction: &Prediction) {
    let Prediction { src, dst: [(dst, dport), (natdst, natdport)], .. } = *prediction;
    members! { out,
        "sessionid": prediction.id.0,
        "parent_session_id": prediction.parent.0,
        "triggered_by": prediction.side(),
        "what": prediction.what,
        "app": world.catalog.name(prediction.app),
        "proto": Inline::<9>::of(prediction.protocol),
        "src": src.map(|[src, _]| Inline::<46>::of_addr(src)),
        "dst": Inline::<46>::of_addr(dst),
        "dport": dport,
        "natdst": Inline::<46>::of_addr(natdst),
        "natdport": natdport,
        "rule": rule_name(world, prediction.lookup.rule),
        "seconds": prediction.expires.since(prediction.since).secs(),
        "matched": prediction.matched,
    }
}

fn push_content_threat(out: &mut Vec<u8>, threat: &ContentThreat) {
    members! { out,
        "subtype": threat.kind.name(),
        "threatid": threat.id.map(u64::from),
        "threat_name": threat.name.as_str(),
        "severity": threat.severity.name(),
        "action": threat.action.name(threat.kind),
        "direction": threats::direction(threat.direction),
        "misc": Payload(&threat.object).to_string().as_str(),
        "category": threat.category.as_deref(),
        "profile": threat.profile.as_str(),
        "evidence": threats::evidence(threat).as_str(),
    }
}

fn push_threat(out: &mut Vec<u8>, world: &World, from: (ZoneId, Addr), threat: Threat, response: Response) {
    let (zone, source) = from;
    members! { out,
        "from": world.zones.name(zone),
        "src": Inline::<46>::of_addr(source),
        "profile": world.protections.of(zone).map(|profile| profile.name.as_str()),
        "threat": threat.name(),
        "action": response.name(),
    }
}

fn push_way(out: &mut Vec<u8>, world: &World, ingress: &Place, egress: &Place) {
    members! { out,
        "from": world.zones.name(ingress.zone),
        "inbound_if": world.network.interface_name(ingress.interface),
        "from_by": reason(world, ingress).as_str(),
        "to": world.zones.name(egress.zone),
        "outbound_if": world.network.interface_name(egress.interface),
        "to_by": reason(world, egress).as_str(),
    }
}

/// What happens to the table as a whole, and what an administrator does.
fn push_operation(out: &mut Vec<u8>, world: &World, kind: &EventKind) {
    match *kind {
        EventKind::Ageing { what, begins } => members! { out, "what": what.name(), "begins": begins, },
        EventKind::Operated { what } => members! { out, "command": what.name(), },
        EventKind::Committed => members! { out, "rulebase": escape::name(&world.source.path).as_ref(), },
        EventKind::HostService { allowed } => members! { out, "allowed": allowed, },
        _ => {}
    }
}

fn push_translation(out: &mut Vec<u8>, world: &World, rule: NatRuleId, key: Option<&FlowKey>) {
    members! { out, "rule": nat_rule_name(world, rule), }
    if let Some(key) = key {
        members! { out,
            "src": Inline::<46>::of_addr(key.src),
            "dst": Inline::<46>::of_addr(key.dst),
            "sport": key.sport,
            "dport": key.dport,
        }
    }
}

fn push_lookup(out: &mut Vec<u8>, world: &World, query: &Query, lookup: &Lookup) {
    members! { out,
        "from": world.zones.name(query.from),
        "to": world.zones.name(query.to),
        "src": Inline::<46>::of_addr(query.src),
        "dst": Inline::<46>::of_addr(query.dst),
        "proto": Inline::<9>::of(query.protocol),
        "sport": query.sport,
        "dport": query.dport,
        "app": query.app.map(|app| world.catalog.name(app)),
        "rule": rule_name(world, lookup.rule),
        "action": lookup.action.name(),
        "certainty": match lookup.certainty {
            Ternary::No => "no",
            Ternary::Unknown => "unknown",
            Ternary::Yes => "yes",
        },
        "implicit": lookup.implicit,
    }
}

fn push_record(out: &mut Vec<u8>, world: &World, record: &Record) {
    let FlowKey { src, dst, sport, dport, protocol, zone } = record.c2s;
    let [packets_c2s, packets_s2c] = record.counts.packets;
    let [bytes_c2s, bytes_s2c] = record.counts.bytes;
    members! { out,
        "from": world.zones.name(zone),
        "to": world.zones.name(record.s2c.zone),
        "src": Inline::<46>::of_addr(src),
        "dst": Inline::<46>::of_addr(dst),
        "proto": Inline::<9>::of(protocol),
        "sport": sport,
        "dport": dport,
        "rule": rule_name(world, record.rule),
        "tentative_rule": rule_name(world, record.tentative),
        "final_rule": record.decided.map(|rule| rule_name(world, rule)),
        "app": label_name(world, record.label),
        "action": record.action.name(),
        "action_source": record.action_source.name(),
        "state": record.state.name(),
        "packets_c2s": packets_c2s,
        "packets_s2c": packets_s2c,
        "bytes_c2s": bytes_c2s,
        "bytes_s2c": bytes_s2c,
        "session_end_reason": record.reason.map(|reason| reason.name()),
        "open_at_end": record.open,
        "history": Inline::<16>::of(record.history),
        "first_packets": record.first_packets.map(|first| FirstPacketsRow::new(&first, world)),
    }
}

fn hex(events: &Events, bytes: Range) -> String {
    let mut text = String::new();
    for byte in events.bytes(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
