//! IEEE C37.118 synchrophasors: decided at the first frame, which ends in a check sum (IEEE C37.118.2, 6.2).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "synchrophasor",
    transport: Transport::Both,
    first: FirstBytes { client: &[0xaa], server: &[0xaa] },
    inspect,
};

const APP: &str = "ieee-c37.118-synchrophasor";
const WHAT: &str = "synchrophasor frame";

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| Sign::of(is_frame(Reader(opening))).finds(APP, WHAT, &[]));
    }
    at_datagram(heads, |datagram| {
        (size(datagram) == Some(datagram.len()) && is_frame(Reader(datagram)) == Some(true))
            .then_some(finding(APP, WHAT))
    })
}

fn size(frame: &[u8]) -> Option<usize> {
    Reader(frame.get(2..)?).u16().map(usize::from)
}

/// Synchronisation word with type and version, size, and a check sum over everything before it.
fn is_frame(mut read: Reader<'_>) -> Option<bool> {
    let frame = read.0;
    let (sync, kind, size) = (read.u8()?, read.u8()?, usize::from(read.u16()?));
    if sync != 0xaa || kind > 0x5f || !matches!(kind & 15, 1..=3) || !(16..=4_096).contains(&size) {
        return Some(false);
    }
    let (body, mut sum) = (frame.get(..size - 2)?, Reader(frame.get(size - 2..size)?));
    Some(sum.u16()? == check_sum(body))
}

/// CRC-16 with polynomial 0x1021, begun with ones (IEEE C37.118.2, annex B).
fn check_sum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |sum, byte| {
        (0..8).fold(
            sum ^ u16::from(*byte) << 8,
            |sum, _| {
                if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    /// The command to turn data on, of the standard's examples in layout.
    fn command() -> Vec<u8> {
        let mut frame = b"\xaa\x41\0\x12\x1e\x36\x44\x85\x27\xf0\0\0\0\0\0\x02".to_vec();
        frame.extend(check_sum(&frame).to_be_bytes());
        frame
    }

    #[test]
    fn table() {
        let command = command();
        let mut broken = command.clone();
        broken[17] ^= 1;
        tcp_table(
            DECODER,
            &[
                ("command", &command, b"", APP),
                ("without its check sum", &command[..16], b"", "more"),
                ("another check sum", &broken, b"text", "no"),
                ("no such type", b"\xaa\x61\0\x12", b"text", "no"),
            ],
        );
        udp_table(
            DECODER,
            &[("command", 4_713, &[('>', &command)], APP), ("cut", 4_713, &[('>', &command[..17])], "no")],
        );
    }

    #[test]
    fn the_check_sum_is_the_catalogued_one() {
        // "check" value of CRC-16/IBM-3740 in the catalogue of parametrised CRC algorithms.
        assert_eq!(check_sum(b"123456789"), 0x29b1);
    }
}
