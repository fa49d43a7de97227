//! Yahoo! Messenger: decided at the first packet's header (YMSG as publicly described).

use super::sign::{Reader, Sign, begins};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "yahoo",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"Y", server: b"Y" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        begins(opening, b"YMSG").and_then(|| Sign::of(header(Reader(opening)))).finds(
            "yahoo-im-base",
            "YMSG packet",
            &[],
        )
    })
}

/// Version, its vendor's number, length, service.
fn header(mut read: Reader<'_>) -> Option<bool> {
    read.take(4)?;
    // Some clients write the version in the other order.
    let (version, _vendor) = (read.array::<2>()?, read.u16()?);
    let (len, _service) = (read.u16()?, read.u16()?);
    Some(matches!(version, [0, 0..=30] | [1..=30, 0]) && len < 0x4000)
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
                ("verify", b"YMSG\0\x10\0\0\0\0\0\x4c\0\0\0\0\0\0\0\0", b"", "yahoo-im-base"),
                ("its magic", b"YMSG\0\x10", b"", "more"),
                ("another version", b"YMSG\x55\x10\0\0\0\0\0\x4c", b"", "no"),
                ("another magic", b"YMCA\0\x10\0\0\0\0\0\x4c", b"", "no"),
            ],
        );
    }
}
