//! Memcached: decided at the server's answer to a text command, or at the first binary header (memcached, doc/protocol.txt
//! and doc/protocol-binary.txt; over UDP a header of eight bytes comes before the text).

use super::sign::{Reader, Sign, begins_any, command};
use super::{Decoder, FirstBytes, Transport, either_way, finding, first_datagram};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const OVER_UDP: Decoder = Decoder {
    name: "memcached",
    transport: Transport::Udp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

pub(super) const OVER_TCP: Decoder = Decoder {
    name: "memcached-tcp",
    transport: Transport::Tcp,
    first: FirstBytes { client: TCP_FIRST, server: TCP_FIRST },
    inspect,
};

/// Letters of commands and answers, and binary headers.
const TCP_FIRST: &[u8] = b"acdfgiprstvCDENOSTV\x80\x81";

const COMMANDS: &[&str] = &[
    "get ",
    "gets ",
    "gat ",
    "set ",
    "add ",
    "replace ",
    "append ",
    "prepend ",
    "cas ",
    "delete ",
    "incr ",
    "decr ",
    "touch ",
    "stats",
    "version",
    "verbosity ",
    "flush_all",
];

const ANSWERS: &[&[u8]] = &[
    b"VALUE ",
    b"END\r\n",
    b"STORED\r\n",
    b"NOT_STORED\r\n",
    b"NOT_FOUND\r\n",
    b"EXISTS\r\n",
    b"DELETED\r\n",
    b"TOUCHED\r\n",
    b"OK\r\n",
    b"STAT ",
    b"VERSION ",
    b"ERROR\r\n",
    b"CLIENT_ERROR ",
    b"SERVER_ERROR ",
];

/// First bytes of binary headers.
const REQUEST: u8 = 0x80;
const ANSWER: u8 = 0x81;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol != Protocol::TCP {
        let Some(datagram) = first_datagram(heads) else { return Match::More };
        // Request id, sequence number 0, one datagram in all, reserved.
        let [_, _, 0, 0, 0, 1, 0, 0, text @ ..] = datagram else { return Match::No };
        let known =
            command(text, COMMANDS) == Sign::Yes || ANSWERS.iter().any(|answer| text.starts_with(answer));
        return if known { Match::Yes(finding("memcached", "memcached command")) } else { Match::No };
    }
    either_way(heads, |client, server| {
        // Commands are in small letters.
        let is_small = client.first().is_none_or(u8::is_ascii_lowercase);
        let text = if is_small {
            command(client, COMMANDS).and_then(|| begins_any(server, ANSWERS))
        } else {
            Sign::No
        };
        let fits = match Sign::of(is_binary(Reader(server), ANSWER)) {
            Sign::No if !server.is_empty() => Sign::No,
            _ => Sign::Yes,
        };
        let binary = Sign::of(is_binary(Reader(client), REQUEST)).and(fits);
        text.or(binary).finds("memcached", "memcached command", &[])
    })
}

/// A header: magic, operation, lengths that fit into each other, data type 0, and bucket 0 or an answer's status.
fn is_binary(mut read: Reader<'_>, magic: u8) -> Option<bool> {
    let (first, operation, key) = (read.u8()?, read.u8()?, read.u16()?);
    if first != magic || operation > 0x48 {
        return Some(false);
    }
    let (extras, data_type, status) = (read.u8()?, read.u8()?, read.u16()?);
    let body = read.u32()?;
    read.take(12)?; // opaque and CAS
    let fits = u32::from(key) + u32::from(extras) <= body && body <= 0x10_0000;
    let is_zero = data_type == 0 && (status == 0 || (magic == ANSWER && status <= 0x86));
    Some(key <= 250 && extras <= 20 && is_zero && fits)
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
                ("command and answer", b"get key\r\n", b"VALUE key 0 1\r\n", "memcached"),
                ("command alone", b"get key\r\n", b"", "more"),
                ("web", b"GET / HTTP/1.1\r\n", b"HTTP/1.1", "no"),
            ],
        );
        udp_table(
            OVER_UDP,
            &[
                ("stats", 11_211, &[('>', b"\0\x01\0\0\0\x01\0\0stats\r\n")], "memcached"),
                ("another command", 11_211, &[('>', b"\0\x01\0\0\0\x01\0\0hello\r\n")], "no"),
            ],
        );
    }
}
