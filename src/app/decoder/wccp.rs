//! WCCP version 2: decided at the first datagram (draft-wilson-wrec-wccp-v2, 5.5 and 5.6).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "wccp",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_message(Reader(datagram)) == Some(true)).then_some(finding("wccp", "WCCP message"))
    })
}

/// Here I am, I see you, redirect assignment, removal query; version, length; components that fill it, the first about
/// security.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let (kind, version, len) = (read.u32()?, read.u16()?, usize::from(read.u16()?));
    if !(10..=13).contains(&kind) || !matches!(version, 0x200 | 0x201) || len != read.0.len() {
        return Some(false);
    }
    let mut count = 0;
    while !read.0.is_empty() {
        let (component, len) = (read.u16()?, read.u16()?);
        if component > 64 || (count == 0 && component != 0) {
            return Some(false);
        }
        read.take(usize::from(len))?;
        count += 1;
    }
    Some(count >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let body = [&b"\0\0\0\x04\0\0\0\0"[..], b"\0\x01\0\x18", &[0; 24]].concat();
        let len = u8::try_from(body.len()).unwrap();
        let message = [b"\0\0\0\x0a\x02\0\0", &[len][..], &body].concat();
        udp_table(
            DECODER,
            &[
                ("here I am", 2_048, &[('>', &message)], "wccp"),
                ("another length", 2_048, &[('>', &message[..40])], "no"),
                ("another type", 2_048, &[('>', &[b"\0\0\0\x0f", &message[4..]].concat())], "no"),
            ],
        );
    }
}
