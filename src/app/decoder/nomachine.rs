//! NoMachine: decided at the greeting that goes before TLS, or at an older server's (as publicly observed).

use super::sign::{Sign, begins};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "nomachine",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"NH", server: b"NH" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        greeting(opening).or(begins(opening, b"HELLO NXSERVER - Version ")).finds(
            "nomachine",
            "NoMachine greeting",
            &[],
        )
    })
}

/// `NXSH-6.2.0` of a client or `NXD-6.2.0` of a server.
fn greeting(bytes: &[u8]) -> Sign {
    let after = |word: &[u8]| {
        let version = match bytes.get(word.len()..word.len() + 2) {
            Some([b'1'..=b'9', b'.' | b'0'..=b'9']) => Sign::Yes,
            Some(_) => Sign::No,
            None => Sign::More,
        };
        begins(bytes, word).and(version)
    };
    after(b"NXSH-").or(after(b"NXD-"))
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
                ("client", b"NXSH-6.2.0\n", b"", "nomachine"),
                ("server", b"", b"NXD-6.2.0\n", "nomachine"),
                ("an older server", b"", b"HELLO NXSERVER - Version 3.5.0", "nomachine"),
                ("half of it", b"NXSH-6", b"", "more"),
                ("no version", b"NXSH-Q4", b"", "no"),
            ],
        );
    }
}
