//! TCP connection tracking: handshake, sliding windows, FIN and RST (RFC 9293; PANOS.md 5.3, 6).
//!
//! The window test is the one of G. van Rooij, "Real Stateful TCP Packet Filtering in IP Filter" (2000), which stateful
//! filters commonly use: a segment is judged by what its receiver has acknowledged and the window it has offered.

use super::history::{History, Letter};
use super::{EndReason, TcpRules, Timer};
use crate::flow::Direction;
use crate::packet::{TcpFlags, TcpOptions, TcpSegment};

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum TcpStage {
    /// A SYN was seen, nothing has answered it.
    #[default]
    SynSent,
    /// The SYN was answered, the final ACK is missing.
    SynReceived,
    /// The handshake is complete (or the connection was taken over in its middle).
    Established,
    /// One side has sent its FIN.
    HalfClosed,
    /// Both sides have sent their FINs.
    TimeWait,
    /// A RST ended it.
    Reset,
}

impl TcpStage {
    /// All of them, in the order in which a connection goes through them.
    pub const ALL: [Self; 6] =
        [Self::SynSent, Self::SynReceived, Self::Established, Self::HalfClosed, Self::TimeWait, Self::Reset];

    /// A name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SynSent => "SYN seen",
            Self::SynReceived => "SYN answered",
            Self::Established => "established",
            Self::HalfClosed => "half-closed",
            Self::TimeWait => "time-wait",
            Self::Reset => "reset",
        }
    }
}

/// What the tracker says of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpVerdict {
    /// It belongs to the connection; `new_payload` is false where every payload byte had been seen before.
    Accept {
        /// Whether it brings payload that had not been seen.
        new_payload: bool,
        /// What it changes.
        change: Option<TcpChange>,
    },
    /// It is dropped.
    Refuse(TcpRefusal),
}

/// Why a segment of an existing session is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpRefusal {
    /// Outside the sliding window, or out of step with the handshake.
    OutOfWindow,
    /// The server answers a SYN with a SYN.
    SplitHandshake,
    /// A SYN-ACK with data.
    SynAckWithData,
}

/// A change that a segment brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpChange {
    /// The stage from now on.
    pub stage: TcpStage,
    /// The timer to arm; `None` leaves the running one as it is.
    pub timer: Option<Timer>,
    /// A cause of the session's end.
    pub cause: Option<EndReason>,
    /// Whether traffic that went on took back an unverified RST.
    pub revived: bool,
}

/// One side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Side {
    /// The sequence number after the highest byte it has sent.
    next: u32,
    /// The highest sequence number its peer lets it send up to.
    limit: u32,
    /// The largest window it has offered, scaled.
    window: u32,
    /// The last acknowledgment it has sent.
    acked: u32,
    /// The first byte that is missing, where bytes after it have come: meaningful with `gap`.
    missing: u32,
    /// Its window scale.
    scale: u8,
    /// Whether a segment of it was seen.
    seen: bool,
    /// Whether it has sent a FIN.
    fin: bool,
    /// Whether its SYN carried a window scale.
    scaled: bool,
    /// Whether bytes are missing.
    gap: bool,
}

/// Tracker of one connection; index sides by [`Direction::index`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TcpTracker {
    sides: [Side; 2],
    stage: TcpStage,
    /// Whether the handshake was completed, or not seen at all.
    established: bool,
    /// Whether the connection was taken over in its middle.
    midstream: bool,
    /// A RST with an unexpected sequence number came, and nothing since.
    unverified_rst: bool,
    /// How strict it is.
    rules: TcpRules,
}

/// How far behind an acknowledgment may be (the largest window without scaling, and one byte).
const MAX_ACK_LAG: u32 = 65_536;

impl TcpTracker {
    /// A tracker for a connection that begins with this SYN from the client.
    pub fn open(syn: &TcpSegment<'_>, rules: TcpRules) -> Self {
        let mut tracker = Self { rules, ..Self::default() };
        tracker.sides[0].open(syn);
        tracker
    }

    /// A tracker for a connection that is taken over in its middle: the sender of this segment, which has not been
    /// tracked yet, is taken for the client (PANOS.md 6.3).
    pub fn resume(segment: &TcpSegment<'_>, rules: TcpRules) -> Self {
        Self { midstream: true, ..Self::after_cookie(segment, rules) }
    }

    /// A tracker for a connection whose handshake the firewall made with the client in the server's place: the
    /// segment is the client's answer to its SYN cookie.
    pub fn after_cookie(segment: &TcpSegment<'_>, rules: TcpRules) -> Self {
        let mut tracker = Self { rules, ..Self::default() };
        let [client, server] = &mut tracker.sides;
        client.resume(segment.payload_seq());
        client.seen = true;
        server.resume(segment.ack);
        tracker.establish();
        tracker
    }

    fn establish(&mut self) {
        self.stage = TcpStage::Established;
        self.established = true;
    }

    /// The stage it is in.
    pub const fn stage(&self) -> TcpStage {
        self.stage
    }

    /// Whether the three-way handshake was completed (or not seen at all).
    pub const fn is_established(&self) -> bool {
        self.established
    }

    /// Whether the connection was taken over in its middle.
    pub const fn is_midstream(&self) -> bool {
        self.midstream
    }

    /// Whether a rule holds for this connection.
    pub const fn has(&self, rule: TcpRules) -> bool {
        self.rules.has(rule)
    }

    /// Whether a segment begins a new connection on the ports of this one, which is over (PANOS.md 5.3: in TIME-WAIT
    /// a SYN with the same ports ends the old session).
    pub const fn gives_way_to(&self, segment: &TcpSegment<'_>) -> bool {
        matches!(self.stage, TcpStage::TimeWait | TcpStage::Reset)
            && segment.flags.contains(TcpFlags::SYN)
            && !segment.flags.contains(TcpFlags::ACK)
    }

    /// Whether any side has sent a FIN.
    pub const fn has_fin(&self) -> bool {
        self.sides[0].fin || self.sides[1].fin
    }

    /// The sequence number that the next byte of `direction` will have; `None` while nothing of it was seen.
    pub const fn next(&self, direction: Direction) -> Option<u32> {
        let side = &self.sides[direction.index()];
        if side.seen { Some(side.next) } else { None }
    }

    /// The timer that a forwarded packet re-arms; `None` where packets don't refresh the session.
    pub fn refresh(&self, half_closed: bool) -> Option<Timer> {
        match self.stage {
            TcpStage::Established => Some(Timer::Tcp),
            TcpStage::HalfClosed => half_closed.then_some(Timer::TcpHalfClosed),
            TcpStage::SynSent | TcpStage::SynReceived | TcpStage::TimeWait | TcpStage::Reset => None,
        }
    }

    /// Notes the letters of a segment in `history`. Call it after [`Self::track`] has accepted the segment.
    #[inline]
    pub fn note(history: &mut History, direction: Direction, segment: &TcpSegment<'_>, new_payload: bool) {
        let flags = segment.flags;
        let side = direction.index();
        if flags.contains(TcpFlags::SYN) {
            history.note(side, if flags.contains(TcpFlags::ACK) { Letter::SynAck } else { Letter::Syn });
        }
        if segment.payload.len > 0 {
            history.note(side, if new_payload { Letter::Data } else { Letter::Retransmission });
        } else if flags.0 & 0x17 == TcpFlags::ACK.0 {
            history.note(side, Letter::Ack);
        }
        if flags.contains(TcpFlags::FIN) {
            history.note(side, Letter::Fin);
        }
        if flags.contains(TcpFlags::RST) {
            history.note(side, Letter::Rst);
        }
    }

    /// Judges a segment after the first and takes note of it.
    #[inline(always)]
    pub fn track(&mut self, direction: Direction, segment: &TcpSegment<'_>) -> TcpVerdict {
        let flags = segment.flags;
        if flags.contains(TcpFlags::SYN) {
            return self.track_syn(direction, segment);
        }
        if !self.rules.has(TcpRules::BYPASS) && !self.fits(direction, segment) {
            if self.is_challenge_ack(direction, segment) {
                return TcpVerdict::Accept { new_payload: false, change: None };
            }
            return TcpVerdict::Refuse(TcpRefusal::OutOfWindow);
        }
        if flags.contains(TcpFlags::RST) {
            return self.track_rst(direction, segment);
        }
        let new_payload = self.advance(direction, segment);
        let change = self.change(direction, flags);
        if let Some(change) = change {
            self.stage = change.stage;
            self.established |= change.stage >= TcpStage::Established;
        }
        TcpVerdict::Accept { new_payload, change }
    }

    /// Whether this is a bare ACK in answer to a SYN, and such may pass: a server that remembers an earlier connection
    /// asks whether this SYN is meant (RFC 5961, 4.2).
    fn is_challenge_ack(&self, direction: Direction, segment: &TcpSegment<'_>) -> bool {
        self.rules.has(TcpRules::CHALLENGE_ACK)
            && self.stage == TcpStage::SynSent
            && !self.sides[direction.index()].seen
            && segment.flags.0 & 0x17 == TcpFlags::ACK.0
            && segment.payload.len == 0
    }

    /// A SYN or SYN-ACK on a connection that exists.
    fn track_syn(&mut self, direction: Direction, segment: &TcpSegment<'_>) -> TcpVerdict {
        let is_ack = segment.flags.contains(TcpFlags::ACK);
        let accept = |change| TcpVerdict::Accept { new_payload: segment.payload.len > 0, change };
        let refuses_data = self.rules.has(TcpRules::NO_SYNACK_DATA);
        if is_ack && segment.payload.len > 0 && refuses_data && !TcpOptions::parse(segment.options).fast_open
        {
            return TcpVerdict::Refuse(TcpRefusal::SynAckWithData);
        }
        match self.stage {
            TcpStage::SynSent if !is_ack => {
                if direction == Direction::ServerToClient && self.rules.has(TcpRules::NO_SPLIT_HANDSHAKE) {
                    return TcpVerdict::Refuse(TcpRefusal::SplitHandshake);
                }
                // The SYN again, perhaps with another initial sequence number, or a simultaneous open
                // (RFC 9293, 3.5). A RST before it, in answer to a challenge ACK, was not the end.
                self.sides[direction.index()].open(segment);
                let revived = std::mem::take(&mut self.unverified_rst);
                accept(Some(TcpChange { revived, ..TcpChange::to(TcpStage::SynSent, Some(Timer::TcpInit)) }))
            }
            TcpStage::SynSent | TcpStage::SynReceived if is_ack => {
                let [mine, peer] = [direction.index(), direction.reverse().index()];
                let answers = segment.ack == self.sides[peer].next;
                if !answers && !self.rules.has(TcpRules::BYPASS) {
                    return TcpVerdict::Refuse(TcpRefusal::OutOfWindow);
                }
                self.sides[mine].open(segment);
                self.sides[peer].grant(segment.ack, u32::from(segment.window));
                self.settle_scale();
                self.stage = TcpStage::SynReceived;
                accept(Some(TcpChange::to(TcpStage::SynReceived, Some(Timer::TcpHandshake))))
            }
            _ if self.rules.has(TcpRules::BYPASS) || self.sides[direction.index()].repeats(segment) => {
                accept(None)
            }
            _ => TcpVerdict::Refuse(TcpRefusal::OutOfWindow),
        }
    }

    /// A RST: verified when its sequence number is the one its receiver expects next (RFC 5961, 3.2), or, while the
    /// SYN is unanswered, when it acknowledges the SYN (RFC 9293, 3.10.7.3).
    fn track_rst(&mut self, direction: Direction, segment: &TcpSegment<'_>) -> TcpVerdict {
        let (mine, peer) = (self.sides[direction.index()], self.sides[direction.reverse().index()]);
        let is_ack = segment.flags.contains(TcpFlags::ACK);
        let expected = if mine.seen {
            segment.seq == mine.next || peer.seen && segment.seq == peer.acked
        } else {
            is_ack && segment.ack == peer.next
        };
        let cause = Some(match direction {
            Direction::ClientToServer => EndReason::TcpRstFromClient,
            Direction::ServerToClient => EndReason::TcpRstFromServer,
        });
        let early = matches!(self.stage, TcpStage::SynSent | TcpStage::SynReceived);
        let is_trusted = self.rules.has(TcpRules::BYPASS) || self.rules.has(TcpRules::ANY_RST);
        let change = if expected || is_trusted {
            // A RST that answers the SYN leaves the short timer running (PANOS.md 4.2, 5.3).
            let timer = if early { None } else { Some(Timer::TcpTimeWait) };
            self.sides[direction.index()].seen = true;
            self.stage = TcpStage::Reset;
            TcpChange { cause, ..TcpChange::to(self.stage, timer) }
        } else {
            self.unverified_rst = true;
            let timer = if early { None } else { Some(Timer::TcpUnverifiedRst) };
            TcpChange { cause, ..TcpChange::to(self.stage, timer) }
        };
        TcpVerdict::Accept { new_payload: false, change: Some(change) }
    }

    /// The window test: does the segment lie where its receiver can accept it, and does its acknowledgment make
    /// sense?
    fn fits(&self, direction: Direction, segment: &TcpSegment<'_>) -> bool {
        let (mine, peer) = (self.sides[direction.index()], self.sides[direction.reverse().index()]);
        if !peer.seen {
            // The client can give up, or it is the one visible side of a connection taken over in its middle.
            return segment.flags.contains(TcpFlags::RST) || self.stage >= TcpStage::Established;
        }
        if !mine.seen {
            // The peer's SYN is answered by something that is no SYN: a bare ACK fails the handshake
            // (`allow-challenge-ack no`), a RST may end it.
            return segment.flags.contains(TcpFlags::RST) || self.stage >= TcpStage::Established;
        }
        let end = segment.seq.wrapping_add(segment.sequence_len());
        let below_limit = !after(segment.seq, mine.limit);
        let above_floor = !before(end, mine.next.wrapping_sub(peer.window));
        let ack_fits = !segment.flags.contains(TcpFlags::ACK)
            || !after(segment.ack, peer.next)
                && !before(segment.ack, peer.next.wrapping_sub(MAX_ACK_LAG.max(mine.window)));
        below_limit && above_floor && ack_fits
    }

    /// Moves the windows on; whether payload came that had not been seen.
    fn advance(&mut self, direction: Direction, segment: &TcpSegment<'_>) -> bool {
        let (mine, peer) = match (&mut self.sides, direction) {
            ([client, server], Direction::ClientToServer) => (client, server),
            ([client, server], Direction::ServerToClient) => (server, client),
        };
        if !mine.seen {
            mine.resume(segment.seq);
            mine.seen = true;
        }
        let end = segment.seq.wrapping_add(segment.sequence_len());
        let new_payload = segment.payload.len > 0 && mine.take_payload(segment);
        if after(end, mine.next) {
            mine.next = end;
        }
        let window = u32::from(segment.window) << mine.scale;
        mine.window = mine.window.max(window);
        if segment.flags.contains(TcpFlags::ACK) {
            mine.acked = segment.ack;
            peer.grant(segment.ack, window);
        }
        new_payload
    }

    /// The stage that a segment without SYN and RST leads to.
    fn change(&mut self, direction: Direction, flags: TcpFlags) -> Option<TcpChange> {
        let mut stage = self.stage;
        if stage == TcpStage::SynReceived && flags.contains(TcpFlags::ACK) || stage == TcpStage::SynSent {
            stage = TcpStage::Established;
        }
        if flags.contains(TcpFlags::FIN) {
            self.sides[direction.index()].fin = true;
        }
        if matches!(stage, TcpStage::Established | TcpStage::HalfClosed) {
            stage = match self.sides.map(|side| side.fin) {
                [true, true] => TcpStage::TimeWait,
                [false, false] => stage,
                _ => TcpStage::HalfClosed,
            };
        }
        let timer = match stage {
            TcpStage::Established => Some(Timer::Tcp),
            TcpStage::HalfClosed => Some(Timer::TcpHalfClosed),
            TcpStage::TimeWait => Some(Timer::TcpTimeWait),
            TcpStage::SynSent | TcpStage::SynReceived | TcpStage::Reset => None,
        };
        // Traffic goes on after an unverified RST: it was not meant for this connection (assumed).
        let revived = std::mem::take(&mut self.unverified_rst);
        (stage != self.stage || revived).then_some(TcpChange { revived, ..TcpChange::to(stage, timer) })
    }

    /// Both scales count only where both SYNs carried one (RFC 7323, 2.2).
    fn settle_scale(&mut self) {
        if !self.sides.iter().all(|side| side.scaled) {
            self.sides.iter_mut().for_each(|side| side.scale = 0);
        }
    }
}

impl TcpChange {
    const fn to(stage: TcpStage, timer: Option<Timer>) -> Self {
        Self { stage, timer, cause: None, revived: false }
    }
}

impl Side {
    /// Takes the values of a SYN. Its window is never scaled.
    fn open(&mut self, segment: &TcpSegment<'_>) {
        let options = TcpOptions::parse(segment.options);
        let next = segment.seq.wrapping_add(segment.sequence_len());
        *self = Self {
            next,
            limit: next,
            window: u32::from(segment.window).max(1),
            acked: segment.ack,
            scale: options.window_scale.unwrap_or(0),
            seen: true,
            fin: false,
            scaled: options.window_scale.is_some(),
            missing: next,
            gap: false,
        };
    }

    /// Takes over a side in its middle, at its next sequence number. Its window and scale were not seen, so the
    /// largest there can be is assumed (RFC 7323, 2.3).
    const fn resume(&mut self, next: u32) {
        self.next = next;
        self.limit = next.wrapping_add(1 << 30);
        self.window = 1 << 30;
        self.scale = 14;
    }

    /// The peer acknowledges `ack` and offers `window` bytes after it.
    fn grant(&mut self, ack: u32, window: u32) {
        let limit = ack.wrapping_add(window.max(1));
        if after(limit, self.limit) {
            self.limit = limit;
        }
    }

    /// Takes note of payload; whether any of it can be new: beyond the highest byte, or where bytes are missing.
    fn take_payload(&mut self, segment: &TcpSegment<'_>) -> bool {
        let (start, end) = (segment.seq, segment.seq.wrapping_add(segment.payload.len));
        let fills = self.gap && after(end, self.missing);
        if fills && !after(start, self.missing) {
            self.missing = end;
            self.gap = before(end, self.next);
        }
        if !self.gap && after(start, self.next) {
            self.missing = self.next;
            self.gap = true;
        }
        fills || after(end, self.next)
    }

    /// Whether a SYN is the one that this side has sent already.
    const fn repeats(&self, segment: &TcpSegment<'_>) -> bool {
        self.seen && !after(segment.seq.wrapping_add(segment.sequence_len()), self.next)
    }
}

/// Whether `a` comes after `b` in sequence space (RFC 9293, 3.4).
pub(crate) const fn after(a: u32, b: u32) -> bool {
    (b.wrapping_sub(a) as i32) < 0
}

/// Whether `a` comes before `b` in sequence space.
pub(crate) const fn before(a: u32, b: u32) -> bool {
    after(b, a)
}
