//! IBM MQ: decided at the first segment's header (public descriptions of MQ's Transmission Segment Header).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "websphere-mq",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[b'T', 0xe3], server: &[b'T', 0xe3] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_segment(Reader(opening))).finds("ibm-websphere-mq", "MQ segment", &[])
    })
}

/// `TSH ` (or the kinds with `M` and `C`) in ASCII or EBCDIC, length, byte order, type.
fn is_segment(mut read: Reader<'_>) -> Option<bool> {
    let [b'T' | 0xe3, b'S' | 0xe2, b'H' | 0xc8, b' ' | b'M' | b'C' | 0x40 | 0xd4 | 0xc3] = read.array()?
    else {
        return Some(false);
    };
    let len = read.u32()?;
    if !(28..0x10_0000).contains(&len) {
        return Some(false);
    }
    // With multiplexing, conversation and request come before.
    let mut plain = read;
    let order =
        |read: &mut Reader<'_>| Some(matches!((read.u8()?, read.u8()?), (1 | 2, 1..=15 | 0x81..=0xa7)));
    if order(&mut plain)? {
        return Some(true);
    }
    read.take(8)?;
    order(&mut read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let initial = b"TSH \0\0\x01\x0c\x02\x01\x31\0\0\0\0\0\0\0\0\0\x11\x01\0\0\xb5\x01\0\0ID  ";
        tcp_table(
            DECODER,
            &[
                ("initial data", initial, b"", "ibm-websphere-mq"),
                ("in EBCDIC", b"\xe3\xe2\xc8\x40\0\0\x01\x0c\x01\x01", b"", "ibm-websphere-mq"),
                ("with multiplexing", b"TSHM\0\0\0\x2c\0\0\0\x01\0\0\0\0\x02\x0c", b"", "ibm-websphere-mq"),
                ("up to the length", &initial[..8], b"", "more"),
                ("a length that is none", b"TSH text of some kind", b"text", "no"),
            ],
        );
    }
}
