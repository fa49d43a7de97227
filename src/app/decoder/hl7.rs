//! HL7 version 2: decided at the first message's header in its frame (HL7, Minimal Lower Layer Protocol; HL7 version 2,
//! 2.14.9).

use super::sign::begins_any;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "hl7",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0x0b], server: &[0x0b] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    // Header of a message, of a batch or of a file, with the separators that everybody uses.
    at_opening(heads, |opening| {
        begins_any(opening, &[b"\x0bMSH|^~\\&", b"\x0bBHS|^~\\&", b"\x0bFHS|^~\\&"]).finds(
            "hl7",
            "HL7 message",
            &[],
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let message = b"\x0bMSH|^~\\&|LAB|HOSPITAL|EHR|CLINIC|202611301200||ORU^R01|42|P|2.5\r";
        tcp_table(
            DECODER,
            &[
                ("message", message, b"\x0bMSH|^~\\&|EHR", "hl7"),
                ("up to the header", &message[..4], b"", "more"),
                ("another segment", b"\x0bPID|1||42\r", b"text", "no"),
            ],
        );
    }
}
