//! DNSCrypt over UDP: decided at a resolver's answer, which begins with a magic of its own; an older client's question
//! has one, too (DNSCrypt version 2 protocol, 5 and 6).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "dnscrypt",
    transport: Transport::Udp,
    // A client begins with what the resolver's certificate says.
    first: FirstBytes { client: &[], server: b"r" },
    inspect,
};

/// Magic and nonce; then the box with its tag.
const LEN_MIN: usize = 8 + 24 + 16;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        let magic = datagram.starts_with(b"r6fnvWj8") || datagram.starts_with(b"q6fnvWj8");
        (magic && datagram.len() > LEN_MIN).then_some(finding("dnscrypt", "DNSCrypt packet"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let query = [&b"\x3d\x91\x5e\x22\x07\xc4\xb0\xaa"[..], &[0x5a; 300]].concat();
        let answer = [&b"r6fnvWj8"[..], &[0x5a; 200]].concat();
        udp_table(
            DECODER,
            &[
                ("question and answer", 443, &[('>', &query), ('<', &answer)], "dnscrypt"),
                ("question alone", 443, &[('>', &query)], "more"),
                ("nothing behind the magic", 443, &[('>', &query), ('<', b"r6fnvWj8")], "no"),
                ("DNSCurve", 53, &[('>', &query), ('<', b"R6fnvWJ8")], "no"),
            ],
        );
    }
}
