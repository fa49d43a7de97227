//! Telnet: decided at the first option negotiation (RFC 854, RFC 855).
//!
//! `IAC`, one of WILL, WON'T, DO, DON'T, and an option that exists: three bytes, too few to be sure, so two of them are
//! asked for, from one side or one from each. (When PAN-OS decides is not documented; assumed.)

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "telnet",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[IAC], server: &[] },
    inspect,
};

const IAC: u8 = 0xff;

/// A server may greet in text before the client opens; after so much of it nobody waits for that.
const TEXT_MAX: usize = 512;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let (client, server) = (negotiations(heads.client, 1), negotiations(heads.server, 1));
    let two_of_one = negotiations(heads.client, 2).or(negotiations(heads.server, 2));
    let is_text = heads.client.is_empty() && heads.server.len() > TEXT_MAX && server == Sign::No;
    match client.and(server).or(two_of_one) {
        Sign::More if is_text || client == Sign::No => Match::No,
        sign => sign.finds("telnet", "telnet option negotiation", &[]),
    }
}

/// `count` negotiations in a row.
fn negotiations(bytes: &[u8], count: usize) -> Sign {
    let mut read = Reader(bytes);
    let mut all = || {
        for _ in 0..count {
            let (iac, verb, option) = (read.u8()?, read.u8()?, read.u8()?);
            if iac != IAC || !matches!(verb, 251..=254) || !matches!(option, 0..=49 | 255) {
                return Some(false);
            }
        }
        Some(true)
    };
    Sign::of(all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        tcp_table(
            DECODER,
            &[
                ("server opens", b"", b"\xff\xfd\x18\xff\xfd\x20", "telnet"),
                ("one command each", b"\xff\xfb\x18", b"\xff\xfd\x18", "telnet"),
                ("one command alone", b"", b"\xff\xfd\x18", "more"),
                (
                    "client opens, server greets in text",
                    b"\xff\xfb\x1f\xff\xfb\x20",
                    b"\r\nlogin: ",
                    "telnet",
                ),
                ("an MP3 frame", b"\xff\xfb\x90\x64\x00", b"text", "no"),
                ("no such verb", b"\xff\x01\x01", b"text", "no"),
            ],
        );
    }
}
