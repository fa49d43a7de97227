//! Conversations played through the whole program, segment by segment at any place of a side's stream, and what is told
//! of them.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use firstpass::audit::Audit;
use firstpass::capture::{Frame, LinkType};
use firstpass::config::World;
use firstpass::engine::{EventKind, Events};
use firstpass::flow::{Addr, Direction};
use firstpass::packet::build::Builder;
use firstpass::packet::{Payload, TcpFlags, TcpSegment};
use firstpass::replay::{Options, Replay};
use firstpass::report::Sink;
use firstpass::time::{Span, Timestamp};

/// What was told of one conversation; packets are counted from 1.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Session, application and the packet that told, in order.
    pub(crate) labels: Vec<(u64, String, u64)>,
    /// The application and the packet of a block.
    pub(crate) denied: Option<(String, u64)>,
    /// Kind and name of each threat, and the packet that completed it.
    pub(crate) threats: Vec<(String, u64)>,
    /// Limits that were reached.
    pub(crate) limits: usize,
    /// Packets that arrived.
    pub(crate) forwarded: u64,
}

impl Told {
    /// The applications in order, `|` where another session begins.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for (index, (session, app, _)) in self.labels.iter().enumerate() {
            if index > 0 && self.labels[index - 1].0 != *session {
                names.push("|");
            }
            names.push(app);
        }
        names
    }
}

impl Sink for Told {
    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        for event in events.list() {
            match event.kind {
                EventKind::Identified { app, .. } => {
                    let session = event.session.map_or(0, |id| id.0);
                    self.labels.push((session, world.catalog.name(app).to_owned(), event.packet));
                }
                EventKind::Denied { .. } => {
                    let app = self.labels.last().map(|(_, app, _)| app.clone()).unwrap_or_default();
                    self.denied = Some((app, event.packet));
                }
                EventKind::ContentThreat { threat } => {
                    let threat = events.threat(threat);
                    let name = format!("{} {}", threat.kind.name(), threat.name);
                    self.threats.push((name, event.packet));
                }
                EventKind::Limit { .. } => self.limits += 1,
                EventKind::Verdict { verdict, .. } if verdict.is_forward() => self.forwarded += 1,
                _ => {}
            }
        }
        Ok(())
    }
}

/// The packets of one conversation, a millisecond apart.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) dport: u16,
    /// Payload bytes of each side's finished turns.
    pub(crate) said: [usize; 2],
}

const INITIAL: [u32; 2] = [u32::MAX - 900, 7];

impl Talk {
    /// A connection to this port, with its handshake.
    pub(crate) fn tcp(dport: u16) -> Self {
        let mut talk = Self { dport, ..Self::default() };
        for (direction, flags, seq, ack) in [
            (Direction::ClientToServer, 0x02, INITIAL[0], 0),
            (Direction::ServerToClient, 0x12, INITIAL[1], INITIAL[0].wrapping_add(1)),
            (Direction::ClientToServer, 0x10, INITIAL[0].wrapping_add(1), INITIAL[1] + 1),
        ] {
            talk.segment(direction, TcpFlags(flags), seq, ack, &[]);
        }
        talk
    }

    /// How many packets there are.
    pub(crate) fn len(&self) -> u64 {
        self.frames.len() as u64
    }

    /// A segment whose first byte is so many bytes behind the beginning of the side's present turn.
    pub(crate) fn data(&mut self, direction: Direction, at: usize, bytes: &[u8]) {
        let number = |direction: Direction, at: usize| {
            INITIAL[direction.index()].wrapping_add(1).wrapping_add(u32::try_from(at).unwrap())
        };
        let seq = number(direction, self.said[direction.index()] + at);
        let ack = number(direction.reverse(), self.said[direction.reverse().index()]);
        self.segment(direction, TcpFlags(0x18), seq, ack, bytes);
    }

    /// A turn of one side in pieces, in this order.
    pub(crate) fn turn(&mut self, direction: Direction, bytes: &[u8], pieces: &[Range<usize>]) {
        for piece in pieces {
            self.data(direction, piece.start, &bytes[piece.clone()]);
        }
        self.said[direction.index()] += bytes.len();
    }

    fn segment(&mut self, direction: Direction, flags: TcpFlags, seq: u32, ack: u32, bytes: &[u8]) {
        let (builder, sport, dport) = self.ends(direction);
        let payload = Payload { bytes, len: u32::try_from(bytes.len()).unwrap() };
        let segment = TcpSegment { sport, dport, seq, ack, flags, window: u16::MAX, options: &[], payload };
        self.frames.push(builder.tcp(&segment));
    }

    /// A packet of one side, and its ports.
    pub(crate) fn ends(&self, direction: Direction) -> (Builder, u16, u16) {
        let (client, server) = (Addr::v4([10, 0, 0, 5]), Addr::v4([198, 51, 100, 7]));
        match direction {
            Direction::ClientToServer => (Builder::new(client, server).ethernet(), 40_000, self.dport),
            Direction::ServerToClient => (Builder::new(server, client).ethernet(), self.dport, 40_000),
        }
    }

    /// Plays it; the auditor must find the accounts right.
    pub(crate) fn play(&self, world: &Arc<World>) -> Told {
        let (mut told, mut audit) = (Told::default(), Audit::default());
        let sinks: Vec<&mut dyn Sink> = vec![&mut told, &mut audit];
        let mut replay = Replay::new(Arc::clone(world), Options::default(), sinks);
        for (bytes, millis) in self.frames.iter().zip(1..) {
            let at = Timestamp::from_secs(1_700_000_000) + Span::from_nanos(millis * 1_000_000);
            // The IP header says how long it was: a frame may be cut, as by a snapshot length.
            let wire_len = 14 + u32::from(u16::from_be_bytes([bytes[16], bytes[17]]));
            let (link_type, interface) = (LinkType::ETHERNET, None);
            replay.frame(&Frame { at, file: 0, link_type, interface, wire_len, bytes }).unwrap();
        }
        replay.finish().unwrap();
        assert_eq!(audit.violations(), Vec::<String>::new());
        told
    }
}

/// A ClientHello's handshake message with a server name and, before it, an extension of so many bytes, as a
/// post-quantum key share is.
pub(crate) fn hello(name: &str, padding: usize) -> Vec<u8> {
    let long = |bytes: Vec<u8>| [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], &bytes].concat();
    let extension = |kind: u8, bytes: Vec<u8>| [vec![0, kind], long(bytes)].concat();
    let name = long([vec![0], long(name.as_bytes().to_vec())].concat());
    let mut extensions = extension(51, vec![0; padding]);
    extensions.extend(extension(0, name));
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0x13, 1, 1, 0], &long(extensions)].concat();
    let [_, a, b, c] = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[1, a, b, c][..], &body].concat()
}

/// A handshake message in TLS records of at most so many bytes.
pub(crate) fn records(message: &[u8], len: usize) -> Vec<u8> {
    let record =
        |part: &[u8]| [&[0x16, 3, 1][..], &u16::try_from(part.len()).unwrap().to_be_bytes(), part].concat();
    message.chunks(len).flat_map(record).collect()
}
