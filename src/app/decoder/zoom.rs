//! Zoom: decided when one side sends three media packets in its own framing through a server, with numbers that follow
//! each other and RTP inside (O. Michel et al., "Enabling Passive Measurement of Zoom Performance in Production
//! Networks", 2022, 4.2).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "zoom",
    transport: Transport::Udp,
    first: FirstBytes { client: &[1, 2, 3, 4, 5, 7], server: &[1, 2, 3, 4, 5, 7] },
    inspect,
};

/// Datagrams that are looked at.
const DATAGRAMS_MAX: usize = 12;

/// So many media packets of one side, of numbers this far apart at most.
const ENOUGH: u8 = 3;
const APART_MAX: u16 = 64;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let mut sides = [(0_u8, 0_u16); 2];
    let mut seen = 0;
    for (direction, datagram) in heads.each_datagram().take(DATAGRAMS_MAX) {
        seen += 1;
        // Besides media there are packets of the connection's own, which tell nothing.
        if !matches!(datagram.first(), Some(1..=5 | 7)) {
            return Match::No;
        }
        let Some(number) = media(Reader(datagram)) else { continue };
        let Some(side) = sides.get_mut(direction.index()) else { continue };
        let step = number.wrapping_sub(side.1);
        let count = if side.0 > 0 && (1..=APART_MAX).contains(&step) { side.0 + 1 } else { 1 };
        *side = (count, number);
        if count >= ENOUGH {
            return Match::Yes(finding("zoom", "Zoom media"));
        }
    }
    if seen < DATAGRAMS_MAX { Match::More } else { Match::No }
}

/// The number in the outer header (kind 5, eight bytes) of a packet that has sound, video or a shared screen in it.
fn media(mut read: Reader<'_>) -> Option<u16> {
    let (5, number) = (read.u8()?, read.u16()?) else { return None };
    read.take(4)?;
    let (0 | 4, kind) = (read.u8()?, read.u8()?) else { return None };
    let header = match kind {
        13 => 27,
        15 => 19,
        16 => 24,
        _ => return None,
    };
    read.take(header - 1)?;
    // RTP's version 2, and a payload type of the dynamic range, with the marker or without.
    let (first, second) = (read.u8()?, read.u8()?);
    (first >> 6 == 2 && (96..=127).contains(&(second & 0x7f))).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let packet = |number: u8, kind: u8, header: usize| {
            [&[5, 0, number, 1, 1, 1, 1, 0, kind][..], &vec![7; header - 1], b"\x90\x70\0\x01\0\0\0\0voice"]
                .concat()
        };
        let sound = |number| packet(number, 15, 19);
        let (one, two, three, far) = (sound(1), sound(2), sound(3), sound(200));
        let video = [packet(7, 16, 24), packet(8, 16, 24), packet(9, 16, 24)];
        let other = packet(1, 99, 19);
        udp_table(
            DECODER,
            &[
                ("sound", 8_801, &[('>', &one), ('>', &two), ('>', &three)], "zoom"),
                ("video", 8_801, &[('>', &video[0]), ('>', &video[1]), ('>', &video[2])], "zoom"),
                (
                    "after hello",
                    8_801,
                    &[('>', b"\x01\0\x02"), ('<', &one), ('<', &two), ('<', &three)],
                    "zoom",
                ),
                ("two of them", 8_801, &[('>', &one), ('>', &two)], "more"),
                ("numbers apart", 8_801, &[('>', &one), ('>', &two), ('>', &far)], "more"),
                ("another first byte", 8_801, &[('>', b"\x80\0")], "no"),
                (
                    "another kind",
                    8_801,
                    &[('>', &other), ('>', &other), ('>', &other), ('>', &other), ('>', &other)],
                    "no",
                ),
            ],
        );
    }
}
