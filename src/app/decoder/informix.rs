//! Informix: decided at the client's connection request, which is text (public descriptions of the SQLI protocol).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "informix",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"s", server: b"s" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_request(Reader(opening))).finds("informix", "SQLI connection request", &[])
    })
}

/// `sq`, a length and a constant in base 64, and the service's name.
fn is_request(mut read: Reader<'_>) -> Option<bool> {
    if read.array()? != *b"sq" {
        return Some(false);
    }
    let head = read.array::<8>()?;
    let is_coded = head.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    Some(is_coded && read.array()? == *b"sqlexec ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let request = b"sqAYABPQAAsqlexec bob -psecret 9.350 AAA#B000000 -dstores -fIEEEI DBPATH=//x";
        tcp_table(
            DECODER,
            &[
                ("request", request, b"", "informix"),
                ("up to the service", &request[..12], b"", "more"),
                ("another service", b"sqAYABPQAAsqlturbo bob", b"text", "no"),
                ("text", b"square roots of it\r\n", b"text", "no"),
            ],
        );
    }
}
