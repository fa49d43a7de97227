//! TeamViewer: decided at the first packets of both sides, which have a mark of their own; over UDP at two datagrams that
//! have it (as publicly observed).

use super::sign::{Sign, begins_any};
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "teamviewer",
    transport: Transport::Both,
    first: FirstBytes { client: &[0, 0x17, 0x11], server: &[0, 0x17, 0x11] },
    inspect,
};

const APP: &str = "teamviewer-base";

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return side(heads.client).and(side(heads.server)).finds(APP, "TeamViewer packet", &[]);
    }
    for (count, (_, datagram)) in heads.each_datagram().enumerate() {
        if !matches!(datagram, [0, _, _, _, _, _, _, _, _, _, _, 0x17, 0x24, ..]) {
            return Match::No;
        }
        if count > 0 {
            return Match::Yes(finding(APP, "TeamViewer datagrams"));
        }
    }
    Match::More
}

fn side(bytes: &[u8]) -> Sign {
    begins_any(bytes, &[&[0x17, 0x24], &[0x11, 0x30]]).and(match bytes.get(4) {
        None => Sign::More,
        Some(_) => Sign::Yes,
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
                ("both sides", b"\x17\x24\x0a\x20\0", b"\x17\x24\x0b\x10\0", APP),
                ("one side", b"\x17\x24\x0a\x20\0", b"", "more"),
                ("TLS", b"\x17\x03\x03\0\x20", b"\x17\x03\x03\0\x20", "no"),
            ],
        );
        let datagram = b"\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x17\x24\x10";
        udp_table(
            DECODER,
            &[
                ("two datagrams", 5_938, &[('>', datagram), ('<', datagram)], APP),
                ("one", 5_938, &[('>', datagram)], "more"),
                ("another mark", 5_938, &[('>', &[0; 20])], "no"),
            ],
        );
    }
}
