//! Terraria: decided at the client's first message, which names the game and its version (as publicly described).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "terraria",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[14, 15], server: &[] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_hello(Reader(opening))).finds("terraria", "Terraria hello", &[]))
}

/// Length, kind 1, a text of ten or eleven letters.
fn is_hello(mut read: Reader<'_>) -> Option<bool> {
    let (len, high, kind) = (read.u8()?, read.u8()?, read.u8()?);
    if !matches!(len, 14 | 15) || high != 0 || kind != 1 || read.u8()? != len - 4 {
        return Some(false);
    }
    Some(read.array()? == *b"Terraria")
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
                ("hello", b"\x0f\0\x01\x0bTerraria194", b"", "terraria"),
                ("half of it", b"\x0f\0\x01\x0bTerr", b"", "more"),
                ("another length", b"\x0f\0\x01\x0cTerraria194", b"", "no"),
                ("another name", b"\x0f\0\x01\x0bTerrariumX1", b"", "no"),
            ],
        );
    }
}
