//! Splunk's forwarders: decided at the signature that a forwarder opens with (Splunk documentation, "cooked" data).

use super::sign::begins;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "splunk",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"-", server: b"-" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        begins(opening, b"--splunk-cooked-mode-v").finds("splunk", "Splunk forwarder", &[])
    })
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
                ("forwarder", b"--splunk-cooked-mode-v3--\0\0\0host", b"", "splunk"),
                ("up to the mode", b"--splunk-", b"", "more"),
                ("a boundary", b"--splinter\r\n", b"text", "no"),
            ],
        );
    }
}
