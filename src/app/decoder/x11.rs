//! X11: decided at the connection set-up (X Window System Protocol, 8, "Connection Setup").

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "x11",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"Bl\0\x01\x02", server: b"Bl\0\x01\x02" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |client| Sign::of(is_setup(Reader(client))).finds("x11", "X11 connection set-up", &[]))
}

/// Byte order, unused, version 11.0, lengths of the authorization's name and data, unused.
fn is_setup(mut read: Reader<'_>) -> Option<bool> {
    let (order, unused) = (read.u8()?, read.u8()?);
    let mut number = || if order == b'l' { read.le16() } else { read.u16() };
    if !matches!(order, b'l' | b'B') || unused != 0 || number()? != 11 || number()? != 0 {
        return Some(false);
    }
    Some(number()? <= 256 && number()? <= 1_024)
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
                ("little-endian", b"l\0\x0b\0\0\0\x12\0\x10\0\0\0MIT-MAGIC-COOKIE-1", b"", "x11"),
                ("big-endian", b"B\0\0\x0b\0\0\0\0\0\0\0\0", b"", "x11"),
                ("version alone", b"l\0\x0b\0", b"", "more"),
                ("version 12", b"l\0\x0c\0\0\0\x12\0\x10\0", b"", "no"),
            ],
        );
    }
}
