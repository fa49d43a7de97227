//! CVS over its password server: decided at the client's first line (CVS client/server protocol, "How to Connect to and
//! Authenticate Oneself to the CVS server").

use super::sign::begins_any;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "cvs",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"B", server: b"BIE" },
    inspect,
};

const OPENINGS: &[&[u8]] =
    &[b"BEGIN AUTH REQUEST\n", b"BEGIN VERIFICATION REQUEST\n", b"BEGIN GSSAPI REQUEST\n"];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| begins_any(opening, OPENINGS).finds("cvs", "CVS authentication", &[]))
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
                ("authentication", b"BEGIN AUTH REQUEST\n/cvsroot\nanonymous\nA\n", b"I LOVE YOU\n", "cvs"),
                ("up to the request", b"BEGIN AUTH ", b"", "more"),
                ("another request", b"BEGIN AUTH RESPONSE\n", b"text", "no"),
            ],
        );
    }
}
