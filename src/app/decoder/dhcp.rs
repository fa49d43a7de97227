//! DHCP for IPv4: decided at the first message (RFC 2131, 2), BOOTP's too (RFC 951).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, first_datagram};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "dhcp",
    transport: Transport::Udp,
    first: FirstBytes { client: &[1, 2], server: &[1, 2] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let Some(datagram) = first_datagram(heads) else { return Match::More };
    match is_message(Reader(datagram)) {
        Some(true) => {
            Match::Yes(Finding { app: "dhcp", what: "DHCP message", detail: &[], names_host: false })
        }
        _ => Match::No,
    }
}

/// Operation, hardware type, address length, hops; then, after the fixed fields, the magic cookie (RFC 2131, 3).
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let [op, hardware, address_len, hops] = read.array()?;
    read.take(232)?; // to the end of `file`
    let cookie = read.u32()?;
    Some(matches!(op, 1 | 2) && hardware <= 40 && address_len <= 16 && hops <= 16 && cookie == 0x6382_5363)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let mut discover = vec![1, 1, 6, 0];
        discover.extend([0; 232]);
        let without_cookie = [&discover[..], b"\0\0\0\0\0"].concat();
        discover.extend(b"\x63\x82\x53\x63\x35\x01\x01\xff");
        udp_table(
            DECODER,
            &[
                ("DISCOVER", 67, &[('>', &discover)], "dhcp"),
                ("cut", 67, &[('>', &discover[..200])], "no"),
                ("no magic cookie", 67, &[('>', &without_cookie)], "no"),
            ],
        );
    }
}
