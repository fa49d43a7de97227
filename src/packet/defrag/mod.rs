//! Fragments to datagrams (RFC 791, 3.2; RFC 8200, 4.5), before anything looks at ports (PANOS.md 1.1, stage 4).

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use super::decode::{Datagram, reread};
use super::{Checksum, Checksums, DecodeOptions, Fragment, IpHeader, Layer4, Malformed, Packet, checksum};
use crate::flow::{Addr, Arrival, Protocol};
use crate::time::{Span, Timestamp};

/// How much the defragmenter holds at most, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefragLimits {
    /// Datagrams under way.
    pub datagrams: usize,
    /// Bytes of their fragments, with what it takes to keep them.
    pub bytes: usize,
    /// How long after a datagram's first fragment the last may come.
    pub timeout: Span,
}

impl Default for DefragLimits {
    /// 4,096 datagrams, 4 MiB, 30 s. (PAN-OS's own numbers are not published; these are Linux's, where
    /// `ipfrag_high_thresh` and `ipfrag_time` set them.)
    fn default() -> Self {
        Self { datagrams: 4_096, bytes: 4 * 1_024 * 1_024, timeout: Span::from_secs(30) }
    }
}

/// Puts the datagrams together that came in fragments.
///
/// Every frame comes out in exactly one packet: of its datagram when that is complete; of a malformed one when a
/// fragment overlaps another or lies about its length, which refuses all of the datagram's fragments, also those
/// still to come; or of an incomplete one when its time is over, or of one too many when others need its place.
///
/// For each frame call [`Self::expired`] until it gives nothing, then [`Self::push`]; at the end of the capture
/// [`Self::expired`] again with [`Timestamp::MAX`].
#[derive(Debug, Default)]
pub struct Defragmenter {
    limits: DefragLimits,
    options: DecodeOptions,
    clock: Timestamp,
    /// When [`Self::expired`] has something to give: at the latest at this time.
    due: Option<Timestamp>,
    /// Datagrams under way, in order of their first fragments, which is that of their deadlines.
    held: BTreeMap<u64, Partial>,
    by_key: BTreeMap<Key, u64>,
    next_id: u64,
    bytes: usize,
    /// Given up, to be handed out.
    given_up: VecDeque<Partial>,
    /// What was handed out last.
    frames: Vec<u64>,
    datagram: Vec<u8>,
}

/// What became of a frame.
#[derive(Debug)]
pub enum Defragmented<'a> {
    /// It is no fragment: go on with the packet itself.
    Whole,
    /// It waits for the other fragments of its datagram.
    Held,
    /// It completed this datagram, or showed it to be malformed.
    Datagram(Packet<'a>),
}

/// What fragments of one datagram have in common. The protocol counts in IPv4 alone (RFC 8200, 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    src: Addr,
    dst: Addr,
    identification: u32,
    protocol: Protocol,
    arrival: Arrival,
}

/// A datagram under way.
#[derive(Debug)]
struct Partial {
    key: Key,
    deadline: Timestamp,
    ip: IpHeader,
    /// Headers of the first fragment, up to the fragmented part.
    header: Vec<u8>,
    /// By offset; they never overlap.
    pieces: BTreeMap<u32, Piece>,
    /// Sum of the pieces' lengths.
    received: u32,
    /// Length of the fragmented part, told by its last fragment.
    total: Option<u32>,
    frames: Vec<u64>,
    wire_len: u32,
    /// Why its fragments are refused.
    refused: Option<Malformed>,
    /// What it counts against the limit.
    bytes: usize,
}

#[derive(Debug, PartialEq, Eq)]
struct Piece {
    len: u32,
    more: bool,
    /// A snapped capture holds fewer than `len`.
    bytes: Vec<u8>,
}

/// The largest IP packet without a jumbogram option.
const PACKET_MAX: u32 = 65_535;
/// What keeping one fragment takes besides its bytes, roughly.
const OVERHEAD: usize = 64;

impl Defragmenter {
    /// With its limits; `options` says what to do about the checksums of whole datagrams.
    pub fn new(limits: DefragLimits, options: DecodeOptions) -> Self {
        Self { limits, options, ..Self::default() }
    }

    /// Takes the packet of a frame that came at `at`.
    #[inline]
    pub fn push(&mut self, at: Timestamp, packet: &Packet<'_>) -> Defragmented<'_> {
        match packet.layer4 {
            Layer4::Fragment(fragment) => self.take(at, packet, fragment),
            _ => Defragmented::Whole,
        }
    }

    /// Gives, one at a time, the datagrams that were given up by `now`, as packets malformed by
    /// [`Malformed::FragmentIncomplete`] or [`Malformed::FragmentLimit`], each with the time it was given up at.
    #[inline]
    pub fn expired(&mut self, now: Timestamp) -> Option<(Timestamp, Packet<'_>)> {
        if self.due.is_none_or(|due| now < due) {
            return None;
        }
        self.next_expired(now)
    }

    fn next_expired(&mut self, now: Timestamp) -> Option<(Timestamp, Packet<'_>)> {
        self.give_up_overdue(now);
        let next = self.given_up.pop_front();
        self.set_due();
        let partial = next?;
        self.frames = partial.frames;
        let number = self.frames.last().copied()?;
        let at = partial.deadline;
        let (ip, arrival) = (partial.ip, partial.key.arrival);
        let layer4 = Layer4::Malformed(partial.refused.unwrap_or(Malformed::FragmentIncomplete));
        let (fragments, wire_len) = (self.frames.as_slice(), partial.wire_len);
        let checksum = Checksum::Unknown;
        Some((at, Packet { number, fragments, wire_len, arrival, ip, layer4, checksum, datagram: &[] }))
    }

    #[cold]
    fn take(&mut self, at: Timestamp, packet: &Packet<'_>, fragment: Fragment<'_>) -> Defragmented<'_> {
        self.clock = self.clock.max(at);
        self.give_up_overdue(self.clock);
        let id = self.enter(packet, fragment.identification);
        let Some(partial) = self.held.get_mut(&id) else { return Defragmented::Held };
        let before = partial.bytes;
        let progress = partial.add(packet, fragment);
        self.bytes = self.bytes + partial.bytes - before;
        match progress {
            Progress::Waiting => {
                self.give_up_surplus();
                self.set_due();
                Defragmented::Held
            }
            Progress::Complete => {
                let partial = self.remove(id);
                self.set_due();
                partial.map_or(Defragmented::Held, |partial| self.assemble(packet, partial))
            }
            Progress::Refused(malformed) => {
                self.frames = std::mem::take(&mut partial.frames);
                let wire_len = std::mem::take(&mut partial.wire_len);
                self.give_up_surplus();
                self.set_due();
                self.datagram.clear();
                let layer4 = Layer4::Malformed(malformed);
                Defragmented::Datagram(self.packet(packet, wire_len, packet.ip, layer4))
            }
        }
    }

    /// The datagram a fragment belongs to.
    fn enter(&mut self, packet: &Packet<'_>, identification: u32) -> u64 {
        let IpHeader { src, dst, protocol, .. } = packet.ip;
        let protocol = if src.is_v4() { protocol } else { Protocol::default() };
        let key = Key { src, dst, identification, protocol, arrival: packet.arrival };
        let (id, deadline) = (self.next_id, self.clock + self.limits.timeout);
        let entered = *self.by_key.entry(key).or_insert(id);
        if entered == id {
            self.next_id += 1;
            self.held.insert(id, Partial::new(key, deadline, packet.ip));
        }
        entered
    }

    fn remove(&mut self, id: u64) -> Option<Partial> {
        let partial = self.held.remove(&id)?;
        self.by_key.remove(&partial.key);
        self.bytes -= partial.bytes;
        Some(partial)
    }

    fn give_up_overdue(&mut self, now: Timestamp) {
        while let Some((&id, oldest)) =
            self.held.first_key_value().filter(|(_, oldest)| oldest.deadline <= now)
        {
            self.give_up(id, oldest.deadline, Malformed::FragmentIncomplete);
        }
    }

    /// Gives up the oldest while there is too much.
    fn give_up_surplus(&mut self) {
        while self.held.len() > self.limits.datagrams || self.bytes > self.limits.bytes {
            let Some((&id, _)) = self.held.first_key_value() else { return };
            self.give_up(id, self.clock, Malformed::FragmentLimit);
        }
    }

    /// Keeps of a datagram what is still to be told. A refused one may have nothing.
    fn give_up(&mut self, id: u64, at: Timestamp, why: Malformed) {
        let Some(partial) = self.remove(id).filter(|partial| !partial.frames.is_empty()) else { return };
        let (header, pieces) = (Vec::new(), BTreeMap::new());
        self.given_up.push_back(Partial { deadline: at, header, pieces, refused: Some(why), ..partial });
    }

    fn set_due(&mut self) {
        self.due = if self.given_up.is_empty() {
            self.held.first_key_value().map(|(_, oldest)| oldest.deadline)
        } else {
            Some(Timestamp::ZERO)
        };
    }

    /// Makes the datagram of a complete set of fragments and reads it.
    fn assemble(&mut self, last: &Packet<'_>, partial: Partial) -> Defragmented<'_> {
        self.datagram.clear();
        let missing = partial.write_to(&mut self.datagram);
        self.frames = partial.frames;
        let Some(missing) = missing else {
            self.datagram.clear();
            let layer4 = Layer4::Malformed(Malformed::FragmentLength);
            return Defragmented::Datagram(self.packet(last, partial.wire_len, partial.ip, layer4));
        };
        let Datagram { ip, layer4, .. } = reread(&self.datagram, missing);
        let layer4 = match layer4 {
            // A fragment of fragments: no sender makes one.
            Layer4::Fragment(_) => Layer4::Malformed(Malformed::Ipv6Extension),
            layer4 => layer4,
        };
        let mut packet = self.packet(last, partial.wire_len, ip, layer4);
        if self.options.checksums == Checksums::Verify {
            checksum::refuse_wrong(&mut packet);
        }
        Defragmented::Datagram(packet)
    }

    /// A packet of the frames and bytes kept to be handed out.
    fn packet<'a>(
        &'a self,
        last: &Packet<'_>,
        wire_len: u32,
        ip: IpHeader,
        layer4: Layer4<'a>,
    ) -> Packet<'a> {
        Packet {
            number: last.number,
            fragments: &self.frames,
            wire_len,
            arrival: last.arrival,
            ip,
            layer4,
            checksum: Checksum::Unknown,
            datagram: &self.datagram,
        }
    }
}

/// What a fragment did to its datagram.
enum Progress {
    Waiting,
    Complete,
    Refused(Malformed),
}

impl Partial {
    fn new(key: Key, deadline: Timestamp, ip: IpHeader) -> Self {
        Self {
            key,
            deadline,
            ip,
            header: Vec::new(),
            pieces: BTreeMap::new(),
            received: 0,
            total: None,
            frames: Vec::new(),
            wire_len: 0,
            refused: None,
            bytes: 0,
        }
    }

    /// Adds a fragment; it is noted whatever becomes of it.
    fn add(&mut self, packet: &Packet<'_>, fragment: Fragment<'_>) -> Progress {
        self.frames.push(packet.number);
        self.wire_len = self.wire_len.saturating_add(packet.wire_len);
        self.bytes += OVERHEAD;
        match self.refused.map_or_else(|| self.insert(packet, fragment), Err) {
            Ok(()) if self.total == Some(self.received) => Progress::Complete,
            Ok(()) => Progress::Waiting,
            Err(malformed) => {
                self.refused = Some(malformed);
                self.pieces.clear();
                self.header.clear();
                self.bytes = OVERHEAD;
                Progress::Refused(malformed)
            }
        }
    }

    fn insert(&mut self, packet: &Packet<'_>, fragment: Fragment<'_>) -> Result<(), Malformed> {
        let Fragment { offset, more, payload, .. } = fragment;
        let end = offset.saturating_add(payload.len);
        if payload.len == 0 || end > PACKET_MAX || more && payload.len % 8 != 0 {
            return Err(Malformed::FragmentLength);
        }
        let piece = Piece { len: payload.len, more, bytes: payload.bytes.to_vec() };
        if self.pieces.get(&offset) == Some(&piece) {
            return Ok(());
        }
        let overlaps_before = self
            .pieces
            .range(..=offset)
            .next_back()
            .is_some_and(|(start, before)| start + before.len > offset);
        let overlaps_after = self.pieces.range(offset..).next().is_some_and(|(start, _)| *start < end);
        if overlaps_before || overlaps_after {
            return Err(Malformed::FragmentOverlap);
        }
        let furthest = self.pieces.last_key_value().map_or(0, |(start, piece)| start + piece.len);
        let total = if more { self.total } else { self.total.or(Some(end)) };
        if total.is_some_and(|total| end.max(furthest) > total || !more && end != total) {
            return Err(Malformed::FragmentLength);
        }
        if offset == 0 {
            let header_len = packet.datagram.len().saturating_sub(payload.bytes.len());
            self.header = packet.datagram.get(..header_len).unwrap_or_default().to_vec();
            self.bytes += header_len;
        }
        self.bytes += piece.bytes.len();
        self.received += piece.len;
        self.total = total;
        self.pieces.insert(offset, piece);
        Ok(())
    }

    /// Writes the datagram as if it had never been cut, as far as the capture holds its bytes, and returns how many
    /// it does not; `None` where it would be longer than a packet can be.
    fn write_to(&self, out: &mut Vec<u8>) -> Option<u32> {
        out.extend(&self.header);
        if self.ip.src.is_v4() { whole_v4(out, self.received) } else { whole_v6(out, self.received) }?;
        let mut missing = self.received;
        for piece in self.pieces.values() {
            out.extend(&piece.bytes);
            missing -= piece.bytes.len() as u32;
            // A snapped fragment leaves a hole: what follows it is of no use.
            if piece.bytes.len() < piece.len as usize {
                break;
            }
        }
        Some(missing)
    }
}

/// Makes the header of a first fragment that of the whole: length, flags and offset, checksum (RFC 791, 3.1).
fn whole_v4(header: &mut [u8], payload: u32) -> Option<()> {
    let len = u16::try_from(header.len() as u32 + payload).ok()?;
    header.get_mut(2..4)?.copy_from_slice(&len.to_be_bytes());
    *header.get_mut(6)? &= 0xc0;
    *header.get_mut(7)? = 0;
    header.get_mut(10..12)?.fill(0);
    let checksum = checksum::compute(header);
    header.get_mut(10..12)?.copy_from_slice(&checksum);
    Some(())
}

/// Takes the fragment header, the last of these headers, out of them.
fn whole_v6(headers: &mut Vec<u8>, payload: u32) -> Option<()> {
    const IPV6: usize = 40;
    const FRAGMENT: usize = 8;
    const FRAGMENT_NUMBER: u8 = 44;
    let at = headers.len().checked_sub(FRAGMENT)?;
    let next = *headers.get(at)?;
    headers.truncate(at);
    let len = u16::try_from(at.checked_sub(IPV6)? as u32 + payload).ok()?;
    headers.get_mut(4..6)?.copy_from_slice(&len.to_be_bytes());
    let (mut field, mut header) = (6, IPV6);
    while header < at {
        (field, header) = (header, header + 8 * (1 + usize::from(*headers.get(header + 1)?)));
    }
    let field = headers.get_mut(field).filter(|field| **field == FRAGMENT_NUMBER)?;
    *field = next;
    Some(())
}
