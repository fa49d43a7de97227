//! RTMP: decided when the server begins its half of the handshake, or the client has ended its own (Adobe's Real-Time
//! Messaging Protocol 1.0, 5.2).

use super::sign::{Reader, Sign, begins};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "rtmp",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[3, 6], server: &[3, 6] },
    inspect,
};

/// C0, and C1 with its time, version and random bytes.
const HANDSHAKE: usize = 1 + 1_536;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let Some(version) = client.first() else {
            return if server.is_empty() { Match::More } else { Match::No };
        };
        let proof = match server {
            [] if client.len() >= HANDSHAKE => Sign::Yes,
            _ => begins(server, &[*version]),
        };
        // Version 6 is that of the encrypted handshake.
        let (app, what) =
            if *version == 6 { ("rtmpe", "RTMPE handshake") } else { ("rtmp", "RTMP handshake") };
        Sign::of(is_hello(Reader(client))).and(proof).finds(app, what, &[])
    })
}

/// Version 3 or 6, a time, and zero or the player's version.
fn is_hello(mut read: Reader<'_>) -> Option<bool> {
    let version = read.u8()?;
    read.u32()?;
    let player = read.array::<4>()?;
    Some(matches!(version, 3 | 6) && (player == [0; 4] || matches!(player, [9..=32 | 0x80, 0..=20, _, _])))
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
                ("both", b"\x03\0\0\x01\x02\0\0\0\0\xaa\xbb", b"\x03\0", "rtmp"),
                ("encrypted", b"\x06\0\0\x01\x02\x80\0\x07\x02\xaa\xbb", b"\x06\0", "rtmpe"),
                ("another version's answer", b"\x06\0\0\x01\x02\x80\0\x07\x02\xaa\xbb", b"\x03\0", "no"),
                ("client alone", b"\x03\0\0\x01\x02\0\0\0\0\xaa\xbb", b"", "more"),
                ("TPKT", b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01", b"", "no"),
            ],
        );
    }
}
