//! MQTT: decided at CONNECT (MQTT 3.1.1, 3.1; MQTT 5.0, 3.1).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "mqtt",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0x10, 0x20], server: &[0x10, 0x20] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |client| Sign::of(is_connect(Reader(client))).finds("mqtt", "MQTT CONNECT", &[]))
}

/// Type 1, a length of up to four bytes, the protocol's name.
fn is_connect(mut read: Reader<'_>) -> Option<bool> {
    if read.u8()? != 0x10 {
        return Some(false);
    }
    let mut length_bytes = 1;
    while read.u8()? & 0x80 != 0 {
        length_bytes += 1;
        if length_bytes > 4 {
            return Some(false);
        }
    }
    match read.u16()? {
        4 => Some(&read.array()? == b"MQTT"),
        6 => Some(&read.array()? == b"MQIsdp"),
        _ => Some(false),
    }
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
                ("CONNECT", b"\x10\x1a\0\x04MQTT\x04\x02", b"", "mqtt"),
                ("version 3.1, long", b"\x10\x80\x01\0\x06MQIsdp\x03", b"", "mqtt"),
                ("half a name", b"\x10\x1a\0\x04MQ", b"", "more"),
                ("another name", b"\x10\x1a\0\x04AMQP", b"\x20\x02", "no"),
            ],
        );
    }
}
