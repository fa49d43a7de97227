//! Icecast: decided at the request line of a source that begins to send (ICE/1.0 as publicly described; Icecast 2 takes
//! HTTP's version as well).

use super::sign::{Sign, begins, line};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "icecast",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"S", server: &[] },
    inspect,
};

/// Longest request line.
const LINE_MAX: usize = 1_024;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let request = begins(opening, b"SOURCE ").and_then(|| match line(opening) {
            Some((line, _)) => Sign::of(Some(line.ends_with(b" ICE/1.0") || line.ends_with(b" HTTP/1.0"))),
            None if opening.len() < LINE_MAX => Sign::More,
            None => Sign::No,
        });
        request.finds("icecast", "Icecast source", &[])
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
                ("a source", b"SOURCE /live.ogg ICE/1.0\r\nice-name: x\r\n", b"", "icecast"),
                ("with HTTP's version", b"SOURCE /live HTTP/1.0\r\n", b"HTTP/1.0 200 OK\r\n", "icecast"),
                ("half a line", b"SOURCE /live.ogg", b"", "more"),
                ("another verb", b"SOURCES /live.ogg ICE/1.0\r\n", b"", "no"),
            ],
        );
    }
}
