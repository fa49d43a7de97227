//! OpenVPN: decided when the server's reset answers the client's (OpenVPN, "Network protocol", doxygen: control channel
//! packets). A client's reset without authentication is certain alone.

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Finding, Heads, Match};
use crate::flow::{Direction, Protocol};

pub(super) const DECODER: Decoder = Decoder {
    name: "openvpn",
    transport: Transport::Both,
    first: FirstBytes { client: &[0, 0x38, 0x50], server: &[0, 0x40] },
    inspect,
};

const FOUND: Finding<'static> = finding("open-vpn", "OpenVPN reset");

const CLIENT_RESET_V2: u8 = 7 << 3;
const CLIENT_RESET_V3: u8 = 10 << 3;
const SERVER_RESET_V2: u8 = 8 << 3;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return over_tcp(heads.client, heads.server);
    }
    let of = |wanted| heads.each_datagram().find(|(side, bytes)| *side == wanted && !bytes.is_empty());
    match (of(Direction::ClientToServer), of(Direction::ServerToClient)) {
        (None, None) => Match::More,
        (Some((_, client)), server) => judge(client, server.map(|(_, server)| server)),
        (None, Some(_)) => Match::No,
    }
}

/// Each packet has its length before it.
fn over_tcp<'a>(client: &'a [u8], server: &'a [u8]) -> Match<'a> {
    let packet = |bytes: &'a [u8]| {
        let mut read = Reader(bytes);
        match read.u16()? {
            len @ 14..=128 => read.take(len.into()).map(Some),
            _ => Some(None),
        }
    };
    match (packet(client), packet(server)) {
        (Some(None), _) | (_, Some(None)) => Match::No,
        (Some(Some(client)), server) => judge(client, server.flatten()),
        (None, _) => Match::More,
    }
}

fn judge<'a>(client: &[u8], server: Option<&[u8]>) -> Match<'a> {
    let [kind @ (CLIENT_RESET_V2 | CLIENT_RESET_V3), rest @ ..] = client else { return Match::No };
    let Some((session, rest)) = rest.split_at_checked(8) else { return Match::No };
    // Bare: no acknowledgments and packet id 0. Else a MAC and a replay id come before; or all that is encrypted, in
    // version 3 together with the client's key.
    let is_bare = rest == [0; 5];
    let is_signed = rest.ends_with(&[0; 5]) && matches!(rest.len(), 29..=77);
    let is_encrypted = rest.len() == 45 || (*kind == CLIENT_RESET_V3 && rest.len() >= 200);
    let is_reset = is_signed || is_encrypted;
    match server {
        _ if is_bare => Match::Yes(FOUND),
        None if is_reset => Match::More,
        Some([SERVER_RESET_V2, answer @ ..])
            if is_reset && answer.windows(8).any(|eight| eight == session) =>
        {
            Match::Yes(FOUND)
        }
        _ => Match::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        let session = b"abcdefgh";
        let bare = [&[0x38][..], session, &[0; 5]].concat();
        let signed = [&[0x38][..], session, &[9; 28], &[0; 5]].concat();
        let answer = [&[0x40][..], b"ijklmnop", &[9; 28], b"\x01\0\0\0\0", session, &[0; 4]].concat();
        let stranger = [&[0x40][..], &[9; 60]].concat();
        udp_table(
            DECODER,
            &[
                ("reset", 1_194, &[('>', &bare)], "open-vpn"),
                ("signed reset", 1_194, &[('>', &signed)], "more"),
                ("and its answer", 1_194, &[('>', &signed), ('<', &answer)], "open-vpn"),
                ("and another answer", 1_194, &[('>', &signed), ('<', &stranger)], "no"),
                ("another packet", 1_194, &[('>', &[0x38; 20])], "no"),
            ],
        );
        tcp_table(DECODER, &[("reset", &[b"\0\x0e", &bare[..]].concat(), b"", "open-vpn")]);
    }
}
