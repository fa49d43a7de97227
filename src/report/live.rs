//! What the traffic log remembers of sessions that have not ended.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::order::Place;
use super::row::Application;
use crate::config::Renames;
use crate::session::SessionId;
use crate::time::Timestamp;

/// The sessions that have not ended, and the applications of those that have any.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// One bit per session, by session number / 64. A word goes when its last session does.
    words: BTreeMap<u64, Word>,
    applications: HashMap<SessionId, Vec<Application>, foldhash::quality::RandomState>,
}

/// Up to 64 sessions that follow each other.
#[derive(Debug)]
struct Word {
    bits: u64,
    /// When the first of them started.
    started: Timestamp,
}

impl Live {
    /// A session has started. They come in order of time, and of their numbers but for those that were predicted.
    pub(super) fn insert(&mut self, SessionId(id): SessionId, started: Timestamp) {
        let word = id / 64;
        // No word begins later than those after it.
        let later = || self.words.range(word + 1..).next().map_or(started, |(_, later)| later.started);
        let first = if self.words.contains_key(&word) { started } else { later().min(started) };
        self.words.entry(word).or_insert(Word { bits: 0, started: first }).bits |= 1 << (id % 64);
    }

    /// A session has ended.
    pub(super) fn remove(&mut self, id: SessionId) {
        let SessionId(number) = id;
        if let Some(word) = self.words.get_mut(&(number / 64)) {
            word.bits &= !(1 << (number % 64));
            if word.bits == 0 {
                self.words.remove(&(number / 64));
            }
        }
        self.applications.remove(&id);
    }

    /// App-ID has come to an application.
    pub(super) fn identified(&mut self, id: SessionId, application: Application) {
        self.applications.entry(id).or_default().push(application);
    }

    /// The application that App-ID came to last.
    pub(super) fn last_application(&mut self, id: SessionId) -> Option<&mut Application> {
        self.applications.get_mut(&id)?.last_mut()
    }

    /// Every application that App-ID came to.
    pub(super) fn applications(&self, id: SessionId) -> &[Application] {
        self.applications.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Other numbers stand for the rules and applications.
    pub(super) fn rename(&mut self, renames: &Renames) {
        for application in self.applications.values_mut().flatten() {
            application.app = renames.application(application.app);
            if let Some(lookup) = &mut application.lookup {
                lookup.rule = renames.rule(lookup.rule);
            }
        }
    }

    /// No session that has not ended is placed before this.
    pub(super) fn first(&self) -> Option<Place> {
        let (number, word) = self.words.first_key_value()?;
        Some((word.started, number * 64 + u64::from(word.bits.trailing_zeros())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The first place is never after any live session's, and nothing is left when all have ended.
        #[test]
        fn knows_the_first(steps in proptest::collection::vec((0u64..3, any::<prop::sample::Index>()), 1..300)) {
            let mut live = Live::default();
            let mut places: Vec<Place> = Vec::new();
            let mut now = 0;
            for (number, (passes, end)) in (1u64..).zip(steps) {
                now += passes;
                let at = Timestamp::from_nanos(now);
                live.insert(SessionId(number), at);
                places.push((at, number));
                if number % 3 != 0 {
                    let (_, id) = places.remove(end.index(places.len()));
                    live.remove(SessionId(id));
                }
                prop_assert!(live.first() <= places.first().copied());
                prop_assert_eq!(live.first().map(|(_, id)| id), places.first().map(|&(_, id)| id));
            }
            for (_, id) in places {
                live.remove(SessionId(id));
            }
            prop_assert_eq!(live.first(), None);
            prop_assert!(live.words.is_empty());
        }
    }
}
