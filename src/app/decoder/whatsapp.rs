//! WhatsApp: decided at the client's prologue, of the Noise handshake or of the older stream (as publicly observed).

use super::sign::{Reader, Sign, begins};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "whatsapp",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"EW", server: &[] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let handshake = Sign::of(prologue(Reader(opening)));
        // A hint where to route, before the prologue.
        let routed = begins(opening, b"ED\0\x01\0\0").and_then(|| match opening.get(7) {
            None => Sign::More,
            Some(8) => Sign::Yes,
            Some(_) => Sign::No,
        });
        let older = begins(opening, b"WA\x01").and_then(|| match opening.get(3..6) {
            None => Sign::More,
            Some([1..=9, 0 | 0x80, _]) => Sign::Yes,
            Some(_) => Sign::No,
        });
        handshake.or(routed).or(older).finds("whatsapp-base", "WhatsApp prologue", &[])
    })
}

/// `WA`, version 4 to 6 and its dictionary's, then a frame of the handshake: a length of three bytes, the message's
/// field with the client's hello and that one's with a key of 32 bytes.
fn prologue(mut read: Reader<'_>) -> Option<bool> {
    let mark = read.u8()?;
    if mark != b'W' || read.u8()? != b'A' || !(4..=6).contains(&read.u8()?) || read.u8()? > 9 {
        return Some(false);
    }
    let len = read.u24()?;
    Some((36..1_024).contains(&len) && read.u8()? == 0x12)
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
                ("handshake", b"WA\x06\x03\0\0\x24\x12\x22\x0a\x20key", b"", "whatsapp-base"),
                ("with a hint", b"ED\0\x01\0\0\x04\x08\x08\x04\x08\x02WA\x06\x03", b"", "whatsapp-base"),
                ("older", b"WA\x01\x05\0\0\x12\xf8\x05", b"", "whatsapp-base"),
                ("its mark", b"WA\x06", b"", "more"),
                ("another version", b"WA\x20\x03\0\0\x24\x12", b"", "no"),
                ("a word", b"WAIT A MINUTE\r\n", b"", "no"),
            ],
        );
    }
}
