//! Quake and games of its engine: decided at a connection of the first two games (Quake's `net_dgrm.c` and QuakeWorld's
//! `protocol.h` as published), or where a server or the asker of a master names the game or its protocol.
//!
//! A query as all games of the engine send it does not tell them apart; it waits for the answer.

use super::sign::contains;
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "quake",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0xff, 0x80], server: &[0xff, 0x80] },
    inspect,
};

/// Queries that are waited on for an answer.
const QUERIES_MAX: usize = 6;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    for (_, datagram) in heads.each_datagram().take(QUERIES_MAX) {
        match judge(datagram) {
            None => {}
            Some(None) => return Match::No,
            Some(Some(finding)) => return Match::Yes(finding),
        }
    }
    if heads.datagrams.len() < QUERIES_MAX { Match::More } else { Match::No }
}

/// `None` where another datagram must tell.
fn judge(datagram: &[u8]) -> Option<Option<Finding<'static>>> {
    if let [0x80, 0, high, low, 1 | 2, rest @ ..] = datagram {
        let fits = usize::from(u16::from_be_bytes([*high, *low])) == datagram.len();
        return Some((fits && rest == b"QUAKE\0\x03").then_some(finding("quake", "Quake connection")));
    }
    let Some(text) = datagram.strip_prefix(&[0xff; 4]) else { return Some(None) };
    // QuakeWorld has protocol 28, Quake II 34.
    if text.starts_with(b"connect 28 ") || text.starts_with(b"connect 34 ") {
        return Some(Some(finding("quake", "Quake connection")));
    }
    if let Some(asked) = text.strip_prefix(b"getservers ") {
        let protocol = asked.split(|byte| *byte == b' ').next().unwrap_or_default();
        return Some(match protocol {
            b"66" | b"67" | b"68" | b"71" => Some(finding("quake", "Quake master query")),
            b"57" | b"60" | b"84" => Some(finding("wolfenstein", "Wolfenstein master query")),
            _ => None,
        });
    }
    if text.starts_with(b"statusResponse\n") {
        return Some(game(text));
    }
    let queries = [&b"getstatus"[..], b"getinfo", b"getchallenge", b"infoResponse", b"challengeResponse"];
    let is_query = queries.iter().any(|query| text.starts_with(query));
    if is_query { None } else { Some(None) }
}

/// What the server calls its version.
fn game(status: &[u8]) -> Option<Finding<'static>> {
    let has = |words: &[&[u8]]| words.iter().any(|word| contains(status, word));
    if has(&[b"\\version\\Q3 ", b"\\version\\ioq3", b"\\version\\Quake"]) {
        Some(finding("quake", "Quake state"))
    } else if has(&[b"\\version\\ET ", b"\\version\\Wolf ", b"\\version\\ET Legacy"]) {
        Some(finding("wolfenstein", "Wolfenstein state"))
    } else {
        has(&[b"\\gamename\\Call of Duty"]).then_some(finding("call-of-duty", "Call of Duty state"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let ask = b"\xff\xff\xff\xffgetstatus\n";
        let state = |version: &str| {
            [b"\xff\xff\xff\xffstatusResponse\n\\sv_maxclients\\8", version.as_bytes()].concat()
        };
        let (quake, wolf) =
            (state("\\version\\Q3 1.32c linux-i386\n"), state("\\version\\ET 2.60b linux-i386\n"));
        let (duty, other) = (state("\\gamename\\Call of Duty 2\n"), state("\\gamename\\another\n"));
        udp_table(
            DECODER,
            &[
                ("connection", 26_000, &[('>', b"\x80\0\0\x0c\x01QUAKE\0\x03")], "quake"),
                (
                    "QuakeWorld",
                    27_500,
                    &[('>', b"\xff\xff\xff\xffconnect 28 1234 5678 \"\\name\\bob\"\n")],
                    "quake",
                ),
                ("query and answer", 27_960, &[('>', ask), ('<', &quake)], "quake"),
                ("of another game", 27_960, &[('>', ask), ('<', &wolf)], "wolfenstein"),
                ("of a third", 28_960, &[('>', ask), ('<', &duty)], "call-of-duty"),
                ("of one that is not known", 27_960, &[('>', ask), ('<', &other)], "no"),
                ("query alone", 27_960, &[('>', ask)], "more"),
                ("master", 27_950, &[('>', b"\xff\xff\xff\xffgetservers 68 empty full")], "quake"),
                ("Source", 27_015, &[('>', b"\xff\xff\xff\xffTSource Engine Query\0")], "no"),
            ],
        );
    }
}
