//! Gnutella: decided at the handshake's first line (Gnutella 0.6, 1).

use super::sign::begins;
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "gnutella",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"G", server: b"G" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let side = |bytes| begins(bytes, b"GNUTELLA CONNECT/0.").or(begins(bytes, b"GNUTELLA/0."));
    side(heads.client).beside(side(heads.server)).finds("gnutella", "Gnutella handshake", &[])
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
                ("handshake", b"GNUTELLA CONNECT/0.6\r\nUser-Agent: x\r\n", b"", "gnutella"),
                ("half a line", b"GNUTELLA CONN", b"", "more"),
                ("web", b"GET / HTTP/1.1\r\n", b"", "no"),
            ],
        );
    }
}
