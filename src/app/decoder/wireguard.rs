//! WireGuard: decided at the first handshake message, whose length is fixed (WireGuard white paper, 5.4); from the
//! middle of a session at two data messages of one receiver.

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "wireguard",
    transport: Transport::Udp,
    first: FirstBytes { client: &[1, 2, 3, 4], server: &[1, 2, 3, 4] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let mut last = [None; 2];
    for (direction, datagram) in heads.each_datagram().filter(|(_, datagram)| !datagram.is_empty()) {
        match datagram {
            [1, 0, 0, 0, ..] if datagram.len() == 148 => {
                return Match::Yes(finding("wireguard", "WireGuard handshake initiation"));
            }
            [2, 0, 0, 0, ..] if datagram.len() == 92 => {
                return Match::Yes(finding("wireguard", "WireGuard handshake response"));
            }
            _ => {}
        }
        let (Some((receiver, counter)), Some(before)) =
            (data(Reader(datagram)), last.get_mut(direction.index()))
        else {
            return Match::No;
        };
        let follows =
            |(same, number): (u32, u64)| same == receiver && (1..=16).contains(&counter.wrapping_sub(number));
        if before.is_some_and(follows) {
            return Match::Yes(finding("wireguard", "WireGuard data"));
        }
        *before = Some((receiver, counter));
    }
    Match::More
}

/// Type 4, the receiver, the counter; what follows is padded to whole blocks.
fn data(mut read: Reader<'_>) -> Option<(u32, u64)> {
    let blocks = read.0.len() >= 32 && read.0.len().is_multiple_of(16);
    let (kind, receiver) = (read.le32()?, read.le32()?);
    let counter = u64::from_le_bytes(read.array()?);
    (kind == 4 && blocks && counter < 1 << 40).then_some((receiver, counter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let message = |kind: u8, len: usize| {
            let mut datagram = vec![0x5a; len];
            datagram[..4].copy_from_slice(&[kind, 0, 0, 0]);
            datagram
        };
        let data = |counter: u8| [b"\x04\0\0\0abcd", &[counter, 0, 0, 0, 0, 0, 0, 0][..], &[7; 16]].concat();
        udp_table(
            DECODER,
            &[
                ("initiation", 51_820, &[('>', &message(1, 148))], "wireguard"),
                ("response seen first", 51_820, &[('<', &message(2, 92))], "wireguard"),
                ("another length", 51_820, &[('>', &message(1, 147))], "no"),
                ("data", 51_820, &[('>', &data(8)), ('>', &data(9))], "wireguard"),
                ("one of it", 51_820, &[('>', &data(8))], "more"),
            ],
        );
    }
}
