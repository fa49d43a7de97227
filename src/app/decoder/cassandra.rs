//! Cassandra's CQL: decided at the client's STARTUP, or at the server's answer to its OPTIONS (CQL binary protocol, 2,
//! 4.1.1, 4.1.3 and 4.2.4).

use super::sign::{Reader, Sign, contains};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "cassandra",
    transport: Transport::Tcp,
    first: FirstBytes { client: VERSIONS, server: VERSIONS },
    inspect,
};

/// Versions, with the top bit in what the server sends.
const VERSIONS: &[u8] = &[1, 2, 3, 4, 5, 0x81, 0x82, 0x83, 0x84, 0x85];

const STARTUP: u8 = 1;
const OPTIONS: u8 = 5;
const SUPPORTED: u8 = 6;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let answered = || Sign::of(is_frame(Reader(server), 0x80, SUPPORTED));
        let options = Sign::of(is_frame(Reader(client), 0, OPTIONS)).and_then(answered);
        let is_answer = || Sign::of(head(Reader(server), 0x80).map(|(found, _)| found.is_some()));
        let fits = if client.is_empty() { is_answer() } else { Sign::Yes };
        Sign::of(is_startup(client)).and(fits).or(options).finds("cassandra", "CQL handshake", &[])
    })
}

/// A frame of this side and operation: version, flags, stream (two bytes since version 3), operation, length.
fn is_frame(read: Reader<'_>, side: u8, operation: u8) -> Option<bool> {
    let (found, _) = head(read, side)?;
    Some(found.is_some_and(|(is, len)| is == operation && (operation != OPTIONS || len == 0)))
}

/// Operation and length, and what follows them.
fn head(mut read: Reader<'_>, side: u8) -> Option<(Option<(u8, u32)>, Reader<'_>)> {
    let version = read.u8()?;
    if version & 0x80 != side || !VERSIONS.contains(&version) {
        return Some((None, read));
    }
    let flags = read.u8()?;
    read.take(if version & 0x7f < 3 { 1 } else { 2 })?;
    let (operation, len) = (read.u8()?, read.u32()?);
    Some(((flags <= 0x1f && len < 0x1_0000).then_some((operation, len)), read))
}

/// Pairs of strings, one of which is the version of the language.
fn is_startup(bytes: &[u8]) -> Option<bool> {
    let (found, mut read) = head(Reader(bytes), 0)?;
    match found {
        Some((STARTUP, len)) if (22..=1_024).contains(&len) => {
            Some(contains(read.take(usize::try_from(len).ok()?)?, b"\0\x0bCQL_VERSION"))
        }
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let startup = b"\x04\0\0\0\x01\0\0\0\x16\0\x01\0\x0bCQL_VERSION\0\x053.0.0";
        let options = b"\x04\0\0\x01\x05\0\0\0\0";
        tcp_table(
            DECODER,
            &[
                ("startup", startup, b"", "cassandra"),
                ("startup of version 2", &[b"\x02\0\0", &startup[4..]].concat(), b"", "cassandra"),
                ("options alone", options, b"", "more"),
                ("options and answer", options, b"\x84\0\0\x01\x06\0\0\0\x60", "cassandra"),
                ("options and another answer", options, b"\x84\0\0\x01\x02\0\0\0\0", "no"),
                (
                    "without a version",
                    b"\x04\0\0\0\x01\0\0\0\x16\0\x01\0\x0bCQL_VERSIOM\0\x053.0.0",
                    b"x",
                    "no",
                ),
                ("SOCKS", b"\x04\x01\0\x50\xc0\0\x02\x01bob\0", b"\0\x5a\0\0\0\0\0\0", "no"),
            ],
        );
    }
}
