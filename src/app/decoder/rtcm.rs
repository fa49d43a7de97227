//! RTCM SC-104, version 3: decided at the first frame, which ends in a check sum (RTCM 10403, 4).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "rtcm",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[PREAMBLE], server: &[PREAMBLE] },
    inspect,
};

const PREAMBLE: u8 = 0xd3;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_frame(Reader(opening))).finds("rtcm-sc104", "RTCM frame", &[]))
}

/// Preamble, six bits of zero, length, a message, a check sum over all of it.
fn is_frame(mut read: Reader<'_>) -> Option<bool> {
    let frame = read.0;
    let (preamble, len) = (read.u8()?, usize::from(read.u16()?));
    if preamble != PREAMBLE || !(2..1_024).contains(&len) {
        return Some(false);
    }
    read.take(len)?;
    Some(read.u24()? == check_sum(frame.get(..len + 3)?))
}

/// CRC-24Q: polynomial 0x864cfb (RTCM 10403, 4.2).
fn check_sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 16, |sum, _| {
            if sum & 0x80_0000 == 0 { sum << 1 } else { (sum << 1 ^ 0x86_4cfb) & 0xff_ffff }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        // A station's position, message 1005.
        let mut frame =
            b"\xd3\0\x13\x3e\xd0\0\x03\x8a\x4d\xbe\x32\x24\x0a\x1b\x3d\x4c\x6d\xe7\0\0\0\x11".to_vec();
        frame.extend_from_slice(&check_sum(&frame).to_be_bytes()[1..]);
        let mut broken = frame.clone();
        broken[5] ^= 1;
        tcp_table(
            DECODER,
            &[
                ("position, of the server", b"", &frame, "rtcm-sc104"),
                ("without its check sum", b"", &frame[..22], "more"),
                ("a bit turned", b"text", &broken, "no"),
                ("a length that is none", b"text", b"\xd3\xff\x13\x3e\xd0", "no"),
            ],
        );
    }

    #[test]
    fn the_check_sum_is_the_catalogued_one() {
        // "check" value of CRC-24/LTE-A, which is the same polynomial begun with zero.
        assert_eq!(check_sum(b"123456789"), 0xcd_e703);
    }
}
