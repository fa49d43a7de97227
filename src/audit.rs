//! The auditor: an independent reader of the event stream that recomputes every count and holds it against what the
//! engine says.
//!
//! It knows nothing of rules, trackers or timers; it adds up verdicts. It runs in every test and behind `--audit`.

use std::io;

use hashbrown::{HashMap, HashSet};

use crate::config::World;
use crate::engine::{Commit, DropReason, Event, EventKind, Events, Outcome, Prediction, Record, Verdict};
use crate::packet::Malformed;
use crate::policy::RuleId;
use crate::report::Sink;
use crate::session::{Counts, EndReason, Passed, SessionId, State};
use crate::time::Timestamp;

/// What the auditor has seen.
#[derive(Debug, Default)]
pub struct Audit {
    live: HashMap<SessionId, Books, foldhash::fast::FixedState>,
    /// Predictions that wait.
    predicted: HashSet<SessionId, foldhash::fast::FixedState>,
    /// The last number that was given.
    numbered: u64,
    totals: Totals,
    now: Timestamp,
    /// The packet whose verdict came last.
    last_packet: u64,
    /// The packet that found no room in the session table and passes all the same.
    bypassed: u64,
    violations: Vec<String>,
    more: u64,
}

/// Sums over the run, in frames where not said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Forwarded.
    pub forwarded: u64,
    /// Dropped.
    pub dropped: u64,
    /// Packets that the firewall made itself.
    pub injected: u64,
    /// Sessions set up.
    pub created: u64,
    /// Sessions that ended, or were still there at the end.
    pub ended: u64,
}

/// What is known of one session.
#[derive(Debug, Clone)]
struct Books {
    counts: Counts,
    passed: Passed,
    /// What had passed when its rule last changed.
    passed_at_change: Passed,
    rule: RuleId,
    denied: bool,
}

/// So many violations are told one by one.
const TOLD: usize = 20;

impl Audit {
    /// The sums.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// What is wrong, one sentence each; empty where all is well. Call it after the run's last event.
    pub fn violations(&self) -> Vec<String> {
        let mut violations = self.violations.clone();
        if self.more > 0 {
            violations.push(format!("… and {} more", self.more));
        }
        if !self.live.is_empty() {
            violations.push(format!("{} sessions never ended", self.live.len()));
        }
        if self.totals.created != self.totals.ended {
            violations.push(format!("{} sessions set up, {} ended", self.totals.created, self.totals.ended));
        }
        violations
    }

    fn expect(&mut self, holds: bool, event: &Event, what: impl FnOnce() -> String) {
        if holds {
            return;
        }
        if self.violations.len() == TOLD {
            self.more += 1;
            return;
        }
        let session = event.session.map_or_else(String::new, |id| format!(", session {}", id.0));
        self.violations.push(format!("packet {}{session}: {}", event.packet, what()));
    }

    fn read_event(&mut self, events: &Events, event: &Event) {
        self.expect(event.at >= self.now, event, || "time goes back".to_owned());
        self.now = event.at;
        if event.packet != 0 && !matches!(event.kind, EventKind::Verdict { .. }) {
            let fresh = event.packet > self.last_packet;
            self.expect(fresh, event, || "an event after the packet's verdict".to_owned());
        }
        match event.kind {
            EventKind::Created { record } => self.create(events.record(record), event),
            EventKind::Allowed { record } | EventKind::Rematched { record } => {
                self.allow(events.record(record), event);
            }
            EventKind::Bypassed => self.bypassed = event.packet,
            EventKind::Denied { record } => self.deny(events.record(record), event),
            EventKind::Refused { record } => {
                let counts = events.record(record).counts;
                self.expect(counts.packets == [1, 0], event, || "a refusal is about one packet".to_owned());
            }
            EventKind::Ended { record } => self.end(events.record(record), event),
            EventKind::Predicted { prediction } => self.predict(events.prediction(prediction), event),
            EventKind::PredictionExpired { prediction } => {
                let waited = self.predicted.remove(&events.prediction(prediction).id);
                self.expect(waited, event, || "a prediction ends that is not there".to_owned());
            }
            EventKind::Injected { .. } => self.totals.injected += 1,
            EventKind::Verdict { .. } => self.judge(event),
            EventKind::ClockBackward { .. }
            | EventKind::Translated { .. }
            | EventKind::Captured { .. }
            | EventKind::Decryption { .. }
            | EventKind::Stripped { .. }
            | EventKind::Transmitted { .. }
            | EventKind::Routed { .. }
            | EventKind::LookedUp { .. }
            | EventKind::Stage { .. }
            | EventKind::Armed { .. }
            | EventKind::Identified { .. }
            | EventKind::ContentThreat { .. }
            | EventKind::Threat { .. }
            | EventKind::Ageing { .. }
            | EventKind::Operated { .. }
            | EventKind::Committed
            | EventKind::HostService { .. }
            | EventKind::Uninspected { .. }
            | EventKind::Unpredicted { .. }
            | EventKind::Matched { .. }
            | EventKind::Limit { .. } => {}
        }
    }

    fn create(&mut self, record: &Record, event: &Event) {
        self.totals.created += 1;
        let Some(id) = record.id else {
            self.expect(false, event, || "a session without a number".to_owned());
            return;
        };
        if !self.predicted.remove(&id) {
            self.number(id, event);
        }
        let books = Books {
            counts: Counts::default(),
            passed: Passed::default(),
            passed_at_change: Passed::default(),
            rule: record.rule,
            denied: false,
        };
        let known = self.live.insert(id, books).is_some();
        self.expect(!known, event, || "set up twice".to_owned());
    }

    fn predict(&mut self, prediction: &Prediction, event: &Event) {
        self.number(prediction.id, event);
        self.predicted.insert(prediction.id);
        let within = prediction.since == event.at && prediction.expires > event.at;
        self.expect(within, event, || "a prediction without time".to_owned());
        let has_parent = self.live.contains_key(&prediction.parent);
        self.expect(has_parent, event, || "a prediction without parent".to_owned());
    }

    /// Sessions and predictions are numbered one after the other.
    fn number(&mut self, id: SessionId, event: &Event) {
        self.numbered += 1;
        let is_next = id.0 == self.numbered;
        self.expect(is_next, event, || format!("session number {} is not the next one", id.0));
    }

    fn allow(&mut self, record: &Record, event: &Event) {
        let Some(books) = event.session.and_then(|id| self.live.get_mut(&id)) else { return };
        if books.rule != record.rule {
            books.rule = record.rule;
            books.passed_at_change = books.passed;
        }
    }

    /// The record of a denial already counts the packet that decided it, whose verdict is still to come.
    fn deny(&mut self, record: &Record, event: &Event) {
        let Some(books) = event.session.and_then(|id| self.live.get_mut(&id)) else {
            self.expect(false, event, || "a denial without session".to_owned());
            return;
        };
        let twice = std::mem::replace(&mut books.denied, true);
        let (seen, passed) = (books.counts.packets.iter().sum::<u64>(), books.passed);
        self.expect(!twice, event, || "denied twice".to_owned());
        let told = record.counts.packets.iter().sum::<u64>();
        // A commit denies between packets.
        let pending = u64::from(event.packet != 0);
        self.expect(told == seen + pending, event, || {
            format!("{told} packets in the deny row, {seen} + {pending} seen")
        });
        let leak = record.first_packets.map(|first| first.passed).unwrap_or_default();
        // What a rule allows and only decryption ends has no first packets.
        let passed = if record.action.is_allow() { Passed::default() } else { passed };
        self.expect(leak == passed, event, || {
            format!("{leak:?} first packets in the deny row, {passed:?} seen")
        });
        self.expect(record.state == State::Discard, event, || {
            "a denied session is not in DISCARD".to_owned()
        });
    }

    fn end(&mut self, record: &Record, event: &Event) {
        self.totals.ended += 1;
        let Some(books) = event.session.and_then(|id| self.live.remove(&id)) else {
            self.expect(false, event, || "a session ends that is not there".to_owned());
            return;
        };
        let (told, seen) = (record.counts, books.counts);
        self.expect(told == seen, event, || format!("{told:?} in the row, {seen:?} seen"));
        self.expect(record.passed == books.passed, event, || "forwarded packets disagree".to_owned());
        let denied = record.reason.is_some_and(EndReason::is_logged_at_once);
        self.expect(denied == books.denied, event, || "the end reason and the denial disagree".to_owned());
        if let Some(first) = record.first_packets {
            let expected = match first.outcome {
                Outcome::Denied | Outcome::NeverIdentified => books.passed,
                Outcome::Reclassified => books.passed_at_change,
            };
            self.expect(first.passed == expected, event, || {
                format!("{:?} first packets told, {expected:?} seen", first.passed)
            });
        }
    }

    fn judge(&mut self, event: &Event) {
        let EventKind::Verdict { verdict, direction, counted, frames, wire_len, payload_len } = event.kind
        else {
            return;
        };
        // Fragments that never became a datagram are told when they are given up.
        let late = matches!(
            verdict,
            Verdict::Drop(DropReason::Malformed(Malformed::FragmentIncomplete | Malformed::FragmentLimit))
        );
        let next = event.packet > self.last_packet || late;
        self.expect(next, event, || "a second verdict, or out of order".to_owned());
        self.last_packet = self.last_packet.max(event.packet);
        match verdict {
            Verdict::Forward => self.totals.forwarded += u64::from(frames),
            Verdict::Drop(_) => self.totals.dropped += u64::from(frames),
        }
        let (Some(id), Some(direction)) = (event.session, direction) else {
            let allowed = !verdict.is_forward() || self.bypassed == event.packet;
            self.expect(allowed, event, || "forwarded without a session".to_owned());
            return;
        };
        let Some(books) = self.live.get_mut(&id) else {
            self.expect(false, event, || "a verdict for a session that is not there".to_owned());
            return;
        };
        let side = direction.index();
        if counted {
            books.counts.packets[side] += 1;
            books.counts.bytes[side] += u64::from(wire_len);
            if verdict.is_forward() {
                books.passed.packets[side] += 1;
                books.passed.payload[side] += u64::from(payload_len);
            }
        }
        let leak = books.denied && verdict.is_forward();
        self.expect(!leak, event, || "forwarded after the denial".to_owned());
    }
}

impl Sink for Audit {
    fn read(&mut self, _world: &World, events: &Events) -> io::Result<()> {
        for event in events.list() {
            self.read_event(events, event);
        }
        Ok(())
    }

    fn committed(&mut self, commit: &Commit) -> io::Result<()> {
        for books in self.live.values_mut() {
            books.rule = commit.renames.rule(books.rule);
        }
        Ok(())
    }
}
