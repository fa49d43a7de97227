//! SSH: decided at the client's identification string (RFC 4253, 4.2).
//!
//! Servers speak first, so a visitor who only reads the banner leaves the session undecided (`insufficient-data`).
//! `SSH-2.0-` from the client is certain whether or not the server has spoken. Where the capture lacks the client's
//! side, the server's key exchange decides: a server sends it to those who take part.
//! (When PAN-OS decides is not documented; assumed.)

use super::sign::{Reader, Sign, begins, line};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "ssh",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"S\0", server: b"S\0" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let ident = identification(heads.client);
    if ident == Sign::Yes {
        let detail = line(heads.client).map_or(&[][..], |(ident, _)| ident);
        return ident.finds("ssh", "SSH identification string", detail);
    }
    let client = ident.or(key_exchange(heads.client));
    client.beside(key_exchange(heads.server)).finds("ssh", "SSH key exchange", &[])
}

/// `SSH-`, the protocol version, `-`: 2.0, or 1.x of old (RFC 4253, 5).
fn identification(bytes: &[u8]) -> Sign {
    [&b"SSH-2.0-"[..], b"SSH-1.99-", b"SSH-1.5-", b"SSH-1.3-"]
        .iter()
        .map(|version| begins(bytes, version))
        .max()
        .unwrap_or(Sign::No)
}

/// SSH_MSG_KEXINIT, after an identification string or at the start of a capture that lacks it: a binary packet
/// (RFC 4253, 6) of type 20 with a cookie and a name list (7.1).
fn key_exchange(bytes: &[u8]) -> Sign {
    let packet = match identification(bytes) {
        Sign::No => bytes,
        Sign::More => return Sign::More,
        Sign::Yes => match line(bytes) {
            Some((_, rest)) => rest,
            None if bytes.len() <= 255 => return Sign::More,
            None => return Sign::No,
        },
    };
    let mut read = Reader(packet);
    let mut exchange = || {
        if !(64..=35_000).contains(&read.u32()?) || !(4..=64).contains(&read.u8()?) || read.u8()? != 20 {
            return Some(false);
        }
        read.take(16)?;
        Some((1..=4_096).contains(&read.u32()?) && read.array::<3>()?.iter().all(u8::is_ascii_graphic))
    };
    Sign::of(exchange())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let mut banner = b"SSH-2.0-OpenSSH_9.6\r\n".to_vec();
        let mut exchange = b"\x00\x00\x04\x34\x05\x14".to_vec();
        exchange.extend([9; 16]);
        exchange.extend(b"\x00\x00\x00\xe6curve25519-sha256");
        let only_banner = banner.clone();
        banner.extend(&exchange);
        tcp_table(
            DECODER,
            &[
                ("client's identification", b"SSH-2.0-PuTTY_Release_0.81\r\n", b"", "ssh"),
                ("after the banner", b"SSH-2.0-x\r\n", &only_banner, "ssh"),
                ("old version", b"SSH-1.99-Cisco-1.25\n", b"", "ssh"),
                ("banner grab", b"", &only_banner, "more"),
                ("half a word", b"SSH-2", &only_banner, "more"),
                ("server's side alone", b"", &banner, "ssh"),
                ("key exchange alone", b"", &exchange, "ssh"),
                ("no such version", b"SSH-3.0-x\r\n", b"goodbye", "no"),
                ("rubbish to the banner", b"GET / HTTP/1.0\r\n", b"Protocol mismatch", "no"),
            ],
        );
    }
}
