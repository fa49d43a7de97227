//! XMPP: decided at the stream header (RFC 6120, 4.7 and 4.8).

use super::sign::{Sign, begins, contains};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "jabber",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"< \r\n", server: b"< \r\n" },
    inspect,
};

/// Bytes within which the stream's name space must come.
const HEADER_MAX: usize = 1_024;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    header(heads.client).beside(header(heads.server)).finds("jabber", "XMPP stream header", &[])
}

fn header(bytes: &[u8]) -> Sign {
    let bytes = bytes.trim_ascii_start();
    let begins_so = begins(bytes, b"<?xml ").or(begins(bytes, b"<stream:stream"));
    let head = bytes.get(..HEADER_MAX).unwrap_or(bytes);
    let names = [&b"http://etherx.jabber.org/streams"[..], b"jabber:client", b"jabber:server"];
    begins_so.and(if names.iter().any(|name| contains(head, name)) {
        Sign::Yes
    } else if head.len() < HEADER_MAX {
        Sign::More
    } else {
        Sign::No
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let header =
            b"<?xml version='1.0'?><stream:stream to='example.org' xmlns='jabber:client' version='1.0'>";
        tcp_table(
            DECODER,
            &[
                ("stream header", header, b"", "jabber"),
                ("as far as the declaration", &header[..21], b"", "more"),
                ("HTML", b"<html><head>", b"<html>", "no"),
            ],
        );
    }
}
