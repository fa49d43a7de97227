//! Decryption in time: what the handshakes of TLS and SSH sessions that the decryption policy looks at show, and what
//! comes of it (PANOS.md 8).

use hashbrown::HashMap;

use super::appid::Piece;
use super::event::{ActionSource, DecryptionStep, Event, EventKind, Events, Limit, Record};
use super::exclusions::{Exclusions, Server};
use super::verdict::{DropReason, Verdict};
use super::{Firewall, Judgement, first_packets, label, query};
use crate::app::ssh_opening::Opening;
use crate::app::tls::{ClientOffer, Handshake, certificate, handshake, released};
use crate::config::{PanosVersion, World};
use crate::feature::decryption::{
    DecryptionAction, Failure, Note, Refusal, Section, about_chain, is_excluded,
};
use crate::flow::{Direction, Protocol};
use crate::packet::Packet;
use crate::policy::{Action, CategorySet, Query};
use crate::session::{EndReason, Slot, Stream, Timer};
use crate::time::Span;

/// The handshakes that are looked at.
#[derive(Debug, Default)]
pub(super) struct Decryption {
    /// Servers that are left alone.
    exclusions: Exclusions,
    sessions: HashMap<Slot, Box<Inspection>, foldhash::quality::RandomState>,
}

/// One handshake, as long as it is in the clear.
#[derive(Debug)]
struct Inspection {
    /// The decryption rule, by number.
    rule: usize,
    stream: Stream,
    /// How much each side has shown that was looked at.
    seen: [usize; 2],
    /// What the client offers, once it is known.
    offer: Option<ClientOffer>,
    /// What has been noted.
    noted: Vec<Note>,
}

/// How an identification of SSH begins (RFC 4253, 4.2).
const SSH: &[u8] = b"SSH-";

/// TLS 1.3.
const VERSION_1_3: u16 = 0x0304;

/// A record of TLS that holds a handshake begins with these two bytes (RFC 8446, 5.1).
const TLS: [u8; 2] = [0x16, 0x03];

impl Decryption {
    /// Whether a session's handshake is looked at.
    pub(super) fn is_used(&self, slot: Slot) -> bool {
        !self.sessions.is_empty() && self.sessions.contains_key(&slot)
    }

    /// Another configuration is in force: rules are found again by their names. Where one is gone, nobody looks at the
    /// handshakes that it had looked at any more. Other rules or profiles empty the exclusion cache (assumed).
    pub(super) fn recommit(&mut self, old: &World, new: &World) {
        let rules = new.decryption.rules();
        if old.decryption.rules() != rules {
            self.exclusions.clear();
        }
        self.sessions.retain(|_, inspection| {
            let before = old.decryption.rules().get(inspection.rule);
            let name = before.map(|rule| &rule.matches.name);
            let place = rules.iter().position(|rule| Some(&rule.matches.name) == name);
            inspection.rule = place.unwrap_or_default();
            place.is_some()
        });
    }

    /// Nobody looks at it any more.
    pub(super) fn forget(&mut self, slot: Slot) {
        if !self.sessions.is_empty() {
            self.sessions.remove(&slot);
        }
    }
}

impl Firewall {
    /// A session's first application is known and allowed: the decryption policy, where it speaks TLS or SSH. `None` where
    /// the packet may go on.
    pub(super) fn begin_decryption(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        category: Option<CategorySet>,
        out: &mut Events,
    ) -> Option<Judgement> {
        if self.world.decryption.rules().is_empty() {
            return None;
        }
        let session = self.table.get(slot).filter(|session| session.c2s.protocol == Protocol::TCP)?;
        let server = (session.s2c.src, session.s2c.sport);
        let query = Query { category, ..query(&session.c2s, session.egress(), None, self.now) };
        let next = Direction::BOTH.map(|side| session.tcp.next(side));
        let heads = self.heads(slot, piece);
        let is_ssh = heads.iter().any(|head| head.starts_with(SSH));
        if !is_ssh && !heads[0].starts_with(&TLS) {
            return None;
        }
        let rule = self.world.decryption.lookup(&query)?;
        let said = self.world.decryption.rules().get(rule)?;
        // A rule for another protocol has nothing to say of it.
        if is_ssh != (said.section() == Section::SshProxy) {
            return None;
        }
        let decrypts = said.action == DecryptionAction::Decrypt;
        let is_looked_at = decrypts || said.looks_at_certificates();
        let offer = ClientOffer::read(&heads[0]);
        let asked = offer.as_ref().and_then(|offer| offer.server_name.as_deref());
        let is_listed = asked.is_some_and(|name| is_excluded(&self.world.ssl_exclude, name));
        let step = match decrypts {
            true if is_listed => DecryptionStep::Listed,
            true if self.decryption.exclusions.holds(server, self.now) => DecryptionStep::Cached,
            true => DecryptionStep::Begins,
            false => DecryptionStep::NoDecrypt,
        };
        self.say(slot, packet, rule, step, out);
        if !is_looked_at || matches!(step, DecryptionStep::Cached | DecryptionStep::Listed) {
            return None;
        }
        if decrypts && !is_ssh {
            self.begin_cleartext(slot, rule, &heads, next);
        }
        let stream = Stream::resume(self.world.identifier.start(Protocol::TCP), heads, next);
        self.decryption
            .sessions
            .insert(slot, Box::new(Inspection { rule, stream, seen: [0; 2], offer, noted: Vec::new() }));
        self.look_at_handshake(slot, packet, piece, out)
    }

    /// What both sides have sent so far.
    fn heads(&mut self, slot: Slot, piece: Piece<'_>) -> [Vec<u8>; 2] {
        let Some(session) = self.table.get(slot) else { return Default::default() };
        let is_unkept = session.stream.is_none();
        let stream = self.streams.get_mut(session.stream);
        let mut heads = stream.map_or_else(Default::default, |stream| stream.heads.clone());
        if is_unkept && let Some(head) = heads.get_mut(piece.direction.index()) {
            head.extend_from_slice(piece.payload.bytes);
        }
        heads
    }

    /// More payload of a session whose handshake is looked at. `None` where the packet may go on.
    pub(super) fn go_on_decrypting(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        out: &mut Events,
    ) -> Option<Judgement> {
        let inspection = self.decryption.sessions.get_mut(&slot)?;
        let limit = self.world.settings.out_of_order_limit();
        match inspection.stream.push_segment(piece.chunk(), limit) {
            Ok(true) => self.look_at_handshake(slot, packet, piece, out),
            Ok(false) => None,
            // Nothing more can be told of it.
            Err(_) => {
                self.decryption.forget(slot);
                None
            }
        }
    }

    /// Holds what is new in the handshake against the profile.
    fn look_at_handshake(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        out: &mut Events,
    ) -> Option<Judgement> {
        let Inspection { rule, stream, seen, offer, .. } = &mut **self.decryption.sessions.get_mut(&slot)?;
        let rule = *rule;
        let said = self.world.decryption.rules().get(rule)?;
        if said.section() == Section::SshProxy {
            return self.look_at_ssh(slot, packet, piece, out);
        }
        let side = piece.direction.index();
        let shown = handshake(&stream.heads[side]);
        let fresh = shown.get(seen[side]..).unwrap_or_default().to_vec();
        seen[side] = shown.len();
        let is_full = stream.is_full();
        if offer.is_none() {
            *offer = ClientOffer::read(&stream.heads[0]);
        }
        // The client's certificate is nobody's concern.
        let counts = |shown: &Handshake| side == 1 || !matches!(shown, Handshake::Certificate(_));
        for shown in fresh.into_iter().filter(counts) {
            if let Some(judged) = self.hold_against(slot, packet, piece, (rule, shown), out) {
                return judged;
            }
        }
        if is_full {
            self.decryption.forget(slot);
        }
        None
    }

    /// Holds what is new in an SSH session against the profile, until both sides have begun to agree on keys.
    fn look_at_ssh(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        out: &mut Events,
    ) -> Option<Judgement> {
        let Inspection { rule, stream, seen, .. } = &mut **self.decryption.sessions.get_mut(&slot)?;
        let profile = self.world.decryption.rules().get(*rule)?.profile.as_ref();
        let mut refusal = None;
        for (head, seen) in stream.heads.iter().zip(seen.iter_mut()) {
            let opening = Opening::read(head);
            if opening.len() > *seen {
                *seen = opening.len();
                refusal = refusal.or_else(|| profile?.check_ssh(&opening));
            }
        }
        let (rule, is_over) = (*rule, stream.is_full() || *seen == [2; 2]);
        if let Some(refusal) = refusal {
            return self.refuse(slot, packet, piece, (rule, refusal), out);
        }
        if is_over {
            self.decryption.forget(slot);
        }
        None
    }

    /// Holds something that the handshake shows against the profile of the rule. Where it ends decryption, what becomes
    /// of the packet at hand: `None` where it may go on.
    pub(super) fn hold_against(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        (rule, shown): (usize, Handshake),
        out: &mut Events,
    ) -> Option<Option<Judgement>> {
        let said = self.world.decryption.rules().get(rule)?;
        let section = said.section();
        if let Handshake::Alert { fatal: true, code } = shown
            && section != Section::NoProxy
        {
            self.say(slot, packet, rule, DecryptionStep::Alert(code), out);
            self.forget_decryption(slot);
            return Some(Some(self.fail_decryption(slot, packet, piece, Failure::of_alert(code), out)));
        }
        if section != Section::NoProxy && matches!(shown, Handshake::Certificate(_)) && self.is_listed(slot) {
            self.say(slot, packet, rule, DecryptionStep::Listed, out);
            self.forget_decryption(slot);
            return Some(None);
        }
        let offer = self.decryption.sessions.get(&slot).and_then(|inspection| inspection.offer.as_ref());
        let profile = said.profile.as_ref();
        if let Some(refusal) = profile.and_then(|profile| profile.check(section, shown, offer, self.now)) {
            return Some(self.refuse(slot, packet, piece, (rule, refusal), out));
        }
        let note = profile.and_then(|profile| profile.note(section, shown, offer));
        let is_hidden = matches!(shown, Handshake::ServerHello { version, .. } if released(version) == VERSION_1_3)
            && !offer.is_some_and(|offer| self.cleartext.has_secrets(&offer.random));
        let notes = [note, is_hidden.then_some(Note::Hidden), self.wrong_name(slot, shown)];
        for note in notes.into_iter().flatten().chain(about_chain(shown, self.now)) {
            self.note(slot, packet, (rule, note), out);
        }
        None
    }

    /// Tells of something, once.
    fn note(&mut self, slot: Slot, packet: &Packet<'_>, (rule, note): (usize, Note), out: &mut Events) {
        let noted = self.decryption.sessions.get_mut(&slot).map(|inspection| &mut inspection.noted);
        if noted.as_ref().is_some_and(|noted| noted.contains(&note)) {
            return;
        }
        noted.into_iter().for_each(|noted| noted.push(note));
        self.say(slot, packet, rule, DecryptionStep::Noted(note), out);
    }

    /// Whether `ssl-exclude-cert` names the server by a name in its certificate.
    fn is_listed(&self, slot: Slot) -> bool {
        let patterns = &self.world.ssl_exclude;
        let Some(inspection) = self.decryption.sessions.get(&slot).filter(|_| !patterns.is_empty()) else {
            return false;
        };
        let Some(Some(certificate)) = certificate(&inspection.stream.heads[1]).complete() else {
            return false;
        };
        let mut names = certificate.dns_names().chain(certificate.common_name());
        names.any(|name| is_excluded(patterns, name))
    }

    /// Whether the server's certificate is for another host than the client asks for.
    fn wrong_name(&self, slot: Slot, shown: Handshake) -> Option<Note> {
        let (Handshake::Certificate(_), Some(inspection)) = (shown, self.decryption.sessions.get(&slot))
        else {
            return None;
        };
        let asked = inspection.offer.as_ref()?.server_name.as_ref()?;
        let certificate = certificate(&inspection.stream.heads[1]).complete()??;
        (!certificate.is_for(asked)).then_some(Note::WrongName)
    }

    /// The profile does not support what a side has shown: what becomes of the packet at hand, `None` where it may go on.
    fn refuse(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        (rule, refusal): (usize, Refusal),
        out: &mut Events,
    ) -> Option<Judgement> {
        let (step, check) = match refusal {
            Refusal::Block(check) => (DecryptionStep::Blocked(check), check),
            Refusal::Exclude(check) => (DecryptionStep::Excluded(check), check),
        };
        self.say(slot, packet, rule, step, out);
        self.forget_decryption(slot);
        if let Refusal::Block(_) = refusal {
            return Some(self.fail_decryption(slot, packet, piece, check.failure(), out));
        }
        let session = self.table.get(slot)?;
        let server: Server = (session.s2c.src, session.s2c.sport);
        let settings = &self.world.settings;
        let most = usize::try_from(settings.exclusion_cache).unwrap_or(usize::MAX);
        let life = Span::from_secs(settings.exclusion_cache_lifetime);
        let is_full = self.decryption.exclusions.note(server, self.now, life, most);
        if is_full && most > 0 {
            let kind = EventKind::Limit { limit: Limit::Exclusions };
            out.push(Event { at: self.now, packet: packet.number, session: Some(session.id), kind });
        }
        None
    }

    fn forget_decryption(&mut self, slot: Slot) {
        self.decryption.forget(slot);
        self.cleartext.forget(slot);
    }

    pub(super) fn say(
        &self,
        slot: Slot,
        packet: &Packet<'_>,
        rule: usize,
        step: DecryptionStep,
        out: &mut Events,
    ) {
        let session = self.table.get(slot).map(|session| session.id);
        let rule = u32::try_from(rule).unwrap_or(u32::MAX);
        let kind = EventKind::Decryption { rule, step };
        out.push(Event { at: self.now, packet: packet.number, session, kind });
    }

    /// The session goes to DISCARD with a `deny` row whose action is still `allow`, and the client gets a RST in the
    /// server's place (PANOS.md 3.3, 8).
    fn fail_decryption(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        failure: Failure,
        out: &mut Events,
    ) -> Judgement {
        let reason = reason(failure, self.world.settings.panos_version);
        let direction = piece.direction;
        let Some(session) = self.table.get_mut(slot) else {
            return Judgement::drop(DropReason::Decryption);
        };
        session.discard(reason, Some(direction));
        let id = session.id;
        self.streams.release(session.stream.take());
        let Some(session) = self.table.get(slot) else { return Judgement::drop(DropReason::Decryption) };
        let mut record = Record::of(session, label(&self.world, session));
        (record.action, record.action_source) = (Action::Allow, ActionSource::FromPolicy);
        record.reason = Some(reason);
        record.first_packets = first_packets(session);
        let record = out.add_record(record);
        let event = |kind| Event { at: self.now, packet: packet.number, session: Some(id), kind };
        out.push(event(EventKind::Denied { record }));
        self.send_resets(slot, direction, packet, piece.expected, [true, false], out);
        self.arm(slot, Timer::Discard, packet.number, out);
        Judgement { counted: true, ..Judgement::of(id, direction, Verdict::Drop(DropReason::Decryption)) }
    }
}

/// The end reason of a failure: releases before 8.0 log all of them as `policy-deny` (PANOS.md 8).
const fn reason(failure: Failure, version: PanosVersion) -> EndReason {
    match (version, failure) {
        (PanosVersion::V7_1, _) => EndReason::PolicyDeny,
        (_, Failure::CertValidation) => EndReason::DecryptCertValidation,
        (_, Failure::UnsupportParam) => EndReason::DecryptUnsupportParam,
        (_, Failure::Error) => EndReason::DecryptError,
    }
}
