//! CAPWAP: decided at the first control message, plain or in DTLS (RFC 5415, 4.2, 4.3 and 4.5.1).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "capwap",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0, 1], server: &[0, 1] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        let is_encrypted = matches!(datagram, [1, 0, 0, 0, 20..=23, 0xfe, 0xff | 0xfd, ..]);
        let is_control = is_encrypted || is_message(Reader(datagram)) == Some(true);
        is_control.then_some(finding("capwap", "CAPWAP control message"))
    })
}

/// Version and type 0; the header's length in words, radio, binding (802.11), flags; fragment 0. Then the message's
/// type, sequence, length from there on, flags 0; and elements that fill it.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let first = read.u8()?;
    let (words, fragment) = (read.u24()?, read.u32()?);
    let (header_len, binding) = (words >> 19, words >> 9 & 0x1f);
    // Neither data, nor a fragment, nor reserved.
    let wrong = words & 0x1c7 != 0;
    if first != 0 || !(2..=8).contains(&header_len) || binding > 3 || fragment != 0 || wrong {
        return Some(false);
    }
    read.take(usize::try_from(header_len).ok()? * 4 - 8)?;
    let (kind, _sequence, len, flags) = (read.u32()?, read.u8()?, read.u16()?, read.u8()?);
    if !(1..=26).contains(&kind) || flags != 0 || usize::from(len) != read.0.len() + 3 {
        return Some(false);
    }
    while !read.0.is_empty() {
        let (element, len) = (read.u16()?, read.u16()?);
        if !(1..=2_048).contains(&element) {
            return Some(false);
        }
        read.take(usize::from(len))?;
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let discovery = b"\0\x10\x02\0\0\0\0\0\0\0\0\x01\x07\0\x08\0\0\x14\0\x01\x01";
        udp_table(
            DECODER,
            &[
                ("discovery request", 5_246, &[('>', discovery)], "capwap"),
                ("in DTLS", 5_246, &[('>', b"\x01\0\0\0\x16\xfe\xff\0\0\0\0\0\0\0\0")], "capwap"),
                ("another length", 5_246, &[('>', &discovery[..20])], "no"),
                ("no such message", 5_246, &[('>', b"\0\x10\x02\0\0\0\0\0\0\0\0\x63\x07\0\x03\0")], "no"),
            ],
        );
    }
}
