//! BGP: decided at the first message (RFC 4271, 4.1).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "bgp",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0xff], server: &[0xff] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let side = |bytes| Sign::of(is_message(Reader(bytes)));
    side(heads.client).beside(side(heads.server)).finds("bgp", "BGP message", &[])
}

/// The marker of sixteen 0xff, a length from 19 to 4,096, a type from 1 to 5.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let start = read.0.iter().take(16).take_while(|byte| **byte == 0xff).count();
    if start < read.0.len().min(16) {
        return Some(false);
    }
    read.take(16)?;
    Some((19..=4_096).contains(&read.u16()?) && (1..=5).contains(&read.u8()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let message = |tail: &[u8]| [&[0xff; 16][..], tail].concat();
        tcp_table(
            DECODER,
            &[
                ("OPEN", &message(b"\0\x1d\x01\x04\xfd\xe8"), b"", "bgp"),
                ("marker alone", &message(b""), b"", "more"),
                ("no such type", &message(b"\0\x1d\x09"), b"", "no"),
                ("Telnet", b"\xff\xfd\x18\xff\xfd\x20", b"", "no"),
            ],
        );
    }
}
