//! Sources that are blocked for a while: `block-ip` of reconnaissance protection and of security profiles.

use std::collections::BTreeMap;

use crate::flow::Addr;
use crate::time::Timestamp;

/// Blocked addresses and until when.
#[derive(Debug, Default)]
pub(super) struct Blocked {
    sources: BTreeMap<Addr, Timestamp>,
}

/// So many sources can be blocked at once (assumed; the vendor's hardware tables differ).
const SOURCES_MAX: usize = 4_096;

impl Blocked {
    #[expect(dead_code, reason = "nothing blocks a source yet")]
    /// Blocks `source` until `until`; whether there was room.
    pub(super) fn insert(&mut self, source: Addr, now: Timestamp, until: Timestamp) -> bool {
        if self.sources.len() >= SOURCES_MAX && !self.sources.contains_key(&source) {
            self.sources.retain(|_, until| *until > now);
            if self.sources.len() >= SOURCES_MAX {
                return false;
            }
        }
        let entry = self.sources.entry(source).or_insert(until);
        *entry = (*entry).max(until);
        true
    }

    /// Whether packets from `source` are dropped at `now`.
    pub(super) fn contains(&self, source: Addr, now: Timestamp) -> bool {
        !self.sources.is_empty() && self.sources.get(&source).is_some_and(|until| *until > now)
    }
}
