//! XDMCP: decided at the first datagram (X Display Manager Control Protocol, 3).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "xdmcp",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_packet(Reader(datagram)) == Some(true)).then_some(finding("xdmcp", "XDMCP packet"))
    })
}

/// Version 1, an operation, and the length of the rest, which must be there and hold something.
fn is_packet(mut read: Reader<'_>) -> Option<bool> {
    let (version, operation, len) = (read.u16()?, read.u16()?, read.u16()?);
    Some(version == 1 && (1..=14).contains(&operation) && len > 0 && usize::from(len) == read.0.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        udp_table(
            DECODER,
            &[
                ("Query", 177, &[('>', b"\0\x01\0\x02\0\x01\0")], "xdmcp"),
                ("another length", 177, &[('>', b"\0\x01\0\x02\0\x07\0")], "no"),
                ("no such operation", 177, &[('>', b"\0\x01\0\x32\0\x01\0")], "no"),
            ],
        );
    }
}
