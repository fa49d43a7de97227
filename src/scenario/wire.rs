//! What goes to the firewall, in order of sending: frames and an administrator's commands, with their times.

use std::net::SocketAddr;

use etherparse::{IpNumber, Ipv4Header, Ipv4Options, Ipv6FragmentHeader, Ipv6Header};

use super::tcp::{Conversation, Segment};
use crate::engine::Control;
use crate::flow::Direction;
use crate::packet::build::Builder;
use crate::packet::{Payload, TcpSegment};
use crate::time::{Span, Timestamp};

/// A scenario's clock starts on 2026-01-01 at midnight, UTC.
pub(super) const START: Timestamp = Timestamp::from_secs(1_767_225_600);

/// Length of an Ethernet header.
const ETHERNET: usize = 14;
/// Identification of the first datagram that is sent in fragments.
const FIRST_IDENTIFICATION: u16 = 1;

/// The recorded inputs of a run.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    pub(super) now: Timestamp,
    pub(super) inputs: Vec<(Timestamp, Input)>,
    /// How the next frames come in.
    pub(super) port: Port,
    frames: u64,
    identification: u16,
}

#[derive(Debug, Clone)]
pub(super) enum Input {
    /// An untagged Ethernet frame, and how it comes in.
    Frame(Vec<u8>, Port),
    Control(Control),
}

/// How a frame comes in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Port {
    /// Name of the capture's interface.
    pub(super) interface: Option<String>,
    /// 802.1Q tag.
    pub(super) tag: Option<u16>,
}

/// Which bytes of an IP packet's payload one fragment carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    /// A multiple of eight.
    pub(super) start: usize,
    /// `None`: up to the end.
    pub(super) end: Option<usize>,
}

/// What stands between an IP header and what it carries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Headers {
    /// IPv4 options.
    pub(super) options: Vec<u8>,
    /// IPv6 extension headers: number, and what follows the length.
    pub(super) extensions: Vec<(u8, Vec<u8>)>,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            now: START,
            inputs: Vec::new(),
            port: Port::default(),
            frames: 0,
            identification: FIRST_IDENTIFICATION,
        }
    }
}

impl Wire {
    pub(super) fn wait(&mut self, span: Span) {
        self.now = self.now + span;
    }

    /// Sends an Ethernet frame; returns its number.
    pub(super) fn frame(&mut self, frame: Vec<u8>) -> u64 {
        self.frames += 1;
        self.inputs.push((self.now, Input::Frame(frame, self.port.clone())));
        self.frames
    }

    /// Sends a frame with an IP packet, whole or in fragments; returns the number of its last frame.
    pub(super) fn packet(&mut self, frame: Vec<u8>, cuts: &[Cut]) -> u64 {
        if cuts.is_empty() {
            return self.frame(frame);
        }
        let identification = self.identification;
        self.identification = identification.wrapping_add(1);
        let (link, datagram) = frame.split_at_checked(ETHERNET).unwrap_or_default();
        for cut in cuts {
            let fragment = fragment(datagram, *cut, identification);
            self.frame([link, &fragment].concat());
        }
        self.frames
    }

    pub(super) fn control(&mut self, command: Control) {
        self.inputs.push((self.now, Input::Control(command)));
    }

    /// The IP packet of a frame that was sent.
    pub(super) fn datagram(&self, number: usize) -> Option<&[u8]> {
        let mut frames = self.inputs.iter().filter_map(|(_, input)| match input {
            Input::Frame(bytes, _) => Some(bytes),
            Input::Control(_) => None,
        });
        frames.nth(number.checked_sub(1)?)?.get(ETHERNET..)
    }
}

impl Port {
    /// The frame with its tag (IEEE 802.1Q).
    pub(super) fn tagged(&self, frame: &[u8]) -> Vec<u8> {
        match (self.tag, frame.split_at_checked(ETHERNET - 2)) {
            (Some(tag), Some((addresses, rest))) => {
                [addresses, &[0x81, 0x00], &tag.to_be_bytes(), rest].concat()
            }
            _ => frame.to_vec(),
        }
    }
}

/// The builder of a frame from `src` to `dst`.
pub(super) fn between(src: SocketAddr, dst: SocketAddr, ttl: u8) -> Builder {
    Builder::new(src.ip().into(), dst.ip().into()).ethernet().ttl(ttl)
}

/// The frame of the next segment of a conversation.
pub(super) fn tcp(
    conversation: &mut Conversation,
    hosts: [SocketAddr; 2],
    direction: Direction,
    segment: &Segment,
    ttl: u8,
) -> Vec<u8> {
    let numbers = conversation.send(direction, segment);
    let [src, dst] = sender_first(hosts, direction);
    between(src, dst, ttl).tcp(&TcpSegment {
        sport: src.port(),
        dport: dst.port(),
        seq: numbers.seq,
        ack: numbers.ack,
        flags: segment.flags,
        window: segment.window.unwrap_or(u16::MAX),
        options: &segment.options,
        payload: Payload {
            bytes: &segment.payload,
            len: u32::try_from(segment.payload.len()).unwrap_or(u32::MAX),
        },
    })
}

/// Client and server in the order of a packet's source and destination.
pub(super) fn sender_first<T>([client, server]: [T; 2], direction: Direction) -> [T; 2] {
    match direction {
        Direction::ClientToServer => [client, server],
        Direction::ServerToClient => [server, client],
    }
}

/// A frame's IP packet with IPv4 options (padded with zeros), or with IPv6 extension headers (padded likewise, each with
/// the number of the next and its length).
pub(super) fn with_headers(frame: &[u8], headers: &Headers) -> Vec<u8> {
    let (link, datagram) = frame.split_at_checked(ETHERNET).unwrap_or_default();
    if let Ok((mut header, payload)) = Ipv4Header::from_slice(datagram) {
        let mut options = headers.options.clone();
        options.resize(options.len().next_multiple_of(4), 0);
        header.options = Ipv4Options::try_from(options.as_slice()).unwrap_or_default();
        header.total_len = u16::try_from(header.header_len() + payload.len()).unwrap_or(u16::MAX);
        header.header_checksum = header.calc_header_checksum();
        return [link, &header.to_bytes(), payload].concat();
    }
    let Ok((mut header, payload)) = Ipv6Header::from_slice(datagram) else { return frame.to_vec() };
    let (mut next, mut rest) = (header.next_header, payload.to_vec());
    for (number, body) in headers.extensions.iter().rev() {
        let len = (body.len() + 2).next_multiple_of(8);
        let mut extension = vec![next.0, u8::try_from(len / 8 - 1).unwrap_or(u8::MAX)];
        extension.extend(body);
        extension.resize(len, 0);
        (next, rest) = (IpNumber(*number), [extension, rest].concat());
    }
    header.next_header = next;
    header.payload_length = u16::try_from(rest.len()).unwrap_or(u16::MAX);
    [link, &header.to_bytes(), &rest].concat()
}

/// A part of a datagram as a packet of its own (RFC 791, 3.2; RFC 8200, 4.5).
fn fragment(datagram: &[u8], cut: Cut, identification: u16) -> Vec<u8> {
    let offset =
        u16::try_from(cut.start / 8).ok().and_then(|offset| offset.try_into().ok()).unwrap_or_default();
    let part = |payload: &[u8]| {
        let end = cut.end.unwrap_or(payload.len()).min(payload.len());
        (payload.get(cut.start..end).unwrap_or_default().to_vec(), end < payload.len())
    };
    if let Ok((mut header, payload)) = Ipv4Header::from_slice(datagram) {
        let (bytes, more) = part(payload);
        header.identification = identification;
        header.dont_fragment = false;
        header.more_fragments = more;
        header.fragment_offset = offset;
        header.total_len = u16::try_from(header.header_len() + bytes.len()).unwrap_or(u16::MAX);
        header.header_checksum = header.calc_header_checksum();
        return [header.to_bytes().as_slice(), &bytes].concat();
    }
    let Ok((mut header, payload)) = Ipv6Header::from_slice(datagram) else { return Vec::new() };
    let (bytes, more) = part(payload);
    let extension =
        Ipv6FragmentHeader::new(header.next_header, offset, more, identification.into()).to_bytes();
    header.next_header = etherparse::ip_number::IPV6_FRAGMENTATION_HEADER;
    header.payload_length = u16::try_from(extension.len() + bytes.len()).unwrap_or(u16::MAX);
    [header.to_bytes().as_slice(), &extension, &bytes].concat()
}
