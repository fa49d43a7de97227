//! IKE and ESP in UDP: IKE is decided at the first message (RFC 7296, 3.1; RFC 2408, 3.1), on a port shared with ESP by
//! the marker before it (RFC 3948, 2.2), ESP by two packets of one association on that port (2.1).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match};
use crate::flow::Direction;

pub(super) const DECODER: Decoder = Decoder {
    name: "ike",
    transport: Transport::Udp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

const SHARED_PORTS: [u16; 2] = [4_500, 4_501];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let is_shared = SHARED_PORTS.iter().any(|port| heads.has_port(*port));
    let mut last: [Option<(u32, u32)>; 2] = [None; 2];
    for (direction, datagram) in heads.each_datagram() {
        match datagram {
            [] => {}
            [0xff] if is_shared => {} // NAT keep-alive (RFC 3948, 2.3)
            [0, 0, 0, 0, message @ ..] if is_ike(Reader(message)) == Some(true) => {
                return Match::Yes(finding("ipsec-esp-udp", "IKE message with non-ESP marker"));
            }
            _ if is_ike(Reader(datagram)) == Some(true) => return Match::Yes(finding("ike", "IKE message")),
            _ => match Reader(datagram).esp().filter(|_| is_shared) {
                Some(packet) if follows(&last, direction, packet) => {
                    return Match::Yes(finding("ipsec-esp-udp", "ESP packets in UDP"));
                }
                Some(packet) => last[direction.index()] = Some(packet),
                None => return Match::No,
            },
        }
    }
    Match::More
}

/// Both security parameter indexes, next payload, version 1.0 or 2.x, exchange, flags, message id, and the length.
fn is_ike(mut read: Reader<'_>) -> Option<bool> {
    let whole = read.0.len();
    let initiator = read.array::<8>()?;
    read.take(8)?;
    let (payload, version, exchange, flags) = (read.u8()?, read.u8()?, read.u8()?, read.u8()?);
    read.u32()?;
    let len = read.u32()?;
    let sound = match version {
        0x10 => payload <= 21 || payload == 130 || payload >= 128,
        0x20..=0x2f => payload == 0 || (33..=54).contains(&payload),
        _ => false,
    };
    let known = match version {
        0x10 => matches!(exchange, 0..=6 | 32..=34 | 240..=255) && flags & 0xf8 == 0,
        _ => matches!(exchange, 34..=44) && flags & 0xc7 == 0,
    };
    Some(initiator != [0; 8] && sound && known && len as usize == whole)
}

impl Reader<'_> {
    /// Security parameter index and sequence number of an ESP packet (RFC 4303, 2), with at least a block and a check.
    fn esp(mut self) -> Option<(u32, u32)> {
        let (index, sequence) = (self.u32()?, self.u32()?);
        (index > 255 && sequence > 0 && self.0.len() >= 18).then_some((index, sequence))
    }
}

/// Whether a packet of the same association came shortly before.
fn follows(last: &[Option<(u32, u32)>; 2], direction: Direction, (index, sequence): (u32, u32)) -> bool {
    last.get(direction.index())
        .copied()
        .flatten()
        .is_some_and(|(before, number)| before == index && (1..=16).contains(&sequence.wrapping_sub(number)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let ike = |version: u8, exchange: u8, flags: u8| {
            [b"abcdefgh\0\0\0\0\0\0\0\0", &[33, version, exchange, flags][..], b"\0\0\0\0\0\0\0\x20", &[0; 4]]
                .concat()
        };
        let first = ike(0x20, 34, 8);
        let marked = [&[0; 4], &first[..]].concat();
        let esp = |sequence: u8| [b"\xc1\x02\x03\x04\0\0\0", &[sequence][..], &[0x5a; 40]].concat();
        udp_table(
            DECODER,
            &[
                ("IKE_SA_INIT", 500, &[('>', &first)], "ike"),
                ("on a shared port", 4_500, &[('>', &marked)], "ipsec-esp-udp"),
                ("ESP", 4_500, &[('>', &esp(1)), ('>', &esp(2))], "ipsec-esp-udp"),
                ("one packet", 4_500, &[('>', &esp(1))], "more"),
                (
                    "keep-alive, then ESP",
                    4_500,
                    &[('>', &[0xff]), ('>', &esp(7)), ('>', &esp(8))],
                    "ipsec-esp-udp",
                ),
                ("the same elsewhere", 4_600, &[('>', &esp(1)), ('>', &esp(2))], "no"),
                ("no such exchange", 500, &[('>', &ike(0x20, 99, 8))], "no"),
                ("another length", 500, &[('>', &first[..31])], "no"),
            ],
        );
    }
}
