//! QQ: decided at a datagram and the answer to it, which repeats its version, command, number and account (OICQ as
//! publicly observed).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match};
use crate::flow::Direction;

pub(super) const DECODER: Decoder = Decoder {
    name: "qq",
    transport: Transport::Udp,
    first: FirstBytes { client: &[2], server: &[2] },
    inspect,
};

/// Datagrams without an answer that are waited for.
const DATAGRAMS_MAX: usize = 6;

/// What an answer repeats: command, sequence, account. The version may be the server's own.
#[derive(PartialEq, Eq, Clone, Copy)]
struct Header {
    command: u16,
    sequence: u16,
    account: u32,
}

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let mut asked: Option<(Direction, Header)> = None;
    for (count, (direction, datagram)) in heads.each_datagram().enumerate() {
        let Some(header) = header(datagram) else { return Match::No };
        match asked {
            Some((side, question)) if side != direction => {
                if question == header {
                    return Match::Yes(finding("qq-base", "QQ request and answer"));
                }
            }
            _ => asked = Some((direction, header)),
        }
        if count >= DATAGRAMS_MAX {
            return Match::No;
        }
    }
    Match::More
}

/// 2, version, command, sequence, account, encrypted data, 3.
fn header(datagram: &[u8]) -> Option<Header> {
    let mut read = Reader(datagram);
    let (2, _version, Some(3)) = (read.u8()?, read.u16()?, datagram.last()) else { return None };
    let (command, sequence, account) = (read.u16()?, read.u16()?, read.u32()?);
    (command != 0 && account > 10_000 && read.0.len() > 8).then_some(Header { command, sequence, account })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let packet = |sequence: u8, end: u8| {
            [&b"\x02\x37\x13\0\x58\x2a"[..], &[sequence], b"\x12\x34\x56\x78", &[0xaa; 24], &[end]].concat()
        };
        let (one, two, bare) = (packet(1, 3), packet(2, 3), packet(1, 4));
        udp_table(
            DECODER,
            &[
                ("request and answer", 8_000, &[('>', &one), ('<', &one)], "qq-base"),
                ("a later answer", 8_000, &[('>', &one), ('>', &two), ('<', &two)], "qq-base"),
                ("request alone", 8_000, &[('>', &one)], "more"),
                ("another number", 8_000, &[('>', &one), ('<', &two)], "no"),
                ("no end", 8_000, &[('>', &bare)], "no"),
            ],
        );
    }
}
