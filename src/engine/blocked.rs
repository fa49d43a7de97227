//! Sources that are blocked for a while: `block-ip` of reconnaissance protection and of security profiles.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow::{Addr, ZoneId};
use crate::time::Timestamp;

/// Whom a block is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Offender {
    /// The zone it comes from.
    pub(super) zone: ZoneId,
    /// Its address.
    pub(super) source: Addr,
    /// Where it may not send; `None` for anywhere.
    pub(super) destination: Option<Addr>,
}

/// Who is blocked, and until when.
#[derive(Debug, Default)]
pub(super) struct Blocked {
    until: BTreeMap<Offender, Timestamp>,
    /// The same, first to end first.
    ends: BTreeSet<(Timestamp, Offender)>,
}

impl Blocked {
    /// Blocks `offender` until `until`, or longer where it is blocked longer already; whether there was room among `most`.
    pub(super) fn insert(
        &mut self,
        offender: Offender,
        now: Timestamp,
        until: Timestamp,
        most: usize,
    ) -> bool {
        while let Some(&(end, over)) = self.ends.first().filter(|(end, _)| *end <= now) {
            self.ends.remove(&(end, over));
            self.until.remove(&over);
        }
        let before = self.until.get(&offender).copied();
        if before.is_none() && self.until.len() >= most {
            return false;
        }
        if let Some(before) = before {
            self.ends.remove(&(before, offender));
        }
        let until = before.map_or(until, |before| before.max(until));
        self.until.insert(offender, until);
        self.ends.insert((until, offender));
        true
    }

    /// Whether a packet from `source` to `destination` that comes in by `zone` at `now` is dropped.
    #[inline]
    pub(super) fn contains(&self, zone: ZoneId, source: Addr, destination: Addr, now: Timestamp) -> bool {
        !self.until.is_empty() && self.is_blocked(zone, source, destination, now)
    }

    #[cold]
    fn is_blocked(&self, zone: ZoneId, source: Addr, destination: Addr, now: Timestamp) -> bool {
        [None, Some(destination)].into_iter().any(|destination| {
            self.until.get(&Offender { zone, source, destination }).is_some_and(|until| *until > now)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_and_make_room() {
        let mut blocked = Blocked::default();
        let addr = |last| Addr::v4([192, 0, 2, last]);
        let offender = |last, destination| Offender { zone: ZoneId(1), source: addr(last), destination };
        let at = Timestamp::from_secs;
        assert!(blocked.insert(offender(1, None), at(0), at(10), 2));
        assert!(blocked.insert(offender(2, Some(addr(9))), at(0), at(20), 2));
        assert!(!blocked.insert(offender(3, None), at(9), at(20), 2), "no room");
        assert!(blocked.insert(offender(1, None), at(1), at(5), 2), "there already, and no shorter for it");
        for (source, destination, zone, now, is) in [
            (1, 8, 1, 9, true),
            (1, 9, 1, 9, true),
            (1, 9, 1, 10, false),
            (1, 9, 2, 9, false),
            (2, 8, 1, 9, false),
            (2, 9, 1, 19, true),
            (2, 9, 1, 20, false),
        ] {
            let found = blocked.contains(ZoneId(zone), addr(source), addr(destination), at(now));
            assert_eq!(found, is, "{source} to {destination} by zone {zone} at {now}");
        }
        assert!(blocked.insert(offender(3, None), at(10), at(20), 2), "the first one's time is over");
        assert_eq!((blocked.until.len(), blocked.ends.len()), (2, 2));
    }
}
