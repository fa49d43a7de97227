//! Canon's BJNP: decided at the first message (the header as in SANE's `pixma_bjnp_private.h`).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "bjnp",
    transport: Transport::Both,
    first: FirstBytes { client: b"BM", server: b"BM" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| {
            Sign::of(message(Reader(opening)).map(|len| len.is_some())).finds(
                "canon-bjnp",
                "BJNP message",
                &[],
            )
        });
    }
    at_datagram(heads, |datagram| {
        let is_whole = message(Reader(datagram)).flatten() == Some(datagram.len());
        is_whole.then_some(finding("canon-bjnp", "BJNP message"))
    })
}

/// The message's length: name, kind of device (an answer's with the top bit), command, sequence, session, and how much
/// follows. `None` where it is no message.
fn message(mut read: Reader<'_>) -> Option<Option<usize>> {
    if !matches!(&read.array()?, b"BJNP" | b"BJNB" | b"BJNS" | b"MFNP") {
        return Some(None);
    }
    let (device, _command) = (read.u8()? & 0x7f, read.u8()?);
    read.take(6)?;
    let len = usize::try_from(read.u32()?).ok()?;
    Some(((1..=8).contains(&device) && len < 0x10_0000).then_some(16 + len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        let discover = b"BJNP\x01\x01\0\0\0\x01\0\0\0\0\0\0";
        udp_table(
            DECODER,
            &[
                ("discovery", 8_611, &[('>', discover)], "canon-bjnp"),
                ("another length", 8_611, &[('>', &discover[..15])], "no"),
                ("another device", 8_611, &[('>', b"BJNP\x7f\x01\0\0\0\x01\0\0\0\0\0\0")], "no"),
            ],
        );
        tcp_table(
            DECODER,
            &[
                ("print", b"BJNP\x01\x21\0\0\0\x02\0\x07\0\0\0\x40\x1b", b"", "canon-bjnp"),
                ("name alone", b"BJNP", b"", "more"),
                ("another name", b"BJNX\x01\x21\0\0\0\x02\0\x07\0\0\0\x40", b"text", "no"),
            ],
        );
    }
}
