//! DNP3: decided at the first link frame, whose header carries a check sum (IEEE 1815, 9.2.4).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "dnp3",
    transport: Transport::Both,
    first: FirstBytes { client: &[0x05], server: &[0x05] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let side = |bytes| Sign::of(is_frame(Reader(bytes)));
    if heads.protocol == Protocol::TCP {
        return side(heads.client).beside(side(heads.server)).finds("dnp3-base", "DNP3 frame", &[]);
    }
    at_datagram(heads, |datagram| (side(datagram) == Sign::Yes).then_some(finding("dnp3-base", "DNP3 frame")))
}

/// `05 64`, length, control, both addresses, check sum.
fn is_frame(mut read: Reader<'_>) -> Option<bool> {
    let frame = read.0;
    if read.u8()? != 0x05 || read.u8()? != 0x64 || read.u8()? < 5 {
        return Some(false);
    }
    read.take(5)?;
    Some(read.le16()? == check_sum(frame.get(..8)?))
}

/// CRC-16/DNP (IEEE 1815, 9.2.6): polynomial 0x3d65, reflected, result inverted.
fn check_sum(bytes: &[u8]) -> u16 {
    !bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte), |sum, _| if sum & 1 == 0 { sum >> 1 } else { sum >> 1 ^ 0xa6bc })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        tcp_table(
            DECODER,
            &[
                ("frame", b"\x05\x64\x05\xc0\x01\x00\x00\x04\xe9\x21", b"", "dnp3-base"),
                ("without its check sum", b"\x05\x64\x05\xc0\x01\x00\x00\x04", b"", "more"),
                ("another check sum", b"\x05\x64\x05\xc0\x01\x00\x00\x04\xe9\x22", b"", "no"),
            ],
        );
    }

    #[test]
    fn the_check_sum_is_the_catalogued_one() {
        // "check" value of CRC-16/DNP in the catalogue of parametrised CRC algorithms.
        assert_eq!(check_sum(b"123456789"), 0xea82);
    }
}
