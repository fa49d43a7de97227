//! The bytes kept for App-ID while a session is undecided: in order, without gaps, up to a limit.

use super::tcp::{after, before};
use crate::app::Candidates;
use crate::flow::Direction;

/// What a session has sent so far, as App-ID sees it.
#[derive(Debug, Clone)]
pub struct Stream {
    /// The decoders that are left.
    pub candidates: Candidates,
    /// Bytes of both sides in order; index by [`Direction::index`].
    pub heads: [Vec<u8>; 2],
    /// Sender and length of each datagram (UDP only).
    pub datagrams: Vec<(Direction, u32)>,
    /// Next sequence number of each side (TCP only).
    next: [Option<u32>; 2],
    /// Segments that came early (TCP only).
    early: Vec<Early>,
}

/// A segment that came before its time.
#[derive(Debug, Clone)]
struct Early {
    direction: Direction,
    seq: u32,
    bytes: Vec<u8>,
}

/// A TCP segment's payload.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// Who sent it.
    pub direction: Direction,
    /// Sequence number of its first byte.
    pub seq: u32,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// A segment that cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamError {
    /// More out-of-order segments than the limit (PANOS.md 6.1).
    OutOfOrderLimit,
}

/// At most so many bytes of each side are kept.
const HEAD_BYTES: usize = 16 * 1_024;

impl Stream {
    /// An empty one.
    pub fn new(candidates: Candidates) -> Self {
        Self {
            candidates,
            heads: [Vec::new(), Vec::new()],
            datagrams: Vec::new(),
            next: [None; 2],
            early: Vec::new(),
        }
    }

    /// Makes an old one as new, keeping its memory.
    pub fn reset(&mut self, candidates: Candidates) {
        self.candidates = candidates;
        self.heads.iter_mut().for_each(Vec::clear);
        self.datagrams.clear();
        self.next = [None; 2];
        self.early.clear();
    }

    /// Says that the next byte of `direction` has sequence number `seq`, where that is not known yet.
    pub fn expect(&mut self, direction: Direction, seq: u32) {
        self.next[direction.index()].get_or_insert(seq);
    }

    /// Adds a datagram.
    pub fn push_datagram(&mut self, direction: Direction, bytes: &[u8]) {
        let head = &mut self.heads[direction.index()];
        let len = bytes.len().min(HEAD_BYTES.saturating_sub(head.len()));
        head.extend_from_slice(bytes.get(..len).unwrap_or_default());
        self.datagrams.push((direction, u32::try_from(len).unwrap_or(u32::MAX)));
    }

    /// Adds a segment; whether bytes have come into order. Of bytes that come twice the first ones count.
    ///
    /// # Errors
    /// Where it comes early and `limit` early segments are waiting already.
    pub fn push_segment(&mut self, chunk: Chunk<'_>, limit: usize) -> Result<bool, StreamError> {
        let next = *self.next[chunk.direction.index()].get_or_insert(chunk.seq);
        if after(chunk.seq, next) {
            if self.early.len() >= limit {
                return Err(StreamError::OutOfOrderLimit);
            }
            let Chunk { direction, seq, bytes } = chunk;
            self.early.push(Early { direction, seq, bytes: bytes.to_vec() });
            return Ok(false);
        }
        let mut fresh = self.append(chunk);
        while let Some(index) = self.early.iter().position(|early| {
            early.direction == chunk.direction
                && self.next[chunk.direction.index()].is_some_and(|next| !after(early.seq, next))
        }) {
            let Early { direction, seq, bytes } = self.early.remove(index);
            fresh |= self.append(Chunk { direction, seq, bytes: &bytes });
        }
        Ok(fresh)
    }

    /// Gives up a gap: goes on with the earliest segment that waits on any side. Whether there was one.
    pub fn skip_gap(&mut self) -> bool {
        let Some(first) = self.early.first().map(|early| early.direction) else { return false };
        let waiting = self.early.iter().filter(|early| early.direction == first).map(|early| early.seq);
        let Some(seq) = waiting.reduce(|a, b| if before(b, a) { b } else { a }) else { return false };
        self.next[first.index()] = Some(seq);
        let empty = Chunk { direction: first, seq, bytes: &[] };
        self.push_segment(empty, usize::MAX).unwrap_or(false)
    }

    /// Whether a side's buffer is full: nothing more can be learnt.
    pub fn is_full(&self) -> bool {
        self.heads.iter().any(|head| head.len() >= HEAD_BYTES)
    }

    /// Appends the part of `chunk` that is new; whether there was any.
    fn append(&mut self, chunk: Chunk<'_>) -> bool {
        let Some(next) = &mut self.next[chunk.direction.index()] else { return false };
        let known = next.wrapping_sub(chunk.seq) as usize;
        let Some(new) = chunk.bytes.get(known..).filter(|new| !new.is_empty()) else { return false };
        #[expect(clippy::cast_possible_truncation, reason = "a segment's payload is below 4 GiB")]
        let len = new.len() as u32;
        *next = next.wrapping_add(len);
        let head = &mut self.heads[chunk.direction.index()];
        let room = HEAD_BYTES.saturating_sub(head.len());
        head.extend_from_slice(new.get(..room.min(new.len())).unwrap_or_default());
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::{Catalog, Identifier};
    use crate::flow::Protocol;

    fn stream() -> Stream {
        Stream::new(Identifier::new(&Catalog::builtin().unwrap()).start(Protocol::TCP))
    }

    proptest! {
        /// However a text is cut, shuffled and repeated, it comes out in order and once.
        #[test]
        fn reassembles(
            text in proptest::collection::vec(any::<u8>(), 1..300),
            cuts in proptest::collection::vec((0usize..300, 1usize..40), 0..40),
            start: u32,
        ) {
            let mut stream = stream();
            stream.expect(Direction::ClientToServer, start);
            let mut pieces: Vec<(usize, usize)> = (0..text.len()).step_by(17).map(|at| (at, 17)).collect();
            for (index, &(at, len)) in cuts.iter().enumerate() {
                pieces.insert(at % (pieces.len() + 1), (at % text.len(), len));
                let last = pieces.len() - 1;
                let other = index % pieces.len();
                pieces.swap(other, last);
            }
            for (at, len) in pieces {
                let bytes = &text[at..(at + len).min(text.len())];
                let chunk = Chunk { direction: Direction::ClientToServer, seq: start.wrapping_add(at as u32), bytes };
                stream.push_segment(chunk, usize::MAX).unwrap();
            }
            prop_assert_eq!(&stream.heads[0], &text);
        }
    }

    #[test]
    fn the_limit_holds() {
        let mut stream = stream();
        stream.expect(Direction::ClientToServer, 0);
        let chunk = |seq| Chunk { direction: Direction::ClientToServer, seq, bytes: b"x" };
        assert_eq!(stream.push_segment(chunk(5), 2), Ok(false));
        assert_eq!(stream.push_segment(chunk(7), 2), Ok(false));
        assert_eq!(stream.push_segment(chunk(9), 2), Err(StreamError::OutOfOrderLimit));
        assert!(stream.skip_gap());
        assert_eq!(stream.heads[0], b"x");
    }
}
