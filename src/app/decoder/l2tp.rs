//! L2TP over UDP: decided at the first control message (RFC 2661, 3.1 and 4.1).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "l2tp",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0xc8], server: &[0xc8] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_message(Reader(datagram)) == Some(true)).then_some(finding("l2tp", "L2TP control message"))
    })
}

/// Flags T, L and S, version 2, the datagram's length; then, unless it only acknowledges, a message type attribute.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let whole = read.0.len();
    let (flags, len) = (read.u16()?, usize::from(read.u16()?));
    read.take(8)?; // tunnel, session, numbers
    if flags & 0xcbff != 0xc802 || len != whole {
        return Some(false);
    }
    Some(read.0.is_empty() || matches!(read.array()?, [0x80 | 0, 8, 0, 0, 0, 0, 0, 1..=28]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let start = b"\xc8\x02\0\x14\0\0\0\0\0\0\0\0\x80\x08\0\0\0\0\0\x01";
        udp_table(
            DECODER,
            &[
                ("start request", 1_701, &[('>', start)], "l2tp"),
                ("acknowledgment", 1_701, &[('<', b"\xc8\x02\0\x0c\0\x05\0\0\0\0\0\x01")], "l2tp"),
                ("another length", 1_701, &[('>', &[&start[..3], b"\x15", &start[4..]].concat())], "no"),
                ("version 3", 1_701, &[('>', b"\xc8\x03\0\x0c\0\x05\0\0\0\0\0\x01")], "no"),
            ],
        );
    }
}
