//! DHCP for IPv6: decided at the first message (RFC 8415, 8, 9 and 21).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "dhcpv6",
    transport: Transport::Udp,
    first: FirstBytes { client: TYPES, server: TYPES },
    inspect,
};

const TYPES: &[u8] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];

/// Relays put a hop count and two addresses where others have a transaction id.
const RELAYED: [u8; 2] = [12, 13];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_message(Reader(datagram)) == Some(true)).then_some(finding("dhcpv6", "DHCPv6 message"))
    })
}

/// Options that fill the datagram exactly, one of them an identifier or, of relays, the message they carry.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    const OPTIONS_LAST: u16 = 256;
    let kind = read.u8()?;
    let is_relayed = RELAYED.contains(&kind);
    read.take(if is_relayed { 33 } else { 3 })?;
    let mut named = false;
    while !read.0.is_empty() {
        let (option, len) = (read.u16()?, read.u16()?);
        if option == 0 || option > OPTIONS_LAST {
            return Some(false);
        }
        read.take(len.into())?;
        named |= if is_relayed { option == 9 } else { matches!(option, 1 | 2 | 6) };
    }
    Some(TYPES.contains(&kind) && named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let solicit = b"\x01abc\0\x01\0\x0a\0\x03\0\x01\x02\0\0\0\0\x01\0\x06\0\x02\0\x17";
        udp_table(
            DECODER,
            &[
                ("Solicit", 547, &[('>', solicit)], "dhcpv6"),
                ("option beyond the end", 547, &[('>', &solicit[..20])], "no"),
                ("no such option", 547, &[('>', b"\x01abc\x7f\x01\0\0")], "no"),
            ],
        );
    }
}
