//! Diameter: decided at the first message (RFC 6733, 3 and 4.1).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "diameter",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[1], server: &[1] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_message(Reader(opening))).finds("diameter-base", "Diameter message", &[])
    })
}

/// Version, length, flags, command, application, two identifiers; then the first attribute with flags and length.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let (version, len) = (read.u8()?, read.u24()?);
    if version != 1 || len % 4 != 0 || !(28..=65_536).contains(&len) {
        return Some(false);
    }
    let (flags, command) = (read.u8()?, read.u24()?);
    let known = matches!(command, 257 | 258 | 265 | 268 | 271 | 272 | 274 | 275 | 280 | 282 | 283..=288 | 300..=325
        | 8_388_620..=8_388_732);
    if flags & 0x0f != 0 || !known {
        return Some(false);
    }
    read.take(12)?;
    let (attribute, attribute_flags, attribute_len) = (read.u32()?, read.u8()?, read.u24()?);
    Some(
        (1..=4_096).contains(&attribute)
            && attribute_flags & 0x1f == 0
            && (8..=len - 20).contains(&attribute_len),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let request =
            b"\x01\0\0\xb8\x80\0\x01\x01\0\0\0\0\x12\x34\x56\x78\x9a\xbc\xde\xf0\0\0\x01\x08\x40\0\0\x1d";
        tcp_table(
            DECODER,
            &[
                ("capabilities exchange", request, b"", "diameter-base"),
                ("header alone", &request[..20], b"", "more"),
                ("reserved flags", b"\x01\0\0\xb8\x83\0\x01\x01\0\0\0\0", b"text", "no"),
                ("no such command", b"\x01\0\0\xb8\x80\0\x00\x01\0\0\0\0", b"text", "no"),
            ],
        );
    }
}
