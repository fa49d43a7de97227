//! Ookla's speed test: decided when the server answers the client's greeting (as publicly observed).

use super::sign::begins;
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "speedtest",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"H", server: b"H" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let greeting = begins(client, b"HI\n").or(begins(client, b"HI "));
        greeting.and(begins(server, b"HELLO 2.")).finds("speedtest", "speed test greeting", &[])
    })
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
                ("greeting and answer", b"HI\n", b"HELLO 2.1 2013-08-14.01\n", "speedtest"),
                ("with a number", b"HI 4f6ed\n", b"HELLO 2.9 (2.9.9) 2021\n", "speedtest"),
                ("greeting alone", b"HI\n", b"", "more"),
                ("another answer", b"HI\n", b"HELLO, who is there?\n", "no"),
                ("mail", b"HELO x\r\n", b"250 hello\r\n", "no"),
            ],
        );
    }
}
