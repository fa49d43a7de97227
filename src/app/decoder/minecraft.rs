//! Minecraft: over TCP decided at the client's handshake (wiki.vg, "Protocol": Handshake), over UDP at a server's answer
//! to a search (RakNet's unconnected pong with the edition's mark).

use super::sign::{Reader, Sign, begins};
use super::{Decoder, FirstBytes, Transport, at_opening, finding, successive};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const OVER_UDP: Decoder = Decoder {
    name: "minecraft",
    transport: Transport::Udp,
    first: FirstBytes { client: &[1, 2, 0x1c], server: &[1, 2, 0x1c] },
    inspect,
};

pub(super) const OVER_TCP: Decoder = Decoder {
    name: "minecraft-tcp",
    transport: Transport::Tcp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

const APP: &str = "minecraft";

/// A length, or the older ping.
const FIRST: &[u8] = &FIRST_BYTES;
const FIRST_BYTES: [u8; 0x80] = {
    let mut bytes = successive::<0x80>(0);
    bytes[0] = 0xfe;
    bytes
};

/// What RakNet has in each message outside a connection.
const OFFLINE: &[u8] = b"\0\xff\xff\0\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x124Vx";

/// The ping of versions before 1.7: a kind, a payload, a plugin's message and the first letters of its name.
const OLDER: &[u8] = b"\xfe\x01\xfa\0\x0b\0M\0C\0|\0P";

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| {
            Sign::of(is_handshake(Reader(opening))).or(begins(opening, OLDER)).finds(
                APP,
                "Minecraft handshake",
                &[],
            )
        });
    }
    for (count, (_, datagram)) in heads.each_datagram().enumerate() {
        match datagram.first() {
            // A ping says nothing of the game.
            Some(1 | 2) if datagram.get(9..25) == Some(OFFLINE) && count < 6 => {}
            Some(0x1c) if datagram.get(17..33) == Some(OFFLINE) => {
                let name = datagram.get(35..).unwrap_or_default();
                let is_it = name.starts_with(b"MCPE;") || name.starts_with(b"MCEE;");
                return if is_it { Match::Yes(finding(APP, "Minecraft server")) } else { Match::No };
            }
            _ => return Match::No,
        }
    }
    Match::More
}

/// Length, number 0, version, the server's name, port, what comes next: status, login or transfer; and nothing more.
fn is_handshake(mut read: Reader<'_>) -> Option<bool> {
    let (len, number) = (read.u8()?, read.u8()?);
    if !(8..0x80).contains(&len) || number != 0 {
        return Some(false);
    }
    let mut version = 1;
    while read.u8()? >= 0x80 {
        version += 1;
        if version > 5 {
            return Some(false);
        }
    }
    let name = read.u8()?;
    if u32::from(len) != 1 + version + 1 + u32::from(name) + 2 + 1 || name == 0 {
        return Some(false);
    }
    let host = read.take(name.into())?;
    let is_host = host
        .iter()
        .take_while(|byte| **byte != 0)
        .all(|byte| matches!(byte, b'-'..=b':' | b'A'..=b'Z' | b'_'..=b'z'));
    read.u16()?;
    Some(is_host && (1..=3).contains(&read.u8()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        let handshake = b"\x15\0\xff\x05\x0emc.example.org\x63\xdd\x01\x01\0";
        tcp_table(
            OVER_TCP,
            &[
                ("handshake", handshake, b"", APP),
                ("the older ping", b"\xfe\x01\xfa\0\x0b\0M\0C\0|\0P\0i\0n\0g", b"", APP),
                ("half of it", &handshake[..9], b"", "more"),
                ("another length", b"\x16\0\xff\x05\x0emc.example.org\x63\xdd\x01\x01\0", b"", "no"),
                ("another state", b"\x15\0\xff\x05\x0emc.example.org\x63\xdd\x09", b"", "no"),
            ],
        );
        let ping = [&b"\x01\0\0\0\0\0\0\x12\x34"[..], OFFLINE, &[7; 8]].concat();
        let pong = |name: &str| {
            [&b"\x1c\0\0\0\0\0\0\x12\x34abcdefgh"[..], OFFLINE, &[0, 0x20], name.as_bytes()].concat()
        };
        let (server, other) = (pong("MCPE;Dedicated Server;390;1.14.60;0;10"), pong("another game"));
        udp_table(
            OVER_UDP,
            &[
                ("ping and pong", 19_132, &[('>', &ping), ('<', &server)], APP),
                ("ping alone", 19_132, &[('>', &ping)], "more"),
                ("another game's", 19_132, &[('>', &ping), ('<', &other)], "no"),
            ],
        );
    }
}
