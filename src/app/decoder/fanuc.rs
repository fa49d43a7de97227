//! FANUC FOCAS: decided at the header of the first packet (public descriptions of the protocol of FANUC's controls:
//! four bytes 0xa0, version, type, length).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "fanuc",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0xa0], server: &[0xa0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_packet(Reader(opening))).finds("fanuc-focas", "FOCAS packet", &[])
    })
}

/// Open, close and use, each with its answer.
fn is_packet(mut read: Reader<'_>) -> Option<bool> {
    if read.array()? != [0xa0; 4] {
        return Some(false);
    }
    let (version, kind, _len) = (read.u16()?, read.u16()?, read.u16()?);
    Some((1..=4).contains(&version) && matches!(kind, 0x0101 | 0x0102 | 0x0201 | 0x0202 | 0x2101 | 0x2102))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let open = b"\xa0\xa0\xa0\xa0\0\x01\x01\x01\0\x02\0\x02";
        tcp_table(
            DECODER,
            &[
                ("open", open, b"\xa0\xa0\xa0\xa0\0\x01\x01\x02\0\x02", "fanuc-focas"),
                ("up to the type", &open[..6], b"", "more"),
                ("no such type", b"\xa0\xa0\xa0\xa0\0\x01\x05\x05\0\x02", b"text", "no"),
                ("another magic number", b"\xa0\xa1\xa0\xa0\0\x01\x01\x01\0\x02", b"text", "no"),
            ],
        );
    }
}
