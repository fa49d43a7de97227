//! Predict sessions: connections that control connections have announced, until they come (PANOS.md 7).
//!
//! They are looked for once a packet is in no session's flow, before the policy is. The first packet that fits makes a
//! session of one, under the rule of the session that it was announced in.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use super::event::{Event, EventKind, Events};
use super::nat::Translation;
use super::slow::Way;
use super::verdict::DropReason;
use super::{Firewall, Judgement, query};
use crate::app::AppId;
use crate::config::Renames;
use crate::feature::nat::{Lease, NatRuleId};
use crate::flow::{Addr, Direction, FlowKey, Protocol, ZoneId};
use crate::packet::Packet;
use crate::policy::Lookup;
use crate::session::{SessionId, Side, Slot, State};
use crate::time::Timestamp;

/// A connection that has been announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prediction {
    /// Its number: that of the session it becomes, unless several may come of it.
    pub id: SessionId,
    /// The session that it was announced in.
    pub parent: SessionId,
    /// Which side of that has announced it.
    pub triggered_by: Direction,
    /// What has announced it, for people.
    pub what: &'static str,
    /// What it will be.
    pub app: AppId,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Address of who will open it, before NAT and after; `None` is anybody.
    pub src: Option<[Addr; 2]>,
    /// Where it will go to, before NAT and after.
    pub dst: [(Addr, u16); 2],
    /// Zone that it will come in by; `None` is any.
    pub from: Option<ZoneId>,
    /// Zone that it will leave by.
    pub to: ZoneId,
    /// The lookup that governs its parent: the last one known.
    pub lookup: Lookup,
    /// When it was installed.
    pub since: Timestamp,
    /// When it is given up.
    pub expires: Timestamp,
    /// Whether several sessions may come of it.
    pub repeats: bool,
    /// Whether one has.
    pub matched: bool,
}

impl Prediction {
    /// Which side of its parent has announced it, as PAN-OS says it.
    pub const fn side(&self) -> &'static str {
        match self.triggered_by {
            Direction::ClientToServer => "client",
            Direction::ServerToClient => "server",
        }
    }
}

/// What NAT does to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nat {
    pub(super) rule: NatRuleId,
    /// The port that was set aside for it.
    pub(super) lease: Option<Lease>,
    /// Whether the rule translates the source of whoever opens it.
    pub(super) by_rule: bool,
}

#[derive(Debug)]
struct Entry {
    prediction: Prediction,
    /// Where its parent was.
    parent: Slot,
    nat: Option<Nat>,
}

/// What predictions are found by.
type Place = (Protocol, Addr, u16);

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Predictions {
    entries: BTreeMap<SessionId, Entry>,
    places: HashMap<Place, Vec<SessionId>, foldhash::quality::RandomState>,
    expiring: BTreeSet<(Timestamp, SessionId)>,
    /// How many each session has, by its number.
    of_parents: HashMap<SessionId, u64, foldhash::quality::RandomState>,
}

impl Predictions {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// When the next one is to be given up.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.expiring.first().map(|(when, _)| *when)
    }

    /// How many the session with this number has.
    pub(super) fn of_parent(&self, parent: SessionId) -> u64 {
        self.of_parents.get(&parent).copied().unwrap_or_default()
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Prediction> {
        self.entries.get(&id).map(|entry| &entry.prediction)
    }

    /// In order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Prediction> {
        self.entries.values().map(|entry| &entry.prediction)
    }

    /// The one that says the same as `prediction` and has not come yet; its time begins anew.
    pub(super) fn renew(&mut self, prediction: &Prediction) -> Option<Prediction> {
        let [_, real] = prediction.dst;
        let ids = self.places.get(&(prediction.protocol, real.0, real.1))?;
        let of = |one: &Prediction| (one.parent, one.src, one.dst[1], one.app);
        let same = ids
            .iter()
            .find(|id| self.entries.get(*id).is_some_and(|entry| of(&entry.prediction) == of(prediction)));
        let known = &mut self.entries.get_mut(&same.copied()?)?.prediction;
        self.expiring.remove(&(known.expires, known.id));
        known.expires = prediction.expires;
        self.expiring.insert((known.expires, known.id));
        Some(*known)
    }

    pub(super) fn add(&mut self, prediction: Prediction, parent: Slot, nat: Option<Nat>) {
        for (addr, port) in places(&prediction) {
            self.places.entry((prediction.protocol, addr, port)).or_default().push(prediction.id);
        }
        self.expiring.insert((prediction.expires, prediction.id));
        *self.of_parents.entry(prediction.parent).or_default() += 1;
        self.entries.insert(prediction.id, Entry { prediction, parent, nat });
    }

    /// Its endpoint is seen by the others as `shown`.
    pub(super) fn move_to(&mut self, id: SessionId, shown: (Addr, u16)) {
        let Some(mut entry) = self.remove(id) else { return };
        entry.prediction.dst[0] = shown;
        self.add(entry.prediction, entry.parent, entry.nat);
    }

    fn remove(&mut self, id: SessionId) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        let prediction = &entry.prediction;
        for (addr, port) in places(prediction) {
            let place = (prediction.protocol, addr, port);
            if let Some(ids) = self.places.get_mut(&place) {
                ids.retain(|other| *other != id);
                if ids.is_empty() {
                    self.places.remove(&place);
                }
            }
        }
        self.expiring.remove(&(prediction.expires, id));
        if let Some(count) = self.of_parents.get_mut(&prediction.parent) {
            *count -= 1;
            if *count == 0 {
                self.of_parents.remove(&prediction.parent);
            }
        }
        Some(entry)
    }

    /// What a side of a session has announced, itself, that its peer sees at this address and port.
    pub(super) fn announced(
        &self,
        parent: SessionId,
        by: Direction,
        shown: (Addr, u16),
    ) -> Option<(Addr, u16)> {
        let mut ids = [Protocol::UDP, Protocol::TCP]
            .into_iter()
            .filter_map(|protocol| self.places.get(&(protocol, shown.0, shown.1)))
            .flatten();
        ids.find_map(|id| {
            let prediction = self.get(*id)?;
            let is_of_it = prediction.parent == parent && prediction.triggered_by == by;
            let [received, real] = prediction.dst;
            (is_of_it && received == shown && received != real).then_some(real)
        })
    }

    /// The first one that a packet with this key fits, and the side of NAT that it was captured on.
    fn find(&self, key: &FlowKey) -> Option<(SessionId, Side)> {
        let ids = self.places.get(&(key.protocol, key.dst, key.dport))?;
        ids.iter().find_map(|id| {
            let Prediction { src, dst, from, .. } = self.entries.get(id)?.prediction;
            let fits =
                |side: usize| dst[side] == (key.dst, key.dport) && src.is_none_or(|src| src[side] == key.src);
            if fits(0) && from.is_none_or(|from| from == key.zone) {
                Some((*id, Side::Received))
            } else if dst[0] != dst[1] && fits(1) {
                Some((*id, Side::Transmitted))
            } else {
                None
            }
        })
    }

    /// Another configuration is in force.
    pub(super) fn rename(&mut self, renames: &Renames) {
        for Entry { prediction, nat, .. } in self.entries.values_mut() {
            prediction.app = renames.application(prediction.app);
            prediction.from = prediction.from.map(|zone| renames.zone(zone));
            prediction.to = renames.zone(prediction.to);
            prediction.lookup.rule = renames.rule(prediction.lookup.rule);
            if let Some(nat) = nat {
                nat.rule = renames.nat_rule(nat.rule);
            }
        }
    }
}

/// Where it is looked for: on both sides of NAT.
fn places(prediction: &Prediction) -> impl Iterator<Item = (Addr, u16)> {
    let [before, after] = prediction.dst;
    std::iter::once(before).chain((after != before).then_some(after))
}

impl Firewall {
    /// Predict sessions, in order of their numbers.
    pub fn predictions(&self) -> impl Iterator<Item = &Prediction> {
        self.predictions.iter()
    }

    /// Gives up the prediction that is due next.
    pub(super) fn give_up_prediction(&mut self, out: &mut Events) {
        let Some(&(when, id)) = self.predictions.expiring.first() else { return };
        self.now = self.now.max(when);
        let Some(entry) = self.predictions.remove(id) else { return };
        self.give_back(entry.nat.and_then(|nat| nat.lease));
        let prediction = out.add_prediction(entry.prediction);
        out.push(Event {
            at: self.now,
            packet: 0,
            session: Some(entry.prediction.parent),
            kind: EventKind::PredictionExpired { prediction },
        });
    }

    /// A packet without session that fits a prediction: a session of its own. `None` where it fits none.
    pub(super) fn predicted(
        &mut self,
        packet: &Packet<'_>,
        key: &FlowKey,
        out: &mut Events,
    ) -> Option<Judgement> {
        let (id, side) = self.predictions.find(key)?;
        let entry = self.predictions.entries.get_mut(&id)?;
        let parent = self.table.get(entry.parent).filter(|session| session.id == entry.prediction.parent);
        // What was announced in a session that is blocked by now does not come.
        if parent.is_some_and(|session| session.state == State::Discard) {
            return None;
        }
        entry.prediction.matched = true;
        if let Some(parent) = parent {
            entry.prediction.lookup = parent.lookup();
        }
        let (prediction, nat) = (entry.prediction, entry.nat);
        if !prediction.repeats {
            self.predictions.remove(id);
        }
        let matched = EventKind::Matched { prediction: out.add_prediction(prediction), side };
        out.push(Event { at: self.now, packet: packet.number, session: None, kind: matched });
        Some(match self.begin_predicted(packet, key, side, &prediction, nat, out) {
            Ok(slot) => self.inspect(slot, Direction::ClientToServer, packet, true, out),
            Err(judgement) => judgement,
        })
    }

    /// Sets the session up.
    fn begin_predicted(
        &mut self,
        packet: &Packet<'_>,
        key: &FlowKey,
        side: Side,
        prediction: &Prediction,
        nat: Option<Nat>,
        out: &mut Events,
    ) -> Result<Slot, Judgement> {
        let (c2s, translation) = self.keys(key, side, prediction, nat)?;
        let ways = self.world.network.ingress(packet.arrival, c2s.src, c2s.dst).map_err(DropReason::from);
        let ways = ways.and_then(|from| {
            Ok((from, self.world.network.egress(&from, translation.key.dst).map_err(DropReason::from)?))
        });
        let (from, to) = ways.map_err(|reason| {
            self.untranslate(&translation);
            Judgement::drop(reason)
        })?;
        let way = Way { from, to, key: c2s, s2c: translation.key.reply(to.zone) };
        let at = self.now;
        out.push(Event {
            at,
            packet: packet.number,
            session: None,
            kind: EventKind::Routed { ingress: from, egress: to },
        });
        let query = query(&c2s, to.zone, Some(self.shown_as(prediction.app)), self.now);
        let mut session = self.new_session(packet, &way, &query, prediction.lookup);
        session.sides[0] = Some(side);
        if !prediction.repeats {
            session.id = prediction.id;
        }
        session.set_parent(prediction.parent);
        let hash = self.table.hash(&c2s);
        let slot = self.install(session, hash, &translation, packet, out)?;
        if prediction.repeats {
            self.numbered += 1;
        }
        self.announce(slot, packet, out);
        self.begin_listening(slot, prediction.app);
        Ok(slot)
    }

    /// The key of its packets from the client as they are received, and what NAT makes of it.
    fn keys(
        &mut self,
        key: &FlowKey,
        side: Side,
        prediction: &Prediction,
        nat: Option<Nat>,
    ) -> Result<(FlowKey, Translation), Judgement> {
        let Prediction { src, dst, from, .. } = *prediction;
        let lease = nat.and_then(|nat| nat.lease).filter(|_| !prediction.repeats);
        if side == Side::Transmitted {
            let src = src.map_or(key.src, |src| src[0]);
            let (dst, dport) = dst[0];
            let c2s = FlowKey { src, dst, dport, zone: from.unwrap_or(key.zone), ..*key };
            return Ok((c2s, Translation::new(*key, nat.map(|nat| nat.rule), lease)));
        }
        let (to, dport) = dst[1];
        let src = src.map_or(key.src, |src| src[1]);
        let translated = FlowKey { src, dst: to, dport, ..*key };
        let rule = nat.filter(|nat| nat.by_rule).map(|nat| nat.rule);
        let Some(rule) = rule else {
            return Ok((*key, Translation::new(translated, nat.map(|nat| nat.rule), lease)));
        };
        let original = FlowKey { src: key.src, ..translated };
        match self.translate_source(rule, &original) {
            Some(translation) => Ok((*key, translation)),
            None => Err(Judgement::drop(DropReason::NatExhausted)),
        }
    }
}
