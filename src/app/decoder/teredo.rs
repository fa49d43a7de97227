//! Teredo: decided at the first datagram (RFC 4380, 5.1.1 and 4): an IPv6 packet, after authentication or origin.

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "teredo",
    transport: Transport::Udp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// An indicator, or version 6 and a traffic class.
const FIRST: &[u8] =
    &[0, 0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_packet(Reader(datagram)) == Some(true)).then_some(finding("teredo", "IPv6 packet in UDP"))
    })
}

fn is_packet(mut read: Reader<'_>) -> Option<bool> {
    if let [0, 1, client, authentication, ..] = read.0 {
        read.take(4 + usize::from(*client) + usize::from(*authentication) + 9)?;
    }
    if read.0.starts_with(&[0, 0]) {
        read.take(8)?;
    }
    is_ipv6(read)
}

/// Version, a length that is the rest's, a protocol that is common, and an address that Teredo has or gives.
fn is_ipv6(mut read: Reader<'_>) -> Option<bool> {
    const TEREDO: [u8; 4] = [0x20, 0x01, 0, 0];
    let (version, len, next) = (read.u32()? >> 28, read.u16()?, read.u8()?);
    read.u8()?;
    let (source, destination) = (read.array::<16>()?, read.array::<16>()?);
    let of_teredo = |address: [u8; 16]| address.starts_with(&TEREDO) || address.starts_with(&[0xfe, 0x80]);
    let protocol = matches!(next, 0 | 6 | 17 | 43 | 44 | 50 | 58 | 59 | 60);
    let whole = usize::from(len) == read.0.len();
    Some(version == 6 && protocol && whole && (of_teredo(source) || of_teredo(destination)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let local = b"\xfe\x80\0\0\0\0\0\0\x80\0\xff\xff\xff\xff\xff\xfd";
        let routers = b"\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x02";
        let solicitation =
            [b"\x60\0\0\0\0\x08\x3a\xff", &local[..], routers, &[0x85, 0, 0, 0, 0, 0, 0, 0]].concat();
        let authenticated = [b"\0\x01\0\0abcdefgh\0", &solicitation[..]].concat();
        let strange = [b"\x60\0\0\0\0\x08\x3a\xff", &[0x33; 32][..], &[0; 8]].concat();
        udp_table(
            DECODER,
            &[
                ("router solicitation", 3_544, &[('>', &solicitation)], "teredo"),
                ("after authentication", 3_544, &[('>', &authenticated)], "teredo"),
                ("cut", 3_544, &[('>', &solicitation[..47])], "no"),
                ("other addresses", 3_544, &[('>', &strange)], "no"),
            ],
        );
    }
}
