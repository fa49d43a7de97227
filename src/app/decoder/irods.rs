//! iRODS: decided at the first message's header (iRODS, "Protocol": a length and a header in XML).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "irods",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_header(Reader(opening))).finds("irods", "iRODS header", &[]))
}

fn is_header(mut read: Reader<'_>) -> Option<bool> {
    Some((16..4_096).contains(&read.u32()?) && read.array()? == *b"<MsgHeader_PI>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let header = b"\0\0\0\x8b<MsgHeader_PI>\n<type>RODS_CONNECT</type>";
        tcp_table(
            DECODER,
            &[
                ("connect", header, b"", "irods"),
                ("length alone", &header[..4], b"", "more"),
                ("another document", b"\0\0\0\x8b<MsgBody_PI>   \n", b"text", "no"),
            ],
        );
    }
}
