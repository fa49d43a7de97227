//! BFCP, the control of floors in conferences: decided when the other side answers a hello with what it supports, for
//! the same conference, transaction and user (RFC 4582, 5.1 and 5.3.12; RFC 8855).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "bfcp",
    transport: Transport::Udp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// Version 1 over reliable transports, 2 over others, and the flag of an answer.
const FIRST: &[u8] = &[0x20, 0x40, 0x50];

const HELLO: u8 = 11;
const HELLO_ACK: u8 = 12;

/// Hellos that an answer is waited for after.
const HELLOS_MAX: usize = 6;

/// Primitive; conference, transaction and user.
type Message = (u8, (u32, u16, u16));

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let mut asked = None;
    for (direction, datagram) in heads.each_datagram().take(HELLOS_MAX) {
        match (message(Reader(datagram)), asked) {
            (Some((HELLO, whose)), _) => asked = Some((direction, whose)),
            (Some((HELLO_ACK, whose)), Some((side, question))) if side != direction && whose == question => {
                return Match::Yes(finding("bfcp", "BFCP hello and answer"));
            }
            _ => return Match::No,
        }
    }
    if heads.datagrams.len() < HELLOS_MAX { Match::More } else { Match::No }
}

/// A header whose length, in words, is that of the rest, and attributes that fill it.
fn message(mut read: Reader<'_>) -> Option<Message> {
    let (first, primitive, words) = (read.u8()?, read.u8()?, read.u16()?);
    let whose = (read.u32()?, read.u16()?, read.u16()?);
    if !FIRST.contains(&first) || usize::from(words) * 4 != read.0.len() {
        return None;
    }
    while !read.0.is_empty() {
        let (kind, len) = (read.u8()? >> 1, usize::from(read.u8()?));
        if !(1..=24).contains(&kind) || len < 2 {
            return None;
        }
        read.take(len.next_multiple_of(4) - 2)?;
    }
    Some((primitive, whose))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let hello = b"\x40\x0b\0\0\0\0\0\x01\0\x01\0\x02";
        let answer = b"\x50\x0c\0\x03\0\0\0\x01\0\x01\0\x02\x14\x06\x16\x18\x01\x02\0\0\x16\x04\x02\x04";
        let another = b"\x50\x0c\0\x03\0\0\0\x01\0\x01\0\x09\x14\x06\x16\x18\x01\x02\0\0\x16\x04\x02\x04";
        udp_table(
            DECODER,
            &[
                ("hello and answer", 5_070, &[('>', hello), ('<', answer)], "bfcp"),
                ("hello alone", 5_070, &[('>', hello)], "more"),
                ("another user", 5_070, &[('>', hello), ('<', another)], "no"),
                ("another length", 5_070, &[('>', b"\x40\x0b\0\x01\0\0\0\x01\0\x01\0\x02")], "no"),
            ],
        );
    }
}
