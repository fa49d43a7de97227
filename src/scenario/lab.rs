//! The bench on which conversations are played.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::run::Run;
use super::tcp::{Conversation, Segment};
use super::wire::{Cut, Wire, between, sender_first, tcp};
use crate::config::World;
use crate::engine::Control;
use crate::flow::Direction;
use crate::packet::TcpFlags;
use crate::replay::Linger;
use crate::time::Span;

/// A firewall on a bench, a clock, and everything that was sent so far.
///
/// Conversations are handles: several of them may be under way, and packets are sent in the order of the calls, one
/// millisecond after the other. Each call that sends returns the number of the frame, for [`Run::verdict`].
#[derive(Debug)]
pub struct Lab {
    world: Arc<World>,
    bench: Bench,
    linger: Linger,
}

/// What stops a scenario.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// An address that cannot be read, or one of each IP version.
    #[error("`{0}` is no pair of addresses of one IP version, with ports for TCP and UDP")]
    Addresses(String),
    /// The auditor and the firewall disagree: an error in the program, not in the scenario.
    #[error("the auditor disagrees: {}", .0.join("; "))]
    Audit(Vec<String>),
    /// A reader of the events failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A TCP conversation; sequence and acknowledgment numbers are kept.
#[derive(Debug, Clone)]
pub struct Tcp {
    line: Line,
    conversation: Conversation,
}

/// A UDP conversation.
#[derive(Debug, Clone)]
pub struct Udp {
    line: Line,
}

/// Echo requests and replies between two hosts.
#[derive(Debug, Clone)]
pub struct Ping {
    line: Line,
    identifier: u16,
}

/// What the lab and its conversations share.
#[derive(Debug, Clone, Default)]
struct Bench(Rc<RefCell<Sent>>);

#[derive(Debug, Default)]
struct Sent {
    wire: Wire,
    /// The first thing that went wrong.
    error: Option<LabError>,
}

/// A pair of hosts on the bench; without addresses, where those given make none.
#[derive(Debug, Clone)]
struct Line {
    bench: Bench,
    hosts: Option<[SocketAddr; 2]>,
}

/// The time between two packets.
const PACE: Span = Span::from_nanos(1_000_000);
const TTL: u8 = 64;

impl Lab {
    /// A bench with a firewall that runs `world`.
    pub fn new(world: impl Into<Arc<World>>) -> Self {
        Self { world: world.into(), bench: Bench::default(), linger: Linger::default() }
    }

    /// A TCP conversation between two addresses with ports: `203.0.113.5:40000`, `[2001:db8::5]:40000`.
    pub fn tcp(&self, client: &str, server: &str) -> Tcp {
        Tcp { line: self.line(client, server, str::parse), conversation: Conversation::default() }
    }

    /// A UDP conversation between two addresses with ports.
    pub fn udp(&self, client: &str, server: &str) -> Udp {
        Udp { line: self.line(client, server, str::parse) }
    }

    /// A conversation of ICMP or ICMPv6 echos between two addresses.
    pub fn ping(&self, client: &str, server: &str, identifier: u16) -> Ping {
        let without_port = |text: &str| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 0));
        Ping { line: self.line(client, server, without_port), identifier }
    }

    /// Sends an Ethernet frame as it is.
    pub fn frame(&self, bytes: &[u8]) -> u64 {
        self.bench.send(|wire| wire.frame(bytes.to_vec()))
    }

    /// Lets time pass.
    pub fn wait(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.bench.0.borrow_mut().wire.wait(Span::from_nanos(nanos));
    }

    /// Carries out an administrator's command now.
    pub fn control(&self, command: Control) {
        self.bench.0.borrow_mut().wire.control(command);
    }

    /// How long the clock goes on after the last packet; by default until every session has aged out.
    pub fn linger(&mut self, linger: Linger) {
        self.linger = linger;
    }

    /// Plays everything that was sent, and tells what came of it.
    ///
    /// # Errors
    /// Where an address could not be read, or the auditor finds the firewall's accounts wrong.
    pub fn finish(self) -> Result<Run, LabError> {
        let mut sent = self.bench.0.borrow_mut();
        match sent.error.take() {
            Some(error) => Err(error),
            None => sent.wire.run(self.world.clone(), self.linger),
        }
    }

    fn line<E>(&self, client: &str, server: &str, parse: impl Fn(&str) -> Result<SocketAddr, E>) -> Line {
        let hosts = match (parse(client), parse(server)) {
            (Ok(client), Ok(server)) if client.is_ipv4() == server.is_ipv4() => Some([client, server]),
            _ => {
                let error = LabError::Addresses(format!("{client} > {server}"));
                self.bench.0.borrow_mut().error.get_or_insert(error);
                None
            }
        };
        Line { bench: self.bench.clone(), hosts }
    }
}

impl Bench {
    fn send(&self, send: impl FnOnce(&mut Wire) -> u64) -> u64 {
        let wire = &mut self.0.borrow_mut().wire;
        wire.wait(PACE);
        send(wire)
    }
}

impl Line {
    /// Sends the frame made of the hosts; 0 where there are none.
    fn send(&self, make: impl FnOnce([SocketAddr; 2]) -> Vec<u8>, cuts: &[Cut]) -> u64 {
        self.hosts.map_or(0, |hosts| self.bench.send(|wire| wire.packet(make(hosts), cuts)))
    }
}

impl Tcp {
    /// The three-way handshake.
    pub fn handshake(&mut self) -> u64 {
        self.syn();
        self.syn_ack();
        self.ack(Direction::ClientToServer)
    }

    /// The client's SYN.
    pub fn syn(&mut self) -> u64 {
        self.flags(Direction::ClientToServer, TcpFlags::SYN)
    }

    /// The server's SYN-ACK.
    pub fn syn_ack(&mut self) -> u64 {
        self.flags(Direction::ServerToClient, TcpFlags::SYN.with(TcpFlags::ACK))
    }

    /// An empty segment that acknowledges all that the other side has sent.
    pub fn ack(&mut self, direction: Direction) -> u64 {
        self.flags(direction, TcpFlags::ACK)
    }

    /// Data from the client, in one segment.
    pub fn client(&mut self, payload: &[u8]) -> u64 {
        self.data(Direction::ClientToServer, payload)
    }

    /// Data from the server, in one segment.
    pub fn server(&mut self, payload: &[u8]) -> u64 {
        self.data(Direction::ServerToClient, payload)
    }

    /// A FIN.
    pub fn fin(&mut self, direction: Direction) -> u64 {
        self.flags(direction, TcpFlags::FIN.with(TcpFlags::ACK))
    }

    /// Both FINs, `first` one first, and the last acknowledgment.
    pub fn close(&mut self, first: Direction) -> u64 {
        self.fin(first);
        self.fin(first.reverse());
        self.ack(first)
    }

    /// A RST.
    pub fn rst(&mut self, direction: Direction) -> u64 {
        self.flags(direction, TcpFlags::RST.with(TcpFlags::ACK))
    }

    /// Any segment.
    pub fn segment(&mut self, direction: Direction, segment: &Segment) -> u64 {
        let Self { line, conversation } = self;
        line.send(|hosts| tcp(conversation, hosts, direction, segment, TTL), &[])
    }

    fn flags(&mut self, direction: Direction, flags: TcpFlags) -> u64 {
        self.segment(direction, &Segment { flags, ..Segment::default() })
    }

    fn data(&mut self, direction: Direction, payload: &[u8]) -> u64 {
        let flags = TcpFlags::PSH.with(TcpFlags::ACK);
        self.segment(direction, &Segment { flags, payload: payload.to_vec(), ..Segment::default() })
    }
}

impl Udp {
    /// A datagram from the client.
    pub fn client(&self, payload: &[u8]) -> u64 {
        self.datagram(Direction::ClientToServer, payload, &[])
    }

    /// A datagram from the server.
    pub fn server(&self, payload: &[u8]) -> u64 {
        self.datagram(Direction::ServerToClient, payload, &[])
    }

    /// A datagram in fragments: each takes these bytes of the UDP header and payload, and begins at a multiple of 8.
    /// Returns the number of the last one.
    pub fn fragments(&self, direction: Direction, payload: &[u8], fragments: &[Range<usize>]) -> u64 {
        let cuts: Vec<Cut> =
            fragments.iter().map(|range| Cut { start: range.start, end: Some(range.end) }).collect();
        self.datagram(direction, payload, &cuts)
    }

    fn datagram(&self, direction: Direction, payload: &[u8], cuts: &[Cut]) -> u64 {
        let make = |hosts| {
            let [src, dst]: [SocketAddr; 2] = sender_first(hosts, direction);
            between(src, dst, TTL).udp(src.port(), dst.port(), payload)
        };
        self.line.send(make, cuts)
    }
}

impl Ping {
    /// An echo request from the client with 56 bytes of payload.
    pub fn request(&self, sequence: u16) -> u64 {
        let make =
            |[src, dst]: [_; 2]| between(src, dst, TTL).echo_request(self.identifier, sequence, &[0; 56]);
        self.line.send(make, &[])
    }

    /// The server's reply.
    pub fn reply(&self, sequence: u16) -> u64 {
        let make =
            |[dst, src]: [_; 2]| between(src, dst, TTL).echo_reply(self.identifier, sequence, &[0; 56]);
        self.line.send(make, &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SessionFilter;
    use crate::engine::Verdict;

    fn lab() -> Lab {
        let rules = r#"
            [zones]
            untrust = ["0.0.0.0/0", "::/0"]
            dmz = ["192.0.2.0/24", "2001:db8:1::/64"]

            [[security]]
            name = "Allow"
            from = "untrust"
            to = "dmz"
            service = "any"
        "#;
        Lab::new(World::from_toml(rules).unwrap())
    }

    #[test]
    fn conversations_take_turns() {
        let lab = lab();
        let mut a = lab.tcp("203.0.113.5:40000", "192.0.2.10:21");
        let mut b = lab.tcp("[2001:db8:ffff::5]:40000", "[2001:db8:1::10]:21");
        for tcp in [&mut a, &mut b] {
            tcp.handshake();
        }
        assert_eq!(a.server(b"220 welcome\r\n"), 7);
        b.server(b"220 welcome\r\n");
        a.client(b"USER a\r\n");
        b.rst(Direction::ClientToServer);
        a.close(Direction::ClientToServer);
        let run = lab.finish().unwrap();
        let told: Vec<_> =
            run.rows.iter().map(|row| (row.app.as_str(), row.session_end_reason.as_str())).collect();
        assert_eq!(told, [("ftp", "tcp-fin"), ("insufficient-data", "tcp-rst-from-client")]);
        assert_eq!(run.counter("packets"), 13);
        assert_eq!(run.counter("forwarded"), 13);
        assert!(run.verdicts.iter().all(|verdict| verdict.is_forward()));
    }

    #[test]
    fn time_passes_as_told() {
        let mut lab = lab();
        let udp = lab.udp("203.0.113.5:40000", "192.0.2.10:7000");
        udp.client(b"x");
        lab.wait(Duration::from_secs(31));
        let last = udp.fragments(Direction::ClientToServer, &[b'x'; 100], &[0..56, 56..108]);
        let ping = lab.ping("203.0.113.5", "192.0.2.10", 7);
        ping.request(1);
        ping.reply(1);
        lab.linger(Linger::For(Span::from_secs(10)));
        let run = lab.finish().unwrap();
        assert_eq!(last, 3, "the second fragment is the third frame");
        assert_eq!(run.verdict(last), Some(Verdict::Forward));
        assert_eq!(run.verdict(6), None);
        let told: Vec<_> =
            run.rows.iter().map(|row| (row.app.as_str(), row.packets, row.model.open_at_end)).collect();
        assert_eq!(
            told,
            [("insufficient-data", 1, false), ("insufficient-data", 1, true), ("ping", 2, false)]
        );
    }

    #[test]
    fn an_administrator_clears() {
        let lab = lab();
        lab.tcp("203.0.113.5:40000", "192.0.2.10:21").handshake();
        lab.control(Control::ClearAll(SessionFilter::default()));
        assert_eq!(lab.frame(&[0; 4]), 4);
        let run = lab.finish().unwrap();
        assert_eq!(run.rows[0].session_end_reason, "unknown");
        assert_eq!(run.counter("dropped"), 1);
    }

    #[test]
    fn addresses_that_are_none() {
        for (client, server) in [("203.0.113.5", "192.0.2.10:21"), ("203.0.113.5:1", "[2001:db8::1]:21")] {
            let lab = lab();
            assert_eq!(lab.tcp(client, server).handshake(), 0);
            let error = lab.finish().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{client} > {server}` is no pair of addresses")), "{error}");
        }
    }
}
