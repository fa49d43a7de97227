//! Captures as the firewall's own packet-diag writes them, one for each stage a packet passes (PANOS.md 11.7), and one
//! that holds every frame with what became of it.
//!
//! | file | holds |
//! |---|---|
//! | `receive.pcapng` | every frame as it came in |
//! | `firewall.pcapng` | what the engine passes on, before NAT, and what it sends itself |
//! | `transmit.pcapng` | what leaves, after NAT, and what the engine sends itself |
//! | `drop.pcapng` | what is dropped |
//! | `annotated.pcapng` | every frame once, on interfaces such as `ethernet1/1@drop`, with a comment and a verdict |
//!
//! What leaves keeps the link header and the time to live that it came with: neither is modelled. A datagram that came
//! in fragments leaves in the same ones. A frame that shows a packet a second time, on the other side of NAT, is
//! in `receive.pcapng` and `annotated.pcapng` alone.

mod fate;
mod held;
mod note;

use std::io::{self, Write};
use std::sync::Arc;

pub use fate::{Fate, Fates, Injected, Known, Port, Seen};
use held::{Held, Outcome, Queue, Sent};

use super::Sink;
use super::row::label_name;
use crate::capture::write::{Note, Way, Writer, XdpVerdict};
use crate::capture::{CaptureInterface, Frame, LinkType};
use crate::config::World;
use crate::engine::{Events, Label};
use crate::flow::Direction;
use crate::packet::{Packet, reframe, rewrite};

/// A stage of the packet-diag captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// As packets come in.
    Receive,
    /// Inside, before NAT.
    Firewall,
    /// As packets leave.
    Transmit,
    /// What is dropped.
    Drop,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Receive, Self::Firewall, Self::Transmit, Self::Drop];

    /// PAN-OS's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Firewall => "firewall",
            Self::Transmit => "transmit",
            Self::Drop => "drop",
        }
    }
}

/// What the application column says of a session.
pub fn label(world: &World, label: Label) -> &str {
    label_name(world, label)
}

/// The names of the files, in the order that [`StageCaptures::new`] takes them.
pub const FILES: [&str; 5] =
    ["receive.pcapng", "firewall.pcapng", "transmit.pcapng", "drop.pcapng", "annotated.pcapng"];

/// How much is held of frames whose verdict is still to come, and of those that wait behind them, in bytes.
pub const HELD_MAX: usize = 64 * 1_024 * 1_024;

/// A [`Sink`] that writes the captures of a run.
///
/// Frames come in every file in the order in which they were read. Fragments wait for their datagram, and the frames
/// after them with them, within [`HELD_MAX`]; beyond it these go first, and then the waiting ones are cut.
#[derive(Debug)]
pub struct StageCaptures<W: Write> {
    stages: [Pcap<W>; 4],
    annotated: Pcap<W>,
    fates: Fates,
    queue: Queue,
    /// The last capture interface seen.
    interface: Option<Arc<CaptureInterface>>,
}

/// A capture under way.
struct Pcap<W: Write>(Writer<W>);

impl<W: Write> std::fmt::Debug for Pcap<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pcap")
    }
}

impl<W: Write> StageCaptures<W> {
    /// Begins the files named by [`FILES`]. They are best buffered.
    ///
    /// # Errors
    /// Where one cannot be written.
    pub fn new(files: [W; 5]) -> io::Result<Self> {
        let [receive, firewall, transmit, drop, annotated] = files;
        let begin = |out| Writer::pcapng(out).map(Pcap);
        Ok(Self {
            stages: [begin(receive)?, begin(firewall)?, begin(transmit)?, begin(drop)?],
            annotated: begin(annotated)?,
            fates: Fates::default(),
            queue: Queue::new(HELD_MAX),
            interface: None,
        })
    }

    /// The same with another limit than [`HELD_MAX`].
    #[must_use]
    pub fn holding(self, bytes: usize) -> Self {
        Self { queue: Queue::new(bytes), ..self }
    }

    /// Ends the files, after the run. What there is to warn of, one sentence each.
    ///
    /// # Errors
    /// Where one cannot be written.
    pub fn finish(mut self) -> io::Result<Vec<String>> {
        while let Some(held) = self.queue.any() {
            self.write(held)?;
        }
        let warnings = self.queue.warnings();
        for Pcap(writer) in self.stages.into_iter().chain([self.annotated]) {
            writer.into_inner().flush()?;
        }
        Ok(warnings)
    }

    fn stage(&mut self, stage: Stage) -> &mut Writer<W> {
        let [receive, firewall, transmit, drop] = &mut self.stages;
        let Pcap(writer) = match stage {
            Stage::Receive => receive,
            Stage::Firewall => firewall,
            Stage::Transmit => transmit,
            Stage::Drop => drop,
        };
        writer
    }

    /// Writes a frame whose fate is known, and what the firewall has sent because of it.
    fn write(&mut self, held: Held) -> io::Result<()> {
        let frame = held.frame();
        let Some(outcome) = &held.outcome else {
            return self.annotated.0.write_commented(&frame, "verdict=none");
        };
        let (stage, verdict) = match outcome.dropped {
            true => (Stage::Drop, XdpVerdict::Drop),
            false => (Stage::Firewall, XdpVerdict::Pass),
        };
        if !outcome.again {
            self.stage(stage).write(&frame)?;
        }
        if !outcome.again && !outcome.dropped {
            let left = outcome.left.as_deref().unwrap_or(frame.bytes);
            let wire_len = frame.missing() + len(left);
            let port = named(outcome.port.clone());
            self.stage(Stage::Transmit).write(&Frame {
                bytes: left,
                wire_len,
                interface: Some(&port),
                ..frame
            })?;
        }
        let port = named(format!("{}@{}", outcome.port, if outcome.dropped { "drop" } else { "transmit" }));
        let note = Note { comment: &outcome.comment, way: Some(Way::In), verdict: Some(verdict) };
        self.annotated.0.write_noted(&Frame { interface: Some(&port), ..frame }, &note)?;
        outcome.sent.iter().try_for_each(|sent| self.write_sent(sent))
    }

    /// Writes a packet of the firewall's own.
    fn write_sent(&mut self, sent: &Sent) -> io::Result<()> {
        let Sent { at, link_type, inside, outside, port, comment } = sent;
        let (port, marked) = (named(port.clone()), named(format!("{port}@transmit")));
        let frame = |bytes, interface| {
            let interface = Some(interface);
            Frame { at: *at, file: 0, link_type: *link_type, interface, wire_len: len(bytes), bytes }
        };
        self.stage(Stage::Firewall).write(&frame(inside, &port))?;
        self.stage(Stage::Transmit).write(&frame(outside, &port))?;
        let note = Note { comment, way: Some(Way::Out), verdict: Some(XdpVerdict::Pass) };
        self.annotated.0.write_noted(&frame(outside, &marked), &note)
    }

    /// Writes what there is nothing to wait for any more.
    fn release(&mut self) -> io::Result<()> {
        while let Some(held) = self.queue.next() {
            self.write(held)?;
        }
        Ok(())
    }
}

impl<W: Write> Sink for StageCaptures<W> {
    fn wants_frames(&self) -> bool {
        true
    }

    fn frame(&mut self, frame: &Frame<'_>, number: u64) -> io::Result<()> {
        self.stage(Stage::Receive).write(frame)?;
        if self.interface.as_deref() != frame.interface {
            self.interface = frame.interface.map(|interface| Arc::new(interface.clone()));
        }
        self.queue.push(number, Held::new(frame, self.interface.clone()));
        if self.queue.is_full() { self.release() } else { Ok(()) }
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        self.fates.packet(packet);
    }

    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        let mut early = Vec::new();
        let Self { fates, queue, .. } = self;
        fates.read(events, |fate| {
            settle(world, queue, fate, &mut early);
            Ok(())
        })?;
        early.iter().try_for_each(|sent| self.write_sent(sent))?;
        self.release()
    }
}

/// Puts a packet's fate down at each of its frames. What the firewall sends without one goes to `alone` where there is
/// no frame to follow.
fn settle(world: &World, queue: &mut Queue, mut fate: Fate<'_>, alone: &mut Vec<Sent>) {
    let injected = std::mem::take(&mut fate.injected);
    let number = fate.seen.as_ref().map_or_else(|| queue.settled(), |seen| seen.number);
    let cause = queue.get(number);
    let sent = injected.iter().map(|injected| sent(world, &fate, injected, cause.map(Held::frame)));
    let sent: Vec<_> = sent.collect();
    let Some(seen) = &fate.seen else {
        match queue.get_mut(number).and_then(|held| held.outcome.as_mut()) {
            Some(outcome) => outcome.sent.extend(sent),
            None => alone.extend(sent),
        }
        return;
    };
    let comment = note::frame(world, &fate);
    let dropped = !fate.verdict.is_forward();
    let port = note::port(world, if dropped { fate.ingress(world) } else { fate.egress(world) });
    for &number in &seen.frames {
        let Some(held) = queue.get(number) else { continue };
        let left = fate.left.as_ref().and_then(|packet| reframe::carry(&held.frame(), packet));
        let (comment, port) = (comment.clone(), port.clone());
        let outcome = Outcome { dropped, again: fate.again, comment, port, left, sent: Vec::new() };
        queue.settle(number, outcome);
    }
    if let Some(outcome) = queue.get_mut(number).and_then(|held| held.outcome.as_mut()) {
        outcome.sent = sent;
    }
}

/// A packet of the firewall's own as a frame: around it the link header of the frame that brought it about, where that
/// is Ethernet.
fn sent(world: &World, fate: &Fate<'_>, injected: &Injected, cause: Option<Frame<'_>>) -> Sent {
    let Injected { toward, bytes, .. } = injected;
    let back = *toward != fate.direction.unwrap_or(Direction::ClientToServer);
    let mut inside = bytes.clone();
    if let Some(known) = fate.known {
        // Inside it is on the side of NAT that packets come in by.
        let (c2s, s2c) = (known.c2s, known.s2c);
        let (inner, outer) = match toward {
            Direction::ClientToServer => (c2s, s2c.reply(c2s.zone)),
            Direction::ServerToClient => (s2c, c2s.reply(s2c.zone)),
        };
        rewrite(LinkType::RAW, &mut inside, &outer, &inner);
    }
    let framed = |packet: &[u8]| cause.and_then(|cause| reframe::ethernet(&cause, packet, back));
    let port = fate.known.map_or_else(|| fate.ingress(world), |known| known.leaves(*toward));
    let (link_type, inside, outside) = match (framed(&inside), framed(bytes)) {
        (Some(inside), Some(outside)) => (LinkType::ETHERNET, inside, outside),
        _ => (LinkType::RAW, inside, bytes.clone()),
    };
    Sent {
        at: cause.map_or(fate.at, |cause| cause.at),
        link_type,
        inside,
        outside,
        port: note::port(world, port),
        comment: note::injected(world, fate.known, injected),
    }
}

const fn named(name: String) -> CaptureInterface {
    CaptureInterface { name, description: String::new() }
}

fn len(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
