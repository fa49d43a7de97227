//! DNS and its kin: decided at the first datagram (PANOS.md 0.8), over TCP at the question of the first message.
//!
//! mDNS (RFC 6762) has no application of its own: the default ports of `dns` include udp/5353. LLMNR (RFC 4795) has
//! the same messages; it uses none of DNS's flags, and its port breaks the tie.

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram};
use crate::app::{Finding, Heads, Match};
use crate::flow::Protocol;

pub(super) const OVER_UDP: Decoder = Decoder {
    name: "dns",
    transport: Transport::Udp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

pub(super) const OVER_TCP: Decoder = Decoder {
    name: "dns-tcp",
    transport: Transport::Tcp,
    first: FirstBytes { client: LEN_HIGH, server: LEN_HIGH },
    inspect,
};

/// First byte of a length below 4,096: a question is short, and what a server says first is an answer to one.
const LEN_HIGH: &[u8] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

const LLMNR_PORT: u16 = 5_355;

/// Where a sound header is enough: a damaged question is still a question.
const PORTS: [u16; 2] = [53, 5_353];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol != Protocol::TCP {
        let on_port = PORTS.iter().any(|port| heads.has_port(*port));
        return at_datagram(heads, |datagram| {
            message(Reader(datagram), on_port).flatten().map(|message| message.found(heads))
        });
    }
    match (prefixed(heads.client), prefixed(heads.server)) {
        (Some(None), _) | (_, Some(None)) => Match::No,
        (Some(Some(message)), _) | (_, Some(Some(message))) => Match::Yes(message.found(heads)),
        (None, None) => Match::More,
    }
}

/// What the message's beginning told.
struct Message<'a> {
    flags: u16,
    /// The first name, in its form on the wire.
    name: &'a [u8],
}

impl<'a> Message<'a> {
    const RESPONSE: u16 = 0x8000;
    /// AA of DNS is C of LLMNR; RD and RA, AD and CD must be zero there (RFC 4795, 2.1.1).
    const DNS_ONLY: u16 = 0x01f0;

    fn found(&self, heads: &Heads<'_>) -> Finding<'a> {
        let app =
            if self.flags & Self::DNS_ONLY == 0 && heads.has_port(LLMNR_PORT) { "llmnr" } else { "dns" };
        let what = if self.flags & Self::RESPONSE == 0 { "DNS query" } else { "DNS response" };
        Finding { app, what, detail: self.name, names_host: false }
    }
}

/// A message after its length in two bytes (RFC 1035, 4.2.2). `None` where more bytes must tell.
fn prefixed(bytes: &[u8]) -> Option<Option<Message<'_>>> {
    let mut read = Reader(bytes);
    if read.u16()? < 17 { Some(None) } else { message(read, false) }
}

/// The header and the first question, or the first record of an mDNS response without one. On a port of DNS one of
/// them will do, and of a damaged header that it asks one question.
fn message(mut read: Reader<'_>, on_port: bool) -> Option<Option<Message<'_>>> {
    let (_id, flags) = (read.u16()?, read.u16()?);
    let is_response = flags & Message::RESPONSE != 0;
    let (opcode, z, rcode) = (flags >> 11 & 15, flags & 0x0040, flags & 15);
    if !matches!(opcode, 0..=2 | 4 | 5) || z != 0 || rcode > 11 || (!is_response && rcode != 0) {
        return Some(None);
    }
    let (questions, answers) = (read.u16()?, read.u16()?);
    let (authorities, additional) = (read.u16()?, read.u16()?);
    let counts_fit = if is_response {
        (questions > 0 || answers > 0)
            && questions <= 32
            && answers <= 512
            && authorities <= 128
            && additional <= 128
    } else {
        // Known answers of mDNS and prerequisites of an update come with a question.
        (1..=32).contains(&questions) && answers <= 64 && authorities <= 64 && additional <= 16
    };
    if on_port && (counts_fit || questions == 1) && read.0.len() >= 5 {
        let name = name(&mut read).flatten().unwrap_or_default();
        return Some(Some(Message { flags, name }));
    }
    if !on_port && !counts_fit {
        return Some(None);
    }
    let Some(name) = first_record(&mut read, questions > 0)? else { return Some(None) };
    Some(Some(Message { flags, name }))
}

/// Name, type and class (RFC 1035, 4.1.2), and for a record what else it has.
fn first_record<'a>(read: &mut Reader<'a>, is_question: bool) -> Option<Option<&'a [u8]>> {
    let Some(name) = name(read)? else { return Some(None) };
    let (kind, class) = (read.u16()?, read.u16()?);
    // The top bit of the class is mDNS's own (RFC 6762, 5.4 and 10.2).
    let sound = is_type(kind) && matches!(class & 0x7fff, 1..=4 | 254 | 255);
    if !is_question && sound {
        let (_ttl, len) = (read.u32()?, read.u16()?);
        read.take(len.into())?;
    }
    Some(sound.then_some(name))
}

/// A name's labels up to the empty one (RFC 1035, 3.1): at most 255 bytes, no compression, no control characters.
fn name<'a>(read: &mut Reader<'a>) -> Option<Option<&'a [u8]>> {
    const LEN_MAX: usize = 255;
    let whole = read.0;
    loop {
        let len = read.u8()?;
        let label = if len < 64 { read.take(len.into())? } else { return Some(None) };
        let used = whole.len() - read.0.len();
        if used > LEN_MAX || label.iter().any(u8::is_ascii_control) {
            return Some(None);
        }
        if len == 0 {
            return Some(whole.get(..used));
        }
    }
}

/// Record types that are assigned (IANA, Domain Name System Parameters).
const fn is_type(kind: u16) -> bool {
    matches!(kind, 1..=70 | 99..=110 | 128 | 249..=262 | 0x8000 | 0x8001 | 0xff01 | 0xff02)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_detail, udp_table};

    const QUERY: &[u8] =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x07example\x03org\x00\x00\x01\x00\x01\
        \x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";
    const RESPONSE: &[u8] =
        b"\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01\
        \xc0\x0c\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\xc0\x00\x02\x01";
    const BARE: &[u8] = b"\0\0\0\0\0\x01\0\0\0\0\0\0\x04wpad\0\0\x01\0\x01";
    const MDNS: &[u8] =
        b"\0\0\x84\0\0\0\0\x01\0\0\0\0\x04_ipp\x05local\0\0\x0c\x80\x01\0\0\0\x78\0\x02\xc0\x0c";

    #[test]
    fn datagrams() {
        udp_table(
            OVER_UDP,
            &[
                ("query", 53, &[('>', QUERY)], "dns"),
                ("on any port", 9_953, &[('>', QUERY)], "dns"),
                ("response seen first", 53, &[('<', RESPONSE)], "dns"),
                ("without flags", 53, &[('>', BARE)], "dns"),
                ("the same as LLMNR", 5_355, &[('>', BARE)], "llmnr"),
                ("DNS on LLMNR's port", 5_355, &[('>', QUERY)], "dns"),
                ("mDNS announcement", 5_353, &[('>', MDNS)], "dns"),
                ("no question", 53, &[('>', b"\x12\x34\x01\0\0\0\0\0\0\0\0\0")], "no"),
                (
                    "no such type",
                    9_953,
                    &[('>', b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\0\x77\x01\0\x01")],
                    "no",
                ),
                (
                    "a pointer in a question",
                    9_953,
                    &[('>', b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\xc0\x0c\0\x01\0\x01")],
                    "no",
                ),
                ("NTP", 123, &[('>', &[0x1b; 48])], "no"),
            ],
        );
        assert_eq!(udp_detail(OVER_UDP, 53, QUERY), b"\x07example\x03org\0");
    }

    #[test]
    fn over_tcp() {
        let query = [b"\0\x28", QUERY].concat();
        tcp_table(
            OVER_TCP,
            &[
                ("query", &query, b"", "dns"),
                ("as far as the question", &query[..31], b"", "dns"),
                ("the header alone", &query[..14], b"", "more"),
                ("too short to hold a question", b"\0\x0c\x12\x34", b"\0\x01 ", "no"),
                ("response alone", b"", &[b"\0\x2d", RESPONSE].concat(), "dns"),
                ("web", b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200", "no"),
            ],
        );
    }
}
