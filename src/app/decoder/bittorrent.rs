//! BitTorrent: over TCP decided at the handshake (BEP 3) or at the request to a tracker, over UDP at the first query of the distributed hash table
//! (BEP 5), the tracker's connect (BEP 15), local discovery (BEP 14), or when a µTP connection is answered (BEP 29).
//!
//! Encrypted handshakes look like nothing and stay unknown.

use super::sign::{Reader, Sign, begins, contains, line};
use super::{Decoder, FirstBytes, Transport, finding, first_datagram};
use crate::app::{Finding, Heads, Match};
use crate::flow::Protocol;

pub(super) const OVER_UDP: Decoder = Decoder {
    name: "bittorrent",
    transport: Transport::Udp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

pub(super) const OVER_TCP: Decoder = Decoder {
    name: "bittorrent-tcp",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"\x13G", server: b"\x13H" },
    inspect,
};

const APP: &str = "bittorrent";

/// Longest request line to a tracker.
const LINE_MAX: usize = 1_024;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        let side = |bytes| begins(bytes, b"\x13BitTorrent protocol");
        return match side(heads.client).beside(side(heads.server)) {
            Sign::No if heads.client.is_empty() => Match::No,
            Sign::No => announce(heads.client).finds(APP, "BitTorrent tracker request over HTTP", &[]),
            sign => sign.finds(APP, "BitTorrent handshake", &[]),
        };
    }
    let Some(first) = first_datagram(heads) else { return Match::More };
    match at_once(first) {
        Some(finding) => Match::Yes(finding),
        None => micro_transport(heads),
    }
}

/// The request line to a tracker, with the torrent's hash (BEP 3, "Trackers"). It is certain before HTTP is, which
/// waits for the response.
fn announce(client: &[u8]) -> Sign {
    begins(client, b"GET /").and_then(|| match line(client) {
        Some((line, _)) => {
            let has = |words: &[&[u8]]| words.iter().any(|word| contains(line, word));
            Sign::of(Some(
                has(&[b"?info_hash=", b"&info_hash="]) && has(&[b"&peer_id=", b"?peer_id=", b"/scrape"]),
            ))
        }
        None if client.len() < LINE_MAX => Sign::More,
        None => Sign::No,
    })
}

fn at_once(datagram: &[u8]) -> Option<Finding<'static>> {
    const TRACKER: &[u8] = b"\0\0\x04\x17\x27\x10\x19\x80\0\0\0\0";
    let is_table = matches!(datagram, [b'd', b'1' | b'2', b':', ..])
        && datagram.ends_with(b"e")
        && [&b"1:y1:q"[..], b"1:y1:r", b"1:y1:e"].iter().any(|kind| contains(datagram, kind));
    if is_table {
        Some(finding(APP, "BitTorrent DHT message"))
    } else if datagram.starts_with(b"BT-SEARCH * HTTP/1.1\r\n") {
        Some(finding(APP, "BitTorrent local discovery"))
    } else {
        (datagram.len() == 16 && datagram.starts_with(TRACKER))
            .then_some(finding(APP, "BitTorrent tracker request"))
    }
}

/// A packet of µTP: what it asks, and the connection's number.
struct Packet {
    kind: u8,
    connection: u16,
}

const DATA: u8 = 0;
const STATE: u8 = 2;
const SYN: u8 = 4;

/// A SYN and the state that answers it, or two packets of one connection: a header alone has too little in it.
fn micro_transport<'a>(heads: &Heads<'a>) -> Match<'a> {
    let mut packets =
        heads.each_datagram().map(|(direction, datagram)| (direction, packet(Reader(datagram))));
    let Some((direction, Some(first))) = packets.next() else { return Match::No };
    if first.kind != SYN && first.kind != DATA && first.kind != STATE {
        return Match::No;
    }
    match packets.next() {
        None => Match::More,
        Some((other, Some(second))) => {
            let apart = second.connection.abs_diff(first.connection);
            let answers = second.kind == STATE || second.kind == DATA;
            let same = second.kind == first.kind && apart == 0;
            if (other != direction && answers && apart <= 1) || (other == direction && (same || apart == 1)) {
                Match::Yes(finding(APP, "µTP connection"))
            } else {
                Match::No
            }
        }
        Some((_, None)) => Match::No,
    }
}

/// Type and version 1, extension, connection, times, window, numbers.
fn packet(mut read: Reader<'_>) -> Option<Packet> {
    let (first, extension, connection) = (read.u8()?, read.u8()?, read.u16()?);
    let (_time, _difference, window) = (read.u32()?, read.u32()?, read.u32()?);
    let (sequence, acknowledged) = (read.u16()?, read.u16()?);
    let kind = first >> 4;
    let sound = first & 15 == 1 && kind <= SYN && extension <= 3 && window <= 0x1000_0000;
    let is_start = kind != SYN || acknowledged == 0 || sequence == 1;
    (sound && is_start).then_some(Packet { kind, connection })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        tcp_table(
            OVER_TCP,
            &[
                ("handshake", b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x05", b"", "bittorrent"),
                ("half of it", b"\x13BitTorrent", b"", "more"),
                (
                    "tracker",
                    b"GET /announce?info_hash=%124Vx%9A&peer_id=-TR3000-abcdefghijkl&port=51413 HTTP/1.1\r\n",
                    b"",
                    "bittorrent",
                ),
                ("web", b"GET /announce?page=1 HTTP/1.1\r\n", b"", "no"),
                ("another length", b"\x14BitTorrent protocol", b"", "no"),
            ],
        );
        let ping = b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe";
        let micro = |first: u8, connection: u8, sequence: u8| {
            [&[first, 0, 0x12, connection][..], &[0; 8], &[0, 0x0f, 0, 0], &[0, sequence, 0, 0]].concat()
        };
        let (syn, state, stranger) = (micro(0x41, 7, 1), micro(0x21, 7, 9), micro(0x21, 99, 9));
        udp_table(
            OVER_UDP,
            &[
                ("DHT ping", 6_881, &[('>', ping)], "bittorrent"),
                ("tracker", 6_969, &[('>', b"\0\0\x04\x17\x27\x10\x19\x80\0\0\0\0abcd")], "bittorrent"),
                ("connection and answer", 6_881, &[('>', &syn), ('<', &state)], "bittorrent"),
                ("connection alone", 6_881, &[('>', &syn)], "more"),
                ("another connection's answer", 6_881, &[('>', &syn), ('<', &stranger)], "no"),
                ("a dictionary of another kind", 6_881, &[('>', b"d1:a1:be")], "no"),
            ],
        );
    }
}
