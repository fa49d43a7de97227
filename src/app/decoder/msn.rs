//! MSN Messenger: decided at the client's list of protocol versions, or the server's (MSNP as publicly described).

use super::sign::{Sign, begins, line};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "msn",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"V", server: b"V" },
    inspect,
};

/// Longest list of versions.
const LINE_MAX: usize = 256;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let versions = begins(opening, b"VER ").and_then(|| match line(opening) {
            Some((line, _)) => Sign::of(Some(is_list(line))),
            None if opening.len() < LINE_MAX => Sign::More,
            None => Sign::No,
        });
        versions.finds("msn-base", "MSNP versions", &[])
    })
}

/// `VER 1 MSNP15 MSNP14 CVR0`: a transaction's number and versions.
fn is_list(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ').skip(1);
    let number = words.next().unwrap_or_default();
    !number.is_empty()
        && number.iter().all(u8::is_ascii_digit)
        && words.next().is_some_and(|version| version.starts_with(b"MSNP"))
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
                ("versions", b"VER 1 MSNP15 MSNP14 CVR0\r\n", b"", "msn-base"),
                ("half a line", b"VER 1 MSN", b"", "more"),
                ("another protocol's", b"VER 1 X15\r\n", b"", "no"),
                ("no number", b"VER MSNP15\r\n", b"", "no"),
            ],
        );
    }
}
