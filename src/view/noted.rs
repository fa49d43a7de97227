//! What views need beyond the session table.

use std::collections::BTreeMap;
use std::io;

use hashbrown::HashSet;

use super::View;
use crate::config::World;
use crate::engine::{Event, EventKind, Events, Label, Record, Verdict};
use crate::feature::nat::SourceTranslation;
use crate::report::Sink;
use crate::session::SessionId;
use crate::time::{Span, Timestamp};

/// A reader of events that keeps what the views ask for and no more: a few sums, and the last record of each session
/// that a view names.
#[derive(Debug, Default)]
pub struct Noted {
    asked: BTreeMap<SessionId, Asked>,
    first: Option<Timestamp>,
    /// Sessions whose application is not known.
    undecided: HashSet<SessionId, foldhash::quality::RandomState>,
    recent: Recent,
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) app_id_packets: u64,
    pub(super) port_translations: u64,
    /// Sessions that began with another TCP packet than a SYN.
    pub(super) midstream: u64,
}

#[derive(Debug, Default)]
struct Asked {
    timeout: Span,
    ended: Option<Ended>,
}

/// A session that is gone.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) record: Record,
    /// The length of the timer that ran last.
    pub(super) timeout: Span,
}

/// What came within a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rates {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) sessions: u64,
}

/// The last second, in tenths.
#[derive(Debug, Default)]
struct Recent([(u64, Rates); TENTHS]);

const TENTHS: usize = 10;

impl Noted {
    /// For these views.
    pub fn of(views: &[View]) -> Self {
        let asked = views.iter().filter_map(View::session).map(|id| (id, Asked::default())).collect();
        Self { asked, ..Self::default() }
    }

    /// A session that a view names, where it is gone.
    pub(super) fn ended(&self, id: SessionId) -> Option<&Ended> {
        self.asked.get(&id)?.ended.as_ref()
    }

    /// Time since the first packet.
    pub(super) fn elapsed(&self, now: Timestamp) -> Span {
        self.first.map_or(Span::ZERO, |first| now.since(first))
    }

    /// What came within the second before `now`.
    pub(super) fn rates(&self, now: Timestamp) -> Rates {
        let now = tenth(now);
        let within = |&&(at, _): &&(u64, Rates)| at + TENTHS as u64 > now && at <= now;
        self.recent.0.iter().filter(within).fold(Rates::default(), |sum, (_, rates)| Rates {
            packets: sum.packets + rates.packets,
            bytes: sum.bytes + rates.bytes,
            sessions: sum.sessions + rates.sessions,
        })
    }

    fn read_event(&mut self, world: &World, events: &Events, event: &Event) {
        match event.kind {
            EventKind::Created { record } => self.created(world, events.record(record), event.at),
            // The packet that tells is one of those that App-ID saw; its verdict comes when it is told.
            EventKind::Identified { .. } => {
                let is_first = event.session.is_some_and(|id| self.undecided.remove(&id));
                self.app_id_packets += u64::from(is_first);
            }
            EventKind::Armed { timeout, .. } => {
                if let Some(asked) = event.session.and_then(|id| self.asked.get_mut(&id)) {
                    asked.timeout = timeout;
                }
            }
            EventKind::Injected { .. } => self.sent += 1,
            EventKind::Ended { record } => {
                let Some(id) = event.session else { return };
                self.undecided.remove(&id);
                if let Some(asked) = self.asked.get_mut(&id) {
                    let record = *events.record(record);
                    asked.ended = Some(Ended { record, timeout: asked.timeout });
                }
            }
            EventKind::Verdict { verdict, counted, frames, wire_len, payload_len, .. } => {
                self.first.get_or_insert(event.at);
                self.received += u64::from(frames);
                if verdict == Verdict::Forward {
                    self.sent += u64::from(frames);
                }
                if counted && payload_len > 0 && event.session.is_some_and(|id| self.undecided.contains(&id))
                {
                    self.app_id_packets += 1;
                }
                let recent = self.recent.at(event.at);
                recent.packets += u64::from(frames);
                recent.bytes += u64::from(wire_len);
            }
            _ => {}
        }
    }

    fn created(&mut self, world: &World, record: &Record, at: Timestamp) {
        self.recent.at(at).sessions += 1;
        let Some(id) = record.id else { return };
        if record.decided.is_none() && record.c2s.protocol.has_ports() {
            self.undecided.insert(id);
        }
        let non_syn = world.identifier.labels().non_syn_tcp;
        if matches!(record.label, Label::App(app) if Some(app) == non_syn) {
            self.midstream += 1;
        }
        let rule = record.nat.and_then(|rule| world.nat.rule(rule));
        if let Some(SourceTranslation::DynamicIpAndPort { .. }) =
            rule.and_then(|rule| rule.source_translation.as_ref())
        {
            self.port_translations += 1;
        }
    }
}

impl Sink for Noted {
    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        for event in events.list() {
            self.read_event(world, events, event);
        }
        Ok(())
    }
}

impl Recent {
    fn at(&mut self, at: Timestamp) -> &mut Rates {
        let tenth = tenth(at);
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is below ten")]
        let (when, rates) = &mut self.0[(tenth % TENTHS as u64) as usize];
        if *when != tenth {
            (*when, *rates) = (tenth, Rates::default());
        }
        rates
    }
}

const fn tenth(at: Timestamp) -> u64 {
    at.nanos() / 100_000_000
}
