//! H.323: where H.245 is to be spoken, and where media are received (H.225.0, H.245; aligned PER in TPKT, RFC 1006).
//!
//! Call signalling names the address of H.245, and channels in its fast start or in H.245 messages that are tunnelled in
//! it; H.245 on a connection of its own names the addresses of RTP and RTCP. A message that cannot be passed over up to
//! its addresses opens nothing. Not read: RAS (gatekeepers), T.120 on connections of its own, multicast, tokens of
//! Progress messages.

mod h225;
mod h245;
mod per;
#[cfg(test)]
mod tests;

use self::per::Per;
use super::frames::{Frames, array};
use super::{Endpoint, Field, Gateway, Heard, Opener, Opening, Said, Spelling};
use crate::flow::{Addr, Protocol};

/// Version, reserved, length with the header (RFC 1006, 6).
const HEADER: usize = 4;
/// More endpoints of one message are not heard.
const ENDPOINTS_MAX: usize = 32;

/// Reads one connection of call signalling.
#[derive(Debug, Default)]
pub(super) struct Signalling {
    sides: [Frames; 2],
}

/// Reads one connection of H.245.
#[derive(Debug, Default)]
pub(super) struct Control {
    sides: [Frames; 2],
}

impl Gateway for Signalling {
    fn hear(&mut self, said: Said<'_>, heard: &mut Heard) {
        packets(&mut self.sides[said.by.index()], said, heard, |per, found| {
            let _ = h225::message(per, found);
        });
    }
}

impl Gateway for Control {
    fn hear(&mut self, said: Said<'_>, heard: &mut Heard) {
        packets(&mut self.sides[said.by.index()], said, heard, h245::messages);
    }
}

/// Has every packet read, of those that have anything in them.
fn packets(frames: &mut Frames, said: Said<'_>, heard: &mut Heard, read: impl Fn(Per<'_>, &mut Found)) {
    frames.feed(said.at, said.bytes, HEADER, packet_len, |packet| {
        let mut found = Found::default();
        let contents = packet.bytes.get(HEADER..).unwrap_or_default();
        read(Per::new(packet.at + HEADER as u64, contents), &mut found);
        heard.endpoints.append(&mut found.endpoints);
    });
}

fn packet_len(header: &[u8]) -> Option<u64> {
    let is_tpkt = header.starts_with(&[3, 0]);
    array(header, 2).map(u16::from_be_bytes).map(u64::from).filter(|len| is_tpkt && *len >= HEADER as u64)
}

/// An address with its port, and where they stand.
#[derive(Debug, Clone, Copy)]
struct Address {
    addr: Addr,
    port: u16,
    fields: [Field; 2],
}

/// What an address is for.
#[derive(Debug, Clone, Copy)]
struct Tag {
    app: &'static str,
    what: &'static str,
}

/// What one message opens. What it names more than once, as a fast start does, is one endpoint with all its fields.
#[derive(Debug, Default)]
struct Found {
    endpoints: Vec<Endpoint>,
}

impl Found {
    fn media(&mut self, media: Option<Address>, control: Option<Address>, tag: Tag) {
        if let Some(media) = media {
            self.add(media, tag);
        }
        if let Some(control) = control {
            self.add(control, Tag { app: "rtcp", ..tag });
        }
    }

    fn add(&mut self, address: Address, Tag { app, what }: Tag) {
        let Address { addr, port, fields } = address;
        if port == 0 || addr == Addr::v4([0; 4]) || addr == Addr::v6([0; 16]) {
            return;
        }
        let is_same = |one: &&mut Endpoint| {
            one.addr == Some(addr)
                && one.port == Some(port)
                && one.opens.is_some_and(|opens| opens.app == app)
        };
        if let Some(known) = self.endpoints.iter_mut().find(is_same) {
            known.fields.extend(fields);
        } else if self.endpoints.len() < ENDPOINTS_MAX {
            let is_control = app == "h.245";
            let opens = Opening {
                protocol: if is_control { Protocol::TCP } else { Protocol::UDP },
                opener: if is_control { Opener::Peer } else { Opener::Anyone },
                app,
                may_be_elsewhere: !is_control,
                repeats: false,
                what,
            };
            let fields = fields.to_vec();
            self.endpoints.push(Endpoint { addr: Some(addr), port: Some(port), fields, opens: Some(opens) });
        }
    }
}

/// Four bytes and a port.
fn ipv4(per: &mut Per<'_>) -> Option<Address> {
    address(per, 4, |bytes| array(bytes, 0).map(Addr::v4))
}

/// Sixteen bytes and a port.
fn ipv6(per: &mut Per<'_>) -> Option<Address> {
    address(per, 16, |bytes| array(bytes, 0).map(Addr::v6))
}

fn address(per: &mut Per<'_>, len: u8, read: impl Fn(&[u8]) -> Option<Addr>) -> Option<Address> {
    let (addr_at, addr) = per.octets(usize::from(len))?;
    let (port_at, port) = per.octets(2)?;
    let field = |at, len, spelling| Field { at, len, spelling };
    let fields =
        [field(addr_at, u32::from(len), Spelling::AddressBytes), field(port_at, 2, Spelling::PortBytes)];
    Some(Address { addr: read(addr)?, port: array(port, 0).map(u16::from_be_bytes)?, fields })
}
