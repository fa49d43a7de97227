//! The run: frames through decoder, defragmenter and firewall to whoever reads the events.

mod command;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

pub use command::{Command, Operation, When};

use crate::app::tls::decrypt::Added;
use crate::capture::{CaptureInterface, Frame, LinkType, Progress, Source};
use crate::config::World;
use crate::engine::{Control, Events, Firewall};
use crate::feature::route::Network;
use crate::flow::{InterfaceId, ZoneId};
use crate::packet::checksum::ChecksumSample;
use crate::packet::{DecodeOptions, DefragLimits, Defragmented, Defragmenter, Packet, decode};
use crate::report::Sink;
use crate::time::{Span, Timestamp};

/// How a run goes.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How frames are decoded.
    pub decode: DecodeOptions,
    /// Zone that all packets of a file come in by, per file of the run; `None` goes by the source address.
    pub ingress: Vec<Option<ZoneId>>,
    /// What happens after the last packet.
    pub linger: Linger,
    /// Whether events also tell what NAT makes of each packet.
    pub transmitted: bool,
    /// What an administrator does meanwhile.
    pub operations: Vec<Operation>,
    /// Key logs with the secrets of TLS connections (`SSLKEYLOGFILE`), besides those in the captures themselves.
    pub key_logs: Vec<Vec<u8>>,
}

/// What a run shows of its captures besides packets.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// What a look at the first packets' checksums has shown.
    pub checksums: ChecksumSample,
    /// Link types that are not read, with the frames that were skipped for it.
    pub skipped: Vec<(LinkType, u64)>,
    /// The configuration that was in force at the end, where it is not the one of the beginning.
    pub committed: Option<Arc<World>>,
    /// What came of the key logs, those of [`Options::key_logs`] first.
    pub key_logs: Vec<Added>,
    /// When commands were to be carried out that were not: the capture has no such packet.
    pub not_reached: Vec<When>,
    /// When commands were carried out that were about no session.
    pub about_nothing: Vec<When>,
}

/// A run that stands still.
#[derive(Debug)]
pub struct Stopped {
    /// The firewall as it stands.
    pub firewall: Firewall,
    /// What was seen of the captures so far.
    pub notes: Notes,
    /// How many frames were read.
    pub frames: u64,
}

/// How far the clock goes on after the last packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Linger {
    /// Until every session has aged out.
    #[default]
    UntilIdle,
    /// So long; sessions that are still there then are reported as open.
    For(Span),
}

/// Frames through the firewall to the readers of its events.
pub struct Replay<'a> {
    firewall: Firewall,
    defragmenter: Defragmenter,
    options: Options,
    ports: Ports,
    events: Events,
    sinks: Vec<&'a mut dyn Sink>,
    /// Whether one of them wants to see frames.
    shows_frames: bool,
    notes: Notes,
    number: u64,
    last: Timestamp,
    /// Commands for packets, in order of their numbers, and for times, in order of time. Among equals as they were given.
    by_packet: Schedule<u64>,
    by_time: Schedule<Span>,
    /// Time of the first frame.
    first: Option<Timestamp>,
}

/// Commands in order of when they are due.
type Schedule<When> = VecDeque<(When, Control)>;

/// The firewall's interface that the capture's interface last seen has the name of: most frames come by the same one.
#[derive(Debug, Default)]
struct Ports {
    seen: CaptureInterface,
    port: Option<InterfaceId>,
}

/// Events are handed on in batches of about so many.
const BATCH: usize = 256;
/// Progress is told every so many frames.
const PROGRESS_EVERY: u64 = 1 << 14;

impl<'a> Replay<'a> {
    /// A run over an empty session table; each of `sinks` reads every event.
    pub fn new(world: Arc<World>, options: Options, sinks: Vec<&'a mut dyn Sink>) -> Self {
        let limits = DefragLimits {
            datagrams: usize::try_from(world.settings.max_datagrams).unwrap_or(usize::MAX),
            bytes: usize::try_from(world.settings.fragment_bytes).unwrap_or(usize::MAX),
            timeout: Span::from_secs(world.settings.fragment_timeout),
        };
        let mut firewall = Firewall::new(Arc::clone(&world));
        if options.transmitted {
            firewall.show_transmitted();
        }
        let defragmenter = Defragmenter::new(limits, options.decode);
        let (by_packet, by_time) = schedules(&options.operations);
        let mut events = Events::default();
        let add = |log: &Vec<u8>| firewall.add_secrets(log, &mut events);
        let notes = Notes { key_logs: options.key_logs.iter().map(add).collect(), ..Notes::default() };
        Self {
            by_packet,
            by_time,
            first: None,
            firewall,
            defragmenter,
            options,
            ports: Ports::default(),
            events,
            shows_frames: sinks.iter().any(|sink| sink.wants_frames()),
            sinks,
            notes,
            number: 0,
            last: Timestamp::ZERO,
        }
    }

    /// Replays all of `source`, then lets time pass as [`Linger`] says. `progress` is called now and then.
    ///
    /// # Errors
    /// Where a sink cannot write.
    pub fn run(mut self, source: &mut impl Source, progress: impl FnMut(Progress)) -> io::Result<Notes> {
        self.take_frames(source, u64::MAX, progress)?;
        self.finish()
    }

    /// Replays `source` up to the frame with the number `last`, or all of it, and stands still at its time: sessions
    /// that are there then stay.
    ///
    /// # Errors
    /// Where a sink cannot write.
    pub fn run_to(
        mut self,
        source: &mut impl Source,
        last: Option<u64>,
        progress: impl FnMut(Progress),
    ) -> io::Result<Stopped> {
        self.take_frames(source, last.unwrap_or(u64::MAX), progress)?;
        let Self { mut firewall, mut events, mut sinks, notes, number, last, .. } = self;
        // A frame that waits for others of its datagram has not moved the firewall's clock.
        firewall.advance(last, &mut events);
        hand_on(firewall.world(), &mut events, &mut sinks, 1)?;
        Ok(Stopped { firewall, notes, frames: number })
    }

    fn take_frames(
        &mut self,
        source: &mut impl Source,
        last: u64,
        mut progress: impl FnMut(Progress),
    ) -> io::Result<()> {
        let mut secrets = Vec::new();
        while self.number < last
            && let Some(frame) = source.next_with_secrets(&mut secrets)
        {
            if !secrets.is_empty() {
                let add = |log: Vec<u8>| self.firewall.add_secrets(&log, &mut self.events);
                self.notes.key_logs.extend(secrets.drain(..).map(add));
            }
            self.frame(&frame)?;
            if self.number.is_multiple_of(PROGRESS_EVERY) {
                progress(source.progress());
            }
        }
        Ok(())
    }

    /// Takes one frame.
    ///
    /// # Errors
    /// Where a sink cannot write.
    #[inline(always)]
    pub fn frame(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.number += 1;
        if self.shows_frames {
            self.show(frame)?;
        }
        if !self.by_packet.is_empty() || !self.by_time.is_empty() {
            self.operate(frame.at)?;
        }
        let mut packet = decode(frame, self.number, self.options.decode);
        packet.arrival.zone = self.options.ingress.get(frame.file as usize).copied().flatten();
        if let Some(interface) = frame.interface {
            packet.arrival.interface = self.ports.find(&self.firewall.world().network, interface);
        }
        self.notes.checksums.look(&packet);
        if !frame.link_type.is_readable() {
            self.notes.skip(frame.link_type);
        }
        self.take(frame.at, &packet)
    }

    #[cold]
    fn show(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let mut watchers = self.sinks.iter_mut().filter(|sink| sink.wants_frames());
        watchers.try_for_each(|sink| sink.frame(frame, self.number))
    }

    /// Carries out the commands that are due before the frame at hand.
    fn operate(&mut self, at: Timestamp) -> io::Result<()> {
        let first = *self.first.get_or_insert(at);
        while let Some((after, control)) = self.by_time.pop_front_if(|(after, _)| first + *after <= at) {
            self.operate_at(first + after, When::After(after), control)?;
        }
        while let Some((number, control)) = self.by_packet.pop_front_if(|(number, _)| *number <= self.number)
        {
            self.operate_at(at, When::Packet(number), control)?;
        }
        Ok(())
    }

    fn operate_at(&mut self, at: Timestamp, when: When, control: Control) -> io::Result<()> {
        if !self.control(at, control)? {
            self.notes.about_nothing.push(when);
        }
        Ok(())
    }

    /// Carries out what an administrator does at `at`; whether there was a session that it is about.
    ///
    /// # Errors
    /// Where a sink cannot write.
    pub fn control(&mut self, at: Timestamp, command: Control) -> io::Result<bool> {
        self.last = self.last.max(at);
        let Self { firewall, events, sinks, .. } = self;
        while firewall.advance_one(at, events) {
            hand_on(firewall.world(), events, sinks, BATCH)?;
        }
        let Control::Commit(world) = command else {
            let any = firewall.control(at, command, events);
            hand_on(firewall.world(), events, sinks, BATCH)?;
            return Ok(any);
        };
        // What has happened so far is told in the names of the configuration that it happened under.
        hand_on(firewall.world(), events, sinks, 1)?;
        let commit = firewall.commit(at, &world, events);
        for sink in sinks.iter_mut() {
            sink.committed(&commit)?;
        }
        for zone in self.options.ingress.iter_mut().flatten() {
            *zone = commit.renames.zone(*zone);
        }
        self.notes.committed = Some(commit.new);
        self.ports = Ports::default();
        hand_on(firewall.world(), events, sinks, BATCH)?;
        Ok(true)
    }

    /// One frame: whole datagrams go on at once, fragments when their datagram is complete.
    fn take(&mut self, at: Timestamp, packet: &Packet<'_>) -> io::Result<()> {
        let before = self.last;
        self.last = before.max(at);
        let Self { firewall, defragmenter, events, sinks, .. } = self;
        while let Some((due, given_up)) = defragmenter.expired(at) {
            // The clock of the capture may have gone back, that of the firewall has not.
            step(firewall, events, sinks, due.max(before), &given_up)?;
        }
        match defragmenter.push(at, packet) {
            Defragmented::Whole => step(firewall, events, sinks, at, packet),
            Defragmented::Held => Ok(()),
            Defragmented::Datagram(datagram) => step(firewall, events, sinks, at, &datagram),
        }
    }

    /// Lets time pass as [`Linger`] says and reports what is still there.
    ///
    /// # Errors
    /// Where a sink cannot write.
    pub fn finish(mut self) -> io::Result<Notes> {
        let first = self.first.unwrap_or(self.last);
        while let Some((after, control)) = self.by_time.pop_front() {
            self.operate_at(first + after, When::After(after), control)?;
        }
        self.notes.not_reached = self.by_packet.iter().map(|&(number, _)| When::Packet(number)).collect();
        let Self { firewall, defragmenter, events, sinks, options, last, .. } = &mut self;
        while let Some((_, given_up)) = defragmenter.expired(Timestamp::MAX) {
            step(firewall, events, sinks, *last, &given_up)?;
        }
        let until = match options.linger {
            Linger::UntilIdle => Timestamp::MAX,
            Linger::For(span) => *last + span,
        };
        while firewall.advance_one(until, events) {
            hand_on(firewall.world(), events, sinks, BATCH)?;
        }
        while firewall.finish_some(events) {
            hand_on(firewall.world(), events, sinks, BATCH)?;
        }
        hand_on(firewall.world(), events, sinks, 1)?;
        Ok(self.notes)
    }
}

/// Commands by packet and by time, in order.
fn schedules(operations: &[Operation]) -> (Schedule<u64>, Schedule<Span>) {
    let (mut by_packet, mut by_time) = (Vec::new(), Vec::new());
    for Operation { when, control } in operations {
        match *when {
            When::Packet(number) => by_packet.push((number, control.clone())),
            When::After(span) => by_time.push((span, control.clone())),
        }
    }
    by_packet.sort_by_key(|&(number, _)| number);
    by_time.sort_by_key(|&(span, _)| span);
    (by_packet.into(), by_time.into())
}

impl Ports {
    fn find(&mut self, network: &Network, interface: &CaptureInterface) -> Option<InterfaceId> {
        if *interface != self.seen {
            let CaptureInterface { name, description } = interface;
            self.port = network.find(name).or_else(|| network.find(description));
            self.seen.clone_from(interface);
        }
        self.port
    }
}

impl Notes {
    fn skip(&mut self, link_type: LinkType) {
        match self.skipped.iter_mut().find(|(seen, _)| *seen == link_type) {
            Some((_, frames)) => *frames += 1,
            None => self.skipped.push((link_type, 1)),
        }
    }
}

/// One packet through the firewall. The timers before it fire one by one, so that a long pause in the capture does
/// not pile up events.
fn step(
    firewall: &mut Firewall,
    events: &mut Events,
    sinks: &mut [&mut dyn Sink],
    at: Timestamp,
    packet: &Packet<'_>,
) -> io::Result<()> {
    while firewall.advance_one(at, events) {
        hand_on(firewall.world(), events, sinks, BATCH)?;
    }
    for sink in sinks.iter_mut() {
        sink.packet(packet);
    }
    firewall.step(at, packet, events);
    hand_on(firewall.world(), events, sinks, BATCH)
}

/// Shows the events to every sink, once there are `batch` of them, and forgets them.
fn hand_on(world: &World, events: &mut Events, sinks: &mut [&mut dyn Sink], batch: usize) -> io::Result<()> {
    if events.list().len() < batch {
        return Ok(());
    }
    for sink in sinks {
        sink.read(world, events)?;
    }
    events.clear();
    Ok(())
}
