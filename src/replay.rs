//! The run: frames through decoder, defragmenter and firewall to whoever reads the events.

use std::io;
use std::sync::Arc;

use crate::capture::{Progress, Source};
use crate::config::World;
use crate::engine::{Events, Firewall};
use crate::flow::ZoneId;
use crate::packet::{DecodeOptions, Defragmented, Defragmenter, Packet, decode};
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
    events: Events,
    sinks: Vec<&'a mut dyn Sink>,
    number: u64,
    last: Timestamp,
}

/// Events are handed on in batches of about so many.
const BATCH: usize = 256;
/// Progress is told every so many frames.
const PROGRESS_EVERY: u64 = 1 << 14;

impl<'a> Replay<'a> {
    /// A run over an empty session table; each of `sinks` reads every event.
    pub fn new(world: Arc<World>, options: Options, sinks: Vec<&'a mut dyn Sink>) -> Self {
        let settings = &world.settings;
        let defragmenter = Defragmenter::new(
            usize::try_from(settings.max_datagrams).unwrap_or(usize::MAX),
            Span::from_secs(settings.fragment_timeout),
        );
        Self {
            firewall: Firewall::new(world),
            defragmenter,
            options,
            events: Events::default(),
            sinks,
            number: 0,
            last: Timestamp::ZERO,
        }
    }

    /// Replays all of `source`, then lets time pass as [`Linger`] says. `progress` is called now and then.
    ///
    /// # Errors
    /// Where a sink cannot write.
    pub fn run(mut self, source: &mut impl Source, mut progress: impl FnMut(Progress)) -> io::Result<()> {
        while let Some(frame) = source.next_frame() {
            self.number += 1;
            let mut packet = decode(&frame, self.number, &self.options.decode);
            packet.ingress = self.options.ingress.get(frame.file as usize).copied().flatten();
            self.take(frame.at, &packet)?;
            if self.number.is_multiple_of(PROGRESS_EVERY) {
                progress(source.progress());
            }
        }
        self.finish()
    }

    /// One frame: whole datagrams go on at once, fragments when their datagram is complete.
    fn take(&mut self, at: Timestamp, packet: &Packet<'_>) -> io::Result<()> {
        self.last = self.last.max(at);
        let Self { firewall, defragmenter, events, sinks, .. } = self;
        let mut step = |packet: &Packet<'_>| {
            while firewall.advance_one(at, events) {
                hand_on(firewall.world(), events, sinks, BATCH)?;
            }
            for sink in sinks.iter_mut() {
                sink.packet(packet);
            }
            firewall.step(at, packet, events);
            hand_on(firewall.world(), events, sinks, 1)
        };
        defragmenter.expire(at, &mut step)?;
        match defragmenter.push(at, packet) {
            Defragmented::Whole => step(packet),
            Defragmented::Held => Ok(()),
            Defragmented::Datagram(datagram) => step(&datagram),
        }
    }

    /// What is left after the last frame.
    fn finish(mut self) -> io::Result<()> {
        let Self { firewall, defragmenter, events, sinks, .. } = &mut self;
        let last = self.last;
        defragmenter.finish(&mut |packet: &Packet<'_>| {
            firewall.step(last, packet, events);
            hand_on(firewall.world(), events, sinks, 1)
        })?;
        let until = match self.options.linger {
            Linger::UntilIdle => Timestamp::MAX,
            Linger::For(span) => last + span,
        };
        while self.firewall.advance_one(until, &mut self.events) {
            hand_on(self.firewall.world(), &mut self.events, &mut self.sinks, BATCH)?;
        }
        while self.firewall.finish_some(&mut self.events) {
            hand_on(self.firewall.world(), &mut self.events, &mut self.sinks, BATCH)?;
        }
        hand_on(self.firewall.world(), &mut self.events, &mut self.sinks, 1)
    }
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
