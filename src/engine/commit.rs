//! A commit while sessions exist, and what it makes of them (PANOS.md 2.13).
//!
//! New sessions go by the new configuration at once. Those that exist keep the rule that they have; numbers of rules,
//! zones and applications are the old configuration's, and are changed to what has the same name in the new one. A name
//! that is gone is still known, so that it can be shown: see [`World::succeeding`].

use std::sync::Arc;

use super::event::{ActionSource, Event, EventKind, Events, Label, Record};
use super::protection::Protection;
use super::{Firewall, first_packets, has_secure_ports, label, query};
use crate::config::{Renames, World};
use crate::flow::FlowKey;
use crate::policy::Lookup;
use crate::session::{AppState, EndReason, Session, SessionId, Slot, State, Timer};
use crate::time::Timestamp;

/// What a commit has changed, for those who keep numbers of rules, zones or applications.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The configuration before.
    pub old: Arc<World>,
    /// The one after, which still knows the names that are only in the old one.
    pub new: Arc<World>,
    /// The numbers of the old one in the new one.
    pub renames: Renames,
}

impl Firewall {
    /// Puts another configuration in force. Where its `config.rematch` says so, the sessions are evaluated again.
    ///
    /// Events before this one are about the old configuration, those after [`EventKind::Committed`] about the new one:
    /// whoever reads them with names hands them on in between.
    pub fn commit(&mut self, at: Timestamp, world: &World, out: &mut Events) -> Commit {
        self.advance(at, out);
        let old = Arc::clone(&self.world);
        let (new, renames) = world.clone().succeeding(&old);
        let new = Arc::new(new);
        self.world = Arc::clone(&new);
        self.cache.forget_unless(renames.keeps_applications());
        if old.nat.rules() != new.nat.rules() || old.settings.dipp_oversub != new.settings.dipp_oversub {
            self.nat.recommit(&new);
        }
        self.decryption.recommit(&old, &new);
        self.cleartext.recommit(&old, &new);
        // What floods and scans have come to so far is counted anew: zones have other numbers.
        self.protection = Protection::new(new.settings.scan_entries);
        self.pressure.reset(&new.settings);
        for (_, session) in self.table.iter_mut() {
            rename(session, &renames);
        }
        self.streams.rename(&renames);
        self.predictions.rename(&renames);
        out.push(Event { at: self.now, packet: 0, session: None, kind: EventKind::Committed });
        self.weigh(0, out);
        if new.settings.rematch {
            self.rematch(out);
        }
        Commit { old, new, renames }
    }

    /// Looks every session up again, in order of their numbers.
    fn rematch(&mut self, out: &mut Events) {
        let sessions = self.table.iter_from(Slot(0));
        let mut active: Vec<_> = sessions
            .filter(|(_, session)| session.state == State::Active)
            .map(|(slot, session)| (session.id, slot))
            .collect();
        active.sort_unstable();
        let place = |id: SessionId| active.binary_search_by_key(&id, |(id, _)| *id).ok();
        for &(_, slot) in &active {
            // What was announced goes by the rule of its parent, and stays as it is once that is gone.
            let parent = self.table.get(slot).and_then(Session::parent);
            match parent.map(|id| place(id).and_then(|place| active.get(place))) {
                None => self.rematch_one(slot, slot, out),
                Some(Some(&(_, parent))) => self.rematch_one(slot, parent, out),
                Some(None) => {}
            }
        }
    }

    /// Looks a session up by what `asked_by` is: itself, or the one that announced it.
    fn rematch_one(&mut self, slot: Slot, asked_by: Slot, out: &mut Events) {
        let Some(session) = self.table.get(asked_by) else { return };
        let app = match session.app {
            AppState::Known(app) => Some(app),
            AppState::Undecided | AppState::Exhausted => None,
        };
        let mut asked = query(&session.c2s, session.egress(), app, self.now);
        asked.category = self.streams.category(session.stream);
        asked.decrypted = has_secure_ports(session, &self.world);
        let Some(session) = self.table.get_mut(slot) else { return };
        let lookup = self.world.policy.lookup(&asked);
        let (before, id) = (session.rule(), session.id);
        let event = |kind| Event { at: self.now, packet: 0, session: Some(id), kind };
        let asked = out.add_query(asked);
        out.push(event(EventKind::LookedUp { query: asked, lookup }));
        if !lookup.action.is_allow() {
            session.decided = Some(lookup);
            self.block(slot, lookup, out);
            return;
        }
        match session.decided {
            Some(_) => session.decided = Some(lookup),
            None => session.tentative = lookup,
        }
        if lookup.rule != before {
            if session.decided.is_some() {
                session.passed_before = Some(Box::new(session.passed()));
            }
            let record = out.add_record(Record::of(session, label(&self.world, session)));
            out.push(event(EventKind::Rematched { record }));
        }
    }

    /// The session is blocked between two packets: DISCARD, and a `deny` row. Nobody is sent anything.
    fn block(&mut self, slot: Slot, lookup: Lookup, out: &mut Events) {
        let Some(session) = self.table.get_mut(slot) else { return };
        session.discard(EndReason::PolicyDeny, None);
        let mut record = Record::of(session, label(&self.world, session));
        record.action = lookup.action;
        record.action_source = ActionSource::FromPolicy;
        record.reason = Some(EndReason::PolicyDeny);
        record.first_packets = first_packets(session);
        self.streams.release(session.stream.take());
        let record = out.add_record(record);
        let kind = EventKind::Denied { record };
        out.push(Event { at: self.now, packet: 0, session: Some(session.id), kind });
        self.arm(slot, Timer::Discard, 0, out);
    }
}

impl Record {
    /// Gives it the numbers of another configuration.
    pub fn rename(&mut self, renames: &Renames) {
        self.c2s.zone = renames.zone(self.c2s.zone);
        self.s2c.zone = renames.zone(self.s2c.zone);
        self.ingress = renames.interface(self.ingress);
        self.egress = renames.interface(self.egress);
        self.rule = renames.rule(self.rule);
        self.tentative = renames.rule(self.tentative);
        self.decided = self.decided.map(|rule| renames.rule(rule));
        self.nat = self.nat.map(|rule| renames.nat_rule(rule));
        if let Label::App(app) = &mut self.label {
            *app = renames.application(*app);
        }
        if let Some(first) = &mut self.first_packets {
            first.admitted_by = renames.rule(first.admitted_by);
        }
    }
}

/// Gives a session the numbers of the new configuration.
fn rename(session: &mut Session, renames: &Renames) {
    let key = |key: FlowKey| FlowKey { zone: renames.zone(key.zone), ..key };
    let lookup = |lookup: Lookup| Lookup { rule: renames.rule(lookup.rule), ..lookup };
    session.c2s = key(session.c2s);
    session.s2c = key(session.s2c);
    session.tentative = lookup(session.tentative);
    session.decided = session.decided.map(lookup);
    session.nat = session.nat.map(|rule| renames.nat_rule(rule));
    session.ingress_interface = renames.interface(session.ingress_interface);
    session.egress_interface = renames.interface(session.egress_interface);
    if let AppState::Known(app) = session.app {
        session.app = AppState::Known(renames.application(app));
    }
}
