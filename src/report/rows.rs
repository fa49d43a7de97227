//! Events to rows, in order.

use std::io::{self, Write};

use hashbrown::HashMap;

use super::Sink;
use super::inline::Clock;
use super::live::Live;
use super::order::{Order, Place};
use super::packed::{Packed, Packing, pack, unpack};
use super::row::{self, Application, Context, Row, Subtype};
use super::selected::Selected;
use crate::config::World;
use crate::engine::{Event, EventKind, Events, Label, Record};
use crate::filter::Filter;
use crate::flow::{Addr, FlowKey, Protocol, ZoneId};
use crate::policy::{Lookup, RuleId};
use crate::session::EndReason;
use crate::time::Timestamp;

/// A format of rows.
pub trait Encode {
    /// Whether it wants this row; what it does not want is not built.
    fn wants(&self, _subtype: Subtype, _record: &Record, _world: &World) -> bool {
        true
    }

    /// Appends a row to `out`, with all that parts it from the next.
    ///
    /// # Errors
    /// Where the format cannot write it.
    fn encode(&mut self, row: &Row<'_>, out: &mut Vec<u8>) -> io::Result<()>;
}

/// The traffic log: a [`Sink`] that builds every row and puts them in order of start time, then session number.
pub struct Rows<'a, E> {
    writer: RowWriter<E>,
    order: Order,
    /// Where rows go as soon as no other can come before them; otherwise they wait for [`Rows::finish_into`].
    out: Option<Box<dyn Write + 'a>>,
    live: Live,
    /// The lookup that the events after it are about.
    lookup: Option<Lookup>,
    refusals: Option<Refusals>,
    filter: Option<Filter>,
    seen: Seen,
}

/// How many rows there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Rows of the log, those that were only counted included.
    pub kept: u64,
    /// Rows that the filter left out.
    pub left_out: u64,
}

/// Makes text of rows that have waited.
struct RowWriter<E> {
    encode: E,
    clock: Clock,
    text: Vec<u8>,
}

/// `--aggregate`: refusals by what makes them identical, with how many there were.
type Refusals = HashMap<Refusal, (Record, u64), foldhash::quality::RandomState>;

/// What identical refusals have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Refusal {
    rule: RuleId,
    label: Label,
    src: Addr,
    dst: Addr,
    ports: (u16, u16),
    protocol: Protocol,
    zone: ZoneId,
}

/// So many different refusals are counted together; further ones get rows of their own.
const REFUSALS: usize = 1 << 16;

impl<'a, E: Encode> Rows<'a, E> {
    /// Rows that wait for [`Rows::finish_into`].
    pub fn held(encode: E) -> Self {
        Self {
            writer: RowWriter { encode, clock: Clock::default(), text: Vec::new() },
            order: Order::default(),
            out: None,
            live: Live::default(),
            lookup: None,
            refusals: None,
            filter: None,
            seen: Seen::default(),
        }
    }

    /// The first `count` rows; they wait for [`Rows::finish_into`].
    pub fn first(encode: E, count: usize) -> Self {
        Self { order: Order::first(count), ..Self::held(encode) }
    }

    /// Rows that go to `out` as early as their order allows.
    pub fn streamed(encode: E, out: impl Write + 'a) -> Self {
        Self { out: Some(Box::new(out)), ..Self::held(encode) }
    }

    /// Counts identical refusals in `repeatcnt` instead of giving each a row.
    #[must_use]
    pub fn aggregated(mut self) -> Self {
        self.refusals = Some(Refusals::default());
        self
    }

    /// Leaves out all rows that the filter does not match.
    #[must_use]
    pub fn filtered(mut self, filter: Option<Filter>) -> Self {
        self.filter = filter;
        self
    }

    /// The filter, where there is one.
    pub fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// Ends the log: gives every row that is left to `each`, in order. Returns how many rows there were.
    ///
    /// # Errors
    /// Where `each` fails, or the temporary file of a long log.
    pub fn finish_into(
        mut self,
        world: &World,
        mut each: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Seen> {
        let refusals = self.refusals.take().into_iter().flatten().map(|(_, counted)| counted);
        let mut refusals: Vec<_> = refusals.collect();
        refusals.sort_unstable_by_key(|(record, _)| record.first_packet);
        for (record, repeat) in refusals {
            self.push(world, Subtype::Drop, &record, repeat, record.last)?;
        }
        let Self { order, mut writer, seen, .. } = self;
        order.finish(|packed| each(writer.text(world, packed)?))?;
        Ok(seen)
    }

    /// Ends a log made with [`Rows::streamed`].
    ///
    /// # Errors
    /// As [`Rows::finish_into`].
    pub fn finish(mut self, world: &World) -> io::Result<()> {
        let Some(mut out) = self.out.take() else { return Ok(()) };
        self.finish_into(world, |row| out.write_all(row))?;
        out.flush()
    }

    fn read_event(&mut self, world: &World, events: &Events, event: &Event) -> io::Result<()> {
        match event.kind {
            EventKind::LookedUp { lookup, .. } => self.lookup = Some(lookup),
            EventKind::Created { record } => {
                let record = events.record(record);
                if let Some(id) = record.id {
                    self.live.insert(id, record.started);
                }
            }
            EventKind::Identified { app, ref evidence } => {
                if let Some(id) = event.session {
                    let evidence = row::evidence(events, evidence);
                    let application = Application { packet: event.packet, app, evidence, lookup: None };
                    self.live.identified(id, application);
                }
            }
            EventKind::Allowed { record } => {
                let record = events.record(record);
                self.decide(record);
                if world.policy.rule(record.rule).log_start {
                    self.push(world, Subtype::Start, record, 1, event.at)?;
                }
            }
            EventKind::Denied { record } => {
                let record = events.record(record);
                self.decide(record);
                self.push(world, Subtype::Deny, record, 1, event.at)?;
            }
            EventKind::Refused { record } => self.refuse(world, events.record(record), event.at)?,
            EventKind::Ended { record } => {
                let record = events.record(record);
                // A denied session has its row already.
                if !record.reason.is_some_and(EndReason::is_logged_at_once) {
                    self.push(world, Subtype::End, record, 1, event.at)?;
                }
                if let Some(id) = record.id {
                    self.live.remove(id);
                }
            }
            EventKind::ClockBackward { .. }
            | EventKind::Translated { .. }
            | EventKind::Captured { .. }
            | EventKind::Decryption { .. }
            | EventKind::Stripped { .. }
            | EventKind::Transmitted { .. }
            | EventKind::Routed { .. }
            | EventKind::Stage { .. }
            | EventKind::Armed { .. }
            | EventKind::ContentThreat { .. }
            | EventKind::Injected { .. }
            | EventKind::Threat { .. }
            | EventKind::Limit { .. }
            | EventKind::Verdict { .. } => {}
        }
        Ok(())
    }

    /// The lookup just made is the full lookup of the application just found.
    fn decide(&mut self, record: &Record) {
        if let Some(last) = record.id.and_then(|id| self.live.last_application(id)) {
            last.lookup = self.lookup;
        }
    }

    fn refuse(&mut self, world: &World, record: &Record, at: Timestamp) -> io::Result<()> {
        if let Some(refusals) = &mut self.refusals {
            let key = Refusal::of(record);
            if let Some((first, repeat)) = refusals.get_mut(&key) {
                for side in 0..2 {
                    first.counts.packets[side] += record.counts.packets[side];
                    first.counts.bytes[side] += record.counts.bytes[side];
                }
                (first.last, first.last_packet) = (record.last, record.last_packet);
                *repeat += 1;
                return Ok(());
            }
            if refusals.len() < REFUSALS {
                refusals.insert(key, (*record, 1));
                return Ok(());
            }
        }
        self.push(world, Subtype::Drop, record, 1, at)
    }

    /// Takes a row that was written `at`.
    fn push(
        &mut self,
        world: &World,
        subtype: Subtype,
        record: &Record,
        repeat: u64,
        at: Timestamp,
    ) -> io::Result<()> {
        if !self.writer.encode.wants(subtype, record, world) {
            return Ok(());
        }
        let applications = record.id.map_or(&[][..], |id| self.live.applications(id));
        if let Some(filter) = &self.filter
            && !filter.matches(&Selected { subtype, record, applications, repeat, at, world })
        {
            self.seen.left_out += 1;
            return Ok(());
        }
        self.seen.kept += 1;
        let place = (record.started, record.id.map_or(0, |id| id.0));
        if !self.order.wants(place) {
            return Ok(());
        }
        let packing = Packing { subtype, repeat, written: at, record, applications };
        self.order.push(place, |out| pack(out, &packing))
    }

    /// Nothing that is still to come can be placed before this.
    fn bound(&self, now: Timestamp) -> Place {
        self.live.first().unwrap_or((now, 0)).min((now, 0))
    }
}

impl<E: Encode> RowWriter<E> {
    fn text(&mut self, world: &World, packed: &[u8]) -> io::Result<&[u8]> {
        let Packed { subtype, repeat, written, record, applications } =
            unpack(packed).ok_or_else(|| io::Error::other("the temporary file of the log is damaged"))?;
        let context = Context { world, clock: &mut self.clock, applications: &applications, repeat, written };
        self.text.clear();
        self.encode.encode(&Row::new(subtype, &record, context), &mut self.text)?;
        Ok(&self.text)
    }
}

impl Refusal {
    const fn of(record: &Record) -> Self {
        let FlowKey { src, dst, sport, dport, protocol, zone } = record.c2s;
        Self { rule: record.rule, label: record.label, src, dst, ports: (sport, dport), protocol, zone }
    }
}

impl<E: Encode> Sink for Rows<'_, E> {
    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        for event in events.list() {
            self.read_event(world, events, event)?;
        }
        let Some(now) = events.list().last().map(|event| event.at) else { return Ok(()) };
        let bound = self.bound(now);
        let Self { order, writer, .. } = self;
        match &mut self.out {
            Some(out) if self.refusals.is_none() => {
                order.release(bound, |packed| out.write_all(writer.text(world, packed)?))
            }
            _ => Ok(()),
        }
    }
}
