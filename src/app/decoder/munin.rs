//! Munin: decided at the node's greeting (Munin documentation, "Data exchange between master and node").

use super::sign::begins;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "munin",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"#cflnvq", server: b"#" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| begins(opening, b"# munin node at ").finds("munin", "Munin greeting", &[]))
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
                ("greeting", b"", b"# munin node at host.example\n", "munin"),
                ("up to the word", b"", b"# mun", "more"),
                ("another comment", b"list\n", b"# muninn and huginn\n", "no"),
            ],
        );
    }
}
