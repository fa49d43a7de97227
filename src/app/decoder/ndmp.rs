//! NDMP: decided at the first message, with which the server says that it is there or the client opens (NDMP version 4,
//! 2.3 and 3.1; over TCP with the record marks of RFC 5531, 11).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "ndmp",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0x80], server: &[0x80] },
    inspect,
};

const NOTIFY_CONNECTED: u32 = 0x502;
const CONNECT_OPEN: u32 = 0x900;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_message(Reader(opening))).finds("ndmp", "NDMP message", &[]))
}

/// Record mark; sequence, time, type 0, message, the sequence that is answered, error.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    if !(0x8000_001a..=0x8000_1000).contains(&read.u32()?) || !(0..=16).contains(&read.u32()?) {
        return Some(false);
    }
    let (_time, kind, message) = (read.u32()?, read.u32()?, read.u32()?);
    let (answered, error) = (read.u32()?, read.u32()?);
    let sound = kind == 0 && answered == 0 && error == 0;
    Some(match message {
        // Why, and the version.
        NOTIFY_CONNECTED => sound && read.u32()? <= 2 && (1..=5).contains(&read.u32()?),
        CONNECT_OPEN => sound && (1..=5).contains(&read.u32()?),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let connected =
            b"\x80\0\0\x24\0\0\0\x01\x65\x6a\x51\x80\0\0\0\0\0\0\x05\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x04";
        let open = b"\x80\0\0\x1c\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\0\0\0\0\0\x04";
        tcp_table(
            DECODER,
            &[
                ("the server is there", b"", connected, "ndmp"),
                ("open alone", open, b"", "ndmp"),
                ("header alone", b"", &connected[..28], "more"),
                (
                    "an RPC call",
                    b"\x80\0\0\x28\x12\x34\x56\x78\0\0\0\0\0\0\0\x02\0\x01\x86\xa3\0\0\0\x03\0\0\0\0",
                    b"",
                    "no",
                ),
            ],
        );
    }
}
