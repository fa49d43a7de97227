//! CDDB: decided at the server's greeting (CDDBP, 5.1: "Server sign-on banner").

use super::sign::{Sign, contains, line};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "cddb",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"2c", server: b"2" },
    inspect,
};

const LINE_MAX: usize = 128;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| greeting(opening).finds("cddb", "CDDB greeting", &[]))
}

/// 200 or 201, the host's name, what it is.
fn greeting(bytes: &[u8]) -> Sign {
    let code = match bytes.get(..4) {
        Some(code) => matches!(code, b"200 " | b"201 "),
        None => b"200 ".starts_with(bytes) || b"201 ".starts_with(bytes),
    };
    let head = bytes.get(..LINE_MAX).unwrap_or(bytes);
    match line(head) {
        _ if !code => Sign::No,
        Some((first, _)) => Sign::of(Some(contains(first, b" CDDBP server v"))),
        None if contains(head, b" CDDBP server v") => Sign::Yes,
        None if bytes.len() < LINE_MAX => Sign::More,
        None => Sign::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let greeting = b"201 cddb.example CDDBP server v1.5.2PL0 ready at Mon Nov 30 22:56:55 2026\r\n";
        tcp_table(
            DECODER,
            &[
                ("greeting", b"", greeting, "cddb"),
                ("up to the name", b"", b"201 cddb.example ", "more"),
                ("a news server", b"", b"201 news.example ready (no posting)\r\n", "no"),
                ("FTP", b"", b"220 ftp.example\r\n", "no"),
            ],
        );
    }
}
