//! Gadu-Gadu: decided at the server's welcome and the login that answers it (the protocol as publicly described by
//! libgadu's documentation).

use super::sign::{Reader, Sign, begins};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "gadu-gadu",
    transport: Transport::Tcp,
    first: FirstBytes { client: LOGINS, server: &[1] },
    inspect,
};

/// Packets that log in, of versions 4 to 11.
const LOGINS: &[u8] = &[0x0c, 0x15, 0x19, 0x29, 0x31, 0x83];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        // Welcome, with four bytes that the password is hashed with.
        let welcome = begins(server, &[1, 0, 0, 0, 4, 0, 0, 0]);
        welcome.and(Sign::of(is_login(Reader(client)))).finds("gadu-gadu", "Gadu-Gadu login", &[])
    })
}

fn is_login(mut read: Reader<'_>) -> Option<bool> {
    if !LOGINS.contains(&read.u8()?) || read.array()? != [0; 3] {
        return Some(false);
    }
    Some((16..1_024).contains(&read.le32()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let welcome = b"\x01\0\0\0\x04\0\0\0\x12\x34\x56\x78";
        let login = b"\x31\0\0\0\x70\0\0\0\x40\xe2\x01\0pl\x02";
        tcp_table(
            DECODER,
            &[
                ("welcome and login", login, welcome, "gadu-gadu"),
                ("welcome alone", b"", welcome, "more"),
                ("login alone", login, b"", "more"),
                ("another packet", b"\x77\0\0\0\x70\0\0\0", welcome, "no"),
                ("another welcome", login, b"\x01\0\0\0\x05\0\0\0", "no"),
            ],
        );
    }
}
