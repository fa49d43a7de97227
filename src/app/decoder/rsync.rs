//! Rsync daemon: decided at the client's version line, which answers the server's (rsync, "rsyncd" handshake).

use super::sign::{Sign, begins};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "rsync",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"@", server: b"@" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let version = |bytes: &[u8]| match begins(bytes, b"@RSYNCD: ") {
        Sign::Yes => bytes.get(9).map_or(Sign::More, |byte| Sign::of(Some(byte.is_ascii_digit()))),
        sign => sign,
    };
    let fits = if version(heads.server) == Sign::No { Sign::No } else { Sign::Yes };
    version(heads.client).and(fits).finds("rsync", "rsync version", &[])
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
                ("both versions", b"@RSYNCD: 31.0\n", b"@RSYNCD: 31.0\n", "rsync"),
                ("server's alone", b"", b"@RSYNCD: 31.0\n", "more"),
                ("another word", b"@RSYNCX: 31.0\n", b"", "no"),
            ],
        );
    }
}
