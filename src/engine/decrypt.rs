//! TLS inspection in time: what the handshakes of sessions that would be decrypted show, and what comes of it
//! (PANOS.md 8).

use hashbrown::HashMap;

use super::appid::Piece;
use super::event::{ActionSource, DecryptionStep, Event, EventKind, Events, Record};
use super::verdict::{DropReason, Verdict};
use super::{Firewall, Judgement, first_packets, label, query};
use crate::app::tls::{Handshake, handshake};
use crate::config::{PanosVersion, World};
use crate::feature::decryption::{DecryptionAction, DecryptionType, Failure, Refusal};
use crate::flow::{Direction, Protocol};
use crate::packet::Packet;
use crate::policy::Action;
use crate::session::{EndReason, Slot, Stream, Timer};

/// The handshakes of sessions that would be decrypted.
#[derive(Debug, Default)]
pub(super) struct Decryption {
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
}

/// A record of TLS that holds a handshake begins with these two bytes (RFC 8446, 5.1).
const TLS: [u8; 2] = [0x16, 0x03];

impl Decryption {
    /// Whether a session's handshake is looked at.
    pub(super) fn is_used(&self, slot: Slot) -> bool {
        !self.sessions.is_empty() && self.sessions.contains_key(&slot)
    }

    /// Another configuration is in force: rules are found again by their names. Where one is gone, nobody looks at the
    /// handshakes that it had looked at any more.
    pub(super) fn recommit(&mut self, old: &World, new: &World) {
        let rules = new.decryption.rules();
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
    /// A session's first application is known and allowed: the decryption policy, where it speaks TLS. `None` where the
    /// packet may go on.
    pub(super) fn begin_decryption(
        &mut self,
        slot: Slot,
        packet: &Packet<'_>,
        piece: Piece<'_>,
        out: &mut Events,
    ) -> Option<Judgement> {
        if self.world.decryption.rules().is_empty() {
            return None;
        }
        let session = self.table.get(slot).filter(|session| session.c2s.protocol == Protocol::TCP)?;
        let stream = self.streams.get_mut(session.stream);
        let mut heads = stream.map_or_else(Default::default, |stream| stream.heads.clone());
        if session.stream.is_none()
            && let Some(head) = heads.get_mut(piece.direction.index())
        {
            head.extend_from_slice(piece.payload.bytes);
        }
        if !heads[0].starts_with(&TLS) {
            return None;
        }
        let rule = self.world.decryption.lookup(&query(&session.c2s, session.egress(), None, self.now))?;
        let said = self.world.decryption.rules().get(rule)?;
        let decrypts = said.action == DecryptionAction::Decrypt && said.kind != DecryptionType::SshProxy;
        let step = if decrypts { DecryptionStep::Begins } else { DecryptionStep::NoDecrypt };
        self.say(slot, packet, rule, step, out);
        if !decrypts {
            return None;
        }
        let next = Direction::BOTH.map(|side| self.table.get(slot)?.tcp.next(side));
        self.begin_cleartext(slot, rule, &heads, next);
        let stream = Stream::resume(self.world.identifier.start(Protocol::TCP), heads, next);
        self.decryption.sessions.insert(slot, Box::new(Inspection { rule, stream, seen: [0; 2] }));
        self.look_at_handshake(slot, packet, piece, out)
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
        let Inspection { rule, stream, seen } = &mut **self.decryption.sessions.get_mut(&slot)?;
        let rule = *rule;
        let side = piece.direction.index();
        let shown = handshake(&stream.heads[side]);
        let fresh = shown.get(seen[side]..).unwrap_or_default().to_vec();
        seen[side] = shown.len();
        let is_full = stream.is_full();
        for shown in fresh {
            if let Some(judged) = self.hold_against(slot, packet, piece, (rule, shown), out) {
                return judged;
            }
        }
        if is_full {
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
        let profile = self.world.decryption.rules().get(rule)?.profile.as_ref();
        let step = match shown {
            Handshake::Alert { fatal: true, code } => DecryptionStep::Alert(code),
            shown => match profile.and_then(|profile| profile.check(shown, self.now))? {
                Refusal::Block(check) => DecryptionStep::Blocked(check),
                Refusal::Exclude(check) => DecryptionStep::Excluded(check),
            },
        };
        self.say(slot, packet, rule, step, out);
        self.decryption.forget(slot);
        self.cleartext.forget(slot);
        Some(match step {
            DecryptionStep::Alert(code) => {
                Some(self.fail_decryption(slot, packet, piece, Failure::of_alert(code), out))
            }
            DecryptionStep::Blocked(check) => {
                Some(self.fail_decryption(slot, packet, piece, check.failure(), out))
            }
            _ => None,
        })
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
