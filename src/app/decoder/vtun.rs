//! VTun: decided at the server's greeting (VTun's `auth.c`, the first line).

use super::sign::begins;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "vtun",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"HV", server: b"V" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| begins(opening, b"VTUN server ver ").finds("vtun", "VTun greeting", &[]))
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
                ("greeting", b"", b"VTUN server ver 3.X 10/11/2010\n", "vtun"),
                ("half of it", b"", b"VTUN serv", "more"),
                ("another", b"", b"VTUN client", "no"),
            ],
        );
    }
}
