//! A recorded scenario through the whole program: decoder, defragmenter, firewall, log and auditor.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::{Value, json};

use super::lab::LabError;
use super::row::Row;
use super::wire::{Input, Wire};
use crate::audit::Audit;
use crate::capture::{CaptureInterface, Frame, LinkType};
use crate::config::World;
use crate::engine::{Event, EventKind, Events, Injection, Prediction, Verdict};
use crate::flow::{Addr, Direction};
use crate::packet::Packet;
use crate::replay::{Linger, Options, Replay};
use crate::report::json::{self, Lines};
use crate::report::{About, Rows, Sink, Tally};

/// What a scenario has brought.
#[derive(Debug, Clone)]
pub struct Run {
    /// Traffic log: rows in order of start time, then session id.
    pub rows: Vec<Row>,
    /// Verdict of each frame, in order; see [`Self::verdict`].
    pub verdicts: Vec<Verdict>,
    /// Packets that the firewall made itself, in order.
    pub emitted: Vec<Emitted>,
    /// Packets that left other than they came, in order.
    pub transmitted: Vec<Transmitted>,
    /// What sessions announced, in order: JSON objects with the columns of the table `predictions`.
    pub announced: Vec<Value>,
    /// The whole report: the document of `--format json`, without captures.
    pub report: Value,
}

/// A packet that the firewall made itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emitted {
    /// Number of the frame that brought it about.
    pub frame: u64,
    /// Toward whom: [`Direction::ServerToClient`] goes to the client.
    pub direction: Direction,
    /// What it is.
    pub what: Injection,
    /// The IP packet.
    pub bytes: Vec<u8>,
}

/// A packet that left other than it came: translated, or with something taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmitted {
    /// Number of the frame it came in.
    pub frame: u64,
    /// Which way it goes.
    pub direction: Direction,
    /// The IP packet.
    pub bytes: Vec<u8>,
}

impl Run {
    /// The verdict of the frame with that number, counted from 1.
    pub fn verdict(&self, frame: u64) -> Option<Verdict> {
        let index = usize::try_from(frame.checked_sub(1)?).ok()?;
        self.verdicts.get(index).copied()
    }

    /// A total of the summary (`packets`, `forwarded`, `dropped`, `injected`, `sessions`) or a global counter, by
    /// name; 0 where there is none.
    pub fn counter(&self, name: &str) -> u64 {
        let named = |part: &str| self.report.get(part)?.get(name)?.as_u64();
        named("summary").or_else(|| named("counters")).unwrap_or(0)
    }
}

impl Wire {
    /// Replays what was recorded; the auditor reads along.
    pub(super) fn run(&self, world: Arc<World>, linger: Linger) -> Result<Run, LabError> {
        let (mut watch, mut audit, mut tally) = (Watch::default(), Audit::default(), Tally::default());
        let mut rows = Rows::held(Lines);
        let options = Options { linger, transmitted: true, ..Options::default() };
        let sinks: Vec<&mut dyn Sink> = vec![&mut rows, &mut watch, &mut audit, &mut tally];
        let mut replay = Replay::new(Arc::clone(&world), options, sinks);
        for (at, input) in &self.inputs {
            match input {
                Input::Frame(bytes, port) => {
                    let bytes = &port.tagged(bytes);
                    let wire_len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                    let link_type = LinkType::ETHERNET;
                    let interface = port
                        .interface
                        .as_ref()
                        .map(|name| CaptureInterface { name: name.clone(), ..CaptureInterface::default() });
                    let interface = interface.as_ref();
                    replay.frame(&Frame { at: *at, file: 0, link_type, interface, wire_len, bytes })?;
                }
                Input::Control(command) => {
                    replay.control(*at, command.clone())?;
                }
            }
        }
        let world = replay.finish()?.committed.unwrap_or(world);
        let violations = audit.violations();
        if !violations.is_empty() {
            return Err(LabError::Audit(violations));
        }
        let mut document = Vec::new();
        let about = About { world: &world, captures: &[], warnings: &[] };
        json::write_document(&mut document, &about, &tally, Some(rows))?;
        let report: Value = serde_json::from_slice(&document).map_err(io::Error::from)?;
        let rows =
            Vec::deserialize(report.get("sessions").unwrap_or(&Value::Null)).map_err(io::Error::from)?;
        let verdicts = watch.verdicts.into_values().collect();
        let Watch { emitted, transmitted, announced, .. } = watch;
        Ok(Run { rows, verdicts, emitted, transmitted, announced, report })
    }
}

/// Keeps the verdict of every frame, and what was emitted.
#[derive(Debug, Default)]
struct Watch {
    /// Frames of the packets whose verdicts are still to come.
    waiting: VecDeque<Vec<u64>>,
    verdicts: BTreeMap<u64, Verdict>,
    emitted: Vec<Emitted>,
    transmitted: Vec<Transmitted>,
    announced: Vec<Value>,
}

impl Sink for Watch {
    fn packet(&mut self, packet: &Packet<'_>) {
        let frames =
            if packet.fragments.is_empty() { vec![packet.number] } else { packet.fragments.to_vec() };
        self.waiting.push_back(frames);
    }

    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        for event in events.list() {
            match event.kind {
                EventKind::Verdict { verdict, .. } => {
                    let numbers = self.waiting.pop_front().unwrap_or_default();
                    self.verdicts.extend(numbers.into_iter().map(|number| (number, verdict)));
                }
                EventKind::Injected { direction, what, bytes } => {
                    let bytes = events.bytes(bytes).to_vec();
                    self.emitted.push(Emitted { frame: event.packet, direction, what, bytes });
                }
                EventKind::Transmitted { direction, bytes } => {
                    let bytes = events.bytes(bytes).to_vec();
                    self.transmitted.push(Transmitted { frame: event.packet, direction, bytes });
                }
                _ => self.announced(world, events, event),
            }
        }
        Ok(())
    }
}

impl Watch {
    /// What a session announces, and what comes of it.
    fn announced(&mut self, world: &World, events: &Events, event: &Event) {
        match event.kind {
            EventKind::Predicted { prediction } => {
                let one = events.prediction(prediction);
                let at = |(addr, port): (Addr, u16)| format!("{addr} {port}");
                self.announced.push(json!({
                    "packet": event.packet,
                    "sessionid": one.id.0,
                    "parent": one.parent.0,
                    "by": one.side(),
                    "what": one.what,
                    "app": world.catalog.name(one.app),
                    "proto": one.protocol.to_string(),
                    "from": one.src.map_or_else(|| "any".to_owned(), |[src, _]| src.to_string()),
                    "to": at(one.dst[0]),
                    "behind": at(one.dst[1]),
                    "outcome": "waits",
                }));
            }
            EventKind::Unpredicted { why, endpoint: (addr, port), what } => {
                self.announced.push(json!({
                    "packet": event.packet,
                    "sessionid": null,
                    "parent": event.session.map(|id| id.0),
                    "by": null,
                    "what": what,
                    "app": null,
                    "proto": null,
                    "from": null,
                    "to": format!("{addr} {port}"),
                    "behind": null,
                    "outcome": why.name(),
                }));
            }
            EventKind::Matched { prediction, .. } => self.settle(events.prediction(prediction), "matched"),
            EventKind::PredictionExpired { prediction } => {
                self.settle(events.prediction(prediction), "expired");
            }
            _ => {}
        }
    }

    fn settle(&mut self, prediction: &Prediction, outcome: &str) {
        let id = Value::from(prediction.id.0);
        for one in self.announced.iter_mut().filter(|one| one["sessionid"] == id) {
            one["outcome"] = outcome.into();
        }
    }
}
