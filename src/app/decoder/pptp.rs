//! PPTP: decided at the first control message (RFC 2637, 2).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "pptp",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let side = |bytes| Sign::of(is_message(Reader(bytes)));
    side(heads.client).beside(side(heads.server)).finds("pptp", "PPTP control message", &[])
}

/// Length, message type 1, the magic cookie, a control message type.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let (len, kind) = (read.u16()?, read.u16()?);
    Some(
        (12..=300).contains(&len)
            && kind == 1
            && read.u32()? == 0x1a2b_3c4d
            && (1..=15).contains(&read.u16()?),
    )
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
                ("start request", b"\0\x9c\0\x01\x1a\x2b\x3c\x4d\0\x01\0\0", b"", "pptp"),
                ("length alone", b"\0\x9c\0\x01", b"", "more"),
                ("another cookie", b"\0\x9c\0\x01\x1a\x2b\x3c\x4e\0\x01", b"", "no"),
            ],
        );
    }
}
