//! Radmin: decided when the server answers the client's first packet (as publicly observed; nmap's probe of it).

use super::sign::{Sign, begins};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "radmin",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[1], server: &[1] },
    inspect,
};

/// Version, the length 1, the sum 8, the request 8.
const REQUEST: &[u8] = &[1, 0, 0, 0, 1, 0, 0, 0, 8, 8];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let answer = match server {
            // Version, a length below 256, a sum below 65,536.
            [1, 0, 0, 0, 1..=255, 0, 0, ..] => Sign::Yes,
            _ => begins(server, &[1, 0, 0, 0]).and(match server.get(4..) {
                None | Some([] | [1..=255] | [1..=255, 0]) => Sign::More,
                Some(_) => Sign::No,
            }),
        };
        begins(client, REQUEST).and(answer).finds("radmin", "Radmin request and answer", &[])
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
                ("request and answer", REQUEST, b"\x01\0\0\0\x25\0\0\x02\x12\x08\x02\0\0\x0a", "radmin"),
                ("request alone", REQUEST, b"", "more"),
                ("another answer", REQUEST, b"\x01\0\0\0\x25\x77", "no"),
                ("another request", b"\x01\0\0\0\x01\0\0\0\x09\x09", b"\x01\0\0\0\x77", "no"),
                ("MMS", b"\x01\0\0\0\xce\xfa\x0b\xb0", b"\x01\0\0\0\xce", "no"),
            ],
        );
    }
}
