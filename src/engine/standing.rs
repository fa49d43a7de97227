//! A look at the session table from outside.

use super::event::{ActionSource, Label, Record};
use super::predict::Prediction;
use super::{Firewall, first_packets, label};
use crate::feature::host_service::HostAccess;
use crate::flow::{Addr, FlowKey};
use crate::session::{AppState, Counts, History, Passed, SessionId, Slot, State, Timer};
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
    /// What it is where it is a predict session: what is not known yet is 0 in its record (PANOS.md 7).
    pub predicted: Option<Prediction>,
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

    /// Every session in the table and every predict session, in order of their numbers. Takes memory and time in proportion to them: for looking
    /// at the table once, not for every packet.
    pub fn sessions(&self) -> impl Iterator<Item = Standing> {
        let table = self.table.iter_from(Slot(0)).map(|(slot, session)| (session.id, Some(slot)));
        let mut all: Vec<_> = table.chain(self.predictions().map(|one| (one.id, None))).collect();
        all.sort_unstable();
        all.into_iter().filter_map(|(id, slot)| match slot {
            Some(slot) => self.standing(slot),
            None => self.waiting(id),
        })
    }

    fn waiting(&self, id: SessionId) -> Option<Standing> {
        let prediction = *self.predictions.get(id)?;
        let Prediction { dst: [dst, real], protocol, from, to, .. } = prediction;
        let none = if dst.0.is_v4() { Addr::v4([0; 4]) } else { Addr::v6([0; 16]) };
        let [src, shown] = prediction.src.unwrap_or([none; 2]);
        let c2s =
            FlowKey { src, dst: dst.0, sport: 0, dport: dst.1, protocol, zone: from.unwrap_or_default() };
        let s2c = FlowKey { src: real.0, dst: shown, sport: real.1, dport: 0, protocol, zone: to };
        let record = Record::predicted(&prediction, c2s, s2c);
        Some(Standing {
            record,
            app: AppState::Known(prediction.app),
            is_read: false,
            timer: Timer::Default,
            timeout: prediction.expires.since(prediction.since),
            left: prediction.expires.since(self.now),
            predicted: Some(prediction),
        })
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
            predicted: None,
        })
    }
}

impl Record {
    /// A predict session: nothing has come yet.
    fn predicted(prediction: &Prediction, c2s: FlowKey, s2c: FlowKey) -> Self {
        let Prediction { id, parent, app, lookup, since, .. } = *prediction;
        Self {
            id: Some(id),
            parent: Some(parent),
            c2s,
            s2c,
            ingress: None,
            egress: None,
            rule: lookup.rule,
            tentative: lookup.rule,
            decided: Some(lookup.rule),
            label: Label::App(app),
            action: lookup.action,
            action_source: ActionSource::FromPolicy,
            counts: Counts::default(),
            passed: Passed::default(),
            started: since,
            last: since,
            nat: None,
            sides: [None; 2],
            reason: None,
            state: State::Active,
            host: HostAccess::None,
            open: true,
            history: History::default(),
            cut: false,
            url_denied: false,
            decrypted: false,
            first_packets: None,
            first_packet: 0,
            last_packet: 0,
        }
    }
}
