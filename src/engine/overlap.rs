//! Bytes on their way, kept to tell whether later ones in the same place are the same
//! (`discard-overlapping-tcp-segment-mismatch`, PANOS.md 6.2).

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::flow::Direction;
use crate::packet::{TcpFlags, TcpSegment};
use crate::session::{Slot, after, before};

/// What the sessions whose zone asks for it have sent and not yet had acknowledged.
#[derive(Debug, Default)]
pub(super) struct Overlaps {
    sessions: HashMap<Slot, [Sent; 2], foldhash::quality::RandomState>,
    /// Bytes of all sessions.
    len: usize,
}

/// The bytes of one side, in order of arrival.
#[derive(Debug, Default)]
struct Sent {
    pieces: VecDeque<Piece>,
    /// Bytes of all pieces.
    len: usize,
}

#[derive(Debug)]
struct Piece {
    seq: u32,
    bytes: Box<[u8]>,
}

/// At most so many bytes of each side are kept: the largest window without scaling. Older ones are forgotten.
const KEPT_MAX: usize = 65_536;
/// At most so many pieces: segments of one byte each would make every comparison long.
const PIECES_MAX: usize = 256;

impl Overlaps {
    /// Whether a segment's payload differs from bytes sent before in the same place.
    pub(super) fn mismatch(&self, slot: Slot, direction: Direction, segment: &TcpSegment<'_>) -> bool {
        let Some(sides) = self.sessions.get(&slot) else { return false };
        let (start, bytes) = (segment.payload_seq(), segment.payload.bytes);
        sides[direction.index()].pieces.iter().any(|piece| piece.differs(start, bytes))
    }

    /// Keeps a segment's payload, and forgets what it acknowledges; `false` where all sessions together would keep more
    /// than `most` bytes.
    pub(super) fn note(
        &mut self,
        slot: Slot,
        direction: Direction,
        segment: &TcpSegment<'_>,
        most: usize,
    ) -> bool {
        let Self { sessions, len } = self;
        let sides = sessions.entry(slot).or_default();
        let before = kept(sides);
        if segment.flags.contains(TcpFlags::ACK) {
            sides[direction.reverse().index()].forget_before(segment.ack);
        }
        let bytes = segment.payload.bytes;
        let has_room = *len + bytes.len() <= most;
        if has_room && !bytes.is_empty() {
            sides[direction.index()].keep(segment.payload_seq(), bytes);
        }
        *len = *len + kept(sides) - before;
        has_room
    }

    /// The session has ended.
    pub(super) fn forget(&mut self, slot: Slot) {
        if !self.sessions.is_empty()
            && let Some(sides) = self.sessions.remove(&slot)
        {
            self.len -= kept(&sides);
        }
    }
}

/// Bytes of both sides.
const fn kept(sides: &[Sent; 2]) -> usize {
    sides[0].len + sides[1].len
}

impl Sent {
    fn keep(&mut self, seq: u32, bytes: &[u8]) {
        self.len += bytes.len();
        self.pieces.push_back(Piece { seq, bytes: bytes.into() });
        while (self.len > KEPT_MAX || self.pieces.len() > PIECES_MAX) && self.forget_first() {}
    }

    /// Pieces wholly before `ack`; they leave in order, so one that came late may stay a little.
    fn forget_before(&mut self, ack: u32) {
        while self.pieces.front().is_some_and(|piece| !after(piece.end(), ack)) && self.forget_first() {}
    }

    fn forget_first(&mut self) -> bool {
        let first = self.pieces.pop_front();
        self.len -= first.as_ref().map_or(0, |piece| piece.bytes.len());
        first.is_some()
    }
}

impl Piece {
    fn end(&self) -> u32 {
        self.seq.wrapping_add(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX))
    }

    /// Whether `bytes`, which begin at `start`, differ from these where both are.
    fn differs(&self, start: u32, bytes: &[u8]) -> bool {
        let (ours, theirs) = if before(start, self.seq) {
            (0, self.seq.wrapping_sub(start) as usize)
        } else {
            (start.wrapping_sub(self.seq) as usize, 0)
        };
        match (self.bytes.get(ours..), bytes.get(theirs..)) {
            (Some(ours), Some(theirs)) => ours.iter().zip(theirs).any(|(ours, theirs)| ours != theirs),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_held_against_those_in_the_same_place() {
        let piece = Piece { seq: u32::MAX - 1, bytes: (*b"abcdef").into() };
        for (start, bytes, differs) in [
            (u32::MAX - 1, &b"abcdef"[..], false),
            (u32::MAX - 1, b"abcdeX", true),
            (0, b"cd", false),
            (0, b"cX", true),
            (u32::MAX - 3, b"12abcdef34", false), // covers it
            (u32::MAX - 3, b"12abcdeX34", true),
            (4, b"zz", false), // right behind it
            (100, b"zz", false),
            (u32::MAX - 3, b"12", false),
        ] {
            assert_eq!(piece.differs(start, bytes), differs, "{start} {bytes:?}");
        }
    }

    #[test]
    fn a_side_is_bounded() {
        let mut sent = Sent::default();
        for at in 0..1_000 {
            sent.keep(at * 1_000, &[0; 1_000]);
        }
        assert!(sent.len <= KEPT_MAX && sent.pieces.len() == 65);
        sent.forget_before(1_000_000);
        assert_eq!((sent.len, sent.pieces.len()), (0, 0));
        for at in 0..1_000 {
            sent.keep(at, b"x");
        }
        assert_eq!((sent.len, sent.pieces.len()), (PIECES_MAX, PIECES_MAX));
    }
}
