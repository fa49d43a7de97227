//! RIP: decided at the first datagram (RFC 1058, 3.1; RFC 2453, 4).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "rip",
    transport: Transport::Udp,
    first: FirstBytes { client: &[1, 2], server: &[1, 2] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| is_message(datagram).then_some(finding("rip", "RIP message")))
}

/// Command, version, zero, and 1 to 25 entries of 20 bytes, the first of IP's address family, a request for all, or
/// authentication.
fn is_message(datagram: &[u8]) -> bool {
    let [1 | 2, version @ (1 | 2), 0, 0, entries @ ..] = datagram else { return false };
    let whole = entries.len() % 20 == 0 && (1..=25).contains(&(entries.len() / 20));
    whole
        && match entries {
            [0, 2, a, b, rest @ ..] => {
                let metric = rest.get(12..15).unwrap_or_default();
                (*version == 2 || (*a, *b) == (0, 0)) && metric == [0, 0, 0]
            }
            [0, 0, 0, 0, rest @ ..] => rest.get(..16).is_some_and(|rest| rest.ends_with(&[0, 0, 0, 16])),
            [0xff, 0xff, 0, 2 | 3, ..] => *version == 2,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let entry = b"\0\x02\0\0\x0a\0\0\0\xff\0\0\0\0\0\0\0\0\0\0\x01";
        let response = [b"\x02\x02\0\0", &entry[..]].concat();
        let all = b"\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10";
        udp_table(
            DECODER,
            &[
                ("response", 520, &[('>', &response)], "rip"),
                ("request for all", 520, &[('>', all)], "rip"),
                ("cut entry", 520, &[('>', &response[..20])], "no"),
                ("version 3", 520, &[('>', &[b"\x02\x03\0\0", &entry[..]].concat())], "no"),
            ],
        );
    }
}
