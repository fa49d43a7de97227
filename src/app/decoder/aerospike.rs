//! Aerospike: decided at the client's first request (Aerospike's `proto.h`).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "aerospike",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[VERSION], server: &[VERSION] },
    inspect,
};

const VERSION: u8 = 2;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_request(Reader(opening))).finds("aerospike", "Aerospike request", &[])
    })
}

/// Version, type, a length of six bytes; then names in lines, or a message's header of 22 bytes.
fn is_request(mut read: Reader<'_>) -> Option<bool> {
    let [VERSION, kind @ (1 | 3), 0, 0] = read.array()? else { return Some(false) };
    let len = usize::try_from(read.u32()?).ok()?;
    if !(4..0x10_0000).contains(&len) {
        return Some(false);
    }
    if kind == 3 {
        let [size, _, _, _, unused, result] = read.array()?;
        return Some((size, unused, result) == (22, 0, 0));
    }
    // The first name, whole.
    for (at, byte) in read.0.iter().enumerate().take(64.min(len)) {
        match byte {
            b'\n' => return Some(at >= 3),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'/' | b':' | b'=' | b';' | b',' => {}
            _ => return Some(false),
        }
    }
    (read.0.len() >= 64.min(len)).then_some(false)
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
                ("names", b"\x02\x01\0\0\0\0\0\x0fnode\nfeatures\n", b"", "aerospike"),
                ("message", b"\x02\x03\0\0\0\0\0\x5c\x16\x03\0\0\0\0\0\0\0\0", b"", "aerospike"),
                ("header alone", b"\x02\x01\0\0\0\0\0\x0f", b"", "more"),
                ("bytes for names", b"\x02\x01\0\0\0\0\0\x0f\x01\x02\x03\x04", b"text", "no"),
                ("another type", b"\x02\x07\0\0\0\0\0\x0fnode\n", b"text", "no"),
            ],
        );
    }
}
