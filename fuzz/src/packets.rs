//! Bytes as packets on two flows, and their way through the firewall.

use std::sync::{Arc, LazyLock};

use firstpass::audit::Audit;
use firstpass::capture::{Frame, LinkType};
use firstpass::config::World;
use firstpass::flow::{Addr, Direction};
use firstpass::packet::build::Builder;
use firstpass::packet::{Payload, TcpFlags, TcpSegment};
use firstpass::replay::{Options, Replay};
use firstpass::report::Sink;
use firstpass::time::{Span, Timestamp};

/// Rulebases with small limits, so that few packets reach them.
pub const RULES: [&str; 5] = [
    r#"
[zones]
untrust = "0.0.0.0/0"
dmz = "192.0.2.0/24"

[[security]]
name = "Web"
application = ["web-browsing", "ssl", "ftp", "smtp", "quic", "dns"]
service = "any"

[setting.tcp]
out-of-order-segments = 3
[setting.session]
max-sessions = 3
[setting.model]
app-id-packets = 12
max-fragmented-datagrams = 2
"#,
    r#"
[zones]
untrust = "0.0.0.0/0"

[[security]]
name = "Allow"
service = "any"
log-start = true

[setting.tcp]
asymmetric-path = "bypass"
out-of-order-segments = 2
[setting.session]
tcp-reject-non-syn = false
[setting.model]
unknown-after-data-packets = 0
unknown-after-payload-bytes = 0
app-id-packets = 10000
"#,
    r#"
[zones]
untrust = "0.0.0.0/0"

[[security]]
name = "Reset"
application = ["gmail-base", "webdav", "ssh", "unknown-tcp"]
service = "any"
action = "reset-both"

[[security]]
name = "Allow"
service = "any"
"#,
    // Gateways behind NAT, whose predict sessions are few.
    r#"
[zones]
untrust = "0.0.0.0/0"
dmz = "192.0.2.0/24"

[[security]]
name = "Allow"
service = "any"

[[nat]]
name = "Hide"
from = "untrust"
to = "dmz"
source-translation = { dynamic-ip-and-port = { translated-address = ["198.51.100.1"] } }

[setting.model]
max-predictions = 5
session-predictions = 3
predict-elsewhere = true
predict-privileged-ports = true
"#,
    // Decryption that refuses what it can.
    r#"
[zones]
untrust = "0.0.0.0/0"

[[security]]
name = "Allow"
service = "any"

[[decryption]]
name = "SSH"
type = "ssh-proxy"
action = "decrypt"
profile = "strict"

[[decryption]]
name = "TLS"
action = "decrypt"
profile = "strict"

[decryption-profile.strict.ssl-forward-proxy]
block-expired-certificate = true
block-untrusted-issuer = true
block-client-cert = true
restrict-cert-exts = true
[decryption-profile.strict.ssl-protocol-settings]
min-version = "tls1-2"
max-version = "tls1-2"
keyxchg-algo-rsa = false
[decryption-profile.strict.ssh-proxy]
block-unsupported-alg = true

[ssl-decrypt]
ssl-exclude-cert = ["*.example.net"]

[setting.model]
exclusion-cache = 1
"#,
];

static WORLDS: LazyLock<Vec<Arc<World>>> = LazyLock::new(|| {
    let world = |rules| World::from_toml(rules).unwrap_or_else(|error| panic!("{}", error.render(false)));
    RULES.iter().map(|rules| Arc::new(world(rules))).collect()
});

const START: Timestamp = Timestamp::from_secs(1_700_000_000);
/// Seconds until the next packet: hardly any, or past one or another timeout.
const WAITS: [u64; 4] = [0, 6, 31, 4_000];
const PORTS: [(u16, u16); 2] = [(40_000, 443), (40_001, 80)];
/// Initial sequence number of every side: close to where numbers wrap.
const INITIAL: u32 = u32::MAX - 600;

/// What one packet is; with each comes a direction, a flow, and for data an offset from what comes next and a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The next bytes.
    Next,
    /// Bytes beyond the next ones.
    Early,
    /// Other bytes in the place of those that came last.
    Again,
    /// The frame before, once more.
    Repeat,
    /// An empty segment with any flags.
    Flags,
    Datagram,
    /// An Ethernet frame of any bytes.
    Noise,
    /// A SYN, a SYN-ACK and an ACK.
    Handshake,
}

const KINDS: [Kind; 8] = [
    Kind::Next,
    Kind::Early,
    Kind::Again,
    Kind::Repeat,
    Kind::Flags,
    Kind::Datagram,
    Kind::Noise,
    Kind::Handshake,
];

/// The head of a packet in the input: kind (3 bits), direction, flow, wait (2 bits); offset; length.
const HEAD: usize = 4;

/// The input of a conversation whose pieces arrive one after the other.
pub fn write(rules: u8, pieces: &[(Direction, &[u8])], is_udp: bool) -> Vec<u8> {
    let head = |kind: Kind, direction: Direction| {
        let kind = KINDS
            .iter()
            .position(|other| *other == kind)
            .and_then(|kind| u8::try_from(kind).ok())
            .unwrap_or(0);
        kind | if direction == Direction::ServerToClient { 8 } else { 0 }
    };
    let mut data = vec![rules];
    if !is_udp {
        data.extend([head(Kind::Handshake, Direction::ClientToServer), 0, 0, 0]);
    }
    for (direction, piece) in pieces {
        let len = u16::try_from(piece.len().min(0x3fff)).unwrap_or(0);
        let [high, low] = len.to_be_bytes();
        data.extend([head(if is_udp { Kind::Datagram } else { Kind::Next }, *direction), 0, high, low]);
        data.extend(&piece[..usize::from(len)]);
    }
    data
}

/// The packets of an input.
#[derive(Debug)]
struct Packets {
    frames: Vec<(Timestamp, Vec<u8>)>,
    now: Timestamp,
    /// Per flow and side: the next sequence number.
    next: [[u32; 2]; 2],
}

impl Packets {
    fn read(mut rest: &[u8]) -> Self {
        let mut packets = Self { frames: Vec::new(), now: START, next: [[INITIAL; 2]; 2] };
        while let Some((&[what, offset, high, low], after)) = rest.split_first_chunk::<HEAD>() {
            let len = usize::from(u16::from_be_bytes([high, low]) & 0x3fff);
            let kind = KINDS[usize::from(what & 7)];
            let takes = matches!(kind, Kind::Next | Kind::Early | Kind::Again | Kind::Datagram | Kind::Noise);
            let (bytes, after) = after.split_at(if takes { len.min(after.len()) } else { 0 });
            rest = after;
            packets.now = packets.now
                + Span::from_secs(WAITS[usize::from(what >> 5 & 3)])
                + Span::from_nanos(1_000_000);
            let direction = if what & 8 == 0 { Direction::ClientToServer } else { Direction::ServerToClient };
            packets.add(kind, direction, usize::from(what >> 4 & 1), u32::from(offset), bytes);
        }
        packets
    }

    fn add(&mut self, kind: Kind, direction: Direction, flow: usize, offset: u32, bytes: &[u8]) {
        let next = self.next[flow][direction.index()];
        const DATA: TcpFlags = TcpFlags(0x18);
        match kind {
            Kind::Next => {
                self.segment(direction, flow, DATA, next, bytes);
                self.next[flow][direction.index()] =
                    next.wrapping_add(u32::try_from(bytes.len()).unwrap_or(0));
            }
            Kind::Early => self.segment(direction, flow, DATA, next.wrapping_add(offset), bytes),
            Kind::Again => self.segment(direction, flow, DATA, next.wrapping_sub(offset), bytes),
            Kind::Repeat => {
                if let Some((_, frame)) = self.frames.last().cloned() {
                    self.frames.push((self.now, frame));
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "the flags are eight bits")]
            Kind::Flags => self.segment(direction, flow, TcpFlags(offset as u8), next, &[]),
            Kind::Datagram => {
                let (builder, sport, dport) = ends(direction, flow);
                self.frames.push((self.now, builder.udp(sport, dport, bytes)));
            }
            Kind::Noise => self.frames.push((self.now, bytes.to_vec())),
            Kind::Handshake => {
                self.next[flow] = [INITIAL.wrapping_add(offset << 8); 2];
                self.segment(direction, flow, TcpFlags(0x02), self.next[flow][0], &[]);
                self.next[flow][direction.index()] = self.next[flow][direction.index()].wrapping_add(1);
                self.segment(
                    direction.reverse(),
                    flow,
                    TcpFlags(0x12),
                    self.next[flow][direction.reverse().index()],
                    &[],
                );
                let other = direction.reverse().index();
                self.next[flow][other] = self.next[flow][other].wrapping_add(1);
                self.segment(direction, flow, TcpFlags(0x10), self.next[flow][direction.index()], &[]);
            }
        }
    }

    fn segment(&mut self, direction: Direction, flow: usize, flags: TcpFlags, seq: u32, bytes: &[u8]) {
        let (builder, sport, dport) = ends(direction, flow);
        let ack =
            if flags.contains(TcpFlags::ACK) { self.next[flow][direction.reverse().index()] } else { 0 };
        let payload = Payload { bytes, len: u32::try_from(bytes.len()).unwrap_or(0) };
        let segment = TcpSegment { sport, dport, seq, ack, flags, window: u16::MAX, options: &[], payload };
        self.frames.push((self.now, builder.tcp(&segment)));
    }
}

fn ends(direction: Direction, flow: usize) -> (Builder, u16, u16) {
    let (client, server) = (Addr::v4([203, 0, 113, 5]), Addr::v4([192, 0, 2, 10]));
    let (sport, dport) = PORTS[flow];
    match direction {
        Direction::ClientToServer => (Builder::new(client, server).ethernet(), sport, dport),
        Direction::ServerToClient => (Builder::new(server, client).ethernet(), dport, sport),
    }
}

/// Replays the packets of an input; the auditor must find the accounts right and every packet judged.
pub fn replay(data: &[u8]) {
    let Some((rules, data)) = data.split_first() else { return };
    let world = &WORLDS[usize::from(*rules) % RULES.len()];
    let Packets { frames, .. } = Packets::read(data);
    let mut audit = Audit::default();
    let mut replay = Replay::new(Arc::clone(world), Options::default(), vec![&mut audit as &mut dyn Sink]);
    for (at, bytes) in &frames {
        let wire_len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let (link_type, interface) = (LinkType::ETHERNET, None);
        let frame = Frame { at: *at, file: 0, link_type, interface, wire_len, bytes };
        replay.frame(&frame).expect("the auditor writes nothing");
    }
    replay.finish().expect("the auditor writes nothing");
    assert_eq!(audit.violations(), Vec::<String>::new());
    let totals = audit.totals();
    assert!(totals.forwarded + totals.dropped <= frames.len() as u64);
    assert_eq!(totals.created, totals.ended);
}
