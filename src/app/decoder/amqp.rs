//! AMQP: decided at the protocol header (AMQP 0-9-1, 4.2.2; AMQP 1.0, 2.2).

use super::sign::{Reader, Sign, begins};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "amqp",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"A\x01", server: b"A\x01" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| header(opening).finds("amqp", "AMQP protocol header", &[]))
}

/// The name, then an identifier and a version that exist.
fn header(bytes: &[u8]) -> Sign {
    let mut read = Reader(bytes.get(4..).unwrap_or_default());
    let mut version =
        || Some(matches!(read.array()?, [0 | 2 | 3, 1, 0, 0] | [0, 0, 9, 1] | [1, 1, 0 | 8 | 9, 0..=10]));
    begins(bytes.get(..4).unwrap_or(bytes), b"AMQP").and(Sign::of(version()))
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
                ("0-9-1", b"AMQP\0\0\x09\x01", b"", "amqp"),
                ("1.0 with SASL", b"AMQP\x03\x01\0\0", b"", "amqp"),
                ("name alone", b"AMQP", b"", "more"),
                ("another version", b"AMQP\x09\x09\x09\x09", b"", "no"),
            ],
        );
    }
}
