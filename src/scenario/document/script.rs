//! The `packets` block: flows, and what is sent on them when.

use std::net::IpAddr;

use super::DocumentError;
use super::markdown::Block;
use super::packet_line;
use super::words::{self, Payloads, Word};
use crate::engine::Verdict;
use crate::flow::{Direction, Protocol};
use crate::replay::Command;
use crate::scenario::tcp::{INITIAL, Segment};
use crate::scenario::wire::{Cut, Headers, Port};

/// What a scenario sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) flows: Vec<Flow>,
    pub(super) steps: Vec<Step>,
    /// `linger SECONDS`; by default until every session has aged out.
    pub(super) linger: Option<u64>,
}

/// `flow NAME KIND CLIENT > SERVER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flow {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Addresses of client and server.
    pub(super) hosts: [IpAddr; 2],
    /// Ports of client and server; 0 where the kind has none.
    pub(super) ports: [u16; 2],
    /// `isn=CLIENT,SERVER`.
    pub(super) initial: [u32; 2],
    /// `ttl=N`.
    pub(super) ttl: u8,
    /// `port=CLIENT,SERVER` and `tag=CLIENT,SERVER`: how the packets of each come in.
    pub(super) arrivals: [Port; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tcp,
    Udp,
    Icmp,
    Ip(u8),
}

/// One line with a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) line: usize,
    /// Nanoseconds since the step before.
    pub(super) after: i64,
    pub(super) action: Action,
    /// What the comment asserts.
    pub(super) verdict: Option<Expected>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Packet(PacketLine),
    /// `raw hex:…`: an Ethernet frame.
    Raw(Vec<u8>),
    /// `clear session …`, `request session-discard …`, `commit NAME`.
    Command(Command),
}

/// A packet on a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PacketLine {
    /// Index of the flow.
    pub(super) flow: usize,
    pub(super) direction: Direction,
    pub(super) ttl: Option<u8>,
    /// `frag=…`; empty for a whole packet.
    pub(super) cuts: Vec<Cut>,
    /// `ipopt=…` and `ext=…`.
    pub(super) headers: Headers,
    pub(super) body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    Tcp(Segment),
    /// UDP payload, or what follows the IP header.
    Bytes(Vec<u8>),
    Icmp {
        kind: IcmpKind,
        payload: Vec<u8>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IcmpKind {
    /// `echo` and `reply`: identifier and sequence number.
    Echo { is_reply: bool, identifier: u16, sequence: u16 },
    /// `error TYPE/CODE about N`: quotes that packet.
    Error { kind: u8, code: u8, about: usize },
    /// `message TYPE/CODE`.
    Message { kind: u8, code: u8 },
}

/// `# forward` or `# drop REASON`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    Forward,
    Drop(String),
}

impl Script {
    /// Reads the lines of a block, which go on where the block before ended.
    pub(super) fn read(&mut self, block: &Block<'_>, payloads: &Payloads) -> Result<(), DocumentError> {
        for (line, text) in block.lines() {
            self.read_line(line, text, payloads).map_err(|what| DocumentError::new(line, what))?;
        }
        Ok(())
    }

    fn read_line(&mut self, line: usize, text: &str, payloads: &Payloads) -> Result<(), String> {
        let (words, comment) = words::split(text)?;
        let action = match words.as_slice() {
            [] => return Ok(()),
            [Word::Plain("flow"), rest @ ..] => {
                let flow = Flow::read(rest)?;
                if self.flow(&flow.name).is_some() {
                    return Err(format!("a second flow `{}`", flow.name));
                }
                self.flows.push(flow);
                return Ok(());
            }
            [Word::Plain("linger"), Word::Plain(seconds)] => {
                self.linger = Some(seconds.parse().map_err(|_| format!("`{seconds}` are no seconds"))?);
                return Ok(());
            }
            [Word::Plain(_), rest @ ..] => self.action(rest, payloads)?,
            [Word::Quoted(_), ..] => return Err("a line begins with its time, `+0.010`".to_owned()),
        };
        let [Word::Plain(time), ..] = words.as_slice() else { return Ok(()) };
        self.steps.push(Step { line, after: delta(time)?, action, verdict: Expected::read(comment)? });
        Ok(())
    }

    fn action(&self, words: &[Word<'_>], payloads: &Payloads) -> Result<Action, String> {
        Ok(match words {
            [Word::Plain("clear" | "request" | "commit"), ..] => {
                let words: Vec<String> = words.iter().map(Word::to_text).collect();
                Action::Command(Command::of_words(&words)?)
            }
            [Word::Plain("raw"), Word::Plain(bytes)] => {
                Action::Raw(words::hex(bytes.strip_prefix("hex:").ok_or("a raw frame is `hex:…`")?)?)
            }
            [Word::Plain(name), Word::Plain(arrow), rest @ ..] => {
                let direction = match *arrow {
                    ">" => Direction::ClientToServer,
                    "<" => Direction::ServerToClient,
                    _ => return Err(format!("`{arrow}` is neither `>` nor `<`")),
                };
                let flow = self.flow(name).ok_or_else(|| format!("no flow `{name}`"))?;
                let kind = self.flows[flow].kind;
                Action::Packet(packet_line::read(flow, kind, direction, rest, payloads)?)
            }
            _ => return Err("expected `FLOW >`, `FLOW <`, `raw` or a command".to_owned()),
        })
    }

    fn flow(&self, name: &str) -> Option<usize> {
        self.flows.iter().position(|flow| flow.name == name)
    }
}

impl Flow {
    fn read(words: &[Word<'_>]) -> Result<Self, String> {
        let [
            Word::Plain(name),
            Word::Plain(kind),
            Word::Plain(client),
            Word::Plain(">"),
            Word::Plain(server),
            options @ ..,
        ] = words
        else {
            return Err("a flow is `flow NAME tcp|udp|icmp|ip/N CLIENT > SERVER`".to_owned());
        };
        let kind = match *kind {
            "tcp" => Kind::Tcp,
            "udp" => Kind::Udp,
            "icmp" => Kind::Icmp,
            other => match other.strip_prefix("ip/").and_then(|number| number.parse().ok()) {
                Some(number) => Kind::Ip(number),
                None => return Err(format!("`{other}` is none of tcp, udp, icmp and ip/N")),
            },
        };
        let [(client, cport), (server, sport)] = [kind.host(client)?, kind.host(server)?];
        let mut flow = Self {
            name: (*name).to_owned(),
            kind,
            hosts: [client, server],
            ports: [cport, sport],
            initial: INITIAL,
            ttl: 64,
            arrivals: <[Port; 2]>::default(),
        };
        for option in options {
            let Word::Plain(option) = option else { return Err("a flow has no payload".to_owned()) };
            match option.split_once('=') {
                Some(("ttl", value)) => flow.ttl = number(value)?,
                Some(("isn", value)) => {
                    let (client, server) = value.split_once(',').ok_or("`isn=CLIENT,SERVER`")?;
                    flow.initial = [number(client)?, number(server)?];
                }
                Some(("port", value)) => {
                    for (arrival, name) in flow.arrivals.iter_mut().zip(each_side(value)) {
                        arrival.interface = Some(name.to_owned());
                    }
                }
                Some(("tag", value)) => {
                    for (arrival, tag) in flow.arrivals.iter_mut().zip(each_side(value)) {
                        arrival.tag = Some(number(tag)?);
                    }
                }
                _ => return Err(format!("`{option}` is none of `isn=…`, `port=…`, `tag=…` and `ttl=…`")),
            }
        }
        if client.is_ipv4() == server.is_ipv4() {
            Ok(flow)
        } else {
            Err("client and server speak different IP versions".to_owned())
        }
    }
}

impl Kind {
    /// The IP protocol between these hosts.
    pub(super) const fn protocol(self) -> Protocol {
        match self {
            Self::Tcp => Protocol::TCP,
            Self::Udp => Protocol::UDP,
            Self::Icmp => Protocol::ICMP,
            Self::Ip(number) => Protocol(number),
        }
    }

    fn host(self, text: &str) -> Result<(IpAddr, u16), String> {
        match self {
            Self::Tcp | Self::Udp => text
                .parse::<std::net::SocketAddr>()
                .map(|at| (at.ip(), at.port()))
                .map_err(|_| format!("`{text}` is no address with a port")),
            Self::Icmp | Self::Ip(_) => text
                .parse::<IpAddr>()
                .map(|ip| (ip, 0))
                .map_err(|_| format!("`{text}` is no address without a port")),
        }
    }
}

impl Expected {
    /// What a comment asserts; prose asserts nothing.
    fn read(comment: &str) -> Result<Option<Self>, String> {
        let (assertion, _) = comment.split_once(';').unwrap_or((comment, ""));
        let words: Vec<_> = assertion.split_whitespace().collect();
        match words.as_slice() {
            ["forward"] => Ok(Some(Self::Forward)),
            ["drop", reason] => Ok(Some(Self::Drop((*reason).to_owned()))),
            ["forward" | "drop", ..] => {
                Err("a verdict is `# forward` or `# drop REASON`, with any prose after a `;`".to_owned())
            }
            _ => Ok(None),
        }
    }

    /// Whether `verdict` is the one.
    pub(super) fn is_met_by(&self, verdict: Verdict) -> bool {
        match (self, verdict) {
            (Self::Forward, Verdict::Forward) => true,
            (Self::Drop(name), Verdict::Drop(reason)) => *name == reason.name(),
            (Self::Forward, Verdict::Drop(_)) | (Self::Drop(_), Verdict::Forward) => false,
        }
    }
}

/// `CLIENT,SERVER`, or one for both.
fn each_side(text: &str) -> [&str; 2] {
    let (client, server) = text.split_once(',').unwrap_or((text, text));
    [client, server]
}

/// A verdict as a document writes it.
pub(super) fn verdict_name(verdict: Verdict) -> String {
    match verdict {
        Verdict::Forward => "forward".to_owned(),
        Verdict::Drop(reason) => format!("drop {}", reason.name()),
    }
}

/// `+1.5` or `-0.001`: seconds with at most nine decimals, in nanoseconds.
fn delta(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no time such as `+0.010`");
    let (sign, digits) = match text.split_at_checked(1) {
        Some(("+", digits)) => (1, digits),
        Some(("-", digits)) => (-1, digits),
        _ => return Err(wrong()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let whole: i64 = whole.parse().map_err(|_| wrong())?;
    let nanos: i64 = format!("{fraction:0<9}").parse().map_err(|_| wrong())?;
    whole
        .checked_mul(1_000_000_000)
        .and_then(|whole| whole.checked_add(nanos))
        .map(|n| sign * n)
        .ok_or_else(wrong)
}

/// A number in a word.
pub(super) fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is no number that fits here"))
}
