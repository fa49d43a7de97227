//! The state machines as graphs, for pictures and tests: derived from what moves sessions, and never interpreted.

use std::collections::BTreeSet;

use petgraph::graph::DiGraph;

use super::{State, TcpRules, TcpStage, TcpTracker, TcpVerdict, Timer, Trigger};
use crate::flow::Direction;
use crate::packet::{Payload, TcpFlags, TcpSegment};

/// The states of a session table entry and what leads from one to the other, as [`State::next`] says.
pub fn state_graph() -> DiGraph<State, Trigger> {
    let mut graph = DiGraph::new();
    let nodes = State::ALL.map(|state| graph.add_node(state));
    let node = |state: State| State::ALL.iter().zip(nodes).find(|(known, _)| **known == state);
    for from in State::ALL {
        for trigger in Trigger::ALL {
            let to = from.next(trigger);
            if let (Some((_, from)), Some((_, to))) = (node(from), to.and_then(node)) {
                graph.add_edge(from, to, trigger);
            }
        }
    }
    graph
}

/// A step of a TCP connection: what a segment does at a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TcpMove {
    /// The stage it comes at.
    pub from: TcpStage,
    /// The stage it leads to; the same where it only arms another timer.
    pub to: TcpStage,
    /// What comes.
    pub segment: &'static str,
    /// The timer that runs from then on; `None` where the running one goes on.
    pub timer: Option<Timer>,
}

/// What can come: from which side, with which flags, and how far its sequence number is off.
const SEGMENTS: [(&str, Direction, TcpFlags, u32); 9] = [
    ("SYN again", Direction::ClientToServer, TcpFlags::SYN, 0),
    ("SYN-ACK", Direction::ServerToClient, TcpFlags(0x12), 0),
    ("ACK", Direction::ClientToServer, TcpFlags::ACK, 0),
    ("FIN", Direction::ClientToServer, TcpFlags(0x11), 0),
    ("FIN", Direction::ServerToClient, TcpFlags(0x11), 0),
    ("RST", Direction::ClientToServer, TcpFlags(0x14), 0),
    ("RST", Direction::ServerToClient, TcpFlags(0x14), 0),
    ("RST out of sequence", Direction::ClientToServer, TcpFlags(0x14), 9),
    ("RST out of sequence", Direction::ServerToClient, TcpFlags(0x14), 9),
];

/// Where the two sides begin to count.
const INITIAL: [u32; 2] = [1_000, 9_000];

/// Every step that a connection can take which begins with its SYN, found by showing segments to a [`TcpTracker`] at
/// each stage.
pub fn tcp_moves() -> BTreeSet<TcpMove> {
    let mut moves = BTreeSet::new();
    let syn = segment(None, Direction::ClientToServer, TcpFlags::SYN, 0);
    let mut waiting = vec![TcpTracker::open(&syn, TcpRules::default())];
    let mut seen = BTreeSet::from([TcpStage::SynSent]);
    while let Some(tracker) = waiting.pop() {
        for (name, direction, flags, off) in SEGMENTS {
            let mut next = tracker;
            let shown = segment(Some(&tracker), direction, flags, off);
            let TcpVerdict::Accept { change: Some(change), .. } = next.track(direction, &shown) else {
                continue;
            };
            let (from, to, timer) = (tracker.stage(), change.stage, change.timer);
            moves.insert(TcpMove { from, to, segment: name, timer });
            if seen.insert(to) {
                waiting.push(next);
            }
        }
    }
    moves
}

/// The segment that a host would send next, `off` bytes away from where it should be.
fn segment(
    tracker: Option<&TcpTracker>,
    direction: Direction,
    flags: TcpFlags,
    off: u32,
) -> TcpSegment<'static> {
    let next = |side: Direction| {
        let known = tracker.and_then(|tracker| tracker.next(side));
        known.unwrap_or_else(|| INITIAL.get(side.index()).copied().unwrap_or_default())
    };
    let is_first = flags.contains(TcpFlags::SYN) && !flags.contains(TcpFlags::ACK);
    // Of a side that has sent nothing yet only the acknowledgment can be wrong.
    let is_new = tracker.is_none_or(|tracker| tracker.next(direction).is_none());
    let ack = next(direction.reverse()).wrapping_add(if is_new { off } else { 0 });
    TcpSegment {
        sport: 40_000,
        dport: 7_000,
        seq: if is_first { INITIAL[0] } else { next(direction).wrapping_add(off) },
        ack: if flags.contains(TcpFlags::ACK) { ack } else { 0 },
        flags,
        window: u16::MAX,
        options: &[],
        payload: Payload::default(),
    }
}
