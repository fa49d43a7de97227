//! Direct Connect: decided at the hub's lock or a client's first command (NMDC), or at the first message of the newer
//! protocol (ADC 1.0, 5.3.1).

use super::sign::begins_any;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "direct-connect",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"$CHI", server: b"$CHI" },
    inspect,
};

const OPENINGS: &[&[u8]] = &[b"$Lock ", b"$MyNick ", b"HSUP AD", b"CSUP AD", b"ISUP AD"];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        begins_any(opening, OPENINGS).finds("direct-connect", "Direct Connect opening", &[])
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
                ("a hub's lock", b"", b"$Lock EXTENDEDPROTOCOL_hub Pk=version|", "direct-connect"),
                ("another client", b"$MyNick bob|$Lock EXTENDEDPROTOCOL Pk=x|", b"", "direct-connect"),
                ("ADC", b"HSUP ADBASE ADTIGR\n", b"", "direct-connect"),
                ("half of it", b"HSUP", b"", "more"),
                ("another command", b"$Locked ", b"", "no"),
            ],
        );
    }
}
