//! CDDB: decided at the server's greeting (the CDDB protocol's own documentation, "sign-on banner").

use super::sign::{Sign, contains, line, reply};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "cddb",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"24c", server: b"24" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let greeting =
            reply(opening, &["200", "201", "432", "433", "434"]).and_then(|| match line(opening) {
                Some((line, _)) => Sign::of(Some(contains(line, b" CDDBP server "))),
                None if opening.len() < 256 => Sign::More,
                None => Sign::No,
            });
        greeting.finds("cddb", "CDDB greeting", &[])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let greeting = b"201 freedb.example.org CDDBP server v1.5.2PL0 ready at Tue Jan 05 12:03:00 2010\r\n";
        tcp_table(
            DECODER,
            &[
                ("greeting", b"", greeting, "cddb"),
                ("half of it", b"", &greeting[..30], "more"),
                ("news", b"", b"200 news.example.org InterNetNews NNRP server ready\r\n", "no"),
            ],
        );
    }
}
