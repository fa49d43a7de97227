//! VLAN Query Protocol: decided at the first datagram (public descriptions of Cisco's VMPS).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "vqp",
    transport: Transport::Udp,
    first: FirstBytes { client: &[1], server: &[1] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_message(Reader(datagram)) == Some(true)).then_some(finding("vqp", "VQP message"))
    })
}

/// Version 1, operation, result, number of items, sequence; as many items as it says, which fill the datagram.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let [1, 1..=4, 0..=6, count] = read.array()? else { return Some(false) };
    read.take(4)?;
    for _ in 0..count {
        let (kind, len) = (read.u32()?, read.u16()?);
        if !(0x0c01..=0x0c08).contains(&kind) {
            return Some(false);
        }
        read.take(len.into())?;
    }
    Some(count > 0 && read.0.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let query = b"\x01\x01\0\x02\0\0\x12\x34\0\0\x0c\x01\0\x04\xc0\0\x02\x01\0\0\x0c\x02\0\x03Fa0";
        udp_table(
            DECODER,
            &[
                ("query", 1_589, &[('>', query)], "vqp"),
                ("an item too few", 1_589, &[('>', &query[..18])], "no"),
                ("another item", 1_589, &[('>', b"\x01\x01\0\x01\0\0\x12\x34\0\0\x0d\x01\0\0")], "no"),
            ],
        );
    }
}
