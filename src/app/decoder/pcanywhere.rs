//! pcAnywhere: over UDP decided at the answer to a search for hosts, over TCP at the host's prompt (as publicly
//! observed; nmap's probes of it).

use super::sign::begins;
use super::{Decoder, FirstBytes, Transport, at_opening, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const OVER_UDP: Decoder = Decoder {
    name: "pcanywhere",
    transport: Transport::Udp,
    first: FirstBytes { client: b"NS", server: b"NS" },
    inspect,
};

pub(super) const OVER_TCP: Decoder = Decoder {
    name: "pcanywhere-tcp",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"\0", server: b"\0" },
    inspect,
};

const APP: &str = "pcanywhere-base";

/// Where `Please press <Enter>` begins, coded as that protocol codes its text.
const PROMPT: &[u8] = b"\0X\x08\0}\x08\r\n\0.\x08";

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| begins(opening, PROMPT).finds(APP, "pcAnywhere prompt", &[]));
    }
    let mut asked = None;
    for (direction, datagram) in heads.each_datagram().take(8) {
        match datagram {
            b"NQ" | b"ST" => asked = Some(direction),
            [b'N', b'R', name @ ..] if asked != Some(direction) && is_name(name) => {
                return Match::Yes(finding(APP, "pcAnywhere host"));
            }
            [b'S', b'T', rest @ ..] if asked.is_some_and(|side| side != direction) && rest.len() < 16 => {
                return Match::Yes(finding(APP, "pcAnywhere state"));
            }
            _ => return Match::No,
        }
    }
    Match::More
}

/// A host's name, filled with `_`, and its state.
fn is_name(name: &[u8]) -> bool {
    name.get(..24)
        .is_some_and(|name| name.iter().all(|byte| matches!(byte, b' '..=b'~')) && name.ends_with(b"_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        tcp_table(
            OVER_TCP,
            &[
                ("prompt", b"", b"\0X\x08\0}\x08\r\n\0.\x08Please\x0d", APP),
                ("half of it", b"", b"\0X\x08\0}", "more"),
                ("others", b"", b"\0X\x08\0~", "no"),
            ],
        );
        let answer = b"NRWORKSTATION_____________AHM_3___\0";
        udp_table(
            OVER_UDP,
            &[
                ("search and answer", 5_632, &[('>', b"NQ"), ('<', answer)], APP),
                ("search alone", 5_632, &[('>', b"NQ")], "more"),
                ("another word", 5_632, &[('>', b"NQX")], "no"),
                ("another answer", 5_632, &[('>', b"NQ"), ('<', b"NRX")], "no"),
            ],
        );
    }
}
