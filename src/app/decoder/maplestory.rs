//! MapleStory: decided at the server's greeting, the only plain packet (the protocol as publicly described by server
//! emulators).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "maplestory",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0x0e], server: &[0x0e] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_greeting(Reader(opening))).finds("maplestory", "MapleStory greeting", &[])
    })
}

/// Length 14, version, a subversion of one digit, two vectors of four bytes, a region from 1 to 9.
fn is_greeting(mut read: Reader<'_>) -> Option<bool> {
    if read.u8()? != 0x0e || read.u8()? != 0 {
        return Some(false);
    }
    let (version, len, digit) = (read.le16()?, read.le16()?, read.u8()?);
    if !(30..=250).contains(&version) || len != 1 || !digit.is_ascii_digit() {
        return Some(false);
    }
    read.take(8)?;
    Some((1..=9).contains(&read.u8()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let greeting = b"\x0e\0\x53\0\x01\0\x31\x46\x72\x7a\x52\x52\x30\x78\x73\x08";
        tcp_table(
            DECODER,
            &[
                ("greeting", b"", greeting, "maplestory"),
                ("half of it", b"", &greeting[..9], "more"),
                ("no digit", b"", b"\x0e\0\x53\0\x01\0Q\x46\x72\x7a\x52\x52\x30\x78\x73\x08", "no"),
            ],
        );
    }
}
