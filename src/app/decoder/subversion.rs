//! Subversion's own protocol: decided at the server's greeting or the client's answer to it (Subversion's
//! `libsvn_ra_svn/protocol`, 2.1).

use super::sign::begins_any;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "subversion",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"(", server: b"(" },
    inspect,
};

/// The greeting with the lowest and the highest version; the answer with a version and capabilities.
const OPENINGS: &[&[u8]] = &[
    b"( success ( 1 1 ( ",
    b"( success ( 1 2 ( ",
    b"( success ( 2 2 ( ",
    b"( 2 ( edit-pipeline ",
    b"( 1 ( edit-pipeline ",
];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        begins_any(opening, OPENINGS).finds("subversion-base", "Subversion greeting", &[])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let greeting = b"( success ( 2 2 ( ) ( edit-pipeline svndiff1 absent-entries ) ) ) ";
        let answer = b"( 2 ( edit-pipeline svndiff1 ) 24:svn://svn.example/repo ) ";
        tcp_table(
            DECODER,
            &[
                ("greeting", b"", greeting, "subversion-base"),
                ("answer alone", answer, b"", "subversion-base"),
                ("up to the versions", b"", b"( success ( ", "more"),
                ("another list", b"( failure ( ", b"( failure ( ", "no"),
            ],
        );
    }
}
