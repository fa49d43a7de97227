//! Apple Remote Desktop: decided when a computer answers the search for it (as publicly observed; nmap's probe of it).

use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "apple-remote-desktop",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

/// Requests that an answer is waited for after.
const REQUESTS_MAX: usize = 4;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let mut asked = None;
    for (direction, datagram) in heads.each_datagram().take(REQUESTS_MAX) {
        match datagram {
            [0, 0x14, 0, 1, 3] => asked = Some(direction),
            // A header and the length of the rest, with the computer's state.
            [0, 1, high, low, ..]
                if asked.is_some_and(|side| side != direction)
                    && (256..2_048).contains(&datagram.len())
                    && usize::from(u16::from_be_bytes([*high, *low])) + 4 == datagram.len() =>
            {
                return Match::Yes(finding("apple-remote-desktop", "Remote Desktop answer"));
            }
            _ => return Match::No,
        }
    }
    if heads.datagrams.len() < REQUESTS_MAX { Match::More } else { Match::No }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let request = b"\0\x14\0\x01\x03";
        let answer = [&b"\0\x01\x03\xea"[..], &[0; 1_002]].concat();
        udp_table(
            DECODER,
            &[
                ("request and answer", 3_283, &[('>', request), ('<', &answer)], "apple-remote-desktop"),
                ("request alone", 3_283, &[('>', request)], "more"),
                ("another length", 3_283, &[('>', request), ('<', &answer[..900])], "no"),
                ("another request", 3_283, &[('>', b"\0\x14\0\x01\x04")], "no"),
            ],
        );
    }
}
