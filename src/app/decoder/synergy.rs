//! Synergy: decided at the server's hello (Synergy's protocol 1.x: a length, the name, two version numbers).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "synergy",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_hello(Reader(opening))).finds("synergy", "Synergy hello", &[]))
}

/// The client's hello has its name after the versions, and is longer.
fn is_hello(mut read: Reader<'_>) -> Option<bool> {
    if read.array()? != [0; 3] || !(11..=0xff).contains(&read.u8()?) || read.array()? != *b"Synergy" {
        return Some(false);
    }
    Some(read.u16()? == 1 && read.u16()? < 100)
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
                ("hello", b"", b"\0\0\0\x0bSynergy\0\x01\0\x06", "synergy"),
                ("answer alone", b"\0\0\0\x13Synergy\0\x01\0\x06\0\0\0\x04desk", b"", "synergy"),
                ("half of it", b"", b"\0\0\0\x0bSyn", "more"),
                ("another version", b"", b"\0\0\0\x0bSynergy\0\x09\0\x06", "no"),
                ("another name", b"", b"\0\0\0\x0bSynopsis\0\x01\0\x06", "no"),
            ],
        );
    }
}
