//! Sequence numbers of a TCP conversation, kept so that a scenario says them only where they matter.

use crate::flow::Direction;
use crate::packet::TcpFlags;

/// What both sides of a connection have sent so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    sides: [Side; 2],
}

/// One side's sequence space.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Side {
    /// Initial sequence number: that of its SYN.
    initial: u32,
    /// The lowest number it has not sent, relative to `initial`; what its peer would acknowledge.
    next: u32,
    /// What it has sent beyond a gap: relative ranges.
    early: Vec<(u32, u32)>,
}

/// A segment to be sent. What is left out is what a host would send.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Segment {
    /// Control bits.
    pub flags: TcpFlags,
    /// Sequence number; by default the lowest that the side has not sent, for a SYN the initial one.
    pub seq: Option<Number>,
    /// Acknowledgment number; by default all that the peer has sent without a gap.
    pub ack: Option<Number>,
    /// Window field; by default 65,535.
    pub window: Option<u16>,
    /// Option bytes, a multiple of four.
    pub options: Vec<u8>,
    /// Payload.
    pub payload: Vec<u8>,
}

/// A sequence or acknowledgment number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// From the number that would be sent.
    FromNext(i64),
    /// From the initial sequence number, which is 0, as tcpdump and packetdrill print it.
    FromInitial(i64),
}

/// The numbers of a segment on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgment number; 0 without ACK.
    pub ack: u32,
}

/// The initial sequence numbers of client and server where a scenario names none.
pub const INITIAL: [u32; 2] = [1_000_000, 2_000_000];

impl Default for Conversation {
    fn default() -> Self {
        Self::new(INITIAL)
    }
}

impl Conversation {
    /// A connection of which nothing was sent, with the initial sequence numbers of client and server.
    pub fn new(initial: [u32; 2]) -> Self {
        Self { sides: initial.map(|initial| Side { initial, ..Side::default() }) }
    }

    /// The numbers that `segment` carries, and takes note that `direction`'s sender has sent it.
    pub fn send(&mut self, direction: Direction, segment: &Segment) -> Numbers {
        let is_syn = segment.flags.contains(TcpFlags::SYN);
        let [mine, peer] = [direction.index(), direction.reverse().index()];
        let ack = if segment.flags.contains(TcpFlags::ACK) || segment.ack.is_some() {
            let side = &self.sides[peer];
            side.number(segment.ack.unwrap_or(Number::FromNext(0)))
        } else {
            0
        };
        let default = if is_syn { Number::FromInitial(0) } else { Number::FromNext(0) };
        let side = &mut self.sides[mine];
        let seq = side.number(segment.seq.unwrap_or(default));
        let controls = u32::from(is_syn) + u32::from(segment.flags.contains(TcpFlags::FIN));
        let len = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX).saturating_add(controls);
        side.note(seq.wrapping_sub(side.initial), len);
        Numbers { seq, ack }
    }
}

impl Side {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sequence space wraps")]
    fn number(&self, number: Number) -> u32 {
        match number {
            Number::FromNext(offset) => self.initial.wrapping_add(self.next).wrapping_add(offset as u32),
            Number::FromInitial(offset) => self.initial.wrapping_add(offset as u32),
        }
    }

    /// Takes note of `len` numbers from `start` on.
    fn note(&mut self, start: u32, len: u32) {
        if len == 0 {
            return;
        }
        self.early.push((start, start.wrapping_add(len)));
        while let Some(index) = self.early.iter().position(|&(start, end)| self.follows(start, end)) {
            self.next = self.early.swap_remove(index).1;
        }
    }

    /// Whether a range begins at or before what comes next, and ends after it.
    const fn follows(&self, start: u32, end: u32) -> bool {
        start.wrapping_sub(self.next).cast_signed() <= 0 && end.wrapping_sub(self.next).cast_signed() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const C2S: Direction = Direction::ClientToServer;
    const S2C: Direction = Direction::ServerToClient;

    fn segment(flags: u8, payload: &[u8]) -> Segment {
        Segment { flags: TcpFlags(flags), payload: payload.to_vec(), ..Segment::default() }
    }

    /// The numbers of the next segment, from the initial ones.
    fn relative(conversation: &mut Conversation, direction: Direction, segment: &Segment) -> (u32, u32) {
        let Numbers { seq, ack } = conversation.send(direction, segment);
        let initial = |direction: Direction| conversation.sides[direction.index()].initial;
        (seq.wrapping_sub(initial(direction)), ack.wrapping_sub(initial(direction.reverse())))
    }

    #[test]
    fn a_handshake_and_data() {
        let mut tcp = Conversation::new([u32::MAX - 2, 7]);
        assert_eq!(tcp.send(C2S, &segment(0x02, b"")), Numbers { seq: u32::MAX - 2, ack: 0 });
        assert_eq!(relative(&mut tcp, S2C, &segment(0x12, b"")), (0, 1));
        assert_eq!(relative(&mut tcp, C2S, &segment(0x10, b"")), (1, 1));
        assert_eq!(relative(&mut tcp, C2S, &segment(0x18, b"hello")), (1, 1));
        assert_eq!(relative(&mut tcp, S2C, &segment(0x11, b"")), (1, 6));
        assert_eq!(relative(&mut tcp, C2S, &segment(0x11, b"")), (6, 2));
        assert_eq!(relative(&mut tcp, S2C, &segment(0x10, b"")), (2, 7));
    }

    #[test]
    fn a_gap_is_acknowledged_when_it_is_filled() {
        let mut tcp = Conversation::default();
        tcp.send(C2S, &segment(0x02, b""));
        let early = Segment { seq: Some(Number::FromNext(5)), ..segment(0x18, b"world") };
        assert_eq!(relative(&mut tcp, C2S, &early).0, 6);
        assert_eq!(relative(&mut tcp, S2C, &segment(0x12, b"")), (0, 1));
        assert_eq!(relative(&mut tcp, C2S, &segment(0x18, b"hello")).0, 1);
        assert_eq!(relative(&mut tcp, S2C, &segment(0x10, b"")), (1, 11));
        let again = Segment { seq: Some(Number::FromNext(-5)), ..segment(0x18, b"world") };
        assert_eq!(relative(&mut tcp, C2S, &again), (6, 1));
        assert_eq!(relative(&mut tcp, C2S, &segment(0x10, b"")).0, 11);
    }
}
