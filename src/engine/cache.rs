//! The App-ID cache: what earlier sessions to a server were taken for (PANOS.md 2.11).
//!
//! Firewalls keep it by default and do not go by it: `application.use-cache-for-identification` is off since it was
//! shown, in 2011 and 2012, that whoever talks HTTP to a server often enough may then talk anything to it. Switched on,
//! it lets the first payload of a session be whatever `application.cache-threshold` sessions before it were, without a
//! look at it. Which applications are cached is not documented; assumed: every predefined one that payload has told,
//! and none that was merely unknown.

use hashbrown::HashMap;

use crate::app::AppId;
use crate::flow::{Addr, FlowKey, Protocol};

/// A server's port, as the cache knows it.
type Server = (Addr, u16, Protocol);

/// What sessions to a server were.
#[derive(Debug, Clone, Copy)]
struct Entry {
    app: AppId,
    /// How many in a row were that.
    same: u32,
}

/// What sessions to each server were.
#[derive(Debug, Default)]
pub(super) struct AppCache {
    servers: HashMap<Server, Entry, foldhash::quality::RandomState>,
}

/// So many servers are remembered; later ones are not.
const SERVERS: usize = 1 << 16;

impl AppCache {
    /// The application of `threshold` sessions in a row, the last ones to this server.
    pub(super) fn find(&self, key: &FlowKey, threshold: u64) -> Option<AppId> {
        let entry = self.servers.get(&server(key))?;
        (u64::from(entry.same) >= threshold).then_some(entry.app)
    }

    /// After a commit: what is remembered stands for nothing where applications have other numbers now.
    pub(super) fn forget_unless(&mut self, kept: bool) {
        if !kept {
            self.servers.clear();
        }
    }

    /// Notes what a session was told to be. Whether the cache has no room for it.
    pub(super) fn note(&mut self, key: &FlowKey, app: AppId) -> bool {
        let server = server(key);
        let is_full = self.servers.len() >= SERVERS && !self.servers.contains_key(&server);
        if !is_full {
            let entry = self.servers.entry(server).or_insert(Entry { app, same: 0 });
            let same = if entry.app == app { entry.same.saturating_add(1) } else { 1 };
            *entry = Entry { app, same };
        }
        is_full
    }
}

const fn server(key: &FlowKey) -> Server {
    (key.dst, key.dport, key.protocol)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::ZoneId;

    fn key(server: u16) -> FlowKey {
        let [a, b] = server.to_be_bytes();
        FlowKey {
            src: Addr::v4([10, 0, 0, 1]),
            dst: Addr::v4([198, 51, a, b]),
            sport: 40_000,
            dport: 80,
            protocol: Protocol::TCP,
            zone: ZoneId(0),
        }
    }

    #[test]
    fn as_many_in_a_row_as_the_threshold_says() {
        let mut cache = AppCache::default();
        let mut found = Vec::new();
        for app in [1, 1, 2, 1, 1, 1, 2] {
            cache.note(&key(1), AppId(app));
            found.push(cache.find(&key(1), 3).map(|app| app.0));
        }
        assert_eq!(found, [None, None, None, None, None, Some(1), None]);
        assert_eq!(cache.find(&key(2), 3), None, "another server");
    }

    #[test]
    fn it_has_an_end() {
        let mut cache = AppCache::default();
        assert!((0..=u16::MAX).all(|server| !cache.note(&key(server), AppId(1))));
        let other = FlowKey { dport: 81, ..key(1) };
        assert!(cache.note(&other, AppId(1)), "full");
        assert!(!cache.note(&key(1), AppId(1)), "a server that is known");
        assert_eq!(cache.find(&other, 1), None);
    }
}
