//! The ager: which session expires next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::table::Slot;
use crate::time::Timestamp;

/// Sessions by the time at which they are to be looked at: a wheel of buckets, of which the current one is sorted.
///
/// Refreshing a session costs nothing: its entry stays where it is, and when its time has come the engine puts it
/// back with its later one. Entries come out never early, in order of (time, session number), where the number is
/// taken modulo 2³².
#[derive(Debug, Clone)]
pub struct Timers {
    buckets: Vec<Vec<Packed>>,
    /// Memory of buckets whose turn is over, for those that fill next.
    spare: Vec<Vec<Packed>>,
    /// Entries beyond the wheel's span.
    far: Vec<Entry>,
    /// Entries of the current bucket, the latest first.
    due: Vec<Packed>,
    /// Entries that came for the current bucket, or an earlier one, when it was sorted already.
    late: BinaryHeap<Reverse<Entry>>,
    /// Number of the current bucket, counted from the epoch.
    current: u64,
    len: usize,
}

/// One note: look at this session then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: Timestamp,
    session: u32,
    slot: Slot,
}

/// An entry in its bucket, in half the memory: a scan brings hundreds of thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Packed {
    /// Nanoseconds since the bucket's start.
    offset: u32,
    session: u32,
    slot: Slot,
}

/// A bucket holds about a quarter of a second.
const BUCKET_BITS: u32 = 28;
/// The wheel spans about 73 minutes: longer than an established session's hour.
const BUCKETS: usize = 1 << 14;

impl Default for Timers {
    fn default() -> Self {
        Self {
            buckets: vec![Vec::new(); BUCKETS],
            spare: Vec::new(),
            far: Vec::new(),
            due: Vec::new(),
            late: BinaryHeap::new(),
            current: 0,
            len: 0,
        }
    }
}

impl Timers {
    /// How many notes wait, those included that mean nothing any more.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Notes that `slot`, which holds the session with this number (modulo 2³²), is to be looked at `at`.
    pub fn schedule(&mut self, at: Timestamp, session: u32, slot: Slot) {
        if self.len == 0 {
            // Nothing waits: the wheel may as well stand at the new entry's time.
            self.current = self.current.max(bucket(at).saturating_sub(BUCKETS as u64 - 1));
        }
        self.len += 1;
        self.place(Entry { at, session, slot });
    }

    fn place(&mut self, entry: Entry) {
        let bucket = bucket(entry.at);
        if bucket <= self.current {
            self.late.push(Reverse(entry));
        } else if bucket - self.current < BUCKETS as u64 {
            let place = &mut self.buckets[wheel(bucket)];
            if place.capacity() == 0 {
                *place = self.spare.pop().unwrap_or_default();
            }
            place.push(Packed::new(entry));
        } else {
            self.far.push(entry);
        }
    }

    /// The next entry at or before `until`, as (time, session number, slot).
    #[inline]
    pub fn pop(&mut self, until: Timestamp) -> Option<(Timestamp, u32, Slot)> {
        if self.len == 0 {
            return None;
        }
        loop {
            let due = self.due.last().map(|packed| packed.entry(self.current));
            let late = self.late.peek().map(|&Reverse(entry)| entry);
            let from_due = match (due, late) {
                (Some(due), Some(late)) => due <= late,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) if self.len == 0 || self.current >= bucket(until) => return None,
                (None, None) => {
                    self.turn(bucket(until));
                    continue;
                }
            };
            let next = if from_due { due } else { late };
            let entry = next.filter(|entry| entry.at <= until)?;
            if from_due {
                self.due.pop();
            } else {
                self.late.pop();
            }
            self.len -= 1;
            return Some((entry.at, entry.session, entry.slot));
        }
    }

    /// The entry that comes up `places` after the next one, where it is known already.
    #[inline]
    pub fn ahead(&self, places: usize) -> Option<Slot> {
        let index = self.due.len().checked_sub(places + 1)?;
        self.due.get(index).map(|entry| entry.slot)
    }

    /// Moves on to the next bucket that holds something, at most to `last`.
    fn turn(&mut self, last: u64) {
        if self.len == self.far.len() {
            let nearest = self.far.iter().map(|entry| bucket(entry.at)).min().unwrap_or(last);
            self.current = nearest.min(last).max(self.current + 1);
        } else {
            self.current += 1;
        }
        // Far entries come into the wheel once per half turn, well before they are due.
        if !self.far.is_empty()
            && (self.current.is_multiple_of(BUCKETS as u64 / 2) || self.len == self.far.len())
        {
            for entry in std::mem::take(&mut self.far) {
                self.place(entry);
            }
        }
        // Here `due` is empty: its memory goes to the buckets that fill next.
        let ready = std::mem::take(&mut self.buckets[wheel(self.current)]);
        let old = std::mem::replace(&mut self.due, ready);
        if old.capacity() > 0 {
            self.spare.push(old);
        }
        self.due.sort_unstable_by(|a, b| b.cmp(a));
    }
}

impl Packed {
    const fn new(entry: Entry) -> Self {
        let offset = (entry.at.nanos() & ((1 << BUCKET_BITS) - 1)) as u32;
        Self { offset, session: entry.session, slot: entry.slot }
    }

    /// The entry that this is in that bucket.
    const fn entry(self, bucket: u64) -> Entry {
        let at = Timestamp::from_nanos(bucket << BUCKET_BITS | self.offset as u64);
        Entry { at, session: self.session, slot: self.slot }
    }
}

fn bucket(at: Timestamp) -> u64 {
    at.nanos() >> BUCKET_BITS
}

#[expect(clippy::cast_possible_truncation, reason = "the remainder is below the number of buckets")]
fn wheel(bucket: u64) -> usize {
    (bucket % BUCKETS as u64) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Span;

    proptest! {
        /// Whatever is scheduled fires once, in order of time, never early, and as soon as time has come.
        #[test]
        fn fires_in_order(steps in proptest::collection::vec((0u64..20_000, 0u64..9_000), 1..200)) {
            let mut timers = Timers::default();
            let mut waiting: Vec<(Timestamp, u32)> = Vec::new();
            let mut now = Timestamp::from_secs(1_700_000_000);
            for (number, (delay_ms, step_s)) in (0u32..).zip(steps) {
                let at = now + Span::from_nanos(delay_ms * delay_ms * 1_000_000);
                timers.schedule(at, number, Slot(0));
                waiting.push((at, number));
                now = now + Span::from_secs(step_s / 100);
                waiting.sort_unstable();
                while waiting.first().is_some_and(|&(at, _)| at <= now) {
                    let (at, number) = waiting.remove(0);
                    prop_assert_eq!(timers.pop(now), Some((at, number, Slot(0))));
                }
                prop_assert_eq!(timers.pop(now), None);
            }
            waiting.sort_unstable();
            for (at, number) in waiting {
                prop_assert_eq!(timers.pop(Timestamp::MAX), Some((at, number, Slot(0))));
            }
        }
    }
}
