//! Dropbox's search for peers on the local network: decided at the first datagram, a JSON object (as publicly observed).

use super::sign::contains;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "dropbox",
    transport: Transport::Udp,
    first: FirstBytes { client: b"{", server: b"{" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        let head = datagram.get(..64).unwrap_or(datagram);
        let found = contains(head, b"\"host_int\":") && contains(datagram, b"\"namespaces\":");
        found.then_some(finding("dropbox-lansync-discovery", "Dropbox announcement"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let found =
            br#"{"host_int": 123, "version": [2, 0], "displayname": "", "port": 17500, "namespaces": [1]}"#;
        udp_table(
            DECODER,
            &[
                ("announcement", 17_500, &[('>', found)], "dropbox-lansync-discovery"),
                ("JSON of another kind", 17_500, &[('>', br#"{"hello": "world"}"#)], "no"),
            ],
        );
    }
}
