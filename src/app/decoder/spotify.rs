//! Spotify: decided at the client's hello to an access point, whose fields have numbers that no other protocol buffer
//! begins with, or over UDP at its search for players on the local network (as publicly observed).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const OVER_UDP: Decoder = Decoder {
    name: "spotify",
    transport: Transport::Udp,
    first: FirstBytes { client: b"S", server: b"S" },
    inspect,
};

pub(super) const OVER_TCP: Decoder = Decoder {
    name: "spotify-tcp",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"\0", server: b"\0" },
    inspect,
};

const APP: &str = "spotify";

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| {
            Sign::of(is_hello(Reader(opening))).finds(APP, "Spotify hello", &[])
        });
    }
    at_datagram(heads, |datagram| {
        datagram.starts_with(b"SpotUdp0").then_some(finding(APP, "Spotify announcement"))
    })
}

/// Magic, length, then field 10 with the build's information, which begins with its own field 10.
fn is_hello(mut read: Reader<'_>) -> Option<bool> {
    if read.u8()? != 0 || read.u8()? != 4 {
        return Some(false);
    }
    let len = read.u32()?;
    if !(40..1_024).contains(&len) || read.u8()? != 0x52 {
        return Some(false);
    }
    Some((6..32).contains(&read.u8()?) && read.u8()? == 0x50)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        let hello = b"\0\x04\0\0\0\xb5\x52\x0e\x50\0\xa0\x01\0\xf0\x01\x04\xc0\x02\xbb\x90\x91\x6d";
        tcp_table(
            OVER_TCP,
            &[
                ("hello", hello, b"", APP),
                ("its magic and length", &hello[..6], b"", "more"),
                ("another field", b"\0\x04\0\0\0\xb5\x0a\x0e\x50", b"", "no"),
            ],
        );
        udp_table(
            OVER_UDP,
            &[
                (
                    "announcement",
                    57_621,
                    &[('>', b"SpotUdp0\x12\x34\x56\x78\x9a\xbc\xde\xf0\0\x01\0\x04")],
                    APP,
                ),
                ("another word", 57_621, &[('>', b"SpotTheDog")], "no"),
            ],
        );
    }
}
