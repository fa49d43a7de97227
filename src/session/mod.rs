//! Sessions: their state, trackers, timers and the table that finds them.
//!
//! Nothing here decides what happens to a packet; the engine asks these parts and acts on the answers.

mod end;
mod graph;
mod history;
mod state;
mod stream;
mod table;
mod tcp;
mod tcp_rules;
mod timer;

pub use end::{EndCauses, EndReason};
pub use graph::{TcpMove, state_graph, tcp_moves};
pub use history::History;
pub(crate) use history::Letter;
pub use state::{State, Trigger};
pub(crate) use stream::first_bytes;
pub use stream::{Chunk, Stream, StreamError};
pub use table::{Found, KeyHash, Side, Slot, Table};
pub use tcp::{TcpChange, TcpRefusal, TcpStage, TcpTracker, TcpVerdict};
pub(crate) use tcp::{after, before};
pub use tcp_rules::TcpRules;
pub use timer::Timers;

use std::num::NonZeroU32;

use crate::app::AppId;
use crate::feature::host_service::HostAccess;
use crate::feature::nat::NatRuleId;
use crate::flow::{Direction, FlowKey, InterfaceId, ZoneId};
use crate::policy::{Lookup, RuleId};
use crate::time::Timestamp;

/// Number of a session, from 1 in order of set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

impl SessionId {
    /// The number modulo 2³², for where it stands beside a slot that tells the rest.
    #[expect(clippy::cast_possible_truncation, reason = "that is what it is for")]
    pub const fn low(self) -> u32 {
        self.0 as u32
    }
}

/// Packets and bytes each way: index by [`Direction::index`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Packets; a datagram that came in fragments is one.
    pub packets: [u64; 2],
    /// Bytes on the wire with the link header.
    pub bytes: [u64; 2],
}

/// What passed before a decision: packets and TCP/UDP payload bytes forwarded each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passed {
    /// Packets forwarded.
    pub packets: [u64; 2],
    /// Payload bytes forwarded.
    pub payload: [u64; 2],
}

/// How far App-ID has come with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppState {
    /// Decoders may still tell.
    Undecided,
    /// No decoder can tell any more; the session is unknown once enough data has passed.
    Exhausted,
    /// The application is known.
    Known(AppId),
}

/// Which timer runs: names of the PAN-OS settings (PANOS.md 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// `timeout-default`: neither TCP, UDP nor ICMP.
    Default,
    /// `timeout-discard-*`.
    Discard,
    /// `timeout-icmp`.
    Icmp,
    /// `timeout-tcp`: established.
    Tcp,
    /// `timeout-tcp-half-closed`.
    TcpHalfClosed,
    /// `timeout-tcphandshake`.
    TcpHandshake,
    /// `timeout-tcpinit`.
    TcpInit,
    /// `timeout-tcp-time-wait`.
    TcpTimeWait,
    /// `timeout-tcp-unverified-rst`.
    TcpUnverifiedRst,
    /// `timeout-udp`.
    Udp,
}

impl Timer {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Default,
        Self::Discard,
        Self::Icmp,
        Self::Tcp,
        Self::TcpHalfClosed,
        Self::TcpHandshake,
        Self::TcpInit,
        Self::TcpTimeWait,
        Self::TcpUnverifiedRst,
        Self::Udp,
    ];

    /// The setting's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "timeout-default",
            Self::Discard => "timeout-discard",
            Self::Icmp => "timeout-icmp",
            Self::Tcp => "timeout-tcp",
            Self::TcpHalfClosed => "timeout-tcp-half-closed",
            Self::TcpHandshake => "timeout-tcphandshake",
            Self::TcpInit => "timeout-tcpinit",
            Self::TcpTimeWait => "timeout-tcp-time-wait",
            Self::TcpUnverifiedRst => "timeout-tcp-unverified-rst",
            Self::Udp => "timeout-udp",
        }
    }
}

/// One session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Key of packets from the client.
    pub c2s: FlowKey,
    /// Key of packets from the server. Not always the mirror image: NAT makes them differ.
    pub s2c: FlowKey,
    /// Interface that packets from the client come in by, where it is known.
    pub ingress_interface: Option<InterfaceId>,
    /// Interface that they leave by, where it is known.
    pub egress_interface: Option<InterfaceId>,
    /// Its number.
    pub id: SessionId,
    /// Packets and bytes seen, including those that decided a denial.
    pub counts: Counts,
    /// Payload bytes forwarded so far, each way.
    pub payload: [u64; 2],
    /// What had been forwarded when the rule last changed; most sessions keep the rule that let them in.
    pub passed_before: Option<Box<Passed>>,
    /// Time of the first packet.
    pub started: Timestamp,
    /// Time of the last packet.
    pub last: Timestamp,
    /// When it expires if nothing refreshes it.
    pub expires: Timestamp,
    /// When the timer queue will next look at it; never later than `expires`.
    pub scheduled: Timestamp,
    /// How long the running timer is, in seconds.
    pub timeout: u32,
    /// Which timer runs.
    pub timer: Timer,
    /// Whether it runs out earlier than its length says, for the table was nearly full.
    pub hastened: bool,
    /// What the firewall is to it, where its packets go to the firewall itself.
    pub host: HostAccess,
    /// State of the entry.
    pub state: State,
    /// TCP only: handshake, windows, close.
    pub tcp: TcpTracker,
    /// App-ID.
    pub app: AppState,
    /// Bytes kept for App-ID, where it needs more than one packet: an index into the engine's pool.
    pub stream: Option<NonZeroU32>,
    /// How far below its own number that of the session is that announced it.
    pub parent: Option<NonZeroU32>,
    /// TCP/UDP packets with new payload seen while undecided.
    pub data_packets: u16,
    /// New payload bytes seen while undecided.
    pub data_bytes: u32,
    /// The NAT rule that translates it.
    pub nat: Option<NatRuleId>,
    /// On which side of NAT the first packet of each direction was captured.
    pub sides: [Option<Side>; 2],
    /// Time to live of the first packet.
    pub ttl: u8,
    /// The one packet that is counted but was not forwarded, if there is one: it decided the denial.
    pub undelivered: Option<Direction>,
    /// Whether the capture cut payload that App-ID would have needed.
    pub cut: bool,
    /// Whether URL filtering has blocked it.
    pub url_denied: bool,
    /// Whether sealed records of it were seen under a decryption rule that says `decrypt`.
    pub decrypted: bool,
    /// The port-only lookup.
    pub tentative: Lookup,
    /// The last full lookup.
    pub decided: Option<Lookup>,
    /// Why it ends.
    pub causes: EndCauses,
    /// Zeek's letters.
    pub history: History,
    /// Frame number of the first packet.
    pub first_packet: u64,
    /// Frame number of the last packet.
    pub last_packet: u64,
}

impl Session {
    /// Whether NAT changes its packets: its keys are no mirror images of each other then.
    pub fn is_translated(&self) -> bool {
        self.c2s.reply(self.s2c.zone) != self.s2c
    }

    /// The key of packets from the client when NAT has translated them, as if they came in by `zone`.
    pub const fn translated(&self, zone: ZoneId) -> FlowKey {
        self.s2c.reply(zone)
    }

    /// The zone its packets leave by on the way to the server.
    pub const fn egress(&self) -> ZoneId {
        self.s2c.zone
    }

    /// The rule that governs it now.
    pub fn rule(&self) -> RuleId {
        self.lookup().rule
    }

    /// The lookup that governs it now: the last full one, otherwise the port-only one.
    pub fn lookup(&self) -> Lookup {
        self.decided.unwrap_or(self.tentative)
    }

    /// The session that announced it.
    pub fn parent(&self) -> Option<SessionId> {
        self.parent.map(|below| SessionId(self.id.0 - u64::from(below.get())))
    }

    /// Says which session announced it; of no effect where that lies more than 2³² sessions back.
    pub fn set_parent(&mut self, parent: SessionId) {
        self.parent = self
            .id
            .0
            .checked_sub(parent.0)
            .and_then(|below| u32::try_from(below).ok())
            .and_then(NonZeroU32::new);
    }

    /// Blocks it: DISCARD for `cause`, decided by a packet that travels in the direction of `undelivered` and does not
    /// pass, or by none.
    pub fn discard(&mut self, cause: EndReason, undelivered: Option<Direction>) {
        self.state = self.state.next(Trigger::Block).unwrap_or(State::Discard);
        self.causes.add(cause);
        self.undelivered = undelivered.or(self.undelivered);
    }

    /// Counts a packet of it.
    pub fn count(&mut self, direction: Direction, wire_len: u32) {
        self.counts.packets[direction.index()] += 1;
        self.counts.bytes[direction.index()] += u64::from(wire_len);
    }

    /// What was forwarded so far.
    pub fn passed(&self) -> Passed {
        let mut packets = self.counts.packets;
        if let Some(direction) = self.undelivered {
            packets[direction.index()] -= 1;
        }
        Passed { packets, payload: self.payload }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of millions of sessions is bound by memory: growth is a decision, not an accident.
    #[test]
    fn a_session_is_small() {
        assert!(size_of::<Session>() <= 336, "{} bytes", size_of::<Session>());
        assert_eq!(size_of::<Option<Session>>(), size_of::<Session>());
    }
}
