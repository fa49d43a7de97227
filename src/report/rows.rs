//! Events to rows, in order.

use std::io::{self, Write};
use std::sync::Arc;

use hashbrown::HashMap;

use super::Sink;
use super::inline::Clock;
use super::live::Live;
use super::order::{Order, Place};
use super::packed::{Packed, Packing, pack, unpack};
use super::row::{self, Application, Context, Row, Subtype};
use super::selected::Selected;
use crate::app::AppId;
use crate::config::World;
use crate::engine::{Commit, Event, EventKind, Events, Evidence, Label, Record};
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
    repeats: Option<Repeats>,
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
    /// Every configuration that rows may be about, in order; none where there was no commit.
    eras: Vec<Arc<World>>,
}

/// `--aggregate`: rows by what makes them identical.
type Repeats = HashMap<Repeat, Repeated, foldhash::quality::RandomState>;

/// The first of several identical rows, with the counts of all of them.
struct Repeated {
    record: Record,
    count: u64,
    applications: Vec<Application>,
}

/// What identical rows have in common: refusals, and echo sessions of one client, server and identifier (PANOS.md 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Repeat {
    subtype: Subtype,
    reason: Option<EndReason>,
    rule: RuleId,
    label: Label,
    src: Addr,
    dst: Addr,
    ports: (u16, u16),
    protocol: Protocol,
    zone: ZoneId,
}

/// So many different rows are counted together; further ones stand for themselves.
const REPEATS: usize = 1 << 16;

impl<'a, E: Encode> Rows<'a, E> {
    /// Rows that wait for [`Rows::finish_into`].
    pub fn held(encode: E) -> Self {
        Self {
            writer: RowWriter { encode, clock: Clock::default(), text: Vec::new(), eras: Vec::new() },
            order: Order::default(),
            out: None,
            live: Live::default(),
            lookup: None,
            repeats: None,
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

    /// Counts identical refusals, and the echo sessions of one client, server and identifier, in `repeatcnt` instead of
    /// giving each a row.
    #[must_use]
    pub fn aggregated(mut self) -> Self {
        self.repeats = Some(Repeats::default());
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
        self.push_repeated(world)?;
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

    fn identify(&mut self, events: &Events, event: &Event, app: AppId, evidence: &Evidence) {
        let Some(id) = event.session else { return };
        let evidence = row::evidence(events, evidence);
        self.live.identified(id, Application { packet: event.packet, app, evidence, lookup: None });
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
            EventKind::Identified { app, ref evidence } => self.identify(events, event, app, evidence),
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
            EventKind::Refused { record } => {
                let record = events.record(record);
                if !self.repeats(world, Subtype::Drop, record) {
                    self.push(world, Subtype::Drop, record, 1, event.at)?;
                }
            }
            EventKind::Ended { record } => {
                let record = events.record(record);
                // A denied session has its row already.
                let has_row = record.reason.is_some_and(EndReason::is_logged_at_once);
                if !has_row && !self.repeats(world, Subtype::End, record) {
                    self.push(world, Subtype::End, record, 1, event.at)?;
                }
                if let Some(id) = record.id {
                    self.live.remove(id);
                }
            }
            EventKind::ClockBackward { .. }
            | EventKind::Translated { .. }
            | EventKind::Predicted { .. }
            | EventKind::Uninspected { .. }
            | EventKind::Unpredicted { .. }
            | EventKind::Matched { .. }
            | EventKind::PredictionExpired { .. }
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
            | EventKind::Bypassed
            | EventKind::Ageing { .. }
            | EventKind::Operated { .. }
            | EventKind::Committed
            | EventKind::Rematched { .. }
            | EventKind::HostService { .. }
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

    /// Whether a row is counted with others that are identical.
    fn repeats(&mut self, world: &World, subtype: Subtype, record: &Record) -> bool {
        let Some(repeats) = &mut self.repeats else { return false };
        let is_echo = row::is_echo(world, record);
        let of_its_own = record.open || record.first_packets.is_some() || !is_echo;
        if subtype == Subtype::End && of_its_own {
            return false;
        }
        let key = Repeat::of(subtype, record, is_echo);
        if let Some(Repeated { record: first, count, .. }) = repeats.get_mut(&key) {
            for side in 0..2 {
                first.counts.packets[side] += record.counts.packets[side];
                first.counts.bytes[side] += record.counts.bytes[side];
            }
            first.last = first.last.max(record.last);
            first.last_packet = first.last_packet.max(record.last_packet);
            *count += 1;
            return true;
        }
        let has_room = repeats.len() < REPEATS;
        if has_room {
            let applications = record.id.map_or(&[][..], |id| self.live.applications(id)).to_vec();
            repeats.insert(key, Repeated { record: *record, count: 1, applications });
        }
        has_room
    }

    /// Gives the rows that were counted together their places.
    fn push_repeated(&mut self, world: &World) -> io::Result<()> {
        let Some(repeats) = &mut self.repeats else { return Ok(()) };
        let mut repeated: Vec<_> = repeats.drain().collect();
        repeated.sort_unstable_by_key(|(_, repeated)| repeated.record.first_packet);
        for (key, Repeated { record, count, applications }) in repeated {
            let (subtype, at) = (key.subtype, record.last);
            let Self { order, writer, filter, seen, .. } = self;
            let row =
                Selected { subtype, record: &record, applications: &applications, repeat: count, at, world };
            writer.push(order, (filter.as_ref(), seen), &row)?;
        }
        Ok(())
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
        let Self { live, order, writer, filter, seen, .. } = self;
        let applications = record.id.map_or(&[][..], |id| live.applications(id));
        let row = Selected { subtype, record, applications, repeat, at, world };
        writer.push(order, (filter.as_ref(), seen), &row)
    }

    /// Nothing that is still to come can be placed before this.
    fn bound(&self, now: Timestamp) -> Place {
        self.live.first().unwrap_or((now, 0)).min((now, 0))
    }
}

impl<E: Encode> RowWriter<E> {
    /// Puts a row among those that wait, if it is wanted.
    fn push(
        &mut self,
        order: &mut Order,
        (filter, seen): (Option<&Filter>, &mut Seen),
        row: &Selected<'_>,
    ) -> io::Result<()> {
        let Selected { subtype, record, applications, repeat, at, world } = *row;
        if !self.encode.wants(subtype, record, world) {
            return Ok(());
        }
        if filter.is_some_and(|filter| !filter.matches(row)) {
            seen.left_out += 1;
            return Ok(());
        }
        seen.kept += 1;
        let place = (record.started, record.id.map_or(0, |id| id.0));
        if !order.wants(place) {
            return Ok(());
        }
        let era = self.eras.len().saturating_sub(1) as u64;
        let packing = Packing { subtype, repeat, era, written: at, record, applications };
        order.push(place, |out| pack(out, &packing))
    }

    fn text(&mut self, world: &World, packed: &[u8]) -> io::Result<&[u8]> {
        let Packed { subtype, repeat, era, written, record, applications } =
            unpack(packed).ok_or_else(|| io::Error::other("the temporary file of the log is damaged"))?;
        // Names are those of the configuration under which the row was made.
        let era = usize::try_from(era).ok().and_then(|era| self.eras.get(era));
        let world = era.map_or(world, |era| era);
        let context = Context { world, clock: &mut self.clock, applications: &applications, repeat, written };
        self.text.clear();
        self.encode.encode(&Row::new(subtype, &record, context), &mut self.text)?;
        Ok(&self.text)
    }
}

impl Repeat {
    fn of(subtype: Subtype, record: &Record, is_echo: bool) -> Self {
        let FlowKey { src, dst, sport, dport, protocol, zone } = record.c2s;
        // What is in the place of the second port is an echo request's sequence number.
        let ports = if is_echo && subtype == Subtype::End { (sport, 0) } else { (sport, dport) };
        let Record { reason, rule, label, .. } = *record;
        Self { subtype, reason, rule, label, src, dst, ports, protocol, zone }
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
            Some(out) if self.repeats.is_none() => {
                order.release(bound, |packed| out.write_all(writer.text(world, packed)?))
            }
            _ => Ok(()),
        }
    }

    fn committed(&mut self, commit: &Commit) -> io::Result<()> {
        // Rows are identical under one configuration.
        self.push_repeated(&commit.old)?;
        self.live.rename(&commit.renames);
        if self.writer.eras.is_empty() {
            self.writer.eras.push(Arc::clone(&commit.old));
        }
        self.writer.eras.push(Arc::clone(&commit.new));
        Ok(())
    }
}
