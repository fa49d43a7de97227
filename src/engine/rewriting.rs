//! Addresses and ports that NAT rewrites in payloads, and what that does to sequence numbers (PANOS.md 7).
//!
//! What is rewritten stays for as long as its session: segments may be sent again, and acknowledgments of the other side
//! count by it.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::feature::alg::{Field, Length};
use crate::flow::{Addr, Direction};
use crate::packet::{Layer4, Packet, Splice, renumber, splice};
use crate::session::{SessionId, Slot, after, before};

/// Sessions in whose payload something was rewritten.
#[derive(Debug, Default)]
pub(super) struct Rewriting {
    sessions: HashMap<Slot, [Side; 2], foldhash::quality::RandomState>,
}

/// What was rewritten in what one side has sent.
#[derive(Debug, Default)]
struct Side {
    /// In order of their places.
    edits: VecDeque<Edit>,
    /// How much the payload has grown by edits that are forgotten.
    grown: u32,
    /// Predictions of the last packet that has announced some whose endpoints NAT changes, and its number.
    told: (u64, Vec<SessionId>),
    /// Endpoints that were seen behind NAT before the packet that announces them.
    ahead: VecDeque<Option<(Addr, u16)>>,
}

#[derive(Debug)]
struct Edit {
    /// Sequence number of the first byte it replaces; of UDP, its place in the datagram at hand.
    at: u32,
    len: u32,
    new: Vec<u8>,
}

/// So many edits of a side are kept for segments that are sent again.
const KEPT: usize = 256;

/// How much longer something becomes, modulo 2³².
const fn growth(old: u32, new: usize) -> u32 {
    (new as u32).wrapping_sub(old)
}

impl Side {
    /// The sequence number that takes the place of `seq`.
    fn forward(&self, seq: u32) -> u32 {
        let done = self.edits.iter().take_while(|edit| !after(edit.at.wrapping_add(edit.len), seq));
        done.fold(seq.wrapping_add(self.grown), |seq, edit| {
            seq.wrapping_add(growth(edit.len, edit.new.len()))
        })
    }

    /// The sequence number whose place `seq` has taken.
    fn back(&self, seq: u32) -> u32 {
        let mut grown = self.grown;
        for edit in &self.edits {
            let end = edit.at.wrapping_add(grown).wrapping_add(edit.new.len() as u32);
            if after(end, seq) {
                break;
            }
            grown = grown.wrapping_add(growth(edit.len, edit.new.len()));
        }
        seq.wrapping_sub(grown)
    }

    fn add(&mut self, edit: Edit) {
        let place = self.edits.iter().position(|other| after(other.at, edit.at));
        match place {
            _ if self.edits.iter().any(|other| other.at == edit.at) => {}
            Some(place) => self.edits.insert(place, edit),
            None => self.edits.push_back(edit),
        }
        if self.edits.len() > KEPT
            && let Some(first) = self.edits.pop_front()
        {
            self.grown = self.grown.wrapping_add(growth(first.len, first.new.len()));
        }
    }
}

/// Where the payload at hand begins, as fields count and as the packet does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base {
    /// Number of bytes of that side that came before.
    pub(super) said: u64,
    /// Sequence number of the first one; 0 for UDP.
    pub(super) seq: u32,
    /// How many bytes there are.
    pub(super) len: u32,
}

impl Base {
    /// The sequence number of a field that lies in the payload at hand.
    fn place(self, at: u64, len: u32) -> Option<u32> {
        let offset = u32::try_from(at.checked_sub(self.said)?).ok()?;
        (offset.checked_add(len)? <= self.len).then(|| self.seq.wrapping_add(offset))
    }

    /// Whether all of these fields lie in the payload at hand.
    pub(super) fn has(self, fields: &[Field]) -> bool {
        fields.iter().all(|field| self.place(field.at, field.len).is_some())
    }
}

impl Rewriting {
    /// Writes another endpoint into fields of the payload at hand.
    pub(super) fn write(
        &mut self,
        slot: Slot,
        by: Direction,
        base: Base,
        fields: &[Field],
        (addr, port): (Addr, u16),
    ) {
        for field in fields {
            if let Some(at) = base.place(field.at, field.len)
                && let Some(new) = field.spelling.write(addr, port, field.len)
            {
                let side = &mut self.sessions.entry(slot).or_default()[by.index()];
                side.add(Edit { at, len: field.len, new });
            }
        }
    }

    /// Adapts a length to what was rewritten in what it counts.
    pub(super) fn adapt(&mut self, slot: Slot, by: Direction, base: Base, length: &Length) {
        let Some(sides) = self.sessions.get_mut(&slot) else { return };
        let side = &mut sides[by.index()];
        let counted = |edit: &&Edit| {
            let at = base.said + u64::from(edit.at.wrapping_sub(base.seq));
            length.counted.contains(&at)
        };
        let grown = side
            .edits
            .iter()
            .filter(counted)
            .fold(0_i64, |grown, edit| grown + edit.new.len() as i64 - i64::from(edit.len));
        if grown != 0
            && let Some(at) = base.place(length.at, length.len)
            && let Some(value) = length.value.checked_add_signed(grown)
            && let Some(new) = length.numeral.write(value, length.len)
        {
            side.add(Edit { at, len: length.len, new });
        }
    }

    /// A prediction whose endpoint is rewritten was announced in a packet.
    pub(super) fn tell(&mut self, slot: Slot, by: Direction, packet: u64, id: SessionId) {
        let (last, told) = &mut self.sessions.entry(slot).or_default()[by.index()].told;
        if *last != packet {
            *last = packet;
            told.clear();
        }
        told.push(id);
    }

    /// The predictions of the last packet that has announced some.
    pub(super) fn told(&self, slot: Slot, by: Direction) -> Vec<SessionId> {
        self.sessions.get(&slot).map(|sides| sides[by.index()].told.1.clone()).unwrap_or_default()
    }

    /// These endpoints were seen behind NAT before the packet that announces them.
    pub(super) fn look_ahead(&mut self, slot: Slot, by: Direction, seen: Vec<Option<(Addr, u16)>>) {
        self.sessions.entry(slot).or_default()[by.index()].ahead = seen.into();
    }

    /// The next one of them.
    pub(super) fn seen_ahead(&mut self, slot: Slot, by: Direction) -> Option<(Addr, u16)> {
        if self.sessions.is_empty() {
            return None;
        }
        self.sessions.get_mut(&slot)?[by.index()].ahead.pop_front()?
    }

    /// The captured device has written these texts into the segment that begins with `seq` behind it, in order, each after
    /// so many bytes of it.
    pub(super) fn correct<'t>(
        &mut self,
        slot: Slot,
        by: Direction,
        seq: u32,
        texts: impl Iterator<Item = (u32, &'t [u8])>,
    ) {
        let Some(sides) = self.sessions.get_mut(&slot) else { return };
        let side = &mut sides[by.index()];
        let (start, mut grown) = (side.back(seq), 0);
        for (at, text) in texts {
            let at = start.wrapping_add(at).wrapping_sub(grown);
            if let Some(edit) = side.edits.iter_mut().find(|edit| edit.at == at) {
                grown = grown.wrapping_add(growth(edit.len, text.len()));
                edit.new = text.to_vec();
            }
        }
    }

    /// Whether a packet of this session may leave otherwise than it came.
    pub(super) fn concerns(&self, slot: Slot) -> bool {
        !self.sessions.is_empty() && self.sessions.contains_key(&slot)
    }

    /// Rewrites the payload of an IP packet, and its sequence numbers. What stands in it partly is left as it is.
    pub(super) fn apply(
        &self,
        slot: Slot,
        direction: Direction,
        packet: &Packet<'_>,
        bytes: &mut Vec<u8>,
    ) -> bool {
        let Some(sides) = self.sessions.get(&slot) else { return false };
        let (own, other) = (&sides[direction.index()], &sides[direction.reverse().index()]);
        let (seq, payload) = match packet.layer4 {
            Layer4::Tcp(segment) => (segment.payload_seq(), segment.payload),
            Layer4::Udp(datagram) => (0, datagram.payload),
            _ => return false,
        };
        let within = |edit: &&Edit| {
            !before(edit.at, seq) && !after(edit.at.wrapping_add(edit.len), seq.wrapping_add(payload.len))
        };
        let parts: Vec<Splice<'_>> = own
            .edits
            .iter()
            .filter(within)
            .map(|edit| Splice {
                at: edit.at.wrapping_sub(seq) as usize,
                len: edit.len as usize,
                new: &edit.new,
            })
            .collect();
        let spliced = !parts.is_empty() && splice(bytes, &parts);
        // Numbers first would be the same: the payload is found by its place in the packet.
        let is_tcp = matches!(packet.layer4, Layer4::Tcp(_));
        let renumbered = is_tcp && renumber(bytes, |seq| own.forward(seq), |ack| other.back(ack));
        spliced || renumbered
    }

    /// The datagram at hand has left: nothing in the next one stands where it stood in this one.
    pub(super) fn pass(&mut self, slot: Slot, packet: &Packet<'_>) {
        if self.concerns(slot)
            && matches!(packet.layer4, Layer4::Udp(_))
            && let Some(sides) = self.sessions.get_mut(&slot)
        {
            sides.iter_mut().for_each(|side| side.edits.clear());
        }
    }

    /// The sequence number of a side with which it goes on behind the firewall.
    pub(super) fn forward(&self, slot: Slot, by: Direction, seq: u32) -> u32 {
        self.sessions.get(&slot).map_or(seq, |sides| sides[by.index()].forward(seq))
    }

    /// The sequence number of a side, as that counts, of one behind the firewall.
    pub(super) fn back(&self, slot: Slot, by: Direction, seq: u32) -> u32 {
        self.sessions.get(&slot).map_or(seq, |sides| sides[by.index()].back(seq))
    }

    /// The session is gone.
    pub(super) fn forget(&mut self, slot: Slot) {
        if !self.sessions.is_empty() {
            self.sessions.remove(&slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn side(edits: &[(u32, u32, usize)]) -> Side {
        let mut side = Side::default();
        for &(at, len, new) in edits {
            side.add(Edit { at, len, new: vec![0; new] });
        }
        side
    }

    #[test]
    fn numbers_around_edits() {
        // 12 bytes become 15 at 100, 10 become 8 at 200.
        let side = side(&[(200, 10, 8), (100, 12, 15)]);
        for (seq, shifted) in [(90, 90), (100, 100), (112, 115), (200, 203), (210, 211), (300, 301)] {
            assert_eq!(side.forward(seq), shifted, "{seq}");
            assert_eq!(side.back(shifted), seq, "{shifted}");
        }
    }

    proptest! {
        /// Outside of what was rewritten the way back is the way there, also where numbers wrap.
        #[test]
        fn there_and_back(start: u32, edits in proptest::collection::vec((0_u32..40, 1_u32..20, 1_usize..20), 0..300)) {
            let (mut at, mut all, mut outside) = (start, Vec::new(), vec![start]);
            for (gap, len, new) in edits {
                at = at.wrapping_add(gap + 1);
                all.push((at, len, new));
                at = at.wrapping_add(len);
                outside.push(at);
            }
            let side = side(&all);
            // What was forgotten is only right for what comes later.
            for seq in outside.into_iter().rev().take(KEPT) {
                prop_assert_eq!(side.back(side.forward(seq)), seq);
            }
        }
    }
}
