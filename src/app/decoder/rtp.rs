//! RTP and RTCP: never decided at the first packet of RTP.
//!
//! RTP has little that must hold a certain value (RFC 3550, 5.1), so one side must send several packets of one source
//! whose numbers follow each other. RTCP has its lengths (6.4), which must fill the datagram exactly.

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "rtp",
    transport: Transport::Udp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

/// So many packets in a row of one side make it RTP.
const ENOUGH: u8 = 3;

/// Datagrams of something else that are passed over: STUN and DTLS go before media on the same ports (RFC 7983), and
/// players open the way with a few bytes.
const OTHERS_MAX: usize = 4;

/// One side's stream as far as it is followed.
#[derive(Clone, Copy, Default)]
struct Stream {
    in_row: u8,
    sequence: u16,
    source: u32,
    payload_type: u8,
}

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let mut streams = [Stream::default(); 2];
    let mut others = 0;
    for (direction, datagram) in heads.each_datagram() {
        if is_rtcp(Reader(datagram)) == Some(true) {
            return Match::Yes(finding("rtcp", "RTCP packet"));
        }
        let Some(packet) = rtp(Reader(datagram)) else {
            others += 1;
            if others > OTHERS_MAX {
                return Match::No;
            }
            continue;
        };
        let Some(stream) = streams.get_mut(direction.index()) else { continue };
        let step = packet.sequence.wrapping_sub(stream.sequence);
        let goes_on = packet.source == stream.source && step <= 4 && stream.in_row > 0;
        // The packet that repeats the last one adds nothing.
        let counts = step != 0 && (packet.payload_type == stream.payload_type || step == 1);
        let in_row = if goes_on { stream.in_row + u8::from(counts) } else { 1 };
        if in_row >= ENOUGH {
            return Match::Yes(finding("rtp-base", "RTP packets in sequence"));
        }
        *stream = Stream { in_row, ..packet };
    }
    Match::More
}

/// Version 2, no more contributing sources than fit, a payload type that is in use, a source.
fn rtp(mut read: Reader<'_>) -> Option<Stream> {
    let (first, second, sequence) = (read.u8()?, read.u8()?, read.u16()?);
    let (_time, source) = (read.u32()?, read.u32()?);
    read.take(usize::from(first & 15) * 4)?;
    let payload_type = second & 0x7f;
    let sound = first & 0xc0 == 0x80 && matches!(payload_type, 0..=34 | 96..=127) && source != 0;
    (sound && !read.0.is_empty()).then_some(Stream { in_row: 0, sequence, source, payload_type })
}

/// A sender's or receiver's report first, then packets of known types; their lengths add up to the datagram.
fn is_rtcp(mut read: Reader<'_>) -> Option<bool> {
    let whole = read.0.len();
    let mut first = true;
    while !read.0.is_empty() {
        let (flags, kind, words) = (read.u8()?, read.u8()?, read.u16()?);
        let known = if first { matches!(kind, 200 | 201 | 205 | 206) } else { (200..=207).contains(&kind) };
        if flags & 0xc0 != 0x80 || !known {
            return Some(false);
        }
        read.take(usize::from(words) * 4)?;
        first = false;
    }
    Some(whole >= 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let rtp = |sequence: u8| {
            [&[0x80, 0, 0x12, sequence][..], &[0, 0, 0, sequence], b"SSRC", &[0x7f; 20]].concat()
        };
        let (one, two, three, far) = (rtp(1), rtp(2), rtp(3), rtp(90));
        let report = b"\x80\xc9\0\x01SSRC\x81\xca\0\x03SSRC\x01\x02ab\0\0\0\0";
        udp_table(
            DECODER,
            &[
                ("one packet", 40_000, &[('>', &one)], "more"),
                ("three in sequence", 40_000, &[('>', &one), ('>', &two), ('>', &three)], "rtp-base"),
                (
                    "both sides between",
                    40_000,
                    &[('>', &one), ('<', &far), ('>', &two), ('>', &three)],
                    "rtp-base",
                ),
                ("the same again", 40_000, &[('>', &one), ('>', &one), ('>', &one)], "more"),
                ("numbers far apart", 40_000, &[('>', &one), ('>', &far), ('>', &three)], "more"),
                (
                    "something else before",
                    40_000,
                    &[('>', b"\xde\xad"), ('>', &one), ('>', &two), ('>', &three)],
                    "rtp-base",
                ),
                ("report", 40_001, &[('>', report)], "rtcp"),
                ("cut report", 40_001, &[('>', &report[..23])], "more"),
                (
                    "nonsense",
                    40_000,
                    &[('>', b"a"), ('>', b"b"), ('>', b"c"), ('>', b"d"), ('>', b"e")],
                    "no",
                ),
            ],
        );
    }
}
