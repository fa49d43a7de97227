//! PPLive: decided when both sides have sent datagrams with its mark (as publicly observed).

use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "pplive",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0xe9], server: &[0xe9] },
    inspect,
};

/// Datagrams of one side that an answer is waited for after.
const DATAGRAMS_MAX: usize = 8;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let mut first = None;
    for (direction, datagram) in heads.each_datagram().take(DATAGRAMS_MAX) {
        if !matches!(datagram, [0xe9, 3, 0x41 | 0x42, 1, ..]) {
            return Match::No;
        }
        if *first.get_or_insert(direction) != direction {
            return Match::Yes(finding("pplive", "PPLive request and answer"));
        }
    }
    if heads.datagrams.len() < DATAGRAMS_MAX { Match::More } else { Match::No }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let (one, two) = (b"\xe9\x03\x41\x01\x98\xab\x01\x02", b"\xe9\x03\x42\x01\x98\xab\x01\x02");
        udp_table(
            DECODER,
            &[
                ("request and answer", 5_041, &[('>', one), ('<', two)], "pplive"),
                ("request alone", 5_041, &[('>', one)], "more"),
                ("another mark", 5_041, &[('>', one), ('<', b"\xe9\x03\x77\x01")], "no"),
            ],
        );
    }
}
