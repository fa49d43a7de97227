//! TeamViewer: decided at the first packets of both sides, which begin with a mark of their own (as publicly observed).

use super::sign::{Sign, begins};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "teamviewer",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0x17, 0x11], server: &[0x17, 0x11] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    side(heads.client).and(side(heads.server)).finds("teamviewer-base", "TeamViewer packet", &[])
}

fn side(bytes: &[u8]) -> Sign {
    begins(bytes, &[0x17, 0x24]).or(begins(bytes, &[0x11, 0x30])).and(match bytes.get(4) {
        None => Sign::More,
        Some(_) => Sign::Yes,
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
                ("both sides", b"\x17\x24\x0a\x20\0", b"\x17\x24\x0b\x10\0", "teamviewer-base"),
                ("one side", b"\x17\x24\x0a\x20\0", b"", "more"),
                ("TLS", b"\x17\x03\x03\0\x20", b"\x17\x03\x03\0\x20", "no"),
            ],
        );
    }
}
