//! Oracle's TNS: where a listener sends its client (public descriptions of the Transparent Network Substrate).
//!
//! A redirect holds its address, or a data packet after it does. A host that is a name opens nothing: it is not
//! resolved. A redirect's length that stands in a packet before its address is adapted only where both are in one segment.

use std::ops::Range;

use super::frames::{Frames, Message, array};
use super::{Endpoint, Field, Gateway, Heard, Length, Numeral, Opener, Opening, Said, Spelling, text};
use crate::flow::{Direction, Protocol};

/// Length, checksum, type, flags, checksum of the header.
const HEADER: usize = 8;
const ACCEPT: u8 = 2;
const REDIRECT: u8 = 5;
const DATA: u8 = 6;
/// More addresses of one redirect are not read.
const ADDRESSES_MAX: usize = 16;

/// Reads one connection to a listener, up to where it is accepted.
#[derive(Debug, Default)]
pub(super) struct Tns {
    server: Frames,
    /// A redirect has come whose address is still to come: where its length stands, and that.
    redirected: Option<Length>,
    is_over: bool,
}

impl Gateway for Tns {
    fn hear(&mut self, said: Said<'_>, heard: &mut Heard) {
        let Self { server, redirected, is_over } = self;
        if said.by == Direction::ClientToServer || *is_over {
            return;
        }
        server.feed(said.at, said.bytes, HEADER, packet_len, |packet| {
            if *is_over {
                return;
            }
            // What comes before the text: the redirect's length, the data's flags.
            let text = packet.bytes.get(HEADER + 2..).unwrap_or_default();
            let at = packet.at + HEADER as u64 + 2;
            let within = at..at + text.len() as u64;
            let of_text = match packet.bytes.get(4) {
                Some(&REDIRECT) => {
                    let length = length(packet, HEADER, within.clone());
                    *redirected = length.clone().filter(|_| text.is_empty());
                    length
                }
                Some(&DATA) if redirected.is_some() => {
                    redirected.take().map(|length| Length { counted: within.clone(), ..length })
                }
                Some(&ACCEPT) => {
                    // From here on packets have longer lengths, and nothing redirects.
                    *is_over = true;
                    return;
                }
                _ => return,
            };
            let before = heard.endpoints.len();
            addresses(Message { at, bytes: text }, heard);
            if heard.endpoints.len() > before {
                heard.lengths.extend(length(packet, 0, within).into_iter().chain(of_text));
            }
        });
    }
}

/// A length that a packet has at this place, of what it counts of the packet's text.
fn length(packet: Message<'_>, place: usize, counted: Range<u64>) -> Option<Length> {
    let value = array(packet.bytes, place).map(u16::from_be_bytes)?.into();
    Some(Length { at: packet.at + place as u64, len: 2, numeral: Numeral::Bytes, value, counted })
}

fn packet_len(header: &[u8]) -> Option<u64> {
    array(header, 0).map(u16::from_be_bytes).map(u64::from)
}

/// What one `(ADDRESS=...)` says, each value with its place.
#[derive(Debug, Clone, Copy, Default)]
struct Address<'a> {
    is_tcp: bool,
    host: Option<(usize, &'a [u8])>,
    port: Option<(usize, &'a [u8])>,
}

/// Every address of a text such as `(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.1)(PORT=1521)))`, up to the NUL
/// that ends it.
fn addresses(text: Message<'_>, heard: &mut Heard) {
    let end = memchr::memchr(0, text.bytes).unwrap_or(text.bytes.len());
    let bytes = text.bytes.get(..end).unwrap_or_default();
    let (mut address, mut count) = (Address::default(), 0);
    let mut from = 0;
    // Every part begins with the parenthesis that opens it.
    while let Some(open) = memchr::memchr(b'(', bytes.get(from..).unwrap_or_default()) {
        let start = from + open + 1;
        let rest = bytes.get(start..).unwrap_or_default();
        let part = rest.get(..memchr::memchr2(b'(', b')', rest).unwrap_or(rest.len())).unwrap_or_default();
        from = start + part.len();
        let Some(equals) = memchr::memchr(b'=', part) else { continue };
        let (key, value) = part.split_at(equals);
        let value = value.get(1..).unwrap_or_default();
        let trimmed = value.trim_ascii_start();
        let place = (start + part.len() - trimmed.len(), trimmed.trim_ascii_end());
        match key.trim_ascii().to_ascii_uppercase().as_slice() {
            b"ADDRESS" => address = Address::default(),
            b"PROTOCOL" => {
                address.is_tcp = [&b"tcp"[..], b"tcps"].iter().any(|tcp| place.1.eq_ignore_ascii_case(tcp));
            }
            b"HOST" if is_closed(bytes, from) => address.host = Some(place),
            b"PORT" if is_closed(bytes, from) => address.port = Some(place),
            _ => {}
        }
        if let Some(endpoint) = endpoint(text.at, address) {
            heard.endpoints.push(endpoint);
            (address, count) = (Address::default(), count + 1);
        }
        if count == ADDRESSES_MAX {
            return;
        }
    }
}

/// Whether a value ends here: the text may be cut.
fn is_closed(bytes: &[u8], at: usize) -> bool {
    bytes.get(at) == Some(&b')')
}

/// The endpoint of an address that is whole.
fn endpoint(at: u64, address: Address<'_>) -> Option<Endpoint> {
    let (Address { is_tcp: true, .. }, (host_at, host), (port_at, port)) =
        (address, address.host?, address.port?)
    else {
        return None;
    };
    let number = text::number(port).filter(|port| *port > 0)?;
    let field = |start: usize, text: &[u8], spelling| {
        Some(Field { at: at + start as u64, len: u32::try_from(text.len()).ok()?, spelling })
    };
    let fields = vec![field(host_at, host, Spelling::Address)?, field(port_at, port, Spelling::Port)?];
    let opens = Opening {
        protocol: Protocol::TCP,
        opener: Opener::Peer,
        app: "oracle",
        may_be_elsewhere: true,
        repeats: false,
        what: "redirect",
    };
    Some(Endpoint { addr: Some(text::address(host)?), port: Some(number), fields, opens: Some(opens) })
}

#[cfg(test)]
mod tests {
    use Direction::{ClientToServer as C, ServerToClient as S};

    use super::super::testing::{hear, open, shown};
    use super::*;

    fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
        let len = u16::try_from(HEADER + body.len()).unwrap();
        [&len.to_be_bytes()[..], &[0, 0, kind, 0, 0, 0], body].concat()
    }

    fn redirect(text: &str) -> Vec<u8> {
        let len = u16::try_from(text.len()).unwrap();
        packet(REDIRECT, &[&len.to_be_bytes()[..], text.as_bytes()].concat())
    }

    fn told(by: Direction, bytes: &[u8]) -> String {
        shown(&hear(&mut Tns::default(), &[(by, bytes)]), bytes)
    }

    #[test]
    fn redirects() {
        let one = "redirect 192.0.2.1:1522 [192.0.2.1] [1522]";
        for (text, expected) in [
            ("(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.1)(PORT=1522))", one),
            ("(address=(port=1522)(host=192.0.2.1)(protocol=TCPS))\0(DESCRIPTION=(CONNECT_DATA=))", one),
            ("(DESCRIPTION = (ADDRESS = (PROTOCOL = TCP) (HOST = 192.0.2.1) (PORT = 1522)))", one),
            (
                "(ADDRESS=(PROTOCOL=tcp)(HOST=2001:db8::1)(PORT=1522))",
                "redirect 2001:db8::1:1522 [2001:db8::1] [1522]",
            ),
            (
                "(ADDRESS_LIST=(ADDRESS=(PROTOCOL=ipc)(HOST=192.0.2.9)(PORT=1))\
                 (ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.1)(PORT=1522)))",
                one,
            ),
            // Nothing that opens.
            ("(ADDRESS=(PROTOCOL=tcp)(HOST=db1.example.com)(PORT=1522))", ""),
            ("(ADDRESS=(PROTOCOL=ipc)(HOST=192.0.2.1)(PORT=1522))", ""),
            ("(ADDRESS=(HOST=192.0.2.1)(PORT=1522))", ""),
            ("(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.1)(PORT=0))", ""),
            ("(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.1)(PORT=65536))", ""),
            ("(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.1)(PORT=152", ""),
            ("(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.1))(ADDRESS=(PORT=1522))", ""),
            ("\0(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.1)(PORT=1522))", ""),
        ] {
            assert_eq!(told(S, &redirect(text)), expected, "{text}");
        }
        assert_eq!(told(C, &redirect("(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.1)(PORT=1522))")), "");
    }

    #[test]
    fn data_after_a_redirect() {
        let data = packet(DATA, b"\0\0(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.1)(PORT=1522))");
        let (empty, accept) = (packet(REDIRECT, &[0, 51]), packet(ACCEPT, &[0; 24]));
        let one = "redirect 192.0.2.1:1522 [192.0.2.1] [1522]";
        assert_eq!(told(S, &[&empty[..], &data, &data].concat()), one);
        assert_eq!(told(S, &data), "");
        assert_eq!(told(S, &[&accept[..], &empty, &data].concat()), "");
    }

    #[test]
    fn no_more_than_some() {
        let many = "(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.1)(PORT=1522))".repeat(60);
        let heard = hear(&mut Tns::default(), &[(S, &redirect(&many))]);
        assert_eq!(heard.endpoints.len(), ADDRESSES_MAX);
    }

    #[test]
    fn cut_anywhere() {
        let text = redirect("(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.1)(PORT=1522))");
        open(|| Box::<Tns>::default(), &[(S, &[packet(11, b""), text].concat())]);
    }
}
