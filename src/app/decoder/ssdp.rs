//! SSDP: decided at the first datagram (UPnP Device Architecture 1.1, 1.2 and 1.3).

use super::sign::contains;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "ssdp",
    transport: Transport::Udp,
    first: FirstBytes { client: b"MNH", server: b"MNH" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        let is_request = datagram.starts_with(b"M-SEARCH * HTTP/1.1\r\n")
            || datagram.starts_with(b"NOTIFY * HTTP/1.1\r\n");
        let is_response = datagram.starts_with(b"HTTP/1.1 200 OK\r\n") && contains(datagram, b"\r\nusn:");
        (is_request || is_response).then_some(finding("ssdp", "SSDP message"))
    })
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
                ("search", 1_900, &[('>', b"M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\n")], "ssdp"),
                ("announcement", 1_900, &[('>', b"NOTIFY * HTTP/1.1\r\n")], "ssdp"),
                ("answer", 1_900, &[('<', b"HTTP/1.1 200 OK\r\nST: x\r\nUSN: uuid:1\r\n\r\n")], "ssdp"),
                ("HTTP of another kind", 1_900, &[('<', b"HTTP/1.1 200 OK\r\nDate: x\r\n\r\n")], "no"),
                ("SIP", 5_060, &[('>', b"NOTIFY sip:a SIP/2.0\r\n")], "no"),
            ],
        );
    }
}
