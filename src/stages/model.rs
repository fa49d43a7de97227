//! What the model does with the packets that came in.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use super::mark::{Ends, Mark};
use crate::capture::{Frame, LinkType, Progress, Source};
use crate::config::World;
use crate::engine::{DropReason, EventKind, Events, Injection, Label, Verdict};
use crate::feature::nat::NatRuleId;
use crate::flow::{Direction, FlowKey, Protocol, ZoneId};
use crate::packet::Packet;
use crate::policy::RuleId;
use crate::report::Sink;
use crate::report::stages::{Fate, Fates, label as label_of};
use crate::session::SessionId;
use crate::time::Timestamp;

/// A [`Sink`] that keeps what became of each frame.
#[derive(Debug, Default)]
pub struct Model {
    fates: Fates,
    /// Frames of the receive stage, in order.
    pub(super) frames: Vec<Judged>,
    /// For each frame of the run, its place in `frames`; `None` for a [`Hint`].
    places: Vec<Option<usize>>,
    /// What the firewall sends itself, in order.
    pub(super) sent: Vec<Sent>,
    /// The sessions, by their numbers.
    pub(super) sessions: BTreeMap<SessionId, SessionOf>,
}

/// A frame and what became of it.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) mark: Mark,
    pub(super) dropped: Option<DropReason>,
    pub(super) session: Option<SessionId>,
    pub(super) direction: Option<Direction>,
    /// The ends it leaves with, and the hash of what the device changes no further.
    pub(super) leaves: Ends,
    pub(super) content: u64,
    /// It is another packet's second appearance.
    pub(super) again: bool,
    /// It sets a translated session up.
    pub(super) begins_nat: bool,
    pub(super) protocol: Protocol,
}

/// A packet that the model sends.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) at: Timestamp,
    pub(super) toward: Direction,
    pub(super) what: Injection,
    pub(super) ends: Ends,
    pub(super) session: Option<SessionId>,
}

/// A session.
#[derive(Debug, Clone)]
pub(super) struct SessionOf {
    pub(super) c2s: FlowKey,
    pub(super) s2c: FlowKey,
    pub(super) nat: Option<NatRuleId>,
    /// Names of its rule and application, as they were last.
    pub(super) rule: String,
    pub(super) app: String,
}

impl Sink for Model {
    fn wants_frames(&self) -> bool {
        true
    }

    fn frame(&mut self, frame: &Frame<'_>, _number: u64) -> io::Result<()> {
        let is_hint = frame.file == HINT;
        self.places.push((!is_hint).then_some(self.frames.len()));
        if !is_hint {
            let mark = Mark::of(frame, self.frames.len() as u64 + 1);
            self.frames.push(Judged {
                mark,
                dropped: None,
                session: None,
                direction: None,
                leaves: mark.ends,
                content: mark.content,
                again: false,
                begins_nat: false,
                protocol: Protocol::default(),
            });
        }
        Ok(())
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        self.fates.packet(packet);
    }

    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        let Self { fates, frames, places, sent, sessions } = self;
        fates.read(events, |fate| {
            note(world, &fate, frames, places, sessions);
            sent.extend(fate.injected.iter().map(|injected| Sent {
                at: fate.at,
                toward: injected.toward,
                what: injected.what,
                ends: mark(&injected.bytes).ends,
                session: fate.known.and_then(|known| known.id),
            }));
            Ok(())
        })?;
        for event in events.list() {
            let EventKind::Ended { record } = event.kind else { continue };
            let record = events.record(record);
            if let Some(session) = record.id.and_then(|id| sessions.get_mut(&id)) {
                session.name(world, record.rule, record.label);
            }
        }
        Ok(())
    }
}

/// Notes a packet's fate at its frames.
fn note(
    world: &World,
    fate: &Fate<'_>,
    frames: &mut [Judged],
    places: &[Option<usize>],
    sessions: &mut BTreeMap<SessionId, SessionOf>,
) {
    let session = fate.known.and_then(|known| known.id);
    let Some(seen) = &fate.seen else { return };
    let mut any = false;
    for &number in &seen.frames {
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let place = index.and_then(|index| places.get(index)).copied().flatten();
        let Some(judged) = place.and_then(|place| frames.get_mut(place)) else { continue };
        any = true;
        judged.dropped = match fate.verdict {
            Verdict::Forward => None,
            Verdict::Drop(reason) => Some(reason),
        };
        judged.session = session;
        judged.direction = fate.direction;
        judged.again = fate.again;
        if let Some(left) = &fate.left {
            let left = mark(left);
            if seen.frames.len() == 1 {
                (judged.leaves, judged.content) = (left.ends, left.content);
            } else {
                // Only the addresses of a fragment are ends.
                judged.leaves = Ends { sport: 0, dport: 0, ..left.ends };
            }
        }
        let known = fate.known.filter(|known| fate.created && known.nat.is_some());
        judged.begins_nat = known.is_some();
        judged.protocol = fate.known.map_or(Protocol::default(), |known| known.c2s.protocol);
    }
    let (Some(known), Some(id), true) = (fate.known, session, any) else { return };
    let (c2s, s2c, nat) = (known.c2s, known.s2c, known.nat);
    let session = sessions.entry(id).or_insert_with(|| SessionOf {
        c2s,
        s2c,
        nat,
        rule: String::new(),
        app: String::new(),
    });
    session.name(world, known.rule, known.label);
}

/// Of a bare IP packet.
fn mark(bytes: &[u8]) -> Mark {
    let wire_len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let (at, link_type) = (Timestamp::ZERO, LinkType::RAW);
    Mark::of(&Frame { at, file: 0, link_type, interface: None, wire_len, bytes }, 0)
}

impl SessionOf {
    fn name(&mut self, world: &World, rule: RuleId, label: Label) {
        self.rule.clone_from(&world.policy.rule(rule).name);
        label_of(world, label).clone_into(&mut self.app);
    }

    /// The ends of its packets as they come in and as they leave, both ways.
    pub(super) fn ends(&self) -> [Ends; 4] {
        let back = |key: FlowKey| Ends::of_key(&key).reply();
        [Ends::of_key(&self.c2s), Ends::of_key(&self.s2c), back(self.c2s), back(self.s2c)]
    }

    /// Whether NAT may have chosen these ends for a packet to the server: another port or address of the same rule.
    pub(super) fn may_leave_as(&self, world: &World, ends: &Ends) -> bool {
        let Ends { src, sport, dst, dport } = *ends;
        let key = FlowKey { src, sport, dst, dport, protocol: self.c2s.protocol, zone: ZoneId::default() };
        let possible = world.nat.untranslated(&key).map(|found| found.rule.id);
        self.nat.is_some() && possible == self.nat
    }
}

/// The file of a frame that only tells the model which port or address the device chose.
const HINT: u32 = u32::MAX;

/// A frame that left the device, to be shown to the model after the frame that it was when it came in.
#[derive(Debug, Clone)]
pub struct Hint {
    /// Number of the frame that came in.
    pub(super) after: u64,
    pub(super) at: Timestamp,
    pub(super) link_type: LinkType,
    pub(super) wire_len: u32,
    pub(super) bytes: Vec<u8>,
}

/// A source with hints between its frames: the model then takes the device's choice of ports over.
#[derive(Debug)]
pub struct Hinted<'a, S> {
    source: &'a mut S,
    hints: VecDeque<Hint>,
    current: Option<Hint>,
    number: u64,
}

impl<'a, S: Source> Hinted<'a, S> {
    /// `hints` in order.
    pub fn new(source: &'a mut S, hints: Vec<Hint>) -> Self {
        Self { source, hints: hints.into(), current: None, number: 0 }
    }
}

impl<S: Source> Source for Hinted<'_, S> {
    fn next_frame(&mut self) -> Option<Frame<'_>> {
        if self.hints.front().is_some_and(|hint| hint.after <= self.number) {
            self.current = self.hints.pop_front();
            let Hint { at, link_type, wire_len, bytes, .. } = self.current.as_ref()?;
            let (at, link_type, wire_len) = (*at, *link_type, *wire_len);
            return Some(Frame { at, file: HINT, link_type, interface: None, wire_len, bytes });
        }
        self.number += 1;
        self.source.next_frame()
    }

    fn next_with_secrets(&mut self, secrets: &mut Vec<Vec<u8>>) -> Option<Frame<'_>> {
        if self.hints.front().is_some_and(|hint| hint.after <= self.number) {
            return self.next_frame();
        }
        self.number += 1;
        self.source.next_with_secrets(secrets)
    }

    fn progress(&self) -> Progress {
        self.source.progress()
    }
}
