//! CUPS browsing: decided at the first datagram (CUPS 1.x, "Browse Protocol": CUPS Browsing packets).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "cups",
    transport: Transport::Udp,
    first: FirstBytes { client: b"0123456789abcdefABCDEF", server: b"0123456789abcdefABCDEF" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| is_announcement(datagram).then_some(finding("cups", "CUPS printer")))
}

/// The printer's type in hexadecimal digits, its state from 3 to 5, its address.
fn is_announcement(datagram: &[u8]) -> bool {
    let mut words = datagram.splitn(3, |byte| *byte == b' ');
    let (kind, state) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let address = words.next().unwrap_or_default();
    let is_kind = (1..=8).contains(&kind.len()) && kind.iter().all(u8::is_ascii_hexdigit);
    is_kind && matches!(state, b"3" | b"4" | b"5") && address.starts_with(b"ipp://")
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
                (
                    "printer",
                    631,
                    &[('>', b"3004 3 ipp://host.example:631/printers/lp \"Hall\" \"lp\"\n")],
                    "cups",
                ),
                ("another state", 631, &[('>', b"3004 9 ipp://host.example:631/printers/lp\n")], "no"),
                ("another address", 631, &[('>', b"3004 3 http://host.example/\n")], "no"),
            ],
        );
    }
}
