//! VNC: decided at the client's protocol version (RFC 6143, 7.1.1), which answers the server's.

use super::sign::{Sign, begins};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "vnc",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"R", server: b"R" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    version(heads.client).and(version(heads.server)).finds("vnc-base", "RFB protocol version", &[])
}

/// `RFB 003.008` and a line feed, in twelve bytes.
fn version(bytes: &[u8]) -> Sign {
    let is_pattern = |(index, byte): (usize, &u8)| match index {
        4..=6 | 8..=10 => byte.is_ascii_digit(),
        7 => *byte == b'.',
        11 => *byte == b'\n',
        _ => true,
    };
    let fits = bytes.iter().enumerate().take(12).all(is_pattern);
    begins(bytes.get(..4).unwrap_or(bytes), b"RFB ").and(match (fits, bytes.len() >= 12) {
        (false, _) => Sign::No,
        (true, true) => Sign::Yes,
        (true, false) => Sign::More,
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
                ("both versions", b"RFB 003.008\n", b"RFB 003.008\n\x02\x01\x02", "vnc-base"),
                ("server's alone", b"", b"RFB 003.008\n", "more"),
                ("no version", b"RFB xxx.yyy\n", b"RFB 003.008\n", "no"),
            ],
        );
    }
}
