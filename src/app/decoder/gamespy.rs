//! GameSpy's queries of game servers: decided at the first datagram, of the older protocol by its words between
//! backslashes, of the newer by its mark and kind; a heartbeat that names Battlefield 2 is that game's. Over TCP decided
//! at the challenge that a player is greeted with (the protocols as publicly described).

use super::sign::{begins, contains};
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Finding, Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "gamespy",
    transport: Transport::Both,
    first: FirstBytes { client: b"\\\xfe\x03", server: b"\\\xfe\x03" },
    inspect,
};

const APP: &str = "gamespy";

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| {
            begins(opening, b"\\lc\\1\\challenge\\").finds(APP, "GameSpy login challenge", &[])
        });
    }
    at_datagram(heads, judge)
}

fn judge(datagram: &[u8]) -> Option<Finding<'_>> {
    const WORDS: [&[u8]; 5] = [b"\\status\\", b"\\basic\\", b"\\info\\", b"\\rules\\", b"\\players\\"];
    match datagram {
        // A challenge or a query with the asker's number; a challenge has no more, a query its four flags.
        [0xfe, 0xfd, 9, _, _, _, _] => Some(finding(APP, "GameSpy challenge")),
        [0xfe, 0xfd, 0, _, _, _, _, flags @ ..] if matches!(flags, [0xff, ..]) && flags.len() <= 8 => {
            Some(finding(APP, "GameSpy query"))
        }
        [3, _, _, _, _, text @ ..] if text.starts_with(b"localip0\0") && contains(text, b"\0gamename\0") => {
            let is_it = contains(text, b"\0gamename\0battlefield2\0");
            Some(finding(if is_it { "battlefield2" } else { APP }, "GameSpy heartbeat"))
        }
        [b'\\', ..] if WORDS.contains(&datagram) => Some(finding(APP, "GameSpy query")),
        [b'\\', ..] => {
            let beats = datagram.starts_with(b"\\heartbeat\\") && contains(datagram, b"\\gamename\\");
            beats.then_some(finding(APP, "GameSpy heartbeat"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        tcp_table(
            DECODER,
            &[
                ("a login's challenge", b"", b"\\lc\\1\\challenge\\XJGKEWVQ\\id\\1\\final\\", APP),
                ("half of it", b"", b"\\lc\\1", "more"),
                ("a share", b"\\server\\share", b"", "no"),
            ],
        );
        let beat =
            |game: &str| [b"\x03abcdlocalip0\x00192.0.2.1\0gamename\0", game.as_bytes(), b"\0\0"].concat();
        udp_table(
            DECODER,
            &[
                ("the older query", 7_778, &[('>', b"\\status\\")], APP),
                ("its heartbeat", 27_900, &[('>', b"\\heartbeat\\7778\\gamename\\ut")], APP),
                ("the newer challenge", 29_900, &[('>', b"\xfe\xfd\x09\0\0\0\x01")], APP),
                ("a heartbeat", 27_900, &[('>', &beat("swat4"))], APP),
                ("Battlefield's", 27_900, &[('>', &beat("battlefield2"))], "battlefield2"),
                ("another word", 7_778, &[('>', b"\\server\\share")], "no"),
                ("another kind", 29_900, &[('>', b"\xfe\xfd\x77\0\0\0\x01")], "no"),
                ("DTLS", 4_433, &[('>', b"\x16\xfe\xfd\0\0\0\0\0\0\0\0")], "no"),
            ],
        );
    }
}
