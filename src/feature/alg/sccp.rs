//! Skinny (SCCP): where a phone listens, and where it shall send (message formats as publicly described for Cisco Unified
//! Communications Manager).

use super::frames::{Frames, Message, array};
use super::{Endpoint, Field, Gateway, Heard, Opener, Opening, Said, Spelling};
use crate::flow::{Addr, Direction, Protocol};

/// Length and version.
const HEADER: usize = 8;
/// The first version whose addresses say whether they are IPv6.
const WITH_FAMILY: u32 = 17;
/// The phone is ready to receive.
const OPEN_RECEIVE_CHANNEL_ACK: u32 = 0x0022;
/// The phone shall send.
const START_MEDIA_TRANSMISSION: u32 = 0x008a;

/// Reads one connection of a phone.
#[derive(Debug, Default)]
pub(super) struct Sccp {
    sides: [Frames; 2],
}

impl Gateway for Sccp {
    fn hear(&mut self, said: Said<'_>, heard: &mut Heard) {
        let frames = &mut self.sides[said.by.index()];
        frames.feed(said.at, said.bytes, HEADER, message_len, |message| {
            if let Some(media) = media(said.by, message) {
                heard.endpoints.extend(media);
            }
        });
    }
}

/// The length counts from the message's kind on.
fn message_len(header: &[u8]) -> Option<u64> {
    let (len, version) = (le32(header, 0)?, le32(header, 4)?);
    ((4..=0xffff).contains(&len) && version <= 0xff).then_some(HEADER as u64 + u64::from(len))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

/// RTP's endpoint and RTCP's, which is one port above.
fn media(by: Direction, message: Message<'_>) -> Option<[Endpoint; 2]> {
    let bytes = message.bytes;
    let (what, start) = match (le32(bytes, HEADER)?, by) {
        // The status comes before the address: 0 where all is well.
        (OPEN_RECEIVE_CHANNEL_ACK, Direction::ClientToServer) if le32(bytes, 12)? == 0 => {
            ("OpenReceiveChannelAck", 16)
        }
        // The conference and the party come before it.
        (START_MEDIA_TRANSMISSION, Direction::ServerToClient) => ("StartMediaTransmission", 20),
        _ => return None,
    };
    let family = (le32(bytes, 4)? >= WITH_FAMILY).then(|| le32(bytes, start));
    let (start, addr, len, room) = match family {
        None => (start, Addr::v4(array(bytes, start)?), 4, 4),
        Some(Some(0)) => (start + 4, Addr::v4(array(bytes, start + 4)?), 4, 16),
        Some(Some(1)) => (start + 4, Addr::v6(array(bytes, start + 4)?), 16, 16),
        Some(_) => return None,
    };
    let port = u16::try_from(le32(bytes, start + room)?).ok().filter(|port| (1..u16::MAX).contains(port))?;
    let field = |at: usize, len, spelling| Field { at: message.at + at as u64, len, spelling };
    let fields =
        vec![field(start, len, Spelling::AddressBytes), field(start + room, 4, Spelling::PortBytesLittle)];
    let endpoint = |port, fields, app| Endpoint {
        addr: Some(addr),
        port: Some(port),
        fields,
        opens: Some(Opening {
            protocol: Protocol::UDP,
            opener: Opener::Anyone,
            app,
            may_be_elsewhere: true,
            repeats: false,
            what,
        }),
    };
    Some([endpoint(port, fields, "rtp-base"), endpoint(port + 1, Vec::new(), "rtcp")])
}

#[cfg(test)]
mod tests {
    use Direction::{ClientToServer as C, ServerToClient as S};

    use super::super::testing::{hear, open};
    use super::*;

    fn message(version: u32, kind: u32, words: &[&[u8]]) -> Vec<u8> {
        let body = words.concat();
        let len = u32::try_from(body.len()).unwrap() + 4;
        [&len.to_le_bytes()[..], &version.to_le_bytes(), &kind.to_le_bytes(), &body].concat()
    }

    const ADDR: &[u8] = &[192, 0, 2, 1];
    const PORT: &[u8] = &[0x50, 0xc3, 0, 0];
    const OK: &[u8] = &[0; 4];

    /// What announced it, address, port and application, and where its fields stand.
    fn told(by: Direction, bytes: &[u8]) -> Vec<String> {
        let heard = hear(&mut Sccp::default(), &[(by, bytes)]);
        let one = |endpoint: &Endpoint| {
            let (opens, addr) = (endpoint.opens.unwrap(), endpoint.addr.unwrap());
            let places: Vec<_> = endpoint.fields.iter().map(|field| (field.at, field.len)).collect();
            format!("{} {addr}:{} {} {places:?}", opens.what, endpoint.port.unwrap(), opens.app)
        };
        heard.endpoints.iter().map(one).collect()
    }

    #[test]
    fn messages() {
        let six = Addr::v6([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]).bits().to_be_bytes();
        let four_of_16 = [ADDR, &[0; 12]].concat();
        let (ack, start) = (OPEN_RECEIVE_CHANNEL_ACK, START_MEDIA_TRANSMISSION);
        for (by, bytes, rtp, rtcp) in [
            (
                C,
                message(0, ack, &[OK, ADDR, PORT, OK]),
                "OpenReceiveChannelAck 192.0.2.1:50000 rtp-base [(16, 4), (20, 4)]",
                "OpenReceiveChannelAck 192.0.2.1:50001 rtcp []",
            ),
            (
                S,
                message(0, start, &[OK, OK, ADDR, PORT]),
                "StartMediaTransmission 192.0.2.1:50000 rtp-base [(20, 4), (24, 4)]",
                "StartMediaTransmission 192.0.2.1:50001 rtcp []",
            ),
            (
                C,
                message(17, ack, &[OK, &[0; 4], &four_of_16, PORT]),
                "OpenReceiveChannelAck 192.0.2.1:50000 rtp-base [(20, 4), (36, 4)]",
                "OpenReceiveChannelAck 192.0.2.1:50001 rtcp []",
            ),
            (
                S,
                message(20, start, &[OK, OK, &[1, 0, 0, 0], &six, PORT]),
                "StartMediaTransmission 2001:db8::1:50000 rtp-base [(24, 16), (40, 4)]",
                "StartMediaTransmission 2001:db8::1:50001 rtcp []",
            ),
        ] {
            assert_eq!(told(by, &bytes), [rtp, rtcp]);
        }
    }

    #[test]
    fn near_misses() {
        let (ack, start) = (OPEN_RECEIVE_CHANNEL_ACK, START_MEDIA_TRANSMISSION);
        for (by, bytes) in [
            (S, message(0, ack, &[OK, ADDR, PORT])),
            (C, message(0, start, &[OK, OK, ADDR, PORT])),
            (C, message(0, ack, &[&[1, 0, 0, 0], ADDR, PORT])),
            (C, message(0, ack, &[OK, ADDR, &[0; 4]])),
            (C, message(0, ack, &[OK, ADDR, &[0xff, 0xff, 0, 0]])),
            (C, message(0, ack, &[OK, ADDR, &[0, 0, 1, 0]])),
            (C, message(0, ack, &[OK, ADDR])),
            (C, message(0, ack + 1, &[OK, ADDR, PORT])),
            (C, message(17, ack, &[OK, ADDR, PORT])),
            (C, message(17, ack, &[OK, &[2, 0, 0, 0], &[0; 16], PORT])),
            (C, message(0x100, ack, &[OK, ADDR, PORT])),
        ] {
            assert_eq!(told(by, &bytes), Vec::<String>::new(), "{bytes:?}");
        }
    }

    #[test]
    fn cut_anywhere() {
        let keep_alive = message(0, 0, &[]);
        let ack = message(0, OPEN_RECEIVE_CHANNEL_ACK, &[OK, ADDR, PORT]);
        let start = message(0, START_MEDIA_TRANSMISSION, &[OK, OK, ADDR, PORT]);
        let client = [&keep_alive[..], &ack, &keep_alive].concat();
        open(|| Box::<Sccp>::default(), &[(C, &client), (S, &[&start[..], &start].concat())]);
    }
}
