//! GKrellM: decided at the client's first line, its version, or at what its daemon begins with (GKrellM's
//! `server/main.c`).

use super::sign::{Sign, begins};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "gkrellm",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"g<", server: b"g<" },
    inspect,
};

const CLIENT: &[u8] = b"gkrellm ";

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let version = || Sign::of(opening.get(CLIENT.len()).map(u8::is_ascii_digit));
        begins(opening, CLIENT).and_then(version).or(begins(opening, b"<gkrellmd_setup>")).finds(
            "gkrellm",
            "GKrellM version",
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
                ("client", b"gkrellm 2.3.11\n", b"<gkrellmd_setup>\n", "gkrellm"),
                ("name alone", b"gkrellm ", b"", "more"),
                ("no version", b"gkrellm krell\n", b"<error>", "no"),
            ],
        );
    }
}
