//! Conversations made at random: a small universe of hosts, ports and payloads, so that flows collide, and gaps in time
//! around every timeout.
//!
//! A scenario is a list of [`Step`]s, which shrinks well; [`frames`] turns it into bytes on the wire.

use std::net::IpAddr;

use firstpass::flow::Direction;
use firstpass::packet::build::Builder;
use firstpass::packet::{Payload, TcpFlags, TcpSegment};
use firstpass::scenario::{Conversation, Number, Segment};
use firstpass::time::{Span, Timestamp};
use proptest::prelude::*;

/// What is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// Steps at most.
    pub(crate) steps: usize,
    /// Whether the clock may go back.
    pub(crate) backwards: bool,
    /// Which half of the universe: two halves have no host in common.
    pub(crate) half: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { steps: 40, backwards: true, half: 0 }
    }
}

/// Something happens on a flow after a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// Nanoseconds since the step before.
    pub(crate) gap: i64,
    pub(crate) flow: usize,
    pub(crate) what: What,
}

/// What happens. On a flow that is not TCP everything but payload means "send something".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// Three packets: SYN, SYN-ACK, ACK.
    Handshake,
    Flags(Direction, u8),
    /// New data.
    Data(Direction, usize),
    /// Data whose sequence number is off by this much: early, repeated or far outside the window.
    Astray(Direction, usize, i64),
    /// Three segments that wait for the one before them.
    Gap(Direction),
    /// Both FINs and the last ACK.
    Close(Direction),
    /// A RST; off by this much.
    Rst(Direction, i64),
    /// The ports begin anew, with other initial sequence numbers and a SYN.
    Anew,
}

/// Transport of a flow of the universe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcp,
    Udp,
    Icmp,
    Gre,
}

/// The flows: three clients, two servers, few ports. The first number is the client, the second the server.
const FLOWS: [(Kind, u8, u8, u16, u16); 9] = [
    (Kind::Tcp, 5, 10, 40_000, 21),
    (Kind::Tcp, 5, 10, 40_000, 80),
    (Kind::Tcp, 6, 10, 40_000, 21),
    (Kind::Tcp, 7, 11, 40_001, 7_000),
    (Kind::Udp, 5, 10, 5_000, 53),
    (Kind::Udp, 6, 10, 5_000, 33_434),
    (Kind::Icmp, 5, 10, 1, 1),
    (Kind::Icmp, 5, 10, 1, 2),
    (Kind::Gre, 5, 10, 0, 0),
];

/// The first so many are TCP.
const TCP_FLOWS: usize = 4;

const QUERY: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03org\0\0\x01\0\x01";

/// Payloads: what tells an application, what looks like one, and what tells nothing.
const PAYLOADS: [&[u8]; 8] = [
    b"220 welcome\r\n",
    b"USER anonymous\r\n",
    b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    QUERY,
    b"x",
    &[b'x'; 1_400],
];

/// Gaps in milliseconds: nothing, a round trip, and just before and after every timeout.
const GAPS: [i64; 22] = [
    0, 0, 1, 10, 100, 4_999, 5_001, 5_999, 6_001, 9_999, 10_001, 14_999, 15_001, 29_999, 30_001, 59_999,
    60_001, 89_999, 90_001, 119_999, 120_001, 3_600_001,
];

pub(crate) const START: Timestamp = Timestamp::from_secs(1_700_000_000);

pub(crate) fn steps(settings: Settings) -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(settings), 1..=settings.steps)
}

fn step(settings: Settings) -> impl Strategy<Value = Step> {
    // Most packets follow quickly, or nothing would ever be established.
    let gap = prop_oneof![12 => 0..5usize, 1 => 5..GAPS.len()].prop_map(|index| GAPS[index] * 1_000_000);
    let gap =
        (gap, 0..40u8).prop_map(move |(gap, back)| if settings.backwards && back == 0 { -gap } else { gap });
    let flow = prop_oneof![3 => 0..TCP_FLOWS, 1 => TCP_FLOWS..FLOWS.len()];
    (gap, flow, what()).prop_map(|(gap, flow, what)| Step { gap, flow, what })
}

fn what() -> impl Strategy<Value = What> {
    let direction = || prop_oneof![Just(Direction::ClientToServer), Just(Direction::ServerToClient)];
    let astray = prop_oneof![Just(-1_000_000i64), Just(-16), Just(-1), Just(1), Just(16), Just(1_000_000)];
    let flags = prop_oneof![Just(0x02u8), Just(0x12), Just(0x10), Just(0x11), Just(0x03), Just(0x00)];
    prop_oneof![
        5 => Just(What::Handshake),
        3 => (direction(), flags).prop_map(|(direction, flags)| What::Flags(direction, flags)),
        8 => (direction(), 0..PAYLOADS.len()).prop_map(|(direction, payload)| What::Data(direction, payload)),
        2 => (direction(), 0..PAYLOADS.len(), astray.clone())
            .prop_map(|(direction, payload, by)| What::Astray(direction, payload, by)),
        1 => direction().prop_map(What::Gap),
        2 => direction().prop_map(What::Close),
        1 => (direction(), prop_oneof![3 => Just(0), 1 => astray]).prop_map(|(direction, by)| What::Rst(direction, by)),
        1 => Just(What::Anew),
    ]
}

/// The frames of a scenario, each with its time.
pub(crate) fn frames(settings: Settings, steps: &[Step]) -> Vec<(Timestamp, Vec<u8>)> {
    let mut now = START;
    let mut frames = Vec::new();
    let mut conversations: Vec<_> = FLOWS.iter().map(|_| Conversation::default()).collect();
    for (index, step) in steps.iter().enumerate() {
        let gap = Span::from_nanos(step.gap.unsigned_abs());
        now = if step.gap < 0 { now - gap } else { now + gap };
        let flow = Flow { settings, index: step.flow };
        let conversation = &mut conversations[step.flow];
        if step.what == What::Anew {
            let initial = u32::try_from(index).unwrap() * 10_000_000;
            *conversation = Conversation::new([initial, !initial]);
        }
        for frame in flow.frames(&step.what, conversation) {
            frames.push((now, frame));
            now = now + Span::from_nanos(1_000_000);
        }
    }
    frames
}

struct Flow {
    settings: Settings,
    index: usize,
}

impl Flow {
    fn frames(&self, what: &What, conversation: &mut Conversation) -> Vec<Vec<u8>> {
        use Direction::{ClientToServer, ServerToClient};
        if FLOWS[self.index].0 != Kind::Tcp {
            return vec![self.datagram(what)];
        }
        let flags = |flags| Segment { flags: TcpFlags(flags), ..Segment::default() };
        let data = |payload: usize, by: i64| Segment {
            payload: PAYLOADS[payload].to_vec(),
            seq: Some(Number::FromNext(by)),
            ..flags(0x18)
        };
        let segments = match *what {
            What::Handshake => {
                vec![
                    (ClientToServer, flags(0x02)),
                    (ServerToClient, flags(0x12)),
                    (ClientToServer, flags(0x10)),
                ]
            }
            What::Flags(direction, bits) => vec![(direction, flags(bits))],
            What::Data(direction, payload) => vec![(direction, data(payload, 0))],
            What::Astray(direction, payload, by) => vec![(direction, data(payload, by))],
            What::Gap(direction) => [1, 2, 3].map(|by| (direction, data(6, by))).to_vec(),
            What::Close(first) => {
                vec![(first, flags(0x11)), (first.reverse(), flags(0x11)), (first, flags(0x10))]
            }
            What::Rst(direction, by) => {
                vec![(direction, Segment { seq: Some(Number::FromNext(by)), ..flags(0x14) })]
            }
            What::Anew => vec![(ClientToServer, flags(0x02))],
        };
        segments.iter().map(|(direction, segment)| self.segment(conversation, *direction, segment)).collect()
    }

    fn segment(&self, conversation: &mut Conversation, direction: Direction, segment: &Segment) -> Vec<u8> {
        let (builder, [sport, dport]) = self.ends(direction);
        let numbers = conversation.send(direction, segment);
        let payload = Payload { bytes: &segment.payload, len: u32::try_from(segment.payload.len()).unwrap() };
        builder.tcp(&TcpSegment {
            sport,
            dport,
            seq: numbers.seq,
            ack: numbers.ack,
            flags: segment.flags,
            window: u16::MAX,
            options: &[],
            payload,
        })
    }

    fn datagram(&self, what: &What) -> Vec<u8> {
        let (direction, payload) = match *what {
            What::Data(direction, payload) | What::Astray(direction, payload, _) => {
                (direction, PAYLOADS[payload])
            }
            What::Flags(direction, _)
            | What::Gap(direction)
            | What::Close(direction)
            | What::Rst(direction, _) => (direction, &b"x"[..]),
            What::Handshake | What::Anew => (Direction::ClientToServer, &b"x"[..]),
        };
        let (builder, [sport, dport]) = self.ends(direction);
        match (FLOWS[self.index].0, direction) {
            (Kind::Tcp | Kind::Udp, _) => builder.udp(sport, dport, payload),
            (Kind::Icmp, Direction::ClientToServer) => builder.echo_request(sport, dport, payload),
            (Kind::Icmp, Direction::ServerToClient) => builder.echo_reply(dport, sport, payload),
            (Kind::Gre, _) => builder.other(firstpass::flow::Protocol(47), payload),
        }
    }

    /// Addresses and ports in the order of the packet's source and destination.
    fn ends(&self, direction: Direction) -> (Builder, [u16; 2]) {
        let (_, client, server, sport, dport) = FLOWS[self.index];
        let half = self.settings.half;
        let client: IpAddr = [203, 0, 113, client + half * 100].into();
        let server: IpAddr = [192, 0, 2, server + half * 100].into();
        match direction {
            Direction::ClientToServer => {
                (Builder::new(client.into(), server.into()).ethernet(), [sport, dport])
            }
            Direction::ServerToClient => {
                (Builder::new(server.into(), client.into()).ethernet(), [dport, sport])
            }
        }
    }
}

/// Rulebases: the rule of the article, everything allowed, blocks with every action, default ports without the check
/// for SYNs.
pub(crate) const RULES: [&str; 4] = [
    r#"
[zones]
untrust = "0.0.0.0/0"
dmz = "192.0.2.0/24"

[[security]]
name = "Ping"
from = "untrust"
to = "dmz"
application = ["ping", "icmp"]
service = "any"

[[security]]
name = "FTP"
from = "untrust"
to = "dmz"
source = ["203.0.113.5", "203.0.113.105"]
application = "ftp"
"#,
    r#"
[zones]
everywhere = "0.0.0.0/0"

[[security]]
name = "Allow"
service = "any"
log-start = true
"#,
    r#"
[zones]
untrust = "0.0.0.0/0"
dmz = "192.0.2.0/24"

[[security]]
name = "Deny"
application = ["ftp", "dns"]
service = "any"
action = "deny"

[[security]]
name = "Reset"
application = ["web-browsing", "ssh"]
service = "any"
action = "reset-both"

[[security]]
name = "Drop"
application = ["unknown-tcp", "unknown-udp", "ping"]
service = "any"
action = "drop"
icmp-unreachable = true

[service]
probes = "udp/33434"

[[security]]
name = "Drop probes"
service = "probes"
action = "drop"
icmp-unreachable = true

[[security]]
name = "Allow"
service = "any"

[setting.tcp]
out-of-order-segments = 2
"#,
    r#"
[zones]
untrust = "0.0.0.0/0"
dmz = "192.0.2.0/24"

[[security]]
name = "Default ports"
from = "untrust"
to = "dmz"
application = ["ftp", "web-browsing", "dns", "traceroute", "gre"]

[setting.session]
tcp-reject-non-syn = false
[setting.tcp]
asymmetric-path = "bypass"
"#,
];

/// One TCP conversation after its handshake, segment by segment.
pub(crate) struct Talk {
    pub(crate) frames: Vec<(Timestamp, Vec<u8>)>,
    conversation: Conversation,
    /// Payload bytes of each side's finished turns.
    said: [i64; 2],
}

impl Talk {
    /// Both sides have the same initial sequence number.
    pub(crate) fn established() -> Self {
        let mut talk = Self { frames: Vec::new(), conversation: Conversation::new([7, 7]), said: [0; 2] };
        for (direction, flags) in [
            (Direction::ClientToServer, 0x02),
            (Direction::ServerToClient, 0x12),
            (Direction::ClientToServer, 0x10),
        ] {
            talk.send(1, direction, &Segment { flags: TcpFlags(flags), ..Segment::default() });
        }
        talk
    }

    /// A segment, some milliseconds after the one before.
    pub(crate) fn send(&mut self, after: u64, direction: Direction, segment: &Segment) {
        let flow = Flow { settings: Settings::default(), index: 3 };
        let frame = flow.segment(&mut self.conversation, direction, segment);
        let now = self.frames.last().map_or(START, |(at, _)| *at);
        self.frames.push((now + Span::from_nanos(after * 1_000_000), frame));
    }

    /// A turn of one side in pieces, sent in this order: ranges of `bytes`.
    pub(crate) fn turn(&mut self, direction: Direction, bytes: &[u8], pieces: &[std::ops::Range<usize>]) {
        for piece in pieces {
            let at = self.said[direction.index()] + i64::try_from(piece.start).unwrap();
            self.send(
                1,
                direction,
                &Segment {
                    flags: TcpFlags(0x18),
                    seq: Some(Number::FromInitial(1 + at)),
                    payload: bytes[piece.clone()].to_vec(),
                    ..Segment::default()
                },
            );
        }
        self.said[direction.index()] += i64::try_from(bytes.len()).unwrap();
    }
}
