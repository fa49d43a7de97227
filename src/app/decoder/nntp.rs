//! NNTP: decided at the client's first command after the greeting 200 or 201 (RFC 3977, 5.1; RFC 4643).

use super::sign::{command, reply};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "nntp",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"2ABCDGHLMNOPSXabcdghlmnopsx", server: b"2ABCDGHLMNOPSXabcdghlmnopsx" },
    inspect,
};

const COMMANDS: &[&str] = &[
    "MODE READER",
    "MODE STREAM",
    "CAPABILITIES",
    "AUTHINFO ",
    "GROUP ",
    "LISTGROUP",
    "LIST",
    "ARTICLE",
    "XOVER",
    "OVER",
    "NEWGROUPS ",
    "NEWNEWS ",
    "BODY",
    "DATE",
    "IHAVE ",
    "POST",
    "XFEATURE ",
    "STARTTLS",
];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let greeting = reply(server, &["200", "201"]);
        greeting.and_then(|| command(client, COMMANDS)).finds(
            "nntp",
            "NNTP command after a 200 greeting",
            &[],
        )
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
                ("first command", b"MODE READER\r\n", b"200 news.example.org ready\r\n", "nntp"),
                ("greeting alone", b"", b"200 news.example.org ready\r\n", "more"),
                ("FTP", b"USER bob\r\n", b"220 hello\r\n", "no"),
            ],
        );
    }
}
