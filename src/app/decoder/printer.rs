//! Printing to a raw port: decided at what the job opens with. The Universal Exit Language, behind which PJL follows, is
//! `hp-jetdirect` (PJL Technical Reference, 2); a PostScript document without it `postscript-pdl` (PostScript Language
//! Document Structuring Conventions, 4.1). (That the raw port's application is told by PJL is assumed.)

use super::sign::{Sign, begins, begins_any};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "printer",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"\x1b@%\x04", server: b"\x1b@%\x04" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let language = begins(opening, b"\x1b%-12345X").or(begins(opening, b"@PJL "));
        let document = begins_any(opening, &[b"%!PS-Adobe-", b"\x04%!PS-Adobe-"]);
        match document {
            Sign::Yes => document.finds("postscript-pdl", "PostScript document", &[]),
            _ => language.or(document).finds("hp-jetdirect", "PJL job", &[]),
        }
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
                ("PJL", b"\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=PCL\r\n", b"", "hp-jetdirect"),
                (
                    "a question to the printer",
                    b"@PJL INFO STATUS\r\n",
                    b"@PJL INFO STATUS\r\n",
                    "hp-jetdirect",
                ),
                ("PostScript", b"%!PS-Adobe-3.0\n%%Title: x\n", b"", "postscript-pdl"),
                ("up to the escape", b"\x1b%-1", b"", "more"),
                ("another escape", b"\x1b[2J", b"text", "no"),
                ("a program without comments", b"%!\nshowpage\n", b"text", "no"),
            ],
        );
    }
}
