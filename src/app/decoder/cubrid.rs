//! CUBRID: decided at the client's first bytes (CUBRID's `broker/cas_protocol.h`).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "cubrid",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"C", server: b"C\0" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_hello(Reader(opening))).finds("cubrid", "CUBRID client information", &[])
    })
}

/// Magic word (its last letter says whether TLS is wanted), kind of client, version of the protocol.
fn is_hello(mut read: Reader<'_>) -> Option<bool> {
    let word = read.array::<5>()?;
    if word != *b"CUBRK" && word != *b"CUBRS" {
        return Some(false);
    }
    let (client, version) = (read.u8()?, read.u8()?);
    Some((1..=10).contains(&client) && (version < 20 || version & 0x40 != 0))
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
                ("JDBC", b"CUBRK\x03\x4a\xc0\0\0", b"\0\0\0\0", "cubrid"),
                ("magic word alone", b"CUBRK", b"", "more"),
                ("a text", b"CUBRICK", b"text", "no"),
                ("another word", b"CUBRIDS", b"text", "no"),
            ],
        );
    }
}
