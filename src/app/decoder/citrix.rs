//! Citrix: decided at the greeting of ICA or of the Common Gateway Protocol (as publicly observed).

use super::sign::{Sign, begins};
use super::{Decoder, FirstBytes, Transport};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "citrix",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0x7f, 0x1a], server: &[0x7f, 0x1a] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    side(heads.client).beside(side(heads.server)).finds("citrix", "Citrix greeting", &[])
}

fn side(bytes: &[u8]) -> Sign {
    begins(bytes, b"\x7f\x7fICA\0").or(begins(bytes, b"\x1aCGP/01"))
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
                ("ICA", b"", b"\x7f\x7fICA\0\x7f\x7fICA\0", "citrix"),
                ("gateway", b"\x1aCGP/01\x01", b"", "citrix"),
                ("half a greeting", b"", b"\x7f\x7fIC", "more"),
                ("ELF", b"\x7fELF", b"", "no"),
            ],
        );
    }
}
