//! Oracle's TNS: decided at the client's connect packet (public descriptions of the Transparent Network Substrate).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "oracle",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0, 1, 2, 3, 4, 5, 6, 7, 8], server: &[0, 1, 2, 3, 4, 5, 6, 7, 8] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |client| {
        Sign::of(is_connect(Reader(client))).finds("oracle", "TNS connect packet", &[])
    })
}

/// Length, checksum 0, type 1, header checksum 0, version 300 to 330 and the oldest compatible one.
fn is_connect(mut read: Reader<'_>) -> Option<bool> {
    let len = read.u16()?;
    let [0, 0, 1, _, 0, 0] = read.array()? else { return Some(false) };
    let (version, compatible) = (read.u16()?, read.u16()?);
    Some(
        (34..=4_096).contains(&len)
            && (300..=330).contains(&version)
            && (200..=version).contains(&compatible),
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
                ("connect", b"\0\xdc\0\0\x01\0\0\0\x01\x3b\x01\x2c\0\0", b"", "oracle"),
                ("header alone", b"\0\xdc\0\0\x01\0\0\0", b"", "more"),
                ("another type", b"\0\xdc\0\0\x0b\0\0\0\x01\x3b\x01\x2c", b"", "no"),
            ],
        );
    }
}
