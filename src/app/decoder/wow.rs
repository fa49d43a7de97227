//! World of Warcraft: decided at the client's request to log on, or at the greeting of a realm (the protocol as publicly
//! described by server emulators).

use super::sign::{Reader, Sign, begins_any};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "world-of-warcraft",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"\0W\x30", server: b"\0W\x30" },
    inspect,
};

/// A realm's, alone or after its length.
const GREETINGS: &[&[u8]] = &[
    b"WORLD OF WARCRAFT CONNECTION",
    b"\0\x30WORLD OF WARCRAFT CONNECTION",
    b"\x30\0WORLD OF WARCRAFT CONNECTION",
];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let greeting = begins_any(opening, GREETINGS);
        Sign::of(logs_on(Reader(opening))).or(greeting).finds("worldofwarcraft", "WoW logon", &[])
    })
}

/// Challenge, version of the protocol, length, the game's name, three numbers of its version.
fn logs_on(mut read: Reader<'_>) -> Option<bool> {
    if read.u8()? != 0 || !(2..=16).contains(&read.u8()?) {
        return Some(false);
    }
    let len = read.le16()?;
    Some((30..=128).contains(&len) && read.array()? == *b"WoW\0" && read.u8()? < 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        const APP: &str = "worldofwarcraft";
        tcp_table(
            DECODER,
            &[
                ("logon", b"\0\x08\x26\0WoW\0\x03\x03\x05\x34\x3068x\0niW\0", b"", APP),
                ("a realm", b"", b"WORLD OF WARCRAFT CONNECTION - SERVER TO CLIENT\0", APP),
                ("half of it", b"\0\x08\x26\0Wo", b"", "more"),
                ("another game", b"\0\x08\x26\0D3x\0\x03", b"", "no"),
            ],
        );
    }
}
