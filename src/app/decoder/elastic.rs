//! Elasticsearch between nodes: decided at the first message of the transport protocol (Elasticsearch's `TcpHeader`); its
//! interface for clients is HTTP.

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "elastic",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"E", server: b"E" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_message(Reader(opening))).finds("elastic-search", "Elasticsearch transport message", &[])
    })
}

/// `ES`, length, number of the request, status, and the version as a decimal number: 7.10.2 is 7100299.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    if read.array()? != *b"ES" {
        return Some(false);
    }
    let len = read.u32()?;
    // A ping has no more.
    if len == u32::MAX {
        return Some(true);
    }
    if !(13..0x400_0000).contains(&len) {
        return Some(false);
    }
    read.take(8)?;
    let (status, version) = (read.u8()?, read.u32()?);
    Some(status & 0xf0 == 0 && (100_000..=9_999_999).contains(&version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let handshake = b"ES\0\0\0\x33\0\0\0\0\0\0\0\x01\x08\0\x6c\x57\x67\0\0\0\x1a";
        tcp_table(
            DECODER,
            &[
                ("handshake", handshake, b"", "elastic-search"),
                ("ping", b"ES\xff\xff\xff\xff", b"", "elastic-search"),
                ("up to the length", &handshake[..6], b"", "more"),
                (
                    "a version that is none",
                    b"ES\0\0\0\x33\0\0\0\0\0\0\0\x01\x08\x7f\x6c\x57\x67",
                    b"text",
                    "no",
                ),
                ("text", b"ESTABLISHED 5 lines\r\n", b"text", "no"),
            ],
        );
    }
}
