//! Frames that wait for their verdict, in order, within a bound.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::capture::{CaptureInterface, Frame, LinkType};
use crate::time::Timestamp;

/// What keeping a frame takes besides its bytes, roughly.
const OVERHEAD: usize = 256;
/// What is left of a waiting frame when there is no room for all of it.
const CUT: usize = 256;

/// A frame as it was read, and what became of it.
#[derive(Debug)]
pub(super) struct Held {
    at: Timestamp,
    link_type: LinkType,
    interface: Option<Arc<CaptureInterface>>,
    wire_len: u32,
    bytes: Vec<u8>,
    /// `None` while its verdict is still to come.
    pub(super) outcome: Option<Outcome>,
}

/// What became of a frame.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) dropped: bool,
    /// It shows a packet a second time.
    pub(super) again: bool,
    pub(super) comment: String,
    /// Where it came in, if it was dropped, otherwise where it leaves.
    pub(super) port: String,
    /// The frame as it leaves, where that is not as it came.
    pub(super) left: Option<Vec<u8>>,
    /// What the firewall sends because of it.
    pub(super) sent: Vec<Sent>,
}

/// A packet of the firewall's own, as frames.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) at: Timestamp,
    pub(super) link_type: LinkType,
    /// Inside, before NAT.
    pub(super) inside: Vec<u8>,
    /// As it leaves.
    pub(super) outside: Vec<u8>,
    /// Where it leaves.
    pub(super) port: String,
    pub(super) comment: String,
}

/// Frames in order of their numbers; those that are settled leave from the front.
#[derive(Debug)]
pub(super) struct Queue {
    held: BTreeMap<u64, Held>,
    bytes: usize,
    max: usize,
    /// The last frame settled.
    settled: u64,
    /// Frames that go before others that wait.
    overtaking: VecDeque<Held>,
    /// How many went so, and how many were cut.
    overtaken: u64,
    cut: u64,
}

impl Held {
    pub(super) fn new(frame: &Frame<'_>, interface: Option<Arc<CaptureInterface>>) -> Self {
        let Frame { at, link_type, wire_len, bytes, .. } = *frame;
        Self { at, link_type, interface, wire_len, bytes: bytes.to_vec(), outcome: None }
    }

    pub(super) fn frame(&self) -> Frame<'_> {
        Frame {
            at: self.at,
            file: 0,
            link_type: self.link_type,
            interface: self.interface.as_deref(),
            wire_len: self.wire_len,
            bytes: &self.bytes,
        }
    }

    fn size(&self) -> usize {
        let outcome = self.outcome.as_ref();
        let left = outcome.and_then(|outcome| outcome.left.as_ref()).map_or(0, Vec::len);
        self.bytes.len() + left + OVERHEAD
    }
}

impl Queue {
    pub(super) const fn new(max: usize) -> Self {
        Self {
            held: BTreeMap::new(),
            bytes: 0,
            max,
            settled: 0,
            overtaking: VecDeque::new(),
            overtaken: 0,
            cut: 0,
        }
    }

    pub(super) fn push(&mut self, number: u64, held: Held) {
        self.bytes += held.size();
        self.held.insert(number, held);
    }

    pub(super) fn get(&self, number: u64) -> Option<&Held> {
        self.held.get(&number)
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Held> {
        self.held.get_mut(&number)
    }

    pub(super) fn settle(&mut self, number: u64, outcome: Outcome) {
        let Some(held) = self.held.get_mut(&number) else { return };
        self.bytes += outcome.left.as_ref().map_or(0, Vec::len);
        held.outcome = Some(outcome);
        self.settled = number;
    }

    /// Number of the frame that was settled last.
    pub(super) const fn settled(&self) -> u64 {
        self.settled
    }

    pub(super) const fn is_full(&self) -> bool {
        self.bytes > self.max
    }

    /// The next frame to write: the first, if it is settled. Where there is too much, all that are settled go; where
    /// that is not enough, the waiting ones are cut.
    pub(super) fn next(&mut self) -> Option<Held> {
        if let Some(held) = self.overtaking.pop_front() {
            return Some(held);
        }
        let (&first, held) = self.held.first_key_value()?;
        if held.outcome.is_some() {
            return self.take(first);
        }
        if self.is_full() {
            self.make_room();
        }
        self.overtaking.pop_front()
    }

    /// All at once, so that the waiting ones are not gone through for every frame.
    fn make_room(&mut self) {
        let is_settled = |(&number, held): (&u64, &Held)| held.outcome.is_some().then_some(number);
        let settled: Vec<u64> = self.held.iter().filter_map(is_settled).collect();
        for number in settled {
            self.overtaken += 1;
            let held = self.take(number);
            self.overtaking.extend(held);
        }
        if self.is_full() {
            self.shorten();
        }
    }

    /// The first frame, settled or not.
    pub(super) fn any(&mut self) -> Option<Held> {
        let (&first, _) = self.held.first_key_value()?;
        self.take(first)
    }

    fn take(&mut self, number: u64) -> Option<Held> {
        let held = self.held.remove(&number)?;
        self.bytes = self.bytes.saturating_sub(held.size());
        Some(held)
    }

    fn shorten(&mut self) {
        for held in self.held.values_mut().filter(|held| held.bytes.len() > CUT) {
            self.bytes = self.bytes.saturating_sub(held.bytes.len() - CUT);
            held.bytes.truncate(CUT);
            held.bytes.shrink_to_fit();
            self.cut += 1;
        }
    }

    /// What the bound has done, one sentence each.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.overtaken > 0 {
            warnings.push(format!(
                "the captures written hold {} frames before earlier ones that waited for the rest of their datagram",
                self.overtaken
            ));
        }
        if self.cut > 0 {
            warnings.push(format!(
                "{} frames that waited for the rest of their datagram are cut to {CUT} bytes in the captures written, all \
                 but `receive.pcapng`",
                self.cut
            ));
        }
        warnings
    }
}
