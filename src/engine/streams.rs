//! The bytes of sessions that App-ID looks at: buffers that are used again and again, and how much may wait in them.

use std::num::NonZeroU32;

use super::appid::Piece;
use crate::app::Candidates;
use crate::config::{Renames, Settings};
use crate::flow::Protocol;
use crate::policy::CategorySet;
use crate::session::{Stream, StreamError};

/// Buffers for sessions whose bytes somebody wants. Sessions hold their numbers, counted from 1.
#[derive(Debug, Default)]
pub(super) struct Streams {
    pool: Vec<Stream>,
    free: Vec<NonZeroU32>,
    /// Memory for heads that streams have let go.
    spare: Vec<[Vec<u8>; 2]>,
    /// Out-of-order segments that wait in all of them.
    waiting: usize,
}

/// So much unused memory of heads is kept for others.
const SPARE_MAX: usize = 64;

impl Streams {
    /// The stream at `index`; a new one, with `candidates`, where there is none yet.
    pub(super) fn get_or_add(
        &mut self,
        index: &mut Option<NonZeroU32>,
        candidates: impl FnOnce() -> Candidates,
    ) -> Option<&mut Stream> {
        if index.is_none() {
            match self.free.pop() {
                Some(free) => {
                    *index = Some(free);
                    self.pool.get_mut(free.get() as usize - 1)?.reset(candidates());
                }
                None => {
                    self.pool.push(Stream::new(candidates()));
                    *index = u32::try_from(self.pool.len()).ok().and_then(NonZeroU32::new);
                }
            }
        }
        let stream = self.pool.get_mut((*index)?.get() as usize - 1)?;
        if stream.heads.iter().all(|head| head.capacity() == 0)
            && let Some(heads) = self.spare.pop()
        {
            stream.heads = heads;
        }
        Some(stream)
    }

    /// Puts a piece with the others of its session; whether bytes have come into order. Where a session `gives_up` gaps,
    /// as those whose sequence numbers are not inspected do, too many segments behind one close it.
    ///
    /// # Errors
    /// Where as many segments wait for missing ones as may wait in a session, or in all of them.
    pub(super) fn keep(
        &mut self,
        settings: &Settings,
        index: Option<NonZeroU32>,
        (protocol, gives_up): (Protocol, bool),
        piece: Piece<'_>,
    ) -> Result<bool, StreamError> {
        let total = usize::try_from(settings.out_of_order_total).unwrap_or(usize::MAX);
        let room = total.saturating_sub(self.waiting);
        let Some(stream) = index.and_then(|index| self.pool.get_mut(index.get() as usize - 1)) else {
            return Ok(false);
        };
        if protocol == Protocol::UDP {
            stream.push_datagram(piece.direction, piece.payload.bytes);
            return Ok(true);
        }
        stream.expect(piece.direction, piece.expected);
        let (before, limit) = (stream.waiting(), settings.out_of_order_limit());
        let result = match stream.push_segment(piece.chunk(), limit.min(before + room)) {
            Err(_) if gives_up || settings.tcp_bypass_exceed_oo_queue => Ok(stream.skip_gap()),
            Err(_) if before < limit => Err(StreamError::OutOfOrderTotal),
            result => result,
        };
        self.waiting = self.waiting + stream.waiting() - before;
        result
    }

    /// Takes the memory of heads that nobody will look at again, for others to use.
    pub(super) fn park(&mut self, index: Option<NonZeroU32>) {
        let Some(stream) = self.get_mut(index) else { return };
        stream.forget_heads();
        let heads = std::mem::take(&mut stream.heads);
        if self.spare.len() < SPARE_MAX && heads.iter().any(|head| head.capacity() > 0) {
            self.spare.push(heads);
        }
    }

    pub(super) fn get_mut(&mut self, index: Option<NonZeroU32>) -> Option<&mut Stream> {
        self.pool.get_mut(index?.get() as usize - 1)
    }

    pub(super) fn release(&mut self, index: Option<NonZeroU32>) {
        if let Some(stream) = self.get_mut(index) {
            stream.inspection = None;
            stream.listener = None;
            let waited = stream.forget_waiting();
            self.waiting -= waited;
        }
        self.free.extend(index);
    }

    /// The URL categories of a session's host, where they are known.
    pub(super) fn category(&self, index: Option<NonZeroU32>) -> Option<CategorySet> {
        self.pool.get(index?.get() as usize - 1)?.category
    }

    /// Gives all streams the numbers of another configuration. What signatures have seen so far is forgotten: those of
    /// the new configuration look at sessions from then on.
    pub(super) fn rename(&mut self, renames: &Renames) {
        for stream in &mut self.pool {
            stream.passed.iter_mut().for_each(|app| *app = renames.application(*app));
            stream.category = stream.category.map(|set| renames.categories(set));
            if renames.has_other_signatures() {
                stream.watch = None;
            }
        }
    }
}

#[cfg(test)]
impl Streams {
    /// How many buffers there are.
    pub(super) const fn len(&self) -> usize {
        self.pool.len()
    }
}
