//! H.225.0 RAS, an endpoint's talk with its gatekeeper: decided at a message that has the protocol's identifier, which
//! discovery and registration have (H.225.0, 7.9 and 7.10; aligned PER, X.691).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding, successive};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "ras",
    transport: Transport::Udp,
    // The choice among the first six messages, and the first bits of what follows it.
    first: FirstBytes { client: &successive::<24>(0), server: &successive::<24>(0) },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        // The choice and its bits, a number, the identifier {itu-t(0) recommendation(0) h(8) 2250 version(0) n}.
        matches!(datagram, [0..=23, _, _, _, 6, 0, 8, 0x91, 0x4a, 0, 1..=9, ..])
            .then_some(finding("h.225", "H.225 RAS message"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let request = b"\x00\xa0\x04\xd1\x06\x00\x08\x91\x4a\x00\x04\x00\xc0\x00\x02\x05\x06\xb7";
        let registration =
            b"\x0e\x40\x04\xd2\x06\x00\x08\x91\x4a\x00\x04\x80\x01\x00\xc0\x00\x02\x05\x06\xb8";
        let another = b"\x00\xa0\x04\xd1\x06\x00\x08\x81\x75\x00\x04\x00\xc0\x00\x02\x05\x06\xb7";
        udp_table(
            DECODER,
            &[
                ("gatekeeper request", 1_719, &[('>', request)], "h.225"),
                ("registration request", 1_719, &[('>', registration)], "h.225"),
                ("cut before the version", 1_719, &[('>', &request[..10])], "no"),
                ("H.245's identifier", 1_719, &[('>', another)], "no"),
            ],
        );
    }
}
