//! The first bytes of every connection in the capture, until its handshake is over.

use std::collections::{BTreeMap, VecDeque};

use super::opening::{NamedBy, Opening, Speaks, shown};
use crate::app::{Candidates, quic};
use crate::engine::Record;
use crate::flow::{Addr, Direction, Protocol};
use crate::packet::{Layer4, Packet, TcpFlags, TcpSegment, UdpDatagram};
use crate::session::{Chunk, Stream};

/// So many connections are read; of later ones nothing is known.
const CONNECTIONS_MAX: usize = 200_000;

/// So many bytes wait for the end of handshakes; what comes later is read as far as it has come.
const WAITING_MAX: usize = 64 << 20;

/// So many early segments of one connection wait.
const EARLY_MAX: usize = 32;

/// So many datagrams of a client hold its first flight.
const DATAGRAMS_MAX: usize = 8;

/// An end of a connection.
type End = (Addr, u16);

/// Both ends, the lower one first.
type Ends = (Protocol, End, End);

/// The connections of a run.
#[derive(Debug)]
pub(super) struct Connections {
    candidates: Candidates,
    /// By their ends, in order.
    open: BTreeMap<Ends, VecDeque<Connection>>,
    count: usize,
    /// Bytes kept.
    waiting: usize,
    is_cut: bool,
}

/// A connection.
#[derive(Debug)]
struct Connection {
    /// Number of its first packet.
    first: u64,
    client: End,
    /// The sequence number of the client's SYN.
    syn: Option<u32>,
    /// Bytes that came for it while it was read.
    held: usize,
    /// Bytes on the wire, both ways.
    bytes: u64,
    reads: Reads,
}

/// How far it has been read.
#[derive(Debug)]
enum Reads {
    Stream(Box<Stream>),
    Datagrams(Vec<Vec<u8>>),
    Done(Box<Opening>),
}

impl Connections {
    pub(super) const fn new(candidates: Candidates) -> Self {
        Self { candidates, open: BTreeMap::new(), count: 0, waiting: 0, is_cut: false }
    }

    /// Whether there were too many connections or bytes to read all of them.
    pub(super) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub(super) fn packet(&mut self, packet: &Packet<'_>) {
        match packet.layer4 {
            Layer4::Tcp(tcp) => self.segment(packet, &tcp),
            Layer4::Udp(udp) => self.datagram(packet, &udp),
            _ => {}
        }
    }

    fn segment(&mut self, packet: &Packet<'_>, tcp: &TcpSegment<'_>) {
        let [src, dst] = [(packet.ip.src, tcp.sport), (packet.ip.dst, tcp.dport)];
        let opens = tcp.flags.contains(TcpFlags::SYN) && !tcp.flags.contains(TcpFlags::ACK);
        let answers = tcp.flags.contains(TcpFlags::SYN) && !opens;
        let ends = (Protocol::TCP, src.min(dst), src.max(dst));
        let begin = |candidates| {
            let (client, syn) = if answers { (dst, None) } else { (src, opens.then_some(tcp.seq)) };
            let reads = Reads::Stream(Box::new(Stream::new(candidates)));
            Connection { first: packet.number, client, syn, held: 0, bytes: 0, reads }
        };
        let (candidates, is_full) = (self.candidates, self.count >= CONNECTIONS_MAX);
        let list = match self.open.get_mut(&ends) {
            Some(list) => list,
            None if is_full => return self.is_cut = true,
            None => self.open.entry(ends).or_default(),
        };
        let is_new = list.back().is_none_or(|last| opens && last.syn != Some(tcp.seq));
        if is_new {
            if is_full {
                self.is_cut = true;
                return;
            }
            list.push_back(begin(candidates));
            self.count += 1;
        }
        let Some(connection) = list.back_mut() else { return };
        connection.bytes += u64::from(packet.wire_len);
        if tcp.payload.len == 0 {
            return;
        }
        let Reads::Stream(stream) = &mut connection.reads else { return };
        let from_client = connection.client == src;
        let direction = if from_client { Direction::ClientToServer } else { Direction::ServerToClient };
        let chunk =
            Chunk { direction, seq: tcp.payload_seq(), bytes: tcp.payload.bytes, cut: tcp.payload.is_cut() };
        let fails = stream.push_segment(chunk, EARLY_MAX).is_err();
        connection.held += tcp.payload.bytes.len();
        self.waiting += tcp.payload.bytes.len();
        let heads = stream.heads.each_ref().map(Vec::as_slice);
        let is_over = fails || stream.is_full() || Opening::is_over(heads);
        if is_over || self.waiting > WAITING_MAX {
            self.is_cut |= !is_over;
            self.waiting -= connection.held;
            let opening = Opening::read(heads);
            connection.reads = Reads::Done(Box::new(opening));
        }
    }

    fn datagram(&mut self, packet: &Packet<'_>, udp: &UdpDatagram<'_>) {
        let [src, dst] = [(packet.ip.src, udp.sport), (packet.ip.dst, udp.dport)];
        let ends = (Protocol::UDP, src.min(dst), src.max(dst));
        if !self.open.contains_key(&ends) {
            if self.count >= CONNECTIONS_MAX {
                self.is_cut = true;
                return;
            }
            self.count += 1;
        }
        let list = self.open.entry(ends).or_insert_with(|| {
            let reads = Reads::Datagrams(Vec::new());
            VecDeque::from([Connection {
                first: packet.number,
                client: src,
                syn: None,
                held: 0,
                bytes: 0,
                reads,
            }])
        });
        let Some(connection) = list.back_mut() else { return };
        connection.bytes += u64::from(packet.wire_len);
        if connection.client != src {
            return;
        }
        let Reads::Datagrams(datagrams) = &mut connection.reads else { return };
        let has_room = datagrams.len() < DATAGRAMS_MAX && self.waiting < WAITING_MAX;
        if has_room {
            connection.held += udp.payload.bytes.len();
            self.waiting += udp.payload.bytes.len();
            datagrams.push(udp.payload.bytes.to_vec());
        }
        let is_done = !has_room || datagrams.len() == DATAGRAMS_MAX;
        let name = quic::server_name(datagrams.iter().map(Vec::as_slice));
        if is_done || name.is_some() {
            self.waiting -= connection.held;
            connection.reads = Reads::Done(Box::new(of_quic(name)));
        }
    }

    /// The connection of a session that has ended, and its bytes on the wire; those between the same ends before it go with it.
    pub(super) fn take(&mut self, record: &Record) -> Option<(Opening, u64)> {
        let key = record.c2s;
        let [a, b] = [(key.src, key.sport), (key.dst, key.dport)];
        let ends = (key.protocol, a.min(b), a.max(b));
        let list = self.open.get_mut(&ends)?;
        let own =
            |connection: &Connection| (record.first_packet..=record.last_packet).contains(&connection.first);
        let place = list.iter().position(own);
        let place =
            place.or_else(|| list.iter().rposition(|connection| connection.first <= record.last_packet))?;
        self.count -= place + 1;
        let gone = list.drain(..=place);
        let is_read = |connection: &Connection| !matches!(connection.reads, Reads::Done(_));
        let mut last = None;
        for connection in gone {
            self.waiting -= if is_read(&connection) { connection.held } else { 0 };
            last = Some(connection);
        }
        if list.is_empty() {
            self.open.remove(&ends);
        }
        let last = last?;
        let mut opening = match last.reads {
            Reads::Done(opening) => *opening,
            Reads::Datagrams(datagrams) => of_quic(quic::server_name(datagrams.iter().map(Vec::as_slice))),
            Reads::Stream(stream) => Opening::read(stream.heads.each_ref().map(Vec::as_slice)),
        };
        // What begins in its middle may be anything.
        if opening.speaks == Speaks::Other && last.syn.is_none() && key.protocol == Protocol::TCP {
            opening.speaks = Speaks::Nothing;
        }
        Some((opening, last.bytes))
    }
}

fn of_quic(name: Option<Vec<u8>>) -> Opening {
    let name = name.map(|name| (shown(&name), NamedBy::ServerName));
    // Whether it is QUIC is for App-ID to say.
    Opening { speaks: Speaks::Other, name, ..Opening::default() }
}
