//! MGCP: decided at the first command (RFC 3435, 3.2).

use super::sign::line;
use super::{Decoder, FirstBytes, Transport, at_datagram};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "mgcp",
    transport: Transport::Udp,
    first: FirstBytes { client: b"ACDEMNR", server: b"ACDEMNR" },
    inspect,
};

const VERBS: [&[u8]; 9] = [b"EPCF", b"CRCX", b"MDCX", b"DLCX", b"RQNT", b"NTFY", b"AUEP", b"AUCX", b"RSIP"];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        let (command, _) = line(datagram)?;
        let mut words = command.split(|byte| *byte == b' ');
        let (verb, transaction) = (words.next()?, words.next()?);
        let (endpoint, protocol) = (words.next()?, words.next()?);
        let sound =
            VERBS.contains(&verb) && transaction.iter().all(u8::is_ascii_digit) && protocol == b"MGCP";
        sound.then_some(Finding { app: "mgcp", what: "MGCP command", detail: endpoint, names_host: false })
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
                (
                    "command",
                    2_427,
                    &[('>', b"RSIP 1202 *@gw.example.org MGCP 1.0\r\nRM: restart\r\n")],
                    "mgcp",
                ),
                ("another protocol", 2_427, &[('>', b"RSIP 1202 *@gw.example.org SIP 1.0\r\n")], "no"),
                ("another verb", 2_427, &[('>', b"ABCD 1202 *@gw.example.org MGCP 1.0\r\n")], "no"),
            ],
        );
    }
}
