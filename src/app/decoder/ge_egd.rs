//! GE Ethernet Global Data: decided at the first datagram (GFK-2224, "Ethernet Global Data"; the fields of its header
//! are also in public dissectors).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "ge-egd",
    transport: Transport::Udp,
    first: FirstBytes { client: &[DATA], server: &[DATA] },
    inspect,
};

/// Type of a data message.
const DATA: u8 = 13;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_data(Reader(datagram)) == Some(true)).then_some(finding("ge-egd", "EGD data message"))
    })
}

/// Type, version 1, request, producer, exchange, time in seconds and nanoseconds, status, signature, reserved.
fn is_data(mut read: Reader<'_>) -> Option<bool> {
    let (kind, version, _request) = (read.u8()?, read.u8()?, read.le16()?);
    let (producer, exchange) = (read.le32()?, read.le32()?);
    let (_seconds, nanoseconds) = (read.le32()?, read.le32()?);
    let (status, _signature, reserved) = (read.le32()?, read.le32()?, read.le32()?);
    let named = producer != 0 && exchange != 0;
    let sound = nanoseconds < 1_000_000_000 && status < 1 << 16 && reserved == 0;
    Some(kind == DATA && version == 1 && named && sound && (1..=1_400).contains(&read.0.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let head = b"\x0d\x01\x05\0\x0a\0\0\x01\x01\0\0\0\x80\x51\x6a\x65\0\xca\x9a\x3b\x01\0\0\0\0\x01\0\0";
        let data = [&head[..16], b"\0\xca\x9a\x1a", &head[20..], b"\0\0\0\0\x12\x34"].concat();
        udp_table(
            DECODER,
            &[
                ("data", 18_246, &[('>', &data)], "ge-egd"),
                ("without data", 18_246, &[('>', &data[..32])], "no"),
                (
                    "more than a second of nanoseconds",
                    18_246,
                    &[('>', &[&head[..], b"\0\0\0\0\x12"].concat())],
                    "no",
                ),
                ("CoAP-like", 5_683, &[('>', &[b"\x0d\x02", &data[2..]].concat())], "no"),
            ],
        );
    }
}
