//! A look at the session table from outside.

use super::event::Record;
use super::{Firewall, first_packets, label};
use crate::session::{AppState, SessionId, Slot, Timer};
use crate::time::{Span, Timestamp};

/// A session as it stands in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What a log row would say of it now.
    pub record: Record,
    /// How far App-ID has come.
    pub app: AppState,
    /// Whether payload is still read.
    pub is_read: bool,
    /// Which timer runs.
    pub timer: Timer,
    /// How long that is.
    pub timeout: Span,
    /// How much of it is left.
    pub left: Span,
}

impl Firewall {
    /// The time it has come to.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// How many sessions were set up so far.
    pub const fn created_sessions(&self) -> u64 {
        self.created
    }

    /// Every session in the table, in order of their numbers. Takes memory and time in proportion to them: for looking
    /// at the table once, not for every packet.
    pub fn sessions(&self) -> impl Iterator<Item = Standing> {
        let mut all: Vec<(SessionId, Slot)> =
            self.table.iter_from(Slot(0)).map(|(slot, session)| (session.id, slot)).collect();
        all.sort_unstable();
        all.into_iter().filter_map(|(_, slot)| self.standing(slot))
    }

    fn standing(&self, slot: Slot) -> Option<Standing> {
        let session = self.table.get(slot)?;
        let mut record = Record::of(session, label(&self.world, session));
        record.first_packets = first_packets(session);
        // What ends it otherwise is not settled before it ends.
        record.reason = session.causes.logged_at_once();
        Some(Standing {
            record,
            app: session.app,
            is_read: session.stream.is_some() || !matches!(session.app, AppState::Known(_)),
            timer: session.timer,
            timeout: Span::from_secs(u64::from(session.timeout)),
            left: session.expires.since(self.now),
        })
    }
}
