//! BitTorrent Sync: decided at the first datagram of its search for peers on the local network (as publicly observed).

use super::sign::contains;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "bittorrent-sync",
    transport: Transport::Udp,
    first: FirstBytes { client: b"B", server: b"B" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        let is_ping = datagram.starts_with(b"BSYNC\0d") && contains(datagram, b"1:m4:ping");
        is_ping.then_some(finding("bittorrent-sync", "BitTorrent Sync ping"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let ping = b"BSYNC\0d1:m4:ping4:peer20:abcdefghij01234567894:porti45678ee";
        udp_table(
            DECODER,
            &[
                ("ping", 3_838, &[('>', ping)], "bittorrent-sync"),
                ("local discovery of BitTorrent", 6_771, &[('>', b"BT-SEARCH * HTTP/1.1\r\n")], "no"),
                ("another message", 3_838, &[('>', b"BSYNC\0hello")], "no"),
            ],
        );
    }
}
