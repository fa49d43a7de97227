//! SSH: decided at the client's identification string (RFC 4253, 4.2).
//!
//! Servers speak first, so a visitor who only reads the banner leaves the session undecided (`insufficient-data`).
//! `SSH-2.0-` from the client is certain whether or not the server has spoken. Where the capture lacks the client's
//! side, the server's key exchange decides, and its word that it does not understand proves it as HTTP's `400` does.
//! (When PAN-OS decides is not documented; assumed.)

use super::sign::{Reader, Sign, begins_any, line};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "ssh",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[], server: b"S\0" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let ident = identification(heads.client);
    if ident == Sign::Yes {
        let detail = line(heads.client).map_or(&[][..], |(ident, _)| ident);
        return ident.finds("ssh", "SSH identification string", detail);
    }
    let client = ident.or(key_exchange(heads.client));
    let server = after_identification(heads.server);
    // A server that has named itself may still refuse what its visitor says.
    let both =
        if identification(heads.server) == Sign::Yes { client.or(server) } else { client.beside(server) };
    both.finds("ssh", "SSH server's answer", &[])
}

/// `SSH-`, the protocol version, `-`: 2.0, or 1.x of old (RFC 4253, 5).
fn identification(bytes: &[u8]) -> Sign {
    begins_any(bytes, &[b"SSH-2.0-", b"SSH-1.99-", b"SSH-1.5-", b"SSH-1.3-"])
}

/// What a server says once the client has spoken: its key exchange, or that it does not understand (OpenSSH).
fn after_identification(bytes: &[u8]) -> Sign {
    let rest = match identification(bytes) {
        Sign::No => return key_exchange(bytes),
        Sign::More => return Sign::More,
        Sign::Yes => match line(bytes) {
            Some((_, rest)) => rest,
            None if bytes.len() <= 255 => return Sign::More,
            None => return Sign::No,
        },
    };
    let refused = begins_any(rest, &[b"Protocol mismatch.", b"Invalid SSH identification string."]);
    key_exchange(rest).or(refused)
}

/// SSH_MSG_KEXINIT: a binary packet (RFC 4253, 6) of type 20 with a cookie and a name list (7.1).
fn key_exchange(packet: &[u8]) -> Sign {
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
                (
                    "rubbish and its refusal",
                    b"\r\n",
                    &[&only_banner[..], b"Protocol mismatch.\n"].concat(),
                    "ssh",
                ),
                ("no SSH server", b"GET / HTTP/1.0\r\n", b"Protocol mismatch", "no"),
            ],
        );
    }
}
