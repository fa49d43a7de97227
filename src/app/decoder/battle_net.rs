//! Battle.net of the classic games: decided at the client's choice of protocol and its first packet, which names the
//! game (BNETDocs, SID_AUTH_INFO); over UDP at a game of Warcraft III on the local network.

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Finding, Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "battle-net",
    transport: Transport::Both,
    first: FirstBytes { client: &[1, 0xf7], server: &[0xff, 0xf7] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| match first_packet(Reader(opening)) {
            None => Match::More,
            Some(None) => Match::No,
            Some(Some(finding)) => Match::Yes(finding),
        });
    }
    at_datagram(heads, |datagram| {
        let [0xf7, 0x2f..=0x33, low, high, rest @ ..] = datagram else { return None };
        let fits = usize::from(u16::from_le_bytes([*low, *high])) == datagram.len();
        let is_it = fits && (rest.starts_with(b"PX3W") || rest.starts_with(b"3RAW"));
        is_it.then_some(finding("warcraft", "Warcraft III on the local network"))
    })
}

/// 1 chooses the games' protocol; then a packet `ff 50`, length, protocol 0, platform and product, letters turned round.
fn first_packet(mut read: Reader<'_>) -> Option<Option<Finding<'static>>> {
    if read.u8()? != 1 || read.u8()? != 0xff || read.u8()? != 0x50 {
        return Some(None);
    }
    let (len, protocol) = (read.le16()?, read.le32()?);
    if !(30..256).contains(&len) || protocol != 0 {
        return Some(None);
    }
    let (platform, product) = (read.array::<4>()?, read.array::<4>()?);
    if !matches!(&platform, b"68XI" | b"CAMP" | b"CAMX") {
        return Some(None);
    }
    let app = match &product {
        b"RATS" | b"PXES" | b"RTSJ" | b"RHSS" => "starcraft",
        b"NB2W" | b"3RAW" | b"PX3W" => "warcraft",
        _ => "battle.net",
    };
    Some(Some(finding(app, "Battle.net version check")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        let hello =
            |product: &str| [b"\x01\xff\x50\x3a\0\0\0\0\x0068XI", product.as_bytes(), b"\xd3\0\0\0"].concat();
        tcp_table(
            DECODER,
            &[
                ("StarCraft", &hello("PXES"), b"", "starcraft"),
                ("Warcraft III", &hello("3RAW"), b"", "warcraft"),
                ("Diablo II", &hello("VD2D"), b"", "battle.net"),
                ("choice alone", b"\x01", b"", "more"),
                ("another platform", b"\x01\xff\x50\x3a\0\0\0\0\0ABCDPXES", b"", "no"),
            ],
        );
        udp_table(
            DECODER,
            &[
                ("search", 6_112, &[('>', b"\xf7\x2f\x10\0PX3W\x1a\0\0\0\0\0\0\0")], "warcraft"),
                ("another length", 6_112, &[('>', b"\xf7\x2f\x11\0PX3W\x1a\0\0\0\0\0\0\0")], "no"),
            ],
        );
    }
}
