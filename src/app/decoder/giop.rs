//! CORBA's GIOP: decided at the first message's header (CORBA 3.3, part 2, 9.4.1).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "giop",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"G", server: b"G" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_header(Reader(opening))).finds("corba", "GIOP message", &[]))
}

/// `GIOP`, version 1.0 to 1.3, flags, type.
fn is_header(mut read: Reader<'_>) -> Option<bool> {
    if read.array()? != *b"GIOP" || read.u8()? != 1 {
        return Some(false);
    }
    let (minor, flags, kind) = (read.u8()?, read.u8()?, read.u8()?);
    Some(minor <= 3 && flags <= 3 && kind <= 7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let request = b"GIOP\x01\x02\x01\0\x50\0\0\0\x01\0\0\0";
        tcp_table(
            DECODER,
            &[
                ("request", request, b"GIOP\x01\x02\x01\x01", "corba"),
                ("name alone", b"GIOP", b"", "more"),
                ("another version", b"GIOP\x02\0\0\0", b"text", "no"),
            ],
        );
    }
}
