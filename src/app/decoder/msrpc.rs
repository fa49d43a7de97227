//! DCE/RPC of Microsoft: decided at the first protocol data unit (C706, 12.6.3; \[MS-RPCE\] 2.2.2).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "msrpc",
    transport: Transport::Both,
    first: FirstBytes { client: &[4, 5], server: &[4, 5] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        let side = |bytes| Sign::of(is_unit(Reader(bytes)));
        return side(heads.client).beside(side(heads.server)).finds("msrpc", "DCE/RPC unit", &[]);
    }
    at_datagram(heads, |datagram| {
        (is_connectionless(Reader(datagram)) == Some(true)).then_some(finding("msrpc", "DCE/RPC unit"))
    })
}

/// Version 5.0 or 5.1, a type, flags, a data representation that exists, and lengths that agree.
fn is_unit(mut read: Reader<'_>) -> Option<bool> {
    let (major, minor, kind) = (read.u8()?, read.u8()?, read.u8()?);
    if major != 5 || minor > 1 || !matches!(kind, 0 | 2 | 3 | 11..=19) {
        return Some(false);
    }
    read.u8()?;
    let [integer, float, 0, 0] = read.array()? else { return Some(false) };
    let (fragment, authentication) =
        if integer & 0x10 == 0 { (read.u16()?, read.u16()?) } else { (read.le16()?, read.le16()?) };
    Some(matches!(integer, 0 | 1 | 0x10 | 0x11) && float <= 3 && fragment >= 16 && authentication < fragment)
}

/// Version 4, a type, two bytes of flags, a data representation.
fn is_connectionless(mut read: Reader<'_>) -> Option<bool> {
    let (version, kind, _, flags) = (read.u8()?, read.u8()?, read.u8()?, read.u8()?);
    let [integer, float, 0] = read.array()? else { return Some(false) };
    let representation = matches!(integer, 0 | 1 | 0x10 | 0x11) && float <= 3;
    Some(version == 4 && kind <= 10 && flags <= 4 && representation && read.take(72).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let bind = b"\x05\0\x0b\x03\x10\0\0\0\x48\0\0\0\x02\0\0\0";
        tcp_table(
            DECODER,
            &[
                ("bind", bind, b"", "msrpc"),
                ("answer alone", b"", b"\x05\0\x0c\x03\x10\0\0\0\x3c\0\0\0", "msrpc"),
                ("half a header", &bind[..8], b"", "more"),
                ("SOCKS", b"\x05\x09\0\x05\x01\0\x01", b"\x05\0", "no"),
                ("length below the header", b"\x05\0\x0b\x03\x10\0\0\0\x08\0\0\0", b"\x05\x02", "no"),
            ],
        );
    }
}
