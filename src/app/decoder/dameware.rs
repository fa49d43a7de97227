//! DameWare Mini Remote Control: decided at the first packet of either side, which holds the version as a floating-point
//! number (as publicly observed).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "dameware",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0x30], server: &[0x30] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_version(Reader(opening))).finds("dameware-mini-remote", "DameWare version", &[])
    })
}

/// Magic, nothing, and a version from 3 to below 16.
fn is_version(mut read: Reader<'_>) -> Option<bool> {
    if read.u8()? != 0x30 || read.u8()? != 0x11 || read.array()? != [0; 6] {
        return Some(false);
    }
    let version = f64::from_le_bytes(read.array()?);
    Some((3.0..16.0).contains(&version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let version = b"\x30\x11\0\0\0\0\0\0\xc3\xf5\x28\x5c\x8f\xc2\x0d\x40\0\0\0\0";
        tcp_table(
            DECODER,
            &[
                ("version 3.72", b"", version, "dameware-mini-remote"),
                ("without it", b"", &version[..8], "more"),
                ("no such version", b"", b"\x30\x11\0\0\0\0\0\0\xc3\xf5\x28\x5c\x8f\xc2\x0d\x41", "no"),
                ("LDAP", b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00", b"", "no"),
            ],
        );
    }
}
