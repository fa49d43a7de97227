//! TVAnts: decided at the first packet that has its length and its name (as publicly observed).

use super::sign::{Reader, Sign, begins};
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "tvants",
    transport: Transport::Both,
    first: FirstBytes { client: &[4], server: &[4] },
    inspect,
};

const APP: &str = "tvants";
const NAME: &[u8] = b"TVANTS";

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| {
            let name = opening.get(8..).map_or(Sign::More, |rest| begins(rest, NAME));
            Sign::of(header(Reader(opening), None)).and(name).finds(APP, "TVAnts packet", &[])
        });
    }
    at_datagram(heads, |datagram| {
        let named =
            [48, 49, 51].iter().any(|at| datagram.get(*at..).is_some_and(|rest| rest.starts_with(NAME)));
        (named && header(Reader(datagram), Some(datagram.len())) == Some(true))
            .then_some(finding(APP, "TVAnts packet"))
    })
}

/// 4, a kind from 5 to 7, the length, nothing.
fn header(mut read: Reader<'_>, whole: Option<usize>) -> Option<bool> {
    if read.u8()? != 4 || read.u8()? != 0 {
        return Some(false);
    }
    let (kind, len, zero) = (read.le16()?, usize::from(read.le16()?), read.u16()?);
    Some((5..=7).contains(&kind) && len > 15 && zero == 0 && whole.is_none_or(|whole| whole == len))
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
                ("packet", b"\x04\0\x07\0\x2a\0\0\0TVANTS\x01\0", b"", APP),
                ("its header", b"\x04\0\x07\0\x2a\0\0\0", b"", "more"),
                ("another name", b"\x04\0\x07\0\x2a\0\0\0TVUNCLES", b"", "no"),
                ("SOCKS", b"\x04\x01\0\x50\xc0\0\x02\x01bob\0", b"", "no"),
            ],
        );
        let packet = [&b"\x04\0\x05\0\x40\0\0\0"[..], &[9; 40], b"TVANTS", &[9; 10]].concat();
        udp_table(
            DECODER,
            &[
                ("datagram", 16_800, &[('>', &packet)], APP),
                ("another length", 16_800, &[('>', &packet[..60])], "no"),
            ],
        );
    }
}
