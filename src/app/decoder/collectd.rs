//! collectd's network protocol: decided at the first datagram (collectd wiki, "Binary protocol").

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "collectd",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0, 2], server: &[0, 2] },
    inspect,
};

const HOST: u16 = 0;
const SIGNATURE: u16 = 0x0200;
const ENCRYPTION: u16 = 0x0210;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_parts(Reader(datagram)) == Some(true)).then_some(finding("collectd", "collectd values"))
    })
}

/// Parts of type, length and content that fill the datagram: first the host, unless all of it is signed or encrypted.
fn is_parts(mut read: Reader<'_>) -> Option<bool> {
    let mut count = 0;
    while !read.0.is_empty() {
        let (kind, len) = (read.u16()?, usize::from(read.u16()?));
        let content = read.take(len.checked_sub(4)?)?;
        let is_text = || {
            let (end, text) = content.split_last()?;
            Some(*end == 0 && text.iter().all(|byte| matches!(byte, b' '..=b'~')))
        };
        let sound = match kind {
            // The tag, the user's name; and everything else, encrypted.
            ENCRYPTION => return Some(count == 0 && read.0.is_empty() && len > 42),
            SIGNATURE => count == 0 && len > 36,
            HOST | 2..=5 | 0x0100 => is_text()?,
            1 | 7..=9 | 0x0101 => content.len() == 8,
            6 => content.len() >= 11,
            _ => false,
        };
        if !sound || (count == 0 && !matches!(kind, HOST | SIGNATURE)) {
            return Some(false);
        }
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
        let values = b"\0\0\0\x09host\0\0\x08\0\x0c\x19\x5a\x94\x60\0\0\0\0\0\x02\0\x08cpu\0";
        udp_table(
            DECODER,
            &[
                ("host, time, plugin", 25_826, &[('>', values)], "collectd"),
                ("a part cut off", 25_826, &[('>', &values[..27])], "no"),
                ("host alone", 25_826, &[('>', &values[..9])], "no"),
                ("time first", 25_826, &[('>', &values[9..])], "no"),
            ],
        );
    }
}
