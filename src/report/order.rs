//! Puts rows in order of start time and session number although sessions end in another order, in bounded memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use crate::time::Timestamp;

/// What rows are sorted by: start time, then session number (0 for a refused packet).
pub(super) type Place = (Timestamp, u64);

/// Texts (rows as bytes, whatever those mean) on their way into order.
///
/// They wait in memory until nothing can come before them ([`Order::release`]) or until there are too many; then they
/// go to a temporary file in sorted runs, which [`Order::finish`] merges. Texts of the same place keep the order in
/// which they came.
#[derive(Debug)]
pub(super) struct Order {
    bytes: Vec<u8>,
    waiting: Vec<Waiting>,
    /// Next number of arrival.
    sequence: u64,
    /// So many bytes wait in memory at most.
    limit: usize,
    /// Releasing is worth while from so many bytes on.
    worth: usize,
    spilled: Option<Spilled>,
    /// Only so many are wanted: the first ones.
    first: Option<usize>,
    /// Texts from here on are not among the first.
    cutoff: Option<Place>,
}

/// Place and number of arrival.
type Key = (Place, u64);

#[derive(Debug, Clone, Copy)]
struct Waiting {
    key: Key,
    start: u32,
    len: u32,
}

impl Waiting {
    fn text<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let start = self.start as usize;
        bytes.get(start..start + self.len as usize).unwrap_or_default()
    }
}

/// Sorted runs in a temporary file.
#[derive(Debug)]
struct Spilled {
    file: File,
    /// Where each run ends.
    ends: Vec<u64>,
}

/// Memory for rows that wait. Far below 4 GiB, so that places in it fit 32 bits.
const LIMIT: usize = 64 << 20;
/// Pruning is worth while from twice so many texts on.
const SPARE: usize = 1_000;
/// The least to release at once.
const WORTH: usize = 1 << 20;

impl Default for Order {
    fn default() -> Self {
        Self::with_limit(LIMIT)
    }
}

impl Order {
    fn with_limit(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            waiting: Vec::new(),
            sequence: 0,
            limit,
            worth: WORTH.min(limit),
            spilled: None,
            first: None,
            cutoff: None,
        }
    }

    /// Keeps no more than the first `count` texts.
    pub(super) fn first(count: usize) -> Self {
        Self { first: Some(count), ..Self::default() }
    }

    /// Whether a text of this place may still be wanted.
    pub(super) fn wants(&self, place: Place) -> bool {
        self.cutoff.is_none_or(|cutoff| place < cutoff)
    }

    /// Adds the text that `write` appends.
    pub(super) fn push(&mut self, place: Place, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        if self.bytes.len() >= self.limit {
            self.spill()?;
        }
        let start = self.bytes.len();
        write(&mut self.bytes);
        let len = self.bytes.len() - start;
        self.waiting.push(Waiting { key: (place, self.sequence), start: narrow(start)?, len: narrow(len)? });
        self.sequence += 1;
        if self.first.is_some_and(|count| self.waiting.len() / 2 > count.max(SPARE)) {
            self.prune();
        }
        Ok(())
    }

    /// Forgets all but the first texts.
    fn prune(&mut self) {
        self.sort();
        self.waiting.truncate(self.first.unwrap_or(usize::MAX));
        // Among texts of the same place the earlier ones are wanted.
        self.cutoff = self.waiting.last().map(|last| last.key.0);
        self.compact();
    }

    /// Hands out all texts that come before `bound`, when that is worth while.
    pub(super) fn release(
        &mut self,
        bound: Place,
        mut each: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.bytes.len() < self.worth || self.spilled.is_some() {
            return Ok(());
        }
        let is_ready = |waiting: &Waiting| waiting.key.0 < bound;
        let ready = self.waiting.iter().filter(|waiting| is_ready(waiting)).count();
        // Closing the gaps costs as much as handing out: it should be worth it.
        if ready > self.waiting.len() / 4 {
            let mut ready: Vec<Waiting> = self.waiting.extract_if(.., |waiting| is_ready(waiting)).collect();
            ready.sort_unstable_by_key(|waiting| waiting.key);
            for waiting in ready {
                each(waiting.text(&self.bytes))?;
            }
            self.compact();
        }
        self.worth = (self.bytes.len() * 2).clamp(WORTH.min(self.limit), self.limit);
        Ok(())
    }

    /// Closes the gaps that released and forgotten texts have left.
    fn compact(&mut self) {
        let mut kept = Vec::new();
        for waiting in &mut self.waiting {
            // What is kept is no more than what was there.
            let start = u32::try_from(kept.len()).unwrap_or(u32::MAX);
            kept.extend_from_slice(waiting.text(&self.bytes));
            waiting.start = start;
        }
        self.bytes = kept;
    }

    /// Hands out everything that is left, in order.
    pub(super) fn finish(mut self, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut left = self.first.unwrap_or(usize::MAX);
        let each = |text: &[u8]| match left {
            0 => Ok(()),
            _ => {
                left -= 1;
                each(text)
            }
        };
        if self.spilled.is_some() {
            self.spill()?;
        }
        match self.spilled.take() {
            Some(spilled) => spilled.merge(self.limit, each),
            None => self.drain(each),
        }
    }

    /// Hands out everything that waits in memory.
    fn drain(&mut self, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.sort();
        for waiting in self.waiting.drain(..) {
            each(waiting.text(&self.bytes))?;
        }
        Ok(())
    }

    fn sort(&mut self) {
        self.waiting.sort_unstable_by_key(|waiting| waiting.key);
    }

    /// Writes everything as one run.
    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let spilled = match &mut self.spilled {
            Some(spilled) => spilled,
            None => self.spilled.insert(Spilled { file: tempfile::tempfile()?, ends: Vec::new() }),
        };
        let mut out = BufWriter::with_capacity(1 << 16, &spilled.file);
        for waiting in self.waiting.drain(..) {
            let ((at, session), sequence) = waiting.key;
            let text = waiting.text(&self.bytes);
            for number in [at.nanos(), session, sequence, text.len() as u64] {
                out.write_all(&number.to_le_bytes())?;
            }
            out.write_all(text)?;
        }
        let end = out.stream_position()?;
        drop(out);
        spilled.ends.push(end);
        self.bytes.clear();
        Ok(())
    }
}

fn narrow(len: usize) -> io::Result<u32> {
    u32::try_from(len).map_err(|_| io::Error::other("a row of more than 4 GiB"))
}

impl Spilled {
    fn merge(self, memory: usize, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let buffer = (memory / self.ends.len().max(1)).clamp(1 << 12, 1 << 16);
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let mut runs: Vec<Run<'_>> = starts
            .zip(&self.ends)
            .map(|(start, &end)| {
                let section = Section { file: &self.file, at: start, end };
                Run { reader: BufReader::with_capacity(buffer, section), text: Vec::new() }
            })
            .collect();
        let mut next = BinaryHeap::new();
        for (index, run) in runs.iter_mut().enumerate() {
            next.extend(run.advance()?.map(|key| Reverse((key, index))));
        }
        while let Some(Reverse((_, index))) = next.pop() {
            let Some(run) = runs.get_mut(index) else { continue };
            each(&run.text)?;
            next.extend(run.advance()?.map(|key| Reverse((key, index))));
        }
        Ok(())
    }
}

/// One sorted run being read back.
struct Run<'a> {
    reader: BufReader<Section<'a>>,
    text: Vec<u8>,
}

impl Run<'_> {
    /// Reads the next text; its key, or `None` at the end.
    fn advance(&mut self) -> io::Result<Option<Key>> {
        if self.reader.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut number = || {
            let mut bytes = [0; 8];
            self.reader.read_exact(&mut bytes).map(|()| u64::from_le_bytes(bytes))
        };
        let (at, session, sequence, len) = (number()?, number()?, number()?, number()?);
        self.text.clear();
        self.reader.by_ref().take(len).read_to_end(&mut self.text)?;
        Ok(Some(((Timestamp::from_nanos(at), session), sequence)))
    }
}

/// A part of a file that others read, too.
struct Section<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let len = out.len().min(left);
        let Some(out) = out.get_mut(..len) else { return Ok(0) };
        self.file.seek(SeekFrom::Start(self.at))?;
        let count = self.file.read(out)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// With any amount of memory, with or without releasing, the texts come out as a stable sort gives them.
        #[test]
        fn sorts(
            limit in 1usize..200,
            releases in any::<bool>(),
            steps in proptest::collection::vec((0u64..4, 0u64..3, 0u64..8), 0..100),
        ) {
            let mut order = Order::with_limit(limit);
            let mut expected = Vec::new();
            let mut out = Vec::new();
            let mut now = 10;
            for (number, (passes, session, back)) in steps.into_iter().enumerate() {
                now += passes;
                // Rows begin at most eight units ago.
                let place = (Timestamp::from_nanos(now - back), session);
                let text = format!("{number} ");
                order.push(place, |out| out.extend_from_slice(text.as_bytes())).unwrap();
                expected.push((place, text));
                if releases {
                    order.release((Timestamp::from_nanos(now - 8), 0), |text| out.write_all(text)).unwrap();
                }
            }
            order.finish(|text| { out.extend_from_slice(text); Ok(()) }).unwrap();
            expected.sort_by_key(|(place, _)| *place);
            let expected: String = expected.into_iter().map(|(_, text)| text).collect();
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn keeps_the_first() {
        let mut order = Order::first(3);
        for number in (0..10_000u64).rev() {
            let place = (Timestamp::from_nanos(number), 0);
            assert!(order.wants(place));
            order.push(place, |out| out.extend_from_slice(format!("{number} ").as_bytes())).unwrap();
            assert!(order.waiting.len() <= 2 * SPARE + 2);
        }
        let mut out = Vec::new();
        order
            .finish(|text| {
                out.extend_from_slice(text);
                Ok(())
            })
            .unwrap();
        assert_eq!(out, b"0 1 2 ");
    }
}
