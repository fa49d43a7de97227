//! SYN cookies: the firewall makes the handshake with the client in the server's place, and a session comes to be only
//! with the client's answer (PANOS.md 1.4, 6.2).
//!
//! A capture that was taken without such a firewall shows the server's own SYN-ACK, and clients that answer that one.
//! The model then takes the server's initial sequence number for the cookie.

use std::collections::VecDeque;

use hashbrown::HashMap;
use sha2::{Digest as _, Sha256};

use super::event::{Event, EventKind, Events, Injection, Limit};
use super::slow::is_syn;
use super::verdict::{DropReason, Verdict};
use super::{Firewall, Judgement};
use crate::flow::{Addr, Direction, FlowKey};
use crate::packet::build::Builder;
use crate::packet::{Normalisation, Packet, Payload, TcpFlags, TcpSegment};
use crate::session::{KeyHash, Slot, State};
use crate::time::{Span, Timestamp};

/// What SYN cookies have in use.
#[derive(Debug, Default)]
pub(super) struct Cookies {
    /// Whether a cookie was ever sent.
    sent: bool,
    /// SYN-ACKs of servers that nothing has asked for, in order of arrival.
    answers: VecDeque<Answer>,
    /// Sessions that began with a cookie.
    sessions: HashMap<Slot, Handshake, foldhash::quality::RandomState>,
}

/// A server's SYN-ACK, seen while the client had only a cookie.
#[derive(Debug, Clone, Copy)]
struct Answer {
    /// Key of packets from the client.
    key: FlowKey,
    acknowledgment: u32,
    initial: u32,
    until: Timestamp,
}

/// The handshake of a session that began with a cookie.
#[derive(Debug, Clone, Copy)]
struct Handshake {
    /// The initial sequence number that the client was given.
    cookie: u32,
    /// Added to the server's sequence numbers for the client; `None` until the server's SYN-ACK has come.
    offset: Option<u32>,
}

/// So many answers of servers wait for their clients at once; more than enough for captures, and bounded in floods.
const ANSWERS_MAX: usize = 1_024;
/// A cookie is good for this period and the next.
const PERIOD: u64 = 16;
/// What the SYN-ACK offers: without memory of the client's options there is no window scale.
const OPTIONS: [u8; 4] = [2, 4, 0x05, 0xb4];

impl Cookies {
    /// Whether a segment without session answers a cookie, or the SYN-ACK that stands for one.
    pub(super) fn answers(&self, segment: &TcpSegment<'_>, key: &FlowKey, now: Timestamp) -> bool {
        let is_ack = segment.flags.0 & 0x17 == TcpFlags::ACK.0;
        self.sent && is_ack && (self.waiting(segment, key, now).is_some() || is_cookie(segment, key, now))
    }

    /// The server's answer that a client's ACK completes.
    fn waiting(&self, segment: &TcpSegment<'_>, key: &FlowKey, now: Timestamp) -> Option<&Answer> {
        self.answers.iter().rev().find(|answer| {
            answer.until >= now
                && answer.key.src == key.src
                && answer.key.dst == key.dst
                && (answer.key.sport, answer.key.dport) == (key.sport, key.dport)
                && answer.acknowledgment == segment.seq
                && answer.initial.wrapping_add(1) == segment.ack
        })
    }

    /// Keeps a server's SYN-ACK; whether an older one had to go for it.
    fn keep(&mut self, answer: Answer) -> bool {
        let is_full = self.answers.len() >= ANSWERS_MAX;
        if is_full {
            self.answers.pop_front();
        }
        self.answers.push_back(answer);
        is_full
    }

    /// Whether a session began with a cookie.
    pub(super) fn is_used(&self, slot: Slot) -> bool {
        !self.sessions.is_empty() && self.sessions.contains_key(&slot)
    }

    /// What is added to the server's sequence numbers for the client.
    pub(super) fn offset(&self, slot: Slot) -> u32 {
        self.sessions.get(&slot).and_then(|handshake| handshake.offset).unwrap_or(0)
    }

    /// The session has ended.
    pub(super) fn forget(&mut self, slot: Slot) {
        if !self.sessions.is_empty() {
            self.sessions.remove(&slot);
        }
    }

    /// The same changes, and the sequence numbers of the other side.
    pub(super) fn shifted(&self, slot: Slot, direction: Direction, changes: Normalisation) -> Normalisation {
        if !self.is_used(slot) {
            return changes;
        }
        let offset = self.offset(slot);
        match direction {
            Direction::ServerToClient => Normalisation { sequence_shift: offset, ..changes },
            Direction::ClientToServer => {
                Normalisation { acknowledgment_shift: offset.wrapping_neg(), ..changes }
            }
        }
    }
}

impl Firewall {
    /// What SYN cookies make of a segment without session that is no SYN; `None` where they are none of its business.
    pub(super) fn cookie(
        &mut self,
        packet: &Packet<'_>,
        segment: &TcpSegment<'_>,
        key: &FlowKey,
        hash: KeyHash,
        out: &mut Events,
    ) -> Option<Judgement> {
        if is_syn(segment) || !self.cookies.sent {
            return None;
        }
        if segment.flags.contains(TcpFlags::SYN) {
            let until = self.now + Span::from_secs(self.world.settings.timeout_tcphandshake);
            let key = key.reply(key.zone);
            let answer = Answer { key, acknowledgment: segment.ack, initial: segment.seq, until };
            if self.cookies.keep(answer) {
                let kind = EventKind::Limit { limit: Limit::SynCookies };
                out.push(Event { at: self.now, packet: packet.number, session: None, kind });
            }
            return Some(Judgement::drop(DropReason::SynCookie));
        }
        self.cookies.answers(segment, key, self.now).then(|| self.redeem(packet, segment, key, hash, out))
    }

    /// Answers a SYN in the server's place. Nothing is kept of it.
    pub(super) fn send_cookie(
        &mut self,
        packet: &Packet<'_>,
        segment: &TcpSegment<'_>,
        key: &FlowKey,
        out: &mut Events,
    ) -> Judgement {
        self.cookies.sent = true;
        let answer = TcpSegment {
            sport: key.dport,
            dport: key.sport,
            seq: cookie(key, segment.seq, self.now, 0),
            ack: segment.seq.wrapping_add(1),
            flags: TcpFlags::SYN.with(TcpFlags::ACK),
            window: u16::MAX,
            options: &OPTIONS,
            payload: Payload::default(),
        };
        let bytes = out.add_bytes(&Builder::new(key.dst, key.src).tcp(&answer));
        let kind =
            EventKind::Injected { direction: Direction::ServerToClient, what: Injection::SynAck, bytes };
        out.push(Event { at: self.now, packet: packet.number, session: None, kind });
        Judgement::drop(DropReason::SynCookie)
    }

    /// The client has answered: the session is set up, and the firewall makes the handshake with the server.
    fn redeem(
        &mut self,
        packet: &Packet<'_>,
        segment: &TcpSegment<'_>,
        key: &FlowKey,
        hash: KeyHash,
        out: &mut Events,
    ) -> Judgement {
        let made = self.cookies.waiting(segment, key, self.now).is_some();
        let judgement = self.begin(packet, key, hash, out);
        let Some(session) = judgement.session else { return judgement };
        let Some(found) = self.table.find(key, hash) else { return judgement };
        let offset = made.then_some(0);
        let handshake = Handshake { cookie: segment.ack.wrapping_sub(1), offset };
        self.cookies.sessions.insert(found.slot, handshake);
        let Some(path) = self.table.get(found.slot).map(|session| session.translated(key.zone)) else {
            return judgement;
        };
        let syn = TcpSegment {
            sport: path.sport,
            dport: path.dport,
            seq: segment.seq.wrapping_sub(1),
            ack: 0,
            flags: TcpFlags::SYN,
            window: u16::MAX,
            options: &OPTIONS,
            payload: Payload::default(),
        };
        let bytes = out.add_bytes(&Builder::new(path.src, path.dst).tcp(&syn));
        let kind = EventKind::Injected { direction: Direction::ClientToServer, what: Injection::Syn, bytes };
        out.push(Event { at: self.now, packet: packet.number, session: Some(session), kind });
        judgement
    }

    /// A segment of a session that began with a cookie: the server counts from its own initial sequence number.
    pub(super) fn behind_cookie(
        &mut self,
        slot: Slot,
        direction: Direction,
        packet: &Packet<'_>,
        segment: TcpSegment<'_>,
        out: &mut Events,
    ) -> Judgement {
        let (Some(session), Some(handshake)) = (self.table.get(slot), self.cookies.sessions.get_mut(&slot))
        else {
            return Judgement::drop(DropReason::SynCookie);
        };
        let (id, is_active) = (session.id, session.state == State::Active);
        if direction == Direction::ClientToServer || !is_active {
            return self.inspect(slot, direction, packet, false, out);
        }
        if segment.flags.contains(TcpFlags::SYN) {
            handshake.offset = Some(handshake.cookie.wrapping_sub(segment.seq));
            return Judgement::of(id, direction, Verdict::Drop(DropReason::SynCookie));
        }
        let seq = segment.seq.wrapping_add(handshake.offset.unwrap_or(0));
        let layer4 = crate::packet::Layer4::Tcp(TcpSegment { seq, ..segment });
        self.inspect(slot, direction, &Packet { layer4, ..*packet }, false, out)
    }
}

/// Whether an ACK answers a cookie of this period or the one before.
fn is_cookie(segment: &TcpSegment<'_>, key: &FlowKey, now: Timestamp) -> bool {
    let (initial, answered) = (segment.seq.wrapping_sub(1), segment.ack.wrapping_sub(1));
    (0..2).any(|periods| cookie(key, initial, now, periods) == answered)
}

/// The initial sequence number for a client's SYN, so many periods ago. Nobody here tries to forge one, and the same
/// run must give the same bytes: there is no secret in it.
fn cookie(key: &FlowKey, client: u32, now: Timestamp, periods: u64) -> u32 {
    let period = (now.since(Timestamp::ZERO).secs() / PERIOD).wrapping_sub(periods);
    let mut hash = Sha256::new();
    let addr = |addr: Addr| addr.bits().to_be_bytes();
    hash.update(addr(key.src));
    hash.update(addr(key.dst));
    hash.update(key.sport.to_be_bytes());
    hash.update(key.dport.to_be_bytes());
    hash.update(client.to_be_bytes());
    hash.update(period.to_be_bytes());
    match hash.finalize().first_chunk::<4>() {
        Some(first) => u32::from_be_bytes(*first),
        None => 0,
    }
}
