//! Finds the packets of one capture again in another.

use std::collections::{HashMap, VecDeque};

use super::mark::{Ends, Mark};
use crate::time::Span;

/// A packet is not seen before it came in, but clocks of captures may be a little apart.
const EARLIER: Span = Span::from_secs(1);
/// It does not stay inside for longer.
const LATER: Span = Span::from_secs(10);
/// So many packets of the same content are looked at for each.
const CANDIDATES: usize = 64;

/// Which packet of a stage is which that came in.
#[derive(Debug, Clone, Default)]
pub struct Pairs {
    /// For each packet that came in, its place in the stage.
    pub of: Vec<Option<usize>>,
    /// The places of the others, in order.
    pub others: Vec<usize>,
}

impl Pairs {
    /// Pairs each of `received` with the packet of `stage` that has the same content and is most like it: by the
    /// identification first, then by ends as `expected` (what is known of NAT) or as they came in, then by order.
    pub fn find(received: &[Mark], expected: &[Ends], stage: &[Mark]) -> Self {
        let mut by_content: HashMap<u64, VecDeque<usize>> = HashMap::new();
        for (place, mark) in stage.iter().enumerate() {
            by_content.entry(mark.content).or_default().push_back(place);
        }
        let mut search = Search { received, expected, stage, by_content, of: vec![None; received.len()] };
        let (found, possible) = search.pass(true);
        // Where identifications are not kept they tell nothing; where they are, another one is another packet.
        if found * 2 < possible {
            search.pass(false);
        } else {
            search.pass_without_id();
        }
        let mut taken = vec![false; stage.len()];
        for &place in search.of.iter().flatten() {
            if let Some(taken) = taken.get_mut(place) {
                *taken = true;
            }
        }
        let others = taken.iter().enumerate().filter(|(_, taken)| !**taken).map(|(place, _)| place).collect();
        Self { of: search.of, others }
    }
}

struct Search<'a> {
    received: &'a [Mark],
    expected: &'a [Ends],
    stage: &'a [Mark],
    /// Places in `stage` that are not taken, in order.
    by_content: HashMap<u64, VecDeque<usize>>,
    of: Vec<Option<usize>>,
}

impl Search<'_> {
    /// Pairs what it can of what has no pair; how many that were, of how many with IPv4 candidates.
    fn pass(&mut self, same_id: bool) -> (usize, usize) {
        let (mut found, mut possible) = (0, 0);
        for index in 0..self.received.len() {
            let Some(mark) = self.received.get(index).copied() else { break };
            if self.of.get(index).copied().flatten().is_some() || same_id && mark.id.is_none() {
                continue;
            }
            let free = self.by_content.get(&mark.content).is_some_and(|free| !free.is_empty());
            possible += usize::from(free);
            found += usize::from(self.pair(index, &mark, same_id));
        }
        (found, possible)
    }

    fn pass_without_id(&mut self) {
        for index in 0..self.received.len() {
            if let Some(mark) = self.received.get(index).copied().filter(|mark| mark.id.is_none()) {
                self.pair(index, &mark, false);
            }
        }
    }

    fn pair(&mut self, index: usize, mark: &Mark, same_id: bool) -> bool {
        let Some(free) = self.by_content.get_mut(&mark.content) else { return false };
        // What is too early for this one is passed over at once.
        let early = |place: &usize| self.stage.get(*place).is_none_or(|other| other.at + EARLIER < mark.at);
        let start = free.partition_point(early);
        let expected = self.expected.get(index).unwrap_or(&mark.ends);
        let likeness = |place: usize| {
            let other = self.stage.get(place)?;
            let in_time = other.at + EARLIER >= mark.at && other.at <= mark.at + LATER;
            let fits = in_time && (!same_id || other.id == mark.id);
            fits.then(|| (expected.common(&other.ends) * 2 + mark.ends.common(&other.ends), place))
        };
        let mut best: Option<(u32, usize, usize)> = None;
        for (nth, &place) in free.iter().enumerate().skip(start).take(CANDIDATES) {
            if let Some((score, place)) = likeness(place)
                && best.is_none_or(|(most, ..)| score > most)
            {
                best = Some((score, nth, place));
            }
        }
        let Some((_, nth, place)) = best else { return false };
        free.remove(nth);
        if let Some(slot) = self.of.get_mut(index) {
            *slot = Some(place);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::mark::Shape;
    use super::*;
    use crate::flow::Addr;
    use crate::time::Timestamp;

    /// A packet at a second, of a content and an identification.
    fn mark(secs: u64, content: u64, id: u16, host: u8) -> Mark {
        let ends =
            Ends { src: Addr::v4([10, 0, 0, host]), sport: 1, dst: Addr::v4([192, 0, 2, 1]), dport: 2 };
        let id = Some(id).filter(|&id| id != 0);
        Mark { at: Timestamp::from_secs(secs), number: 0, content, id, ends, shape: Shape::Unread }
    }

    fn pairs(received: &[Mark], stage: &[Mark]) -> Vec<Option<usize>> {
        let expected: Vec<Ends> = received.iter().map(|mark| mark.ends).collect();
        Pairs::find(received, &expected, stage).of
    }

    #[test]
    fn a_retransmission_is_told_by_its_identification() {
        let received = [mark(1, 7, 100, 1), mark(2, 7, 101, 1), mark(3, 8, 102, 1)];
        let stage = [mark(2, 7, 101, 1), mark(3, 8, 102, 1)];
        assert_eq!(pairs(&received, &stage), [None, Some(0), Some(1)]);
    }

    #[test]
    fn identifications_that_are_not_kept_tell_nothing() {
        let received = [mark(1, 7, 100, 1), mark(2, 8, 101, 1), mark(3, 9, 102, 1)];
        let stage = [mark(1, 7, 1, 1), mark(2, 8, 2, 1), mark(3, 9, 3, 1)];
        assert_eq!(pairs(&received, &stage), [Some(0), Some(1), Some(2)]);
    }

    #[test]
    fn duplicates_pair_in_order_and_hosts_by_their_addresses() {
        let received = [mark(1, 7, 0, 1), mark(1, 7, 0, 2), mark(2, 7, 0, 1)];
        let stage = [mark(1, 7, 0, 2), mark(1, 7, 0, 1), mark(2, 7, 0, 1)];
        assert_eq!(pairs(&received, &stage), [Some(1), Some(0), Some(2)]);
    }

    #[test]
    fn what_is_too_far_apart_is_another_packet() {
        let stage = [mark(60, 7, 5, 1)];
        let pairs = Pairs::find(&[mark(1, 7, 5, 1)], &[], &stage);
        assert_eq!((pairs.of, pairs.others), (vec![None], vec![0]));
    }
}
