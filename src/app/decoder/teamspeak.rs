//! TeamSpeak: decided at the first datagram, of version 3 the mark of the handshake, of version 2 the class of packets
//! and the login (as publicly observed).

use super::sign::begins_any;
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "teamspeak",
    transport: Transport::Both,
    first: FirstBytes { client: b"T[\xf4", server: b"T[\xf4" },
    inspect,
};

/// What the server greets with where it is asked of its state, of versions 3 and 2.
const GREETINGS: &[&[u8]] =
    &[b"TS3\n\rWelcome to the TeamSpeak", b"TS3\r\nWelcome to the TeamSpeak", b"[TS]\r\n"];

/// Version 2's login is this long: header, then names and versions in fields of thirty bytes.
const LOGIN: usize = 180;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| {
            begins_any(opening, GREETINGS).finds("teamspeak", "TeamSpeak query greeting", &[])
        });
    }
    at_datagram(heads, |datagram| {
        let login = datagram.starts_with(&[0xf4, 0xbe, 3, 0]) && datagram.len() == LOGIN;
        let accepted = datagram.starts_with(&[0xf4, 0xbe, 4, 0]) && datagram.len() > 400;
        (datagram.starts_with(b"TS3INIT1") || login || accepted)
            .then_some(finding("teamspeak", "TeamSpeak handshake"))
    })
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
                ("query", b"", b"TS3\n\rWelcome to the TeamSpeak 3 ServerQuery interface", "teamspeak"),
                ("of version 2", b"", b"[TS]\r\n", "teamspeak"),
                ("half of it", b"", b"TS3\n\r", "more"),
                ("another", b"", b"TS3 ready\r\n", "no"),
            ],
        );
        let first = b"TS3INIT1\0\x65\0\0\x88\x0a\x2a\x3e\xc7\0\x5a\x6b\x2f\x10";
        let mut login = [0; LOGIN];
        login[..4].copy_from_slice(&[0xf4, 0xbe, 3, 0]);
        udp_table(
            DECODER,
            &[
                ("version 3", 9_987, &[('>', first)], "teamspeak"),
                ("version 2", 8_767, &[('>', &login)], "teamspeak"),
                ("a shorter one", 8_767, &[('>', &login[..60])], "no"),
                ("another word", 9_987, &[('>', b"TS3INFO1")], "no"),
            ],
        );
    }
}
