//! Application-level gateways: what a control connection says of connections that are to come (PANOS.md 7).
//!
//! A [`Gateway`] reads both sides of one session and announces who will take which connection; the engine installs
//! predict sessions of it, and rewrites what NAT makes wrong. A new one is a file and a row in `ROWS`.

mod frames;
mod ftp;
#[cfg(fuzzing)]
pub mod fuzzing;
mod h323;
mod irc;
mod lines;
mod messages;
mod mgcp;
mod msrpc;
mod rtsp;
mod sccp;
mod sdp;
mod sip;
mod table;
#[cfg(test)]
mod testing;
mod text;
mod tftp;
mod tns;

use std::fmt;
use std::ops::Range;

pub use table::Algs;

use crate::flow::{Addr, Direction, Protocol};

/// Reads the control connection of one protocol.
pub trait Gateway: fmt::Debug + Send + Sync {
    /// Takes the next bytes of one side, in order, or a datagram. Keeps no more of them than it must, and no more than
    /// a few KiB of each side whatever comes.
    fn hear(&mut self, said: Said<'_>, heard: &mut Heard);
}

/// One session's gateway, and how much it has heard.
#[derive(Debug)]
pub struct Listener {
    gateway: Box<dyn Gateway>,
    is_datagrams: bool,
    /// Bytes of each side; index by [`Direction::index`].
    said: [u64; 2],
}

impl Listener {
    /// At the beginning of a session over this protocol.
    pub fn new(gateway: Box<dyn Gateway>, protocol: Protocol) -> Self {
        Self { gateway, is_datagrams: protocol == Protocol::UDP, said: [0; 2] }
    }

    /// Takes the next bytes of one side, in order, or a datagram; what was heard in them.
    pub fn hear(&mut self, by: Direction, bytes: &[u8]) -> Heard {
        let mut heard = Heard::default();
        let said = &mut self.said[by.index()];
        let at = if self.is_datagrams { 0 } else { *said };
        self.gateway.hear(Said { by, at, bytes }, &mut heard);
        *said += bytes.len() as u64;
        heard
    }

    /// How many bytes of a side it has heard.
    pub fn said(&self, by: Direction) -> u64 {
        self.said[by.index()]
    }
}

/// Bytes of one side.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Whose.
    pub by: Direction,
    /// How many bytes of that side came before: 0 for every datagram.
    pub at: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// What was heard in the bytes of one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heard {
    /// Endpoints, in order.
    pub endpoints: Vec<Endpoint>,
    /// Lengths that change with what they count.
    pub lengths: Vec<Length>,
}

/// An endpoint that somebody has named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its address; `None` is the speaker's own, and of an endpoint that is only named, that of the other side.
    pub addr: Option<Addr>,
    /// Its port; `None` is the speaker's own.
    pub port: Option<u16>,
    /// Where it is written, for NAT to rewrite. Nowhere where it follows from the endpoint before it: the distance of
    /// their ports must stay the same, as RTCP's is the one above RTP's.
    pub fields: Vec<Field>,
    /// The connection to it that is to come; `None` where it is only named.
    pub opens: Option<Opening>,
}

/// A connection that is to come, toward an [`Endpoint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Who will open it.
    pub opener: Opener,
    /// What it will be: an application by its name in the catalog.
    pub app: &'static str,
    /// Whether the endpoint may be at an address that is not the speaker's, as media may: elsewhere that is an attack
    /// (RFC 2577, 3).
    pub may_be_elsewhere: bool,
    /// Whether more than one connection may come.
    pub repeats: bool,
    /// What has announced it, for people: `PORT`, `reply 227`.
    pub what: &'static str,
}

/// Who opens a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opener {
    /// The other side of the control connection, from any port.
    Peer,
    /// Anybody, from any port.
    Anyone,
}

/// A part of a payload in which an endpoint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its first byte, counted as [`Said::at`].
    pub at: u64,
    /// How many bytes it has.
    pub len: u32,
    /// What it holds, and how that is written.
    pub spelling: Spelling,
}

/// How an endpoint, or a part of one, is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// `192,0,2,1,195,80` (RFC 959, 5.2).
    FtpHostPort,
    /// An address as text: dotted, or with colons.
    Address,
    /// An IPv4 address as a decimal number.
    AddressNumber,
    /// An address, in network byte order.
    AddressBytes,
    /// An IPv4 address, with its least significant byte first.
    AddressBytesLittle,
    /// A port as a decimal number.
    Port,
    /// A port, in network byte order.
    PortBytes,
    /// A port in 16 or 32 bits, with the least significant byte first.
    PortBytesLittle,
}

/// A length of what stands elsewhere in the same message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Length {
    /// Its first byte, counted as [`Said::at`].
    pub at: u64,
    /// How many bytes it is written in.
    pub len: u32,
    /// How it is written.
    pub numeral: Numeral,
    /// The number.
    pub value: u64,
    /// What it counts, as [`Said::at`] counts.
    pub counted: Range<u64>,
}

/// How a length is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numeral {
    /// As decimal digits, of which there may be more or fewer.
    Decimal,
    /// In network byte order, in bytes that stay as many.
    Bytes,
}

impl Numeral {
    /// How a number is written so, in place of one of `len` bytes; `None` where it has no room.
    pub fn write(self, value: u64, len: u32) -> Option<Vec<u8>> {
        match self {
            Self::Decimal => Some(value.to_string().into_bytes()),
            Self::Bytes => {
                let bytes = value.to_be_bytes();
                let (high, low) = bytes.split_at(bytes.len().checked_sub(len as usize)?);
                high.iter().all(|byte| *byte == 0).then(|| low.to_vec())
            }
        }
    }
}

impl Spelling {
    /// How an endpoint is written so; `None` where it cannot be, as an IPv6 address in four bytes.
    pub fn write(self, addr: Addr, port: u16, len: u32) -> Option<Vec<u8>> {
        let v4 = addr.is_v4();
        let [a, b, c, d] = u32::try_from(addr.bits() & u128::from(u32::MAX)).ok()?.to_be_bytes();
        let [high, low] = port.to_be_bytes();
        Some(match self {
            Self::FtpHostPort if v4 => format!("{a},{b},{c},{d},{high},{low}").into_bytes(),
            Self::Address => addr.to_string().into_bytes(),
            Self::AddressNumber if v4 => u32::from_be_bytes([a, b, c, d]).to_string().into_bytes(),
            Self::AddressBytes if v4 && len == 4 => vec![a, b, c, d],
            Self::AddressBytes if !v4 && len == 16 => addr.bits().to_be_bytes().to_vec(),
            Self::AddressBytesLittle if v4 && len == 4 => vec![d, c, b, a],
            Self::Port => port.to_string().into_bytes(),
            Self::PortBytes if len == 2 => vec![high, low],
            Self::PortBytesLittle if len == 2 => vec![low, high],
            Self::PortBytesLittle if len == 4 => vec![low, high, 0, 0],
            _ => return None,
        })
    }
}

/// An application with a gateway.
struct Row {
    /// Its name in the catalog.
    app: &'static str,
    protocol: Protocol,
    make: fn() -> Box<dyn Gateway>,
}

/// All gateways.
const ROWS: &[Row] = &[
    Row { app: "ftp", protocol: Protocol::TCP, make: || Box::<ftp::Ftp>::default() },
    Row { app: "h.225", protocol: Protocol::TCP, make: || Box::<h323::Signalling>::default() },
    Row { app: "h.245", protocol: Protocol::TCP, make: || Box::<h323::Control>::default() },
    Row { app: "h.323", protocol: Protocol::TCP, make: || Box::<h323::Signalling>::default() },
    Row { app: "irc-base", protocol: Protocol::TCP, make: || Box::<irc::Irc>::default() },
    Row { app: "mgcp", protocol: Protocol::UDP, make: || Box::<mgcp::Mgcp>::default() },
    Row { app: "msrpc", protocol: Protocol::TCP, make: || Box::<msrpc::Msrpc>::default() },
    Row { app: "oracle", protocol: Protocol::TCP, make: || Box::<tns::Tns>::default() },
    Row { app: "rtsp", protocol: Protocol::TCP, make: || Box::<rtsp::Rtsp>::default() },
    Row { app: "sccp", protocol: Protocol::TCP, make: || Box::<sccp::Sccp>::default() },
    Row { app: "sip", protocol: Protocol::TCP, make: || Box::<sip::Stream>::default() },
    Row { app: "sip", protocol: Protocol::UDP, make: || Box::<sip::Datagrams>::default() },
    Row { app: "tftp", protocol: Protocol::UDP, make: || Box::<tftp::Tftp>::default() },
];
