//! The bytes kept for App-ID: in order, without gaps, up to a limit, for as long as somebody wants them.

use std::collections::VecDeque;

use super::tcp::{after, before};
use crate::app::{AppId, Candidates, Followers, Terms, Turn, Watch};
use crate::feature::alg::{Heard, Listener};
use crate::feature::threat::{Inspection, Threats};
use crate::flow::Direction;
use crate::policy::CategorySet;

/// What a session has sent so far, as App-ID sees it.
#[derive(Debug)]
pub struct Stream {
    /// The decoders that are left, while the application is not known.
    pub candidates: Candidates,
    /// Who still looks on, once it is known.
    pub followers: Followers,
    /// The applications that the session has been, in order.
    pub passed: Vec<AppId>,
    /// Who reads the protocol on, once it is known.
    pub watch: Option<Box<Watch>>,
    /// Who looks into its content, where security profiles ask for that.
    pub inspection: Option<Box<Inspection>>,
    /// Who hears what it announces, where its application has a gateway.
    pub listener: Option<Box<Listener>>,
    /// Whether another connection begins with the next bytes.
    pub begins_anew: bool,
    /// URL categories of the host that the client asks for, where they are known.
    pub category: Option<CategorySet>,
    /// Bytes of both sides in order; index by [`Direction::index`].
    pub heads: [Vec<u8>; 2],
    /// Sender and length of each piece of them, in order of arrival: of each datagram, where it is UDP.
    pub pieces: Vec<(Direction, u32)>,
    /// Next sequence number of each side (TCP only).
    next: [Option<u32>; 2],
    /// Segments that came early (TCP only).
    early: Vec<Early>,
    /// What `watch` has had of them.
    fed: Fed,
    /// What `inspection` has had of them.
    inspected: Fed,
    /// What `listener` has had of them.
    heard: Fed,
    /// Whether bytes have been forgotten: who begins later does not see the session from its beginning.
    is_parted: bool,
    /// Whether somebody takes all bytes as they come into order: [`Self::take_bytes`].
    takes_all: bool,
    /// Sides whose further bytes are of no use: the capture has cut a payload of theirs.
    cut: [bool; 2],
}

/// How much of the bytes kept somebody has had.
#[derive(Debug, Clone, Copy, Default)]
struct Fed {
    bytes: [usize; 2],
    pieces: usize,
}

impl Fed {
    /// Gives the pieces that have not been had, in the order they came in.
    fn each(
        &mut self,
        heads: &[Vec<u8>; 2],
        pieces: &[(Direction, u32)],
        mut take: impl FnMut(Direction, &[u8]),
    ) {
        for &(direction, len) in pieces.get(self.pieces..).unwrap_or_default() {
            let start = &mut self.bytes[direction.index()];
            let end = *start + len as usize;
            if let Some(bytes) = heads[direction.index()].get(*start..end).filter(|bytes| !bytes.is_empty()) {
                take(direction, bytes);
            }
            *start = end;
        }
        self.pieces = pieces.len();
    }
}

/// A segment that came before its time.
#[derive(Debug, Clone)]
struct Early {
    direction: Direction,
    seq: u32,
    bytes: Vec<u8>,
    cut: bool,
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
    /// Whether the capture has cut it: what follows these bytes will never be known.
    pub cut: bool,
}

/// A segment that cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamError {
    /// More out-of-order segments than the limit (PANOS.md 6.1).
    OutOfOrderLimit,
    /// More of them in all sessions together than their limit.
    OutOfOrderTotal,
}

/// At most so many bytes of each side are kept.
const HEAD_BYTES: usize = 16 * 1_024;

/// At most so many pieces: a capture that cuts them to nothing would never fill the bytes.
const PIECES: usize = 1_024;

/// Of the bytes of both sides as many as decoders look at: who takes every byte may keep more for a while.
pub(crate) fn first_bytes(heads: &[Vec<u8>; 2]) -> [&[u8]; 2] {
    heads.each_ref().map(|head| head.get(..HEAD_BYTES).unwrap_or(head))
}

impl Stream {
    /// An empty one.
    pub fn new(candidates: Candidates) -> Self {
        Self {
            candidates,
            followers: Followers::default(),
            passed: Vec::new(),
            watch: None,
            inspection: None,
            listener: None,
            begins_anew: false,
            category: None,
            heads: [Vec::new(), Vec::new()],
            pieces: Vec::new(),
            next: [None; 2],
            early: Vec::new(),
            fed: Fed::default(),
            inspected: Fed::default(),
            heard: Fed::default(),
            is_parted: false,
            takes_all: false,
            cut: [false; 2],
        }
    }

    /// One that goes on behind bytes which have come, with the next sequence number of each side.
    pub fn resume(candidates: Candidates, heads: [Vec<u8>; 2], next: [Option<u32>; 2]) -> Self {
        Self { heads, next, ..Self::new(candidates) }
    }

    /// One whose bytes are taken as they come into order, with the next sequence number of each side.
    pub fn in_order(candidates: Candidates, next: [Option<u32>; 2]) -> Self {
        Self { next, takes_all: true, ..Self::new(candidates) }
    }

    /// The bytes of one side that have come into order since they were taken last.
    pub fn take_bytes(&mut self, direction: Direction) -> Vec<u8> {
        self.pieces.clear();
        std::mem::take(&mut self.heads[direction.index()])
    }

    /// Whether the capture has cut a payload of that side.
    pub const fn is_cut(&self, direction: Direction) -> bool {
        self.cut[direction.index()]
    }

    /// Makes an old one as new, keeping its memory.
    pub fn reset(&mut self, candidates: Candidates) {
        self.candidates = candidates;
        self.followers = Followers::default();
        self.passed.clear();
        self.watch = None;
        self.inspection = None;
        self.listener = None;
        self.begins_anew = false;
        self.category = None;
        self.forget_heads();
        self.next = [None; 2];
        self.early.clear();
        self.is_parted = false;
        self.takes_all = false;
        self.cut = [false; 2];
    }

    /// Forgets the bytes, which nobody will look at again.
    pub fn forget_heads(&mut self) {
        self.heads.iter_mut().for_each(Vec::clear);
        self.pieces.clear();
        (self.fed, self.inspected, self.heard) = Default::default();
        self.is_parted = true;
    }

    /// Whether all that the session has sent is still there for somebody who begins now.
    pub const fn is_from_the_beginning(&self) -> bool {
        !self.is_parted
    }

    /// Shows the reader the bytes that it has not had, in the order they came in. What the session turns into goes to
    /// `turns`.
    pub fn feed(&mut self, terms: Terms<'_>, turns: &mut VecDeque<Turn>) {
        let Self { watch: Some(watch), heads, pieces, fed, passed, .. } = self else { return };
        fed.each(heads, pieces, |direction, bytes| watch.feed(terms, passed, (direction, bytes), turns));
    }

    /// Shows those who look into its content the bytes that they have not had.
    pub fn inspect(&mut self, threats: &Threats) {
        let Self { inspection: Some(inspection), heads, pieces, inspected, .. } = self else { return };
        inspected.each(heads, pieces, |direction, bytes| inspection.feed(threats, direction, bytes));
    }

    /// Shows the gateway the bytes that it has not had; `take` gets what it has heard in each piece.
    pub fn listen(&mut self, mut take: impl FnMut(Direction, Heard)) {
        let Self { listener: Some(listener), heard, heads, pieces, .. } = self else { return };
        heard.each(heads, pieces, |direction, bytes| take(direction, listener.hear(direction, bytes)));
    }

    /// Whether somebody takes every byte.
    pub const fn is_read(&self) -> bool {
        self.takes_all || self.watch.is_some() || self.inspection.is_some() || self.listener.is_some()
    }

    /// The sequence number behind the bytes of a side that have come into order (TCP only).
    pub const fn next(&self, direction: Direction) -> Option<u32> {
        self.next[direction.index()]
    }

    /// Whether these are the very next bytes, and nobody but the reader wants them: no copy is needed then. They count
    /// as had.
    pub fn passes_through(&mut self, chunk: Chunk<'_>) -> bool {
        let index = chunk.direction.index();
        let straight = self.is_read() && self.followers.is_empty() && self.early.is_empty();
        if !straight || self.cut[index] || chunk.cut || self.next[index] != Some(chunk.seq) {
            return false;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a segment's payload is below 4 GiB")]
        let len = chunk.bytes.len() as u32;
        self.next[index] = Some(chunk.seq.wrapping_add(len));
        true
    }

    /// How many segments wait for missing ones.
    pub const fn waiting(&self) -> usize {
        self.early.len()
    }

    /// Forgets the segments that wait; how many there were.
    pub fn forget_waiting(&mut self) -> usize {
        let waiting = self.early.len();
        self.early.clear();
        waiting
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
        self.pieces.push((direction, u32::try_from(len).unwrap_or(u32::MAX)));
    }

    /// Adds a segment; whether bytes have come into order. Of bytes that come twice the first ones count.
    ///
    /// # Errors
    /// Where it comes early and `limit` early segments are waiting already.
    pub fn push_segment(&mut self, chunk: Chunk<'_>, limit: usize) -> Result<bool, StreamError> {
        if self.cut[chunk.direction.index()] {
            return Ok(false);
        }
        let next = *self.next[chunk.direction.index()].get_or_insert(chunk.seq);
        if after(chunk.seq, next) {
            if self.early.len() >= limit {
                return Err(StreamError::OutOfOrderLimit);
            }
            let Chunk { direction, seq, bytes, cut } = chunk;
            self.early.push(Early { direction, seq, bytes: bytes.to_vec(), cut });
            return Ok(false);
        }
        let mut fresh = self.append(chunk);
        while let Some(index) = self.early.iter().position(|early| {
            early.direction == chunk.direction
                && self.next[chunk.direction.index()].is_some_and(|next| !after(early.seq, next))
        }) {
            let Early { direction, seq, bytes, cut } = self.early.remove(index);
            fresh |= self.append(Chunk { direction, seq, bytes: &bytes, cut });
        }
        Ok(fresh)
    }

    /// Gives up a gap: goes on with the earliest segment that waits on any side. Whether there was one.
    pub fn skip_gap(&mut self) -> bool {
        let Some(first) = self.early.first().map(|early| early.direction) else { return false };
        let waiting = self.early.iter().filter(|early| early.direction == first).map(|early| early.seq);
        let Some(seq) = waiting.reduce(|a, b| if before(b, a) { b } else { a }) else { return false };
        self.next[first.index()] = Some(seq);
        let empty = Chunk { direction: first, seq, bytes: &[], cut: false };
        self.push_segment(empty, usize::MAX).unwrap_or(false)
    }

    /// Whether a side's buffer is full: nothing more can be learnt.
    pub fn is_full(&self) -> bool {
        self.heads.iter().any(|head| head.len() >= HEAD_BYTES) || self.pieces.len() >= PIECES
    }

    /// Appends the part of `chunk` that is new; whether there was any.
    fn append(&mut self, chunk: Chunk<'_>) -> bool {
        let cut = &mut self.cut[chunk.direction.index()];
        if *cut {
            return false;
        }
        *cut = chunk.cut;
        let Some(next) = &mut self.next[chunk.direction.index()] else { return false };
        let known = next.wrapping_sub(chunk.seq) as usize;
        let Some(new) = chunk.bytes.get(known..).filter(|new| !new.is_empty()) else { return false };
        #[expect(clippy::cast_possible_truncation, reason = "a segment's payload is below 4 GiB")]
        let len = new.len() as u32;
        *next = next.wrapping_add(len);
        let is_read = self.is_read();
        let head = &mut self.heads[chunk.direction.index()];
        // A reader takes every byte, and they do not stay.
        let room = if is_read { usize::MAX } else { HEAD_BYTES.saturating_sub(head.len()) };
        let kept = new.get(..room.min(new.len())).unwrap_or_default();
        head.extend_from_slice(kept);
        let len = u32::try_from(kept.len()).unwrap_or(u32::MAX);
        let fed = self.fed.pieces.max(self.inspected.pieces).max(self.heard.pieces);
        let count = self.pieces.len();
        match self.pieces.last_mut() {
            // As long as nobody has had the last piece, more of the same side belongs to it.
            Some((side, last)) if *side == chunk.direction && fed < count => *last += len,
            _ => self.pieces.push((chunk.direction, len)),
        }
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
                let chunk = Chunk { direction: Direction::ClientToServer, seq: start.wrapping_add(at as u32), bytes, cut: false };
                stream.push_segment(chunk, usize::MAX).unwrap();
            }
            prop_assert_eq!(&stream.heads[0], &text);
        }
    }

    #[test]
    fn datagrams_without_bytes_fill_it_as_well() {
        let mut stream = stream();
        for _ in 0..PIECES {
            assert!(!stream.is_full());
            stream.push_datagram(Direction::ServerToClient, b"");
        }
        assert!(stream.is_full());
    }

    #[test]
    fn the_limit_holds() {
        let mut stream = stream();
        stream.expect(Direction::ClientToServer, 0);
        let chunk = |seq| Chunk { direction: Direction::ClientToServer, seq, bytes: b"x", cut: false };
        assert_eq!(stream.push_segment(chunk(5), 2), Ok(false));
        assert_eq!(stream.push_segment(chunk(7), 2), Ok(false));
        assert_eq!(stream.push_segment(chunk(9), 2), Err(StreamError::OutOfOrderLimit));
        assert!(stream.skip_gap());
        assert_eq!(stream.heads[0], b"x");
    }
}
