//! TSP, the setup of tunnels for IPv6: decided at the client's version (RFC 5572, 4.4.1), over UDP after the header that
//! makes it reliable (4.3.1).

use super::sign::begins;
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding, successive};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const OVER_UDP: Decoder = Decoder {
    name: "tsp",
    transport: Transport::Udp,
    // The four bits ahead of the sequence are ones.
    first: FirstBytes { client: &successive::<16>(0xf0), server: &successive::<16>(0xf0) },
    inspect,
};

pub(super) const OVER_TCP: Decoder = Decoder {
    name: "tsp-tcp",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"V", server: b"C" },
    inspect,
};

const VERSION: &[u8] = b"VERSION=2.0";

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| begins(opening, VERSION).finds("tsp", "TSP version", &[]));
    }
    at_datagram(heads, |datagram| {
        let found = datagram.get(8..).is_some_and(|text| text.starts_with(VERSION));
        found.then_some(finding("tsp", "TSP version"))
    })
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
                ("version", b"VERSION=2.0.0\r\n", b"", "tsp"),
                ("half of it", b"VERS", b"", "more"),
                ("another", b"VERSION: 2.0\r\n", b"", "no"),
            ],
        );
        udp_table(
            OVER_UDP,
            &[
                ("version", 3_653, &[('>', b"\xf0\0\0\0\x4c\x12\x34\x56VERSION=2.0.0\r\n")], "tsp"),
                ("another text", 3_653, &[('>', b"\xf0\0\0\0\x4c\x12\x34\x56VERBOSE=2.0.0\r\n")], "no"),
            ],
        );
    }
}
