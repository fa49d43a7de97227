//! GDB's remote protocol: decided at the first packet, with which a debugger asks what the stub can do (GDB manual,
//! "General Query Packets", qSupported).

use super::sign::begins_any;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "gdbremote",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"+$", server: b"+$" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        begins_any(opening, &[b"+$qSupported", b"$qSupported", b"+$QStartNoAckMode#b0"]).finds(
            "gdbremote",
            "GDB query",
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
        let query = b"+$qSupported:multiprocess+;swbreak+;hwbreak+#c9";
        tcp_table(
            DECODER,
            &[
                ("query", query, b"+$PacketSize=3fff#2a", "gdbremote"),
                ("acknowledgement alone", b"+", b"", "more"),
                ("another text", b"+$question", b"text", "no"),
            ],
        );
    }
}
