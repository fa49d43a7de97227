//! HSRP: decided at the first datagram (RFC 2281, 5.1; version 2 as publicly described by Cisco).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "hsrp",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0, 1], server: &[0, 1] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| is_packet(datagram).then_some(finding("hsrp", "HSRP packet")))
}

fn is_packet(datagram: &[u8]) -> bool {
    match datagram {
        // Version 0, operation, state, times, priority, group, reserved: 20 bytes, with more only for authentication.
        [0, operation, state, _, _, _, _, 0, ..] if datagram.len() == 20 || datagram.len() == 50 => {
            *operation <= 3 && matches!(state, 0 | 1 | 2 | 4 | 8 | 16)
        }
        // Group state attribute of 40 bytes: version 2, operation, state, IP version.
        [1, 40, 2, operation, state, 4 | 6, ..] if datagram.len() >= 42 => *operation <= 3 && *state <= 6,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let hello = b"\0\0\x10\x03\x0a\x78\x01\0cisco\0\0\0\xc0\xa8\0\x01";
        udp_table(
            DECODER,
            &[
                ("hello", 1_985, &[('>', hello)], "hsrp"),
                ("another length", 1_985, &[('>', &hello[..19])], "no"),
                ("another state", 1_985, &[('>', &[b"\0\0\x11", &hello[3..]].concat())], "no"),
            ],
        );
    }
}
