//! .NET message framing (`net.tcp`): decided at the client's preamble (\[MC-NMF\] 2.2.3 and 2.2.4).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "net-tcp",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_preamble(Reader(opening))).finds("net.tcp", ".NET framing", &[]))
}

/// Version 1.0, mode, and the address that is asked for with its length.
fn is_preamble(mut read: Reader<'_>) -> Option<bool> {
    if read.array()? != [0, 1, 0] || read.u8()? != 1 || !matches!(read.u8()?, 1..=4) || read.u8()? != 2 {
        return Some(false);
    }
    // Lengths above 127 take more bytes, seven bits each.
    for _ in 0..2 {
        if read.u8()? < 0x80 {
            break;
        }
    }
    Some(read.array()? == *b"net.tcp://")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let preamble = b"\0\x01\0\x01\x02\x02\x1fnet.tcp://server.example:808/svc\x03\x08\x0c";
        tcp_table(
            DECODER,
            &[
                ("preamble", preamble, b"", "net.tcp"),
                ("long address", b"\0\x01\0\x01\x02\x02\x9f\x01net.tcp://server", b"", "net.tcp"),
                ("up to the address", &preamble[..7], b"", "more"),
                ("another address", b"\0\x01\0\x01\x02\x02\x1fnet.pipe://x", b"text", "no"),
                ("Modbus", b"\0\x01\0\0\0\x06\x01\x03\0\0\0\x0a", b"text", "no"),
            ],
        );
    }
}
